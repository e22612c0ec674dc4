"""Progress over many pairs that says how long is left."""

from __future__ import annotations

from collections.abc import Callable

from pfm_desktop.jobs import Context
from pfm_desktop.support.language import tr

SOON = 5  # pairs after which the time left is said


class Counted:
    """Progress over pairs with the time that is left; what a single pair tells of its steps is not passed on."""

    def __init__(self, ctx: Context, total: int, clock: Callable[[], float]) -> None:
        self._ctx, self._total, self._clock, self._begun = ctx, total, clock, clock()

    def at(self, done: int, text: str) -> None:
        """The first pair tells nothing of the others: the model is made ready with it."""
        if done <= 1:
            self._begun = self._clock()
        words = left_words(done, self._total, self._clock() - self._begun)
        self._ctx.progress(done, self._total, f"{text}{words}")

    def progress(self, done: float, total: float, text: str = "") -> None:
        """Of one pair."""
        self._ctx.check()

    def check(self) -> None:
        """See `Context.check`."""
        self._ctx.check()


def left_words(done: int, total: int, seconds: float) -> str:
    """`, 12 of 500, about 4 min left`; the time once a few pairs tell it. `seconds`: since the first was done."""
    left = seconds / max(done - 1, 1) * (total - done)
    if not SOON <= done < total:
        return tr(", {done:,} of {total:,}", done=done, total=total)
    if left < 60:
        return tr(", {done:,} of {total:,}, less than a minute left", done=done, total=total)
    minutes = round(left / 60)
    return tr(", {done:,} of {total:,}, about {minutes:,} min left", done=done, total=total, minutes=minutes)
