"""A live examination: what is taken at a key press, the clock since acetic acid, and the marks that take themselves.

No Qt and no camera: a `Source` gives frames, `Keeper` and `Judging` do the rest. Methods are called on one thread (the
window's) and return at once; what takes time is told later, on whichever thread.
"""

from __future__ import annotations

import itertools
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.examination import (
    MISSED_S,
    OVER_S,
    Examination,
    Plan,
    Step,
    Taken,
    done,
    due,
    next_step,
    stage_of,
)
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services.capture.keeping import END_S, LivePicture, Lot, PictureFile
from pfm_desktop.services.capture.times import Times
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.capture.source import Frame

log = logging.getLogger(__name__)
AGAIN_S = 2.0  # after which a mark that could not be taken is tried again
_NUMBERS = itertools.count(1)  # of the lots of this program: two examinations have none in common


@dataclass(frozen=True, eq=False)
class Exposed:
    """A frame that was taken for good, and how. `dark_png`: the dark frame that was subtracted, b"" for none; `file`
    where it came as one (see `LivePicture`)."""

    frame: Frame
    source: Source
    acquisition: Acquisition
    mm_per_px: float | None = None
    dark_png: bytes = b""
    file: PictureFile | None = None


class PicturesSource(Protocol):
    """What takes pictures: one, or a pair (white light first). It may take up to some seconds, and raises `UserError`
    (with what was taken nevertheless in `taken`, where there is an attribute of that name)."""

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        """Take them now."""


@dataclass(frozen=True)
class Request:
    """What is to be taken."""

    step: Step | None
    pair: bool
    acid: bool
    iodine: bool = False  # Lugol's, from a step before this one
    by_itself: bool = False  # a mark of the clock
    replaces: tuple[str, ...] = ()  # pictures in whose place they are taken


@dataclass(frozen=True)
class Missed:
    """That nothing at all came of what was asked for, and why. `replaces` is as in the request: those stay."""

    visit_id: str
    problem: str
    replaces: tuple[str, ...] = ()


def wants_pair(step: Step | None) -> bool:
    """Whether a step takes white light and fluorescence: a fluorescence picture always has its white-light one."""
    return step is not None and (step.pair or step.stage.source is Source.FLUORESCENCE) and not step.starts_clock


class LiveExamination:
    """One examination that is under way. `examination` is as on record; the caller replaces it when that changes.

    `told(lot)` when something was taken (not yet in the library), `failed(text)` when it could not be, after
    `missed(...)` where there is nothing of it at all; all on a thread of this object.
    """

    def __init__(
        self,
        examination: Examination,
        source: PicturesSource,
        *,
        told: Callable[[Lot], None],
        failed: Callable[[str], None],
        missed: Callable[[Missed], None] = lambda _missed: None,
        times: Times | None = None,
        taken: tuple[Taken, ...] = (),
    ) -> None:
        self.examination, self.times = examination, times or Times()
        self._source, self._told, self._failed = source, told, failed
        self._missed = missed
        self._taken = list(taken)
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._lock = threading.Condition()
        self._under_way: list[str] = []  # steps that are being taken just now
        self._asked = 0  # requests that are not over
        self._iodine_at = _iodine_since(taken)
        self._looked: float | None = None  # seconds since acid at the last look at the clock
        self._failing: Step | None = None  # the mark that could not be taken so far, which was said
        self._again: float | None = None  # when it is tried again, seconds since acid
        self._thread = threading.Thread(target=self._work, name="capture taking", daemon=True)
        self._thread.start()

    # the clock and the plan

    @property
    def plan(self) -> Plan:
        """That of the site when it began."""
        return self.examination.plan

    @property
    def acid(self) -> bool:
        """Whether acetic acid is on; an hour later it is not any more."""
        return self.seconds(time.monotonic()) is not None

    @property
    def iodine(self) -> bool:
        """Whether Lugol's iodine is on: a picture of it was taken, or is being taken."""
        with self._lock:
            return self._iodine_at is not None or Stage.LUGOL.value in self._under_way

    def seconds(self, at: float) -> float | None:
        """Since acetic acid at a moment of the monotonic clock; None before it, and long after it."""
        acid_at = self.examination.acid_at
        since = None if acid_at is None else at - self.times.monotonic(acid_at)
        return since if since is not None and -OVER_S < since < OVER_S else None

    @property
    def taken(self) -> tuple[Taken, ...]:
        """What has been taken so far, as the timeline counts it."""
        with self._lock:
            return tuple(self._taken)

    def count_again(self, taken: tuple[Taken, ...]) -> None:
        """The visit's pictures are others now: one was removed, or brought back."""
        with self._lock:
            self._taken = list(taken)
            since = _iodine_since(taken)
            self._iodine_at = since if since is None or self._iodine_at is None else self._iodine_at

    @property
    def finished(self) -> frozenset[str]:
        """Keys of the steps that are done with, those under way as well."""
        found = done(self.plan, self.taken, acid=self.acid, skipped=self.examination.skipped)
        with self._lock:
            return found | set(self._under_way)

    def next(self, at: float) -> Step | None:
        """What comes next."""
        return next_step(self.plan, self.finished, seconds=self.seconds(at))

    def look_at_clock(self, at: float) -> Step | None:
        """Take the automatic mark that has come since the last look; the step that is taken, None for none."""
        seconds = self.seconds(at)
        before, self._looked = self._looked, seconds
        if seconds is None or before is None or before > seconds:
            return None
        step = due(self.plan, self.finished, before=before, seconds=seconds) or self._failed_before(seconds)
        if step is not None:
            self._ask(step, wants_pair(step), by_itself=True)
        return step

    def _failed_before(self, seconds: float) -> Step | None:
        """The mark that could not be taken, while it counts: the camera may be there again."""
        with self._lock:
            step, again = self._failing, self._again
            if step is None or again is None or seconds < again:
                return None
            self._again = None
        late = step.seconds is None or seconds >= step.seconds + MISSED_S
        return None if late or step.key in self.finished else step

    # taking

    def take(self, step: Step | None, *, pair: bool | None = None, replaces: tuple[str, ...] = ()) -> None:
        """Take what a step asks for, or (`pair`) a pair or one picture whatever it asks for. `replaces`: pictures that
        go off the record once these are in the library."""
        self._ask(step, wants_pair(step) if pair is None else pair, replaces=replaces)

    def _ask(self, step: Step | None, pair: bool, *, by_itself: bool = False, replaces: tuple[str, ...] = ()) -> None:
        iodine = self.iodine
        with self._lock:
            self._asked += 1
            if step is not None:
                self._under_way.append(step.key)
        self._queue.put(Request(step, pair, self.acid, iodine, by_itself, replaces))

    def take_frame(self, exposed: Exposed, step: Step | None) -> None:
        """Keep a frame that was chosen by hand, as a frozen one."""
        self._made(Request(step, False, self.acid, self.iodine), (exposed,))

    def take_files(self, exposed: tuple[Exposed, ...], step: Step | None) -> None:
        """Keep what a device saved by itself: one picture, or a pair (white light first)."""
        self._made(Request(step, False, self.acid, self.iodine), exposed)

    @property
    def under_way(self) -> frozenset[str]:
        """Keys of the steps that are being taken just now."""
        with self._lock:
            return frozenset(self._under_way)

    @property
    def busy(self) -> bool:
        """Whether something is being taken."""
        with self._lock:
            return self._asked > 0

    def settle(self, seconds: float) -> bool:
        """Wait so long for what was asked for; whether all of it is taken, or could not be."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._asked, seconds)

    def stop(self, seconds: float = END_S) -> None:
        """What was asked for is taken to its end; nothing more is asked for."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _work(self) -> None:
        while (request := self._queue.get()) is not None:
            problem, some = "", False
            try:
                self._made(request, self._source.take(pair=request.pair))
            except UserError as error:
                taken = tuple(getattr(error, "taken", ()))
                self._made(request, taken, alone=True)
                problem, some = error.sentences, bool(taken)
            except Exception:
                log.exception("taking failed")
                problem = tr("The picture could not be taken; the error is in the log. Take it again.")
            finally:
                self._no_longer_under_way(request)
            if problem and not self._said_before(request):  # its step is asked for again by now
                if not some:
                    self._missed(Missed(self.examination.visit_id, problem, request.replaces))
                self._failed(problem)
            with self._lock:
                self._asked -= 1
                self._lock.notify_all()

    def _no_longer_under_way(self, request: Request) -> None:
        if request.step is not None:
            with self._lock:
                self._under_way.remove(request.step.key)

    def _said_before(self, request: Request) -> bool:
        """Whether it is a mark that failed before; it is tried again in a while."""
        if not request.by_itself or request.step is None:
            return False
        with self._lock:
            said, self._failing = self._failing is request.step, request.step
            self._again = (self._looked or 0.0) + AGAIN_S
        return said

    def _made(self, request: Request, exposed: tuple[Exposed, ...], *, alone: bool = False) -> None:
        if not exposed:
            return
        pictures = tuple(self._picture(one, request) for one in exposed)
        with self._lock:
            self._taken += [Taken(one.stage, one.seconds) for one in pictures]
            if self._iodine_at is None:
                self._iodine_at = next((one.at for one in pictures if one.stage is Stage.LUGOL), None)
        key = request.step.key if request.step is not None and not alone else ""
        replaces = request.replaces if not alone else ()  # half of a pair is no pair
        self._told(Lot(next(_NUMBERS), self.examination.visit_id, pictures, key, request.by_itself, replaces))

    def _picture(self, one: Exposed, request: Request) -> LivePicture:
        at = one.frame.at
        seconds = self.seconds(at)
        acid = request.acid and seconds is not None and seconds >= 0.0
        frozen_before = self._iodine_at is not None and at < self._iodine_at
        stage = stage_of(one.source, request.step, acid=acid, iodine=request.iodine and not frozen_before)
        timed = seconds if acid and stage is not Stage.SALINE else None
        return LivePicture(
            pixels=one.frame.pixels,
            stage=stage,
            at=at,
            taken_at=(one.file.taken_at if one.file is not None else None) or self.times.wall(at),
            seconds=timed,
            mm_per_px=one.mm_per_px,
            acquisition=one.acquisition,
            dark_png=one.dark_png,
            file=one.file,
        )


def _iodine_since(taken: Iterable[Taken]) -> float | None:
    """From when on Lugol's iodine is on, where it was before this began; None where no picture says so."""
    return -math.inf if any(one.stage is Stage.LUGOL for one in taken) else None
