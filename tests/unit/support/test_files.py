import errno
import os
from pathlib import Path

import pytest

from pfm_desktop.support import files
from pfm_desktop.support.errors import BadInputError, StorageError


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with files.replacing(target) as stream:
        stream.write(b"new")
        stream.flush()
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageError, match=r"a\.txt: No space left.*unchanged.*free some space"):
        files.write_bytes(target, b"new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_of_the_writer_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write_half() -> None:
        with files.replacing(target) as stream:
            stream.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    files.write_text(tmp_path / "新 folder" / "b.txt", "日本")
    assert (tmp_path / "新 folder" / "b.txt").read_text(encoding="utf-8") == "日本"


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    target = tmp_path / "c"
    files.write_bytes(target, b"abc")
    assert files.sha256_of(target) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_of_several_files_all_are_written_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.pdf"
    second.write_bytes(b"old")
    synced = 0

    def full_at_the_second(_descriptor: int) -> None:
        nonlocal synced
        synced += 1
        if synced == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full_at_the_second)
        with pytest.raises(StorageError, match=r"b\.pdf: No space left"):
            files.write_all({first: b"new", second: b"new"})
    assert list(tmp_path.iterdir()) == [second]
    assert second.read_bytes() == b"old"
    files.write_all({first: b"1", second: b"2"})
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [
        (["a.png"], ["x.json", "./a.png"], "named twice"),
        ([], ["x.json", "x.json"], "named twice"),
        ([], ["folder"], "is a folder"),
    ],
)
def test_outputs_that_would_overwrite_something_are_refused(
    tmp_path: Path, inputs: list[str], outputs: list[str], said: str
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInputError, match=said):
        files.check_outputs([tmp_path / name for name in inputs], [tmp_path / name for name in outputs])
    files.check_outputs([tmp_path / "a.png"], [tmp_path / "x.json"])
