"""The examination as its timeline shows it: what comes next, the clock, what was done and what was missed. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pfm_desktop.domain.examination import (
    DEFAULT_PLAN,
    Plan,
    Step,
    Taken,
    at_mark,
    done,
    missed,
    next_step,
    too_late,
)
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA, titled
from pfm_desktop.viewmodels.iodine import ALLERGIC

FADES = tr("Over 3 minutes since acetic acid: whitening fades. Take what is missing now.")
FADES_NOW = tr("Over 3 minutes since acetic acid: whitening fades.")
OVERRIDDEN = tr("Iodine allergy on record. To be used all the same: {reason}")
BLOCKED = tr("Iodine allergy on record: do not use iodine.")
ASK_ALLERGY = tr("Iodine allergy not asked yet: say No (N) or Yes (Y) first.")
FINISHED = tr("All steps are done")
OVER = tr("No step is left")
NO_CLOCK = "-:--"
_SOON_S = 5.0


class RowState(StrEnum):
    """How a line of the timeline stands."""

    DONE = "done"
    TAKING = "taking"
    NEXT = "next"
    LATER = "later"
    MISSED = "missed"
    SKIPPED = "skipped"
    BLOCKED = "blocked"


SIGNS = {
    RowState.DONE: "✓",
    RowState.TAKING: "…",
    RowState.NEXT: "▶",
    RowState.LATER: "·",
    RowState.MISSED: "!",
    RowState.SKIPPED: "-",
    RowState.BLOCKED: "✕",
}
STATE_WORDS = {
    RowState.DONE: tr("done"),
    RowState.TAKING: tr("being taken"),
    RowState.NEXT: tr("next"),
    RowState.LATER: tr("later"),
    RowState.MISSED: tr("missed"),
    RowState.SKIPPED: tr("left out"),
    RowState.BLOCKED: tr("blocked: iodine allergy"),
}


@dataclass(frozen=True)
class TimelineRow:
    """A line; `note` says when it was taken, or in how many seconds it comes."""

    key: str
    text: str
    state: RowState
    note: str = ""

    @property
    def spoken(self) -> str:
        """For the screen reader."""
        return COMMA.join(part for part in (self.text, STATE_WORDS[self.state], self.note) if part)


@dataclass(frozen=True)
class Timeline:
    """`headline` is the next step in large letters, `countdown` when it comes ("" where it waits for a key), `clock`
    the time since acetic acid; `warning` what must not be overlooked ("" for nothing). `step` is the next one."""

    headline: str
    countdown: str
    clock: str
    rows: tuple[TimelineRow, ...]
    warning: str = ""
    button: str = ""  # what the large button does; "" where it does nothing
    step: Step | None = None
    refusal: str = ""  # the next step is iodine, and she is allergic to it, or was not asked
    overridable: bool = False  # a reason lifts that

    @property
    def blocked(self) -> bool:
        """Whether the next step may not be done as things stand."""
        return bool(self.refusal)


@dataclass(frozen=True)
class Facts:
    """What the timeline is made from. `iodine`: whether she is allergic, None where she was not asked."""

    plan: Plan = DEFAULT_PLAN
    taken: Sequence[Taken] = ()
    acid: bool = False
    seconds: float | None = None
    skipped: frozenset[str] = frozenset()
    iodine: bool | None = None
    iodine_override: str = ""
    under_way: frozenset[str] = frozenset()


def clock_text(seconds: float | None) -> str:
    """`1:05`, minutes and seconds; `-:--` before acetic acid."""
    if seconds is None:
        return NO_CLOCK
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


_IN_SHORT = {Stage.SALINE: tr("Saline"), Stage.GREEN: tr("Green filter"), Stage.LUGOL: tr("Lugol's iodine")}
_ACID = tr("Acetic acid")


def step_text(step: Step) -> str:
    """A step as a line says it."""
    if step.starts_clock:
        return tr("Acetic acid: start the clock")
    if step.seconds is not None:
        what = tr("white + fluorescence") if step.pair else tr("white light")
        return f"{clock_text(step.seconds)}  {what}"
    if step.stage is Stage.FLUORESCENCE_BEFORE_ACID:
        return tr("Fluorescence before acid")
    if step.stage is Stage.FLUORESCENCE_AFTER_ACID:
        return tr("Fluorescence after acid")
    what = _IN_SHORT.get(step.stage, _ACID)
    return tr("{stage} + fluorescence", stage=what) if step.pair else what


def button_text(step: Step | None) -> str:
    """What the large button does at this step."""
    if step is None:
        return tr("Take picture")
    if step.starts_clock:
        return tr("Acid is on: start clock")
    pair = step.pair or step.stage.source is Source.FLUORESCENCE
    return tr("Take pair") if pair else tr("Take picture")


def timeline(facts: Facts) -> Timeline:
    """As it is shown at this moment."""
    finished = done(facts.plan, facts.taken, acid=facts.acid, skipped=facts.skipped) | facts.under_way
    step = next_step(facts.plan, finished, seconds=facts.seconds)
    lost = {one.key for one in missed(facts.plan, finished, seconds=facts.seconds)}
    stop = facts.iodine is True and not facts.iodine_override
    unasked = facts.iodine is None and not facts.iodine_override and step is not None and step.stage is Stage.LUGOL
    blocked = stop and step is not None and step.stage is Stage.LUGOL
    refusal = BLOCKED if blocked else ASK_ALLERGY if unasked else ""
    rows = tuple(_row(one, facts, finished, lost, step, stop=stop) for one in facts.plan)
    headline = _over(rows) if step is None else step_text(step)
    return Timeline(
        headline=headline,
        countdown=_countdown(step, facts.seconds),
        clock=clock_text(facts.seconds),
        rows=rows,
        warning=_warning(facts, step, refusal),
        button="" if refusal else button_text(step),
        step=step,
        refusal=refusal,
        overridable=blocked,
    )


def _over(rows: Sequence[TimelineRow]) -> str:
    """`All steps are done`, or `No step is left: 3 missed, 1 left out`."""
    missed_, skipped = (sum(row.state is state for row in rows) for state in (RowState.MISSED, RowState.SKIPPED))
    short = [tr("%n missed", "", missed_)] if missed_ else []
    short += [tr("%n left out", "", skipped)] if skipped else []
    return titled(OVER, COMMA.join(short)) if short else FINISHED


def _row(
    step: Step, facts: Facts, finished: frozenset[str], lost: set[str], following: Step | None, *, stop: bool
) -> TimelineRow:
    state = RowState.LATER
    if step.key in facts.skipped:
        state = RowState.SKIPPED
    elif step.key in finished:
        state = RowState.TAKING if step.key in facts.under_way else RowState.DONE
    elif step.key in lost:
        state = RowState.MISSED
    elif stop and step.stage is Stage.LUGOL:
        state = RowState.BLOCKED
    elif step is following:
        state = RowState.NEXT
    note = ""
    if state is RowState.DONE:
        note = _when(step, facts.taken)
    elif state in (RowState.NEXT, RowState.LATER) and step.automatic:
        note = tr("by itself")
    return TimelineRow(step.key, step_text(step), state, note)


def _when(step: Step, taken: Sequence[Taken]) -> str:
    """At which second it was taken."""
    at = [one.seconds for one in taken if one.stage is step.stage and one.seconds is not None]
    if step.seconds is not None:
        at = [one for one in at if at_mark(step, one)]
    if not at or step.starts_clock:
        return ""
    lit = [one.seconds for one in taken if one.stage is Stage.FLUORESCENCE_AFTER_ACID and one.seconds is not None]
    alone = step.seconds is not None and step.pair and not any(at_mark(step, one) for one in lit)
    clock = clock_text(round(at[0 if step.seconds is not None else -1]))
    return tr("at {clock}, no fluorescence", clock=clock) if alone else tr("at {clock}", clock=clock)


def _countdown(step: Step | None, seconds: float | None) -> str:
    if step is not None and step.stage is Stage.GREEN:
        return tr("put the filter in")
    if step is None or step.seconds is None or seconds is None:
        return ""
    left = step.seconds - seconds
    if left <= 0:
        return tr("now") if step.automatic else tr("now, by key")
    seconds = max(1, round(left))
    return (
        tr("in {seconds} s, hold still", seconds=seconds) if left <= _SOON_S else tr("in {seconds} s", seconds=seconds)
    )


def _warning(facts: Facts, step: Step | None, refusal: str) -> str:
    used = OVERRIDDEN.format(reason=facts.iodine_override) if facts.iodine_override else f"{ALLERGIC}."
    used = used if facts.iodine else ""
    if step is not None and step.stage is Stage.LUGOL and facts.iodine is None:
        used = ASK_ALLERGY
    fades = ""
    if step is not None and too_late(facts.seconds):
        fades = FADES if step.after_acid else FADES_NOW
    return "\n".join(part for part in (refusal or used, fades) if part)
