"""What becomes of a picture on its way into a library a second time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.io import decode_picture, encode_jpeg

Pixels = NDArray[np.uint8]
Random = np.random.Generator
Way = Callable[[Pixels, Random], Pixels]
EDGES = ("top", "bottom", "left", "right")


def compressed(picture: Pixels, quality: int = 60) -> Pixels:
    """As JPEG and back."""
    return decode_picture(encode_jpeg(np.ascontiguousarray(picture), quality=quality), "picture").pixels


def cropped(picture: Pixels, **shares: float) -> Pixels:
    """Without these shares of its height or width, by edge."""
    height, width = picture.shape[:2]
    top, bottom, left, right = (shares.get(edge, 0.0) for edge in EDGES)
    return np.ascontiguousarray(
        picture[int(height * top) : height - int(height * bottom), int(width * left) : width - int(width * right)]
    )


def turned(picture: Pixels, quarters: int, *, mirrored: bool = False) -> Pixels:
    """Mirrored left and right first, then turned against the clock."""
    return np.ascontiguousarray(np.rot90(picture[:, ::-1] if mirrored else picture, quarters))


def moved(picture: Pixels, *, degrees: float = 0.0, shift: float = 0.0) -> Pixels:
    """Turned about its middle and shifted right and down, with its edge drawn on."""
    height, width = picture.shape[:2]
    map_ = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    map_[:, 2] += shift * width, shift * height
    return np.asarray(cv2.warpAffine(picture, map_, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _cropped(*edges: str, share: float) -> Way:
    return lambda picture, _: compressed(cropped(picture, **dict.fromkeys(edges, share)))


def _turned(quarters: int, *, mirrored: bool = False) -> Way:
    return lambda picture, _: compressed(turned(picture, quarters, mirrored=mirrored))


def _by_chance(picture: Pixels, random: Random, most: float) -> Pixels:
    return compressed(cropped(picture, **dict(zip(EDGES, random.uniform(0, most, 4), strict=True))))


def _all_at_once(picture: Pixels, random: Random) -> Pixels:
    way = int(random.integers(8))
    small = fit(_by_chance(picture, random, 0.10), round(0.6 * max(picture.shape)))
    return turned(compressed(small, quality=70), way % 4, mirrored=way > 3)


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "compressed again": lambda picture, _: compressed(picture, quality=45),
        "half as large": lambda picture, _: fit(picture, max(picture.shape) // 2),
        "brighter": lambda picture, _: np.clip(picture * 1.15 + 8, 0, 255).astype(np.uint8),
        "grey": lambda picture, _: np.repeat(picture.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2),
        "turned by 90 degrees": _turned(1),
        "turned by 180 degrees": _turned(2),
        "turned by 270 degrees": _turned(3),
        "mirrored left and right": _turned(0, mirrored=True),
        "mirrored up and down": _turned(2, mirrored=True),
        "mirrored and turned by 90 degrees": _turned(1, mirrored=True),
        "mirrored and turned by 270 degrees": _turned(3, mirrored=True),
        "cropped by 8 % at each edge": _cropped(*EDGES, share=0.08),
        "cropped by 15 % at each edge": _cropped(*EDGES, share=0.15),
        "cropped by 18 % at each edge": _cropped(*EDGES, share=0.18),
        "cropped by 20 % at each edge": _cropped(*EDGES, share=0.20),
        "cropped by 15 % at one edge": _cropped("left", share=0.15),
        "cropped by 20 % at one edge": _cropped("top", share=0.20),
        "cropped by 15 % at two edges that meet": _cropped("top", "right", share=0.15),
        "cropped by 20 % at two edges that meet": _cropped("bottom", "left", share=0.20),
        "cropped by 20 % left and right": _cropped("left", "right", share=0.20),
        "cropped by up to 10 % at each edge": lambda picture, random: _by_chance(picture, random, 0.10),
        "cropped by up to 20 % at each edge": lambda picture, random: _by_chance(picture, random, 0.20),
        "cropped by up to 10 % at each edge, smaller, compressed, turned or mirrored": _all_at_once,
        "turned by 2 degrees": lambda picture, _: moved(picture, degrees=2),
        "turned by 5 degrees": lambda picture, _: moved(picture, degrees=5),
        "shifted by 5 %": lambda picture, _: moved(picture, shift=0.05),
        "shifted by 10 %": lambda picture, _: moved(picture, shift=0.10),
    }
)
