"""What the Findings panel shows of the visit on the desk, and what its widgets ask for. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pfm_desktop.domain import ifcpc
from pfm_desktop.domain.findings import SWEDE_ITEMS, Reading, SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.score import ScoreItem
from pfm_desktop.support.errors import capital
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import moment
from pfm_desktop.viewmodels.grades import by, grade_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfm_desktop.domain.bands import Bands
    from pfm_desktop.domain.change import Change
    from pfm_desktop.domain.lesion import Lesion
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Edit

NO_VISIT = tr("No visit is open. Choose one in Today.")
# what `gaps_of` always looks at: impression, Swede score, plan; of the examination junction, acetowhite, lesions
PARTS = 6
CHOICES: tuple[int | None, ...] = (None, 0, 1, 2)  # of an item of a score, in the order of the arrow keys
NOT_ASSESSED = tr("not assessed")


@dataclass(frozen=True)
class FindingsView:
    """`locked` says why nothing can be edited ("" when it can); `note` is about the first read and the AI.

    `clearable`: the impression can be cleared. After the reveal it is a read, which another grade replaces.
    """

    visit_id: str = ""
    impression: Grade | None = None
    swede: SwedeScore = field(default_factory=SwedeScore)
    swede_of: str = ""  # the lesion that it is of, in words
    swede_band: str = ""  # what its total is taken for, and by whom, where the site has chosen that
    text: str = ""
    plan: str = ""
    locked: str = NO_VISIT
    note: str = ""
    clearable: bool = False
    complete: int = 0
    parts: int = PARTS
    gaps: str = ""

    @property
    def swede_status(self) -> str:
        """`Swede score of lesion 2: 4 of 5 items, 5 points so far`."""
        if self.swede_of:
            return tr("Swede score of {lesion}: {status}", lesion=self.swede_of, status=self.swede.status)
        return tr("Swede score: {status}", status=self.swede.status)


def findings_view(
    case: VisitCase | None, read_only_reason: str = "", lesion: Lesion | None = None, bands: Bands | None = None
) -> FindingsView:
    """The panel for a visit, and the lesion that is chosen in it; without a visit nothing can be edited and the panel
    says so. `bands`: those of the site."""
    if case is None:
        return FindingsView()
    found, gaps = case.findings, gaps_of(case)
    parts = PARTS + ifcpc.asks_reason(case.assessment)
    locked = why_locked(case, read_only_reason)
    return FindingsView(
        visit_id=case.visit.id,
        impression=found.impression,
        swede=found.swede if lesion is None else lesion.swede,
        swede_of="" if lesion is None else tr("lesion {number}", number=lesion.number),
        swede_band=_band(found.swede if lesion is None else lesion.swede, bands),
        text=found.text,
        plan=found.plan,
        locked=locked,
        note=_reads_note(case),
        clearable=not locked and not found.revealed and found.impression is not None,
        complete=parts - len(gaps),
        parts=parts,
        gaps=_gaps_words(gaps, parts),
    )


def _gaps_words(gaps: Sequence[str], parts: int) -> str:
    if not gaps:
        return tr("Complete: nothing is missing")
    done = parts - len(gaps)
    return tr("{done} of {parts}. Missing: {gaps}", done=done, parts=parts, gaps=COMMA.join(gaps))


def _band(score: SwedeScore, bands: Bands | None) -> str:
    return "" if bands is None or score.total is None else f"{capital(bands.of(score.total))} ({bands.source})"


def gaps_of(case: VisitCase) -> tuple[str, ...]:
    """What is missing: of the findings, of ASCCP's minimum for the examination, and why it was inadequate."""
    impression, lesions = case.findings.impression, len(case.lesions)
    return (*case.findings.gaps(), *ifcpc.gaps(case.assessment, lesions=lesions, impression=impression))


def why_locked(case: VisitCase | None, read_only_reason: str = "") -> str:
    """Why nothing can be edited; "" when it can."""
    if case is None:
        return NO_VISIT
    signature = case.findings.signature
    if signature is not None:
        return tr(
            "Signed by {name}, {moment}: locked, unless the report is amended.",
            name=signature.name,
            moment=moment(signature.signed_at),
        )
    return tr("Read only: {why}.", why=read_only_reason) if read_only_reason else ""


def _reads_note(case: VisitCase) -> str:
    """Once the AI was revealed: what was read before, and what an impression counts as now."""
    found, second = case.findings, case.second_read
    if not found.revealed:
        return ""
    said = tr("The AI answer was shown without a first read.")
    if found.first_read is not None:
        said = _read(tr("First read"), found.first_read) + " " + tr("It stays as it was.")
    if second is not None:
        return f"{said} " + _read(tr("Second read"), second)
    return said if case.signed else f"{said} " + tr("Another impression is your second read.")


def _read(title: str, reading: Reading) -> str:
    return f"{title}: {grade_words(reading.impression)} ({by(reading.reader, reading.read_at)})."


def choice_words(item: ScoreItem, value: int | None) -> str:
    """`1, Absent`: what one choice means, for the screen reader."""
    return NOT_ASSESSED if value is None else f"{value}, {item.wording[value]}"


def stepped(value: int | None, step: int) -> int | None:
    """The choice `step` further, staying at the ends."""
    return CHOICES[min(len(CHOICES) - 1, max(0, CHOICES.index(value) + step))]


def impression_edit(case: VisitCase, pressed: Grade | None) -> Edit | None:
    """A press on a grade makes it the impression, None clears it; no edit when it is that already."""
    from pfm_desktop.services import review

    if case.findings.impression is pressed:
        return None
    return lambda lib: review.set_impression(lib, case.visit.id, pressed)


def swede_edit(
    case: VisitCase, key: str, value: int | None, lesion: Lesion | None = None, *, by: str = ""
) -> Edit | None:
    """One item gets another value, of the lesion where there is one; None when it has that value already. `by`: who
    scores."""
    from pfm_desktop.services import documenting, review

    if key not in {item.key for item in SWEDE_ITEMS}:
        raise ValueError(f"no Swede item {key}")
    if lesion is not None:
        if getattr(lesion.swede, key) == value:
            return None
        return lambda lib: documenting.score_swede(lib, lesion.id, key, value, by=by)
    if getattr(case.findings.swede, key) == value:
        return None
    score = replace(case.findings.swede, **{key: value})
    return lambda lib: review.set_swede(lib, case.visit.id, score)


def save_text(lib: Library, visit_id: str, text: str) -> Change:
    """The free text, for `Drafts`."""
    from pfm_desktop.services import review

    return review.set_text(lib, visit_id, text)


def save_plan(lib: Library, visit_id: str, plan: str) -> Change:
    """The plan, for `Drafts`."""
    from pfm_desktop.services import review

    return review.set_plan(lib, visit_id, plan)
