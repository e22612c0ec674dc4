"""What the figures of the locked test say for and against a new model, and what they cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pfm_desktop.domain.grade import GRADES

WIDE = 0.20  # an interval wider than that says little
UNSEEN = 0.10  # a fall of HSIL+ sensitivity that a locked test should be able to show
HSIL = "sensitivity_high_at_85"
JUDGED = {"quadratic_kappa": "kappa", "macro_recall": "macro recall", HSIL: "HSIL+ sensitivity", "ece": "ECE",
          "set_size": "the size of the prediction sets"}  # fmt: skip
_LOW_IS_GOOD = ("ece", "set_size")
_SHARES = tuple(name for name in JUDGED if name != "set_size")  # whose differences lie between -1 and 1, or nearly


@dataclass(frozen=True)
class Verdict:
    """Whether the new model may be promoted without more words, why not, and what a person should know."""

    better: bool
    against: tuple[str, ...]
    mind: tuple[str, ...]


def verdict_of(figures: Mapping[str, Any]) -> Verdict:
    """Against promotion: HSIL+ sensitivity falls or cannot be told, or an interval says worse."""
    differences = figures["difference"]
    against: list[str] = []
    hsil = differences.get(HSIL)
    if hsil is None:
        against.append("the locked test cannot tell HSIL+ sensitivity: it needs women with and without HSIL+")
    elif hsil["value"] < 0:
        against.append(f"HSIL+ sensitivity falls {_span(hsil)}")
    for name, words in JUDGED.items():
        one = differences.get(name)
        if one is not None and _worse(name, one["interval"]):
            against.append(f"{words} is worse {_span(one)}")
    return Verdict(not against, tuple(dict.fromkeys(against)), tuple(_mind(figures)))


def _worse(name: str, interval: Sequence[float | None]) -> bool:
    low, high = interval
    if low is None or high is None:
        return False
    return low > 0 if name in _LOW_IS_GOOD else high < 0


def _mind(figures: Mapping[str, Any]) -> list[str]:
    about = figures.get("asked_about", "")
    said = [f"the old model was asked about {about} alone: it refuses pairs of these sources"] if about else []
    seen = figures.get("seen_before", 0)
    if seen:
        said.append(
            f"{seen} {'woman' if seen == 1 else 'women'} of the locked test had been learned from by one of the models "
            "or one before it, and are left out"
        )
    wide = []
    for name in _SHARES:
        one = figures["difference"].get(name)
        if one is not None and one["interval"][0] is not None:
            width = one["interval"][1] - one["interval"][0]
            if width > WIDE:
                wide.append(f"{JUDGED[name]} (interval {width:.2f} wide)")
    unseen = _unseen(figures.get("women_hsil"))
    if unseen > UNSEEN:
        women = figures["women_hsil"]
        said.append(
            f"only {women} {'woman' if women == 1 else 'women'} of the locked test with HSIL+: where no answer about "
            f"them differs, HSIL+ sensitivity may still fall by up to {unseen:.2f}"
        )
    if wide:
        said.append(f"{figures['women']} women in the locked test are too few to say much of {', '.join(wide)}")
    missing = [grade.value for grade in GRADES if not figures["grades"].get(grade.value)]
    if missing:
        said.append(f"the locked test has no case of {', '.join(missing)}")
    return said


def _unseen(women: int | None) -> float:
    """What share of women may differ at most (95 %) where none of so many does; 0 where there are none."""
    return 1 - 0.05 ** (1 / women) if women else 0.0


def _span(one: Mapping[str, Any]) -> str:
    low, high = one["interval"]
    span = "" if low is None else f" ({low:+.3f} to {high:+.3f})"
    return f"by {one['value']:+.3f}{span}"
