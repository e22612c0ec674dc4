"""What is measured in the drawing of a lesion, in words, and what of it is offered for her forms. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain import form, ifcpc
from pfm_desktop.domain.anatomy import Anatomy
from pfm_desktop.domain.diagram import Diagram
from pfm_desktop.domain.measure import Measured, answers, swede_size
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.findings import why_locked
from pfm_desktop.viewmodels.review import os_mark_of

if TYPE_CHECKING:
    from pfm_desktop.domain.lesion import Lesion
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.measuring import LesionMeasure
    from pfm_desktop.viewmodels.review import Desk
    from pfm_desktop.viewmodels.session import Edit

_LESION = {item.key: item for item in ifcpc.LESION}


@dataclass(frozen=True)
class Offer:
    """What "Take from the drawing" would change of a lesion; `words` say it."""

    lesion_id: str
    answers: Mapping[str, Any]
    size: int | None
    words: str


@dataclass(frozen=True)
class DrawingView:
    """What stands in Findings about the drawing of the chosen lesion, and the diagram of the pair."""

    words: str = ""
    offer: Offer | None = None
    wanting: str = ""  # what has to be said before more can be taken over
    diagram: Diagram | None = None


@dataclass(frozen=True)
class Known:
    """What is known of the pair on the stage: its registration, and what was found in its pictures."""

    pair_id: str = ""
    registration: Any = None
    found: Mapping[Source, Anatomy] = field(default_factory=dict)


def known_of(desk: Desk) -> Known:
    """Of a desk. Nothing is concluded across a registration that was refused or is for looking only."""
    registration = desk.registration
    refused = registration is None or registration.status is RegistrationStatus.REFUSED or registration.for_looking_only
    quality = desk.answer.analysis.quality if desk.answer is not None else {}
    found = {place: quality[place.value].anatomy for place in PLACES if place.value in quality}
    return Known(
        "" if desk.pair is None else desk.pair.id,
        None if refused else registration,
        {place: anatomy for place, anatomy in found.items() if anatomy is not None},
    )


def drawing_view(
    case: VisitCase | None, known: Known, lesion: Lesion | None, read_only_reason: str = ""
) -> DrawingView:
    """Of the pair on the stage; nothing while it is none of this visit."""
    from pfm_desktop.services.measuring import Ground, diagram_of, measures_of

    if case is None or case.pair(known.pair_id) is None:
        return DrawingView()
    ground = Ground(case, known.pair_id, os_mark_of(case, known.pair_id), known.registration, known.found)
    diagram = diagram_of(ground)
    if lesion is None:
        return DrawingView(diagram=diagram)
    made, locked = measures_of(ground, lesion.id).get(lesion.id), why_locked(case, read_only_reason)
    if made is None:
        not_drawn = tr(
            "Lesion {number} is not drawn on these pictures: press D on the stage and draw around it.",
            number=lesion.number,
        )
        return DrawingView("" if locked else not_drawn, diagram=diagram)
    said = tr("Lesion {number} as drawn: {measures}.", number=lesion.number, measures=measured_words(made))
    offer = None if locked else offer_of(lesion, made)
    return DrawingView(said, offer, "" if locked else _wanting(made), diagram)


def measured_words(made: LesionMeasure) -> str:
    """`45 mm², longest diameter 9.1 mm; 12 % of the cervix; anterior left; 1-2 o'clock`."""
    from pfm_desktop.services.report_forms import measured_words as words

    return words(made)


def offer_of(lesion: Lesion, made: LesionMeasure) -> Offer | None:
    """What would be taken over, by what persons said of os and cervix; None where that is nothing new."""
    measured = made.measured
    offered = {
        key: answer
        for key, answer in answers(measured).items()
        if (made.cervix_said if key == "percent" else made.os_said) and lesion.answers.get(key) != answer
    }
    known = measured if made.os_said else _without_os(measured)
    size = swede_size(known)
    size = None if size == lesion.swede.lesion_size else size
    parts = [titled(_LESION[key].title, form.answer_words(_LESION[key], answer)) for key, answer in offered.items()]
    parts += [tr("Swede, lesion size: {size}", size=size)] if size is not None else []
    return Offer(lesion.id, offered, size, "; ".join(parts)) if parts else None


def taken_edit(offer: Offer, *, by: str) -> Edit:
    """Take it over, in one step."""
    from pfm_desktop.services import documenting

    return lambda lib: documenting.take_from_drawing(lib, offer.lesion_id, offer.answers, offer.size, by=by)


def _without_os(measured: Measured) -> Measured:
    return Measured(measured.parts, measured.area_px, measured.diameter_px, measured.area_mm2, measured.diameter_mm)


def _wanting(made: LesionMeasure) -> str:
    """What a person has to confirm before it is offered."""
    said = []
    if not made.os_said:
        found = made.measured.hours is not None
        said.append(tr("mark the os (O; Shift+O: as found)") if found else tr("mark the os (O)"))
    if not made.cervix_said:
        found = made.measured.cervix_share is not None
        said.append(tr("draw the cervix (C; Shift+C: as found)") if found else tr("draw the cervix (C)"))
    if len(said) == 1:
        return tr("To take more over, {act}.", act=said[0])
    return tr("To take more over, {first} and {second}.", first=said[0], second=said[1]) if said else ""
