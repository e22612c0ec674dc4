"""The slopes that are written out by hand are those that torch's autograd finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.backend import combinations
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.nets.model import PfmNet, new_net
from pfm_desktop.pfm.nets.pconv import WIDTH
from pfm_desktop.pfm.nets.spec import SWITCHES, NetSpec
from pfm_desktop.pfm.slopes import Slopes, slopes_of
from pfm_desktop.pfm.torch_backend import TorchBackend
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow  # many networks, each beside autograd

DEMO = Path(__file__).resolve().parents[3] / "models" / "pfm-demo"
HIGH = torch.tensor([[-1 / 3, -1 / 3, 1.0, -1 / 3]])
SPECS = {
    "T0": NetSpec(size=64),
    "T1": NetSpec(size=64, variant="T1"),
    "T2, which has no GELU": NetSpec(size=64, variant="T2"),
    "channel splice": NetSpec(size=64, splice="channel"),
    "one source": NetSpec(size=64, sources=(Source.WHITE,)),
    "one source, channel splice": NetSpec(size=64, sources=(Source.FLUORESCENCE,), splice="channel"),
    "one layer": NetSpec(size=64, layers=1),
    "three layers of four heads": NetSpec(size=64, layers=3, heads=4, width=64),
    "no layer": NetSpec(size=64, layers=0),
    "a larger picture": NetSpec(size=288),
    **{f"without {name}": replace(NetSpec(size=64), **{name: False}) for name in SWITCHES},
    "without any part": NetSpec(size=64, splice="channel", **dict.fromkeys(SWITCHES, False)),
}


def _network(spec: NetSpec) -> PfmNet:
    """Random weights, and norms that are not the plain ones of a fresh network."""
    torch.manual_seed(0)
    net = new_net(spec).eval()
    for name, value in net.state_dict().items():
        if not value.is_floating_point():
            continue
        if name.endswith("running_var"):
            value.uniform_(0.01, 0.1)
        elif name.endswith("running_mean") or ("absent" in name) or name.endswith("bias"):
            value.normal_(std=0.1)
        elif ".norm" in name or name.endswith("mlp.1.weight"):
            value.uniform_(0.5, 1.5)
    return net


def _case(net: PfmNet, *, partly: bool = False) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Maps of the third stage, and coverage; `partly`: half of the cells of each source are not seen, some a little."""
    random, grid = torch.Generator().manual_seed(1), net.spec.grid
    shape = 1, 4 * WIDTH[net.spec.variant], 2 * grid, 2 * grid
    middles = {name: torch.randn(shape, generator=random) for name in net.names}
    coverage = {name: torch.ones(1, grid, grid) for name in net.names}
    if partly:
        for index, name in enumerate(net.names):
            coverage[name][0, :, index % grid] = torch.linspace(0, 0.6, grid)
    return middles, coverage


def _by_hand(
    net: PfmNet, middles: Mapping[str, Tensor], coverage: Mapping[str, Tensor], used: tuple[str, ...], weights: Tensor
) -> dict[str, Tensor]:
    slopes = Slopes({key: value.numpy() for key, value in net.state_dict().items()}, net.spec)
    backend = TorchBackend(net)
    given = {name: coverage[name].numpy() for name in net.names}
    with torch.inference_mode():
        enhanced = {name: (net.extract[name].tail(middles[name]) * (name in used)).numpy() for name in net.names}
    answers = backend.answers(enhanced, given)
    row = combinations(net.names).index(used)
    there = {name: middles[name][0].numpy() for name in used}
    found = slopes.of(there, given, answers.tokens[row], answers.visible[row], weights[0].numpy())
    assert all(slope.dtype == np.float32 for slope in found.values())
    return {name: torch.from_numpy(np.ascontiguousarray(slope))[None] for name, slope in found.items()}


def _by_autograd(
    net: PfmNet, middles: Mapping[str, Tensor], coverage: Mapping[str, Tensor], used: tuple[str, ...], weights: Tensor
) -> dict[str, Tensor]:
    """As `explain.methods` does it: an absent source's enhanced map is zero."""
    leaves = {name: middles[name].clone().requires_grad_(True) for name in used}
    maps = {}
    for name in net.names:
        tail = net.extract[name].tail(leaves[name] if name in used else middles[name])
        maps[name] = tail if name in used else torch.zeros_like(tail)
    present = {name: torch.tensor([name in used]) for name in net.names}
    score = (net.decide(maps, coverage, present).combined() * weights).sum()
    return dict(zip(used, torch.autograd.grad(score, [leaves[name] for name in used]), strict=True))


def _same(mine: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    for name, slope in wanted.items():
        largest = float(slope.abs().max())
        assert largest > 0, "a case in which nothing rises tests nothing"
        assert float((mine[name] - slope).abs().max()) <= 1e-4 * largest, name
    assert set(mine) == set(wanted), "an absent source has no slope"


@pytest.mark.parametrize("partly", [False, True], ids=["wholly seen", "partly seen"])
@pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))
def test_slopes_are_those_of_autograd(spec: NetSpec, partly: bool) -> None:
    net = _network(spec)
    middles, coverage = _case(net, partly=partly)
    asked = net.names, HIGH
    _same(_by_hand(net, middles, coverage, *asked), _by_autograd(net, middles, coverage, *asked))


@pytest.mark.parametrize(("splice", "used"), list(product(("token", "channel"), ("white", "fluorescence"))))
def test_an_absent_source_leaves_the_slopes_of_the_other_exact(splice: str, used: str) -> None:
    net = _network(NetSpec(size=64, splice=splice))
    middles, coverage = _case(net)
    coverage[next(name for name in net.names if name != used)][:] = 0
    asked = (used,), HIGH
    _same(_by_hand(net, middles, coverage, *asked), _by_autograd(net, middles, coverage, *asked))


@pytest.mark.parametrize("weights", [[1.0, 0, 0, 0], [0.0, 1, 0, 0], [0.0, 0, 0, 1], [0.3, -2, 0.7, 1.1]])
def test_any_number_made_of_the_answer_can_be_asked_for(weights: list[float]) -> None:
    net = _network(NetSpec(size=64))
    middles, coverage = _case(net)
    asked = net.names, torch.tensor([weights])
    _same(_by_hand(net, middles, coverage, *asked), _by_autograd(net, middles, coverage, *asked))


@pytest.mark.parametrize("value", [0.0, 1.0, -3.0])
def test_cells_that_are_equal_share_the_maximum_as_torch_has_it(value: float) -> None:
    net = _network(NetSpec(size=64))
    middles, coverage = _case(net)
    middles = {name: torch.full_like(middle, value) for name, middle in middles.items()}
    asked = net.names, HIGH
    _same(_by_hand(net, middles, coverage, *asked), _by_autograd(net, middles, coverage, *asked))


def test_the_demonstration_model_has_the_slopes_of_autograd() -> None:
    net = load_model(DEMO).net
    middles, coverage = _case(net, partly=True)
    middles = {name: middle.abs() for name, middle in middles.items()}
    for used in (net.names, ("white",), ("fluorescence",)):
        asked = used, HIGH
        _same(_by_hand(net, middles, coverage, *asked), _by_autograd(net, middles, coverage, *asked))


def test_what_is_no_number_stays_none() -> None:
    """The engine refuses such a map; a slope of zero in its place would be shown as one."""
    net = _network(NetSpec(size=64))
    middles, coverage = _case(net)
    middles["white"][0, 3, 1, 1] = float("nan")
    slopes = _by_hand(net, middles, coverage, net.names, HIGH)
    assert bool(slopes["white"].isnan().any())


def test_the_network_stays_as_it_was() -> None:
    net = _network(NetSpec(size=64))
    weights = {key: value.clone() for key, value in net.state_dict().items()}
    middles, coverage = _case(net)
    kept = {name: middle.clone() for name, middle in middles.items()}
    _by_hand(net, middles, coverage, net.names, HIGH)
    assert all(bool((value == weights[key]).all()) for key, value in net.state_dict().items())
    assert all(bool((middles[name] == middle).all()) for name, middle in kept.items())


def test_weights_that_cannot_be_read_are_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"no tensors")
    for file in (tmp_path / "weights.safetensors", tmp_path / "missing"):
        with pytest.raises(ModelError, match=r"is not a readable safetensors file .* fetch the model again"):
            slopes_of(file, NetSpec())


def test_only_what_lies_behind_the_third_stage_is_read() -> None:
    read = slopes_of(DEMO / "weights.safetensors", load_model(DEMO).net.spec)._tensors
    assert not [key for key in read if ".stages.4." in key or "patch_embed" in key or key.startswith("alone.")]
    assert sum(value.nbytes for value in read.values()) < 20e6
