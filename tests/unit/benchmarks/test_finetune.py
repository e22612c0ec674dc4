"""The benchmark of learning: its pictures, its libraries and its arithmetic, on very few of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import finetune
from benchmarks.finetune_parts import judging, pictures
from benchmarks.finetune_parts.libraries import labelled_library
from benchmarks.finetune_parts.pictures import Drawn, labelled_pairs
from benchmarks.finetune_parts.pictures import test_pairs as drawn_for_test
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.learning import Said
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.learning.cases import find_cases

pytestmark = pytest.mark.slow

CTX = SilentContext()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "SIZE", 96)
    monkeypatch.setattr(pictures, "spread", lambda _ctx, do, tasks, **_: ((task, do(task)) for task in tasks))


def test_both_devices_see_the_same_women_and_the_labelled_ones_are_others(tmp_path: Path) -> None:
    tested = drawn_for_test(CTX, tmp_path, 4)
    labelled = labelled_pairs(CTX, tmp_path, 4, 0)
    assert [one.grade for one in tested["a"]] == [one.grade for one in tested["b"]] == list(GRADES)
    assert not {one.name for one in labelled} & {one.name for one in tested["b"]}
    for first, second in zip(tested["a"], tested["b"], strict=True):
        white, other = first.pixels()[0], second.pixels()[0]
        assert white.shape == other.shape == (96, 96, 3)
        assert np.abs(white.astype(int) - other).mean() > 5


def test_what_is_drawn_is_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = labelled_pairs(CTX, tmp_path, 4, 1)
    monkeypatch.setattr(pictures, "render", None)
    assert labelled_pairs(CTX, tmp_path, 4, 1) == first
    assert labelled_pairs(CTX, tmp_path, 2, 1) == first[:2]


def test_a_library_has_one_read_for_each_woman(tmp_path: Path) -> None:
    drawn: list[Drawn] = labelled_pairs(CTX, tmp_path, 4, 0)
    with labelled_library(CTX, tmp_path / "library", drawn) as lib:
        found = find_cases(CTX, lib)
    assert found.women == 4
    assert {case.said for case in found.cases} == {Said.MAJORITY}
    assert {case.device for case in found.cases} == {"device B"}
    assert sorted(case.grade.rank for case in found.cases) == [0, 1, 2, 3]


def asked(hits: list[int]) -> judging.Asked:
    truth = np.arange(len(hits), dtype=np.int64) % 4
    probabilities = np.full((len(hits), 4), 0.01)
    for row, hit in enumerate(hits):
        probabilities[row, truth[row] if hit else (truth[row] + 1) % 4] = 0.97
    return judging.Asked(probabilities, truth, tuple(f"w{row}" for row in range(len(hits))))


def test_gains_are_of_the_same_women_over_all_seeds() -> None:
    old, new = asked([1, 0, 1, 0] * 20), [asked([1] * 80), asked([1, 1, 1, 0] * 20)]
    found = judging.gains(old, new)
    assert found["by_seed"] == [0.5, 0.25]
    assert found["mean"] == pytest.approx(0.375)
    low, high = found["interval"]  # type: ignore[misc]
    assert low <= 0.375 <= high
    assert old.macro_recall == pytest.approx(0.5)


def test_the_benchmark_says_what_it_does() -> None:
    assert "On phantoms" in (finetune.__doc__ or "")
    with pytest.raises(SystemExit):
        finetune.main(["--help"])
