"""What every backend is given: the combinations of sources and the dropout masks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.backend import CHUNK, combinations, draw_masks, mask_shapes, token_count
from pfm_desktop.pfm.nets.heads import HeadDropout
from pfm_desktop.pfm.nets.model import PfmNet, new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.torch_backend import TorchBackend
from pfm_desktop.pfm.torch_pieces import AnswersPiece, PassesPiece

SPECS = [
    NetSpec(size=64),
    NetSpec(size=96, splice="channel"),
    NetSpec(size=64, layers=1),
    NetSpec(size=64, layers=3, heads=4, width=64),
    NetSpec(size=64, decision=False),
    NetSpec(size=64, sources=(Source.WHITE,)),
    NetSpec(size=64, dropout=0.0),
]


def _case(net: PfmNet) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Maps and coverage; one cell of the last source is not seen."""
    random, grid = np.random.default_rng(1), net.spec.grid
    channels = net.source_head(net.names[0]).linear.in_features
    maps = {name: random.normal(size=(1, channels, grid, grid)).astype(np.float32) for name in net.names}
    coverage = {name: np.ones((1, grid, grid), np.float32) for name in net.names}
    coverage[net.names[-1]][0, 0, 0] = 0
    return maps, coverage


def test_every_combination_of_the_sources_is_asked_the_whole_first() -> None:
    assert combinations(("white", "fluorescence")) == (("white", "fluorescence"), ("white",), ("fluorescence",))
    assert combinations(("white",)) == (("white",),)


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS)
def test_the_answers_are_those_of_the_network(spec: NetSpec) -> None:
    torch.manual_seed(0)
    net = new_net(spec).eval()
    maps, coverage = _case(net)
    said = TorchBackend(net).answers(maps, coverage)
    given = [{name: torch.from_numpy(part[name]) for name in net.names} for part in (maps, coverage)]
    for row, asked in enumerate(combinations(net.names)):
        present = {name: torch.tensor([name in asked]) for name in net.names}
        with torch.no_grad():
            wanted = net.decide(*given, present).combined()[0].numpy()
        np.testing.assert_allclose(said.log_p[row], wanted, atol=1e-5)
    assert said.tokens.shape[1:] == (token_count(spec), spec.width)


class _Given(HeadDropout):
    """Dropout with its mask given, in the place where the network drops."""

    def __init__(self, keep: np.ndarray) -> None:
        super().__init__(0.0)
        self.keep = torch.from_numpy(keep)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.keep


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS)
def test_the_passes_are_those_of_the_decision_module_with_the_same_masks(spec: NetSpec) -> None:
    """The short cuts (what is shared by all passes, one token that asks) change nothing but rounding."""
    torch.manual_seed(0)
    net = new_net(spec).eval()
    backend = TorchBackend(net)
    answers = backend.answers(*_case(net))
    keep = draw_masks(spec, 0)
    mine = backend.passes(answers.tokens[0], answers.visible[0], keep)
    masks = iter(keep)
    for layer in net.decision.layers:
        layer.drop1, layer.drop2 = _Given(next(masks)), _Given(next(masks))
    net.decision.drop = _Given(next(masks))
    tokens = torch.from_numpy(answers.tokens[:1]).expand(CHUNK, -1, -1)
    visible = torch.from_numpy(answers.visible[:1]).expand(CHUNK, -1) > 0.5
    with torch.no_grad():
        wanted = net.classifier(net.decision(tokens, visible)).combined().numpy()
    np.testing.assert_allclose(mine, wanted, atol=2e-5)
    if spec.dropout:
        assert mine.std(axis=0).max() > 1e-4, "passes that say the same draw nothing"


def test_masks_are_the_same_each_time_and_differ_between_chunks() -> None:
    spec = NetSpec(size=64)
    first, again, second = draw_masks(spec, 0), draw_masks(spec, 0), draw_masks(spec, 1)
    assert [mask.shape for mask in first] == list(mask_shapes(spec, CHUNK))
    for mine, same, other in zip(first, again, second, strict=True):
        np.testing.assert_array_equal(mine, same)
        assert (mine != other).any()


def test_masks_drop_the_share_that_the_network_was_trained_with_and_keep_the_mean() -> None:
    spec = NetSpec(size=128, dropout=0.3)
    mask = draw_masks(spec, 0)[0]
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / 0.7)}
    assert (mask == 0).mean() == pytest.approx(0.3, abs=0.01)


def test_a_network_without_dropout_has_masks_that_change_nothing() -> None:
    assert all((mask == 1).all() for mask in draw_masks(NetSpec(size=64, dropout=0.0), 0))


def test_the_pieces_stay_as_they_are_when_the_network_is_asked_to_train() -> None:
    net = new_net(NetSpec(size=64)).eval()
    assert not AnswersPiece(net).eval().decision.training
    assert not PassesPiece(net).eval().decision.training
