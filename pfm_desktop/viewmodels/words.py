"""Problems as the window says them, whole sentences; and counts."""

from __future__ import annotations

from collections.abc import Sequence

from pfm_desktop.support.errors import UserError, capital
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA

__all__ = ["capital", "many", "spoken", "unkept_question"]


def spoken(error: UserError) -> str:
    """What happened, what is safe, what to do: one sentence each."""
    return error.sentences


def many(number: int, one: str, more: str = "") -> str:
    """`1 woman`, `2,000 women`; `more` for more than one, else with an s."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def unkept_question(texts: Sequence[str], why: str) -> str:
    """What is asked before texts that are not on disk go: `why` tells why not, in sentences."""
    return tr(
        "Not kept yet: {texts}. {why} Stay, and it is kept as soon as that is possible.",
        texts=COMMA.join(texts),
        why=why,
    )
