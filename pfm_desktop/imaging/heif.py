"""HEIC pictures, as telephones take them, opened as Pillow opens the others. Decoding only.

libheif turns a picture upright itself (`irot`, `imir`); the orientation in its EXIF data does not count.
"""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from pfm_desktop.imaging.kinds import Kind, kind_of

_ENTRY = b"infe"
_KIND = 4  # letters of an item's kind


def is_heif(data: bytes) -> bool:
    """Whether the first bytes are those of a HEIC picture."""
    return kind_of(data[:32]) is Kind.HEIC


def open_heif(data: bytes) -> Image.Image:
    """The picture, its pixels not yet decoded; `SyntaxError` for what libheif does not take, or must not be given."""
    _check_items(data)
    from pi_heif import options
    from pi_heif.as_plugin import HeifImageFile  # a sixth of a second where no HEIC is read

    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False  # what is not used is not parsed
    options.DECODE_THREADS = 1  # the window goes first
    picture: Image.Image = HeifImageFile(BytesIO(data))
    return picture


def _check_items(data: bytes) -> None:
    """`SyntaxError` where the kind or name of an item is no text: pi-heif 1.4.0 ends the program on one.

    Source: ISO/IEC 14496-12, 8.11.6 (`infe`). A box of another length than it says is refused with it.
    """
    start, end = _meta(data)
    at = data.find(_ENTRY, start, end)
    while at >= 0:
        size = int.from_bytes(data[at - 4 : at], "big")
        text = at + (14 if data[at + 4 : at + 5] == b"\x03" else 12)  # behind version, number and protection
        try:
            said = data[text : at - 4 + size].decode("utf-8")
        except UnicodeDecodeError as error:
            raise SyntaxError("an item of it has no name") from error
        if at - 4 + size > end or len(said) < _KIND:
            raise SyntaxError("an item of it is cut short")
        at = data.find(_ENTRY, at + 4, end)


def _meta(data: bytes) -> tuple[int, int]:
    """Where the box that names the items begins and ends. `SyntaxError` where there is none, or more than one."""
    found, at = [], 0
    while at + 8 <= len(data):
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:  # a length of eight bytes follows
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = len(data) if size == 0 else at + size
        if data[at + 4 : at + 8] == b"meta":
            found.append((at + head, min(end, len(data))))
        if end < at + head:
            raise SyntaxError("a part of it has no length")
        at = end
    if len(found) != 1:
        raise SyntaxError("it does not name its picture")
    return found[0]
