"""What OpenCV hands over, to pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pfm_desktop.capture.decoding import DamagedWithinError, rgb_of, size_of_jpeg
from pfm_desktop.capture.source import TornFrameError


def jpeg(height: int = 48, width: int = 64, *, grey: bool = False) -> bytes:
    pixels = np.full((height, width) if grey else (height, width, 3), 90 if grey else (10, 20, 200), np.uint8)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def packet(coded: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.frombuffer(coded, np.uint8).reshape(1, -1)


def test_pixels_are_turned_to_red_green_blue() -> None:
    assert rgb_of(np.full((4, 6, 3), (1, 2, 3), np.uint8))[2, 2].tolist() == [3, 2, 1]
    assert rgb_of(np.full((4, 6), 7, np.uint8)).shape == (4, 6, 3)
    assert rgb_of(np.full((4, 6, 1), 7, np.uint8)).shape == (4, 6, 3)


def test_a_jpeg_is_decoded_to_red_green_blue() -> None:
    pixels = rgb_of(packet(jpeg()))
    assert pixels.shape == (48, 64, 3)
    assert pixels[5, 5].tolist() == pytest.approx([200, 20, 10], abs=4)
    assert rgb_of(packet(jpeg(grey=True))).shape == (48, 64, 3)
    assert rgb_of(packet(jpeg()).reshape(-1, 1)).shape == (48, 64, 3)


def test_bytes_that_a_driver_fills_up_with_do_no_harm() -> None:
    assert rgb_of(packet(jpeg() + bytes(500))).shape == (48, 64, 3)


def textured() -> bytes:
    """A JPEG with some thousand bytes of tissue-like texture."""
    pixels = np.random.default_rng(1).integers(60, 190, (24, 32, 3), dtype=np.uint8)
    return cv2.imencode(".jpg", cv2.resize(pixels, (256, 192), interpolation=cv2.INTER_CUBIC))[1].tobytes()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_jpeg_of_which_bytes_are_missing_within_is_torn_unless_it_may_be(share: float) -> None:
    whole = textured()
    at = int(share * len(whole))
    for missing in (200, 1000):
        bad = packet(whole[:at] + whole[at + missing :])
        with pytest.raises(DamagedWithinError, match="a part of it is damaged"):
            rgb_of(bad)
        assert rgb_of(bad, strict=False).shape == (192, 256, 3)


@pytest.mark.parametrize("filled", [2, 1000])
def test_bytes_that_fill_up_before_the_end_do_no_harm(filled: int) -> None:
    whole = textured()
    assert np.array_equal(rgb_of(packet(whole[:-2] + bytes(filled) + whole[-2:])), rgb_of(packet(whole)))


def test_both_ways_give_the_same_pixels() -> None:
    assert np.array_equal(rgb_of(packet(textured())), rgb_of(packet(textured()), strict=False))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_jpeg_whose_end_is_missing_is_torn(share: float) -> None:
    whole = jpeg()
    with pytest.raises(TornFrameError):
        rgb_of(packet(whole[: int(len(whole) * share) + 1]))


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + b"\xff" * 400 + b"\xff\xd9",
        b"\xff\xd8" + b"\xff\xe0\x00\x00" * 100 + b"\xff\xd9",
        jpeg()[10:],
        jpeg()[:200] + b"\xff\xd9",
        bytes(range(256)) * 4,
        b"<html>not found</html>",
    ],
)
def test_bytes_that_are_no_jpeg_are_torn(bad: bytes) -> None:
    with pytest.raises(TornFrameError):
        rgb_of(packet(bad))


def test_a_jpeg_that_says_to_be_huge_is_torn_before_it_takes_memory() -> None:
    coded = bytearray(jpeg())
    at = coded.index(b"\xff\xc0")
    coded[at + 5 : at + 9] = b"\xff\xf0\xff\xf0"
    assert size_of_jpeg(bytes(coded)) == (65520, 65520)
    with pytest.raises(TornFrameError, match="65520 x 65520"):
        rgb_of(packet(bytes(coded)))


@pytest.mark.parametrize(
    "bad", [None, np.zeros((4, 6, 3), np.uint16), np.zeros((4, 6, 2), np.uint8), np.zeros((0, 0, 3), np.uint8)]
)
def test_what_is_no_picture_is_torn(bad: object) -> None:
    with pytest.raises(TornFrameError):
        rgb_of(bad)  # type: ignore[arg-type]
