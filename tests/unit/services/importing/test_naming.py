"""Names of folders and files: what is a clinic's number, what may be a woman's name, and what is neither."""

from __future__ import annotations

import pytest

from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.naming import told_by
from pfm_desktop.services.importing.people import guessed_patient, names_in

NO_NUMBERS = [
    "2025", "2026-03", "2026_03", "03-2026", "202603", "March 2026", "März 2026", "marzo 2026", "2025-2026",
    "2026-KW12", "Room3", "Room 101", "Zimmer2", "CIN2", "CIN 2-3", "CIN2+", "HPV16", "HPV 16/18", "TZ3", "LLETZ2",
    "Swede7", "Swede score 7", "KW12", "week 12", "Q1", "Q3 2025", "COVID19", "COVID-19", "iPhone12", "iPhone 12 Pro",
    "Copy3", "Tel 0171 1234567", "+49 171 1234567", "100CANON", "101_PANA", "ST000001", "visit 2", "640x480", "60s",
    "G2P1", "p16", "FY26", "100_1234",
]  # fmt: skip


@pytest.mark.parametrize("name", NO_NUMBERS)
@pytest.mark.parametrize("outer", [(), ("in",)])
def test_no_year_month_room_diagnosis_score_week_telephone_or_device_is_a_womans_number(
    name: str, outer: tuple[str, ...]
) -> None:
    assert guessed_patient((*outer, name), "acetic 60s").value is None
    for woman in ("Lang Ida", "Kurz Ute"):
        guess = guessed_patient((*outer, name, woman), "acetic 60s")
        assert (guess.value, guess.sure) == (woman, Sure.UNSURE)
    assert guessed_patient((*outer, name, "K-17"), "acetic 60s").value == "K-17"


@pytest.mark.parametrize(
    "name", ["F1", "B12", "W-12", "M12", "A-3", "101", "Clinic2", "D7500", "export2024", "14032026", "260314"]
)
def test_what_may_be_another_number_than_a_clinics_is_unsure(name: str) -> None:
    assert guessed_patient(("in", name), "acetic").sure in (Sure.UNSURE, Sure.UNKNOWN)


@pytest.mark.parametrize("stem", ["P1010012 acetic", "CIMG0001", "IMGP1234 acid", "DSC_0123 acid", "_MG_1234 acid",
                                  "IMG-20260314-WA0001", "R0010001 acid", "PXL_20260314_120000123"])  # fmt: skip
def test_what_a_camera_calls_a_picture_names_nobody(stem: str) -> None:
    assert guessed_patient(("photos",), stem).value is None
    assert guessed_patient(("in", "K-17"), stem).sure is Sure.LIKELY


@pytest.mark.parametrize("stem", ["K-18 acetic 60s", "acetic 60s K-18", "K-8 acid", "F12_acid"])
def test_a_file_that_says_another_number_than_its_folder_is_asked_about_with_both_said(stem: str) -> None:
    guess = guessed_patient(("ward", "K-17"), stem)
    assert guess.sure is Sure.UNSURE
    assert "K-17" in guess.why
    assert stem in guess.why


def test_figures_alone_in_a_file_contradict_figures_of_its_folder_and_a_count_from_one_does_not() -> None:
    assert guessed_patient(("in", "4711"), "4712 acid").sure is Sure.UNSURE
    assert guessed_patient(("in", "4711"), "12 acid").sure is Sure.LIKELY
    assert guessed_patient(("in", "K-17"), "1_acid_60s").sure is Sure.LIKELY


@pytest.mark.parametrize(
    ("folders", "stem", "value"),
    [
        (("in", "Clinic West", "Müller Anna"), "acetic", "Müller Anna"),
        (("in", "Clinic West", "Schmidt Eva"), "acetic", "Schmidt Eva"),
        (("in", "Green Anna"), "acetic", "Green Anna"),
        (("in", "Weiss Anna"), "acetic", "Weiss Anna"),
        (("in", "Garcia 2"), "acetic", "Garcia 2"),
        (("flat",), "Müller Anna 2026-03-04 acetic 60s", "Müller Anna"),
        (("flat",), "Schmidt_Eva_acetic", "Schmidt Eva"),
        (("in", "4711", "Lang Ida"), "acetic", "4711 Lang Ida"),
        (("in", "Patient 4711", "Lang Ida"), "acetic", "4711 Lang Ida"),
        (("in", "李娜"), "醋酸60秒", "李娜"),
        (("in",), "李娜 醋酸", "李娜"),
    ],
)
def test_the_innermost_name_is_hers_and_never_more_than_unsure(folders: tuple[str, ...], stem: str, value: str) -> None:
    guess = guessed_patient(folders, stem)
    assert (guess.value, guess.sure) == (value, Sure.UNSURE)


@pytest.mark.parametrize("name", ["Patient 1", "patient_ID 12", "Pat 7", "Paciente A-3"])
def test_a_number_so_short_that_every_clinic_has_it_is_unsure(name: str) -> None:
    assert guessed_patient(("april", name), "acetic").sure is Sure.UNSURE


def test_the_number_of_a_folder_that_says_a_birth_date_too_is_hers() -> None:
    guess = guessed_patient(("in", "Nowak Eva geb 12.05.1998 ID 4711"), "acetic")
    assert (guess.value, guess.sure) == ("4711", Sure.LIKELY)
    assert told_by("Nowak Eva geb 12.05.1998 ID 4711").name == "Nowak Eva"


@pytest.mark.parametrize("name", ["acid", "green", "after acid", "white light", "later", "left side", "醋酸60秒", ""])
def test_what_is_a_stage_or_a_word_for_a_folder_names_nobody(name: str) -> None:
    assert not told_by(name).telling
    assert guessed_patient(("in", "K-17", name), "1").sure is Sure.LIKELY


def test_names_on_the_way_to_a_picture_are_kept_without_the_folder_that_was_given() -> None:
    assert names_in(("Clinic West", "Lang Ida", "K-17 Garcia"), "Anna acetic") == ("Lang Ida", "Garcia", "Anna")
    assert names_in(("in", "K-17"), "IMG_1") == ()
