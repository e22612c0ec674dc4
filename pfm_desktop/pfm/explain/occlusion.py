"""What the answer loses when a cell is kept from the decision module."""

from __future__ import annotations

import torch

from pfm_desktop.pfm.explain.target import Planes, asked, contrast, enhanced
from pfm_desktop.pfm.nets.model import Inputs, PfmNet


def occlusion(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """Occlusion (Zeiler and Fergus, ECCV 2014) of cells instead of pixels, h x w: the trunks run once.

    `M = max(0, S - S without the cell)`, S the contrast of the grade: the cell's coverage is set to nothing, so it is
    masked in the attention. The trunks have seen the cell all the same: its neighbours still know of it.
    """
    there, maps = asked(net, inputs, target), enhanced(net, inputs)
    height, width = maps[there[0]].shape[-2:]
    cells = height * width
    present = {name: inputs.present[name].expand(cells) for name in net.names}
    many = {name: value.expand(cells, -1, -1, -1) for name, value in maps.items()}
    planes = {}
    with torch.no_grad():
        whole = contrast(net.decide(maps, inputs.coverage, inputs.present), target)
        for name in there:
            coverage = {other: value.expand(cells, -1, -1) for other, value in inputs.coverage.items()}
            coverage[name] = coverage[name] * (1 - torch.eye(cells).view(cells, height, width))
            without = contrast(net.decide(many, coverage, present), target)
            planes[name] = (whole - without).clamp_min(0).view(height, width).float()
    return planes
