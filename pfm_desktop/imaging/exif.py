"""What a picture says of itself in its EXIF data: when it was taken and by what. Where it was taken is never read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pfm_desktop.imaging.io import DAMAGED, open_picture

_EXIF_PART = 0x8769
_MAKE, _MODEL, _TAKEN, _OFFSET, _OFFSET_TAKEN = 0x010F, 0x0110, 0x9003, 0x9010, 0x9011  # Exif 2.32
_LONGEST = 64  # letters of a name or time; a maker writes fewer


@dataclass(frozen=True)
class Exif:
    """`taken` as it stands there (`2026:03:14 10:15:22`), `offset` like `+01:00`; "" for what is not there."""

    taken: str = ""
    offset: str = ""
    device: str = ""


def read_exif(data: bytes) -> Exif:
    """EXIF data of a picture file's bytes; empty where there is none, or it is damaged. Decodes no pixels."""
    try:
        with open_picture(data) as image:
            whole = image.getexif()
            part = whole.get_ifd(_EXIF_PART)
            offset = _text(part.get(_OFFSET_TAKEN)) or _text(part.get(_OFFSET))
            return Exif(_text(part.get(_TAKEN)), offset, _device(_text(whole.get(_MAKE)), _text(whole.get(_MODEL))))
    except DAMAGED:
        return Exif()


def _device(make: str, model: str) -> str:
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if not isinstance(value, str):
        return ""
    plain = value.split("\0", 1)[0][:_LONGEST]
    return " ".join("".join(letter if letter.isprintable() else " " for letter in plain).split())
