"""What is measured while the Capture page is at work. It keeps little itself, so that memory can be measured too."""

from __future__ import annotations

import gc
import statistics
import threading
import time
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil
from PySide6.QtCore import QEvent, QObject, Qt, QTimer

from pfm_desktop.services.capture.keeping import LotState
from pfm_desktop.support import memory

if TYPE_CHECKING:
    from pfm_desktop.gui.pages.capture.page import CapturePage

STALL_MS = 50.0
BEAT_MS = 2
LONGER_MS = 16.0  # gaps between two turns of the event loop that are kept one by one
MEMORY_S, ABOUT_S = 1.0, 20.0


@dataclass
class Timed:
    """One lot. Moments of `time.monotonic`; 0.0 for what has not been yet."""

    number: int
    pressed: float  # 0.0: nobody pressed a key, a mark took itself
    pair: bool
    exposed: float  # the end of the last of its frames
    gap_s: float
    came: float = field(default_factory=time.monotonic)
    judged: float = 0.0  # its verdict is painted on the card
    kept: float = 0.0
    words: str = ""


class Beats:
    """Turns of the event loop: the longest gaps between two, with when they ended."""

    def __init__(self) -> None:
        self.stalls: list[tuple[float, float]] = []  # when it ended, milliseconds
        self.count, self.longest = 0, 0.0
        self._last = time.monotonic()
        self._timer = QTimer(interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def forgive(self) -> None:
        """What came since the last turn was the benchmark's own work."""
        self._last = time.monotonic()

    def stop(self) -> None:
        """No more."""
        self._timer.stop()

    def _beat(self) -> None:
        now = time.monotonic()
        gap, self._last = 1000 * (now - self._last), now
        self.count += 1
        self.longest = max(self.longest, gap)
        if gap > LONGER_MS:
            self.stalls.append((now, gap))


class Painted:
    """How long each frame took from the end of its exposure to the screen, and how long the screen stood still."""

    def __init__(self, page: CapturePage) -> None:
        self.waits = array("d")  # milliseconds
        self.longest_still_s = 0.0
        self._last = time.monotonic()
        page.view.painted = self._one

    def _one(self, at: float, now: float) -> None:
        self.waits.append(1000 * (now - at))
        self.longest_still_s, self._last = max(self.longest_still_s, now - self._last), now


class Lots(QObject):
    """From the key to the library, and to the verdict on the card."""

    def __init__(self, page: CapturePage) -> None:
        super().__init__()
        self._page = page
        self.timed: dict[int, Timed] = {}
        self.said: list[str] = []
        self.unanswered = 0
        self.out_of_sight = 0  # verdicts that were on the card while it was not in sight
        self._pressed = 0.0
        self._unpainted: Timed | None = None
        outcome = page.examining.outcome
        for signal, slot in (
            (outcome._told, self._taken),
            (outcome._kept, self._kept),
            (outcome._judged, self._judged),
        ):
            signal.connect(slot, Qt.ConnectionType.QueuedConnection)  # after the page's own listeners
        page.said.connect(self.said.append)
        page.cards.taken.installEventFilter(self)

    def pressed(self) -> None:
        """A pair is asked for by a key."""
        self.unanswered += self._pressed > 0
        self._pressed = time.monotonic()

    @property
    def waits(self) -> bool:
        """Whether something is on its way."""
        return self._pressed > 0 or any(not one.kept or (one.pair and not one.judged) for one in self.timed.values())

    def eventFilter(self, _card: QObject, event: QEvent) -> bool:
        """Nothing is kept from anybody."""
        if event.type() is QEvent.Type.Paint and self._unpainted is not None:
            self._unpainted.judged, self._unpainted = time.monotonic(), None
        return False

    def _taken(self, lot: Any) -> None:
        if lot.number not in self.timed:
            self._begun(lot)

    def _kept(self, news: Any) -> None:
        self._taken(news.lot)
        if news.state is LotState.KEPT:
            self.timed[news.lot.number].kept = time.monotonic()

    def _judged(self, lot: Any, verdict: Any, problem: str) -> None:
        self._taken(lot)
        timed = self.timed[lot.number]
        timed.words = verdict.words if verdict is not None else problem
        if self._page.cards.taken.visibleRegion().isEmpty():
            self.out_of_sight += 1
            timed.judged = time.monotonic()
        else:
            self._unpainted = timed

    def _begun(self, lot: Any) -> Timed:
        by_key = not lot.step_key
        pressed, self._pressed = (self._pressed, 0.0) if by_key else (0.0, self._pressed)
        ends = [one.at for one in lot.pictures]
        timed = Timed(lot.number, pressed, lot.pair, max(ends), ends[-1] - ends[0])
        self.timed[lot.number] = timed
        return timed


class Memory:
    """Resident memory, every `MEMORY_S`; megabytes. Frames of 6 MB come and go, and what lies unused between them is
    given back twice a minute: two moments differ by 30 MB and more, medians of `ABOUT_S` by 15."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.seen: list[tuple[float, float]] = []  # seconds, megabytes
        self._began = time.monotonic()
        self._timer = QTimer(interval=round(1000 * MEMORY_S))
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Now."""
        self.seen.append((time.monotonic() - self._began, self._process.memory_info().rss / 1e6))

    def lately(self) -> float:
        """The median until now."""
        since = self.seen[-1][0] - ABOUT_S
        return statistics.median(size for at, size in self.seen if at >= since)

    def trend(self, since: float) -> float:
        """From second `since` to the end: the median of the slopes between any two looks (Theil and Sen), so long."""
        from scipy.stats import theilslopes  # not before all is measured: it takes memory itself

        seconds, sizes = zip(*((at, size) for at, size in self.seen if at >= since), strict=True)
        return float(theilslopes(sizes, seconds).slope) * (seconds[-1] - seconds[0])

    def least(self) -> float:
        """After looking for garbage, and giving back what was let go in small pieces."""
        gc.collect()
        memory.return_free()
        return self._process.memory_info().rss / 1e6

    def stop(self) -> None:
        """No more."""
        self._timer.stop()


class Processor:
    """Seconds of the processor since it was made, by thread; those that have ended are `other`."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before, self._began = self._now(), time.monotonic()
        self._all_before = time.process_time()

    def _now(self) -> dict[int, float]:
        return {one.id: one.user_time + one.system_time for one in self._process.threads()}

    def shares(self) -> list[tuple[str, float]]:
        """Of one core, by the names of Python's threads, the largest first; `other` has native ones too."""
        took = time.monotonic() - self._began
        names = {one.native_id: one.name for one in threading.enumerate()}
        found: dict[str, float] = {}
        for id_, used in self._now().items():
            if (name := names.get(id_)) is not None:
                found[name] = found.get(name, 0.0) + used - self._before.get(id_, 0.0)
        rest = time.process_time() - self._all_before - sum(found.values())
        rows = [*found.items(), ("other", rest)]
        return [(name, used / took) for name, used in sorted(rows, key=lambda row: -row[1])]


class SimulatorCost:
    """Seconds of the processor that drawing the frames of the simulated camera took, which no real one takes."""

    def __init__(self, device: Any) -> None:
        self.used = 0.0
        camera = device.simulated.camera
        read = camera.read

        def measured() -> Any:
            begun = time.thread_time()
            try:
                return read()
            finally:
                self.used += time.thread_time() - begun

        camera.read = measured
