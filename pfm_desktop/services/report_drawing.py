"""What was drawn of lesions, for the pictures of a report."""

from __future__ import annotations

from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.compose import Outline
from pfm_desktop.services.measuring import Ground
from pfm_desktop.support.language import tr

OUTLINED = tr("Outlined: lesions as they were drawn, by number; dashed: the SCJ.")


def outlines_on(ground: Ground, place: Source) -> tuple[Outline, ...]:
    """Contours with the numbers of their lesions, and the SCJ line, in pixels of a picture; without a way there they
    are left out."""
    case, places = ground.case, ground.case.places_on(ground.pair_id)
    numbers, found = {one.id: str(one.number) for one in case.lesions}, []
    for contour in case.contours:
        if contour.picture_id not in places or contour.lesion_id not in numbers:
            continue
        for place_of_it, edge in enumerate(contour.shape.edges):
            moved = ground.moved(edge, places[contour.picture_id], place)
            if moved is not None:
                found.append(Outline(moved, "" if place_of_it else numbers[contour.lesion_id]))
    for one in case.junctions:
        line = ground.moved(one.line, places[one.picture_id], place) if one.picture_id in places else None
        if line is not None:
            found.append(Outline(line, dashed=True, open=True))
    return tuple(found)
