"""How the page about heatmaps counts, on findings that were made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import heatmaps
from benchmarks.heatmap_parts.cases import REMOVED, THRESHOLDS, enlarged
from benchmarks.heatmap_parts.sheet import LINE, PEAK, outlined
from pfm_desktop.pfm.explain.methods import METHODS
from pfm_desktop.pfm.explain.sanity import CASCADE

pytestmark = pytest.mark.slow

NAMES = heatmaps.CANDIDATES
SCALED = heatmaps.SCALED_MAP_WORDS.replace(" ", "_")


def found(*, good: float = 0.5, remembers: float = 0.1, noise: float = 0.99, ms: float = 10.0) -> dict[str, Any]:
    """Of one case and one map: the higher `good`, the better in all four figures."""
    return {
        "ms": ms,
        "top": good,
        "hit": good > 0.5,
        "near": True,
        "hit_white": True,
        "hit_fluorescence": False,
        "overlaps": {at: good - abs(float(at) - 0.3) / 2 for at in THRESHOLDS},
        **{f"{kind}_{asked}": value for asked in REMOVED for kind, value in (("insertion", good), ("deletion", 0.2))},
        **{f"forgets {step}": remembers for step in CASCADE},
        "noise": noise,
    }


def row(number: int, *, visible: bool = True, rank: int = 2, **methods: dict[str, Any]) -> dict[str, Any]:
    said = {name: methods.get(name.replace(" ", "_"), found()) for name in NAMES}
    if not visible:
        said = {name: {"ms": 5.0, "top": 0.5} for name in said}
    return {
        "patient": f"p{number}", "grade": "high", "rank": rank, "visible": visible,
        "lesion_share": 0.1 + number / 100, "answer_ms": 50.0, "methods": said,
    }  # fmt: skip


def rows_of(**methods: dict[str, Any]) -> list[Any]:
    rows = [row(number, **methods) for number in range(6)] + [row(6, visible=False)]
    return heatmaps.with_overlap(rows, dict.fromkeys(NAMES, "0.30"))


def test_every_map_of_the_page_can_be_drawn() -> None:
    assert {*NAMES, *heatmaps.OWN_SCALE, *heatmaps.TRIED} == set(METHODS)
    assert heatmaps.FORMER in NAMES
    assert set(heatmaps.PLAIN) < set(NAMES)


def test_no_seed_is_used_twice_or_by_anything_else() -> None:
    assert heatmaps.CHOOSING.seed == heatmaps.DEVELOPMENT.seed != heatmaps.TEST.seed
    assert not {heatmaps.DEVELOPMENT.seed, heatmaps.TEST.seed} & {77, 2026, 2027, 4110}


def test_the_best_map_wins() -> None:
    winner, rank = heatmaps.winner_of(rows_of(LayerCAM=found(good=0.9)), NAMES)
    assert winner == "LayerCAM"
    assert rank["LayerCAM"] == 1
    assert len({rank[name] for name in NAMES if name != "LayerCAM"}) == 1, "equal maps share their rank"


@pytest.mark.parametrize("bad", [{"remembers": 0.6}, {"noise": 0.8}])
def test_a_map_that_fails_a_check_cannot_win(bad: dict[str, float]) -> None:
    rows = rows_of(LayerCAM=found(good=0.9, **bad), **{SCALED: found(good=0.8)})
    assert not heatmaps.passes(rows, "LayerCAM")
    assert heatmaps.winner_of(rows, NAMES)[0] == heatmaps.SCALED_MAP_WORDS


def test_forgetting_only_the_heads_must_change_a_map_too() -> None:
    survivor = {**found(), "forgets heads": 0.7}
    assert not heatmaps.passes(rows_of(LayerCAM=survivor), "LayerCAM")


@pytest.mark.parametrize("plain", heatmaps.PLAIN)
def test_a_plain_map_cannot_win_but_is_named(plain: str) -> None:
    rows = rows_of(**{plain.replace(" ", "_"): found(good=0.95), "LayerCAM": found(good=0.9)})
    winner, rank = heatmaps.winner_of(rows, NAMES)
    assert winner == "LayerCAM"
    assert rank[plain] < rank[winner]
    assert any(
        f"LayerCAM against {plain}: gap graded -0.050" in line for line in heatmaps.verdict_of(rows, NAMES, "LayerCAM")
    )


def test_of_equal_maps_the_faster_one_wins() -> None:
    assert heatmaps.winner_of(rows_of(LayerCAM=found(ms=2.0)), NAMES)[0] == "LayerCAM"


def test_when_no_map_passes_the_former_default_stays() -> None:
    rows = rows_of(**{name.replace(" ", "_"): found(noise=0.1) for name in NAMES})
    assert heatmaps.winner_of(rows, NAMES)[0] == heatmaps.FORMER


def test_the_default_changes_only_for_what_is_better_and_nowhere_worse() -> None:
    assert heatmaps.becomes_default(rows_of(**{SCALED: found(good=0.9)}), heatmaps.SCALED_MAP_WORDS)
    assert not heatmaps.becomes_default(rows_of(), heatmaps.SCALED_MAP_WORDS), "equal is not better"
    mixed = {**found(good=0.9), "insertion_graded": 0.1}
    assert not heatmaps.becomes_default(rows_of(**{SCALED: mixed}), heatmaps.SCALED_MAP_WORDS)


def test_the_threshold_is_the_one_with_the_best_mean_overlap_on_visible_lesions() -> None:
    rows = [row(number) for number in range(3)] + [row(3, visible=False)]
    assert heatmaps.thresholds_of(rows, NAMES) == dict.fromkeys(NAMES, "0.30")


def test_a_mean_has_an_interval_around_it_and_none_when_all_are_equal() -> None:
    middle, low, high = heatmaps.mean_of(np.array([0.0, 1.0] * 20), [f"p{n}" for n in range(40)])
    assert low < middle == 0.5 < high
    assert heatmaps.mean_of(np.ones(5), list("abcde")) == (1, 1, 1)


def test_two_cases_of_one_woman_are_drawn_together() -> None:
    values = np.array([0.0, 1.0] * 20)
    apart = heatmaps.mean_of(values, [f"p{n}" for n in range(40)])
    together = heatmaps.mean_of(np.sort(values), [f"p{n // 10}" for n in range(40)])
    assert together[2] - together[1] > 1.5 * (apart[2] - apart[1])


def test_every_line_says_on_phantoms() -> None:
    rows = rows_of(LayerCAM=found(good=0.9))
    lines = [
        *heatmaps.lines_of(rows, NAMES, dict.fromkeys(NAMES, "0.30"), 1),
        *heatmaps.verdict_of(rows, NAMES, "LayerCAM"),
    ]
    assert all(line.startswith("on phantoms") for line in lines)
    assert "7 answered, 6 with a visible lesion" in lines[0]
    assert any("pointing game 1.000 (1.000-1.000)" in line for line in lines)
    assert lines.count("on phantoms, the winner by the rule: LayerCAM") == 1


def test_an_enlarged_map_keeps_its_place_and_its_blindness() -> None:
    plane = torch.zeros(7, 7)
    plane[1, 5], plane[6, :] = 1.0, torch.nan
    big = enlarged(plane, 224)
    row_, column = np.unravel_index(int(np.nanargmax(big)), big.shape)
    assert 32 <= row_ < 64
    assert 160 <= column < 192
    assert np.isnan(big[192:]).all()
    assert np.isfinite(big[:192]).all()


def test_a_sheet_shows_the_outline_and_the_highest_point() -> None:
    lesion = np.zeros((60, 60), np.bool_)
    lesion[10:30, 10:30] = True
    plane = np.zeros((60, 60), np.float32)
    plane[45, 45] = 1
    drawn = outlined(np.zeros((60, 60, 3), np.uint8), lesion, plane)
    assert tuple(drawn[10, 20]) == LINE
    assert tuple(drawn[20, 20]) == (0, 0, 0)
    assert tuple(drawn[41, 45]) == PEAK
    blind = outlined(np.zeros((60, 60, 3), np.uint8), lesion, plane * np.nan)
    assert not (blind == PEAK).all(axis=2).any()


def test_the_overlap_is_told_at_the_threshold_that_the_screen_begins_with() -> None:
    lines = list(heatmaps.begun_at(rows_of(**{SCALED: found(good=0.9)}), NAMES))
    assert sum(": IoU" in line for line in lines) == 2  # of those that the engine draws, two are compared
    assert any("scale of the model: IoU" in line and "with, 0.70: 0.700 (0.700-0.700)" in line for line in lines)
    assert all(line.startswith("on phantoms, ") for line in lines)


def test_it_is_told_how_often_nothing_reaches_that_threshold() -> None:
    weak, strong = found(good=0.4), found(good=0.9)
    rows = [row(0, rank=2, **{SCALED: strong}), row(1, rank=0, **{SCALED: weak}), row(2, rank=0, **{SCALED: weak})]
    rows[1]["grade"] = "normal"
    lines = list(heatmaps.begun_at(heatmaps.with_overlap(rows, dict.fromkeys(NAMES, "0.30")), NAMES))
    told = [line.partition("scale of the model: nothing at or above 0.70 on ")[2] for line in lines]
    assert [words for words in told if words] == [
        "100.0 % (2.5-100.0), 1 of 1 normal ones graded normal",
        "100.0 % (2.5-100.0), 1 of 1 others graded normal",
        "0.0 % (0.0-97.5), 0 of 1 visible lesions graded low or worse",
        "none lesions graded low or worse that white light does not show",
    ]
