"""Reading pictures of any usual kind as H x W x 3 uint8 RGB, and writing PNG.

A picture is checked before it is decoded: its format by content (never by name) and its declared size.
"""

from __future__ import annotations

import math
import stat
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from pfm_desktop.imaging.colour import ALPHA, OPAQUE, deep_notes, eight_bit, over_black, profile_note, strips, to_srgb
from pfm_desktop.imaging.heif import is_heif, open_heif
from pfm_desktop.imaging.pillow_pixels import rgb_pixels
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import write_bytes
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]

PIXEL_LIMIT = 100_000_000
BYTE_LIMIT = 1_000_000_000
DEEP_LIMIT = 700_000_000  # bytes of the values of a 16-bit picture: only those with transparency come to it
SMALLEST_SIDE = 16
JPEG_LONGEST = 65_500  # pixels a side that libjpeg writes
# named here so that Pillow needs not load all its plugins to open one picture
_PLUGINS = (
    PngImagePlugin.PngImageFile,
    JpegImagePlugin.JpegImageFile,
    TiffImagePlugin.TiffImageFile,
    BmpImagePlugin.BmpImageFile,
    WebPImagePlugin.WebPImageFile,
)
FORMATS = tuple(str(plugin.format) for plugin in _PLUGINS)
NAMED = tr("a PNG, JPEG, TIFF, BMP, WebP or HEIC picture")

# our own limit holds, before any decoding; Pillow's would only warn where ours refuses
Image.MAX_IMAGE_PIXELS = None

# what Pillow's decoders and libheif raise on damaged bytes
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    AttributeError,
    MemoryError,
    struct.error,
    zlib.error,
    cv2.error,
    RuntimeError,  # libheif's word for a picture without width
    UserWarning,  # where warnings are errors: Pillow's about damaged tags
)


@dataclass(frozen=True)
class LoadedPicture:
    """A decoded picture: `pixels` H x W x 3 uint8 RGB, upright, sRGB.

    `notes` says, for a person, what was converted; `original_size` is (width, height) as stored, `original_mode` the
    colour mode as stored (Pillow's name), `bits` per channel.
    """

    pixels: Pixels
    notes: tuple[str, ...]
    name: str
    original_size: tuple[int, int]
    original_mode: str
    bits: int = 8


def read_picture(path: Path | str, *, longest: int = 0) -> LoadedPicture:
    """Read a picture file. `BadInputError` names the file and says what to do. `longest`: see `decode_picture`."""
    path = Path(path)
    try:
        if path.is_dir():
            raise BadInputError(
                tr("{path} is a folder, not a picture", path=path), remedy=tr("name one picture file in it")
            )
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for forever
            raise BadInputError(tr("{path} is not a file", path=path), remedy=tr("name one picture file"))
        if facts.st_size > BYTE_LIMIT:
            raise _too_large(str(path), f"{facts.st_size / 1e9:.1f} GB")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BadInputError(
            tr("there is no file {path}", path=path), remedy=tr("check the name and the folder")
        ) from error
    except PermissionError as error:
        raise BadInputError(
            tr("{path} may not be read: permission denied", path=path),
            remedy=tr("change its permissions or copy it to your own folder"),
        ) from error
    except OSError as error:
        raise BadInputError(
            tr("{path} cannot be read: {why}", path=path, why=error.strerror or error),
            remedy=tr("check the disk or copy the file again"),
        ) from error
    return decode_picture(data, str(path), longest=longest)


def decode_picture(data: bytes, name: str, *, longest: int = 0) -> LoadedPicture:
    """Decode a picture from the bytes of a file; `name` stands in messages. Raises `BadInputError`.

    With `longest` it is only looked at small: its pixels may be fewer, the longer side never below that many, which a
    JPEG gives in a fraction of the time.
    """
    if not data:
        raise BadInputError(
            tr("{name} is empty (zero bytes)", name=name), remedy=tr("copy it again from where it came from")
        )
    _check_size(_webp_size(data), name)  # Pillow takes the memory for a whole WebP as soon as it opens it
    try:
        with open_picture(data) as image:
            _check_size(image.size, name)
            size = image.size
            if longest:
                share = longest / max(size)
                image.draft(None, (math.ceil(size[0] * share), math.ceil(size[1] * share)))
            return _converted(image, data, name, size)
    except UnidentifiedImageError as error:
        raise BadInputError(
            tr("{name} is not a picture that can be read", name=name), remedy=tr("choose {kinds}", kinds=NAMED)
        ) from error
    except DAMAGED as error:
        raise BadInputError(
            tr("{name} is damaged or cut short ({kind})", name=name, kind=type(error).__name__),
            remedy=tr("copy or export it again"),
        ) from error


def encode_png(pixels: NDArray[Any]) -> bytes:
    """Bytes of a PNG: H x W or H x W x 3 (RGB) or H x W x 4 (RGBA), uint8. Same pixels, same bytes."""
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    done, data = cv2.imencode(".png", np.ascontiguousarray(pixels), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise ValueError(f"cannot write {pixels.dtype} of shape {pixels.shape} as PNG")
    return bytes(data)


def encode_jpeg(pixels: Pixels, *, quality: int = 92) -> bytes:
    """Bytes of a JPEG without colour subsampling: H x W x 3 uint8 RGB."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
    if not done:
        raise ValueError(f"cannot write an array of shape {pixels.shape} as JPEG")
    return bytes(data)


def encode_tiff(pixels: Pixels) -> bytes:
    """Bytes of a TIFF, packed without loss: H x W x 3 uint8 RGB."""
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "TIFF", compression="tiff_deflate")
    return stream.getvalue()


def encoder_for(path: Path) -> Callable[[Pixels], bytes]:
    """What makes the bytes of a picture file of that name (H x W x 3 uint8 RGB), in the format that its ending says.

    Ask before long work: raises `BadInputError` for an ending that is not written. The encoder raises it for a picture
    that is too large for the format.
    """
    encode = _ENCODERS.get(path.suffix.lower())
    if encode is None:
        said = tr("a name that ends in {suffix}", suffix=path.suffix) if path.suffix else tr("a name without an ending")
        raise BadInputError(
            tr("{path} cannot be written as a picture: {said} says no format that is written", path=path, said=said),
            safe=tr("nothing was written"),
            remedy=tr("let the name end in {endings}", endings=", ".join(_ENCODERS)),
        )

    def checked(pixels: Pixels) -> bytes:
        if encode is encode_jpeg and max(pixels.shape) > JPEG_LONGEST:
            raise BadInputError(
                tr(
                    "{path} cannot be written: a JPEG is at most {most} pixels wide and high",
                    path=path,
                    most=JPEG_LONGEST,
                ),
                safe=tr("nothing was written"),
                remedy=tr("let the name end in .png"),
            )
        return encode(pixels)

    return checked


_ENCODERS: dict[str, Callable[[Pixels], bytes]] = {
    ".png": encode_png,
    ".jpg": encode_jpeg,
    ".jpeg": encode_jpeg,
    ".tif": encode_tiff,
    ".tiff": encode_tiff,
}


def write_png(path: Path | str, pixels: NDArray[Any]) -> None:
    """Write a PNG whole or not at all; `StorageError` when the disk or the folder does not take it."""
    write_bytes(Path(path), encode_png(pixels))


def open_picture(data: bytes) -> Image.Image:
    """A picture as Pillow opens it, its size not yet checked and its pixels not decoded; raises one of `DAMAGED`."""
    return open_heif(data) if is_heif(data) else Image.open(BytesIO(data), formats=FORMATS)


def _converted(image: Image.Image, data: bytes, name: str, size: tuple[int, int]) -> LoadedPicture:
    """`size`: width and height as stored."""
    mode = image.mode
    notes: list[str] = []
    if getattr(image, "n_frames", 1) > 1 and image.format in ("TIFF", "WEBP", "PNG", "HEIF"):
        notes.append(tr("first of {pictures} pictures in the file", pictures=getattr(image, "n_frames", 1)))
    bits = _bits(image, data)
    if bits > 8 and 2 * math.prod((*image.size, len(image.getbands()))) > DEEP_LIMIT:
        raise _too_large(
            name, tr("{width} x {height} pixels of 16 bits, with transparency", width=size[0], height=size[1])
        )
    image.load()  # before anything else: a damaged picture must not pass half
    if image.format == "HEIF":  # only the decoder knows it for certain
        _check_size(image.size, name)
    turned = _turning(image, notes)
    if bits > 8:
        image.close()  # its pixels are decoded once more: both would be too much memory
        pixels = _deep(data, bits, name, notes)
        pixels = _turned(pixels, turned)
    else:
        pixels = _shallow(image if turned == 1 else ImageOps.exif_transpose(image), name, notes)
    return LoadedPicture(pixels, tuple(notes), name, size, mode, bits)


def _shallow(image: Image.Image, name: str, notes: list[str]) -> Pixels:
    """An 8-bit Pillow picture of any mode as RGB."""
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        notes.append(tr("palette converted to RGB"))
    if image.mode in ("F", "I"):
        raise BadInputError(
            tr("{name} holds floating-point numbers instead of colours", name=name)
            if image.mode == "F"
            else tr("{name} holds 32-bit numbers instead of colours", name=name),
            remedy=tr("choose {kinds}", kinds=NAMED),
        )
    profile = image.info.get("icc_profile")
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if image.mode == "CMYK":
        notes.append(tr("CMYK converted to RGB"))
    elif image.mode in ("L", "LA", "1"):
        notes.append(tr("greyscale: one channel copied to three"))
    elif image.mode not in ("RGB", "RGBA"):
        notes.append(tr("{mode} converted to RGB", mode=image.mode))
    converted = to_srgb(image, profile)
    if converted is not None:
        notes.append(profile_note(profile))
    plain = converted if converted is not None else image
    pixels = rgb_pixels(plain if plain.mode == "RGB" else plain.convert("RGB"))
    if alpha is None:
        return pixels
    values = np.asarray(alpha)
    if int(values.min(initial=255)) == 255:
        notes.append(OPAQUE)
        return pixels
    notes.append(ALPHA)
    for rows in strips(pixels):
        pixels[rows] = over_black(pixels[rows], values[rows])
    return pixels


def _deep(data: bytes, bits: int, name: str, notes: list[str]) -> Pixels:
    """A 16-bit picture as 8-bit RGB; through OpenCV, since Pillow keeps only the upper byte of 16-bit colour."""
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16:
        raise BadInputError(
            tr("{name} has {bits} bits a channel in a form that cannot be read", name=name, bits=bits),
            remedy=tr("choose {kinds}", kinds=NAMED),
        )
    if values.ndim == 3 and values.shape[2] not in (3, 4):
        raise BadInputError(
            tr("{name} has {channels} channels of 16 bits", name=name, channels=values.shape[2]),
            remedy=tr("choose {kinds}", kinds=NAMED),
        )
    deep_notes(values, notes)
    out = np.empty((*values.shape[:2], 3), np.uint8)
    clear = values.ndim == 3 and values.shape[2] == 4 and int(values[:, :, 3].min()) < 2**16 - 1
    for rows in strips(values):  # a whole copy more would be too much memory
        small = eight_bit(values[rows])
        out[rows] = small[:, :, None] if small.ndim == 2 else small[:, :, 2::-1]  # BGR(A) to RGB
        if clear:
            out[rows] = over_black(out[rows], small[:, :, 3])
    if values.ndim == 2:
        notes.append(tr("greyscale: one channel copied to three"))
    elif values.shape[2] == 4:
        notes.append(ALPHA if clear else OPAQUE)
    return out


def _bits(image: Image.Image, data: bytes) -> int:
    if image.format == "PNG":
        return max(8, data[24])  # IHDR comes first; below 8 bits Pillow spreads them
    if image.format == "TIFF":
        declared = getattr(image, "tag_v2", {}).get(258, (8,))
        return max(8, *(int(bits) for bits in declared)) if image.mode not in ("F", "I") else 8
    return 8


_TURNS = {3: 2, 6: 3, 8: 1}  # EXIF orientation to quarter turns anticlockwise, of the four a camera writes
_MIRRORED = {2: 0, 4: 2, 5: 1, 7: 3}  # mirrored first, then these turns


def _turning(image: Image.Image, notes: list[str]) -> int:
    """EXIF orientation (1: upright); damaged EXIF counts as upright and is noted."""
    try:
        orientation = int(image.getexif().get(0x0112, 1))
    except DAMAGED:
        notes.append(tr("its EXIF data is damaged and was not used"))
        image.info.pop("exif", None)
        return 1
    if orientation not in _TURNS and orientation not in _MIRRORED:
        return 1
    notes.append(tr("turned upright as its EXIF data says"))
    return orientation


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    if orientation in _MIRRORED:
        pixels = pixels[:, ::-1]
    quarters = _TURNS.get(orientation, _MIRRORED.get(orientation, 0))
    return np.ascontiguousarray(np.rot90(pixels, quarters))


def _check_size(size: tuple[int, int] | None, name: str) -> None:
    if size is None:
        return
    width, height = size
    if width * height > PIXEL_LIMIT:
        raise _too_large(name, tr("{width} x {height} pixels", width=width, height=height))
    if min(width, height) < SMALLEST_SIDE:
        raise BadInputError(
            tr("{name} is too small for a picture ({width} x {height} pixels)", name=name, width=width, height=height),
            remedy=tr("choose a picture of at least {least} pixels a side, better 1000", least=SMALLEST_SIDE),
        )


def _too_large(name: str, size: str) -> BadInputError:
    return BadInputError(
        tr("{name} is too large ({size})", name=name, size=size),
        remedy=tr("choose a picture of at most {most} megapixels", most=PIXEL_LIMIT // 1_000_000),
    )


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Size (width, height) that the head of a WebP declares; None for other formats. Source: RFC 9649."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        packed = int.from_bytes(data[21:25], "little")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", data[26:30])
    return width & 0x3FFF, height & 0x3FFF
