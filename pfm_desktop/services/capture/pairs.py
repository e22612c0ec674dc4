"""Taking a pair: white light, then fluorescence as soon as it is lit, then white light again whatever happens.

Plain functions over what a stream and a lamp promise. Each ends in bounded time, and an error carries what was taken
until then, so that a white-light picture is never lost because fluorescence failed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from pfm_desktop.capture.lamp import Lamp, LampError, NoLampError, Switched
from pfm_desktop.capture.lamp_lines import FALLS_BACK_S
from pfm_desktop.capture.source import Frame
from pfm_desktop.domain.capture import Light
from pfm_desktop.services.capture.frame_light import light_of, mixed, sharpest
from pfm_desktop.services.capture.pair_parts import (
    Frames,
    LampFailedError,
    NoFluorescenceError,
    NoWhiteError,
    PairError,
    PairShot,
    Waits,
    WrongLightError,
    state_words,
)
from pfm_desktop.support.language import tr

__all__ = [
    "LampFailedError",
    "NoFluorescenceError",
    "NoWhiteError",
    "PairError",
    "PairShot",
    "Waits",
    "WrongLightError",
    "take_switched",
    "take_two_sensors",
]

FRESH_S = 0.3  # so old a frame is still one of now
LOOKS = 3  # frames that may show the wrong light, where a camera stamps its frames early


def take_switched(stream: Frames, lamp: Lamp, waits: Waits | None = None) -> PairShot:
    """A pair with one camera and a lamp that is switched. Raises `PairError`.

    White light is the last frame, or the sharpest of the last `FRESH_S`. Fluorescence is the first frame of which
    nothing was exposed before the lamp said that it is lit, and which looks like it. Then the lamp is asked for white
    light again, also when anything failed.
    """
    waits = waits or Waits()
    problems: list[str] = []
    try:
        whites = _whites(stream, lamp, waits)
        glow = _glow(stream, lamp, waits, whites)
    except PairError as error:
        error.problems = problems  # which `finally` may still add to
        raise
    finally:
        problems += _back_to_white(lamp)
    white = sharpest(whites)  # to look at pictures takes time, which would have made the gap longer
    if light_of(white) is Light.FLUORESCENCE:
        raise WrongLightError(
            tr("the lamp said white light, and the picture looks like fluorescence"),
            remedy=tr("look at lamp and filters, then take again"),
            fluorescence=glow,
        )
    return PairShot(white, glow, glow.at - white.at, (*problems, *_sizes(white, glow)))


def take_two_sensors(white_stream: Frames, fluorescence_stream: Frames, waits: Waits | None = None) -> PairShot:
    """A pair of two cameras that look at once: of their last frames the two that are nearest in time. Raises
    `PairError`."""
    waits = waits or Waits()
    since = time.monotonic() - FRESH_S
    if white_stream.wait_for(since, waits.frame_s) is None:
        raise NoWhiteError(
            _none(Light.WHITE, white_stream), remedy=tr("look at the white-light camera, then take again")
        )
    glow_came = fluorescence_stream.wait_for(since, waits.frame_s) is not None
    whites, glows = (
        [frame for frame in stream.recent() if frame.at > since] for stream in (white_stream, fluorescence_stream)
    )
    if not whites:
        raise NoWhiteError(
            _none(Light.WHITE, white_stream), remedy=tr("look at the white-light camera, then take again")
        )
    if not glow_came or not glows:
        raise NoFluorescenceError(
            _none(Light.FLUORESCENCE, fluorescence_stream),
            remedy=tr("look at the fluorescence camera, then take again"),
            white=whites[-1],
        )
    white, glow = min(
        ((white, glow) for white in whites for glow in glows),
        key=lambda pair: (abs(pair[1].at - pair[0].at), -pair[0].at),
    )
    if light_of(glow) is Light.WHITE or light_of(white) is Light.FLUORESCENCE:
        raise WrongLightError(
            tr("a picture of the pair is not in the light of its camera"),
            remedy=tr("look whether the two cameras are swapped"),
            white=white if light_of(white) is not Light.FLUORESCENCE else None,
            fluorescence=glow,
        )
    return PairShot(white, glow, glow.at - white.at)


def _whites(stream: Frames, lamp: Lamp, waits: Waits) -> list[Frame]:
    """Frames in white light of just now, oldest first; one at least."""
    since = time.monotonic() - FRESH_S
    switched = lamp.switched
    if switched is None or switched.light is not Light.WHITE:
        try:
            switched = _white_lit(lamp)
        except LampError as error:
            raise LampFailedError(
                tr("no pair was taken: {problem}", problem=error.what),
                remedy=error.remedy,
                white=_kept(stream.latest()),
            ) from error
    after = max(since, switched.at + waits.clear_s)
    fresh = [frame for frame in stream.recent() if frame.at > after]
    if not fresh:
        awaited = stream.wait_for(after, max(0.0, after - time.monotonic()) + waits.frame_s)
        if awaited is None:
            raise NoWhiteError(_none(Light.WHITE, stream), remedy=tr("look at the camera, then take again"))
        fresh = [awaited]
    return fresh


def _white_lit(lamp: Lamp) -> Switched:
    """White light, also of a lamp that was unplugged and is there again."""
    try:
        return lamp.switch(Light.WHITE)
    except NoLampError:
        lamp.open()
        return lamp.switch(Light.WHITE)


def _glow(stream: Frames, lamp: Lamp, waits: Waits, whites: Sequence[Frame]) -> Frame:
    try:
        switched = lamp.switch(Light.FLUORESCENCE)
    except LampError as error:
        raise LampFailedError(
            tr("no fluorescence picture was taken: {problem}", problem=error.what),
            remedy=error.remedy,
            white=sharpest(whites),
        ) from error
    after, ends = switched.at + waits.clear_s, time.monotonic() + waits.clear_s + waits.frame_s
    seen: Frame | None = None
    for _ in range(LOOKS):
        frame = stream.wait_for(after, max(0.0, ends - time.monotonic()))
        if frame is None:
            break
        if not mixed(frame, whites[-1]):
            return frame
        seen, after = frame, frame.at
    if seen is None:
        raise NoFluorescenceError(
            _none(Light.FLUORESCENCE, stream), remedy=tr("look at the camera, then take again"), white=sharpest(whites)
        )
    raise WrongLightError(
        tr("the lamp says fluorescence, and the picture looks like white light, or like both at once"),
        remedy=tr("darken the room, look at lamp and filter, then take again"),
        white=sharpest(whites),
        fluorescence=seen,
    )


def _back_to_white(lamp: Lamp) -> list[str]:
    """What could not be done."""
    try:
        if lamp.switched is None or lamp.switched.light is not Light.WHITE:
            lamp.switch(Light.WHITE)
    except LampError as error:
        return [
            tr(
                "excitation light may still be on: {problem}. It goes out by itself within "
                "{time:.0f} seconds, and no white-light picture is taken until then",
                problem=error.what,
                time=FALLS_BACK_S,
            )
        ]
    return []


def _kept(frame: Frame | None) -> Frame | None:
    """A frame that may be kept as one in white light."""
    return None if frame is None or light_of(frame) is not Light.WHITE else frame


def _sizes(white: Frame, glow: Frame) -> tuple[str, ...]:
    if white.pixels.shape == glow.pixels.shape:
        return ()
    return (tr("The camera changed its resolution between the two pictures."),)


def _none(light: Light, stream: Frames) -> str:
    state = state_words(stream)
    if str(stream.status.state) == "live":
        if light is Light.WHITE:
            return tr("no picture in white light came in time")
        return tr("no picture in fluorescence came in time")
    if light is Light.WHITE:
        return tr("no picture in white light came in time (the camera is {state})", state=state)
    return tr("no picture in fluorescence came in time (the camera is {state})", state=state)
