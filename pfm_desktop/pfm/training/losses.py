"""Training losses: CORN on the ordinal head, class-balanced cross-entropy on softmax and source heads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.pfm.nets.heads import CLASSES
from pfm_desktop.pfm.nets.model import Outputs


def grade_weights(grades: NDArray[np.int64], balance: float) -> Tensor:
    """Weight of each grade, 4: inverse frequency to the power `balance`, 1 on average over the cases."""
    counts = np.bincount(grades, minlength=CLASSES).astype(np.float64)
    weight = np.where(counts > 0, np.maximum(counts, 1.0) ** -balance, 0.0)
    weight *= counts.sum() / (weight * counts).sum()
    return torch.from_numpy(weight.astype(np.float32))


def corn_loss(ordinal: Tensor, grade: Tensor) -> Tensor:
    """CORN (Shi 2021): each threshold learns `y > k` from the cases with `y >= k`. Ordinal N x 3, grade N."""
    total = ordinal.new_zeros(())
    asked = 0
    for k in range(CLASSES - 1):
        reached = grade >= k
        if reached.any():
            above = (grade[reached] > k).float()
            total = total + F.binary_cross_entropy_with_logits(ordinal[reached, k], above, reduction="sum")
            asked += int(reached.sum())
    return total / max(1, asked)


def total_loss(
    outputs: Outputs,
    grade: Tensor,
    present: Mapping[str, Tensor],
    weights: Tensor,
    *,
    softmax_weight: float,
    alone_weight: float,
) -> Tensor:
    """CORN + softmax_weight x cross-entropy + alone_weight x each present source's own cross-entropy."""
    loss = corn_loss(outputs.fused.ordinal.float(), grade)
    loss = loss + softmax_weight * F.cross_entropy(outputs.fused.softmax.float(), grade, weight=weights)
    for name, logits in outputs.alone.items():
        there = present[name]
        if there.any():
            loss = loss + alone_weight * F.cross_entropy(logits[there].float(), grade[there], weight=weights)
    return loss
