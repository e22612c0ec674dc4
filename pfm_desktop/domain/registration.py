"""What is kept of a registration: small, without the dense field.

Reasons are kept, compared and sent in English; `reason_words` says them to a person.
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from pfm_desktop.support.language import tr

DISAGREE = "the structures do not agree where the points put them"  # opens the reason of such a registration
PLACE_POINTS = "Place 4 points"  # closes a reason where the window can help; three always fit, whatever they are worth


NO_STRUCTURE = "the white-light picture shows no structure", "the fluorescence picture shows no structure"
TOO_LITTLE_OVERLAP, ONLY_IN_PART = "too little overlap", "the structures fit only in part"
TOO_NARROW = "a picture is too narrow to be compared"
OTHER_STRUCTURES = "the pictures do not show the same structures"
WITHOUT_POINTS = "; without points: "  # before what the pictures said without the points of a registration by hand

_SHAPES = re.compile(r"; they differ in shape \((\S+) and (\S+)\)$")  # as imaging.registration.shapes says it
_SMALLEST = re.compile(r"a picture is smaller than (\d+) pixels")
_REASONS = {
    DISAGREE: tr("the structures do not agree where the points put them"),
    OTHER_STRUCTURES: tr("the pictures do not show the same structures"),
    TOO_LITTLE_OVERLAP: tr("too little overlap"),
    ONLY_IN_PART: tr("the structures fit only in part"),
    NO_STRUCTURE[0]: tr("the white-light picture shows no structure"),
    NO_STRUCTURE[1]: tr("the fluorescence picture shows no structure"),
    TOO_NARROW: tr("a picture is too narrow to be compared"),
    "too few structures to compare: look whether the tissue fits": tr(
        "too few structures to compare: look whether the tissue fits"
    ),
    "the points fold the picture: one of them may lie wrong, so look whether the tissue fits": tr(
        "the points fold the picture: one of them may lie wrong, so look whether the tissue fits"
    ),
    "the points do not fit each other well: look whether the tissue fits": tr(
        "the points do not fit each other well: look whether the tissue fits"
    ),
    "error not known: 1 point only shifts the picture, so look whether the tissue fits or add points": tr(
        "error not known: 1 point only shifts the picture, so look whether the tissue fits or add points"
    ),
    "error not known: 2 points only shift, turn and scale, so look whether the tissue fits or add points": tr(
        "error not known: 2 points only shift, turn and scale, so look whether the tissue fits or add points"
    ),
    "error not known: 3 points always fit, so look whether the tissue fits or add points": tr(
        "error not known: 3 points always fit, so look whether the tissue fits or add points"
    ),
}


def cause_of(reason: str) -> str:
    """A reason without the advice for the window that may close it."""
    return reason.removesuffix(f". {PLACE_POINTS}")


def reason_words(reason: str) -> str:
    """A reason, whole or its cause, as a person reads it; one that this version does not make stays as it is."""
    cause, without, alone = cause_of(reason).partition(WITHOUT_POINTS)
    if cause != reason and not without:
        return f"{reason_words(cause)}. " + tr("Place 4 points")
    if without:
        return tr("{reason}; without points: {cause}", reason=reason_words(cause), cause=reason_words(alone))
    if shapes := _SHAPES.search(cause):
        return tr(
            "{reason}; they differ in shape ({one} and {other})",
            reason=reason_words(cause[: shapes.start()]),
            one=shapes[1],
            other=shapes[2],
        )
    if smallest := _SMALLEST.fullmatch(cause):
        return tr("a picture is smaller than {least} pixels", least=smallest[1])
    return _REASONS.get(cause, cause)


class RegistrationStatus(StrEnum):
    """OK may be used, CHECK must be looked at, REFUSED must not be used."""

    OK = "ok"
    CHECK = "check"
    REFUSED = "refused"


STATUS_WORDS = {
    RegistrationStatus.OK: tr("ok", "registration"),
    RegistrationStatus.CHECK: tr("check", "registration"),
    RegistrationStatus.REFUSED: tr("refused", "registration"),
}


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
        """`reason` without what can be done about it in the window, for a person."""
        return reason_words(cause_of(self.reason))

    @property
    def for_looking_only(self) -> bool:
        """Whether points by hand join what does not belong together: to be looked at, never to be answered."""
        return self.by_hand and self.reason.startswith(DISAGREE)
