"""What a picture says of itself."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from pfm_desktop.imaging.exif import Exif, read_exif

PHONE = Path(__file__).with_name("phone.heic")


def written(kind: str, **tags: object) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = tags.get("make", "Maker"), tags.get("model", "Colposcope 3")
    exif[0x8769] = {0x9003: tags.get("taken", "2026:03:14 10:15:22"), 0x9011: "+01:00"}
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0)}
    stream = io.BytesIO()
    Image.new("RGB", (32, 32)).save(stream, kind, exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_time_zone_and_device_are_read_and_the_place_is_not(kind: str) -> None:
    assert read_exif(written(kind)) == Exif("2026:03:14 10:15:22", "+01:00", "Maker Colposcope 3")


def test_a_heic_of_a_telephone_says_them_too() -> None:
    assert read_exif(PHONE.read_bytes()) == Exif("2026:03:14 10:15:22", "+01:00", "Pfm Phone 1")


def test_a_model_that_names_its_maker_is_not_named_twice() -> None:
    assert read_exif(written("JPEG", make="Canon", model="Canon EOS R")).device == "Canon EOS R"


def test_hostile_text_becomes_one_short_line() -> None:
    found = read_exif(written("JPEG", make="a\nb\x1b[31m" + "x" * 5000))
    assert found.device.isprintable()
    assert len(found.device) < 200


@pytest.mark.parametrize("data", [b"", b"no picture", written("JPEG")[:40], written("PNG")[:60]])
def test_damaged_data_says_nothing(data: bytes) -> None:
    assert read_exif(data) == Exif()


def test_any_damage_to_the_exif_data_is_survived() -> None:
    data = written("JPEG")
    at = data.index(b"Exif")
    for place in range(at, at + 200):
        read_exif(data[:place] + b"\xff" + data[place + 1 :])
