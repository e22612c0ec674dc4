"""How much one number of the answer rises with each value of the trunks' third stages, without autograd.

Every function returns what its part of `nets` says, and how a gradient goes back through it (`Back`: that of the number
by the part's output to that by its input), written out by hand. Made of plain operations, it runs wherever the other
pieces do (`torch_pieces`); tests hold it to torch's own gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pfm_desktop.pfm.nets.attention import ChannelAttention, Enhance, SpatialAttention
from pfm_desktop.pfm.nets.fusion import ChannelSplice, TokenSplice
from pfm_desktop.pfm.nets.heads import Classifier, Decision, DecisionLayer, SelfAttention
from pfm_desktop.pfm.nets.model import PfmNet, SourceTrunk
from pfm_desktop.pfm.nets.pconv import STAGE3, Block, PartialConv, PatchMerging, Stage

Back = Callable[[Tensor], Tensor]
Said = tuple[Tensor, Back]


class SlopesPiece(nn.Module):
    """Slopes of `weights` . log-probabilities by the third stage's map of each source.

    Takes maps 1 x C x 2h x 2w and coverage 1 x h x w of each source in the order of the network's names, then `present`
    1 x sources (0 or 1, float) and weights 1 x 4; returns a slope 1 x C x 2h x 2w a source, zero for an absent one.
    """

    def __init__(self, net: PfmNet) -> None:
        super().__init__()
        self.names, self.extract, self.splice = net.names, net.extract, net.splice
        self.decision, self.classifier = net.decision, net.classifier

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        count = len(self.names)
        present, weights = given[2 * count], given[2 * count + 1]
        coverage = {name: given[count + index] for index, name in enumerate(self.names)}
        there = {name: present[:, index] > 0.5 for index, name in enumerate(self.names)}
        maps, tails = {}, {}
        for index, name in enumerate(self.names):
            source = self.extract[name]
            assert isinstance(source, SourceTrunk)
            enhanced, tails[name] = _tail(source, given[index])
            maps[name] = _or_nothing(there[name], enhanced)
        tokens, visible = self.splice(maps, coverage, there)
        answer, decided = _decision(self.decision, tokens, visible)
        slope = decided(_classifier(self.classifier, answer, weights))
        spliced = _token_splice if isinstance(self.splice, TokenSplice) else _channel_splice
        parts = spliced(self.splice, maps, coverage, there, slope)  # type: ignore[arg-type]  # the one that fits
        return tuple(_or_nothing(there[name], tails[name](parts[name])) for name in self.names)


def _or_nothing(there: Tensor, values: Tensor) -> Tensor:
    """N x C x h x w, zero where a source is absent, whatever its part of the network makes of nothing."""
    return torch.where(there[:, None, None, None], values, torch.zeros_like(values))


def _tail(source: SourceTrunk, middle: Tensor) -> Said:
    """Third stage's map to the enhanced last map."""
    backs: list[Back] = []
    x = middle
    for part in list(source.trunk.stages.children())[STAGE3:]:
        if isinstance(part, PatchMerging):
            x, back = _merged(part, x)
            backs.append(back)
        else:
            assert isinstance(part, Stage)
            for block in part.blocks.children():
                assert isinstance(block, Block)
                x, back = _block(block, x)
                backs.append(back)
    assert isinstance(source.enhance, Enhance)
    channel, spatial = source.enhance.channel, source.enhance.spatial
    if isinstance(channel, ChannelAttention):
        x, back = _channels(channel, x)
        backs.append(back)
    if isinstance(spatial, SpatialAttention):
        x, back = _places(spatial, x)
        backs.append(back)
    return x, _one_after_the_other(backs)


def _merged(part: PatchMerging, x: Tensor) -> Said:
    kernel = part.reduction.weight  # 2C x C x 2 x 2; no cell is seen twice
    apart = kernel.permute(1, 2, 3, 0).reshape(-1, kernel.shape[0], 1, 1)
    return part(x), lambda slope: F.pixel_shuffle(F.conv2d(slope * _scale(part.norm), apart), 2)


def _block(block: Block, x: Tensor) -> Said:
    first, norm, act, second = _weight(block.mlp[0]), block.mlp[1], block.mlp[2], _weight(block.mlp[3])
    wide = norm(F.conv2d(block.spatial_mixing(x), first))
    bent = F.relu(wide) if isinstance(act, nn.ReLU) else F.gelu(wide)
    steep = (wide > 0).to(wide.dtype) if isinstance(act, nn.ReLU) else _gelu_slope(wide)

    def back(slope: Tensor) -> Tensor:
        inner = _unconvolved(second, slope) * steep * _scale(norm)
        return slope + _unmixed(block.spatial_mixing, _unconvolved(first, inner))

    return x + F.conv2d(bent, second), back


def _unmixed(mixing: nn.Module, slope: Tensor) -> Tensor:
    if not isinstance(mixing, PartialConv):
        return slope
    mixed, rest = torch.split(slope, [mixing.mixed, slope.shape[1] - mixing.mixed], dim=1)
    return torch.cat((_unconvolved(mixing.partial_conv3.weight, mixed), rest), dim=1)


def _channels(attention: ChannelAttention, x: Tensor) -> Said:
    shared = attention.shared
    first, second = _weight(shared[0]), _weight(shared[2])
    mean, top = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))
    gate = torch.sigmoid(shared(mean) + shared(top))[:, :, None, None]

    def back(slope: Tensor) -> Tensor:
        through = ((slope * x).sum(dim=(2, 3), keepdim=True) * gate * (1 - gate))[:, :, 0, 0]

        def asked(given: Tensor) -> Tensor:
            alive: Tensor = shared[:2](given) > 0
            return ((through @ second) * alive.to(x.dtype)) @ first

        by_mean = asked(mean)[:, :, None, None] / (x.shape[2] * x.shape[3])
        return slope * gate + by_mean + asked(top)[:, :, None, None] * _shared_top(x, (2, 3))

    return x * gate, back


def _places(attention: SpatialAttention, x: Tensor) -> Said:
    gate = torch.sigmoid(attention.conv(torch.cat((x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)), dim=1)))

    def back(slope: Tensor) -> Tensor:
        through = (slope * x).sum(dim=1, keepdim=True) * gate * (1 - gate)
        seen = _unconvolved(attention.conv.weight, through)
        return slope * gate + seen[:, :1] / x.shape[1] + seen[:, 1:] * _shared_top(x, (1,))

    return x * gate, back


def _token_splice(
    splice: TokenSplice, maps: dict[str, Tensor], _coverage: object, _there: object, slope: Tensor
) -> dict[str, Tensor]:
    """Slope of the tokens N x L x D to that of each source's enhanced map."""
    height, width = maps[splice.sources[0]].shape[-2:]
    cells, out = splice.cells(height, width), {}
    for name in splice.sources:
        project, norm = splice.project[name], splice.norm[name]
        assert isinstance(project, nn.Conv2d)
        assert isinstance(norm, nn.LayerNorm)
        before = project(maps[name]).flatten(2).transpose(1, 2)
        out[name] = _unprojected(project, _norm_back(norm, before, slope[:, cells[name]]), height, width)
    return out


def _channel_splice(
    splice: ChannelSplice, maps: dict[str, Tensor], coverage: dict[str, Tensor], there: dict[str, Tensor], slope: Tensor
) -> dict[str, Tensor]:
    """Slope of the tokens N x L x D to that of each source's enhanced map."""
    height, width = maps[splice.sources[0]].shape[-2:]
    shares = {name: (coverage[name] * there[name][:, None, None]).unsqueeze(1) for name in splice.sources}
    parts = [maps[n] * shares[n] + splice.absent[n][None, :, None, None] * (1 - shares[n]) for n in splice.sources]
    before = splice.project(torch.cat(parts, dim=1)).flatten(2).transpose(1, 2)
    back = _unprojected(splice.project, _norm_back(splice.norm, before, slope[:, 1:]), height, width)
    each = torch.split(back, back.shape[1] // len(parts), dim=1)
    return {name: part * shares[name] for name, part in zip(splice.sources, each, strict=True)}


def _unprojected(project: nn.Conv2d, slope: Tensor, height: int, width: int) -> Tensor:
    """Slope of tokens N x h w x D behind a 1 x 1 to that of the map before it, N x C x h x w."""
    count, _, channels = slope.shape
    return _unconvolved(project.weight, slope.transpose(1, 2).reshape(count, channels, height, width))


def _decision(decision: Decision, tokens: Tensor, visible: Tensor) -> Said:
    """`Decision`, and a slope N x D of its answer to that of the tokens."""
    layers = [layer for layer in decision.layers if isinstance(layer, DecisionLayer)]
    backs: list[Back] = []
    x = tokens
    for layer in layers:
        x, through = _layer(layer, x, visible, rows=1 if layer is layers[-1] else x.shape[1])
        backs.append(through)
    weight = visible[..., None].to(x.dtype)
    share = weight / weight.sum(dim=1, keepdim=True)
    answer = x[:, 0] if layers else (x * share).sum(dim=1)
    inward = _one_after_the_other(backs)

    def back(slope: Tensor) -> Tensor:
        before = _norm_back(decision.norm, answer, slope)[:, None]
        return inward(before if layers else before * share)

    return decision.norm(answer), back


def _layer(layer: DecisionLayer, x: Tensor, visible: Tensor, *, rows: int) -> Said:
    attended, attended_back = _attention(layer.attention, layer.norm1(x), visible, rows=rows)
    middle = x[:, :rows] + attended
    first, second = _weight(layer.mlp[0]), _weight(layer.mlp[2])
    wide = layer.mlp[0](layer.norm2(middle))
    length = x.shape[1]

    def back(slope: Tensor) -> Tensor:
        inner = ((slope @ second) * _gelu_slope(wide)) @ first
        slope = slope + _norm_back(layer.norm2, middle, inner)
        return _behind(slope, length) + _norm_back(layer.norm1, x, attended_back(slope))

    return middle + layer.mlp[2](F.gelu(wide)), back


def _attention(attention: SelfAttention, x: Tensor, visible: Tensor, *, rows: int) -> Said:
    count, length, width = x.shape
    heads, part = attention.heads, width // attention.heads
    q = attention.query(x[:, :rows]).view(count, rows, heads, part).transpose(1, 2) / math.sqrt(part)
    k, v = attention.key_value(x).view(count, length, 2, heads, part).permute(2, 0, 3, 1, 4)
    scores = (q @ k.transpose(-2, -1)).masked_fill(~visible[:, None, None, :], float("-inf"))
    weights = scores.softmax(dim=-1)

    def back(slope: Tensor) -> Tensor:
        mixed = (slope @ attention.out.weight).view(count, rows, heads, part).transpose(1, 2)
        by_weight = mixed @ v.transpose(-2, -1)
        by_score = weights * (by_weight - (by_weight * weights).sum(dim=-1, keepdim=True))
        by_key, by_value = by_score.transpose(-2, -1) @ q, weights.transpose(-2, -1) @ mixed
        pair = torch.cat([side.transpose(1, 2).reshape(count, length, width) for side in (by_key, by_value)], dim=-1)
        by_query = (by_score @ k).transpose(1, 2).reshape(count, rows, width) / math.sqrt(part)
        return pair @ attention.key_value.weight + _behind(by_query @ attention.query.weight, length)

    return attention.out((weights @ v).transpose(1, 2).reshape(count, rows, width)), back


def _classifier(classifier: Classifier, answer: Tensor, weights: Tensor) -> Tensor:
    """Slope of `weights` . `Logits.combined()` by the answer, N x D."""
    said = classifier(answer)
    softmax = weights - said.softmax.softmax(dim=-1) * weights.sum(dim=-1, keepdim=True)
    above = weights.flip(-1).cumsum(dim=-1).flip(-1)[:, 1:]  # of the grades behind each threshold
    up = torch.sigmoid(said.ordinal)
    ordinal = (1 - up) * above - up * weights[:, :-1]
    out: Tensor = 0.5 * (softmax @ classifier.softmax.weight + ordinal @ classifier.ordinal.weight)
    return out


def _norm_back(norm: nn.LayerNorm, x: Tensor, slope: Tensor) -> Tensor:
    """Of a layer norm over the last axis, by what it was given."""
    centred = x - x.mean(dim=-1, keepdim=True)
    root = torch.sqrt((centred * centred).mean(dim=-1, keepdim=True) + norm.eps)
    plain, inner = centred / root, slope * norm.weight
    along = (inner * plain).mean(dim=-1, keepdim=True)
    return (inner - inner.mean(dim=-1, keepdim=True) - plain * along) / root


def _unconvolved(weight: Tensor, slope: Tensor) -> Tensor:
    """Back through a convolution of stride 1 that keeps the size: one with the kernel turned round.

    As a transposed convolution OpenVINO gives other numbers for some shapes.
    """
    return F.conv2d(slope, weight.transpose(0, 1).flip(2, 3), padding=weight.shape[-1] // 2)


def _weight(part: nn.Module) -> Tensor:
    weight = part.weight
    assert isinstance(weight, Tensor)
    return weight


def _scale(norm: nn.Module) -> Tensor:
    """What batch norm multiplies by in evaluation, 1 x C x 1 x 1."""
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_var is not None
    return (norm.weight / torch.sqrt(norm.running_var + norm.eps))[None, :, None, None]


def _gelu_slope(x: Tensor) -> Tensor:
    bell = torch.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return 0.5 * (1 + torch.erf(x / math.sqrt(2))) + x * bell


def _shared_top(x: Tensor, axes: Sequence[int]) -> Tensor:
    """1 where the maximum is; of equal ones each an equal part, as torch has it."""
    highest = (x == x.amax(dim=tuple(axes), keepdim=True)).to(x.dtype)
    return highest / highest.sum(dim=tuple(axes), keepdim=True)


def _behind(slope: Tensor, length: int) -> Tensor:
    """N x rows x D to N x length x D: tokens that nothing was asked of have no slope."""
    return slope if slope.shape[1] == length else F.pad(slope, (0, 0, 0, length - slope.shape[1]))


def _one_after_the_other(backs: Sequence[Back]) -> Back:
    def back(slope: Tensor) -> Tensor:
        for one in reversed(backs):
            slope = one(slope)
        return slope

    return back
