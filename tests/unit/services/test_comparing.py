"""A picture of an earlier visit beside one of today: of the same woman, and nothing is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.case import UNASSIGNED, Patient
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.phantom import render
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import cases, comparing, moving, removal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

CTX = SilentContext()
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def png(pixels: np.ndarray) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def shade(level: int, size: tuple[int, int] = (60, 40)) -> bytes:
    return png(np.full((size[1], size[0], 3), level, np.uint8))


def visit(lib: Library, patient: Patient, days: int, *pictures: bytes) -> str:
    at = NOW - timedelta(days=days)
    made = cases.add_visit(lib, patient.id, started_at=at)
    for data in pictures:
        cases.add_picture(lib, made.id, data, stage=Stage.ACETIC_ACID, taken_at=at)
    return made.id


@pytest.fixture
def anna(lib: Library) -> Patient:
    return cases.add_patient(lib, identifier="P-1", family_name="Adler")


@pytest.fixture
def berta(lib: Library) -> Patient:
    return cases.add_patient(lib, identifier="P-2", family_name="Brandt")


def first(lib: Library, visit_id: str) -> str:
    return cases.visit_case(lib, visit_id).pictures[0].id


def test_earlier_visits_with_pictures_are_offered_newest_first(lib: Library, anna: Patient, berta: Patient) -> None:
    old, older = visit(lib, anna, 30, shade(1)), visit(lib, anna, 400, shade(2), shade(3))
    visit(lib, anna, 90)  # without a picture
    visit(lib, berta, 10, shade(4))
    now = visit(lib, anna, 0, shade(5))
    found = comparing.earlier_visits(CTX, lib, now)
    assert [one.visit.id for one in found] == [old, older]
    assert [len(one.pictures) for one in found] == [1, 2]
    assert comparing.earlier_visits(CTX, lib, older) == ()


def test_both_pictures_are_read_with_their_visits(lib: Library, anna: Patient) -> None:
    then, now = visit(lib, anna, 30, shade(10, (80, 30))), visit(lib, anna, 0, shade(200))
    found = comparing.load(CTX, lib, now, first(lib, now), first(lib, then))
    assert (found.now_visit.id, found.earlier_visit.id) == (now, then)
    assert found.now_pixels.shape == (40, 60, 3)
    assert found.earlier_pixels.shape == (30, 80, 3)
    assert (int(found.now_pixels[0, 0, 0]), int(found.earlier_pixels[0, 0, 0])) == (200, 10)


def test_a_picture_of_another_woman_is_refused(lib: Library, anna: Patient, berta: Patient) -> None:
    now, other = visit(lib, anna, 0, shade(5)), visit(lib, berta, 10, shade(4))
    with pytest.raises(comparing.OtherWomanError, match="not of the same woman"):
        comparing.load(CTX, lib, now, first(lib, now), first(lib, other))


def test_two_visits_of_which_nobody_has_said_whose_they_are_are_not_compared(lib: Library) -> None:
    nobody = Patient(cases.new_id(), f"{UNASSIGNED} 1", "", "", None)
    lib.apply(cases.adding(nobody, "begun"))
    then, now = visit(lib, nobody, 1, shade(1)), visit(lib, nobody, 0, shade(2))
    with pytest.raises(comparing.OtherWomanError, match="nobody has said whose"):
        comparing.earlier_visits(CTX, lib, now)
    with pytest.raises(comparing.OtherWomanError, match="nobody has said whose"):
        comparing.load(CTX, lib, now, first(lib, now), first(lib, then))


def test_a_picture_of_another_visit_than_the_one_that_is_open_is_refused(lib: Library, anna: Patient) -> None:
    then, now = visit(lib, anna, 30, shade(1)), visit(lib, anna, 0, shade(2))
    with pytest.raises(StorageError, match="no longer in the library"):
        comparing.load(CTX, lib, now, first(lib, then), first(lib, then))


def test_what_is_gone_is_said(lib: Library, anna: Patient) -> None:
    then, now = visit(lib, anna, 30, shade(1)), visit(lib, anna, 0, shade(2))
    shown, earlier = first(lib, now), first(lib, then)
    removal.remove_pictures(lib, [earlier])
    moving.remove_visit(lib, then)
    with pytest.raises(StorageError, match="earlier picture is no longer"):
        comparing.load(CTX, lib, now, shown, earlier)
    with pytest.raises(StorageError, match="visit is no longer"):
        comparing.earlier_visits(CTX, lib, "nothing")


def test_what_is_gone_is_said_in_other_languages_too(
    lib: Library, anna: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = visit(lib, anna, 0, shade(2))
    monkeypatch.setattr(comparing, "tr", lambda text, *_args, **_values: f"<{text}>")
    with pytest.raises(StorageError, match="earlier picture is no longer"):
        comparing.load(CTX, lib, now, first(lib, now), "nothing")


def test_a_registration_is_found_and_nothing_is_put_on_record(lib: Library, anna: Patient) -> None:
    pixels = render(7, size=256).white
    moved = np.roll(pixels, (6, 9), axis=(0, 1))
    then, now = visit(lib, anna, 30, png(moved)), visit(lib, anna, 0, png(pixels))
    compared = comparing.load(CTX, lib, now, first(lib, now), first(lib, then))
    before = lib.path.joinpath("library.sqlite").stat().st_size
    found = comparing.register(CTX, lib, compared)
    assert found.status is not RegistrationStatus.REFUSED
    assert np.allclose(found.white_to_fluorescence(np.array([[128.0, 128.0]])), [[137, 134]], atol=2)
    assert lib.path.joinpath("library.sqlite").stat().st_size == before
    assert cases.visit_case(lib, now).pairs == ()


def test_a_visit_that_changes_hands_while_it_is_aligned_is_refused(lib: Library, anna: Patient, berta: Patient) -> None:
    then, now = visit(lib, anna, 30, shade(1)), visit(lib, anna, 0, shade(2))
    compared = comparing.load(CTX, lib, now, first(lib, now), first(lib, then))
    moving.move_visit(lib, then, berta.id, why="wrong woman")
    with pytest.raises(comparing.OtherWomanError):
        comparing.register(CTX, lib, compared)


def test_reading_and_aligning_can_be_cancelled(lib: Library, anna: Patient) -> None:
    then, now = visit(lib, anna, 30, shade(1)), visit(lib, anna, 0, shade(2))
    stopped = CallbackContext(lambda *_: None, lambda: True)
    with pytest.raises(Cancelled):
        comparing.load(stopped, lib, now, first(lib, now), first(lib, then))
    compared = comparing.load(CTX, lib, now, first(lib, now), first(lib, then))
    with pytest.raises(Cancelled):
        comparing.register(stopped, lib, compared)
