"""How a run is steered while it goes on, and what it tells meanwhile: small files in its folder.

The run is in a process of its own, and the window that began it may be another one by now; so what was decided about it
lies where both find it. Nothing in these files is of any case.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import Any

from pfm_desktop.jobs import Cancelled, Context
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import json_bytes, write_bytes
from pfm_desktop.support.language import tr

FOLDER = "learning"  # in the library's folder
STATE = "tuning.safetensors"  # weights between epochs
PAUSE, STOP, CURVES, MADE = "pause", "stop", "curves.json", "made.json"
SECONDS = 0.2  # between two looks at the files while a run waits
WAITING = tr("Paused")


class LeftError(Exception):
    """The program that runs this goes away: nothing is decided about the run, and it may go on later."""


class Phase(Enum):
    """What a run does, so far as a stop is concerned."""

    BEFORE = auto()  # nothing is learned yet: a stop gives up, unless an earlier start has learned something
    LEARNING = auto()  # a stop keeps the best so far
    ENDING = auto()  # all is learned: a stop would only lose it


def run_folder(library: Path, run_id: str) -> Path:
    """Where a run keeps what it keeps."""
    return library / FOLDER / run_id


def _rest() -> None:
    time.sleep(SECONDS)


class Steered:
    """A `Context` that waits while the folder holds `pause`, and raises `Cancelled` where it holds `stop`.

    Cancelled from outside it raises `LeftError` instead: a window that closes decides nothing about the run.
    """

    def __init__(self, ctx: Context, folder: Path, *, rest: Callable[[], None] = _rest) -> None:
        self._ctx, self._folder, self._rest = ctx, folder, rest
        self._said: tuple[float, float] = (0.0, 1.0)
        self.phase = Phase.BEFORE

    def progress(self, done: float, total: float, text: str = "") -> None:
        """See `Context.progress`."""
        self._said = (done, total)
        self._tell(text)
        self._obey()

    def check(self) -> None:
        """See `Context.check`."""
        try:
            self._ctx.check()
        except Cancelled as error:
            raise LeftError from error
        self._obey()

    def _tell(self, text: str) -> None:
        try:
            self._ctx.progress(*self._said, text)
        except Cancelled as error:
            raise LeftError from error

    def _obey(self) -> None:
        while True:
            if self._stops and (self._folder / STOP).exists():
                raise Cancelled
            if not (self._folder / PAUSE).exists():
                return
            self._tell(WAITING)
            self._rest()

    @property
    def _stops(self) -> bool:
        if self.phase is Phase.BEFORE:
            return not (self._folder / STATE).exists()
        return self.phase is Phase.LEARNING


def pause(lib: Library, run_id: str, *, on: bool = True) -> None:
    """Have a run wait before its next step, or go on. Raises `StorageError`."""
    _flag(lib, run_id, PAUSE, on)


def stop(lib: Library, run_id: str, *, on: bool = True) -> None:
    """Have a run end with the best so far; before its first whole epoch nothing comes of it. Raises `StorageError`."""
    _flag(lib, run_id, STOP, on)


def is_paused(lib: Library, run_id: str) -> bool:
    """Whether it was asked to wait."""
    return (run_folder(lib.path, run_id) / PAUSE).exists()


def is_stopped(lib: Library, run_id: str) -> bool:
    """Whether it was asked to end."""
    return (run_folder(lib.path, run_id) / STOP).exists()


def has_learned(lib: Library, run_id: str) -> bool:
    """Whether weights of a whole epoch are kept."""
    return (run_folder(lib.path, run_id) / STATE).exists()


def _flag(lib: Library, run_id: str, name: str, on: bool) -> None:
    file = run_folder(lib.path, run_id) / name
    try:
        if on:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            tr("the run cannot be told: {reason}", reason=error.strerror or error),
            safe=tr("it goes on as before"),
            remedy=tr("look whether the library's disk is there and has room, then try again"),
        ) from error


def keep_curves(folder: Path, losses: Sequence[float], learned: Sequence[float], planned: int) -> None:
    """Losses so far, for drawing: on validation from epoch 0 on, in training from epoch 1 on; `planned` epochs."""
    write_bytes(folder / CURVES, json_bytes({"losses": list(losses), "learned": list(learned), "planned": planned}))


def curves(lib: Library, run_id: str) -> tuple[tuple[float, ...], tuple[float, ...], int]:
    """What `keep_curves` has kept; empty, and 0 epochs, where nothing is."""
    said = _read(run_folder(lib.path, run_id) / CURVES)
    try:
        return tuple(map(float, said["losses"])), tuple(map(float, said["learned"])), int(said["planned"])
    except (KeyError, TypeError, ValueError):
        return (), (), 0


def keep_made(folder: Path, made: Mapping[str, Any]) -> None:
    """What came of a run, until it is on record: the window may be gone by then."""
    write_bytes(folder / MADE, json_bytes(made))


def made_of(folder: Path) -> Mapping[str, Any]:
    """What `keep_made` has kept; empty where nothing is."""
    return _read(folder / MADE)


def _read(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
