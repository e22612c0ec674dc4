"""A paired device that is not there: a phantom woman before a simulated camera, in the light of a simulated lamp.

For demonstrations, tests and benchmarks of the Capture room. It proves the software, never the medicine.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.capture.lamp import SerialLamp
from pfm_desktop.capture.simulated import SimulatedCamera
from pfm_desktop.capture.simulated_lamp import SimulatedLamp
from pfm_desktop.capture.simulated_sensor import seen_aside
from pfm_desktop.capture.source import Control, Setting
from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.domain.grade import Grade
from pfm_desktop.services.capture.config import LightSetting
from pfm_desktop.services.capture.pairs import Waits
from pfm_desktop.services.capture.sensor import asked, set_each

Pixels = NDArray[np.uint8]

ASIDE = (0.06, 0.92, 0.03, -0.02)  # of the second sensor: turn (radians), size, and shift (of the height) in x and y


class Film(Protocol):
    """What is before the camera, as `imaging.film.PhantomFilm`."""

    width: int
    height: int

    def picture(self, light: Light, *, acid_s: float | None, at: float) -> Pixels:
        """H x W x 3 uint8 RGB in this light, so long after acid (None: before it), at so many seconds of the film."""

    def motion(self, at: float) -> Matrix:
        """3 x 3: pixels at 0 seconds of the film to those at `at`."""


class SimulatedDevice:
    """See `make_simulated`. From `start` to `stop`, or within `with`.

    `camera` and `lamp` are what is simulated, with their faults, `film` what is before them. With two sensors
    `fluorescence_camera` is the second one, which sees fluorescence through `homography` (3 x 3, white-light pixels to
    its own), and `lamp` is None; with one it is the other way round.
    """

    def __init__(self, film: Film, *, seed: int, rate: float, two_sensors: bool) -> None:
        self.film = film
        self.lamp = None if two_sensors else SimulatedLamp()
        self.homography = aside(film.width, film.height) if two_sensors else np.eye(3)
        self._began = time.monotonic()
        self._acid_at: float | None = None
        self.camera = SimulatedCamera(
            self._picture,
            light=self._light,
            rate=rate,
            name="Simulated camera",
            key=f"simulated:{seed}",
            seed=seed,
            width=film.width,
            height=film.height,
        )
        self.fluorescence_camera = (
            SimulatedCamera(
                self._seen_aside,
                light=lambda: Light.FLUORESCENCE,
                rate=rate,
                name="Simulated fluorescence camera",
                key=f"simulated:{seed}:fluorescence",
                seed=seed + 1,
                width=film.width,
                height=film.height,
            )
            if two_sensors
            else None
        )

    @property
    def lamp_port(self) -> str:
        """What `SerialLamp` opens; "" where there is no lamp, or it is not started."""
        return self.lamp.port if self.lamp is not None else ""

    def camera_factory(self) -> SimulatedCamera:
        """For a stream: the camera, the same one whenever it is opened anew."""
        return self.camera

    def lamp_factory(self) -> SerialLamp:
        """The lamp as the program talks to it."""
        return SerialLamp(self.lamp_port)

    @property
    def waits(self) -> Waits:
        """For `take_switched`: this camera knows when an exposure ended."""
        exposure_ms = self.camera.exposure_of(Light.FLUORESCENCE)
        return Waits(exposure_s=exposure_ms / 1000, settle_s=0.0)

    def settings_in(self, light: Light) -> Mapping[Control, Setting]:
        """What the camera of a light is set to in it."""
        return self._camera_of(light).controls_in(light)

    def set_up(self, setting: LightSetting, light: Light) -> list[str]:
        """Set the camera of a light for it; what it does not take, for a person."""
        return set_each(partial(self._camera_of(light).set_in, light), asked(setting))[1]

    def _camera_of(self, light: Light) -> SimulatedCamera:
        second = self.fluorescence_camera if light is Light.FLUORESCENCE else None
        return second or self.camera

    def start(self) -> SimulatedDevice:
        """Plug it in: the film begins, before acid."""
        self._began, self._acid_at = time.monotonic(), None
        if self.lamp is not None:
            self.lamp.start()
        return self

    def stop(self) -> None:
        """Unplug it."""
        self.camera.close()
        if self.fluorescence_camera is not None:
            self.fluorescence_camera.close()
        if self.lamp is not None:
            self.lamp.stop()

    def __enter__(self) -> SimulatedDevice:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def acid(self, at: float | None = None) -> None:
        """Acetic acid is on from `at` on (seconds of `time.monotonic`; now)."""
        self._acid_at = time.monotonic() if at is None else at

    def before_acid(self) -> None:
        """Acetic acid is not on: another woman, or it was taken back."""
        self._acid_at = None

    def film_s(self, at: float) -> float:
        """A moment of `time.monotonic`, such as a frame has, in seconds of the film."""
        return at - self._began

    def acid_s(self, at: float) -> float | None:
        """Seconds since acid at a moment of `time.monotonic`, None before it."""
        applied = self._acid_at
        return None if applied is None or at < applied else at - applied

    def _light(self) -> Light:
        return self.lamp.light if self.lamp is not None else Light.WHITE

    def _picture(self, light: Light, at: float) -> Pixels:
        return self.film.picture(light, acid_s=self.acid_s(at), at=self.film_s(at))

    def _seen_aside(self, light: Light, at: float) -> Pixels:
        return seen_aside(self._picture(light, at), self.homography)


def make_simulated(
    seed: int,
    *,
    grade: Grade | None = None,
    width: int = 1920,
    height: int = 1080,
    rate: float = 30.0,
    two_sensors: bool = False,
    film: Film | None = None,
) -> SimulatedDevice:
    """The device with the phantom woman of `seed` (and `grade`) before it, or with another `film`; drawing her takes
    some seconds. One camera with a switched lamp, or two sensors.

    Raises `UserError` for a lamp on a system that has no pseudo-terminals (Windows); two sensors need none.
    """
    if film is None:
        from pfm_desktop.imaging.film import PhantomFilm

        film = PhantomFilm(seed, grade=grade, width=width, height=height)
    return SimulatedDevice(film, seed=seed, rate=rate, two_sensors=two_sensors)


def aside(width: int, height: int) -> Matrix:
    """3 x 3: pixels of the first sensor to those of the second, which stands beside it."""
    turn, size, x, y = ASIDE
    linear = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    homography = np.eye(3)
    homography[:2, :2] = linear
    homography[:2, 2] = middle + height * np.array([x, y]) - linear @ middle
    return homography
