"""Reading and writing pictures."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from pfm_desktop.imaging.io import PIXEL_LIMIT, decode_picture, encode_jpeg, encode_png, read_picture, write_png
from pfm_desktop.support.errors import BadInputError, StorageError


def scene(height: int = 40, width: int = 60) -> np.ndarray:
    """Smooth colours with one corner unlike the others, so that turning shows."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 3 + 20, y * 4 + 30, np.full_like(x, 120)], axis=2).astype(np.uint8)
    pixels[: height // 4, : width // 4] = (250, 240, 10)
    return pixels


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A tiny PNG that declares a huge picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_a_lossless_picture_comes_back_pixel_for_pixel(kind: str) -> None:
    loaded = decode_picture(saved(Image.fromarray(scene()), kind), "a")
    np.testing.assert_array_equal(loaded.pixels, scene())
    assert loaded.notes == ()
    assert (loaded.original_size, loaded.original_mode, loaded.bits) == ((60, 40), "RGB", 8)


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95, "subsampling": 0}), ("WEBP", {"quality": 95})])
def test_a_lossy_picture_comes_back_nearly_the_same(kind: str, options: dict[str, object]) -> None:
    loaded = decode_picture(saved(Image.fromarray(scene()), kind, **options), "a")
    assert np.abs(loaded.pixels.astype(int) - scene()).mean() < 3


def test_pixels_are_contiguous_uint8_rgb_and_may_be_written_to() -> None:
    pixels = decode_picture(saved(Image.fromarray(scene()), "JPEG"), "a").pixels
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


def test_png_bytes_survive_the_round_trip_and_are_the_same_each_time(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", scene())
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png").pixels, scene())
    assert (tmp_path / "a.png").read_bytes() == encode_png(scene())


def test_grey_and_transparent_arrays_can_be_written_as_png() -> None:
    grey = scene()[:, :, 0]
    np.testing.assert_array_equal(decode_picture(encode_png(grey), "a").pixels[:, :, 1], grey)
    clear = np.dstack([scene(), np.full(grey.shape, 255, np.uint8)])
    np.testing.assert_array_equal(decode_picture(encode_png(clear), "a").pixels, scene())


def test_a_written_jpeg_can_be_read_again() -> None:
    assert np.abs(decode_picture(encode_jpeg(scene()), "a").pixels.astype(int) - scene()).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("deep", [False, True])
def test_a_picture_turned_by_exif_comes_upright(orientation: int, deep: bool, tmp_path: Path) -> None:
    """What is stored is turned so that the EXIF orientation brings it back to `scene`."""
    turns = {1: 0, 2: 0, 3: 2, 4: 2, 5: 3, 6: 1, 7: 1, 8: 3}
    stored = np.rot90(scene(), turns[orientation])
    if orientation in (2, 4, 5, 7):
        stored = stored[:, ::-1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    if deep:
        done, plain = cv2.imencode(".png", np.ascontiguousarray(stored[:, :, ::-1]).astype(np.uint16) * 257)
        assert done
        body = exif.tobytes().removeprefix(b"Exif\0\0")
        chunk = struct.pack(">I", len(body)) + b"eXIf" + body + struct.pack(">I", zlib.crc32(b"eXIf" + body))
        data = bytes(plain)[:33] + chunk + bytes(plain)[33:]
    else:
        data = saved(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif.tobytes())
    loaded = decode_picture(data, "a")
    np.testing.assert_array_equal(loaded.pixels, scene())
    assert any("upright" in note for note in loaded.notes) == (orientation != 1)


def test_cmyk_is_converted_and_says_so() -> None:
    loaded = decode_picture(saved(Image.fromarray(scene()).convert("CMYK"), "JPEG", quality=95), "a")
    assert "CMYK converted to RGB" in loaded.notes
    assert loaded.original_mode == "CMYK"
    assert np.abs(loaded.pixels.astype(int) - scene()).mean() < 6


@pytest.mark.parametrize("kind", [".png", ".tiff"])
def test_sixteen_bit_colour_is_scaled_and_says_so(kind: str) -> None:
    deep = scene()[:, :, ::-1].astype(np.uint16) * 257
    loaded = decode_picture(bytes(cv2.imencode(kind, deep)[1]), "a")
    np.testing.assert_array_equal(loaded.pixels, scene())
    assert any("16-bit scaled" in note for note in loaded.notes)
    assert loaded.bits == 16


def test_sixteen_bit_grey_is_scaled_and_spread() -> None:
    deep = scene()[:, :, 0].astype(np.uint16) * 257
    loaded = decode_picture(bytes(cv2.imencode(".png", deep)[1]), "a")
    np.testing.assert_array_equal(loaded.pixels, np.repeat(scene()[:, :, :1], 3, axis=2))
    assert len(loaded.notes) == 2


def test_twelve_bits_in_sixteen_are_told_about_and_not_stretched() -> None:
    deep = scene()[:, :, ::-1].astype(np.uint16) * 16
    loaded = decode_picture(bytes(cv2.imencode(".png", deep)[1]), "a")
    assert any("12 of its 16 bits" in note for note in loaded.notes)
    assert loaded.pixels.max() <= 16


def test_sixteen_bit_with_alpha_is_composited_over_black() -> None:
    deep = np.dstack([scene()[:, :, ::-1], np.zeros((40, 60), np.uint8)]).astype(np.uint16) * 257
    loaded = decode_picture(bytes(cv2.imencode(".png", deep)[1]), "a")
    assert loaded.pixels.max() == 0


def test_greyscale_becomes_three_equal_channels_and_says_so() -> None:
    grey = Image.fromarray(scene()[:, :, 0])
    loaded = decode_picture(saved(grey, "PNG"), "a")
    assert loaded.pixels.shape == (40, 60, 3)
    assert (loaded.pixels == loaded.pixels[:, :, :1]).all()
    assert any("greyscale" in note for note in loaded.notes)


def test_alpha_is_composited_over_black_and_says_so() -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, 30:] = 255
    loaded = decode_picture(saved(Image.fromarray(np.dstack([scene(), alpha])), "PNG"), "a")
    assert loaded.pixels[:, :30].max() == 0
    np.testing.assert_array_equal(loaded.pixels[:, 30:], scene()[:, 30:])
    assert any("alpha" in note for note in loaded.notes)


def test_a_palette_with_a_transparent_colour_is_read() -> None:
    image = Image.fromarray(scene()).quantize(8)
    loaded = decode_picture(saved(image, "PNG", transparency=0), "a")
    assert "palette converted to RGB" in loaded.notes
    assert loaded.pixels.shape == (40, 60, 3)


def test_a_foreign_colour_profile_is_converted_to_srgb() -> None:
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    assert decode_picture(saved(Image.fromarray(scene()), "PNG", icc_profile=linear.tobytes()), "a").notes == ()
    wide = wide_gamut()
    loaded = decode_picture(saved(Image.fromarray(scene()), "PNG", icc_profile=wide), "a")
    assert any("converted to sRGB" in note for note in loaded.notes)
    assert (loaded.pixels != scene()).any()


def wide_gamut() -> bytes:
    """The sRGB profile with red and blue swapped and another name: foreign enough to show."""
    plain = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", plain[128:132])[0]
    tags = {bytes(plain[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(count)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    plain[red + 4 : red + 12], plain[blue + 4 : blue + 12] = plain[blue + 4 : blue + 12], plain[red + 4 : red + 12]
    return bytes(plain).replace("sRGB".encode("utf-16-be"), "Wide".encode("utf-16-be")).replace(b"sRGB", b"Wide")


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    loaded = decode_picture(saved(Image.fromarray(scene()), "PNG", icc_profile=profile), "a")
    np.testing.assert_array_equal(loaded.pixels, scene())
    assert loaded.notes == ()


def test_an_unusable_profile_changes_nothing() -> None:
    loaded = decode_picture(saved(Image.fromarray(scene()), "PNG", icc_profile=b"nonsense"), "a")
    np.testing.assert_array_equal(loaded.pixels, scene())


@pytest.mark.filterwarnings("ignore:.*EXIF:UserWarning", "ignore:Truncated:UserWarning")
def test_damaged_exif_is_noted_and_the_picture_still_read() -> None:
    data = saved(Image.fromarray(scene()), "JPEG", exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff" + b"\xee" * 40)
    assert decode_picture(data, "a").pixels.shape == (40, 60, 3)


def test_the_first_of_several_pictures_is_taken_and_said_so() -> None:
    other = Image.fromarray(255 - scene())
    data = saved(Image.fromarray(scene()), "TIFF", save_all=True, append_images=[other])
    loaded = decode_picture(data, "a")
    np.testing.assert_array_equal(loaded.pixels, scene())
    assert loaded.notes == ("first of 2 pictures in the file",)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_picture_cut_short_is_refused_by_name(kind: str, share: float) -> None:
    rng = np.random.default_rng(1)
    noisy = Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8))
    data = saved(noisy, kind)
    with pytest.raises(BadInputError, match="cervix 7"):
        decode_picture(data[: int(len(data) * share)], "cervix 7")


@pytest.mark.expects_logged_error  # Pillow logs some damage before it raises
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
def test_no_damage_ends_in_anything_but_pixels_or_a_clear_error(kind: str) -> None:
    data = saved(Image.fromarray(scene()), kind)
    rng = np.random.default_rng(2)
    for _ in range(60):
        damaged = bytearray(data)
        for place in rng.integers(0, min(len(data), 400), 4):
            damaged[place] = rng.integers(0, 256)
        try:
            assert decode_picture(bytes(damaged), "a").pixels.ndim == 3
        except BadInputError as error:
            assert "a " in str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("data", [b"hello, I am a text file", b"%PDF-1.7 ...", b"GIF89a" + b"\0" * 40, b"\0" * 100])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadInputError, match=r"notes\.txt is not a picture"):
        decode_picture(data, "notes.txt")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nothing.png").write_bytes(b"")
    with pytest.raises(BadInputError, match="zero bytes"):
        read_picture(tmp_path / "nothing.png")


def test_one_pixel_is_refused() -> None:
    with pytest.raises(BadInputError, match="too small"):
        decode_picture(encode_png(np.zeros((1, 1, 3), np.uint8)), "dot.png")


def test_a_pixel_bomb_is_refused_before_it_is_decoded() -> None:
    data = bomb(20_000, 20_000)
    assert len(data) < 200
    with pytest.raises(BadInputError, match=r"too large \(20000 x 20000 pixels\).*megapixels"):
        decode_picture(data, "bomb.png")


def test_a_webp_that_declares_too_much_is_refused_before_it_is_opened() -> None:
    data = bytearray(saved(Image.fromarray(scene()), "WEBP", lossless=True))
    data[21:25] = struct.pack("<I", (16383) | (16383 << 14))
    with pytest.raises(BadInputError, match="too large"):
        decode_picture(bytes(data), "bomb.webp")


def test_the_largest_allowed_picture_is_a_hundred_megapixels() -> None:
    assert PIXEL_LIMIT == 100_000_000
    with pytest.raises(BadInputError, match="too large"):
        decode_picture(bomb(10_001, 10_000), "a")
    with pytest.raises(BadInputError, match="damaged"):  # the size is fine, the content is not
        decode_picture(bomb(100, 100), "a")


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is a folder"):
        read_picture(tmp_path)
    with pytest.raises(BadInputError, match="there is no file"):
        read_picture(tmp_path / "gone.png")


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    write_png(tmp_path / "locked.png", scene())
    monkeypatch.setattr(Path, "read_bytes", denied)  # root ignores modes
    with pytest.raises(BadInputError, match=r"locked\.png may not be read"):
        read_picture(tmp_path / "locked.png")


def test_a_path_with_spaces_and_chinese_characters_is_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "宫颈 检查 2026" / "白光 图像.png"
    write_png(path, scene())
    np.testing.assert_array_equal(read_picture(path).pixels, scene())


def test_a_full_disk_is_reported_and_the_old_file_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    write_png(tmp_path / "a.png", scene())
    before = (tmp_path / "a.png").read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        write_png(tmp_path / "a.png", 255 - scene())
    assert (tmp_path / "a.png").read_bytes() == before
    assert list(tmp_path.iterdir()) == [tmp_path / "a.png"]


def test_a_real_photograph_is_read(annocerv: Path) -> None:
    path = next((annocerv / "images").glob("*.jpg"))
    assert read_picture(path).pixels.shape == (384, 384, 3)


# ---- looked at small


def wave(width: int, height: int) -> np.ndarray:
    """A smooth picture, so that its reductions are alike however they are made."""
    x, y = np.meshgrid(np.linspace(0, 3, width), np.linspace(0, 3, height))
    return np.stack([120 + 100 * np.sin(x), 120 + 100 * np.cos(y), 120 + 90 * np.sin(x + y)], axis=2).astype(np.uint8)


@pytest.mark.parametrize(("width", "height"), [(1000, 700), (700, 1000), (640, 640), (3000, 40)])
@pytest.mark.parametrize("longest", [64, 200, 512, 4000])
def test_a_jpeg_looked_at_small_is_never_smaller_than_asked_and_shows_the_same(
    width: int, height: int, longest: int
) -> None:
    data = encode_jpeg(wave(width, height))
    whole, small = decode_picture(data, "a.jpg"), decode_picture(data, "a.jpg", longest=longest)
    assert max(small.pixels.shape[:2]) >= min(longest, max(width, height))
    assert max(small.pixels.shape[:2]) <= max(width, height)
    assert small.original_size == whole.original_size == (width, height)
    there = cv2.resize(whole.pixels, small.pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(there.astype(int) - small.pixels).mean() < 2


def test_a_jpeg_looked_at_small_has_fewer_pixels() -> None:
    small = decode_picture(encode_jpeg(wave(1920, 1080)), "a.jpg", longest=480)
    assert small.pixels.shape == (270, 480, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_turned_by_exif_comes_upright_small_as_well(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(wave(1000, 600)), "JPEG", quality=95, exif=exif)
    whole, small = decode_picture(data, "a.jpg").pixels, decode_picture(data, "a.jpg", longest=250).pixels
    assert (small.shape[0] > small.shape[1]) == (whole.shape[0] > whole.shape[1])
    there = cv2.resize(whole, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(there.astype(int) - small).mean() < 2


def test_what_has_no_smaller_form_comes_whole() -> None:
    picture = wave(300, 200)
    np.testing.assert_array_equal(decode_picture(encode_png(picture), "a.png", longest=50).pixels, picture)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_jpeg_cut_short_is_refused_small_as_well(share: float) -> None:
    data = encode_jpeg(wave(1000, 700))
    with pytest.raises(BadInputError, match="damaged or cut short"):
        decode_picture(data[: int(len(data) * share)], "a.jpg", longest=100)
