"""From planes of the sources to maps that can be shown: scaled, blind where nothing was seen, and one for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.domain.prediction import FUSED
from pfm_desktop.pfm import heatmaps
from pfm_desktop.pfm.explain.target import Planes, Way
from pfm_desktop.pfm.heatmaps import LEAST_TOP
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.pfm.nets.spec import SEEN
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr

Floats = NDArray[np.float64]


def explain(
    net: PfmNet,
    inputs: Inputs,
    target: int,
    way: Way,
    shares: Mapping[str, float],
    strong: Mapping[str, float] | None = None,
) -> Planes:
    """Maps of each source and `fused`, g x g in 0..1 over the square input, NaN where nothing was seen.

    `shares`: each source's evidence; used unless the method's planes are parts of one sum (`Way.common`). `strong`:
    where the scale of each source ends, unless its map goes higher; without it at the map's highest point. Raises
    `BadInputError` for what cannot be asked, `ModelError` for a network whose map is no number.
    """
    planes = way.draw(net, inputs, target)
    if not all(bool(torch.isfinite(plane).all()) for plane in planes.values()):
        raise ModelError(
            tr("the network gives a heatmap that is no number"),
            safe=tr("no map is shown or kept"),
            remedy=tr("check the pictures, or fetch the model again"),
        )
    seen = {name: _seen(plane, inputs.coverage[name]) for name, plane in planes.items()}
    drawn = {name: _over_its_top(plane, (strong or {}).get(name, 0.0)) for name, plane in seen.items()}
    fused = _sum(seen) if way.common else weighted(drawn, shares)
    fused = fused if strong and not way.common else _over_its_top(fused)
    return {FUSED: fused, **drawn}


def weighted(planes: Planes, shares: Mapping[str, float]) -> Tensor:
    """As the engine fuses them: `pfm.heatmaps.weighted`."""
    return torch.from_numpy(heatmaps.weighted({name: plane.numpy() for name, plane in planes.items()}, shares))


def evidence(ask: Callable[[tuple[str, ...]], Floats], used: tuple[str, ...]) -> dict[str, float]:
    """Each source's share: how far the probabilities move (total variation) when that source is taken away.

    `ask` gives the calibrated probabilities, 4, of the decision module on some of the sources.
    """
    if len(used) == 1:
        return {used[0]: 1.0}
    whole = ask(used)
    moved = {
        name: 0.5 * float(np.abs(ask(tuple(other for other in used if other != name)) - whole).sum()) for name in used
    }
    total = sum(moved.values())
    return {name: value / total if total > 1e-9 else 1.0 / len(used) for name, value in moved.items()}


def _sum(planes: Planes) -> Tensor:
    """Of what each source sees; NaN where none does."""
    stack = torch.stack(list(planes.values()))
    return torch.where(stack.isfinite().any(dim=0), stack.nan_to_num(0.0).sum(dim=0), torch.nan)


def _seen(plane: Tensor, coverage: Tensor) -> Tensor:
    """g x g, NaN where the coverage, 1 x h x w, says that nothing was seen."""
    share = F.interpolate(coverage[:, None].float(), size=plane.shape, mode="nearest")[0, 0]
    return torch.where(share >= SEEN, plane, torch.nan)


def _over_its_top(plane: Tensor, strong: float = 0.0) -> Tensor:
    """g x g over its highest value, or over `strong` where that is higher; zero where there is none above zero."""
    top = float(plane.nan_to_num(0.0).max())
    return plane / max(top, strong) if top > LEAST_TOP else plane * 0
