"""Ways to draw where a network looked, all with one signature (`target.Method`), and the plain ones they must beat."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor

from pfm_desktop.domain.prediction import CLASS_MAP_WORDS, LAYER_CAM_WORDS, SCALED_MAP_WORDS
from pfm_desktop.pfm.explain.integrated import integrated, smooth
from pfm_desktop.pfm.explain.occlusion import occlusion
from pfm_desktop.pfm.explain.relevance import relevance
from pfm_desktop.pfm.explain.target import Planes, Score, Way, asked, at_least, contrast, enhanced, others
from pfm_desktop.pfm.heatmaps import FINER
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.pfm.nets.spec import SEEN, STRIDE

CENTRE_SPREAD = 0.25  # of the side: standard deviation of the centred Gaussian
_QUARTER = STRIDE // 4


def class_map(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """Each cell's vote in the source's own head (Zhou et al., CVPR 2016, "CAM"), enlarged bicubically to 4h x 4w.

    `M = max(0, w_t . a + b_t - mean over the other grades of the same)`; exact, as the head's answer is the mean of the
    votes. It explains the source heads, not the decision module. A cell that was not seen says nothing.
    """
    there, maps = asked(net, inputs, target), enhanced(net, inputs)
    votes = {name: _votes(net, name, maps[name], target) * (inputs.coverage[name] >= SEEN) for name in there}
    return {
        name: F.interpolate(said[None], scale_factor=FINER, mode="bicubic", align_corners=False)[0, 0].clamp_min(0)
        for name, said in votes.items()
    }


def shifted_class_map(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """`class_map` on a grid twice as fine, 2h x 2w: the trunks run on four copies shifted by a quarter of a cell.

    A cell of the copy shifted by (dy, dx) is centred that far from the cell's own centre; (+-8, +-8) pixels are the
    centres of the finer grid ("shift and stitch", Long et al., CVPR 2015). The border is repeated.
    """
    planes = {}
    for name in asked(net, inputs, target):
        padded = F.pad(inputs.pictures[name], (_QUARTER,) * 4, mode="replicate")
        side = inputs.pictures[name].shape[-1]
        at = (0, 2 * _QUARTER)
        copies = torch.cat([padded[..., dy : dy + side, dx : dx + side] for dy in at for dx in at])
        with torch.no_grad():
            features = net.source_trunk(name)(copies.contiguous(memory_format=torch.channels_last))[1]
        votes = _votes(net, name, features, target)
        planes[name] = F.pixel_shuffle(votes[None], 2)[0, 0]
    return planes


def layer_cam(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """LayerCAM (Jiang et al., IEEE TIP 2021) on the third stage, 2h x 2w, towards the decision module's answer.

    `M = max(0, sum over k of max(0, dS/dA_k) * A_k)`, element by element, with S the contrast of the grade.
    """
    return _cam(net, inputs, target, middle=True)


def smoothed_layer_cam(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """`layer_cam` towards the log-odds of the grade or a worse one, smoothed by one cell of its grid (`smooth`)."""
    return {name: smooth(plane) for name, plane in _cam(net, inputs, target, middle=True, score=at_least).items()}


def softened_layer_cam(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """`layer_cam` smoothed by one cell of its grid (`smooth`); each source still on its own scale."""
    return {name: smooth(plane) for name, plane in layer_cam(net, inputs, target).items()}


def layer_cam_last(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """LayerCAM on the enhanced last maps, h x w: what the splice is given."""
    return _cam(net, inputs, target, middle=False)


def both_cam(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """Geometric mean of `class_map` and `layer_cam`, each over its own maximum, 2h x 2w: where both agree."""
    coarse, fine = class_map(net, inputs, target), layer_cam(net, inputs, target)
    return {name: (_resized(_scaled(coarse[name]), fine[name].shape[-1]) * _scaled(fine[name])).sqrt() for name in fine}


def input_gradient(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """`M = max over channels of |dS/dx|` (Simonyan et al., ICLR 2014 workshop), S x S pixels: a plain baseline."""
    there = asked(net, inputs, target)
    with torch.enable_grad():
        pictures = {name: inputs.pictures[name].detach().requires_grad_(name in there) for name in net.names}
        fresh = Inputs(pictures, inputs.coverage, inputs.present)
        maps = {name: net.maps(name, fresh) for name in net.names}
        score = contrast(net.decide(maps, inputs.coverage, inputs.present), target)
        slopes = torch.autograd.grad(score, [pictures[name] for name in there])
    return {name: slope[0].abs().amax(dim=0).float() for name, slope in zip(there, slopes, strict=True)}


def uniform(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """The same everywhere, h x w: knows nothing."""
    return {name: torch.ones(net.spec.grid, net.spec.grid) for name in asked(net, inputs, target)}


def centre(net: PfmNet, inputs: Inputs, target: int) -> Planes:
    """A Gaussian about the middle, 2h x 2w: knows only that the cervix is photographed in the middle."""
    side = 2 * net.spec.grid
    line = (torch.arange(side) + 0.5) / side - 0.5
    bell = torch.exp(-0.5 * (line / CENTRE_SPREAD) ** 2)
    return dict.fromkeys(asked(net, inputs, target), bell[:, None] * bell[None, :])


METHODS: Mapping[str, Way] = MappingProxyType(
    {
        CLASS_MAP_WORDS: Way(class_map),
        SCALED_MAP_WORDS: Way(class_map),  # how it is scaled is in `fuse`
        LAYER_CAM_WORDS: Way(layer_cam),
        "attention relevance": Way(relevance),
        "smoothed LayerCAM": Way(smoothed_layer_cam, common=True),
        "integrated gradients": Way(integrated, common=True),
        "softened LayerCAM": Way(softened_layer_cam),
        "uniform": Way(uniform),
        "centre": Way(centre),
        "input gradient": Way(input_gradient),
        "shifted class map": Way(shifted_class_map),
        "LayerCAM of the last map": Way(layer_cam_last),
        "class map x LayerCAM": Way(both_cam),
        "token occlusion": Way(occlusion),
    }
)


def _cam(net: PfmNet, inputs: Inputs, target: int, *, middle: bool, score: Score = contrast) -> Planes:
    there = asked(net, inputs, target)
    leaves: Planes = {}
    maps: Planes = {}
    for name in net.names:
        if name not in there:
            with torch.no_grad():
                maps[name] = net.maps(name, inputs)
            continue
        source = net.source_trunk(name)
        with torch.no_grad():
            stage3 = source.trunk.stage3(inputs.pictures[name])
            last = None if middle else source.tail(stage3)
        with torch.enable_grad():
            leaves[name] = (stage3 if last is None else last).detach().requires_grad_(True)
            maps[name] = source.tail(leaves[name]) if middle else leaves[name]
    with torch.enable_grad():
        asked_for = score(net.decide(maps, inputs.coverage, inputs.present), target)
        slopes = torch.autograd.grad(asked_for, [leaves[name] for name in there])
    return {
        name: (slope.clamp_min(0) * leaves[name].detach())[0].sum(dim=0).clamp_min(0).float()
        for name, slope in zip(there, slopes, strict=True)
    }


def _votes(net: PfmNet, name: str, features: Tensor, target: int) -> Tensor:
    """N x C x h x w to N x h x w."""
    with torch.no_grad():
        votes = net.source_head(name).votes(features).float()
    return (votes[:, target] - votes[:, others(target)].mean(dim=1)).clamp_min(0)


def _scaled(plane: Tensor) -> Tensor:
    top = float(plane.max())
    return plane / top if top > 0 else plane


def _resized(plane: Tensor, side: int) -> Tensor:
    return F.interpolate(plane[None, None], size=(side, side), mode="bilinear", align_corners=False)[0, 0]
