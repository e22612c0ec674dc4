"""A recording, or a folder of pictures, as a camera at its own rate: for demonstrations and tests.

Frames are paced by the monotonic clock. Where the program was late, what follows is later as well; none is left out.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pfm_desktop.capture.reels import Decode, Folder, Reel, Video
from pfm_desktop.capture.source import (
    CONTROL_WORDS,
    READ_S,
    CameraError,
    Control,
    DeniedError,
    EndedError,
    Format,
    Frame,
    NoCameraError,
    Setting,
    StalledError,
)
from pfm_desktop.support.language import tr

RATE = 30.0  # where the recording says none


class Playback:
    """The recording (AVI or MKV) or the folder of pictures at `path`, over and over where it `loops`. `rate`: frames a
    second, else as the recording says."""

    def __init__(self, path: Path | str, *, loops: bool = True, rate: float | None = None, name: str = "") -> None:
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise ValueError("frames must lie some time apart")
        self.path, self._loops, self._rate = Path(path), loops, rate
        self.name, self.key = name or self.path.name, f"file:{path}"
        self._reel: Reel | None = None
        self._frames: Iterator[Decode] = iter(())
        self._format = Format(0, 0)
        self._number, self._due = 0, 0.0
        self._interrupted = threading.Event()

    def open(self, wanted: Format | None = None) -> Format:
        """See `Camera`; it is what it is, whatever is wanted."""
        self.close()
        _check(self.path)
        self._reel = Folder(self.path) if self.path.is_dir() else Video(self.path)
        found = self._reel.format
        rate = self._rate or found.rate or RATE
        self._format = Format(found.width, found.height, rate, found.coding)
        self._frames, self._number, self._due = self._reel.frames(), 0, 0.0
        self._interrupted.clear()
        return self._format

    def read(self) -> Frame:
        """See `Camera`. Raises `EndedError` at the end of what does not loop."""
        if self._reel is None:
            raise NoCameraError(tr("{name} is not open", name=self.name), remedy=tr("open it first"))
        self._wait()
        decode = next(self._frames, None)
        if decode is None and self._loops and self._number:
            self._frames = self._reel.frames()
            decode = next(self._frames, None)
        if decode is None:
            raise EndedError(tr("{name} is at its end", name=self.name), remedy=tr("start it again to see it again"))
        at = time.monotonic()
        self._due = max(self._due or at, at - 1.0 / self._format.rate) + 1.0 / self._format.rate
        pixels = decode()
        number, self._number = self._number, self._number + 1
        return Frame(pixels, at, number)

    def _wait(self) -> None:
        left = self._due - time.monotonic()
        if self._interrupted.wait(max(0.0, min(left, READ_S))):
            raise StalledError(tr("{name} was interrupted", name=self.name))
        if left > READ_S:
            raise StalledError(tr("{name} has no frame yet", name=self.name), remedy=tr("wait for it"))

    def interrupt(self) -> None:
        """See `Interruptible`."""
        self._interrupted.set()

    def formats(self) -> tuple[Format, ...]:
        """See `Camera`."""
        return (self._format,)

    def controls(self) -> Mapping[Control, Setting]:
        """See `Camera`; a recording has none."""
        return {}

    def set(self, control: Control, value: float | None) -> None:
        """See `Camera`."""
        raise CameraError(
            tr("the {control} of a recording cannot be set", control=CONTROL_WORDS[control]),
            remedy=tr("choose a camera"),
        )

    def close(self) -> None:
        """See `Camera`."""
        reel, self._reel, self._frames = self._reel, None, iter(())
        if reel is not None:
            reel.close()


def _check(path: Path) -> None:
    if not path.exists():
        raise NoCameraError(
            tr("{path} is not there", path=path), remedy=tr("choose a recording or a folder of pictures")
        )
    if not os.access(path, os.R_OK):
        raise DeniedError(
            tr("this user may not read {path}", path=path), remedy=tr("ask for the permission to read it")
        )
