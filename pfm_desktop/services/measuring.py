"""Lesions as they were drawn on the pictures of a pair: how large they are, and the diagram of the cervix.

Nothing here reads a library: all comes from the visit as it was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pfm_desktop.domain import diagram as domain
from pfm_desktop.domain.anatomy import Anatomy, Outline, Spot
from pfm_desktop.domain.annotation import OsMark
from pfm_desktop.domain.diagram import Diagram, Way
from pfm_desktop.domain.drawing import Shape
from pfm_desktop.domain.measure import Bearings, Measured, measure
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.cases import VisitCase


@dataclass(frozen=True)
class LesionMeasure:
    """`place`: of the picture that was measured in; `elsewhere`: whether it is drawn on the other one as well, which is
    not counted. `os_said`, `cervix_said`: whether a person said where they are, or else they were found."""

    place: Source
    measured: Measured
    os_said: bool = False
    cervix_said: bool = False
    elsewhere: bool = False


@dataclass(frozen=True)
class Ground:
    """What lesions of a pair are measured on. `registration` is one across which something may be concluded, or None;
    `found`: what the program found in each picture, where that counts as well."""

    case: VisitCase
    pair_id: str
    os_mark: OsMark | None = None
    registration: Registration | None = None
    found: Mapping[Source, Anatomy] = field(default_factory=dict)

    def shapes(self, lesion_id: str) -> Mapping[Source, tuple[Shape, ...]]:
        """The parts of a lesion, by the picture of the pair that they were drawn on."""
        places = self.case.places_on(self.pair_id)
        own = [one for one in self.case.contours if one.lesion_id == lesion_id and one.picture_id in places]
        parts = {place: tuple(one.shape for one in own if places[one.picture_id] is place) for place in PLACES}
        return {place: shapes for place, shapes in parts.items() if shapes}

    def os_in(self, place: Source) -> tuple[Spot | None, bool]:
        """The os in a picture, and whether a person said it."""
        mark = self.os_mark
        if mark is not None:
            moved = self.moved(((mark.x, mark.y),), mark.frame, place)
            return (moved[0] if moved is not None else None), True
        for other in _own_first(place):
            spot = self.found[other].os if other in self.found else None
            moved = self.moved((spot,), other, place) if spot is not None else None
            if moved is not None:
                return moved[0], False
        return None, False

    def cervix_in(self, place: Source) -> tuple[tuple[Outline, ...], bool]:
        """Outlines of the cervix in a picture, and whether a person drew them."""
        drawn = self.case.cervix_on(self.pair_id)
        for other in _own_first(place):
            moved = self.moved(drawn[other], other, place) if other in drawn else None
            if moved is not None:
                return (moved,), True
        for other in _own_first(place):
            parts = self.found[other].cervix if other in self.found else ()
            ways = [self.moved(part, other, place) for part in parts]
            if ways and all(way is not None for way in ways):
                return tuple(way for way in ways if way is not None), False
        return (), False

    def moved(self, points: Outline, start: Source, end: Source) -> Outline | None:
        """Points of one picture in the other one; None where there is no way there."""
        if start is end:
            return points
        if self.registration is None:
            return None
        way = self.registration
        to_end = way.white_to_fluorescence if start is Source.WHITE else way.fluorescence_to_white
        moved = to_end(np.asarray(points, np.float64).reshape(-1, 2))
        return tuple((float(x), float(y)) for x, y in moved) if np.isfinite(moved).all() else None


def measures_of(ground: Ground, lesion_id: str = "") -> Mapping[str, LesionMeasure]:
    """By the lesion's id, for those that are drawn on the pictures of the pair; in white light where they are drawn
    there. With `lesion_id` for that one alone."""
    found = {}
    for lesion in ground.case.lesions:
        shapes = ground.shapes(lesion.id) if lesion_id in ("", lesion.id) else {}
        if not shapes:
            continue
        place = next(one for one in PLACES if one in shapes)
        os, os_said = ground.os_in(place)
        cervix, cervix_said = ground.cervix_in(place)
        picture_id = next(one for one, where in ground.case.places_on(ground.pair_id).items() if where is place)
        picture = ground.case.picture(picture_id)
        bearings = Bearings(os, cervix, picture.mm_per_px if picture is not None else None)
        found[lesion.id] = LesionMeasure(
            place, measure(shapes[place], bearings), os_said, cervix_said, elsewhere=len(shapes) > 1
        )
    return found


def diagram_of(ground: Ground, *, for_pins: bool = True) -> Diagram | None:
    """The diagram of a pair, from what persons marked and drew; None where there is nothing to put into it.

    It says what is missing, and nothing in it is guessed: what the program found does not count. Without `for_pins`
    nothing is said of what is missing for pins alone.
    """
    case, places = ground.case, ground.case.places_on(ground.pair_id)
    junctions = [one for one in case.junctions if one.picture_id in places]
    pins = case.pins_on(ground.pair_id)
    drawn = [one for one in case.contours if one.picture_id in places]
    if not (junctions or pins or drawn):
        return None
    way, place, missing = _way(ground)
    if way is None:
        return Diagram(missing=missing) if for_pins or drawn or junctions else None
    areas = _areas(ground, place)
    spots = [(pin.letter, ground.moved(((pin.x, pin.y),), pin.frame, place)) for pin in pins]
    lines = [ground.moved(one.line, places[one.picture_id], place) for one in junctions]
    left = [tr("a contour")] * (len(drawn) - len(areas))
    left += [tr("biopsy {letter}", letter=letter) for letter, spot in spots if spot is None]
    left += [tr("the SCJ line") for line in lines if line is None]
    placed = [(letter, *spot[0]) for letter, spot in spots if spot is not None]
    return domain.fill(way, areas, placed, [line for line in lines if line is not None], _left_out(left))


def _areas(ground: Ground, place: Source) -> list[tuple[str, Shape]]:
    """The contours in the picture of a place, with number and signs of their lesions; without a way there left out."""
    case, places = ground.case, ground.case.places_on(ground.pair_id)
    lesions, found = {one.id: one for one in case.lesions}, []
    for contour in case.contours:
        lesion = lesions.get(contour.lesion_id)
        if lesion is None or contour.picture_id not in places:
            continue
        edges = [ground.moved(edge, places[contour.picture_id], place) for edge in contour.shape.edges]
        known = [edge for edge in edges if edge is not None]
        if len(known) == len(edges):
            label = f"{lesion.number} {domain.signs_of(lesion.answers)}".strip()
            found.append((label, Shape(known[0], tuple(known[1:]))))
    return found


def _way(ground: Ground) -> tuple[Way | None, Source, tuple[str, ...]]:
    """Into the diagram, and from which picture; or what is missing. What was found does not count."""
    said = replace(ground, found={})
    missing: tuple[str, ...] = ()
    for place in said.case.places_on(said.pair_id).values():
        os, cervix = said.os_in(place)[0], said.cervix_in(place)[0]
        if os is None or not cervix:
            missing = missing or _missing(said)
            continue
        try:
            return Way(os, cervix[0]), place, ()
        except ValueError as error:
            missing = (str(error),)
    return None, Source.WHITE, missing


def _missing(ground: Ground) -> tuple[str, ...]:
    no_os = () if ground.os_mark is not None else (domain.NO_OS,)
    no_cervix = () if ground.case.cervix_on(ground.pair_id) else (domain.NO_CERVIX,)
    return (*no_os, *no_cervix) or (domain.APART,)


def _left_out(names: list[str]) -> tuple[str, ...]:
    said = ", ".join(names)
    return (f"{said[:1].upper()}{said[1:]}: {domain.NO_WAY}",) if said else ()


def _own_first(place: Source) -> list[Source]:
    return sorted(PLACES, key=lambda one: one is not place)
