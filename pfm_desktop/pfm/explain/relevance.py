"""Attention relevance through the decision module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from pfm_desktop.pfm.explain.target import Planes, asked, contrast, enhanced
from pfm_desktop.pfm.nets.heads import DecisionLayer, SelfAttention
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr


def relevance(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """The answer token's relevance of each cell, h x w, by the rules of Chefer, Gur and Wolf (ICCV 2021).

    `R = I`; layer by layer `A' = mean over heads of max(0, dS/dA * A)` and `R = R + A' R`; then the answer token's row.
    Of the last layer only that row exists, which is all that is read. Tokens of one cell in several sources (`channel`
    splice) give every source the same plane. Records in the network itself: not from two threads at once. Raises
    `BadInputError` for a network without decision module.
    """
    there, maps = asked(net, inputs, target), enhanced(net, inputs)
    modules = [layer.attention for layer in net.decision.layers if isinstance(layer, DecisionLayer)]
    if not modules:
        raise BadInputError(tr("this network has no attention to follow"), remedy=tr("draw class maps instead"))
    with torch.enable_grad(), _recording(modules):
        leaves = {name: value.detach().requires_grad_(True) for name, value in maps.items()}
        score = contrast(net.decide(leaves, inputs.coverage, inputs.present), target)
        attention = [module.attention for module in modules if module.attention is not None]
        slopes = torch.autograd.grad(score, attention)
    flow = torch.eye(attention[0].shape[-1])
    for weights, slope in zip(attention, slopes, strict=True):
        step = (slope * weights.detach()).clamp_min(0).mean(dim=1)[0].float()
        flow = flow[: len(step)] + step @ flow
    height, width = maps[there[0]].shape[-2:]
    cells = net.splice.cells(height, width)
    return {name: _plane(flow[0, cells[name]], height, width) for name in there}


def _plane(row: Tensor, height: int, width: int) -> Tensor:
    return row.reshape(height, width).contiguous()


@contextmanager
def _recording(modules: list[SelfAttention]) -> Iterator[None]:
    for module in modules:
        module.record = True
    try:
        yield
    finally:
        for module in modules:
            module.record, module.attention = False, None
