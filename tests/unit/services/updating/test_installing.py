"""Installing an update beside the present program, and being cut short anywhere."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

from pfm_desktop.jobs import Cancelled
from pfm_desktop.jobs.context import CallbackContext
from pfm_desktop.services.backup_folder import snapshots
from pfm_desktop.services.updating import installing, room, steps, unpacking, update_file
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.installing import install
from pfm_desktop.services.updating.update_file import Kind
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.paths import updates_dir
from tests.publishing import Publisher, write_program

from .conftest import back, installed, says


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
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _path: types.SimpleNamespace(free=5_000_000))
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
    "start": (unpacking, "_trouble"), "backup": (installing, "back_up"), "note": (steps, "_write"),
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


# what an earlier attempt has left


def whole(publisher: Publisher, version: str = "0.2.0") -> Path:
    """An archive that lists its files, as the real ones do."""
    path = publisher.folder / f"pfm-desktop-{version}-linux-x86_64.tar.zst"
    library = b"a library"
    listed = {"libpython.so": [len(library), hashlib.sha256(library).hexdigest()]}
    top = f"pfm-desktop-{version}"
    more = {
        f"{top}/_internal/libpython.so": library,
        f"{top}/_internal/files.json": json.dumps({"files": listed}).encode(),
    }
    write_program(path, top, f"#!/bin/sh\necho {version}\n", more=more)
    return path


def test_what_lies_unpacked_and_whole_needs_no_room_and_is_not_unpacked_again(
    publisher: Publisher, program: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = publisher.file("0.2.0", whole(publisher))
    with monkeypatch.context() as patch:
        patch.setattr(installing, "remember", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            installed(publisher, program, file)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: types.SimpleNamespace(free=0))
    monkeypatch.setattr(unpacking, "_extract", None)
    installed(publisher, program, file)
    assert says(program.link) == "0.2.0"


def test_a_new_version_that_is_not_whole_any_more_is_unpacked_anew(publisher: Publisher, program: Installed) -> None:
    file = publisher.file("0.2.0", whole(publisher))
    new = Path(installed(publisher, program, file).step.new_folder)
    back(replace(program, version="0.2.0", folder=new))
    library = new / "_internal" / "libpython.so"
    for harm in (library.unlink, lambda: library.write_bytes(b"A library"), lambda: (new / "pfm").write_text("")):
        harm()
        installed(publisher, program, file)
        assert library.read_bytes() == b"a library"
        assert says(program.link) == "0.2.0"
    assert says(program.folder) == "0.1.0"


def test_what_was_left_half_makes_room_and_goes(
    publisher: Publisher, program: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = program.folder.parent / ".pfm-desktop-0.2.0.part" / "pfm-desktop-0.2.0"
    half.mkdir(parents=True)
    (half / "libtorch.so").write_bytes(bytes(3_000_000))
    file = publisher.file("0.2.0")
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: types.SimpleNamespace(free=103_000_000))
    installed(publisher, program, file)  # 104.8 MB are to stay free; what is left half is 3 of them
    left = {path.name for path in program.folder.parent.iterdir()}
    assert left == {"pfm-desktop-0.1.0", "pfm-desktop-0.2.0", "pfm-desktop-current"}


def test_an_installer_that_is_kept_already_is_not_copied_again(
    publisher: Publisher, program: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deb = replace(program, kind=Kind.DEB)
    file = publisher.file("0.2.0", publisher.installer("0.2.0", Kind.DEB))
    first = installed(publisher, deb, file)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: types.SimpleNamespace(free=0))
    assert installed(publisher, deb, file).command == first.command
    Path(first.step.installer).write_bytes(b"another")
    with pytest.raises(StorageError, match="too little room"):
        installed(publisher, deb, file)


def test_a_newer_update_that_does_not_start_keeps_no_earlier_one_from_being_installed(
    publisher: Publisher, program: Installed
) -> None:
    good = publisher.file("0.2.0")
    bad = publisher.file("0.3.0", publisher.installer("0.3.0", program="#!/bin/sh\nexit 1\n"))
    with pytest.raises(StorageError, match="does not start on this computer"):
        installed(publisher, program, bad)
    assert list((updates_dir() / "installers").iterdir()) == []
    installed(publisher, program, good)
    assert says(program.link) == "0.2.0"


def test_what_was_signed_before_an_installed_update_stays_refused(publisher: Publisher, program: Installed) -> None:
    old, new = publisher.file("0.3.0"), publisher.file("0.2.0")
    done = installed(publisher, program, new)
    with pytest.raises(BadInputError, match="signed before an update file that was installed"):
        installed(publisher, replace(program, version="0.2.0", folder=Path(done.step.new_folder)), old)
