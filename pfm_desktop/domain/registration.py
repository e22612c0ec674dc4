"""What is kept of a registration: small, without the dense field."""

from dataclasses import dataclass
from enum import StrEnum


class RegistrationStatus(StrEnum):
    """OK may be used, CHECK must be looked at, REFUSED must not be used."""

    OK = "ok"
    CHECK = "check"
    REFUSED = "refused"


@dataclass(frozen=True)
class RegistrationSummary:
    """Result of a registration of white light onto fluorescence.

    `error_px` is the estimated median error in fluorescence pixels (None when refused or not known); `matrix` is 3 x 3,
    row by row, white-light pixels to fluorescence pixels (the global part of the map); `overlap` is the share of the
    white-light picture that the fluorescence picture shows.
    """

    status: RegistrationStatus
    error_px: float | None
    matrix: tuple[tuple[float, float, float], ...]
    overlap: float
    reason: str = ""
    by_hand: bool = False
