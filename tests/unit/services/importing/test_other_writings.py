"""Days, ages and steps as clinics elsewhere write them are no women."""

from __future__ import annotations

from datetime import date

import pytest

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services.importing.dates import in_name
from pfm_desktop.services.importing.naming import told_by
from pfm_desktop.services.importing.people import guessed_patient
from pfm_desktop.services.importing.words import said_by


@pytest.mark.parametrize("name", ["2026-3-5", "2026.3.5", "2026_03_5", "visit 2026/3/5"])
def test_a_day_without_noughts_is_a_day_and_no_woman(name: str) -> None:
    when = in_name(name)
    assert when is not None
    assert (when.day, when.day_only) == (date(2026, 3, 5), True)
    assert not told_by(name).telling


def test_the_folder_above_a_day_says_whose_it_is() -> None:
    assert guessed_patient(("in", "K-17", "2026-3-5"), "green").value == "K-17"


@pytest.mark.parametrize("name", ["2026-13-5", "2026-3-45", "2026-3-5-77"])
def test_what_is_no_day_is_not_made_one(name: str) -> None:
    assert in_name(name) is None


def test_the_younger_of_two_is_another_woman_than_the_elder() -> None:
    assert told_by("Weiss, A. jun").name == "Weiss A jun"
    assert told_by("Weiss, A. sen").name == "Weiss A sen"


@pytest.mark.parametrize("name", ["jun", "jun 2026", "2026 jun", "2026-jun", "05 jun 2026", "Jun. 2026"])
def test_june_is_no_woman(name: str) -> None:
    assert not told_by(name).words


@pytest.mark.parametrize(
    ("name", "stage", "source"),
    [
        ("уксус 60\u0441", Stage.ACETIC_ACID, Source.WHITE),
        ("уксусная кислота", Stage.ACETIC_ACID, Source.WHITE),
        ("проба Шиллера", Stage.LUGOL, Source.WHITE),
        ("Люголь", Stage.LUGOL, Source.WHITE),
        ("йод", Stage.LUGOL, Source.WHITE),
        ("зелёный фильтр", Stage.GREEN, Source.WHITE),
        ("физраствор", Stage.SALINE, Source.WHITE),
        ("флуоресценция после уксуса", Stage.FLUORESCENCE_AFTER_ACID, Source.FLUORESCENCE),
        ("флуоресценция до уксуса", Stage.FLUORESCENCE_BEFORE_ACID, Source.FLUORESCENCE),
        ("без уксуса", None, Source.WHITE),
    ],
)
def test_russian_words_say_the_step(name: str, stage: Stage | None, source: Source) -> None:
    said = said_by(name)
    assert (said.stage, said.source) == (stage, source)


def test_a_russian_step_is_no_woman_and_her_folder_is() -> None:
    assert said_by("уксус 60\u0441").seconds_since_acid == 60
    assert not told_by("уксус 60\u0441").telling
    assert guessed_patient(("in", "Иванова Мария", "2026-02-10"), "уксус 60\u0441").value == "Иванова Мария"
