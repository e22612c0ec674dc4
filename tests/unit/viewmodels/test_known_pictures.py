"""What is said of a picture that the library has already."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels.known_pictures import Hashes, Known, known_pictures, read_files

DATA = encode_png(np.full((64, 64, 3), (200, 120, 120), np.uint8))
HASHES = Hashes(hashlib.sha256(DATA).hexdigest())


def visit_of(lib: Library, identifier: str, *, day: int, holds: bool, patient_id: str = "") -> tuple[str, str]:
    """A visit in March 2026 of this woman, who is put on record unless she is; her id and the visit's."""
    patient_id = patient_id or cases.add_patient(lib, identifier=identifier, family_name="Real").id
    visit = cases.add_visit(lib, patient_id, started_at=datetime(2026, 3, day, 12, tzinfo=UTC))
    if holds:
        cases.add_picture(lib, visit.id, DATA, stage=Stage.ACETIC_ACID)
    return patient_id, visit.id


def said(lib: Library, visit_id: str) -> Known:
    return known_pictures(lib, (HASHES,), visit_id)[HASHES]


def test_another_woman_is_named_first_and_the_others_are_counted(lib: Library) -> None:
    eva, there = visit_of(lib, "R-100", day=1, holds=True)
    assert said(lib, "").said == "This picture is already in a visit of Real (ID R-100)."
    assert not said(lib, there).elsewhere
    _, new = visit_of(lib, "R-100", day=2, holds=False, patient_id=eva)
    assert said(lib, new) == Known("This picture is already in another visit of this woman (01 Mar 2026).", True)
    visit_of(lib, "R-200", day=3, holds=True)
    assert said(lib, new).said == "This picture is already in a visit of Real (ID R-200) and in 1 more visit."
    assert said(lib, there).said == "This picture is already in a visit of Real (ID R-200)."


def test_what_the_library_has_not_is_not_known(lib: Library) -> None:
    assert known_pictures(lib, (Hashes("0" * 64, "1" * 64),), "") == {}
    assert known_pictures(lib, (), "") == {}


def test_a_file_that_cannot_be_read_has_no_hash(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(DATA)
    found, _ = read_files(SilentContext(), (tmp_path / "a.png", tmp_path / "missing.png", tmp_path))
    assert found == {tmp_path / "a.png": HASHES}


def test_a_picture_in_other_bytes_is_known_by_its_pixels(lib: Library, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    _, visit = visit_of(lib, "R-100", day=1, holds=False)
    first = cases.add_picture(lib, visit, encode_png(pixels), stage=Stage.ACETIC_ACID)
    (tmp_path / "anew.bmp").write_bytes(cv2.imencode(".bmp", pixels[..., ::-1])[1].tobytes())
    (anew,) = read_files(SilentContext(), (tmp_path / "anew.bmp",))[0].values()
    assert known_pictures(lib, (anew,), "")[anew].said == "This picture is already in a visit of Real (ID R-100)."
    assert cases.add_picture(lib, visit, tmp_path / "anew.bmp", stage=Stage.ACETIC_ACID) == first
    path = lib.pictures.find(first.sha256)
    assert path is not None
    path.write_bytes(b"rotten")
    other = cases.add_picture(lib, visit, tmp_path / "anew.bmp", stage=Stage.ACETIC_ACID)
    assert other.id != first.id, "one that cannot be read is no reason to leave out one that can"
    assert cases.add_picture(lib, visit, encode_png(pixels), stage=Stage.ACETIC_ACID) == first
    assert lib.pictures.is_whole(first.sha256), "the same file put back"
