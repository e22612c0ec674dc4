from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.worklist import Question

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Shelf

MOMENT = "2026-03-14T08:30:00+00:00"


def add_visit(lib: Library, shelf: Shelf, key: str, days_later: int) -> str:
    started = datetime.fromisoformat(MOMENT) + timedelta(days=days_later)
    fields = {
        "patient_id": shelf.patient,
        "started_at": started.isoformat(),
        "indication": "",
        "examiner": "",
        "note": "",
    }
    lib.apply(Change("visit", key * 32, None, fields, "Visit added"))
    return key * 32


def test_a_patient_comes_back_as_she_went_in(lib: Library, shelf: Shelf) -> None:
    with lib.read() as session:
        found = stored.patient(session, shelf.patient)
        assert found is not None
        assert (found.display_name, found.identifier, found.birth_date) == ("Müller, Änne", "K-17", date(1980, 2, 29))
        assert stored.patient_by_identifier(session, "K-17") == found
        assert stored.patient(session, "0" * 32) is None


def test_moments_come_back_aware_whatever_zone_they_came_in(lib: Library, shelf: Shelf) -> None:
    fields = {"patient_id": shelf.patient, "indication": "", "examiner": "", "note": ""}
    lib.apply(Change("visit", "1" * 32, None, {**fields, "started_at": "2026-03-14T10:30:00+02:00"}, "Visit added"))
    with lib.read() as session:
        found = stored.visit(session, "1" * 32)
    assert found is not None
    assert found.started_at == datetime(2026, 3, 14, 8, 30, tzinfo=UTC)
    assert found.started_at.tzinfo is UTC


def test_a_moment_without_zone_is_refused(lib: Library, shelf: Shelf) -> None:
    fields = {"patient_id": shelf.patient, "indication": "", "examiner": "", "note": ""}
    with pytest.raises(Exception, match="without time zone"):
        lib.apply(Change("visit", "1" * 32, None, {**fields, "started_at": "2026-03-14T10:30:00"}, "Visit added"))


def test_pictures_come_in_time_order_with_all_their_facts(lib: Library, shelf: Shelf) -> None:
    with lib.read() as session:
        found = stored.pictures_of(session, shelf.visit)
    assert [picture.id for picture in found] == [shelf.white, shelf.fluorescence]
    assert found[0] == Picture(
        id=shelf.white,
        visit_id=shelf.visit,
        sha256=found[0].sha256,
        stage=Stage.ACETIC_ACID,
        taken_at=datetime.fromisoformat(MOMENT),
        width=640,
        height=480,
        seconds_since_acid=60.0,
        mm_per_px=0.05,
        original_name="a.png",
    )
    assert found[1].source is Source.FLUORESCENCE


def test_a_visit_without_findings_has_default_ones(lib: Library, shelf: Shelf) -> None:
    with lib.read() as session:
        found = stored.findings_of(session, shelf.visit)
        assert stored.second_read_of(session, shelf.visit) is None
    assert found.impression is None
    assert found.swede.status == "not scored"
    assert not found.revealed


@pytest.mark.parametrize(
    "search",
    [
        "müller",
        "MULLER",
        "änne",
        "anne mül",
        "k-17",
        "2026-03-14",
        "14.03.2026",
        "14 march 2026",
        "mar 2026",
        "high",
        "hig",
    ],
)
def test_a_visit_is_found_by_name_number_date_and_impression(lib: Library, shelf: Shelf, search: str) -> None:
    lib.apply(Change("findings", shelf.visit, {"impression": None}, {"impression": "high"}, "Impression"))
    with lib.read() as session:
        assert [row.visit.id for row in stored.visit_rows(session, Question(search=search))] == [shelf.visit]


@pytest.mark.parametrize(
    "search", ["meier", "k-18", "2025", "low", "müller low", "%", "_", "h", "'; DROP TABLE visits; --"]
)
def test_what_does_not_match_in_every_word_is_not_found(lib: Library, shelf: Shelf, search: str) -> None:
    lib.apply(Change("findings", shelf.visit, {"impression": None}, {"impression": "high"}, "Impression"))
    if search == "h":
        lib.apply(Change("patient", shelf.patient, {"family_name": "Müller"}, {"family_name": "Maier"}, "Name"))
        search = "h x"
    with lib.read() as session:
        assert stored.visit_rows(session, Question(search=search)) == ()


def test_a_corrected_name_is_found_and_the_wrong_one_is_not(lib: Library, shelf: Shelf) -> None:
    lib.apply(Change("patient", shelf.patient, {"family_name": "Müller"}, {"family_name": "Weiß"}, "Name corrected"))
    with lib.read() as session:
        assert stored.visit_rows(session, Question(search="müller")) == ()
        assert len(stored.visit_rows(session, Question(search="weiss"))) == 1
        assert len(stored.patients(session, search="WEISS änne")) == 1


def test_visits_come_newest_first_and_know_how_many_came_before(lib: Library, shelf: Shelf) -> None:
    add_visit(lib, shelf, "1", 400)
    add_visit(lib, shelf, "2", 20)
    with lib.read() as session:
        rows = stored.visit_rows(session, Question())
        limited = stored.visit_rows(session, Question(limit=1))
        earlier = stored.visit_rows(session, Question(patient_id=shelf.patient, before=rows[0].visit.started_at))
    assert [(row.visit.id[0], row.earlier_visits) for row in rows] == [("1", 2), ("2", 1), ("e", 0)]
    assert limited == rows[:1]
    assert earlier == rows[1:]


def test_a_row_tells_what_the_visit_holds(lib: Library, shelf: Shelf) -> None:
    empty = add_visit(lib, shelf, "1", 1)
    with lib.read() as session:
        rows = {row.visit.id: row for row in stored.visit_rows(session, Question())}
    full, bare = rows[shelf.visit], rows[empty]
    assert (full.pictures, full.has_white, full.has_fluorescence, full.impression, full.signed) == (
        2,
        True,
        True,
        "",
        False,
    )
    assert (bare.pictures, bare.has_white, bare.has_fluorescence) == (0, False, False)
    signature = {"name": "R", "signed_at": MOMENT, "meaning": "reviewed"}
    lib.apply(
        Change(
            "findings",
            shelf.visit,
            {"signature": None, "impression": None},
            {"signature": signature, "impression": "normal"},
            "Signed",
        )
    )
    with lib.read() as session:
        after = next(row for row in stored.visit_rows(session, Question()) if row.visit.id == shelf.visit)
    normal = Grade.NORMAL.value
    assert after == replace(full, signed=True, impression=normal, signed_first=normal)


def test_pins_come_by_letter_and_the_second_round_of_letters_comes_last(lib: Library, shelf: Shelf) -> None:
    for number, letter in enumerate(["B", "A1", "A"]):
        fields = {"pair_id": shelf.pair, "frame": "white", "x": 1.0, "y": 2.0, "letter": letter, "note": ""}
        lib.apply(Change("pin", f"{number}" * 32, None, fields, "Pin placed"))
    with lib.read() as session:
        assert [pin.letter for pin in stored.pins_of(session, shelf.visit)] == ["A", "B", "A1"]
