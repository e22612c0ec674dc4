"""Frames of a video."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from pfm_desktop.imaging.video import Extent, Recording, frame_at, frames
from pfm_desktop.support.errors import BadInputError


def video(path: Path, coding: str = "MJPG", *, count: int = 40, rate: int = 10) -> Path:
    """Frame number n is of the grey n * 5."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*coding), rate, (96, 64))
    assert writer.isOpened()
    for number in range(count):
        writer.write(np.full((64, 96, 3), number * 5, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize("coding", ["MJPG", "FFV1"])
@pytest.mark.parametrize("ending", ["avi", "mkv"])
def test_one_frame_is_given_for_each_second_asked_for(tmp_path: Path, coding: str, ending: str) -> None:
    found = list(frames(video(tmp_path / f"a.{ending}", coding), every=1))
    assert [frame.seconds for frame in found] == [0, 1, 2, 3]
    assert [round(float(frame.pixels.mean()) / 5) for frame in found] == [0, 10, 20, 30]
    assert found[0].pixels.shape == (64, 96, 3)


def test_frames_are_red_green_blue(tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "a.mkv"), cv2.VideoWriter_fourcc(*"FFV1"), 10, (96, 64))
    writer.write(np.full((64, 96, 3), (10, 20, 200), np.uint8))  # blue, green, red
    writer.release()
    assert frame_at(tmp_path / "a.mkv", 0).pixels[5, 5].tolist() == pytest.approx([200, 20, 10], abs=3)


def test_a_distance_shorter_than_a_frame_gives_every_frame_once(tmp_path: Path) -> None:
    assert len(list(frames(video(tmp_path / "a.avi", count=5), every=0.001))) == 5


def test_the_frame_at_a_time_is_the_one_shown_then(tmp_path: Path) -> None:
    path = video(tmp_path / "a.avi")
    assert frame_at(path, 2.55).seconds == 2.5
    np.testing.assert_array_equal(frame_at(path, 2.0).pixels, list(frames(path, every=1))[2].pixels)


def test_frames_of_an_open_recording_are_the_same_in_any_order(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mkv", "FFV1")
    with closing(Recording(path)) as recording:
        for seconds in (1.0, 3.0, 2.0, 2.0, 0.0, 3.9):
            np.testing.assert_array_equal(recording.at(seconds).pixels, frame_at(path, seconds).pixels)
        with pytest.raises(BadInputError, match="has no frame at"):
            recording.at(50)
        assert recording.at(1.0).seconds == 1.0


@pytest.mark.parametrize("seconds", [4.0, 1e9, -1.0])
def test_a_time_that_the_video_does_not_hold_is_refused(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(BadInputError, match="has no frame at"):
        frame_at(video(tmp_path / "a.avi"), seconds)


def test_a_video_cut_short_gives_the_frames_before_the_cut(tmp_path: Path) -> None:
    path = video(tmp_path / "a.avi")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 1 <= len(list(frames(path, every=1))) < 4


@pytest.mark.parametrize("coding", ["MJPG", "FFV1"])
@pytest.mark.parametrize("ending", ["avi", "mkv"])
def test_a_video_cut_short_is_told_from_a_whole_one(tmp_path: Path, coding: str, ending: str) -> None:
    extents: list[Extent] = []
    path = video(tmp_path / f"a.{ending}", coding)
    list(frames(path, every=1, ended=extents.append))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    list(frames(path, every=1, ended=extents.append))
    whole, half = extents
    assert (whole.read, whole.declared, whole.cut_short) == (4.0, 4.0, False)
    assert half.read < 3
    assert (half.declared, half.cut_short) == (4.0, True)


@pytest.mark.parametrize(
    ("extent", "short"),
    [(Extent(15, 30), True), (Extent(29.9, 30), False), (Extent(590, 600), False), (Extent(580, 600), True),
     (Extent(7, 0), False)],
)  # fmt: skip
def test_a_head_that_is_rounded_or_says_nothing_makes_no_video_short(extent: Extent, short: bool) -> None:
    assert extent.cut_short is short


def test_another_coding_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is coded in"):
        list(frames(video(tmp_path / "a.avi", "mp4v")))


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"RIFF\xff\xff\xff\xffAVI " + b"\0" * 500, b"\x1a\x45\xdf\xa3" + b"\xff" * 500]
)
def test_what_is_no_video_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.avi").write_bytes(data)
    with pytest.raises(BadInputError, match=r"a\.avi"):
        list(frames(tmp_path / "a.avi"))


def test_a_video_that_cannot_be_opened_is_said_once_and_not_by_libraries_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + b"\xff" * 500)
    with pytest.raises(BadInputError):
        frame_at(tmp_path / "a.mkv", 0)
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_and_a_folder_are_refused_in_words(tmp_path: Path) -> None:
    for path in (tmp_path / "none.avi", tmp_path):
        with pytest.raises(BadInputError):
            frame_at(path, 0)
