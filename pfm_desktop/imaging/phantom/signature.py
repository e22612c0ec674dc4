"""What a phantom's PNG says about itself, so that it stays a phantom when it is copied away from its folder.

A text chunk beside the pixels, which it does not change. Saving the picture in another program may drop it; the
folder's settings file is looked at as well.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from PIL import Image

_HEAD = b"\x89PNG\r\n\x1a\n"
_AROUND = 12  # bytes of a chunk beside its content: length, kind, checksum
_FIRST = len(_HEAD) + 25  # behind the head and IHDR, which comes first and always has this length
KEYWORD = "phantom"
_SAID = "computer-drawn, not a patient; generator "


def signed(png: bytes, generator: str) -> bytes:
    """The PNG with the chunk that says that it is a phantom and with which frozen parameters it was drawn."""
    body = b"tEXt" + f"{KEYWORD}\0{_SAID}{generator}".encode("latin-1")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_FIRST] + chunk + png[_FIRST:]


def whole(file: Path) -> bool:
    """Whether a signed PNG is there as it was written, to its last byte."""
    try:
        data = file.read_bytes()
    except OSError:
        return False
    at, kinds = len(_HEAD), []
    while data.startswith(_HEAD) and len(data) - at >= _AROUND:
        (length,) = struct.unpack_from(">I", data, at)
        body = data[at + 4 : at + 8 + length]
        at += length + _AROUND
        if at > len(data) or zlib.crc32(body) != struct.unpack_from(">I", data, at - 4)[0]:
            return False
        kinds.append(body[:4])
    return at == len(data) and kinds[:2] == [b"IHDR", b"tEXt"] and kinds[-1] == b"IEND"


def generator_of(file: Path) -> str | None:
    """Frozen parameters that the picture says it was drawn with; None when it does not say that it is a phantom."""
    try:
        with Image.open(file, formats=("PNG",)) as picture:
            said = picture.info.get(KEYWORD)
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
    ):  # reading the picture will say what is wrong
        return None
    return said.removeprefix(_SAID) if isinstance(said, str) else None
