"""Recordings and folders of pictures as cameras."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from pfm_desktop.capture import playback
from pfm_desktop.capture.playback import Playback
from pfm_desktop.capture.source import (
    CameraError,
    Control,
    DeniedError,
    EndedError,
    Format,
    Interruptible,
    NoCameraError,
    StalledError,
    TornFrameError,
)


def video(path: Path, coding: str = "MJPG", *, count: int = 4, rate: float = 100.0) -> Path:
    """Frame number n is red of 50 * n."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*coding), rate, (96, 64))
    assert writer.isOpened()
    for number in range(count):
        writer.write(np.full((64, 96, 3), (10, 20, number * 50), np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize(("coding", "ending"), [("MJPG", "avi"), ("FFV1", "mkv")])
def test_a_recording_is_played_over_and_over_at_its_rate(tmp_path: Path, coding: str, ending: str) -> None:
    with closing(Playback(video(tmp_path / f"a.{ending}", coding))) as camera:
        assert camera.open(Format(1920, 1080)) == Format(96, 64, 100.0, coding)
        frames = [camera.read() for _ in range(10)]
    assert [round(float(frame.pixels[5, 5, 0]) / 50) for frame in frames] == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert [frame.number for frame in frames] == list(range(10))
    apart = np.diff([frame.at for frame in frames])
    assert (apart > 0).all()
    assert frames[-1].at - frames[0].at >= 0.0899  # never faster than it was recorded


def test_what_does_not_loop_comes_to_its_end_and_begins_again_when_opened(tmp_path: Path) -> None:
    camera = Playback(video(tmp_path / "a.avi"), loops=False)
    for _ in range(2):
        camera.open()
        assert [camera.read().number for _ in range(4)] == [0, 1, 2, 3]
        for _ in range(2):
            with pytest.raises(EndedError, match=r"a\.avi is at its end"):
                camera.read()
    camera.close()
    camera.close()
    with pytest.raises(NoCameraError):
        camera.read()


def test_pictures_of_a_folder_are_played_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number, name in enumerate(["f1.png", "f2.png", "f10.png", "g.jpg"]):
        cv2.imwrite(str(tmp_path / name), np.full((20 + number, 30, 3), (1, 2, 50 * number), np.uint8))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.png").write_bytes(b"x")
    with closing(Playback(tmp_path, rate=500.0)) as camera:
        assert camera.open() == Format(30, 20, 500.0, "PNG")
        frames = [camera.read() for _ in range(5)]
    assert [frame.pixels.shape[0] for frame in frames] == [20, 21, 22, 23, 20]
    assert frames[1].pixels[0, 0].tolist() == [50, 2, 1]


def test_a_picture_that_is_damaged_is_torn_and_the_next_one_is_played(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "2.png").write_bytes(b"\x89PNG garbage")
    (tmp_path / "3.png").touch()
    cv2.imwrite(str(tmp_path / "4.png"), np.zeros((8, 8, 3), np.uint8))
    with closing(Playback(tmp_path, rate=500.0)) as camera:
        camera.open()
        camera.read()
        for _ in range(2):
            with pytest.raises(TornFrameError):
                camera.read()
        assert camera.read().number == 1


def test_a_recording_that_was_cut_off_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = video(tmp_path / "whole.avi", count=40).read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole[: len(whole) // 2])
    camera = Playback(cut, loops=False, rate=1000.0)
    camera.open()
    whole_frames: list[bool] = []
    with pytest.raises(EndedError):
        whole_frames.extend(came(camera) for _ in range(41))
    assert 5 < sum(whole_frames) < 30
    camera.close()


def came(camera: Playback) -> bool:
    """Whether the next frame is whole."""
    try:
        camera.read()
    except TornFrameError:
        return False
    return True


@pytest.mark.parametrize("content", [b"", b"RIFF", bytes(range(256)) * 20])
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.avi").write_bytes(content)
    with pytest.raises(CameraError, match=r"a\.avi cannot be read"):
        Playback(tmp_path / "a.avi").open()


def test_an_empty_folder_and_one_that_is_not_there_are_said(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="has no pictures"):
        Playback(tmp_path).open()
    with pytest.raises(NoCameraError, match="is not there"):
        Playback(tmp_path / "none").open()


def test_what_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(DeniedError):
        Playback(tmp_path).open()


def test_a_picture_that_is_long_in_coming_is_not_waited_for_beyond_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback, "READ_S", 0.02)
    camera = Playback(video(tmp_path / "a.avi"), rate=0.1)
    camera.open()
    camera.read()
    with pytest.raises(StalledError):
        camera.read()
    camera.close()


def test_another_thread_can_end_the_waiting(tmp_path: Path) -> None:
    camera = Playback(video(tmp_path / "a.avi"), rate=0.6)
    assert isinstance(camera, Interruptible)
    camera.open()
    camera.read()
    ends = threading.Timer(0.01, camera.interrupt)
    ends.start()
    with pytest.raises(StalledError, match="interrupted"):
        camera.read()
    ends.join()
    camera.close()


def test_a_recording_has_nothing_to_set(tmp_path: Path) -> None:
    camera = Playback(tmp_path)
    assert camera.controls() == {}
    with pytest.raises(CameraError, match="exposure of a recording"):
        camera.set(Control.EXPOSURE, 5.0)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_that_cannot_be_is_refused(tmp_path: Path, rate: float) -> None:
    with pytest.raises(ValueError, match="time apart"):
        Playback(tmp_path, rate=rate)
