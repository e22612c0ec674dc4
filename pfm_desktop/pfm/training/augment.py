"""Batches for training: one random geometry for the pair, own light for each source, fluorescence warped a little.

Everything runs on whole batches and draws from one generator, so that a step is the same after a resume.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from pfm_desktop.pfm.nets.model import Inputs, cell_coverage
from pfm_desktop.pfm.preprocess import Normalisation, intensities
from pfm_desktop.pfm.training.data import WHITE, RawBatch


@dataclass(frozen=True)
class Augmentation:
    """Standard deviations, or half-widths where it says so."""

    rotation_deg: float = 25.0  # half-width
    log_scale: float = 0.12  # half-width
    shift: float = 0.06  # half-width, share of the side
    flip: bool = True  # left-right, every second case
    warp: float = 0.008  # of the grid of the second picture, share of the side: what registration leaves over
    gain: float = 0.12  # log brightness
    channel_gain: float = 0.05  # log, a channel: white balance, filter
    contrast: float = 0.10  # log, around the case's mean
    drop_source: float = 0.15  # share of the cases that lose white, and as many that lose the other


def plain_inputs(raw: RawBatch, sources: Sequence[str], grid: int, normalisation: Normalisation) -> Inputs:
    """A batch as it is, without any augmentation. A source that its cases are not of is absent in all of them."""
    pictures, coverage = {}, {}
    raw = _with_absent(raw, sources)
    for name in sources:
        planes = intensities(name, raw.squares[name], raw.level)
        pictures[name] = _finish(normalisation.apply(name, planes, raw.seen[name]))
        coverage[name] = cell_coverage(raw.seen[name], grid)
    return Inputs(pictures, coverage, {name: raw.present[name] for name in sources})


def augmented_inputs(
    raw: RawBatch,
    sources: Sequence[str],
    grid: int,
    normalisation: Normalisation,
    *,
    options: Augmentation,
    random: torch.Generator,
) -> Inputs:
    """A batch for one training step."""
    count, size = raw.level.shape[0], next(iter(raw.squares.values())).shape[1]
    places = F.affine_grid(_geometry(count, options, random), [count, 1, size, size], align_corners=False)
    pictures, coverage = {}, {}
    raw = _with_absent(raw, sources)
    for name in sources:
        at = places + _warp(count, size, options, random) if name != WHITE else places
        planes = _light(intensities(name, raw.squares[name], raw.level), raw.seen[name], options, random)
        both = torch.cat((planes, raw.seen[name][:, None]), dim=1)
        both = F.grid_sample(both, at, mode="bilinear", padding_mode="zeros", align_corners=False)
        seen = (both[:, 3] > 0.5).float()
        pictures[name] = _finish(normalisation.apply(name, both[:, :3], seen))
        coverage[name] = cell_coverage(seen, grid)
    present = _drop(raw, sources, options.drop_source, random)
    lesion = None
    if raw.lesion is not None:  # drawn on white light, the frame that no warp touches
        there = F.grid_sample(raw.lesion[:, None], places, mode="bilinear", padding_mode="zeros", align_corners=False)
        lesion = cell_coverage(there[:, 0], grid)
    return Inputs(pictures, coverage, present, lesion, raw.lesion_in)


def _with_absent(raw: RawBatch, sources: Sequence[str]) -> RawBatch:
    """With pictures that show nothing for each of the sources that the cases do not have."""
    missing = [name for name in sources if name not in raw.squares]
    if not missing:
        return raw
    like = next(iter(raw.squares))
    blank, unseen = torch.zeros_like(raw.squares[like]), torch.zeros_like(raw.seen[like])
    absent = torch.zeros_like(raw.present[like])
    return replace(
        raw,
        squares={**raw.squares, **dict.fromkeys(missing, blank)},
        seen={**raw.seen, **dict.fromkeys(missing, unseen)},
        present={**raw.present, **dict.fromkeys(missing, absent)},
    )


def _finish(planes: Tensor) -> Tensor:
    return planes.contiguous(memory_format=torch.channels_last)


def _uniform(count: int, half_width: float, random: torch.Generator) -> Tensor:
    return (torch.rand(count, generator=random) * 2 - 1) * half_width


def _geometry(count: int, options: Augmentation, random: torch.Generator) -> Tensor:
    angle = _uniform(count, math.radians(options.rotation_deg), random)
    scale = torch.exp(_uniform(count, options.log_scale, random))
    mirror = torch.ones(count)
    if options.flip:
        mirror = torch.where(torch.rand(count, generator=random) < 0.5, -1.0, 1.0)
    shift_x, shift_y = (_uniform(count, 2 * options.shift, random) for _ in range(2))  # the grid spans -1..1
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = (torch.stack((mirror * cos, -sin, shift_x), dim=1), torch.stack((mirror * sin, cos, shift_y), dim=1))
    return torch.stack(rows, dim=1)


def _warp(count: int, size: int, options: Augmentation, random: torch.Generator) -> Tensor:
    """Smooth displacement N x S x S x 2 in grid units; its strength differs from case to case."""
    strength = torch.rand(count, 1, 1, 1, generator=random) * 2 * options.warp * 2
    coarse = torch.randn(count, 2, 5, 5, generator=random) * strength
    return F.interpolate(coarse, size=(size, size), mode="bilinear", align_corners=True).permute(0, 2, 3, 1)


def _light(planes: Tensor, seen: Tensor, options: Augmentation, random: torch.Generator) -> Tensor:
    """Brightness, white balance and contrast; changes `planes` in place."""
    count = planes.shape[0]
    gain = torch.randn(count, 1, generator=random) * options.gain
    gain = torch.exp(gain + torch.randn(count, 3, generator=random) * options.channel_gain)[:, :, None, None]
    contrast = torch.exp(torch.randn(count, 1, generator=random) * options.contrast)[:, :, None, None]
    weight = seen.sum(dim=(1, 2)).clamp_min(1.0)[:, None]
    mean = ((planes * seen[:, None]).sum(dim=(2, 3)) / weight)[:, :, None, None]
    # (x - mean) * contrast + mean, then gain: one multiplication and one addition a pixel
    return planes.mul_(gain * contrast).add_(mean * (1 - contrast) * gain)


def _drop(raw: RawBatch, sources: Sequence[str], rate: float, random: torch.Generator) -> dict[str, Tensor]:
    """Take one source away from some cases that have both."""
    present = {name: raw.present[name] for name in sources}
    if len(sources) < 2:
        return present
    first, second = sources
    draw = torch.rand(raw.level.shape[0], generator=random)
    both = present[first] & present[second]
    return {
        first: present[first] & ~(both & (draw < rate)),
        second: present[second] & ~(both & (draw >= 1 - rate)),
    }
