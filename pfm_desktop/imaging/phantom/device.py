"""Another device: what a drawn pair would look like through a second, fixed camera, lamp and filter.

The generator draws one device. This one has other colours, gain, sharpness, fall-off and field, and never changes, so
that what is learned on it can be compared from version to version. It works on the finished 8-bit pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pfm_desktop.domain.source import Source

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
_FULL = 1024  # pixels a side at which blur is stated


@dataclass(frozen=True)
class Look:
    """How a device shows one source.

    `colour` (3 x 3) mixes the channels of linear light, `gain` multiplies them, `contrast` is a power of the light,
    `blur_px` the standard deviation of its point spread at 1024 pixels a side, `fall_off` how much darker the corners
    are (0 to 1), `field` the share of the side that it shows, `off` how far its middle lies beside ours (x, y, shares).
    """

    colour: tuple[tuple[float, float, float], ...]
    gain: float
    contrast: float
    blur_px: float
    fall_off: float
    field: float
    off: tuple[float, float] = (0.0, 0.0)


DEVICE_B = {
    Source.WHITE: Look(
        colour=((0.55, 0.35, 0.10), (0.15, 0.75, 0.10), (0.05, 0.35, 0.60)),
        gain=0.78,
        contrast=1.35,
        blur_px=2.0,
        fall_off=0.30,
        field=0.72,
    ),
    Source.FLUORESCENCE: Look(
        colour=((0.90, 0.25, 0.05), (0.10, 0.45, 0.25), (0.05, 0.50, 0.95)),
        gain=1.25,
        contrast=0.70,
        blur_px=2.2,
        fall_off=0.20,
        field=0.75,
        off=(0.015, -0.01),
    ),
}


def seen_by(look: Look, picture: Picture) -> Picture:
    """The picture (H x W x 3 uint8 RGB, sRGB) as the other device shows it, of the same size."""
    height, width = picture.shape[:2]
    light = _linear(np.asarray(picture / np.float32(255), np.float32))
    light = np.clip(light @ np.array(look.colour, np.float32).T, 0, None)
    light = look.gain * light**look.contrast
    light = _framed(light, look)
    sd = look.blur_px * max(height, width) / _FULL
    light = cv2.GaussianBlur(light, (0, 0), sd, borderType=cv2.BORDER_REFLECT_101).astype(np.float32)
    light *= _fall_off(height, width, look.fall_off)[..., None]
    return np.round(255 * _srgb(np.clip(light, 0, 1))).astype(np.uint8)


def pair_of_device_b(white: Picture, fluorescence: Picture) -> tuple[Picture, Picture]:
    """Both pictures of a pair through device B."""
    return seen_by(DEVICE_B[Source.WHITE], white), seen_by(DEVICE_B[Source.FLUORESCENCE], fluorescence)


def _framed(light: Floats, look: Look) -> Floats:
    height, width = light.shape[:2]
    middle = ((width - 1) * (0.5 + look.off[0]), (height - 1) * (0.5 + look.off[1]))
    matrix = np.array(
        [
            [look.field, 0, middle[0] - look.field * (width - 1) / 2],
            [0, look.field, middle[1] - look.field * (height - 1) / 2],
        ],
        np.float32,
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(light, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _fall_off(height: int, width: int, strength: float) -> Floats:
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return np.asarray(1 - np.float32(strength / 2) * (x * x + y * y), np.float32)


def _linear(value: Floats) -> Floats:
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _srgb(value: Floats) -> Floats:
    return np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055).astype(np.float32)
