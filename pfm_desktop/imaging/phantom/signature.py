"""What a phantom's PNG says about itself, so that it stays a phantom when it is copied away from its folder.

A text chunk beside the pixels, which it does not change. Saving the picture in another program may drop it; the
folder's settings file is looked at as well.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

_HEAD = b"\x89PNG\r\n\x1a\n"
_FIRST = len(_HEAD) + 25  # behind IHDR, which comes first and always has this length
_KEYWORD = b"phantom\0"
_SAID = "computer-drawn, not a patient; generator "


def signed(png: bytes, generator: str) -> bytes:
    """The PNG with the chunk that says that it is a phantom and with which frozen parameters it was drawn."""
    body = b"tEXt" + _KEYWORD + f"{_SAID}{generator}".encode("latin-1")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_FIRST] + chunk + png[_FIRST:]


def generator_of(file: Path) -> str | None:
    """Frozen parameters that the picture says it was drawn with; None when it does not say that it is a phantom."""
    try:
        with file.open("rb") as stream:
            if stream.read(len(_HEAD)) != _HEAD:
                return None
            while len(head := stream.read(8)) == 8:
                length, kind = struct.unpack(">I4s", head)
                if kind != b"tEXt":
                    stream.seek(length + 4, 1)
                    continue
                text = stream.read(length)
                if text.startswith(_KEYWORD):
                    return text.removeprefix(_KEYWORD).decode("latin-1").removeprefix(_SAID)
                stream.seek(4, 1)
    except OSError:  # reading the picture will say what is wrong
        return None
    return None
