"""What a crash left of the write-ahead log: whatever is not there any more of what was accepted is told."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.storage import after_crash, journal, repositories
from pfm_desktop.storage.after_crash import INDEX, WAL
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import SET_ASIDE
from pfm_desktop.support.errors import StorageError

FRAME = 24 + 4096


def patient(number: int) -> Change:
    new = {"identifier": f"K-{number}", "family_name": "", "given_name": "", "birth_date": None}
    return Change("patient", f"{number:032d}", None, new, "Patient added")


def women(lib: Library) -> int:
    with lib.read() as session:
        return len(repositories.patients(session))


@pytest.fixture
def killed(lib: Library, tmp_path: Path) -> Path:
    """As a kill leaves it, with three women who stand in the WAL only."""
    for number in range(3):
        lib.apply(patient(number))
    shutil.copytree(lib.path, tmp_path / "killed")
    return tmp_path / "killed"


def beginning(wal: Path) -> None:
    data = wal.read_bytes()
    wal.write_bytes(b"\xa5" * 32 + data[32:])


def one_byte_of_the_first_page(wal: Path) -> None:
    data = bytearray(wal.read_bytes())
    data[32 + 24 + 100] ^= 1
    wal.write_bytes(data)


def all_of_it(wal: Path) -> None:
    wal.write_bytes(b"\x5a" * wal.stat().st_size)


def emptied(wal: Path) -> None:
    wal.write_bytes(b"")


def cut_within_the_beginning(wal: Path) -> None:
    wal.write_bytes(wal.read_bytes()[:20])


def last_transaction_cut_off(wal: Path) -> None:
    """To a whole number of frames: nothing in the file itself tells that something is missing."""
    data = wal.read_bytes()
    ends = [at for at in range(32, len(data), FRAME) if any(data[at + 4 : at + 8])]
    wal.write_bytes(data[: ends[-2] + FRAME])


HARMS = (
    beginning,
    one_byte_of_the_first_page,
    all_of_it,
    emptied,
    cut_within_the_beginning,
    last_transaction_cut_off,
)


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_wal_is_told_goes_on_record_and_is_kept(killed: Path, harm: Callable[[Path], None]) -> None:
    harm(killed / WAL)
    left = (killed / WAL).read_bytes()
    with Library.open(killed) as lib:
        kept = list((killed / SET_ASIDE).glob("*"))
        assert [file.read_bytes() for file in kept] == ([left] if left else [])
        for words in ("what was done last is not here", *map(str, kept), "do it again or restore a backup"):
            assert words in lib.notice
        assert women(lib) == (2 if harm is last_transaction_cut_off else 0), "what can be read is there"
        with lib.read() as session:
            assert any("library.sqlite-wal was damaged" in line.text for line in journal.entries(session))
        lib.apply(patient(7))
    with Library.open(killed) as lib:
        assert "what was done last is not here" in lib.notice, "whoever opens it is told until a window was"
        lib.told()
    with Library.open(killed) as lib:
        assert lib.notice == ""


@pytest.mark.parametrize("harm", [beginning, one_byte_of_the_first_page, all_of_it, emptied])
def test_without_its_index_a_damaged_wal_is_told_too(killed: Path, harm: Callable[[Path], None]) -> None:
    (killed / INDEX).unlink()
    harm(killed / WAL)
    with Library.open(killed) as lib:
        assert "what was done last is not here" in lib.notice


def test_a_damaged_wal_whose_work_is_in_the_database_already_is_not_told(lib: Library, tmp_path: Path) -> None:
    lib.apply(patient(1))
    with lib.read() as session:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.execute("COMMIT")
        assert driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[0] == 0
        driver.execute("BEGIN")
    shutil.copytree(lib.path, tmp_path / "killed")
    beginning(tmp_path / "killed" / WAL)
    with Library.open(tmp_path / "killed") as opened:
        assert opened.notice == ""
        assert women(opened) == 1


def test_a_program_that_was_killed_before_it_wrote_is_no_reason_for_a_word(lib: Library, tmp_path: Path) -> None:
    lib.apply(patient(1))
    lib.close()
    with Library.open(lib.path) as again:
        assert women(again) == 1
        shutil.copytree(lib.path, tmp_path / "killed")
    assert (tmp_path / "killed" / WAL).stat().st_size == 0
    with Library.open(tmp_path / "killed") as opened:
        assert opened.notice == ""
        assert women(opened) == 1


@pytest.mark.parametrize("with_index", [True, False])
def test_a_transaction_that_was_on_its_way_is_no_reason_for_a_word(
    lib: Library, tmp_path: Path, *, with_index: bool
) -> None:
    for number in range(3):
        lib.apply(patient(number))
    with lib.write() as session:  # large, so that it is written before it ends
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA cache_size=10")
        driver.execute("CREATE TABLE t (a)")
        driver.executemany("INSERT INTO t VALUES (?)", [("x" * 3000,) for _ in range(200)])
        shutil.copytree(lib.path, tmp_path / "killed")
    if not with_index:
        (tmp_path / "killed" / INDEX).unlink()
    assert (tmp_path / "killed" / WAL).stat().st_size > 100 * FRAME
    with Library.open(tmp_path / "killed") as opened:
        assert opened.notice == ""
        assert women(opened) == 3


def test_frames_of_a_wal_that_was_begun_anew_are_no_reason_for_a_word(lib: Library, tmp_path: Path) -> None:
    for number in range(20):
        lib.apply(patient(number))
    with lib.write() as session:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.execute("COMMIT")
        driver.execute("PRAGMA wal_checkpoint(RESTART)")
        driver.execute("BEGIN")
    lib.apply(patient(20))  # over the first frames; those of before stand behind them
    shutil.copytree(lib.path, tmp_path / "killed")
    (tmp_path / "killed" / INDEX).unlink()
    with Library.open(tmp_path / "killed") as opened:
        assert opened.notice == ""
        assert women(opened) == 21


@pytest.mark.parametrize("data", [b"", b"\0" * 200, b"\xff" * 40, b"\x01" * 32768])
def test_an_index_that_makes_no_sense_is_as_none(killed: Path, data: bytes) -> None:
    (killed / INDEX).write_bytes(data)
    with Library.open(killed) as lib:
        assert lib.notice == ""
        assert women(lib) == 3


def test_where_no_copy_can_be_kept_nothing_is_opened_and_the_wal_stays(
    killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beginning(killed / WAL)
    left = (killed / WAL).read_bytes()

    def full(_source: object, _target: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(after_crash.shutil, "copyfileobj", full)
        with pytest.raises(StorageError, match=r"written over at its beginning.*a copy is kept.*free some space"):
            Library.open(killed)
    assert (killed / WAL).read_bytes() == left
    with Library.open(killed) as lib:
        assert "what was done last is not here" in lib.notice


def test_a_missing_wal_is_told_and_leaves_nothing_to_keep(killed: Path, caplog: pytest.LogCaptureFixture) -> None:
    (killed / WAL).unlink()
    with Library.open(killed) as lib:
        assert "library.sqlite-wal is missing: if it was removed, what was done last is not here" in lib.notice
    assert "the write-ahead log of a library was missing" in caplog.text
    assert not (killed / SET_ASIDE).exists()


def test_who_reads_along_and_closes_last_leaves_the_work_of_a_killed_program_where_it_is(
    lib: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Library.open(lib.path)
    lib.apply(patient(1))
    assert women(reader) == 1
    holding, lib._lock = lib._lock, None
    lib.close()  # as a kill: its name stays in the lock
    assert holding is not None
    assert holding._stream is not None
    holding._stream.close()
    reader.close()
    assert (lib.path / WAL).stat().st_size
    with Library.open(lib.path) as again:
        assert again.notice == ""
        assert women(again) == 1
        with again.read() as session:
            assert not any("without closing" in line.text for line in journal.entries(session))


def test_who_reads_along_can_write_nothing_past_the_program_either(lib: Library) -> None:
    with Library.open(lib.path) as reader, reader.read() as session:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA query_only=OFF")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            driver.execute("DELETE FROM patients")
