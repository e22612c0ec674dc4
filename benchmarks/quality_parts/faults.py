"""Faults that the phantom generator does not draw, laid over a phantom without any.

Each takes a picture (S x S x 3 uint8 RGB), the x and y of its os, the diameter of its cervix in pixels and a random
generator. What lies over the os is drawn as in the views that the finder learned from, on phantoms that it did not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.finder_parts.pictures import waves

Pixels = NDArray[np.uint8]
Spot = NDArray[np.float32]
Random = np.random.Generator
COVERS = (0.16, 0.26)  # radius of what lies over the os, of the diameter of the cervix
GLARES = (0.16, 0.3)  # share of the picture that is white
FAR = (0.25, 0.4)  # of its size


def over_the_os(picture: Pixels, os: Spot, diameter: float, random: Random) -> Pixels:
    """Blood or mucus with a ragged edge, nearly opaque."""
    size = len(picture)
    y, x = np.mgrid[:size, :size]
    away = np.hypot(x - os[0], y - os[1]) / (random.uniform(*COVERS) * diameter)
    cover = 1 / (1 + np.exp(np.clip((away - 1 + 0.3 * waves(random, 7, size)) * 14, -30, 30)))
    blood = random.random() < 0.5
    colour = np.array([0.75, 0.12, 0.14] if blood else [1.3, 1.25, 1.05]) * picture.mean() * random.uniform(0.8, 1.4)
    colours = colour * (1 + 0.12 * waves(random, 20, size))[..., None]
    share = (0.93 * cover)[..., None]
    return np.clip(picture * (1 - share) + colours * share, 0, 255).astype(np.uint8)


def glare(picture: Pixels, os: Spot, diameter: float, random: Random) -> Pixels:
    """White patches that mirror the lamp."""
    size = len(picture)
    hills = waves(random, 8, size)
    white = (hills > np.quantile(hills, 1 - random.uniform(*GLARES))).astype(np.float32)
    share = np.asarray(cv2.GaussianBlur(white, (0, 0), 1.5))[..., None]
    return np.clip(picture * (1 - share) + 262 * share, 0, 255).astype(np.uint8)


def far_away(picture: Pixels, os: Spot, diameter: float, random: Random) -> Pixels:
    """Small, in a blur of its own colours."""
    size = len(picture)
    small = max(16, round(random.uniform(*FAR) * size))
    shrunk = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
    before = (size - small) // 2
    around = cv2.GaussianBlur(picture, (0, 0), size / 6).astype(np.float64)
    around[before : before + small, before : before + small] = shrunk
    noise = random.normal(0, 1.5, around.shape)  # of the sensor, which does not get smaller with the cervix
    return np.clip(np.round(around + noise), 0, 255).astype(np.uint8)


MADE: Mapping[str, Callable[[Pixels, Spot, float, Random], Pixels]] = MappingProxyType(
    {"blood or mucus over the os": over_the_os, "glare": glare, "far away": far_away}
)
