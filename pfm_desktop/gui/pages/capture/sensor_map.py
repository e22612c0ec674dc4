"""How the second sensor of the open device lies to its first one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pfm_desktop.support.errors import UserError

if TYPE_CHECKING:
    from pfm_desktop.domain.geometry import Matrix
    from pfm_desktop.gui.pages.capture.examining import Examining


class SensorMap:
    """Of whichever device is open now."""

    def __init__(self, examining: Examining) -> None:
        self._examining = examining

    @property
    def homography(self) -> tuple[float, ...]:
        """3 x 3, row by row, white-light pixels to those of the second sensor; () where there is none."""
        device = self._examining.device
        return device.config.homography if device is not None else ()

    def learn_map(self, found: Matrix) -> None:
        """What a pair told of it is kept with the device."""
        from pfm_desktop.services.capture import config

        device = self._examining.device
        learned = device.learn_map(found) if device is not None else None
        if learned is not None and learned.kind is config.Kind.TWO:
            with suppress(UserError):  # it is learned again
                config.save(learned)
