"""The page: every figure is on phantoms, what is missing is named, and a result that falls short is said as it is."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks import evidence
from benchmarks.evidence_parts import sections, variations
from benchmarks.evidence_parts.arms import ARMS, Arm, Plan
from benchmarks.evidence_parts.page import write_report
from benchmarks.evidence_parts.results import Answers, Result, write_result

pytestmark = pytest.mark.slow  # 2,000 draws for each of many rows
COUNT = 160
PLAN = Plan(test=COUNT)
WORDS = ("accuracy ", "recall ", "kappa ", "sensitivity ", "auc ")


def drawn(right: float, *, seed: int) -> Answers:
    """Answers of which about a share `right` is right; the same women whatever the seed."""
    random = np.random.default_rng(seed)
    truth = np.arange(COUNT) % 4
    answer = np.where(random.random(COUNT) < right, truth, random.integers(0, 4, COUNT))
    p = 0.6 * np.eye(4)[answer] + 0.4 * random.dirichlet(np.ones(4), COUNT)
    return Answers(tuple(f"case_{index:05d}" for index in range(COUNT)), truth, p)


def result(arm: Arm, right: float) -> Result:
    facts = {
        "plan": asdict(PLAN), "seconds": 90.0, "pairs_per_second": 40.0, "epochs": 6, "best_epoch": 5, "bf16": False,
        "cases": {"train": 84, "validation": 5, "calibration": 11, "test": 0},
    }  # fmt: skip
    varied = {}
    if arm.key == "both-seed1":
        varied = {f"shift{shift}": drawn(right - shift / 100, seed=shift) for shift in (2, 5, 10, 20)}
        varied |= {"second": drawn(right, seed=99), "only-white": drawn(0.3, seed=98)}
    return Result(arm, drawn(right, seed=len(arm.key) + arm.seed), facts, varied)


def results(*, both: float = 0.9, single: float = 0.4, control: float = 0.4) -> dict[str, Result]:
    share = {"white": single, "fluorescence": single - 0.1, "shuffled": control, "duplicated": control}
    return {arm.key: result(arm, share.get(arm.name, both)) for arm in ARMS}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The whole report, and its folder."""
    folder = tmp_path_factory.mktemp("evidence")
    return folder, write_report(folder, results()).read_text(encoding="utf-8")


def test_with_all_arms_nothing_is_missing_and_every_question_has_its_section(page: tuple[Path, str]) -> None:
    _, text = page
    assert "Nothing: all arms of the plan are done." in text
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(heads) == 12
    assert "seeds together" in text


def test_every_line_with_a_figure_says_on_phantoms(page: tuple[Path, str]) -> None:
    lines = [line for line in page[1].splitlines() if not line.startswith("|")]
    wrong = [
        line for line in lines
        if any(word in line.lower() for word in WORDS) and any(sign.isdigit() for sign in line)
        and "phantom" not in line.lower()
    ]  # fmt: skip
    assert not wrong


def test_every_table_of_measures_is_headed_on_phantoms(page: tuple[Path, str]) -> None:
    heads = [line for line in page[1].splitlines() if line.startswith("|") and "kappa" in line]
    assert len(heads) >= 7
    assert all(line.startswith("| on phantoms |") for line in heads)


def test_every_picture_that_the_page_shows_is_there(page: tuple[Path, str]) -> None:
    folder, text = page
    shown = [part.split(")")[0] for part in text.split("](")[1:] if ".png" in part.split(")")[0]]
    assert len(shown) == 6
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in shown)


def test_the_page_is_the_same_when_it_is_made_again(page: tuple[Path, str], tmp_path: Path) -> None:
    folder, text = page
    assert write_report(tmp_path, results()).read_text(encoding="utf-8") == text
    for file in folder.glob("*.png"):
        assert file.read_bytes() == (tmp_path / file.name).read_bytes()


def test_the_paper_s_gain_stands_beside_ours_with_why_they_cannot_be_compared(page: tuple[Path, str]) -> None:
    line = next(line for line in page[1].splitlines() if line.startswith("**Beside the paper.**"))
    assert "+7 percentage points" in line
    assert "+6 of recall" in line
    assert "property of the generator" in line
    (ours,) = (sentence for sentence in line.split(". ") if "both sources gain" in sentence)
    assert ours.count("on phantoms") == 1
    assert "excludes zero" in line


def test_no_gain_is_said_to_be_no_gain(tmp_path: Path) -> None:
    text = write_report(tmp_path, results(both=0.5, single=0.5)).read_text(encoding="utf-8")
    assert "does not exclude zero" in text


def test_a_control_that_gains_is_called_a_gain_that_is_no_fusion(tmp_path: Path, page: tuple[Path, str]) -> None:
    text = write_report(tmp_path, results(control=0.95)).read_text(encoding="utf-8")
    assert text.count("a gain that is no fusion") == 2
    assert "a gain that is no fusion" not in page[1]


def test_an_arm_alone_gives_a_page_without_comparisons(tmp_path: Path) -> None:
    found = {"fluorescence-seed1": results()["fluorescence-seed1"]}
    text = write_report(tmp_path, found).read_text(encoding="utf-8")
    assert "## Two sources and one" in text
    assert "## What the second source adds" not in text
    assert "## Two shots of one woman" not in text
    assert f"{len(ARMS) - 1} of {len(ARMS)} arms are not trained yet" in text


def test_a_missing_picture_is_set_against_the_network_that_never_had_it(page: tuple[Path, str]) -> None:
    assert "both sources, asked with white light only" in page[1]
    assert "less trained on white light only" in page[1]
    assert "asked with fluorescence only" not in page[1]  # of which nothing is kept here


def test_injected_errors_name_the_size_of_the_picture(page: tuple[Path, str]) -> None:
    line = next(line for line in page[1].splitlines() if "moved by so many pixels" in line)
    assert "1024 x 1024" in line
    assert "20 pixels are 2.5 pixels there" in line


def test_the_published_repeat_stands_beside_the_drawn_one(page: tuple[Path, str]) -> None:
    assert "0.86" in page[1]
    assert "0.69 %" in page[1]
    assert "milder than a real one" in page[1]


def test_sections_of_missing_arms_are_silent(tmp_path: Path) -> None:
    one = {"white-seed2": results()["white-seed2"]}
    for section in (sections.gaps, sections.controls, sections.ablations, variations.registration, variations.acid):
        assert list(section(tmp_path, one)) == []
    assert list(variations.repeats(one)) == []
    assert list(variations.one_missing(one)) == []


def test_report_only_makes_the_page_from_kept_answers_without_any_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in ("both-seed1", "white-seed1"):
        write_result(tmp_path / "results", results()[key])
    assert evidence.main(["--report-only", "--out", str(tmp_path)]) == 0
    assert "REPORT.md" in capsys.readouterr().out
    assert "less white light only, seed 1" in (tmp_path / "REPORT.md").read_text(encoding="utf-8")


def test_damaged_answers_end_with_one_line_and_leave_the_page_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_result(tmp_path / "results", results()["white-seed1"])
    (tmp_path / "results" / "white-seed1.csv").write_text("case\n")
    assert evidence.main(["--report-only", "--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert told[0].startswith("error: ")
    assert "no report was written" in told[0]
    assert not (tmp_path / "REPORT.md").exists()


def test_the_page_in_the_documents_is_what_the_answers_kept_beside_it_make(tmp_path: Path) -> None:
    kept = evidence.OUT / "results"
    if kept.is_dir():
        shutil.copytree(kept, tmp_path / "results")
    assert evidence.main(["--report-only", "--out", str(tmp_path)]) == 0
    for file in ("REPORT.md", *(path.name for path in tmp_path.glob("*.png"))):
        assert (evidence.OUT / file).exists(), f"{file} is missing: run benchmarks/evidence.py --report-only"
    made, there = ((folder / "REPORT.md").read_text(encoding="utf-8") for folder in (tmp_path, evidence.OUT))
    assert made == there
