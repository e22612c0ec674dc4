"""What the figures of the locked test say for and against a new model, and what they cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.calibrate import INDETERMINATE
from pfm_desktop.support.language import tr

WIDE = 0.20  # an interval wider than that says little
UNSEEN = 0.10  # a fall of HSIL+ sensitivity that a locked test should be able to show
HSIL = "sensitivity_high_at_85"
FOUND, SPARED = "sensitivity_high_graded", "specificity_high_graded"
SIZE, COVERAGE = "set_size", "set_coverage"
JUDGED = {
    "quadratic_kappa": "kappa",
    "macro_recall": "macro recall",
    FOUND: "HSIL+ sensitivity as graded",
    SPARED: "specificity for HSIL+ as graded",
    HSIL: "HSIL+ sensitivity at 85 % specificity",
    "ece": "ECE",
    COVERAGE: "the share of prediction sets that hold the label",
    SIZE: "the size of the prediction sets",
}
# as the window calls them; what a verdict says of them goes on record and into cards, which are English
_TITLES = {
    "quadratic_kappa": tr("kappa"),
    "macro_recall": tr("macro recall"),
    FOUND: tr("HSIL+ sensitivity as graded"),
    SPARED: tr("specificity for HSIL+ as graded"),
    HSIL: tr("HSIL+ sensitivity at 85 % specificity"),
    "ece": tr("ECE"),
    COVERAGE: tr("the share of prediction sets that hold the label"),
    SIZE: tr("the size of the prediction sets"),
}
_LOW_IS_GOOD = ("ece", SIZE)
_SHARES = tuple(name for name in JUDGED if name != SIZE)  # whose differences lie between -1 and 1, or nearly
_TELLING_APART = ("quadratic_kappa", "macro_recall", FOUND, SPARED, HSIL)
_OF_CALIBRATION = tuple(name for name in JUDGED if name not in _TELLING_APART)  # fitted to all devices together
WOMEN_OF_A_DEVICE = 10  # of the locked test: of fewer, an interval says too little to forbid a promotion
_AFTER_AI = "after AI"


@dataclass(frozen=True)
class Verdict:
    """Whether the new model may be promoted without more words, why not, and what a person should know."""

    better: bool
    against: tuple[str, ...]
    mind: tuple[str, ...]


def verdict_of(figures: Mapping[str, Any]) -> Verdict:
    """Against promotion: HSIL+ sensitivity falls or cannot be told, or an interval says worse; of one device, where
    grades are told apart worse."""
    differences = figures["difference"]
    against: list[str] = []
    if differences.get(HSIL) is None:
        against.append("the locked test cannot tell HSIL+ sensitivity: it needs women with and without HSIL+")
    pairs = figures.get("pairs") or {"cases": 1}
    if not pairs["cases"]:
        against.append(f"the locked test has no case of {pairs['of']}: nothing is known of what it answers about such")
    against += _falling(differences)
    excused = (SIZE,) if _larger_for_a_reason(figures) else ()
    against += _worse_ones(differences, of=[name for name in JUDGED if name not in excused])
    mind = _mind(figures)
    devices = figures.get("by_device", {})
    for device, table in devices.items() if len(devices) > 1 else ():
        where, differences_there = f"device {device or 'not known'}", table["difference"]
        worse = [f"{where}: {said}" for said in _worse_ones(differences_there, of=_TELLING_APART)]
        enough = table.get("women", 0) >= WOMEN_OF_A_DEVICE
        against += worse if enough else []
        mind += [] if enough else worse
        mind += [f"{where}: {said}" for said in _worse_ones(differences_there, of=_OF_CALIBRATION)]
        mind += [f"{where}: {said}" for said in _falling(differences_there)]
    for name, table in figures.get("by_source", {}).items():
        if table["cases"] and table["difference"] != differences:
            where, found = f"asked with {_sources(name)}", table["difference"]
            mind += [f"{where}: {said}" for said in _worse_ones(found) or _falling(found)]
    return Verdict(not against, tuple(dict.fromkeys(against)), tuple(mind))


def _sources(name: str) -> str:
    return f"{Source(name).english} alone" if name in set(Source) else name


def _falling(differences: Mapping[str, Any]) -> list[str]:
    found = {name: differences[name] for name in (FOUND, HSIL) if name in differences}
    return [f"{JUDGED[name]} falls {_span(one)}" for name, one in found.items() if (one["value"] or 0) < 0]


def _worse_ones(differences: Mapping[str, Any], of: Sequence[str] = tuple(JUDGED)) -> list[str]:
    """What an interval says is worse of these measures."""
    worse = [name for name in JUDGED if name in of and name in differences and _is_worse(name, differences)]
    return [f"{JUDGED[name]} is worse {_span(differences[name])}" for name in worse]


def no_worse(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """Titles of the measures of which no interval says that the new model is worse."""
    differences = figures["difference"]
    return tuple(_TITLES[name] for name in JUDGED if name in differences and not _is_worse(name, differences))


def _larger_for_a_reason(figures: Mapping[str, Any]) -> bool:
    """Larger sets that hold the label more often are no worse, as long as they say something."""
    gain = figures["difference"].get(COVERAGE) or {"value": 0}
    low = (gain.get("interval") or (None, None))[0]
    size = (figures.get("new", {}).get(SIZE) or {"value": 0})["value"]
    return gain["value"] > 0 and low is not None and low >= 0 and size < INDETERMINATE


def _is_worse(name: str, differences: Mapping[str, Any]) -> bool:
    return _worse(name, (differences[name] or {"interval": (None, None)})["interval"])


def _worse(name: str, interval: Sequence[float | None]) -> bool:
    low, high = interval
    if low is None or high is None:
        return False
    return low > 0 if name in _LOW_IS_GOOD else high < 0


def _mind(figures: Mapping[str, Any]) -> list[str]:
    about = figures.get("asked_about", "")
    said = [f"the old model was asked about {about} alone: it refuses pairs of these sources"] if about else []
    others = figures.get("labels_changed", 0)
    if others:
        said.append(
            f"the labels of {others} {'case' if others == 1 else 'cases'} of the locked test were changed since its "
            "figures were first looked at, perhaps by who has seen where a model differs"
        )
    seen = figures.get("seen_before", 0)
    if seen:
        said.append(
            f"{seen} {'woman' if seen == 1 else 'women'} of the locked test had been learned from by one of the models "
            "or one before it, and are left out"
        )
    absent = figures.get("absent", 0)
    if absent:
        said.append(
            f"{absent} {'woman' if absent == 1 else 'women'} of the locked test {'has' if absent == 1 else 'have'} no "
            "label now, or a picture that is gone, and are not among these: what is left may be the easier part"
        )
    said += _of_whom(figures)
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


def _of_whom(figures: Mapping[str, Any]) -> list[str]:
    """Women who could not be asked about, and where the labels come from by which both are judged."""
    said = []
    for why, women in figures.get("left_out", {}).items():
        said.append(
            f"{women} more {'woman' if women == 1 else 'women'} of the locked test could not be asked about: {why}"
        )
    origins = figures.get("origins", {})
    if origins:
        said.append(f"the labels come from {', '.join(f'{origin} ({count})' for origin, count in origins.items())}")
    after = sum(count for origin, count in origins.items() if origin.endswith(_AFTER_AI))
    if after:
        said.append(
            f"{after} of these labels were given after the answer of a model was seen: a model that answers alike "
            "looks better by them than it is"
        )
    size, coverage = (figures["difference"].get(name) for name in (SIZE, COVERAGE))
    if size and coverage and _worse(SIZE, size["interval"]) and _larger_for_a_reason(figures):
        said.append(f"the prediction sets are larger {_span(size)}, and hold the label more often {_span(coverage)}")
    return said


def _unseen(women: int | None) -> float:
    """What share of women may differ at most (95 %) where none of so many does; 0 where there are none."""
    return 1 - 0.05 ** (1 / women) if women else 0.0


def _span(one: Mapping[str, Any]) -> str:
    low, high = one["interval"]
    span = "" if low is None else f" ({low:+.3f} to {high:+.3f})"
    return f"by {one['value']:+.3f}{span}"
