from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.storage import attempts, keys, repositories
from pfm_desktop.storage import library as library_module
from pfm_desktop.storage.library import DATABASE, Library
from pfm_desktop.storage.lock import LibraryLock, UnknownHolderError
from pfm_desktop.storage.schema import KEYS, KEYS_COPY
from pfm_desktop.support.errors import StorageError

pytestmark = pytest.mark.slow


def patient(number: int = 1) -> Change:
    fields = {"identifier": f"K-{number}", "family_name": "Demo", "given_name": "Anna", "birth_date": None}
    return Change("patient", f"{number:032d}", None, fields, "Patient added")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_library_is_a_folder_that_opens_again_with_what_was_put_in(tmp_path: Path) -> None:
    with Library.create(tmp_path / "clinic", demo=True) as made:
        made.apply(patient())
        identity = made.id
    with Library.open(tmp_path / "clinic") as opened:
        assert opened.demo
        assert opened.id == identity
        assert not opened.read_only
        with opened.read() as session:
            assert [found.identifier for found in repositories.patients(session)] == ["K-1"]


def test_a_path_with_spaces_question_marks_and_chinese_characters_holds_a_library(tmp_path: Path) -> None:
    path = tmp_path / "阴道镜 library #1 50%?"
    Library.create(path).close()
    with Library.open(path) as opened:
        assert opened.path == path


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes; the user's own folders are private there")
def test_a_path_that_is_no_text_is_refused_in_words_and_nothing_is_made(tmp_path: Path) -> None:
    odd = tmp_path / "clinic\udcff"
    for act in (Library.create, Library.open):
        with pytest.raises(StorageError, match=r"clinic\\udcff is not written in UTF-8.*rename the folder"):
            act(odd)
    assert list(tmp_path.iterdir()) == []


def test_pictures_whose_database_is_gone_get_no_new_one(lib: Library) -> None:
    lib.pictures.put(b"a picture")
    lib.close()
    (lib.path / DATABASE).unlink()
    with pytest.raises(StorageError, match="holds the pictures of a library whose database is missing"):
        Library.create(lib.path)
    assert not (lib.path / DATABASE).exists()


def test_nobody_else_on_the_machine_may_look_into_a_library(lib: Library) -> None:
    assert lib.path.stat().st_mode & 0o077 == 0


def test_the_database_syncs_fully_and_keeps_references(lib: Library) -> None:
    from sqlalchemy import text

    with lib.read() as session:
        found = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")}
        assert found == {"journal_mode": "wal", "synchronous": 2}
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_creating_over_a_library_leaves_it_as_it_was(tmp_path: Path) -> None:
    Library.create(tmp_path / "clinic").close()
    before = tree(tmp_path / "clinic")
    with pytest.raises(StorageError, match="already holds a library"):
        Library.create(tmp_path / "clinic")
    assert tree(tmp_path / "clinic") == before


def test_a_creation_cut_short_leaves_no_library_and_may_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", cut)
        with pytest.raises(StorageError, match="No space left"):
            Library.create(tmp_path / "clinic")
    with pytest.raises(StorageError, match="holds no library"):
        Library.open(tmp_path / "clinic")
    Library.create(tmp_path / "clinic").close()
    assert {path.name for path in (tmp_path / "clinic").iterdir()} == {DATABASE, "lock", "pictures", "derived"}


def test_a_library_in_a_file_s_place_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "clinic").write_text("a file")
    with pytest.raises(StorageError, match="could not make a library"):
        Library.create(tmp_path / "clinic")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"there is no folder .*nowhere"):
        Library.open(tmp_path / "nowhere")


def test_a_folder_without_database_is_not_made_into_a_library(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="holds no library"):
        Library.open(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to look like one" * 20])
def test_a_database_that_is_none_is_reported_and_never_opened_as_empty(tmp_path: Path, content: bytes) -> None:
    Library.create(tmp_path / "clinic").close()
    (tmp_path / "clinic" / DATABASE).write_bytes(content)
    before = tree(tmp_path / "clinic")
    with pytest.raises(StorageError, match="is damaged"):
        Library.open(tmp_path / "clinic")
    assert tree(tmp_path / "clinic") == before


def test_a_database_with_overwritten_pages_is_reported(tmp_path: Path) -> None:
    with Library.create(tmp_path / "clinic") as lib:
        for number in range(200):
            lib.apply(patient(number))
    database = tmp_path / "clinic" / DATABASE
    data = bytearray(database.read_bytes())
    data[100:] = b"\xa5" * (len(data) - 100)  # the header stands, every page behind it is gone
    database.write_bytes(bytes(data))
    with pytest.raises(StorageError, match="is damaged"):
        Library.open(tmp_path / "clinic")
    assert database.read_bytes() == bytes(data)


def test_after_an_unclean_end_the_pages_are_checked_before_the_library_opens(tmp_path: Path) -> None:
    with Library.create(tmp_path / "clinic") as lib:
        for number in range(200):
            lib.apply(patient(number))
    database = tmp_path / "clinic" / DATABASE
    data = bytearray(database.read_bytes())
    # an index page in the middle: reading the meta table alone would not notice
    page = next(
        at
        for at in range(len(data) - 4096, 0, -4096)
        if data[at] in (0x0A, 0x02) and data[at + 3 : at + 5] != b"\x00\x00"
    )
    data[page + 8 : page + 200] = b"\xff" * 192
    database.write_bytes(bytes(data))
    Library.open(tmp_path / "clinic").close()  # the damage is not in what opening reads anyway
    (tmp_path / "clinic" / "lock").write_text(
        '{"user": "x", "host": "y", "pid": 1, "since": "2026-01-01T00:00:00+00:00"}'
    )
    with pytest.raises(StorageError, match="is damaged"):
        Library.open(tmp_path / "clinic")


def test_another_sqlite_file_is_not_taken_for_a_library(tmp_path: Path) -> None:
    (tmp_path / "clinic").mkdir()
    connection = sqlite3.connect(tmp_path / "clinic" / DATABASE)
    connection.execute("CREATE TABLE bookmarks (id INTEGER)")
    connection.commit()
    connection.close()
    with pytest.raises(StorageError, match="holds no library of this program"):
        Library.open(tmp_path / "clinic")


def test_a_library_of_a_newer_program_is_refused_unchanged(tmp_path: Path) -> None:
    Library.create(tmp_path / "clinic").close()
    connection = sqlite3.connect(tmp_path / "clinic" / DATABASE)
    connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    connection.commit()
    connection.close()
    before = (tmp_path / "clinic" / DATABASE).read_bytes()
    with pytest.raises(StorageError, match=r"newer version of this program .*99"):
        Library.open(tmp_path / "clinic")
    assert (tmp_path / "clinic" / DATABASE).read_bytes() == before
    # the failed attempt keeps no lock
    LibraryLock.take(tmp_path / "clinic" / "lock").release()


def test_the_second_opener_reads_sees_new_work_and_is_told_who_writes(lib: Library) -> None:
    with Library.open(lib.path) as second:
        assert second.read_only
        assert f"process {os.getpid()}" in second.read_only_reason
        lib.apply(patient())
        with second.read() as session:
            assert len(repositories.patients(session)) == 1
        with pytest.raises(StorageError, match="open for reading only: in use by"):
            second.apply(patient(2))
    with lib.read() as session:
        assert len(repositories.patients(session)) == 1


def test_another_program_is_the_second_opener_too(lib: Library) -> None:
    code = (
        "import sys; from pathlib import Path; from pfm_desktop.storage.library import Library\n"
        "lib = Library.open(Path(sys.argv[1])); sys.stdout.write(lib.read_only_reason); lib.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(lib.path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
    )
    assert f"process {os.getpid()}" in done.stdout


def test_the_lock_that_a_dead_program_left_is_taken_over(tmp_path: Path) -> None:
    Library.create(tmp_path / "clinic").close()
    stale = '{"user": "anna", "host": "elsewhere", "pid": 4242, "since": "2026-01-01T00:00:00+00:00"}'
    (tmp_path / "clinic" / "lock").write_text(stale)
    with Library.open(tmp_path / "clinic") as lib:
        assert not lib.read_only
        lib.apply(patient())


def test_closing_lets_the_next_one_write(lib: Library) -> None:
    lib.close()
    lib.close()  # twice does no harm
    with Library.open(lib.path) as second:
        assert not second.read_only
    with pytest.raises(StorageError, match="is closed"):
        lib.apply(patient())


def read_only_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a read-only disk; modes do not hinder a test that runs as root."""

    def refuse(cls: type[LibraryLock], path: Path) -> LibraryLock:
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr(library_module.LibraryLock, "take", classmethod(refuse))


def test_a_library_on_a_read_only_disk_opens_for_reading_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library.create(tmp_path / "clinic") as lib:
        lib.apply(patient())
    before = tree(tmp_path / "clinic")
    read_only_folder(monkeypatch)
    with Library.open(tmp_path / "clinic") as opened:
        assert "Read-only file system" in opened.read_only_reason
        with opened.read() as session:
            assert len(repositories.patients(session)) == 1
        with pytest.raises(StorageError, match="copy the library"):
            opened.apply(patient(2))
    assert tree(tmp_path / "clinic") == before


def test_an_unsettled_library_on_a_read_only_disk_is_refused_instead_of_shown_without_its_last_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Library.create(tmp_path / "clinic").close()
    (tmp_path / "clinic" / f"{DATABASE}-wal").write_bytes(b"work that was not folded in")
    read_only_folder(monkeypatch)
    with pytest.raises(StorageError, match="was not closed properly"):
        Library.open(tmp_path / "clinic")


def test_a_folder_that_may_not_be_entered_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, **_: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refuse)
        for attempt in (Library.open, Library.create):
            with pytest.raises(StorageError, match=r"clinic cannot be looked into: Permission denied\. .* permission"):
                attempt(tmp_path / "clinic")
    assert not (tmp_path / "clinic").exists()


def unknown_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the lock is another user's; modes do not hinder a test that runs as root."""

    def refuse(cls: type[LibraryLock], path: Path) -> LibraryLock:
        raise UnknownHolderError("its lock may not be opened (Permission denied)")

    monkeypatch.setattr(library_module.LibraryLock, "take", classmethod(refuse))


def test_a_library_that_another_user_has_open_is_read_along_with_what_is_new(
    lib: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    lib.apply(patient())
    unknown_holder(monkeypatch)
    with Library.open(lib.path) as second:
        assert second.read_only_reason.startswith("perhaps in use by another user of this computer")
        lib.apply(patient(2))
        with second.read() as session:  # an immutable database would not see it
            assert len(repositories.patients(session)) == 2


def test_a_library_perhaps_in_use_that_cannot_be_read_along_is_refused_without_advice_to_copy_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Library.create(tmp_path / "clinic").close()
    before = tree(tmp_path / "clinic")
    unknown_holder(monkeypatch)
    with pytest.raises(StorageError, match="perhaps in use by another user of this computer") as caught:
        Library.open(tmp_path / "clinic")
    assert "copy" not in str(caught.value)
    assert tree(tmp_path / "clinic") == before


def test_damage_that_appears_later_does_not_say_that_the_library_was_not_opened(lib: Library) -> None:
    with pytest.raises(StorageError, match="is damaged") as caught, lib.read():
        raise sqlite3.DatabaseError("database disk image is malformed")
    assert "not opened" not in str(caught.value)


def test_a_full_disk_keeps_the_change_out_and_the_library_goes_on(lib: Library) -> None:
    from sqlalchemy import text

    lib.apply(patient())
    with lib.read() as session:
        pages = session.execute(text("PRAGMA page_count")).scalar()
    engine = lib._engine
    assert engine is not None
    engine.dispose()
    from sqlalchemy import event

    limited = True

    def limit(connection: sqlite3.Connection, _: object) -> None:
        if limited:
            connection.execute(f"PRAGMA max_page_count={pages}")  # SQLite's own "database or disk is full"

    event.listen(engine, "connect", limit)
    large = {"identifier": "K-2", "family_name": "x" * 200_000, "given_name": "", "birth_date": None}
    with pytest.raises(StorageError, match="is full"):
        lib.apply(Change("patient", "2" * 32, None, large, "Patient added"))
    with lib.read() as session:
        assert [found.identifier for found in repositories.patients(session)] == ["K-1"]
    limited = False
    engine.dispose()
    lib.apply(patient(2))
    with lib.read() as session:
        assert len(repositories.patients(session)) == 2


def test_a_disk_error_while_committing_is_told_and_changes_nothing(
    lib: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.orm import Session

    def fail(self: Session) -> None:
        from sqlalchemy.exc import OperationalError

        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as patch:
        patch.setattr(Session, "flush", fail)
        with pytest.raises(StorageError, match="disk I/O error"):
            lib.apply(patient())
    with lib.read() as session:
        assert repositories.patients(session) == ()


@pytest.mark.slow
def test_opening_a_current_library_does_not_load_alembic(tmp_path: Path) -> None:
    """It would cost a tenth of the second that a start may take."""
    Library.create(tmp_path / "clinic").close()
    code = (
        "import sys; from pathlib import Path; from pfm_desktop.storage.library import Library\n"
        "Library.open(Path(sys.argv[1])).close(); sys.exit('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "clinic")],
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
    )
    assert done.returncode == 0


def test_facts_about_the_library_are_kept(lib: Library) -> None:
    lib.set_meta("site", "Clinic One")
    lib.set_meta("site", "Clinic Two")
    assert lib.meta("site") == "Clinic Two"
    assert lib.meta("nothing") is None


# a library that moves, and what an earlier one left


def test_what_is_to_be_on_record_from_the_beginning_is(tmp_path: Path) -> None:
    from pfm_desktop.storage import journal

    made = Change("library", "", None, None, "made by hand")
    with Library.create(tmp_path / "clinic", first=[made], who="Ada") as lib, lib.read() as session:
        (line,) = journal.entries(session)
    assert (line.who, line.key, line.text) == ("Ada", lib.id, "made by hand")


@pytest.mark.parametrize("left", [f"{DATABASE}-wal", KEYS, KEYS_COPY])
def test_where_something_of_a_library_is_left_no_new_one_is_made_and_it_stays(tmp_path: Path, left: str) -> None:
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic" / left).write_bytes(b"the only one that is left")
    with pytest.raises(StorageError, match="whose database is missing"):
        Library.create(tmp_path / "clinic")
    assert [file.name for file in (tmp_path / "clinic").iterdir()] == [left]
    assert (tmp_path / "clinic" / left).read_bytes() == b"the only one that is left"


def test_a_folder_with_other_files_is_no_place_for_a_library(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    (folder / "others").mkdir(parents=True)
    folder.chmod(0o755)
    with pytest.raises(StorageError, match="holds other files"):
        Library.create(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    (folder / "others").rmdir()
    (folder / "Thumbs.db").touch()
    Library.create(folder).close()
    assert stat.S_IMODE((folder / DATABASE).stat().st_mode) == 0o600


def test_a_creation_that_was_cut_short_after_its_keys_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_keys(path: Path, library_id: str) -> Any:
        return keys.make(path, library_id, account_id="a", name="Ada", password="four words that differ")[0]

    with monkeypatch.context() as patch:
        patch.setattr(library_module, "_make_database", _killed)
        with pytest.raises(KeyboardInterrupt):
            Library.create(tmp_path / "clinic", make_keys=make_keys)
    assert (tmp_path / "clinic" / KEYS).exists()
    attempts.failed(tmp_path / "clinic", "Somebody tried to sign in at what is there")
    Library.create(tmp_path / "clinic", make_keys=make_keys).close()


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_where_not_even_the_files_beside_the_database_fit_it_is_read_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Library.create(tmp_path / "clinic").close()
    monkeypatch.setattr(library_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=20_000))
    with Library.open(tmp_path / "clinic") as lib, lib.read() as session:
        assert lib.read_only_reason == library_module.FULL
        assert repositories.patients(session) == ()
    monkeypatch.undo()
    with Library.open(tmp_path / "clinic") as lib:
        assert not lib.read_only


def test_a_new_library_that_cannot_be_written_to_is_told_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        read_only_folder(patch)
        with pytest.raises(StorageError, match=r"could not be opened for writing: .*Read-only file system"):
            Library.create(tmp_path / "clinic")
    Library.create(tmp_path / "clinic").close()


def test_changes_wait_while_the_folder_is_elsewhere_and_go_on_when_it_is_back(lib: Library, tmp_path: Path) -> None:
    lib.path.rename(tmp_path / "moved")
    with pytest.raises(StorageError, match=r"no longer at .*put the folder back"):
        lib.apply(patient())
    (tmp_path / "moved").rename(lib.path)
    lib.apply(patient())


def test_events_go_on_record_all_or_none(lib: Library) -> None:
    from pfm_desktop.storage import journal

    bad = Change("test", "key", None, {"not json": object()}, "second")
    with pytest.raises((StorageError, TypeError)):
        lib.record_events([Change("test", "key", None, None, "first"), bad])
    with lib.read() as session:
        assert journal.entries(session) == ()


def test_a_wal_that_fits_is_folded_in_after_a_crash_without_a_word(lib: Library, tmp_path: Path) -> None:
    lib.apply(patient())
    shutil.copytree(lib.path, tmp_path / "killed")
    with Library.open(tmp_path / "killed") as opened, opened.read() as session:
        assert opened.notice == ""
        assert len(repositories.patients(session)) == 1


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the lock file says cannot be written, and there is no room left."""

    def refuse(*_args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pfm_desktop.storage.lock.os.write", refuse)
    monkeypatch.setattr(library_module.shutil, "disk_usage", lambda _path: SimpleNamespace(free=0))


def test_on_a_full_disk_it_opens_for_reading_names_it_and_knows_when_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Library.create(tmp_path / "clinic").close()
    with monkeypatch.context() as patch:
        full_disk(patch)
        opened = Library.open(tmp_path / "clinic")
        assert opened.read_only_reason == "the disk that holds it is full"
        with pytest.raises(StorageError, match="free some space, then open the library again"):
            opened.apply(patient())
        assert opened.why_not_writable() == "the disk that holds it is full"
    assert opened.why_not_writable() == ""
    opened.close()


def test_an_older_library_on_a_full_disk_says_that_space_is_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Library.create(tmp_path / "clinic").close()
    monkeypatch.setattr(library_module.migrations, "CURRENT", library_module.migrations.CURRENT + 1)
    full_disk(monkeypatch)
    with pytest.raises(StorageError, match=r"older version .* the disk that holds it is full.*free some space"):
        Library.open(tmp_path / "clinic")


def test_an_unsettled_library_on_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Library.create(tmp_path / "clinic").close()
    (tmp_path / "clinic" / f"{DATABASE}-wal").write_bytes(b"work that was not folded in")
    full_disk(monkeypatch)
    with pytest.raises(StorageError, match=r"the disk that holds it is full.*free some space"):
        Library.open(tmp_path / "clinic")


def test_who_reads_along_knows_when_the_library_is_free_and_takes_nothing_away_by_asking(tmp_path: Path) -> None:
    Library.create(tmp_path / "clinic").close()
    writer = Library.open(tmp_path / "clinic")
    with Library.open(tmp_path / "clinic") as reader:
        assert reader.why_not_writable() == reader.read_only_reason
        assert reader.why_not_writable().startswith("in use by")
        assert writer.apply(patient())
        said = (tmp_path / "clinic" / "lock").read_bytes()
        writer.close()
        assert reader.why_not_writable() == ""
        (tmp_path / "clinic" / "lock").write_bytes(said)  # as a program leaves it that was killed
        assert reader.why_not_writable() == ""
        assert (tmp_path / "clinic" / "lock").read_bytes() == said
        (tmp_path / "clinic" / "lock").unlink()
        assert reader.why_not_writable() == ""
    with Library.open(tmp_path / "clinic") as again:
        assert not again.read_only


def test_who_is_in_a_hurry_is_refused_by_a_library_that_is_busy_and_others_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm_desktop.storage.engine.BUSY_SECONDS", 10_000.0)
    with Library.create(tmp_path / "clinic") as library:
        holder = sqlite3.connect(library.path / DATABASE, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        with library.in_a_hurry(0.01), pytest.raises(StorageError, match="busy: another program"):
            library.set_meta("key", "refused")
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(library.set_meta, "key", "waited")
            while library._writing.acquire(blocking=False):  # until the other thread has its turn
                library._writing.release()
                time.sleep(0.001)
            with library.in_a_hurry(0.01), pytest.raises(StorageError, match="busy: something else"):
                library.set_meta("key", "refused")
            holder.execute("ROLLBACK")
            waits.result()
        holder.close()
        assert library.meta("key") == "waited"
        library.set_meta("key", "once more")
