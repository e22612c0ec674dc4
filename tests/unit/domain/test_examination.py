"""The examination as a timeline: what comes next, what was missed, and plans that cannot be followed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pfm_desktop.domain import examination as timeline
from pfm_desktop.domain.capture import Gap, gap_of
from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.examination import DEFAULT_PLAN, MISSED_S, Examination, PlanError, Step, Taken, checked
from pfm_desktop.domain.source import Source, Stage

ACID = Step(Stage.ACETIC_ACID, starts_clock=True)


def keys(steps: object) -> list[str]:
    return [step.key for step in steps]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("seconds", "gap"),
    [(0.0, Gap.GOOD), (0.5, Gap.GOOD), (-0.5, Gap.GOOD), (0.51, Gap.FAIR), (1.0, Gap.FAIR), (1.01, Gap.WARN),
     (3.0, Gap.WARN), (3.01, Gap.REJECT), (-3.5, Gap.REJECT)],
)  # fmt: skip
def test_the_gap_of_a_pair_is_judged_whichever_picture_came_first(seconds: float, gap: Gap) -> None:
    assert gap_of(seconds) is gap


def test_the_plan_that_comes_with_the_program_can_be_followed_and_is_that_of_the_issue() -> None:
    assert checked(DEFAULT_PLAN) == DEFAULT_PLAN
    assert keys(DEFAULT_PLAN) == [
        "saline", "green", "fluorescence_before_acid", "acid", "acetic_acid@15", "acetic_acid@30", "acetic_acid@60",
        "acetic_acid@120", "acetic_acid@180", "fluorescence_after_acid", "lugol",
    ]  # fmt: skip


def test_a_plan_comes_back_from_the_disk_as_it_was() -> None:
    kept = json.loads(json.dumps(timeline.plan_to_json(DEFAULT_PLAN)))
    assert timeline.plan_from_json(kept) == DEFAULT_PLAN


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ((), "at least one"),
        ((Step(Stage.SALINE), Step(Stage.SALINE)), "twice"),
        ((Step(Stage.ACETIC_ACID, 60.0),), "after the step that starts"),
        ((Step(Stage.ACETIC_ACID, 60.0), ACID), "after the step that starts"),
        ((ACID, Step(Stage.ACETIC_ACID, 60.0), Step(Stage.ACETIC_ACID, 30.0)), "order"),
        ((ACID, Step(Stage.ACETIC_ACID, 601.0)), "between 0 and"),
        ((ACID, Step(Stage.ACETIC_ACID, float("nan"))), "between 0 and"),
        ((ACID, Step(Stage.ACETIC_ACID, -1.0)), "between 0 and"),
        ((Step(Stage.SALINE, 10.0),), "only pictures after acetic acid"),
        (tuple(Step(Stage.ACETIC_ACID, float(mark)) for mark in range(1, 40)), "at most"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused_with_the_reason(plan: tuple[Step, ...], why: str) -> None:
    with pytest.raises(PlanError, match=why):
        checked(plan)


@pytest.mark.parametrize(
    "kept",
    [None, 3, "plan", [3], [{}], [{"stage": "none"}], {"stage": "saline"},
     [{"stage": "saline", "seconds": "soon", "pair": False, "automatic": False, "starts_clock": False}]],
)  # fmt: skip
def test_what_is_no_plan_on_the_disk_is_an_error_and_no_crash(kept: object) -> None:
    with pytest.raises(PlanError):
        timeline.plan_from_json(kept)


def test_steps_come_one_after_the_other_and_the_clock_waits_for_its_key() -> None:
    taken: list[Taken] = []
    seen = []
    for _ in range(3):
        step = timeline.next_step(DEFAULT_PLAN, timeline.done(DEFAULT_PLAN, taken, acid=False), seconds=None)
        assert step is not None
        seen.append(step.key)
        taken.append(Taken(step.stage))
    assert seen == ["saline", "green", "fluorescence_before_acid"]
    step = timeline.next_step(DEFAULT_PLAN, timeline.done(DEFAULT_PLAN, taken, acid=False), seconds=None)
    assert step is not None
    assert step.starts_clock


def test_a_mark_is_taken_from_a_second_before_it_until_it_counts_as_missed() -> None:
    def finished(at: float) -> bool:
        return "acetic_acid@60" in timeline.done(DEFAULT_PLAN, [Taken(Stage.ACETIC_ACID, at)], acid=True)

    assert [finished(at) for at in (58.9, 59.0, 60.0, 60.0 + MISSED_S - 0.1, 60.0 + MISSED_S)] == [
        False, True, True, True, False,
    ]  # fmt: skip


def test_a_mark_that_went_by_is_passed_over_and_said_to_be_missed() -> None:
    none = timeline.done(DEFAULT_PLAN, [Taken(Stage.SALINE), Taken(Stage.GREEN)], acid=True, skipped=frozenset())
    none |= {"fluorescence_before_acid"}
    step = timeline.next_step(DEFAULT_PLAN, none, seconds=50.0)
    assert step is not None
    assert step.key == "acetic_acid@60"
    assert keys(timeline.missed(DEFAULT_PLAN, none, seconds=50.0)) == ["acetic_acid@15", "acetic_acid@30"]
    assert timeline.missed(DEFAULT_PLAN, none, seconds=None) == ()


def test_once_acid_is_on_nothing_that_stands_before_it_comes_any_more() -> None:
    finished = timeline.done(DEFAULT_PLAN, [Taken(Stage.SALINE)], acid=True)
    step = timeline.next_step(DEFAULT_PLAN, finished, seconds=1.0)
    assert step is not None
    assert step.key == "acetic_acid@15"
    assert keys(timeline.missed(DEFAULT_PLAN, finished, seconds=1.0)) == ["green", "fluorescence_before_acid"]
    without = (Step(Stage.SALINE), Step(Stage.GREEN))
    assert timeline.missed(without, frozenset(), seconds=1.0) == ()


@pytest.mark.parametrize(
    ("at", "skipped", "there"),
    [
        ((60.6,), (), False),  # the pair of a mark
        ((60.6, 170.0), (), False),  # a pair by hand, before the last mark
        ((60.6, 190.0), (), True),
        ((45.0,), (30, 60, 120, 180), True),  # the marks were left out
        ((), (30, 60, 120, 180), False),
    ],
)
def test_fluorescence_after_acid_is_a_step_of_its_own_behind_the_marks(
    at: tuple[float, ...], skipped: tuple[int, ...], there: bool
) -> None:
    taken = [Taken(Stage.FLUORESCENCE_AFTER_ACID, seconds) for seconds in at]
    left_out = frozenset(f"acetic_acid@{mark}" for mark in skipped)
    found = timeline.done(DEFAULT_PLAN, taken, acid=True, skipped=left_out)
    assert ("fluorescence_after_acid" in found) is there


def test_the_fluorescence_of_a_pair_at_the_last_mark_is_not_that_of_the_step_behind_it() -> None:
    plan = (Step(Stage.ACETIC_ACID, starts_clock=True), Step(Stage.ACETIC_ACID, seconds=60.0, pair=True),
            Step(Stage.FLUORESCENCE_AFTER_ACID, pair=True))  # fmt: skip
    lit = [Taken(Stage.FLUORESCENCE_AFTER_ACID, seconds) for seconds in (60.4, 66.0)]
    for count, there in ((1, False), (2, True)):
        assert ("fluorescence_after_acid" in timeline.done(plan, lit[:count], acid=True)) is there


def test_what_stands_before_lugols_iodine_cannot_be_taken_once_that_is_on() -> None:
    taken = [Taken(Stage.ACETIC_ACID, 180.0), Taken(Stage.LUGOL, 200.0)]
    finished = timeline.done(DEFAULT_PLAN, taken, acid=True)
    assert "fluorescence_after_acid" in {step.key for step in timeline.missed(DEFAULT_PLAN, finished, seconds=201.0)}
    assert timeline.next_step(DEFAULT_PLAN, finished, seconds=201.0) is None


@pytest.mark.parametrize("step", [None, Step(Stage.ACETIC_ACID), Step(Stage.FLUORESCENCE_AFTER_ACID, pair=True)])
def test_white_light_is_one_of_lugols_iodine_once_that_is_on(step: Step | None) -> None:
    assert timeline.stage_of(Source.WHITE, step, acid=True, iodine=True) is Stage.LUGOL
    assert timeline.stage_of(Source.FLUORESCENCE, step, acid=True, iodine=True) is Stage.FLUORESCENCE_AFTER_ACID
    assert timeline.stage_of(Source.WHITE, Step(Stage.GREEN), acid=True, iodine=True) is Stage.GREEN


def test_a_mark_takes_itself_once_between_two_looks_at_the_clock() -> None:
    none: frozenset[str] = frozenset()
    found = timeline.due(DEFAULT_PLAN, none, before=14.9, seconds=15.0)
    assert found is not None
    assert found.key == "acetic_acid@15"
    assert timeline.due(DEFAULT_PLAN, none, before=15.0, seconds=15.1) is None
    assert timeline.due(DEFAULT_PLAN, frozenset({"acetic_acid@15"}), before=14.9, seconds=15.0) is None


def test_after_a_pause_of_the_computer_only_the_last_mark_that_came_is_taken_and_none_that_is_long_gone() -> None:
    found = timeline.due(DEFAULT_PLAN, frozenset(), before=10.0, seconds=65.0)
    assert found is not None
    assert found.key == "acetic_acid@60"
    assert timeline.due(DEFAULT_PLAN, frozenset(), before=10.0, seconds=100.0) is None


def test_a_mark_that_is_not_automatic_waits_for_its_key() -> None:
    plan = tuple(replace(step, automatic=False) for step in DEFAULT_PLAN)
    assert timeline.due(plan, frozenset(), before=14.0, seconds=16.0) is None


def test_a_step_that_was_left_out_does_not_come_again() -> None:
    finished = timeline.done(DEFAULT_PLAN, [], acid=False, skipped=frozenset({"saline"}))
    step = timeline.next_step(DEFAULT_PLAN, finished, seconds=None)
    assert step is not None
    assert step.key == "green"


def test_whitening_is_not_to_be_waited_for_after_three_minutes() -> None:
    assert [timeline.too_late(at) for at in (None, 0.0, 180.0, 180.1)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("source", "step", "acid", "stage"),
    [
        (Source.WHITE, Step(Stage.SALINE), False, Stage.SALINE),
        (Source.WHITE, Step(Stage.SALINE), True, Stage.ACETIC_ACID),
        (Source.WHITE, Step(Stage.GREEN), False, Stage.GREEN),
        (Source.WHITE, Step(Stage.FLUORESCENCE_BEFORE_ACID, pair=True), False, Stage.SALINE),
        (Source.WHITE, Step(Stage.FLUORESCENCE_AFTER_ACID, pair=True), True, Stage.ACETIC_ACID),
        (Source.FLUORESCENCE, Step(Stage.ACETIC_ACID, 60.0, pair=True), True, Stage.FLUORESCENCE_AFTER_ACID),
        (Source.FLUORESCENCE, Step(Stage.FLUORESCENCE_BEFORE_ACID), False, Stage.FLUORESCENCE_BEFORE_ACID),
        (Source.WHITE, Step(Stage.LUGOL), True, Stage.LUGOL),
        (Source.WHITE, None, True, Stage.ACETIC_ACID),
        (Source.WHITE, None, False, Stage.SALINE),
        (Source.WHITE, ACID, False, Stage.SALINE),
        (Source.WHITE, Step(Stage.ACETIC_ACID, 60.0), False, Stage.SALINE),
    ],
)
def test_a_picture_is_of_the_stage_that_its_light_and_the_acid_say(
    source: Source, step: Step | None, acid: bool, stage: Stage
) -> None:
    assert timeline.stage_of(source, step, acid=acid) is stage


BEGAN = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)


def picture(stage: Stage, minutes: float, *, known: bool = True) -> Picture:
    at = BEGAN + timedelta(minutes=minutes)
    return Picture("p", "v", "0" * 64, stage, at, 4, 4, seconds_since_acid=60.0, time_known=known)


def test_what_was_in_the_visit_before_is_no_step_of_the_examination() -> None:
    began = Examination("v", BEGAN, acid_at=BEGAN + timedelta(minutes=5))
    imported = [picture(Stage.ACETIC_ACID, -30.0), picture(Stage.SALINE, -30.0), picture(Stage.LUGOL, 1, known=False)]
    assert timeline.counted(began, imported) == ()
    assert timeline.counted(began, [picture(Stage.SALINE, -0.5), picture(Stage.GREEN, 1.0)]) == (
        Taken(Stage.SALINE), Taken(Stage.GREEN),
    )  # fmt: skip


def test_once_acid_was_applied_again_marks_are_those_of_the_new_clock() -> None:
    again = Examination("v", BEGAN, acid_at=BEGAN + timedelta(minutes=10))
    old, new = picture(Stage.ACETIC_ACID, 6.0), picture(Stage.ACETIC_ACID, 11.0)
    assert timeline.counted(again, [old, new]) == (Taken(Stage.ACETIC_ACID, 60.0),)
    assert timeline.counted(replace(again, acid_at=None), [old, new]) == ()


def test_after_lugols_iodine_a_plan_asks_for_nothing_that_its_stain_would_spoil() -> None:
    with pytest.raises(PlanError, match="comes last"):
        timeline.checked([Step(Stage.LUGOL), Step(Stage.SALINE)])
    assert timeline.checked([Step(Stage.SALINE), Step(Stage.LUGOL), Step(Stage.GREEN)])
