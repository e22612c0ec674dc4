"""The timeline as it is shown: what is large, what is said, and what may not be overlooked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pfm_desktop.domain.examination import DEFAULT_PLAN, Taken
from pfm_desktop.domain.source import Stage
from pfm_desktop.viewmodels.timeline import (
    ASK_ALLERGY,
    BLOCKED,
    FADES,
    FADES_NOW,
    FINISHED,
    OVERRIDDEN,
    Facts,
    RowState,
    clock_text,
    timeline,
)

BEFORE = [Taken(Stage.SALINE), Taken(Stage.GREEN), Taken(Stage.FLUORESCENCE_BEFORE_ACID)]
MARKS = [Taken(Stage.ACETIC_ACID, at) for at in (15.0, 30.0, 60.0, 120.0, 180.0)]
AFTER = [Taken(Stage.FLUORESCENCE_AFTER_ACID, 60.4), Taken(Stage.FLUORESCENCE_AFTER_ACID, 186.0)]


def at(seconds: float | None, taken: list[Taken], **more: object) -> Facts:
    return replace(Facts(taken=taken, acid=seconds is not None, seconds=seconds), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-:--"), (0.0, "0:00"), (59.9, "0:59"), (65.0, "1:05"), (-1.0, "0:00"), (725.0, "12:05")],
)
def test_the_clock_counts_minutes_and_seconds(seconds: float | None, text: str) -> None:
    assert clock_text(seconds) == text


def test_at_the_beginning_the_first_step_is_large_and_waits_for_its_key() -> None:
    shown = timeline(at(None, []))
    assert (shown.headline, shown.button, shown.countdown, shown.clock) == ("Saline", "Take picture", "", "-:--")
    assert [row.state for row in shown.rows].count(RowState.NEXT) == 1


def test_before_acid_the_large_button_starts_the_clock() -> None:
    shown = timeline(at(None, BEFORE))
    assert shown.button == "Acid is on: start clock"
    assert shown.step is not None
    assert shown.step.starts_clock


def test_the_next_mark_is_counted_down_and_is_said_to_take_itself() -> None:
    shown = timeline(at(48.0, BEFORE + MARKS[:2]))
    assert (shown.headline, shown.countdown) == ("1:00  white + fluorescence", "in 12 s")
    assert shown.button == "Take pair"
    row = next(row for row in shown.rows if row.key == "acetic_acid@60")
    assert (row.state, row.note) == (RowState.NEXT, "by itself")
    assert "hold still" in timeline(at(56.0, BEFORE + MARKS[:2])).countdown


def test_what_was_missed_is_said_and_what_was_taken_has_its_time() -> None:
    shown = {row.key: row for row in timeline(at(50.0, [*BEFORE, Taken(Stage.ACETIC_ACID, 16.0)])).rows}
    assert shown["acetic_acid@15"].note == "at 0:16"
    assert shown["acetic_acid@30"].state is RowState.MISSED
    assert "missed" in shown["acetic_acid@30"].spoken


def test_after_three_minutes_with_something_missing_it_warns() -> None:
    assert timeline(at(181.0, BEFORE + MARKS[:4])).warning == FADES
    assert timeline(at(175.0, BEFORE + MARKS[:4])).warning == ""
    assert timeline(at(200.0, BEFORE + MARKS)).warning == FADES  # fluorescence after acid is missing


def test_iodine_is_blocked_by_an_allergy_until_there_is_a_reason() -> None:
    taken = BEFORE + MARKS + AFTER
    blocked = timeline(at(200.0, taken, iodine=True))
    assert blocked.warning == f"{BLOCKED}\n{FADES_NOW}", "both have to be known"
    assert (blocked.refusal, blocked.button, blocked.blocked) == (BLOCKED, "", True)
    assert timeline(at(100.0, taken, iodine=True)).warning == BLOCKED
    assert blocked.rows[-1].state is RowState.BLOCKED
    allowed = timeline(at(200.0, taken, iodine=True, iodine_override="asked her again"))
    assert allowed.warning.startswith(OVERRIDDEN.format(reason="asked her again"))
    assert (allowed.blocked, allowed.button) == (False, "Take picture")


def test_iodine_is_not_next_without_the_question_about_an_allergy() -> None:
    asks = timeline(at(200.0, BEFORE + MARKS + AFTER))
    assert (asks.warning, asks.refusal) == (f"{ASK_ALLERGY}\n{FADES_NOW}", ASK_ALLERGY)
    assert timeline(at(200.0, BEFORE + MARKS + AFTER, iodine=False)).warning == FADES_NOW


def test_when_all_is_done_that_is_said_and_more_can_still_be_taken() -> None:
    shown = timeline(at(400.0, [*BEFORE, *MARKS, *AFTER, Taken(Stage.LUGOL, 390.0)], iodine=False))
    assert (shown.headline, shown.button, shown.step) == (FINISHED, "Take picture", None)
    assert {row.state for row in shown.rows} == {RowState.DONE}


def test_steps_that_are_over_without_a_picture_are_not_called_done() -> None:
    shown = timeline(at(400.0, [*BEFORE, *MARKS[1:], Taken(Stage.LUGOL, 390.0)], iodine=False, skipped=frozenset()))
    assert shown.headline == "No step is left: 2 missed"
    left = frozenset({"green"})
    shown = timeline(at(400.0, [BEFORE[0], BEFORE[2], *MARKS, *AFTER, Taken(Stage.LUGOL)], iodine=False, skipped=left))
    assert shown.headline == "No step is left: 1 left out"


def test_an_allergy_is_in_sight_from_the_beginning() -> None:
    assert timeline(at(None, [], iodine=True)).warning == "Iodine allergy on record."
    assert timeline(at(20.0, BEFORE, iodine=False)).warning == ""


def test_a_step_that_is_being_taken_is_not_asked_for_again() -> None:
    shown = timeline(at(60.0, BEFORE + MARKS[:2], under_way=frozenset({"acetic_acid@60"})))
    assert shown.step is not None
    assert shown.step.key == "acetic_acid@120"


def test_each_line_says_to_the_screen_reader_how_it_stands() -> None:
    rows = timeline(at(48.0, BEFORE, skipped=frozenset({"green"}))).rows
    assert all(any(word in row.spoken for word in ("done", "next", "later", "missed", "left out")) for row in rows)
    assert len(rows) == len(DEFAULT_PLAN)


def test_a_step_that_is_being_taken_is_not_ticked_before_it_is_there() -> None:
    (first, *_) = timeline(at(None, [], under_way=frozenset({"saline"}))).rows
    assert (first.state, first.spoken) == (RowState.TAKING, "Saline, being taken")


def test_the_green_filter_has_to_be_put_in() -> None:
    assert timeline(at(None, BEFORE[:1])).countdown == "put the filter in"


def test_after_three_minutes_whitening_fades_also_where_all_marks_are_there_until_all_is_done() -> None:
    assert timeline(at(200.0, BEFORE + MARKS + AFTER, iodine=False)).warning == FADES_NOW
    assert timeline(at(200.0, [*BEFORE, *MARKS, *AFTER, Taken(Stage.LUGOL)], iodine=False)).warning == ""


def test_an_allergy_stays_in_sight_after_iodine_was_allowed_all_the_same() -> None:
    shown = timeline(at(100.0, BEFORE + MARKS + AFTER, iodine=True, iodine_override="asked again"))
    assert shown.warning == OVERRIDDEN.format(reason="asked again")
