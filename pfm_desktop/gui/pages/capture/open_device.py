"""What the Capture page asks of a device, and opening one off the thread of the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pfm_desktop.jobs import Cancelled

if TYPE_CHECKING:
    from pfm_desktop.capture.source import Frame
    from pfm_desktop.capture.stream import Stream
    from pfm_desktop.domain.capture import Light
    from pfm_desktop.domain.geometry import Matrix
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.capture.config import DeviceConfig
    from pfm_desktop.services.capture.live import Exposed


class OpenDevice(Protocol):
    """What the page asks of a device that is open: `services.capture.device.Device`."""

    config: DeviceConfig
    stream: Stream
    second: Stream | None  # that of fluorescence, where it has a camera of its own
    tell: Callable[[str], None] | None  # called on whichever thread with what went wrong though a pair is there
    lamp_problem: str  # why there is no lamp, "" where there is one, or none is wanted

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        """One picture, or a pair."""

    def exposed(self, frame: Frame) -> Exposed:
        """A frame that was chosen by hand."""

    def follow_acid(self, since: float | None) -> None:
        """Acetic acid is on since a moment of `time.monotonic`, or not (None): a simulated woman whitens."""

    def lit_white(self, frame: Frame) -> bool:
        """Whether a frame was exposed in white light alone."""

    def learn_map(self, found: Matrix) -> DeviceConfig | None:
        """A map between two sensors was found sure; the config to be kept."""

    def take_dark(self) -> object:
        """Take a dark frame, which is subtracted from fluorescence from then on."""

    def stop(self) -> None:
        """Let camera and lamp go."""

    @property
    def light(self) -> Light | None:
        """What the lamp is switched to."""


OpenIt = Callable[["DeviceConfig"], OpenDevice]


def opened(ctx: Context, open_it: OpenIt, config: DeviceConfig, held: list[OpenDevice]) -> OpenDevice:
    """As a job. It stands in `held` once it is open, so that it is let go though nobody hears of it any more: it would
    hold the camera."""
    device = open_it(config)
    held.append(device)
    try:
        ctx.check()
    except Cancelled:
        device.stop()
        raise
    return device


def dark_taken(_ctx: Context, device: OpenDevice) -> object:
    """As a job."""
    return device.take_dark()
