"""A file that appears whole, and on record, or not at all: for what goes out as one file, as `folder.py` does for many.

It is written beside its place under a name with `.incomplete-`, which what kills the program leaves. It is on record
that the export was begun before there is something in it, and what became of it after.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pfm_desktop.jobs import Cancelled
from pfm_desktop.services.export.folder import WHAT, Begun
from pfm_desktop.services.export.visits import NOTHING
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import check_outputs, named
from pfm_desktop.support.language import tr


@contextlib.contextmanager
def export_file(lib: Library, out: Path, begun: Begun, *, said: str) -> Iterator[Path]:
    """The path of an empty file for the block to fill; it takes the place of `out` once the block has ended.

    `begun` goes on record before, `said` (with the same details) when it is whole. Raises `BadInputError` for a place
    that takes no file, or lies in the library, `StorageError` for a disk that does not take it, or for a file that
    could not be removed.
    """
    out = Path(os.path.realpath(out))
    home = Path(os.path.realpath(lib.path))
    if home in out.parents:
        raise BadInputError(
            tr("an export cannot lie inside the library"), safe=NOTHING, remedy=tr("choose a folder somewhere else")
        )
    check_outputs((), (out,))
    lib.record_event(WHAT, begun.key, f"Export begun: {begun.said}", begun.details)
    unfinished: Path | None = None
    try:
        with named(out, safe=NOTHING):
            out.parent.mkdir(parents=True, exist_ok=True)
            # for nobody else to read
            descriptor, name = tempfile.mkstemp(prefix=f"{out.stem}.incomplete-", suffix=out.suffix, dir=out.parent)
            unfinished = Path(name)
            os.close(descriptor)
        yield unfinished
        with named(out, safe=tr("what was written so far is removed")):
            with unfinished.open("rb+") as stream:
                os.fsync(stream.fileno())
            lib.record_event(WHAT, begun.key, said, begun.details)
            unfinished.replace(out)
            unfinished = None
    except BaseException as error:
        _remove(lib, unfinished, begun, error)
        raise


def _remove(lib: Library, unfinished: Path | None, begun: Begun, error: BaseException) -> None:
    if unfinished is not None:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
    stays = unfinished is not None and os.path.lexists(unfinished)
    why = "cancelled" if isinstance(error, Cancelled | KeyboardInterrupt) else "failed"
    left = "what was written could not be removed" if stays else "what was written was removed"
    with contextlib.suppress(StorageError):  # of a library that takes no line any more the first one tells
        lib.record_event(WHAT, begun.key, f"Export not completed: {why}; {left}", {"removed": not stays})
    if stays:
        raise StorageError(
            tr(
                "the export was not completed, and what was written of it could not be removed: {file}", file=unfinished
            ),
            safe=tr("the library is unchanged"),
            remedy=tr("delete that file yourself: whoever opens it can look at it"),
        ) from error
