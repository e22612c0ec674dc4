"""Learning from a library: which cases, which women on which side, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.source import Source


class Part(StrEnum):
    """On which side a woman stands. Which of `TRAIN` choose the epoch (validation) is drawn by each run."""

    TRAIN = "train"
    CALIBRATION = "calibration"
    TEST = "test"


# women of a grade who calibrate, where there are three times as many: with fewer than nine whose pictures can be used,
# no prediction set may leave that grade out, and nearly all answers are indeterminate
LEAST_CALIBRATION = 12
RULES_OUT = 28  # women of a grade from which on enough calibrate, if all their pictures can be used
STRICTNESS = (Part.TEST, Part.CALIBRATION, Part.TRAIN)  # the part that all of a group get, if one has it


class Said(StrEnum):
    """Where the grade of a case comes from."""

    HISTOLOGY = "histology"
    ADJUDICATED = "adjudicated"
    ADJUDICATED_BY_READER = "adjudicated by one who differed"
    ADJUDICATED_AFTER_AI = "adjudicated, after AI"
    ADJUDICATED_BY_READER_AFTER_AI = "adjudicated by one who differed, after AI"
    MAJORITY = "majority"
    MAJORITY_AFTER_AI = "majority, after AI"
    FEWER_READERS = "fewer readers than asked for"
    FEWER_READERS_AFTER_AI = "fewer readers than asked for, after AI"
    IMPRESSION = "signed impression"
    IMPRESSION_AFTER_AI = "signed impression, after AI"


class Why(StrEnum):
    """Why a case is left out."""

    NO_LABEL = "it has no label"
    UNASSIGNED = "nobody has said who its woman is: assign its visit"
    CONTRADICTORY = "readers differ, and nobody has decided between them"
    NOT_GRADABLE = "readers say that it cannot be graded"
    WAITING = "another reader is still to read it"
    NO_PICTURE = "a picture is missing or was altered"
    OTHER_SOURCES = "the model does not read its sources"
    NO_SECOND = "no pair has a picture of the second source: pair them in Review"
    QUALITY = "the engine refuses its pictures"
    NOT_REGISTERED = "its pictures could not be registered"
    OTHER_SIDE = "its woman looks like one on another side"
    TOO_MANY = "there are more cases than the memory holds"


class State(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    LEARNED = "learned"  # in quarantine: it answers nothing
    NOT_BETTER = "not better"
    ACTIVE = "active"
    REPLACED = "replaced"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"


@dataclass(frozen=True)
class Case:
    """A pair that can be learned from. `pictures`: hash of the picture of each source that the model reads."""

    pair_id: str
    patient_id: str
    grade: Grade
    said: Said
    device: str
    pictures: Mapping[Source, str]

    @property
    def sources(self) -> tuple[Source, ...]:
        """In the order of `Source`."""
        return tuple(source for source in Source if source in self.pictures)


@dataclass(frozen=True)
class LeftOut:
    """A pair that is not learned from, why, and in which words of the engine where it says so."""

    pair_id: str
    why: Why
    detail: str = ""


@dataclass(frozen=True)
class Found:
    """What a library holds to learn from."""

    cases: tuple[Case, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def women(self) -> int:
        """How many women the cases are of."""
        return len({case.patient_id for case in self.cases})

    def without(self, others: Iterable[LeftOut]) -> Found:
        """The same with more of the cases left out."""
        others = tuple(others)
        gone = {one.pair_id for one in others}
        return Found(tuple(case for case in self.cases if case.pair_id not in gone), (*self.left_out, *others))


@dataclass(frozen=True)
class Count:
    """Cases, and the women that they are of."""

    cases: int = 0
    women: int = 0


def counts_by(cases: Iterable[Case], key: str) -> Mapping[str, Count]:
    """By `grade`, `device` or `said`: cases and women. A woman counts once with each grade that she has."""
    found: dict[str, list[Case]] = {grade.value: [] for grade in GRADES} if key == "grade" else {}
    for case in cases:
        found.setdefault(str(getattr(case, key)), []).append(case)
    return {name: Count(len(those), len({case.patient_id for case in those})) for name, those in found.items()}


def left_out_by(left_out: Iterable[LeftOut]) -> Mapping[Why, int]:
    """How many for each reason that there is."""
    found: dict[Why, int] = {}
    for one in left_out:
        found[one.why] = found.get(one.why, 0) + 1
    return found


def worst_grades(cases: Iterable[Case], group_of: Mapping[str, str] | None = None) -> Mapping[str, int]:
    """By woman, or by group of women, her highest rank."""
    worst: dict[str, int] = {}
    for case in cases:
        name = (group_of or {}).get(case.patient_id, case.patient_id)
        worst[name] = max(worst.get(name, 0), case.grade.rank)
    return worst


@dataclass(frozen=True)
class Group:
    """Women who may be one, because of pictures that are nearly the same. `pairs`: two pairs for each likeness."""

    women: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


def merged(groups: Iterable[Group]) -> tuple[Group, ...]:
    """The same likenesses with each woman in one group only."""
    at: dict[str, list[Group]] = {}
    for group in groups:
        met = {id(those): those for woman in group.women if (those := at.get(woman)) is not None}
        joined = [one for those in met.values() for one in those] + [group]
        at |= {woman: joined for one in joined for woman in one.women}
    return tuple(
        Group(
            tuple(sorted({woman for one in those for woman in one.women})),
            tuple(dict.fromkeys(pair for one in those for pair in one.pairs)),
        )
        for those in {id(those): those for those in at.values()}.values()
    )


def group_names(groups: Iterable[Group]) -> Mapping[str, str]:
    """By woman of a group, the name of her group: the first of its women."""
    return {woman: min(group.women) for group in groups for woman in group.women}


@dataclass(frozen=True)
class Sides:
    """Who stands where. `part_of`: by group (a woman alone is her own). `new`: women who got their part now."""

    part_of: Mapping[str, Part]
    group_of: Mapping[str, str]
    new: Mapping[str, Part]
    left_out: tuple[LeftOut, ...] = ()

    def part(self, case: Case) -> Part:
        """The side of a case."""
        return self.part_of[self.group_of.get(case.patient_id, case.patient_id)]


def sides_of(
    found: Found,
    groups: Sequence[Group],
    known: Mapping[str, Part],
    *,
    shares: Mapping[Part, float],
    seed: str,
    past: Mapping[str, Collection[str]] | None = None,
) -> Sides:
    """Give every woman of the cases a part. `known` parts never change; who joins a group takes that of the group.

    New groups are spread over the parts by their worst grade, so that old and new together come near to `shares`; those
    who calibrate are `LEAST_CALIBRATION` of each grade, or a third where there are fewer, at the cost of train.
    Where two women of one group stand on different sides already, the stricter one holds and the cases of the other
    are left out.

    `past`: by picture (SHA-256) the women who had it when a run began. A woman without a part who has it now is held
    together with the strictest of them; a case with a picture that stood on another side is left out.
    """
    before = _before(found, known, past or {})
    group_of = group_names(merged((*groups, *_inherited(found, known, before))) if before else groups)
    worst = worst_grades(found.cases, group_of)
    members: dict[str, set[str]] = {}
    for woman in {*(case.patient_id for case in found.cases), *group_of}:
        members.setdefault(group_of.get(woman, woman), set()).add(woman)
    part_of: dict[str, Part] = {}
    for group, women in members.items():
        parts = {known[woman] for woman in women if woman in known}
        if parts:
            part_of[group] = next(part for part in STRICTNESS if part in parts)
    part_of |= _spread(worst, part_of, shares, seed)
    new = {
        woman: part_of[group]
        for group, women in members.items()
        if group in part_of
        for woman in women
        if woman not in known
    }
    left_out = tuple(
        LeftOut(case.pair_id, Why.OTHER_SIDE)
        for case in found.cases
        if {known.get(case.patient_id), *(known[woman] for woman in before.get(case.pair_id, ()))}
        - {None, part_of[group_of.get(case.patient_id, case.patient_id)]}
    )
    return Sides(part_of, group_of, new, left_out)


def _before(
    found: Found, known: Mapping[str, Part], past: Mapping[str, Collection[str]]
) -> Mapping[str, frozenset[str]]:
    """By pair, the women with a part who had one of its pictures and are not its woman."""
    had = {
        case.pair_id: frozenset(
            woman
            for sha256 in case.pictures.values()
            for woman in past.get(sha256, ())
            if woman in known and woman != case.patient_id
        )
        for case in found.cases
    }
    return {pair_id: women for pair_id, women in had.items() if women}


def _inherited(found: Found, known: Mapping[str, Part], before: Mapping[str, frozenset[str]]) -> tuple[Group, ...]:
    """Women without a part, each with the strictest of those who had her pictures."""
    return tuple(
        Group((case.patient_id, min(women, key=lambda woman: (STRICTNESS.index(known[woman]), woman))), ())
        for case in found.cases
        if case.patient_id not in known and (women := before.get(case.pair_id))
    )


def _spread(
    worst: Mapping[str, int], part_of: Mapping[str, Part], shares: Mapping[Part, float], seed: str
) -> Mapping[str, Part]:
    import random

    given: dict[str, Part] = {}
    carried = dict.fromkeys(Part, 0.0)  # what rounding has left over, so that small strata do not starve a part
    for rank in sorted(set(worst.values()), reverse=True):
        all_of = sorted(group for group, grade in worst.items() if grade == rank)
        waiting = [group for group in all_of if group not in part_of]
        random.Random(f"{seed}/{rank}").shuffle(waiting)
        whole = sum(shares.values())
        wanted = {part: shares[part] / whole * len(all_of) + carried[part] for part in Part}
        more = min(LEAST_CALIBRATION, len(all_of) / 3) - shares[Part.CALIBRATION] / whole * len(all_of)
        for part, sign in ((Part.CALIBRATION, 1), (Part.TRAIN, -1)):
            wanted[part] += sign * max(0.0, more)
        got = dict.fromkeys(Part, 0)
        for group in all_of:
            if group in part_of:
                got[part_of[group]] += 1
        for group in waiting:
            part = max(Part, key=lambda one: wanted[one] - got[one])
            given[group] = part
            got[part] += 1
        carried = {part: wanted[part] - got[part] for part in Part}
    return given


@dataclass(frozen=True)
class Run:
    """A model learned from a library. `figures` are those of the last look at the locked test, {} before the first."""

    id: str
    made_at: datetime
    made_by: str
    parent_name: str
    parent_sha256: str
    model_name: str
    model_sha256: str
    settings: Mapping[str, Any]
    counts: Mapping[str, Any]
    state: State
    figures: Mapping[str, Any] = field(default_factory=dict)
