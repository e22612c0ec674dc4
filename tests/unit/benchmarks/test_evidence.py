"""The command: told what it costs, resumed where it was, and refused in one line where it cannot run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import evidence
from benchmarks.evidence_parts import cases
from benchmarks.evidence_parts.arms import ARMS, Plan, arm_of
from benchmarks.evidence_parts.page import write_report
from benchmarks.evidence_parts.results import read_results
from pfm_desktop.jobs import SilentContext

TINY = Plan(
    size=32, epochs=1, cases=60, train_seed=5, test=14, test_seed=6, repeats=4, drawn=160
)  # smaller pictures are refused


def test_with_nothing_trained_the_page_lists_every_arm_as_missing(tmp_path: Path) -> None:
    text = write_report(tmp_path, {}).read_text(encoding="utf-8")
    assert f"{len(ARMS)} of {len(ARMS)} arms are not trained yet" in text
    assert all(f"`{arm.key}`" in text for arm in ARMS)
    assert "| on phantoms |" not in text


@pytest.mark.parametrize(
    ("given", "told"), [([], "no folder to work in"), (["--work", "w", "--only", "bth-seed1"], "no arm bth-seed1")]
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


def test_all_arms_are_run_unless_some_are_named_and_always_in_the_order_of_value() -> None:
    assert evidence.chosen([]) == list(ARMS)
    assert [arm.key for arm in evidence.chosen(["white-seed1", "both-seed1"])] == ["both-seed1", "white-seed1"]


def test_only_the_main_arm_is_asked_about_variations() -> None:
    assert evidence.varied(SilentContext(), Path("unused"), TINY, arm_of("white-seed1")) == {}


@pytest.mark.slow
def test_arms_are_trained_once_asked_and_written_and_a_second_run_only_adds_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "SHIFTS", (20,))
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
