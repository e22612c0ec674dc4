"""How a pair is looked at: one frozen state drives every canvas, pure functions change it.

Stage points are logical pixels from the top-left corner of the stage; picture points are pixels of the named frame,
(0, 0) at the centre of the top-left pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.geometry import Points
from pfm_desktop.domain.prediction import FUSED, HEAT_OPACITY, HEAT_THRESHOLD, Heatmap
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.support.language import tr

MAX_ZOOM = 32.0
SMALLEST_OF_FIT = 0.5  # zooming out ends at half of the fitted size: a picture is never lost from sight
PAN_STEP = 60.0
ZOOM_STEP = 1.25

XY = tuple[float, float]
Size = tuple[float, float]


class PairRegistration(Protocol):
    """What the stage needs of a registration; `pfm_desktop.imaging.registration.Registration` fits."""

    @property
    def status(self) -> RegistrationStatus:
        """OK, CHECK or REFUSED."""

    @property
    def for_looking_only(self) -> bool:
        """Whether nothing may be concluded across it."""

    def white_to_fluorescence(self, points: Points, /) -> Points:
        """N x 2 white-light pixels to fluorescence pixels."""

    def fluorescence_to_white(self, points: Points, /) -> Points:
        """N x 2 fluorescence pixels to white-light pixels."""

    def in_white_frame(self, image: NDArray[np.uint8], /) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """H x W x 3 fluorescence picture as seen in the white-light frame, and where it shows the tissue (H x W)."""


class Mode(StrEnum):
    """How the two pictures share the stage; in the order of their keys 1 to 5."""

    SIDE_BY_SIDE = "side_by_side"
    BLEND = "blend"
    SWIPE = "swipe"
    FLICKER = "flicker"
    CHECKERBOARD = "checkerboard"

    @property
    def caption(self) -> str:
        """`Side by side`."""
        return _CAPTIONS[self]

    @property
    def key(self) -> str:
        """The key that chooses this mode."""
        return str(MODES.index(self) + 1)


MODES: tuple[Mode, ...] = tuple(Mode)
_CAPTIONS = {
    Mode.SIDE_BY_SIDE: tr("Side by side"),
    Mode.BLEND: tr("Blend"),
    Mode.SWIPE: tr("Swipe"),
    Mode.FLICKER: tr("Flicker"),
    Mode.CHECKERBOARD: tr("Checkerboard"),
}
FLICK_S = 1 / 6  # seconds: there and back three times a second at most, as WCAG 2.2 (2.3.1) allows
FLICK_LIMIT = tr("at most %n time(s) a second there and back", "", round(1 / (2 * FLICK_S)))


class Filter(StrEnum):
    """What a picture is looked at through; for looking only."""

    NONE = "none"
    GREEN = "green"  # red-free: vessels stand out
    CONTRAST = "contrast"  # of small parts


@dataclass(frozen=True)
class DisplayWindow:
    """How one picture is shown, which is never changed: `low` becomes black, `high` white, in between to the power
    1/gamma, of what the `filter` lets through."""

    low: float = 0.0
    high: float = 255.0
    gamma: float = 1.0
    filter: Filter = Filter.NONE

    @property
    def neutral(self) -> bool:
        """Whether the picture is shown as it is."""
        return self == AS_TAKEN


AS_TAKEN = DisplayWindow()


@dataclass(frozen=True)
class HeatmapView:
    """How the heatmap is laid over the picture. `kind` is fused, white or fluorescence; values below `threshold` (0..1)
    are left clear; `begins` is where it stood for such heatmaps before the reader moved it."""

    visible: bool = True
    kind: str = FUSED
    opacity: float = HEAT_OPACITY
    threshold: float = HEAT_THRESHOLD
    begins: float = HEAT_THRESHOLD
    contour_only: bool = False
    colour_map: str = "inferno"


@dataclass(frozen=True)
class Cursor:
    """The position under the mouse, in the frame of the picture it is over."""

    frame: Source
    x: float
    y: float


@dataclass(frozen=True)
class PairView:
    """All that says how the pair is shown.

    `centre` is the picture point in the middle of a pane, `zoom` logical screen pixels per picture pixel, both in the
    frame that the panes share (white light where there is one). `zoom` None fits the picture, and stays fitted when
    the stage is resized. `opacity` is that of the fluorescence picture in blend, `swipe` the place of the curtain (0
    left, 1 right; white light is left of it).
    """

    mode: Mode = Mode.SIDE_BY_SIDE
    centre: XY = (0.0, 0.0)
    zoom: float | None = None
    opacity: float = 0.5
    swipe: float = 0.5
    flicker: Source = Source.WHITE
    heatmap: HeatmapView = field(default_factory=HeatmapView)
    white_window: DisplayWindow = field(default_factory=DisplayWindow)
    fluorescence_window: DisplayWindow = field(default_factory=DisplayWindow)
    cursor: Cursor | None = None

    def window(self, source: Source) -> DisplayWindow:
        """Brightness of the picture of `source`."""
        return self.white_window if source is Source.WHITE else self.fluorescence_window


@dataclass(frozen=True)
class CursorPosition:
    """The same tissue in both frames, picture pixels; None where a picture is absent or does not show it."""

    white: XY | None
    fluorescence: XY | None


@dataclass(frozen=True)
class Lens:
    """Shows a frame in a rectangle of the stage (logical pixels)."""

    left: float
    top: float
    width: float
    height: float
    zoom: float
    centre: XY

    @property
    def middle(self) -> XY:
        """Stage point at which `centre` is shown."""
        return self.left + self.width / 2, self.top + self.height / 2

    def to_stage(self, x: float, y: float) -> XY:
        """Picture point to stage point."""
        mx, my = self.middle
        return mx + (x - self.centre[0]) * self.zoom, my + (y - self.centre[1]) * self.zoom

    def to_picture(self, sx: float, sy: float) -> XY:
        """Stage point to picture point."""
        mx, my = self.middle
        return self.centre[0] + (sx - mx) / self.zoom, self.centre[1] + (sy - my) / self.zoom

    def contains(self, sx: float, sy: float) -> bool:
        """Whether the stage point lies in the rectangle."""
        return self.left <= sx < self.left + self.width and self.top <= sy < self.top + self.height


def fit_zoom(picture: Size, pane: Size) -> float:
    """Largest zoom that shows a whole picture (width, height) in a pane."""
    return max(1e-6, min(pane[0] / max(1.0, picture[0]), pane[1] / max(1.0, picture[1])))


def middle_of(picture: Size) -> XY:
    """Middle of a picture of (width, height) in its own pixels."""
    return (picture[0] - 1) / 2, (picture[1] - 1) / 2


def within(point: XY, picture: Size) -> bool:
    """Whether a point lies on a picture of (width, height)."""
    return -0.5 <= point[0] < picture[0] - 0.5 and -0.5 <= point[1] < picture[1] - 0.5


def set_mode(view: PairView, mode: Mode) -> PairView:
    """Another mode; the tissue in the middle stays where it is."""
    return replace(view, mode=mode)


def set_opacity(view: PairView, opacity: float) -> PairView:
    """Opacity of the fluorescence picture in blend, 0..1."""
    return replace(view, opacity=clamped(opacity))


def set_swipe(view: PairView, swipe: float) -> PairView:
    """Place of the curtain, 0..1 of the pane's width."""
    return replace(view, swipe=clamped(swipe))


def flicked(view: PairView) -> PairView:
    """The other picture in flicker."""
    return replace(view, flicker=Source.FLUORESCENCE if view.flicker is Source.WHITE else Source.WHITE)


def with_window(view: PairView, source: Source, window: DisplayWindow) -> PairView:
    """Another brightness for one picture."""
    if source is Source.WHITE:
        return replace(view, white_window=window)
    return replace(view, fluorescence_window=window)


def with_heatmap(view: PairView, **changes: object) -> PairView:
    """Changes fields of the `HeatmapView`; opacity and threshold are held in 0..1."""
    for name in ("opacity", "threshold"):
        if name in changes:
            changes[name] = clamped(float(str(changes[name])))
    return replace(view, heatmap=replace(view.heatmap, **changes))  # type: ignore[arg-type]  # names checked by replace


def for_heatmaps(view: PairView, heatmaps: Mapping[str, Heatmap]) -> PairView:
    """These heatmaps instead of others: those of another kind are drawn from their own threshold; where the reader has
    moved it, it stays for those that begin alike."""
    if not heatmaps:
        return view
    begins = (heatmaps.get(view.heatmap.kind) or next(iter(heatmaps.values()))).threshold
    if begins == view.heatmap.begins:
        return view
    return replace(view, heatmap=replace(view.heatmap, threshold=begins, begins=begins))


def for_another_woman(view: PairView) -> PairView:
    """What was looked for in the heatmap of one woman does not decide how that of the next one looks at first."""
    return replace(view, heatmap=replace(view.heatmap, kind=FUSED, threshold=view.heatmap.begins))


def fitted(view: PairView) -> PairView:
    """The whole picture, also after the next resize."""
    return replace(view, zoom=None)


def zoomed(view: PairView, lens: Lens, picture: Size, factor: float, at: XY) -> PairView:
    """Zoom by `factor`; the tissue under the stage point `at` stays under it."""
    smallest = SMALLEST_OF_FIT * fit_zoom(picture, (lens.width, lens.height))
    zoom = min(max(MAX_ZOOM, smallest), max(smallest, lens.zoom * factor))
    x, y = lens.to_picture(*at)
    mx, my = lens.middle
    centre = (x - (at[0] - mx) / zoom, y - (at[1] - my) / zoom)
    return replace(view, zoom=zoom, centre=_inside(centre, picture))


def zoomed_to(view: PairView, lens: Lens, picture: Size, zoom: float) -> PairView:
    """This zoom (1 / device pixel ratio shows picture pixels one to one), about the middle of the pane."""
    return zoomed(view, lens, picture, zoom / lens.zoom, lens.middle)


def panned(view: PairView, lens: Lens, picture: Size, dx: float, dy: float) -> PairView:
    """Move the picture by (dx, dy) stage pixels; its edge never passes the middle of the pane."""
    centre = (lens.centre[0] - dx / lens.zoom, lens.centre[1] - dy / lens.zoom)
    return replace(view, zoom=lens.zoom, centre=_inside(centre, picture))


def clamped(value: float) -> float:
    """`value` held in 0..1."""
    return min(1.0, max(0.0, value))


def _inside(point: XY, picture: Size) -> XY:
    return (
        min(max(point[0], -0.5), picture[0] - 0.5),
        min(max(point[1], -0.5), picture[1] - 0.5),
    )
