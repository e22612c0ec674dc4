"""The whole network: both splices, one source or two, and every part switched off."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import pytest
import torch

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.pfm.nets.model import Inputs, Outputs, PfmNet, cell_coverage, new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow  # many networks

SWITCHES = ("partial_conv", "channel_attention", "spatial_attention", "decision")


def made(**spec: object) -> PfmNet:
    return deepcopy(drawn(NetSpec(**{"size": 64, **spec})))  # type: ignore[arg-type]


@cache
def drawn(spec: NetSpec) -> PfmNet:
    """Random weights cost more than a copy of them."""
    torch.manual_seed(0)
    return new_net(spec).eval()


def inputs(*, white: bool = True, fluorescence: bool = True, count: int = 2, seed: int = 1) -> Inputs:
    random = torch.Generator().manual_seed(seed)
    pictures = {str(source): torch.randn(count, 3, 64, 64, generator=random) for source in PLACES}
    coverage = {str(source): torch.ones(count, 2, 2) for source in PLACES}
    present = {"white": torch.full((count,), white), "fluorescence": torch.full((count,), fluorescence)}
    return Inputs(pictures, coverage, present)


def answers(outputs: Outputs) -> torch.Tensor:
    return torch.cat((outputs.fused.softmax, outputs.fused.ordinal), dim=1)


@pytest.mark.parametrize("splice", ["channel", "token"])
@pytest.mark.parametrize("variant", ["T0", "T1"])
def test_all_heads_answer(splice: str, variant: str) -> None:
    with torch.no_grad():
        out = made(splice=splice, variant=variant)(inputs())
    assert out.fused.softmax.shape == (2, 4)
    assert out.fused.ordinal.shape == (2, 3)
    assert {name: value.shape for name, value in out.alone.items()} == {"white": (2, 4), "fluorescence": (2, 4)}


@pytest.mark.parametrize("splice", ["channel", "token"])
@pytest.mark.parametrize("absent", ["white", "fluorescence"])
def test_what_the_absent_picture_would_show_has_no_influence(splice: str, absent: str) -> None:
    net = made(splice=splice)
    here = inputs(white=absent != "white", fluorescence=absent != "fluorescence")
    other = Inputs({**here.pictures, absent: here.pictures[absent] * 7 + 3}, here.coverage, here.present)
    left = "fluorescence" if absent == "white" else "white"
    with torch.no_grad():
        first, second = net(here), net(other)
    assert torch.equal(answers(first), answers(second))
    assert torch.equal(first.alone[left], second.alone[left])


@pytest.mark.parametrize("splice", ["channel", "token"])
def test_both_pictures_matter_when_they_are_there_and_taking_one_away_is_seen(splice: str) -> None:
    net = made(splice=splice)
    here = inputs()
    with torch.no_grad():
        whole = answers(net(here))
        for name in net.names:
            changed = Inputs({**here.pictures, name: -here.pictures[name]}, here.coverage, here.present)
            assert not torch.allclose(answers(net(changed)), whole, atol=1e-7)
        assert not torch.allclose(answers(net(inputs(white=False))), whole, atol=1e-7)


@pytest.mark.parametrize("splice", ["channel", "token"])
def test_a_case_is_answered_alike_alone_and_beside_others(splice: str) -> None:
    net = made(splice=splice)
    here = inputs(count=3)
    here.present["white"][1] = False
    with torch.no_grad():
        together = answers(net(here))
        for index in range(3):
            one = Inputs(*({key: value[index : index + 1] for key, value in part.items()}
                           for part in (here.pictures, here.coverage, here.present)))  # fmt: skip
            assert torch.allclose(answers(net(one)), together[index : index + 1], atol=1e-5)


@pytest.mark.parametrize("source", PLACES)
@pytest.mark.parametrize("splice", ["channel", "token"])
def test_a_network_of_one_source_is_built_alike(source: Source, splice: str) -> None:
    net = made(splice=splice, sources=(source,))
    with torch.no_grad():
        out = net(inputs())
    assert set(out.alone) == {str(source)}
    assert answers(out).shape == (2, 7)


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("splice", ["channel", "token"])
def test_each_part_of_the_paper_can_be_taken_out(switch: str, splice: str) -> None:
    whole, less = made(splice=splice), made(splice=splice, **{switch: False})
    missing = set(whole.state_dict()) - set(less.state_dict())
    named = {"partial_conv": "partial_conv3", "channel_attention": "enhance.channel",
             "spatial_attention": "enhance.spatial", "decision": "decision.layers"}[switch]  # fmt: skip
    assert missing
    assert all(named in key for key in missing)
    assert set(less.state_dict()) <= set(whole.state_dict())
    with torch.no_grad():
        assert torch.isfinite(answers(less(inputs()))).all()


def test_the_two_trunks_are_not_shared() -> None:
    first, second = made().trunks()
    assert not {id(parameter) for parameter in first.parameters()} & {id(p) for p in second.parameters()}


def test_coverage_is_the_share_of_each_cell_that_is_seen() -> None:
    seen = torch.zeros(1, 64, 64, dtype=torch.bool)
    seen[:, :16, :32] = True
    assert cell_coverage(seen, 2)[0].tolist() == [[0.5, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"variant": "T9"},
        {"splice": "sum"},
        {"size": 100},
        {"size": 0},
        {"sources": ()},
        {"sources": (Source.WHITE, Source.WHITE)},
        {"width": 250},
        {"width": 25_600_000},
        {"width": "256"},
        {"size": 320_000},
        {"size": "224"},
        {"size": 224.0},
        {"size": True},
        {"size": 10**6000},
        {"heads": 0},
        {"heads": -8},
        {"layers": 100_000},
        {"layers": -1},
        {"dropout": 7.5},
        {"dropout": float("nan")},
        {"dropout": "no"},
        {"decision": 1},
    ],
)
def test_a_network_that_cannot_be_built_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ModelError):
        NetSpec(**wrong)  # type: ignore[arg-type]


def test_a_spec_survives_its_table_and_unknown_entries_ask_for_an_update() -> None:
    spec = NetSpec(variant="T1", splice="channel", sources=(Source.WHITE,), decision=False)
    assert NetSpec.from_table(spec.to_table()) == spec
    with pytest.raises(ModelError, match=r"the model asks for magic.*update the program"):
        NetSpec.from_table({**spec.to_table(), "magic": 1})
    with pytest.raises(ModelError, match="does not know: 'x-ray'"):
        NetSpec.from_table({**spec.to_table(), "sources": ["x-ray"]})
