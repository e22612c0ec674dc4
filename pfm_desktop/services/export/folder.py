"""A folder that appears whole, and on record, or not at all.

Everything is written into a folder beside it, called `<name>.incomplete-...`, which takes its name in one step at the
end. What goes wrong before removes it; what kills the program leaves it under the name that says so.

Before the first file lies there readable it is on record that the export was begun, and after that what became of it. A
line without such an end tells of a program that was killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pfm_desktop.jobs import Cancelled
from pfm_desktop.services.export.visits import NOTHING
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import named
from pfm_desktop.support.language import tr

INCOMPLETE = "INCOMPLETE.txt"
_SAID = "This export was not finished: on record is only that it was begun. Delete this folder and export again.\n"
WHAT = "export"  # what a line of the journal calls it
_NO_NAME = "the folder did not take its name"


@dataclass(frozen=True)
class Begun:
    """What goes on record before the first file is written: what goes out, of which visits.

    No path or name of a person belongs into `details`.
    """

    key: str
    said: str
    details: Mapping[str, Any] = field(default_factory=dict)


class ExportFolder:
    """An export that is being written; `out` does not exist, or is empty, until `finish` returned."""

    def __init__(self, lib: Library, out: Path, unfinished: Path, begun: Begun) -> None:
        self.out = out
        self.files = 0
        self._lib, self._unfinished, self._begun = lib, unfinished, begun
        self._on_record = self._finished = self._there = False

    def write(self, name: str, data: bytes) -> None:
        """A file of the export, its name relative, with `/`; on disk once this returns. Raises `StorageError`.

        Before the first one it goes on record that the export was begun.
        """
        if not self._on_record:
            self._lib.record_event(WHAT, self._begun.key, f"Export begun: {self._begun.said}", self._begun.details)
            self._on_record = True
        path = self._unfinished / name
        with named(self.out, safe=tr("what was written so far is removed")):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        self.files += 1

    def finish(self, key: str, said: str, details: Mapping[str, Any]) -> None:
        """Put the export on record, then let it take its name. No path or name of a person belongs into the record."""
        with named(self.out, safe=tr("what was written so far is removed")):
            (self._unfinished / INCOMPLETE).unlink()
            for folder in (*(path for path in self._unfinished.rglob("*") if path.is_dir()), self._unfinished):
                _sync(folder)
        self._lib.record_event(WHAT, key, said, details)
        self._on_record = self._finished = True
        with named(self.out, safe=tr("nothing was exported; the record says that it was begun and not completed")):
            if self.out.is_dir():
                self.out.rmdir()  # Windows moves nothing onto a folder, not even an empty one
            self._unfinished.rename(self.out)
            self._there = True
            _sync(self.out.parent)

    def remove_unfinished(self, error: BaseException | None) -> None:
        """Take away what did not become an export, and put on record what became of it.

        Raises `StorageError` where files stay that could not be removed.
        """
        if self._there or (self._finished and not os.path.lexists(self._unfinished)):  # stopped behind the last step
            return
        shutil.rmtree(self._unfinished, ignore_errors=True)
        stays = os.path.lexists(self._unfinished)
        if self._on_record:
            self._tell_not_completed(error, stays=stays)
        if stays:
            raise StorageError(
                tr(
                    "the export was not completed, and what was written of it could not be removed: {folder}",
                    folder=self._unfinished,
                ),
                safe=tr("the library is unchanged"),
                remedy=tr("delete that folder yourself: its files can be read by whoever opens it"),
            ) from error

    def _tell_not_completed(self, error: BaseException | None, *, stays: bool) -> None:
        stopped = isinstance(error, Cancelled | KeyboardInterrupt)
        why = "cancelled" if stopped else _NO_NAME if self._finished else "failed"
        left = "what was written could not be removed" if stays else "what was written was removed"
        with contextlib.suppress(StorageError):  # of a library that takes no line any more the first one tells
            said = f"Export not completed: {why}; {left}"
            self._lib.record_event(WHAT, self._begun.key, said, {"files": self.files, "removed": not stays})


@contextlib.contextmanager
def export_folder(lib: Library, out: Path, begun: Begun) -> Iterator[ExportFolder]:
    """An export to the folder `out`, which must be new or empty; whatever is not finished in the block is removed.

    `begun` goes on record before the first file, and after the block what became of it. Raises `BadInputError` for a
    folder that holds something, or lies in the library, `StorageError` for a disk that does not take it, or for files
    that could not be removed.
    """
    out = Path(os.path.realpath(out))
    _check_free(lib, out)
    with named(out, safe=NOTHING):
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{out.name}.incomplete-", dir=out.parent))  # for nobody else to read
    folder = ExportFolder(lib, out, unfinished, begun)
    try:
        with named(out, safe=NOTHING):
            (unfinished / INCOMPLETE).write_text(_SAID, encoding="utf-8")
        yield folder
    except BaseException as error:
        folder.remove_unfinished(error)
        raise
    folder.remove_unfinished(None)


def _check_free(lib: Library, out: Path) -> None:
    home = Path(os.path.realpath(lib.path))
    if out == home or home in out.parents:
        raise BadInputError(
            tr("an export cannot lie inside the library"), safe=NOTHING, remedy=tr("choose a folder somewhere else")
        )
    with named(out, safe=NOTHING):
        if os.path.lexists(out) and not out.is_dir():
            raise BadInputError(
                tr("{folder} is a file", folder=out), safe=tr("it is unchanged"), remedy=tr("name a folder")
            )
        if out.is_dir() and any(out.iterdir()):
            raise BadInputError(
                tr("the folder {folder} is not empty", folder=out),
                safe=tr("it is unchanged"),
                remedy=tr("choose a new or an empty one"),
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
