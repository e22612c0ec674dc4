"""The capture device while it is open: its cameras, its lamp, and how pictures are taken with them."""

from __future__ import annotations

import hashlib
import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pfm_desktop.capture import found
from pfm_desktop.capture.lamp import Lamp, LampError, SerialLamp
from pfm_desktop.capture.source import Camera, Format, Frame
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.dark import DarkFrame
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.threads import live_begins, live_ends
from pfm_desktop.services.capture import pairs
from pfm_desktop.services.capture.config import DeviceConfig, Kind
from pfm_desktop.services.capture.dark import cleaned, take_dark
from pfm_desktop.services.capture.live import Exposed
from pfm_desktop.services.capture.presets import Presets
from pfm_desktop.services.capture.sensor import Sensor, WatchedLamp, noted
from pfm_desktop.services.capture.verdict import REMEMBERED, usual_map
from pfm_desktop.support.errors import UserError, capital
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.services.capture.simulated import SimulatedDevice

log = logging.getLogger(__name__)
FRESH_S = 0.5  # so old a frame may be when a single picture is taken
AWAITED_S = 2.0
SEED, RATE = 11, 30.0  # of the simulated device


class TakeError(UserError):
    """A pair that could not be taken whole; `taken` is what there is of it."""

    def __init__(self, error: UserError, taken: tuple[Exposed, ...], problems: tuple[str, ...] = ()) -> None:
        super().__init__(". ".join((error.what, *map(capital, problems))), safe=error.safe, remedy=error.remedy)
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
        self.lamp = WatchedLamp(lamp, lambda: self._presets) if lamp is not None else None
        self.simulated = simulated
        self.tell: Callable[[str], None] | None = None  # what went wrong though a pair is there, for a person
        self.lamp_problem = ""  # why there is no lamp, where the device was opened without it
        self.dark: DarkFrame | None = None
        self.dark_png = b""
        self._sensor, self._glow_sensor = _sensors(stream, second, simulated)
        self._waits = simulated.waits if simulated is not None and second is None else _waits(config)
        self._over = False
        live_begins()
        self._lit_by_one = threading.Lock()  # a pair and a dark frame would put out each other's light
        self._maps: list[Matrix] = []

    def set_up(self) -> None:
        """Set each camera when it comes; a simulated one was set before."""
        if self.simulated is not None:
            return
        lit = self.config.fluorescence
        self._sensor.set_up_later(self.config.white, Light.WHITE, lit if self.lamp is not None else None)
        if self.second is not None:
            self._glow_sensor.set_up_later(lit, Light.FLUORESCENCE)

    @property
    def light(self) -> Light | None:
        """What the lamp was switched to last; None where there is no lamp, or it is not known."""
        return self.lamp.switched.light if self.lamp is not None and self.lamp.switched is not None else None

    def lit_white(self, frame: Frame) -> bool:
        """Whether a frame of `stream` was exposed in white light alone, as far as the lamp is known."""
        return self.lamp is None or self.lamp.lit_white(frame.at, self._waits.clear_s)

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        """One white-light picture, or a pair, as soon as can be. Raises `UserError`; a `TakeError` carries what was
        taken of a pair."""
        if not pair:
            frame = self._now()
            self._read_settings()
            return (self.exposed(frame),)
        try:
            with self._lit_by_one:
                shot = self._pair()
        except pairs.PairError as error:
            taken = () if error.white is None else (self.exposed(error.white),)
            raise TakeError(error, taken, tuple(error.problems)) from error
        white, glow = self.exposed(shot.white), self._glow(shot.fluorescence)
        for problem in shot.problems:
            log.warning("a pair was taken, but: %s", problem)
            if self.tell is not None:
                self.tell(f"{capital(problem)}.")
        return (
            replace(white, acquisition=replace(white.acquisition, gap_s=-shot.gap_s)),
            replace(glow, acquisition=replace(glow.acquisition, gap_s=shot.gap_s)),
        )

    def exposed(self, frame: Frame) -> Exposed:
        """A frame in white light with how it was taken. Waits for nothing."""
        how = self._sensor.acquisition(self.config, self.config.white, Light.WHITE, at=frame.at)
        return Exposed(frame, Source.WHITE, how, self.config.mm_at(*frame.pixels.shape[1::-1]))

    def take_dark(self) -> DarkFrame:
        """Switch the lamp off, take a dark frame for fluorescence, and white light again. Raises `UserError`."""
        with self._lit_by_one:
            self._glow_sensor.refresh()
            how = self._glow_acquisition(time.monotonic())
            made = take_dark(
                self.second or self.stream,
                self.lamp,
                self._waits,
                exposure_ms=how.exposure_ms,
                gain=how.gain,
            )
        self.dark, self.dark_png = made, encode_png(made.pixels)
        return made

    def follow_acid(self, since: float | None) -> None:
        """Acetic acid is on since a moment of `time.monotonic`, or not (None): a simulated woman whitens from then, and
        another one has not yet."""
        if self.simulated is None:
            return
        if since is None:
            self.simulated.before_acid()
        else:
            self.simulated.acid(since)

    def learn_map(self, found: Matrix) -> DeviceConfig | None:
        """A map between the two sensors was found sure (3 x 3, white light to fluorescence): the usual one of the last
        pairs is where the next registration begins. The config to be kept; None for one sensor."""
        if self.second is None:
            return None
        self._maps = [*self._maps, found][-REMEMBERED:]
        usual = usual_map(self._maps)
        if usual is not None:
            self.config = replace(self.config, homography=tuple(float(one) for one in usual.ravel()))
        return self.config

    def stop(self) -> None:
        """Let all of it go; twice does no harm."""
        if not self._over:
            self._over = True
            live_ends()
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

    def _read_settings(self) -> None:
        """Of a white-light picture that was taken just now: not where another thread lights the camera otherwise."""
        if self._lit_by_one.acquire(blocking=False):
            try:
                self._sensor.refresh()
            finally:
                self._lit_by_one.release()

    def _pair(self) -> pairs.PairShot:
        if self.second is not None:
            shot = pairs.take_two_sensors(self.stream, self.second, self._waits)
            self._sensor.refresh()
            self._glow_sensor.refresh()
            return shot
        if self.lamp is not None:
            self._sensor.refresh()  # first: for fluorescence, and for a while after it, the camera is set otherwise
            return pairs.take_switched(self.stream, self.lamp, self._waits)
        raise UserError(
            tr("this device gives no fluorescence"),
            safe=tr("nothing was taken"),
            remedy=tr("take a white-light picture"),
        )

    def _glow(self, frame: Frame) -> Exposed:
        """A frame in fluorescence; the dark frame is subtracted where one fits."""
        how = self._glow_acquisition(frame.at)
        clean = cleaned(frame.pixels, self.dark, exposure_ms=how.exposure_ms, gain=how.gain)
        if clean.why_not:
            log.warning("no dark frame was subtracted")
        if clean.dark is not None:
            how = replace(how, dark_sha256=hashlib.sha256(self.dark_png).hexdigest())
        scale = self.config.mm_at(*frame.pixels.shape[1::-1]) if self.second is None else None
        return Exposed(replace(frame, pixels=clean.pixels), Source.FLUORESCENCE, how, scale, self._dark_of(clean.dark))

    def _dark_of(self, dark: DarkFrame | None) -> bytes:
        return self.dark_png if dark is not None else b""

    def _glow_acquisition(self, at: float) -> Acquisition:
        presets, lit = self._presets, self.config.fluorescence
        fixed = presets.fluorescence if presets is not None else None
        return self._glow_sensor.acquisition(self.config, lit, Light.FLUORESCENCE, at=at, fixed=fixed)

    @property
    def _presets(self) -> Presets | None:
        """Where one camera has to be set for fluorescence and back."""
        if self.second is not None or self.simulated is not None:
            return None
        return self._sensor.presets(self.config.fluorescence)

    def _now(self) -> Frame:
        """A frame of now that was exposed in white light alone: after a pair that takes a moment."""
        since, until = time.monotonic() - FRESH_S, time.monotonic() + AWAITED_S
        fresh = [frame for frame in self.stream.recent() if frame.at >= since and self.lit_white(frame)]
        frame = fresh[-1] if fresh else None
        after = time.monotonic()
        while frame is None and time.monotonic() < until:
            came = self.stream.wait_for(after, max(0.0, until - time.monotonic()))
            if came is None:
                break
            frame, after = (came if self.lit_white(came) else None), came.at
        if frame is None:
            raise UserError(
                tr("no picture in white light came from the camera"),
                safe=tr("nothing was taken"),
                remedy=tr("look at the camera, then try again"),
            )
        return frame


def _waits(config: DeviceConfig) -> pairs.Waits:
    exposure = config.fluorescence.exposure_ms
    return pairs.Waits(exposure_s=None if exposure is None else exposure / 1000.0)


def open_device(config: DeviceConfig) -> Device:
    """Open the cameras and the lamp of a device. A camera that is not there is told by its stream, which goes on
    trying; why a lamp cannot be used by `Device.lamp_problem`, and each pair tries it again. Raises `UserError`."""
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
    unset = made.set_up(config.white, Light.WHITE) + made.set_up(config.fluorescence, Light.FLUORESCENCE)
    glow = made.fluorescence_camera
    second = Stream(lambda: glow, wanted=wanted) if glow is not None else None
    if second is not None:
        config = replace(config, homography=tuple(float(one) for one in made.homography.ravel()))
    lamp = made.lamp_factory() if made.lamp is not None else None
    device = Device(config, Stream(made.camera_factory, wanted=wanted), second=second, lamp=lamp, simulated=made)
    _begin(device, lamp)
    device.stream.note_unset(noted(unset))
    return device


def _begin(device: Device, lamp: Lamp | None) -> None:
    try:
        if lamp is not None:
            try:
                lamp.open()
            except LampError as error:  # live picture and white light need none, and each pair tries it again
                device.lamp_problem = error.sentences
        for stream in (device.stream, device.second):
            if stream is not None:
                stream.start()
        device.set_up()
    except BaseException:
        device.stop()
        raise


def _sensors(stream: Stream, second: Stream | None, simulated: SimulatedDevice | None) -> tuple[Sensor, Sensor]:
    """That of white light, and that of fluorescence; of one real camera the same."""
    if simulated is not None:
        white, glow = (partial(simulated.settings_in, light) for light in (Light.WHITE, Light.FLUORESCENCE))
        return Sensor(stream, white), Sensor(second or stream, glow)
    white_sensor = Sensor(stream)
    return white_sensor, Sensor(second) if second is not None else white_sensor


def _maker(key: str) -> Callable[[], Camera]:
    return lambda: found.make(key)
