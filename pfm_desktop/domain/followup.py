"""What follows a visit: results to wait for, results that contradict the impression, the letter to the woman.

Limits of days: NHSCSP 20, as read for clinical.md 4.2: the result told within 4 weeks (best practice) and 8 (minimum).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from pfm_desktop.domain import form
from pfm_desktop.domain.form import Choice, Item
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.specimen import Specimen, worst
from pfm_desktop.support.language import tr

OVERDUE_DAYS = 28  # a result; a site may choose another number
LETTER_DAYS, LETTER_LATEST_DAYS = 28, 56
LIMITS = (7, 90)  # between which a site chooses
SOURCE = tr("NHSCSP 20: told within 4 weeks (best practice), 8 weeks (minimum)")
DISCORDANT = 2  # grades between impression and histology

MDT = form.one(
    "mdt",
    tr("MDT meeting"),
    Choice("not_needed", tr("not needed")),
    Choice("listed", tr("to be discussed")),
    Choice("discussed", tr("discussed", "MDT meeting")),
)
LETTER = form.day_of("letter_on", tr("Letter sent"), after=True)
FOLLOW_UP: tuple[Item, ...] = (
    MDT,
    form.day_of("mdt_on", tr("Discussed on"), only_if=("mdt", ["discussed"]), after=True),
    form.text("mdt_decision", tr("Decision"), tr("of the meeting"), only_if=("mdt", ["discussed"])),
    form.text("next_step", tr("Next step"), tr("treatment, recall, discharge")),
    form.day_of("next_on", tr("Next visit"), ahead=True, after=True),
    LETTER,
)


class Letter(StrEnum):
    """Where the letter with the result stands: `TOO_SOON` while results are awaited and the weeks are not over."""

    NONE = "none"
    TOO_SOON = "too soon"
    DUE = "due"
    LATE = "late"
    TOO_LATE = "too late"
    SENT = "sent"


@dataclass(frozen=True)
class FollowUp:
    """What is done about a visit: its `specimens`, and `answers` by the keys of `FOLLOW_UP`."""

    visit_id: str
    day: date  # of the visit
    specimens: tuple[Specimen, ...] = ()
    impression: Grade | None = None
    answers: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def awaited(self) -> tuple[Specimen, ...]:
        """Those of which the laboratory has not said anything."""
        return tuple(one for one in self.specimens if one.awaited)

    @property
    def histology(self) -> Grade | None:
        """The worst grade of all pots; None while there is none."""
        found = worst(one.result for one in self.specimens)
        return None if found is None else found.grade

    @property
    def apart(self) -> int:
        """Grades from the impression up to histology, negative where the impression was the higher one; 0 where either
        is not known."""
        found = self.histology
        return 0 if found is None or self.impression is None else found.rank - self.impression.rank

    @property
    def discordant(self) -> bool:
        """Whether histology and impression are two grades apart, or more."""
        return abs(self.apart) >= DISCORDANT

    @property
    def to_discuss(self) -> bool:
        """Whether it belongs on the list of the meeting: put there, or discordant and nobody decided otherwise."""
        said = self.answers.get(MDT.key)
        return said == "listed" or (said is None and self.discordant)

    def waited(self, today: date) -> int:
        """Days since the visit."""
        return (today - self.day).days

    def overdue(self, today: date, limit: int = OVERDUE_DAYS) -> bool:
        """Whether a result is awaited for longer than `limit` days."""
        return bool(self.awaited) and self.waited(today) > limit

    def letter(self, today: date) -> Letter:
        """See `Letter`. A visit of which nothing went to a laboratory has none."""
        if self.told:
            return Letter.SENT
        if not any(one.pot for one in self.specimens):
            return Letter.NONE
        waited = self.waited(today)
        if waited > LETTER_LATEST_DAYS:
            return Letter.TOO_LATE
        if waited > LETTER_DAYS:
            return Letter.LATE
        return Letter.TOO_SOON if self.awaited else Letter.DUE

    @property
    def told(self) -> bool:
        """Whether a letter was sent, and no diagnosis was entered after it."""
        return self.letter_on is not None and self.since_letter is None

    @property
    def letter_on(self) -> date | None:
        """When a letter was sent."""
        day = self.answers.get(LETTER.key)
        return None if day is None else date.fromisoformat(str(day))

    @property
    def since_letter(self) -> date | None:
        """When a diagnosis was entered after the letter, the last one; None where none was, or no letter was sent."""
        sent, entered = self.letter_on, [one.result.entered_on for one in self.specimens]
        return max((on for on in entered if on is not None and sent is not None and on > sent), default=None)

    def letter_by(self) -> date:
        """The last day of best practice."""
        return self.day + timedelta(days=LETTER_DAYS)


class Only(StrEnum):
    """Which visits a list shows."""

    ALL = "all"
    TODAY = "today"
    UNSIGNED = "unsigned"
    OVERDUE = "overdue"  # a result
    DISCUSS = "discuss"
    LETTER = "letter"  # is due, or late
