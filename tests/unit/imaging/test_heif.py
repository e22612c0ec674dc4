"""HEIC pictures. `phone.heic`: the scene below with EXIF, encoded once by x265 (quality 80)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.imaging.io import decode_picture, read_picture
from pfm_desktop.support.errors import BadInputError

PHONE = Path(__file__).with_name("phone.heic")


def scene() -> np.ndarray:
    y, x = np.mgrid[:64, :96]
    pixels = np.stack([x * 2 + 20, y * 3 + 30, np.full_like(x, 120)], axis=2).astype(np.uint8)
    pixels[:16, :24] = (250, 240, 10)
    return pixels


def test_a_heic_comes_back_nearly_the_same_and_upright() -> None:
    loaded = read_picture(PHONE)
    assert loaded.pixels.shape == (64, 96, 3)
    assert loaded.pixels.flags.writeable
    assert np.abs(loaded.pixels.astype(int) - scene()).mean() < 4
    assert loaded.original_size == (96, 64)


def test_a_heic_looked_at_small_is_still_the_same_picture() -> None:
    assert decode_picture(PHONE.read_bytes(), "a", longest=32).pixels.shape == (64, 96, 3)


@pytest.mark.parametrize("kept", [12, 40, 200, 500, 900])
def test_a_heic_cut_short_is_refused_in_words(kept: int) -> None:
    with pytest.raises(BadInputError, match="phone is"):
        decode_picture(PHONE.read_bytes()[:kept], "phone")


def test_a_heic_that_declares_a_huge_picture_is_refused_before_it_is_decoded() -> None:
    data = PHONE.read_bytes()
    at = data.index(b"ispe") + 8
    huge = data[:at] + (30_000).to_bytes(4, "big") * 2 + data[at + 8 :]
    with pytest.raises(BadInputError, match="phone is too large"):
        decode_picture(huge, "phone")


@pytest.mark.parametrize(("kind", "byte"), [(b"Exif", 0), (b"Exif", 3), (b"hvc1", 1)])
def test_an_item_whose_kind_is_no_text_is_refused_before_pi_heif_sees_it(kind: bytes, byte: int) -> None:
    """It ended the whole program with a segmentation fault (pi-heif 1.4.0)."""
    data = bytearray(PHONE.read_bytes())
    data[data.index(kind) + byte] = 0xE9
    with pytest.raises(BadInputError, match="phone is damaged"):
        decode_picture(bytes(data), "phone")


@pytest.mark.parametrize("size", [0, 1, 2, 7, 1 << 31])
def test_an_item_of_another_length_than_it_says_is_refused(size: int) -> None:
    data = PHONE.read_bytes()
    at = data.index(b"infe") - 4
    with pytest.raises(BadInputError, match="phone is damaged"):
        decode_picture(data[:at] + size.to_bytes(4, "big") + data[at + 4 :], "phone")


def test_a_heic_without_the_box_that_names_its_picture_is_refused() -> None:
    with pytest.raises(BadInputError, match="phone is damaged"):
        decode_picture(PHONE.read_bytes().replace(b"meta", b"free"), "phone")


def test_a_picture_without_width_is_refused_in_words() -> None:
    data = PHONE.read_bytes()
    at = data.index(b"ispe") + 8
    with pytest.raises(BadInputError):
        decode_picture(data[:at] + bytes(4) + data[at + 4 :], "phone")


def test_the_decoder_is_not_loaded_before_a_heic_is_read() -> None:
    asked = "import sys, pfm_desktop.imaging.io; print('pi_heif' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
