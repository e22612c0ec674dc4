"""Integrated gradients on the third stage's maps."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from pfm_desktop.pfm.explain.removal import averaged
from pfm_desktop.pfm.explain.target import Planes, asked, at_least
from pfm_desktop.pfm.nets.model import Inputs, PfmNet

STEPS = 8  # points between the two pictures


def integrated(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """What speaks for the grade or a worse one, 2h x 2w, smoothed: `max(0, contributions)`, then `smooth`."""
    parts = contributions(net, inputs, target)
    return {name: smooth(plane).clamp_min(0) for name, plane in parts.items()}


def contributions(net: PfmNet, inputs: Inputs, target: int, *, steps: int = STEPS) -> Planes:
    """Signed planes that sum, over all sources and cells, to S minus S of pictures without structure.

    Integrated gradients (Sundararajan, Taly and Yan, ICML 2017) in the third stage's maps A instead of pixels:
    `sum over k of (A_k - A'_k) * mean over the path from A' to A of dS/dA_k`, where A' is of the picture's own mean
    colour and S the log-odds of the grade or a worse one. The path is cut into `steps` and read in their middles, so
    the sum is exact up to the curvature within a step. An absent source has no plane.
    """
    there = asked(net, inputs, target)
    at = ((torch.arange(steps) + 0.5) / steps)[:, None, None, None]
    leaves: Planes = {}
    gains: Planes = {}
    maps: Planes = {}
    for name in net.names:
        with torch.no_grad():
            if name not in there:
                maps[name] = net.maps(name, inputs).expand(steps, -1, -1, -1)
                continue
            picture = inputs.pictures[name]
            both = torch.cat([picture, averaged(picture)]).contiguous(memory_format=torch.channels_last)
            whole, plain = net.source_trunk(name).trunk.stage3(both)
        gains[name] = whole - plain
        with torch.enable_grad():
            leaves[name] = (plain + at * gains[name]).detach().requires_grad_(True)
            maps[name] = net.source_trunk(name).tail(leaves[name])
    coverage = {name: value.expand(steps, -1, -1) for name, value in inputs.coverage.items()}
    present = {name: value.expand(steps) for name, value in inputs.present.items()}
    with torch.enable_grad():
        score = at_least(net.decide(maps, coverage, present), target).sum()
        slopes = torch.autograd.grad(score, [leaves[name] for name in there])
    return {
        name: (slope.mean(dim=0) * gains[name]).sum(dim=0).float() for name, slope in zip(there, slopes, strict=True)
    }


def smooth(plane: Tensor) -> Tensor:
    """g x g with a Gaussian of one cell: single cells of a deep map are noisy, and lesions are larger than one."""
    at = torch.arange(-3, 4, dtype=torch.float32)
    line = torch.exp(-0.5 * at**2)
    line = line / line.sum()
    padded = F.pad(plane[None, None], (3, 3, 3, 3), mode="replicate")
    return F.conv2d(F.conv2d(padded, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))[0, 0]
