"""Picture files as clinics have them: small, each of its own colour, with or without EXIF."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.plan import ImportPlan

NOON = datetime(2026, 3, 14, 12, 0).astimezone()
COPIED = 1_790_000_000  # when the files were copied: another day than any examination


def jpeg(shade: int, taken: str = "", *, offset: str = "", make: str = "Maker", green: bool = False) -> bytes:
    """A picture of its own shade; `taken` as 2026:03:14 12:00:00."""
    pixels = np.full((48, 64, 3), (180, 90 + shade % 60, 90), np.uint8)
    if green:
        pixels[:] = (15, 90 + shade % 60, 25)
    pixels[: shade // 60 + 1, :8] = (250, 240, 10)
    exif = Image.Exif()
    if taken:
        exif[0x010F], exif[0x0110] = make, "Colposcope 3"
        exif[0x8769] = {0x9003: taken, **({0x9011: offset} if offset else {})}
        exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0)}
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", exif=exif, quality=95)
    return stream.getvalue()


def put(path: Path, data: bytes) -> Path:
    """A file that was copied a long time after the examination."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (COPIED, COPIED))
    return path


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """`picture(shade, taken="", offset="", make="Maker", green=False)`: bytes of a JPEG."""
    return jpeg


@pytest.fixture(scope="session")
def put_file() -> Callable[[Path, bytes], Path]:
    """`put_file(path, data)`: writes a file with its folders."""
    return put


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Two women. K-17: acid, fluorescence and Lugol of one visit, and saline of a later one. K-18: acid."""
    folder = tmp_path / "export"
    put(folder / "K-17" / "1_acid_60s.jpg", jpeg(1, "2026:03:14 12:01:00"))
    put(folder / "K-17" / "1_fluo.jpg", jpeg(2, "2026:03:14 12:01:20", green=True))
    put(folder / "K-17" / "2_lugol.jpg", jpeg(3, "2026:03:14 12:05:00"))
    put(folder / "K-17" / "later" / "saline.jpg", jpeg(4, "2026:09:01 09:00:00"))
    put(folder / "K-18" / "acid.jpg", jpeg(5, "2026:03:15 08:30:00"))
    return folder


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., ImportPlan]:
    """`planned(*names)`: a plan of pictures with these names below one folder, a minute apart."""

    def made(*names: str) -> ImportPlan:
        for number, name in enumerate(names):
            put(tmp_path / "in" / name, jpeg(number, f"2026:03:14 12:{number:02d}:00"))
        return make_plan(SilentContext(), [tmp_path / "in"])

    return made
