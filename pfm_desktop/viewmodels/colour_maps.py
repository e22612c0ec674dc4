"""Perceptual colour maps of the heatmap: lightness rises evenly, so they also read in grey and for the colour-blind.

Inferno, viridis (S. van der Walt, N. Smith) and cividis (J. Nunez et al.), all CC0; 33 evenly spaced colours each.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

_ANCHORS = MappingProxyType(
    {
        "inferno": (
            "000004 040312 0b0724 150b37 210c4a 2f0a5b 3d0965 4a0c6b 57106e 64156e 71196e 7d1e6d 8a226a 972766 a32c61 "
            "b0315b bc3754 c63d4d d04545 da4e3c e35933 eb6429 f1711f f67e14 f98c0a fb9b06 fcaa0f fbba1f f9c932 f5d949 "
            "f2e865 f3f586 fcffa4"
        ),
        "viridis": (
            "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d 2f6b8e 2c728e 297a8e 26828e "
            "23898e 21918c 1f978b 1f9f88 21a685 27ad81 31b57b 3dbc74 4cc26c 5cc863 6ece58 81d34d 95d840 aadc32 c0df25 "
            "d5e21a eae51a fde725"
        ),
        "cividis": (
            "00204d 00265a 002c69 00306f 06366e 1f3c6d 2d426c 38486b 414d6b 4a536b 52596c 595f6d 61646f 686a71 6f7073 "
            "767676 7d7c78 848179 8b8779 938e78 9b9477 a39a76 aca174 b4a872 bcaf6f c5b56c cebc68 d7c463 e0cb5e e9d358 "
            "f2da50 fbe248 ffea46"
        ),
    }
)

COLOUR_MAPS: tuple[str, ...] = tuple(_ANCHORS)


@cache
def colour_table(name: str) -> NDArray[np.uint8]:
    """256 x 3 RGB, weak to strong; read-only. Raises `KeyError` for a name that is not in `COLOUR_MAPS`."""
    anchors = np.array([list(bytes.fromhex(colour)) for colour in _ANCHORS[name].split()], dtype=np.float64)
    at = np.linspace(0, 255, len(anchors))
    bands = np.stack([np.interp(np.arange(256), at, anchors[:, band]) for band in range(3)], axis=1)
    table = np.asarray(np.round(bands), dtype=np.uint8)
    table.setflags(write=False)
    return table
