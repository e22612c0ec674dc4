"""The library that `benchmarks/scale.py` measures is one that the program itself could have written."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from benchmarks.scale_parts.make import make
from benchmarks.scale_parts.searches import KINDS, prefixes, typed
from pfm_desktop.services import accounts, cases
from pfm_desktop.storage import tables, upkeep
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.search import parts_of

pytestmark = pytest.mark.slow

VISITS = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("scale") / "library"
    make(Library.create(made), VISITS)
    return made


def test_the_database_and_its_audit_trail_are_sound(folder: Path) -> None:
    with Library.open(folder) as lib:
        assert list(upkeep.database_problems(lib)) == []
        assert list(upkeep.audit_problems(lib)) == []


def test_it_holds_what_it_promises(folder: Path) -> None:
    with Library.open(folder) as lib:
        rows = cases.today(lib)
        assert len(rows) == VISITS
        assert {row.pictures for row in rows} == {4}
        assert all(row.has_white and row.has_fluorescence for row in rows)
        assert any(row.earlier_visits for row in rows)
        assert len(upkeep.picture_hashes(lib)) == 4 * VISITS
        case = cases.visit_case(lib, rows[0].visit.id)
        assert len(case.pairs) == 1
        assert {row.signed for row in rows} == {True, False}


def test_what_a_search_looks_at_is_what_the_program_would_keep(folder: Path) -> None:
    with Library.open(folder) as lib, lib.read() as session:
        words = set(session.execute(select(tables.SearchWordTable.part, tables.SearchWordTable.patient_id)).tuples())
        women = session.execute(select(tables.PatientTable.id, tables.PatientTable.search)).all()
        assert words == {(part, key) for key, said in women for part in parts_of(said)}
        days = set(session.scalars(select(tables.VisitDayTable.day)))
        assert days == set(session.scalars(select(tables.VisitTable.day_text)))


def test_the_same_seed_makes_the_same_library(folder: Path, tmp_path: Path) -> None:
    make(Library.create(tmp_path / "again"), VISITS)
    with Library.open(folder) as one, Library.open(tmp_path / "again") as other:
        assert cases.today(one) == cases.today(other)


def test_the_encrypted_one_holds_the_same_and_is_as_sound(folder: Path, tmp_path: Path) -> None:
    make(accounts.make_library(tmp_path / "encrypted", "Dr. Scale", "four words that differ")[0], VISITS)
    with (
        Library.open(folder) as one,
        accounts.sign_in(tmp_path / "encrypted", "Dr. Scale", "four words that differ") as other,
    ):
        assert cases.today(one) == cases.today(other)
        assert list(upkeep.database_problems(other)) == []
        assert list(upkeep.audit_problems(other)) == []


def test_what_is_typed_is_found_but_for_what_is_meant_to_be_nowhere(folder: Path) -> None:
    with Library.open(folder) as lib:
        searches = typed(lib, each=3)
        assert set(searches) == set(KINDS)
        for kind in ("family name", "two words", "identifier", "date", "hour", "Chinese name"):
            assert all(cases.today(lib, search=search) for search in searches[kind]), kind
        assert not any(cases.today(lib, search=search) for search in searches["nothing found"])


def test_a_search_is_typed_letter_by_letter() -> None:
    assert prefixes("王 a") == ["王", "王 ", "王 a"]
