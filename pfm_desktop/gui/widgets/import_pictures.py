"""Small pictures of an import, read from where they lie; nothing of them is kept but in memory, and not too many."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.filmstrip import thumbnail_job
from pfm_desktop.viewmodels.import_page import small_pixels

if TYPE_CHECKING:
    from pfm_desktop.services.importing.plan import PlannedPicture

SIZE = QSize(64, 48)  # pixels on a usual screen
KEPT = 400  # about 5 MB, at 300 % scaling nine times as much
WAITING = 40  # more than are in sight at once; who scrolls on does not wait for those that are gone


class SmallPictures(QObject):
    """`came(key)` when one is there. Those asked for last are made first."""

    came = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ratio = 1.0
        self._kept: dict[str, QIcon | None] = {}  # None: it cannot be read
        self._waiting: dict[str, PlannedPicture] = {}
        self._making = ""
        self._work = Background(self)

    @property
    def busy(self) -> bool:
        """Whether more are to come."""
        return bool(self._waiting) or self._work.busy

    def of(self, picture: PlannedPicture, ratio: float) -> QIcon | None:
        """The small picture, `ratio` pixels to one of a usual screen; None while there is none: it is made then."""
        if ratio != self._ratio:
            self.forget()
            self._ratio = ratio
        if picture.key in self._kept:
            found = self._kept[picture.key] = self._kept.pop(picture.key)  # used last
            return found
        if picture.key != self._making:
            self._waiting.pop(picture.key, None)
            self._waiting[picture.key] = picture
            while len(self._waiting) > WAITING:
                del self._waiting[next(iter(self._waiting))]
            self._next()
        return None

    def forget(self) -> None:
        """Another plan, or none: nothing of the old one stays."""
        self._work.drop()
        self._kept.clear()
        self._waiting.clear()
        self._making = ""

    def pause(self) -> None:
        """Nobody looks: what waits is not made."""
        self._waiting.clear()

    def _next(self) -> None:
        if self._work.busy or not self._waiting:
            return
        key, picture = self._waiting.popitem()
        self._making = key
        self._work.start(
            thumbnail_job, partial(small_pixels, picture), SIZE * self._ratio,
            done=lambda image: self._keep(key, image), failed=lambda _message: self._keep(key, None),
        )  # fmt: skip

    def _keep(self, key: str, image: QImage | None) -> None:
        self._kept[key], self._making = (untinted(QPixmap.fromImage(image)) if image is not None else None), ""
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        self.came.emit(key)
        self._next()


def untinted(pixmap: QPixmap) -> QIcon:
    """The same colours also where its row is chosen: Qt would tint them."""
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
