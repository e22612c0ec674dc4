"""Lesions that readers drew, on the stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPolygonF

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.ink import plate, plate_rect, stage_font, twice
from pfm_desktop.viewmodels.arrangement import Pane
from pfm_desktop.viewmodels.found import moved
from pfm_desktop.viewmodels.pair_view import PairRegistration

DASH = 7.0
# told apart by lightness and by dashes as well
COLOURS = (QColor("#56E0FF"), QColor("#FFD54A"))


@dataclass(frozen=True)
class ShownRegion:
    """One outline in pixels of `frame`. `voice`: the first reader or the second, by colour; `words` stand beside it."""

    frame: Source
    outline: Outline
    words: str = ""
    voice: int = 0


class RegionLines:
    """Regions as given, and as they stand in each frame: worked out once, not in every picture of the screen."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self.given: tuple[ShownRegion, ...] = ()
        self._registration: PairRegistration | None = None
        self._placed: dict[Source, tuple[ShownRegion, ...]] = {}

    def replace(self, regions: Sequence[ShownRegion]) -> None:
        """Other regions."""
        self.given = tuple(regions)
        self._placed.clear()

    def show(self, regions: Sequence[ShownRegion]) -> None:
        """Show these, and have the stage painted where they are others."""
        if tuple(regions) != self.given:
            self.replace(regions)
            self._changed()

    def place(self, registration: PairRegistration | None) -> None:
        """Another registration."""
        self._registration = registration
        self._placed.clear()

    def lines(self, frame: Source) -> tuple[ShownRegion, ...]:
        """Those that a pane of `frame` shows, in its pixels; without a way there they are left out."""
        if frame not in self._placed:
            ways = ((one, moved(one.outline, one.frame, frame, self._registration)) for one in self.given)
            self._placed[frame] = tuple(
                ShownRegion(frame, points, one.words, one.voice) for one, points in ways if points is not None
            )
        return self._placed[frame]


def draw_regions(painter: QPainter, pane: Pane, regions: Sequence[ShownRegion]) -> None:
    """Closed outlines, those of the second reader in dashes, each with its words at the top."""
    for region in regions:
        corners = QPolygonF([QPointF(*pane.lens.to_stage(x, y)) for x, y in region.outline])
        colour, dash = COLOURS[region.voice % len(COLOURS)], DASH if region.voice else 0.0
        twice(painter, partial(painter.drawPolygon, corners), colour=colour, dash=dash)
    for region in (one for one in regions if one.words):
        _draw_words(painter, pane, region)


def _draw_words(painter: QPainter, pane: Pane, region: ShownRegion) -> None:
    """Beside the highest point; of the second reader below the lowest, so that two never cover each other."""
    lens, font = pane.lens, stage_font(13)
    place = max if region.voice else min
    spot = QPointF(*lens.to_stage(*place(region.outline, key=lambda point: point[1])))
    rect = plate_rect(spot + QPointF(4, 4 if region.voice else -26), region.words, font)
    x = max(lens.left, min(rect.left(), lens.left + lens.width - rect.width()))
    y = max(lens.top, min(rect.top(), lens.top + lens.height - rect.height()))
    plate(painter, QPointF(x, y), region.words, font=font)
