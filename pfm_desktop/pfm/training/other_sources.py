"""A network that reads other sources than the one it comes from, with the weights of that one.

A source that the first network does not read starts from its white light, trunk, attention, head and splice: through a
green filter and after Lugol's iodine a picture is lit by white light, and shows the structures of one. Fluorescence
shows others; the record of this decision (ADR 15) has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.domain.source import Source, together
from pfm_desktop.pfm.checkpoint import LoadedModel
from pfm_desktop.pfm.nets.model import PfmNet, new_net
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.data import FLUORESCENCE, WHITE, PreparedSet
from pfm_desktop.pfm.training.finish import measure_normalisation
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

LEAST_SPREAD = 0.05  # of a channel, in 0..1: what a filter leaves dark is not made bright
_JOINED = "splice.project.weight"  # of the channel splice, D x nC x 1 x 1: the sources one behind the other


def reading(
    model: LoadedModel, sources: Sequence[Source], data: PreparedSet, indices: NDArray[np.int64]
) -> LoadedModel:
    """The model with a network for `sources`; as it is where it reads just these. Its `info` stays that of the old one.

    What is new is normalised by the cases at `indices`. Raises `BadInputError` where the cases are of other sources and
    `ModelError` for sources that no network has.
    """
    _check(sources, data)
    if tuple(sources) == model.net.spec.sources:
        return model
    net = net_for(model.net, sources).eval()
    new = [name for name in net.names if name not in model.net.names]
    measured = measure_normalisation(data, indices, new)
    old = model.normalisation
    mean = {name: measured.mean[name] if name in new else old.mean[name] for name in net.names}
    std = {name: _at_least(measured.std[name]) if name in new else old.std[name] for name in net.names}
    devices = {name: known for name, known in old.devices.items() if name in net.names}
    return replace(model, net=net, normalisation=Normalisation(mean, std, devices))


def net_for(net: PfmNet, sources: Sequence[Source]) -> PfmNet:
    """A network of the same shape for `sources`, of the same weights; see above for sources that are new."""
    made = new_net(replace(net.spec, sources=tuple(sources)))
    like = {name: name if name in net.names else _start(net) for name in made.names}
    weights, filled = net.state_dict(), {}
    for key, own in made.state_dict().items():
        if key == _JOINED:
            filled[key] = _joined(weights[key], net.names, [like[name] for name in made.names])
        else:
            filled[key] = weights[".".join(like.get(part, part) for part in key.split("."))].reshape(own.shape)
    made.load_state_dict(filled)
    return made


def _start(net: PfmNet) -> str:
    return WHITE if WHITE in net.names else net.names[0]


def _joined(weight: Tensor, names: Sequence[str], wanted: Sequence[str]) -> Tensor:
    parts = dict(zip(names, weight.chunk(len(names), dim=1), strict=True))
    return torch.cat([parts[name] for name in wanted], dim=1)


def _at_least(std: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (max(value, LEAST_SPREAD) for value in std)
    return red, green, blue


def _check(sources: Sequence[Source], data: PreparedSet) -> None:
    foreign = [source for source in sources if source.place == FLUORESCENCE and source != data.second]
    if foreign:
        raise BadInputError(
            tr(
                "the model is to read {sources}, the cases are white light + {second}",
                sources=together(sources),
                second=Source(data.second).words,
            ),
            safe=tr("nothing was written"),
            remedy=tr("learn from pairs of these sources"),
        )
