"""Part 2 of PFM: channel attention, then spatial attention, on each source's last trunk map.

Source: Woo et al., "CBAM: Convolutional Block Attention Module", ECCV 2018. Reduction 16, 7 x 7: ours,
the usual values.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ChannelAttention(nn.Module):
    """Weighs channels by a shared two-layer network on their averages and maxima. N x C x H x W to the same shape."""

    def __init__(self, channels: int, *, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(4, channels // reduction)
        self.shared = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W."""
        gate = torch.sigmoid(self.shared(x.mean(dim=(2, 3))) + self.shared(x.amax(dim=(2, 3))))
        return x * gate[:, :, None, None]


class SpatialAttention(nn.Module):
    """Weighs places by a 7 x 7 convolution over the channel average and maximum. N x C x H x W to the same shape."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W."""
        seen = torch.cat((x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)), dim=1)
        return x * torch.sigmoid(self.conv(seen))


class Enhance(nn.Module):
    """Channel attention, then spatial attention, as in the paper; either can be left out. Shape unchanged."""

    def __init__(self, channels: int, *, channel: bool = True, spatial: bool = True) -> None:
        super().__init__()
        self.channel = ChannelAttention(channels) if channel else nn.Identity()
        self.spatial = SpatialAttention() if spatial else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W."""
        out: Tensor = self.spatial(self.channel(x))
        return out
