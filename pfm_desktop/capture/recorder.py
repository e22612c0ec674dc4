"""Records a clip: frames in on the camera's thread, segments out to whoever keeps them.

Two threads work behind `Recorder.take`: one makes JPEGs of frames and segments of JPEGs, one hands segments over. What
waits between them is bounded in bytes: where the disk is slower than the camera, frames are dropped and counted.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from pfm_desktop.capture import clip_segment
from pfm_desktop.capture.clip_segment import CodedFrame, SegmentBytes
from pfm_desktop.capture.source import Frame
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.threads import give_way

log = logging.getLogger(__name__)
QUEUE_LIMIT = 60 * 1920 * 1080 * 3  # bytes that wait, frames and JPEGs together: 60 frames, or some 12 s as JPEG
SEGMENT_BYTES = 1 << 26  # that a segment has at most, about, whatever its length in seconds
PATIENCE_S = 20.0  # that a disk may refuse a segment
PAUSES_S = (0.1, 0.2, 0.5, 1.0)  # before it is asked again; the last one from then on
_PROGRAM = tr("recording ended by an error of the program")
_KEPT = tr("what was recorded before is kept")


@dataclass(frozen=True)
class Recorded:
    """What became of a recording. `frames` in `segments` were handed over, `dropped` were taken and are not among
    them; `seconds` is the time of the last one that is. `problem`: why it ended before it was ended, "" for no such."""

    frames: int = 0
    dropped: int = 0
    seconds: float = 0.0
    segments: int = 0
    problem: str = ""


class _Due:
    """The segment that is being filled has waited long enough."""


class Recorder:
    """Records from now on until `stop`. `take` is called on one thread, everything else on any.

    `put` keeps a segment and returns once it is safe, on a thread of the recorder. What it refuses with an `OSError` or
    a `UserError` is tried again after pauses, until frames would have to be dropped for it or `PATIENCE_S` have passed;
    then recording ends, and `on_problem` is told once, on that thread. `rate`: frames a second that are kept at most.
    A segment is `segment_s` seconds long, and handed over so long after its first frame also where no other comes.
    `began`: the moment (`time.monotonic`) from which seconds count; without it that of the first frame.
    """

    def __init__(
        self,
        put: Callable[[SegmentBytes], None],
        *,
        rate: float | None = None,
        segment_s: float = 1.0,
        queue_limit: int = QUEUE_LIMIT,
        began: float | None = None,
        on_problem: Callable[[str], None] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise ValueError("a rate is more than nothing")
        self._put, self._on_problem = put, on_problem
        self._rate, self._segment_s, self._limit, self._patience = rate, segment_s, queue_limit, patience_s
        self._began, self._last_s, self._last_due = began, 0.0, -1
        self._open: list[CodedFrame] = []  # the segment that is being filled, on the thread that makes them
        self._opened_at, self._numbered, self._made = 0.0, 0, 0
        self._changed = threading.Condition()
        # all of these under `_changed`
        self._raw: deque[tuple[Frame, float]] = deque()
        self._ready: deque[SegmentBytes] = deque()
        self._held = 0  # bytes of both, and of what is being worked on between them
        self._taken = 0
        self._stopping = self._all_made = self._over = False
        self._so_far, self._trouble = Recorded(), ""
        self._threads = [
            threading.Thread(target=self._make, name="clip-coder", daemon=True),
            threading.Thread(target=self._hand_over, name="clip-writer", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    # the camera's thread

    def take(self, frame: Frame) -> None:
        """Record a frame; returns at once, and nothing happens once recording has ended."""
        with self._changed:
            if self._stopping or self._over:
                return
            seconds = self._seconds_of(frame.at)
            if not self._is_due(seconds):
                return
            self._taken += 1
            if self._held and self._held + frame.pixels.nbytes > self._limit:
                self._so_far = replace(self._so_far, dropped=self._so_far.dropped + 1)
            else:
                self._raw.append((frame, seconds))
                self._held += frame.pixels.nbytes
            self._changed.notify_all()

    def _seconds_of(self, at: float) -> float:
        """Since the clip began. A camera whose clock goes back, or says nothing, stands still here."""
        if math.isfinite(at):
            if self._began is None:
                self._began = at
            self._last_s = max(self._last_s, at - self._began)
        return self._last_s

    def _is_due(self, seconds: float) -> bool:
        if self._rate is None:
            return True
        due = math.floor(seconds * self._rate + 1e-6)
        if due <= self._last_due:
            return False
        self._last_due = due
        return True

    # what a screen shows

    @property
    def so_far(self) -> Recorded:
        """What has become of it until now."""
        with self._changed:
            return self._so_far

    @property
    def dropped(self) -> int:
        """Frames that were taken and could not be kept."""
        return self.so_far.dropped

    @property
    def problem(self) -> str:
        """Why recording ended by itself, "" while it did not."""
        return self.so_far.problem

    @property
    def trouble(self) -> str:
        """Why the last segment was not kept yet, while that is tried again; "" where all is well."""
        with self._changed:
            return self._trouble

    @property
    def seconds(self) -> float:
        """Seconds from the beginning to the frame that was taken last."""
        with self._changed:
            return self._last_s

    def stop(self, wait_s: float = 10.0) -> Recorded:
        """End the recording, and wait for what was taken to be handed over; twice does no harm.

        What is not within `wait_s` seconds is given up, and `problem` says so.
        """
        end = time.monotonic() + wait_s
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        others = [thread for thread in self._threads if thread is not threading.current_thread()]  # as `on_problem` may
        for thread in others:
            thread.join(max(0.0, end - time.monotonic()))
        if any(thread.is_alive() for thread in others):
            why = self.trouble or tr("the disk did not take its end in time")
            self._end(tr("the end of the recording was not kept: {why}", why=why))
            for thread in others:  # one that waits ends now; one that the disk holds ends when that lets it go
                thread.join(0.2)
        return self.so_far

    # frames become segments

    def _make(self) -> None:
        give_way()
        try:
            while (work := self._next_frame()) is not None:
                if isinstance(work, _Due):
                    self._close_segment()
                else:
                    self._add(*work)
            self._close_segment()
        except Exception:
            log.exception("a clip could not be coded")
            self._end(f"{_PROGRAM}; {_KEPT}")
        with self._changed:
            self._all_made = True
            self._changed.notify_all()

    def _next_frame(self) -> tuple[Frame, float] | _Due | None:
        """The next one, awaited until a segment has waited long enough (`_Due`). None at the end."""
        with self._changed:
            while not self._over:
                if self._raw:
                    return self._raw.popleft()
                if self._stopping:
                    return None
                left = self._opened_at + self._segment_s - time.monotonic() if self._open else None
                if left is not None and left <= 0:
                    return _Due()
                self._changed.wait(left)
        return None

    def _add(self, frame: Frame, seconds: float) -> None:
        try:
            coded: CodedFrame | None = clip_segment.coded(frame.pixels, number=self._numbered, seconds=seconds)
        except ValueError as error:
            log.warning("a frame of a clip was left out: %s", error)
            coded = None
        with self._changed:
            if self._over:  # counted there
                return
            self._held += (len(coded.jpeg) if coded is not None else 0) - frame.pixels.nbytes
            if coded is None:
                self._so_far = replace(self._so_far, dropped=self._so_far.dropped + 1)
                return
        self._numbered += 1
        if self._open and not self._belongs(coded):
            self._close_segment()
        if not self._open:
            self._opened_at = time.monotonic()
        self._open.append(coded)

    def _belongs(self, frame: CodedFrame) -> bool:
        """Whether a frame goes into the segment that is being filled."""
        first = self._open[0]
        return (
            (frame.width, frame.height) == (first.width, first.height)
            and frame.seconds < first.seconds + self._segment_s
            and len(self._open) < clip_segment.MOST_FRAMES
            and sum(len(one.jpeg) for one in self._open) < SEGMENT_BYTES
        )

    def _close_segment(self) -> None:
        frames, self._open = self._open, []
        if not frames:
            return
        data = clip_segment.encode(frames)  # some 20 MB: the camera does not wait for that
        with self._changed:
            if self._over:
                return
            self._held += len(data) - sum(len(one.jpeg) for one in frames)
            number, self._made = self._made, self._made + 1
            self._ready.append(SegmentBytes(number, data, len(frames), frames[0].seconds, frames[-1].seconds))
            self._changed.notify_all()

    # segments become safe

    def _hand_over(self) -> None:
        give_way()
        while (segment := self._next_segment()) is not None:
            if not self._kept(segment):
                return
            with self._changed:
                if self._over:  # given up while the disk had it
                    return
                self._ready.popleft()
                self._held -= len(segment.data)
                self._trouble = ""
                far = self._so_far
                self._so_far = replace(
                    far, frames=far.frames + segment.frames, segments=far.segments + 1, seconds=segment.last_s
                )
                self._changed.notify_all()

    def _next_segment(self) -> SegmentBytes | None:
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._ready or self._all_made)
            return None if self._over or not self._ready else self._ready[0]

    def _kept(self, segment: SegmentBytes) -> bool:
        """Whether it was, at last; False once recording has ended with it."""
        dropped, until, tried = self.dropped, time.monotonic() + self._patience, 0
        while True:
            try:
                self._put(segment)
                return True
            except (OSError, UserError) as error:
                why = _said(error)
            except Exception:
                log.exception("a segment of a clip could not be handed over")
                self._end(f"{_PROGRAM}; {_KEPT}")
                return False
            with self._changed:
                self._trouble = why
                if not self._over and self.dropped == dropped and time.monotonic() < until:
                    pause = PAUSES_S[min(tried, len(PAUSES_S) - 1)]
                    self._changed.wait_for(lambda: self._over or self._so_far.dropped > dropped, pause)
                if self._over:
                    return False
                last = self.dropped > dropped or time.monotonic() >= until
            tried += 1
            if last:
                self._end(tr("recording ended: {why}; {kept}", why=why, kept=_KEPT))
                return False

    def _end(self, problem: str) -> None:
        """Give up what was not handed over; the first one to call it says why."""
        with self._changed:
            if self._over:
                return
            self._over = True
            far = self._so_far
            self._so_far = replace(far, problem=problem, dropped=self._taken - far.frames)
            self._raw.clear()
            self._ready.clear()
            self._held, self._trouble = 0, ""
            self._changed.notify_all()
        log.warning("%s", problem)
        if self._on_problem is not None:
            self._on_problem(problem)


def _said(error: OSError | UserError) -> str:
    return error.what if isinstance(error, UserError) else error.strerror or str(error)
