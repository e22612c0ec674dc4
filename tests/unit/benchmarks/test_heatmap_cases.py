"""What is found out about one case, on a small network with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.heatmap_parts.cases import THRESHOLDS, Case, Judge, Part
from benchmarks.heatmap_parts.sheet import draw_sheet
from pfm_desktop.domain.grade import Grade
from pfm_desktop.imaging.io import read_picture
from pfm_desktop.imaging.phantom.visit import draw_visit
from pfm_desktop.pfm.explain.sanity import CASCADE
from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter
from pfm_desktop.pfm.untrained import SIZE, write_untrained
from pfm_desktop.services.phantoms import case_seed

pytestmark = pytest.mark.slow

METHODS, TRIED = ("class map", "uniform"), ("LayerCAM",)
SIDE = 96


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    folder = tmp_path_factory.mktemp("models") / "untrained"
    write_untrained(folder)
    return Judge(folder)


def visible(number: int) -> bool:
    seed = case_seed(1, number)
    lesion = draw_visit(seed, seed, None, None).lesion
    return lesion is not None and not lesion.invisible


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Noise in which a square is called the lesion; its number is that of a phantom with a visible one."""
    folder = tmp_path_factory.mktemp("cases")
    random = np.random.default_rng(0)
    number = next(number for number in range(99) if visible(number))
    with PreparedWriter(folder / "prepared", SIZE) as writer:
        white, fluorescence = (random.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8) for _ in range(2))
        writer.append(white, fluorescence, None, grade=Grade.HIGH, patient="p", case=f"case_{number:05d}")
    lesion = np.zeros((SIDE, SIDE), np.bool_)
    lesion[24:72, 24:72] = True
    np.savez(folder / "truth.npz", lesion=lesion)
    return Case(PreparedSet(folder / "prepared"), 0, 1, number, folder / "truth.npz")


def test_the_lesion_lies_in_the_frame_of_the_network(case: Case) -> None:
    lesion = case.lesion()
    assert lesion.shape == (SIZE, SIZE)
    assert lesion[16:48, 16:48].all()
    assert lesion.sum() == 32 * 32


def test_a_lesion_drawn_invisible_is_not_asked_for(case: Case) -> None:
    assert case.drawn_visible()
    hidden = next(number for number in range(99) if not visible(number))
    assert not Case(case.data, 0, 1, hidden, case.truth).drawn_visible()


def test_a_row_holds_every_figure_and_can_be_kept(judge: Judge, case: Case) -> None:
    row = judge.row(case, Part(1, SIDE, 99, 99, taken=99, checked=99), METHODS, TRIED)
    assert json.loads(json.dumps(row)) == row
    assert row["visible"]
    assert row["grade"] == "high"
    assert row["lesion_share"] == pytest.approx(0.25)
    assert set(row["methods"]) == {*METHODS, *TRIED}
    assert row["methods"]["uniform"]["hit"], "the middle of a flat map lies on a lesion in the middle"
    assert set(row["methods"]["uniform"]["overlaps"]) == set(THRESHOLDS)
    assert row["methods"]["uniform"]["overlaps"]["0.50"] == pytest.approx(0.25)
    for method in METHODS:
        assert {f"forgets {step}" for step in CASCADE} <= set(row["methods"][method])
        removed = {name for name in row["methods"][method] if name.startswith(("deletion", "insertion"))}
        assert len(removed) == (4 if row["rank"] > 0 else 0)
    assert "noise" not in row["methods"]["LayerCAM"], "what was only tried is only pointed with"


def test_only_the_first_cases_serve_the_checks(judge: Judge, case: Case) -> None:
    row = judge.row(case, Part(1, SIDE, 99, 99), METHODS)
    assert "noise" not in row["methods"]["class map"]
    assert not any(name.startswith("deletion") for name in row["methods"]["class map"])


def test_the_same_case_is_judged_the_same(judge: Judge, case: Case) -> None:
    part = Part(1, SIDE, 99, 99, taken=99, checked=99)
    first, again = (judge.row(case, part, METHODS)["methods"] for _ in range(2))
    for method in METHODS:
        assert {**first[method], "ms": 0} == {**again[method], "ms": 0}


def test_each_draw_of_untrained_heads_is_another_and_the_same_again(judge: Judge, case: Case) -> None:
    first, again = (judge.without_heads([case], "LayerCAM", 3) for _ in range(2))
    assert first == again
    assert len(set(first)) == 3
    assert all(-1 <= mean <= 1 for mean in first)
    assert judge.without_heads([case], "centre", 2) == pytest.approx([1, 1]), "it never knew the heads"


def test_an_answer_is_one_of_probabilities_and_shares(judge: Judge, case: Case) -> None:
    probabilities, shares = judge.answer(judge.inputs(case))
    assert probabilities.sum() == pytest.approx(1)
    assert sum(shares.values()) == pytest.approx(1)
    assert judge.grades(case, 1) == "high, said low"


def test_a_sheet_has_a_row_a_case_and_a_column_a_map(judge: Judge, case: Case, tmp_path: Path) -> None:
    path = draw_sheet(judge, [case], METHODS, tmp_path)
    height, width = read_picture(path).pixels.shape[:2]
    assert width == SIZE * (2 + len(METHODS))
    assert height > SIZE
