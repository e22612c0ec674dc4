"""Labels: what readers said of pairs, and the grade that a case is labelled with because of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source


class Order(StrEnum):
    """In which order the pairs of a task are read."""

    RANDOM = "random"
    UNCERTAINTY = "uncertainty"  # where the model is least sure first
    DIVERSITY = "diversity"  # each unlike those before it
    DISAGREEMENT = "disagreement"  # where readers, or the model and a reader, differ most first

    @property
    def asks_model(self) -> bool:
        """Whether the model is asked about each pair for it."""
        return self in (Order.UNCERTAINTY, Order.DIVERSITY)


class AiShown(StrEnum):
    """When the answer of the model is shown to who reads for labels: the choice of a site."""

    HIDDEN = "hidden"
    AFTER = "after"  # the grade was given
    BEFORE = "before"


class Origin(StrEnum):
    """Where a label comes from, the one that outranks the others first.

    By one who differed: who decided is one of the readers, and so was not free of an opinion. After AI: who decided, or
    somebody whose read counts, had seen the answer of a model before. Fewer readers: a task was closed before as many
    had read the pair as it asked for, and they are the majority of those who did.
    """

    HISTOLOGY = "histology"
    ADJUDICATED = "adjudicated"
    ADJUDICATED_BY_READER = "adjudicated by one who differed"
    ADJUDICATED_AFTER_AI = "adjudicated, after AI"
    ADJUDICATED_BY_READER_AFTER_AI = "adjudicated by one who differed, after AI"
    MAJORITY = "majority"
    MAJORITY_AFTER_AI = "majority, after AI"
    FEWER_READERS = "fewer readers than asked for"
    FEWER_READERS_AFTER_AI = "fewer readers than asked for, after AI"


# by whether who decided is one of the readers, and whether after AI
_ADJUDICATED = {
    (False, False): Origin.ADJUDICATED,
    (True, False): Origin.ADJUDICATED_BY_READER,
    (False, True): Origin.ADJUDICATED_AFTER_AI,
    (True, True): Origin.ADJUDICATED_BY_READER_AFTER_AI,
}
# by whether fewer read it than were asked for, and whether after AI
_MAJORITY = {
    (False, False): Origin.MAJORITY,
    (False, True): Origin.MAJORITY_AFTER_AI,
    (True, False): Origin.FEWER_READERS,
    (True, True): Origin.FEWER_READERS_AFTER_AI,
}


class Reason(StrEnum):
    """Why a pair cannot be graded. `NOT_SHOWN` is no reader's opinion, and so has no voice in anything."""

    NO_CERVIX = "no cervix is seen"
    BLURRED = "blurred"
    LIGHT = "too dark or too bright"
    COVERED = "covered by blood, mucus or an instrument"
    NOT_A_PAIR = "the two pictures do not belong together"
    OTHER = "another reason"
    NOT_SHOWN = "the pictures could not be shown"


REASONS = tuple(reason for reason in Reason if reason is not Reason.NOT_SHOWN)  # a reader chooses among these


class Quality(StrEnum):
    """How good a reader finds the pictures."""

    GOOD = "good"
    LIMITED = "limited"
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class Region:
    """The outline of a lesion as a reader drew it on the picture of `frame`, in its pixels."""

    frame: Source
    outline: Outline


@dataclass(frozen=True)
class Task:
    """Pairs that are to be read, and how.

    `search` found them; `seed` fixes their order and which are read again. `repeats`: share of the pairs that each
    reader gets a second time without being told, 0 to 1. `readers`: how many people are to read each pair. `ai_first`:
    whether the answer of the model may be shown before the grade is given (the site decides; never by default).
    """

    id: str
    name: str
    search: str
    order: Order
    seed: int
    repeats: float
    readers: int
    ai_first: bool
    made_by: str
    made_at: datetime
    closed: bool = False


@dataclass(frozen=True)
class Read:
    """What one reader said of one pair in one task, once: `turn` 1, and 2 for a blind repeat.

    `grade` None: it cannot be graded, `reason` says why. `adjudicates`: the decision between other reads.
    `seconds`: from the pair on screen to the grade. `ai_seen`: the reader saw the model's answer before.
    """

    id: str
    task_id: str
    pair_id: str
    reader: str
    turn: int
    grade: Grade | None
    made_at: datetime
    seconds: float = 0.0
    reason: Reason | None = None
    note: str = ""
    quality: Quality | None = None
    regions: tuple[Region, ...] = ()
    ai_seen: bool = False
    adjudicates: bool = False

    @property
    def has_voice(self) -> bool:
        """Whether it says something of the pair; not of pictures that were lost."""
        return self.reason is not Reason.NOT_SHOWN


@dataclass(frozen=True)
class Histology:
    """The laboratory's result for one visit: its worst grade. It outranks every reading."""

    visit_id: str
    grade: Grade
    reported_on: date | None = None
    text: str = ""
    entered_by: str = ""


@dataclass(frozen=True)
class Label:
    """A grade with its origin. `reads`: how many readers have a voice; `agree`: how many of them said this grade."""

    grade: Grade
    origin: Origin
    reads: int = 0
    agree: int = 0


class Open(StrEnum):
    """Why a case has no label."""

    UNREAD = "nobody has read it"
    CONTRADICTORY = "readers differ, and nobody has decided between them"
    NOT_GRADABLE = "readers say that it cannot be graded"
    WAITING = "another reader is still to read it"


@dataclass(frozen=True)
class Labelled:
    """What a case is labelled with, or why it is not."""

    label: Label | None
    why_not: Open | None = None


@dataclass(frozen=True)
class Wanted:
    """How many people are to read a pair: `asked` for by a task, and `still`, which no closed one does."""

    asked: int = 1
    still: int = 1


_ONE = Wanted()


def wanted_of(reads: Iterable[Read], tasks: Mapping[str, Task]) -> Wanted:
    """The most that a task wants in which somebody read the pair; one in which nobody did says nothing of it."""
    found = [tasks[id_] for id_ in {read.task_id for read in reads if _counts(read)} if id_ in tasks]
    return Wanted(
        max((task.readers for task in found), default=1),
        max((task.readers for task in found if not task.closed), default=1),
    )


def label_of(histology: Histology | None, reads: Iterable[Read], *, wanted: Wanted = _ONE) -> Labelled:
    """Histology where it exists, else what was adjudicated last, else what more readers said than anything else.

    `wanted`: before as many have read it as still are to, no majority counts; where fewer have than were asked for,
    the origin says so.

    `reads` stand in the order of the record, which a clock that was set back does not change.

    A reader counts once, by the first turn of the latest task: a blind repeat tells of the reader, not of the case.
    Who had seen the answer of a model has a voice only where fewer than were asked for read without it, and the origin
    says so then: one of two readers alone is not what was asked for.
    """
    reads = tuple(read for read in reads if read.has_voice)
    blind = first_reads(blind_reads(reads))
    enough = len(blind) >= wanted.asked
    voices = list((blind if enough else first_reads(reads)).values())
    given = Counter(read.grade for read in voices)
    decided = next((read for read in reversed(reads) if read.adjudicates), None)
    if histology is not None:
        return _labelled(histology.grade, Origin.HISTOLOGY, given)
    if decided is not None:
        return _labelled(decided.grade, _ADJUDICATED[decided.reader in first_reads(reads), decided.ai_seen], given)
    if not voices:
        return Labelled(None, Open.UNREAD)
    if len(first_reads(reads)) < wanted.still:
        return Labelled(None, Open.WAITING)
    (grade, most), *others = given.most_common()
    if any(count == most for _, count in others):
        return Labelled(None, Open.CONTRADICTORY)
    after_ai = any(read.ai_seen for read in voices)
    return _labelled(grade, _MAJORITY[len(voices) < wanted.asked, after_ai], given)


def _labelled(grade: Grade | None, origin: Origin, given: Mapping[Grade | None, int]) -> Labelled:
    if grade is None:
        return Labelled(None, Open.NOT_GRADABLE)
    return Labelled(Label(grade, origin, sum(given.values()), given.get(grade, 0)))


def blind_reads(reads: Iterable[Read]) -> tuple[Read, ...]:
    """Those whose reader had not seen the answer of a model about the pair before."""
    return tuple(read for read in reads if not read.ai_seen)


def first_reads(reads: Iterable[Read]) -> Mapping[str, Read]:
    """By reader, the read that counts: of turn 1, where there are several (of several tasks) the last in the order of
    `reads`, which is that of the record."""
    return {read.reader: read for read in reads if read.turn == 1 and _counts(read)}


def _counts(read: Read) -> bool:
    """Whether it is a voice among those of the readers."""
    return read.has_voice and not read.adjudicates


def disagree(reads: Iterable[Read]) -> bool:
    """Whether readers of one pair said different things, and nobody has decided between them yet."""
    reads = tuple(reads)
    said = {read.grade for read in first_reads(reads).values()}
    return len(said) > 1 and not any(read.adjudicates and read.has_voice for read in reads)


@dataclass(frozen=True)
class Turn:
    """One pair that a reader is to read: the first time, or again."""

    pair_id: str
    turn: int = 1


REPEAT_GAP = 20  # other pairs between a pair and its repeat: sooner, who reads knows it again


def repeats_in(pairs: int, repeats: float, *, gap: int = REPEAT_GAP) -> int:
    """How many of so many pairs come again, of a share that is asked for: only those with `gap` others behind them."""
    return max(0, min(round(min(max(repeats, 0.0), 1.0) * pairs), pairs - gap))


def turns(
    pairs: Sequence[str], repeats: float, *, seed: int, gap: int = REPEAT_GAP, given: Collection[str] = ()
) -> tuple[Turn, ...]:
    """Pairs in their order, a share of them a second time, `gap` pairs later at least (`repeats_in`).

    The same for the same seed; who reads cannot tell a repeat from its place. `given`: pairs that were read again
    already. They stay, in place of others, also where they would not be drawn now: older versions let pairs near the
    end come again sooner, and a task may have lost pairs since.
    """
    import random

    drawn, count = random.Random(seed), len(pairs)
    first = drawn.sample(range(count), round(min(max(repeats, 0.0), 1.0) * count))
    at = {place: drawn.randint(place + gap + 1, max(place + gap + 1, count)) for place in first}
    again = [place for place in first if at[place] <= count]
    # in place of those that have no room behind them: the queues of tasks in which all have are as they always were
    spare = sorted(set(range(count - gap)).difference(again))
    for place in drawn.sample(spare, repeats_in(count, repeats, gap=gap) - len(again)):
        again.append(place)
        at[place] = drawn.randint(place + gap + 1, count)
    later: dict[int, list[str]] = {}
    for place in _with_given(again, pairs, frozenset(given)):
        later.setdefault(min(at.get(place, place + gap + 1), count), []).append(pairs[place])
    made: list[Turn] = []
    for place, pair in enumerate(pairs):
        made += [Turn(one, 2) for one in later.get(place, ())]
        made.append(Turn(pair))
    return (*made, *(Turn(one, 2) for one in later.get(count, ())))


def _with_given(again: Sequence[int], pairs: Sequence[str], given: frozenset[str]) -> Iterable[int]:
    """Places that come again: all of `given`, each that was not drawn in place of one that was and is not read yet."""
    besides = [place for place, pair in enumerate(pairs) if pair in given and place not in again]
    open_ = [place for place in again if pairs[place] not in given]
    left_out = frozenset(open_[max(0, len(open_) - len(besides)) :])
    return [*(place for place in again if place not in left_out), *besides]


@dataclass(frozen=True)
class Progress:
    """How far one reader is in a task."""

    done: int
    total: int
    graded: Mapping[Grade, int] = field(default_factory=dict)
