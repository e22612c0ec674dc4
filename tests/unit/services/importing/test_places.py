"""Where in the library a planned woman and visit belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pfm_desktop.domain.case import Patient
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.services.importing import places
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.plan import Person, PlannedVisit, PlannedWoman
from pfm_desktop.storage.library import Library

Picture = Callable[..., bytes]
START = datetime(2026, 3, 14, 12, 1).astimezone()  # of the first visit of the export


@pytest.fixture
def planned(export: Path) -> PlannedVisit:
    """Three pictures of K-17: acid, fluorescence and Lugol."""
    return make_plan(SilentContext(), [export]).women[0].visits[0]


@pytest.fixture
def woman(lib: Library) -> Patient:
    return cases.add_patient(lib, identifier="K-17", family_name="Li", given_name="Na", birth_date=date(1980, 2, 29))


def place(lib: Library, woman: Patient | None, planned: PlannedVisit, used: tuple[str, ...] = ()) -> str | None:
    found = places.place_of(lib, woman, planned, used)
    return found.visit.visit.id if found.visit is not None else None


def held(lib: Library, planned: PlannedVisit, visit_id: str, count: int) -> None:
    """Put `count` of the planned pictures into a visit."""
    for picture in planned.pictures[:count]:
        assert picture.stage.value is not None
        cases.add_picture(lib, visit_id, picture.item.path, stage=picture.stage.value)


def test_a_woman_who_is_not_on_record_has_no_visit(lib: Library, planned: PlannedVisit) -> None:
    assert place(lib, None, planned) is None


def test_a_visit_of_that_time_takes_the_pictures(lib: Library, woman: Patient, planned: PlannedVisit) -> None:
    visit = cases.add_visit(lib, woman.id, started_at=START - timedelta(minutes=30))
    assert place(lib, woman, planned) == visit.id


def test_of_two_visits_of_that_time_the_nearer_one_takes_them(
    lib: Library, woman: Patient, planned: PlannedVisit
) -> None:
    cases.add_visit(lib, woman.id, started_at=START - timedelta(hours=3))
    near = cases.add_visit(lib, woman.id, started_at=START + timedelta(minutes=5))
    assert place(lib, woman, planned) == near.id


@pytest.mark.parametrize("apart", [timedelta(hours=-5), timedelta(hours=5), timedelta(days=1), timedelta(days=-400)])
def test_a_visit_of_another_time_takes_nothing(
    lib: Library, woman: Patient, planned: PlannedVisit, apart: timedelta
) -> None:
    cases.add_visit(lib, woman.id, started_at=START + apart)
    assert place(lib, woman, planned) is None


def test_of_a_day_without_time_any_visit_of_that_day_is_hers(
    lib: Library, woman: Patient, planned: PlannedVisit
) -> None:
    visit = cases.add_visit(lib, woman.id, started_at=START + timedelta(hours=8))
    assert planned.when.value is not None
    day = replace(planned, when=replace(planned.when, value=replace(planned.when.value, day_only=True)))
    assert place(lib, woman, planned) is None
    assert place(lib, woman, day) == visit.id


def test_a_visit_of_that_time_of_another_woman_takes_nothing(
    lib: Library, woman: Patient, planned: PlannedVisit
) -> None:
    other = cases.add_patient(lib, identifier="K-99")
    cases.add_visit(lib, other.id, started_at=START)
    assert place(lib, woman, planned) is None


def test_a_visit_that_another_planned_one_was_put_into_takes_no_second_one(
    lib: Library, woman: Patient, planned: PlannedVisit
) -> None:
    visit = cases.add_visit(lib, woman.id, started_at=START)
    assert place(lib, woman, planned, used=(visit.id,)) is None


def test_a_signed_visit_is_joined_only_where_it_holds_the_pictures(
    lib: Library, woman: Patient, planned: PlannedVisit
) -> None:
    visit = cases.add_visit(lib, woman.id, started_at=START)
    cases.add_picture(lib, visit.id, planned.pictures[2].item.path, stage=Stage.LUGOL)
    pair = pairing.ensure_pair(lib, visit.id)
    assert pair is not None
    review.set_impression(lib, visit.id, Grade.LOW)
    review.sign(lib, visit.id, "Dr. A", "reviewed", pair_id=pair.id)
    assert place(lib, woman, planned) == visit.id
    others = replace(planned, pictures=planned.pictures[:2])
    assert place(lib, woman, others) is None


def test_the_visit_that_holds_most_of_the_pictures_is_theirs_whenever_it_was(
    lib: Library, woman: Patient, planned: PlannedVisit
) -> None:
    cases.add_visit(lib, woman.id, started_at=START)
    old = cases.add_visit(lib, woman.id, started_at=datetime(2020, 1, 1, tzinfo=UTC))
    held(lib, planned, old.id, 2)
    assert place(lib, woman, planned) == old.id


def test_one_picture_of_three_in_an_old_visit_does_not_take_the_others_there(
    lib: Library, woman: Patient, planned: PlannedVisit
) -> None:
    old = cases.add_visit(lib, woman.id, started_at=datetime(2020, 1, 1, tzinfo=UTC))
    held(lib, planned, old.id, 1)
    assert place(lib, woman, planned) is None
    found = places.place_of(lib, woman, planned, ())
    assert [holder.visit_id for holder in found.holders[planned.pictures[0].sha256]] == [old.id]


def test_bytes_are_found_wherever_they_are_on_record(lib: Library, planned: PlannedVisit) -> None:
    other = cases.add_patient(lib, identifier="K-99")
    visit = cases.add_visit(lib, other.id)
    held(lib, planned, visit.id, 3)
    hashes = [picture.sha256 for picture in planned.pictures]
    found = places.held(lib, [*hashes, *(f"{number:064x}" for number in range(1200))])
    assert set(found) == set(hashes)
    assert {holder.patient.identifier for one in found.values() for holder in one} == {"K-99"}


# who she is


def asked(*people: Person, confirmed: bool = False) -> PlannedWoman:
    return PlannedWoman("k-17", "K-17", people, (), confirmed)


@pytest.mark.parametrize(
    "person",
    [
        Person(),
        Person("Li", "Na", date(1980, 2, 29)),
        Person("LI", " na "),
        Person("", "Na"),
        Person("Li", "", date(1980, 2, 29)),
    ],
)
def test_the_same_or_less_is_no_contradiction(woman: Patient, person: Person) -> None:
    assert places.contradiction(asked(person), woman) == ""


@pytest.mark.parametrize("person", [Person("Garcia"), Person("Li", "Mei"), Person("Li", "Na", date(1981, 2, 28))])
def test_another_name_or_birth_date_is_a_contradiction_until_somebody_confirms_her(
    woman: Patient, person: Person
) -> None:
    assert "another name or birth date" in places.contradiction(asked(person), woman)
    assert places.contradiction(asked(person, confirmed=True), woman) == ""


def test_two_names_for_one_identifier_contradict_each_other_before_she_is_on_record() -> None:
    assert "two different names" in places.contradiction(asked(Person("Li"), Person("Garcia")), None)
    assert places.contradiction(asked(Person("Li")), None) == ""


def test_a_name_that_the_record_leaves_open_is_no_contradiction(lib: Library) -> None:
    nameless = cases.add_patient(lib, identifier="K-17")
    assert places.contradiction(asked(Person("Li", "Na")), nameless) == ""


@pytest.mark.parametrize("typed", ["K-17", "k-17", "K -17", " k - 17"])
def test_she_is_found_however_her_identifier_is_typed(lib: Library, woman: Patient, typed: str) -> None:
    assert places.patient_of(lib, typed) == woman


@pytest.mark.parametrize("typed", ["K-171", "17", "K17", "K_17"])
def test_another_identifier_is_another_woman(lib: Library, woman: Patient, typed: str) -> None:
    assert places.patient_of(lib, typed) is None


# what the record does not know


@pytest.mark.parametrize(
    ("person", "issuer", "said"),
    [
        (Person("Other", "Clinic", date(1980, 1, 2)), "CLINIC-B", "name and given name and birth date"),
        (Person("", "", date(1980, 1, 2)), "", "birth date"),
        (Person(), "CLINIC-B", "issuer CLINIC-B"),
    ],
)
def test_what_is_said_of_a_woman_with_pictures_and_her_record_does_not_know_is_asked_about(
    lib: Library, person: Person, issuer: str, said: str
) -> None:
    nameless = cases.add_patient(lib, identifier="K-17")
    planned = replace(asked(person), issuers=(issuer,) if issuer else ())
    found = places.contradiction(planned, nameless, pictures=3)
    assert said in found
    assert "3 pictures" in found
    assert places.contradiction(replace(planned, confirmed=True), nameless, pictures=3) == ""


def test_a_name_and_birth_date_that_are_those_on_record_prove_an_issuer(woman: Patient) -> None:
    planned = replace(asked(Person("Li", "Na", date(1980, 2, 29))), issuers=("CLINIC-B",))
    assert places.contradiction(planned, woman, pictures=3) == ""


@pytest.mark.parametrize(
    ("named", "another"), [("Kurz Ute", True), ("Garcia", True), ("Li", False), ("LI NA", False), ("glans", False)]
)
def test_a_name_in_a_folder_that_is_not_that_on_record_is_asked_about(
    woman: Patient, named: str, another: bool
) -> None:
    found = places.contradiction(replace(asked(), named=(named,)), woman)
    assert bool(found) is another
    assert (named in found) is another


def test_her_pictures_are_known_by_the_uids_of_an_export(lib: Library, woman: Patient, planned: PlannedVisit) -> None:
    visit = cases.add_visit(lib, woman.id)
    held(lib, planned, visit.id, 2)
    assert places.pictures_of(lib, woman) == 2
    found = places.exported(lib, woman)
    assert {picture.visit_id for picture, _ in found.values()} == {visit.id}
    assert all(uid.startswith("2.25.") for uid in found)
