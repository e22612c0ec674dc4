"""Twelve ways to spoil a photograph of a cervix, which the quality gate is to catch.

Each takes a photograph (H x W x 3 uint8 RGB) and a random generator and returns another picture of the same size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.unlike_parts.pictures import WORDS, Pixels, Random


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def blurred(photograph: Pixels, random: Random) -> Pixels:
    """Out of focus by 1.5 to 3 % of the height (standard deviation)."""
    return np.asarray(cv2.GaussianBlur(photograph, (0, 0), random.uniform(0.015, 0.03) * len(photograph)), np.uint8)


def dark(photograph: Pixels, random: Random) -> Pixels:
    """0.5 to 2 % of the light (linear), with sensor noise."""
    linear = (photograph / 255.0) ** 2.2 * random.uniform(0.005, 0.02)
    return _bytes(255 * linear ** (1 / 2.2) + random.normal(0, 1.5, photograph.shape))


def overexposed(photograph: Pixels, random: Random) -> Pixels:
    """Four to eight times the light (linear)."""
    return _bytes(255 * np.minimum((photograph / 255.0) ** 2.2 * random.uniform(4, 8), 1) ** (1 / 2.2))


def cropped(photograph: Pixels, random: Random) -> Pixels:
    """A corner: 15 to 20 % of each side, enlarged."""
    height, width = photograph.shape[:2]
    share = random.uniform(0.15, 0.2)
    rows, columns = round(share * height), round(share * width)
    top, left = random.choice([0, height - rows]), random.choice([0, width - columns])
    return np.asarray(cv2.resize(photograph[top : top + rows, left : left + columns], (width, height)), np.uint8)


def turned(photograph: Pixels, random: Random) -> Pixels:
    """By a quarter, to the left or to the right, within the frame of the photograph."""
    height, width = photograph.shape[:2]
    quarter = np.ascontiguousarray(np.rot90(photograph, int(random.choice([1, 3]))))
    return np.asarray(cv2.resize(quarter, (width, height)), np.uint8)


def noisy(photograph: Pixels, random: Random) -> Pixels:
    """Noise with a standard deviation of 50 to 80 of 255."""
    return _bytes(photograph + random.normal(0, random.uniform(50, 80), photograph.shape))


def banded(photograph: Pixels, random: Random) -> Pixels:
    """Bars of a flickering lamp: every second band at a tenth to a third of the light."""
    rows = np.arange(len(photograph))
    period = random.uniform(0.04, 0.12) * len(photograph)
    hidden = np.sin(2 * np.pi * rows / period + random.uniform(0, 6)) > 0
    return _bytes(photograph * np.where(hidden, random.uniform(0.1, 0.33), 1.0)[:, None, None])


def covered(photograph: Pixels, random: Random) -> Pixels:
    """A glove, a swab or a sheet over the middle: a disc of half the height and more, of one colour with grain."""
    height, width = photograph.shape[:2]
    y, x = np.mgrid[:height, :width]
    away = np.hypot(x - width * random.uniform(0.45, 0.55), y - height * random.uniform(0.45, 0.55))
    cover = np.clip((random.uniform(0.36, 0.45) * height - away) / 3, 0, 1)[..., None]
    colour = np.array([(235, 233, 228), (120, 150, 205), (60, 60, 66)])[random.integers(3)]
    return _bytes(photograph * (1 - cover) + cover * (colour + random.normal(0, 6, (height, width, 1))))


def other_object(photograph: Pixels, random: Random) -> Pixels:
    """A desk: boxes of all colours, straight edges."""
    made = np.full_like(photograph, random.integers(60, 220, 3))
    height, width = made.shape[:2]
    for _ in range(25):
        left, top = int(random.integers(0, width)), int(random.integers(0, height))
        right, bottom = left + int(random.integers(10, width // 2)), top + int(random.integers(10, height // 2))
        colour = tuple(float(value) for value in random.integers(0, 255, 3))
        cv2.rectangle(made, (left, top), (right, bottom), colour, -1)
    return _bytes(made + random.normal(0, 4, made.shape))


def text_page(photograph: Pixels, random: Random) -> Pixels:
    """Black on white."""
    page = np.full_like(photograph, 246)
    height = len(page)
    step = int(random.integers(14, 26))
    for row in range(step, height, step):
        line = " ".join(random.choice(WORDS, 14))
        cv2.putText(page, line, (12, row), cv2.FONT_HERSHEY_SIMPLEX, step / 45, (25, 25, 28), 1, cv2.LINE_AA)
    return page


def black(photograph: Pixels, random: Random) -> Pixels:
    """The cap on the lens: sensor noise alone."""
    return _bytes(np.abs(random.normal(0, 2, photograph.shape)))


def grey(photograph: Pixels, random: Random) -> Pixels:
    """Without colours."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


KINDS: Mapping[str, Callable[[Pixels, Random], Pixels]] = MappingProxyType(
    {
        "blur": blurred,
        "dark": dark,
        "over": overexposed,
        "cropped": cropped,
        "turned": turned,
        "noise": noisy,
        "banding": banded,
        "covered": covered,
        "other object": other_object,
        "text page": text_page,
        "black": black,
        "grey": grey,
    }
)
