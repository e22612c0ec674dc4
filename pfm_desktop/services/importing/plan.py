"""What an import is going to do: women, their visits, pictures and pairs, all of it guesses until somebody says so.

A plan is its pictures with what is guessed or said of each; women, visits and pairs follow from them. A person changes
a plan by the functions of `changes`, which return a new one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from pfm_desktop.domain.case import identifier_key
from pfm_desktop.domain.source import TIMED, Source, Stage, goes_second
from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.found import Item, Skipped
from pfm_desktop.services.importing.guess import Guess, Sure, confirmed_guess, likely, said, unknown, unsure
from pfm_desktop.services.importing.guessing import GuessedPair, InVisit, guessed_pairs, parted_by_time, stages_by_acid
from pfm_desktop.services.importing.visit_times import far_apart
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr

BY_MANIFEST = tr("the manifest says so")  # why a guess is none


@dataclass(frozen=True)
class Person:
    """A woman's name and birth date, where a manifest or a record says them."""

    family_name: str = ""
    given_name: str = ""
    birth_date: date | None = None


@dataclass(frozen=True)
class PlannedPicture:
    """One picture. `key` names it within the plan; `part`: see `reading.Seen`.

    `visit` ties it to a visit of that key, whatever its time ("": its time says it). `although_elsewhere`: it is
    brought in also where it is on record for another woman or visit. `named`: words of its folders and file that may
    name her; `issuer`: who gave the identifier, where its own record says so; `burned_in`: that record says that words
    are drawn into it. `taken`: when its own file (record, EXIF) says that it was taken, where that is believed.
    """

    key: str
    name: str
    item: Item
    sha256: str
    width: int
    height: int
    patient: Guess[str]
    when: Guess[When]
    source: Guess[Source]
    stage: Guess[Stage]
    seconds_since_acid: Guess[float]
    taken: When | None = None
    device: str = ""
    part: float | None = None
    person: Person | None = None
    visit: str = ""
    left_out: bool = False
    although_elsewhere: bool = False
    named: tuple[str, ...] = ()
    issuer: str = ""
    instance: str = ""  # SOP Instance UID
    burned_in: bool = False
    study: str = ""  # Study Instance UID
    pixels_sha256: str = ""  # see `imaging.pixels`
    alike: frozenset[str] = frozenset()  # keys of those that are nearly the same, of the same moment
    stands_in: str = ""  # the identifier of its record that is a placeholder or a pseudonym: no proof of who she is

    @property
    def moment(self) -> datetime | None:
        """When it was taken (aware), where a time of day is said or guessed."""
        return None if self.when.value is None or self.when.value.day_only else self.when.value.at

    @property
    def knows_its_moment(self) -> bool:
        """Whether the picture itself says when it was taken, with the time of day, and that is believed."""
        return self.when.known() and self.taken is not None and not self.taken.day_only

    @property
    def content(self) -> str:
        """The same for pictures that are one, whatever their bytes: a hash of the pixels, else of the bytes."""
        return self.pixels_sha256 or self.sha256

    @property
    def seconds(self) -> float | None:
        """Seconds since acid that are kept: only of stages that have them."""
        return self.seconds_since_acid.value if self.stage.value in TIMED else None


@dataclass(frozen=True)
class PlannedVisit:
    """Pictures that are thought to be of one examination, in time order."""

    key: str
    when: Guess[When]
    pictures: tuple[PlannedPicture, ...]
    pairs: tuple[GuessedPair, ...]


@dataclass(frozen=True)
class PlannedWoman:
    """One woman. `identifier` None: it is not known whose these pictures are; they are of one folder.

    `people`: all names that are said of her; more than one is a contradiction. `confirmed`: a person said that it is
    her, although the library has another name for the identifier.
    """

    key: str
    identifier: str | None
    people: tuple[Person, ...]
    visits: tuple[PlannedVisit, ...]
    confirmed: bool = False
    named: tuple[str, ...] = ()  # see `PlannedPicture`
    issuers: tuple[str, ...] = ()

    @property
    def pictures(self) -> tuple[PlannedPicture, ...]:
        """Those of all her visits that are not left out by hand."""
        return tuple(one for visit in self.visits for one in visit.pictures if not one.left_out)


@dataclass(frozen=True)
class ImportPlan:
    """`pictures` in the order they were found; `women` follows from them. `skipped` is what will not be brought in.

    `visit_times` are those that somebody said, by visit; `confirmed` the keys of women that somebody confirmed,
    `confirmed_pairs` the pictures (white light, fluorescence) of pairs that were guessed and somebody confirmed.
    `made_pairs` are those that somebody made, `parted_pairs` those that are none: both hold within one visit.
    """

    pictures: tuple[PlannedPicture, ...]
    skipped: tuple[Skipped, ...] = ()
    visit_times: tuple[tuple[str, Guess[When]], ...] = ()
    confirmed: frozenset[str] = frozenset()
    confirmed_pairs: frozenset[tuple[str, str]] = frozenset()
    made_pairs: frozenset[tuple[str, str]] = frozenset()
    parted_pairs: frozenset[tuple[str, str]] = frozenset()
    women: tuple[PlannedWoman, ...] = field(default=(), compare=False)

    def picture(self, key: str) -> PlannedPicture:
        """A picture by key; KeyError for none."""
        return next((one for one in self.pictures if one.key == key), None) or _none(key)

    def settled(self) -> tuple[PlannedPicture, ...]:
        """All pictures in the order of women, visits and times, with the stages that their visits say."""
        return tuple(one for woman in self.women for visit in woman.visits for one in visit.pictures)


def _none(key: str) -> PlannedPicture:
    raise KeyError(key)


def arranged(plan: ImportPlan) -> ImportPlan:
    """The plan with `women` as its pictures now say."""
    groups: dict[str, list[PlannedPicture]] = {}
    for picture in plan.pictures:
        groups.setdefault(woman_key(picture), []).append(picture)
    times = dict(plan.visit_times)
    names = {picture.visit for picture in plan.pictures}
    by_hand = _ByHand(times, names, plan.made_pairs, plan.parted_pairs)
    women = tuple(_woman(key, group, by_hand, confirmed=key in plan.confirmed) for key, group in groups.items())
    return replace(plan, women=tuple(_with_pairs(woman, plan.confirmed_pairs) for woman in women))


@dataclass(frozen=True)
class _ByHand:
    """What was said of a plan's visits: their times, their names, and which pairs there are and are not."""

    times: Mapping[str, Guess[When]]
    names: Collection[str]
    made: Collection[tuple[str, str]]
    parted: Collection[tuple[str, str]]


def _with_pairs(woman: PlannedWoman, confirmed: Collection[tuple[str, str]]) -> PlannedWoman:
    """Pairs that somebody confirmed are said, for as long as they are what would be guessed."""
    if not confirmed:
        return woman
    visits = [
        replace(visit, pairs=tuple(_confirmed(pair) if pair.keys in confirmed else pair for pair in visit.pairs))
        for visit in woman.visits
    ]
    return replace(woman, visits=tuple(visits))


def _confirmed(pair: GuessedPair) -> GuessedPair:
    return replace(pair, guess=confirmed_guess(pair.guess))


def woman_key(picture: PlannedPicture) -> str:
    """Pictures with the same are of one woman: identifiers that differ in capitals or spaces only are one.

    Of whom it is not known are together what lies in one folder, or was tied to one visit.
    """
    if picture.patient.value:
        return identifier_key(picture.patient.value)
    return f"?{picture.visit or '/'.join(picture.item.folders)}"


def unused(name: str, names: Collection[str]) -> str:
    """A name for a visit that none of `names` is."""
    while name in names:
        name += " alone"
    return name


# not known, and no more than a guess
_WHOSE = tr("whose it is is not known: {reason}"), tr("whose it is is only a guess: {reason}")
_WHEN = tr("when it was is not known: {reason}"), tr("when it was is only a guess: {reason}")
_STAGE = tr("its stage is not known: {reason}"), tr("its stage is only a guess: {reason}")


def waits_for(picture: PlannedPicture, visit: PlannedVisit, *, also_unsure: bool = False) -> str:
    """Why a picture cannot be brought in as it stands in the plan ("": it can)."""
    if picture.left_out:
        return tr("left out by hand")
    for guess, (unknown_words, unsure_words) in (
        (picture.patient, _WHOSE),
        (visit.when, _WHEN),
        (picture.stage, _STAGE),
    ):
        if guess.value is None:
            return unknown_words.format(reason=guess.why)
        if not guess.known(also_unsure=also_unsure):
            return unsure_words.format(reason=guess.why)
    return ""


def twice(plan: ImportPlan) -> Mapping[str, str]:
    """Pictures whose pixels or bytes stand under two women of the plan, or nearly so, by key, with what is to be said
    of each. See `same_in`."""
    said = {}
    content = {picture.key: picture.content for picture in plan.pictures}
    for key, others in same_in(plan).items():
        same = any(content[other] == content[key] for other in others)
        said[key] = (
            tr("the same picture stands under another woman too")
            if same
            else tr("nearly the same picture, of the same second, stands under another woman too")
        )
    return said


def same_in(plan: ImportPlan) -> Mapping[str, Sequence[str]]:
    """By key of a picture, the keys of those under other women that are the same, or nearly."""
    there = {picture.key: picture for picture in plan.pictures if not picture.left_out}
    contents: dict[str, list[str]] = {}
    for picture in there.values():
        contents.setdefault(picture.content, []).append(picture.key)
    found = {}
    for picture in there.values():
        others = (*contents[picture.content], *sorted(picture.alike & there.keys()))
        strangers = [key for key in others if _are_two(there[key], picture)]
        if strangers and not picture.although_elsewhere:
            found[picture.key] = strangers
    return found


def _are_two(one: PlannedPicture, other: PlannedPicture) -> bool:
    """Whether they stand under two women; of whom it is not known waits, and is nobody else until somebody says so."""
    return woman_key(one) != woman_key(other) and (bool(one.patient.value) or not other.patient.value)


def _woman(
    key: str,
    pictures: Sequence[PlannedPicture],
    by_hand: _ByHand,
    *,
    confirmed: bool,
) -> PlannedWoman:
    by_key = {picture.key: picture for picture in pictures}
    tied: dict[str, list[str]] = {}
    for picture in pictures:
        if picture.visit:
            tied.setdefault(picture.visit, []).append(picture.key)
    free = parted_by_time([_in_visit(picture) for picture in pictures if not picture.visit])
    # a picture that left the visit that was called after it must not bear the same name elsewhere
    named = [*tied.items(), *((unused(keys[0], by_hand.names), keys) for keys in free)]
    visits = [_visit(name, [by_key[one] for one in keys], by_hand) for name, keys in named]
    identifier = next((picture.patient.value for picture in pictures if picture.patient.value), None)
    people = dict.fromkeys(picture.person for picture in pictures if picture.person is not None)
    words = dict.fromkeys(name for picture in pictures for name in picture.named)
    issuers = dict.fromkeys(picture.issuer for picture in pictures if picture.issuer)
    ordered = tuple(sorted(visits, key=_order))
    return PlannedWoman(key, identifier, tuple(people), ordered, confirmed, tuple(words), tuple(issuers))


def _order(visit: PlannedVisit) -> tuple[float, str]:
    return (visit.when.value.at.timestamp() if visit.when.value else float("inf"), visit.key)


def _visit(name: str, pictures: Sequence[PlannedPicture], by_hand: _ByHand) -> PlannedVisit:
    """Times of files order pictures and part visits; they are no reason for a pair or a stage: copying changes them."""
    known = [_in_visit(picture, surely=True) for picture in pictures if not picture.left_out]
    made, taken = _made_pairs(pictures, by_hand)
    guessed = guessed_pairs([one for one in known if one.key not in taken])
    guessed = tuple(pair for pair in guessed if pair.keys not in by_hand.parted)
    pairs = (*made, *guessed)
    stages = stages_by_acid(known, pairs)
    settled = [_settled(picture, stages.get(picture.key)) for picture in pictures]
    ordered = tuple(sorted(settled, key=lambda one: (_moment(one), in_order(one.key))))
    when = by_hand.times.get(name)
    if when is not None:
        ordered = tuple(_within(picture, when) for picture in ordered)
    return PlannedVisit(name, when or _visit_time(pictures), ordered, (*made, *_weakened(guessed, settled)))


def _within(picture: PlannedPicture, visit: Guess[When]) -> PlannedPicture:
    """A picture that says another time than somebody said of its visit: its clock was wrong, and its moment is none."""
    taken, said_of_visit = picture.when.value, visit.value
    if taken is None or said_of_visit is None or not far_apart(taken, said_of_visit):
        return picture
    why = tr(
        "{reason}, and the visit was said to be on {day}", reason=picture.when.why, day=moments.day(said_of_visit.day)
    )
    return replace(picture, when=replace(picture.when, sure=Sure.UNSURE, why=why, contradicted=True))


def _made_pairs(pictures: Sequence[PlannedPicture], by_hand: _ByHand) -> tuple[tuple[GuessedPair, ...], frozenset[str]]:
    """Pairs of a visit that somebody made, and the keys of their pictures: they hold for as long as both are in it."""
    if not by_hand.made:
        return (), frozenset()
    there = {picture.key: picture for picture in pictures if not picture.left_out}
    made = tuple(
        GuessedPair(white, lit, said(True, tr("made by hand")))
        for white, lit in sorted(by_hand.made)
        if white in there and lit in there and may_pair(there[white], there[lit])
    )
    return made, frozenset(key for pair in made for key in pair.keys)


def may_pair(white: PlannedPicture, second: PlannedPicture) -> bool:
    """Whether somebody may say that these two are a pair, in this order; see `services.pairing.make_pair`."""
    source, stage = second.source.value, second.stage.value
    if white.source.value is not Source.WHITE or source is None:
        return False
    return goes_second(source, stage, beside=white.stage.value)


def _settled(picture: PlannedPicture, stage: Guess[Stage] | None) -> PlannedPicture:
    """With the stage that its visit says; no surer than its source is."""
    if stage is None:
        return picture
    doubtful = picture.source.sure is Sure.UNSURE
    return replace(picture, stage=replace(stage, sure=Sure.UNSURE, why=picture.source.why) if doubtful else stage)


def _weakened(pairs: Iterable[GuessedPair], pictures: Sequence[PlannedPicture]) -> tuple[GuessedPair, ...]:
    """A pair is no surer than the sources of its two pictures."""
    doubtful = {picture.key for picture in pictures if picture.source.sure is Sure.UNSURE}
    return tuple(
        replace(pair, guess=unsure(True, tr("the source of one is only a guess")))
        if doubtful & {pair.white, pair.fluorescence}
        else pair
        for pair in pairs
    )


@functools.lru_cache(maxsize=65_536)  # see `words.without_meaning`
def in_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts names as people count: 60s before 120s."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((1, int(part), part) if part.isascii() and part.isdigit() else (0, 0, part) for part in parts)


def _moment(picture: PlannedPicture) -> float:
    return picture.when.value.at.timestamp() if picture.when.value else float("inf")


def _visit_time(pictures: Sequence[PlannedPicture]) -> Guess[When]:
    """The first moment that is known of a visit's pictures; the surer kind counts, and a time of day before a day."""
    known = [picture.when for picture in pictures if picture.when.value is not None]
    against = next((guess for guess in known if guess.contradicted and guess.sure is Sure.UNSURE), None)
    if against is not None:  # nothing else makes it surer
        return replace(against, value=min((guess.value for guess in known if guess.value), key=lambda when: when.at))
    sure = [guess for guess in known if guess.sure is not Sure.UNSURE]
    timed = [guess for guess in sure if guess.value and not guess.value.day_only]
    for guesses in (timed, sure, known):
        whens = [guess.value for guess in guesses if guess.value is not None]
        if whens:
            first = min(whens, key=lambda when: when.at)
            why = next(guess.why for guess in guesses if guess.value == first)
            return likely(first, why) if guesses is not known else unsure(first, why)
    return unknown(tr("no picture of it says when it was taken"))


def _in_visit(picture: PlannedPicture, *, surely: bool = False) -> InVisit:
    stem = picture.name.rsplit(".", 1)[0] if picture.part is None else picture.name
    when = None if surely and not picture.when.known() else picture.when.value
    return InVisit(picture.key, picture.item.folders, stem, picture.source.value, picture.stage.value, when)
