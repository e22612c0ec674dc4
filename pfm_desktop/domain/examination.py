"""The examination as a timeline: its steps, the clock since acetic acid, and what comes next. Pure functions.

Times are seconds of one clock that never jumps (`time.monotonic`), or seconds since acetic acid where that is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA

WARN_S = 180.0  # after acetic acid: fading is common from here on (Hilal 2020)
MARKS_S = (15.0, 30.0, 60.0, 120.0, 180.0)
MISSED_S = 12.0  # so long after a mark a picture no longer counts as one of that mark
LONGEST_MARK_S = 600.0
MOST_STEPS = 30
BEFORE_S = 60.0  # a picture that was frozen so long before an examination began is still one of it
GOES_ON_S = 600.0  # after acetic acid: until then an examination of which steps are left is going on
OVER_S = 3600.0  # after acetic acid: an examination that is looked at again later has no clock any more


@dataclass(frozen=True)
class Step:
    """One step of the plan. `pair`: white light and fluorescence at once, else one picture of the stage's own light.

    `seconds` after acetic acid for a mark of the clock, at which it is taken by itself where `automatic`; None for a
    step that waits for a key. The step that starts the clock takes no picture (`starts_clock`).
    """

    stage: Stage
    seconds: float | None = None
    pair: bool = False
    automatic: bool = False
    starts_clock: bool = False

    @property
    def key(self) -> str:
        """The same for the same step in every plan: `acetic_acid@60`."""
        if self.starts_clock:
            return "acid"
        return self.stage.value if self.seconds is None else f"{self.stage.value}@{self.seconds:g}"

    @property
    def words(self) -> str:
        """For a person: `acetic acid, 60 s, pair, by itself`."""
        more = (
            (tr("pair", "of pictures"), self.pair),
            (tr("by itself"), self.automatic),
            (tr("starts the clock"), self.starts_clock),
        )
        key = self.stage.value if self.starts_clock else self.key
        return COMMA.join((key_words(key), *(word for word, yes in more if yes)))

    @property
    def after_acid(self) -> bool:
        """Whether it can only be taken once acetic acid is on."""
        return self.stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID) and not self.starts_clock


def key_words(key: str) -> str:
    """A step by its key, for a person: `acetic acid, 60 s`."""
    name, _, seconds = key.partition("@")
    words = _STEP_WORDS.get(name, name.replace("_", " "))
    return f"{words}, {seconds} s" if seconds else words


def key_english(key: str) -> str:
    """The same for the record, whatever the language."""
    name, _, seconds = key.replace("_", " ").partition("@")
    return f"{name}, {seconds} s" if seconds else name


_STEP_WORDS: Mapping[str, str] = {
    Stage.SALINE.value: tr("saline"),
    Stage.GREEN.value: tr("green", "step of an examination"),
    Stage.FLUORESCENCE_BEFORE_ACID.value: tr("fluorescence before acid"),
    Stage.ACETIC_ACID.value: tr("acetic acid"),
    Stage.FLUORESCENCE_AFTER_ACID.value: tr("fluorescence after acid"),
    Stage.LUGOL.value: tr("lugol", "step of an examination"),
    "acid": tr("acid", "step of an examination"),
}


Plan = tuple[Step, ...]

DEFAULT_PLAN: Plan = (
    Step(Stage.SALINE),
    Step(Stage.GREEN),
    Step(Stage.FLUORESCENCE_BEFORE_ACID, pair=True),
    Step(Stage.ACETIC_ACID, starts_clock=True),
    *(Step(Stage.ACETIC_ACID, seconds=mark, pair=mark == 60.0, automatic=True) for mark in MARKS_S),
    Step(Stage.FLUORESCENCE_AFTER_ACID, pair=True),
    Step(Stage.LUGOL),
)


class PlanError(ValueError):
    """A plan that cannot be followed; the message says why, for a person."""


def checked(plan: Sequence[Step]) -> Plan:
    """The plan, or `PlanError`: one start of the clock where anything needs it, marks in order, nothing twice."""
    steps = tuple(plan)
    if not steps:
        raise PlanError(tr("a plan needs at least one step"))
    if len(steps) > MOST_STEPS:
        raise PlanError(tr("a plan has at most {most} steps", most=MOST_STEPS))
    keys = [step.key for step in steps]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise PlanError(tr("the step {step} stands in it twice", step=key_words(twice)))
    start = next((place for place, step in enumerate(steps) if step.starts_clock), None)
    if any(step.after_acid and (start is None or place < start) for place, step in enumerate(steps)):
        raise PlanError(tr("what is taken after acetic acid must come after the step that starts its clock"))
    iodine = next((place for place, step in enumerate(steps) if step.stage is Stage.LUGOL), len(steps))
    if any(step.stage not in (Stage.LUGOL, Stage.GREEN) for step in steps[iodine:]):
        raise PlanError(tr("Lugol's iodine comes last: its stain is on all that is taken after it"))
    marks = [step.seconds for step in steps if step.seconds is not None]
    if any(not math.isfinite(mark) or not 0 < mark <= LONGEST_MARK_S for mark in marks):
        raise PlanError(tr("marks lie between 0 and {longest:g} seconds after acetic acid", longest=LONGEST_MARK_S))
    if any(step.seconds is not None and not step.after_acid for step in steps):
        raise PlanError(tr("only pictures after acetic acid have a mark"))
    if marks != sorted(marks):
        raise PlanError(tr("the marks must come in the order of their seconds"))
    return steps


def plan_to_json(plan: Plan) -> list[dict[str, Any]]:
    """As it is kept."""
    return [
        {
            "stage": step.stage.value,
            "seconds": step.seconds,
            "pair": step.pair,
            "automatic": step.automatic,
            "starts_clock": step.starts_clock,
        }
        for step in plan
    ]


def plan_from_json(kept: Any) -> Plan:
    """The reverse of `plan_to_json`; `PlanError` for anything else."""
    try:
        steps = [
            Step(
                Stage(one["stage"]),
                None if one["seconds"] is None else float(one["seconds"]),
                one["pair"] is True,
                one["automatic"] is True,
                one["starts_clock"] is True,
            )
            for one in kept
        ]
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise PlanError(tr("the kept plan cannot be read")) from error
    return checked(steps)


@dataclass(frozen=True)
class Examination:
    """What is on record about the examination of a visit beside its pictures.

    `acid_at` (aware) is when acetic acid was applied, None while it was not. `plan` is that of the site when the
    examination began. `skipped` are keys of steps that were passed over. `iodine_override` is the reason for using
    iodine in spite of a known allergy, "" while there is none.
    """

    visit_id: str
    started_at: datetime  # aware
    acid_at: datetime | None = None
    plan: Plan = DEFAULT_PLAN
    skipped: frozenset[str] = frozenset()
    iodine_override: str = ""


@dataclass(frozen=True)
class Taken:
    """A picture as the timeline counts it. `seconds` since acetic acid, None before it or where not known."""

    stage: Stage
    seconds: float | None = None


def counted(examination: Examination, pictures: Iterable[Picture]) -> tuple[Taken, ...]:
    """Those pictures of the visit that belong to this examination, and since the clock started last: what was imported,
    or taken before acid was applied again, is no step of it."""
    found = []
    for one in pictures:
        if not one.time_known or (one.taken_at - examination.started_at).total_seconds() < -BEFORE_S:
            continue
        after = one.stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID)
        since = None if examination.acid_at is None else (one.taken_at - examination.acid_at).total_seconds()
        if after and (since is None or since < -1.0):
            continue
        found.append(Taken(one.stage, since if after else None))
    return tuple(found)


def done(plan: Plan, taken: Sequence[Taken], *, acid: bool, skipped: frozenset[str] = frozenset()) -> frozenset[str]:
    """Keys of the steps that are done with. `acid`: whether acetic acid is on.

    A picture after acid counts for the last mark that had come when it was taken, until `MISSED_S` after it. For a step
    behind marks, as fluorescence after acid, counts what was taken once the last of them had come that was not passed
    over, unless it is the fluorescence of a mark itself.
    """
    found = {step.key for step in plan if step.key in skipped or (step.starts_clock and acid)}
    there = {step.key for place, step in enumerate(plan) if _is_there(step, _marks_before(plan, place, skipped), taken)}
    return frozenset(found | there)


def _marks_before(plan: Plan, place: int, skipped: frozenset[str]) -> list[Step]:
    return [step for step in plan[:place] if step.seconds is not None and step.key not in skipped]


def _is_there(step: Step, marks: Sequence[Step], taken: Sequence[Taken]) -> bool:
    if step.starts_clock:
        return False
    of_it = [one for one in taken if one.stage is step.stage]
    if step.seconds is not None:
        return any(one.seconds is not None and at_mark(step, one.seconds) for one in of_it)
    if not marks or not step.after_acid:
        return bool(of_it)
    last = marks[-1].seconds or 0.0
    late = [one.seconds for one in of_it if one.seconds is not None and one.seconds >= last - 1.0]
    lit = marks[-1].pair and step.stage.source is Source.FLUORESCENCE  # one of them is that of the mark
    return len(late) > (lit and any(at_mark(marks[-1], at) for at in late))


def at_mark(step: Step, seconds: float) -> bool:
    """Whether a picture so many seconds after acid is one of that mark."""
    return step.seconds is not None and step.seconds - 1.0 <= seconds < step.seconds + MISSED_S


def next_step(plan: Plan, finished: frozenset[str], *, seconds: float | None) -> Step | None:
    """What comes next; `seconds` since acetic acid (None before). What was missed is passed over; None when nothing is
    left."""
    gone = {step.key for step in missed(plan, finished, seconds=seconds)}
    return next((step for step in plan if step.key not in finished and step.key not in gone), None)


def missed(plan: Plan, finished: frozenset[str], *, seconds: float | None) -> tuple[Step, ...]:
    """Steps of which there is no picture and can be none any more: marks that went by, what stands before acetic acid
    in the plan once it is on, and what stands before Lugol's iodine once that is on."""
    if seconds is None:
        return ()
    start = next((place for place, step in enumerate(plan) if step.starts_clock), 0)
    iodine = next((place for place, step in enumerate(plan) if step.stage is Stage.LUGOL and step.key in finished), 0)
    return tuple(
        step
        for place, step in enumerate(plan)
        if step.key not in finished
        and (place < max(start, iodine) or (step.seconds is not None and seconds >= step.seconds + MISSED_S))
    )


def due(plan: Plan, finished: frozenset[str], *, before: float, seconds: float) -> Step | None:
    """The automatic mark that comes between two looks at the clock (seconds since acetic acid); None for none.

    Of several, where the computer slept between them, the last one.
    """
    come = [
        step
        for step in plan
        if step.automatic and step.seconds is not None and step.key not in finished and before < step.seconds <= seconds
    ]
    return come[-1] if come and seconds < (come[-1].seconds or 0.0) + MISSED_S else None


def too_late(seconds: float | None) -> bool:
    """Whether so long after acetic acid whitening fades and is not to be waited for."""
    return seconds is not None and seconds > WARN_S


def stage_of(source: Source, step: Step | None, *, acid: bool, iodine: bool = False) -> Stage:
    """The stage of a picture that is taken now in this light, at this step.

    Fluorescence is named by whether acetic acid is on; the white-light picture of a fluorescence step is one of saline
    before acid and of acetic acid after it, and nothing is one of saline once acid is on. Once Lugol's iodine is on it
    stays: white light is one of it from then on.
    """
    if source is Source.FLUORESCENCE:
        return Stage.FLUORESCENCE_AFTER_ACID if acid else Stage.FLUORESCENCE_BEFORE_ACID
    plain = Stage.LUGOL if iodine else Stage.ACETIC_ACID if acid else Stage.SALINE
    if step is None or step.starts_clock or step.stage.source is Source.FLUORESCENCE:
        return plain
    return plain if step.stage in (Stage.ACETIC_ACID, Stage.SALINE) else step.stage


@dataclass(frozen=True)
class Whitening:
    """How a place of the cervix whitened after acetic acid.

    `seconds` since acid, `change` the lightness (CIE L*) minus that at the start, `against_normal` the same without
    what normal tissue did as well (None where none was chosen; `imaging.whitening.curve`). Onset, peak and half are of
    `against_normal` where there is one, else of `change`, in which lamp and exposure drift too. `onset_s` is when
    whitening begins, `peak` and `peak_s` the most of it and when, `half_s` when it has faded to half of the peak (None:
    not within the recording); all None where nothing whitened; `onset_s` alone is None where whitening was on already
    when the frames began. `region` is a polygon in pixels of the first frame, (x, y) pairs. `facts` are further numbers
    by name.
    """

    region: tuple[tuple[float, float], ...]
    seconds: tuple[float, ...]
    change: tuple[float, ...]
    against_normal: tuple[float, ...] | None = None
    onset_s: float | None = None
    peak: float | None = None
    peak_s: float | None = None
    half_s: float | None = None
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def late_s(self) -> float | None:
        """When it was followed from, seconds after acid, where that is too late to know how it looked before."""
        first = self.seconds[0] if self.seconds else 0.0
        return first if first > LATE_FIRST_S else None


LATE_FIRST_S = 7.0  # after acid: a curve that begins later may miss whitening from its start
MAP_ENDS = {"peak": "map_peak_dl", "persistence": "map_persistence_s"}  # facts of a whitening, by map


@dataclass(frozen=True)
class KeptWhitening:
    """A whitening on record: of which visit and clip, and against which normal tissue (a polygon as `region`).

    `map_sha256` names a picture in the picture store, "" for none: the first frame under the map of its peak, and
    beside it under that of persistence. Each has the upper end of its legend among `whitening.facts` (`MAP_ENDS`).
    """

    id: str
    visit_id: str
    clip_id: str
    whitening: Whitening
    normal: tuple[tuple[float, float], ...] | None
    map_sha256: str
    made_at: datetime  # aware
    made_by: str
