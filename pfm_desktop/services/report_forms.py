"""What was documented by forms, as lines of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain import form, ifcpc
from pfm_desktop.domain.clock import QUADRANTS, arcs
from pfm_desktop.domain.form import Item, Kind
from pfm_desktop.domain.lesion import Lesion
from pfm_desktop.domain.referral import ITEMS, Referral
from pfm_desktop.domain.reid import ReidIndex
from pfm_desktop.domain.specimen import DIAGNOSIS, KIND_WORDS, TAKEN, Specimen, SpecimenKind
from pfm_desktop.interop.pdf_content import ReportPin
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import day

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.measuring import LesionMeasure

Line = tuple[str, str]
NOT_CALIBRATED = tr("not calibrated: no mm")


def referral_lines(card: Referral) -> tuple[Line, ...]:
    """Title and answer of what was answered, in the order of the card. Not what she is allergic to: that is of her, and
    may be said otherwise after this visit was signed."""
    return answer_lines(ITEMS, card.answers)


def assessment_lines(answers: Mapping[str, Any]) -> tuple[Line, ...]:
    """Title and answer of what was said of the examination as a whole; that no reason was given where one is asked."""
    said = answer_lines(ifcpc.VISIT, answers)
    if not ifcpc.without_reason(answers):
        return said
    adequacy, *others = said
    return (adequacy, (ifcpc.REASON.title, tr("no reason given")), *others)


def lesion_line(lesion: Lesion, made: LesionMeasure | None = None) -> Line:
    """`Lesion 2` and what was said of it: signs, Swede score, where one was made, Reid index, and what was measured in
    its drawing."""
    said = [f"{title}: {answer}" for title, answer in answer_lines(ifcpc.LESION, lesion.answers)]
    said.append(tr("Swede score: {status}", status=lesion.swede.status))
    if lesion.reid != ReidIndex():
        said.append(tr("Reid index: {status}", status=lesion.reid.status))
    if made is not None:
        said.append(tr("As drawn: {measures}", measures=measured_words(made)))
    return tr("Lesion {number}", number=lesion.number), "; ".join(said)


def other_specimens(case: VisitCase) -> Iterator[ReportPin]:
    """What was taken without a pin, by its pot."""
    for one in case.specimens:
        if one.kind is not SpecimenKind.BIOPSY:
            said = taken_words(one.pot, one.pot, one.answers, result_of(one))
            yield ReportPin(one.pot or "-", KIND_WORDS[one.kind], said)


def result_of(one: Specimen | None) -> str:
    """What the laboratory has said of it by now; "" while it has not."""
    if one is None or not one.result.diagnosis:
        return ""
    on = one.result.reported_on
    said = tr("histology {diagnosis}", diagnosis=form.answer_words(DIAGNOSIS, one.result.diagnosis))
    return f"{said}, {day(on)}" if on is not None else said


def taken_words(letter: str, pot: str, answers: Mapping[str, Any], note: str) -> str:
    """The pot, where it is not called as the pin is, how it was taken, and the note."""
    said = [tr("pot {pot}", pot=pot)] if pot and pot != letter else []
    said += [f"{title[:1].lower()}{title[1:]} {answer}" for title, answer in answer_lines(TAKEN, answers)]
    return "; ".join((*said, *([note] if note else [])))


def measured_words(made: LesionMeasure) -> str:
    """`45 mm², longest diameter 9.1 mm; 12 % of the cervix; anterior left; 1-2 o'clock`; what rests on an os or cervix
    that was only found says so."""
    measured = made.measured
    if measured.area_mm2 is None or measured.diameter_mm is None:
        said = [NOT_CALIBRATED]
    else:
        size = tr(
            "{area:.3g} mm², longest diameter {diameter:.1f} mm",
            area=measured.area_mm2,
            diameter=measured.diameter_mm,
        )
        several = " " + tr("(of {parts} parts the longest)", parts=measured.parts) if measured.parts > 1 else ""
        said = [size + several]
    if measured.cervix_share is not None:
        said.append(_share_words(measured.cervix_share, as_found=not made.cervix_said))
    if measured.quadrants is not None and measured.hours is not None:
        about = "" if made.os_said else " " + tr("about the os as found")
        whole = len(measured.quadrants) == len(QUADRANTS)
        said += [
            tr("all four quadrants") if whole else COMMA.join(measured.quadrants),
            f"{arcs(measured.hours)}{about}",
        ]
    if made.elsewhere:
        said.append(tr("drawn on both pictures, measured on the white-light one"))
    return "; ".join(said)


def _share_words(share: float, *, as_found: bool) -> str:
    if share > 1:
        return tr("larger than the cervix as found") if as_found else tr("larger than the cervix")
    said = tr("{percent:.0f} % of the cervix as found") if as_found else tr("{percent:.0f} % of the cervix")
    return said.format(percent=share * 100)


def answer_lines(items: Sequence[Item], answers: Mapping[str, Any]) -> tuple[Line, ...]:
    """Title and answer of each item that was answered."""
    return tuple((item.title, _words(item, answers[item.key])) for item in items if item.key in answers)


def _words(item: Item, answer: Any) -> str:
    return day(date.fromisoformat(answer)) if item.kind is Kind.DAY else form.answer_words(item, answer)
