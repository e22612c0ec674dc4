"""Losses against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pfm_desktop.pfm.nets.heads import Logits
from pfm_desktop.pfm.nets.model import Inputs, Outputs, new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.training.losses import corn_loss, grade_weights, outline_loss, total_loss


def test_each_corn_threshold_learns_only_from_the_cases_that_reach_it() -> None:
    ordinal = torch.tensor([[0.3, 9.0, 9.0], [1.0, -0.5, 9.0]])
    grade = torch.tensor([0, 1])  # the first case reaches one threshold, the second two
    wanted = F.softplus(torch.tensor([0.3, -1.0, -0.5])).sum() / 3
    assert float(corn_loss(ordinal, grade)) == pytest.approx(float(wanted), abs=1e-6)


@pytest.mark.parametrize(("balance", "ratio"), [(0.0, 1.0), (0.5, 2.0), (1.0, 4.0)])
def test_rare_grades_weigh_more_and_the_mean_weight_of_a_case_is_one(balance: float, ratio: float) -> None:
    grades = np.array([0] * 8 + [1] * 2)
    weights = grade_weights(grades, balance)
    assert float(weights[1] / weights[0]) == pytest.approx(ratio)
    assert float(weights[torch.from_numpy(grades)].mean()) == pytest.approx(1)
    assert weights[2:].tolist() == [0, 0]


def test_an_absent_source_does_not_teach_its_own_head() -> None:
    fused = Logits(torch.zeros(2, 4), torch.zeros(2, 3))
    white = torch.randn(2, 4, requires_grad=True)
    fluorescence = torch.randn(2, 4, requires_grad=True)
    present = {"white": torch.tensor([True, False]), "fluorescence": torch.tensor([False, False])}
    loss = total_loss(
        Outputs(fused, {"white": white, "fluorescence": fluorescence}), torch.tensor([1, 2]), present,
        torch.ones(4), softmax_weight=0.5, alone_weight=0.3,
    )  # fmt: skip
    loss.backward()
    assert white.grad is not None
    assert white.grad[0].abs().sum() > 0
    assert white.grad[1].abs().sum() == 0
    assert fluorescence.grad is None


def test_a_source_that_only_cases_of_a_grade_without_weight_have_keeps_the_loss_a_number() -> None:
    """As when a grade is missing among the own cases and the rehearsed ones alone have fluorescence."""
    logits = {name: torch.randn(2, 4, requires_grad=True) for name in ("white", "fluorescence")}
    fused = Logits(torch.zeros(2, 4), torch.zeros(2, 3))
    present = {"white": torch.tensor([True, True]), "fluorescence": torch.tensor([False, True])}
    weights = torch.tensor([1.0, 0.0, 1.0, 1.0])
    for grade in (torch.tensor([2, 1]), torch.tensor([1, 1])):
        loss = total_loss(Outputs(fused, logits), grade, present, weights, softmax_weight=0.5, alone_weight=0.3)
        assert torch.isfinite(loss)
        if loss.requires_grad:  # nothing is left to learn from where no case has weight
            loss.backward()
    assert logits["fluorescence"].grad is None
    assert logits["white"].grad is not None
    assert torch.isfinite(logits["white"].grad).all()


GRID = 4
NET = new_net(NetSpec(variant="T0", size=32 * GRID))


def corner() -> torch.Tensor:
    """Shares of the cells on a lesion in the upper left corner, 4 x 4."""
    lesion = torch.zeros(GRID, GRID)
    lesion[:2, :2] = 1
    return lesion


def voted(votes: dict[str, torch.Tensor], lesion: torch.Tensor | None, **changes: object) -> tuple[Outputs, Inputs]:
    """What the network gives when the maps of each source make its head vote `votes` (4 x 4 cells) for grade 2."""
    maps = {}
    for name in NET.names:
        weight = NET.source_head(name).linear.weight.detach()
        bias = NET.source_head(name).linear.bias.detach()
        wanted = torch.zeros(4, GRID * GRID)
        wanted[2] = votes[name].flatten()
        maps[name] = (torch.linalg.pinv(weight) @ (wanted - bias[:, None])).reshape(1, -1, GRID, GRID)
    seen = {name: torch.ones(1, GRID, GRID) for name in NET.names}
    present = {name: torch.tensor([True]) for name in NET.names}
    given = {"coverage": seen, "present": present, **changes}
    fused = Logits(torch.zeros(1, 4), torch.zeros(1, 3))
    inputs = Inputs({}, lesion=None if lesion is None else lesion[None], **given)  # type: ignore[arg-type]
    return Outputs(fused, {}, maps), inputs


def loss_of(votes: torch.Tensor, lesion: torch.Tensor | None, grade: int = 2, **changes: object) -> float:
    outputs, inputs = voted(dict.fromkeys(NET.names, votes), lesion, **changes)
    with torch.no_grad():
        return float(outline_loss(NET, outputs, inputs, torch.tensor([grade])))


def test_votes_on_the_outlined_lesion_cost_nothing_and_votes_beside_it_much() -> None:
    on, beside = (torch.where(where, 40.0, 0.0) for where in (corner() > 0, corner() == 0))
    assert loss_of(on, corner()) == pytest.approx(0, abs=1e-3)
    assert loss_of(beside, corner()) > 10
    flat = loss_of(torch.zeros(GRID, GRID), corner())
    assert flat == pytest.approx(np.log(GRID * GRID / 4), abs=1e-4)  # by hand: the lesion holds a quarter of the cells


def test_one_hot_cell_in_the_lesion_costs_more_than_all_of_it() -> None:
    one = torch.zeros(GRID, GRID)
    one[0, 0] = 40.0
    assert loss_of(one, corner()) > loss_of(torch.where(corner() > 0, 40.0, 0.0), corner()) + 1


def test_how_high_all_votes_are_does_not_count_only_where_they_are() -> None:
    votes = torch.randn(GRID, GRID, generator=torch.Generator().manual_seed(1))
    assert loss_of(votes + 7, corner()) == pytest.approx(loss_of(votes, corner()), abs=1e-4)


def test_a_case_without_outline_or_lesion_or_picture_teaches_nothing() -> None:
    votes = torch.randn(GRID, GRID, generator=torch.Generator().manual_seed(1))
    assert loss_of(votes, None) == 0
    assert loss_of(votes, torch.zeros(GRID, GRID)) == 0
    assert loss_of(votes, corner(), grade=0) == 0
    absent = {name: torch.tensor([False]) for name in NET.names}
    assert loss_of(votes, corner(), present=absent) == 0
    unseen = {name: 1 - corner()[None] for name in NET.names}
    assert loss_of(votes, corner(), coverage=unseen) == 0


def test_an_outline_teaches_the_sources_that_it_holds_for_and_no_other() -> None:
    right, wrong = (torch.where(where, 40.0, 0.0) for where in (corner() > 0, corner() == 0))
    outputs, inputs = voted({"white": right, "fluorescence": wrong}, corner())
    with torch.no_grad():
        both, white, other = (
            float(outline_loss(NET, outputs, replace(inputs, lesion_in=held), torch.tensor([2])))
            for held in (None, ("white",), ("fluorescence",))
        )
    assert white == pytest.approx(0, abs=1e-3)
    assert other > 10
    assert both == pytest.approx((white + other) / 2)


def test_cells_that_were_not_seen_take_no_share() -> None:
    seen = torch.ones(1, GRID, GRID)
    seen[0, :, 3] = 0
    votes = torch.where(corner() > 0, 40.0, 0.0)
    votes[:, 3] = 90.0
    assert loss_of(votes, corner(), coverage=dict.fromkeys(NET.names, seen)) == pytest.approx(0, abs=1e-3)


def test_the_outline_teaches_the_maps_with_numbers_that_are_numbers() -> None:
    outputs, inputs = voted(dict.fromkeys(NET.names, torch.zeros(GRID, GRID)), corner())
    leaves = {name: value.requires_grad_() for name, value in outputs.maps.items()}
    outline_loss(NET, outputs, inputs, torch.tensor([2])).backward()
    for leaf in leaves.values():
        assert leaf.grad is not None
        assert torch.isfinite(leaf.grad).all()
        assert leaf.grad.abs().sum() > 0
