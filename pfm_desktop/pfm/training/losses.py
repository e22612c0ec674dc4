"""Training losses: CORN on the ordinal head, class-balanced cross-entropy on softmax and source heads, outlines."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.pfm.nets.heads import CLASSES
from pfm_desktop.pfm.nets.model import Inputs, Outputs, PfmNet
from pfm_desktop.pfm.nets.spec import SEEN


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
    """CORN + softmax_weight x cross-entropy + alone_weight x each present source's own cross-entropy.

    Cases of a grade of weight 0 (none learn it, but rehearsed ones may have it) say nothing to the cross-entropies.
    """
    loss = corn_loss(outputs.fused.ordinal.float(), grade)
    counts = weights[grade] > 0  # a mean over no weight at all is not a number
    if counts.any():
        loss = loss + softmax_weight * F.cross_entropy(outputs.fused.softmax.float(), grade, weight=weights)
    for name, logits in outputs.alone.items():
        there = present[name]
        if (there & counts).any():
            loss = loss + alone_weight * F.cross_entropy(logits[there].float(), grade[there], weight=weights)
    return loss


def outline_loss(net: PfmNet, outputs: Outputs, inputs: Inputs, grade: Tensor) -> Tensor:
    """How far the votes for the grade lie off the outlined lesion, mean over sources and outlined cases; 0 for none.

    The votes of a source's head (its class map: the grade's against the mean of the others') become shares over the
    seen cells; the loss is their divergence (Kullback-Leibler) from shares spread evenly over the lesion. It says where
    to look, not how high to grade: adding a constant to all votes of a case changes nothing. Ours.
    """
    total = outputs.fused.softmax.new_zeros((), dtype=torch.float32)
    if inputs.lesion is None:
        return total
    count = 0
    for name, features in outputs.maps.items():
        if inputs.lesion_in is not None and name not in inputs.lesion_in:
            continue
        seen = inputs.coverage[name] >= SEEN
        wanted = (inputs.lesion * seen).flatten(1)
        size = wanted.sum(dim=1)
        asked = inputs.present[name] & (size > 0) & (grade > 0)
        if not bool(asked.any()):
            continue
        votes = net.source_head(name).votes(features[asked]).float().flatten(2)  # n x 4 x cells
        own = votes.gather(1, grade[asked][:, None, None].expand(-1, 1, votes.shape[2]))[:, 0]
        speaks = (own * CLASSES - votes.sum(dim=1)) / (CLASSES - 1)
        shares = speaks.masked_fill(~seen[asked].flatten(1), float("-inf")).log_softmax(dim=1)
        spread = wanted[asked] / size[asked][:, None]
        there = spread > 0
        off = torch.where(there, spread * (spread.clamp_min(1e-9).log() - shares.masked_fill(~there, 0.0)), 0.0)
        total = total + off.sum()
        count += int(asked.sum())
    return total / max(1, count)
