"""What a sensor adds to a picture: brightness by exposure and gain, noise, a black level, and pixels that are hot.

About 1.5 ms for 1920 x 1080 on one core: noise is made once and shifted about, and nothing leaves 8 bits.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

BLACK_LEVEL = 6.0  # of 255
NOISE = 1.5  # of 255, standard deviation
GAMMA = 2.2  # brightness of a picture goes with the light to the power 1 / GAMMA
HOT_EVERY = 2000  # pixels
HOT = (30, 200)  # of 255, of a hot pixel at `DARK_MS` and gain 1
COLUMNS = 4  # of 255: how much of the pattern goes column by column
DARK_MS = 120.0
_ROOM = 64  # pixels by which the noise can be shifted
_SAME = 0.005  # of brightness: nothing is seen of that


class Sensor:
    """`width` x `height` pixels; `seed` fixes which of them are hot."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self.size = width, height
        fixed = np.random.default_rng(seed)
        self._pattern = _pattern(fixed, width, height)
        self._noise = _noise(fixed, width + _ROOM, height + _ROOM)
        self._shifts = np.random.default_rng([seed, 1])
        self._scaled: tuple[float, Pixels] = 1.0, self._pattern

    def exposed(self, pictures: tuple[Pixels, ...], *, brightness: float, dark_ms: float) -> Pixels:
        """A new H x W x 3 uint8 RGB of one picture, or of the mean of two; of none a dark frame.

        `brightness`: light against that of the picture; `dark_ms`: exposure times gain, with which the pattern grows.
        """
        x, y = (int(shift) for shift in self._shifts.integers(_ROOM, size=2))
        width, height = self.size
        grain = self._noise[y : y + height, x : x + width]
        pattern = self._at(dark_ms / DARK_MS)
        if not pictures:
            return np.asarray(cv2.add(grain, pattern), np.uint8)
        shown = self._fitting(pictures[0])
        if len(pictures) > 1:
            shown = np.asarray(cv2.addWeighted(shown, 0.5, self._fitting(pictures[1]), 0.5, 0), np.uint8)
        share = brightness ** (1 / GAMMA)
        if abs(share - 1) > _SAME:
            shown = np.asarray(cv2.convertScaleAbs(shown, alpha=share), np.uint8)
        out = np.asarray(cv2.add(shown, grain), np.uint8)
        cv2.add(out, pattern, dst=out)
        return out

    def _at(self, share: float) -> Pixels:
        if share != self._scaled[0]:
            self._scaled = share, np.asarray(cv2.convertScaleAbs(self._pattern, alpha=share), np.uint8)
        return self._scaled[1]

    def _fitting(self, picture: Pixels) -> Pixels:
        if (picture.shape[1], picture.shape[0]) == self.size:
            return picture
        return np.asarray(cv2.resize(picture, self.size, interpolation=cv2.INTER_LINEAR), np.uint8)


def seen_aside(picture: Pixels, homography: NDArray[np.float64]) -> Pixels:
    """What a second sensor sees of a picture: `homography`, 3 x 3, takes pixels of it to pixels of that sensor."""
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.warpPerspective(picture, homography, size, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def _pattern(fixed: np.random.Generator, width: int, height: int) -> Pixels:
    """H x W x 3 uint8: columns that are a little brighter, and hot pixels."""
    pattern: Pixels = np.repeat(fixed.integers(COLUMNS, size=(1, width, 3), dtype=np.uint8), height, axis=0)
    count = max(1, width * height // HOT_EVERY)
    where = tuple(fixed.integers(side, size=count) for side in (height, width, 3))
    pattern[where] = fixed.integers(*HOT, size=count)
    return pattern


def _noise(fixed: np.random.Generator, width: int, height: int) -> Pixels:
    """H x W x 3 uint8: noise about the black level."""
    drawn: NDArray[np.float32] = fixed.standard_normal((height, width, 3), np.float32)
    return np.asarray(np.rint(drawn * np.float32(NOISE) + np.float32(BLACK_LEVEL)).clip(0, 255), np.uint8)
