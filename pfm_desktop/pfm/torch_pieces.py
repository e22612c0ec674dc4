"""The parts of the network that a backend runs as one piece each: a trunk, or its three parts, the answers, the dropout
passes.

The same modules are run by torch and turned into OpenVINO's form, so that both compute one thing. Everything has
a fixed shape: one case, every combination of its sources at once, `CHUNK` dropout passes at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pfm_desktop.pfm.backend import combinations
from pfm_desktop.pfm.nets.heads import DecisionLayer, SelfAttention
from pfm_desktop.pfm.nets.model import PfmNet


class TrunkPiece(nn.Module):
    """One source's picture 1 x 3 x S x S to the two maps of `backend.TrunkMaps`."""

    def __init__(self, net: PfmNet, name: str) -> None:
        super().__init__()
        self.extract = net.source_trunk(name)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        middle, enhanced = self.extract(picture)
        return middle, enhanced


class EarlyPiece(nn.Module):
    """A source's trunk before the third stage: its picture 1 x 3 x S x S to 1 x 4C x S/16 x S/16."""

    def __init__(self, net: PfmNet, name: str) -> None:
        super().__init__()
        self.trunk = net.source_trunk(name).trunk

    def forward(self, picture: Tensor) -> Tensor:
        """See the class."""
        return self.trunk.before3(picture)


class MiddlePiece(EarlyPiece):
    """The third stage: from there to `backend.TrunkMaps.middle`."""

    def forward(self, early: Tensor) -> Tensor:
        """See the class."""
        return self.trunk.within3(early)


class LatePiece(nn.Module):
    """The last stage and the attention: `backend.TrunkMaps.middle` to its `enhanced`."""

    def __init__(self, net: PfmNet, name: str) -> None:
        super().__init__()
        self.extract = net.source_trunk(name)

    def forward(self, middle: Tensor) -> Tensor:
        """See the class."""
        return self.extract.tail(middle)


class AnswersPiece(nn.Module):
    """Maps 1 x C x h x w and coverage 1 x h x w of each source to what is said given each combination of the sources.

    Returns log-probabilities K x 4, tokens K x L x D and visible K x L (0 or 1, float), in the order of
    `backend.combinations`. A source that is not in a combination is absent there.
    """

    present: Tensor

    def __init__(self, net: PfmNet) -> None:
        super().__init__()
        self.names, self.splice = net.names, net.splice
        self.decision, self.classifier = net.decision, net.classifier
        flags = [[name in asked for name in net.names] for asked in combinations(net.names)]
        self.register_buffer("present", torch.tensor(flags), persistent=False)

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Maps of all sources, then coverage of all sources, in the order of the network's names."""
        rows, count = len(self.present), len(self.names)
        maps = {name: given[i].expand(rows, -1, -1, -1) for i, name in enumerate(self.names)}
        coverage = {name: given[count + i].expand(rows, -1, -1) for i, name in enumerate(self.names)}
        present = {name: self.present[:, i] for i, name in enumerate(self.names)}
        tokens, visible = self.splice(maps, coverage, present)
        return self.classifier(self.decision(tokens, visible)).combined(), tokens, visible.float()


class PassesPiece(nn.Module):
    """Tokens 1 x L x D, visible 1 x L and the dropout masks of `CHUNK` passes to log-probabilities, passes x 4.

    What stands before the first dropout is the same in every pass and computed once. In the last layer one token asks:
    its question is carried to the tokens, not every token's key and value made for it.
    """

    def __init__(self, net: PfmNet) -> None:
        super().__init__()
        self.decision, self.classifier = net.decision, net.classifier

    def forward(self, tokens: Tensor, visible: Tensor, *keep: Tensor) -> Tensor:
        """Masks in the order of `backend.mask_shapes`; each is 0 or 1 / (1 - rate)."""
        layers = [layer for layer in self.decision.layers if isinstance(layer, DecisionLayer)]
        seen = visible > 0.5
        x = tokens
        for index, layer in enumerate(layers):
            x = _layer(layer, x, seen, keep[2 * index : 2 * index + 2], last=index == len(layers) - 1)
        if layers:
            answer = x[:, 0]
        else:
            weight = visible[..., None]
            answer = (x * weight).sum(dim=1) / weight.sum(dim=1)
        said: Tensor = self.classifier(self.decision.norm(answer) * keep[-1]).combined()
        return said


def _layer(layer: DecisionLayer, x: Tensor, seen: Tensor, keep: Sequence[Tensor], *, last: bool) -> Tensor:
    """`DecisionLayer` with its masks given: 1 or n x L x D to n x L x D, or to n x 1 x D of the last one."""
    normed = layer.norm1(x)
    if last:
        said = _asked_by_first(layer.attention, normed, seen)
        x = x[:, :1]
    else:
        said = layer.attention(normed, seen.expand(normed.shape[0], -1), rows=normed.shape[1])
    x = x + said * keep[0]
    out: Tensor = x + layer.mlp(layer.norm2(x)) * keep[1]
    return out


def _asked_by_first(attention: SelfAttention, x: Tensor, seen: Tensor) -> Tensor:
    """`attention(x, seen, rows=1)` without keys and values: n x L x D to n x 1 x D.

    q . (K x) = (q K) . x, and the sum of weighted values is the value of the weighted sum. A key's bias adds the same
    to every token, which the softmax takes out again.
    """
    count, _, width = x.shape
    heads, part = attention.heads, width // attention.heads
    weight, bias = attention.key_value.weight, attention.key_value.bias
    key, value = weight[:width].view(heads, part, width), weight[width:].view(heads, part, width)
    question = attention.query(x[:, 0]).view(count, heads, 1, part) / math.sqrt(part)
    carried = (question @ key[None]).squeeze(2)  # n x heads x D
    scores = (carried @ x.transpose(1, 2)).masked_fill(~seen[:, None, :], float("-inf"))
    mixed = scores.softmax(dim=-1) @ x  # n x heads x D
    values = (mixed[:, :, None, :] @ value.transpose(1, 2)[None]).reshape(count, 1, width)
    out: Tensor = attention.out(values + bias[width:])
    return out
