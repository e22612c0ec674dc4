"""Moments of a live examination: all of them follow one clock that never jumps, whatever happens to the computer's."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

JUMP_S = 2.0  # so far the computer's clock may be off before it is told
_NAP_S = 0.5


def slept_s() -> float:
    """For how many seconds this computer has slept that `time.monotonic` did not count: on Linux it stands still then,
    elsewhere it goes on, and this is 0."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(boot) - time.clock_gettime(time.CLOCK_MONOTONIC) if boot is not None else 0.0


@dataclass(frozen=True)
class Times:
    """Ties `time.monotonic` to the wall clock once; `began` (aware) and `began_at` are the same moment, until which the
    computer had slept for `slept` seconds."""

    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    began_at: float = field(default_factory=time.monotonic)
    slept: float = field(default_factory=slept_s)

    def wall(self, at: float) -> datetime:
        """The moment (aware, UTC) at `at` of the monotonic clock."""
        return self.began + timedelta(seconds=at - self.began_at)

    def monotonic(self, moment: datetime) -> float:
        """The reverse of `wall`, for a moment that is on record."""
        return self.began_at + (moment - self.began).total_seconds()

    def jumped(self, now: datetime, at: float) -> float:
        """By how many seconds the computer's clock was set since (`now` by it, `at` by the other one); 0 for less than
        `JUMP_S`, as clocks are corrected by a little all the time."""
        off = (now - self.wall(at)).total_seconds()
        return off if abs(off) >= JUMP_S else 0.0

    def awake(self, slept: float) -> Times:
        """The same where the computer has slept for `slept` seconds in all by now: that time has passed as well."""
        nap = slept - self.slept
        return self if nap < _NAP_S else replace(self, began_at=self.began_at - nap, slept=slept)
