from __future__ import annotations

import errno
import io
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.storage.library import Library
from pfm_desktop.support import files
from pfm_desktop.support.errors import BadInputError, StorageError, UserError

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def png(shade: int, width: int = 24, height: int = 16) -> bytes:
    pixels = np.full((height, width, 3), (shade, 80, 90), dtype=np.uint8)
    pixels[0, 0] = (255, 0, 0)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def visit(lib: Library) -> str:
    patient = cases.add_patient(lib, identifier="K-17", family_name="Li", given_name="娜", birth_date=date(1980, 2, 29))
    return cases.add_visit(lib, patient.id, started_at=NOON).id


def everything(lib: Library) -> tuple[object, ...]:
    """What a user could see of a library, to tell that nothing changed."""
    return tuple(cases.visit_case(lib, row.visit.id) for row in cases.today(lib)), cases.find_patients(lib)


def test_the_time_of_day_of_a_picture_counts_as_known_only_where_it_was_given(lib: Library, visit: str) -> None:
    cases.add_picture(lib, visit, png(1), stage=Stage.SALINE)
    cases.add_picture(lib, visit, png(2), stage=Stage.LUGOL, taken_at=NOON)
    known = {picture.stage: picture.time_known for picture in cases.visit_case(lib, visit).pictures}
    assert known == {Stage.SALINE: False, Stage.LUGOL: True}


def test_a_visit_opens_with_everything_that_was_put_into_it(lib: Library, visit: str) -> None:
    lit = cases.add_picture(
        lib, visit, png(2), stage=Stage.FLUORESCENCE_AFTER_ACID, taken_at=NOON + timedelta(seconds=61)
    )
    white = cases.add_picture(
        lib,
        visit,
        png(1),
        stage=Stage.ACETIC_ACID,
        taken_at=NOON + timedelta(seconds=60),
        seconds_since_acid=60.0,
        mm_per_px=0.05,
        device="Colposcope 1",
        name="left 1.png",
    )
    pair = pairing.ensure_pair(lib, visit)
    assert pair is not None
    pin = review.place_pin(lib, pair.id, Source.WHITE, 3, 4)
    review.mark_os(lib, pair.id, Source.WHITE, 8, 8)
    review.set_impression(lib, visit, Grade.LOW)
    case = cases.visit_case(lib, visit)
    assert case.patient.display_name == "Li, 娜"
    assert case.visit.started_at == NOON
    assert case.pictures == (white, lit)
    assert (white.width, white.height, white.device) == (24, 16, "Colposcope 1")
    assert case.pairs == (pair,)
    assert case.picture(white.id) == white
    assert case.pair(pair.id) == pair
    assert [mark.id for mark in case.pins_on(pair.id)] == [pin.key]
    assert len(case.os_marks_on(pair.id)) == 1
    assert case.findings.impression is Grade.LOW
    assert not case.signed


def test_a_corrected_patient_is_found_by_her_new_name_and_the_correction_can_be_undone(
    lib: Library, visit: str
) -> None:
    before = cases.visit_case(lib, visit).patient
    day = date(1990, 2, 1)
    made = cases.edit_patient(
        lib, before.id, identifier=" K-99 ", family_name="Lindt", given_name=before.given_name, birth_date=day
    )
    after = cases.visit_case(lib, visit).patient
    assert (after.identifier, after.family_name, after.birth_date) == ("K-99", "Lindt", day)
    assert [row.visit.id for row in cases.today(lib, search="lindt")] == [visit]
    assert made[0].text == "Patient K-99 corrected"
    review.undo_all(lib, made)
    assert cases.visit_case(lib, visit).patient == before
    assert cases.today(lib, search="lindt") == ()


def test_a_correction_that_changes_nothing_is_no_change(lib: Library, visit: str) -> None:
    present = cases.visit_case(lib, visit).patient
    assert not cases.edit_patient(
        lib,
        present.id,
        identifier=present.identifier,
        family_name=present.family_name,
        given_name=present.given_name,
        birth_date=present.birth_date,
    )


@pytest.mark.parametrize("identifier", ["", "K-18"])
def test_a_patient_cannot_get_an_identifier_that_is_empty_or_somebody_elses(
    lib: Library, visit: str, identifier: str
) -> None:
    cases.add_patient(lib, identifier="K-18")
    before = cases.visit_case(lib, visit).patient
    with pytest.raises(BadInputError):
        cases.edit_patient(lib, before.id, identifier=identifier)
    assert cases.visit_case(lib, visit).patient == before


@pytest.mark.parametrize("typed", ["k-17", "K -17", " k- 17 ", "\u212a-17"])
def test_identifiers_that_differ_in_capitals_or_spaces_are_one_woman(lib: Library, visit: str, typed: str) -> None:
    before = everything(lib)
    other = cases.add_patient(lib, identifier="AK-17")  # ends alike, and is another
    with pytest.raises(BadInputError, match="already belongs to Li, 娜, on record as K-17"):
        cases.add_patient(lib, identifier=typed)
    with pytest.raises(BadInputError, match="on record as K-17"):
        cases.edit_patient(lib, other.id, identifier=typed)
    assert everything(lib)[0] == before[0]


def test_a_womans_own_identifier_may_be_written_in_another_way(lib: Library, visit: str) -> None:
    patient = cases.visit_case(lib, visit).patient
    cases.edit_patient(lib, patient.id, identifier="k-17", family_name="Li", given_name="娜")
    assert cases.visit_case(lib, visit).patient.identifier == "k-17"


def test_a_woman_whose_number_is_there_twice_in_an_older_library_can_still_be_corrected(
    lib: Library, visit: str
) -> None:
    fields = {"identifier": "k-17", "family_name": "Old", "given_name": "", "birth_date": None}
    lib.apply(Change("patient", "e" * 32, None, fields, "Patient k-17 added"))
    cases.edit_patient(lib, "e" * 32, identifier="k-17", family_name="New")
    assert [patient.family_name for patient in cases.find_patients(lib, search="new")] == ["New"]


@pytest.mark.parametrize(("typed", "found"), [("08:15", 1), ("8:15", 1), ("08:", 1), ("li 8:1", 1), ("18:15", 0)])
def test_an_hour_of_the_clock_finds_the_visit(lib: Library, visit: str, typed: str, found: int) -> None:
    patient = cases.visit_case(lib, visit).patient
    morning = cases.add_visit(lib, patient.id, started_at=datetime(2025, 7, 1, 8, 15).astimezone())
    assert [row.visit.id for row in cases.today(lib, search=typed)] == [morning.id] * found


def test_a_number_that_looks_like_an_hour_is_still_found(lib: Library, visit: str) -> None:
    other = cases.add_patient(lib, identifier="S 77:12")
    begun = cases.add_visit(lib, other.id, started_at=NOON)
    assert [row.visit.id for row in cases.today(lib, search="77:12")] == [begun.id]


def test_earlier_visits_of_the_same_woman_come_along_newest_first(lib: Library, visit: str) -> None:
    patient = cases.visit_case(lib, visit).patient
    old = cases.add_visit(lib, patient.id, started_at=NOON - timedelta(days=400))
    older = cases.add_visit(lib, patient.id, started_at=NOON - timedelta(days=800))
    other = cases.add_patient(lib, identifier="K-18")
    cases.add_visit(lib, other.id, started_at=NOON - timedelta(days=1))
    assert [row.visit.id for row in cases.visit_case(lib, visit).earlier] == [old.id, older.id]
    assert cases.visit_case(lib, older.id).earlier == ()


def test_today_lists_visits_newest_first_and_finds_words(lib: Library, visit: str) -> None:
    other = cases.add_patient(lib, identifier="K-18", family_name="Kowalska", given_name="Zofia")
    newer = cases.add_visit(lib, other.id, started_at=NOON + timedelta(hours=1))
    assert [row.visit.id for row in cases.today(lib)] == [newer.id, visit]
    assert [row.visit.id for row in cases.today(lib, search="zofia kow")] == [newer.id]
    assert [row.visit.id for row in cases.today(lib, search="娜")] == [visit]
    assert cases.today(lib, limit=1)[0].visit.id == newer.id
    assert cases.today(lib, search="nobody") == ()


def test_pixels_come_back_as_they_were(lib: Library, visit: str) -> None:
    picture = cases.add_picture(lib, visit, png(7), stage=Stage.SALINE)
    pixels = cases.load_picture(lib, picture.id)
    assert pixels.shape == (16, 24, 3)
    assert pixels.dtype == np.uint8
    assert pixels[0, 0].tolist() == [255, 0, 0]
    assert pixels[5, 5].tolist() == [7, 80, 90]
    assert cases.picture_bytes(lib, picture.id) == png(7)


def test_a_file_is_copied_and_the_original_is_not_touched(lib: Library, visit: str, tmp_path: Path) -> None:
    path = tmp_path / "Bild 1 图.png"
    path.write_bytes(png(3))
    picture = cases.add_picture(lib, visit, path, stage=Stage.LUGOL)
    assert picture.original_name == "Bild 1 图.png"
    assert path.read_bytes() == png(3)
    path.unlink()
    assert cases.load_picture(lib, picture.id).shape == (16, 24, 3)


def test_the_same_picture_twice_is_one_but_at_another_stage_it_is_another(lib: Library, visit: str) -> None:
    first = cases.add_picture(lib, visit, png(1), stage=Stage.ACETIC_ACID)
    assert cases.add_picture(lib, visit, png(1), stage=Stage.ACETIC_ACID) == first
    second = cases.add_picture(lib, visit, png(1), stage=Stage.FLUORESCENCE_AFTER_ACID)
    assert second.id != first.id
    assert len(cases.visit_case(lib, visit).pictures) == 2


@pytest.mark.parametrize("data", [b"", b"no picture", png(1)[:60]], ids=["empty", "text", "truncated"])
def test_what_is_no_picture_is_refused_and_the_library_is_unchanged(lib: Library, visit: str, data: bytes) -> None:
    before = everything(lib)
    with pytest.raises(BadInputError):
        cases.add_picture(lib, visit, data, stage=Stage.ACETIC_ACID, name="x.png")
    assert everything(lib) == before
    assert list(lib.pictures.files()) == []


def test_a_missing_file_and_a_folder_are_named(lib: Library, visit: str, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.png", tmp_path):
        with pytest.raises(BadInputError, match=path.name):
            cases.add_picture(lib, visit, path, stage=Stage.ACETIC_ACID)


def test_a_full_disk_while_importing_leaves_the_library_unchanged_and_it_goes_on(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = everything(lib)
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            cases.add_picture(lib, visit, png(1), stage=Stage.ACETIC_ACID)
    assert everything(lib) == before
    cases.add_picture(lib, visit, png(1), stage=Stage.ACETIC_ACID)
    assert len(cases.visit_case(lib, visit).pictures) == 1


def test_a_picture_whose_record_cannot_be_written_is_not_half_there(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_change: object) -> None:
        raise StorageError("the disk is full")

    before = everything(lib)
    with monkeypatch.context() as patch:
        patch.setattr(lib, "apply", refuse)
        with pytest.raises(StorageError):
            cases.add_picture(lib, visit, png(1), stage=Stage.ACETIC_ACID)
    assert everything(lib) == before


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_a_damaged_picture_is_not_shown_and_the_rest_still_opens(lib: Library, visit: str, damage: str) -> None:
    bad = cases.add_picture(lib, visit, png(1), stage=Stage.ACETIC_ACID)
    good = cases.add_picture(lib, visit, png(2), stage=Stage.SALINE)
    path = lib.pictures.find(bad.sha256)
    assert path is not None
    if damage == "altered":
        path.write_bytes(png(9))
    else:
        path.unlink()
    with pytest.raises(StorageError, match=f"is {damage}|was {damage}"):
        cases.load_picture(lib, bad.id)
    assert cases.load_picture(lib, good.id).shape == (16, 24, 3)
    assert len(cases.visit_case(lib, visit).pictures) == 2


def test_an_identifier_belongs_to_one_woman(lib: Library, visit: str) -> None:
    before = everything(lib)
    with pytest.raises(BadInputError, match=r"K-17 already belongs to Li, 娜"):
        cases.add_patient(lib, identifier=" K-17 ", family_name="Other")
    with pytest.raises(BadInputError, match="needs an identifier"):
        cases.add_patient(lib, identifier="  ")
    assert everything(lib) == before


def test_what_is_not_in_the_library_is_said_in_words(lib: Library, visit: str) -> None:
    missing = "0" * 32
    calls = [
        lambda: cases.visit_case(lib, missing),
        lambda: cases.add_visit(lib, missing),
        lambda: cases.load_picture(lib, missing),
        lambda: cases.picture_bytes(lib, missing),
        lambda: cases.add_picture(lib, missing, png(1), stage=Stage.SALINE),
    ]
    for call in calls:
        with pytest.raises(StorageError, match="not in the library"):
            call()


def test_a_signed_visit_takes_no_more_pictures(lib: Library, visit: str) -> None:
    review.set_impression(lib, visit, Grade.NORMAL)
    review.sign(lib, visit, "Dr. Demo", "reviewed")
    with pytest.raises(UserError, match="is signed"):
        cases.add_picture(lib, visit, png(1), stage=Stage.SALINE)
    assert cases.visit_case(lib, visit).pictures == ()
    assert list(lib.pictures.files()) == []
