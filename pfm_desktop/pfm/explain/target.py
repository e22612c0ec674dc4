"""What a heatmap explains: one number of the network's answer about one case, and what may be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.pfm.nets.heads import Logits
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

Planes = dict[str, Tensor]
"""By source that is present: g x g float32, 0 or more, edge to edge over the square input; g differs by method."""
Method = Callable[[PfmNet, Inputs, int], Planes]
"""Network in evaluation mode, one case, rank of the grade in question. The same case gives the same planes."""
Score = Callable[[Logits, int], Tensor]
"""Logits of N cases and the rank of the grade in question, to N: what is explained."""


@dataclass(frozen=True)
class Way:
    """How a heatmap is drawn. `common`: the sources' planes are parts of one sum and are added as they are.

    Where they are not, each has its own scale, and they are weighed by the sources' evidence.
    """

    draw: Method
    common: bool = False


def contrast(logits: Logits, target: int) -> Tensor:
    """N: combined log-probability of the grade in question against the mean of the others'.

    A difference, so that what raises all grades alike counts for nothing; the class maps use the same one.
    """
    log_p = logits.combined()
    return log_p[:, target] - log_p[:, others(target)].mean(dim=1)


def at_least(logits: Logits, target: int) -> Tensor:
    """N: log-odds of the grade in question or a worse one: as grades are ordered, what speaks for a worse one counts.

    For `normal`, which everything is at least, the log-odds of `normal` itself.
    """
    log_p = logits.combined()
    if target == 0:
        return log_p[:, 0] - log_p[:, 1:].logsumexp(dim=1)
    return log_p[:, target:].logsumexp(dim=1) - log_p[:, :target].logsumexp(dim=1)


def others(target: int) -> list[int]:
    """Ranks of all other grades."""
    return [rank for rank in range(len(GRADES)) if rank != target]


def asked(net: PfmNet, inputs: Inputs, target: int) -> tuple[str, ...]:
    """Names of the sources that are present. Raises `BadInputError` for what no map can be drawn of."""
    if not 0 <= target < len(GRADES):
        raise BadInputError(
            tr("there is no grade of rank {rank}", rank=target),
            remedy=tr("ask for 0 to {most}", most=len(GRADES) - 1),
        )
    counts = {len(inputs.pictures[name]) for name in net.names}
    if counts != {1}:
        raise BadInputError(tr("a heatmap is drawn of one case at a time"), remedy=tr("give a batch of one"))
    there = tuple(name for name in net.names if bool(inputs.present[name].all()))
    if not there:
        raise BadInputError(tr("no picture shows anything"), remedy=tr("give a picture"))
    return there


def enhanced(net: PfmNet, inputs: Inputs) -> Planes:
    """Enhanced maps 1 x C x h x w of all sources, zero where absent, without gradients."""
    with torch.no_grad():
        return {name: net.maps(name, inputs) for name in net.names}
