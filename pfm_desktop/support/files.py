"""Writing files so that a reader sees the old file or the new one, never half of one."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pfm_desktop.support.errors import StorageError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a binary file beside `path`; on success it is flushed to disk and takes the place of `path`.

    Raises `StorageError` when the disk is full, the folder is missing or may not be written; `path` is then unchanged.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o600 if path.suffix == ".sqlite" else 0o644)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise StorageError(
            f"could not write {path}: {error.strerror or error}",
            safe="what stood there before is unchanged",
            remedy="free some space or choose a folder that you may write to, then try again",
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all; see `replacing`."""
    with replacing(path) as stream:
        stream.write(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path` whole or not at all; see `replacing`."""
    write_bytes(path, text.encode("utf-8"))


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
