"""Moments of a live examination: all of them follow one clock that never jumps, whatever happens to the computer's."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

JUMP_S = 2.0  # so far the computer's clock may be off before it is told


@dataclass(frozen=True)
class Times:
    """Ties `time.monotonic` to the wall clock once; `began` (aware) and `began_at` are the same moment."""

    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    began_at: float = field(default_factory=time.monotonic)

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
