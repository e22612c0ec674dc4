from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from pfm_desktop.domain.people import Role
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import accounts, backup, backup_folder, cases, housekeeping, pairing, removal, review
from pfm_desktop.storage import answers, keys, thumbnails
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.engine import COPY_AND_RESTORE, DamagedError
from pfm_desktop.storage.image_store import ImageStore
from pfm_desktop.storage.keys import WrongPasswordError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE, KEYS, KEYS_COPY, SET_ASIDE
from pfm_desktop.support.errors import BadInputError, StorageError, UserError

from .conftest import put_on_record

pytestmark = pytest.mark.slow

CTX = SilentContext()


@pytest.fixture
def pictures(lib: Library) -> list[str]:
    """Three pictures on record; their bytes are no pictures, which housekeeping does not mind."""
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id
    return [put_on_record(lib, visit, b"picture %d" % number) for number in range(3)]


def files_of(lib: Library) -> list[Path]:
    return list(lib.pictures.files())


def test_a_sound_library_is_clean(lib: Library, pictures: list[str]) -> None:
    report = housekeeping.verify(CTX, lib)
    assert report.clean
    assert (report.pictures, report.problems, report.orphans) == (3, (), 0)


def test_every_altered_and_missing_picture_is_named_and_nothing_is_changed(lib: Library, pictures: list[str]) -> None:
    first, second, _ = files_of(lib)
    first.write_bytes(b"something else")
    second.unlink()
    report = housekeeping.verify(CTX, lib)
    assert not report.clean
    assert len(report.problems) == 2
    assert any(first.name in problem and "altered" in problem for problem in report.problems)
    assert any(second.stem[:12] in problem and "missing" in problem for problem in report.problems)
    assert first.read_bytes() == b"something else"


def _break_references(lib: Library) -> None:
    with lib.read() as session:
        connection = session.connection().connection.driver_connection
        assert connection is not None
        connection.execute("COMMIT")
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM visits")
        connection.execute("PRAGMA foreign_keys=ON")


def test_a_reference_that_leads_nowhere_is_found(lib: Library, pictures: list[str]) -> None:
    _break_references(lib)
    problems = housekeeping.verify(CTX, lib).problems
    assert any("pictures refers to a line of visits that is not there" in problem for problem in problems)


def test_stored_bytes_without_record_are_counted_and_swept_once_they_are_old(lib: Library, pictures: list[str]) -> None:
    sha256 = lib.pictures.put(b"an import that was cut short")
    orphan = lib.pictures.find(sha256)
    assert orphan is not None
    half = orphan.with_name(f".{orphan.name}.x.part")
    half.write_bytes(b"half")
    assert housekeeping.verify(CTX, lib).orphans == 1
    assert housekeeping.sweep(CTX, lib) == 0  # its record may be on its way
    for path in (orphan, half):
        os.utime(path, (0, 0))
    assert housekeeping.sweep(CTX, lib) == 2
    assert housekeeping.verify(CTX, lib).orphans == 0
    assert len(files_of(lib)) == 3


def test_what_undo_could_bring_back_is_never_swept(lib: Library, pictures: list[str]) -> None:
    changes = removal.remove_pictures(lib, [pictures[0]])
    for path in files_of(lib):
        os.utime(path, (0, 0))
    assert housekeeping.sweep(CTX, lib) == 0
    review.undo_all(lib, changes)
    assert housekeeping.verify(CTX, lib).clean


def test_verifying_tells_how_far_it_is_and_can_be_stopped(lib: Library, pictures: list[str]) -> None:
    told: list[tuple[float, float, str]] = []
    housekeeping.verify(CallbackContext(lambda *step: told.append(step), lambda: False), lib)
    assert [(done, total) for done, total, text in told if text == "Checking pictures" and total == 3] == [
        (0, 3),
        (1, 3),
        (2, 3),
        (3, 3),
    ]
    assert any(text == "Checking the audit trail" for *_, text in told)
    with pytest.raises(Cancelled):
        housekeeping.verify(CallbackContext(lambda *_: None, lambda: True), lib)


def test_a_read_only_library_is_verified_but_not_swept(lib: Library, pictures: list[str]) -> None:
    with Library.open(lib.path) as second:
        assert housekeeping.verify(CTX, second).clean
        with pytest.raises(StorageError, match="read-only"):
            housekeeping.sweep(CTX, second)


def test_a_damaged_index_is_found(lib: Library, pictures: list[str]) -> None:
    with lib.write() as session:
        session.execute(text("PRAGMA writable_schema=ON"))
        session.execute(
            text("UPDATE sqlite_master SET sql = replace(sql, '(stage', '(device') WHERE name = 'ix_pictures_sha256'")
        )
        session.execute(
            text("UPDATE sqlite_master SET sql = replace(sql, '(sha256)', '(stage)') WHERE name = 'ix_pictures_sha256'")
        )
    path = lib.path
    lib.close()
    with Library.open(path) as again:
        problems = housekeeping.verify(CTX, again).problems
        assert any("ix_pictures_sha256" in problem for problem in problems)
        made = housekeeping.repair(CTX, again)
        assert made.done == ("the indexes of the database were made anew",)
        assert made.left == ()


def test_a_repair_does_not_say_that_it_did_what_helped_nothing(lib: Library, pictures: list[str]) -> None:
    _break_references(lib)
    made = housekeeping.repair(CTX, lib)
    assert made.done == ()
    assert any("refers to a line of visits that is not there" in problem for problem in made.left)


def test_a_repair_takes_nothing_from_the_backup_of_another_library(
    lib: Library, pictures: list[str], tmp_path: Path
) -> None:
    with Library.create(tmp_path / "other") as other:
        backup.back_up(CTX, other, tmp_path / "theirs")
    with pytest.raises(BadInputError, match="holds backups of another library"):
        housekeeping.repair(CTX, lib, tmp_path / "theirs")


@pytest.mark.parametrize("name", [KEYS, KEYS_COPY])
@pytest.mark.parametrize("left", [b"{", None], ids=["damaged", "missing"])
def test_a_key_file_that_is_not_whole_is_told_and_repaired_from_the_other(
    tmp_path: Path, name: str, left: bytes | None
) -> None:
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", "four words that differ")[0] as lib:
        assert housekeeping.verify(CTX, lib).clean
        whole = (lib.path / name).read_bytes()
        (lib.path / name).unlink() if left is None else (lib.path / name).write_bytes(left)
        (problem,) = housekeeping.verify(CTX, lib).problems
        assert f"{lib.path / name} is {'missing' if left is None else 'damaged'}: one is left of two" in problem
        assert f"pfm library repair {lib.path}" in problem
        made = housekeeping.repair(CTX, lib)
        assert made.left == ()
        assert "were written anew" in made.done[-1]
        assert (lib.path / name).read_bytes() == whole
        assert housekeeping.repair(CTX, lib) == housekeeping.Repair((), ())


def test_a_password_that_was_cut_short_between_the_two_key_files_is_a_note(tmp_path: Path) -> None:
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", "four words that differ")[0] as lib:
        older = (lib.path / KEYS).read_bytes()
        accounts.change_own_password(lib, "four words that differ", "quite another sentence")
        (lib.path / KEYS).write_bytes(older)
        report = housekeeping.verify(CTX, lib)
        assert report.clean
        (note,) = report.notes
        assert "a password or the recovery key was being changed" in note
        for password in ("four words that differ", "quite another sentence"):
            assert keys.unlock(lib.path, "Dr. Ada", password).keys == lib.keys
        assert housekeeping.repair(CTX, lib).done
        with pytest.raises(WrongPasswordError):  # the newer one is kept, although it was the copy
            keys.unlock(lib.path, "Dr. Ada", "four words that differ")
        assert keys.unlock(lib.path, "Dr. Ada", "quite another sentence").keys == lib.keys
        assert housekeeping.verify(CTX, lib).notes == ()


def test_two_damaged_key_files_are_told_with_what_to_put_back(tmp_path: Path) -> None:
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", "four words that differ")[0] as lib:
        for name in (KEYS, KEYS_COPY):
            (lib.path / name).write_bytes(b"{")
        made = housekeeping.repair(CTX, lib)
        assert made.done == ()
        assert all("and put keys.json back from it" in problem for problem in made.left)
        assert len(made.left) == 2


@pytest.fixture
def derived(lib: Library, pictures: list[str]) -> dict[str, str]:
    """Hashes of a heatmap, a registration and a thumbnail, by what they are."""
    with lib.read() as session:
        visit = stored.picture(session, pictures[0]).visit_id  # type: ignore[union-attr]
    pair = pairing.make_pair(lib, visit, pictures[0], None).key
    answers.put_registration(lib, pair, summary={}, data=b"moved", by_hand=False)
    answers.put_answer(lib, pair, model_name="m", model_sha256="ab" * 32, body={"a": 1}, blobs={"fused": b"heat"})
    small = lib.derived.put(b"small")
    with lib.write() as session:
        thumbnails.keep(session, stored.picture(session, pictures[0]).sha256, small)  # type: ignore[union-attr]
    hashes = {what: hashlib.sha256(data).hexdigest() for what, data in KINDS.items()}
    assert all(lib.derived.find(sha256) for sha256 in hashes.values())
    return hashes


KINDS = {"heatmap": b"heat", "registration": b"moved", "thumbnail": b"small"}


def damage(lib: Library, sha256: str) -> Path:
    file = lib.derived.find(sha256)
    assert file is not None
    file.write_bytes(b"something else")
    return file


def test_damaged_heatmaps_registrations_and_thumbnails_are_a_note_and_nothing_is_wrong(
    lib: Library, derived: dict[str, str]
) -> None:
    assert housekeeping.verify(CTX, lib).notes == ()
    files = {what: damage(lib, sha256) for what, sha256 in derived.items()}
    report = housekeeping.verify(CTX, lib)
    assert report.clean
    assert sorted(report.notes) == sorted(
        f"the {what} {file} is damaged: it is made again when needed" for what, file in files.items()
    )
    files["heatmap"].unlink()
    missing = f"the heatmap {derived['heatmap'][:12]}... is missing: it is made again when needed"
    assert missing in housekeeping.verify(CTX, lib).notes


def test_a_repair_moves_them_out_of_the_way_so_that_they_are_made_again(lib: Library, derived: dict[str, str]) -> None:
    for sha256 in derived.values():
        damage(lib, sha256)
    made = housekeeping.repair(CTX, lib)
    assert made.left == ()
    assert len(made.done) == 3
    assert all("was moved to" in line and "made again when needed" in line for line in made.done)
    assert [file.read_bytes() for file in (lib.path / SET_ASIDE).iterdir()] == [b"something else"] * 3
    assert [lib.derived.find(sha256) for sha256 in derived.values()] == [None] * 3
    assert housekeeping.repair(CTX, lib).done == ()
    for data in KINDS.values():
        lib.derived.put(data)  # as the window does when it needs them
    assert housekeeping.verify(CTX, lib).notes == ()


def test_a_repair_from_a_backup_puts_them_back(lib: Library, derived: dict[str, str], tmp_path: Path) -> None:
    backup.back_up(CTX, lib, tmp_path / "backup")
    damage(lib, derived["heatmap"])
    file = lib.derived.find(derived["registration"])
    assert file is not None
    file.unlink()
    made = housekeeping.repair(CTX, lib, tmp_path / "backup")
    assert sum("it was put back from the backup" in line for line in made.done) == 2
    assert lib.derived.get(derived["heatmap"]) == b"heat"
    assert lib.derived.get(derived["registration"]) == b"moved"
    assert housekeeping.verify(CTX, lib).notes == ()


# ---- a damaged page of the database

NAME, PASSWORD = "Dr. Ada", "four words that differ"


@pytest.fixture(params=range(1, 16))
def bad_page(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """An encrypted library with three pictures and a backup, closed, a page of whose database was damaged since."""
    with accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)[0] as lib:
        for number in range(40):
            visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}", family_name="x" * 300).id).id
            if number < 3:
                put_on_record(lib, visit, b"picture %d" % number)
        backup.back_up(CTX, lib, tmp_path / "backup")
    data = bytearray((tmp_path / "clinic" / DATABASE).read_bytes())
    at = len(data) // 4096 * request.param // 16 * 4096 + 9
    data[at : at + 3] = bytes(byte ^ 0xFF for byte in data[at : at + 3])
    (tmp_path / "clinic" / DATABASE).write_bytes(data)
    return tmp_path / "clinic"


def test_a_damaged_page_is_called_damage_and_the_pictures_are_checked_all_the_same(
    bad_page: Path, tmp_path: Path
) -> None:
    unlocked = keys.unlock(bad_page, NAME, PASSWORD).keys
    next(iter(ImageStore(bad_page / "pictures", unlocked).files())).write_bytes(b"something else" * 9)
    reports: list[housekeeping.Verification] = []

    def work() -> None:
        with accounts.sign_in(bad_page, NAME, PASSWORD) as lib:
            reports.append(housekeeping.verify(CTX, lib))

    error = _damage_met(work)
    if error is not None:  # it does not even open
        reports.append(housekeeping.verify_pictures(CTX, bad_page, error.keys))
    (report,) = reports
    said = [*report.problems, *([str(error)] if error is not None else [])]
    assert report.pictures == 3
    assert sum("was altered" in one for one in said) == 1
    assert any("is damaged" in one or "malformed" in one or "database:" in one for one in said)
    for one in said:
        assert "does not open with its keys" not in one
        assert "permissions" not in one


def _damage_met(work: Callable[[], object]) -> DamagedError | None:
    """The damage that `work` came upon; None where the page is not in use."""
    try:
        work()
    except DamagedError as error:
        return error
    return None


def test_a_repair_of_a_damaged_page_tells_the_way_back_and_does_not_speak_of_permissions(
    bad_page: Path, tmp_path: Path
) -> None:
    (made,) = backup_folder.snapshots(tmp_path / "backup")

    def work() -> None:
        with accounts.sign_in(bad_page, NAME, PASSWORD) as lib:
            housekeeping.repair(CTX, lib, tmp_path / "backup")

    error = _damage_met(work)
    if error is not None:
        assert "is damaged" in error.what
        assert "its keys are the right ones" in error.safe
        way = f"pfm library restore {tmp_path / 'backup'} NEW_FOLDER --at {made.stem}"
        assert way in error.remedy or error.remedy == COPY_AND_RESTORE
    unlocked = keys.unlock(bad_page, NAME, PASSWORD).keys
    assert backup.restore(CTX, tmp_path / "backup", tmp_path / "back", unlocked=unlocked).problems == ()


def test_an_edit_that_meets_a_damaged_page_is_refused_as_damage(bad_page: Path) -> None:
    def work() -> None:
        with accounts.sign_in(bad_page, NAME, PASSWORD) as lib:
            housekeeping.verify(CTX, lib)
            for number in range(100, 140):
                cases.add_patient(lib, identifier=f"K-{number}", family_name="y" * 300)

    error = _damage_met(work)  # any other error fails the test
    if error is not None:
        assert "is damaged" in error.what
        assert error.keys == keys.unlock(bad_page, NAME, PASSWORD).keys


def test_a_damaged_first_page_is_not_laid_to_the_keys_that_open_the_pictures(tmp_path: Path) -> None:
    with accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)[0] as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id
        put_on_record(lib, visit, b"picture")
    database = tmp_path / "clinic" / DATABASE
    database.write_bytes(database.read_bytes()[:200] + b"xxx" + database.read_bytes()[203:])
    with pytest.raises(DamagedError) as refused:
        accounts.sign_in(tmp_path / "clinic", NAME, PASSWORD)
    assert "keys.json is the right one" in refused.value.safe
    assert "either" not in refused.value.remedy
    assert housekeeping.verify_pictures(CTX, tmp_path / "clinic", refused.value.keys).problems == ()


def test_pictures_of_a_library_that_is_not_encrypted_are_checked_by_their_names(
    lib: Library, pictures: list[str]
) -> None:
    first, second, _ = files_of(lib)
    first.write_bytes(b"something else")
    report = housekeeping.verify_pictures(CTX, lib.path, None)
    assert report.pictures == 3
    (said,) = report.problems
    assert first.name in said
    assert second.name not in said
    assert "none is missed" in report.notes[0]


# ---- key files that are lost


@pytest.mark.parametrize("left", [None, b"{", b"another's"], ids=["missing", "damaged", "another's"])
def test_lost_key_files_are_put_back_from_a_backup_and_nothing_is_removed(tmp_path: Path, left: bytes | None) -> None:
    if left == b"another's":
        with accounts.make_library(tmp_path / "other", NAME, "quite another sentence")[0] as other:
            left = (other.path / KEYS).read_bytes()
    with accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)[0] as lib:
        path, unlocked = lib.path, lib.keys
        put_on_record(lib, cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id, b"picture")
        backup.back_up(CTX, lib, tmp_path / "backup")
    assert unlocked is not None
    assert not housekeeping.lacks_keys(path, unlocked.library_id)
    for name in (KEYS, KEYS_COPY):
        (path / name).unlink() if left is None else (path / name).write_bytes(left)
    assert housekeeping.lacks_keys(path, unlocked.library_id)
    with pytest.raises(UserError, match=r"missing|wrong"):
        accounts.sign_in(path, NAME, PASSWORD)
    file = backup_folder.any_key_file_of(tmp_path / "backup")
    assert file is not None
    done = housekeeping.put_keys_back(path, file, unlocked)
    assert done[-1] == f"{KEYS} and {KEYS_COPY} were put back from {file}"
    aside = list((path / SET_ASIDE).iterdir()) if left is not None else []
    assert [one.read_bytes() for one in aside] == ([left, left] if left is not None else [])
    with accounts.sign_in(path, NAME, PASSWORD) as again:
        assert housekeeping.verify(CTX, again).clean


def test_the_key_file_of_another_library_s_backup_is_not_put_in(tmp_path: Path) -> None:
    path = tmp_path / "clinic"
    accounts.make_library(path, NAME, PASSWORD)[0].close()
    with accounts.make_library(tmp_path / "other", NAME, PASSWORD)[0] as other:
        backup.back_up(CTX, other, tmp_path / "theirs")
        theirs = other.keys
    for name in (KEYS, KEYS_COPY):
        (path / name).unlink()
    file = backup_folder.any_key_file_of(tmp_path / "theirs")
    assert file is not None
    assert theirs is not None
    with pytest.raises(BadInputError, match="it is the key file of another library"):
        housekeeping.put_keys_back(path, file, theirs)
    assert not (path / KEYS).exists()


def test_a_library_that_is_not_encrypted_lacks_no_keys(lib: Library, pictures: list[str]) -> None:
    assert not housekeeping.lacks_keys(lib.path, lib.id)


@pytest.mark.parametrize("gone", ["missing", "damaged", "another's"])
def test_a_backup_of_an_open_library_keeps_the_key_file_that_is_gone(tmp_path: Path, gone: str) -> None:
    with accounts.make_library(tmp_path / "other", NAME, "quite another sentence")[0] as other:
        theirs = (other.path / KEYS).read_bytes()
    with accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)[0] as lib:
        accounts.add(lib, "Bea", {Role.CLINICIAN}, "another one of hers, before")
    with accounts.sign_in(lib.path, NAME, PASSWORD) as lib:  # what was read before does not count
        bea = next(one for one in accounts.everybody(lib) if one.name == "Bea")
        accounts.set_password(lib, bea, "bea sleeps in blue sheets")
    with accounts.sign_in(lib.path, NAME, PASSWORD) as lib:
        for name in (KEYS, KEYS_COPY):
            place = lib.path / name
            place.unlink() if gone == "missing" else place.write_bytes(theirs if gone == "another's" else b"{")
        before = [(lib.path / name).read_bytes() for name in (KEYS, KEYS_COPY) if (lib.path / name).exists()]
        with pytest.raises(StorageError, match=r"missing or damaged|those of another library"):
            accounts.set_password(lib, bea, "another one of hers, today")
        with pytest.raises(StorageError, match=r"missing or damaged|those of another library"):
            accounts.new_recovery_key(lib)
        made = backup.back_up(CTX, lib, tmp_path / "backup")
        assert any("make a backup before you close the program" in problem for problem in made.problems)
        assert before == [(lib.path / name).read_bytes() for name in (KEYS, KEYS_COPY) if (lib.path / name).exists()]
        path = lib.path
    file = backup_folder.any_key_file_of(tmp_path / "backup")
    assert file is not None
    for name, password in ((NAME, PASSWORD), ("Bea", "bea sleeps in blue sheets")):
        unlocked = backup_folder.unlocked_with(tmp_path / "backup", file, name, password).keys
    housekeeping.put_keys_back(path, file, unlocked)
    accounts.sign_in(path, "Bea", "bea sleeps in blue sheets").close()
