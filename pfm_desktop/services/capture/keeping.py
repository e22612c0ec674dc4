"""From what was taken to the library: nothing taken is lost while the program runs, and nothing waits for the disk.

Pictures that the library does not take (locked by another program, disk full) stay in memory and are tried again until
it does; that is told each time it changes.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.source import Stage
from pfm_desktop.support.errors import MemoryFullError, UserError, for_a_person
from pfm_desktop.support.language import tr
from pfm_desktop.support.threads import give_way

if TYPE_CHECKING:
    from pfm_desktop.services.capture.records import Kept
    from pfm_desktop.services.capture.verdict import PairVerdict

log = logging.getLogger(__name__)
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
END_S = 3.0
UNEXPECTED = tr("An unexpected error kept it from the library; it is in the log.")


@dataclass(frozen=True, eq=False)
class PictureFile:
    """A picture that came as a file: `data` as they were in it, `name` of the file, size and `pixels_sha256` of its
    pixels as they are decoded; `taken_at` (aware) as the file itself says, None where it does not."""

    data: bytes
    name: str
    width: int
    height: int
    pixels_sha256: str
    taken_at: datetime | None = None


@dataclass(frozen=True, eq=False)
class LivePicture:
    """A picture that was taken and may not be in the library yet. `pixels` H x W x 3 uint8 RGB, as they will be kept;
    `at` seconds of `time.monotonic`, `taken_at` the same moment (aware), `seconds` since acetic acid or None.

    Of one that came as a `file` that is kept as it is; `pixels` may be smaller then.
    """

    pixels: NDArray[np.uint8]
    stage: Stage
    at: float
    taken_at: datetime
    seconds: float | None = None
    mm_per_px: float | None = None
    acquisition: Acquisition = field(default_factory=Acquisition)
    dark_png: bytes = b""  # the dark frame that was subtracted
    file: PictureFile | None = None


@dataclass(frozen=True, eq=False)
class Lot:
    """What one press of a key took: one picture, or the two of a pair (white light first). `number` counts them."""

    number: int
    visit_id: str
    pictures: tuple[LivePicture, ...]
    step_key: str = ""
    by_itself: bool = False  # a mark of the clock took it, no person
    replaces: tuple[str, ...] = ()  # ids of pictures that go off the record once these are in the library

    @property
    def pair(self) -> bool:
        """Whether they are to be read together."""
        return len(self.pictures) == 2


class LotState(StrEnum):
    """Where a lot is. WAITING: the library did not take it yet, for a reason; DROPPED: it was given up by a person."""

    KEEPING = "keeping"
    WAITING = "waiting"
    KEPT = "kept"
    DROPPED = "dropped"


@dataclass(frozen=True, eq=False)
class LotNews:
    """What became of a lot; `kept` once it is in the library, `problem` while it is not."""

    lot: Lot
    state: LotState
    kept: Kept | None = None
    problem: str = ""


Keep = Callable[[Lot], "Kept"]
Judge = Callable[[Lot], "PairVerdict"]


class Keeper:
    """Puts lots into the library, one after the other, on a thread of its own. `tell` is called on that thread."""

    def __init__(self, keep: Keep, tell: Callable[[LotNews], None]) -> None:
        self._keep, self._tell = keep, tell
        self._lock = threading.Condition()
        self._waiting: list[Lot] = []
        self._ending = False
        self._hurry = False  # try at once, without the pause
        self._trying = False  # a round is under way
        self._rounds = 0  # that have ended
        self._tried = 0  # number of the lot with which the last round ended early
        self._thread: threading.Thread | None = None
        self.problem = ""  # why the first of those that wait is not in the library

    def put(self, lot: Lot) -> None:
        """Never waits for anything."""
        with self._lock:
            self._waiting.append(lot)
            self._lock.notify_all()
            if self._thread is None and not self._ending:
                self._thread = threading.Thread(target=self._work, name="capture keeper", daemon=True)
                self._thread.start()

    @property
    def waiting(self) -> tuple[Lot, ...]:
        """What is not in the library yet."""
        with self._lock:
            return tuple(self._waiting)

    def settle(self, seconds: float) -> bool:
        """Try what waits at once, and wait for it until it is refused once more, so long at most; whether all is in
        the library."""
        with self._lock:
            self._hurry = True
            # a round that is under way may have been refused before the reason went: the one after it tells
            rounds = self._rounds + (2 if self._trying else 1)
            self._lock.notify_all()
            self._lock.wait_for(lambda: not self._waiting or self._rounds >= rounds or self._ending, seconds)
            return not self._waiting

    def drop(self) -> None:
        """What waits is not wanted any more: a person was asked."""
        with self._lock:
            gone, self._waiting = self._waiting, []
            self._lock.notify_all()
        for lot in gone:
            self._say(LotNews(lot, LotState.DROPPED))

    def stop(self, seconds: float = END_S) -> tuple[Lot, ...]:
        """Let what is under way end; what is still not in the library comes back, and is lost with this object."""
        with self._lock:
            self._ending = True
            self._lock.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return self.waiting

    def _work(self) -> None:
        give_way()  # to the live picture
        tries, said = 0, dict[int, str]()
        while lots := self._next():
            problem = self._round(lots, said)
            with self._lock:
                self._trying = False
                self._rounds += 1
                self._lock.notify_all()
                if not problem:
                    tries = 0
                    continue
                if self._ending:
                    return
                self.problem = problem
                self._lock.wait_for(lambda: self._hurry or self._ending, PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    def _next(self) -> tuple[Lot, ...]:
        """All that wait, those behind the one that was tried last before the others; () at the end."""
        with self._lock:
            self._lock.wait_for(lambda: self._waiting or self._ending)
            self._hurry, self._trying = False, True
            return tuple(sorted(self._waiting, key=lambda lot: lot.number <= self._tried))

    def _round(self, lots: Sequence[Lot], said: dict[int, str]) -> str:
        """Try each: one that is refused for a reason of its own is in the way of no other. Two in a row that are
        refused for the same reason end the round: it may be that of the library, which need not be asked for each.
        Returns why the first of them is not there."""
        first = last = ""
        self._tried = 0
        for lot in lots:
            problem = self._try(lot)
            if problem and not first:
                self.problem = problem
            if problem and said.get(lot.number) != problem and not self._ending:
                said[lot.number] = problem
                self._say(LotNews(lot, LotState.WAITING, problem=problem))
            first = first or problem
            if self._ending or (problem and problem == last):
                self._tried = lot.number
                break
            last = problem or last
        return first

    def _try(self, lot: Lot) -> str:
        """Why it is not in the library; "" once it is."""
        try:
            kept = self._keep(lot)
        except UserError as error:
            return error.sentences
        except MemoryError:
            return MemoryFullError().sentences
        except Exception as error:
            log.exception("a picture could not be kept")
            known = for_a_person(error)
            return known.sentences if known is not None else UNEXPECTED
        with self._lock:
            self._waiting = [one for one in self._waiting if one is not lot]
            self.problem = ""
            self._lock.notify_all()
        self._say(LotNews(lot, LotState.KEPT, kept=kept))
        return ""

    def _say(self, news: LotNews) -> None:
        try:
            self._tell(news)
        except Exception:
            log.exception("nobody could be told what became of a picture")


class Judging:
    """Says of each pair whether to keep or retake it, on a thread of its own; the library is not asked."""

    def __init__(self, judge: Judge, tell: Callable[[Lot, PairVerdict | None, str], None]) -> None:
        self._judge, self._tell = judge, tell
        self._queue: queue.SimpleQueue[Lot | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="capture verdict", daemon=True)
        self._thread.start()

    def put(self, lot: Lot) -> None:
        """Of a pair."""
        self._queue.put(lot)

    def stop(self, seconds: float = END_S) -> None:
        """What waits is not judged any more."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _work(self) -> None:
        while (lot := self._queue.get()) is not None:
            verdict, problem = None, ""
            try:
                verdict = self._judge(lot)
            except UserError as error:
                problem = error.sentences
            except Exception:
                log.exception("a pair could not be judged")
                problem = tr("It could not be judged; the error is in the log.")
            try:
                self._tell(lot, verdict, problem)
            except Exception:
                log.exception("nobody could be told the verdict")
