"""What a frame shows of its light, and which of several is the sharpest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.capture.source import Frame
from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.source import Source

Pixels = NDArray[np.uint8]

_SHARPER = 1.1  # times the sharpness of the last frame, from which an older one is taken instead
_LIKE_WHITE = 0.28  # colour of a fluorescence picture against the white-light one, as `_apart`; phantoms have 0.4 and
# more, 0.3 with a quarter of white light mixed in, 0.1 with half of it
_DARK = 16.0  # of 255: a mean below which there is no white light in it; that it is too dark is said by others


def sharpness(pixels: Pixels) -> float:
    """How sharp the middle of a picture (H x W x 3 uint8 RGB) is, against others of the same scene: mean square of the
    second differences of its green channel, every second pixel."""
    height, width = pixels.shape[:2]
    middle = pixels[height // 4 : height - height // 4 : 2, width // 4 : width - width // 4 : 2, 1].astype(np.float32)
    if min(middle.shape) < 3:
        return 0.0
    inner = middle[1:-1, 1:-1]
    around = middle[:-2, 1:-1] + middle[2:, 1:-1] + middle[1:-1, :-2] + middle[1:-1, 2:]
    return float(np.mean(np.square(4 * inner - around)))


def sharpest(frames: Sequence[Frame]) -> Frame:
    """The last one, unless another is clearly sharper."""
    if len(frames) == 1:
        return frames[0]
    worth = [sharpness(frame.pixels) for frame in frames]
    best = max(range(len(frames)), key=lambda place: worth[place])
    return frames[best] if worth[best] > _SHARPER * worth[-1] else frames[-1]


def light_of(frame: Frame) -> Light | None:
    """As the camera says, else as the colours say; None where they may be of either."""
    from pfm_desktop.imaging import quality

    if frame.light is not None:
        return frame.light
    found = quality.light_of(frame.pixels)
    return None if found is None else Light.FLUORESCENCE if found is Source.FLUORESCENCE else Light.WHITE


def mixed(frame: Frame, white: Frame) -> bool:
    """Whether what should be fluorescence is white light, or a mixture with it."""
    light = light_of(frame)
    if light is not None:
        return light is not Light.FLUORESCENCE
    if float(frame.pixels[::8, ::8].mean()) < _DARK:
        return False
    return _apart(frame.pixels, white.pixels) < _LIKE_WHITE


def _apart(one: Pixels, other: Pixels) -> float:
    """How different the mean colours are, whatever the brightness: sum of the differences of the three shares, 0..2."""
    shares = []
    for pixels in (one, other):
        mean = pixels[::8, ::8].reshape(-1, 3).mean(axis=0) + 1e-6
        shares.append(mean / mean.sum())
    return float(np.abs(shares[0] - shares[1]).sum())
