"""What the figures of the locked test say: what is worse with its interval, and what so few women cannot show."""

from __future__ import annotations

from typing import Any

import pytest

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.services.learning.verdict import HSIL, verdict_of


def figures(**differences: tuple[float, float, float]) -> dict[str, Any]:
    table = {name: {"value": value, "interval": [low, high]} for name, (value, low, high) in differences.items()}
    return {"women": 40, "grades": dict.fromkeys((grade.value for grade in GRADES), 10), "difference": table}


BETTER = {HSIL: (0.05, 0.0, 0.1), "macro_recall": (0.1, 0.05, 0.15), "quadratic_kappa": (0.1, 0.0, 0.15),
          "ece": (-0.01, -0.05, 0.02)}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({HSIL: (-0.01, -0.05, 0.04)}, "HSIL+ sensitivity falls by -0.010 (-0.050 to +0.040)"),
        ({"macro_recall": (-0.1, -0.2, -0.01)}, "macro recall is worse by -0.100 (-0.200 to -0.010)"),
        ({"quadratic_kappa": (-0.1, -0.2, -0.01)}, "kappa is worse"),
        ({"ece": (0.1, 0.01, 0.2)}, "ECE is worse"),
        ({"set_size": (1.5, 1.1, 1.9)}, "the size of the prediction sets is worse by +1.500 (+1.100 to +1.900)"),
    ],
)
def test_what_is_worse_is_said_with_its_interval(change: dict[str, Any], problem: str) -> None:
    assert verdict_of(figures(**BETTER)).better
    verdict = verdict_of(figures(**{**BETTER, **change}))
    assert not verdict.better
    assert any(problem in said for said in verdict.against)


def test_a_test_without_hsil_cannot_tell_and_a_small_one_says_how_wide_its_interval_is() -> None:
    without = {name: value for name, value in BETTER.items() if name != HSIL}
    assert "cannot tell HSIL+" in verdict_of(figures(**without)).against[0]
    wide = verdict_of(figures(**{**BETTER, HSIL: (0.1, -0.3, 0.5)}))
    assert wide.better
    assert wide.mind == (
        "40 women in the locked test are too few to say much of HSIL+ sensitivity (interval 0.80 wide)",
    )
    missing = figures(**BETTER)
    missing["grades"]["cancer"] = 0
    assert verdict_of(missing).mind == ("the locked test has no case of cancer",)


@pytest.mark.parametrize(("women", "unseen"), [(6, "0.39"), (20, "0.14")])
def test_few_women_with_hsil_cannot_show_a_fall_and_that_is_said(women: int, unseen: str) -> None:
    few = {**figures(**{**BETTER, HSIL: (0.0, 0.0, 0.0)}), "women_hsil": women}
    (said,) = verdict_of(few).mind
    assert said.startswith(f"only {women} women of the locked test with HSIL+")
    assert said.endswith(f"may still fall by up to {unseen}")


def test_many_women_with_hsil_need_no_such_words() -> None:
    assert verdict_of({**figures(**BETTER), "women_hsil": 40}).mind == ()
