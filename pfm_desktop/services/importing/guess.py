"""A guess: what is taken for true until a person says otherwise, how sure it is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Sure(StrEnum):
    """How sure a guess is. Without being asked, an import takes what is at least likely."""

    SAID = "said"  # by a person, a manifest or the picture's own record
    LIKELY = "likely"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Guess(Generic[T]):
    """`value` None: not known, and never invented. `why` is for a person: a phrase without a full stop.

    `contradicted`: two sources say different things, so that nothing else makes it surer than it is.
    """

    value: T | None
    sure: Sure
    why: str
    contradicted: bool = False

    def known(self, *, also_unsure: bool = False) -> bool:
        """Whether it may be acted on."""
        return self.value is not None and (also_unsure or self.sure is not Sure.UNSURE)


def said(value: T, why: str) -> Guess[T]:
    """What a person, a manifest or a record says."""
    return Guess(value, Sure.SAID, why)


def likely(value: T, why: str) -> Guess[T]:
    """What will be so."""
    return Guess(value, Sure.LIKELY, why)


def unsure(value: T, why: str) -> Guess[T]:
    """What may be so: a person has to look."""
    return Guess(value, Sure.UNSURE, why)


def unknown(why: str) -> Guess[T]:
    """Nothing says it."""
    return Guess(None, Sure.UNKNOWN, why)


def confirmed_guess(guess: Guess[T]) -> Guess[T]:
    """The same, once a person looked and said that it is so; only what is unsure waits for that."""
    return said(guess.value, f"confirmed by hand; {guess.why}") if guess.sure is Sure.UNSURE and guess.value else guess
