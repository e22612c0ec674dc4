"""The faults: each is begun in the middle of an examination, and is over when the function returns."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from unittest.mock import patch

from benchmarks.capture_fault_parts.work import HEIGHT, WIDTH, Work
from benchmarks.full_disk_parts import small_disk
from pfm_desktop.capture.simulated_lamp import LampFaults
from pfm_desktop.capture.status import StreamState
from pfm_desktop.services.capture import clips, times
from pfm_desktop.storage.engine import make_engine
from pfm_desktop.storage.schema import DATABASE

SAID_WITHIN_S = 6.0  # that is waited for; wanted is less
SILENT = (StreamState.STALLED, StreamState.FAILED)
SIZES = ((320, 180), (960, 540), (320, 240))
LOCKED_S = (1.0, 2.0, 12.0)  # the last is longer than the library waits by itself, for a segment and then a picture
JUMPS_S = (-86400.0, -3600.0, -30.0, 30.0, 3600.0, 86400.0 * 400)


@dataclass
class Struck:
    """When a fault was over (`time.monotonic`), and after how many seconds it was said; None where nobody has to say
    it, infinite where nobody did."""

    over: float
    said_s: float | None = None


Fault = Callable[[Work, random.Random], Struck]


def _rest(seconds: float) -> None:
    threading.Event().wait(seconds)


def _ask(work: Work, chance: random.Random) -> None:
    """One picture, or a pair, in the middle of the fault."""
    work.live.take(None, pair=chance.random() < 0.6)


def _until_said(work: Work, since: float) -> float:
    while time.monotonic() < since + SAID_WITHIN_S:
        said = next((at for at, state in list(work.told.states) if at >= since and state in SILENT), None)
        if said is not None:
            return said - since
        _rest(0.01)
    return float("inf")


def _silent(begin: Callable[[], None], end: Callable[[], None], work: Work, chance: random.Random) -> Struck:
    since = time.monotonic()
    begin()
    _ask(work, chance)
    said = _until_said(work, since)
    _rest(chance.uniform(0.0, 1.0))
    end()
    return Struck(time.monotonic(), said)


def unplugged(work: Work, chance: random.Random) -> Struck:
    """The camera, and plugged in again."""
    return _silent(work.camera.unplug, work.camera.plug, work, chance)


def stalled(work: Work, chance: random.Random) -> Struck:
    """The camera, and released later."""
    return _silent(work.camera.stall, work.camera.release, work, chance)


def torn(work: Work, chance: random.Random) -> Struck:
    """Some frames."""
    work.camera.tear(chance.randint(1, 15))
    _ask(work, chance)
    _rest(1.0)
    return Struck(time.monotonic())


def resized(work: Work, chance: random.Random) -> Struck:
    """In mid-stream, and back."""
    work.camera.resize(*chance.choice(SIZES))
    _ask(work, chance)
    _rest(chance.uniform(0.3, 1.2))
    work.camera.resize(WIDTH, HEIGHT)
    return Struck(time.monotonic())


def lamp(**how: float | bool) -> Fault:
    """The lamp does something badly while pairs are taken."""

    def fault(work: Work, chance: random.Random) -> Struck:
        work.lamp.faults = LampFaults(**how)  # type: ignore[arg-type]  # as they are called there
        work.live.take(None, pair=True)
        work.live.settle(10.0)
        work.lamp.faults = LampFaults()
        return Struck(time.monotonic())

    return fault


def disk_full(work: Work, chance: random.Random) -> Struck:
    """While pictures and a clip are kept; then there is room again."""
    with small_disk.filled(work.lib.path, chance.randint(0, 200)):
        for _ in range(2):
            _ask(work, chance)
        _rest(chance.uniform(1.0, 3.0))
    return Struck(time.monotonic())


def locked(work: Work, chance: random.Random) -> Struck:
    """By another one that writes."""
    engine = make_engine(work.lib.path / DATABASE, keys=work.lib.keys)
    try:
        with engine.connect().execution_options(writes=True) as other, other.begin():
            _ask(work, chance)
            _rest(chance.choice(LOCKED_S))
    finally:
        engine.dispose()
    return Struck(time.monotonic())


def clock_set(work: Work, chance: random.Random) -> Struck:
    """Forward or back, for as long as pictures are taken; moments and seconds since acid must not follow it."""
    with _shifted(chance.choice(JUMPS_S)):
        before = len(work.told.taken)
        _ask(work, chance)
        work.live.settle(10.0)
        for lot in work.told.taken[before:]:
            for one in lot.pictures:
                _right_time(work, one.at, one.taken_at, one.seconds)
    return Struck(time.monotonic())


def _right_time(work: Work, at: float, taken_at: datetime, seconds: float | None) -> None:
    acid = work.live.examination.acid_at
    assert acid is not None
    off = abs((taken_at - acid).total_seconds() - (seconds or -1e9))
    if off > 0.01 or abs((taken_at - datetime.now(taken_at.tzinfo)).total_seconds() - (at - time.monotonic())) > 1.0:
        work.told.wrong.append(f"a picture has a wrong moment: {taken_at}, {seconds} s since acid")


@contextmanager
def _shifted(seconds: float) -> Iterator[None]:
    class Shifted(datetime):
        """The wall clock, set."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # as whoever asks has it
            return datetime.now(tz) + timedelta(seconds=seconds)

    with patch.object(times, "datetime", Shifted), patch.object(clips, "datetime", Shifted):
        yield


KILLED = "killed"
FAULTS: dict[str, Fault] = {
    "camera unplugged": unplugged,
    "camera stalls": stalled,
    "torn frames": torn,
    "resized": resized,
    "lamp silent": lamp(silent=True),
    "lamp late": lamp(late_s=1.0),
    "lamp wrong": lamp(other_light=True),
    "lamp garbage": lamp(garbage=True),
    "disk full": disk_full,
    "library locked": locked,
    "clock set": clock_set,
}
KINDS = (*FAULTS, KILLED)
