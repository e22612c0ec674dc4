"""Taking dark frames live, and taking a camera's pattern out of a fluorescence picture where there is one that fits."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.capture.lamp import Lamp, LampError
from pfm_desktop.domain.capture import Light
from pfm_desktop.imaging.dark import DarkFrame, dark_frame, subtracted
from pfm_desktop.services.capture.pair_parts import Frames, Waits, state_words
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]

COUNT = 8  # frames of which a dark frame is the mean


class NoDarkError(UserError):
    """No dark frame was taken."""


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A picture, `dark` what was subtracted from it (None: nothing), and why not, for a person ("" where it was, or
    where there is no dark frame)."""

    pixels: Pixels
    dark: DarkFrame | None = None
    why_not: str = ""


def take_dark(
    stream: Frames,
    lamp: Lamp | None,
    waits: Waits | None = None,
    *,
    exposure_ms: float | None = None,
    gain: float | None = None,
    count: int = COUNT,
) -> DarkFrame:
    """A dark frame of the frames that come once the lamp is off; then it is asked for white light again, whatever
    happens. With no `lamp` the lens has to be covered.

    `exposure_ms` and `gain` are what the camera is set to for fluorescence, by the lamp of the device or always. Raises
    `NoDarkError`, and `BadInputError` for frames that are not dark.
    """
    waits = waits or Waits()
    try:
        since = time.monotonic() if lamp is None else lamp.switch(Light.OFF).at
        frames = _frames(stream, since + waits.clear_s, count, waits)
    except LampError as error:
        raise NoDarkError(
            tr("no dark frame was taken: {problem}", problem=error.what), safe=error.safe, remedy=error.remedy
        ) from error
    finally:
        _white_again(lamp)
    return dark_frame(frames, exposure_ms=exposure_ms, gain=gain)


def cleaned(
    pixels: Pixels, dark: DarkFrame | None, *, exposure_ms: float | None = None, gain: float | None = None
) -> Cleaned:
    """A fluorescence picture without the pattern of `dark`, or as it is where that does not fit: a picture is never
    lost for want of a dark frame. Raises `BadInputError` for what is no picture."""
    if dark is None:
        return Cleaned(pixels)
    why = dark.fits(pixels, exposure_ms=exposure_ms, gain=gain)
    if why:
        return Cleaned(pixels, None, tr("No dark frame was subtracted: {why}. Take a new one.", why=why))
    return Cleaned(subtracted(pixels, dark, exposure_ms=exposure_ms, gain=gain), dark)


def _frames(stream: Frames, after: float, count: int, waits: Waits) -> list[Pixels]:
    found: list[Pixels] = []
    while len(found) < count:
        frame = stream.wait_for(after, max(0.0, after - time.monotonic()) + waits.frame_s)
        if frame is None:
            raise NoDarkError(
                tr(
                    "no dark frame was taken: of {wanted} frames {found} came (the camera is {state})",
                    wanted=count,
                    found=len(found),
                    state=state_words(stream),
                ),
                remedy=tr("look at the camera, then take it again"),
            )
        found.append(frame.pixels)
        after = frame.at
    return found


def _white_again(lamp: Lamp | None) -> None:
    """Where it cannot be said, the lamp falls back by itself, and the next pair asks before it takes anything."""
    with contextlib.suppress(LampError):
        if lamp is not None and (lamp.switched is None or lamp.switched.light is not Light.WHITE):
            lamp.switch(Light.WHITE)
