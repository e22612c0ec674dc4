"""Each part of the paper on its own: shapes, and the one thing it is there for."""

from __future__ import annotations

import math

import pytest
import torch

from pfm_desktop.pfm.nets.attention import ChannelAttention, Enhance, SpatialAttention
from pfm_desktop.pfm.nets.fusion import ChannelSplice, Positions, Splice, TokenSplice, build_splice
from pfm_desktop.pfm.nets.heads import (
    Classifier,
    Decision,
    HeadDropout,
    Logits,
    SelfAttention,
    SourceHead,
    corn_log_probabilities,
)
from pfm_desktop.pfm.nets.pconv import WIDTH, PartialConv, Trunk

NAMES = ("white", "fluorescence")


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(0)


def test_partial_convolution_mixes_the_first_quarter_and_passes_the_rest() -> None:
    x = torch.randn(2, 16, 6, 6)
    with torch.no_grad():
        out = PartialConv(16)(x)
    assert torch.equal(out[:, 4:], x[:, 4:])
    assert not torch.allclose(out[:, :4], x[:, :4])


@pytest.mark.parametrize("variant", list(WIDTH))
def test_a_trunk_ends_at_a_32nd_of_the_side_with_eight_times_the_width(variant: str) -> None:
    trunk = Trunk(variant).eval()
    x = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        middle, out = trunk.stage3(x), trunk(x)
    width = WIDTH[variant]
    assert middle.shape == (1, 4 * width, 4, 6)
    assert out.shape == (1, 8 * width, 2, 3)
    assert torch.equal(out, trunk.stage4(middle))


def test_a_trunk_without_partial_convolution_sees_each_patch_alone() -> None:
    trunk = Trunk("T0", partial_conv=False).eval()
    x = torch.randn(1, 3, 64, 64)
    other = x.clone()
    other[..., :32, :32] += 1
    with torch.no_grad():
        same = (trunk(x) == trunk(other)).all(dim=1)[0]
    assert same.tolist() == [[False, True], [True, True]]
    assert not [name for name, _ in trunk.named_parameters() if "partial_conv3" in name]


@pytest.mark.parametrize("part", [ChannelAttention(32), SpatialAttention(), Enhance(32)])
def test_attention_weighs_and_never_amplifies(part: torch.nn.Module) -> None:
    x = torch.randn(2, 32, 5, 4)
    with torch.no_grad():
        out = part(x)
    assert out.shape == x.shape
    assert (out.abs() <= x.abs()).all()
    assert (out * x >= 0).all()


def test_channel_attention_weighs_whole_channels_and_spatial_attention_whole_places() -> None:
    x = torch.randn(1, 32, 5, 4)
    with torch.no_grad():
        by_channel = ChannelAttention(32)(x) / x
        by_place = SpatialAttention()(x) / x
    assert torch.allclose(by_channel, by_channel[..., :1, :1].expand_as(x), atol=1e-5)
    assert torch.allclose(by_place, by_place[:, :1].expand_as(x), atol=1e-5)


def test_attention_that_is_switched_off_changes_nothing() -> None:
    x = torch.randn(1, 32, 5, 4)
    assert torch.equal(Enhance(32, channel=False, spatial=False)(x), x)


def test_positions_are_as_learned_on_their_own_grid_and_smooth_on_others() -> None:
    positions = Positions(8)
    assert torch.equal(positions(7, 7)[0].T.reshape(8, 7, 7), positions.grid[0])
    assert positions(12, 5).shape == (1, 60, 8)


def given(count: int = 2, *, grid: int = 3) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    maps = {name: torch.randn(count, 16, grid, grid) for name in NAMES}
    return maps, {name: torch.ones(count, grid, grid) for name in NAMES}


def flags(white: bool, fluorescence: bool, count: int = 2) -> dict[str, torch.Tensor]:
    return {"white": torch.full((count,), white), "fluorescence": torch.full((count,), fluorescence)}


@pytest.mark.parametrize(("kind", "length"), [("channel", 1 + 9), ("token", 1 + 2 + 2 * 9)])
def test_a_splice_gives_one_row_of_tokens_that_says_where_each_source_stands(kind: str, length: int) -> None:
    splice = build_splice(kind, NAMES, 16, 32)
    maps, coverage = given()
    tokens, visible = splice(maps, coverage, flags(True, True))
    assert tokens.shape == (2, length, 32)
    assert visible.shape == (2, length)
    assert visible[:, 0].all()
    cells = splice.cells(3, 3)
    assert all(where.stop - where.start == 9 for where in cells.values())
    assert max(where.stop for where in cells.values()) == length
    assert (cells["white"] == cells["fluorescence"]) == (kind == "channel")


def test_the_token_splice_hides_an_absent_source_and_shows_its_stand_in() -> None:
    splice = TokenSplice(NAMES, 16, 32)
    maps, coverage = given()
    _, visible = splice(maps, coverage, flags(True, False))
    cells = splice.cells(3, 3)
    assert visible[:, cells["white"]].all()
    assert not visible[:, cells["fluorescence"]].any()
    assert visible[0, 1:3].tolist() == [False, True]


def test_cells_outside_the_overlap_are_not_attended_to() -> None:
    maps, coverage = given()
    coverage["fluorescence"][:, :, 0] = 0.2
    _, visible = TokenSplice(NAMES, 16, 32)(maps, coverage, flags(True, True))
    assert (~visible[0, -9:]).nonzero()[:, 0].tolist() == [0, 3, 6]
    _, visible = ChannelSplice(NAMES, 16, 32)(maps, coverage, flags(True, True))
    assert visible.all()  # white light still sees these cells


@pytest.mark.parametrize("kind", ["channel", "token"])
def test_what_an_absent_source_holds_reaches_no_visible_token(kind: str) -> None:
    splice: Splice = build_splice(kind, NAMES, 16, 32)
    maps, coverage = given()
    tokens, visible = splice(maps, coverage, flags(False, True))
    other, _ = splice({**maps, "white": torch.randn(2, 16, 3, 3)}, coverage, flags(False, True))
    assert torch.equal(tokens[visible], other[visible])


def test_attention_ignores_hidden_tokens_and_adds_up_to_one() -> None:
    attention = SelfAttention(16, 4)
    attention.record = True
    x, visible = torch.randn(2, 6, 16), torch.ones(2, 6, dtype=torch.bool)
    visible[:, 4:] = False
    changed = x.clone()
    changed[:, 4:] = 9.0
    with torch.no_grad():
        assert torch.allclose(attention(x, visible, rows=4), attention(changed, visible, rows=4), atol=1e-6)
    assert attention.attention is not None
    assert attention.attention.shape == (2, 4, 4, 6)
    assert attention.attention[..., 4:].max() == 0
    assert torch.allclose(attention.attention.sum(dim=-1), torch.ones(2, 4, 4), atol=1e-5)


def test_the_decision_module_reads_only_the_answer_token_in_the_end() -> None:
    decision = Decision(16, layers=2, heads=4, dropout=0.5).eval()
    x, visible = torch.randn(3, 5, 16), torch.ones(3, 5, dtype=torch.bool)
    with torch.no_grad():
        assert decision(x, visible).shape == (3, 16)
        last = decision.layers[-1](x, visible, rows=1)
        assert torch.allclose(last, decision.layers[-1](x, visible, rows=5)[:, :1], atol=1e-6)


def test_without_the_decision_module_visible_tokens_are_averaged() -> None:
    decision = Decision(4, layers=0, heads=2, dropout=0.0).eval()
    x = torch.tensor([[[1.0, 2, 3, 4], [3, 2, 1, 0], [99, 99, 99, 99]]])
    with torch.no_grad():
        out = decision(x, torch.tensor([[True, True, False]]))
        assert torch.allclose(out, decision.norm(torch.tensor([[2.0, 2, 2, 2]])))


def test_corn_probabilities_are_the_product_of_the_steps() -> None:
    ordinal = torch.tensor([[0.4, -0.3, 1.2]])
    up = [1 / (1 + math.exp(-float(value))) for value in ordinal[0]]
    expected = [1 - up[0], up[0] * (1 - up[1]), up[0] * up[1] * (1 - up[2]), up[0] * up[1] * up[2]]
    found = corn_log_probabilities(ordinal).exp()[0].tolist()
    assert found == pytest.approx(expected, abs=1e-6)
    assert sum(found) == pytest.approx(1)


def test_both_heads_count_alike_in_the_combined_answer() -> None:
    logits = Logits(torch.tensor([[1.0, 0, 0, 0]]), torch.tensor([[0.0, 0, 0]]))
    softmax = torch.log_softmax(logits.softmax, dim=-1)[0, 0]
    assert float(logits.combined()[0, 0]) == pytest.approx(0.5 * (float(softmax) + math.log(0.5)), abs=1e-6)
    made = Classifier(8)(torch.randn(5, 8))
    assert made.combined().shape == (5, 4)


def test_the_mean_vote_of_the_covered_cells_is_the_answer_of_a_source_head() -> None:
    head = SourceHead(16)
    features, coverage = torch.randn(2, 16, 3, 3), torch.zeros(2, 3, 3)
    coverage[:, 1:, :] = 1
    votes = head.votes(features)
    assert torch.allclose(votes[:, :, 1:].mean(dim=(2, 3)), head(features, coverage), atol=1e-5)


def test_dropout_draws_from_its_own_source_outside_training_and_only_then() -> None:
    drop = HeadDropout(0.5).eval()
    x = torch.ones(1, 1000)
    assert torch.equal(drop(x), x)
    drop.source = torch.Generator().manual_seed(1)
    first, second = drop(x), drop(x)
    assert not torch.equal(first, second)
    assert set(first.unique().tolist()) == {0.0, 2.0}
    drop.source = torch.Generator().manual_seed(1)
    assert torch.equal(drop(x), first)
