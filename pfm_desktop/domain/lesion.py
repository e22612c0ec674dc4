"""A lesion as it is documented: its signs by IFCPC 2011, its Swede score and its Reid index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.reid import ReidIndex


@dataclass(frozen=True)
class Scored:
    """Who scored a lesion last, when, and whether the AI answer was revealed by then."""

    by: str
    at: datetime  # aware
    after_reveal: bool

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"by": self.by, "at": self.at.isoformat(), "after_reveal": self.after_reveal}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """As `to_json` gave it."""
        return cls(str(kept["by"]), datetime.fromisoformat(str(kept["at"])), bool(kept["after_reveal"]))


@dataclass(frozen=True)
class Lesion:
    """`number` counts the lesions of a visit and never changes; `answers` by the keys of `domain.ifcpc.LESION`."""

    id: str
    visit_id: str
    number: int
    answers: Mapping[str, Any] = field(default_factory=dict)
    swede: SwedeScore = field(default_factory=SwedeScore)
    reid: ReidIndex = field(default_factory=ReidIndex)
    scored: Scored | None = None


def of_examination(lesions: Sequence[Lesion]) -> SwedeScore:
    """The score of the examination: of its lesions the one with the most points. While one of them is not scored to its
    end it is that one's, which has no total: another might have more. Without a lesion nothing is scored."""
    for one in lesions:
        if one.swede.total is None:
            return one.swede
    return max((one.swede for one in lesions), key=lambda score: score.total or 0, default=SwedeScore())
