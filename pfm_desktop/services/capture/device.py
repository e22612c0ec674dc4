"""The capture device while it is open: its cameras, its lamp, and how pictures are taken with them."""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pfm_desktop.capture import found
from pfm_desktop.capture.lamp import Lamp, LampError, SerialLamp
from pfm_desktop.capture.simulated import EXPOSURE_MS
from pfm_desktop.capture.source import Camera, Format, Frame
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.dark import FEWEST, DarkFrame, dark_frame, subtracted
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.services.capture import pairs
from pfm_desktop.services.capture.config import DeviceConfig, Kind, LightSetting
from pfm_desktop.services.capture.live import Exposed
from pfm_desktop.services.capture.sensor import ExposingLamp, Sensor
from pfm_desktop.support.errors import BadInputError, UserError

if TYPE_CHECKING:
    from pfm_desktop.services.capture.simulated import SimulatedDevice

log = logging.getLogger(__name__)
FRESH_S = 0.5  # so old a frame may be when a single picture is taken
AWAITED_S = 2.0
DARK_FRAMES = 8
SEED, RATE = 11, 30.0  # of the simulated device


class TakeError(UserError):
    """A pair that could not be taken whole; `taken` is what there is of it."""

    def __init__(self, error: UserError, taken: tuple[Exposed, ...], problems: tuple[str, ...] = ()) -> None:
        super().__init__(". ".join((error.what, *problems)), safe=error.safe, remedy=error.remedy)
        self.taken = taken


class Device:
    """See `open_device`. `stream` is what is shown live; methods may be called on any thread."""

    def __init__(
        self,
        config: DeviceConfig,
        stream: Stream,
        *,
        second: Stream | None = None,
        lamp: Lamp | None = None,
        simulated: SimulatedDevice | None = None,
    ) -> None:
        self.config, self.stream, self.second = config, stream, second
        self._sensor = Sensor(stream)
        self._glow_sensor = Sensor(second) if second is not None else self._sensor
        self.lamp = ExposingLamp(lamp, self._sensor, config) if lamp is not None else None
        self.simulated = simulated
        self.dark: DarkFrame | None = None
        self.dark_png = b""
        self._acid = False

    @property
    def sensors(self) -> tuple[tuple[Sensor, LightSetting, Light], ...]:
        """Each camera, with what it is set to when it comes."""
        found = [(self._sensor, self.config.white, Light.WHITE)]
        if self.second is not None:
            found.append((self._glow_sensor, self.config.fluorescence, Light.FLUORESCENCE))
        return tuple(found)

    @property
    def light(self) -> Light | None:
        """What the lamp was switched to last; None where there is no lamp, or it is not known."""
        return self.lamp.switched.light if self.lamp is not None and self.lamp.switched is not None else None

    def lit_white(self, frame: Frame) -> bool:
        """Whether a frame of `stream` was exposed in white light alone, as far as the lamp is known."""
        return self.lamp is None or self.lamp.lit_white(frame.at, self._clear_s)

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        """One white-light picture, or a pair, as soon as can be. Raises `UserError`; a `TakeError` carries what was
        taken of a pair."""
        if not pair:
            frame = self._now()
            self._sensor.refresh()
            return (self.exposed(frame),)
        try:
            shot = self._pair()
        except pairs.PairError as error:
            taken = [(error.white, Source.WHITE), (error.fluorescence, Source.FLUORESCENCE)]
            kept = tuple(self.exposed(frame, source) for frame, source in taken if frame is not None)
            raise TakeError(error, kept[:1] if error.white is not None else (), tuple(error.problems)) from error
        self._glow_sensor.refresh()
        white, glow = self.exposed(shot.white), self.exposed(shot.fluorescence, Source.FLUORESCENCE)
        for problem in shot.problems:
            log.warning("a pair was taken, but: %s", problem)
        return (
            replace(white, acquisition=replace(white.acquisition, gap_s=-shot.gap_s)),
            replace(glow, acquisition=replace(glow.acquisition, gap_s=shot.gap_s)),
        )

    def exposed(self, frame: Frame, source: Source = Source.WHITE) -> Exposed:
        """A frame with how it was taken; from fluorescence the dark frame is subtracted, where one fits."""
        lit = source is Source.FLUORESCENCE
        acquisition = self._acquisition(lit=lit)
        if lit and self.dark is not None:
            exposure, gain = acquisition.exposure_ms, acquisition.gain
            if self.dark.fits(frame.pixels, exposure_ms=exposure, gain=gain) == "":
                clean = subtracted(frame.pixels, self.dark, exposure_ms=exposure, gain=gain)
                frame = replace(frame, pixels=clean)
                acquisition = replace(acquisition, dark_sha256=hashlib.sha256(self.dark_png).hexdigest())
        width = frame.pixels.shape[1]
        return Exposed(frame, source, acquisition, self.config.mm_at(width) if not lit or self.second is None else None)

    def take_dark(self) -> DarkFrame:
        """Switch the lamp off, take a dark frame for fluorescence, and white light again. Raises `UserError`."""
        stream = self.second or self.stream
        after = time.monotonic()
        if self.lamp is not None:
            after = self.lamp.switch(Light.OFF).at
        try:
            after += self._clear_s
            frames: list[Frame] = []
            while len(frames) < max(DARK_FRAMES, FEWEST):
                frame = stream.wait_for(after, AWAITED_S)
                if frame is None:
                    raise BadInputError("no frames came for the dark frame", remedy="look at the camera, try again")
                frames.append(frame)
                after = frame.at
            one = self._acquisition(lit=True)
            made = dark_frame([each.pixels for each in frames], exposure_ms=one.exposure_ms, gain=one.gain)
        finally:
            if self.lamp is not None:
                self.lamp.switch(Light.WHITE)
        self.dark, self.dark_png = made, encode_png(made.pixels)
        return made

    def follow_acid(self, on: bool) -> None:
        """Acetic acid is on, or not: a simulated woman whitens from then."""
        if on and not self._acid and self.simulated is not None:
            self.simulated.acid()
        self._acid = on

    def stop(self) -> None:
        """Let all of it go."""
        if self.lamp is not None:
            with suppress(LampError):
                self.lamp.switch(Light.WHITE)
        for stream in (self.stream, self.second):
            if stream is not None:
                stream.stop()
        if self.lamp is not None:
            self.lamp.close()
        if self.simulated is not None:
            self.simulated.stop()

    def _acquisition(self, *, lit: bool) -> Acquisition:
        if lit:
            return self._glow_sensor.acquisition(self.config, self.config.fluorescence, Light.FLUORESCENCE)
        return self._sensor.acquisition(self.config, self.config.white, Light.WHITE)

    @property
    def _clear_s(self) -> float:
        return pairs.Waits(exposure_s=self._exposure_s).clear_s

    @property
    def _exposure_s(self) -> float | None:
        """Of fluorescence, where it is known."""
        exposure = self.config.fluorescence.exposure_ms
        return None if exposure is None else exposure / 1000.0

    def _pair(self) -> pairs.PairShot:
        waits = pairs.Waits(exposure_s=self._exposure_s)
        if self.second is not None:
            return pairs.take_two_sensors(self.stream, self.second, waits)
        if self.lamp is not None:
            return pairs.take_switched(self.stream, self.lamp, waits)
        raise UserError(
            "this device gives no fluorescence", safe="nothing was taken", remedy="take a white-light picture"
        )

    def _now(self) -> Frame:
        frame = self.stream.latest()
        since = time.monotonic() - FRESH_S
        if frame is None or frame.at < since:
            frame = self.stream.wait_for(since, AWAITED_S)
        if frame is None:
            raise UserError(
                "no picture came from the camera", safe="nothing was taken", remedy="look at the camera, then try again"
            )
        return frame


def open_device(config: DeviceConfig) -> Device:
    """Open the cameras and the lamp of a device. Raises `UserError` where the lamp cannot be used; a camera that is not
    there is told by its stream, which goes on trying."""
    wanted = Format(config.width, config.height, config.rate)
    if config.kind is Kind.SIMULATED:
        return _simulated(config, wanted)
    lamp = SerialLamp(config.lamp) if config.kind is Kind.SWITCHED else None
    second = Stream(_maker(config.second), wanted=wanted) if config.kind is Kind.TWO else None
    device = Device(config, Stream(_maker(config.camera), wanted=wanted), second=second, lamp=lamp)
    _begin(device, lamp)
    return device


def _simulated(config: DeviceConfig, wanted: Format) -> Device:
    from pfm_desktop.services.capture.simulated import make_simulated

    two = sys.platform == "win32"  # which has no pseudo-terminals for a lamp
    made = make_simulated(
        SEED, grade=Grade.HIGH, width=config.width, height=config.height, rate=config.rate or RATE, two_sensors=two
    )
    made.start()
    lit = replace(config.fluorescence, exposure_ms=config.fluorescence.exposure_ms or EXPOSURE_MS[Light.FLUORESCENCE])
    white = replace(config.white, exposure_ms=config.white.exposure_ms or EXPOSURE_MS[Light.WHITE])
    config = replace(config, white=white, fluorescence=lit)
    glow = made.fluorescence_camera
    second = Stream(lambda: glow, wanted=wanted) if glow is not None else None
    if second is not None:
        config = replace(config, homography=tuple(float(one) for one in made.homography.ravel()))
    lamp = made.lamp_factory() if made.lamp is not None else None
    device = Device(config, Stream(made.camera_factory, wanted=wanted), second=second, lamp=lamp, simulated=made)
    _begin(device, lamp)
    return device


def _begin(device: Device, lamp: Lamp | None) -> None:
    try:
        if lamp is not None:
            lamp.open()
        for sensor, setting, light in device.sensors:
            sensor.stream.start()
            sensor.set_up_later(setting, light)
    except BaseException:
        device.stop()
        raise


def _maker(key: str) -> Callable[[], Camera]:
    return lambda: found.make(key)
