"""Which picture is shown where on the stage, given what there is to show."""

from __future__ import annotations

from dataclasses import dataclass

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.captions import Captions
from pfm_desktop.viewmodels.grades import capital
from pfm_desktop.viewmodels.pair_view import Lens, Mode, PairView, Size, fit_zoom, middle_of

GAP = 4.0
ABSENT_SHARE = 0.2  # of the stage's width, for the pane that only says that a picture is missing

SHORT = {  # where there is no room
    Source.FLUORESCENCE: tr("Fluor."),
    Source.GREEN: tr("Green", "picture through a green filter"),
    Source.IODINE: tr("Iodine", "picture after Lugol's iodine"),
}
LAID_ANEW = tr("The fluorescence picture is being laid anew")
ABSENT = {
    Source.WHITE: tr("No white-light picture in this pair"),
    Source.FLUORESCENCE: tr("No fluorescence picture in this pair"),
}


@dataclass(frozen=True)
class Shown:
    """What there is to show. Sizes are (width, height) of the pictures in their own pixels, None where absent.

    `registered`: the fluorescence picture is at hand in the white-light frame. `pending`: it soon may be, or, when it
    is, soon by a newer registration. `second`: of which source the picture in the second place is. `captions`: what
    they are called where they are no pair.
    """

    white: Size | None = None
    fluorescence: Size | None = None
    registered: bool = False
    pending: bool = False
    second: Source = Source.FLUORESCENCE
    captions: Captions | None = None

    def title(self, place: Source) -> str:
        """What the picture in a place is called."""
        return capital(self.source(place).words) if self.captions is None else self.captions.title(place)

    def spoken(self, place: Source) -> str:
        """The same for the screen reader, with all that stands on it."""
        return self.source(place).words if self.captions is None else self.captions.spoken(place)

    def source(self, place: Source) -> Source:
        """Of which source the picture in a place is."""
        return place if place is Source.WHITE else self.second

    def size(self, source: Source) -> Size | None:
        """Size of the picture of `source`."""
        return self.white if source is Source.WHITE else self.fluorescence

    @property
    def sources(self) -> tuple[Source, ...]:
        """The pictures that are there."""
        return tuple(source for source in PLACES if self.size(source) is not None)

    @property
    def reference(self) -> Source:
        """The frame that `PairView` speaks in: white light where there is one."""
        return Source.WHITE if self.white is not None or self.fluorescence is None else Source.FLUORESCENCE


@dataclass(frozen=True)
class Pane:
    """A part of the stage that shows `sources` (two in blend and its kin) in `frame`; `absent` says what is missing."""

    sources: tuple[Source, ...]
    frame: Source
    lens: Lens
    absent: str = ""


@dataclass(frozen=True)
class Arrangement:
    """Panes from left to right, the mode really shown, and a word on what is not as it was asked for ("" if all is)."""

    mode: Mode
    panes: tuple[Pane, ...]
    note: str = ""

    def pane_at(self, sx: float, sy: float) -> Pane | None:
        """The pane with a picture under a stage point."""
        return next((pane for pane in self.panes if not pane.absent and pane.lens.contains(sx, sy)), None)


def arrange(view: PairView, stage: Size, shown: Shown) -> Arrangement:
    """Lay out the stage of `stage` (width, height) logical pixels."""
    if not shown.sources:
        return Arrangement(view.mode, ())
    if shown.captions is not None and shown.captions.alone:
        lens = _lens(view, (0.0, 0.0, *stage), shown.size(shown.reference) or stage)
        return Arrangement(Mode.SIDE_BY_SIDE, (Pane((shown.reference,), shown.reference, lens),))
    note = _why_not(view.mode, shown)
    anew = _laid_anew(shown) if shown.registered and shown.pending else ""
    if note or view.mode is Mode.SIDE_BY_SIDE:
        return Arrangement(Mode.SIDE_BY_SIDE, _side_by_side(view, stage, shown), note or anew)
    lens = _lens(view, (0.0, 0.0, *stage), shown.size(shown.reference) or stage)
    sources = (view.flicker,) if view.mode is Mode.FLICKER else (Source.WHITE, Source.FLUORESCENCE)
    return Arrangement(view.mode, (Pane(sources, Source.WHITE, lens),), anew)


def _laid_anew(shown: Shown) -> str:
    if shown.captions is not None:
        return tr("The earlier picture is being laid anew")
    if shown.second is Source.FLUORESCENCE:
        return LAID_ANEW
    return tr("The {source} picture is being laid anew", source=shown.second.words)


def _why_not(mode: Mode, shown: Shown) -> str:
    if mode is Mode.SIDE_BY_SIDE or shown.registered:
        return ""
    if len(shown.sources) < 2:
        return tr("{view} needs both pictures", view=mode.caption)
    if shown.pending:
        if shown.captions is None:
            return tr("{view} follows once the pictures are registered", view=mode.caption)
        return tr("{view} follows once the pictures are aligned", view=mode.caption)
    if shown.captions is not None:
        return tr("{view} needs two pictures that lie on each other: these are not aligned", view=mode.caption)
    return tr("{view} needs a registration: the pictures do not lie on each other yet", view=mode.caption)


def _side_by_side(view: PairView, stage: Size, shown: Shown) -> tuple[Pane, ...]:
    width, height = stage
    if shown.white is None:
        left = round(width * ABSENT_SHARE)
    elif shown.fluorescence is None:
        left = round(width * (1 - ABSENT_SHARE)) - int(GAP)
    else:
        left = (int(width) - int(GAP)) // 2
    # of two pictures the panes are equally wide, so that both show the same tissue at the same size
    start = width - left if len(shown.sources) == 2 else left + GAP
    areas = {
        Source.WHITE: (0.0, 0.0, float(left), height),
        Source.FLUORESCENCE: (start, 0.0, max(1.0, width - start), height),
    }
    return tuple(_side(view, areas[source], source, shown) for source in PLACES)


def _side(view: PairView, area: tuple[float, float, float, float], source: Source, shown: Shown) -> Pane:
    size, reference = shown.size(source), shown.size(shown.reference)
    if size is None or reference is None:
        return Pane((source,), source, Lens(*area, 1.0, (0.0, 0.0)), ABSENT[source])
    if source is shown.reference or shown.registered:
        return Pane((source,), shown.reference, _lens(view, area, reference))
    return Pane((source,), source, _like(_lens(view, area, reference), reference, size))


def _lens(view: PairView, area: tuple[float, float, float, float], picture: Size) -> Lens:
    if view.zoom is None:
        return Lens(*area, fit_zoom(picture, (area[2], area[3])), middle_of(picture))
    return Lens(*area, view.zoom, view.centre)


def _like(lens: Lens, reference: Size, size: Size) -> Lens:
    """A picture of another size, as far from its middle: all that can be locked before the pair is registered.

    Both then move by the same stage pixels, and both zoom about the point under the mouse.
    """
    pane = (lens.width, lens.height)
    larger = fit_zoom(size, pane) / fit_zoom(reference, pane)
    here, there = middle_of(reference), middle_of(size)
    centre = (
        there[0] + (lens.centre[0] - here[0]) / larger,
        there[1] + (lens.centre[1] - here[1]) / larger,
    )
    return Lens(lens.left, lens.top, lens.width, lens.height, lens.zoom * larger, centre)
