"""A film as a camera gives it: the lamp drifts, the sensor is noisy, wet tissue glints anew, frames are missing."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.capture import Light
from pfm_desktop.imaging.film import PhantomFilm

Pixels = NDArray[np.uint8]
DROPPED, BLURRED, COVERED = 0.10, 0.03, 0.02  # shares of the frames
GAP_S = 8.0  # one in each film, somewhere after 20 s
DRIFT = 0.05  # of the exposure, natural logarithm: amplitude, at most, of each of two waves
NOISE = 2.5  # 255ths, standard deviation
GLINTS = (10, 30)  # a frame
_LINEAR = (((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4).astype(np.float32)


class Spoiler:
    """Spoils frames of one film, by the film's seed."""

    def __init__(self, film: PhantomFilm) -> None:
        self._film = film
        self._rng = np.random.default_rng([film.seed, 5])
        self._waves = [
            (self._rng.uniform(0.4, 1.0) * DRIFT, self._rng.uniform(60, 300), self._rng.uniform(0, 6.28))
            for _ in range(2)
        ]
        noise = self._rng.normal(0, NOISE, (film.height + 64, film.width + 64, 3))
        self._noise = np.asarray(np.round(noise), np.int16)

    def exposure(self, seconds: float) -> float:
        """Factor on the light; 1 at 0 s, in whose light the truth is."""
        waves = (size * (np.sin(2 * np.pi * seconds / period + at) - np.sin(at)) for size, period, at in self._waves)
        return float(np.exp(sum(waves)))

    def moments(self, *, rate: float, until: float) -> list[float]:
        """Seconds since acid of the frames that arrive, 0 first; `rate` a second with jitter, some dropped, one gap."""
        gap = self._rng.uniform(20.0, until - 2 * GAP_S)
        moments = [0.0]
        for step in np.arange(1 / rate, until, 1 / rate):
            at = float(step + self._rng.uniform(-0.3, 0.3) / rate)
            if self._rng.random() >= DROPPED and not gap <= at < gap + GAP_S:
                moments.append(at)
        return moments

    def frame(self, seconds: float) -> Pixels:
        """White light, `seconds` after acid."""
        pixels = self._film.picture(Light.WHITE, acid_s=seconds, at=seconds)
        whole = seconds == 0  # the first one is what a clinician began with
        fate = 1.0 if whole else self._rng.random()
        if fate < BLURRED:
            pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), self._film.height / 120), np.uint8)
        elif fate < BLURRED + COVERED:
            reach = int(self._film.width * self._rng.uniform(0.5, 0.9))
            pixels[:, :reach] = (215, 214, 208)  # a swab before the lens
        table = np.clip(_LINEAR * self.exposure(seconds), 0, 1)
        table = 255 * np.where(table <= 0.0031308, 12.92 * table, 1.055 * table ** (1 / 2.4) - 0.055)
        pixels = np.asarray(cv2.LUT(pixels, np.round(table).astype(np.uint8)), np.uint8)
        self._glint(pixels)
        top, left = self._rng.integers(0, 64, 2)
        rows, columns = slice(top, top + self._film.height), slice(left, left + self._film.width)
        return np.clip(pixels + self._noise[rows, columns], 0, 255).astype(np.uint8)

    def _glint(self, pixels: Pixels) -> None:
        height, width = pixels.shape[:2]
        for _ in range(int(self._rng.integers(*GLINTS))):
            x, y = width / 2 + self._rng.normal(0, 0.22 * height), height / 2 + self._rng.normal(0, 0.22 * height)
            axes = self._rng.uniform(0.002, 0.014, 2) * height
            turn = float(self._rng.uniform(0, 180))
            centre, size = (int(x), int(y)), (max(1, int(axes[0])), max(1, int(axes[1])))
            cv2.ellipse(pixels, centre, size, turn, 0, 360, (255, 255, 255), -1, cv2.LINE_AA)


def frames(film: PhantomFilm, *, rate: float, until: float = 180.0) -> Iterator[tuple[float, Pixels]]:
    """Seconds since acid and picture of each frame that arrives."""
    spoiler = Spoiler(film)
    for seconds in spoiler.moments(rate=rate, until=until):
        yield seconds, spoiler.frame(seconds)


def plain_frames(film: PhantomFilm, *, rate: float, until: float = 180.0) -> Iterator[tuple[float, Pixels]]:
    """The same, as it was drawn."""
    for seconds in np.arange(0.0, until, 1 / rate):
        yield float(seconds), film.picture(Light.WHITE, acid_s=float(seconds), at=float(seconds))
