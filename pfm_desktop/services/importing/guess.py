"""A guess: what is taken for true until a person says otherwise, how sure it is, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from pfm_desktop.support.language import tr

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
    `by_file`: the name of the file itself says it.
    """

    value: T | None
    sure: Sure
    why: str
    contradicted: bool = False
    by_file: bool = field(default=False, compare=False)

    def known(self, *, also_unsure: bool = False) -> bool:
        """Whether it may be acted on."""
        return self.value is not None and (also_unsure or self.sure is not Sure.UNSURE)


def said(value: T, why: str) -> Guess[T]:
    """What a person, a manifest or a record says."""
    return Guess(value, Sure.SAID, why)


def likely(value: T, why: str, *, by_file: bool = False) -> Guess[T]:
    """What will be so."""
    return Guess(value, Sure.LIKELY, why, by_file=by_file)


def unsure(value: T, why: str) -> Guess[T]:
    """What may be so: a person has to look."""
    return Guess(value, Sure.UNSURE, why)


def unknown(why: str) -> Guess[T]:
    """Nothing says it."""
    return Guess(None, Sure.UNKNOWN, why)


def confirmed_guess(guess: Guess[T]) -> Guess[T]:
    """The same, once a person looked and said that it is so; only what is unsure waits for that."""
    return (
        said(guess.value, tr("confirmed by hand; {reason}", reason=guess.why))
        if guess.sure is Sure.UNSURE and guess.value
        else guess
    )
