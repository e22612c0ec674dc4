"""A backup is looked at before it is needed: what rots in it is found, and replaced where it is asked for."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import accounts, backup, backup_folder, cases
from pfm_desktop.services.backup_check import BackupCheck, verify_backup
from pfm_desktop.storage import keys, thumbnails
from pfm_desktop.storage.image_store import ImageStore
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError

from .conftest import put_on_record

pytestmark = pytest.mark.slow

CTX = SilentContext()
NAME, PASSWORD = "Dr. Ada", "four words that differ"


def add(lib: Library, number: int) -> str:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}").id).id
    data = b"picture %d" % number
    put_on_record(lib, visit, data)
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
def clinic(tmp_path: Path, request: pytest.FixtureRequest) -> Library:
    made = tmp_path / "clinic"
    return accounts.make_library(made, NAME, PASSWORD)[0] if request.param else Library.create(made)


@pytest.fixture
def folder(clinic: Library, tmp_path: Path) -> Path:
    """Two backups, of one picture and of two; the first picture has a thumbnail. The library stays open."""
    first = add(clinic, 1)
    small = clinic.derived.put(b"small")
    with clinic.write() as session:
        thumbnails.keep(session, first, small)
    backup.back_up(CTX, clinic, tmp_path / "backup")
    add(clinic, 2)
    backup.back_up(CTX, clinic, tmp_path / "backup")
    return tmp_path / "backup"


def rot(store: ImageStore) -> Path:
    """Change three bytes of a file; its size stays."""
    file = next(iter(store.files()))
    data = bytearray(file.read_bytes())
    data[-3:] = bytes(byte ^ 0xFF for byte in data[-3:])
    file.write_bytes(data)
    return file


def tree(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_sound_backup_has_nothing_wrong_and_is_not_touched(clinic: Library, folder: Path) -> None:
    before = tree(folder)
    with clinic:
        assert verify_backup(CTX, folder, clinic.keys) == BackupCheck(2, 2, (), ())
    assert tree(folder) == before


def test_a_rotten_picture_is_found_and_a_backup_that_checks_replaces_it(clinic: Library, folder: Path) -> None:
    with clinic:
        bad = rot(ImageStore(folder / backup_folder.PICTURES, clinic.keys))
        (said,) = verify_backup(CTX, folder, clinic.keys).problems
        assert bad.name in said
        assert "a backup with --check puts it there anew" in said
        quick = backup.back_up(CTX, clinic, folder)
        assert (quick.copied, quick.mended) == (0, 0), "the size is right, so it is trusted"
        made = backup.back_up(CTX, clinic, folder, check=True)
        assert (made.copied, made.mended, made.problems) == (0, 1, ())
        assert verify_backup(CTX, folder, clinic.keys) == BackupCheck(4, 2, (), ())


def test_what_is_made_of_pictures_is_a_note_and_replaced_as_well(clinic: Library, folder: Path) -> None:
    with clinic:
        rot(ImageStore(folder / backup.DERIVED, clinic.keys))
        found = verify_backup(CTX, folder, clinic.keys)
        assert found.problems == ()
        assert "they are made again" in found.notes[0]
        assert backup.back_up(CTX, clinic, folder, check=True).mended == 1
        assert verify_backup(CTX, folder, clinic.keys).notes == ()


def test_a_picture_that_is_gone_from_the_backup_is_told(clinic: Library, folder: Path) -> None:
    with clinic:
        next(iter(ImageStore(folder / backup_folder.PICTURES, clinic.keys).files())).unlink()
        (said,) = verify_backup(CTX, folder, clinic.keys).problems
        assert "is missing from" in said
        assert backup.back_up(CTX, clinic, folder).copied == 1


def test_a_picture_that_only_the_backup_has_whole_is_not_said_to_be_lost(clinic: Library, folder: Path) -> None:
    with clinic:
        next(iter(clinic.pictures.files())).write_bytes(b"something else, and longer than it was before" * 9)
        (said,) = backup.back_up(CTX, clinic, folder).problems
        assert "not kept" not in said
        assert f"It is whole in {folder}" in said
        assert verify_backup(CTX, folder, clinic.keys).problems == ()


def test_a_picture_that_is_damaged_in_both_is_not_kept(clinic: Library, folder: Path) -> None:
    with clinic:
        for store in (clinic.pictures, ImageStore(folder / backup_folder.PICTURES, clinic.keys)):
            rot(store)
        (said,) = backup.back_up(CTX, clinic, folder, check=True).problems
        assert said.startswith("not kept: ")


def test_a_damaged_snapshot_and_its_missing_key_file_are_named_and_the_others_checked(
    clinic: Library, folder: Path
) -> None:
    with clinic:
        first, second = backup_folder.snapshots(folder)
        data = bytearray(first.read_bytes())
        data[8192:40960] = b"\xff" * 32768
        first.write_bytes(data)
        found = verify_backup(CTX, folder, clinic.keys)
        (said,) = found.problems
        assert f"the snapshot {first.stem} is damaged" in said
        assert found.pictures == 2
        if clinic.keys is not None:
            backup_folder.key_file_beside(second).write_bytes(b"{")
            assert any(f"key file of the snapshot {second.stem} is damaged" in one for one in _problems(clinic, folder))


def _problems(lib: Library, folder: Path) -> tuple[str, ...]:
    return verify_backup(CTX, folder, lib.keys).problems


def test_one_of_a_newer_program_is_named_and_the_others_are_checked(lib: Library, tmp_path: Path) -> None:
    add(lib, 1)
    made = backup.back_up(CTX, lib, tmp_path / "backup").snapshot
    newer = made.with_name("99990101T000000Z.sqlite")
    lib.set_meta("schema_version", "999")
    lib.copy_database(newer, safe="")
    found = verify_backup(CTX, tmp_path / "backup")
    assert (found.snapshots, found.pictures, len(found.problems)) == (2, 1, 1)
    assert "newer version of this program" in found.problems[0]


def test_that_of_an_encrypted_library_asks_for_its_keys(tmp_path: Path) -> None:
    with accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)[0] as lib:
        backup.back_up(CTX, lib, tmp_path / "backup")
    with pytest.raises(keys.LockedLibraryError):
        verify_backup(CTX, tmp_path / "backup")


def test_a_folder_that_is_no_backup_or_another_s_is_refused(clinic: Library, folder: Path, tmp_path: Path) -> None:
    with clinic, pytest.raises(BadInputError, match="is no backup"):
        verify_backup(CTX, tmp_path, clinic.keys)
    other, _ = accounts.make_library(tmp_path / "other", NAME, PASSWORD)
    with other, pytest.raises(BadInputError, match="of another library"):
        verify_backup(CTX, folder, other.keys)


def test_a_backup_that_was_never_completed_is_no_backup(clinic: Library, folder: Path) -> None:
    with clinic:
        shutil.rmtree(folder / backup_folder.SNAPSHOTS)
        assert _problems(clinic, folder) == ("there is no snapshot in it: no backup was completed here",)


def test_it_tells_how_far_it_is_and_can_be_stopped(clinic: Library, folder: Path) -> None:
    told: list[tuple[float, float, str]] = []
    with clinic:
        verify_backup(CallbackContext(lambda *step: told.append(step), lambda: False), folder, clinic.keys)
        assert [step[:2] for step in told if step[2] == "Checking the pictures of the backup"] == [
            (0, 2),
            (1, 2),
            (2, 2),
        ]
        assert any(step[2] == "Checking the copy of the database" for step in told)
        with pytest.raises(Cancelled):
            verify_backup(CallbackContext(lambda *_: None, lambda: True), folder, clinic.keys)
