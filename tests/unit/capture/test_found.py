"""Which cameras there are, and a camera by its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.capture import found, opencv_camera, v4l2
from pfm_desktop.capture.found import KINDS, make, usb_cameras
from pfm_desktop.capture.source import CameraError

from .conftest import FakeCamera


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A stand-in for /sys/class/video4linux and /dev."""
    for number, name, index in (
        (0, "HD Pro Webcam C920: HD Pro Webcam C920", 0),
        (1, "HD Pro Webcam C920: HD Pro Webcam C920", 1),
        (2, "Colposcope", 0),
        (10, "Colposcope", 0),
    ):
        entry = tmp_path / "sys" / f"video{number}"
        entry.mkdir(parents=True)
        (entry / "name").write_text(f"{name}\n")
        (entry / "index").write_text(f"{index}\n")
    (tmp_path / "sys" / "vbi0").mkdir()
    (tmp_path / "sys" / "videoX").mkdir()
    return tmp_path


def listed(system: Path) -> tuple[tuple[str, str], ...]:
    return usb_cameras(system="linux", listed=system / "sys", by_id=system / "by-id", devices=system)


def test_cameras_are_listed_by_number_with_their_names_and_none_is_opened(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(v4l2, "captures", lambda node: bool(asked.append(node)))
    assert listed(system) == (
        ("usb:0", "HD Pro Webcam C920"),
        ("usb:2", "Colposcope (1)"),
        ("usb:10", "Colposcope (2)"),
    )
    assert [node.name for node in asked] == ["video1"]  # of the second device of one camera it is asked what it gives


def test_the_key_is_the_name_that_stays_in_another_socket(system: Path) -> None:
    (system / "by-id").mkdir()
    (system / "by-id" / "usb-046d_C920_A1-video-index0").symlink_to(system / "video0")
    assert listed(system)[0] == ("usb:usb-046d_C920_A1-video-index0", "HD Pro Webcam C920")
    camera = make("usb:usb-046d_C920_A1-video-index0")
    assert (camera.name, camera.key) == ("046d C920 A1", "usb:usb-046d_C920_A1-video-index0")


def test_a_computer_without_cameras_has_none(tmp_path: Path) -> None:
    assert listed(tmp_path) == ()
    assert usb_cameras(system="linux") is not None


def test_elsewhere_the_first_numbers_are_tried_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    released: list[int] = []

    class Driver:
        def __init__(self, number: int) -> None:
            self.number = number

        def isOpened(self) -> bool:
            return self.number == 1

        def release(self) -> None:
            released.append(self.number)

    monkeypatch.setattr(opencv_camera, "make_driver", lambda number, *_: Driver(number))
    assert usb_cameras(system="win32") == (("usb:1", "Camera 1"),)
    assert released == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "key", ["usb:0", "usb:12", "http://10.0.0.5/v", "rtsp://u:p@10.0.0.5/v", "file:/tmp/a.avi", "genicam:12345"]
)
def test_a_camera_is_made_by_its_key_and_found_again_by_it(key: str) -> None:
    camera = make(key)
    assert camera.key == key
    assert camera.name
    assert "p@" not in camera.name


@pytest.mark.parametrize(
    "key",
    [
        "", "0", "usb", "usb:", "usb:-1", "usb:../../etc/passwd", "usb:.x", "usb:99999", "usb:\u0663", "file:",
        "file:a\0b", "usb:../a-video-index0", "genicam:", "ftp://a/b", "http:", "secret:password@host", "USB:0",
        "javascript:alert(1)",
    ],
)  # fmt: skip
def test_a_key_that_names_no_camera_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(CameraError) as caught:
        make(key)
    assert "password" not in str(caught.value)


def test_others_can_register_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "simulated", lambda key: FakeCamera())
    assert make("simulated:phantom").name == "Fake"


def test_a_name_of_by_id_is_spoken() -> None:
    assert found.spoken("usb-046d_HD_Pro_Webcam-video-index0") == "046d HD Pro Webcam"
    assert found.spoken("odd") == "odd"
