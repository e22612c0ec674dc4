"""How the finder's training pictures are disturbed: other light, other colours, things in the way.

Pictures are SIDE x SIDE x 3 uint8 RGB; a cover is SIDE x SIDE float32, 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.finder import SIDE

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Random = np.random.Generator


def waves(random: Random, count: int, size: int = SIDE) -> Plane:
    """A smooth random plane (size x size) with about `count` hills a side; mean 0, standard deviation near 1."""
    coarse = random.standard_normal((count, count), np.float32)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)


def texture(random: Random) -> Plane:
    """Waves of several sizes; mean 0, standard deviation 1."""
    plane = waves(random, 4)
    for count, strength in ((8, 0.8), (16, 0.6), (40, 0.5), (80, 0.4)):
        if random.random() < 0.7:
            plane += np.float32(strength) * waves(random, count)
    return np.asarray(plane / (plane.std() + 1e-6), np.float32)


def as_mucosa(random: Random, picture: Pixels) -> Pixels:
    """In the colours of mucosa, of its glow or of anything, so that colours alone say nothing."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    kind = random.random()
    low, high = [40, 100, 100], [200, 156, 156]
    if kind < 0.5:
        low, high = [80, 140, 132], [180, 165, 155]
    elif kind < 0.8:
        low, high = [30, 100, 120], [120, 125, 150]
    spread = random.uniform([15, 3, 3], [45, 12, 12])
    changed = (lab - lab.mean((0, 1))) / (lab.std((0, 1)) + 1e-3) * spread + random.uniform(low, high)
    return np.asarray(cv2.cvtColor(np.clip(changed, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB), np.uint8)


def in_other_light(random: Random, picture: Pixels) -> Pixels:
    """Colours, exposure, uneven light, texture, glints, blur, noise and JPEG, each at times."""
    shown = picture.astype(np.float32) / np.float32(255)
    if random.random() < 0.5:
        shown = _other_colours(random, shown)
    shown = shown ** np.float32(np.exp(random.normal(0, 0.3)))
    shown = shown * np.exp(random.normal(0, 0.12, 3) + random.normal(0, 0.2)).astype(np.float32)
    if random.random() < 0.4:
        shown = shown * (1 + np.float32(random.uniform(0, 0.5)) * np.clip(waves(random, 4), -1.5, 1.5))[..., None]
    if random.random() < 0.5:
        shown = shown * (1 + np.float32(random.uniform(0.03, 0.22)) * texture(random))[..., None]
    if random.random() < 0.3:
        shown = shown * _falls_off(random)[..., None]
    if random.random() < 0.4:
        shown = _glints(random, np.ascontiguousarray(shown))
    if random.random() < 0.3:
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), random.uniform(0.4, 2.2)), np.float32)
    if random.random() < 0.06:
        shown = np.repeat(shown.mean(2, keepdims=True), 3, 2)
    if random.random() < 0.03:
        shown = shown[..., random.permutation(3)]
    noise = np.float32(random.uniform(0, 0.05)) * random.standard_normal(shown.shape, np.float32)
    made: Pixels = np.clip((shown + noise) * 255, 0, 255).astype(np.uint8)
    if random.random() < 0.3:
        _, data = cv2.imencode(".jpg", made, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(30, 90))])
        made = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)  # both ways as if it were BGR
    return made


def foreign_body(random: Random, free: Pixels) -> tuple[Plane, Plane]:
    """Cover and colours (SIDE x SIDE x 3, 0..255) of something with an edge: a polygon, a blob, a stick."""
    cover = np.zeros((SIDE, SIDE), np.float32)
    kind = random.random()
    if kind < 0.35:
        corners = random.uniform(0, SIDE, 2) + random.normal(0, SIDE / 4, (int(random.integers(3, 7)), 2))
        cv2.fillPoly(cover, [cv2.convexHull(corners.astype(np.int32))], (1.0,))
    elif kind < 0.7:
        axes = 2 * SIDE * random.uniform([0.08, 0.05], [0.4, 0.22])
        x, y = random.uniform(0, SIDE, 2)
        cv2.ellipse(
            cover, ((float(x), float(y)), (float(axes[0]), float(axes[1])), float(random.uniform(0, 180))), (1.0,), -1
        )
    else:
        ends = (SIDE * np.stack([random.uniform(-0.2, 1.2, 2), random.uniform(0.2, 0.8, 2)])).astype(int)
        cv2.line(cover, ends[0].tolist(), ends[1].tolist(), (1.0,), int(random.integers(4, 18)))
    cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), random.uniform(0.5, 1.5)), np.float32)
    if random.random() < 0.35:
        return cover, cv2.resize(free, (SIDE, SIDE)).astype(np.float32)
    colour = np.full(3, random.uniform(40, 250)) if random.random() < 0.7 else random.uniform(20, 250, 3)
    grain = 1 + np.float32(random.uniform(0, 0.2)) * texture(random)
    return cover, np.clip((colour + random.normal(0, 8, 3)) * grain[..., None], 0, 255).astype(np.float32)


def film(random: Random, at: NDArray[np.float64], brightness: float) -> tuple[Plane, Plane]:
    """Cover and colours of blood, mucus or anything else that lies on tissue, ragged, about `at`."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    away = np.hypot(x - np.float32(at[0]), y - np.float32(at[1])) / np.float32(SIDE * random.uniform(0.05, 0.2))
    ragged = away - 1 + 0.35 * waves(random, 6) + 0.15 * waves(random, 14)
    cover = 1 / (1 + np.exp(np.clip(ragged * random.uniform(6, 25), -30, 30)))
    kind = random.random()
    if kind < 0.45:
        colour = np.array([0.62, 0.10, 0.12]) * random.uniform(0.5, 2.5)
    elif kind < 0.75:
        colour = np.array([1.05, 0.98, 0.82]) * random.uniform(1, 1.9)
    else:
        colour = random.uniform(0.2, 1.6, 3)
    colours = brightness * colour * (1 + 0.15 * texture(random))[..., None]
    return np.asarray(cover * random.uniform(0.75, 1), np.float32), np.asarray(colours, np.float32)


def laid_over(picture: Pixels, cover: Plane, colours: Plane) -> Pixels:
    """A picture with something before it."""
    share = cover[..., None]
    return np.clip(picture * (1 - share) + colours * share, 0, 255).astype(np.uint8)


def _other_colours(random: Random, shown: Plane) -> Plane:
    lab = cv2.cvtColor(shown, cv2.COLOR_RGB2LAB)
    mean = lab.mean((0, 1))
    strength = random.uniform([0.5, 0.4, 0.4], [1.5, 1.6, 1.6])
    changed = (lab - mean) * strength + mean + random.normal(0, [12, 9, 9])
    return np.asarray(np.clip(cv2.cvtColor(changed.astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1), np.float32)


def _falls_off(random: Random) -> Plane:
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    away = np.hypot(x - random.normal(0, 0.2), y - random.normal(0, 0.2))
    return np.asarray(np.exp(-random.uniform(0.2, 1.6) * away**2), np.float32)


def _glints(random: Random, shown: Plane) -> Plane:
    for _ in range(int(random.integers(1, 25))):
        x, y = (int(value) for value in random.integers(0, SIDE, 2))
        axes = int(random.integers(1, 5)), int(random.integers(1, 4))
        cv2.ellipse(shown, (x, y), axes, float(random.uniform(0, 180)), 0, 360, (1.2, 1.2, 1.2), -1)
    return shown
