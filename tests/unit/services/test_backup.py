"""Backups: consistent while the library is in use, nothing of them ever overwritten, and a library comes back."""

from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import accounts, backup, backup_folder, cases, housekeeping
from pfm_desktop.storage import answers, engine, journal, snapshot, upkeep
from pfm_desktop.storage.image_store import ImageStore
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE, SET_ASIDE
from pfm_desktop.support.errors import BadInputError, StorageError

from .conftest import put_on_record

pytestmark = pytest.mark.slow

CTX = SilentContext()
Named = tuple[str, ...]


def add(lib: Library, number: int) -> str:
    """A woman with a picture on record, whose bytes are no picture; its hash."""
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}").id).id
    data = b"picture %d" % number
    put_on_record(lib, visit, data)
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def women(lib: Library) -> list[str]:
    return [add(lib, number) for number in range(3)]


def everything(lib: Library) -> list[tuple[Any, ...]]:
    """The journal, which every record can be told from."""
    with lib.read() as session:
        return [(line.what, line.key, line.old, line.new, line.who, line.at) for line in journal.entries(session)]


def test_a_library_comes_back_as_it_was_and_goes_on_from_there(lib: Library, women: list[str], tmp_path: Path) -> None:
    made = backup.back_up(CTX, lib, tmp_path / "backup")
    assert (made.pictures, made.copied, made.problems) == (3, 3, ())
    before = everything(lib)
    add(lib, 99)  # after the backup
    back = backup.restore(CTX, tmp_path / "backup", tmp_path / "back")
    assert (back.pictures, back.problems, back.snapshot) == (3, (), made.snapshot)
    with Library.open(tmp_path / "back") as again:
        assert everything(again)[:-1] == before
        assert everything(again)[-1][0] == "library", "that it was restored is on record"
        assert housekeeping.verify(CTX, again).clean
        assert again.id == lib.id
        assert [again.pictures.get(sha256) for sha256 in women] == [b"picture 0", b"picture 1", b"picture 2"]
        add(again, 5)


def test_the_next_backup_copies_only_what_is_new_and_leaves_the_one_before(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    first = backup.back_up(CTX, lib, folder)
    bytes_before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "lock"}
    add(lib, 3)
    second = backup.back_up(CTX, lib, folder)
    assert (second.pictures, second.copied) == (4, 1)
    assert all(path.read_bytes() == data for path, data in bytes_before.items())
    assert backup_folder.snapshots(folder) == (first.snapshot, second.snapshot)
    old = backup.restore(CTX, folder, tmp_path / "old", at=first.snapshot.stem)
    new = backup.restore(CTX, folder, tmp_path / "new")
    assert (old.pictures, new.pictures) == (3, 4)


def test_answers_and_their_heatmaps_come_along(lib: Library, women: list[str], tmp_path: Path) -> None:
    with lib.read() as session:
        visit = next(line.new or {} for line in journal.entries(session) if line.what == "picture")["visit_id"]
    picture = cases.visit_case(lib, visit).pictures[0].id
    from pfm_desktop.services import pairing

    pair = pairing.make_pair(lib, visit, picture, None).key
    answers.put_answer(lib, pair, model_name="m", model_sha256="ab" * 32, body={"a": 1}, blobs={"fused": b"heat"})
    backup.back_up(CTX, lib, tmp_path / "backup")
    backup.restore(CTX, tmp_path / "backup", tmp_path / "back")
    with Library.open(tmp_path / "back") as again:
        kept = answers.answer(again, pair, "ab" * 32)
    assert kept is not None
    assert kept.blobs == {"fused": b"heat"}


def test_while_somebody_writes_each_backup_is_one_state_of_the_library(lib: Library, tmp_path: Path) -> None:
    stop = threading.Event()
    written: list[str] = []

    def write() -> None:
        while not stop.is_set():
            written.append(add(lib, len(written)))

    worker = threading.Thread(target=write)
    worker.start()
    try:
        made = [backup.back_up(CTX, lib, tmp_path / "backup") for _ in range(3)]
    finally:
        stop.set()
        worker.join()
    assert all(one.problems == () for one in made)
    for number, one in enumerate(made):
        out = tmp_path / str(number)
        assert backup.restore(CTX, tmp_path / "backup", out, at=one.snapshot.stem).problems == ()
        with Library.open(out) as again:
            assert housekeeping.verify(CTX, again).clean


def test_a_library_that_another_program_has_open_is_backed_up_too(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    with Library.open(lib.path) as second:
        assert second.read_only
        assert backup.back_up(CTX, second, tmp_path / "backup").pictures == 3


def test_what_is_missing_or_altered_is_told_and_the_rest_is_kept(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    gone, altered = (lib.pictures.find(sha256) for sha256 in women[:2])
    assert gone is not None
    assert altered is not None
    gone.unlink()
    altered.write_bytes(b"something else")
    made = backup.back_up(CTX, lib, tmp_path / "backup")
    assert (made.copied, len(made.problems)) == (1, 2)
    back = backup.restore(CTX, tmp_path / "backup", tmp_path / "back")
    assert len(back.problems) == 2
    with Library.open(tmp_path / "back") as again:
        assert len(housekeeping.verify(CTX, again).problems) == 2


def _after(files: int) -> CallbackContext:
    """Cancelled once so many files were copied."""
    copied = []
    return CallbackContext(
        lambda done, _total, text: copied.append(done) if text in ("Backing up", "Restoring") else None,
        lambda: len(copied) >= files,
    )


@pytest.mark.parametrize("files", [1, 2, 3])
def test_a_backup_that_is_stopped_leaves_the_ones_before_and_the_next_goes_on(
    lib: Library, women: list[str], tmp_path: Path, files: int
) -> None:
    folder = tmp_path / "backup"
    with pytest.raises(Cancelled):
        backup.back_up(_after(files), lib, folder)
    assert backup_folder.snapshots(folder) == ()
    with pytest.raises(BadInputError, match="no snapshot"):
        backup.restore(CTX, folder, tmp_path / "back")
    assert backup.back_up(CTX, lib, folder).copied == 3 - files
    with pytest.raises(Cancelled):
        backup.restore(_after(files), folder, tmp_path / "back")
    with pytest.raises(StorageError, match="holds no library"):
        Library.open(tmp_path / "back")
    assert backup.restore(CTX, folder, tmp_path / "back").problems == ()


def _copying(lib: Library, monkeypatch: pytest.MonkeyPatch, at_step: Callable[[int], None]) -> CallbackContext:
    """Copies the database page by page; `at_step` is called with the number of the step."""
    monkeypatch.setattr(engine, "_PAGES", 1)
    steps = []

    def told(done: float, total: float, text: str) -> None:
        if text == "Copying the database":
            assert 0 < done <= total
            steps.append(done)
            at_step(len(steps))

    return CallbackContext(told, lambda: False)


def test_the_copy_of_the_database_can_be_stopped_and_leaves_nothing(
    lib: Library, women: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backup"
    first = backup.back_up(CTX, lib, folder)
    before, wanted = sorted(folder.rglob("*")), everything(lib)

    def stop(step: int) -> None:
        if step == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        backup.back_up(_copying(lib, monkeypatch, stop), lib, folder)
    assert sorted(folder.rglob("*")) == before
    assert everything(lib)[: len(wanted)] == wanted
    assert backup_folder.snapshots(folder) == (first.snapshot,)
    add(lib, 8)  # the stopped copy holds nothing back


def test_what_is_written_while_the_database_is_copied_waits_for_the_next_backup(
    lib: Library, women: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []

    def write(step: int) -> None:
        steps.append(step)
        if step in (2, 5):
            add(lib, 100 + step)

    made = backup.back_up(_copying(lib, monkeypatch, write), lib, tmp_path / "backup")
    assert made.pictures == 3, "one moment, whatever is written meanwhile"
    assert steps[-1] > 5
    assert len(steps) == len(set(steps)), "it was not begun again"
    assert backup.back_up(CTX, lib, tmp_path / "backup").pictures == 5
    restored = backup.restore(CTX, tmp_path / "backup", tmp_path / "back", at=made.snapshot.stem)
    assert restored.problems == ()


@pytest.mark.parametrize("where", ["picture", "database", "rename"])
def test_a_full_disk_leaves_library_and_earlier_backups_and_space_lets_it_go_on(
    lib: Library, women: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    folder = tmp_path / "backup"
    first = backup.back_up(CTX, lib, folder)
    add(lib, 7)
    before = everything(lib)

    def full(*_: object, **__: object) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as at:
        if where == "picture":
            at.setattr("pfm_desktop.support.files.os.fsync", full)
        elif where == "database":
            at.setattr("pfm_desktop.storage.engine.os.fsync", full)
        else:
            at.setattr(Path, "replace", full)
        with pytest.raises(StorageError, match="No space left"):
            backup.back_up(CTX, lib, folder)
    assert everything(lib)[: len(before)] == before, "only that it was begun came behind it"
    assert backup_folder.snapshots(folder) == (first.snapshot,)
    assert backup.back_up(CTX, lib, folder).problems == ()


def test_the_order_of_the_snapshots_stays_when_the_clock_is_set_back(
    lib: Library, women: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backup"

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2020, 1, 1, tzinfo=UTC)

    first = backup.back_up(CTX, lib, folder)
    monkeypatch.setattr(backup, "datetime", Clock)
    second = backup.back_up(CTX, lib, folder)
    assert backup_folder.snapshots(folder) == (first.snapshot, second.snapshot)


def _inside(lib: Library, tmp_path: Path) -> Path:
    return lib.path / "backup"


def _itself(lib: Library, tmp_path: Path) -> Path:
    return lib.path


def _linked(lib: Library, tmp_path: Path) -> Path:
    (tmp_path / "link").symlink_to(lib.path)
    return tmp_path / "link" / "backup"


def _other_files(lib: Library, tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine", encoding="utf-8")
    return tmp_path / "mine"


def _of_another(lib: Library, tmp_path: Path) -> Path:
    with Library.create(tmp_path / "other") as other:
        backup.back_up(CTX, other, tmp_path / "theirs")
    return tmp_path / "theirs"


def _damaged(lib: Library, tmp_path: Path) -> Path:
    backup.back_up(CTX, lib, tmp_path / "kept")
    (tmp_path / "kept" / backup_folder.ABOUT).write_text("{", encoding="utf-8")
    for one in backup_folder.snapshots(tmp_path / "kept"):  # else they would tell whose it is
        one.write_bytes(b"{")
    return tmp_path / "kept"


@pytest.mark.parametrize("place", [_inside, _itself, _linked, _other_files, _of_another, _damaged])
def test_a_folder_that_is_no_place_for_backups_is_refused_untouched(
    lib: Library, tmp_path: Path, place: Callable[[Library, Path], Path]
) -> None:
    folder = place(lib, tmp_path)
    before = sorted(path for path in tmp_path.rglob("*") if path.name != "lock")
    with pytest.raises(BadInputError):
        backup.back_up(CTX, lib, folder)
    assert sorted(path for path in tmp_path.rglob("*") if path.name != "lock") == before


def test_a_library_is_never_restored_over_anything(lib: Library, women: list[str], tmp_path: Path) -> None:
    backup.back_up(CTX, lib, tmp_path / "backup")
    for place in (lib.path, _other_files(lib, tmp_path)):
        before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
        with pytest.raises(BadInputError, match="not empty"):
            backup.restore(CTX, tmp_path / "backup", place)
        assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
    with pytest.raises(BadInputError, match="is no backup"):
        backup.restore(CTX, tmp_path / "nothing", tmp_path / "back")


def test_a_snapshot_that_is_damaged_is_refused_and_an_earlier_one_can_be_taken(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    first = backup.back_up(CTX, lib, folder)
    second = backup.back_up(CTX, lib, folder)
    second.snapshot.write_bytes(b"x" * 5000)
    with pytest.raises(StorageError, match="is damaged") as caught:
        backup.restore(CTX, folder, tmp_path / "back")
    assert f"the snapshot {second.snapshot.stem} of the backup {folder} is damaged" in str(caught.value)
    assert f"--at {first.snapshot.stem}" in str(caught.value)
    assert not (tmp_path / "back").exists()
    assert backup.restore(CTX, folder, tmp_path / "back", at=first.snapshot.stem).problems == ()


def _pages_written_over(database: Path) -> None:
    data = bytearray(database.read_bytes())
    data[-30_000:-20_000] = b"\xff" * 10_000
    database.write_bytes(data)


@pytest.fixture
def damaged(lib: Library, women: list[str], tmp_path: Path) -> Library:
    """A library with a backup whose database was damaged since; it opens as before."""
    for number in range(100, 180):
        cases.add_patient(lib, identifier=f"K-{number}", family_name="x" * 300)
    backup.back_up(CTX, lib, tmp_path / "backup")
    lib.close()
    _pages_written_over(lib.path / DATABASE)
    return Library.open(lib.path)


def test_a_damaged_database_is_no_backup_and_the_way_back_is_told(damaged: Library, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    (first,) = backup_folder.snapshots(folder)
    with damaged, pytest.raises(StorageError, match="no backup was made") as caught:
        backup.back_up(CTX, damaged, folder)
    said = str(caught.value)
    assert str(damaged.path) in said
    assert f"pfm library restore {folder} NEW_FOLDER --at {first.stem}" in said
    assert ".unfinished" not in said
    assert list((folder / backup_folder.SNAPSHOTS).iterdir()) == [first], "nothing is left of it"
    assert backup.restore(CTX, folder, tmp_path / "back").problems == ()


def test_without_an_earlier_backup_it_is_said_to_look_elsewhere(damaged: Library, tmp_path: Path) -> None:
    with damaged, pytest.raises(StorageError, match="there is no earlier backup in"):
        backup.back_up(CTX, damaged, tmp_path / "new")


def test_a_snapshot_with_damaged_pages_names_itself_and_the_one_before(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    for number in range(100, 180):
        cases.add_patient(lib, identifier=f"K-{number}", family_name="x" * 300)
    made = [backup.back_up(CTX, lib, folder).snapshot for _ in range(3)]
    for snapshot_ in made[1:]:
        _pages_written_over(snapshot_)
    for bad, before in ((made[2], made[1]), (made[1], made[0])):
        with pytest.raises(StorageError, match=f"the snapshot {bad.stem} .*is damaged.*--at {before.stem}"):
            backup.restore(CTX, folder, tmp_path / "back", at=bad.stem)
    assert backup.restore(CTX, folder, tmp_path / "back", at=made[0].stem).problems == ()


def test_the_check_of_the_copy_is_told_and_can_be_stopped(lib: Library, women: list[str], tmp_path: Path) -> None:
    told: list[str] = []

    def stop(_done: float, _total: float, words: str) -> None:
        told.append(words)
        if words == snapshot.CHECKING:
            raise Cancelled

    with pytest.raises(Cancelled):
        backup.back_up(CallbackContext(stop, lambda: False), lib, tmp_path / "backup")
    assert told[-1] == "Checking the copy of the database"
    assert backup_folder.snapshots(tmp_path / "backup") == ()
    assert backup.back_up(CTX, lib, tmp_path / "backup").problems == ()


@pytest.mark.parametrize("error", [Cancelled, KeyboardInterrupt])
def test_a_backup_that_is_stopped_leaves_no_half_of_a_snapshot(
    lib: Library, women: list[str], tmp_path: Path, error: type[BaseException]
) -> None:
    def stop(_done: float, _total: float, words: str) -> None:
        if words == "Backing up":
            raise error

    with pytest.raises(error):
        backup.back_up(CallbackContext(stop, lambda: False), lib, tmp_path / "backup")
    assert list((tmp_path / "backup" / backup_folder.SNAPSHOTS).iterdir()) == []


def test_a_folder_whose_name_is_no_text_is_refused_before_anything_is_written(lib: Library, tmp_path: Path) -> None:
    odd = tmp_path / "b\udcff"
    with pytest.raises(StorageError, match=r"b\\udcff is not written in UTF-8"):
        backup.back_up(CTX, lib, odd)
    backup.back_up(CTX, lib, tmp_path / "backup")
    with pytest.raises(StorageError, match="rename the folder, or choose another one"):
        backup.restore(CTX, tmp_path / "backup", odd)
    assert not odd.exists()


# ---- repair


def test_pictures_are_put_back_from_a_backup_and_nothing_is_removed(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    backup.back_up(CTX, lib, tmp_path / "backup")
    gone, altered = (lib.pictures.find(sha256) for sha256 in women[:2])
    assert gone is not None
    assert altered is not None
    gone.unlink()
    altered.write_bytes(b"something else")
    without = housekeeping.repair(CTX, lib)
    assert (without.done, len(without.left)) == ((), 2)
    made = housekeeping.repair(CTX, lib, tmp_path / "backup")
    assert made.left == ()
    assert len(made.done) == 3
    (aside,) = (lib.path / SET_ASIDE).iterdir()
    assert aside.read_bytes() == b"something else"
    assert housekeeping.verify(CTX, lib).clean
    assert everything(lib)[-1][0] == "library", "it is on record"
    assert housekeeping.repair(CTX, lib, tmp_path / "backup") == housekeeping.Repair((), ())


def test_a_picture_that_the_backup_has_damaged_as_well_stays_where_it_is(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    backup.back_up(CTX, lib, tmp_path / "backup")
    for store in (lib.pictures, ImageStore(tmp_path / "backup" / backup_folder.PICTURES)):
        file = store.find(women[0])
        assert file is not None
        file.write_bytes(b"something else")
    made = housekeeping.repair(CTX, lib, tmp_path / "backup")
    assert (made.done, len(made.left)) == ((), 1)
    assert not (lib.path / SET_ASIDE).exists()


def test_a_read_only_library_is_not_repaired_and_a_folder_that_is_no_backup_is_refused(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    with Library.open(lib.path) as second, pytest.raises(StorageError, match="reading only"):
        housekeeping.repair(CTX, second)
    with pytest.raises(BadInputError, match="is no backup"):
        housekeeping.repair(CTX, lib, tmp_path)


def test_a_snapshot_tells_what_it_names(lib: Library, women: list[str], tmp_path: Path) -> None:
    made = backup.back_up(CTX, lib, tmp_path / "backup")
    with snapshot.opened(made.snapshot) as session:
        assert upkeep.named_in(session) == upkeep.Named(tuple(sorted(women)), frozenset(), frozenset())


def test_a_restored_library_that_cannot_be_opened_is_taken_back_and_may_be_restored_again(
    lib: Library, women: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.back_up(CTX, lib, tmp_path / "backup")
    record = Library.record_event

    def full(self: Library, *given: Any) -> None:
        if self.path == tmp_path / "out":
            raise StorageError("the disk is full")
        record(self, *given)

    with monkeypatch.context() as at:
        at.setattr(Library, "record_event", full)
        with pytest.raises(StorageError, match="the disk is full"):
            backup.restore(CTX, tmp_path / "backup", tmp_path / "out")
    assert not (tmp_path / "out" / DATABASE).exists()
    (tmp_path / "out" / ".library.sqlite.half.part").write_bytes(b"half")  # that a disk did not let be removed
    (tmp_path / "out" / f"{DATABASE}-wal").write_bytes(b"of the one before")
    made = backup.restore(CTX, tmp_path / "backup", tmp_path / "out")
    assert made.problems == ()


def test_a_copy_that_cannot_even_be_removed_is_still_an_error_in_words(
    lib: Library, women: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> Any:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as at:
        at.setattr("pfm_desktop.storage.engine.os.fsync", read_only)
        at.setattr(Path, "unlink", read_only)
        with pytest.raises(StorageError, match="Read-only file system"):
            backup.back_up(CTX, lib, tmp_path / "backup")
    assert backup.back_up(CTX, lib, tmp_path / "backup").problems == ()


def test_a_backup_on_a_share_that_is_gone_is_said_and_not_called_no_backup(
    lib: Library, women: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.back_up(CTX, lib, tmp_path / "backup")

    def stale(*_: object, **__: object) -> Any:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as at:
        at.setattr(Path, "open", stale)
        with pytest.raises(StorageError, match=r"cannot be reached: Stale file handle.*network share"):
            backup.restore(CTX, tmp_path / "backup", tmp_path / "out")
        with pytest.raises(StorageError, match="Stale file handle"):
            backup.back_up(CTX, lib, tmp_path / "backup")


def test_what_a_disk_did_not_let_be_removed_does_not_make_a_folder_of_backups_another_s(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / ".backup.json.half.part").write_bytes(b"half")
    assert backup.back_up(CTX, lib, tmp_path / "backup").problems == ()


def test_a_damaged_key_file_names_its_snapshot_and_the_others_still_open(tmp_path: Path) -> None:
    lib, _ = accounts.make_library(tmp_path / "sealed", "Dr. Test", "five small brown hens")
    with lib:
        first = backup.back_up(CTX, lib, tmp_path / "backup")
        second = backup.back_up(CTX, lib, tmp_path / "backup")
        backup_folder.key_file_beside(second.snapshot).write_text("{")
        other = backup_folder.key_file_of(tmp_path / "backup")
        assert other == backup_folder.key_file_beside(first.snapshot)
        note = backup_folder.key_file_note(tmp_path / "backup", "", other)
        assert f"the key file of the snapshot {second.snapshot.stem} is damaged" in note
        assert f"that of {first.snapshot.stem} is used" in note
        latest = backup.restore(CTX, tmp_path / "backup", tmp_path / "latest", unlocked=lib.keys)
        assert (latest.problems, latest.snapshot, latest.notes) == ((), second.snapshot, (note,))
        assert backup_folder.any_key_file_of(tmp_path / "backup") == backup_folder.key_file_beside(first.snapshot)
        assert backup_folder.key_file_of(tmp_path / "backup", first.snapshot.stem) is not None
        back = backup.restore(CTX, tmp_path / "backup", tmp_path / "back", at=first.snapshot.stem, unlocked=lib.keys)
        assert back.problems == ()


def test_a_library_is_not_restored_into_the_folder_of_its_backups(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    backup.back_up(CTX, lib, folder)
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, folder / "new", folder / "snapshots" / "new", tmp_path / "link" / "new"):
        with pytest.raises(BadInputError, match="lies within the folder of the backups"):
            backup.restore(CTX, folder, place)
    assert not (folder / "new").exists()


def test_a_rotten_picture_is_not_counted_as_brought_back_and_the_backup_is_not_sent_to_itself(
    lib: Library, women: list[str], tmp_path: Path
) -> None:
    backup.back_up(CTX, lib, tmp_path / "backup")
    file = ImageStore(tmp_path / "backup" / backup_folder.PICTURES).find(women[0])
    assert file is not None
    file.write_bytes(b"picture x")
    back = backup.restore(CTX, tmp_path / "backup", tmp_path / "back")
    assert (back.pictures, back.missing) == (2, 1)
    (said,) = back.problems
    assert said.startswith(f"not brought back: the picture file {file} was altered")
    assert "from a backup" not in said
    assert "pfm library backup --check" in said
