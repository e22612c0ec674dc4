"""The command: told what it costs, resumed where it was, and refused in one line where it cannot run."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import evidence
from benchmarks.evidence_parts import cases, runs
from benchmarks.evidence_parts.arms import ARMS, Plan, arm_of
from benchmarks.evidence_parts.page import write_report
from benchmarks.evidence_parts.results import Answers, Result, read_results, write_result
from pfm_desktop.domain.grade import Grade
from pfm_desktop.jobs import SilentContext
from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

TINY = Plan(
    size=32, epochs=1, cases=60, train_seed=5, test=14, test_seed=6, repeats=4, drawn=160
)  # smaller pictures are refused


def test_with_nothing_trained_the_page_lists_every_arm_as_missing(tmp_path: Path) -> None:
    text = write_report(tmp_path, {}).read_text(encoding="utf-8")
    assert f"{len(ARMS)} of {len(ARMS)} arms are not trained yet" in text
    assert all(f"`{arm.key}`" in text for arm in ARMS)
    assert "| on phantoms |" not in text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "no folder to work in"),
        (["--work", "w"], "no start is named"),
        (["--work", "w", "--start", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_run_is_told_before_anything_is_drawn(
    tmp_path: Path, given: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert evidence.main([*given, "--out", str(tmp_path / "out")]) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_cost_is_told_before_it_begins() -> None:
    plan = Plan(epochs=10, cases=1000)
    arms = [ARMS[0], ARMS[1]]
    line = evidence.cost_line(arms, plan, {2: 20.0, 1: 40.0})
    # 8,400 pairs at 20 a second and 8,400 single pictures at 40 a second: 420 + 210 s
    assert "about 10 min" in line or "about 11 min" in line
    assert "7.0 min for the longest" in line


def test_an_arm_that_is_not_there_is_told_by_name() -> None:
    with pytest.raises(BadInputError, match="no arm bth-seed1"):
        evidence.chosen(["bth-seed1"])


def test_all_arms_are_run_unless_some_are_named_and_always_in_the_order_of_value() -> None:
    assert evidence.chosen([]) == list(ARMS)
    assert [arm.key for arm in evidence.chosen(["white-seed1", "both-seed1"])] == ["both-seed1", "white-seed1"]


def test_only_the_main_arm_is_asked_about_variations() -> None:
    assert evidence.varied(SilentContext(), Path("unused"), TINY, arm_of("white-seed1")) == {}


def done_with(plan: Plan, names: tuple[str, ...]) -> dict[str, Result]:
    answers = Answers(names, np.zeros(len(names), np.int64), np.full((len(names), 4), 0.25))
    return {"both-seed1": Result(arm_of("both-seed1"), answers, {"plan": asdict(plan)}, {})}


def test_arms_of_another_plan_are_refused_before_anything_is_drawn_or_trained(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="under another plan") as raised:
        evidence.refuse_other(done_with(replace(TINY, epochs=2), ("a",)), TINY)
    assert raised.value.safe == "nothing was trained"
    write_result(tmp_path / "results", result_of("both-seed1", replace(TINY, epochs=2)))
    with pytest.raises(BadInputError, match="under another plan"):
        evidence.run(SilentContext(), tmp_path / "work", tmp_path, TINY, [arm_of("white-seed1")])
    assert not (tmp_path / "work").exists()


def test_arms_that_answered_other_test_cases_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    picture = np.full((32, 32, 3), 90, np.uint8)
    with PreparedWriter(tmp_path, 32) as writer:
        for case in ("a", "b"):
            writer.append(picture, picture, None, grade=Grade.LOW, patient=case, case=case)
    fresh = PreparedSet(tmp_path)
    evidence.refuse_other(done_with(TINY, ("a", "b")), TINY, fresh)
    with pytest.raises(BadInputError, match="other test cases"):
        evidence.refuse_other(done_with(TINY, ("a", "c")), TINY, fresh)


def result_of(key: str, plan: Plan) -> Result:
    facts = {"plan": asdict(plan), "seconds": 1.0, "pairs_per_second": 1.0}
    return replace(done_with(plan, ("a", "b"))["both-seed1"], arm=arm_of(key), facts=facts)


@pytest.mark.slow
def test_arms_are_trained_once_asked_and_written_and_a_second_run_only_adds_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "SHIFTS", (20,))
    monkeypatch.setattr(runs, "speed", partial(runs.speed, steps=2))
    told: list[str] = []
    work, out = tmp_path / "work", tmp_path / "out"
    first = [arm_of("both-seed1"), arm_of("shuffled-seed1")]
    evidence.run(SilentContext(), work, out, TINY, first, told.append)
    found = read_results(out / "results")
    assert list(found) == ["both-seed1", "shuffled-seed1"]
    whole = found["both-seed1"]
    assert set(whole.varied) == {"shift20", "second", "only-white", "only-fluorescence"}
    assert whole.varied["only-white"].cases == whole.answers.cases
    assert len(whole.varied["second"].cases) <= TINY.repeats
    assert not np.allclose(whole.answers.probabilities, whole.varied["shift20"].probabilities, atol=1e-4)
    assert any("pairs/s with both sources" in line for line in told)
    before = (out / "results" / "both-seed1.json").read_bytes()

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("an arm that is done was trained again")

    told.clear()
    evidence.run(SilentContext(), work, out, TINY, [*first, arm_of("white-seed1")], told.append)
    assert [line.split(":")[0] for line in told if "best epoch" in line] == ["white-seed1"]
    assert (out / "results" / "both-seed1.json").read_bytes() == before
    # the network is kept: its answers alone are made again, to the same digit
    said = (out / "results" / "white-seed1.csv").read_bytes()
    (out / "results" / "white-seed1.json").unlink()
    monkeypatch.setattr("benchmarks.evidence_parts.runs.train", never)
    evidence.run(SilentContext(), work, out, TINY, [arm_of("white-seed1")], told.append)
    assert (out / "results" / "white-seed1.csv").read_bytes() == said
    facts = json.loads((out / "results" / "white-seed1.json").read_text())
    assert facts["cases"]["test"] == 0
    assert "both sources less one" in (out / "REPORT.md").read_text(encoding="utf-8").lower()


def test_an_arm_that_was_begun_under_another_plan_is_not_taken_for_one_of_this(tmp_path: Path) -> None:
    runs._same_plan(tmp_path, Plan())
    runs._same_plan(tmp_path, Plan())
    with pytest.raises(BadInputError, match="under another plan"):
        runs._same_plan(tmp_path, Plan(epochs=9))
    (tmp_path / "plan.json").unlink()
    (tmp_path / "model").mkdir()
    with pytest.raises(BadInputError, match="under another plan"):  # of a version that kept no plan
        runs._same_plan(tmp_path, Plan())
