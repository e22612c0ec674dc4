"""One camera that is opened, read and closed on a thread of its own, and what it is asked for meanwhile.

A driver may hang for ever in any call, and no other thread may then touch its camera. So a reader that hangs is
dropped: nothing of it counts any more, and should it come back it closes its camera and ends by itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from pfm_desktop.capture.source import (
    Camera,
    CameraError,
    Control,
    Format,
    Frame,
    Interruptible,
    NoCameraError,
    StalledError,
    TornFrameError,
)
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.quiet import places_of

Answer = TypeVar("Answer")
NEXT_S = 0.002  # who asked for one thing is given so long to ask for the next, which else would wait for a frame
MOST_TORN, TORN_S = 30, 2.0  # so many in a row, or in a row for so long, are no camera that gives frames

log = logging.getLogger(__name__)


class Doing(StrEnum):
    """What the thread of a reader is in the midst of."""

    OPENING = "opening"
    READING = "reading"
    DELIVERING = "delivering"
    ANSWERING = "answering"
    CLOSING = "closing"
    OVER = "over"


class Taker(Protocol):
    """Who is told; on the thread of the reader."""

    def opened(self, reader: Reader, given: Format, refused: tuple[Control, ...]) -> None:
        """It is open; `refused` are the settings it did not take."""

    def take(self, reader: Reader, frame: Frame) -> None:
        """A frame."""

    def torn(self, reader: Reader) -> None:
        """A frame that came damaged."""

    def over(self, reader: Reader) -> None:
        """It ended; `reader.why` says why."""


class Reader:
    """See the module. `settings` are set again as soon as the camera is open."""

    def __init__(
        self,
        make_camera: Callable[[], Camera],
        wanted: Format | None,
        settings: Mapping[Control, float | None],
        taker: Taker,
    ) -> None:
        self._make, self._wanted, self._settings, self._taker = make_camera, wanted, dict(settings), taker
        self.at_work = (Doing.OPENING, time.monotonic())  # what it does, and since when; one, as others look at it
        self.why: UserError | None = None
        self.delivering = threading.RLock()  # held while a frame is handed on, and to drop
        self.dropped = False
        self._camera: Camera | None = None
        self._questions: deque[tuple[Callable[[Camera], Any], Future[Any]]] = deque()
        self._asking, self._asked = threading.Lock(), threading.Event()
        self.thread = threading.Thread(target=self._run, name="camera", daemon=True)

    @property
    def doing(self) -> Doing:
        """What its thread is in the midst of."""
        return self.at_work[0]

    def start(self) -> None:
        """Open the camera and read it."""
        self.thread.start()

    def drop(self, wait_s: float) -> None:
        """Nothing is delivered from now on; awaits for `wait_s` a delivery that goes on. Lets `read` end, if it can."""
        held = self.delivering.acquire(timeout=max(0.0, wait_s))
        self.dropped = True
        if held:
            self.delivering.release()
        camera: object = self._camera
        if isinstance(camera, Interruptible):
            camera.interrupt()

    def ask(self, question: Callable[[Camera], Answer], wait_s: float) -> Answer:
        """What the camera answers, asked between two frames. Raises `CameraError`, also where it takes too long."""
        if threading.current_thread() is self.thread and self._camera is not None:
            return question(self._camera)
        future: Future[Answer] = Future()
        with self._asking:
            if self.doing in {Doing.OPENING, Doing.CLOSING, Doing.OVER} or self.dropped:
                raise not_open()
            self._questions.append((question, future))
            self._asked.set()
        try:
            return future.result(wait_s)
        except TimeoutError as error:
            future.cancel()
            raise StalledError(
                tr("the camera does not answer"), remedy=tr("wait until it gives pictures again, then repeat this")
            ) from error

    def _run(self) -> None:
        try:
            self._camera = self._make()
            given = self._camera.open(self._wanted)
            self._taker.opened(self, given, self._set_again(self._camera))
            self._read_on(self._camera)
        except CameraError as error:
            self.why = error
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the next try may be better
            log.warning("a camera failed\n%s", places_of(error))
            self.why = CameraError(
                tr("the camera failed in a way that nobody foresaw ({kind})", kind=type(error).__name__),
                remedy=tr("unplug it and plug it in again"),
            )
        finally:
            self._end()

    def _read_on(self, camera: Camera) -> None:
        torn, torn_since = 0, 0.0
        while not self.dropped:
            self._begin(Doing.ANSWERING)
            self._answer(camera)
            self._begin(Doing.READING)
            try:
                frame = camera.read()
            except TornFrameError as error:
                torn, torn_since = torn + 1, torn_since if torn else time.monotonic()
                self._taker.torn(self)
                if torn >= MOST_TORN or time.monotonic() - torn_since > TORN_S:
                    raise StalledError(
                        tr("the camera gives only damaged pictures"), remedy=tr("check its cable or its network")
                    ) from error
                continue
            torn = 0
            self._begin(Doing.DELIVERING)
            self._taker.take(self, frame)

    def _begin(self, doing: Doing) -> None:
        self.at_work = doing, time.monotonic()

    def _set_again(self, camera: Camera) -> tuple[Control, ...]:
        refused = []
        for control, value in self._settings.items():
            try:
                camera.set(control, value)
            except CameraError:
                refused.append(control)
        return tuple(refused)

    def _answer(self, camera: Camera) -> None:
        while self._questions or (self._asked.is_set() and self._another()):
            question, future = self._questions.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(question(camera))
            except Exception as error:  # noqa: BLE001 - it belongs to who asked
                future.set_exception(error)

    def _another(self) -> bool:
        self._asked.clear()
        return bool(self._questions) or (self._asked.wait(NEXT_S) and bool(self._questions))

    def _end(self) -> None:
        with self._asking:
            self._begin(Doing.CLOSING)
            left, self._questions = self._questions, deque()
        for _question, future in left:
            if future.set_running_or_notify_cancel():
                future.set_exception(not_open())
        try:
            if self._camera is not None:
                self._camera.close()
        except Exception as error:  # noqa: BLE001 - it is let go all the same
            log.warning("a camera failed to close\n%s", places_of(error))
        self._begin(Doing.OVER)
        self._taker.over(self)


def not_open() -> NoCameraError:
    """What is said to who asks a camera that is not open."""
    return NoCameraError(tr("the camera is not open"), remedy=tr("wait until it gives pictures, then repeat this"))
