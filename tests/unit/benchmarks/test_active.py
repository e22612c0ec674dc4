"""The benchmark of choosing what is labelled: its splits, its choices and its arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks import active
from benchmarks.active_parts.choosing import AMONG, CHOICES
from benchmarks.active_parts.learner import Seen, some, split
from benchmarks.finetune_parts import pictures
from benchmarks.finetune_parts.judging import Asked
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.pfm.features import Features
from pfm_desktop.services.learning import rehearsal


def women(count: int, name: str = "w") -> Seen:
    """Maps whose only number is the woman's place."""
    maps = np.arange(count, dtype=np.float16).reshape(1, count, 1, 1, 1)
    return Seen(
        Features(
            {"white": maps},
            {"white": np.ones((1, count, 1, 1), np.float16)},
            {"white": np.ones(count, bool)},
            np.arange(count, dtype=np.int64) % len(GRADES),
        ),
        tuple(f"{name}{place}" for place in range(count)),
    )


class Unsure:
    """Less sure the farther a place lies behind; the farther apart two places the more they differ."""

    def probabilities(self, what: Seen, places: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        sure = 1 - 0.7 * places / len(what.names)
        return np.stack([sure, *[(1 - sure) / 3] * 3], axis=1)

    def pooled(self, _what: Seen, places: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return places[:, None].astype(np.float64)


@pytest.mark.parametrize("count", [40, 80, 120, 200])
def test_every_label_learns_or_chooses_or_calibrates_and_each_part_has_every_grade(count: int) -> None:
    grades = np.random.default_rng(count).integers(len(GRADES), size=count)
    parts = split(grades, 3)
    assert sorted(np.concatenate(parts)) == list(range(count))
    assert all(set(grades[part]) == set(range(len(GRADES))) for part in parts)
    assert 0.5 < len(parts[0]) / count < 0.68
    again = split(grades, 3)
    assert all((one == other).all() for one, other in zip(parts, again, strict=True))


def test_places_are_taken_out_of_a_set() -> None:
    taken = some(women(7).features, np.array([5, 0]))
    assert taken.middle["white"].ravel().tolist() == [5.0, 0.0]
    assert taken.grades.tolist() == [1, 0]


def test_women_for_the_figures_are_neither_tuned_on_nor_in_two_pools_nor_rehearsed() -> None:
    first, tuned = (
        range(active.POOL_SEED, active.POOL_SEED + 20),
        range(active.TUNING_POOL_SEED, active.TUNING_POOL_SEED + 20),
    )
    seeds = [active.TEST_SEED, active.TUNING_TEST_SEED, *first, *tuned, rehearsal.SEED, pictures.TEST_SEED]
    assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize("name", list(CHOICES))
def test_each_strategy_takes_so_many_of_those_that_are_left_and_none_twice(name: str) -> None:
    left = np.arange(10, 60)
    chosen = CHOICES[name](Unsure(), women(60), left, 8, np.random.default_rng(1))  # type: ignore[arg-type]
    assert len(set(chosen.tolist())) == 8
    assert set(chosen.tolist()) <= set(left.tolist())


def test_the_least_sure_come_first_and_with_diversity_the_ends_of_them() -> None:
    left = np.arange(60)
    random = np.random.default_rng(1)
    assert sorted(CHOICES["uncertain"](Unsure(), women(60), left, 4, random)) == [56, 57, 58, 59]  # type: ignore[arg-type]
    mixed = sorted(CHOICES["uncertain-diverse"](Unsure(), women(60), left, 4, random))  # type: ignore[arg-type]
    assert mixed[0] == 60 - 4 * AMONG
    assert mixed[-1] == 59


@pytest.mark.parametrize(
    ("found", "first", "stays"),
    [
        ({40: 0.5, 80: 0.7, 120: 0.8}, 80, 80),
        ({40: 0.7, 80: 0.6, 120: 0.7}, 40, 120),
        ({40: 0.9, 80: 0.9, 120: 0.6}, 40, None),
        ({40: 0.1, 80: 0.2, 120: 0.3}, None, None),
    ],
)
def test_a_lucky_round_is_told_from_one_that_lasts(
    found: dict[int, float], first: int | None, stays: int | None
) -> None:
    assert active.reached(0.7, found) == (first, stays)


def test_seeds_that_never_reach_it_count_in_the_median() -> None:
    assert active._median([40, None, 80]) == 80
    assert active._median([None, None, 40]) is None


def asked(hits: int, count: int = 40) -> Asked:
    truth = np.arange(count, dtype=np.int64) % 4
    said = np.where(np.arange(count) < hits, truth, (truth + 1) % 4)
    p = np.full((count, 4), 0.01)
    p[np.arange(count), said] = 0.97
    return Asked(p, truth, tuple(f"w{place}" for place in range(count)))


def test_what_is_told_holds_the_control_and_the_difference_with_its_interval() -> None:
    run = {
        "seed": 0,
        "pool": 400,
        "before": asked(20),
        "reference": asked(32),
        "rounds": {
            "random": {40: asked(24), 200: asked(32)},
            "uncertain": {40: asked(28), 80: asked(32), 120: asked(36)},
        },
    }
    told = active.told([run, run, run], ["random", "uncertain"], women(40))
    assert told["strategies"]["uncertain"]["median_labels_to_reach"] == 80
    assert told["strategies"]["random"]["median_labels_to_reach"] == 200
    gap = told["strategies"]["uncertain"]["minus_random_200"]["120"]["accuracy"]
    assert gap["mean"] == pytest.approx(0.1)
    assert gap["interval"][0] <= 0.1 <= gap["interval"][1]
    beside = told["strategies"]["uncertain"]["minus_as_many_at_random"]
    assert list(beside) == ["40"], "where the control has as many"
    assert beside["40"]["macro_recall"]["mean"] == pytest.approx(0.1)
    assert told["random_200"]["accuracy"] == [pytest.approx(0.8)] * 3
