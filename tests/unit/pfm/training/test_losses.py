"""Losses against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pfm_desktop.pfm.nets.heads import Logits
from pfm_desktop.pfm.nets.model import Outputs
from pfm_desktop.pfm.training.losses import corn_loss, grade_weights, total_loss


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
