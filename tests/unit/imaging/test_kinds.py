"""What a file is."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from pfm_desktop.imaging.kinds import Kind, kind_of


@pytest.mark.parametrize(
    ("written", "kind"),
    [("JPEG", Kind.JPEG), ("PNG", Kind.PNG), ("TIFF", Kind.TIFF), ("BMP", Kind.BMP), ("WEBP", Kind.WEBP)],
)
def test_a_written_picture_is_known_by_its_first_bytes(written: str, kind: Kind) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (20, 20)).save(stream, written)
    assert kind_of(stream.getvalue()[:32]) is kind
    assert kind.is_picture
    assert not kind.is_video


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"RIFF\0\0\0\0AVI LIST", Kind.AVI),
        (b"\x1a\x45\xdf\xa3rest", Kind.MKV),
        (b"\0\0\0\x18ftypheic\0\0\0\0", Kind.HEIC),
        (b"BM" + b"\0" * 126 + b"DICM", Kind.DICOM),
        (b"PK\x03\x04", Kind.ZIP),
    ],
)
def test_other_kinds_are_known_too(head: bytes, kind: Kind) -> None:
    assert kind_of(head) is kind


@pytest.mark.parametrize(
    "head", [b"", b"R", b"RIFF", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypmp42", b"%PDF-1.7", b"GIF89a"]
)
def test_what_is_not_known_is_none(head: bytes) -> None:
    assert kind_of(head) is None
