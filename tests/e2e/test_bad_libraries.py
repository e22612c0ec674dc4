"""Libraries as disks, shares, people and other programs leave them: each has its words, and none loses anything."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, backup, backup_folder, cases, housekeeping
from pfm_desktop.storage import attempts, engine, journal, keys
from pfm_desktop.storage.attempts import TooSoonError
from pfm_desktop.storage.keys import LibraryKeys, WrongPasswordError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.lock import LibraryLock
from pfm_desktop.storage.schema import DATABASE, KEYS, KEYS_COPY, SET_ASIDE
from pfm_desktop.support.errors import StorageError, UserError

pytestmark = pytest.mark.slow

CTX = SilentContext()
NAME, PASSWORD = "Dr. Ada", "four words that differ"
WAL, SHM = f"{DATABASE}-wal", f"{DATABASE}-shm"


def png(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@dataclass
class Clinic:
    """A library with two women who have a picture each; closed."""

    path: Path
    encrypted: bool
    pictures: dict[str, bytes]

    def open(self, path: Path | None = None) -> Library:
        at = path or self.path
        return accounts.sign_in(at, NAME, PASSWORD) if self.encrypted else Library.open(at)

    def keys(self, file: Path | None = None) -> LibraryKeys | None:
        return keys.unlock(self.path, NAME, PASSWORD, file=file).keys if self.encrypted else None

    def sql(self, *statements: str) -> None:
        """Straight into the database, past the program."""
        if self.encrypted:
            from sqlcipher3 import dbapi2

            connection: Any = dbapi2.connect(self.path / DATABASE)
            found = self.keys()
            assert found is not None
            connection.execute(f"PRAGMA key = \"x'{found.database}'\"")
        else:
            connection = sqlite3.connect(self.path / DATABASE)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()


def add(lib: Library, number: int) -> tuple[str, bytes]:
    """A woman with a visit and a picture; id and bytes of the picture."""
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}").id)
    data = png(number)
    return cases.add_picture(lib, visit.id, data, stage=Stage.ACETIC_ACID).id, data


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
def clinic(tmp_path: Path, request: pytest.FixtureRequest) -> Clinic:
    path, encrypted = tmp_path / "clinic", bool(request.param)
    lib = accounts.make_library(path, NAME, PASSWORD)[0] if encrypted else Library.create(path)
    with lib:
        return Clinic(path, encrypted, dict(add(lib, number) for number in (1, 2)))


@pytest.fixture
def killed(clinic: Clinic) -> Clinic:
    """As a kill leaves it, a third woman in the WAL only, and the name of the dead program in the lock."""
    with clinic.open() as lib:
        picture, data = add(lib, 3)
        shutil.copytree(clinic.path, clinic.path.with_name("killed"))
    assert (clinic.path.with_name("killed") / WAL).stat().st_size
    return Clinic(clinic.path.with_name("killed"), clinic.encrypted, {**clinic.pictures, picture: data})


def check_whole(clinic: Clinic, lib: Library) -> None:
    for picture, data in clinic.pictures.items():
        assert cases.picture_bytes(lib, picture) == data
    assert housekeeping.verify(CTX, lib).problems == ()


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("lock", SHM, attempts.FILE, attempts.TURN)
    }


def refused(clinic: Clinic, *words: str) -> None:
    """It does not open, says why, and stays as it is."""
    before = tree(clinic.path)
    with pytest.raises(UserError) as caught:
        clinic.open()
    for word in words:
        assert word in str(caught.value)
    assert tree(clinic.path) == before


def women(lib: Library) -> list[str]:
    return sorted(one.identifier for one in cases.find_patients(lib))


# what a kill leaves, and what is taken out of it


def test_what_stood_in_the_wal_only_is_there_after_a_kill(killed: Clinic) -> None:
    with killed.open() as lib:
        assert women(lib) == ["K-1", "K-2", "K-3"]
        assert lib.notice == ""
        check_whole(killed, lib)


def test_without_its_shm_a_killed_library_is_whole(killed: Clinic) -> None:
    (killed.path / SHM).unlink()
    with killed.open() as lib:
        check_whole(killed, lib)


def test_a_missing_wal_is_told_goes_on_record_and_takes_nothing_that_was_settled(killed: Clinic) -> None:
    (killed.path / WAL).unlink()
    (killed.path / SHM).unlink()
    with killed.open() as lib:
        assert "library.sqlite-wal is missing" in lib.notice
        assert women(lib) == ["K-1", "K-2"]
        assert housekeeping.verify(CTX, lib).orphans == 1  # the bytes of the third are kept
        with lib.read() as session:
            assert any("library.sqlite-wal was missing" in line.text for line in journal.entries(session))
        picture, data = add(lib, 3)  # done again
        assert cases.picture_bytes(lib, picture) == data
        assert housekeeping.verify(CTX, lib).problems == ()


@pytest.mark.parametrize("left", [b"", b"\xa5" * 32], ids=["emptied", "overwritten"])
def test_a_damaged_wal_is_told_goes_on_record_and_is_kept_for_whoever_can_read_it(killed: Clinic, left: bytes) -> None:
    wal = killed.path / WAL
    whole = wal.read_bytes()
    wal.write_bytes(left + whole[32:] if left else b"")
    bad = wal.read_bytes()
    with killed.open() as lib:
        assert "what was done last is not here" in lib.notice
        assert women(lib) == ["K-1", "K-2"]
        with lib.read() as session:
            assert any("library.sqlite-wal was damaged" in line.text for line in journal.entries(session))
        kept = [file.read_bytes() for file in (killed.path / SET_ASIDE).glob("*")]
        assert kept == ([bad] if bad else [])
        picture, data = add(lib, 3)  # done again
        assert cases.picture_bytes(lib, picture) == data
        assert housekeeping.verify(CTX, lib).problems == ()
    with killed.open() as lib:
        lib.told()
    with killed.open() as lib:
        assert lib.notice == ""


def test_the_command_line_tells_that_the_wal_is_missing(
    killed: Clinic, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from pfm_desktop.cli.main import main

    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    monkeypatch.setenv("PFM_ACCOUNT", NAME)
    monkeypatch.setenv("PFM_PASSWORD_FILE", str(tmp_path / "password"))
    (killed.path / WAL).unlink()
    assert main(["library", "verify", str(killed.path)]) == 0
    assert "note: the program ended without closing this library" in capsys.readouterr().err


def test_the_wal_of_another_database_is_not_folded_into_an_older_copy_that_it_does_not_fit(
    clinic: Clinic, tmp_path: Path
) -> None:
    older = (clinic.path / DATABASE).read_bytes()
    with clinic.open() as lib:  # grows by many pages, all of them folded in
        for number in range(10, 40):
            cases.add_patient(lib, identifier=f"K-{number}", family_name="x" * 2000)
    with clinic.open() as lib:
        for number in range(10, 20):
            one = next(one for one in cases.find_patients(lib, search=f"K-{number}"))
            cases.edit_patient(lib, one.id, identifier=f"K-{number}", family_name="y" * 2000)
        shutil.copytree(clinic.path, tmp_path / "killed")
    killed = Clinic(tmp_path / "killed", clinic.encrypted, clinic.pictures)
    newer = (killed.path / DATABASE).read_bytes()
    (killed.path / DATABASE).write_bytes(older)
    refused(killed, "put")
    (killed.path / DATABASE).write_bytes(newer)  # the right one is put back, and all is there
    with killed.open() as lib:
        assert len(women(lib)) == 32
        check_whole(killed, lib)


# files that are not what they were


def test_an_overwritten_header_is_said_or_does_not_matter(clinic: Clinic) -> None:
    database = clinic.path / DATABASE
    data = database.read_bytes()
    database.write_bytes(b"\0" * 16 + data[16:])
    if clinic.encrypted:  # its key brings what stood there
        with clinic.open() as lib:
            check_whole(clinic, lib)
        return
    refused(clinic, "is damaged", "the pictures stand in the folder 'pictures'", "backup")
    database.write_bytes(data)
    with clinic.open() as lib:
        check_whole(clinic, lib)


def test_a_database_cut_short_is_said_and_left_as_it_is(clinic: Clinic) -> None:
    database = clinic.path / DATABASE
    data = database.read_bytes()
    database.write_bytes(data[:5000])
    refused(clinic, "damaged", "nothing was changed", "back")
    database.write_bytes(data)
    with clinic.open() as lib:
        check_whole(clinic, lib)


def test_swapped_picture_files_are_neither_shown_nor_lost(clinic: Clinic) -> None:
    with clinic.open() as lib:
        one, other = lib.pictures.files()
        content = one.read_bytes(), other.read_bytes()
        other.write_bytes(content[0])
        one.write_bytes(content[1])
        for picture in clinic.pictures:
            with pytest.raises(StorageError, match=r"was altered.*put the file back from a backup"):
                cases.load_picture(lib, picture)
        assert len(housekeeping.verify(CTX, lib).problems) == 2
        one.write_bytes(content[0])
        other.write_bytes(content[1])
        check_whole(clinic, lib)


def test_an_older_copy_of_the_database_opens_as_it_was_and_keeps_the_newer_pictures(clinic: Clinic) -> None:
    older = (clinic.path / DATABASE).read_bytes()
    with clinic.open() as lib:
        picture, data = add(lib, 3)
    newer = (clinic.path / DATABASE).read_bytes()
    (clinic.path / DATABASE).write_bytes(older)
    with clinic.open() as lib:
        check_whole(clinic, lib)
        assert housekeeping.verify(CTX, lib).orphans == 1
        assert housekeeping.sweep(CTX, lib) == 0
    (clinic.path / DATABASE).write_bytes(newer)
    with clinic.open() as lib:
        assert cases.picture_bytes(lib, picture) == data
        check_whole(clinic, lib)


@pytest.mark.parametrize("which", ["at the end", "in the middle"])
def test_a_journal_that_was_cut_is_found_and_the_records_stay(clinic: Clinic, which: str) -> None:
    last = "(SELECT max(seq) FROM journal)" if which == "at the end" else "3"
    clinic.sql(f"DELETE FROM journal WHERE seq = {last}")
    with clinic.open() as lib:
        problems = housekeeping.verify(CTX, lib).problems
        assert "altered" in problems[0]
        assert all(" is not in the audit trail" in problem for problem in problems[1:]), "a record whose line is gone"
        lib.record_event("test", "key", "goes on")  # which does not cover it
        assert any("were altered, removed" in problem for problem in housekeeping.verify(CTX, lib).problems)
        assert women(lib) == ["K-1", "K-2"]
        for picture, data in clinic.pictures.items():
            assert cases.picture_bytes(lib, picture) == data


def damaged_behind_what_opening_reads(clinic: Clinic) -> bytes:
    """Overwrite pages among the lines of women, so that the library still opens; ids are drawn at random, and with them
    which pages the line of a sign-in goes into."""
    whole = {name: data for name, data in tree(clinic.path).items() if name.startswith(DATABASE)}
    for late in range(30_000, 130_000, 20_000):
        data = bytearray(whole[DATABASE])
        data[-late : 10_000 - late] = b"\xff" * 10_000
        (clinic.path / DATABASE).write_bytes(data)
        try:
            clinic.open().close()
        except StorageError:
            for file in clinic.path.glob(f"{DATABASE}*"):
                file.unlink()
            for name, before in whole.items():
                (clinic.path / name).write_bytes(before)
        else:
            return bytes(data)
    raise AssertionError("no part of the database can be damaged without being noticed when it is opened")


def test_a_damaged_database_is_not_called_a_backup_and_an_earlier_one_comes_back(
    clinic: Clinic, tmp_path: Path
) -> None:
    with clinic.open() as lib:
        for number in range(100, 180):
            cases.add_patient(lib, identifier=f"K-{number}", family_name="x" * 300)
        made = backup.back_up(CTX, lib, tmp_path / "backup")
    data = damaged_behind_what_opening_reads(clinic)
    with clinic.open() as lib, pytest.raises(StorageError, match="no backup was made: the database of the") as caught:
        backup.back_up(CTX, lib, tmp_path / "backup")
    assert str(clinic.path) in str(caught.value)
    assert ".unfinished" not in str(caught.value)
    assert f"--at {made.snapshot.stem}" in str(caught.value)
    bad = tmp_path / "backup" / "snapshots" / "99990101T000000Z.sqlite"
    bad.write_bytes(data)
    if clinic.encrypted:
        shutil.copy(clinic.path / KEYS, bad.with_suffix(".keys.json"))
    with pytest.raises(StorageError, match=r"the snapshot 99990101T000000Z .* is damaged"):
        backup.restore(CTX, tmp_path / "backup", tmp_path / "out", unlocked=clinic.keys())
    backup.restore(CTX, tmp_path / "backup", tmp_path / "out", at=made.snapshot.stem, unlocked=clinic.keys())
    with clinic.open(tmp_path / "out") as lib:
        check_whole(clinic, lib)


# newer programs


def test_an_older_program_leaves_a_newer_library_alone(clinic: Clinic) -> None:
    clinic.sql("UPDATE meta SET value = '999' WHERE key = 'schema_version'")
    refused(clinic, "newer version of this program", "library version 999", "update this program")


def test_a_newer_backup_is_not_restored_and_stays(clinic: Clinic, tmp_path: Path) -> None:
    clinic.sql("UPDATE meta SET value = '999' WHERE key = 'schema_version'")
    (tmp_path / "backup" / "snapshots").mkdir(parents=True)
    shutil.copy(clinic.path / DATABASE, tmp_path / "backup" / "snapshots" / "20260314T101500Z.sqlite")
    found = clinic.keys()
    of = found.library_id if found is not None else "x"
    (tmp_path / "backup" / "backup.json").write_text(json.dumps({"library_id": of}))
    if clinic.encrypted:
        shutil.copy(clinic.path / KEYS, tmp_path / "backup" / "snapshots" / "20260314T101500Z.keys.json")
    before = tree(tmp_path / "backup")
    with pytest.raises(StorageError, match="newer version of this program"):
        backup.restore(CTX, tmp_path / "backup", tmp_path / "out", unlocked=found)
    assert tree(tmp_path / "backup") == before
    assert not (tmp_path / "out" / DATABASE).exists()


@pytest.fixture
def sealed(tmp_path: Path) -> Clinic:
    lib, _ = accounts.make_library(tmp_path / "sealed", NAME, PASSWORD)
    with lib:
        return Clinic(lib.path, True, dict([add(lib, 1)]))


def test_a_newer_key_file_is_left_alone(sealed: Clinic) -> None:
    for name in (KEYS, KEYS_COPY):
        text = (sealed.path / name).read_text()
        (sealed.path / name).write_text(text.replace('"version": 1', '"version": 2'))
    refused(sealed, "newer version of this program", "update this program")


def test_a_wrong_password_says_what_to_do_and_changes_nothing(sealed: Clinic) -> None:
    before = tree(sealed.path)
    with pytest.raises(WrongPasswordError, match="capitals and small letters differ"):
        accounts.sign_in(sealed.path, NAME, "another password")
    assert tree(sealed.path) == before
    with sealed.open() as lib:
        check_whole(sealed, lib)


def test_the_key_file_of_another_library_says_what_to_put_back(sealed: Clinic, tmp_path: Path) -> None:
    accounts.make_library(tmp_path / "other", NAME, PASSWORD)[0].close()
    own = (sealed.path / KEYS).read_bytes()
    for name in (KEYS, KEYS_COPY):
        shutil.copy(tmp_path / "other" / KEYS, sealed.path / name)
    refused(sealed, "does not open with its keys", "put both back from the same backup")
    (sealed.path / KEYS).write_bytes(own)
    with sealed.open() as lib:
        (problem,) = housekeeping.verify(CTX, lib).problems
        assert "keys.copy.json is that of another library: one is left of two" in problem
        assert housekeeping.repair(CTX, lib).left == ()
        check_whole(sealed, lib)
    assert (sealed.path / KEYS_COPY).read_bytes() == own


# a folder that moves, a share that goes away


@pytest.fixture
def away(clinic: Clinic) -> Iterator[tuple[Clinic, Library, Path]]:
    """A library whose folder was renamed while it was open, and where it is now."""
    with clinic.open() as lib:
        moved = clinic.path.with_name("moved")
        clinic.path.rename(moved)
        yield clinic, lib, moved


def test_a_folder_renamed_while_open_takes_no_half_of_what_is_done_and_makes_no_folder(
    away: tuple[Clinic, Library, Path],
) -> None:
    clinic, lib, moved = away
    visit = cases.today(lib)[0].visit.id  # what is read from the open database still comes
    for work in (
        lambda: cases.add_patient(lib, identifier="K-9"),
        lambda: cases.add_picture(lib, visit, png(9), stage=Stage.SALINE),
        lambda: cases.load_picture(lib, next(iter(clinic.pictures))),
        lambda: backup.back_up(CTX, lib, clinic.path.with_name("backup")) and lib.record_event("x", "y", "z"),
    ):
        with pytest.raises(StorageError, match=r"not there any more|no longer at|cannot be opened"):
            work()
    assert not clinic.path.exists()
    lib.close()
    with clinic.open(moved) as again:
        assert women(again) == ["K-1", "K-2"]
        check_whole(clinic, again)
        add(again, 9)


def test_a_folder_that_is_put_back_goes_on(away: tuple[Clinic, Library, Path]) -> None:
    clinic, lib, moved = away
    with pytest.raises(StorageError, match="put the folder back"):
        cases.add_patient(lib, identifier="K-9")
    moved.rename(clinic.path)
    add(lib, 9)
    check_whole(clinic, lib)


def test_another_library_that_took_the_name_of_an_open_one_is_not_written_to(
    away: tuple[Clinic, Library, Path], tmp_path: Path
) -> None:
    clinic, lib, moved = away
    shutil.copytree(moved, clinic.path)
    visit = cases.today(lib)[0].visit.id
    with pytest.raises(StorageError, match="no longer at"):
        cases.add_picture(lib, visit, png(9), stage=Stage.SALINE)
    lib.close()
    for place in (moved, clinic.path):
        with clinic.open(place) as again:
            check_whole(clinic, again)


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.ENODEV])
def test_a_disk_that_gives_nothing_back_is_not_called_a_damaged_library(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """What SQLite calls malformed then is what it could not read."""
    opened = Path.open

    def dead(path: Path, *given: Any, **named: Any) -> Any:
        if path.parent == clinic.path:
            raise OSError(code, os.strerror(code), str(path))
        return opened(path, *given, **named)

    with clinic.open() as lib:
        with monkeypatch.context() as disk:
            disk.setattr(Path, "open", dead)
            with pytest.raises(StorageError) as caught, lib.read():
                raise sqlite3.DatabaseError("database disk image is malformed")
        said = str(caught.value)
        assert f"its disk or network share answers with an error ({os.strerror(code)})" in said
        assert "it is not known to be damaged" in said
        assert "put no backup in its place" in said
        check_whole(clinic, lib)
        with pytest.raises(StorageError, match=r"is damaged|does not open with its keys"), lib.read():
            raise sqlite3.DatabaseError("database disk image is malformed")


def test_a_disk_that_is_gone_while_a_backup_is_made_is_not_called_a_damaged_library(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def malformed(*_: object, **__: object) -> None:
        raise engine.DamagedError("x", "database disk image is malformed", safe="", remedy="")

    with clinic.open() as lib, monkeypatch.context() as disk:
        disk.setattr(Library, "copy_database", malformed)
        disk.setattr(engine, "_not_read", lambda _library: "Input/output error")
        with pytest.raises(StorageError, match=r"answers with an error \(Input/output error\)"):
            backup.back_up(CTX, lib, tmp_path / "backup")


def test_nobody_gets_another_password_in_a_folder_that_was_moved(sealed: Clinic, tmp_path: Path) -> None:
    with sealed.open() as lib:
        sealed.path.rename(tmp_path / "moved")
        for work in (
            lambda: accounts.change_own_password(lib, PASSWORD, "quite another sentence"),
            lambda: accounts.new_recovery_key(lib),
        ):
            with pytest.raises(StorageError, match="no longer at"):
                work()
    assert not sealed.path.exists()
    with sealed.open(tmp_path / "moved") as again:
        check_whole(sealed, again)


def test_a_file_in_the_place_of_the_folder_is_said(clinic: Clinic) -> None:
    with clinic.open() as lib:
        clinic.path.rename(clinic.path.with_name("moved"))
        clinic.path.write_bytes(b"a share that is not mounted")
        with pytest.raises(StorageError, match=r"not there any more|cannot be reached"):
            cases.load_picture(lib, next(iter(clinic.pictures)))
        with pytest.raises(StorageError, match="no longer at"):
            cases.add_patient(lib, identifier="K-9")
    with pytest.raises(StorageError, match=r"no folder|no longer at"):
        clinic.open()
    clinic.path.unlink()
    clinic.path.with_name("moved").rename(clinic.path)
    with clinic.open() as lib:
        check_whole(clinic, lib)


def said_by(work: Callable[[], object]) -> str | None:
    """The words of the error; anything but a `UserError` fails the test."""
    try:
        work()
    except UserError as error:
        return str(error)
    return None


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.EHOSTDOWN])
def test_a_share_that_answers_with_errors_is_said_and_goes_on_once_it_is_back(
    clinic: Clinic, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    with clinic.open() as lib:
        visit, picture = cases.today(lib)[0].visit.id, next(iter(clinic.pictures))
        kept = clinic.path.with_name("backup")
        backup.back_up(CTX, lib, kept)
        unlocked = clinic.keys()
        works: list[Callable[[], object]] = [
            lambda: cases.load_picture(lib, picture),
            lambda: cases.add_picture(lib, visit, png(9), stage=Stage.SALINE),
            lambda: list(lib.pictures.files()),
            lambda: backup.back_up(CTX, lib, kept),
            lambda: backup.restore(CTX, kept, kept.with_name("out"), unlocked=unlocked),
        ]
        for name in ("stat", "open", "glob", "is_file"):
            with monkeypatch.context() as patch:
                patch.setattr(Path, name, gone)
                for work in works:
                    said = said_by(work)
                    assert said is None or os.strerror(number) in said or "no longer at" in said
        with monkeypatch.context() as patch:
            patch.setattr(Path, "stat", gone)
            with pytest.raises(StorageError):
                cases.add_patient(lib, identifier="K-9")
        add(lib, 9)
        check_whole(clinic, lib)


def test_a_share_that_is_gone_at_opening_is_said(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> Any:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", gone)
        with pytest.raises(StorageError, match=r"cannot be looked into: .*check its disk"):
            Library.open(clinic.path)
    with clinic.open() as lib:
        check_whole(clinic, lib)


def test_on_a_disk_that_cannot_be_written_it_is_read_and_says_so(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(cls: type[LibraryLock], path: Path) -> LibraryLock:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    before = tree(clinic.path)
    with monkeypatch.context() as patch:
        patch.setattr(LibraryLock, "take", classmethod(refuse))
        if clinic.encrypted:  # that she signed in is noted where it can be
            patch.setattr(attempts, "write_bytes", refused_to_write)
        with clinic.open() as lib:
            assert "Read-only file system" in lib.read_only_reason
            check_whole(clinic, lib)
            with pytest.raises(StorageError, match=r"open for reading only.*copy the library"):
                cases.add_patient(lib, identifier="K-9")
    assert tree(clinic.path) == before
    with clinic.open() as lib:
        add(lib, 9)


def refused_to_write(*_: object) -> None:
    raise StorageError("could not write: read-only file system")


# a clock that was set back


class _Earlier(datetime):
    """A clock that was set back by ten years."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.now(tz) - timedelta(days=3650)


@pytest.fixture
def set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from pfm_desktop.storage import library as opened

    for module in (attempts, backup, journal, opened):
        monkeypatch.setattr(module, "datetime", _Earlier)


def test_the_audit_trail_keeps_its_order_by_number_when_the_clock_is_set_back(clinic: Clinic, set_back: None) -> None:
    with clinic.open() as lib:
        with lib.read() as session:
            before = journal.entries(session)
        add(lib, 3)
        with lib.read() as session:
            after = journal.entries(session)
        assert after[: len(before)] == before
        assert [line.seq for line in after] == list(range(1, len(after) + 1))
        assert after[-1].at < after[0].at
        check_whole(clinic, lib)


def test_the_latest_backup_is_the_one_made_last_though_the_clock_was_set_back(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clinic.open() as lib:
        first = backup.back_up(CTX, lib, tmp_path / "backup").snapshot
        add(lib, 3)
        with monkeypatch.context() as patch:
            patch.setattr(backup, "datetime", _Earlier)
            second = backup.back_up(CTX, lib, tmp_path / "backup").snapshot
    assert first.name < second.name
    made = backup.restore(
        CTX, tmp_path / "backup", tmp_path / "out", unlocked=clinic.keys(backup_folder.key_file_of(tmp_path / "backup"))
    )
    with clinic.open(made.library) as lib:
        assert women(lib) == ["K-1", "K-2", "K-3"]


def test_who_waits_after_wrong_passwords_does_not_wait_for_ten_years(sealed: Clinic) -> None:
    for _ in range(attempts.FREE):
        with pytest.raises(WrongPasswordError):
            accounts.sign_in(sealed.path, NAME, "another password")
    with pytest.raises(TooSoonError):
        accounts.sign_in(sealed.path, NAME, PASSWORD)
    earlier = datetime.now(UTC) - timedelta(days=3650)
    assert attempts.seconds_to_wait(sealed.path, earlier) <= attempts.LONGEST
    assert attempts.seconds_to_wait(sealed.path, earlier + timedelta(seconds=attempts.LONGEST)) == 0
