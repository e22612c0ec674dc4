"""The name beside a woman's number in the name of a folder or file: kept, where all of them agree on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pfm_desktop.domain.case import Patient
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.manifest import read_import_manifest
from pfm_desktop.services.importing.names import agreed_name, name_beside
from pfm_desktop.services.importing.places import contradiction, patient_of
from pfm_desktop.services.importing.plan import ImportPlan
from pfm_desktop.services.importing.run import import_plan
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels.importing import ImportPreview

Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]


@pytest.mark.parametrize(
    ("name", "number", "said"),
    [
        ("Weber Ines 4801", "4801", ("Weber Ines", "")),
        ("4801_weber_ines", "4801", ("weber ines", "")),
        ("Weber, Ines 4801", "4801", ("Weber", "Ines")),
        ("4801 Weber, Ines Maria", "4801", ("Weber", "Ines Maria")),
        ("Garcia Lopez, Maria K-17", "K-17", ("Garcia Lopez", "Maria")),
        ("Nowak Eva geb 12.05.1998 ID 4711", "4711", ("Nowak Eva", "")),
        ("K-17 李娜", "K-17", ("李娜", "")),
        ("Weber Ines 2026-03-04 4801", "4801", ("Weber Ines", "")),
        ("Green Anna 4801", "4801", ("Green Anna", "")),
    ],
)
def test_two_words_beside_a_number_are_her_name(name: str, number: str, said: tuple[str, str]) -> None:
    assert name_beside(name, number) == said


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("Trial 4417", "4417"),  # one word may be anything
        ("K-17 Garcia", "K-17"),
        ("Weber Ines", "4801"),  # beside another number, or none
        ("Weber Ines 4802", "4801"),
        ("Trial Nord 4417", "4417"),
        ("Clinic West 4417", "4417"),
        ("Study Group North 4417", "4417"),
        ("4801", "4801"),
        ("", ""),
    ],
)
def test_what_may_be_a_place_or_a_study_is_no_name(name: str, number: str) -> None:
    assert name_beside(name, number) == ("", "")


@pytest.fixture
def planned(tmp_path: Path, picture: Picture, put_file: Put) -> Callable[..., ImportPlan]:
    """`planned(*names, given="in")`: a plan of pictures with these names, a minute apart."""

    def made(*names: str, given: str = "in") -> ImportPlan:
        for number, name in enumerate(names):
            put_file(tmp_path / given / f"{name}.jpg", picture(number, f"2026:03:14 12:{number:02d}:00"))
        return make_plan(SilentContext(), [tmp_path / given])

    return made


def on_record(lib: Library, plan: ImportPlan, identifier: str = "4801") -> Patient:
    import_plan(SilentContext(), lib, plan)
    found = patient_of(lib, identifier)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("names", "given"),
    [(("Weber Ines 4801/acid",), "in"), (("acid",), "Weber Ines 4801"), (("4801/acid", "Weber Ines 4801/lugol"), "in")],
)
def test_a_new_woman_has_the_name_beside_her_number_and_the_preview_shows_it(
    planned: Callable[..., ImportPlan], lib: Library, names: tuple[str, ...], given: str
) -> None:
    plan = planned(*names, given=given)
    assert ImportPreview(plan).women()[0].title == "4801 - Weber Ines"
    assert on_record(lib, plan).display_name == "Weber Ines"


def test_two_names_beside_one_number_are_none_and_are_asked_about(planned: Callable[..., ImportPlan]) -> None:
    plan = planned("Weber Ines 4801/acid", "Kurz Ute 4801/lugol")
    assert agreed_name(plan.women[0]) == ("", "")
    assert all(not one.patient.known() for one in plan.pictures)


def test_the_longer_of_two_names_that_agree_is_kept(planned: Callable[..., ImportPlan]) -> None:
    plan = planned("Weber Ines 4801/acid", "Weber Ines Maria 4801/lugol")
    assert agreed_name(plan.women[0]) == ("Weber Ines Maria", "")


def test_what_a_manifest_or_a_hand_says_comes_first(
    planned: Callable[..., ImportPlan], tmp_path: Path, lib: Library
) -> None:
    plan = planned("Weber Ines 4801/acid")
    assert agreed_name(changes.set_patient(plan, [plan.pictures[0].key], "X-1").women[0]) == ("", "")
    file = tmp_path / "in" / "import.csv"
    head = "patient,visit_time,stage,source,file,family_name,given_name,birth_date"
    file.write_text(f"{head}\n4801,,,,Weber Ines 4801/acid.jpg,Weber-Lang,Ines,1988-03-14\n", encoding="utf-8")
    said = make_plan(SilentContext(), [tmp_path / "in"], manifest=read_import_manifest(file))
    assert on_record(lib, said).display_name == "Weber-Lang, Ines"


def test_a_birth_date_alone_in_a_manifest_leaves_the_name_of_the_folder(
    planned: Callable[..., ImportPlan], tmp_path: Path, lib: Library
) -> None:
    planned("Weber Ines 4801/acid")
    file = tmp_path / "in" / "import.csv"
    file.write_text(
        "patient,visit_time,stage,source,file,birth_date\n4801,,,,Weber Ines 4801/acid.jpg,1988-03-14\n",
        encoding="utf-8",
    )
    said = make_plan(SilentContext(), [tmp_path / "in"], manifest=read_import_manifest(file))
    found = on_record(lib, said)
    assert (found.display_name, found.birth_date) == ("Weber Ines", date(1988, 3, 14))


def test_a_name_kept_in_one_piece_is_no_other_than_the_same_in_two(
    planned: Callable[..., ImportPlan], lib: Library, tmp_path: Path
) -> None:
    there = cases.add_patient(lib, identifier="4801", family_name="Weber Ines", given_name="", birth_date=None)
    planned("Weber Ines 4801/acid")
    file = tmp_path / "in" / "import.csv"
    head = "patient,visit_time,stage,source,file,family_name,given_name"
    for family, given, asked in (("Weber", "Ines", False), ("Weber", "Ute", True)):
        file.write_text(f"{head}\n4801,,,,Weber Ines 4801/acid.jpg,{family},{given}\n", encoding="utf-8")
        said = make_plan(SilentContext(), [tmp_path / "in"], manifest=read_import_manifest(file))
        assert bool(contradiction(said.women[0], there)) is asked
