"""A film of one phantom woman: she moves, whitens after acetic acid and fades, and all of that is known exactly.

She is drawn four times by the frozen generator (`imaging.phantom`, ADR 4): before acid and at full whitening, in white
light and in fluorescence. A picture of the film is a blend of two of them, moved. So her noise moves with her, tissue
neither bends nor slides, and the round field moves as she does: it proves the software, never the medicine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.domain.grade import Grade
from pfm_desktop.imaging.colour import lightness
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.phantom.fields import stream

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Region = Mask | NDArray[np.float64]

WHITENED_S = 100.0  # since acid, of the generator: all lesions are at their most or near it
FIELD = (0.46, 0.66)  # of the height: radius to which the round field is bright, and from which only stray light is
STRAY = {Light.WHITE: (24, 12, 12), Light.FLUORESCENCE: (5, 14, 12), Light.OFF: (0, 0, 0)}  # RGB
OFFSET = (0.004, -0.003)  # of the height, x and y: how far fluorescence lies from white light
_QUIET, _NORMAL_DL = 0.02, 0.7  # of the height: distance from all that whitens; dL* that is none
GLARE, _RIM = 225, 0.006  # of the least channel, from which a pixel is no tissue; of the height
_FULL = 1080  # pixels of height in which the amplitudes below are


@dataclass(frozen=True)
class Kinetics:
    """How whitening goes, in seconds since acid: nothing until `onset_s`, all of it at `peak_s`, half at `half_s`."""

    onset_s: float
    peak_s: float
    half_s: float
    steep: float
    """Power of the rise: 1 even, 3 fast at first."""

    @staticmethod
    def of(seed: int) -> Kinetics:
        """Drawn for a film: onset 5-25 s, peak 40-90 s and at least 25 s after it, half of it 50-260 s later."""
        rng = stream(seed, "film:kinetics")
        onset, peak = float(rng.uniform(5.0, 25.0)), float(rng.uniform(40.0, 90.0))
        peak = max(peak, onset + 25.0)
        return Kinetics(onset, peak, peak + float(rng.uniform(50.0, 260.0)), float(rng.uniform(1.6, 2.4)))

    def gain(self, seconds: float) -> float:
        """Share of full whitening, 0..1."""
        if seconds <= self.onset_s:
            return 0.0
        if seconds <= self.peak_s:
            left = (self.peak_s - seconds) / (self.peak_s - self.onset_s)
            return float(1.0 - left**self.steep)
        return float(0.5 ** (((seconds - self.peak_s) / (self.half_s - self.peak_s)) ** 1.4))


@dataclass(frozen=True)
class _Sway:
    """Sums of sines, one set for x, y (pixels of `_FULL`), rotation (radians) and logarithm of scale."""

    waves: tuple[NDArray[np.float64], ...]  # each N x 3: amplitude, radians a second, phase

    @staticmethod
    def of(seed: int) -> _Sway:
        rng = stream(seed, "film:motion")

        def waves(*parts: tuple[int, float, float, float]) -> NDArray[np.float64]:
            """Of (count, amplitude of all together, shortest and longest period in seconds)."""
            rows = []
            for count, amplitude, least, most in parts:
                for _ in range(count):
                    size = amplitude / np.sqrt(count) * rng.uniform(0.7, 1.3)
                    period = np.exp(rng.uniform(np.log(least), np.log(most)))
                    rows.append((size, 2 * np.pi / period, rng.uniform(0, 2 * np.pi)))
            return np.array(rows)

        breath = float(rng.uniform(3.2, 5.0))
        drift, jitter = (3, 12.0, 35.0, 160.0), (4, 1.2, 0.3, 1.2)
        return _Sway(
            (
                waves((1, 1.5, breath, breath), drift, jitter),
                waves((1, 5.0, breath, breath), drift, jitter),
                waves((2, 0.010, 25.0, 120.0), (2, 0.0006, 0.4, 1.5)),
                waves((1, 0.003, breath, breath), (2, 0.008, 25.0, 120.0)),
            )
        )

    def at(self, seconds: float) -> tuple[float, float, float, float]:
        """x, y, rotation, log of scale; all 0 at 0 s."""
        x, y, turn, size = (
            float((w[:, 0] * (np.sin(w[:, 1] * seconds + w[:, 2]) - np.sin(w[:, 2]))).sum()) for w in self.waves
        )
        return x, y, turn, size


class PhantomFilm:
    """One woman at one visit, `width` x `height`: a pure function of seed, light, seconds since acid and moment.

    Drawing her takes some seconds at 1920 x 1080; then each picture takes some milliseconds. `still`: she does not
    move. `lesion` and `normal` are masks H x W of the unmoved woman: the graded lesion (empty in a normal one, even
    where benign whitening is), and squamous tissue that does not whiten. `phantom` is her at full whitening as it was
    drawn, a square of the frame's height in its middle, for what else is known of her. May be used by several threads.
    """

    def __init__(
        self, seed: int, *, grade: Grade | None = None, width: int = 1920, height: int = 1080, still: bool = False
    ) -> None:
        self.seed, self.width, self.height, self.still = seed, width, height, still
        self.kinetics = Kinetics.of(seed)
        before, self.phantom = (
            render(seed, grade=grade, size=height, seconds_since_acid=seconds) for seconds in (0.0, WHITENED_S)
        )
        self._sway = _Sway.of(seed)
        field = _field(width, height)
        lit = np.flatnonzero(field.any(axis=0))
        self._inside: Mask = field == 1
        self._stray = {
            light: np.full((height, width, 3), np.array(colour, np.uint8)) for light, colour in STRAY.items()
        }
        self._left, self._right = int(lit[0]), int(lit[-1]) + 1
        self._seen: dict[Light, tuple[Pixels, Pixels]] = {
            Light.WHITE: self._ends(Light.WHITE, field, before.white, self.phantom.white),
            Light.FLUORESCENCE: self._ends(Light.FLUORESCENCE, field, _glow(before), _glow(self.phantom)),
        }

    @property
    def grade(self) -> Grade:
        """Of the woman drawn."""
        return self.phantom.grade

    @property
    def offset(self) -> tuple[float, float]:
        """x and y in pixels from a place in white light to the same in fluorescence, whatever the motion."""
        return OFFSET[0] * self.height, OFFSET[1] * self.height

    @cached_property
    def lesion(self) -> Mask:
        """H x W, unmoved."""
        return self._masked(self.phantom.lesion)

    @cached_property
    def normal(self) -> Mask:
        """H x W, unmoved."""
        first, last = (self._whole(one) for one in self._seen[Light.WHITE])
        before, after = lightness(first), lightness(last)
        whitens = cv2.GaussianBlur(np.abs(after - before), (0, 0), max(1.0, self.height / 400)) > _NORMAL_DL
        reach = 2 * round(_QUIET * self.height) + 1
        near = cv2.dilate((whitens | self.lesion).astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
        hidden = self._masked(self.phantom.film | self.phantom.speculum) | self.glare
        return np.asarray(self._masked(self.phantom.cervix) & self._inside & ~near & ~hidden)

    @cached_property
    def glare(self) -> Mask:
        """H x W, unmoved: where the lamp is seen and not only tissue, with the rim that the camera's sharpening gives
        it."""
        first, last = (self._whole(one) for one in self._seen[Light.WHITE])
        found = (np.maximum(first, last).min(axis=2) >= GLARE) | self._masked(self.phantom.glare)
        rim = 2 * max(1, round(_RIM * self.height)) + 1
        return np.asarray(cv2.dilate(found.astype(np.uint8), np.ones((rim, rim), np.uint8)) > 0)

    def gain(self, acid_s: float | None) -> float:
        """Share of full whitening so many seconds after acid (None: before it), 0..1."""
        return 0.0 if acid_s is None else self.kinetics.gain(acid_s)

    def motion(self, at: float) -> Matrix:
        """3 x 3: pixels of the unmoved woman to those at `at` seconds; the identity at 0 s and where she is still."""
        if self.still:
            return np.eye(3)
        x, y, turn, size = self._sway.at(at)
        share, scale = self.height / _FULL, np.exp(size)
        linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        middle = np.array([(self.width - 1) / 2, (self.height - 1) / 2])
        moved = np.eye(3)
        moved[:2, :2] = linear
        moved[:2, 2] = middle + share * np.array([x, y]) - linear @ middle
        return moved

    def picture(self, light: Light, *, acid_s: float | None, at: float) -> Pixels:
        """H x W x 3 uint8 RGB, a new array: in this light, `acid_s` seconds after acid (None: before it), as she lies
        at `at` seconds. OFF is black. What moves in from beyond the drawn square is its mirror image."""
        frame = self._stray[light].copy()
        if light is Light.OFF:
            return frame
        matrix = self.motion(at)
        if light is Light.FLUORESCENCE:
            matrix = matrix.copy()
            matrix[:2, 2] += self.offset
        seen = self._blended(light, self.gain(acid_s))
        ends = matrix @ np.array([[self._left, self._right] * 2, [0, 0, self.height, self.height], [1] * 4])
        left, right = max(0, int(ends[0].min()) - 1), min(self.width, int(ends[0].max()) + 3)
        if left >= right:
            return frame
        matrix[:2, 2] += matrix[:2, :2] @ np.array([self._left, 0.0]) - np.array([left, 0.0])
        # four bytes a pixel: OpenCV moves them in two thirds of the time of three
        moved = cv2.warpAffine(seen, matrix[:2], (right - left, self.height), borderMode=cv2.BORDER_REFLECT_101)
        cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB, dst=frame[:, left:right])
        return frame

    def truth(self, region: Region, seconds: NDArray[np.float64] | list[float]) -> NDArray[np.float64]:
        """dL* in white light at each of `seconds` since acid against before acid: of the mean over `region` (a mask
        H x W, or a polygon N x 2 in pixels) of the unmoved woman, without `glare`; NaN where that is all."""
        place = self._region(region) & ~self.glare
        if not place.any():
            return np.full(len(seconds), np.nan)
        before, after = (self._whole(one)[place] for one in self._seen[Light.WHITE])
        ends = before[None], after[None]
        levels = [lightness(_between(*ends, self.kinetics.gain(float(one)))).mean() for one in seconds]
        return np.array(levels, np.float64) - float(lightness(ends[0]).mean())

    def _blended(self, light: Light, gain: float) -> Pixels:
        before, after = self._seen[light]
        return before if gain <= 0 else _between(before, after, gain)

    def _region(self, region: Region) -> Mask:
        if region.dtype == np.bool_:
            return np.asarray(region, np.bool_)
        drawn = np.zeros((self.height, self.width), np.uint8)
        cv2.fillPoly(drawn, [np.round(region).astype(np.int32)], (1,))
        return drawn > 0

    def _ends(self, light: Light, field: NDArray[np.float32], *squares: Pixels) -> tuple[Pixels, Pixels]:
        """Before acid and at full whitening: the lit columns of the frame, four bytes a pixel."""
        share = field[..., None]
        first, last = (
            np.round(_widened(square, self.width) * share + self._stray[light] * (1 - share)).astype(np.uint8)
            for square in squares
        )
        first, last = (
            np.asarray(cv2.cvtColor(one[:, self._left : self._right], cv2.COLOR_RGB2RGBA), np.uint8)
            for one in (first, last)
        )
        return first, last

    def _whole(self, lit: Pixels) -> Pixels:
        """In white light."""
        frame = self._stray[Light.WHITE].copy()
        frame[:, self._left : self._right] = lit[..., :3]
        return frame

    def _masked(self, mask: Mask) -> Mask:
        """A mask of the square as one of the frame."""
        size, extra = self.height, self.width - self.height
        out = np.zeros((self.height, self.width), np.bool_)
        left = max(0, extra // 2)
        cut = max(0, -(extra // 2))
        out[:, left : left + size] = mask[:, cut : cut + min(self.width, size)]
        return out


def _between(before: Pixels, after: Pixels, gain: float) -> Pixels:
    return np.asarray(cv2.addWeighted(before, 1.0 - gain, after, gain, 0.0), np.uint8)


def _glow(phantom: Phantom) -> Pixels:
    """Fluorescence in the white-light frame; beyond its edge it is mirrored, so that no edge is seen there."""
    at = phantom.white_to_fluorescence
    drawn = cv2.remap(phantom.fluorescence, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(drawn, np.uint8)


def _widened(square: Pixels, width: int) -> Pixels:
    """A square in the middle of a frame of its height, mirrored at its sides; cut where the frame is narrower."""
    extra = width - square.shape[1]
    if extra <= 0:
        return square[:, -(extra // 2) : -(extra // 2) + width]
    left = extra // 2
    return np.pad(square, ((0, 0), (left, extra - left), (0, 0)), mode="reflect")


def _field(width: int, height: int) -> NDArray[np.float32]:
    """H x W, 1 in the round field of a colposcope, falling to 0 about it."""
    x = np.arange(width, dtype=np.float32)[None] - np.float32((width - 1) / 2)
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
    bright, black = FIELD
    fall = np.clip((np.hypot(x, y) / np.float32(height) - bright) / (black - bright), 0, 1)
    return np.asarray(1 - fall * fall * (3 - 2 * fall), np.float32)
