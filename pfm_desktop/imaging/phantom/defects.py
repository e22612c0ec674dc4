"""Faults a quality gate must find, as switches of the generator."""

from dataclasses import dataclass
from enum import StrEnum


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
