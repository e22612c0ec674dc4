"""Writing files so that a reader sees the old file or the new one, never half of one."""

import contextlib
import errno
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

_OF_THE_SYSTEM = {("/", "dev"), ("/", "proc"), ("/", "sys")}
_MEMORY = ("/", "dev", "shm")  # a folder for files like any other
_UMASK = os.umask(0o077)  # read by setting it, which is safe only before there are threads
os.umask(_UMASK)
_LINKS = 40  # as many as the system follows


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a binary file beside `path`; on success it is flushed to disk and takes the place of `path`.

    Where `path` is a link, it stays one and the file that it leads to is replaced. Raises `StorageError` when the disk
    is full, the folder is missing or may not be written; what was there is then unchanged. Raises `BadInputError` for
    a device or a pipe.
    """
    path = _followed(Path(path))
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(_mode_of(path))
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _mode_of(path: Path) -> int:
    """A new file is for its owner alone, since it may be about a patient, and for those whom its folder lets write, as
    far as the umask does.

    Who opened a file for others keeps it so.
    """
    if path.suffix == ".sqlite":
        return 0o600
    with contextlib.suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    with contextlib.suppress(OSError):
        folder = path.parent.stat().st_mode
        if not folder & stat.S_ISVTX:  # as /tmp, where many write and nobody to the files of others
            others = (0o060 if folder & stat.S_IWGRP else 0) | (0o006 if folder & stat.S_IWOTH else 0)
            return 0o600 | (others & ~_UMASK)
    return 0o600


def is_unfinished(path: Path) -> bool:
    """Whether that is a file of `replacing` on its way: left where a kill or the disk kept it from being removed."""
    return path.name.startswith(".") and path.name.endswith(".part")


@contextlib.contextmanager
def named(path: Path, *, safe: str) -> Iterator[None]:
    """Around writing bit by bit: what the disk refuses is a `StorageError` that names `path`, a file or a folder.

    A file that is written whole needs none of this: see `replacing`.
    """
    try:
        yield
    except OSError as error:
        raise _not_written(path, error, safe) from error


@contextlib.contextmanager
def reached(folder: Path, *, safe: str) -> Iterator[None]:
    """Around looking into a folder that may lie on a share: one that goes away is a `StorageError` that names it."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            tr("{folder} cannot be reached: {why}", folder=folder, why=error.strerror or error),
            safe=safe,
            remedy=tr("check that its disk or network share is connected, then try again"),
        ) from error


def _not_written(path: Path, error: OSError, safe: str = tr("what stood there before is unchanged")) -> StorageError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return StorageError(
        tr("could not write {path}: {why}", path=path, why=error.strerror or error),
        safe=safe,
        remedy=tr("free some space, then try again")
        if full
        else tr("choose a folder that you may write to, then try again"),
    )


def _followed(path: Path) -> Path:
    """The file that `path` leads to.

    A device or a pipe is refused: it would be replaced by a file, and whoever reads from it would wait forever. So is
    all that the system keeps, such as `/dev/stdout`, also when that is a file at the moment: the shell has it open.
    """
    here = path
    for _ in range(_LINKS):
        here = Path(os.path.realpath(here.parent)) / here.name
        if here.parts[:2] in _OF_THE_SYSTEM and here.parts[:3] != _MEMORY:
            raise BadInputError(
                tr(
                    "{path} is not a file that may be written: /{folder} belongs to the system",
                    path=path,
                    folder=here.parts[1],
                ),
                safe=tr("nothing was written"),
                remedy=tr("choose another folder"),
            )
        try:
            here = here.parent / here.readlink()
        except OSError:  # no link, not there, or may not be looked at
            break
    else:
        raise _not_a_file(path)
    try:
        mode = here.stat().st_mode
    except OSError:  # not there, or writing will say what is wrong
        return here
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise _not_a_file(path)
    return here


def _not_a_file(path: Path) -> BadInputError:
    return BadInputError(
        tr("{path} is not a file", path=path), safe=tr("nothing was written"), remedy=tr("name a file")
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
    """Raise `BadInputError` when a file to be written is a folder, a device, one that is read, or to be written twice.

    Called before long work, so also for a folder that may not be written.
    """
    taken = {os.path.realpath(path) for path in inputs}
    for path in outputs:
        if path == Path():
            raise BadInputError(
                tr("the name of a file to write is empty or this folder"),
                safe=tr("nothing was written"),
                remedy=tr("name a file"),
            )
        if _is_folder(path):
            raise BadInputError(
                tr("{path} is a folder", path=path), safe=tr("nothing was written"), remedy=tr("name a file in it")
            )
        if os.path.realpath(path) in taken:
            raise BadInputError(
                tr("{path} is named twice and would be overwritten", path=path),
                safe=tr("nothing was written"),
                remedy=tr("give each output a file of its own"),
            )
        _check_folder(_followed(path))
        taken.add(os.path.realpath(path))


def _check_folder(path: Path) -> None:
    """The nearest folder above that exists must be one that may be written."""
    above = next((folder for folder in path.absolute().parents if _is_there(folder)), None)
    if above is not None and not (_is_folder(above) and os.access(above, os.W_OK)):
        raise BadInputError(
            tr("{path} cannot be written: {folder} may not be written", path=path, folder=above)
            if _is_folder(above)
            else tr("{path} cannot be written: {folder} is no folder", path=path, folder=above),
            safe=tr("nothing was written"),
            remedy=tr("choose a folder that you may write to"),
        )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True  # may not be looked at


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
