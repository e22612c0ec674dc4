"""Cameras on USB, with a driver that the test makes up: there is no camera here."""

from __future__ import annotations

import errno
import math
import os
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pfm_desktop.capture import v4l2
from pfm_desktop.capture.opencv_camera import ALL_DAMAGED, format_of
from pfm_desktop.capture.source import (
    BusyError,
    CameraError,
    Control,
    DeniedError,
    Format,
    NoCameraError,
    StalledError,
    TornFrameError,
)
from pfm_desktop.capture.usb_camera import UsbCamera

MANUAL, BY_APERTURE = 1.0, 3.0


class Driver:
    """Stands for `cv2.VideoCapture`: `frames` are given one after another, then nothing."""

    def __init__(self, *frames: Any, opened: bool = True, **held: float) -> None:
        self.frames, self.opened, self.released = list(frames), opened, False
        self.held: dict[int, float] = {
            cv2.CAP_PROP_FRAME_WIDTH: 640.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 480.0,
            cv2.CAP_PROP_FPS: 30.0,
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"YUYV")),
        }
        self.held |= {getattr(cv2, f"CAP_PROP_{name}"): value for name, value in held.items()}
        self.refused: set[int] = set()
        self.unheld: set[int] = set()

    def isOpened(self) -> bool:
        return self.opened

    def get(self, prop: int) -> float:
        return self.held.get(prop, -1.0)

    def set(self, prop: int, value: float) -> bool:
        if prop in self.refused:
            return False
        if prop not in self.unheld:
            self.held[prop] = value
        return True

    def read(self) -> tuple[bool, Any]:
        if not self.frames:
            return False, None
        frame = self.frames.pop(0)
        return frame is not None, frame

    def release(self) -> None:
        self.released = True


def bgr(level: int = 50) -> Any:
    return np.full((48, 64, 3), (10, 20, level), np.uint8)


def packet(level: int = 50) -> Any:
    return cv2.imencode(".jpg", bgr(level))[1].reshape(1, -1)


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that stands for /dev/video0."""
    found = tmp_path / "video0"
    found.touch()
    monkeypatch.setattr(v4l2, "node_of", lambda index: tmp_path / f"video{index}")
    return found


def camera(driver: Driver, system: str = "linux") -> UsbCamera:
    def make(source: int | str, backend: int, options: Sequence[int]) -> Driver:
        assert source == 0
        assert backend in {cv2.CAP_V4L2, cv2.CAP_MSMF, cv2.CAP_DSHOW}
        return driver

    return UsbCamera(0, name="Colposcope", make=make, system=system)


@pytest.mark.usefixtures("node")
def test_frames_are_red_green_blue_and_the_format_is_the_drivers() -> None:
    made = camera(Driver(bgr(), bgr(60)))
    assert made.open(Format(1280, 720, 25.0, "MJPG")) == Format(1280, 720, 25.0, "MJPG")
    first, second = made.read(), made.read()
    assert first.pixels[0, 0].tolist() == [50, 20, 10]
    assert (first.number, second.number) == (0, 1)
    assert first.at <= second.at <= time.monotonic()


@pytest.mark.usefixtures("node")
def test_where_nothing_is_wanted_full_hd_in_jpegs_is_asked_for_and_decoded_here() -> None:
    driver = Driver(packet(), packet()[:, :200], packet())
    made = camera(driver)
    assert made.open() == Format(1920, 1080, 30.0, "MJPG")
    assert driver.held[cv2.CAP_PROP_CONVERT_RGB] == 0.0
    assert made.read().pixels[5, 5].tolist() == pytest.approx([50, 20, 10], abs=4)
    with pytest.raises(TornFrameError):
        made.read()
    assert made.read().number == 1


def damaged_within() -> Any:
    noise = np.random.default_rng(1).integers(60, 190, (48, 64, 3), dtype=np.uint8)
    coded = cv2.imencode(".jpg", noise)[1].reshape(1, -1)
    half = coded.shape[1] // 2
    coded[:, half : half + 64] = 0
    return coded


@pytest.mark.usefixtures("node")
def test_a_frame_that_is_damaged_within_is_torn_once_a_whole_one_came() -> None:
    made = camera(Driver(*[damaged_within()] * 3, packet(), *[damaged_within()] * 30, packet()))
    made.open()
    for damaged in (3, 30):
        for _ in range(damaged):
            with pytest.raises(TornFrameError, match="a part of it is damaged"):
                made.read()
        made.read()


@pytest.mark.usefixtures("node")
def test_a_camera_all_of_whose_jpegs_make_the_decoder_warn_is_taken_as_it_is() -> None:
    made = camera(Driver(*[damaged_within()] * 15))
    made.open()
    for _ in range(ALL_DAMAGED):
        with pytest.raises(TornFrameError):
            made.read()
    assert [made.read().number for _ in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("node")
def test_a_driver_that_holds_another_format_is_believed() -> None:
    driver = Driver(bgr())
    driver.unheld = set(driver.held)
    assert camera(driver).open() == Format(640, 480, 30.0, "YUYV")
    assert cv2.CAP_PROP_CONVERT_RGB not in driver.held


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf, 1e9])
def test_a_rate_that_cannot_be_is_not_known(rate: float) -> None:
    assert format_of(Driver(FPS=rate)).rate == 0.0


def test_a_driver_that_says_nonsense_is_no_crash() -> None:
    nonsense = Driver(FRAME_WIDTH=math.nan, FRAME_HEIGHT=-5.0, FOURCC=math.inf)
    assert format_of(nonsense) == Format(0, 0, 30.0, "")
    assert format_of(Driver(FOURCC=float(0x01020304))).coding == ""


@pytest.mark.usefixtures("node")
def test_the_drivers_time_is_taken_where_it_is_one_of_the_same_clock() -> None:
    for said, taken in ((time.monotonic() - 0.05, True), (12.0, False), (time.monotonic() + 900, False)):
        made = camera(Driver(bgr(), POS_MSEC=said * 1000))
        made.open()
        assert (made.read().at == pytest.approx(said, abs=1e-6)) is taken


@pytest.mark.usefixtures("node")
def test_single_reads_that_fail_are_torn_and_many_in_a_row_a_stall() -> None:
    made = camera(Driver(bgr(), None, bgr()))
    made.open()
    made.read()
    with pytest.raises(TornFrameError):
        made.read()
    assert made.read().number == 1
    for _ in range(4):
        with pytest.raises(TornFrameError):
            made.read()
    with pytest.raises(StalledError):
        made.read()


def test_unplugging_is_said(node: Path) -> None:
    made = camera(Driver(bgr()))
    made.open()
    made.read()
    node.unlink()
    with pytest.raises(NoCameraError, match="Colposcope was unplugged"):
        made.read()
    with pytest.raises(NoCameraError, match="is not there"):
        made.open()


def test_a_driver_that_fails_is_a_camera_error(node: Path) -> None:
    driver = Driver()
    driver.read = lambda: (_ for _ in ()).throw(cv2.error("x"))  # type: ignore[method-assign]
    made = camera(driver)
    made.open()
    with pytest.raises(CameraError, match="failed"):
        made.read()
    made.close()
    made.close()
    assert driver.released
    with pytest.raises(NoCameraError):
        made.read()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EBUSY, BusyError, "another program uses Colposcope"),
        (errno.EACCES, DeniedError, "this user may not use"),
        (errno.ENODEV, NoCameraError, "is not there"),
        (errno.EIO, CameraError, "does not open"),
    ],
)
def test_why_a_camera_does_not_open_is_said(
    node: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[CameraError], words: str
) -> None:
    def fails(_ioctl: object, _device: int, code: int, _said: bytes) -> bytes:
        assert code == 0xC0145608  # VIDIOC_REQBUFS
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(v4l2, "_call", fails)
    driver = Driver(opened=False)
    with pytest.raises(kind, match=words):
        camera(driver).open()
    assert driver.released


def test_a_camera_that_another_program_streams_is_said_at_the_first_frame_too(
    node: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> bytes:
        raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(v4l2, "_call", busy)
    driver = Driver()
    made = camera(driver)
    made.open()
    with pytest.raises(BusyError):
        made.read()
    assert driver.released


def test_a_camera_that_may_not_be_used_is_said_without_opening_it(node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(DeniedError, match="group video"):
        UsbCamera(0, make=lambda *_: pytest.fail("opened"), system="linux").open()


def test_elsewhere_both_ways_are_tried_and_all_that_may_be_is_said() -> None:
    tried: list[int] = []

    def make(_source: int | str, backend: int, _options: Sequence[int]) -> Driver:
        tried.append(backend)
        return Driver(opened=False)

    for system in ("win32", "darwin"):
        with pytest.raises(NoCameraError, match="privacy settings"):
            UsbCamera(1, make=make, system=system).open()
    assert tried == [cv2.CAP_MSMF, cv2.CAP_DSHOW, cv2.CAP_AVFOUNDATION]


@pytest.fixture
def ranged(node: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[int, tuple[int, int]]], None]:
    def ranges(known: dict[int, tuple[int, int]]) -> None:
        monkeypatch.setattr(v4l2, "range_of", lambda _node, control: known.get(control))

    return ranges


def test_exposure_is_in_milliseconds_and_automatic_is_told(
    ranged: Callable[[dict[int, tuple[int, int]]], None],
) -> None:
    ranged({v4l2.EXPOSURE: (3, 2047), v4l2.GAIN: (0, 255)})
    driver = Driver(EXPOSURE=156.0, AUTO_EXPOSURE=BY_APERTURE, GAIN=0.0)
    made = camera(driver)
    assert made.controls() == {}
    made.open()
    exposure = made.controls()[Control.EXPOSURE]
    assert (exposure.value, exposure.low, exposure.high) == (15.6, 0.3, 204.7)
    assert exposure.automatic
    assert exposure.can_be_automatic
    assert set(made.controls()) == {Control.EXPOSURE, Control.GAIN}
    made.set(Control.EXPOSURE, 60.0)
    assert driver.held[cv2.CAP_PROP_EXPOSURE] == 600.0
    assert driver.held[cv2.CAP_PROP_AUTO_EXPOSURE] == MANUAL
    assert not made.controls()[Control.EXPOSURE].automatic
    made.set(Control.EXPOSURE, None)
    assert driver.held[cv2.CAP_PROP_AUTO_EXPOSURE] == BY_APERTURE


@pytest.mark.parametrize("bad", [0.1, 500.0, -1.0, math.nan, math.inf])
def test_a_value_out_of_range_is_refused_with_the_range(
    ranged: Callable[[dict[int, tuple[int, int]]], None], bad: float
) -> None:
    ranged({v4l2.EXPOSURE: (3, 2047)})
    made = camera(Driver(EXPOSURE=156.0, AUTO_EXPOSURE=BY_APERTURE))
    made.open()
    with pytest.raises(CameraError):
        made.set(Control.EXPOSURE, bad)


def test_what_a_driver_takes_and_does_not_hold_is_refused(
    ranged: Callable[[dict[int, tuple[int, int]]], None],
) -> None:
    ranged({v4l2.WHITE_BALANCE: (2800, 6500)})
    driver = Driver(WB_TEMPERATURE=4000.0, AUTO_WB=1.0)
    driver.unheld = {cv2.CAP_PROP_WB_TEMPERATURE}
    made = camera(driver)
    made.open()
    with pytest.raises(CameraError, match="does not let its white balance be set"):
        made.set(Control.WHITE_BALANCE, 6000.0)
    driver.unheld = {cv2.CAP_PROP_AUTO_WB}
    driver.held[cv2.CAP_PROP_AUTO_WB] = 0.0
    with pytest.raises(CameraError, match="by itself"):
        made.set(Control.WHITE_BALANCE, None)
    with pytest.raises(CameraError, match="by itself"):
        made.set(Control.GAIN, None)


def test_on_windows_exposure_is_a_power_of_two_and_what_is_not_held_is_not_offered_again() -> None:
    driver = Driver(EXPOSURE=-6.0, AUTO_EXPOSURE=1.0, GAIN=20.0, FOCUS=0.0)
    made = camera(driver, "win32")
    made.open()
    assert made.controls()[Control.EXPOSURE].value == 15.625
    assert Control.FOCUS not in made.controls()
    made.set(Control.EXPOSURE, 60.0)
    assert driver.held[cv2.CAP_PROP_EXPOSURE] == -4.0
    driver.unheld = {cv2.CAP_PROP_GAIN}
    with pytest.raises(CameraError):
        made.set(Control.GAIN, 90.0)
    assert Control.GAIN not in made.controls()


class Kernel:
    """Answers as `linux/videodev2.h` lays it out."""

    sizes = ((1920, 1080), (640, 480))

    def __call__(self, _device: int, code: int, said: bytearray) -> int:
        index = struct.unpack_from("=I", said)[0]
        if code == 0x80685600:  # VIDIOC_QUERYCAP
            struct.pack_into("=II", said, 84, 0x84A00001, 0x04A00000)  # the whole can capture, this device cannot
        elif code == 0xC0445624:  # VIDIOC_QUERYCTRL
            if index != v4l2.EXPOSURE:
                raise OSError(errno.EINVAL, "no")
            struct.pack_into("=iiiiI", said, 40, 3, 2047, 1, 250, 0)
        elif code == 0xC0405602 and index == 0:
            said[44:48] = b"MJPG"
        elif code == 0xC02C564A and index < len(self.sizes):
            struct.pack_into("=III", said, 8, 1, *self.sizes[index])
        elif code == 0xC034564B and index < 2:
            struct.pack_into("=III", said, 16, 1, 1, (30, 15)[index])
        else:
            raise OSError(errno.EINVAL, "no more")
        return 0


def test_what_the_kernel_says_is_read(node: Path) -> None:
    assert v4l2.range_of(node, v4l2.EXPOSURE, Kernel()) == (3, 2047)
    assert v4l2.range_of(node, v4l2.FOCUS, Kernel()) is None
    assert not v4l2.captures(node, Kernel())
    assert v4l2.formats_of(node, Kernel()) == (Format(1920, 1080, 30.0, "MJPG"), Format(640, 480, 30.0, "MJPG"))


def test_what_is_no_camera_is_none_for_the_real_kernel(node: Path, tmp_path: Path) -> None:
    assert v4l2.range_of(node, v4l2.EXPOSURE) is None
    assert not v4l2.captures(node)
    assert v4l2.formats_of(node) == ()
    assert isinstance(v4l2.why_closed(tmp_path / "video9", "It"), NoCameraError)
