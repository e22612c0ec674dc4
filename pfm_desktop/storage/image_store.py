"""Bytes by their hash: the one place that reads and writes the bytes of pictures (and of things derived from them)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pfm_desktop.jobs import Context
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.sealed import EXTENSION, NotSealedError, Seal
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import reached, write_bytes
from pfm_desktop.support.language import tr

_MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG", 0, "png"),
    (b"\xff\xd8\xff", 0, "jpg"),
    (b"II*\x00", 0, "tif"),
    (b"MM\x00*", 0, "tif"),
    (b"WEBP", 8, "webp"),
    (b"BM", 0, "bmp"),
    (b"DICM", 128, "dcm"),
)
_EXTENSIONS = ("png", "jpg", "bin", "tif", "webp", "bmp", "dcm")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def extension_of(data: bytes) -> str:
    """File extension by content, so that equal bytes have one name whatever they were called."""
    for magic, offset, extension in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return extension
    return "bin"


def holds_sealed(root: Path) -> bool:
    """Whether the pictures in this folder are those of an encrypted library."""
    with reached(root, safe=tr("nothing was changed")):
        return any(root.glob(f"??/*.{EXTENSION}"))


class ImageStore:
    """A folder `ab/<sha256>.<ext>`. Nothing in it is ever overwritten or changed; equal bytes are kept once.

    With the keys of an encrypted library the bytes are sealed, and lie under names made of their hash and a key.
    """

    def __init__(self, root: Path, keys: LibraryKeys | None = None) -> None:
        self.root = root
        self._seal = Seal(keys) if keys is not None else None

    def put(self, data: bytes) -> str:
        """Keep `data` on disk and return its SHA-256; it survives a power cut once this returns."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._place(sha256, EXTENSION if self._seal is not None else extension_of(data))
        with self._reached():
            if path.is_file() and self._holds(path, sha256):
                return sha256
            if not self.root.parent.is_dir():  # moved while it was open: writing would make another in its place
                raise FileNotFoundError(errno.ENOENT, tr("the folder is not there any more"))
        # also heals a damaged copy: the name promises the content
        write_bytes(path, data if self._seal is None else self._seal.close(data, sha256))
        _sync_folder(path.parent)
        _sync_folder(self.root)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Bytes of that hash, verified; `StorageError` when they are missing or not what the name promises."""
        path = self.find(sha256)
        if path is None:
            with self._reached():
                if not self.root.parent.is_dir():
                    raise FileNotFoundError(errno.ENOENT, tr("the folder is not there any more"))
            raise StorageError(
                tr("the picture file {name}... is missing from {folder}", name=sha256[:12], folder=self.root),
                safe=tr("its record and everything else is unchanged"),
                remedy=tr("put the file back from a backup, or add the picture again"),
            )
        try:
            kept = path.read_bytes()
        except OSError as error:
            raise StorageError(
                tr("the picture file {path} cannot be read: {why}", path=path, why=error.strerror or error),
                remedy=tr("check the disk and the permissions"),
            ) from error
        data = self._opened(kept, sha256)
        if data is None:
            raise StorageError(
                tr("the picture file {path} was altered: its content does not match its hash", path=path),
                safe=tr("it is not shown, and nothing was changed"),
                remedy=tr("put the file back from a backup, or add the picture again"),
            )
        return data

    def is_whole(self, sha256: str) -> bool:
        """Whether the bytes of that hash are there and what its name promises."""
        try:
            self.get(sha256)
        except StorageError:
            return False
        return True

    def find(self, sha256: str) -> Path | None:
        """File of that hash, unverified; None when there is none."""
        if not _SHA256.fullmatch(sha256):  # it becomes part of a path
            return None
        ends = _EXTENSIONS if self._seal is None else (EXTENSION,)
        with self._reached():
            return next((path for end in ends if (path := self._place(sha256, end)).is_file()), None)

    def files(self) -> Iterator[Path]:
        """Everything kept, in order of name."""
        with self._reached():
            found = sorted(self.root.glob("??/*"))
        yield from (path for path in found if _SHA256.fullmatch(path.stem))

    def altered(self, ctx: Context, words: str) -> tuple[int, tuple[str, ...]]:
        """How many files there are, and which of them are not what their name promises, told without any record."""
        found, wrong = list(self.files()), []
        for done, path in enumerate(found):
            ctx.progress(done, len(found), words)
            try:
                kept = path.read_bytes()
            except OSError as error:
                wrong.append(
                    tr("the picture file {path} cannot be read: {why}", path=path, why=error.strerror or error)
                )
                continue
            whole = self._seal.is_whole(kept, path.stem) if self._seal is not None else _named(kept, path.stem)
            if not whole:
                wrong.append(tr("the picture file {path} was altered: its content does not match its name", path=path))
        ctx.progress(len(found), len(found), words)
        return len(found), tuple(wrong)

    def has_one_whole(self) -> bool:
        """Whether one of the first pictures opens with the keys, which then are the right ones; False without keys."""
        with self._reached():
            first = [*itertools.islice(self.files(), 3)]
            return self._seal is not None and any(self._seal.is_whole(path.read_bytes(), path.stem) for path in first)

    def unused(self, kept: Iterable[str]) -> Iterator[Path]:
        """Files whose hash is not among `kept`, in order of name."""
        names = {self._name(sha256) for sha256 in kept}
        yield from (path for path in self.files() if path.stem not in names)

    def leftovers(self) -> Iterator[Path]:
        """Temporary files that a write cut short left behind."""
        with self._reached():
            found = sorted(self.root.glob("??/.*.part"))
        yield from found

    def _reached(self) -> contextlib.AbstractContextManager[None]:
        return reached(self.root, safe=tr("nothing was changed"))

    def _name(self, sha256: str) -> str:
        return sha256 if self._seal is None else self._seal.name_of(sha256)

    def _place(self, sha256: str, extension: str) -> Path:
        name = self._name(sha256)
        return self.root / name[:2] / f"{name}.{extension}"

    def _opened(self, kept: bytes, sha256: str) -> bytes | None:
        """The picture's bytes; None where the file does not hold them."""
        if self._seal is None:
            return kept if _named(kept, sha256) else None
        try:
            return self._seal.open(kept, sha256)
        except NotSealedError:
            return None

    def _holds(self, path: Path, sha256: str) -> bool:
        try:
            return self._opened(path.read_bytes(), sha256) is not None
        except OSError:
            return False


def _named(data: bytes, sha256: str) -> bool:
    return hashlib.sha256(data).hexdigest() == sha256


def _sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut (Windows does that on its own and cannot open folders)."""
    if os.name == "nt":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(
            tr("could not write {folder}: {why}", folder=folder, why=error.strerror or error),
            safe=tr("nothing was changed"),
            remedy=tr("check the disk, then try again"),
        ) from error
