"""An export appears whole, and on record, or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pfm_desktop.jobs import Cancelled
from pfm_desktop.services.export import folder as writing
from pfm_desktop.services.export.folder import INCOMPLETE, Begun, export_folder
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError

BEGUN = Begun("key", "as files", {"visits": 2})
CANCELLED = "Export not completed: cancelled; what was written was removed"
FAILED = "Export not completed: failed; what was written was removed"


def on_record(lib: Library) -> list[str]:
    with lib.read() as session:
        return [line.text for line in journal.entries(session)]


def export(lib: Library, out: Path, *, meanwhile: Callable[[int], None] = lambda _: None) -> None:
    with export_folder(lib, out, BEGUN) as folder:
        for number in range(2):
            folder.write(f"deep/file-{number}.bin", bytes([number]) * 100)
        meanwhile(folder.files)
        folder.finish("key", "Exported", {"files": folder.files})


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def left_beside(lib: Library) -> list[str]:
    return sorted(path.name for path in lib.path.parent.iterdir() if path != lib.path)


@pytest.mark.parametrize("there", [False, True])
def test_a_new_and_an_empty_folder_are_taken(lib: Library, tmp_path: Path, there: bool) -> None:
    if there:
        (tmp_path / "out").mkdir()
    export(lib, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "deep").iterdir()) == ["file-0.bin", "file-1.bin"]
    assert on_record(lib) == ["Export begun: as files", "Exported"]
    assert left_beside(lib) == ["out"]
    assert not (tmp_path / "out" / INCOMPLETE).exists()


def test_while_it_is_written_it_has_another_name_and_says_so_inside(lib: Library, tmp_path: Path) -> None:
    with export_folder(lib, tmp_path / "out", BEGUN) as folder:
        folder.write("a.bin", b"a")
        (name,) = left_beside(lib)
        assert name.startswith("out.incomplete-")
        assert "not finished" in (tmp_path / name / INCOMPLETE).read_text()
        assert on_record(lib) == ["Export begun: as files"]
        folder.finish("key", "Exported", {})


def test_the_record_stands_before_the_folder_takes_its_name(
    lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, list[str]]] = []
    rename = Path.rename

    def watched(path: Path, target: Path) -> Path:
        seen.append((target.exists(), on_record(lib)))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", watched)
    export(lib, tmp_path / "out")
    assert seen == [(False, ["Export begun: as files", "Exported"])]


def test_what_cannot_be_put_on_record_does_not_appear(
    lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise StorageError("the disk that holds the library is full")

    monkeypatch.setattr(lib, "record_event", refuse)
    with pytest.raises(StorageError, match="holds the library"):
        export(lib, tmp_path / "out")
    assert left_beside(lib) == []


@pytest.mark.parametrize("call", ["first", "third"])
def test_a_full_disk_leaves_nothing(lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    fsync, calls = os.fsync, iter(range(1, 100))
    fails = 1 if call == "first" else 3

    def filling(descriptor: int) -> None:
        full() if next(calls) == fails else fsync(descriptor)

    monkeypatch.setattr(writing.os, "fsync", filling)
    with pytest.raises(StorageError, match="No space left") as refusal:
        export(lib, tmp_path / "out")
    assert "free some space" in str(refusal.value)
    assert left_beside(lib) == []
    assert on_record(lib) == ["Export begun: as files", FAILED]


def test_a_folder_that_does_not_take_its_name_is_gone_and_the_record_says_so(
    lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(StorageError, match="No space left"):
        export(lib, tmp_path / "out")
    assert left_beside(lib) == []
    begun, made, not_made = on_record(lib)
    assert (begun, made) == ("Export begun: as files", "Exported")
    assert not_made.startswith("Export not completed: the folder did not take its name")


def test_whatever_goes_wrong_in_between_leaves_nothing(lib: Library, tmp_path: Path) -> None:
    def stop(files: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(lib, tmp_path / "out", meanwhile=stop)
    assert left_beside(lib) == []
    assert on_record(lib) == ["Export begun: as files", CANCELLED]


def test_it_is_on_record_what_was_begun_before_a_byte_of_it_can_be_read(
    lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[list[str]] = []
    record = lib.record_event

    def watched(*said: Any) -> None:
        there.append([path.name for path in tmp_path.rglob("*.bin")])
        record(*said)

    monkeypatch.setattr(lib, "record_event", watched)
    export(lib, tmp_path / "out")
    assert there[0] == []
    assert len(there[1]) == 2
    with lib.read() as session:
        begun = journal.entries(session)[0]
    assert (begun.what, begun.key, begun.new, begun.who) == ("export", "key", {"visits": 2}, lib.who)


def test_where_it_cannot_go_on_record_no_file_is_written(
    lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        assert [path.name for path in tmp_path.rglob("*.bin")] == []
        raise StorageError("the disk that holds the library is full")

    monkeypatch.setattr(lib, "record_event", refuse)
    with pytest.raises(StorageError, match="holds the library"), export_folder(lib, tmp_path / "out", BEGUN) as folder:
        folder.write("a.bin", b"a")
    assert folder.files == 0
    assert left_beside(lib) == []


@pytest.mark.parametrize(
    ("error", "said"), [(Cancelled(), CANCELLED), (KeyboardInterrupt(), CANCELLED), (ValueError("Wunderlich"), FAILED)]
)
def test_what_became_of_it_is_on_record_with_a_count_and_without_the_words_of_an_error(
    lib: Library, tmp_path: Path, error: BaseException, said: str
) -> None:
    def stop(files: int) -> None:
        raise error

    with pytest.raises(type(error)):
        export(lib, tmp_path / "out", meanwhile=stop)
    with lib.read() as session:
        line = journal.entries(session)[-1]
    assert (line.text, line.key, line.new) == (said, "key", {"files": 2, "removed": True})


def test_what_was_stopped_before_its_first_file_has_no_line(lib: Library, tmp_path: Path) -> None:
    with pytest.raises(Cancelled), export_folder(lib, tmp_path / "out", BEGUN):
        raise Cancelled
    assert on_record(lib) == []
    assert left_beside(lib) == []


def test_files_that_cannot_be_removed_are_named_and_on_record(
    lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(files: int) -> None:
        raise Cancelled

    monkeypatch.setattr(writing.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(StorageError, match="could not be removed") as told:
        export(lib, tmp_path / "out", meanwhile=stop)
    (left,) = left_beside(lib)
    assert left in str(told.value)
    assert on_record(lib)[-1] == "Export not completed: cancelled; what was written could not be removed"


def test_stopped_when_it_has_its_name_it_is_an_export(
    lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def stopped(path: Path, target: Path) -> Path:
        rename(path, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        export(lib, tmp_path / "out")
    assert left_beside(lib) == ["out"]
    assert on_record(lib) == ["Export begun: as files", "Exported"]


def test_a_block_that_does_not_finish_leaves_nothing(lib: Library, tmp_path: Path) -> None:
    with export_folder(lib, tmp_path / "out", BEGUN) as folder:
        folder.write("a.bin", b"a")
    assert left_beside(lib) == []
    assert on_record(lib) == ["Export begun: as files", FAILED]


def test_a_folder_that_holds_something_is_not_touched(lib: Library, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(BadInputError, match="is not empty"):
        export(lib, tmp_path / "out")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"
    assert on_record(lib) == []


def test_a_folder_that_fills_meanwhile_is_not_touched(lib: Library, tmp_path: Path) -> None:
    def somebody_writes(files: int) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "thesis.txt").write_text("mine")

    with pytest.raises(StorageError, match="could not write"):
        export(lib, tmp_path / "out", meanwhile=somebody_writes)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_a_file_of_that_name_is_not_replaced(lib: Library, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(BadInputError, match="is a file"):
        export(lib, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("inside", [".", "pictures/out", "new"])
def test_nothing_is_exported_into_the_library(lib: Library, inside: str) -> None:
    before = sorted(path.name for path in lib.path.iterdir())
    with pytest.raises(BadInputError, match="inside the library"):
        export(lib, lib.path / inside)
    assert sorted(path.name for path in lib.path.iterdir()) == before


def test_a_folder_below_one_that_may_not_be_made_says_so(lib: Library, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match="could not write"):
        export(lib, tmp_path / "file" / "out")


def test_a_name_that_is_a_link_to_an_empty_folder_is_followed(lib: Library, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    export(lib, tmp_path / "out")
    assert (tmp_path / "real" / "deep").is_dir()
    assert (tmp_path / "out").is_symlink()
