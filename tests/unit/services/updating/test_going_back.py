"""Going back to the program and the library of before an update, and being cut short anywhere."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pfm_desktop.services import accounts
from pfm_desktop.services.updating import room, set_aside, steps
from pfm_desktop.services.updating.going_back import last_step
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.update_file import Kind
from pfm_desktop.storage import migrations, put_back
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import is_encrypted
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.paths import updates_dir
from tests.publishing import Publisher

from .conftest import back, installed, newer, says, texts


@pytest.mark.parametrize("source", ["the copy of the newer program", "the backup"])
def test_going_back_brings_program_and_library_back_and_keeps_what_was_recorded_since(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    path = tmp_path / "clinic"
    with Library.create(path) as lib:
        lib.record_event("test", "key", "before the update")
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    with monkeypatch.context() as patch:
        newer(patch)
        with Library.open(path) as lib:
            lib.record_event("test", "key", "with the newer program")
        now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
        if source == "the backup":
            for copy in migrations.copies(path):
                copy.path.unlink()
    with pytest.raises(StorageError, match=r"newer version of this program.*update this program"):
        Library.open(path)  # the earlier program refuses it, and says why
    with monkeypatch.context() as patch:
        newer(patch)
        went = back(now)
    assert says(program.link) == "0.1.0"
    put = went.libraries[path]
    assert put is not None
    assert put.since >= 2  # brought up to date, and what was recorded
    with Library.open(path) as lib:
        assert "before the update" in texts(lib)
        assert "with the newer program" not in texts(lib)
    assert put.aside.parent == path / "set-aside"
    assert put.aside.parent.stat().st_mode & 0o777 == 0o700
    assert steps.steps() == ()
    work = tmp_path / "work"  # nothing is lost: the newer one is got at as docs/updates.md says
    shutil.copytree(path, work)
    shutil.copy(put.aside, work / "library.sqlite")
    with monkeypatch.context() as patch:
        newer(patch)
        with Library.open(work) as lib:
            assert texts(lib)[-1] == "with the newer program"


def test_a_library_that_is_gone_is_no_dead_end(publisher: Publisher, program: Installed, tmp_path: Path) -> None:
    path = tmp_path / "clinic"
    with Library.create(path) as lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    shutil.rmtree(path)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    with pytest.raises(StorageError, match="holds no library"):
        back(now)
    assert says(program.link) == "0.2.0"
    assert back(now, without=[path]).libraries == {}
    assert says(program.link) == "0.1.0"


def test_a_library_that_the_earlier_program_reads_stays_as_it_is(
    publisher: Publisher, program: Installed, tmp_path: Path
) -> None:
    with Library.create(tmp_path / "clinic") as lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
        lib.record_event("test", "key", "with the newer program")
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    went = back(now)
    assert went.libraries == {tmp_path / "clinic": None}
    with Library.open(tmp_path / "clinic") as lib:
        assert texts(lib)[-1] == "with the newer program"
    assert says(program.link) == "0.1.0"


def test_an_encrypted_library_is_put_back_encrypted(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, who = tmp_path / "clinic", ("Dr. Ada Berg", "a long password 17")
    lib, _ = accounts.make_library(path, *who)
    with lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    with monkeypatch.context() as patch:
        newer(patch)
        accounts.sign_in(path, *who).close()
        went = back(now, lambda library: accounts.keys_of(library, *who, "while going back"))
        assert went.libraries[path] is not None
    assert b"SQLite format" not in (path / "library.sqlite").read_bytes()[:20]
    with accounts.sign_in(path, *who) as lib:
        assert lib.notice == ""
        assert not lib.read_only


def test_nothing_is_put_back_while_the_program_is_open(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clinic"
    with Library.create(path) as lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    newer(monkeypatch)
    with Library.open(path), pytest.raises(StorageError, match=r"is in use by .*close the program there"):
        back(now)
    assert says(program.link) == "0.2.0"
    assert not (path / "set-aside").exists()


def test_a_damaged_or_foreign_copy_is_passed_over_and_said_and_without_another_nothing_is_put_in_place(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clinic"
    Library.create(tmp_path / "other").close()
    with Library.create(path) as lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    newer(monkeypatch)
    Library.open(path).close()
    (copy,) = migrations.copies(path)
    snapshot = Path(done.step.kept[0].snapshot)
    kept, whole, before = snapshot.read_bytes(), copy.path.read_bytes(), (path / "library.sqlite").read_bytes()
    for wrong in (whole[:4096] + b"\xff" * (len(whole) - 4096), (tmp_path / "other" / "library.sqlite").read_bytes()):
        copy.path.write_bytes(wrong)
        snapshot.write_bytes(b"\xff" * 9000)
        with pytest.raises(UserError, match=rf"{copy.path.name}.*damaged|damaged .*{copy.path.name}"):
            back(now)
        assert (path / "library.sqlite").read_bytes() == before
        assert says(program.link) == "0.2.0"
    snapshot.write_bytes(kept)
    put = back(now).libraries[path]
    assert put is not None
    assert (put.source, put.damaged) == (snapshot, (copy.path,))


def test_a_full_disk_while_the_newer_database_is_set_aside_leaves_both_as_they_are(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clinic"
    with Library.create(path) as lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    newer(monkeypatch)
    Library.open(path).close()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for where in ("pfm_desktop.storage.engine.os.fsync", "pfm_desktop.storage.put_back.shutil.copyfileobj"):
        with monkeypatch.context() as patch:
            patch.setattr(where, full)
            with pytest.raises(StorageError, match="No space left"):
                back(now)
        assert says(program.link) == "0.2.0"
        assert aside_in(path) == []  # the library has all of it, and the disk is full
        assert set_aside.there() == ()
        Library.open(path).close()
    assert back(now).libraries[path] is not None


KILLED_GOING_BACK = """
import os, signal, sys, types
from pathlib import Path
from pfm_desktop.jobs.context import SilentContext
from pfm_desktop.services.updating import going_back, steps, unpacking
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.update_file import Kind
from pfm_desktop.storage import put_back

folder, moment, side = sys.argv[1:]
module, name = {
    "set aside": (put_back, "copy_database"), "put back": (put_back.shutil, "copyfileobj"),
    "switch": (unpacking, "switch"), "note": (steps, "_write"),
}[moment]
real = getattr(module, name)

def last(*args, **more):
    if side == "after":
        real(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(module, name, last)
now = Installed(Kind.FOLDER, "0.2.0", Path(folder))
keys = lambda library: None
going_back.go_back(SilentContext(), going_back.plan(now, keys), now, keys)
"""


@pytest.mark.slow
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("moment", ["set aside", "put back", "switch", "note"])
def test_a_kill_while_going_back_leaves_a_program_that_opens_the_library(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, side: str
) -> None:
    path = tmp_path / "clinic"
    with Library.create(path) as lib:
        lib.record_event("test", "key", "before the update")
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    with monkeypatch.context() as patch:
        newer(patch)
        Library.open(path).close()
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_GOING_BACK, done.step.new_folder, moment, side], check=False, capture_output=True
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    with monkeypatch.context() as patch:
        if says(program.link) == "0.2.0":
            newer(patch)
        Library.open(path).close()  # by the program that is in use
    with monkeypatch.context() as patch:
        newer(patch)
        if steps.steps():  # the same command goes on
            back(now)
    assert says(program.link) == "0.1.0"
    with Library.open(path) as lib:
        assert "before the update" in texts(lib)


def test_a_deb_is_gone_back_from_by_its_earlier_installer_in_two_steps(
    publisher: Publisher, program: Installed, lib: Library
) -> None:
    first = replace(program, kind=Kind.DEB)
    installed(publisher, first, publisher.file("0.2.0", publisher.installer("0.2.0", Kind.DEB)), lib)
    second = replace(first, version="0.2.0")
    installed(publisher, second, publisher.file("0.3.0", publisher.installer("0.3.0", Kind.DEB)), lib)
    lib.close()
    third = replace(first, version="0.3.0")
    went = back(third)
    assert went.plan.installer is not None
    kept = updates_dir() / "installers" / "pfm-desktop_0.2.0_amd64.deb"
    assert went.command == f"sudo env PFM_DOWNGRADE=1 dpkg -i {kept}"
    assert kept.is_file()
    assert last_step(third).new == "0.3.0"  # until the earlier program is there again
    assert back(second).command == ""
    assert last_step(second).new == "0.2.0"


def test_without_an_update_there_is_nothing_to_go_back_to(program: Installed) -> None:
    with pytest.raises(BadInputError, match="no update was installed here"):
        last_step(program)


def test_an_earlier_program_that_is_gone_is_said_before_the_library_is_touched(
    publisher: Publisher, program: Installed, lib: Library
) -> None:
    done = installed(publisher, program, publisher.file("0.2.0"), lib)
    shutil.rmtree(program.folder)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    with pytest.raises(StorageError, match="earlier program is gone"):
        back(now)
    assert says(program.link) == "0.2.0"


def test_notes_of_steps_that_cannot_be_read_are_said(program: Installed) -> None:
    updates_dir().mkdir(parents=True)
    (updates_dir() / "steps.json").write_bytes(b"{")
    with pytest.raises(StorageError, match="cannot be read"):
        last_step(program)


# several libraries


WHO = ("Dr. Ada Berg", "a long password 17")


def keys_of(library: Path) -> LibraryKeys | None:
    return accounts.keys_of(library, *WHO, "while going back") if is_encrypted(library) else None


@pytest.fixture
def two(publisher: Publisher, program: Installed, tmp_path: Path) -> Installed:
    """A plain and an encrypted library that were backed up by an update; the newer program, which they were open in."""
    enc, _ = accounts.make_library(tmp_path / "enc", *WHO)
    with Library.create(tmp_path / "lib") as lib, enc:
        done = installed(publisher, program, publisher.file("0.2.0"), lib, enc)
    with pytest.MonkeyPatch.context() as patch:
        newer(patch)
        with Library.open(tmp_path / "lib") as lib:
            lib.record_event("test", "key", "a new patient")
        accounts.sign_in(tmp_path / "enc", *WHO).close()
    return Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))


def aside_in(*libraries: Path) -> list[Path]:
    return [path for library in libraries for path in (library / "set-aside").glob("library.sqlite.*")]


@pytest.mark.parametrize("wrong", ["in use", "password", "room"])
def test_no_library_is_touched_before_each_was_looked_at(
    two: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    newer(monkeypatch)
    lib, enc = tmp_path / "lib", tmp_path / "enc"
    before = (lib / "library.sqlite").read_bytes()

    def forgotten(library: Path) -> LibraryKeys | None:
        return accounts.keys_of(library, WHO[0], "another", "to go back") if is_encrypted(library) else None

    with contextlib.ExitStack() as stack:
        if wrong == "in use":
            stack.enter_context(accounts.sign_in(enc, *WHO))
        if wrong == "room":
            patch = stack.enter_context(monkeypatch.context())
            patch.setattr(room.shutil, "disk_usage", lambda _: types.SimpleNamespace(free=5_000_000))
        with pytest.raises(UserError, match=r"enc is in use|password is wrong|too little room"):
            back(two, forgotten if wrong == "password" else keys_of)
    assert aside_in(lib, enc) == []
    assert (lib / "library.sqlite").read_bytes() == before
    went = back(two, keys_of)
    assert None not in went.libraries.values()
    assert len(set_aside.there()) == 2


def test_an_error_behind_the_first_library_says_where_its_newer_records_lie_and_so_does_the_next_attempt(
    two: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(monkeypatch)
    lib, enc = tmp_path / "lib", tmp_path / "enc"
    copy = put_back.copy_database

    def full(engine: Engine, out: Path, **more: Any) -> None:
        if out.is_relative_to(enc):
            raise StorageError("No space left", safe="the library is unchanged", remedy="free some space")
        copy(engine, out, **more)

    with monkeypatch.context() as patch:
        patch.setattr(put_back, "copy_database", full)
        with pytest.raises(StorageError, match=r"No space left\. put back already: .*lib \(what.*\. free some") as told:
            back(two, keys_of)
    (aside,) = aside_in(lib)
    assert str(aside) in str(told.value)
    assert [(one.library, one.place) for one in set_aside.there()] == [(str(lib), str(aside))]
    assert set_aside.there()[0].since >= 2
    went = back(two, keys_of)
    assert went.libraries[lib] is None
    assert went.libraries[enc] is not None


@pytest.mark.slow
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("moment", ["put back", "switch", "note"])
def test_a_kill_does_not_forget_what_was_set_aside(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, side: str
) -> None:
    path = tmp_path / "clinic"
    with Library.create(path) as lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    with monkeypatch.context() as patch:
        newer(patch)
        with Library.open(path) as lib:
            lib.record_event("test", "key", "a new patient")
    arguments = [done.step.new_folder, moment, side]
    ended = subprocess.run([sys.executable, "-c", KILLED_GOING_BACK, *arguments], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    (aside,) = set_aside.there()
    assert aside.since >= 2
    assert Path(aside.place).is_file()
    newer(monkeypatch)
    if steps.steps():
        now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
        back(now)
        assert set_aside.there()[0] == aside


# libraries that no update has backed up


def opened_by_the_newer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        newer(patch)
        with Library.open(path) as lib:
            lib.record_event("test", "key", "with the newer program")


def test_a_library_that_the_newer_version_opened_comes_back_though_no_update_is_on_record(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "another's"
    with Library.create(path) as lib:
        lib.record_event("test", "key", "before the update")
    done = installed(publisher, program, publisher.file("0.2.0"))
    opened_by_the_newer(path, monkeypatch)
    with monkeypatch.context() as patch:
        newer(patch)
        now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
        assert back(now).libraries == {}  # nobody named it
    with pytest.raises(StorageError, match=r"newer version .* pfm update back --library FOLDER"):
        Library.open(path)
    went = back(program, others=[path])
    assert went.plan.step is None
    put = went.libraries[path]
    assert put is not None
    assert put.since >= 2
    with Library.open(path) as lib:
        assert "before the update" in texts(lib)
        assert "with the newer program" not in texts(lib)
    assert back(program, others=[path]).libraries == {path: None}  # once more: this program reads it


def test_a_library_from_before_another_update_comes_back_with_that(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other"
    Library.create(path).close()
    opened_by_the_newer(path, monkeypatch)
    (copy,) = migrations.copies(path)
    long_ago = copy.path.rename(path / "library.sqlite.v12.20200101T000000Z.bak")
    done = installed(publisher, program, publisher.file("0.2.0"))
    newer(monkeypatch)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    put = back(now, others=[path]).libraries[path]
    assert put is not None
    assert put.source == long_ago
    assert says(program.link) == "0.1.0"


def test_a_named_library_that_is_too_new_does_not_take_an_earlier_update_back(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clinic"
    Library.create(path).close()
    done = installed(publisher, program, publisher.file("0.2.0"))
    opened_by_the_newer(path, monkeypatch)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))  # which this library is too new for
    assert back(now, others=[path]).libraries[path] is not None
    assert says(program.link) == "0.2.0"
    assert steps.steps() == (done.step,)


def test_a_copy_of_an_older_version_of_libraries_is_not_taken_for_the_state_before_the_update(
    program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clinic"
    Library.create(path).close()
    opened_by_the_newer(path, monkeypatch)
    (copy,) = migrations.copies(path)
    copy.path.rename(path / "library.sqlite.v11.20200101T000000Z.bak")
    with pytest.raises(StorageError, match="no copy from before the update"):
        back(program, others=[path])


def test_a_library_that_is_named_by_a_link_is_put_back_once(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, link = tmp_path / "clinic", tmp_path / "link"
    with Library.create(path) as lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    link.symlink_to(path)
    newer(monkeypatch)
    Library.open(path).close()
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    assert list(back(now, others=[link, path]).libraries) == [path]


# the earlier installer


@pytest.mark.parametrize("kind", [Kind.DEB, Kind.SETUP])
def test_an_installer_that_was_never_kept_is_asked_for_before_the_library_is_touched(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    path, first = tmp_path / "clinic", replace(program, kind=kind)
    with Library.create(path) as lib:
        installed(publisher, first, publisher.file("0.2.0", publisher.installer("0.2.0", kind)), lib)
    newer(monkeypatch)
    Library.open(path).close()
    second = replace(first, version="0.2.0")
    name = "pfm-desktop_0.1.0_amd64.deb" if kind is Kind.DEB else "pfm-desktop-0.1.0-setup.exe"
    with pytest.raises(StorageError, match=rf"installer of version 0\.1\.0 is not kept.*{name}.*--installer FILE"):
        back(second)
    with pytest.raises(StorageError, match=r"there is no file .*gone.*--installer FILE"):
        back(second, installer=tmp_path / "gone")
    assert aside_in(path) == []
    kept = publisher.installer("0.1.0", kind)
    assert str(kept) in back(second, installer=kept).command
    assert len(aside_in(path)) == 1
    assert back(first).command == ""  # the earlier one is there


def test_a_full_disk_is_not_taken_for_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Library.create(tmp_path / "clinic").close()

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(put_back.LibraryLock, "take", full)
    with pytest.raises(StorageError, match=r"is full\..*free some space"), put_back.held(tmp_path / "clinic"):
        pass
