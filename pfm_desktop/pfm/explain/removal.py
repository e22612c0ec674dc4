"""Deletion and insertion: what the model says while the cells that a heatmap ranks first are taken away, or put back.

Source: Petsiuk, Das and Saenko, "RISE", BMVC 2018. A cell is replaced in every source at once.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.pfm.explain.scores import Mask
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.pfm.runtime import bf16_gains

SIDE = 14  # the picture is taken apart in SIDE x SIDE cells
STEPS = 7  # equal ones from the whole picture to none of it
BLUR = 1 / 7  # of the side: standard deviation of the blur that replaces a cell
Floats = NDArray[np.float64]


def ranking_cells(plane: Tensor) -> NDArray[np.float32]:
    """A map g x g (NaN where nothing was seen) to SIDE x SIDE means of what was seen; NaN where nothing was."""
    fine = F.interpolate(plane[None, None], size=(16 * SIDE,) * 2, mode="nearest") if plane.shape[-1] < SIDE else None
    source = plane[None, None] if fine is None else fine
    seen = F.adaptive_avg_pool2d(source.isfinite().float(), SIDE)
    total = F.adaptive_avg_pool2d(source.nan_to_num(0.0), SIDE)
    out: NDArray[np.float32] = torch.where(seen > 0, total / seen.clamp_min(1e-6), torch.nan)[0, 0].numpy()
    return out


def blurred(picture: Tensor) -> Tensor:
    """N x C x S x S so blurred that no lesion is left; what was not seen (zero) does not bleed in, and stays zero."""
    seen = (picture != 0).any(dim=1, keepdim=True).float()
    return _blur(picture * seen) / _blur(seen).clamp_min(1e-4) * seen


def averaged(picture: Tensor) -> Tensor:
    """N x C x S x S with every channel at its mean over what was seen; what was not stays zero."""
    seen = (picture != 0).any(dim=1, keepdim=True).float()
    mean = (picture * seen).sum(dim=(2, 3), keepdim=True) / seen.sum(dim=(2, 3), keepdim=True).clamp_min(1)
    return mean * seen


def mixed(picture: Tensor, without: Tensor, gone: Mask) -> Tensor:
    """1 x C x S x S twice and K x (SIDE * SIDE) cells that are gone, to K x C x S x S."""
    cells = torch.from_numpy(gone).float().view(-1, 1, SIDE, SIDE)
    mask = F.interpolate(cells, size=picture.shape[-2:], mode="nearest")
    return picture * (1 - mask) + without * mask


def answers(net: PfmNet, inputs: Inputs, without: dict[str, Tensor], gone: Mask) -> Floats:
    """K x 4 uncalibrated log-probabilities of the decision module on one case with those cells replaced."""
    pictures = {
        name: mixed(picture, without[name], gone).contiguous(memory_format=torch.channels_last)
        for name, picture in inputs.pictures.items()
    }
    many = Inputs(
        pictures,
        {name: value.expand(len(gone), -1, -1) for name, value in inputs.coverage.items()},
        {name: value.expand(len(gone)) for name, value in inputs.present.items()},
    )
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16_gains()):
        maps = {name: net.maps(name, many) for name in net.names}
        log_p = net.decide(maps, many.coverage, many.present).combined()
    return np.asarray(log_p.double().numpy())


def _blur(planes: Tensor) -> Tensor:
    """Gaussian of BLUR of the side, as products of small pictures: reduced, blurred, enlarged."""
    side = planes.shape[-1]
    spread = BLUR * side
    reach = int(2 * spread)
    at = torch.arange(-reach, reach + 1, dtype=torch.float32)
    line = torch.exp(-0.5 * (at / spread) ** 2)
    line = line / line.sum()
    channels = planes.shape[1]
    across = line.view(1, 1, 1, -1).repeat(channels, 1, 1, 1)
    down = line.view(1, 1, -1, 1).repeat(channels, 1, 1, 1)
    return F.conv2d(
        F.conv2d(planes, across, padding=(0, reach), groups=channels), down, padding=(reach, 0), groups=channels
    )
