"""The frames of one camera as they come, read on a thread of their own, whatever happens to the camera.

A second thread keeps watch: a camera that gives nothing is said within two seconds, though its driver hang for ever,
and is opened anew until it gives pictures or the stream is stopped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from pfm_desktop.capture.reader import Doing, Reader, not_open
from pfm_desktop.capture.source import CONTROL_WORDS, Camera, Control, EndedError, Format, Frame, Setting, StalledError
from pfm_desktop.capture.status import Patience, StreamState, StreamStatus, words_of
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_and
from pfm_desktop.support.quiet import places_of

Answer = TypeVar("Answer")
Sink = Callable[[Frame], None]
_RATE_OVER = 31  # frames

log = logging.getLogger(__name__)


class Stream:
    """Reads what `make_camera` makes, in `wanted` or near to it; the last `keep` frames are kept.

    `on_status` are called on whichever thread at each change of state, format or reason, and sinks on the thread of
    the camera: neither may wait for the stream. All methods may be called on any thread.
    """

    def __init__(
        self,
        make_camera: Callable[[], Camera],
        *,
        wanted: Format | None = None,
        keep: int = 8,
        patience: Patience | None = None,
    ) -> None:
        self.on_status: list[Callable[[StreamStatus], None]] = []
        self._make, self._wanted, self._patience = make_camera, wanted, patience or Patience()
        self._changed = threading.Condition()
        self._frames: deque[Frame] = deque(maxlen=max(1, keep))
        self._times: deque[float] = deque(maxlen=_RATE_OVER)
        self._sinks: list[Sink] = []
        self._settings: dict[Control, float | None] = {}
        self._saying, self._said = threading.RLock(), _nothing_said()
        self._stop, self._wake = threading.Event(), threading.Event()
        self._watcher: threading.Thread | None = None
        self._reader: Reader | None = None
        self._handing: Sink | None = None
        self._hanging: list[Reader] = []
        self._life = threading.RLock()  # one start or stop at a time
        self._over = True
        self._forget()

    def _forget(self) -> None:
        self._now = StreamStatus(StreamState.CLOSED, "")
        self._why, self._note, self._took_note, self._unset_note = "", "", "", ""
        self._number: int | None = None
        self._last = 0.0  # when a frame came or the camera was open, whichever was later
        self._was_live = False
        self._of: Reader | None = None  # whose frame came last

    def start(self) -> None:
        """Begin; nothing happens where it has begun."""
        with self._life, self._changed:
            if self._watcher is not None and not self._over:
                return
            self._forget()
            self._frames.clear()
            self._stop.clear()
            self._over = False
            self._now = StreamStatus(StreamState.OPENING, "")
            self._watcher = threading.Thread(target=self._watch, name="camera watch", daemon=True)
            self._watcher.start()
        self._say()

    def stop(self, wait_s: float = 2.0) -> None:
        """End and let the camera go. No frame is delivered after it returned. A driver that hangs is awaited for
        `wait_s` in all, and lets the camera go whenever it comes back."""
        with self._life:
            self._end(time.monotonic() + wait_s)
        self._say()

    def _end(self, until: float) -> None:
        with self._changed:
            self._over = True
            watcher, reader = self._watcher, self._reader
            self._stop.set()
            self._wake.set()
            self._changed.notify_all()
        if reader is not None:
            reader.drop(until - time.monotonic())
        for thread in (watcher, reader.thread if reader else None):
            if thread is not None and thread is not threading.current_thread() and thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        with self._changed:
            if reader is not None and reader.thread.is_alive():
                self._hanging = [*self._hanging, reader]
            self._watcher, self._reader = None, None
            self._frames.clear()
            self._now = replace(self._now, state=StreamState.CLOSED, rate=0.0)
            self._why, self._note, self._took_note, self._unset_note = "", "", "", ""

    @property
    def status(self) -> StreamStatus:
        """As it is now."""
        with self._changed:
            now = time.monotonic()
            silent = now - self._last
            span = self._times[-1] - self._times[0] if len(self._times) > 1 else 0.0
            live = self._now.state is StreamState.LIVE
            rate = (len(self._times) - 1) / span if live and span > 0 else 0.0
            note = self._notes
            text = words_of(self._now, why=self._why, note=note, silent=silent, goes_on=not self._over)
            return replace(self._now, rate=rate, text=text, note=note)

    @property
    def _notes(self) -> str:
        return " ".join(note for note in (self._took_note, self._note, self._unset_note) if note)

    def note_unset(self, text: str) -> None:
        """Say what of its settings the camera did not take, for a person, until the stream ends."""
        with self._changed:
            self._unset_note = text
        self._say()

    def latest(self) -> Frame | None:
        """The frame that came last, also while the camera is stalled."""
        with self._changed:
            return self._frames[-1] if self._frames else None

    def recent(self) -> tuple[Frame, ...]:
        """The last frames, oldest first."""
        with self._changed:
            return tuple(self._frames)

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        """The first frame that is there or comes with `at > after`; None after `timeout` seconds, or as the stream
        ends. A stall is no end."""
        until = time.monotonic() + timeout
        with self._changed:
            while True:
                found = next((frame for frame in self._frames if frame.at > after), None)
                left = until - time.monotonic()
                if found is not None or self._over or left <= 0:
                    return found
                self._changed.wait(left)

    def add_sink(self, sink: Sink) -> Callable[[], None]:
        """Have `sink` called with each frame on the thread of the camera; returns what takes it away. One that raises
        is taken away and said; the stream goes on."""
        with self._changed:
            self._sinks, self._took_note = [*self._sinks, sink], ""
        return lambda: self._without(sink)

    def controls(self) -> Mapping[Control, Setting]:
        """What can be set, and is. Awaited; raises `CameraError`."""
        return self._ask(lambda camera: camera.controls())

    def formats(self) -> tuple[Format, ...]:
        """What the camera offers, as far as it says. Awaited; raises `CameraError`."""
        return self._ask(lambda camera: camera.formats())

    def set(self, control: Control, value: float | None) -> None:
        """Set a control; None lets the camera choose. Awaited; raises `CameraError`. It is set again whenever the
        camera is opened anew."""
        self._ask(lambda camera: camera.set(control, value))
        with self._changed:
            self._settings[control] = value

    def _ask(self, question: Callable[[Camera], Answer]) -> Answer:
        with self._changed:
            reader = self._reader
        if reader is None:
            raise not_open()
        return reader.ask(question, self._patience.asks_s)

    # what the reader tells, on its thread

    def opened(self, reader: Reader, given: Format, refused: tuple[Control, ...]) -> None:
        """See `Taker`."""
        with self._changed:
            if self._gone(reader):
                return
            self._last, self._number = time.monotonic(), None
            self._now = replace(self._now, format=given)
            names = with_and(CONTROL_WORDS[control] for control in refused)
            self._note = tr("The camera did not take its {names} again: set it anew.", names=names) if refused else ""
        self._wake.set()

    def take(self, reader: Reader, frame: Frame) -> None:
        """See `Taker`."""
        if not _whole(frame):
            self.torn(reader)
            return
        with reader.delivering:
            with self._changed:
                if self._gone(reader):
                    return
                self._count(reader, frame)
                sinks = self._sinks
                self._changed.notify_all()
            self._say()
            for sink in sinks:
                if reader.dropped:
                    return
                self._handing = sink
                self._hand(sink, frame)

    def torn(self, reader: Reader) -> None:
        """See `Taker`."""
        with self._changed:
            if not self._gone(reader):
                self._now = replace(self._now, torn=self._now.torn + 1)

    def over(self, reader: Reader) -> None:
        """See `Taker`."""
        self._wake.set()

    def _gone(self, reader: Reader) -> bool:
        return reader.dropped or reader is not self._reader or self._stop.is_set()

    def _count(self, reader: Reader, frame: Frame) -> None:
        before = self._now
        lost = max(0, frame.number - self._number - 1) if self._number is not None else 0
        again = int(self._was_live and reader is not self._of)
        height, width = frame.pixels.shape[:2]
        given = before.format
        if given is None or (given.width, given.height) != (width, height):
            given = replace(given, width=width, height=height) if given else Format(width, height)
        self._now = replace(
            before,
            state=StreamState.LIVE,
            format=given,
            frames=before.frames + 1,
            lost=before.lost + lost,
            reconnected=before.reconnected + again,
        )
        if before.state is not StreamState.LIVE:
            self._times.clear()
        self._number, self._last, self._why = frame.number, time.monotonic(), ""
        self._was_live, self._of = True, reader
        self._times.append(frame.at)
        self._frames.append(frame)

    def _hand(self, sink: Sink, frame: Frame) -> None:
        try:
            sink(frame)
        except Exception as error:  # noqa: BLE001 - what takes the frames must not end them
            log.error("what took the frames of a camera failed\n%s", places_of(error))
            self._take_away(sink, error.sentences if isinstance(error, UserError) else f"({type(error).__name__})")
            self._say()

    def _take_away(self, sink: Sink, why: str) -> None:
        self._without(sink)
        with self._changed:
            self._took_note = tr("What took the pictures failed and was ended: {why}", why=why)

    def _without(self, sink: Sink) -> None:
        with self._changed:
            self._sinks = [other for other in self._sinks if other is not sink]

    # what the watch does, on its thread

    def _watch(self) -> None:
        tries = 0
        while not self._stop.is_set():
            self._wake.clear()
            with self._changed:
                if self._stop.is_set():
                    break
                reader = Reader(self._make, self._wanted, self._settings, self)
                self._reader, before = reader, self._now.frames
                reader.start()
            why = self._attend(reader)
            if self._stop.is_set():
                break
            if isinstance(why, EndedError):
                self._finish(why)
                break
            tries = 1 if self._now.frames > before else tries + 1
            self._fail(why.sentences if why else tr("The camera gives no pictures."))
            pauses = self._patience.pauses
            self._stop.wait(pauses[min(tries, len(pauses)) - 1])
            self._wait_for_the_hanging()

    def _attend(self, reader: Reader) -> UserError | None:
        """Until it is over or given up; why."""
        while not self._stop.is_set():
            if reader.doing is Doing.OVER and not reader.thread.is_alive():
                return reader.why
            self._wake.wait(self._look(reader))
            self._wake.clear()
            if reader.dropped and not self._stop.is_set():
                self._hanging = [*self._hanging, reader]
                return self._hung(reader)
        return None

    def _look(self, reader: Reader) -> float:
        """Says a stall and drops a reader that hangs; seconds until the next look."""
        patience, (doing, since), now = self._patience, reader.at_work, time.monotonic()
        if doing is Doing.OVER:
            reader.thread.join(patience.silent_s)  # it is about to end
            return 0.0
        limit = patience.opens_s if doing is Doing.OPENING else patience.hangs_s
        left = since + limit - now
        if left <= 0:
            reader.drop(0.0)
            return 0.0
        if doing is Doing.OPENING:
            return left
        with self._changed:
            silent = patience.silent_s - (now - self._last)
            stalls = silent <= 0 and self._now.state in {StreamState.LIVE, StreamState.OPENING}
            if stalls:
                self._now = replace(self._now, state=StreamState.STALLED)
        if stalls:
            self._say()
        return min(left, silent) if silent > 0 else min(left, patience.silent_s)

    def _hung(self, reader: Reader) -> UserError:
        if reader.doing is Doing.DELIVERING and self._handing is not None:
            log.error("what takes the frames of a camera hangs and was taken away")
            self._take_away(self._handing, tr("it did not come to an end"))
            return StalledError(tr("what takes the pictures does not come to an end"))
        return reader.why or StalledError(tr("the camera does not answer"), remedy=tr("check its cable"))

    def _fail(self, why: str) -> None:
        with self._changed:
            state = StreamState.STALLED if self._was_live else StreamState.FAILED
            self._now, self._why = replace(self._now, state=state), why
        self._say()

    def _finish(self, why: UserError) -> None:
        with self._changed:
            self._now, self._why, self._over = replace(self._now, state=StreamState.CLOSED), why.sentences, True
            self._changed.notify_all()
        self._say()

    def _wait_for_the_hanging(self) -> None:
        """Where too many calls of the driver hang, no more are begun before one of them came back."""
        self._hanging = [reader for reader in self._hanging if reader.thread.is_alive()]
        if len(self._hanging) < self._patience.most:
            return
        with self._changed:
            self._now = replace(self._now, state=StreamState.FAILED)
            self._why = tr(
                "The camera does not answer, however often it is opened. Unplug it, wait some seconds and plug it in "
                "again; if that does not help, restart this program."
            )
        self._say()
        while len(self._hanging) >= self._patience.most and not self._stop.wait(self._patience.silent_s):
            self._hanging = [reader for reader in self._hanging if reader.thread.is_alive()]

    # what is said

    def _say(self) -> None:
        """Tell the listeners, in order, unless nothing changed that matters."""
        with self._saying:
            status = self.status
            with self._changed:
                key = (status.state, self._why + self._notes, status.format)
            if key == self._said:
                return
            self._said = key
            for listener in tuple(self.on_status):
                try:
                    listener(status)
                except Exception as error:  # noqa: BLE001 - a listener must not end the stream
                    log.error("a listener to a camera failed\n%s", places_of(error))


def _whole(frame: Frame) -> bool:
    pixels = frame.pixels
    return isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3


def _nothing_said() -> tuple[StreamState, str, Format | None]:
    return StreamState.CLOSED, "", None
