"""Part 3 of PFM: splicing (concatenation) of the enhanced features into one row of tokens.

`channel` is the literal reading of the paper: the two maps side by side in the channels. `token` (ours) puts them one
after the other in the row, so that an absent source can be left out of the attention altogether.

A row of tokens always starts with the answer token (CLS). `visible` marks the tokens that may be attended to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pfm_desktop.pfm.nets.spec import SEEN

BASE_GRID = 7  # the learned positions are stored for 224 pixels and resized for other inputs


class Positions(nn.Module):
    """Learned 2-D positions, resized bicubically to the grid at hand: 1 x (h w) x D."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.grid = nn.Parameter(torch.empty(1, width, BASE_GRID, BASE_GRID))
        nn.init.trunc_normal_(self.grid, std=0.02)

    def forward(self, height: int, width: int) -> Tensor:
        """For a grid of `height` x `width` cells."""
        grid: Tensor = self.grid
        if (height, width) != (BASE_GRID, BASE_GRID):
            grid = F.interpolate(grid.float(), size=(height, width), mode="bicubic", align_corners=False)
        return grid.flatten(2).transpose(1, 2)


class Splice(nn.Module):
    """What both splices share: sources, answer token, positions."""

    def __init__(self, sources: Sequence[str], width: int) -> None:
        super().__init__()
        self.sources = tuple(sources)
        self.answer = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = Positions(width)
        nn.init.trunc_normal_(self.answer, std=0.02)

    def cells(self, height: int, width: int) -> dict[str, slice]:
        """Where each source's cells stand in the row of tokens."""
        raise NotImplementedError

    def forward(
        self, maps: Mapping[str, Tensor], coverage: Mapping[str, Tensor], present: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Maps N x C x h x w, coverage N x h x w in 0..1, present N bool; tokens N x L x D, visible N x L bool."""
        raise NotImplementedError


class ChannelSplice(Splice):
    """Maps concatenated to N x 2C x h x w, 1 x 1 to D: 1 + h w tokens.

    Where a source has nothing to say (absent, or outside the overlap) its channels are zero plus a learned vector.
    """

    def __init__(self, sources: Sequence[str], channels: int, width: int) -> None:
        super().__init__(sources, width)
        self.absent = nn.ParameterDict({name: nn.Parameter(torch.zeros(channels)) for name in self.sources})
        self.project = nn.Conv2d(channels * len(self.sources), width, 1)
        self.norm = nn.LayerNorm(width)

    def cells(self, height: int, width: int) -> dict[str, slice]:
        """All sources share the same cells."""
        return dict.fromkeys(self.sources, slice(1, 1 + height * width))

    def forward(
        self, maps: Mapping[str, Tensor], coverage: Mapping[str, Tensor], present: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """See `Splice.forward`."""
        parts, seen = [], []
        for name in self.sources:
            there = (coverage[name] * present[name][:, None, None]).unsqueeze(1)
            parts.append(maps[name] * there + self.absent[name][None, :, None, None] * (1 - there))
            seen.append(there[:, 0] >= SEEN)
        tokens = self.norm(self.project(torch.cat(parts, dim=1)).flatten(2).transpose(1, 2))
        count, _, height, width = maps[self.sources[0]].shape
        row = torch.cat((self.answer.expand(count, -1, -1), tokens + self.positions(height, width)), dim=1)
        cells = reduce(torch.logical_or, seen).flatten(1)  # OpenVINO takes a stack of a single one apart wrongly
        return row, torch.cat((torch.ones_like(cells[:, :1]), cells), dim=1)


class TokenSplice(Splice):
    """[CLS; one stand-in a source; white cells; fluorescence cells]: 1 + n + n h w tokens for n sources.

    A source's cells carry position and source embedding. Absent: its cells are masked and its learned stand-in shows.
    """

    def __init__(self, sources: Sequence[str], channels: int, width: int) -> None:
        super().__init__(sources, width)
        self.project = nn.ModuleDict({name: nn.Conv2d(channels, width, 1) for name in self.sources})
        self.norm = nn.ModuleDict({name: nn.LayerNorm(width) for name in self.sources})
        self.kind = nn.ParameterDict(
            {name: nn.Parameter(torch.empty(width).normal_(std=0.02)) for name in self.sources}
        )
        self.absent = nn.ParameterDict(
            {name: nn.Parameter(torch.empty(width).normal_(std=0.02)) for name in self.sources}
        )

    def cells(self, height: int, width: int) -> dict[str, slice]:
        """One run of h w cells a source, behind the answer token and the stand-ins."""
        first, run = 1 + len(self.sources), height * width
        return {name: slice(first + i * run, first + (i + 1) * run) for i, name in enumerate(self.sources)}

    def forward(
        self, maps: Mapping[str, Tensor], coverage: Mapping[str, Tensor], present: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """See `Splice.forward`."""
        count, _, height, width = maps[self.sources[0]].shape
        positions = self.positions(height, width)
        row = [self.answer.expand(count, -1, -1)]
        visible = [torch.ones(count, 1, dtype=torch.bool, device=positions.device)]
        for name in self.sources:
            row.append(self.absent[name].expand(count, 1, -1))
            visible.append(~present[name][:, None])
        for name in self.sources:
            cells = self.norm[name](self.project[name](maps[name]).flatten(2).transpose(1, 2))
            row.append(cells + positions + self.kind[name])
            visible.append((coverage[name].flatten(1) >= SEEN) & present[name][:, None])
        return torch.cat(row, dim=1), torch.cat(visible, dim=1)


def build_splice(kind: str, sources: Sequence[str], channels: int, width: int) -> Splice:
    """`kind` is `channel` or `token`."""
    return (ChannelSplice if kind == "channel" else TokenSplice)(sources, channels, width)
