"""A camera that does what a test says, and what hears a stream."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from pfm_desktop.capture.source import CameraError, Control, Format, Frame, Setting, StalledError
from pfm_desktop.capture.status import StreamStatus
from pfm_desktop.capture.stream import Stream

LIMIT = 10.0  # seconds that a test waits before it fails


def frame(number: int, at: float, size: tuple[int, int] = (4, 6)) -> Frame:
    return Frame(np.full((*size, 3), number % 256, np.uint8), at, number)


class FakeCamera:
    """Gives what was put into `given`: frames, errors to raise, or events to hang at until they are set."""

    name, key = "Fake", "fake:"

    def __init__(self, *given: Frame | Exception | threading.Event) -> None:
        self.given: queue.Queue[Frame | Exception | threading.Event] = queue.Queue()
        for item in given:
            self.given.put(item)
        self.opens: Exception | threading.Event | None = None
        self.settings: dict[Control, float | None] = {}
        self.refuses: set[Control] = set()
        self.closed = threading.Event()
        self.threads: set[int] = set()
        self.silent = threading.Event()

    def open(self, wanted: Format | None = None) -> Format:
        self.threads.add(threading.get_ident())
        if isinstance(self.opens, threading.Event):
            self.opens.wait(LIMIT)
        elif self.opens is not None:
            raise self.opens
        return wanted or Format(6, 4, 30.0, "FAKE")

    def formats(self) -> tuple[Format, ...]:
        return (Format(6, 4, 30.0, "FAKE"),)

    def read(self) -> Frame:
        self.threads.add(threading.get_ident())
        item = self._next()
        if isinstance(item, threading.Event):
            item.wait(LIMIT)
            return frame(10_000, 1e12)
        if isinstance(item, Exception):
            raise item
        return item

    def _next(self) -> Frame | Exception | threading.Event:
        for _ in range(200):
            if self.silent.is_set():
                raise StalledError("interrupted")
            with suppress(queue.Empty):
                return self.given.get(timeout=0.01)
        raise StalledError("no frame came")

    def interrupt(self) -> None:
        self.silent.set()

    def controls(self) -> Mapping[Control, Setting]:
        self.threads.add(threading.get_ident())
        return {control: Setting(value) for control, value in self.settings.items()}

    def set(self, control: Control, value: float | None) -> None:
        self.threads.add(threading.get_ident())
        if control in self.refuses:
            raise CameraError("it has none")
        self.settings[control] = value

    def close(self) -> None:
        self.closed.set()


class Ticking(FakeCamera):
    """Gives what was put into `given`, and numbered frames at 1.0, 2.0, ... meanwhile."""

    number = 0

    def read(self) -> Frame:
        if not self.given.empty():
            return super().read()
        if self.silent.wait(0.002):
            raise StalledError("interrupted")
        self.number += 1
        return frame(self.number, float(self.number))


class Heard:
    """What a stream said; `until` waits for something."""

    def __init__(self, stream: Stream) -> None:
        self.all: list[StreamStatus] = []
        self._changed = threading.Condition()
        stream.on_status.append(self._hear)

    def _hear(self, status: StreamStatus) -> None:
        with self._changed:
            self.all.append(status)
            self._changed.notify_all()

    def until(self, wanted: Callable[[StreamStatus], bool]) -> StreamStatus:
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(wanted, self.all)), LIMIT), self.all
            return next(status for status in self.all if wanted(status))


@pytest.fixture
def streams() -> Iterator[Callable[..., tuple[Stream, Heard]]]:
    """`streams(make_camera, **options)`: a stream that is stopped at the end, and what hears it."""
    made: list[Stream] = []

    def make(*arguments: Any, **options: Any) -> tuple[Stream, Heard]:
        made.append(Stream(*arguments, **options))
        return made[-1], Heard(made[-1])

    yield make
    for stream in made:
        stream.stop()
