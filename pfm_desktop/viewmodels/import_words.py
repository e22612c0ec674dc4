"""Words about what an import guesses: what, how sure, why. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.guess import Guess, Sure
from pfm_desktop.services.importing.plan import PlannedPicture, PlannedVisit
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA, titled
from pfm_desktop.viewmodels.intake import offered_as
from pfm_desktop.viewmodels.words import capital

T = TypeVar("T")
NOT_KNOWN = tr("not known")
MARKS = {Sure.SAID: "", Sure.LIKELY: "", Sure.UNSURE: "?", Sure.UNKNOWN: "?"}  # behind a word that is only a guess

MARKED = (Sure.UNSURE, Sure.UNKNOWN)


_WHAT = {"whose": tr("whose"), "time": tr("time"), "stage": tr("stage"), "pair": tr("pair")}
_SURE = {
    Sure.SAID: tr("said", "how sure"),
    Sure.LIKELY: tr("likely", "how sure"),
    Sure.UNSURE: tr("unsure", "how sure"),
    Sure.UNKNOWN: tr("unknown", "how sure"),
}


@dataclass(frozen=True)
class Told:
    """One guess of a picture as it is told: `what`, a key of `_WHAT`, and its `words`."""

    what: str
    words: str
    guess: Guess[Any]


def guesses_of(picture: PlannedPicture, visit: PlannedVisit, pair: tuple[str, Guess[bool]] | None) -> tuple[Told, ...]:
    """All that an import would act on: whose, when, stage, pair (`pair`: the name of the other picture)."""
    stage: Guess[Any] = picture.stage
    told = [
        Told("whose", word_of(picture.patient, str), picture.patient),
        Told("time", word_of(visit.when, when_text), visit.when),
        Told("stage", stage_words(picture), stage),
    ]
    if pair is not None:
        told.append(Told("pair", tr("with {picture}", picture=pair[0]) + MARKS[pair[1].sure], pair[1]))
    return tuple(told)


def how_sure(guesses: Sequence[Told]) -> str:
    """`Not known: stage. Unsure: time`; where nothing is open, whether all was said or something is likely."""
    found = []
    for sure, words in ((Sure.UNKNOWN, capital(NOT_KNOWN)), (Sure.UNSURE, tr("Unsure"))):
        named = [_WHAT[one.what] for one in guesses if one.guess.sure is sure]
        found += [titled(words, COMMA.join(named))] if named else []
    if found:
        return ". ".join(found)
    return tr("Said", "how sure") if all(one.guess.sure is Sure.SAID for one in guesses) else tr("Likely", "how sure")


def details_text(picture: PlannedPicture, guesses: Sequence[Told], problem: str) -> str:
    """All of a picture, one line each, with how sure and why."""
    lines = [picture.item.name]
    lines += [
        (tr("Visit time") if one.what == "time" else capital(_WHAT[one.what])) + f": {_with_reason(one)}"
        for one in guesses
    ]
    if problem and not picture.left_out and any(one.guess.sure in MARKED for one in guesses if one.what != "pair"):
        problem = ""
        lines.append(tr("Waits for you: set or confirm what is not known or unsure."))
    return "\n".join([*lines, *([tr("Not brought in: {problem}", problem=problem)] if problem else [])])


def _with_reason(told: Told) -> str:
    if told.guess.value is None:
        return f"{told.words} ({told.guess.why})"
    return f"{told.words.removesuffix('?')} ({_SURE[told.guess.sure]}: {told.guess.why})"


def stage_words(picture: PlannedPicture) -> str:
    """Its stage; where only the source is known, that."""
    if picture.stage.value is None and picture.source.value is not None:
        source = f"{capital(picture.source.value.words)}{MARKS[picture.source.sure]}"
        return tr("{source}, stage not known", source=source)
    return word_of(picture.stage, offered_as)


def when_text(when: When) -> str:
    """A time, or a day where the time of day is not known."""
    return moments.day(when.day) if when.day_only else moments.moment(when.at)


def short_when(when: When) -> str:
    """The same without the zone, for a column."""
    return moments.day(when.day) if when.day_only else f"{moments.day(when.day)} {when.at.astimezone():%H:%M}"


def word_of(guess: Guess[T], words: Callable[[T], str]) -> str:
    """A guess, with a question mark where it is no more than that."""
    return f"{words(guess.value)}{MARKS[guess.sure]}" if guess.value is not None else capital(NOT_KNOWN)
