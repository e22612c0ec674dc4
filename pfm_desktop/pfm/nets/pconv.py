"""Part 1 of PFM: PConv feature extraction, with FasterNet's shapes and its public tensor names.

Source: Chen et al., "Run, Don't Walk: Chasing Higher FLOPS for Faster Neural Networks", CVPR 2023. The paper of PFM
does not say which partial convolution it uses; taking FasterNet's is ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pfm_desktop.pfm.nets.spec import RELU

WIDTH = {"T0": 40, "T1": 64, "T2": 96}
DEPTHS = (1, 2, 8, 2)
FRACTION = 4  # the 3 x 3 runs on one channel in four
BEFORE3 = 4  # `stages[:4]` ends with the merge before the third stage
STAGE3 = 5  # `stages[:5]` ends with the third stage; 5 is the merge before the fourth, 6 the fourth


class PartialConv(nn.Module):
    """3 x 3 on the first quarter of the channels, the rest passes. N x C x H x W to the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mixed = channels // FRACTION
        self.partial_conv3 = nn.Conv2d(self.mixed, self.mixed, 3, 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W."""
        mixed, rest = torch.split(x, [self.mixed, x.shape[1] - self.mixed], dim=1)
        return torch.cat((self.partial_conv3(mixed), rest), dim=1)


class Block(nn.Module):
    """`x + Conv1x1(2C -> C) . act . BN . Conv1x1(C -> 2C) . PConv(x)`; N x C x H x W to the same shape."""

    def __init__(self, channels: int, *, relu: bool, partial_conv: bool) -> None:
        super().__init__()
        self.spatial_mixing = PartialConv(channels) if partial_conv else nn.Identity()
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, 2 * channels, 1, bias=False),
            nn.BatchNorm2d(2 * channels),
            nn.ReLU(inplace=True) if relu else nn.GELU(),
            nn.Conv2d(2 * channels, channels, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W."""
        out: Tensor = x + self.mlp(self.spatial_mixing(x))
        return out


class Stage(nn.Module):
    """`depth` blocks at one resolution."""

    def __init__(self, channels: int, depth: int, *, relu: bool, partial_conv: bool) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(Block(channels, relu=relu, partial_conv=partial_conv) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W."""
        out: Tensor = self.blocks(x)
        return out


class PatchEmbed(nn.Module):
    """4 x 4 stride 4 and batch norm: N x 3 x S x S to N x C x S/4 x S/4."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, 4, 4, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """N x 3 x S x S."""
        out: Tensor = self.norm(self.proj(x))
        return out


class PatchMerging(nn.Module):
    """2 x 2 stride 2 and batch norm between stages: N x C x H x W to N x 2C x H/2 x W/2."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduction = nn.Conv2d(channels, 2 * channels, 2, 2, bias=False)
        self.norm = nn.BatchNorm2d(2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W."""
        out: Tensor = self.norm(self.reduction(x))
        return out


class Trunk(nn.Module):
    """One source's feature extractor: N x 3 x S x S to N x 8C x S/32 x S/32, C the width of the variant.

    T0 and T1 use GELU, T2 ReLU, as published. Tensor names are those of the authors' release (`stages.1`, `.3` and `.5`
    are the merges).
    """

    def __init__(self, variant: str, *, partial_conv: bool = True) -> None:
        super().__init__()
        width = WIDTH[variant]
        self.channels = width * 2 ** (len(DEPTHS) - 1)
        self.patch_embed = PatchEmbed(width)
        parts: list[nn.Module] = []
        for index, depth in enumerate(DEPTHS):
            channels = width * 2**index
            parts.append(Stage(channels, depth, relu=RELU[variant], partial_conv=partial_conv))
            if index < len(DEPTHS) - 1:
                parts.append(PatchMerging(channels))
        self.stages = nn.Sequential(*parts)
        self.apply(_initialise)

    def before3(self, x: Tensor) -> Tensor:
        """N x 3 x S x S to what the third stage is given, N x 4C x S/16 x S/16."""
        out: Tensor = self.stages[:BEFORE3](self.patch_embed(x))
        return out

    def within3(self, early: Tensor) -> Tensor:
        """What the third stage is given to its map, N x 4C x S/16 x S/16."""
        out: Tensor = self.stages[BEFORE3:STAGE3](early)
        return out

    def stage3(self, x: Tensor) -> Tensor:
        """N x 3 x S x S to the third stage's map, N x 4C x S/16 x S/16."""
        return self.within3(self.before3(x))

    def stage4(self, middle: Tensor) -> Tensor:
        """The third stage's map to the last, N x 8C x S/32 x S/32."""
        out: Tensor = self.stages[STAGE3:](middle)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """N x 3 x S x S to N x 8C x S/32 x S/32."""
        return self.stage4(self.stage3(x))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.trunc_normal_(module.weight, std=0.02)
