"""What stands in a report: of a visit, or of two files. Here it is decided what of the AI answer may be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from pfm_desktop.domain.amendment import Amendment
from pfm_desktop.domain.annotation import OsMark, Pin
from pfm_desktop.domain.case import IdentityCorrection, Picture
from pfm_desktop.domain.clock import NO_WAY, clock_hour, quadrant
from pfm_desktop.domain.examination import KeptWhitening
from pfm_desktop.domain.findings import SWEDE_ITEMS, SwedeScore, says_the_last_read
from pfm_desktop.domain.prediction import ATTENTION, ATTENTION_LIMITS, FUSED, NOTHING_DRAWN, Analysis
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.interop.pdf_content import ReportContent, ReportPicture, ReportPin
from pfm_desktop.services.capture import records
from pfm_desktop.services.measuring import Ground, diagram_of, measures_of
from pfm_desktop.services.pairing import default_pair
from pfm_desktop.services.report_checks import checks, checks_of
from pfm_desktop.services.report_forms import (
    assessment_lines,
    lesion_line,
    other_specimens,
    referral_lines,
    result_of,
    taken_words,
)
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import day, moment

if TYPE_CHECKING:
    from pfm_desktop.imaging.compose import Mark
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.engine import PairAnswer, PairPictures
    from pfm_desktop.services.inference import AnalysisResult, Pixels
    from pfm_desktop.storage.library import Library

NOT_REVEALED = tr("The AI answer was not revealed in this visit, so it does not stand here.")
NOT_THERE = tr("The AI answer was revealed in this visit, but it is not available now and not in this report.")
PHANTOM = tr("This library is a demonstration: the woman is made up and the pictures are computer-drawn phantoms.")
DEMO = tr("This is the demo library: do not keep real women here. Their place is a library of your own (Settings).")
IMPRESSION_CHANGED = tr(
    "The impression was changed after the last read that stands here, by a version of this program that did not "
    "record this as a second read. The impression is what was said last."
)
UNASSIGNED = tr(
    "Unassigned: nobody has said yet who the woman is. This is a preview; assign the visit to a patient to sign it."
)
NO_PATIENT = tr("Made from picture files, without a patient or findings.")
NO_HOUR = tr("os not marked, so no clock hour")

_FRAMES = {
    Source.WHITE: tr("the white-light picture"),
    Source.FLUORESCENCE: tr("the fluorescence picture"),
}  # of an analysis


def report_of_visit(
    lib: Library,
    case: VisitCase,
    answer: PairAnswer | None,
    pictures: PairPictures | None,
    *,
    software: str,
    made_at: datetime | None = None,
) -> ReportContent:
    """Report of a visit: its findings and pins, the pictures of one pair, and the AI answer once it was revealed.

    Raises `BadInputError` when answer or pictures are of another visit, or of two different pairs, or of another pair
    than the one that was signed.
    """
    _check_same(case, answer, pictures)
    findings = case.findings
    analysis = answer.analysis if answer is not None and findings.revealed else None
    known = answer.registration if answer else None  # newer than that of pictures loaded before it
    registration = usable(known or (pictures.registration if pictures else None))
    pair_id = pictures.pair.id if pictures else answer.pair_id if answer else ""
    ground = Ground(case, pair_id, os_of(case, pair_id) if pair_id else None, registration)
    measures = measures_of(ground)
    kept = records.whitenings(lib, case.visit.id)
    maps, unread = _maps(lib, kept)
    return ReportContent(
        made_at=made_at or datetime.now(UTC),
        software=software,
        patient_name=case.patient.display_name,
        patient_identifier=case.patient.identifier,
        birth_date=case.patient.birth_date,
        visit_at=None if case.visit.day_only else case.visit.started_at,
        visit_day=case.visit.day if case.visit.day_only else None,
        corrections=tuple(_correction(made) for made in case.corrections),
        amends=tuple(_amended(made) for made in case.amendments),
        examiner=case.visit.examiner,
        indication=case.visit.indication,
        referral=referral_lines(case.referral),
        assessment=assessment_lines(case.assessment),
        lesions=tuple(lesion_line(lesion, measures.get(lesion.id)) for lesion in case.lesions),
        diagram=diagram_of(ground, for_pins=False),
        pictures=(*(_pictures(case, pictures, registration, analysis) if pictures else ()), *maps),
        missing=tuple(_missing(lib, case)) if pictures is None else (),
        checks=checks_of(answer, pictures),
        examination=records.examination(lib, case.visit.id),
        whitenings=tuple(one.whitening for one in kept),
        pins=(*(_pin(pin, case, pair_id, registration) for pin in case.pins), *other_specimens(case)),
        findings=findings,
        swede=swede_lines(findings.swede),
        second_read=case.second_read,
        analysis=analysis,
        other_model=case.revealed_model.difference(analysis.model, pair_id)
        if analysis is not None and case.revealed_model is not None
        else "",
        no_answer="" if analysis is not None else NOT_THERE if findings.revealed else NOT_REVEALED,
        notes=(*_notes(lib, case), *((unread,) if unread else ())),
    )


def report_of_analysis(
    result: AnalysisResult, *, software: str, names: Sequence[str] = (), made_at: datetime | None = None
) -> ReportContent:
    """Report of an analysis of files, without a patient. `names` are those of the files."""
    from pfm_desktop.services.report_pictures import heated, marked

    analysis = result.analysis
    given = {Source.WHITE: result.white, Source.FLUORESCENCE: result.fluorescence}
    second = analysis.second or Source.FLUORESCENCE
    captions = {place: _capital((Source.WHITE if place is Source.WHITE else second).words) for place in PLACES}
    drawn = [marked(pixels, (), None, captions[source]) for source, pixels in given.items() if pixels is not None]
    frame = given[analysis.frame]
    heat = heated(frame, analysis, _heat_caption(analysis)) if frame is not None else None
    files = (tr("Files: {names}.", names=COMMA.join(names)),) if names else ()
    return ReportContent(
        made_at=made_at or datetime.now(UTC),
        software=software,
        pictures=(*drawn, heat) if heat else tuple(drawn),
        checks=checks(analysis.quality, analysis.registration),
        analysis=analysis,
        notes=(NO_PATIENT, *files, *result.notes),
    )


def swede_lines(score: SwedeScore) -> tuple[tuple[str, str, str], ...]:
    """Title, points and wording of the five items; `-` and "not assessed" where there are no points yet."""
    lines = []
    for item in SWEDE_ITEMS:
        points: int | None = getattr(score, item.key)
        wording = tr("not assessed") if points is None else item.wording[points]
        lines.append((item.title, "-" if points is None else str(points), wording))
    return tuple(lines)


def place_of(pin: Pin, os_mark: OsMark | None, registration: Registration | None) -> str:
    """Where a pin is, in words: `2 o'clock, anterior left`. Left and right are the patient's.

    An os marked in the other picture counts where the pair is registered. An hour is never guessed.
    """
    if os_mark is None:
        return NO_HOUR
    centre = _in_frame(os_mark.x, os_mark.y, os_mark.frame, pin.frame, registration)
    if centre is None:
        return NO_WAY
    hour = clock_hour(pin.x, pin.y, *centre)
    return tr("{hour} o'clock, {quadrant}", hour=hour, quadrant=quadrant(pin.x, pin.y, *centre))


def hour_by(pin: Pin, os_mark: OsMark | None, registration: Registration | None) -> int | None:
    """Clock hour of a pin by the rule of `place_of`; None where that names none."""
    if os_mark is None:
        return None
    centre = _in_frame(os_mark.x, os_mark.y, os_mark.frame, pin.frame, registration)
    return None if centre is None else clock_hour(pin.x, pin.y, *centre)


def picture_caption(picture: Picture) -> str:
    """`White light, acetic acid, 60 s after acid`; through a green filter it is white light as well."""
    seconds = picture.seconds_since_acid
    if picture.source is Source.WHITE:
        shows = tr("White light, {stage}", stage=picture.stage.words)
    else:
        shows = tr("Fluorescence {stage}", stage=picture.stage.words)
    return shows if seconds is None else tr("{picture}, {seconds:.0f} s after acid", picture=shows, seconds=seconds)


def _check_same(case: VisitCase, answer: PairAnswer | None, pictures: PairPictures | None) -> None:
    """A report must never mix two women, nor put a signature below other pictures than those that were signed."""
    ids = {answer.pair_id} if answer else set()
    ids |= {pictures.pair.id} if pictures else set()
    if len(ids) > 1 or any(case.pair(pair_id) is None for pair_id in ids):
        raise BadInputError(
            tr("pictures or answer do not belong to this visit"),
            safe=tr("no report was made"),
            remedy=tr("open the visit again"),
        )
    signed = default_pair(case) if case.signed else None
    if signed is not None and ids - {signed.id}:
        raise BadInputError(
            tr("the pictures shown are not those that were signed"),
            safe=tr("no report was made, and what was signed is unchanged"),
            remedy=tr("open the visit again"),
        )


def _amended(made: Amendment) -> str:
    """Which report this one takes the place of, and why."""
    was = made.signature
    return tr(
        "Amended: takes the place of the report that {name} signed on {day}, which is kept. "
        "Opened again by {who} on {opened}: {reason}",
        name=was.name,
        day=moment(was.signed_at),
        who=made.who,
        opened=moment(made.made_at),
        reason=made.reason,
    )


def _correction(made: IdentityCorrection) -> str:
    """Who the woman was when the visit was signed, or until the next correction."""
    was = made.was
    born = day(was.birth_date) if was.birth_date else tr("not known")
    said = tr(
        "was {name}, born {born}, ID {identifier}",
        name=was.display_name or tr("(no name)"),
        born=born,
        identifier=was.identifier,
    )
    return tr(
        "Identity corrected after the signing, on {day} by {who}: {identity}.",
        day=moment(made.at),
        who=made.who,
        identity=said,
    )


def _notes(lib: Library, case: VisitCase) -> Iterator[str]:
    if case.patient.unassigned:
        yield UNASSIGNED
    if lib.demo:
        yield _demo_note(case)
    if not _reads_agree(case):
        yield IMPRESSION_CHANGED


def _demo_note(case: VisitCase) -> str:
    """Made up is only what the program drew itself: all pictures of the visit say so, and there are some."""
    from pfm_desktop.services.demo import DEVICE

    drawn = bool(case.pictures) and all(picture.device == DEVICE for picture in case.pictures)
    return PHANTOM if drawn else DEMO


def _reads_agree(case: VisitCase) -> bool:
    """False only in visits of libraries that older versions kept: see `storage.rules`."""
    found, second = case.findings, case.second_read
    first = found.first_read.impression if found.first_read else None
    return not found.revealed or says_the_last_read(found.impression, first, second.impression if second else None)


def usable(registration: Registration | None) -> Registration | None:
    """The registration, where something may be concluded across it."""
    if registration is None or registration.status is RegistrationStatus.REFUSED or registration.for_looking_only:
        return None
    return registration


def _pictures(
    case: VisitCase, pictures: PairPictures, registration: Registration | None, analysis: Analysis | None
) -> tuple[ReportPicture, ...]:
    """White light and fluorescence side by side, with what was drawn, then the heatmap if it may be shown."""
    from pfm_desktop.services.report_drawing import OUTLINED, outlines_on
    from pfm_desktop.services.report_pictures import heated, marked

    pair = pictures.pair
    ground = Ground(case, pair.id, None, registration)
    given = {
        Source.WHITE: (pair.white_id, pictures.white),
        Source.FLUORESCENCE: (pair.fluorescence_id, pictures.fluorescence),
    }
    os_mark = os_of(case, pair.id)

    def marks_on(source: Source, pixels: Pixels) -> tuple[list[Mark], Mark | None]:
        pins = [_mark(pin, source, registration) for pin in case.pins_on(pair.id)]
        centre = _mark(os_mark, source, registration) if os_mark else None
        return [pin for pin in pins if pin is not None and _within(pin, pixels)], centre

    drawn = []
    for source, (picture_id, pixels) in given.items():
        record = case.picture(picture_id)
        if pixels is not None and record is not None:
            outlines = outlines_on(ground, source)
            caption = picture_caption(record) + (f". {OUTLINED}" if outlines else "")
            drawn.append(marked(pixels, *marks_on(source, pixels), caption, outlines))
    frame = given[analysis.frame][1] if analysis is not None else None
    if analysis is not None and frame is not None:
        heat = heated(frame, analysis, _heat_caption(analysis), *marks_on(analysis.frame, frame))
        drawn += [heat] if heat else []
    return tuple(drawn)


def _missing(lib: Library, case: VisitCase) -> Iterator[str]:
    """What stands in the place of pictures that could not be read: which of them the library does not have any more."""
    pair = default_pair(case)
    ids = (pair.white_id, pair.fluorescence_id) if pair is not None else ()
    asked = [record for record in map(case.picture, ids) if record is not None]
    lost = [record for record in asked if not lib.pictures.is_whole(record.sha256)]
    for record in asked if lost else ():
        caption = picture_caption(record)
        if record in lost:
            yield tr("{picture}: missing in the library, its file is gone or was altered.", picture=caption)
        else:
            yield tr("{picture}: not shown, as the other picture of its pair is missing.", picture=caption)


def _maps(lib: Library, kept: Sequence[KeptWhitening]) -> tuple[tuple[ReportPicture, ...], str]:
    if not kept:
        return (), ""
    from pfm_desktop.services.report_whitening import whitening_pictures

    return whitening_pictures(lib, kept)


def _heat_caption(analysis: Analysis) -> str:
    where = tr(
        "{attention} over {picture}: {limits}.",
        attention=ATTENTION,
        picture=_FRAMES[analysis.frame],
        limits=ATTENTION_LIMITS,
    )
    heat = analysis.heatmaps.get(FUSED)
    empty, dimmed = "", ""
    if heat is not None:
        if not heat.reaches(heat.threshold):
            empty = f" {_capital(heat.nothing_at(heat.threshold))}. {NOTHING_DRAWN}"
        dimmed = "" if heat.all_seen else " " + tr("Dimmed: not seen by the engine.")
    asked = analysis.prediction.attention_words if analysis.prediction is not None and heat is not None else ""
    normal = f" {asked}" if asked else ""
    # an answer that was kept may have another one
    method = "" if heat is None else " " + tr("Method: {method}.", method=heat.method_words)
    return f"{where}{normal}{empty}{method}{dimmed}"


def _pin(pin: Pin, case: VisitCase, pair_id: str, registration: Registration | None) -> ReportPin:
    here = pin in case.pins_on(pair_id)
    place = place_of(pin, os_of(case, pair_id if here else pin.pair_id), registration if here else None)
    place = place if here else tr("{place} (on other pictures of this visit)", place=place)
    found = result_of(next((one for one in case.specimens if one.id == pin.id), None))
    note = "; ".join(part for part in (found, pin.note) if part)
    return ReportPin(pin.letter, place, taken_words(pin.letter, pin.pot, pin.answers, note), _frame_words(pin, case))


def _frame_words(pin: Pin, case: VisitCase) -> str:
    """The source of the picture that a pin stands in."""
    pair = case.pair(pin.pair_id)
    second = case.picture(pair.fluorescence_id) if pair is not None else None
    if pin.frame is Source.WHITE or second is None or second.second is None:
        return pin.frame.words
    return second.second.words


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def os_of(case: VisitCase, pair_id: str) -> OsMark | None:
    """The os mark that counts, as on the stage: the one in white light if there is one."""
    marks = sorted(case.os_marks_on(pair_id), key=lambda mark: mark.frame is not Source.WHITE)
    return marks[0] if marks else None


def _mark(mark: Pin | OsMark, frame: Source, registration: Registration | None) -> Mark | None:
    """A pin or the os as it stands in `frame`; None without a registration to get there."""
    from pfm_desktop.imaging.compose import Mark

    spot = _in_frame(mark.x, mark.y, mark.frame, frame, registration)
    return None if spot is None else Mark(*spot, mark.letter if isinstance(mark, Pin) else "")


def _in_frame(
    x: float, y: float, start: Source, end: Source, registration: Registration | None
) -> tuple[float, float] | None:
    if start is end:
        return x, y
    if registration is None:
        return None
    points = np.array([[x, y]], dtype=np.float64)
    to_end = registration.white_to_fluorescence if start is Source.WHITE else registration.fluorescence_to_white
    moved = to_end(points)[0]
    return (float(moved[0]), float(moved[1])) if np.isfinite(moved).all() else None


def _within(mark: Mark, pixels: Pixels) -> bool:
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    return -0.5 <= mark.x <= width - 0.5 and -0.5 <= mark.y <= height - 0.5
