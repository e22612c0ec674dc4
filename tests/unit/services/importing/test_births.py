"""Two women of one name are told apart by the birth dates that their folders say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from benchmarks.dicom_parts.files import plain, smooth, written
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.apart import several_named
from pfm_desktop.services.importing.births import agreed_day, births_in, disagreement
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.naming import told_by
from pfm_desktop.services.importing.plan import ImportPlan
from pfm_desktop.services.importing.run import import_plan
from pfm_desktop.storage.library import Library

CTX = SilentContext()
Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("Nowak Eva geb 12.05.1958", {date(1958, 5, 12)}),
        ("Lopez Maria (DOB 03-04-1980)", {date(1980, 4, 3), date(1980, 3, 4)}),
        ("Lopez Maria DOB 1980-04-03", {date(1980, 4, 3)}),
        ("Roth Eva *25.12.58", {date(1958, 12, 25), date(2058, 12, 25)}),
        ("Lopez Maria 03-04-1980", {date(1980, 4, 3), date(1980, 3, 4)}),
        ("Lopez Maria 1980-04-03", {date(1980, 4, 3)}),
        ("王芳 出生1980年3月4日", {date(1980, 3, 4)}),
    ],
)
def test_a_birth_date_is_all_the_days_that_it_can_be(name: str, days: set[date]) -> None:
    (birth,) = births_in(name)
    assert birth.days == days


@pytest.mark.parametrize(
    "name",
    ["Lang Ida", "Lang Ida 2026-03-14", "K-17", "Lang Ida geb 99.99.1958", "01.01.1980-1237", "Lang Ida 03-04-2019"],
)
def test_no_birth_date_is_made_up(name: str) -> None:
    assert births_in(name) == ()


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("*1958", "geb 12.05.1958", True),
        ("*1958", "*1999", False),
        ("DOB 03-04-1980", "geb 3.4.1980", True),
        ("DOB 03-04-1980", "DOB 09-11-1991", False),
    ],
)
def test_two_ways_to_write_one_day_are_no_disagreement(one: str, other: str, agree: bool) -> None:
    assert (disagreement([*births_in(one), *births_in(other)]) is None) is agree


def test_a_name_beside_a_day_long_past_is_a_name() -> None:
    assert told_by("Lopez Maria 03-04-1980").name == "Lopez Maria"
    assert not told_by("Lopez Maria 03-04-1980").numbers


def test_a_day_that_may_be_read_two_ways_is_settled_by_another_that_may_not() -> None:
    assert agreed_day(births_in("DOB 03-04-1980")) is None
    assert agreed_day([*births_in("DOB 03-04-1980"), *births_in("geb 3.4.1980")]) == date(1980, 4, 3)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lopez, Maria (DOB 03-04-1980)/2026-03-07", "Lopez, Maria (DOB 09-11-1991)/2026-03-07"),
        ("Nowak Eva geb 12.05.1958", "Nowak Eva geb 01.02.1999"),
        ("Roth Eva *1958", "Roth Eva *1999"),
        ("Lopez Maria 03-04-1980", "Lopez Maria 09-11-1991"),
    ],
)
def test_two_of_one_name_with_different_birth_dates_are_two_women(
    planned: Callable[..., ImportPlan], lib: Library, one: str, other: str
) -> None:
    plan = planned(f"{one}/acetic 60s.jpg", f"{other}/acetic 60s.jpg")
    assert len(plan.women) == 2
    assert {picture.patient.sure for picture in plan.pictures} == {Sure.UNSURE}
    assert all("different birth dates" in picture.patient.why for picture in plan.pictures)
    import_plan(CTX, lib, plan, also_unsure=True)
    assert len({row.patient.identifier for row in cases.today(lib)}) == 2


def test_a_number_under_two_birth_dates_waits_with_the_contradiction_said(
    planned: Callable[..., ImportPlan], lib: Library
) -> None:
    plan = planned("K-17 *1958/acetic 60s.jpg", "K-17 *1999/acetic 60s.jpg")
    (woman,) = plan.women
    assert "1958 and 1999 are said as birth dates" in several_named(woman)
    report = import_plan(CTX, lib, plan, also_unsure=True)
    assert report.women == 0
    assert "birth dates" in report.notes[0]


def test_the_birth_date_of_a_folder_stands_in_the_record_of_a_new_woman(
    planned: Callable[..., ImportPlan], lib: Library
) -> None:
    import_plan(CTX, lib, planned("Nowak Eva geb 12.05.1958/acetic 60s.jpg"), also_unsure=True)
    (row,) = cases.today(lib)
    assert row.patient.birth_date == date(1958, 5, 12)


def test_a_folder_with_another_birth_date_than_the_record_is_not_hers(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    for number, born in enumerate(("12.05.1958", "01.02.1999")):
        put_file(tmp_path / born / f"Nowak Eva geb {born}" / "acetic 60s.jpg", picture(number, "2026:03:14 12:00:00"))
    import_plan(CTX, lib, make_plan(CTX, [tmp_path / "12.05.1958"]), also_unsure=True)
    for _ in range(2):
        report = import_plan(CTX, lib, make_plan(CTX, [tmp_path / "01.02.1999"]), also_unsure=True)
        assert "on record with another birth date than 01.02.1999" in report.notes[0]
    again = import_plan(CTX, lib, make_plan(CTX, [tmp_path / "12.05.1958"]), also_unsure=True)
    assert again.notes == ()


@pytest.mark.parametrize(
    ("born", "said"), [("20300101", "is after the visit of"), ("18700101", "more than 120 years before the visit of")]
)
def test_a_birth_date_that_cannot_be_hers_waits_with_the_contradiction_said(
    lib: Library, tmp_path: Path, born: str, said: str
) -> None:
    dicom(tmp_path / "in" / "a.dcm", PatientID="D-304", PatientBirthDate=born, StudyDate="20260301")
    plan = make_plan(CTX, [tmp_path / "in"])
    plan = changes.set_stage(plan, [one.key for one in plan.pictures], Stage.ACETIC_ACID)
    report = import_plan(CTX, lib, plan)
    assert report.women == 0
    assert said in report.notes[0]
    confirmed = import_plan(CTX, lib, changes.confirm_woman(plan, plan.women[0].key))
    assert (confirmed.women, confirmed.notes) == (1, ())


@pytest.mark.parametrize("born", ["20260301", "19060301", "19800229"])
def test_a_birth_date_that_can_be_hers_is_taken(lib: Library, tmp_path: Path, born: str) -> None:
    dicom(tmp_path / "in" / "a.dcm", PatientID="D-304", PatientBirthDate=born, AcquisitionDateTime="20260301120000")
    plan = make_plan(CTX, [tmp_path / "in"])
    plan = changes.set_stage(plan, [one.key for one in plan.pictures], Stage.ACETIC_ACID)
    assert import_plan(CTX, lib, plan).women == 1


def dicom(path: Path, **tags: str) -> None:
    dataset = plain(smooth(200, 160))
    for key, value in {"AcquisitionDateTime": "20260301120000", **tags}.items():
        setattr(dataset, key, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(dataset))
