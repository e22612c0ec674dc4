"""What the live view shows: the live picture, or what stands still in its place; and what helps to aim."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from pfm_desktop.imaging import shown
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import capture_words as say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QImage

    from pfm_desktop.capture.source import Frame
    from pfm_desktop.gui.pages.capture.feed import Feed
    from pfm_desktop.gui.pages.capture.helping import LiveHelp
    from pfm_desktop.gui.widgets.live_view import LiveView
    from pfm_desktop.viewmodels.session import Session

ZOOM_STEP = 1.25


class Shows(Enum):
    """What is in the view."""

    LIVE = auto()
    FROZEN = auto()
    CLIP = auto()
    WHITENING = auto()
    SCALE = auto()


_STILL = {Shows.CLIP: say.FROM_CLIP, Shows.WHITENING: say.OF_WHITENING, Shows.SCALE: say.FOR_SCALE}


class Looking(QObject):
    """`changed` when the view shows something else, or in another way; `said(text)` for a person."""

    changed = Signal()
    said = Signal(str)

    def __init__(self, feed: Feed, view: LiveView, help_: LiveHelp, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._feed, self._view, self._help, self._session = feed, view, help_, session
        self.shows = Shows.LIVE
        self.frozen: Frame | None = None
        self.is_white: Callable[[Frame], bool] = lambda _frame: True  # whether a frame is in white light alone
        view.resized.connect(self._view_resized)
        view.zoomed.connect(self._wheel)

    def go_live(self) -> None:
        """Nothing stands still."""
        self._still(Shows.LIVE, None)

    def show_clip(self, pixels: NDArray[np.uint8] | None) -> None:
        """A frame of a clip, or the live picture again."""
        self._still(Shows.LIVE if pixels is None else Shows.CLIP, pixels)

    def show_whitening(self, pixels: NDArray[np.uint8] | None) -> None:
        """The frame that whitening is drawn over, or the live picture again."""
        self._still(Shows.LIVE if pixels is None else Shows.WHITENING, pixels)

    def show_scale(self, pixels: NDArray[np.uint8] | None) -> None:
        """The picture that the scale is measured on, or the live picture again."""
        self._still(Shows.LIVE if pixels is None else Shows.SCALE, pixels)

    def toggle_freeze(self) -> None:
        """Hold the picture that is shown, or go on."""
        frame = self._feed.last
        if self.shows is Shows.FROZEN or frame is None:
            self.go_live()
        elif not self.is_white(frame):
            self.said.emit(say.NOT_WHITE)
        elif self.shows is Shows.LIVE:
            self._still(Shows.FROZEN, frame.pixels)
            self.frozen = frame
            self.changed.emit()

    def toggle_green(self) -> None:
        """A green filter, for looking only: what is kept stays as it is."""
        self._feed.change_look(green=not self._feed.look.green)
        self.changed.emit()

    def toggle_grid(self) -> None:
        """Lines to aim by."""
        self._view.grid = not self._view.grid
        self._redraw()

    def toggle_ghost(self) -> None:
        """The picture of the visit before over the live one, to find the same framing."""
        if self._view.ghost is None:
            self._help.fetch_ghost(self._session, self._ghost_came, self.said.emit)
        else:
            self.drop_ghost()

    def drop_ghost(self) -> None:
        """Of another woman none stays."""
        self._view.ghost = None
        self._redraw()

    def zoom(self, steps: float, at: tuple[float, float] | None = None) -> None:
        """Nearer or farther, about a point (0 to 1 of the frame)."""
        look = self._feed.look
        zoom = min(max(look.zoom * ZOOM_STEP**steps, 1.0), shown.MOST_ZOOM)
        centre = look.centre
        if at is not None and zoom > 1.0:
            share = look.zoom / zoom
            centre = at[0] + (centre[0] - at[0]) * share, at[1] + (centre[1] - at[1]) * share
        self._feed.change_look(zoom=zoom, centre=centre)
        self.changed.emit()

    def zoom_reset(self) -> None:
        """All of the frame."""
        self._feed.change_look(zoom=1.0, centre=(0.5, 0.5))
        self.changed.emit()

    def badges(self, *, simulated: bool, recording: str) -> tuple[str, ...]:
        """Short words on the view."""
        return say.badges(
            frozen=self.shows is Shows.FROZEN,
            green=self._feed.look.green,
            zoom=self._feed.look.zoom,
            simulated=simulated,
            ghost=self._view.ghost is not None,
            recording=recording,
            still=_STILL.get(self.shows, ""),
        )

    def switches(self) -> dict[str, bool]:
        """Which switches are on, by command."""
        return {
            "freeze": self.shows is Shows.FROZEN,
            "green": self._feed.look.green,
            "grid": self._view.grid,
            "ghost": self._view.ghost is not None,
        }

    def actions(self) -> dict[str, tuple[str, str, Callable[[], object]]]:
        """Commands: id to text, default key and what is done."""
        return {
            "freeze": (tr("Freeze the live picture, or go on"), "F", self.toggle_freeze),
            "green": (tr("Green filter, for looking"), "G", self.toggle_green),
            "grid": (tr("Grid"), "H", self.toggle_grid),
            "ghost": (tr("Picture of the visit before, over the live one"), "V", self.toggle_ghost),
            "zoom_in": (tr("Zoom in"), "+", lambda: self.zoom(1)),
            "zoom_out": (tr("Zoom out"), "-", lambda: self.zoom(-1)),
            "zoom_reset": (tr("Whole picture"), "0", self.zoom_reset),
        }

    def _still(self, shows: Shows, pixels: NDArray[np.uint8] | None) -> None:
        self.shows, self.frozen = shows, None
        self._view.draws = shows is Shows.WHITENING
        if shows is not Shows.WHITENING:
            self._view.region, self._view.normal, self._view.points = (), (), ()
            self._view.show_map(None, None)
        self._feed.show_still(pixels)
        if pixels is None and self._feed.source is None:
            self._view.show_frame(None)
        self.changed.emit()

    def _ghost_came(self, image: QImage) -> None:
        self._view.ghost = image
        self._redraw()

    def _redraw(self) -> None:
        self._view.update()
        self.changed.emit()

    def _view_resized(self) -> None:
        self._feed.change_look(view=self._view.room, ratio=self._view.devicePixelRatioF())

    def _wheel(self, steps: float, x: float, y: float) -> None:
        frame = self._feed.last
        if frame is not None:
            self.zoom(steps, (x / frame.pixels.shape[1], y / frame.pixels.shape[0]))
