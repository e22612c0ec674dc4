"""Part 4 of PFM: multi-head self-attention as decision module, then the classifiers.

Two layers, pre-norm, and the ordinal head (CORN: Shi, Cao and Raschka 2021) beside the softmax head are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pfm_desktop.domain.grade import GRADES

CLASSES = len(GRADES)


class HeadDropout(nn.Module):
    """Dropout of the decision module. A generator in `source` keeps it on outside training: Monte Carlo passes."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.source: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        if self.source is None or self.rate == 0:
            return F.dropout(x, self.rate, self.training)
        keep = torch.empty_like(x).bernoulli_(1 - self.rate, generator=self.source)
        return x * keep / (1 - self.rate)


class SelfAttention(nn.Module):
    """Multi-head self-attention, N x L x D; keeps its attention (N x heads x rows x L) when `record` is set."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.record = False
        self.attention: Tensor | None = None

    def forward(self, x: Tensor, visible: Tensor, *, rows: int) -> Tensor:
        """Tokens N x L x D, visible N x L bool; answers for the first `rows` tokens only, N x rows x D."""
        count, length, width = x.shape
        part = width // self.heads
        q = self.query(x[:, :rows]).view(count, rows, self.heads, part).transpose(1, 2) / math.sqrt(part)
        k, v = self.key_value(x).view(count, length, 2, self.heads, part).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1)
        attention = scores.masked_fill(~visible[:, None, None, :], float("-inf")).softmax(dim=-1)
        if self.record:
            self.attention = attention
            if attention.requires_grad:
                attention.retain_grad()
        out: Tensor = self.out((attention.to(v.dtype) @ v).transpose(1, 2).reshape(count, rows, width))
        return out


class DecisionLayer(nn.Module):
    """Pre-norm: x + attention(norm x), then x + mlp(norm x). N x L x D to N x rows x D."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.drop1 = HeadDropout(dropout)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.drop2 = HeadDropout(dropout)

    def forward(self, x: Tensor, visible: Tensor, *, rows: int) -> Tensor:
        """Tokens N x L x D, visible N x L bool; only the first `rows` tokens go on."""
        x = x[:, :rows] + self.drop1(self.attention(self.norm1(x), visible, rows=rows))
        out: Tensor = x + self.drop2(self.mlp(self.norm2(x)))
        return out


class Decision(nn.Module):
    """N x L x D to one vector a case, N x D. Without layers the visible tokens are averaged (ablation)."""

    def __init__(self, width: int, *, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecisionLayer(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.drop = HeadDropout(dropout)

    def forward(self, tokens: Tensor, visible: Tensor) -> Tensor:
        """Tokens N x L x D, visible N x L bool."""
        for layer in self.layers:
            last = layer is self.layers[-1]  # behind it only the answer token is read
            tokens = layer(tokens, visible, rows=1 if last else tokens.shape[1])
        if self.layers:
            answer = tokens[:, 0]
        else:
            weight = visible[..., None].to(tokens.dtype)
            answer = (tokens * weight).sum(dim=1) / weight.sum(dim=1)
        out: Tensor = self.drop(self.norm(answer))
        return out


@dataclass(frozen=True)
class Logits:
    """Raw answer on one vector: `softmax` N x 4, `ordinal` N x 3 (CORN: log-odds of y > k given y >= k)."""

    softmax: Tensor
    ordinal: Tensor

    def combined(self) -> Tensor:
        """N x 4 log-probabilities, up to a constant a row: geometric mean of both heads. Calibration starts here."""
        return 0.5 * (F.log_softmax(self.softmax.float(), dim=-1) + corn_log_probabilities(self.ordinal.float()))


class Classifier(nn.Module):
    """Softmax head and ordinal head on N x D."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.softmax = nn.Linear(width, CLASSES)
        self.ordinal = nn.Linear(width, CLASSES - 1)

    def forward(self, x: Tensor) -> Logits:
        """N x D."""
        return Logits(self.softmax(x), self.ordinal(x))


class SourceHead(nn.Module):
    """A source alone: covered average over the enhanced map, then linear. Its class maps are exact.

    The mean of `votes` over the covered cells is the answer, so a cell's vote is what it adds.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, CLASSES)

    def votes(self, features: Tensor) -> Tensor:
        """N x C x h x w to N x 4 x h x w: each cell's logits."""
        weight = self.linear.weight.to(features.dtype)[:, :, None, None]
        return F.conv2d(features, weight, self.linear.bias.to(features.dtype))

    def forward(self, features: Tensor, coverage: Tensor) -> Tensor:
        """Features N x C x h x w, coverage N x h x w in 0..1; logits N x 4."""
        weight = coverage[:, None].to(features.dtype)
        pooled = (features * weight).sum(dim=(2, 3)) / weight.sum(dim=(2, 3)).clamp_min(1e-6)
        out: Tensor = self.linear(pooled)
        return out


def corn_log_probabilities(ordinal: Tensor) -> Tensor:
    """N x 3 conditional log-odds to N x 4 log-probabilities."""
    above = F.logsigmoid(ordinal).cumsum(dim=-1)  # log P(y > k)
    reached = F.pad(above, (1, 0))  # log P(y >= k), k = 0..3
    stop = F.pad(F.logsigmoid(-ordinal), (0, 1))  # log P(y = k | y >= k); the last grade is the end
    return reached + stop
