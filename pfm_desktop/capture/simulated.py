"""A camera that is not there: frames of any picture at a rate, in the light of a lamp, and every fault on request.

It keeps time as a sensor does: a frame is what was lit while it was exposed. If the lamp was switched meanwhile, it is
a mixture of both lights, so that a pair which was taken too early is seen.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.capture.simulated_sensor import Sensor
from pfm_desktop.capture.simulated_settings import EXPOSURE_MS, Settings, exposed_as
from pfm_desktop.capture.source import (
    READ_S,
    BusyError,
    CameraError,
    Control,
    DeniedError,
    Format,
    Frame,
    NoCameraError,
    Setting,
    StalledError,
    TornFrameError,
)
from pfm_desktop.domain.capture import Light
from pfm_desktop.support.language import tr

__all__ = ["EXPOSURE_MS", "Picture", "SimulatedCamera"]

Pixels = NDArray[np.uint8]
Picture = Callable[[Light, float], Pixels]
"""What is to be seen in a light at a moment of `time.monotonic`, H x W x 3 uint8 RGB; never written to."""

_QUEUED = 3  # frames that wait for whoever reads late, as in most drivers; older ones are lost
_PROMPT_S = 0.004  # so late the light at the beginning of an exposure is still looked at, not remembered
_REMEMBERED = 64  # frames of which is known how they were lit
_SMALLER = ((1280, 720), (640, 480))


class SimulatedCamera:
    """See `capture.source.Camera`. `picture` is what is before it, `light` what is lit now, each called on the thread
    that reads. `tells_light`: its frames say how they were lit, where that was one light.

    Faults, on any thread: the attributes `busy`, `denied` and `zero_rate` (it says 0 frames a second) count when it is
    opened; the others are methods. `read_s` seconds are waited while it stalls.
    """

    def __init__(
        self,
        picture: Picture,
        *,
        light: Callable[[], Light] = lambda: Light.WHITE,
        width: int = 1920,
        height: int = 1080,
        rate: float = 30.0,
        name: str = "Simulated camera",
        key: str = "simulated:0",
        seed: int = 0,
        tells_light: bool = False,
        read_s: float = READ_S,
    ) -> None:
        self.name, self.key = name, key
        self.busy = self.denied = self.zero_rate = False
        self._picture, self._light, self._rate, self._seed = picture, light, rate, seed
        self._tells_light, self._read_s = tells_light, read_s
        self._size = width, height
        self._largest = width, height
        self._sensor: Sensor | None = None
        self._settings = Settings()
        self._changed = threading.Condition()
        self._open, self._plugged, self._interrupted = False, True, False
        self._stalled_until = 0.0  # inf: until it is released; 0: it does not
        self._torn = self._dropped = 0
        self._number, self._ended = -1, 0.0  # of the last exposure
        self._seen = Light.WHITE  # what was lit when it was last looked at
        self._lit: deque[tuple[int, tuple[Light, ...]]] = deque(maxlen=_REMEMBERED)

    # as a camera

    def open(self, wanted: Format | None = None) -> Format:
        """See `Camera.open`: the offered format whose size is nearest."""
        with self._changed:
            if not self._plugged:
                raise NoCameraError(tr("{name} is not there", name=self.name), remedy=tr("plug it in"))
            if self.busy:
                raise BusyError(tr("another program has {name}", name=self.name), remedy=tr("close it, then try again"))
            if self.denied:
                raise DeniedError(
                    tr("you may not use {name}", name=self.name), remedy=tr("allow it in the settings of the system")
                )
            given = self._largest if wanted is None else _nearest(wanted, [one[:2] for one in self._sizes()])
            self._size = given
            self._fitting_sensor(given)
            self._open, self._interrupted = True, False
            self._number, self._ended = -1, time.monotonic()
            self._lit.clear()
            self._seen = self._light()
            return Format(*given, self._said_rate, "RGB")

    def formats(self) -> tuple[Format, ...]:
        """See `Camera.formats`."""
        return tuple(Format(*size, self._said_rate, "RGB") for size in self._sizes())

    def read(self) -> Frame:
        """See `Camera.read`."""
        with self._changed:
            lights, exposure_ms = self._expose()
            number, at, size = self._number, self._ended, self._size
            if self._torn:
                self._torn -= 1
                raise TornFrameError(tr("a frame of {name} came damaged", name=self.name))
            self._lit.append((number, lights))
        pictures = tuple(self._picture(light, at) for light in lights if light is not Light.OFF)
        if pictures and len(pictures) < len(lights):
            pictures = (*pictures, np.zeros_like(pictures[0]))
        # a mixture was exposed as the light in which it began
        began = exposed_as(lights[0])
        gain = self._settings.gain[began]
        brightness = gain * exposure_ms / EXPOSURE_MS[began]
        pixels = self._fitting_sensor(size).exposed(pictures, brightness=brightness, dark_ms=exposure_ms * gain)
        return Frame(pixels, at, number, lights[0] if self._tells_light and len(lights) == 1 else None)

    def controls(self) -> Mapping[Control, Setting]:
        """See `Camera.controls`, of the light which is lit now: each has settings of its own."""
        return self._settings.controls(self._light())

    def set(self, control: Control, value: float | None) -> None:
        """See `Camera.set`; as in `controls`."""
        with self._changed:
            self._settings.set(control, value, self._light())

    def close(self) -> None:
        """See `Camera.close`."""
        with self._changed:
            self._open = self._interrupted = False
            self._changed.notify_all()

    def interrupt(self) -> None:
        """See `Interruptible.interrupt`."""
        with self._changed:
            self._interrupted = True
            self._changed.notify_all()

    # faults

    def unplug(self) -> None:
        """It is gone, also for who is reading."""
        with self._changed:
            self._plugged = self._open = False
            self._changed.notify_all()

    def plug(self) -> None:
        """It is there again, to be opened anew."""
        with self._changed:
            self._plugged = True

    def stall(self, seconds: float | None = None) -> None:
        """It gives no frames for so long, or until `release`."""
        with self._changed:
            self._stalled_until = float("inf") if seconds is None else time.monotonic() + seconds
            self._changed.notify_all()

    def release(self) -> None:
        """It stalls no more."""
        with self._changed:
            self._stalled_until = min(self._stalled_until, time.monotonic())
            self._changed.notify_all()

    def tear(self, count: int) -> None:
        """The next frames come damaged."""
        with self._changed:
            self._torn = count

    def resize(self, width: int, height: int) -> None:
        """The next frames are of another size, though nobody asked for it."""
        with self._changed:
            self._size = width, height

    def drop(self, count: int) -> None:
        """The next frames are lost: a gap in the numbers, and in time."""
        with self._changed:
            self._dropped += count

    # the truth

    def controls_in(self, light: Light) -> Mapping[Control, Setting]:
        """As `controls`, of a light whichever is lit."""
        return self._settings.controls(light)

    def set_in(self, light: Light, control: Control, value: float | None) -> None:
        """As `set`, of a light whichever is lit."""
        with self._changed:
            self._settings.set(control, value, light)

    def exposure_of(self, light: Light) -> float:
        """Milliseconds, of the frames in this light."""
        return self._settings.exposure_of(light)

    def lit_by(self, number: int) -> tuple[Light, ...]:
        """How frame `number` was lit: one light, or the two of a mixture; () for one that is too long ago."""
        with self._changed:
            return next((lights for other, lights in reversed(self._lit) if other == number), ())

    @property
    def _said_rate(self) -> float:
        return 0.0 if self.zero_rate else self._rate

    def _sizes(self) -> list[tuple[int, int]]:
        width, height = self._largest
        return [(width, height), *(size for size in _SMALLER if size[0] < width and size[1] < height)]

    def _fitting_sensor(self, size: tuple[int, int]) -> Sensor:
        if self._sensor is None or self._sensor.size != size:
            self._sensor = Sensor(*size, self._seed)
        return self._sensor

    def _expose(self) -> tuple[tuple[Light, ...], float]:
        """Wait for the end of the next exposure; how it was lit, and how long it was in milliseconds."""
        while True:
            self._wait_out_a_stall()
            usual_s = self._settings.exposure_of(self._seen) / 1000
            interval = max(1 / self._rate, usual_s)
            late = time.monotonic() - self._ended - interval
            dropped = self._dropped
            skipped = dropped + (int(late / interval) if late > _QUEUED * interval else 0)
            begins = self._ended + skipped * interval + max(0.0, 1 / self._rate - usual_s)
            if not self._wait_until(begins):
                continue
            # who comes late cannot know any more what was lit then: it was lit as it was seen last
            first = self._light() if time.monotonic() - begins < _PROMPT_S else self._seen
            exposure_ms = self._settings.exposure_of(first)
            if not self._wait_until(begins + exposure_ms / 1000):
                continue
            self._ended, self._seen = begins + exposure_ms / 1000, self._light()
            self._dropped -= dropped  # more may have been asked for meanwhile
            self._number += 1 + skipped
            return (first,) if first is self._seen else (first, self._seen), exposure_ms

    def _wait_out_a_stall(self) -> None:
        gives_up = time.monotonic() + self._read_s
        while True:
            self._check()
            now = time.monotonic()
            if now >= self._stalled_until:
                break
            if now >= gives_up:
                raise StalledError(tr("{name} gives no pictures", name=self.name), remedy=tr("look at its cable"))
            self._changed.wait(min(self._stalled_until, gives_up) - now)
        if self._stalled_until:  # it goes on from here, with no frame between
            self._stalled_until = 0.0
            self._ended, self._seen = time.monotonic(), self._light()

    def _wait_until(self, moment: float) -> bool:
        """Whether nothing came between; a stall does, and then the exposure begins anew."""
        while True:
            self._check()
            left = moment - time.monotonic()
            if self._stalled_until or left <= 0:
                return not self._stalled_until
            self._changed.wait(left)

    def _check(self) -> None:
        if not self._plugged:
            raise NoCameraError(tr("{name} was unplugged", name=self.name), remedy=tr("plug it in again"))
        if not self._open:
            raise NoCameraError(tr("{name} is not open", name=self.name), remedy=tr("open it again"))
        if self._interrupted:
            raise CameraError(tr("{name} was interrupted", name=self.name), remedy=tr("open it again"))


def _nearest(wanted: Format, sizes: list[tuple[int, int]]) -> tuple[int, int]:
    return min(sizes, key=lambda size: abs(size[0] - wanted.width) + abs(size[1] - wanted.height))
