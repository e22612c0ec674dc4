"""Verdicts on whether a picture, or a pair, can carry an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pfm_desktop.domain.anatomy import Anatomy, Region


class Verdict(StrEnum):
    """GOOD can be used, LIMITED can be used with care, UNUSABLE cannot carry an answer."""

    GOOD = "good"
    LIMITED = "limited"
    UNUSABLE = "unusable"

    @classmethod
    def _missing_(cls, value: object) -> "Verdict | None":
        """What it was called in answers kept by earlier versions."""
        return cls.UNUSABLE if value == "poor" else None


@dataclass(frozen=True)
class Quality:
    """Quality of one picture or of a pair.

    `problems` are short codes (`out_of_focus`, `too_dark`, `overexposed`, `glare`, `no_cervix`, `obstructed`,
    `identical`, `wrong_pair`, `too_little_overlap`, ...); `advice` says what to retake and how; `measures` holds the
    readings behind the verdict. `regions` are the parts of the picture that show a problem, `anatomy` where cervix and
    os were found in it (None: not looked for, as in a pair).
    """

    verdict: Verdict
    problems: tuple[str, ...] = ()
    advice: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)
    regions: tuple[Region, ...] = ()
    anatomy: Anatomy | None = None

    @property
    def problem_words(self) -> str:
        """`out of focus, glare`; "" where there is no problem."""
        return ", ".join(problem.replace("_", " ") for problem in self.problems)


@dataclass(frozen=True)
class Refusal:
    """Why no answer is given, and what to do about it."""

    reason: str
    advice: str
