"""An allergy to iodine: what the referral card asks of it, and how it is said elsewhere. It is of the woman, not of the
visit: `services.capture.allergies` keeps it, and Capture blocks Lugol's iodine by it. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfm_desktop.domain import form
from pfm_desktop.domain.form import Choice
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Edit

IODINE = form.one(
    "iodine_allergy", tr("Allergy to iodine"), Choice("no", tr("no")), Choice("yes", tr("YES: allergic to iodine"))
)
ALLERGIC = tr("Iodine allergy on record")
_SIGN = "\u26a0"  # besides the colour


def allergy_words(case: VisitCase | None) -> str:
    """That she is allergic to iodine, where that is on record, with a sign; "" elsewhere."""
    return f"{_SIGN} {ALLERGIC}" if case is not None and case.iodine_allergy else ""


def iodine_edit(patient_id: str, answer: str | None) -> Edit:
    """What the card says of it goes on record of the woman; None: she was not asked."""
    from pfm_desktop.services.capture import allergies

    said: Any = None if answer is None else answer == "yes"
    return lambda lib: allergies.set_iodine_allergy(lib, patient_id, said)
