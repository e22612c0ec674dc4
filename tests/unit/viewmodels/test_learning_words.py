"""What is said of cases, runs and figures: nothing left out, nothing prettier than it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pfm_desktop.domain.findings import MEANING_WORDS
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.learning import Case, Found, LeftOut, Part, Run, Said, State, Why
from pfm_desktop.services.learning.comparing import Changed
from pfm_desktop.services.learning.verdict import HSIL
from pfm_desktop.viewmodels import learning_words as words
from pfm_desktop.viewmodels.learning import Counted, Runs, free_name

NOBODY = dict.fromkeys(Part, 0)


def case(woman: int, grade: Grade, *, visit: int = 0, device: str = "C1", said: Said = Said.HISTOLOGY) -> Case:
    return Case(f"p{woman}-{visit}", f"w{woman}", grade, said, device, {})


def counted(*cases: Case, left_out: tuple[LeftOut, ...] = (), **said: Any) -> Counted:
    return Counted(Found(cases, left_out), **{"missing": {}, "enough": 10, "parts": NOBODY, "seconds": None, **said})


RUN = Run(
    "r1", datetime(2026, 11, 28, 9, 0, tzinfo=UTC), "Dr. Test", "pfm-demo", "a" * 64, "clinic-1", "b" * 64,
    {"epochs": 12},
    {"cases": {"train": 100, "validation": 30, "calibration": 40}, "epochs": 12, "rehearsed": 48, "notes": ["few"],
     "left_out": {"the engine refuses its pictures": 3}},
    State.LEARNED,
)  # fmt: skip


def test_a_woman_counts_once_with_her_worst_grade() -> None:
    rows = words.grade_rows(counted(case(1, Grade.LOW), case(1, Grade.HIGH, visit=1), missing={Grade.CANCER: 10}))
    assert rows[1] == ("Low", "1", "0", "to learn from")
    assert rows[2] == ("High", "1", "1", "to learn from")
    assert rows[3] == ("Cancer", "0", "0", "no, 10 women missing")


def test_enough_women_to_rule_a_grade_out_are_enough() -> None:
    many = counted(*(case(number, Grade.LOW) for number in range(28)))
    assert words.grade_rows(many)[1] == ("Low", "28", "28", "yes")


def test_cases_that_are_all_left_out_are_not_said_to_have_no_label() -> None:
    assert "No case has a label yet" in words.cases_text(counted())
    assert "all that have a label are left out" in words.cases_text(
        counted(left_out=(LeftOut("x", Why.OTHER_SOURCES),))
    )


def test_devices_origins_and_what_is_left_out_are_all_said() -> None:
    out = (LeftOut("x", Why.NO_LABEL), LeftOut("y", Why.NO_LABEL), LeftOut("z", Why.NO_PICTURE))
    both = case(1, Grade.LOW), case(2, Grade.HIGH, device="", said=Said.MAJORITY)
    lines = words.detail_lines(counted(*both, left_out=out))
    low = "To rule a grade out a model needs 28 women of it: normal 28 more, low 27 more, high 27 more, cancer 28 more."
    assert lines[0] == low
    lines = lines[1:]
    assert lines[0] == "Devices: C1 1 (1 woman), not known 1 (1 woman)."
    assert lines[1] == "Labels from: histology 1, majority 1."
    assert lines[2].startswith("About 65 of 100 women are learned from")
    assert lines[3] == "Left out 3 cases. 2: it has no label; 1: a picture is missing or was altered."


def test_who_stands_where_already_is_said() -> None:
    parts = {Part.TRAIN: 1200, Part.CALIBRATION: 6, Part.TEST: 5}
    line = words.detail_lines(counted(case(1, Grade.LOW), parts=parts))[-1]
    assert line.startswith("From earlier runs 1,200 women learn, 6 calibrate and 5 are the locked test")


def test_no_case_at_all_says_what_to_do() -> None:
    assert "Grade pairs in Annotate" in words.cases_text(counted())


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, ""), (3, "1 minute."), (121, "2 minutes."), (7000, "2 hours."), (40_000, "11 hours.")]
)
def test_the_time_is_said_in_what_a_person_can_use(seconds: float | None, said: str) -> None:
    assert said in words.time_text(seconds)


def test_why_nothing_can_begin_names_each_grade() -> None:
    said = words.why_no_start(counted(missing={Grade.LOW: 1, Grade.CANCER: 7}))
    assert "Low 1 woman, Cancer 7 women" in said
    assert words.why_no_start(counted()) == words.why_no_start(None) == ""


def test_a_run_is_told_with_its_notes_and_what_was_left_out() -> None:
    said = words.run_text(RUN, going=False)
    for part in ("100 cases", "12 epochs", "48 phantoms rehearsed", "3: the engine refuses", "Few.", "in quarantine"):
        assert part in said


def test_a_promotion_is_read_in_the_language_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MEANING_WORDS, words.MEANING, "Comparé")
    promotion = {"signed_by": "Dr. Test", "meaning": words.MEANING}
    one = replace(RUN, state=State.ACTIVE, counts={**RUN.counts, "promotion": promotion})
    assert "Promoted by Dr. Test: Comparé." in words.run_text(one, going=False)


def test_every_origin_of_a_label_has_its_words() -> None:
    assert {*words.SAID_WORDS} == {*Said}


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_said_in_list_and_text(state: State) -> None:
    promotion = {"signed_by": "Dr. Test", "meaning": "it answers", "reason": "a pilot"}
    one = replace(RUN, state=state, counts={**RUN.counts, "promotion": promotion})
    assert words.run_cells(one, going=False)[3]
    assert words.run_text(one, going=False)
    assert words.run_cells(one, going=True)[3] == "learning now"
    if one.state is State.ACTIVE:
        assert words.run_cells(one, going=False, in_use=one.model_name)[3] == "promoted: it answers"
        assert words.run_cells(one, going=False, in_use="pfm-demo")[3] == "promoted, but pfm-demo answers here"
        assert "On this computer pfm-demo answers" in words.run_text(one, going=False, in_use="pfm-demo")
    if state in (State.ACTIVE, State.REPLACED, State.ROLLED_BACK):
        assert "because: a pilot" in words.run_text(one, going=False)


def test_looks_at_the_locked_test_are_counted_where_one_looks() -> None:
    assert "not been looked at yet" in words.looks_text(Runs((), 0))
    assert "looked at 1 time." in words.looks_text(Runs((), 1))
    assert "looked at 12 times." in words.looks_text(Runs((), 12))


def one(value: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    return {"value": value, "interval": [low, high]}


FIGURES = {
    "cases": 40, "women": 33,
    "old": {"quadratic_kappa": one(0.5, 0.3, 0.7), HSIL: one(None, None, None)},
    "new": {"quadratic_kappa": one(0.6, 0.4, 0.8), HSIL: one(None, None, None)},
    "difference": {"quadratic_kappa": one(0.1, -0.05, 0.25), HSIL: one(None, None, None)},
    "by_source": {"white_fluorescence": {"cases": 40, "old": {}, "new": {}, "difference": {}}, "white": {"cases": 0}},
    "by_device": {"": {"cases": 40, "old": {}, "new": {}, "difference": {"ece": one(-0.01, None, None)}}},
    "against": [], "mind": ["the locked test has no case of cancer"],
}  # fmt: skip


def test_figures_come_with_their_intervals_and_what_cannot_be_told_says_so() -> None:
    rows = words.figure_rows(FIGURES)
    assert rows[0] == (
        "Kappa (quadratic)", "0.50 (0.30 to 0.70)", "0.60 (0.40 to 0.80)", "+0.10 (-0.05 to +0.25)",
    )  # fmt: skip
    assert rows[1] == ("HSIL+ found at 85 % specificity", *3 * ("cannot be told",))


def test_sources_and_devices_that_have_cases_can_be_chosen() -> None:
    assert words.places(FIGURES) == (
        ("all", "All cases (40 of 33 women)"),
        ("by_source/white_fluorescence", "Asked with white and fluorescence (40)"),
        ("by_device/", "Device not known (40)"),
    )
    assert words.figure_rows(FIGURES, "by_device/")[0][3] == "-0.01"
    assert words.figure_rows(FIGURES, "by_device/gone") == ()


def test_the_verdict_says_what_speaks_against_and_what_to_mind() -> None:
    assert words.verdict_text(FIGURES) == (
        "Nothing speaks against it: none of kappa, HSIL+ sensitivity at 85 % specificity is worse beyond chance.",
        "- The locked test has no case of cancer.",
    )
    said, _ = words.verdict_text({**FIGURES, "against": ["kappa is worse by -0.2"]})
    assert said == "Not to be promoted without a reason:\n- Kappa is worse by -0.2"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (Changed("p", 2, 0, 2), "Label high\nnormal, now high\nnearer to it"),
        (Changed("p", 2, 2, 1), "Label high\nhigh, now low\nfarther from it"),
        (Changed("p", 1, 0, 2), "Label low\nnormal, now high\nas far from it"),
        (Changed("p", 1, -1, 2), "Label low\nno answer, now high"),
    ],
)
def test_a_changed_case_says_label_before_and_now(changed: Changed, said: str) -> None:
    assert words.changed_text(changed) == said


def test_the_curve_is_told_in_words() -> None:
    assert "0.800 after epoch 2 (the best, ringed)" in words.curve_words((1.2, 0.9, 0.8, 0.85), 12)
    assert "never better since" in words.curve_words((0.5, 0.9), 12)
    assert words.curve_words((0.5,), 12).endswith("0 of 12 epochs done.")


def test_a_free_name_is_proposed() -> None:
    assert free_name([]) == "clinic-1"
    assert free_name(["clinic-1", "clinic-2", "other"]) == "clinic-3"


def test_the_figures_say_of_which_models_they_are() -> None:
    both = {"old": {"name": "pfm-demo", "version": "4"}, "new": {"name": "clinic-1", "version": "1"}}
    said = words.compared_text({"models": both})
    assert said.startswith(
        "Investigational - not for diagnosis. Before: pfm-demo 4, which answered then. New: clinic-1 1. "
    )
    assert "As graded: high or cancer was given. At 85 % specificity:" in words.compared_text({})


def test_a_difference_of_nothing_has_no_interval_of_no_width() -> None:
    same = {"value": 0.0, "interval": [0.0, 0.0]}
    rows = words.figure_rows({"old": {"ece": same}, "new": {"ece": same}, "difference": {"ece": same}})
    assert rows[0][3] == "+0.00 (alike in all cases)"
