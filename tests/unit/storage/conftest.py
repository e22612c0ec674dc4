"""A library with one patient, one visit and one pair in it, made through the one writer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.storage.library import Library

MOMENT = "2026-03-14T08:30:00+00:00"


@dataclass(frozen=True)
class Shelf:
    """Ids of what the fixture put into the library."""

    lib: Library
    patient: str = "p" * 32
    visit: str = "e" * 32
    white: str = "a" * 32
    fluorescence: str = "f" * 32
    pair: str = "c" * 32


def fill(lib: Library) -> Shelf:
    shelf = Shelf(lib)
    picture = {
        "visit_id": shelf.visit,
        "taken_at": MOMENT,
        "width": 640,
        "height": 480,
        "seconds_since_acid": 60.0,
        "mm_per_px": 0.05,
        "device": "",
        "original_name": "a.png",
    }
    patient = {"identifier": "K-17", "family_name": "Müller", "given_name": "Änne", "birth_date": "1980-02-29"}
    visit = {"patient_id": shelf.patient, "started_at": MOMENT, "indication": "", "examiner": "", "note": ""}
    white = {**picture, "sha256": lib.pictures.put(b"white bytes"), "stage": "acetic_acid"}
    lit = {**picture, "sha256": lib.pictures.put(b"lit bytes"), "stage": "fluorescence_after_acid"}
    pair = {
        "visit_id": shelf.visit,
        "white_id": shelf.white,
        "fluorescence_id": shelf.fluorescence,
        "made_at": MOMENT,
    }
    lib.apply_all(
        [
            Change("patient", shelf.patient, None, patient, "Patient added"),
            Change("visit", shelf.visit, None, visit, "Visit added"),
            Change("picture", shelf.white, None, white, "Picture added"),
            Change("picture", shelf.fluorescence, None, lit, "Picture added"),
            Change("pair", shelf.pair, None, pair, "Pair made"),
        ]
    )
    return shelf


@pytest.fixture
def shelf(lib: Library) -> Shelf:
    return fill(lib)
