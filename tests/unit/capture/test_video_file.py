"""A video has the frames of a clip at their times, and is whole or said not to be."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import cv2
import numpy as np
import pytest

from pfm_desktop.capture import video_file
from pfm_desktop.capture.video_file import Coding, VideoFile, clock_words, rate_of, with_clock
from pfm_desktop.jobs import Cancelled
from pfm_desktop.support.errors import BadInputError, StorageError

SIZE = (96, 64)
CODINGS = list(Coding)


def shade(number: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.full((size[1], size[0], 3), (20 + 8 * number, 90, 60), np.uint8)


def number_of(pixels: np.ndarray) -> int:
    """Which shade was written; pixels as OpenCV gives them."""
    return round((float(pixels[..., 2].mean()) - 20) / 8)


def new(tmp_path: Path, coding: Coding, *, rate: int = 10, size: tuple[int, int] = SIZE) -> VideoFile:
    path = tmp_path / f"a{coding.suffix}"
    path.touch()
    return VideoFile(path, size=size, rate=rate, coding=coding)


def read(path: Path) -> tuple[list[np.ndarray], float]:
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    rate, frames = video.get(cv2.CAP_PROP_FPS), []
    while True:
        done, pixels = video.read()
        if not done:
            video.release()
            return frames, rate
        frames.append(pixels)


@pytest.mark.parametrize("coding", CODINGS)
def test_frames_stand_at_their_times_within_half_a_frame(tmp_path: Path, coding: Coding) -> None:
    times = [5.0, 5.11, 5.19, 5.3, 5.82, 5.9]  # somewhat irregular, and then a gap
    writer = new(tmp_path, coding)
    for number, seconds in enumerate(times):
        writer.add(shade(number), seconds)
    written = writer.close()
    frames, rate = read(tmp_path / f"a{coding.suffix}")
    assert rate == pytest.approx(10)
    shown = [number_of(one) for one in frames]
    assert shown == [0, 1, 2, 3, 3, 3, 3, 3, 4, 5]
    assert (written.shown, written.left_out, written.seconds) == (10, 0, 1.0)
    for number, seconds in enumerate(times):
        assert abs(shown.index(number) / 10 - (seconds - times[0])) <= 0.05 + 1e-9


def test_ffv1_holds_the_very_pixels(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    pictures = [chance.integers(0, 256, (64, 96, 3), np.uint8) for _ in range(3)]
    writer = new(tmp_path, Coding.FFV1)
    for number, pixels in enumerate(pictures):
        writer.add(pixels, number / 10)
    writer.close()
    frames, _ = read(tmp_path / "a.mkv")
    assert all(np.array_equal(one[:, :, ::-1], pixels) for one, pixels in zip(frames, pictures, strict=True))


def test_of_two_frames_for_one_place_the_later_is_left_out_and_counted(tmp_path: Path) -> None:
    writer = new(tmp_path, Coding.FFV1)
    for number, seconds in enumerate((0.0, 0.1, 0.12, 0.2)):
        writer.add(shade(number), seconds)
    assert writer.close().left_out == 1
    assert [number_of(one) for one in read(tmp_path / "a.mkv")[0]] == [0, 1, 3]


@pytest.mark.parametrize("coding", CODINGS)
def test_a_single_frame_is_a_video(tmp_path: Path, coding: Coding) -> None:
    writer = new(tmp_path, coding)
    writer.add(shade(3), 7.0)
    assert writer.close().shown == 1
    assert [number_of(one) for one in read(tmp_path / f"a{coding.suffix}")[0]] == [3]


@pytest.mark.parametrize("coding", CODINGS)
def test_odd_sides_are_filled_up_and_another_size_is_fitted(tmp_path: Path, coding: Coding) -> None:
    writer = new(tmp_path, coding, size=(95, 63))
    for number, size in enumerate([(95, 63), (190, 126), (48, 64)]):
        writer.add(shade(5, size), number / 10)
    writer.close()
    frames, _ = read(tmp_path / f"a{coding.suffix}")
    assert [one.shape for one in frames] == [(64, 96, 3)] * 3
    assert [number_of(one[:, 40:56]) for one in frames] == [5, 5, 5]
    assert frames[2][:, :16].max() < 20  # black beside it


def regular(rate: float, count: int, *, jitter: float = 0.0) -> list[float]:
    chance = np.random.default_rng(2)
    return [number / rate + float(chance.normal(0, jitter)) for number in range(count)]


@pytest.mark.parametrize(
    ("seconds", "rate"),
    [
        ([], 1),
        ([3.0], 1),
        ([3.0, 3.0, 3.0], 1),
        (regular(30, 300), 30),
        (regular(30, 300, jitter=0.002), 30),
        (regular(29.97, 300), 30),
        (regular(25, 50), 25),
        (regular(60, 300), 60),
        (regular(1, 50), 1),
        (regular(1.5, 50), 2),
        ([0, 0.04, 0.08, 9.0, 9.04, 9.08], 25),
        (regular(10_000, 50), 120),
        (regular(0.01, 5), 1),
    ],
)
def test_the_rate_is_that_at_which_frames_usually_came(seconds: list[float], rate: int) -> None:
    assert rate_of(seconds) == rate


def test_a_disk_that_fills_up_is_said_before_the_video_is_torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = new(tmp_path, Coding.MJPG, rate=1)
    writer.add(shade(0), 0.0)
    writer.add(shade(1), 1.0)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(video_file.shutil, "disk_usage", lambda _: usage(1, 1, 1000))
    with pytest.raises(StorageError, match="full"):
        writer.add(shade(2), 2.0)
    writer.release()


def test_a_file_that_does_not_give_all_frames_back_is_not_called_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = new(tmp_path, Coding.MJPG)
    for number in range(20):
        writer.add(shade(number), number / 10)
    release = writer.release

    def torn() -> None:
        release()
        path = tmp_path / "a.avi"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    monkeypatch.setattr(writer, "release", torn)
    with pytest.raises(StorageError, match="could not be written whole"):
        writer.close()


def test_what_grows_beyond_what_an_avi_holds_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_file, "AVI_LIMIT", 10)
    writer = new(tmp_path, Coding.MJPG, rate=1)
    noise = np.random.default_rng(4).integers(0, 256, (64, 96, 3), np.uint8)
    writer.add(noise, 0.0)
    with pytest.raises(BadInputError, match="too long for an AVI"):
        writer.add(noise, 300.0)
    writer.release()


def test_a_gap_without_end_is_refused(tmp_path: Path) -> None:
    writer = new(tmp_path, Coding.FFV1)
    writer.add(shade(0), 0.0)
    with pytest.raises(BadInputError, match="longer"):
        writer.add(shade(1), 80_000.0)
    writer.release()


def test_a_long_gap_can_be_stopped(tmp_path: Path) -> None:
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) > 3:
            raise Cancelled

    (tmp_path / "a.mkv").touch()
    writer = VideoFile(tmp_path / "a.mkv", size=SIZE, rate=10, coding=Coding.FFV1, check=check)
    writer.add(shade(0), 0.0)
    with pytest.raises(Cancelled):
        writer.add(shade(1), 10_000.0)
    writer.release()


def test_a_folder_that_is_not_there_takes_no_video(tmp_path: Path) -> None:
    for coding in CODINGS:
        with pytest.raises(StorageError, match="could not be written"):
            VideoFile(tmp_path / "none" / f"a{coding.suffix}", size=SIZE, rate=10, coding=coding)


@pytest.mark.parametrize(
    ("seconds", "since_acid", "words"),
    [
        (0.0, False, "0:00.0"),
        (62.54, False, "1:02.5"),
        (59.96, True, "acid +1:00.0"),
        (3.2, True, "acid +0:03.2"),
        (-1.0, True, "acid -0:01.0"),
    ],
)
def test_the_clock_says_minutes_and_seconds(seconds: float, since_acid: bool, words: str) -> None:
    assert clock_words(seconds, since_acid=since_acid) == words


@pytest.mark.parametrize("size", [(1920, 1080), (96, 64), (8, 8)])
def test_the_clock_is_drawn_into_a_corner_of_a_copy(size: tuple[int, int]) -> None:
    before = shade(10, size)
    drawn = with_clock(before, "acid +1:02.5")
    assert np.array_equal(before, shade(10, size))
    assert drawn.shape == before.shape
    assert (drawn != before).any()
    assert np.array_equal(drawn[: size[1] // 4], before[: size[1] // 4]) or size[1] < 64
