"""The Today list read before the database modules are loaded is the list of the open library, or none at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.services import cases, review
from pfm_desktop.storage import migrations, schema
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import CURRENT, DATABASE
from pfm_desktop.storage.worklist import Question, first_rows, rows

pytestmark = pytest.mark.slow

BEGUN = datetime(2026, 3, 14, 8, 15, tzinfo=UTC)


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A library of three women and five visits with all that a row can tell, closed."""
    folder = tmp_path / "Klinik 北京"
    with Library.create(folder) as library:
        anna = cases.add_patient(library, identifier="K-17", family_name="Müller", given_name="Änne")
        eve = cases.add_patient(library, identifier="100%_/x", birth_date=date(1980, 2, 29))
        cases.add_patient(library, identifier="nobody's visit")
        visits = [
            cases.add_visit(library, who, started_at=BEGUN + timedelta(days=days), indication=f"visit {days}")
            for who, days in ((anna.id, 0), (eve.id, 0), (anna.id, 30), (anna.id, 400), (eve.id, 500))
        ]
        for number, visit in enumerate(visits[:3]):
            for stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID, Stage.LUGOL)[: number + 1]:
                fields = {
                    "visit_id": visit.id,
                    "sha256": "0" * 64,
                    "stage": stage.value,
                    "taken_at": BEGUN.isoformat(),
                    "width": 5,
                    "height": 5,
                    "seconds_since_acid": None,
                    "mm_per_px": None,
                    "device": "",
                    "original_name": "",
                    "time_known": False,
                }
                key = f"{number}{list(Stage).index(stage)}" * 16
                library.apply(Change("picture", key, None, fields, "Picture added"))
        review.set_impression(library, visits[1].id, Grade.HIGH)
        library.apply(
            Change(
                "findings",
                visits[0].id,
                None,
                {
                    "impression": "low",
                    "signature": {"name": "R", "signed_at": BEGUN.isoformat(), "meaning": "reviewed"},
                },
                "Signed",
            )
        )
    return folder


def test_the_first_look_shows_what_the_open_library_shows(closed: Path) -> None:
    looked = first_rows(closed)
    assert looked is not None
    with Library.open(closed) as library:
        assert looked == cases.today(library)
    assert len(looked) == 5
    assert {row.signed for row in looked} == {True, False}
    assert {row.impression for row in looked} == {"", "low", "high"}
    assert {(row.has_white, row.has_fluorescence) for row in looked} == {(False, False), (True, False), (True, True)}
    assert max(row.earlier_visits for row in looked) == 2


def test_the_first_look_leaves_no_trace(closed: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in closed.iterdir()}
    assert first_rows(closed)
    assert {path.name: path.stat().st_mtime_ns for path in closed.iterdir()} == before


def test_a_library_that_is_open_is_not_looked_at_past_its_lock(closed: Path) -> None:
    with Library.open(closed):
        assert first_rows(closed) is None
    assert first_rows(closed) is not None


def test_a_library_that_was_not_closed_is_opened_first(closed: Path) -> None:
    (closed / f"{DATABASE}-wal").write_bytes(b"what the power cut left")
    assert first_rows(closed) is None


@pytest.mark.parametrize("version", ["1", "2", str(CURRENT + 1), "999", "", "two"])
def test_a_library_of_another_version_is_opened_first(closed: Path, version: str) -> None:
    connection = sqlite3.connect(closed / DATABASE)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (version,))
    connection.commit()
    connection.close()
    assert first_rows(closed) is None


def test_what_is_no_library_is_opened_first(tmp_path: Path, closed: Path) -> None:
    assert first_rows(tmp_path / "nowhere") is None
    (tmp_path / "empty").mkdir()
    assert first_rows(tmp_path / "empty") is None
    assert first_rows(closed / DATABASE) is None, "a file"
    for damage in (b"", b"no database at all", (closed / DATABASE).read_bytes()[:5000]):
        broken = tmp_path / f"broken{len(damage)}"
        broken.mkdir()
        (broken / DATABASE).write_bytes(damage)
        assert first_rows(broken) is None


def test_damage_anywhere_in_the_file_ends_in_rows_or_in_none(tmp_path: Path, closed: Path) -> None:
    whole = (closed / DATABASE).read_bytes()
    broken = tmp_path / "broken"
    broken.mkdir()
    for at in range(0, len(whole), 997):
        (broken / DATABASE).write_bytes(whole[:at] + b"\xff" * 300 + whole[at + 300 :])
        looked = first_rows(broken)
        assert looked is None or all(row.visit.started_at.tzinfo is UTC for row in looked)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_looked_into_is_left_to_the_opening(closed: Path) -> None:
    closed.chmod(0)
    try:
        assert first_rows(closed) is None
    finally:
        closed.chmod(0o700)


def test_a_copy_on_a_read_only_disk_is_looked_at(tmp_path: Path, closed: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(closed, copy)
    (copy / DATABASE).chmod(0o400)
    copy.chmod(0o500)
    try:
        assert first_rows(copy) == first_rows(closed)
    finally:
        copy.chmod(0o700)


def test_the_newest_come_first_and_no_more_than_asked(closed: Path) -> None:
    with Library.open(closed) as library, library.read() as session:
        from pfm_desktop.storage.repositories import visit_rows

        every = visit_rows(session, Question())
        assert [row.visit.started_at for row in every] == sorted((row.visit.started_at for row in every), reverse=True)
        assert visit_rows(session, Question(limit=2)) == every[:2]
        hour = f"{BEGUN.astimezone():%H}:"
        assert (
            visit_rows(session, Question(search=hour, limit=1))
            == tuple(row for row in every if f"{row.visit.started_at.astimezone():%H}:" == hour)[:1]
        )


@pytest.mark.parametrize(("search", "found"), [("100%_/x", 2), ("%", 2), ("_", 2), ("/", 5), ("100% müller", 0)])
def test_signs_that_mean_something_to_the_database_mean_themselves(closed: Path, search: str, found: int) -> None:
    """A slash also stands in the days of all visits."""
    with Library.open(closed) as library:
        assert len(cases.today(library, search=search)) == found


def test_a_moment_without_a_zone_is_compared_with_nothing() -> None:
    with pytest.raises(ValueError, match="without time zone"):
        rows(lambda *_: (), Question(before=datetime(2026, 1, 1)))


def test_the_version_known_here_is_the_one_that_migrations_bring() -> None:
    assert migrations.CURRENT == schema.CURRENT == len(schema.VERSIONS)
    assert all(hasattr(migrations.versions, name) for name in schema.VERSIONS)


def test_the_first_look_loads_no_database_modules() -> None:
    code = "import sys, pfm_desktop.storage.worklist; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlalchemy", "alembic", "numpy"} & set(loaded)
    assert "sqlite3" in loaded
