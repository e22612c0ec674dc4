"""Problems as the window says them, whole sentences."""

from __future__ import annotations

from collections.abc import Sequence

from pfm_desktop.domain.case import Patient
from pfm_desktop.support.errors import UserError, capital
from pfm_desktop.support.language import tr

__all__ = ["NO_NAME", "capital", "spoken", "unkept_question", "woman_words"]

NO_NAME = tr("(no name)")


def woman_words(patient: Patient) -> str:
    """The woman, and her number; of an unassigned visit what stands for both."""
    if patient.unassigned:
        return patient.identifier
    return (patient.display_name or NO_NAME) + f", ID {patient.identifier}"


def spoken(error: UserError) -> str:
    """What happened, what is safe, what to do: one sentence each."""
    return error.sentences


def unkept_question(texts: Sequence[str], why: str) -> str:
    """What is asked before texts that are not on disk go: `why` tells why not, in sentences; "" where that stands
    beside the field that was filled in wrongly."""
    if not why:
        return tr(
            "Not kept yet: {texts}. What is wrong stands beside it. Stay to put it right.", texts="; ".join(texts)
        )
    return tr(
        "Not kept yet: {texts}. {why} Stay, and it is kept as soon as that is possible.",
        texts="; ".join(texts),
        why=why,
    )
