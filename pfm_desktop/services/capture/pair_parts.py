"""What taking a pair needs and gives: a stream of frames, how long is waited, the pair, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pfm_desktop.capture.source import Frame
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

LONGEST_EXPOSURE_S = 0.35  # of fluorescence (phantom.md), where the camera does not say its exposure
_SAFE = tr("the white-light picture is kept")


class HasState(Protocol):
    """What a stream says of itself."""

    @property
    def state(self) -> str:
        """Such as `live` or `stalled`."""


_STATES = {
    "closed": tr("closed"),
    "opening": tr("opening"),
    "live": tr("live"),
    "stalled": tr("stalled"),
    "failed": tr("failed"),
}


class Frames(Protocol):
    """A stream of frames, as far as a pair needs it."""

    @property
    def status(self) -> HasState:
        """How it is."""

    def latest(self) -> Frame | None:
        """The frame that came last."""

    def recent(self) -> tuple[Frame, ...]:
        """The last frames, oldest first."""

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        """The first frame with `at > after`, awaited for `timeout` seconds; None where none came."""


class PairError(UserError):
    """A pair that was not taken. `white` and `fluorescence` are what was taken of it all the same, None where nothing;
    `problems` is what went wrong afterwards, such as a lamp that did not go back to white light."""

    def __init__(
        self,
        what: str,
        *,
        remedy: str = "",
        white: Frame | None = None,
        fluorescence: Frame | None = None,
    ) -> None:
        super().__init__(what, remedy=remedy, safe=_SAFE if white is not None else "")
        self.white, self.fluorescence = white, fluorescence
        self.problems: list[str] = []


class NoWhiteError(PairError):
    """No frame in white light came."""


class NoFluorescenceError(PairError):
    """No frame in fluorescence came."""


class LampFailedError(PairError):
    """The lamp did not do what it was asked; `__cause__` is its `LampError`."""


class WrongLightError(PairError):
    """A frame is not in the light that was asked for."""


@dataclass(frozen=True)
class PairShot:
    """A pair as it was taken. `gap_s`: seconds from the white-light to the fluorescence frame, negative where the
    latter came first. `problems` are for a person: what went wrong though the pair is there."""

    white: Frame
    fluorescence: Frame
    gap_s: float
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Waits:
    """Seconds. `exposure_s` of fluorescence, None where it is not known: then the longest is assumed. `settle_s` is
    added to it, since most cameras stamp a frame when it arrives; 0 for one that knows when an exposure ended. Each
    makes the gap longer. `frame_s`: a frame is awaited no longer."""

    exposure_s: float | None = None
    settle_s: float = 0.05
    frame_s: float = 2.0

    @property
    def clear_s(self) -> float:
        """After a switch was acknowledged, a frame of which nothing was exposed before it comes later than that."""
        return (LONGEST_EXPOSURE_S if self.exposure_s is None else self.exposure_s) + self.settle_s


def state_words(stream: Frames) -> str:
    """The state of a stream in one word, for a person."""
    state = str(stream.status.state)
    return _STATES.get(state, state)
