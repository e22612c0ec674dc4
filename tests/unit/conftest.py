"""Stand-ins for files that users bring."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import Tensor

FASTERNET_WIDTHS = {"T0": 40, "T1": 64, "T2": 96}
FASTERNET_DEPTHS = (1, 2, 8, 2)


@pytest.fixture(scope="session")
def public_fasternet() -> Callable[[str, str], dict[str, Tensor]]:
    """`public_fasternet(variant, naming)`: random tensors with the names and shapes of the public releases.

    Written out from the sources of the releases, not from our network. The same values in both namings.
    """
    return _public


def _public(variant: str, naming: str) -> dict[str, Tensor]:
    import torch

    torch.manual_seed(1)
    width = FASTERNET_WIDTHS[variant]
    out = {"patch_embed.proj.weight": torch.randn(width, 3, 4, 4), **_norm("patch_embed.norm", width)}
    for stage, depth in enumerate(FASTERNET_DEPTHS):
        channels = width * 2**stage
        own = f"stages.{stage}" if naming == "timm" else f"stages.{2 * stage}"
        if stage:
            merge = f"stages.{stage}.downsample" if naming == "timm" else f"stages.{2 * stage - 1}"
            out[f"{merge}.reduction.weight"] = torch.randn(channels, channels // 2, 2, 2)
            out |= _norm(f"{merge}.norm", channels)
        for block in range(depth):
            at = f"{own}.blocks.{block}"
            out[f"{at}.mlp.0.weight"] = torch.randn(2 * channels, channels, 1, 1)
            out |= _norm(f"{at}.mlp.1", 2 * channels)
            out[f"{at}.mlp.3.weight"] = torch.randn(channels, 2 * channels, 1, 1)
            out[f"{at}.spatial_mixing.partial_conv3.weight"] = torch.randn(channels // 4, channels // 4, 3, 3)
    head = ("conv_head", "classifier") if naming == "timm" else ("avgpool_pre_head.1", "head")
    out[f"{head[0]}.weight"] = torch.randn(1280, 8 * width, 1, 1)
    out[f"{head[1]}.weight"], out[f"{head[1]}.bias"] = torch.randn(1000, 1280), torch.randn(1000)
    return out


def _norm(prefix: str, channels: int) -> dict[str, Tensor]:
    import torch

    return {
        f"{prefix}.weight": torch.rand(channels),
        f"{prefix}.bias": torch.randn(channels),
        f"{prefix}.running_mean": torch.randn(channels),
        f"{prefix}.running_var": torch.rand(channels) + 0.5,
        f"{prefix}.num_batches_tracked": torch.tensor(7),
    }
