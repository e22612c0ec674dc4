"""What the forms below the findings show: the examination by IFCPC 2011 and its lesions. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain import ifcpc
from pfm_desktop.domain.reid import ReidIndex
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.findings import NO_VISIT, why_locked

if TYPE_CHECKING:
    from pfm_desktop.domain.lesion import Lesion
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Edit

NO_LESION = tr("No lesion is documented. Each has its own signs and scores.")


@dataclass(frozen=True)
class LesionsView:
    """`chosen` is the lesion whose form is shown, None where there is none; `titles` of all, by id, in their order."""

    visit_id: str = ""
    locked: str = NO_VISIT
    titles: Mapping[str, str] = field(default_factory=dict)
    chosen: Lesion | None = None
    note: str = NO_LESION
    answers: Mapping[str, Any] = field(default_factory=dict)
    doubts: str = ""

    @property
    def reid_status(self) -> str:
        """`Reid index of lesion 2: 3 of 4 items, 4 points so far`."""
        one = self.chosen
        if one is None:
            return ""
        return tr("Reid index of lesion {number}: {status}", number=one.number, status=one.reid.status)

    @property
    def reid(self) -> Mapping[str, int | None]:
        """Its items."""
        return asdict(self.chosen.reid if self.chosen is not None else ReidIndex())

    @property
    def iodine_choices(self) -> Sequence[int]:
        """What the item of iodine can take."""
        return self.chosen.reid.iodine_choices if self.chosen is not None else ()


def lesions_view(
    case: VisitCase | None, chosen_id: str, read_only_reason: str = "", first_whitening_s: float | None = None
) -> LesionsView:
    """The lesions of a visit with one of them chosen, the first where there is none of that id. `first_whitening_s`:
    seconds since acetic acid at which whitening was first measured, None where it was not."""
    if case is None:
        return LesionsView()
    lesions = case.lesions
    chosen = next((one for one in lesions if one.id == chosen_id), lesions[0] if lesions else None)
    said = doubts_of(case, first_whitening_s)
    return LesionsView(
        visit_id=case.visit.id,
        locked=why_locked(case, read_only_reason),
        titles={one.id: tr("Lesion {number}", number=one.number) for one in lesions},
        chosen=chosen,
        note=_of_examination(case),
        answers=case.assessment,
        doubts="\n".join(f"{doubt}." for doubt in said),
    )


def doubts_of(case: VisitCase, first_whitening_s: float | None = None) -> tuple[str, ...]:
    """What contradicts itself in the examination; `first_whitening_s` as for `lesions_view`."""
    pregnant = {"yes": True, "no": False}.get(case.referral.answers.get("pregnancy", ""))
    signs = {one.number: one.answers for one in case.lesions}
    return ifcpc.doubts(case.assessment, signs, pregnant=pregnant, first_whitening_s=first_whitening_s)


def first_whitening(lib: Library, visit_id: str) -> float | None:
    """Seconds since acetic acid at which whitening was first measured in a visit; None where it was not."""
    from pfm_desktop.services.capture import records

    begun = (one.whitening.onset_s for one in records.whitenings(lib, visit_id))
    return min((at for at in begun if at is not None), default=None)


def added_edit(case: VisitCase) -> Edit:
    """A lesion more."""
    from pfm_desktop.services import documenting

    return lambda lib: documenting.add_lesion(lib, case.visit.id)


def removed_edit(lesion: Lesion) -> Edit:
    """It goes, with its scores."""
    from pfm_desktop.services import documenting

    return lambda lib: documenting.remove_lesion(lib, lesion.id)


def sign_edit(lesion_id: str, key: str, answer: Any) -> Edit:
    """One item of a lesion gets another answer, None takes it back."""
    from pfm_desktop.services import documenting

    return lambda lib: documenting.set_lesion(lib, lesion_id, key, answer)


def assessment_edit(visit_id: str, key: str, answer: Any) -> Edit:
    """One item of the examination as a whole gets another answer, None takes it back."""
    from pfm_desktop.services import documenting

    return lambda lib: documenting.set_assessment(lib, visit_id, key, answer)


def reid_edit(lesion: Lesion, key: str, value: int | None, *, by: str) -> Edit | None:
    """One item of its Reid index gets another value; None when it has that already."""
    from pfm_desktop.services import documenting

    if getattr(lesion.reid, key) == value:
        return None
    return lambda lib: documenting.score_reid(lib, lesion.id, key, value, by=by)


def _of_examination(case: VisitCase) -> str:
    """What of several lesions counts for the examination."""
    lesions = case.lesions
    if not lesions:
        return NO_LESION
    left = sum(one.swede.total is None for one in lesions)
    if len(lesions) == 1:
        return ""
    if left:
        return tr("The highest Swede score counts: %n lesion(s) to be scored.", "", left)
    return tr("The highest Swede score counts: {status}.", status=case.findings.swede.status)
