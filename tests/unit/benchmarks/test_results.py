"""Kept answers: read back as written, and refused with one clear line where they cannot be trusted."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks.evidence_parts.arms import Arm, Plan, arm_of
from benchmarks.evidence_parts.results import Answers, Result, read_answers, read_results, write_answers, write_result
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow


def answers(count: int = 12, *, seed: int = 0, first: int = 0) -> Answers:
    random = np.random.default_rng(seed)
    p = random.dirichlet(np.ones(4), count)
    names = tuple(f"case_{index:05d}" for index in range(first, first + count))
    return Answers(names, np.arange(count) % 4, p)


def result(arm: Arm, plan: Plan | None = None, **more: Answers) -> Result:
    facts = {"plan": asdict(plan or Plan()), "seconds": 60.0, "pairs_per_second": 50.0}
    return Result(arm, answers(), facts, more)


def test_answers_are_read_back_to_the_fourth_digit(tmp_path: Path) -> None:
    said = answers()
    write_answers(tmp_path / "a.csv", said)
    found = read_answers(tmp_path / "a.csv")
    assert found.cases == said.cases
    np.testing.assert_array_equal(found.truth, said.truth)
    np.testing.assert_allclose(found.probabilities, said.probabilities, atol=5.1e-5)


def test_the_answers_of_an_arm_to_the_whole_test_set_stay_under_a_hundred_kilobytes(tmp_path: Path) -> None:
    write_answers(tmp_path / "a.csv", answers(Plan().test))
    assert (tmp_path / "a.csv").stat().st_size < 100_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no answers"),
        ("case,grade,normal,low,high,cancer\n", "holds no answers"),
        ("case,grade,a,b,c,d\nx,low,1,0,0,0\n", "holds no answers"),
        ("case,grade,normal,low,high,cancer\nx,low,nan,0,0,1\n", "line 2"),
        ("case,grade,normal,low,high,cancer\nx,low,1,0,0,0\ny,low,0.5,0.5\n", "line 3"),
        ("case,grade,normal,low,high,cancer\nx,low,9,0,0,0\n", "line 2"),
        ("case,grade,normal,low,high,cancer\nx,low,1.5,-0.5,0,0\n", "line 2"),
        ("case,grade,normal,low,high,cancer\nx,worse,1,0,0,0\n", "line 2"),
        ("case,grade,normal,low,high,cancer\nx,low,1,0,0,0\nx,low,1,0,0,0\n", "a case twice"),
    ],
)
def test_a_damaged_file_of_answers_is_refused_with_what_to_do(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(BadInputError, match=told) as raised:
        read_answers(tmp_path / "a.csv")
    assert raised.value.remedy
    assert raised.value.safe == "no report was written"


def test_a_missing_or_binary_file_of_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        read_answers(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInputError, match="cannot be read"):
        read_answers(tmp_path / "b.csv")


def test_arms_are_read_in_the_order_of_value_with_their_variations(tmp_path: Path) -> None:
    write_result(tmp_path, result(arm_of("white-seed1")))
    write_result(tmp_path, result(arm_of("both-seed1"), shift5=answers(seed=4)))
    found = read_results(tmp_path)
    assert list(found) == ["both-seed1", "white-seed1"]
    assert set(found["both-seed1"].varied) == {"shift5"}
    assert not found["white-seed1"].varied


def test_an_arm_whose_answers_were_written_but_not_its_facts_is_not_done(tmp_path: Path) -> None:
    write_result(tmp_path, result(arm_of("white-seed1")))
    (tmp_path / "white-seed1.json").unlink()
    assert read_results(tmp_path) == {}


def test_no_folder_is_no_result(tmp_path: Path) -> None:
    assert read_results(tmp_path / "none") == {}


def test_arms_of_two_plans_are_never_set_beside_each_other(tmp_path: Path) -> None:
    write_result(tmp_path, result(arm_of("both-seed1")))
    write_result(tmp_path, result(arm_of("white-seed1"), Plan(epochs=9)))
    with pytest.raises(BadInputError, match="under another plan"):
        read_results(tmp_path)


def test_arms_that_answered_other_cases_are_never_set_beside_each_other(tmp_path: Path) -> None:
    write_result(tmp_path, result(arm_of("both-seed1")))
    write_result(tmp_path, result(arm_of("white-seed1")))
    write_answers(tmp_path / "white-seed1.csv", answers(first=1))
    with pytest.raises(BadInputError, match="other test cases"):
        read_results(tmp_path)
    write_answers(
        tmp_path / "white-seed1.csv", Answers(answers().cases, answers().truth[::-1], answers().probabilities)
    )
    with pytest.raises(BadInputError, match="other test cases"):
        read_results(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"varied": [], "plan": {"size": 1}}', '{"varied": ["shift2"]}'])
def test_damaged_facts_of_an_arm_are_refused_by_name(tmp_path: Path, text: str) -> None:
    write_result(tmp_path, result(arm_of("both-seed1")))
    (tmp_path / "both-seed1.json").write_text(text)
    with pytest.raises(BadInputError, match=r"both-seed1"):
        read_results(tmp_path)


def test_a_cost_that_is_no_number_is_refused(tmp_path: Path) -> None:
    write_result(tmp_path, result(arm_of("both-seed1")))
    facts = json.loads((tmp_path / "both-seed1.json").read_text())
    (tmp_path / "both-seed1.json").write_text(json.dumps({**facts, "seconds": float("nan")}))
    with pytest.raises(BadInputError, match="plan or cost"):
        read_results(tmp_path)
