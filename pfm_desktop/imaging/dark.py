"""Dark frames: what a camera shows without light, and taking that out of a fluorescence picture.

What is subtracted is by how much a pixel lies over the middle of its channel in the dark: hot pixels, columns, glow.
The middle, the camera's black level, stays: else half the noise of what is dark would be cut off at 0, and brighten it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.pixels import checked_pixels, pixels_sha256
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]

FEWEST = 4  # frames, of which each pixel's noise is halved
DARK = 32.0  # of 255: over that no camera's black level lies
EVEN = 12.0  # of 255: so far parts of a dark frame lie apart at most; a lit room makes more
STEADY = 2.0  # of 255: so far the means of frames lie apart at most
_PART, _SAME_SETTING = 32, 0.02  # pixels of a side, over which the pattern is averaged away; of exposure and gain
_FULL = 250  # of 255: how bright a pixel was that is clipped with the pattern is not known


@dataclass(frozen=True, eq=False)
class DarkFrame:
    """The mean of several frames without light, H x W x 3 uint8 RGB; `count` of them. `exposure_ms` and `gain` are what
    the camera was set to, None where it does not say."""

    pixels: Pixels
    count: int
    exposure_ms: float | None = None
    gain: float | None = None

    @cached_property
    def pixels_sha256(self) -> str:
        """Tells it from others, whatever file it is kept in."""
        return pixels_sha256(self.pixels)

    @cached_property
    def black_level(self) -> tuple[float, float, float]:
        """The middle of each channel, of 255."""
        red, green, blue = (float(one) for one in np.median(self.pixels.reshape(-1, 3), axis=0))
        return red, green, blue

    @cached_property
    def pattern(self) -> NDArray[np.int16]:
        """H x W x 3: how far each pixel lies over the middle of its channel, negative below it."""
        return self.pixels.astype(np.int16) - np.rint(self.black_level).astype(np.int16)

    def fits(self, pixels: Pixels, *, exposure_ms: float | None, gain: float | None) -> str:
        """Why it is none for a picture that was taken at these settings, for a person; "" where it is one."""
        size, own = (one.shape[1::-1] for one in (pixels, self.pixels))
        if size != own:
            return tr(
                "the dark frame is {width} x {height} pixels, the picture {its_width} x {its_height}",
                width=own[0],
                height=own[1],
                its_width=size[0],
                its_height=size[1],
            )
        for name, mine, given in ((tr("exposure"), self.exposure_ms, exposure_ms), (tr("gain"), self.gain, gain)):
            if not _same(mine, given):
                return tr(
                    "the dark frame was taken with {setting} {value}, the picture with {other}",
                    setting=name,
                    value=_worded(mine),
                    other=_worded(given),
                )
        return ""


def dark_frame(frames: Sequence[Pixels], *, exposure_ms: float | None = None, gain: float | None = None) -> DarkFrame:
    """The mean of at least `FEWEST` frames, each H x W x 3 uint8 RGB, taken in the dark at one exposure and gain.

    Raises `BadInputError` for too few, for sizes that differ, and for frames that are not dark: too bright, brighter in
    some parts than in others, or changing from one to the next.
    """
    remedy = tr("cover the lens or switch the lamp off, then take it again")
    if len(frames) < FEWEST:
        raise BadInputError(
            tr("a dark frame is made of {least} frames or more, not {frames}", least=FEWEST, frames=len(frames)),
            remedy=remedy,
        )
    checked = [checked_pixels(one, "a dark frame") for one in frames]
    if any(one.shape != checked[0].shape for one in checked):
        raise BadInputError(tr("the frames for a dark frame are not of one size"), remedy=tr("take it again"))
    mean = np.zeros(checked[0].shape, np.float32)
    for one in checked:
        cv2.accumulate(one, mean)
    mean /= np.float32(len(checked))
    if why := _not_dark(mean, [float(one.mean()) for one in checked]):
        raise BadInputError(tr("this is no dark frame: {why}", why=why), safe=tr("nothing was changed"), remedy=remedy)
    return DarkFrame(np.asarray(np.rint(mean), np.uint8), len(checked), exposure_ms, gain)


def subtracted(
    pixels: Pixels, dark: DarkFrame, *, exposure_ms: float | None = None, gain: float | None = None
) -> Pixels:
    """A new picture without the pattern of `dark`, H x W x 3 uint8 RGB, the black level kept, clipped to 0..255.

    A pixel that the pattern has driven to the limit is replaced by the median of its neighbours. Raises `BadInputError`
    for a dark frame of another size, exposure or gain; where neither says its exposure or gain, that is no difference.
    """
    pixels = checked_pixels(pixels, "the picture")
    if why := dark.fits(pixels, exposure_ms=exposure_ms, gain=gain):
        raise BadInputError(why, safe=tr("the picture is as it was"), remedy=tr("take a dark frame at these settings"))
    out = np.asarray(cv2.subtract(pixels, dark.pattern, dtype=cv2.CV_8U), np.uint8)
    lost = (pixels >= _FULL) & (dark.pattern > EVEN)
    if lost.any():
        out[lost] = cv2.medianBlur(out, 5)[lost]
    return out


def _not_dark(mean: NDArray[np.float32], levels: Sequence[float]) -> str:
    """Why, for a person; "" where it is dark."""
    height, width = mean.shape[:2]
    parts = cv2.resize(mean, (max(1, width // _PART), max(1, height // _PART)), interpolation=cv2.INTER_AREA).reshape(
        -1, 3
    )
    if float(np.median(parts, axis=0).max()) > DARK:
        return tr("it is too bright")
    if max(levels) - min(levels) > STEADY:
        return tr("light changed while it was taken")
    low, high = np.percentile(parts, [2, 98], axis=0)
    if float((high - low).max()) > EVEN:
        return tr("some of it is brighter than the rest")
    return ""


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _SAME_SETTING * max(abs(one), abs(other))


def _worded(value: float | None) -> str:
    return tr("not known") if value is None else f"{value:g}"
