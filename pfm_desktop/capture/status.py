"""How a stream of frames fares, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pfm_desktop.capture.source import Format
from pfm_desktop.support.language import tr


class StreamState(StrEnum):
    """CLOSED: not started, stopped, or at its end. OPENING: for the first time. LIVE: frames come. STALLED: they came,
    and now do not. FAILED: none came yet, or too many calls of its driver hang; it is tried again all the same."""

    CLOSED = "closed"
    OPENING = "opening"
    LIVE = "live"
    STALLED = "stalled"
    FAILED = "failed"


@dataclass(frozen=True)
class StreamStatus:
    """`text` is for a person, `note` too: what failed although frames come, as something that took them and was ended,
    or a setting that was not taken; it is in `text` as well while the stream is live, and mostly "".

    `rate`: frames a second as measured, 0 while none come. `lost` were missing by their numbers, `torn` came damaged
    and were left out; `reconnected`: how often frames came again after an interruption.
    """

    state: StreamState
    text: str
    format: Format | None = None
    rate: float = 0.0
    frames: int = 0
    lost: int = 0
    torn: int = 0
    reconnected: int = 0
    note: str = ""


@dataclass(frozen=True)
class Patience:
    """Seconds. `silent_s` without a frame are a stall; a call of the driver that takes `hangs_s` (opening: `opens_s`)
    is given up, at most `most` of them at a time; `pauses` between tries, the last one again and again."""

    silent_s: float = 1.5
    hangs_s: float = 3.5
    opens_s: float = 15.0
    asks_s: float = 3.0
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    most: int = 3


def words_of(now: StreamStatus, *, why: str, note: str, silent: float, goes_on: bool) -> str:
    """What a person reads: `why` it failed, a `note` on what works otherwise, `silent` seconds without a frame, and
    whether it `goes_on` trying."""
    again = " " + tr("Trying again.") if goes_on else ""
    match now.state:
        case StreamState.OPENING:
            return tr("The camera is being opened.")
        case StreamState.LIVE:
            return note or tr("The camera gives pictures.")
        case StreamState.STALLED:
            return (
                _sentence(why) if why else tr("The camera gives no pictures since {silent:.0f} s.", silent=silent)
            ) + again
        case StreamState.FAILED:
            return _sentence(why) + again
    return _sentence(why) if why else tr("The camera is off.")


def _sentence(words: str) -> str:
    words = words.strip().rstrip(".")
    if "://" in words.partition(" ")[0]:
        return f"{words}."  # an address begins it
    return f"{words[:1].upper()}{words[1:]}."
