"""The table of the tour."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pfm_desktop.viewmodels import tour
from pfm_desktop.viewmodels.tour import STEPS, counter, ids_in, visit_for, with_keys


def row(id_: str, **facts: Any) -> Any:
    known = {"has_white": True, "has_fluorescence": True, "signed": False, "impression": "", "pictures": 2}
    return SimpleNamespace(visit=SimpleNamespace(id=id_), **{**known, **facts})


def test_the_tour_is_short_and_each_step_says_something_in_few_words() -> None:
    assert 6 <= len(STEPS) <= 9
    for step in STEPS:
        assert step.title
        assert step.controls
        assert len(with_keys(step.words, lambda _id: "Ctrl+Shift+1").split()) <= 50, step.title


def test_keys_are_those_that_hold_now_and_none_is_said() -> None:
    keys = {"edit.find": "F7"}
    assert with_keys("{edit.find} finds, {view.today} shows", lambda id_: keys.get(id_, "")) == "F7 finds, no key shows"
    assert ids_in("{edit.find} and {review.impression_normal}") == ("edit.find", "review.impression_normal")


def test_wherever_the_answer_of_the_model_is_spoken_of_it_is_called_investigational() -> None:
    for step in STEPS:
        if "AI answer" in step.words or "pfm-demo" in step.words:
            assert tour.INVESTIGATIONAL in step.words


def test_a_demonstration_model_is_named_with_its_phantoms() -> None:
    said = next(step.words for step in STEPS if "pfm-demo" in step.words)
    assert "demonstration model, trained on phantoms" in said


def test_what_a_signature_does_is_said_and_that_the_tour_never_signs() -> None:
    said = next(step.words for step in STEPS if "Sign " in step.words)
    assert "a change afterwards takes a reason" in said
    assert "The tour never signs" in said


def test_the_visit_that_is_opened_is_one_that_waits_for_its_first_read() -> None:
    rows = [
        row("signed", signed=True, impression="high", pictures=9),
        row("white only", has_fluorescence=False, pictures=8),
        row("few"),
        row("many", pictures=4),
        row("read", impression="low", pictures=9),
    ]
    assert visit_for(rows) == "many"
    assert visit_for(rows[:2]) == "signed"
    assert visit_for([]) == ""


def test_steps_are_counted_from_one() -> None:
    assert counter(2) == f"3 of {len(STEPS)}"
