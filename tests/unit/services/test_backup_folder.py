"""What is lost of a folder of backups is told from the rest of it, where that can be known for sure."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, backup, backup_folder, cases, housekeeping
from pfm_desktop.services.backup_check import verify_backup
from pfm_desktop.storage.keys import WrongPasswordError
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError

from .conftest import put_on_record

pytestmark = pytest.mark.slow

CTX = SilentContext()
NAME, PASSWORD, LATER = "Dr. Ada", "four words that differ", "quite another sentence"


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
def clinic(tmp_path: Path, request: pytest.FixtureRequest) -> Library:
    made = tmp_path / "clinic"
    return accounts.make_library(made, NAME, PASSWORD)[0] if request.param else Library.create(made)


@pytest.fixture
def sealed(tmp_path: Path) -> Library:
    return accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)[0]


def two_backups(lib: Library, folder: Path) -> tuple[Path, Path]:
    """Each with a picture more; of an encrypted library the second is of another password."""
    made = []
    for number in range(2):
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}").id).id
        put_on_record(lib, visit, b"picture %d" % number)
        if number and lib.keys is not None:
            accounts.change_own_password(lib, PASSWORD, LATER)
        made.append(backup.back_up(CTX, lib, folder).snapshot)
    return made[0], made[1]


def unlocked(folder: Path, at: str, password: str) -> backup_folder.LibraryKeys:
    file = backup_folder.key_file_of(folder, at)
    assert file is not None
    return backup_folder.unlocked_with(folder, file, NAME, password).keys


# ---- backup.json


@pytest.mark.parametrize("left", [None, b"", b"{", b"[]", b"\xff\xfe"], ids=str)
def test_without_its_note_a_backup_is_told_from_its_snapshots_and_the_next_one_writes_it_anew(
    clinic: Library, tmp_path: Path, left: bytes | None
) -> None:
    folder = tmp_path / "backup"
    two_backups(clinic, folder)
    about = folder / backup_folder.ABOUT
    whole = about.read_bytes()
    about.unlink() if left is None else about.write_bytes(left)
    assert backup_folder.is_backup(folder)
    how = "is missing" if left is None else "cannot be read"
    with clinic:
        found = verify_backup(CTX, folder, clinic.keys)
        assert found.problems == ()
        assert f"{about} {how}: whose backups these are was told from the snapshots" in found.notes[0]
        back = backup.restore(CTX, folder, tmp_path / "back", unlocked=clinic.keys)
        assert (back.pictures, back.problems) == (2, ())
        assert back.notes == found.notes
        assert about.exists() == (left is not None), "looking and restoring change nothing"
        assert housekeeping.repair(CTX, clinic, folder).left == ()
        made = backup.back_up(CTX, clinic, folder)
        assert "It was written anew" in made.notes[0]
        assert about.read_bytes() == whole
        assert backup.back_up(CTX, clinic, folder).notes == ()


def test_without_its_note_a_backup_of_another_library_is_still_another_s(clinic: Library, tmp_path: Path) -> None:
    two_backups(clinic, tmp_path / "backup")
    (tmp_path / "backup" / backup_folder.ABOUT).unlink()
    clinic.close()
    with Library.create(tmp_path / "other") as other:
        with pytest.raises(BadInputError, match="of another library"):
            backup.back_up(CTX, other, tmp_path / "backup")
        with pytest.raises(BadInputError, match="of another library"):
            housekeeping.repair(CTX, other, tmp_path / "backup")
    assert not (tmp_path / "backup" / backup_folder.ABOUT).exists()


def test_the_library_itself_knows_its_snapshots_where_nobody_else_does(sealed: Library, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    both = two_backups(sealed, folder)
    for one in both:
        backup_folder.key_file_beside(one).unlink()
    (folder / backup_folder.ABOUT).unlink()
    with pytest.raises(BadInputError, match="is no backup that can be told whose it is") as refused:
        backup_folder.key_file_of(folder)
    assert str(backup_folder.key_file_beside(both[1])) in refused.value.remedy
    with sealed:
        assert backup.back_up(CTX, sealed, folder).notes
    assert backup_folder.key_file_of(folder, both[0].stem) is not None


def test_snapshots_that_do_not_agree_tell_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with Library.create(tmp_path / name) as lib:
            backup.back_up(CTX, lib, tmp_path / f"backup {name}")
    (theirs,) = backup_folder.snapshots(tmp_path / "backup b")
    shutil.copy(theirs, tmp_path / "backup a" / backup_folder.SNAPSHOTS / "20200101T000000Z.sqlite")
    (tmp_path / "backup a" / backup_folder.ABOUT).unlink()
    with pytest.raises(BadInputError, match="can be told whose it is"):
        backup.restore(CTX, tmp_path / "backup a", tmp_path / "back")


# ---- key files


@pytest.mark.parametrize("left", [None, b"{"], ids=["missing", "damaged"])
@pytest.mark.parametrize("lost", [0, 1])
def test_a_snapshot_whose_key_file_is_lost_comes_back_with_that_of_another(
    sealed: Library, tmp_path: Path, left: bytes | None, lost: int
) -> None:
    folder = tmp_path / "backup"
    both = two_backups(sealed, folder)
    sealed.close()
    file, other = backup_folder.key_file_beside(both[lost]), both[1 - lost]
    file.unlink() if left is None else file.write_bytes(left)
    password = (PASSWORD, LATER)[1 - lost]
    at = both[lost].stem
    opened = unlocked(folder, at, password)
    back = backup.restore(CTX, folder, tmp_path / "back", at=at, unlocked=opened)
    assert (back.problems, back.snapshot, back.pictures) == ((), both[lost], lost + 1)
    (note,) = back.notes
    assert f"{at} {'is missing' if left is None else 'is damaged'} ({file}): that of {other.stem} is used" in note
    with accounts.sign_in(tmp_path / "back", NAME, password) as again:
        problems = housekeeping.verify(CTX, again).problems
        assert len(problems) == lost, "with the older key file the password of before opens it again"
    (said,) = verify_backup(CTX, folder, opened).problems
    assert f"{at} {'is missing' if left is None else 'is damaged'} ({file})" in said
    assert "cannot be brought back" not in said


def test_where_no_key_file_is_left_it_is_named_with_where_it_may_come_from(sealed: Library, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    both = two_backups(sealed, folder)
    for one in both:
        backup_folder.key_file_beside(one).unlink()
    file = backup_folder.key_file_beside(both[1])
    for ask in (backup_folder.key_file_of, backup_folder.any_key_file_of):
        with pytest.raises(StorageError, match=re.escape(f"is missing ({file})")) as refused:
            ask(folder)
        assert f"copy keys.json of the library to {file}" in refused.value.remedy
    shutil.copy(sealed.path / "keys.json", file)
    sealed.close()
    assert backup.restore(CTX, folder, tmp_path / "back", unlocked=unlocked(folder, "", LATER)).problems == ()


def test_the_key_file_of_another_library_is_not_taken(sealed: Library, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    both = two_backups(sealed, folder)
    sealed.close()
    accounts.make_library(tmp_path / "other", NAME, PASSWORD)[0].close()
    shutil.copy(tmp_path / "other" / "keys.json", backup_folder.key_file_beside(both[1]))
    assert backup_folder.key_file_of(folder) == backup_folder.key_file_beside(both[0])
    assert "is that of another library" in backup_folder.key_file_note(folder, "", backup_folder.key_file_of(folder))


# ---- of which day


def test_a_wrong_password_for_a_backup_says_of_which_day_it_is_to_be(sealed: Library, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    first, _ = two_backups(sealed, folder)
    sealed.close()
    with pytest.raises(WrongPasswordError) as refused:
        unlocked(folder, first.stem, LATER)
    assert f"a backup opens with those of its day, here of {first.stem}" in refused.value.what
    assert "--recovery-key" in refused.value.remedy
    assert unlocked(folder, first.stem, PASSWORD)


def test_the_recovery_key_of_another_day_says_so_as_well(sealed: Library, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    _, second = two_backups(sealed, folder)
    later = accounts.new_recovery_key(sealed)
    sealed.close()
    file = backup_folder.key_file_beside(second)
    with pytest.raises(
        WrongPasswordError, match=f"not the recovery key of this backup.*its day, here of {second.stem}"
    ):
        backup_folder.unlocked_with_recovery(folder, file, later)
