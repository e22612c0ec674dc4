"""Verdicts on whether a picture, or a pair, can carry an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pfm_desktop.domain.anatomy import Anatomy, Region
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA


class Verdict(StrEnum):
    """GOOD can be used, LIMITED can be used with care, UNUSABLE cannot carry an answer."""

    GOOD = "good"
    LIMITED = "limited"
    UNUSABLE = "unusable"

    @classmethod
    def _missing_(cls, value: object) -> "Verdict | None":
        """What it was called in answers kept by earlier versions."""
        return cls.UNUSABLE if value == "poor" else None


VERDICT_WORDS = {
    Verdict.GOOD: tr("good", "quality"),
    Verdict.LIMITED: tr("limited", "quality"),
    Verdict.UNUSABLE: tr("unusable", "quality"),
}


_PROBLEM_WORDS = {
    "too_small": tr("too small"),
    "odd_shape": tr("odd shape"),
    "screenshot": tr("screenshot"),
    "noisy": tr("noisy"),
    "banded": tr("banded"),
    "overexposed": tr("overexposed"),
    "too_dark": tr("too dark"),
    "wrong_source": tr("wrong source"),
    "no_colour": tr("no colour"),
    "no_structure": tr("no structure"),
    "out_of_focus": tr("out of focus"),
    "no_cervix": tr("no cervix"),
    "cervix_unsure": tr("cervix unsure"),
    "obstructed": tr("obstructed"),
    "far_away": tr("far away"),
    "off_centre": tr("off centre"),
    "turned": tr("turned"),
    "os_covered": tr("os covered"),
    "glare": tr("glare"),
    "unusual_colours": tr("unusual colours"),
    "identical": tr("identical"),
    "wrong_pair": tr("wrong pair"),
    "too_little_overlap": tr("too little overlap"),
    "little_overlap": tr("little overlap"),
    "structures_disagree": tr("structures disagree"),
    "structures_not_compared": tr("structures not compared"),
    "registration_uncertain": tr("registration uncertain"),
}


def problem_words(problem: str) -> str:
    """A code of `Quality.problems` for a person; one that this version does not know as it is."""
    return _PROBLEM_WORDS.get(problem, problem.replace("_", " "))


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
        return COMMA.join(problem_words(problem) for problem in self.problems)


@dataclass(frozen=True)
class Refusal:
    """Why no answer is given, and what to do about it."""

    reason: str
    advice: str
