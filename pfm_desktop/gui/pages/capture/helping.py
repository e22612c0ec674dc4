"""Live help: the meters, a few times a second, and the picture of the visit before."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.pyramid import rgb_image
from pfm_desktop.imaging import shown
from pfm_desktop.support.threads import give_way
from pfm_desktop.viewmodels import capture_words as say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pfm_desktop.capture.source import Frame
    from pfm_desktop.gui.pages.capture.feed import Feed
    from pfm_desktop.gui.widgets.meters_bar import MetersBar
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.meters import Meter
    from pfm_desktop.viewmodels.session import Session

METERS_MS = 250
STANDS_S, SPARSE = 3.0, 16  # seconds; every so many pixels are compared
EVERY = 4  # the cervix is looked for at each fourth reading


class LiveHelp(QObject):
    """Reads the meters from frames of the feed while the page is in sight; never two readings at once."""

    def __init__(self, feed: Feed, bar: MetersBar, parent: QObject) -> None:
        super().__init__(parent)
        self._feed, self._bar = feed, bar
        self._work, self._ghost = Background(self), Background(self)
        self._count = 0
        self._seen: tuple[int, bytes] = (-1, b"")  # number of the last frame, and some of its pixels
        self._since: float | None = None  # since when all frames are the same
        self.stale = False  # the last frame is not what is seen, or not of now
        self._reader: _Reader | None = None
        self._timer = QTimer(self, interval=METERS_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self) -> None:
        """No more readings."""
        self._timer.stop()
        self._work.drop()
        self._ghost.drop()

    def drop_ghost(self) -> None:
        """The picture that is being fetched is not wanted any more."""
        self._ghost.drop()

    def fetch_ghost(self, session: Session, done: Callable[[QImage], None], failed: Callable[[str], None]) -> None:
        """The white-light picture of the visit before, as large as the frames; None of hers: that is said."""
        case, frame = session.case, self._feed.last
        if case is None or not case.earlier:
            failed(say.NO_EARLIER)
            return
        if frame is None:
            failed(say.NO_LIVE)
            return
        size = frame.pixels.shape[1], frame.pixels.shape[0]
        earlier = [row.visit.id for row in case.earlier]

        def came(pixels: NDArray[np.uint8] | None) -> None:
            if pixels is None:
                failed(say.NO_EARLIER)
            else:
                done(rgb_image(pixels))

        self._ghost.start(_earlier_picture, session.library, earlier, size, done=came, failed=failed)

    @property
    def stands(self) -> bool:
        """Whether new frames come that show the very same: a sensor always has noise, so that the camera hangs."""
        return self._since is not None and time.monotonic() - self._since > STANDS_S

    def _compare(self, frame: Frame | None) -> None:
        """Some of the pixels of this frame with those of the one before."""
        if frame is None:
            self._seen, self._since = (-1, b""), None
        elif frame.number != self._seen[0]:
            some = frame.pixels[::SPARSE, ::SPARSE].tobytes()
            same = some == self._seen[1]
            self._seen = frame.number, some
            self._since = (self._since or time.monotonic()) if same else None

    def _look(self) -> None:
        frame = None if self.stale else self._feed.last
        self._compare(frame)
        if frame is None or not self._bar.isVisible() or self._work.busy:
            if frame is None:
                self._bar.show_meters(())
            return
        self._reader = self._reader or _Reader()
        self._count += 1
        self._work.start(
            self._reader.read, frame.pixels, self._count % EVERY == 1, done=self._bar.show_meters, failed=_ignore
        )


class _Reader:
    """Keeps what a reading needs of those before."""

    def __init__(self) -> None:
        from pfm_desktop.viewmodels.meters import LiveMeters

        self._meters = LiveMeters()

    def read(self, _ctx: Context, pixels: NDArray[np.uint8], look_for_cervix: bool) -> tuple[Meter, ...]:
        """As a job."""
        give_way()  # to the live picture
        return self._meters.read(pixels, look_for_cervix=look_for_cervix)


def _earlier_picture(ctx: Context, lib: Library, visits: list[str], size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """As a job: the last plain white-light picture of the latest of these visits that has one, as large as a frame."""
    from pfm_desktop.domain.source import Stage
    from pfm_desktop.services import cases

    for visit_id in visits:
        ctx.check()
        case = cases.visit_case(lib, visit_id)
        for stage in (Stage.ACETIC_ACID, Stage.SALINE):
            found = [picture for picture in case.pictures if picture.stage is stage]
            if found:
                pixels = cases.load_picture(lib, found[-1].id, longest=max(size))
                return shown.ghost(pixels, size)
    return None


def _ignore(_problem: str) -> None:
    """A reading that failed is followed by the next one."""
