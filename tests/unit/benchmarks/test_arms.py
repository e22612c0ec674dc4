"""The arms: all alike but for the one thing that each is there for, in the order of value."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.evidence_parts.arms import ABLATION, ARMS, BOTH, CONTROL, MAIN, NOTHING, Plan, arm_of, trained_pairs
from pfm_desktop.pfm.nets.spec import SWITCHES

pytestmark = pytest.mark.slow

PLAN = Plan()
START = Path("start")
NAMES = {"name", "seed"}


def differing(key: str, other: str = "both-seed1") -> set[str]:
    one, two = (asdict(arm_of(name).config(PLAN, START)) for name in (key, other))
    return {name for name in one if one[name] != two[name]} - NAMES


def test_no_two_arms_write_the_same_files() -> None:
    assert len({arm.key for arm in ARMS}) == len(ARMS)


def test_the_main_arms_come_first_then_controls_then_further_seeds_then_parts() -> None:
    keys = [arm.key for arm in ARMS]
    assert keys[:5] == ["both-seed1", "white-seed1", "fluorescence-seed1", "shuffled-seed1", "duplicated-seed1"]
    assert [(arm.group, arm.seed) for arm in ARMS[5:11]] == [(MAIN, 2)] * 3 + [(MAIN, 3)] * 3
    assert {arm.seed for arm in ARMS[11:]} == {1}
    assert MAIN not in {arm.group for arm in ARMS[11:]}


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("white-seed1", {"sources"}),
        ("fluorescence-seed1", {"sources"}),
        ("shuffled-seed1", set()),
        ("duplicated-seed1", set()),
        ("channel-splice-seed1", {"splice"}),
        ("no-attention-seed1", {"channel_attention", "spatial_attention"}),
        ("nothing-seed1", {"start", "trunk_rate"}),
        ("both-seed3", set()),
    ],
)
def test_an_arm_is_trained_like_the_main_one_but_for_what_it_is_there_for(key: str, changed: set[str]) -> None:
    assert differing(key) == changed


def test_what_is_left_out_is_all_that_an_arm_differs_by_from_the_network_that_it_is_set_against() -> None:
    for arm in ARMS:
        if arm.group == ABLATION and arm.off:
            assert differing(arm.key, arm.whole) == set(arm.off)


def test_a_trunk_without_pconv_does_not_take_the_start_and_is_set_against_one_that_does_not_either() -> None:
    arm = arm_of("no-pconv-seed1")
    assert arm.config(PLAN, START).start is None
    assert arm.whole == NOTHING.key
    assert NOTHING.whole == "both-seed1"


def test_every_part_that_a_network_can_be_built_without_has_an_ablation_of_its_own() -> None:
    alone = {arm.off[0] for arm in ARMS if arm.group == ABLATION and len(arm.off) == 1}
    assert alone == set(SWITCHES)
    assert all(getattr(arm.config(PLAN), part) is False for arm in ARMS for part in arm.off)


def test_every_arm_runs_all_its_epochs_and_leaves_no_test_part_in_its_training_phantoms() -> None:
    for arm in ARMS:
        config = arm.config(PLAN)
        assert config.epochs == PLAN.epochs
        assert config.patience == 0
        assert config.shares[3] == 0
        assert config.trained_on == "phantoms"
        config.spec(PLAN.size)  # can be built


def test_controls_have_two_sources() -> None:
    assert {arm.control for arm in ARMS if arm.group == CONTROL} == {"shuffled", "duplicated"}
    assert all(arm.sources == BOTH for arm in ARMS if arm.control)


def test_the_test_phantoms_are_of_a_seed_of_their_own_and_more_than_twelve_hundred() -> None:
    assert PLAN.test_seed not in (PLAN.train_seed, 77, 2026, 2027, 2028, 4110)
    assert PLAN.test >= 1200


def test_one_source_costs_half() -> None:
    both, white = arm_of("both-seed1"), arm_of("white-seed1")
    assert trained_pairs(white, PLAN) == trained_pairs(both, PLAN) / 2
    assert trained_pairs(both, PLAN) == pytest.approx(PLAN.epochs * PLAN.cases * 0.84)


def test_an_unknown_arm_is_not_found() -> None:
    with pytest.raises(KeyError):
        arm_of("none-seed1")
