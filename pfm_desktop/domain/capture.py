"""How a picture was taken: light, camera, and what it was set to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Light(StrEnum):
    """What the lamp is switched to. OFF is for dark frames."""

    WHITE = "white"
    FLUORESCENCE = "fluorescence"
    OFF = "off"


class Gap(StrEnum):
    """What the time between the two pictures of a pair means (phantom.md, capture facts)."""

    GOOD = "good"  # at most `GAP_AIM_S`
    FAIR = "fair"  # at most `GAP_WARN_S`
    WARN = "warn"  # at most `GAP_REJECT_S`
    REJECT = "reject"


GAP_AIM_S, GAP_WARN_S, GAP_REJECT_S = 0.5, 1.0, 3.0


def gap_of(seconds: float) -> Gap:
    """What a gap of so many seconds, of either sign, means."""
    apart = abs(seconds)
    if apart <= GAP_AIM_S:
        return Gap.GOOD
    if apart <= GAP_WARN_S:
        return Gap.FAIR
    return Gap.WARN if apart <= GAP_REJECT_S else Gap.REJECT


@dataclass(frozen=True)
class Acquisition:
    """What is on record about how a picture was taken; None and "" where the device does not say.

    `camera` names device and serial number; `exposure_ms` in milliseconds, `gain` in the camera's own unit,
    `white_balance_k` in kelvin (None also where it was automatic: see `automatic`), `excitation_nm` in nanometres.
    `automatic` names the controls that the camera chose itself (`exposure`, `gain`, `white_balance`, `focus`).
    `gap_s`: seconds from the other picture of its pair to this one (negative: this one came first). `dark_sha256`
    names the dark frame that was subtracted; `clip_id` and `frame` say from which frame of which clip it was pulled.
    """

    camera: str = ""
    light: Light | None = None
    exposure_ms: float | None = None
    gain: float | None = None
    white_balance_k: float | None = None
    automatic: tuple[str, ...] = ()
    excitation_nm: float | None = None
    filter: str = ""
    polariser: str = ""
    gap_s: float | None = None
    dark_sha256: str = ""
    clip_id: str = ""
    frame: int | None = None
