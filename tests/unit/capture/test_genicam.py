"""GenICam cameras through a stand-in for harvesters, made after its documentation: it is not installed here."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pfm_desktop.capture import genicam
from pfm_desktop.capture.genicam import GenICamCamera
from pfm_desktop.capture.source import (
    BusyError,
    CameraError,
    Control,
    Format,
    NoCameraError,
    StalledError,
    TornFrameError,
)


class Node:
    """A feature; it holds what it is given, in steps of `inc`."""

    def __init__(self, value: Any, **about: Any) -> None:
        self.__dict__.update(about)
        self.value = value


class Buffer:
    def __init__(self, data: Any, coding: str, size: tuple[int, int], frame_id: Any) -> None:
        component = SimpleNamespace(data=data, data_format=coding, height=size[0], width=size[1])
        self.payload = SimpleNamespace(components=[component])
        self.queued = False
        if frame_id is not None:
            self.frame_id = frame_id

    def __enter__(self) -> Buffer:
        return self

    def __exit__(self, *_: object) -> None:
        self.queued = True


class AccessDeniedException(Exception):
    """As the binding calls it."""


class TimeoutException(Exception):
    """As the binding calls it."""


class Harvester:
    """Stands for `harvesters.core.Harvester` and its image acquirer."""

    min_num_buffers = 1
    num_buffers = 3

    def __init__(self, *buffers: Any, refuses: Exception | None = None, **nodes: Node) -> None:
        self.buffers, self.refuses = list(buffers), refuses
        self.device_info_list = [SimpleNamespace(serial_number="A1", vendor="Maker", model="M5")]
        self.events: list[str] = []
        known = {
            "PixelFormat": Node("BayerRG8", symbolics=("Mono8", "BayerRG8", "RGB8")),
            "Width": Node(1920, min=16, max=2448, inc=16),
            "Height": Node(1080, min=2, max=2048, inc=2),
            "AcquisitionFrameRate": Node(30.0, min=1.0, max=60.0),
            "AcquisitionFrameRateEnable": Node(False),
            "ExposureTime": Node(15600.0, min=20.0, max=1e6),
            "ExposureAuto": Node("Continuous", symbolics=("Off", "Once", "Continuous")),
            "Gain": Node(3.0, min=0.0, max=24.0),
            "BalanceWhiteAuto": Node("Continuous", symbolics=("Off", "Continuous")),
        }
        self.nodes = known | nodes

    def update(self) -> None:
        self.events.append("update")

    def create(self, key: dict[str, str]) -> Any:
        if self.refuses:
            raise self.refuses
        assert key == {"serial_number": "A1"}
        self.remote_device = SimpleNamespace(node_map=SimpleNamespace(**self.nodes))
        return self

    def start(self) -> None:
        self.events.append("start")

    def stop(self) -> None:
        self.events.append("stop")

    def destroy(self) -> None:
        self.events.append("destroy")

    def reset(self) -> None:
        self.events.append("reset")

    def try_fetch(self, *, timeout: float) -> Any:
        assert timeout > 0
        item = self.buffers.pop(0) if self.buffers else None
        if isinstance(item, Exception):
            raise item
        return item


def mosaic(coding: str, colour: tuple[int, int, int]) -> Any:
    """An even colour as a sensor with the Bayer pattern `coding` sees it."""
    values = np.zeros((8, 8), np.uint8)
    for place, letter in enumerate({"RG": "RGGB", "BG": "BGGR", "GR": "GRBG", "GB": "GBRG"}[coding[5:7]]):
        values[place // 2 :: 2, place % 2 :: 2] = colour["RGB".index(letter)]
    return values.reshape(-1)


@pytest.mark.parametrize("coding", ["BayerRG8", "BayerBG8", "BayerGR8", "BayerGB8"])
def test_a_bayer_pattern_is_turned_to_red_green_blue(coding: str) -> None:
    camera = opened(Harvester(Buffer(mosaic(coding, (200, 100, 50)), coding, (8, 8), 0)))
    assert camera.read().pixels[4, 4].tolist() == [200, 100, 50]


def opened(harvester: Harvester, wanted: Format | None = None) -> GenICamCamera:
    camera = GenICamCamera("A1", make=lambda: harvester)
    camera.open(wanted)
    return camera


def rgb(level: int = 7, coding: str = "RGB8", frame_id: Any = 0) -> Buffer:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[..., 0] = level
    return Buffer(pixels.reshape(-1), coding, (4, 6), frame_id)


def test_frames_are_copied_before_the_buffer_goes_back_and_gaps_are_told() -> None:
    buffers = [rgb(frame_id=5), rgb(frame_id=6), rgb(frame_id=9)]
    camera = opened(Harvester(*buffers))
    frames = [camera.read() for _ in range(3)]
    assert [frame.number for frame in frames] == [0, 1, 4]
    assert all(buffer.queued for buffer in buffers)
    assert all(frame.pixels.base is None and frame.pixels[0, 0].tolist() == [7, 0, 0] for frame in frames)
    assert frames[0].at <= frames[1].at


def test_where_a_producer_numbers_nothing_frames_are_counted() -> None:
    camera = opened(Harvester(rgb(frame_id=None), rgb(frame_id=None), rgb(frame_id="odd")))
    assert [camera.read().number for _ in range(3)] == [0, 1, 2]


def test_other_layouts_of_colour_are_turned() -> None:
    grey = Buffer(np.full(24, 9, np.uint8), "Mono8", (4, 6), 0)
    clear = Buffer(np.tile(np.array([1, 2, 3, 255], np.uint8), 24), "RGBa8", (4, 6), 0)
    camera = opened(Harvester(rgb(coding="BGR8"), clear, grey))
    assert camera.read().pixels[0, 0].tolist() == [0, 0, 7]
    assert camera.read().pixels[0, 0].tolist() == [1, 2, 3]
    assert camera.read().pixels[0, 0].tolist() == [9, 9, 9]


def test_the_nearest_size_is_taken_and_white_balance_is_not_automatic() -> None:
    harvester = Harvester()
    camera = GenICamCamera("A1", make=lambda: harvester)
    assert camera.open(Format(1283, 5000, 25.0)) == Format(1280, 2048, 25.0, "BayerRG8")
    assert camera.formats() == (Format(1280, 2048, 25.0, "BayerRG8"),)
    assert harvester.nodes["BalanceWhiteAuto"].value == "Off"
    assert harvester.nodes["AcquisitionFrameRateEnable"].value is True


def test_a_coding_that_is_not_read_is_changed_for_one_that_is() -> None:
    harvester = Harvester(PixelFormat=Node("BayerRG12", symbolics=("BayerRG12", "Mono8", "BayerRG8")))
    assert opened(harvester).formats()[0].coding == "BayerRG8"


def test_colour_is_chosen_before_grey_where_there_is_any() -> None:
    for codings, taken in ((("Mono8", "RGBa8"), "RGBa8"), (("Mono8",), "Mono8")):
        assert opened(Harvester(PixelFormat=Node("Mono8", symbolics=codings))).formats()[0].coding == taken


def test_what_comes_incomplete_or_of_a_wrong_size_is_torn() -> None:
    short = Buffer(np.zeros(10, np.uint8), "RGB8", (4, 6), 0)
    camera = opened(Harvester(None, short, rgb()))
    for _ in range(2):
        with pytest.raises(TornFrameError):
            camera.read()
    assert camera.read().number == 0


def test_no_frame_in_time_is_a_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 5.0])
    camera = opened(Harvester())
    monkeypatch.setattr(genicam.time, "monotonic", lambda: next(times))
    with pytest.raises(StalledError):
        camera.read()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AccessDeniedException(), BusyError),
        (TimeoutException(), StalledError),
        (RuntimeError("x"), NoCameraError),
    ],
)
def test_what_a_producer_raises_is_said_by_its_kind(error: Exception, kind: type[CameraError]) -> None:
    refuses = Harvester(refuses=error)
    with pytest.raises(kind):
        opened(refuses)
    assert refuses.events[-1] == "reset"
    with pytest.raises(kind):
        opened(Harvester(error)).read()


def test_the_driver_keeps_frames_while_the_program_is_late() -> None:
    harvester = Harvester()
    opened(harvester)
    assert harvester.num_buffers == 8
    harvester.min_num_buffers = 20
    opened(harvester)
    assert harvester.num_buffers == 20


def test_a_camera_that_is_not_there_is_said() -> None:
    with pytest.raises(NoCameraError, match="Z9 is not there"):
        GenICamCamera("Z9", make=Harvester).open()


def test_closing_lets_go_of_all_and_twice_does_no_harm() -> None:
    harvester = Harvester()
    camera = opened(harvester)
    camera.close()
    camera.close()
    assert harvester.events == ["update", "start", "stop", "destroy", "reset"]
    with pytest.raises(NoCameraError):
        camera.read()


def test_exposure_is_in_milliseconds_and_each_control_is_read_back() -> None:
    harvester = Harvester()
    camera = opened(harvester)
    exposure = camera.controls()[Control.EXPOSURE]
    assert (exposure.value, exposure.low, exposure.high, exposure.automatic) == (15.6, 0.02, 1000.0, True)
    assert set(camera.controls()) == {Control.EXPOSURE, Control.GAIN}
    camera.set(Control.EXPOSURE, 60.0)
    assert harvester.nodes["ExposureTime"].value == 60000.0
    assert harvester.nodes["ExposureAuto"].value == "Off"
    camera.set(Control.EXPOSURE, None)
    assert harvester.nodes["ExposureAuto"].value == "Continuous"


@pytest.mark.parametrize(
    ("control", "value"),
    [
        (Control.EXPOSURE, 5000.0),
        (Control.EXPOSURE, math.nan),
        (Control.GAIN, None),
        (Control.WHITE_BALANCE, 5000.0),
        (Control.WHITE_BALANCE, None),
        (Control.FOCUS, 1.0),
    ],
)
def test_what_is_not_offered_is_refused(control: Control, value: float | None) -> None:
    with pytest.raises(CameraError):
        opened(Harvester()).set(control, value)


def test_cameras_are_listed_by_serial_number() -> None:
    assert genicam.listed(Harvester) == (("genicam:A1", "Maker M5 (A1)"),)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "harvesters", None)  # as where it is not installed
    monkeypatch.setitem(sys.modules, "harvesters.core", None)
    with pytest.raises(CameraError, match=r"pfm-desktop\[genicam\]"):
        genicam.make_harvester()
    core = SimpleNamespace(Harvester=Adding)
    monkeypatch.setitem(sys.modules, "harvesters", SimpleNamespace(core=core))
    monkeypatch.setitem(sys.modules, "harvesters.core", core)
    monkeypatch.setenv("GENICAM_GENTL64_PATH", str(tmp_path))
    with pytest.raises(CameraError, match="no producer"):
        genicam.make_harvester()
    (tmp_path / "maker.cti").touch()
    assert genicam.make_harvester().files == [str(tmp_path / "maker.cti")]


class Adding:
    def __init__(self) -> None:
        self.files: list[str] = []

    def add_file(self, path: str) -> None:
        self.files.append(path)
