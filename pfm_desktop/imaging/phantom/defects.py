"""Faults a quality gate must find, as switches of the generator."""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from pfm_desktop.imaging.phantom.fields import Field, as_field, stream


class Defect(StrEnum):
    """One fault of a picture or of the pair."""

    WHITE_OUT_OF_FOCUS = "white_out_of_focus"
    FLUORESCENCE_OUT_OF_FOCUS = "fluorescence_out_of_focus"
    WHITE_TOO_DARK = "white_too_dark"
    FLUORESCENCE_TOO_DARK = "fluorescence_too_dark"
    WHITE_OVEREXPOSED = "white_overexposed"
    FLUORESCENCE_OVEREXPOSED = "fluorescence_overexposed"
    NO_CERVIX = "no_cervix"
    OBSTRUCTED = "obstructed"
    WRONG_PAIR = "wrong_pair"
    TOO_LITTLE_OVERLAP = "too_little_overlap"
    OFF_CENTRE = "off_centre"


@dataclass(frozen=True, slots=True)
class Fault:
    """What a defect does to one camera: extra blur (sd in pixels at 1024) and light (factor)."""

    blur_px: float = 0.0
    light: float = 1.0


_OUT_OF_FOCUS, _TOO_DARK, _WHITE_BRIGHT, _GLOW_BRIGHT = (
    Fault(blur_px=11.0),
    Fault(light=0.06),
    Fault(light=5.0),
    Fault(light=14.0),
)


def _join(*faults: Fault) -> Fault:
    blur, light = 0.0, 1.0
    for fault in faults:
        blur, light = max(blur, fault.blur_px), light * fault.light
    return Fault(blur, light)


def white_fault(defects: frozenset[Defect]) -> Fault:
    """What the white-light camera suffers."""
    table = {
        Defect.WHITE_OUT_OF_FOCUS: _OUT_OF_FOCUS,
        Defect.WHITE_TOO_DARK: _TOO_DARK,
        Defect.WHITE_OVEREXPOSED: _WHITE_BRIGHT,
    }
    return _join(*(fault for defect, fault in table.items() if defect in defects))


def fluorescence_fault(defects: frozenset[Defect]) -> Fault:
    """What the fluorescence camera suffers."""
    table = {
        Defect.FLUORESCENCE_OUT_OF_FOCUS: _OUT_OF_FOCUS,
        Defect.FLUORESCENCE_TOO_DARK: _TOO_DARK,
        Defect.FLUORESCENCE_OVEREXPOSED: _GLOW_BRIGHT,
    }
    return _join(*(fault for defect, fault in table.items() if defect in defects))


def obstruct(seed: int, image: Field, colour: tuple[float, float, float]) -> Field:
    """A swab's cotton head across the middle of the view."""
    cover, tone = _swab(seed, image.shape[0])
    return as_field(
        image * (1 - cover[..., None]) + cover[..., None] * (tone[..., None] * np.array(colour, np.float32))
    )


def swab(seed: int, size: int) -> Field:
    """How far the swab of `obstruct` covers each pixel (size x size), 0-1."""
    return _swab(seed, size)[0]


def _swab(seed: int, size: int) -> tuple[Field, Field]:
    """Its cover and its tone."""
    rng = stream(seed, "obstruct")
    turn, at = rng.uniform(0, 2 * np.pi), rng.uniform(-0.15, 0.15, 2)
    axis = ((np.arange(size) + 0.5) / size * 2 - 1).astype(np.float32)
    x, y = axis[None, :] - np.float32(at[0]), axis[:, None] - np.float32(at[1])
    u, v = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    fluff = as_field(
        cv2.resize(rng.standard_normal((48, 48), dtype=np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    )
    head = 1 - np.hypot(np.maximum(np.abs(u) - 0.25, 0), v) / np.float32(0.55)
    stick = (0.10 - np.abs(v)) * (u > 0) * 3
    cover = np.clip(np.maximum(head + 0.02 * fluff, stick) * 14, 0, 1)
    return cover, np.clip(0.45 + 0.75 * np.maximum(head, 0.25) + 0.05 * fluff, 0, 1.2)
