"""A folder that appears whole, and on record, or not at all.

Everything is written into a folder beside it, called `<name>.incomplete-...`, which takes its name in one step at the
end. What goes wrong before removes it; what kills the program leaves it under the name that says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pfm_desktop.services.export.visits import NOTHING
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import named

INCOMPLETE = "INCOMPLETE.txt"
_SAID = "This export was not finished and is not on record. Delete this folder and export again.\n"
WHAT = "export"  # what a line of the journal calls it


class ExportFolder:
    """An export that is being written; `out` does not exist, or is empty, until `finish` returned."""

    def __init__(self, lib: Library, out: Path, unfinished: Path) -> None:
        self.out = out
        self.files = 0
        self._lib, self._unfinished = lib, unfinished

    def write(self, name: str, data: bytes) -> None:
        """A file of the export, its name relative, with `/`; on disk once this returns. Raises `StorageError`."""
        path = self._unfinished / name
        with named(self.out, safe="what was written so far is removed"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        self.files += 1

    def finish(self, key: str, said: str, details: Mapping[str, Any]) -> None:
        """Put the export on record, then let it take its name. No path or name of a person belongs into the record."""
        with named(self.out, safe="what was written so far is removed"):
            (self._unfinished / INCOMPLETE).unlink()
            for folder in (*(path for path in self._unfinished.rglob("*") if path.is_dir()), self._unfinished):
                _sync(folder)
        self._lib.record_event(WHAT, key, said, details)
        try:
            with named(self.out, safe="nothing was exported; the record says that it was begun"):
                if self.out.is_dir():
                    self.out.rmdir()  # Windows moves nothing onto a folder, not even an empty one
                self._unfinished.rename(self.out)
                _sync(self.out.parent)
        except StorageError:
            with contextlib.suppress(StorageError):
                self._lib.record_event(WHAT, key, "Export not completed: the folder did not take its name")
            raise

    def remove_unfinished(self) -> None:
        """Take away what did not become an export."""
        shutil.rmtree(self._unfinished, ignore_errors=True)


def dated(words: str, on: date) -> str:
    """Name of a folder for what is exported that day; they sort by it."""
    return f"{words} {on.isoformat()}"


@contextlib.contextmanager
def export_folder(lib: Library, out: Path) -> Iterator[ExportFolder]:
    """An export to the folder `out`, which must be new or empty; whatever is not finished in the block is removed.

    Raises `BadInputError` for a folder that holds something, or lies in the library, `StorageError` for a disk that
    does not take it.
    """
    out = Path(os.path.realpath(out))
    _check_free(lib, out)
    with named(out, safe=NOTHING):
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{out.name}.incomplete-", dir=out.parent))  # for nobody else to read
    folder = ExportFolder(lib, out, unfinished)
    try:
        with named(out, safe=NOTHING):
            (unfinished / INCOMPLETE).write_text(_SAID, encoding="utf-8")
        yield folder
    finally:
        folder.remove_unfinished()


def _check_free(lib: Library, out: Path) -> None:
    home = Path(os.path.realpath(lib.path))
    if out == home or home in out.parents:
        raise BadInputError(
            "an export cannot lie inside the library", safe=NOTHING, remedy="choose a folder somewhere else"
        )
    with named(out, safe=NOTHING):
        if os.path.lexists(out) and not out.is_dir():
            raise BadInputError(f"{out} is a file", safe="it is unchanged", remedy="name a folder")
        if out.is_dir() and any(out.iterdir()):
            raise BadInputError(
                f"the folder {out} is not empty", safe="it is unchanged", remedy="choose a new or an empty one"
            )


def _sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut (Windows does that on its own and cannot open folders)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
