"""What lies on the stage, ready to be painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QImage

from pfm_desktop.domain.annotation import OsMark, Pin
from pfm_desktop.domain.prediction import Heatmap
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.widgets.pyramid import Pyramid, argb_image
from pfm_desktop.viewmodels.arrangement import Shown
from pfm_desktop.viewmodels.captions import Captions
from pfm_desktop.viewmodels.found import Found, Line, lines_in
from pfm_desktop.viewmodels.heatmap_parts import Blocks, blocks_of, coloured_parts
from pfm_desktop.viewmodels.marks import PlacedPin, os_in, pins_in
from pfm_desktop.viewmodels.overlay import PreparedHeatmap, coloured, contours, hatching, level_colours, prepare
from pfm_desktop.viewmodels.pair_view import XY, HeatmapView, PairRegistration

NOTHING = 2.0  # a threshold above all values: only what was not seen is hatched


@dataclass
class Scene:
    """Pictures as pyramids. `fluorescence`, the second picture, is in its own frame, `warped` in the white-light frame;
    `second` is its source; `captions`: what they are where they are no pair."""

    white: Pyramid | None = None
    fluorescence: Pyramid | None = None
    warped: Pyramid | None = None
    sizes: dict[Source, tuple[int, int]] = field(default_factory=dict)
    registration: PairRegistration | None = None
    pending: bool = False
    mm_per_px: float | None = None
    second: Source = Source.FLUORESCENCE
    captions: Captions | None = None

    def picture(self, source: Source, frame: Source) -> Pyramid | None:
        """The picture of `source` in `frame`."""
        if source is Source.WHITE:
            return self.white if frame is Source.WHITE else None
        return self.warped if frame is Source.WHITE else self.fluorescence

    @property
    def shown(self) -> Shown:
        """For the arrangement of the stage."""
        return Shown(
            white=self.sizes.get(Source.WHITE),
            fluorescence=self.sizes.get(Source.FLUORESCENCE),
            registered=self.warped is not None,
            pending=self.pending,
            second=self.second,
            captions=self.captions,
        )


@dataclass(frozen=True)
class PaintedHeatmap:
    """Colours, or outline and hatching, of the heatmap that is shown; all span the whole picture (0..1 for lines and
    for the `parts` outside of which the image is clear)."""

    image: QImage
    parts: tuple[QRectF, ...]
    outline: tuple[QLineF, ...]
    hatching: tuple[QLineF, ...]
    all_seen: bool


class HeatmapStore:
    """Heatmaps as given, enlarged once and coloured when the way they are shown changes."""

    def __init__(self) -> None:
        self._given: dict[str, Heatmap] = {}
        self._all_seen: dict[str, bool] = {}
        self._peaks: dict[str, float] = {}  # known once: asked for in every frame
        self._aspect = 1.0
        self._prepared: dict[str, tuple[PreparedHeatmap, Blocks]] = {}
        self._painted: tuple[tuple[object, ...], PaintedHeatmap] | None = None

    def replace(self, heatmaps: Mapping[str, Heatmap], *, aspect: float) -> None:
        """Other heatmaps, over a picture of `aspect` (width / height)."""
        self._given, self._aspect = dict(heatmaps), aspect
        self._all_seen = {kind: heatmap.all_seen for kind, heatmap in heatmaps.items()}
        self._peaks = {kind: heatmap.most for kind, heatmap in heatmaps.items()}
        self._prepared.clear()
        self._painted = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Keys of the heatmaps at hand."""
        return tuple(self._given)

    def all_seen(self, kind: str) -> bool:
        """Whether the engine saw the whole picture."""
        return self._all_seen[kind]

    def ends(self, kind: str) -> tuple[str, str]:
        """Words of 0 and of 1 on its scale."""
        return self._given[kind].ends

    def most(self, kind: str) -> float:
        """Its strongest place; below 0 where nothing was seen."""
        return self._peaks[kind]

    def painted(self, look: HeatmapView) -> PaintedHeatmap | None:
        """The heatmap of `look.kind`; None where there is none."""
        if look.kind not in self._given:
            return None
        key = (look.kind, look.threshold, look.contour_only, look.colour_map)
        if self._painted is None or self._painted[0] != key:
            self._painted = (key, self._paint(look))
        return self._painted[1]

    def _paint(self, look: HeatmapView) -> PaintedHeatmap:
        if look.kind not in self._prepared:
            made = prepare(self._given[look.kind], aspect=self._aspect)
            self._prepared[look.kind] = made, blocks_of(made.levels)
        prepared, blocks = self._prepared[look.kind]
        outline: tuple[QLineF, ...] = ()
        hatched: tuple[QLineF, ...] = ()
        if look.contour_only:
            outline, hatched = (_lines(make(prepared, look.threshold)) for make in (contours, hatching))
        threshold = NOTHING if look.contour_only else look.threshold
        colours = level_colours(colour_map=look.colour_map, threshold=threshold)
        parts = coloured_parts(blocks, colours).tolist()
        return PaintedHeatmap(
            argb_image(coloured(prepared.levels, colours)),
            tuple(QRectF(QPointF(left, top), QPointF(right, bottom)) for left, top, right, bottom in parts),
            outline,
            hatched,
            prepared.all_seen,
        )


@dataclass
class Marks:
    """Pins and the os as given, and as they stand in each frame. `suggested` is an os that the program found."""

    pins: tuple[Pin, ...] = ()
    os_mark: OsMark | None = None
    selected: str = ""
    suggested: OsMark | None = None
    _placed: dict[Source, tuple[PlacedPin, ...]] = field(default_factory=dict)
    _os: dict[Source, XY | None] = field(default_factory=dict)

    def place(self, registration: PairRegistration | None) -> None:
        """Work out where everything stands; after each change of marks or registration."""
        for frame in PLACES:
            self._placed[frame] = pins_in(frame, self.pins, self.os_mark, registration, suggested=self.suggested)
            self._os[frame] = os_in(frame, self.os_mark or self.suggested, registration)

    def pins_in(self, frame: Source) -> Sequence[PlacedPin]:
        """The pins in `frame`."""
        return self._placed.get(frame, ())

    @property
    def os_is_sure(self) -> bool:
        """Whether a person marked the os."""
        return self.os_mark is not None

    def os_in(self, frame: Source) -> QPointF | None:
        """The os in `frame`, marked or found."""
        spot = self._os.get(frame)
        return None if spot is None else QPointF(*spot)


class FoundLines:
    """What the quality check found as it was given, and its outlines as they stand in each pane: worked out once, not
    in every frame."""

    def __init__(self) -> None:
        self.given: Mapping[Source, Found] = {}
        self._registration: PairRegistration | None = None
        self._placed: dict[tuple[Source, tuple[Source, ...]], tuple[Line, ...]] = {}

    def replace(self, found: Mapping[Source, Found]) -> None:
        """Other findings."""
        self.given = found
        self._placed.clear()

    def place(self, registration: PairRegistration | None) -> None:
        """Another registration."""
        self._registration = registration
        self._placed.clear()

    def lines(self, frame: Source, shown: tuple[Source, ...], *, cervix: bool) -> list[Line]:
        """Those of a pane that shows the pictures of `shown` in `frame`, without the cervix unless it is asked for."""
        if (frame, shown) not in self._placed:
            self._placed[frame, shown] = lines_in(frame, self.given, shown, self._registration)
        return [line for line in self._placed[frame, shown] if line.problem or cervix]


def _lines(pieces: NDArray[np.float64]) -> tuple[QLineF, ...]:
    return tuple(QLineF(*piece) for piece in pieces.reshape(-1, 4).tolist())
