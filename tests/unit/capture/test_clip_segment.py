"""What a part of a clip keeps, and what is refused as one."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import pytest

from pfm_desktop.capture.clip_segment import (
    MAGIC,
    MOST_FRAMES,
    CodedFrame,
    SegmentError,
    coded,
    encode,
    frame,
    index,
)

WIDTH, HEIGHT = 96, 64


def tissue(number: int = 0, size: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    """Smooth pixels, which JPEG keeps well; another number, other pixels."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    wave = np.sin(x / 17 + number) + np.cos(y / 13)
    return np.stack([150 + 30 * wave, 90 + 20 * wave, 100 - 20 * wave], -1).astype(np.uint8)


@pytest.fixture(scope="module")
def segment() -> bytes:
    return encode([coded(tissue(number), number=number, seconds=number / 30) for number in range(3)])


def rewritten(data: bytes, change: Any) -> bytes:
    """The segment with another header."""
    start = len(MAGIC) + 4
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    header = json.loads(data[start : start + length])
    header = change(header) or header
    said = json.dumps(header).encode()
    return MAGIC + len(said).to_bytes(4, "little") + said + data[start + length :]


def test_frames_come_back_with_number_and_time_as_nobody_can_tell_from_before(segment: bytes) -> None:
    found = index(segment)
    assert (found.width, found.height) == (WIDTH, HEIGHT)
    assert [(one.number, one.seconds) for one in found.frames] == [(0, 0.0), (1, 1 / 30), (2, 2 / 30)]
    for number in range(3):
        kept, was = frame(segment, number), tissue(number)
        assert kept.shape == was.shape
        assert kept.dtype == np.uint8
        assert np.abs(kept.astype(int) - was.astype(int)).max() <= 6


def test_colour_is_kept_at_every_pixel() -> None:
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2], stripes[:, 1::2] = (200, 40, 60), (60, 120, 200)
    kept = frame(encode([coded(stripes, number=0, seconds=0.0)]), 0)
    assert np.abs(kept.astype(int) - stripes.astype(int)).mean() < 12  # with a quarter of the colour it is 50


def test_a_single_frame_is_a_segment() -> None:
    data = encode([coded(tissue(), number=7, seconds=1.5)])
    assert [(one.number, one.seconds) for one in index(data).frames] == [(7, 1.5)]


def test_an_empty_segment_and_one_of_two_sizes_are_never_made() -> None:
    with pytest.raises(ValueError, match="between 1 and"):
        encode([])
    with pytest.raises(ValueError, match="one size"):
        encode([coded(tissue(), number=0, seconds=0), coded(tissue(size=(32, 32)), number=1, seconds=1)])


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64, 3), np.float32),
        np.zeros((0, 64, 3), np.uint8),
        np.zeros((4, 20_000, 3), np.uint8),
    ],
)
def test_what_is_no_frame_is_not_coded(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="frame"):
        coded(pixels, number=0, seconds=0.0)


def test_any_cut_and_any_altered_length_is_refused_and_never_read_past_the_end(segment: bytes) -> None:
    for end in (*range(0, 200), len(segment) - 1):
        with pytest.raises(SegmentError):
            index(segment[:end])
    with pytest.raises(SegmentError):
        index(segment + b"more")
    for length in (0, 1, 1 << 20, (1 << 32) - 1):
        with pytest.raises(SegmentError):
            index(MAGIC + length.to_bytes(4, "little") + segment[len(MAGIC) + 4 :])


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.update(width=1 << 30),
        lambda header: header.update(height=-1),
        lambda header: header.update(width=True),
        lambda header: header.update(width="96"),
        lambda header: header.update(width=16_000, height=16_000),
        lambda header: header.update(frames=[]),
        lambda header: header.update(frames={}),
        lambda header: header.update(frames=[[0, 0.0]]),
        lambda header: header.update(frames=header["frames"] * MOST_FRAMES),
        lambda header: header["frames"][1].__setitem__(0, 0),
        lambda header: header["frames"][1].__setitem__(0, 1 << 40),
        lambda header: header["frames"][1].__setitem__(1, float("nan")),
        lambda header: header["frames"][1].__setitem__(1, float("inf")),
        lambda header: header["frames"][1].__setitem__(1, -1.0),
        lambda header: header["frames"][2].__setitem__(1, 0.0),
        lambda header: header["frames"][1].__setitem__(2, -5),
        lambda header: header["frames"][1].__setitem__(2, 1 << 60),
        lambda header: header["frames"][1].__setitem__(2, 1.5),
        lambda header: header.pop("frames"),
        lambda header: header.update(version=2),
        lambda _header: [1, 2],
        lambda _header: "no",
    ],
)
def test_a_hostile_header_is_refused(segment: bytes, change: Any) -> None:
    with pytest.raises(SegmentError):
        index(rewritten(segment, change))


def test_a_header_nested_without_end_is_refused(segment: bytes) -> None:
    said = b"[" * 100_000
    with pytest.raises(SegmentError):
        index(MAGIC + len(said).to_bytes(4, "little") + said + segment)


def test_a_frame_that_claims_another_size_is_refused_before_room_is_made_for_it(segment: bytes) -> None:
    huge = bytearray(coded(tissue(), number=0, seconds=0.0).jpeg)
    place = huge.index(b"\xff\xc0")
    huge[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    data = encode([CodedFrame(0, 0.0, WIDTH, HEIGHT, bytes(huge))])
    with pytest.raises(SegmentError, match="size"):
        frame(data, 0)


@pytest.mark.parametrize(
    "jpeg",
    [
        b"x",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe0\x00\x00" + b"\x00" * 20,
        b"\xff\xd8" + b"\xff" * 40,
        b"\x89PNG" + b"\0" * 40,
    ],
)
def test_what_is_no_jpeg_is_refused(jpeg: bytes) -> None:
    with pytest.raises(SegmentError):
        frame(encode([CodedFrame(0, 0.0, WIDTH, HEIGHT, jpeg)]), 0)


def test_a_progressive_jpeg_is_none_of_ours() -> None:
    jpeg = cv2.imencode(".jpg", tissue(), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    with pytest.raises(SegmentError):
        frame(encode([CodedFrame(0, 0.0, WIDTH, HEIGHT, jpeg)]), 0)


def test_bytes_altered_at_random_are_read_or_refused_and_nothing_else(segment: bytes) -> None:
    chance = np.random.default_rng(3)
    start = len(MAGIC) + 4
    for _ in range(300):
        spoiled = bytearray(segment)
        for place in chance.integers(0, start + 90, 3):
            spoiled[place] = chance.integers(0, 256)
        try:
            for number in range(len(index(bytes(spoiled)).frames)):
                frame(bytes(spoiled), number)
        except SegmentError:
            continue


def test_a_place_beyond_the_frames_is_no_frame(segment: bytes) -> None:
    for place in (-1, 3):
        with pytest.raises(IndexError):
            frame(segment, place)
