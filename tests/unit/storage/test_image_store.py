from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from pfm_desktop.storage.image_store import ImageStore, extension_of
from pfm_desktop.support import files
from pfm_desktop.support.errors import StorageError

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "pictures")


def test_bytes_come_back_by_their_hash(store: ImageStore) -> None:
    sha256 = store.put(PNG)
    assert sha256 == hashlib.sha256(PNG).hexdigest()
    assert store.get(sha256) == PNG
    assert store.find(sha256) == store.root / sha256[:2] / f"{sha256}.png"


def test_the_same_bytes_are_kept_once(store: ImageStore) -> None:
    first = store.put(PNG)
    written = store.find(first)
    assert written is not None
    before = written.stat().st_mtime_ns
    assert store.put(PNG) == first
    assert written.stat().st_mtime_ns == before
    assert len(list(store.files())) == 1


@pytest.mark.parametrize(
    ("data", "extension"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0rest", "jpg"),
        (b"II*\x00rest", "tif"),
        (b"MM\x00*rest", "tif"),
        (b"RIFF0000WEBPrest", "webp"),
        (b"BMrest", "bmp"),
        (b"\x00" * 128 + b"DICM", "dcm"),
        (b"", "bin"),
    ],
)
def test_the_extension_follows_the_content(store: ImageStore, data: bytes, extension: str) -> None:
    assert extension_of(data) == extension
    assert store.get(store.put(data)) == data


def test_altered_bytes_are_not_given_out(store: ImageStore) -> None:
    sha256 = store.put(PNG)
    path = store.find(sha256)
    assert path is not None
    path.write_bytes(PNG[:-1] + b"y")
    with pytest.raises(StorageError, match="was altered"):
        store.get(sha256)


def test_adding_the_picture_again_heals_an_altered_file(store: ImageStore) -> None:
    sha256 = store.put(PNG)
    path = store.find(sha256)
    assert path is not None
    path.write_bytes(PNG[:-1] + b"y")
    store.put(PNG)
    assert store.get(sha256) == PNG


def test_a_missing_file_is_named(store: ImageStore) -> None:
    sha256 = store.put(PNG)
    path = store.find(sha256)
    assert path is not None
    path.unlink()
    with pytest.raises(StorageError, match=f"{sha256[:12]}.* is missing .*put the file back"):
        store.get(sha256)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63, "/" * 64])
def test_what_is_no_hash_never_becomes_a_path(store: ImageStore, name: str) -> None:
    assert store.find(name) is None
    with pytest.raises(StorageError, match="is missing"):
        store.get(name)


def test_an_unreadable_file_is_told(store: ImageStore, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = store.put(PNG)

    def refuse(self: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        store.get(sha256)


def test_a_full_disk_leaves_nothing_half_written_and_a_second_try_succeeds(
    store: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            store.put(PNG)
    assert not [path for path in store.root.rglob("*") if path.is_file()]
    assert store.get(store.put(PNG)) == PNG


def test_the_rename_itself_is_made_to_last(store: ImageStore, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def watch(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to see what is synced")
    monkeypatch.setattr(os, "fsync", watch)
    sha256 = store.put(PNG)
    assert synced[0].endswith(".part")
    assert str(store.root / sha256[:2]) in synced[1:]


def test_temporary_files_of_a_cut_write_are_known_as_such(store: ImageStore) -> None:
    sha256 = store.put(PNG)
    left = store.root / sha256[:2] / f".{sha256}.png.abc.part"
    left.write_bytes(b"half")
    assert list(store.leftovers()) == [left]
    assert [path.stem for path in store.files()] == [sha256]


def test_nothing_is_kept_in_a_folder_that_is_gone_and_none_is_made(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "clinic" / "pictures")
    for work in (lambda: store.put(b"bytes"), lambda: store.get("0" * 64)):
        with pytest.raises(StorageError, match=r"cannot be reached: the folder is not there any more.*network share"):
            work()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["is_file", "glob", "open"])
def test_a_share_that_answers_with_errors_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    store = ImageStore(tmp_path / "pictures")
    sha256 = store.put(b"bytes")

    def stale(*_: object, **__: object) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr(Path, name, stale)
        with pytest.raises(StorageError, match="Stale file handle"):
            store.get(sha256) if name != "glob" else list(store.files())
    assert store.get(sha256) == b"bytes"
