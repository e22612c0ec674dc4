"""What the Review page shows of the visit on the desk. No Qt.

`Desk` is what is known about the pair that was asked for last. Whatever a job brings for an older question, or for
another visit or pair than it was asked about, never gets onto it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from pfm_desktop.domain.annotation import OsMark
from pfm_desktop.domain.case import Pair, Picture, VisitRow
from pfm_desktop.domain.grade import GRADE_WORDS, Grade
from pfm_desktop.domain.prediction import BANNER, WARNING, Heatmap, Prediction
from pfm_desktop.domain.registration import RegistrationSummary
from pfm_desktop.domain.source import Source, goes_second
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.retake import care_words, retake_words

if TYPE_CHECKING:
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.engine import PairAnswer, PairPictures

NO_VISIT = tr("No visit is open. Choose one in Today.")
LOADING = tr("The pictures are still loading.")
NO_PICTURES = tr("No pictures in this visit yet. Add pictures, or drop files here.")
NO_PAIR = tr("No pair of these pictures is on record yet. Show the pictures and put two on the stage, or add pictures.")
# short: the pictures keep the height
NOT_TO_RELY_ON = WARNING + " " + tr("Do not rely on grade or model attention (see AI).")
STOPPED = tr("It was stopped before it was done.")
STRANGER = tr("What came back belonged to another visit or pair and was thrown away. Try again.")


class Step(StrEnum):
    """What is being done for the desk, or failed."""

    NOTHING = ""
    LOADING = "loading"
    ANSWERING = "answering"
    REGISTERING = "registering"


TABS = {  # of the column beside the pictures, by id: short words, as five stand beside each other
    "findings": tr("Findings", "tab"),
    "ai": tr("AI", "tab"),
    "pins": tr("Pins", "tab"),
    "report": tr("Report", "tab"),
    "referral": tr("Referral", "tab"),
}


@dataclass(frozen=True, eq=False)
class Desk:
    """One pair on the desk. `ticket` numbers the question; `failed` is the step that `problem` speaks of."""

    ticket: int = 0
    visit_id: str = ""
    pictures: PairPictures | None = None
    answer: PairAnswer | None = None
    doing: Step = Step.NOTHING
    failed: Step = Step.NOTHING
    problem: str = ""

    @property
    def pair(self) -> Pair | None:
        """The pair whose pictures are shown."""
        return None if self.pictures is None else self.pictures.pair

    @property
    def registration(self) -> Registration | None:
        """The registration of the pictures that are shown, as far as it is known.

        The same map read from the library twice stays the same object, so that the stage does not lay it anew.
        """
        before = None if self.pictures is None else self.pictures.registration
        found = None if self.answer is None else self.answer.registration
        return before if found is None or (before is not None and _same_map(before, found)) else found

    @property
    def both(self) -> bool:
        """Whether pictures of both sources are shown."""
        pictures = self.pictures
        return pictures is not None and pictures.white is not None and pictures.fluorescence is not None

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return self.doing is not Step.NOTHING


def _same_map(one: Registration, other: Registration) -> bool:
    return one is other or (one.summary() == other.summary() and np.array_equal(one.nodes, other.nodes))


def asked(desk: Desk, visit_id: str) -> Desk:
    """Another visit, or another pair of the same, is asked for: nothing of the one before stays."""
    return Desk(desk.ticket + 1, visit_id, doing=Step.LOADING if visit_id else Step.NOTHING)


def doing(desk: Desk, step: Step) -> Desk:
    """More is asked about the pictures that are shown; the answer so far does not count any more."""
    return replace(desk, ticket=desk.ticket + 1, answer=None, doing=step, failed=Step.NOTHING, problem="")


def with_pictures(desk: Desk, ticket: int, pictures: PairPictures | None) -> Desk:
    """Pictures have come; None: the visit has none."""
    if ticket != desk.ticket:
        return desk
    if pictures is None:
        return replace(desk, doing=Step.NOTHING)
    if pictures.pair.visit_id != desk.visit_id:
        return with_problem(desk, ticket, STRANGER)
    return replace(desk, pictures=pictures, doing=Step.ANSWERING)


def with_aligned(desk: Desk, ticket: int, pictures: PairPictures) -> Desk:
    """What was found of the pictures before they are read: they show aligned where they are registered."""
    if ticket != desk.ticket or desk.pair is None or pictures.pair.id != desk.pair.id:
        return desk
    return replace(desk, pictures=pictures)


def with_answer(desk: Desk, ticket: int, answer: PairAnswer) -> Desk:
    """The engine has answered."""
    if ticket != desk.ticket:
        return desk
    if desk.pair is None or answer.pair_id != desk.pair.id:
        return with_problem(desk, ticket, STRANGER)
    return replace(desk, answer=answer, doing=Step.NOTHING)


def with_registration(desk: Desk, ticket: int, registration: Registration) -> Desk:
    """The pair was registered again; an answer by the new registration is to follow."""
    if ticket != desk.ticket or desk.pictures is None:
        return desk
    pictures = replace(desk.pictures, registration=registration)
    return replace(desk, pictures=pictures, answer=None, doing=Step.ANSWERING)


def with_problem(desk: Desk, ticket: int, problem: str) -> Desk:
    """What was being done could not be done."""
    if ticket != desk.ticket:
        return desk
    return replace(desk, doing=Step.NOTHING, failed=desk.doing, problem=problem)


# ---- the registration chip


@dataclass(frozen=True)
class ChipState:
    """What the chip is told; it is hidden where there is nothing to register."""

    visible: bool = False
    pending: bool = False
    summary: RegistrationSummary | None = None


def chip_state(desk: Desk) -> ChipState:
    """The chip of a desk: grey and pending until a registration is known."""
    if not desk.both:
        return ChipState()
    if desk.doing is Step.REGISTERING:
        return ChipState(True, pending=True)
    if desk.answer is not None and desk.answer.analysis.registration is not None:
        return ChipState(True, summary=desk.answer.analysis.registration)
    if desk.registration is not None:
        return ChipState(True, summary=desk.registration.summary())
    return ChipState(True, pending=desk.doing is Step.ANSWERING)


# ---- what of the answer may show


def revealed(case: VisitCase | None, desk: Desk) -> bool:
    """Whether anything but quality and registration may show: only of this visit, and only after the reveal."""
    return case is not None and case.visit.id == desk.visit_id and case.findings.revealed


def shown_heatmaps(case: VisitCase | None, desk: Desk) -> Mapping[str, Heatmap]:
    """Heatmaps that may lie on the stage now."""
    if not revealed(case, desk) or desk.answer is None or desk.answer.analysis.prediction is None:
        return {}
    return desk.answer.analysis.heatmaps


def model_label(desk: Desk) -> str:
    """The line that stands beside every output; "" while there is none."""
    return "" if desk.answer is None else desk.answer.analysis.model.label


def answer_sources(desk: Desk) -> tuple[Source, ...]:
    """The sources that the answer comes from; none while there is no answer."""
    prediction = _prediction(desk)
    return () if prediction is None else tuple(prediction.sources)


def attention_words(desk: Desk) -> tuple[str, str]:
    """What the heatmaps show, in short and in a sentence; "" without an answer."""
    prediction = _prediction(desk)
    return ("", "") if prediction is None else (prediction.shows, prediction.attention_words)


def banner(case: VisitCase | None, desk: Desk) -> str:
    """The permanent line while anything of the AI answer shows or is to show, else ""."""
    if not revealed(case, desk):
        return ""
    if desk.answer is None:
        return BANNER if desk.busy else ""  # its room is kept: the pictures do not move when the answer comes
    model = desk.answer.analysis.model
    return f"{BANNER}   {model.name} {model.version}: {model.label}"


def banner_warning(case: VisitCase | None, desk: Desk) -> str:
    """What stands above the banner where a picture is unlike anything the model learned from, else ""."""
    prediction = _prediction(desk)
    return NOT_TO_RELY_ON if revealed(case, desk) and prediction is not None and prediction.unlike else ""


def _prediction(desk: Desk) -> Prediction | None:
    return None if desk.answer is None else desk.answer.analysis.prediction


# ---- words on the stage and above it


@dataclass(frozen=True)
class Notice:
    """What stands in place of pictures, or in the strip above them. `action` is "", "retry" or "add"."""

    text: str = ""
    action: str = ""


def stage_notice(case: VisitCase | None, desk: Desk) -> Notice:
    """Why there is no picture on the stage; no text while there is one."""
    if case is None:
        return Notice(NO_VISIT)
    if desk.pictures is not None:
        return Notice()
    if desk.doing is Step.LOADING:
        return Notice(tr("Loading the pictures ..."))
    if desk.failed is Step.LOADING:
        return Notice(_failed(tr("The pictures could not be loaded."), desk), "retry")
    if case.pictures and not case.signed:
        return Notice(NO_PAIR, "add")
    return Notice(NO_PICTURES, "" if case.signed else "add")


def strip_notice(case: VisitCase | None, desk: Desk) -> Notice:
    """What failed while the pictures stay usable, or what is wrong with them; what is only limited while the woman may
    still be there for another picture."""
    if desk.failed is Step.ANSWERING:
        return Notice(_failed(tr("There is no AI answer for this pair."), desk), "retry")
    if desk.failed is Step.REGISTERING:
        return Notice(_failed(tr("The pair was not registered again."), desk), "retry")
    analysis = desk.answer.analysis if desk.answer is not None else None
    return Notice(retake_words(analysis) or (care_words(analysis) if _still_there(case) else ""))


def _still_there(case: VisitCase | None) -> bool:
    """Whether a visit began today and is not signed."""
    if case is None or case.signed:
        return False
    return case.visit.day == datetime.now(UTC).astimezone().date()


def _failed(said: str, desk: Desk) -> str:
    return f"{said} {_sentences(desk.problem)}"


def _sentences(text: str) -> str:
    """Each sentence with a capital letter; `UserError` keeps its parts small for the command line."""
    return ". ".join(part[:1].upper() + part[1:] for part in re.split(r"(?<!\.)\. ", text))  # a hash is cut by "..."


def why_no_marks(case: VisitCase | None, desk: Desk, *, read_only_reason: str = "") -> str:
    """Why pins and os cannot be placed now; "" when they can."""
    if case is not None and desk.doing is Step.LOADING:
        return LOADING
    if case is None or desk.pair is None or case.visit.id != desk.visit_id:
        return tr("No picture on the stage.")
    signature = case.findings.signature
    if signature is not None:
        return tr("Signed by {name}: locked, unless the report is amended (Report).", name=signature.name)
    return tr("Read only: {why}.", why=read_only_reason) if read_only_reason else ""


NOTHING_DRAWN = tr("The cervix was not drawn on these pictures. To draw it, press C and draw around it in one stroke.")


def why_no_found_cervix(*, drawn: bool) -> str:
    """Why there is no outline of the program's to take over."""
    if drawn:
        return tr("The cervix is drawn already. To draw it anew, press C and draw around it in one stroke.")
    return tr("The cervix was not found in one piece. To draw it, press C and draw around it in one stroke.")


BY_HAND = tr("To mark it, press O and click where it is.")


def why_no_found_os(desk: Desk, os_mark: OsMark | None, suggested: OsMark | None) -> str:
    """Why there is no os of the program's to take over; "" when there is one."""
    if os_mark is not None:
        return tr("The os is marked already. To move it, press O and click where it is.")
    if suggested is not None:
        return ""
    if desk.answer is None:
        why = tr("The os is still being looked for.") if desk.busy else tr("The os was not looked for.")
    elif retake_words(desk.answer.analysis):
        why = tr("No os is suggested in pictures that cannot be used.")
    else:
        why = tr("No os was found in these pictures.")
    return f"{why} {BY_HAND}"


def why_no_adding(case: VisitCase | None, read_only_reason: str) -> str:
    """Why no picture can be added to the visit; "" when one can."""
    if case is None:
        return tr("No visit is open.")
    signature = case.findings.signature
    if signature is not None:
        return tr("Signed by {name}: nothing can be added any more.", name=signature.name)
    return tr("Read only: {why}.", why=read_only_reason) if read_only_reason else ""


def why_no_points(case: VisitCase | None, desk: Desk, *, read_only_reason: str = "") -> str:
    """Why the pair cannot be registered by hand now; "" when it can."""
    if desk.doing is Step.LOADING:
        return LOADING
    if not desk.both:
        return tr("Registering needs both pictures.")
    if desk.doing is Step.REGISTERING:
        return tr("The pair is being registered.")
    return why_no_marks(case, desk, read_only_reason=read_only_reason)  # what was signed stands on this registration


def points_lost(count: int) -> UserError:
    """Said when points that were being placed are gone, because another visit or page is shown."""
    return UserError(
        tr("the point that was placed was not applied and is gone")
        if count == 1
        else tr("the %n points that were placed were not applied and are gone", "", count),
        safe=tr("the pair is registered as it was before"),
        remedy=tr("to register by hand, open that visit again and place them anew"),
    )


def outline_lost() -> UserError:
    """Said when a line that was being drawn is gone, because something else is shown. It names nobody: the next page
    may be one that hides who she is."""
    return UserError(
        tr("the outline that was begun was not finished and is gone"),
        safe=tr("nothing of it was recorded"),
        remedy=tr("to draw it, go back to those pictures and begin anew"),
    )


# ---- which pair, which marks, which visits


def unread(case: VisitCase | None) -> bool:
    """Whether a visit waits for its first read."""
    return case is not None and case.findings.impression is None and not case.signed


def pair_to_show(before: VisitCase, now: VisitCase, shown: str) -> str | None:
    """Another pair to show after an edit of the visit: one made or chosen last, or in place of one that is gone.

    None: the pair `shown` (its id; "" for none) stays.
    """
    back = [pair.id for pair in now.pairs if before.pair(pair.id) is None and pair.id != shown]
    if back:
        return back[-1]  # made, or taken off the record and brought back
    last = now.pairs[-1].id if now.pairs else ""
    if last and last != (before.pairs[-1].id if before.pairs else ""):
        return last if last != shown else None
    if shown and now.pair(shown) is None:
        from pfm_desktop.services.pairing import default_pair

        pair = default_pair(now)
        return pair.id if pair is not None else ""
    return None


def pair_after_drop(
    case: VisitCase, pair: Pair | None, picture_id: str, place: Source | None = None
) -> tuple[str | None, str | None] | None:
    """First and second picture after one was dropped on the stage; None for a picture of another visit.

    The dropped one takes the place of the picture of its own source. One through a green filter or after Lugol's iodine
    takes the second place where it was dropped there (`place`), beside plain white light.
    """
    picture = case.picture(picture_id)
    if picture is None:
        return None
    white = case.picture(pair.white_id) if pair is not None else None
    second = place is Source.FLUORESCENCE and white is not None and white.id != picture_id
    if white is not None and second and goes_second(picture.source, picture.stage, beside=white.stage):
        return white.id, picture_id
    if picture.source is Source.WHITE:
        return picture_id, _beside(case, pair, picture)
    return pair.white_id if pair else None, picture_id


def _beside(case: VisitCase, pair: Pair | None, white: Picture) -> str | None:
    """The second picture of a pair, where it may stay beside another white-light picture."""
    second = case.picture(pair.fluorescence_id) if pair is not None else None
    if second is None or second.id == white.id or not goes_second(second.source, second.stage, beside=white.stage):
        return None
    return second.id


def os_mark_of(case: VisitCase, pair_id: str) -> OsMark | None:
    """The os mark that the stage shows: in white light if there is one."""
    marks = sorted(case.os_marks_on(pair_id), key=lambda mark: mark.frame is not Source.WHITE)
    return marks[0] if marks else None


@dataclass(frozen=True)
class VisitLink:
    """Another visit of the same woman."""

    visit_id: str
    text: str


def visit_link(row: VisitRow) -> VisitLink:
    """`25 Nov 2024, high, 2 pictures, signed`."""
    when = day(row.visit.day)
    impression = GRADE_WORDS[Grade(row.impression)] if row.impression else ""
    count = tr("%n picture(s)", "", row.pictures)
    return VisitLink(row.visit.id, COMMA.join(part for part in (when, impression, count) if part))


def link_of(case: VisitCase) -> VisitLink:
    """A link to the visit of a case."""
    return VisitLink(case.visit.id, day(case.visit.day))


def visit_links(case: VisitCase | None, came_from: VisitLink | None) -> tuple[VisitLink, ...]:
    """The later visit that one came from, then the earlier ones, newest first."""
    if case is None:
        return ()
    later = () if came_from is None else (VisitLink(came_from.visit_id, tr("Back to {visit}", visit=came_from.text)),)
    return (*later, *(visit_link(row) for row in case.earlier))
