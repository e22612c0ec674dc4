"""The database is read ahead whole, past none of SQLite's locks, and only for as long as the library is open."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pfm_desktop.jobs import Cancelled, SilentContext
from pfm_desktop.services import accounts
from pfm_desktop.storage import read_ahead as reading
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.read_ahead import read_ahead
from pfm_desktop.storage.schema import DATABASE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux which locks and files are held")


@pytest.fixture(params=["plain", "encrypted"])
def lib(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    made = (
        Library.create(tmp_path / "library")
        if request.param == "plain"
        else accounts.make_library(tmp_path / "library", "Dr. A", "four words that differ")[0]
    )
    with made:
        yield made


def locks_on(file: Path) -> list[str]:
    """Ranges that this process has locked in a file."""
    inode = f":{file.stat().st_ino}"
    lines = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    return sorted(" ".join(line[-2:]) for line in lines if line[-3].endswith(inode) and str(os.getpid()) in line)


class Stopping(SilentContext):
    """Wants to go on `pieces` times."""

    def __init__(self, pieces: int) -> None:
        self.left = pieces

    def check(self) -> None:
        """See `jobs.Context`."""
        if not self.left:
            raise Cancelled
        self.left -= 1


def test_the_whole_file_is_read(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 10_000)  # the last one is a part
    database = lib.path / DATABASE
    assert read_ahead(database, SilentContext()) == database.stat().st_size > 10_000


def test_no_more_is_read_than_memory_is_for(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 4096)
    monkeypatch.setattr(reading, "MOST", 3 * 4096)
    assert read_ahead(lib.path / DATABASE, SilentContext()) == 3 * 4096


def test_the_locks_of_sqlite_stay(lib: Library) -> None:
    database = lib.path / DATABASE
    with lib.read() as session:
        session.connection().exec_driver_sql("SELECT count(*) FROM meta").fetchall()
        held = locks_on(database)
        assert held
        read_ahead(database, SilentContext())
        assert locks_on(database) == held
    # the counter-check, so that this test knows what it would see: one that is opened and closed past SQLite
    with lib.read() as session:
        session.connection().exec_driver_sql("SELECT count(*) FROM meta").fetchall()
        database.read_bytes()
        assert locks_on(database) != held


def test_it_stops_when_it_is_told(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 4096)
    with pytest.raises(Cancelled):
        read_ahead(lib.path / DATABASE, Stopping(2))


def test_nothing_is_read_of_a_library_that_was_closed(lib: Library) -> None:
    lib.close()
    assert read_ahead(lib.path / DATABASE, SilentContext()) == 0


def test_it_ends_when_the_library_is_closed_meanwhile(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 4096)

    class Closing(SilentContext):
        checks = 0

        def check(self) -> None:
            self.checks += 1
            if self.checks == 3:
                lib.close()

    assert read_ahead(lib.path / DATABASE, Closing()) == 2 * 4096


def test_what_cannot_be_read_is_left_to_who_needs_it(tmp_path: Path) -> None:
    assert read_ahead(tmp_path / "nowhere" / DATABASE, SilentContext()) == 0
