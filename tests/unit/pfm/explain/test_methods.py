"""What every way of drawing a heatmap promises, on small networks with random weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from pfm_desktop.domain.prediction import FUSED
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.explain.fuse import evidence, explain, weighted
from pfm_desktop.pfm.explain.integrated import contributions, smooth
from pfm_desktop.pfm.explain.methods import METHODS, class_map, layer_cam
from pfm_desktop.pfm.explain.relevance import relevance
from pfm_desktop.pfm.explain.removal import averaged
from pfm_desktop.pfm.explain.target import Planes, Way, at_least, contrast, others
from pfm_desktop.pfm.heatmaps import FINER, target_of
from pfm_desktop.pfm.nets.heads import Logits
from pfm_desktop.pfm.nets.model import Inputs, PfmNet, new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.support.errors import BadInputError, ModelError

pytestmark = pytest.mark.slow  # many maps; the program draws LayerCAM, the others were compared with it

SIZE, GRID, HIGH = 64, 2, 2
NAMES = ("white", "fluorescence")
every_method = pytest.mark.parametrize("name", METHODS)


def network(spec: NetSpec) -> PfmNet:
    torch.manual_seed(0)
    return new_net(spec).eval()


@pytest.fixture(scope="module")
def net() -> PfmNet:
    return network(NetSpec(size=SIZE))


def case(count: int = 1, *, absent: str = "", value: float | None = None) -> Inputs:
    """Random pictures, or pictures of one `value`; of a source that is absent nothing is seen."""
    random = torch.Generator().manual_seed(1)
    there = {name: name != absent for name in NAMES}
    pictures = {
        name: (torch.randn(count, 3, SIZE, SIZE, generator=random) if value is None else
               torch.full((count, 3, SIZE, SIZE), value)) * there[name]
        for name in NAMES
    }  # fmt: skip
    return Inputs(
        pictures,
        {name: torch.full((count, GRID, GRID), float(there[name])) for name in NAMES},
        {name: torch.full((count,), there[name]) for name in NAMES},
    )


def drawn(net: PfmNet, name: str, inputs: Inputs | None = None, target: int = HIGH) -> Planes:
    return METHODS[name].draw(net, inputs or case(), target)


@every_method
def test_every_source_gets_a_square_plane_without_negative_values(net: PfmNet, name: str) -> None:
    planes = drawn(net, name)
    assert set(planes) == set(NAMES)
    for plane in planes.values():
        assert plane.ndim == 2
        assert plane.shape[0] == plane.shape[1] >= GRID
        assert plane.dtype == torch.float32
        assert bool((plane >= 0).all())
        assert not plane.requires_grad


@every_method
def test_the_same_case_gives_the_same_planes(net: PfmNet, name: str) -> None:
    first, again = drawn(net, name), drawn(net, name)
    for source in NAMES:
        torch.testing.assert_close(first[source], again[source], rtol=0, atol=0)


@every_method
def test_drawing_leaves_the_network_and_the_case_as_they_were(net: PfmNet, name: str) -> None:
    inputs = case()
    weights = {key: value.clone() for key, value in net.state_dict().items()}
    pictures = {source: picture.clone() for source, picture in inputs.pictures.items()}
    drawn(net, name, inputs)
    assert all(bool((value == weights[key]).all()) for key, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert all(bool((picture == pictures[source]).all()) for source, picture in inputs.pictures.items())
    assert not any(picture.requires_grad for picture in inputs.pictures.values())
    assert not any(getattr(module, "record", False) for module in net.modules())
    assert all(layer.attention.attention is None for layer in net.decision.layers)


@every_method
def test_gradients_may_be_switched_off_around_it(net: PfmNet, name: str) -> None:
    with torch.no_grad():
        inside = drawn(net, name)
    for source, plane in drawn(net, name).items():
        torch.testing.assert_close(inside[source], plane)


@every_method
@pytest.mark.parametrize("absent", NAMES)
def test_an_absent_source_has_no_plane(net: PfmNet, name: str, absent: str) -> None:
    assert set(drawn(net, name, case(absent=absent))) == set(NAMES) - {absent}


@every_method
def test_a_network_of_one_source_is_drawn_as_well(name: str) -> None:
    single = network(NetSpec(size=SIZE, sources=(Source.WHITE,)))
    assert set(drawn(single, name)) == {"white"}


@every_method
def test_the_channel_splice_is_drawn_as_well(name: str) -> None:
    spliced = network(NetSpec(size=SIZE, splice="channel"))
    assert set(drawn(spliced, name)) == set(NAMES)


@every_method
@pytest.mark.parametrize("target", [-1, 4])
def test_a_grade_that_there_is_not_is_refused(net: PfmNet, name: str, target: int) -> None:
    with pytest.raises(BadInputError, match=f"there is no grade of rank {target}"):
        drawn(net, name, target=target)


@every_method
def test_two_cases_at_once_are_refused(net: PfmNet, name: str) -> None:
    with pytest.raises(BadInputError, match="one case at a time"):
        drawn(net, name, case(2))


@every_method
def test_no_picture_at_all_is_refused(net: PfmNet, name: str) -> None:
    blind = case()
    blind = replace(blind, present={source: torch.tensor([False]) for source in NAMES})
    with pytest.raises(BadInputError, match="no picture shows anything"):
        drawn(net, name, blind)


@every_method
@pytest.mark.parametrize("value", [0.0, 1e4])
def test_a_constant_picture_gives_a_map_of_numbers(net: PfmNet, name: str, value: float) -> None:
    maps = explain(net, case(value=value), HIGH, METHODS[name], dict.fromkeys(NAMES, 0.5))
    assert all(bool(plane.isfinite().all()) for plane in maps.values())


@pytest.mark.parametrize("name", [name for name in METHODS if name not in {"uniform", "centre"}])
def test_a_picture_of_no_numbers_gives_no_map(net: PfmNet, name: str) -> None:
    with pytest.raises(ModelError, match=r"a heatmap that is no number\. no map is shown or kept"):
        explain(net, case(value=float("nan")), HIGH, METHODS[name], dict.fromkeys(NAMES, 0.5))


def test_the_class_map_adds_up_to_the_source_heads_answer(net: PfmNet) -> None:
    inputs = case()
    logits = net.source_head("white")(net.maps("white", inputs), inputs.coverage["white"])[0]
    positive = []
    for target in range(4):
        votes = net.source_head("white").votes(net.maps("white", inputs))[0]
        signed = votes[target] - votes[others(target)].mean(dim=0)
        torch.testing.assert_close(signed.mean(), logits[target] - logits[others(target)].mean(), rtol=1e-4, atol=1e-5)
        cells = signed.detach().clamp_min(0)[None, None]
        finer = F.interpolate(cells, scale_factor=FINER, mode="bicubic", align_corners=False)[0, 0].clamp_min(0)
        torch.testing.assert_close(class_map(net, inputs, target)["white"], finer)
        positive.append(bool((signed > 0).any()))
    assert any(positive)


def test_layer_cam_is_the_published_formula(net: PfmNet) -> None:
    inputs = case()
    leaves = {name: net.extract[name].trunk.stage3(inputs.pictures[name]).detach().requires_grad_() for name in NAMES}
    maps = {name: net.extract[name].tail(leaves[name]) for name in NAMES}
    contrast(net.decide(maps, inputs.coverage, inputs.present), HIGH).sum().backward()
    for name, plane in layer_cam(net, inputs, HIGH).items():
        slope = leaves[name].grad
        assert slope is not None
        expected = torch.relu((torch.relu(slope) * leaves[name].detach()).sum(dim=1))[0]
        torch.testing.assert_close(plane, expected)


def test_softened_layer_cam_is_layer_cam_smoothed(net: PfmNet) -> None:
    for name, plane in drawn(net, "softened LayerCAM").items():
        torch.testing.assert_close(plane, smooth(layer_cam(net, case(), HIGH)[name]))


def test_relevance_of_one_layer_is_its_own_weighted_attention() -> None:
    shallow = network(NetSpec(size=SIZE, layers=1))
    inputs = case()
    planes = relevance(shallow, inputs, HIGH)
    module = shallow.decision.layers[0].attention
    module.record = True
    maps = {name: shallow.maps(name, inputs) for name in NAMES}
    score = contrast(shallow.decide(maps, inputs.coverage, inputs.present), HIGH)
    slope = torch.autograd.grad(score, module.attention)[0]
    row = (slope * module.attention).clamp_min(0).mean(dim=1)[0, 0].detach()
    cells = shallow.splice.cells(GRID, GRID)
    for name in NAMES:
        torch.testing.assert_close(planes[name].flatten(), row[cells[name]])


def test_relevance_needs_a_decision_module() -> None:
    averaged = network(NetSpec(size=SIZE, decision=False))
    with pytest.raises(BadInputError, match="no attention to follow"):
        relevance(averaged, case(), HIGH)


def test_a_cell_outside_the_picture_has_no_relevance(net: PfmNet) -> None:
    inputs = case()
    inputs.coverage["white"][0, 0, 0] = 0.0
    assert float(relevance(net, inputs, HIGH)["white"][0, 0]) == 0


def test_integrated_contributions_add_up_to_what_the_answer_gained(net: PfmNet) -> None:
    inputs = case()

    def said(pictures: dict[str, torch.Tensor]) -> float:
        with torch.no_grad():
            fused = net(replace(inputs, pictures=pictures)).fused
        return float(at_least(fused, HIGH))

    gained = said(dict(inputs.pictures)) - said({name: averaged(p) for name, p in inputs.pictures.items()})
    parts = contributions(net, inputs, HIGH, steps=64)
    assert sum(float(plane.sum()) for plane in parts.values()) == pytest.approx(gained, rel=0.02)


def test_smoothing_keeps_a_flat_map_and_spreads_a_point() -> None:
    flat = torch.full((5, 5), 0.3)
    torch.testing.assert_close(smooth(flat), flat)
    point = torch.zeros(9, 9)
    point[4, 4] = 1
    spread = smooth(point)
    assert float(spread.sum()) == pytest.approx(1)
    assert int(spread.argmax()) == 40
    assert float(spread[4, 5]) == pytest.approx(float(spread[4, 4]) * 0.60653, rel=1e-3)


@pytest.mark.parametrize("target", range(4))
def test_what_speaks_for_a_worse_grade_speaks_for_at_least_this_one(target: int) -> None:
    plain = Logits(torch.zeros(1, 4), torch.zeros(1, 3))
    worst = Logits(torch.tensor([[0.0, 0, 0, 2]]), torch.tensor([[0.0, 0, 2]]))
    assert (float(at_least(worst, target)) > float(at_least(plain, target))) == (target > 0)
    probabilities = plain.combined().softmax(dim=1)[0]
    kept = probabilities[target:].sum() if target else probabilities[0]
    torch.testing.assert_close(at_least(plain, target)[0], torch.log(kept / (1 - kept)))


def test_what_all_grades_gain_alike_counts_for_nothing() -> None:
    plain = Logits(torch.tensor([[0.1, 0.2, 0.9, 0.3]]), torch.zeros(1, 3))
    raised = Logits(plain.softmax + 5, plain.ordinal)
    torch.testing.assert_close(contrast(plain, HIGH), contrast(raised, HIGH))


def test_for_normal_the_map_shows_what_speaks_for_high() -> None:
    assert [target_of(rank) for rank in range(4)] == [2, 1, 2, 3]


def fixed_planes(*_: object) -> Planes:
    return {"white": torch.tensor([[8.0, 2.0], [4.0, 0.0]]), "fluorescence": torch.tensor([[4.0, 1.0], [2.0, 0.0]])}


def test_parts_of_one_sum_are_added_as_they_are(net: PfmNet) -> None:
    inputs = case()
    inputs.coverage["fluorescence"][0, 0, 0] = 0.0
    fused = explain(net, inputs, HIGH, Way(fixed_planes, common=True), {"white": 0.0, "fluorescence": 1.0})[FUSED]
    torch.testing.assert_close(fused, torch.tensor([[8.0, 3.0], [6.0, 0.0]]) / 8)


def test_maps_are_scaled_and_blind_where_nothing_was_seen(net: PfmNet) -> None:
    inputs = case()
    inputs.coverage["fluorescence"][0, 0, 0] = 0.0
    maps = explain(net, inputs, HIGH, Way(fixed_planes),
                   {"white": 0.75, "fluorescence": 0.25})  # fmt: skip
    torch.testing.assert_close(maps["white"], torch.tensor([[1.0, 0.25], [0.5, 0.0]]))
    expected = torch.tensor([[torch.nan, 0.5], [1.0, 0.0]])
    torch.testing.assert_close(maps["fluorescence"], expected, equal_nan=True)
    torch.testing.assert_close(maps[FUSED], torch.tensor([[1.0, 0.3125], [0.625, 0.0]]))


def test_where_no_source_sees_the_fused_map_is_blind() -> None:
    half = torch.tensor([[1.0, torch.nan]])
    torch.testing.assert_close(weighted({"white": half, "fluorescence": half}, dict.fromkeys(NAMES, 0.5)), half,
                               equal_nan=True)  # fmt: skip


def test_evidence_is_how_far_the_answer_moves_without_a_source() -> None:
    import numpy as np

    said = {NAMES: [0.1, 0.9, 0, 0], ("white",): [0.4, 0.6, 0, 0], ("fluorescence",): [0.2, 0.8, 0, 0]}
    shares = evidence(lambda used: np.array(said[used]), NAMES)
    assert shares == pytest.approx({"white": 0.25, "fluorescence": 0.75})
    assert evidence(lambda used: np.array([1.0, 0, 0, 0]), NAMES) == dict.fromkeys(NAMES, 0.5)
    assert evidence(lambda used: np.array(said[used]), ("white",)) == {"white": 1.0}
