"""What is found of a case is kept, added to, and never found twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import heatmaps
from benchmarks.heatmap_parts import cases
from benchmarks.heatmap_parts.cases import Judge, Part
from pfm_desktop.domain.prediction import FUSED
from pfm_desktop.pfm.explain.methods import METHODS
from pfm_desktop.pfm.explain.sanity import CASCADE
from pfm_desktop.pfm.untrained import write_untrained

pytestmark = pytest.mark.slow
PART = Part(1, 64, 2, 2, taken=1)


class CountingJudge:
    """Finds the number of times that it was asked."""

    size, sha256 = 64, "a" * 64

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str], list[str]]] = []

    def row(self, case: Any, _part: Part, methods: Sequence[str], tried: Sequence[str] = ()) -> dict[str, Any]:
        self.asked.append((case.name, list(methods), list(tried)))
        return {"patient": case.name, "methods": {name: {"hit": len(self.asked)} for name in (*methods, *tried)}}


@pytest.fixture(autouse=True)
def _two_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heatmaps, "cases_of", lambda *_given: [SimpleNamespace(name=name) for name in ("one", "two")])


def _judged(judge: CountingJudge, work: Path, methods: Sequence[str], tried: Sequence[str] = ()) -> list[Any]:
    bar: Any = SimpleNamespace(progress=lambda *_given: None)
    return heatmaps.judged(judge, bar, work, PART, methods, tried)  # type: ignore[arg-type]  # all that is asked of it


def test_what_was_found_is_not_found_again(tmp_path: Path) -> None:
    judge = CountingJudge()
    first = _judged(judge, tmp_path, ["class map"])
    assert _judged(judge, tmp_path, ["class map"]) == first
    assert judge.asked == [("one", ["class map"], []), ("two", ["class map"], [])]


def test_another_map_is_added_to_what_was_found(tmp_path: Path) -> None:
    judge = CountingJudge()
    first = _judged(judge, tmp_path, ["class map"])
    more = _judged(judge, tmp_path, ["class map", "LayerCAM"], ["token occlusion"])
    assert judge.asked[2:] == [(name, ["LayerCAM"], ["token occlusion"]) for name in ("one", "two")]
    for before, after in zip(first, more, strict=True):
        assert after["methods"]["class map"] == before["methods"]["class map"]
        assert set(after["methods"]) == {"class map", "LayerCAM", "token occlusion"}
    kept = next((tmp_path / f"judged-{judge.sha256[:12]}" / "1-1").glob("one.json"))
    assert json.loads(kept.read_text(encoding="utf-8")) == more[0]


def test_no_seed_of_phantoms_is_judged_as_two_parts() -> None:
    assert heatmaps.DEVELOPMENT.seed != heatmaps.TEST.seed
    assert heatmaps.TEST.seed not in (4210, 4211, 4212, 4213, 4214), "they are spent"
    assert heatmaps.CHOOSING.seed == heatmaps.DEVELOPMENT.seed
    assert set(heatmaps.FINALISTS) <= set(heatmaps.CANDIDATES), "a new map is not chosen on a test"
    assert {*heatmaps.CANDIDATES, *heatmaps.OWN_SCALE, *heatmaps.TRIED} == set(METHODS)


def test_forgotten_heads_are_the_mean_over_several_draws(tmp_path: Path) -> None:
    write_untrained(tmp_path / "untrained")
    judge = Judge(tmp_path / "untrained")
    random = torch.Generator().manual_seed(2)
    pictures = {name: torch.randn(1, 3, judge.size, judge.size, generator=random) for name in judge._net.names}
    coverage = {name: torch.ones(1, judge._net.spec.grid, judge._net.spec.grid) for name in pictures}
    inputs = cases.Inputs(pictures, coverage, {name: torch.tensor([True]) for name in pictures})
    shares = dict.fromkeys(pictures, 0.5)
    maps = judge.maps(inputs, "LayerCAM", 2, shares)
    each = []
    for seed in range(3):
        other = cases.explain(judge._without_heads(seed), inputs, 2, METHODS["LayerCAM"], shares)[FUSED]
        each.append(cases.rank_correlation(cases.ranking_cells(maps[FUSED]), cases.ranking_cells(other)))
    found = judge._heads(inputs, "LayerCAM", 2, shares, maps, 3)
    assert found == {"forgets heads": pytest.approx(float(np.mean(each)))}
    checks = judge._checks(inputs, "LayerCAM", 2, shares, maps)
    assert {*found, *checks} == {"noise", *(f"forgets {step}" for step in CASCADE)}
