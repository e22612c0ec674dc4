"""A Pillow picture comes as the array that numpy itself would make of it."""

from __future__ import annotations

import gc
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.imaging import pillow_pixels
from pfm_desktop.imaging.pillow_pixels import rgb_pixels

pytestmark = pytest.mark.slow


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(width * 10_000 + height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (3, 2), (640, 480), (1920, 1080), (1, 5000), (5000, 1), (2049, 1023)]
)
def test_every_pixel_is_the_one_that_numpy_reads(width: int, height: int) -> None:
    image = noise(width, height)
    np.testing.assert_array_equal(rgb_pixels(image), np.asarray(image))


@pytest.mark.parametrize("rows", [1, 7, 64, 99, 100, 101])
def test_pieces_join_without_a_seam(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pillow_pixels, "AT_ONCE", rows * 60 * 4)
    image = noise(60, 100)
    np.testing.assert_array_equal(rgb_pixels(image), np.asarray(image))


def test_a_picture_too_large_for_one_piece_is_read_in_several() -> None:
    image = noise(3000, 2000)  # 24 MB as Pillow keeps it
    with pytest.raises(ValueError, match="contiguous"):
        image.__arrow_c_array__()
    np.testing.assert_array_equal(rgb_pixels(image), np.asarray(image))


def test_the_array_is_the_callers_own_and_outlives_the_picture() -> None:
    image = noise(300, 200)
    pixels = rgb_pixels(image)
    expected = pixels.copy()
    image.paste((1, 2, 3), (0, 0, 300, 200))
    del image
    gc.collect()
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.flags.writeable
    assert pixels.flags.c_contiguous
    assert pixels.flags.owndata


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
def test_pictures_from_files_come_alike(kind: str) -> None:
    stream = BytesIO()
    noise(333, 222).save(stream, kind)
    with Image.open(stream) as image:
        image.load()
        np.testing.assert_array_equal(rgb_pixels(image), np.asarray(image))


def test_a_picture_that_is_not_in_one_piece_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_image: Image.Image, _schema: object = None) -> None:
        raise ValueError("Image rows are not contiguous in memory.")

    monkeypatch.setattr(Image.Image, "__arrow_c_array__", refused)
    image = noise(50, 40)
    np.testing.assert_array_equal(rgb_pixels(image), np.asarray(image))


def test_another_layout_is_noticed_and_left_to_numpy() -> None:
    """Grey pictures are kept in one byte a pixel: were one given, nothing may be read beyond its memory."""
    grey = noise(50, 40).convert("L")
    _schema, capsule = grey.__arrow_c_array__()
    assert pillow_pixels._stored(capsule, grey) is None
    turned = noise(50, 40)
    _schema, capsule = turned.__arrow_c_array__()
    assert pillow_pixels._stored(capsule, noise(50, 41)) is None, "of another size"
