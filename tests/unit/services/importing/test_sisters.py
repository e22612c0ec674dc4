"""Folders and files below a woman's number that differ in a number or letter: asked about, never one woman unasked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.apart import several_named
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.naming import told_by
from pfm_desktop.services.importing.people import guessed_patient
from pfm_desktop.services.importing.plan import ImportPlan
from pfm_desktop.services.importing.sisters import of_file, of_folder
from pfm_desktop.viewmodels.import_page import confirm_doubts, unsure_keys
from pfm_desktop.viewmodels.importing import ImportPreview

Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]


@pytest.fixture
def planned(tmp_path: Path, picture: Picture, put_file: Put) -> Callable[..., ImportPlan]:
    """`planned(*names, given="in")`: a plan of pictures with these names below one folder, a minute apart."""

    def made(*names: str, given: str = "in") -> ImportPlan:
        for number, name in enumerate(names):
            put_file(tmp_path / given / name, picture(number, f"2026:03:14 12:{number:02d}:00"))
        return make_plan(SilentContext(), [tmp_path / given])

    return made


def surest(plan: ImportPlan) -> set[Sure]:
    return {picture.patient.sure for picture in plan.pictures}


DIFFERENT = [
    ("01", "02"), ("1", "2"), ("12", "13"), ("#12", "#13"), ("Nr 5", "Nr 6"), ("No. 12", "No. 13"),
    ("Frau 1", "Frau 2"), ("S01", "S02"), ("s1", "s2"), ("S-1204", "S-1205"), ("T-77", "T-78"), ("SS-204", "SS-205"),
    ("Q-104", "Q-105"), ("LOT-55", "LOT-56"), ("Box 12", "Box 13"), ("R2210123", "R2210124"), ("VIA-33", "VIA-34"),
    ("Set 12", "Set 13"), ("Frau A", "Frau B"), ("A", "B"), ("S01 acetic", "S02 acetic"), ("Room 1", "Room 2"),
    ("visit 1204", "visit 1205"), ("CIN 1", "CIN 2"), ("2026-03-04 01", "2026-03-04 02"), ("12a", "12b"),
]  # fmt: skip


@pytest.mark.parametrize("folders", DIFFERENT)
@pytest.mark.parametrize("above", ["Trial 4417/", "Studie K-22/2026-03-14/", "Studie K-22/acetic/"])
def test_sister_folders_below_a_number_that_differ_are_a_question(
    planned: Callable[..., ImportPlan], folders: tuple[str, str], above: str
) -> None:
    plan = planned(*(f"{above}{folder}/acetic 60s.jpg" for folder in folders))
    assert surest(plan) == {Sure.UNSURE}


@pytest.mark.parametrize("folders", DIFFERENT)
def test_so_they_are_where_the_numbered_folder_itself_was_given(
    planned: Callable[..., ImportPlan], folders: tuple[str, str]
) -> None:
    assert surest(planned(*(f"{folder}/acetic.jpg" for folder in folders), given="Trial 4417")) == {Sure.UNSURE}


def test_so_they_are_below_different_days(planned: Callable[..., ImportPlan]) -> None:
    assert surest(planned("K-22/2026-03-14/1/acetic.jpg", "K-22/2026-03-15/2/acetic.jpg")) == {Sure.UNSURE}


def test_so_they_are_below_a_folder_that_says_patient(planned: Callable[..., ImportPlan]) -> None:
    assert surest(planned("Patient 4711/01/acetic.jpg", "Patient 4711/02/acetic.jpg")) == {Sure.UNSURE}


@pytest.mark.parametrize(
    "stems",
    [
        ("S-1204 acetic", "S-1205 acetic"), ("S01 acetic", "S02 acetic"), ("acetic s1", "acetic s2"),
        ("Frau 1 acetic", "Frau 2 acetic"), ("woman 1", "woman 2"), ("Q-104", "Q-105"), ("P1 acid", "P2 acid"),
        ("S-1204_acetic_60s", "S-1205_acetic_60s"), ("LOT-55 acetic", "LOT-56 acetic"),
        ("Frau A acetic", "Frau B acetic"),
    ],
)  # fmt: skip
def test_files_below_a_number_that_differ_are_a_question(
    planned: Callable[..., ImportPlan], stems: tuple[str, str]
) -> None:
    assert surest(planned(*(f"BIO-4100/{stem}.jpg" for stem in stems))) == {Sure.UNSURE}


@pytest.mark.parametrize("below", ["", "acetic/", "visit 1/"])
def test_letters_that_stand_before_several_files_each_are_a_question(
    planned: Callable[..., ImportPlan], below: str
) -> None:
    names = [f"BIO-4100/{below}{letter} {stage}.jpg" for letter in "AB" for stage in ("acetic", "lugol")]
    assert surest(planned(*names)) == {Sure.UNSURE}


def test_numbers_that_stand_before_a_whole_visit_each_are_a_question_and_before_pairs_are_not(
    planned: Callable[..., ImportPlan],
) -> None:
    visits = [f"BIO-4100/0{number} {stage}.jpg" for number in (1, 2) for stage in ("acetic", "lugol")]
    pairs = [f"BIO-4200/0{number} {stage}.jpg" for number in (1, 2) for stage in ("acetic", "green")]
    plan = planned(*visits, *pairs, "BIO-4200/03 lugol.jpg")
    assert {(one.patient.value, one.patient.sure) for one in plan.pictures} == {
        ("BIO-4100", Sure.UNSURE),
        ("BIO-4200", Sure.LIKELY),
    }


@pytest.mark.parametrize(
    "names",
    [
        ("visit 1/acid", "visit 2/acid"), ("Besuch 1/acid", "2. Besuch/acid"),
        ("acetic/1", "lugol/1"), ("01 acetic/1", "02 lugol/1"), ("acetic 1/1", "acetic 2/1"), ("V1/acid", "V2/acid"),
        ("2026-03-14/acid", "2026-09-14/acid"), ("2025/acid", "2026/acid"), ("2026-03/acid", "2026-04/acid"),
        ("series 1/acid", "series 2/acid"), ("left/acid", "right/acid"), ("before/acid", "after/acid"),
        ("baseline/acid", "follow-up 1/acid"), ("day 1/acid", "day 2/acid"), ("week 2/acid", "week 12/acid"),
        ("month 3/acid", "month 6/acid"), ("Fotos 1/acid", "Fotos 2/acid"),
        ("60s/acid", "120s/acid"), ("10x/acid", "16x/acid"), ("第1次/1", "第2次/1"),
        ("100CANON/IMG_0001", "101CANON/IMG_0002"), ("01/acid", "lugol"), ("IMG 1/acid", "IMG 2/acid"),
        ("follow-up 1/acid", "Follow up 2/acid"), ("SE000001/IM000001", "SE000002/IM000001"),
        ("初诊/1", "复查2/1"), ("Kontrolle 1/acid", "Kontrolle 2/acid"), ("1 acid/1", "2 acid/1"),
        ("001", "002"), ("IMG_0012", "IMG_0013"), ("DSC01234", "DSC01235"), ("acetic 1", "acetic 2"),
        ("1_acid", "2_lugol"), ("acid t060", "acid t120"), ("acid_60s", "acid_120s"), ("a", "b"), ("acid a", "acid b"),
        ("a_acid", "b_lugol"), ("Garcia 1", "Garcia 2"), ("cervix1 acid", "cervix2 acid"),
        ("visit1 acid", "visit2 acid"),
        ("v1 acid", "v2 acid"), ("acid (1)", "acid (2)"), ("No 1 acid", "No 2 acid"),
        ("ABCD0012", "ABCD0013"), ("P1010012", "P1010013"), ("acid 2026-03-14", "lugol 2026-03-14"),
        ("acid CIN2", "lugol CIN3"), ("acid TZ1", "lugol TZ3"), ("left1", "left2"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("given", ["in", "1204"])
def test_visits_stages_series_and_counts_of_files_below_a_number_stay_one_woman(
    planned: Callable[..., ImportPlan], names: tuple[str, str], given: str
) -> None:
    above = "" if given == "1204" else "1204/"
    plan = planned(*(f"{above}{name}.jpg" for name in names), given=given)
    assert {(one.patient.value, one.patient.sure) for one in plan.pictures} == {("1204", Sure.LIKELY)}


def test_one_folder_that_differs_from_none_is_no_question(planned: Callable[..., ImportPlan]) -> None:
    assert surest(planned("K-22/01/acid.jpg", "K-22/01/lugol.jpg", "K-22/green.jpg")) == {Sure.LIKELY}


def test_the_question_says_which_differ_and_confirming_all_names_them_and_asks_again(
    planned: Callable[..., ImportPlan],
) -> None:
    plan = planned(*(f"Trial 4417/0{number}/acetic.jpg" for number in (1, 2, 3)))
    (woman,) = plan.women
    assert woman.visits[0].pictures[0].patient.why.endswith("but 01 and 02 and 1 more within it may be different women")
    assert several_named(woman) == "01 and 02 and 1 more"
    preview = ImportPreview(plan)
    asked = confirm_doubts(preview, unsure_keys(preview))
    assert asked == {woman.key: "4417: 01 and 02 and 1 more would be one woman."}
    confirmed = changes.confirm(plan, [one.key for one in plan.pictures])
    assert surest(confirmed) == {Sure.SAID}
    assert several_named(confirmed.women[0]) == ""


def test_what_a_person_said_of_one_of_them_is_left(planned: Callable[..., ImportPlan]) -> None:
    plan = planned("Trial 4417/01/acetic.jpg", "Trial 4417/02/acetic.jpg")
    moved = changes.set_patient(plan, [plan.pictures[1].key], "K-9")
    assert {woman.identifier for woman in moved.women} == {"4417", "K-9"}
    assert [several_named(woman) for woman in moved.women] == ["", ""]


@pytest.mark.parametrize("name", ["V-501", "S-1204", "T-1204", "CD-4711", "Q-104", "MS-1204", "SS-204", "KW-104"])
def test_letters_that_also_count_with_a_number_of_three_figures_are_offered_as_unsure(name: str) -> None:
    guess = guessed_patient(("in", name), "acetic 60s")
    assert (guess.value, guess.sure) == (name, Sure.UNSURE)
    both = guessed_patient(("in", "Trial 4417", name), "acetic 60s")
    assert (both.value, both.sure) == (name, Sure.UNSURE)


@pytest.mark.parametrize("name", ["WS-2025", "FY-2026", "KW-31", "Q-1", "S-12", "MG-1234", "WA-0012", "T120", "V2"])
def test_years_weeks_and_counts_behind_such_letters_are_not(name: str) -> None:
    assert told_by(name).numbers == ()


def test_what_is_left_of_a_folders_and_a_files_name_once_what_is_known_is_taken_out() -> None:
    assert of_folder("Frau 1", "4417") == "frau 1"
    assert of_folder("visit 2", "4417") == ""
    assert of_folder("4417", "4417") == ""
    assert of_folder("nach 6 Monaten", "4417") == of_folder("after 12 months", "4417") == ""
    assert of_file("S01 acetic 60s", "4417") == "s01"
    assert of_file("acetic_1_60s", "4417") == ""
    assert of_file("case001_aceto1", "case001") == ""
