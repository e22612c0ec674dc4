"""What the histology page shows: pots that are awaited, what is to be discussed, letters, and figures of one reader. No
Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain import form
from pfm_desktop.domain.accuracy import FEW, Comparison, Share
from pfm_desktop.domain.followup import FollowUp, Letter
from pfm_desktop.domain.grade import GRADE_WORDS
from pfm_desktop.domain.specimen import DIAGNOSIS, KIND_WORDS, Specimen, SpecimenKind
from pfm_desktop.storage.schema import folded
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.grades import grade_words
from pfm_desktop.viewmodels.worklist import APART_SIGN, OVERDUE_SIGN, awaited_words, birth_text

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.follow_up import Accuracy, SiteChoice
    from pfm_desktop.storage.specimens import Followed
    from pfm_desktop.viewmodels.session import Edit

MOST = 500  # rows that are shown
DONE = "\u2713"
KIND_SHORT = {**KIND_WORDS, SpecimenKind.ENDOCERVICAL: tr("ECC", "endocervical curettage")}
NO_FIGURES = tr(
    "No visit that you read has a result of histology yet.\n\nOnce results are entered here, your impressions are"
    " compared with them, for you alone."
)


class Part(StrEnum):
    """One list of the page."""

    AWAITED = "awaited"
    DISCUSS = "discuss"
    LETTERS = "letters"
    FIGURES = "figures"


PART_WORDS = {
    Part.AWAITED: tr("Results awaited"),
    Part.DISCUSS: tr("To discuss (MDT)"),
    Part.LETTERS: tr("Letters"),
    Part.FIGURES: tr("My figures"),
}
COLUMNS = {
    Part.AWAITED: (
        tr("Waits for"),
        tr("Pot"),
        tr("Name"),
        "ID",
        tr("Visit"),
        tr("What", "kind of specimen"),
        tr("Impression"),
    ),
    Part.DISCUSS: (tr("Why"), tr("Name"), "ID", tr("Visit"), tr("Impression"), tr("Histology")),
    Part.LETTERS: (tr("Letter"), tr("Name"), "ID", tr("Visit"), tr("Histology")),
}
EMPTY = {
    Part.AWAITED: tr(
        "No result is awaited.\n\nA biopsy pin set in Review, or a specimen added beside it, is waited for"
        " here until its result is entered."
    ),
    Part.DISCUSS: tr(
        "Nothing is to be discussed.\n\nVisits come here by themselves where histology and impression are two"
        " grades apart, and where the follow-up says so."
    ),
    Part.LETTERS: tr("No letter is due."),
}


@dataclass(frozen=True)
class Line:
    """A row: which visit, and which pot of it where the list is of pots. `alarm`: it is late."""

    visit_id: str
    specimen_id: str
    cells: tuple[str, ...]
    alarm: bool = False


def lines_of(part: Part, found: Sequence[Followed], today: date, choice: SiteChoice) -> tuple[Line, ...]:
    """The rows of a list, what waits longest first."""
    if part is Part.AWAITED:
        return tuple(
            pot_line(one, pot, today, choice) for one in found for pot in one.follow_up.specimens if pot.awaited
        )
    if part is Part.DISCUSS:
        return tuple(_discuss_line(one) for one in found if one.follow_up.to_discuss)
    due = (Letter.DUE, Letter.LATE, Letter.TOO_LATE)
    return tuple(_letter_line(one, today) for one in found if one.follow_up.letter(today) in due)


def lines_again(
    part: Part, shown: Sequence[Line], found: Sequence[Followed], today: date, choice: SiteChoice, search: str
) -> tuple[Line, ...]:
    """Rows that are shown already, as they are by now: what is done stays in sight, and says so, unless it is gone.
    What belongs to the list again, as after undo, comes back where it stood."""
    again = [line for one in shown if (line := _line_again(part, one, found, today, choice)) is not None]
    there = {(line.visit_id, line.specimen_id) for line in again}
    due = searched(lines_of(part, found, today, choice), search)[:MOST]
    again += [line for line in due if (line.visit_id, line.specimen_id) not in there]
    keys = ((one.visit.id, key) for one in found for key in ("", *(pot.id for pot in one.follow_up.specimens)))
    order = {key: place for place, key in enumerate(keys)}
    return tuple(sorted(again, key=lambda line: order[line.visit_id, line.specimen_id]))


def _line_again(part: Part, line: Line, found: Sequence[Followed], today: date, choice: SiteChoice) -> Line | None:
    one = next((one for one in found if one.visit.id == line.visit_id), None)
    if one is None:
        return None
    if part is Part.AWAITED:
        pot = next((pot for pot in one.follow_up.specimens if pot.id == line.specimen_id), None)
        return None if pot is None else pot_line(one, pot, today, choice)
    return _discuss_line(one) if part is Part.DISCUSS else _letter_line(one, today)


def searched(lines: Sequence[Line], text: str) -> tuple[Line, ...]:
    """Those in which every word of `text` stands, in whatever cell."""
    words = folded(text).split()
    return tuple(line for line in lines if all(word in folded(" ".join(line.cells)) for word in words))


def empty_words(part: Part, search: str) -> str:
    """What stands in an empty list."""
    found = tr(
        'Nothing found for "{search}" in this list.\n\nEscape in the search field shows all of it.',
        search=search.strip(),
    )
    return found if search.strip() else EMPTY[part]


def place_of(lines: Sequence[Line], visit_id: str, specimen_id: str) -> int | None:
    """Where that pot stands, or else that visit; None where neither does."""
    exact = next(
        (at for at, one in enumerate(lines) if (one.visit_id, one.specimen_id) == (visit_id, specimen_id)), None
    )
    if exact is not None or specimen_id:
        return exact
    return next((at for at, one in enumerate(lines) if one.visit_id == visit_id), None)


def pot_line(one: Followed, pot: Specimen, today: date, choice: SiteChoice) -> Line:
    """A pot of a visit."""
    late = pot.awaited and one.follow_up.waited(today) > choice.days
    days = one.follow_up.waited(today)
    if late:
        said = f"{OVERDUE_SIGN} " + tr("%n day(s), overdue", "", days)
    elif pot.awaited:
        said = tr("%n day(s)", "", days)
    else:
        said = f"{DONE} {result_words(pot)}" if pot.result.diagnosis else tr("no pot any more")
    cells = (said, pot.pot, *_who(one), moments.day(one.visit.day), KIND_SHORT[pot.kind], _impression(one.follow_up))
    return Line(one.visit.id, pot.id, cells, alarm=late)


def _discuss_line(one: Followed) -> Line:
    what = one.follow_up
    if not what.to_discuss:
        discussed = what.answers.get("mdt") == "discussed"
        why = f"{DONE} " + (tr("discussed") if discussed else tr("not needed"))
    elif what.discordant:
        why = f"{APART_SIGN} " + tr("%n grade(s) apart", "", abs(what.apart))
    else:
        why = tr("put on the list")
    found = what.histology
    cells = (
        why,
        *_who(one),
        moments.day(one.visit.day),
        _impression(what),
        grade_words(found) if found else tr("none yet"),
    )
    return Line(one.visit.id, "", cells, alarm=what.to_discuss and what.discordant)


_LETTER_SAID = {
    Letter.DUE: tr("by {day}"),
    Letter.LATE: f"{OVERDUE_SIGN} " + tr("late: was due {day}"),
    Letter.TOO_LATE: f"{OVERDUE_SIGN} " + tr("more than 8 weeks: was due {day}"),
    Letter.SENT: f"{DONE} " + tr("sent", "letter"),
}
_NOT_DUE = tr("not due")


def _letter_line(one: Followed, today: date) -> Line:
    what = one.follow_up
    state = what.letter(today)
    said = _LETTER_SAID.get(state, _NOT_DUE).format(day=moments.day(what.letter_by()))
    if what.since_letter is not None:
        said += COMMA + tr("new result since the letter")
    found = what.histology
    if found:
        histology = grade_words(found)
    else:
        histology = tr("%n awaited", "", len(what.awaited)) if what.awaited else tr("none", "result")
    late = state in (Letter.LATE, Letter.TOO_LATE)
    return Line(one.visit.id, "", (said, *_who(one), moments.day(one.visit.day), histology), alarm=late)


def who_words(one: Followed) -> str:
    """Name, birth date, ID: whose result is being entered."""
    name = one.patient.display_name or tr("no name")
    return tr(
        "{name}\nborn {born}, ID {identifier}",
        name=name,
        born=birth_text(one.patient.birth_date),
        identifier=one.patient.identifier,
    )


def visit_words(one: Followed) -> str:
    """Which visit, and what was thought of it."""
    impression = one.follow_up.impression
    day = moments.day(one.visit.day)
    if impression is None:
        return tr("Visit of {day}, no impression.", day=day)
    return tr("Visit of {day}, impression {grade}.", day=day, grade=grade_words(impression))


def doubt_words(what: FollowUp) -> str:
    """What speaks against a result, a line each: its date, and an impression that is far from it; "" where nothing
    does."""
    return "\n".join(said for said in (_early_words(what), _apart_words(what)) if said)


def _early_words(what: FollowUp) -> str:
    early = [one.pot or one.name for one in what.specimens if (on := one.result.reported_on) and on < what.day]
    if not early:
        return ""
    return tr(
        "The report on pot {pots} is dated before the visit: is it this woman's, and of this visit?",
        pots=COMMA.join(early),
    )


def _apart_words(what: FollowUp) -> str:
    found = what.histology
    if found is None or what.impression is None or not what.discordant:
        return ""
    histology, impression, apart = grade_words(found), grade_words(what.impression), abs(what.apart)
    if what.apart < 0:
        return tr(
            "Histology ({histology}) is %n grade(s) less than the impression ({impression}): for the MDT meeting, "
            "unless the follow-up says otherwise.",
            "",
            apart,
            histology=histology,
            impression=impression,
        )
    return tr(
        "Histology ({histology}) is %n grade(s) worse than the impression ({impression}): for the MDT meeting, "
        "unless the follow-up says otherwise.",
        "",
        apart,
        histology=histology,
        impression=impression,
    )


def letter_words(what: FollowUp) -> str:
    """Why a letter that was sent does not count; "" where it does, or none was sent."""
    if what.letter_on is None or what.since_letter is None:
        return ""
    return tr(
        "The letter of {day} does not count: a result was entered after it, on {entered}.",
        day=moments.day(what.letter_on),
        entered=moments.day(what.since_letter),
    )


def pot_words(pot: Specimen) -> str:
    """What a pot is called where one is chosen: `B`, `1 (endocervical sampling)`."""
    name = pot.pot or tr("pin {name}, no pot", name=pot.name)
    return name if pot.kind is SpecimenKind.BIOPSY else f"{name} ({KIND_WORDS[pot.kind]})"


def result_words(pot: Specimen) -> str:
    """What the laboratory said of a pot, in short."""
    return form.answer_words(DIAGNOSIS, pot.result.diagnosis) if pot.result.diagnosis else tr("awaited", "result")


def followed_of(case: VisitCase) -> Followed:
    """The visit on the desk with what follows it."""
    from pfm_desktop.storage.specimens import Followed

    # of an amended visit the impression that was signed first: a change after it hides no miss
    impression = case.amendments[0].impression if case.amendments else case.findings.impression
    what = FollowUp(case.visit.id, case.visit.day, case.specimens, impression, case.follow_up)
    return Followed(case.patient, case.visit, what)


def pots_lines(pots: Sequence[Specimen], day: date, today: date) -> str:
    """Every pot with its result, one a line; "" where there is none."""
    waited = (today - day).days
    lines = []
    for pot in pots:
        if not pot.pot:
            continue
        on = pot.result.reported_on
        said = result_words(pot) if pot.result.diagnosis else awaited_words(waited)
        if on is None:
            lines.append(tr("Pot {pot}: {result}", pot=pot_words(pot), result=said))
        else:
            line = tr("Pot {pot}: {result}, reported {day}", pot=pot_words(pot), result=said, day=moments.day(on))
            lines.append(line)
    return "\n".join(lines)


def result_edit(specimen_id: str, key: str, answer: Any) -> Edit:
    """One answer of what the laboratory says of a pot."""
    from pfm_desktop.services import specimens

    return lambda lib: specimens.set_result(lib, specimen_id, key, answer)


def follow_up_edit(visit_id: str, key: str, answer: Any) -> Edit:
    """One answer of what is done about a visit."""
    from pfm_desktop.services import follow_up

    return lambda lib: follow_up.set_follow_up(lib, visit_id, key, answer)


FIGURE_COLUMNS = (
    "",
    tr("Visits"),
    tr("CIN2+ seen as high"),
    tr("Less seen as less"),
    tr("Same grade"),
    tr("Histology worse"),
    tr("Histology less"),
)


def figure_rows(found: Accuracy) -> tuple[tuple[str, ...], ...]:
    """Rows of figures, one for what was said before the AI was revealed, in the end, and by the AI."""
    return tuple(
        (name, *_figures(one))
        for name, one in (
            (tr("Your first read"), found.before),
            (tr("Your impression in the end"), found.at_last),
            (tr("The AI answer (investigational)"), found.ai),
        )
    )


def _figures(one: Comparison) -> tuple[str, ...]:
    shares = (one.sensitivity, one.specificity, one.same, one.higher, one.lower)
    return (str(one.visits), *(share_words(share) for share in shares))


def share_words(share: Share) -> str:
    """`12 of 15, 80 % (55-93)`; of few the counts alone."""
    counts = tr("{hits} of {visits}", hits=share.hits, visits=share.of)
    if share.of < FEW or math.isnan(share.value):
        return counts
    low, high = share.interval
    return f"{counts}, {share.value:.0%} ({100 * low:.0f}-{100 * high:.0f})"


def figures_words(reader: str, unsure: int, *, demo: bool) -> str:
    """What stands above the figures."""
    said = tr(
        "Visits that {reader} read and of which the laboratory gave a grade. Only you see them here: nobody is ranked.",
        reader=reader,
    )
    said += " " + tr(
        "Shares have their 95 % interval in brackets; of fewer than {few} visits only counts are shown.", few=FEW
    )
    said += " " + tr("The AI answer is investigational, not for diagnosis.")
    if unsure:
        said += " " + tr("Of %n visit(s) the AI gave no grade.", "", unsure)
    return f"{said} " + tr("This is the demonstration library: all of it is on phantoms.") if demo else said


def _who(one: Followed) -> tuple[str, str]:
    return one.patient.display_name or tr("no name"), one.patient.identifier


def _impression(what: FollowUp) -> str:
    return GRADE_WORDS[what.impression] if what.impression is not None else tr("none", "impression")
