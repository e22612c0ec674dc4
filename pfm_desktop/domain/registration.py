"""What is kept of a registration: small, without the dense field."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto

DISAGREE = "the structures do not agree where the points put them"  # opens the reason of such a registration
PLACE_POINTS = "Place 4 points"  # closes a reason where the window can help; three always fit, whatever they are worth


def cause_of(reason: str) -> str:
    """A reason without the advice for the window that may close it."""
    return reason.removesuffix(f". {PLACE_POINTS}")


class RegistrationStatus(StrEnum):
    """OK may be used, CHECK must be looked at, REFUSED must not be used."""

    OK = "ok"
    CHECK = "check"
    REFUSED = "refused"


class Agreement(Enum):
    """Whether two pictures show the same structures under a map; UNKNOWN where there is too little to compare."""

    YES = auto()
    NO = auto()
    UNKNOWN = auto()


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

    @property
    def cause(self) -> str:
        """`reason` without what can be done about it in the window."""
        return cause_of(self.reason)

    @property
    def for_looking_only(self) -> bool:
        """Whether points by hand join what does not belong together: to be looked at, never to be answered."""
        return self.by_hand and self.reason.startswith(DISAGREE)
