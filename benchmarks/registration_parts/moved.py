"""A second picture made of a first one: moved by a known map, seen in another light."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]
Random = np.random.Generator
STEPS = 40  # to invert the bend


@dataclass(frozen=True)
class Motion:
    """How far the second picture moved. Shares are of the shorter side; `turn` degrees; `bend` pixels of 512, rms."""

    shift: float
    turn: float
    scale: float  # largest change, 0.2: between 1/1.2 and 1.2
    bend: float


@dataclass(frozen=True)
class Moved:
    """The second picture, and where each N x 2 pixel of the first lies in it."""

    pixels: Pixels
    truth: Callable[[Points], Points]


def moved(picture: Pixels, motion: Motion, random: Random, *, largest: bool = False) -> Moved:
    """The picture moved by a random map of at most `motion`, or with `largest` by all of it in a random direction.

    What lies outside of the first picture is black, as at the edge of a sensor.
    """
    height, width = picture.shape[:2]
    side = min(height, width)
    share = 1.0 if largest else random.uniform(0, 1)
    way = random.uniform(0, 2 * np.pi)
    shift = motion.shift * side * share * np.array([np.cos(way), np.sin(way)])
    angle = np.radians(motion.turn) * (random.choice([-1, 1]) if largest else random.uniform(-1, 1))
    grow = (1.0 + motion.scale) ** (random.choice([-1, 1]) if largest else random.uniform(-1, 1))
    linear = grow * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    bend = _bend((height, width), motion.bend * side / 512, random)

    def bent(points: Points) -> Points:
        read = [map_coordinates(bend[..., k], points.T[::-1], order=1, mode="nearest") for k in (0, 1)]
        return np.stack(read, axis=1).astype(np.float64)

    def truth(points: Points) -> Points:
        return (points + bent(points) - centre) @ linear.T + centre + shift

    back = np.linalg.inv(linear)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    straight = (np.column_stack([x.ravel(), y.ravel()]) - centre - shift) @ back.T + centre
    found = straight.copy()
    for _ in range(STEPS):
        found = straight - bent(found)
    maps = found.reshape(height, width, 2).astype(np.float32)
    drawn = cv2.remap(picture, maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    return Moved(drawn.astype(np.uint8), truth)


def _bend(shape: tuple[int, int], size: float, random: Random) -> NDArray[np.float32]:
    """A smooth field, h x w x 2 pixels, of this root mean square length."""
    field = random.standard_normal((*shape, 2)).astype(np.float32)
    smooth = np.stack([cv2.GaussianBlur(field[..., k], (0, 0), min(shape) / 8) for k in (0, 1)], axis=-1)
    smooth -= smooth.mean(axis=(0, 1))
    return np.asarray(smooth * (size / (np.sqrt((smooth**2).sum(axis=2).mean()) + 1e-9)), np.float32)


def as_it_is(picture: Pixels, _: Random) -> Pixels:
    """Another frame of the same light."""
    return picture


def green_filter(picture: Pixels, random: Random) -> Pixels:
    """Grey, from the green of the light alone; vessels stand out."""
    grey = picture[..., 1].astype(np.float64)
    return np.repeat(np.clip(random.uniform(0.8, 1.2) * grey, 0, 255)[..., None], 3, axis=2).astype(np.uint8)


def before_acid(picture: Pixels, random: Random) -> Pixels:
    """Without the whitening: what is pale becomes pink again."""
    values = picture.astype(np.float64)
    pale = _pale(values)[..., None]
    return np.clip(values - pale * np.array([10.0, 55.0, 45.0]) * random.uniform(0.7, 1.3), 0, 255).astype(np.uint8)


def lugol(picture: Pixels, random: Random) -> Pixels:
    """Iodine: healthy tissue dark brown, what whitened mustard, so that contrast is turned over."""
    values = picture.astype(np.float64)
    grey, pale = values.mean(axis=2, keepdims=True) / 255, _pale(values)[..., None]
    brown, mustard = np.array([120.0, 62.0, 28.0]), np.array([225.0, 180.0, 95.0])
    stained = (0.35 + 0.9 * grey) * (brown * (1 - pale) + mustard * pale)
    return np.clip(stained * random.uniform(0.85, 1.15), 0, 255).astype(np.uint8)


def dim_inverted(picture: Pixels, random: Random) -> Pixels:
    """As a fluorescence sensor may give it: green, dim, noisy, bright where white light is dark."""
    grey = cv2.GaussianBlur(picture[..., 1].astype(np.float64), (0, 0), 1.0)
    light = 20 + 60 * (1 - grey / 255) * random.uniform(0.7, 1.2)
    light = random.poisson(np.clip(light, 0, None) * 4) / 4
    return np.clip(light[..., None] * np.array([0.35, 1.0, 0.8]), 0, 255).astype(np.uint8)


LIGHTS: Mapping[str, Callable[[Pixels, Random], Pixels]] = MappingProxyType(
    {
        "another frame": as_it_is,
        "green filter": green_filter,
        "before acid": before_acid,
        "iodine": lugol,
        "dim and inverted": dim_inverted,
    }
)


def _pale(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """How white each pixel is among its picture's, 0..1."""
    least, most = values.min(axis=2), values.max(axis=2)
    pale = least / (most + 1e-6)
    low, high = np.percentile(pale, (50, 97))
    return np.clip((pale - low) / (high - low + 1e-6), 0, 1)
