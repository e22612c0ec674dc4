"""Writing files so that a reader sees the old file or the new one, never half of one."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pfm_desktop.support.errors import BadInputError, StorageError


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
        raise _not_written(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _not_written(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"could not write {path}: {error.strerror or error}",
        safe="what stood there before is unchanged",
        remedy="free some space or choose a folder that you may write to, then try again",
    )


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all; see `replacing`."""
    with replacing(path) as stream:
        stream.write(data)


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files, all or none: every one is on disk before the first takes its place. See `replacing`."""
    with contextlib.ExitStack() as stack:
        for path, data in contents.items():
            stream = stack.enter_context(replacing(path))
            try:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            except OSError as error:  # here, or the outermost file would be named
                raise _not_written(path, error) from error


def check_outputs(inputs: Iterable[Path], outputs: Iterable[Path]) -> None:
    """Raise `BadInputError` when a file to be written is a folder, is one that is read, or is to be written twice."""
    taken = {path.resolve() for path in inputs}
    for path in outputs:
        if _is_folder(path):
            raise BadInputError(f"{path} is a folder", safe="nothing was written", remedy="name a file in it")
        if path.resolve() in taken:
            raise BadInputError(
                f"{path} is named twice and would be overwritten",
                safe="nothing was written",
                remedy="give each output a file of its own",
            )
        taken.add(path.resolve())


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # may not be looked at: writing will say so
        return False


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path` whole or not at all; see `replacing`."""
    write_bytes(path, text.encode("utf-8"))


def json_bytes(content: Mapping[str, Any]) -> bytes:
    """JSON that people and every parser can read: UTF-8, indented, never NaN (`ValueError`)."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
