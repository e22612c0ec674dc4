"""A file that the program is started with, as by a double click, goes to the window that is open already.

Through notes in a folder of the user's own: no socket, and whoever removes a note has it.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from pfm_desktop.support import runs
from pfm_desktop.support.files import write_text
from pfm_desktop.support.paths import user_data_dir

PATIENCE_S = 3.0  # a window that does not take it in this time is busy, or is not one of this version
_LOOK_S = 0.05
_ENDING = ".handed"


def folder() -> Path:
    """Where the notes are."""
    return user_data_dir() / "handed"


def hand(file: str) -> bool:
    """Whether a window that runs has taken `file`. Before this process is noted as a run itself."""
    if not runs.is_running():
        return False
    note = folder() / f"{uuid.uuid4().hex}{_ENDING}"
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text(note, json.dumps(file))
    except (OSError, UnicodeError):  # the disk is full, or a name of a file that is no text
        return False
    until = time.monotonic() + PATIENCE_S
    while note.exists():
        if time.monotonic() > until:
            return not _removed(note)
        time.sleep(_LOOK_S)
    return True


def taken() -> Iterator[str]:
    """The files that were handed since; each goes to one window. What nobody waits for any more is thrown away."""
    for note in sorted(folder().glob(f"*{_ENDING}")):
        file, age = _read(note)
        if _removed(note) and file and abs(age) < 2 * PATIENCE_S:
            yield file


def _read(note: Path) -> tuple[str, float]:
    """The file, "" where the note is damaged or gone, and the note's age in seconds."""
    try:
        return str(json.loads(note.read_text(encoding="utf-8"))), time.time() - note.stat().st_mtime
    except (OSError, ValueError):
        return "", 0.0


def _removed(note: Path) -> bool:
    try:
        note.unlink()
    except OSError:
        return False
    return True
