"""What is taken away from a picture, and how a network that forgot is made."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from pfm_desktop.pfm.explain.removal import SIDE, answers, averaged, blurred, mixed, ranking_cells
from pfm_desktop.pfm.explain.sanity import CASCADE, forgetful
from pfm_desktop.pfm.nets.model import Inputs, PfmNet, new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow  # networks that forget; for comparisons only

SIZE, CELLS = 224, SIDE * SIDE
NAMES = ("white", "fluorescence")


@pytest.fixture(scope="module")
def net() -> PfmNet:
    torch.manual_seed(0)
    return new_net(NetSpec(size=SIZE)).eval()


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    random = torch.Generator().manual_seed(1)
    pictures = {name: torch.randn(1, 3, SIZE, SIZE, generator=random) for name in NAMES}
    return Inputs(
        pictures, {name: torch.ones(1, 7, 7) for name in NAMES}, {name: torch.tensor([True]) for name in NAMES}
    )


def test_a_coarse_map_ranks_the_cells_that_it_covers() -> None:
    cells = ranking_cells(torch.arange(49.0).view(7, 7))
    assert cells.shape == (SIDE, SIDE)
    assert cells[0, :4].tolist() == [0, 0, 1, 1]
    assert cells[-1, -1] == 48


def test_a_fine_map_ranks_by_the_mean_of_each_cell() -> None:
    fine = torch.zeros(28, 28)
    fine[0, 0] = 8.0
    assert ranking_cells(fine)[0, 0] == 2
    assert ranking_cells(fine).sum() == 2


def test_a_map_of_the_same_grid_is_taken_as_it_is() -> None:
    plane = torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(ranking_cells(plane), plane.numpy(), rtol=1e-6)


def test_what_a_map_did_not_see_is_not_ranked() -> None:
    plane = torch.ones(28, 28)
    plane[:2, :2] = torch.nan
    plane[2, 2] = torch.nan
    cells = ranking_cells(plane)
    assert np.isnan(cells[0, 0])
    assert cells[1, 1] == pytest.approx(1), "of the half-seen cell only what was seen counts"


@pytest.mark.parametrize("without", [blurred, averaged])
def test_structure_is_gone_and_the_colour_stays(without, inputs: Inputs) -> None:  # type: ignore[no-untyped-def]
    picture = inputs.pictures["white"] + 3
    plain = without(picture)
    assert float(plain.std(dim=(2, 3)).max()) < 0.05
    torch.testing.assert_close(plain.mean(dim=(2, 3)), picture.mean(dim=(2, 3)), rtol=0.02, atol=0.02)


def test_a_lesion_leaves_no_trace_that_could_be_pointed_at() -> None:
    picture = torch.ones(1, 3, SIZE, SIZE)
    picture[..., 80:120, 80:120] = 2
    assert float(blurred(picture).max()) < 1.35
    assert float(averaged(picture).max()) < 1.05


@pytest.mark.parametrize("without", [blurred, averaged])
def test_what_was_not_seen_stays_unseen_and_darkens_nothing(without) -> None:  # type: ignore[no-untyped-def]
    picture = torch.zeros(1, 3, SIZE, SIZE)
    picture[..., :100, :] = 5.0
    plain = without(picture)
    assert float(plain[..., 100:, :].abs().max()) == 0
    torch.testing.assert_close(plain[..., :100, :], picture[..., :100, :])


def test_a_picture_of_nothing_is_no_division_by_zero() -> None:
    blank = torch.zeros(1, 3, SIZE, SIZE)
    assert float(blurred(blank).abs().max()) == float(averaged(blank).abs().max()) == 0


def test_only_the_cells_that_are_gone_change() -> None:
    picture, without = torch.ones(1, 3, SIZE, SIZE), torch.zeros(1, 3, SIZE, SIZE)
    gone = np.zeros((2, CELLS), np.bool_)
    gone[1, SIDE + 2] = True  # second row, third cell
    none, one = mixed(picture, without, gone)
    assert float(none.min()) == 1
    step = SIZE // SIDE
    assert float(one[:, step : 2 * step, 2 * step : 3 * step].max()) == 0
    assert float(one.sum()) == 3 * (SIZE * SIZE - step * step)


def test_the_answer_about_a_whole_picture_is_the_networks_own(net: PfmNet, inputs: Inputs) -> None:
    without = {name: blurred(picture) for name, picture in inputs.pictures.items()}
    gone = np.stack([np.zeros(CELLS, np.bool_), np.ones(CELLS, np.bool_)])
    whole, nothing = answers(net, inputs, without, gone)
    with torch.no_grad():
        expected = net(inputs).fused.combined()[0].numpy()
        blank = net(Inputs(without, inputs.coverage, inputs.present)).fused.combined()[0].numpy()
    np.testing.assert_allclose(whole, expected, atol=0.05)  # bf16 where the processor has it
    np.testing.assert_allclose(nothing, blank, atol=0.05)


def changed(net: PfmNet, other: PfmNet) -> set[str]:
    own = net.state_dict()
    return {key for key, value in other.state_dict().items() if not torch.equal(value, own[key])}


def test_forgetting_goes_from_the_answer_down(net: PfmNet) -> None:
    torch.manual_seed(5)
    learned = new_net(net.spec).eval()
    sets = [changed(learned, forgetful(learned, step)) for step in CASCADE]
    assert sets[0] == {key for key in sets[0] if key.startswith(("classifier.", "alone."))} != set()
    assert all(before < after for before, after in pairwise(sets))
    assert any(key.startswith("extract.white.trunk.patch_embed") for key in sets[-1])
    assert not any(key.startswith("extract.white.trunk.patch_embed") for key in sets[-2])


def test_forgetting_is_the_same_each_time_and_spares_the_network(net: PfmNet) -> None:
    before = {key: value.clone() for key, value in net.state_dict().items()}
    state = torch.random.get_rng_state()
    first, again = forgetful(net, "everything"), forgetful(net, "everything")
    assert not changed(first, again)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert torch.equal(state, torch.random.get_rng_state())
    assert not first.training


def test_a_step_that_there_is_not_is_refused(net: PfmNet) -> None:
    with pytest.raises(BadInputError, match=r"there is no step 'stem'\. .*choose one of heads, decision module"):
        forgetful(net, "stem")
