"""Folders that only one run may work in at a time: prepared pictures, and the state of a training run."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pfm_desktop.storage.lock import HeldElsewhereError, LibraryLock, read_holder
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import reached
from pfm_desktop.support.language import tr

LOCK = "lock"


class InUseError(BadInputError):
    """Another run works in the folder."""


@contextlib.contextmanager
def sole_use(folder: Path, *, busy: str = "") -> Iterator[None]:
    """Hold `folder`, made where it is missing, so that a second run does not write into it.

    Raises `InUseError` while another run holds it and `StorageError` when it cannot be held at all. `busy` says what
    the other run does, as `the demo library is being made`.
    """
    busy = busy or tr("{folder} is in use", folder=folder)
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = LibraryLock.take(path)
    except HeldElsewhereError as error:
        raise _in_use(busy, str(error.holder or tr("another run"))) from error
    except OSError as error:
        raise StorageError(
            tr("{folder} cannot be used for work: {reason}", folder=folder, reason=error.strerror or error),
            safe=tr("nothing was written"),
            remedy=tr("choose a folder that you may write to, on a disk with free space"),
        ) from error
    try:
        with reached(folder, safe=tr("nothing was written")), contextlib.suppress(FileNotFoundError):
            path.read_bytes()
        holder = read_holder(path)
        if holder is None or holder.pid != os.getpid():  # `clear` took the folder away while the lock was being taken
            raise _in_use(busy, str(holder or tr("another run")))
        yield
    finally:
        lock.release()


def clear(folder: Path) -> None:
    """Remove a folder that this run holds. It goes under another name first: who comes next starts in a new one."""
    gone = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        folder.rename(gone)
    except OSError:  # Windows does not rename a folder with open files
        gone = folder
    shutil.rmtree(gone, ignore_errors=True)


def clear_abandoned(above: Path, prefix: str) -> None:
    """Remove the folders `prefix*` in `above` whose run was killed; one that a run holds is never touched.

    A killed run leaves its name in a lock that nobody holds. A folder that is just being made has no name in it yet.
    """
    try:
        found = [path for path in above.iterdir() if path.name.removeprefix(".").startswith(prefix)]
    except OSError:  # not there, or may not be looked into
        return
    for folder in found:
        if read_holder(folder / LOCK) is None:
            if folder.name.startswith("."):  # half removed
                shutil.rmtree(folder, ignore_errors=True)
            continue
        try:
            lock = LibraryLock.take(folder / LOCK)
        except (HeldElsewhereError, OSError):
            continue
        try:
            clear(folder)
        finally:
            lock.release()


def _in_use(busy: str, holder: str) -> InUseError:
    return InUseError(
        tr("{what_is_done} by {holder}", what_is_done=busy, holder=holder),
        safe=tr("nothing was changed"),
        remedy=tr("wait until that run has ended, or name another folder"),
    )
