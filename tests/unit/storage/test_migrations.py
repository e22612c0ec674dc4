from __future__ import annotations

import errno
import os
import sqlite3
import sys
import types
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from pfm_desktop.storage import migrations, repositories
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.storage.search import parts_of
from pfm_desktop.storage.tables import Base
from pfm_desktop.storage.worklist import Question
from pfm_desktop.support.errors import StorageError

PACKAGE = "pfm_desktop.storage.migrations.versions"


def test_the_migrations_make_exactly_the_tables_that_the_program_expects(lib: Library) -> None:
    with lib.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_journal_numbers_are_never_given_twice(lib: Library) -> None:
    lib.record_event("test", "a", "first")
    lib.record_event("test", "b", "second")
    with lib.write() as session:
        session.execute(sa.text("DELETE FROM journal WHERE seq = 2"))
    lib.record_event("test", "c", "third")
    with lib.read() as session:
        assert session.execute(sa.text("SELECT seq FROM journal ORDER BY seq")).scalars().all() == [1, 3]


def test_every_version_says_what_it_brings() -> None:
    for number, name in enumerate(migrations.VERSIONS, start=1):
        module = sys.modules[f"{PACKAGE}.{name}"]
        assert name.startswith(f"v{number:04d}_")
        assert module.INFO
        assert "\n" not in module.INFO


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A library of the present version with something in it."""
    with Library.create(tmp_path / "clinic") as lib:
        lib.record_event("test", "key", "kept")
    return tmp_path / "clinic"


def next_version(monkeypatch: pytest.MonkeyPatch, upgrade: Any) -> None:
    """As if the program had one more version."""
    module = types.ModuleType(f"{PACKAGE}.v9999_next")
    module.INFO, module.upgrade = "a colour for each patient", upgrade  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    versions = (*migrations.VERSIONS, "v9999_next")
    monkeypatch.setattr(migrations, "VERSIONS", versions)
    monkeypatch.setattr(migrations, "CURRENT", len(versions))


def add_colour(op: Any) -> None:
    op.add_column("patients", sa.Column("colour", sa.String(20), nullable=True))


def columns(database: Path) -> set[str]:
    connection = sqlite3.connect(database)
    found = {row[1] for row in connection.execute("PRAGMA table_info(patients)")}
    connection.close()
    return found


def test_an_older_library_is_brought_up_to_date_with_a_backup_beside_it(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = migrations.CURRENT
    next_version(monkeypatch, add_colour)
    with Library.open(old) as lib:
        assert lib.meta("schema_version") == str(version + 1)
        assert f"from version {version} to {version + 1}" in lib.notice
        (copy,) = migrations.copies(old)
        assert str(copy.path) in lib.notice
        assert copy.version == version
        with lib.read() as session:
            said = session.execute(sa.text("SELECT text FROM journal ORDER BY seq DESC")).scalars().first()
        assert said == f"Brought from version {version} to {version + 1}; {copy.path.name} kept"
    assert "colour" in columns(old / DATABASE)
    backup = copy.path
    assert "colour" not in columns(backup)
    connection = sqlite3.connect(backup)
    assert connection.execute("SELECT text FROM journal").fetchall() == [("kept",)]
    connection.close()


def test_a_copy_from_before_is_never_written_over(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (old / DATABASE).read_bytes()
    next_version(monkeypatch, add_colour)
    Library.open(old).close()
    (first,) = migrations.copies(old)
    kept = first.path.read_bytes()
    (old / DATABASE).write_bytes(before)  # as if it was brought back, and opened by the newer program again
    Library.open(old).close()
    assert len(migrations.copies(old)) == 2
    assert first.path.read_bytes() == kept


def test_too_little_room_for_the_copy_is_said_before_anything_is_written(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_version(monkeypatch, add_colour)
    usage = types.SimpleNamespace(free=1 << 20)
    with monkeypatch.context() as patch:
        patch.setattr(migrations.shutil, "disk_usage", lambda _path: usage)
        with pytest.raises(StorageError, match=r"too little room to copy it .* 1\d MB are needed, 2 MB are free"):
            Library.open(old)
    assert "colour" not in columns(old / DATABASE)
    assert migrations.copies(old) == ()
    Library.open(old).close()
    assert "colour" in columns(old / DATABASE)


def test_a_disk_that_fills_up_while_the_tables_change_leaves_the_library_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fills_up(op: Any) -> None:
        add_colour(op)
        connection = op.get_bind()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # SQLite's own word for a full disk
        op.execute("CREATE TABLE big (x BLOB)")
        op.execute("INSERT INTO big VALUES (zeroblob(9000000))")

    with monkeypatch.context() as patch:
        next_version(patch, fills_up)
        with pytest.raises(StorageError, match="is full"):
            Library.open(old)
    assert "colour" not in columns(old / DATABASE)
    with Library.open(old) as lib, lib.read() as session:  # the program of before still opens it
        assert session.execute(sa.text("SELECT text FROM journal")).scalars().all() == ["kept"]


def test_a_migration_that_fails_half_way_leaves_the_library_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(op: Any) -> None:
        add_colour(op)
        op.execute("INSERT INTO no_such_table VALUES (1)")

    with monkeypatch.context() as patch:
        next_version(patch, half)
        with pytest.raises(StorageError, match="no_such_table"):
            Library.open(old)
    assert "colour" not in columns(old / DATABASE)
    with Library.open(old) as lib:  # the program of before still opens it
        assert not lib.read_only


@pytest.fixture
def of_version_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A library as the first version made it, the demo or not, with a drawn picture and one from a file."""
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "VERSIONS", migrations.VERSIONS[:1])
        patch.setattr(migrations, "CURRENT", 1)
        Library.create(tmp_path / "old", demo=request.param).close()
    connection = sqlite3.connect(tmp_path / "old" / DATABASE)
    connection.execute("INSERT INTO patients VALUES ('p', 'K-17', 'A', 'B', NULL, '')")
    connection.execute("INSERT INTO visits VALUES ('v', 'p', '2026-03-14 08:30:00', '', '', '', '')")
    for key, device in (("drawn", "Phantom generator"), ("file", "")):
        connection.execute(
            "INSERT INTO pictures (id, visit_id, sha256, stage, taken_at, width, height, device, original_name) "
            "VALUES (?, 'v', ?, 'saline', '2026-03-14 08:31:00', 64, 48, ?, 'a.png')",
            (key, "ab" * 32, device),
        )
    connection.commit()
    connection.close()
    return tmp_path / "old"


@pytest.mark.parametrize(("of_version_1", "known"), [(False, set()), (True, {"drawn"})], indirect=["of_version_1"])
def test_in_an_older_library_no_time_of_day_is_known_but_of_what_was_drawn_for_the_demo(
    of_version_1: Path, known: set[str]
) -> None:
    with Library.open(of_version_1) as lib, lib.read() as session:
        pictures = repositories.pictures_of(session, "v")
        assert {picture.id for picture in pictures} == {"drawn", "file"}
        assert {picture.id for picture in pictures if picture.time_known} == known
        assert all(picture.taken_at == datetime(2026, 3, 14, 8, 31, tzinfo=UTC) for picture in pictures)
    assert [copy.version for copy in migrations.copies(of_version_1)] == [1]


@pytest.mark.parametrize("version", range(1, migrations.VERSIONS.index("v0005_scale") + 1))
def test_a_library_of_any_older_version_is_searched_as_one_that_was_made_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "VERSIONS", migrations.VERSIONS[:version])
        patch.setattr(migrations, "CURRENT", version)
        Library.create(tmp_path / "old").close()
    connection = sqlite3.connect(tmp_path / "old" / DATABASE)
    names = ("muller, anne muller k-17", "王, 秀英 王 2017-00003", "A Very-Long-Family-Name-Indeed", "")
    women = [(f"p{number}", f"I{number}", "", "", None, name) for number, name in enumerate(names)]
    connection.executemany("INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?)", women)
    visits = [
        (f"v{number}", f"p{number}", f"2026-03-{14 + number} 0{number}:3{number}:00.000000", "", "", "", "2026-03-14")
        for number in range(len(names))
    ]
    connection.executemany("INSERT INTO visits VALUES (?, ?, ?, ?, ?, ?, ?)", visits)
    connection.execute("INSERT INTO findings (visit_id, impression, text, plan) VALUES ('v1', 'high', '', '')")
    connection.commit()
    connection.close()
    with Library.open(tmp_path / "old") as lib, lib.read() as session:
        for typed, found in {
            "ulle": ["v0"],
            "秀": ["v1"],
            "family-name-indeed": ["v2"],
            "03-14 2026": ["v3", "v2", "v1", "v0"],
            "hig": ["v1"],
            "17": ["v1", "v0"],
            "nobody": [],
        }.items():
            rows = repositories.visit_rows(session, Question(search=typed))
            assert [row.visit.id for row in rows] == found, typed
        minutes = session.execute(sa.text("SELECT minute FROM visits ORDER BY id")).scalars().all()
        assert minutes == [0 * 60 + 30, 1 * 60 + 31, 2 * 60 + 32, 3 * 60 + 33]
        parts = session.execute(sa.text("SELECT part, patient_id FROM search_words")).all()
        assert {tuple(line) for line in parts} == {
            (part, f"p{number}") for number, name in enumerate(names) for part in parts_of(name)
        }


def test_an_older_library_is_not_migrated_under_another_program(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Library.open(old):
        next_version(monkeypatch, add_colour)
        with pytest.raises(StorageError, match="older version"):
            Library.open(old)
    assert "colour" not in columns(old / DATABASE)


@pytest.mark.parametrize("failure", ["while copying", "while syncing"])
def test_no_room_for_the_backup_means_no_migration(old: Path, monkeypatch: pytest.MonkeyPatch, failure: str) -> None:
    def full(*_: object) -> None:
        if failure == "while copying":
            raise sqlite3.OperationalError("database or disk is full")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    next_version(monkeypatch, add_colour)
    with monkeypatch.context() as patch:
        patch.setattr("pfm_desktop.storage.engine.os.fsync", full)
        with pytest.raises(StorageError, match=r"is full|No space left"):
            Library.open(old)
    assert "colour" not in columns(old / DATABASE)
    Library.open(old).close()  # and once there is room it goes on
    assert "colour" in columns(old / DATABASE)
