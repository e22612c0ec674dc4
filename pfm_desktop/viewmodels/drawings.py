"""Contours of lesions and the SCJ line, for the stage: which there are, and where they lie in each pane. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pfm_desktop.domain.drawing import Shape
from pfm_desktop.domain.shapes import contains, distance_to, shape_area
from pfm_desktop.domain.source import Source
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.found import moved
from pfm_desktop.viewmodels.pair_view import PairRegistration

if TYPE_CHECKING:
    from pfm_desktop.domain.anatomy import Outline
    from pfm_desktop.services.cases import VisitCase

SHOW_KEY = "Shift+D"
SCJ = tr("SCJ")
TOOLS = ("lesion", "brush", "eraser", "scj")  # with which one draws what stands here
BRUSHES = ("brush", "eraser")
_HOW = {
    "lesion": tr("{lesion}: drag around it, or click corners (Enter closes)"),
    "brush": tr("{lesion}: paint; [ and ] size the brush"),
    "eraser": tr("{lesion}: take away; [ and ] size the eraser"),
    "scj": tr("SCJ: drag along it, or click points (Enter ends)"),
}
NO_LESION_YET = tr("Lesion 1 (new)")
HIDDEN = tr("Contours and SCJ line are hidden ({key})", key=SHOW_KEY)
LOOKING_ONLY = tr(
    "Nothing is drawn across this registration: it is for looking only. Draw on the white-light picture, or register "
    "the pair again."
)


@dataclass(frozen=True)
class Drawn:
    """What was drawn, in pixels of `frame`: closed `edges` (the outer one, then holes), or one open line. `lesion_id`
    is "" of the SCJ line; `words` stand beside it."""

    id: str
    frame: Source
    edges: tuple[Outline, ...]
    words: str
    lesion_id: str = ""

    @property
    def closed(self) -> bool:
        """Whether it is a contour."""
        return bool(self.lesion_id)


def drawings_of(case: VisitCase, pair_id: str) -> tuple[Drawn, ...]:
    """What was drawn on the pictures of a pair; contours of lesions by number, then the SCJ line."""
    places, numbers = case.places_on(pair_id), {one.id: one.number for one in case.lesions}
    contours = [
        Drawn(
            one.id,
            places[one.picture_id],
            one.shape.edges,
            tr("lesion {number}", number=numbers[one.lesion_id]),
            one.lesion_id,
        )
        for one in case.contours
        if one.picture_id in places and one.lesion_id in numbers
    ]
    contours.sort(key=lambda one: numbers[one.lesion_id])
    lines = (
        Drawn(one.id, places[one.picture_id], (one.line,), SCJ) for one in case.junctions if one.picture_id in places
    )
    return (*contours, *lines)


def drawn_in(
    frame: Source, sources: Sequence[Source], drawings: Sequence[Drawn], registration: PairRegistration | None
) -> tuple[Drawn, ...]:
    """Those that a pane shows which has pictures of `sources` in `frame`, in its pixels; without a way there they are
    left out, and across a registration that is for looking only."""
    looking_only = registration is not None and registration.for_looking_only
    found = []
    for one in drawings:
        if looking_only and (one.frame is not frame or one.frame not in sources):
            continue
        edges = [moved(edge, one.frame, frame, registration) for edge in one.edges]
        kept = tuple(edge for edge in edges if edge is not None)
        if len(kept) == len(edges):
            found.append(replace(one, frame=frame, edges=kept))
    return tuple(found)


def drawing_at(drawings: Sequence[Drawn], x: float, y: float, reach: float) -> str:
    """The id of what lies at a point: a line nearer than `reach` pixels, else the smallest contour about it; "" where
    nothing is."""
    near = [
        (min(distance_to(edge, x, y, closed=one.closed) for edge in one.edges), number)
        for number, one in enumerate(drawings)
    ]
    distance, number = min(near, default=(reach, -1))
    if distance < reach:
        return drawings[number].id
    about = [one for one in drawings if one.closed and contains(_shape(one), x, y)]
    return min(about, key=lambda one: shape_area(_shape(one))).id if about else ""


def why_not_here(frame: Source, sources: Sequence[Source], registration: PairRegistration | None) -> str:
    """Why nothing can be drawn in a pane; "" where it can."""
    looking_only = registration is not None and registration.for_looking_only
    return LOOKING_ONLY if looking_only and frame not in sources else ""


def hint(tool: str, number: int | None, *, hidden: bool = False) -> str:
    """What a drawing tool does, and for which lesion (its number; None while there is none). Of other tools "", or that
    something is `hidden`."""
    if hidden and tool not in _HOW:
        return HIDDEN
    lesion = tr("Lesion {number}", number=number) if number is not None else NO_LESION_YET
    return _HOW[tool].format(lesion=lesion) if tool in _HOW else ""


def _shape(one: Drawn) -> Shape:
    return Shape(one.edges[0], one.edges[1:])
