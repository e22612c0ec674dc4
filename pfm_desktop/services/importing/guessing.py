"""What the pictures of a folder are, as far as names, EXIF data, colours and times say. Pure functions.

Whose picture: `people`. When: `dates`. What a name says: `words`. Here: stage and source of one picture, and what the
pictures of one visit say of each other: where a visit ends, which two are a pair, which step came after the acid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from pfm_desktop.domain.source import TIMED, Source, Stage
from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.guess import Guess, Sure, likely, unknown, unsure
from pfm_desktop.services.importing.naming import told_by
from pfm_desktop.services.importing.words import Said, also_a_name, said_by, without_meaning
from pfm_desktop.support.language import tr

T = TypeVar("T")

GAP = timedelta(hours=4)  # between two pictures of one day, beyond which another visit begins
OVER_MIDNIGHT = timedelta(hours=1)  # between two pictures of one visit on two days
TOGETHER = timedelta(seconds=60)  # between the two of a pair that is likely
FARTHEST = timedelta(minutes=10)  # between the two of a pair at all


@dataclass(frozen=True)
class Shown:
    """What is guessed of one picture from itself."""

    source: Guess[Source]
    stage: Guess[Stage]
    seconds_since_acid: Guess[float]


@dataclass(frozen=True)
class InVisit:
    """A picture among those of its visit, as far as pairing needs it. `when` None, or of a day only: no time."""

    key: str
    folders: tuple[str, ...]
    stem: str
    source: Source | None
    stage: Stage | None
    when: When | None

    @property
    def timed(self) -> bool:
        """Whether it is known when on its day it was taken."""
        return self.when is not None and not self.when.day_only

    @property
    def at(self) -> datetime:
        """When it was taken; only where it is `timed`."""
        assert self.when is not None
        return self.when.at

    @property
    def day(self) -> date | None:
        """The day it was taken, where that is known."""
        return self.when.day if self.when is not None else None


_FILE, _FOLDER = tr("the file's name"), tr("its folder")  # where it is said


def guessed_shown(
    folders: tuple[str, ...], stem: str, fluorescent: bool | None, *, in_white_light: bool = False
) -> Shown:
    """Stage and source. The file's own name comes first, then its folders, the inner before the outer.

    `fluorescent`: whether its colours are those of fluorescence (None: not looked at); they say the source only.
    `in_white_light`: they can only be those of white light, not of the fluorescence of any device known.
    """
    light = Source.FLUORESCENCE if fluorescent else Source.WHITE if in_white_light else None
    for at, (name, where) in enumerate([(stem, _FILE), *((name, _FOLDER) for name in reversed(folders))]):
        found = said_by(name)
        if found.contradicts:
            return Shown(*_nothing(tr("{where} says two stages ({words})", where=where, words=", ".join(found.words))))
        if found.source is not None:
            shown = _agreed(_completed(found, where, folders, stem), light, f"{where}: {', '.join(found.words)}")
            doubt = _may_be_a_name(name, folders[len(folders) - at :] if at else None)
            return _doubted(shown, doubt) if doubt else shown
    if fluorescent is None:
        return Shown(*_nothing(tr("no name says it")))
    source = Source.FLUORESCENCE if fluorescent else Source.WHITE
    why = (
        tr("only its colours say it: those of fluorescence or of a green filter")
        if fluorescent
        else tr("only its colours say it: those of white light")
    )
    return Shown(unsure(source, why), *_nothing(tr("no name says it"))[1:])


def _may_be_a_name(name: str, inner: tuple[str, ...] | None) -> str:
    """Why the words of a name may be no stage ("": they are). `inner`: folders within it, None for a file's name.

    A folder that holds a woman's number or name is hers; in a file's name only words that are names too are doubted.
    """
    told = told_by(name)
    if inner is None:
        first = told.numbers[0].value if told.numbers else ""
        before = first and also_a_name(name.partition(first)[0])
        return tr("it may be a name") if also_a_name(name) and (told.words or before) else ""
    if told.telling:
        return tr("it stands beside a woman's number or a name")
    within = any(told_by(one).telling for one in inner)
    return tr("it may be a name") if also_a_name(name) and within else ""


def _doubted(shown: Shown, doubt: str) -> Shown:
    """No part of it surer than a guess."""
    return Shown(
        _less_sure(shown.source, doubt), _less_sure(shown.stage, doubt), _less_sure(shown.seconds_since_acid, doubt)
    )


def _less_sure(guess: Guess[T], doubt: str) -> Guess[T]:
    return (
        unsure(guess.value, tr("{reason}, but {doubt}", reason=guess.why, doubt=doubt))
        if guess.value is not None
        else guess
    )


def _completed(found: Said, where: str, folders: tuple[str, ...], stem: str) -> Said:
    """`fluo_1` in a folder `after acid`: the folder says the stage of the source that the name says.

    Folders with a woman's number or name say none: what stands there may be a name.
    """
    if found.stage is not None:
        return found
    plain = [name for name in reversed(folders) if not told_by(name).telling]
    for name in plain if where == _FILE else ():
        outer = said_by(name)
        together = said_by(f"{name} {stem}")
        if outer.words and not outer.contradicts and together.stage is not None and together.source is found.source:
            return together
    return found


def _agreed(found: Said, light: Source | None, why: str) -> Shown:
    """What a name says, unsure where the light (None: not certain) is the other one; a green filter has its colours."""
    differs = light is not None and found.source is not light and found.stage is not Stage.GREEN
    if differs and light is not None:
        why = tr("{reason}, but its colours are those of {light}", reason=why, light=light.words)
    sure = Sure.UNSURE if differs else Sure.LIKELY
    source = Guess(found.source, sure, why)
    stage: Guess[Stage] = Guess(found.stage, sure, why) if found.stage else unknown(tr("no name says the stage"))
    seconds = found.seconds_since_acid
    if seconds is None or (found.stage is not None and found.stage not in TIMED):
        return Shown(source, stage, unknown(tr("no name says it")))
    return Shown(source, stage, Guess(seconds, sure, why))


def _nothing(why: str) -> tuple[Guess[Source], Guess[Stage], Guess[float]]:
    return unknown(why), unknown(why), unknown(why)


def parted_by_time(pictures: Sequence[InVisit]) -> tuple[tuple[str, ...], ...]:
    """Keys of one woman's pictures by visit: more than `GAP` later, or on another day than
    the one before unless it is just after midnight, is another visit.

    Those without a time of day join the visit of their day, those without any time that of their folder.
    """
    timed = sorted((picture for picture in pictures if picture.timed), key=lambda one: (one.at, one.key))
    visits: list[list[InVisit]] = []
    for picture in timed:
        last = visits[-1][-1] if visits else None
        if last is not None and picture.at - last.at <= (GAP if picture.day == last.day else OVER_MIDNIGHT):
            visits[-1].append(picture)
        else:
            visits.append([picture])
    for picture in (one for one in pictures if one.when is not None and one.when.day_only):
        _join(visits, picture, [one for one in visits if one[0].day == picture.day])
    for picture in (one for one in pictures if one.when is None):
        _join(visits, picture, [one for one in visits if any(other.folders == picture.folders for other in one)])
    return tuple(tuple(one.key for one in visit) for visit in visits)


def _join(visits: list[list[InVisit]], picture: InVisit, fitting: list[list[InVisit]]) -> None:
    """Into the only visit that fits; where several do, into that of its folder, else it stands alone."""
    own = [visit for visit in fitting if any(other.folders == picture.folders for other in visit)]
    chosen = fitting if len(fitting) == 1 else own if len(own) == 1 else []
    if chosen:
        chosen[0].append(picture)
    else:
        visits.append([picture])


@dataclass(frozen=True)
class GuessedPair:
    """Keys of a white-light and a fluorescence picture that are read together."""

    white: str
    fluorescence: str
    guess: Guess[bool]

    @property
    def keys(self) -> tuple[str, str]:
        """White light first."""
        return self.white, self.fluorescence


def guessed_pairs(pictures: Sequence[InVisit]) -> tuple[GuessedPair, ...]:
    """Pairs of one visit, each picture in one at most: the same rest of the name, then the nearest in time.

    Steps that do not belong together (saline and after acid) are never paired, and one with iodine or a green filter
    only where there is none without.
    """
    whites = [picture for picture in pictures if picture.source is Source.WHITE]
    lit = [picture for picture in pictures if picture.source is Source.FLUORESCENCE]
    only = len(whites) == len(lit) == 1
    possible = [(white, other, _closeness(white, other, only=only)) for white in whites for other in lit]
    taken: set[str] = set()
    made = []
    for white, other, close in sorted(possible, key=_best_first):
        if close.guess is not None and _may_pair(white, other) and not taken & {white.key, other.key}:
            taken |= {white.key, other.key}
            made.append(GuessedPair(white.key, other.key, close.guess))
    return tuple(made)


@dataclass(frozen=True)
class _Closeness:
    rank: int
    apart: float = 0.0  # seconds
    guess: Guess[bool] | None = None


def _closeness(white: InVisit, lit: InVisit, *, only: bool) -> _Closeness:
    apart = abs((white.at - lit.at).total_seconds()) if white.timed and lit.timed else None
    if apart is not None and apart > FARTHEST.total_seconds():
        return _Closeness(9)
    if _rest(white) == _rest(lit):
        return _Closeness(0, apart or 0.0, likely(True, tr("their names differ in source and stage only")))
    if apart is not None:
        guess = (likely if apart <= TOGETHER.total_seconds() else unsure)(
            True, tr("taken {apart:.0f} s apart", apart=apart)
        )
        return _Closeness(1, apart, guess)
    return _Closeness(2, 0.0, likely(True, tr("the only two of the visit"))) if only else _Closeness(9)


def _rest(picture: InVisit) -> tuple[str, ...]:
    """What the names say beside source and stage; where the file's own says nothing else, it is like no other."""
    rest = without_meaning(picture.stem)
    return (*(without_meaning(name) for name in picture.folders), rest or picture.key)


def stages_by_acid(pictures: Sequence[InVisit], pairs: Sequence[GuessedPair]) -> Mapping[str, Guess[Stage]]:
    """Stages of fluorescence pictures of one visit that no name says: after the acid was on, by time or by pair."""
    by_key = {picture.key: picture for picture in pictures}
    acid = [picture for picture in pictures if picture.stage is Stage.ACETIC_ACID]
    first = min((picture.at for picture in acid if picture.timed), default=None)
    paired = {pair.fluorescence: by_key[pair.white] for pair in pairs}
    found: dict[str, Guess[Stage]] = {}
    for picture in pictures:
        if picture.source is not Source.FLUORESCENCE or picture.stage is not None:
            continue
        if first is not None and picture.timed and picture.at >= first:
            found[picture.key] = likely(Stage.FLUORESCENCE_AFTER_ACID, tr("taken after a picture with acetic acid"))
        elif picture.key in paired and paired[picture.key].stage is Stage.ACETIC_ACID:
            found[picture.key] = likely(
                Stage.FLUORESCENCE_AFTER_ACID, tr("its white-light picture is one with acetic acid")
            )
    return found


def _best_first(one: tuple[InVisit, InVisit, _Closeness]) -> tuple[object, ...]:
    white, lit, close = one
    stained = (Stage.GREEN, Stage.LUGOL).index(white.stage) + 1 if white.stage in (Stage.GREEN, Stage.LUGOL) else 0
    return close.rank, stained, close.apart, white.key, lit.key


def _may_pair(white: InVisit, lit: InVisit) -> bool:
    if white.stage is None or lit.stage is None:
        return True
    before = lit.stage is Stage.FLUORESCENCE_BEFORE_ACID
    return white.stage in ((Stage.SALINE, Stage.GREEN) if before else (Stage.ACETIC_ACID, Stage.LUGOL, Stage.GREEN))
