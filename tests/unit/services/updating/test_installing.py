"""Installing an update beside the present program, going back, and being cut short anywhere."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pfm_desktop.jobs import Cancelled
from pfm_desktop.jobs.context import CallbackContext, SilentContext
from pfm_desktop.services.backup_folder import snapshots
from pfm_desktop.services.updating import installing, steps, unpacking, update_file
from pfm_desktop.services.updating.going_back import go_back, last_step
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.installing import Done, install
from pfm_desktop.services.updating.update_file import Kind
from pfm_desktop.storage import migrations
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.paths import HOME, updates_dir
from tests.publishing import Publisher, write_program

CTX = SilentContext()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME, str(tmp_path / "home"))


@pytest.fixture
def lib(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "clinic") as made:
        made.record_event("test", "key", "before the update")
        yield made


def installed(publisher: Publisher, program: Installed, file: Path, *libraries: Library) -> Done:
    update = update_file.read(file, publisher.root, installing.seen_dir())
    places = [(lib, installing.place_of_backups(lib)) for lib in libraries]
    return install(CTX, update, publisher.root, program, places)


def says(folder: Path) -> str:
    return subprocess.run([folder / "pfm", "version"], capture_output=True, text=True, check=True).stdout.strip()


def test_the_new_version_goes_beside_the_earlier_one_with_the_library_backed_up(
    publisher: Publisher, program: Installed, lib: Library
) -> None:
    done = installed(publisher, program, publisher.file("0.2.0"), lib)
    assert says(program.link) == "0.2.0"
    assert program.link.resolve() == Path(done.step.new_folder) == program.folder.with_name("pfm-desktop-0.2.0")
    assert says(program.folder) == "0.1.0"
    assert [str(path) for path in snapshots(lib.path.with_name("Backups of clinic"))] == [done.step.kept[0].snapshot]
    assert list((updates_dir() / "installers").iterdir()) == []  # it was unpacked
    assert steps.steps() == (done.step,)
    left = {path.name for path in program.folder.parent.iterdir()}
    assert left == {"pfm-desktop-0.1.0", "pfm-desktop-0.2.0", "pfm-desktop-current"}


def test_a_deb_is_checked_and_kept_and_the_command_named(
    publisher: Publisher, program: Installed, lib: Library
) -> None:
    deb = replace(program, kind=Kind.DEB)
    file = publisher.file("0.2.0", publisher.installer("0.2.0", Kind.DEB), publisher.installer("0.2.0", Kind.SETUP))
    done = installed(publisher, deb, file, lib)
    kept = updates_dir() / "installers" / "pfm-desktop_0.2.0_amd64.deb"
    assert done.command == f"sudo apt install {kept}"
    assert kept.read_bytes() == (publisher.folder / kept.name).read_bytes()
    assert not program.link.exists()
    windows = replace(program, kind=Kind.SETUP)
    assert installed(publisher, windows, file, lib).command.endswith('pfm-desktop-0.2.0-setup.exe"')


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9"])
def test_a_version_that_is_not_newer_is_refused(publisher: Publisher, program: Installed, version: str) -> None:
    with pytest.raises(BadInputError, match=rf"version 0.1.0 is installed, and .* holds {version}.*pfm update back"):
        installed(publisher, program, publisher.file(version))
    assert not program.link.exists()


def test_versions_are_compared_as_numbers() -> None:
    assert update_file.numbers("0.10.0") > update_file.numbers("0.9.2")


def test_a_file_for_another_kind_of_installation_and_a_checkout_are_refused(
    publisher: Publisher, program: Installed
) -> None:
    with pytest.raises(BadInputError, match="no installer for this kind"):
        installed(publisher, replace(program, kind=Kind.SETUP), publisher.file("0.2.0"))
    with pytest.raises(BadInputError, match="runs from its source"):
        installed(publisher, replace(program, kind=Kind.SOURCE), publisher.file("0.3.0"))


def test_too_little_disk_is_said_before_anything_is_written(
    publisher: Publisher, program: Installed, lib: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing.shutil, "disk_usage", lambda _path: types.SimpleNamespace(free=5_000_000))
    with pytest.raises(StorageError, match=r"too little room .* 104 MB are needed, 5 MB are free"):
        installed(publisher, program, publisher.file("0.2.0"), lib)
    assert not updates_dir().exists()
    assert [path.name for path in program.folder.parent.iterdir()] == ["pfm-desktop-0.1.0"]
    assert not lib.path.with_name("Backups of clinic").exists()


def test_a_folder_that_may_not_be_written_is_said_before_anything_is(
    publisher: Publisher, program: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, may = publisher.file("0.2.0"), os.access
    monkeypatch.setattr(unpacking.os, "access", lambda path, how: path != program.folder.parent and may(path, how))
    with pytest.raises(StorageError, match=r"programs may not be written.*as who installed the program"):
        installed(publisher, program, file)
    assert not updates_dir().exists()


def test_a_library_that_is_open_elsewhere_stops_the_update(
    publisher: Publisher, program: Installed, lib: Library
) -> None:
    with Library.open(lib.path) as second:
        assert second.read_only
        with pytest.raises(StorageError, match=r"clinic is in use by .*close the program there"):
            installed(publisher, program, publisher.file("0.2.0"), second)
    assert not program.link.exists()


def test_what_is_in_the_way_is_named_and_stays(publisher: Publisher, program: Installed) -> None:
    mine = program.folder.with_name("pfm-desktop-0.2.0")
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"pfm-desktop-0.2.0 is in the way"):
        installed(publisher, program, publisher.file("0.2.0"))
    assert (mine / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("program_text", ["#!/bin/sh\necho 9.9.9\n", "#!/bin/sh\necho cannot >&2; exit 1\n", "\x7fELF"])
def test_a_new_version_that_does_not_start_here_is_not_switched_to(
    publisher: Publisher, program: Installed, program_text: str
) -> None:
    archive = publisher.installer("0.2.0", program=program_text)
    with pytest.raises(StorageError, match="does not start on this computer"):
        installed(publisher, program, publisher.file("0.2.0", archive))
    assert [path.name for path in program.folder.parent.iterdir()] == ["pfm-desktop-0.1.0"]


@pytest.mark.parametrize("name", ["elsewhere/x", "../evil", "pfm-desktop-0.2.0/../../evil", "/tmp/evil-of-an-update"])
def test_an_archive_writes_nowhere_else(publisher: Publisher, program: Installed, name: str, tmp_path: Path) -> None:
    archive = publisher.folder / "pfm-desktop-0.2.0-linux-x86_64.tar.zst"
    write_program(archive, "pfm-desktop-0.2.0", "#!/bin/sh\necho 0.2.0\n", more={name: b"x"})
    with pytest.raises(StorageError, match="does not hold what it should"):
        installed(publisher, program, publisher.file("0.2.0", archive))
    assert [path.name for path in program.folder.parent.iterdir()] == ["pfm-desktop-0.1.0"]
    assert not list(tmp_path.rglob("evil*"))
    assert not Path("/tmp/evil-of-an-update").exists()


def test_a_disk_that_fills_up_while_unpacking_leaves_the_earlier_program_alone(
    publisher: Publisher, program: Installed, lib: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    file = publisher.file("0.2.0")
    with monkeypatch.context() as patch:
        patch.setattr(unpacking.tarfile.TarFile, "extract", full)
        with pytest.raises(StorageError, match=r"No space left on device\. nothing was changed\. free some space"):
            installed(publisher, program, file, lib)
    assert [path.name for path in program.folder.parent.iterdir()] == ["pfm-desktop-0.1.0"]
    assert steps.steps() == ()
    installed(publisher, program, file, lib)
    assert says(program.link) == "0.2.0"


def test_a_cancelled_update_leaves_nothing_and_may_be_repeated(publisher: Publisher, program: Installed) -> None:
    file = publisher.file("0.2.0")
    update = update_file.read(file, publisher.root, installing.seen_dir())
    heard: list[str] = []
    ctx = CallbackContext(lambda _done, _total, text: heard.append(text), lambda: "Unpacking the new version" in heard)
    with pytest.raises(Cancelled):
        install(ctx, update, publisher.root, program, [])
    assert [path.name for path in program.folder.parent.iterdir()] == ["pfm-desktop-0.1.0"]
    installed(publisher, program, file)
    assert says(program.link) == "0.2.0"


KILLED = """
import os, signal, sys
from pathlib import Path
from pfm_desktop.jobs.context import SilentContext
from pfm_desktop.services.updating import installing, steps, unpacking, update_file
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.storage.library import Library

file, root, folder, library, moment, side = sys.argv[1:]
module, name = {
    "copy": (installing, "copy_out"), "remember": (installing, "remember"), "unpack": (unpacking, "_extract"),
    "start": (unpacking, "_check_starts"), "backup": (installing, "back_up"), "note": (steps, "_write"),
    "switch": (unpacking, "switch"),
}[moment]
real = getattr(module, name)

def last(*args, **more):
    if side == "after":
        real(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(module, name, last)
root = Path(root).read_bytes()
update = update_file.read(Path(file), root, installing.seen_dir())
with Library.open(Path(library)) as lib:
    old = Installed(update_file.Kind.FOLDER, "0.1.0", Path(folder))
    installing.install(SilentContext(), update, root, old, [(lib, installing.place_of_backups(lib))])
"""


@pytest.mark.slow
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("moment", ["copy", "remember", "unpack", "start", "backup", "note", "switch"])
def test_a_kill_at_any_moment_leaves_a_program_and_a_library_that_work(
    publisher: Publisher, program: Installed, tmp_path: Path, moment: str, side: str
) -> None:
    with Library.create(tmp_path / "clinic") as lib:
        lib.record_event("test", "key", "before the update")
    file = publisher.file("0.2.0")
    arguments = [file, publisher.keys / "1.root.json", program.folder, tmp_path / "clinic", moment, side]
    done = subprocess.run([sys.executable, "-c", KILLED, *map(str, arguments)], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert says(program.folder) == "0.1.0"
    switched = (moment, side) == ("switch", "after")
    assert program.link.exists() == switched
    if switched:
        assert says(program.link) == "0.2.0"
    with Library.open(tmp_path / "clinic") as lib:
        assert not lib.read_only
        if not switched:  # the same command goes on
            installed(publisher, program, file, lib)
    assert says(program.link) == "0.2.0"
    assert len(steps.steps()) == 1
    hidden = [path.name for path in program.folder.parent.iterdir() if path.name.startswith(".")]
    assert hidden == []


# going back


def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on as the newer program, which brings libraries to one more version."""
    module = types.ModuleType("pfm_desktop.storage.migrations.versions.v9999_next")
    module.INFO = "a colour"  # type: ignore[attr-defined]
    module.upgrade = lambda op: op.execute("ALTER TABLE patients ADD COLUMN colour TEXT")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    versions = (*migrations.VERSIONS, "v9999_next")
    monkeypatch.setattr(migrations, "VERSIONS", versions)
    monkeypatch.setattr(migrations, "CURRENT", len(versions))


def texts(lib: Library) -> list[str]:
    import sqlalchemy as sa

    with lib.read() as session:
        return list(session.execute(sa.text("SELECT text FROM journal ORDER BY seq")).scalars())


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
        back = go_back(CTX, last_step(now), now, lambda _library: None)
    assert says(program.link) == "0.1.0"
    put = back.libraries[path]
    assert put is not None
    assert put.since >= 2  # brought up to date, and what was recorded
    with Library.open(path) as lib:
        assert "before the update" in texts(lib)
        assert "with the newer program" not in texts(lib)
    assert put.aside.parent == path / "set-aside"
    assert steps.steps() == ()
    shutil.copy(put.aside, path / "library.sqlite")  # nothing is lost: the newer one lies there, whole
    with monkeypatch.context() as patch:
        newer(patch)
        with Library.open(path) as lib:
            assert texts(lib)[-1] == "with the newer program"


def test_a_library_that_is_gone_is_no_dead_end(publisher: Publisher, program: Installed, tmp_path: Path) -> None:
    path = tmp_path / "clinic"
    with Library.create(path) as lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    shutil.rmtree(path)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    with pytest.raises(StorageError, match="holds no library"):
        go_back(CTX, last_step(now), now, lambda _library: None)
    assert says(program.link) == "0.2.0"
    assert go_back(CTX, last_step(now), now, lambda _library: None, without=[path]).libraries == {}
    assert says(program.link) == "0.1.0"


def test_a_library_that_the_earlier_program_reads_stays_as_it_is(
    publisher: Publisher, program: Installed, tmp_path: Path
) -> None:
    with Library.create(tmp_path / "clinic") as lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
        lib.record_event("test", "key", "with the newer program")
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    back = go_back(CTX, last_step(now), now, lambda _library: None)
    assert back.libraries == {tmp_path / "clinic": None}
    with Library.open(tmp_path / "clinic") as lib:
        assert texts(lib)[-1] == "with the newer program"
    assert says(program.link) == "0.1.0"


def test_an_encrypted_library_is_put_back_encrypted(
    publisher: Publisher, program: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pfm_desktop.services import accounts

    path, who = tmp_path / "clinic", ("Dr. Ada Berg", "a long password 17")
    lib, _ = accounts.make_library(path, *who)
    with lib:
        done = installed(publisher, program, publisher.file("0.2.0"), lib)
    now = Installed(Kind.FOLDER, "0.2.0", Path(done.step.new_folder))
    with monkeypatch.context() as patch:
        newer(patch)
        accounts.sign_in(path, *who).close()
        back = go_back(CTX, last_step(now), now, lambda library: accounts.keys_of(library, *who, "while going back"))
        assert back.libraries[path] is not None
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
        go_back(CTX, last_step(now), now, lambda _library: None)
    assert says(program.link) == "0.2.0"
    assert not (path / "set-aside").exists()


def test_a_damaged_or_foreign_copy_is_not_put_in_place(
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
    whole, before = copy.path.read_bytes(), (path / "library.sqlite").read_bytes()
    for wrong in (whole[:4096] + b"\xff" * (len(whole) - 4096), (tmp_path / "other" / "library.sqlite").read_bytes()):
        copy.path.write_bytes(wrong)
        with pytest.raises(UserError, match="damaged"):
            go_back(CTX, last_step(now), now, lambda _library: None)
        assert (path / "library.sqlite").read_bytes() == before
        assert says(program.link) == "0.2.0"


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

    with monkeypatch.context() as patch:
        patch.setattr("pfm_desktop.storage.engine.os.fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            go_back(CTX, last_step(now), now, lambda _library: None)
    assert says(program.link) == "0.2.0"
    Library.open(path).close()
    assert go_back(CTX, last_step(now), now, lambda _library: None).libraries[path] is not None


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
going_back.go_back(SilentContext(), going_back.last_step(now), now, lambda library: None)
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
            go_back(CTX, last_step(now), now, lambda _library: None)
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
    back = go_back(CTX, last_step(third), third, lambda _library: None)
    kept = updates_dir() / "installers" / "pfm-desktop_0.2.0_amd64.deb"
    assert back.command == f"sudo env PFM_DOWNGRADE=1 dpkg -i {kept}"
    assert kept.is_file()
    assert last_step(third).new == "0.3.0"  # until the earlier program is there again
    assert go_back(CTX, last_step(second), second, lambda _library: None).command == ""
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
        go_back(CTX, last_step(now), now, lambda _library: None)
    assert says(program.link) == "0.2.0"


def test_notes_of_steps_that_cannot_be_read_are_said(program: Installed) -> None:
    updates_dir().mkdir(parents=True)
    (updates_dir() / "steps.json").write_bytes(b"{")
    with pytest.raises(StorageError, match="cannot be read"):
        last_step(program)
