"""Taking a pair: white light, then fluorescence as soon as it is lit, then white light again whatever happens.

Plain functions over what a stream and a lamp promise. Each ends in bounded time, and an error carries what was taken
until then, so that a white-light picture is never lost because fluorescence failed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pfm_desktop.capture.lamp import Lamp, LampError, NoLampError, Switched
from pfm_desktop.capture.source import CameraError, Frame
from pfm_desktop.domain.capture import Light
from pfm_desktop.services.capture.frame_light import light_of, mixed, sharpest
from pfm_desktop.services.capture.presets import Presets
from pfm_desktop.support.errors import UserError

FRESH_S = 0.3  # so old a frame is still one of now
LONGEST_EXPOSURE_S = 0.35  # of fluorescence (phantom.md), where the camera does not say its exposure
LOOKS = 3  # frames that may show the wrong light, where a camera stamps its frames early
_SAFE = "the white-light picture is kept"


class HasState(Protocol):
    """What a stream says of itself."""

    @property
    def state(self) -> str:
        """Such as `live` or `stalled`."""


class Frames(Protocol):
    """A stream of frames, as far as a pair needs it."""

    @property
    def status(self) -> HasState:
        """How it is."""

    def latest(self) -> Frame | None:
        """The frame that came last."""

    def recent(self) -> tuple[Frame, ...]:
        """The last frames, oldest first."""

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        """The first frame with `at > after`, awaited for `timeout` seconds; None where none came."""


class PairError(UserError):
    """A pair that was not taken. `white` and `fluorescence` are what was taken of it all the same, None where nothing;
    `problems` is what went wrong afterwards, such as a lamp that did not go back to white light."""

    def __init__(
        self,
        what: str,
        *,
        remedy: str = "",
        white: Frame | None = None,
        fluorescence: Frame | None = None,
    ) -> None:
        super().__init__(what, remedy=remedy, safe=_SAFE if white is not None else "")
        self.white, self.fluorescence = white, fluorescence
        self.problems: list[str] = []


class NoWhiteError(PairError):
    """No frame in white light came."""


class NoFluorescenceError(PairError):
    """No frame in fluorescence came."""


class LampFailedError(PairError):
    """The lamp did not do what it was asked; `__cause__` is its `LampError`."""


class CameraFailedError(PairError):
    """The camera could not be set for fluorescence; `__cause__` is its `CameraError`."""


class WrongLightError(PairError):
    """A frame is not in the light that was asked for."""


@dataclass(frozen=True)
class PairShot:
    """A pair as it was taken. `gap_s`: seconds from the white-light to the fluorescence frame, negative where the
    latter came first. `problems` are for a person: what went wrong though the pair is there."""

    white: Frame
    fluorescence: Frame
    gap_s: float
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Waits:
    """Seconds. `exposure_s` of fluorescence, None where it is not known: then the longest is assumed. `settle_s` is
    added to it, since most cameras stamp a frame when it arrives; 0 for one that knows when an exposure ended. Each
    makes the gap longer. `frame_s`: a frame is awaited no longer."""

    exposure_s: float | None = None
    settle_s: float = 0.05
    frame_s: float = 2.0

    @property
    def clear_s(self) -> float:
        """After a switch was acknowledged, a frame of which nothing was exposed before it comes later than that."""
        return (LONGEST_EXPOSURE_S if self.exposure_s is None else self.exposure_s) + self.settle_s


def take_switched(
    stream: Frames, lamp: Lamp, waits: Waits | None = None, *, presets: Presets | None = None
) -> PairShot:
    """A pair with one camera and a lamp that is switched. Raises `PairError`.

    White light is the last frame, or the sharpest of the last `FRESH_S`. Fluorescence is the first frame of which
    nothing was exposed before the lamp said that it is lit, and which looks like it. Then the lamp is asked for white
    light again, also when anything failed. `presets`: what the camera is set to for either light, where it does not
    know that by itself.
    """
    waits = waits or Waits()
    problems: list[str] = []
    try:
        whites = _whites(stream, lamp, waits)
        _set_for_fluorescence(presets, whites)
        glow = _glow(stream, lamp, waits, whites)
    except PairError as error:
        error.problems = problems  # which `finally` may still add to
        raise
    finally:
        problems += _back_to_white(lamp, presets)
    white = sharpest(whites)  # to look at pictures takes time, which would have made the gap longer
    if light_of(white) is Light.FLUORESCENCE:
        raise WrongLightError(
            "the lamp said white light, and the picture looks like fluorescence",
            remedy="look at lamp and filters, then take again",
            fluorescence=glow,
        )
    return PairShot(white, glow, glow.at - white.at, (*problems, *_sizes(white, glow)))


def take_two_sensors(white_stream: Frames, fluorescence_stream: Frames, waits: Waits | None = None) -> PairShot:
    """A pair of two cameras that look at once: of their last frames the two that are nearest in time. Raises
    `PairError`."""
    waits = waits or Waits()
    since = time.monotonic() - FRESH_S
    if white_stream.wait_for(since, waits.frame_s) is None:
        raise NoWhiteError(_none("white light", white_stream), remedy="look at the white-light camera, then take again")
    glow_came = fluorescence_stream.wait_for(since, waits.frame_s) is not None
    whites, glows = (
        [frame for frame in stream.recent() if frame.at > since] for stream in (white_stream, fluorescence_stream)
    )
    if not whites:
        raise NoWhiteError(_none("white light", white_stream), remedy="look at the white-light camera, then take again")
    if not glow_came or not glows:
        raise NoFluorescenceError(
            _none("fluorescence", fluorescence_stream),
            remedy="look at the fluorescence camera, then take again",
            white=whites[-1],
        )
    white, glow = min(
        ((white, glow) for white in whites for glow in glows),
        key=lambda pair: (abs(pair[1].at - pair[0].at), -pair[0].at),
    )
    if light_of(glow) is Light.WHITE or light_of(white) is Light.FLUORESCENCE:
        raise WrongLightError(
            "a picture of the pair is not in the light of its camera",
            remedy="look whether the two cameras are swapped",
            white=white,
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
                f"no pair was taken: {error.what}", remedy=error.remedy, white=_kept(stream.latest())
            ) from error
    after = max(since, switched.at + waits.clear_s)
    fresh = [frame for frame in stream.recent() if frame.at > after]
    if not fresh:
        awaited = stream.wait_for(after, max(0.0, after - time.monotonic()) + waits.frame_s)
        if awaited is None:
            raise NoWhiteError(_none("white light", stream), remedy="look at the camera, then take again")
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
            f"no fluorescence picture was taken: {error.what}", remedy=error.remedy, white=sharpest(whites)
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
            _none("fluorescence", stream), remedy="look at the camera, then take again", white=sharpest(whites)
        )
    raise WrongLightError(
        "the lamp says fluorescence, and the picture looks like white light, or like both at once",
        remedy="darken the room, look at lamp and filter, then take again",
        white=sharpest(whites),
        fluorescence=seen,
    )


def _set_for_fluorescence(presets: Presets | None, whites: Sequence[Frame]) -> None:
    """Before the lamp is switched, so that tissue is lit no longer than it must be."""
    try:
        if presets is not None:
            presets.apply(presets.fluorescence)
    except CameraError as error:
        raise CameraFailedError(
            f"no fluorescence picture was taken: {error.what}", remedy=error.remedy, white=sharpest(whites)
        ) from error


def _back_to_white(lamp: Lamp, presets: Presets | None) -> list[str]:
    """The lamp first; what could not be done."""
    problems = []
    try:
        if lamp.switched is None or lamp.switched.light is not Light.WHITE:
            lamp.switch(Light.WHITE)
    except LampError as error:
        problems.append(f"The lamp did not say that it is back in white light: {error}")
    try:
        if presets is not None:
            presets.apply(presets.white)
    except CameraError as error:
        problems.append(f"The camera is not set for white light again: {error}")
    return problems


def _kept(frame: Frame | None) -> Frame | None:
    """A frame that may be kept as one in white light."""
    return None if frame is None or light_of(frame) is not Light.WHITE else frame


def _sizes(white: Frame, glow: Frame) -> tuple[str, ...]:
    if white.pixels.shape == glow.pixels.shape:
        return ()
    return ("The camera changed its resolution between the two pictures.",)


def _none(light: str, stream: Frames) -> str:
    state = str(stream.status.state)
    said = "" if state == "live" else f" (the camera is {state})"
    return f"no picture in {light} came in time{said}"
