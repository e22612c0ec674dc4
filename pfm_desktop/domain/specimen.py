"""What is taken for the laboratory, pot by pot, and what the laboratory says of each, weeks later.

Items of the forms as in clinical.md 5; the grade of a diagnosis is ours: CIN2 and worse is `high` (`domain.grade`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from pfm_desktop.domain import form
from pfm_desktop.domain.form import Choice, Item
from pfm_desktop.domain.grade import Grade

LONGEST_POT = 40  # characters of what stands on a pot


class SpecimenKind(StrEnum):
    """What is in a pot. A biopsy has a pin, which says where it was taken; the others have none."""

    BIOPSY = "biopsy"
    ENDOCERVICAL = "endocervical"
    EXCISION = "excision"
    OTHER = "other"


KIND_WORDS: Mapping[SpecimenKind, str] = {
    SpecimenKind.BIOPSY: "biopsy",
    SpecimenKind.ENDOCERVICAL: "endocervical sampling",
    SpecimenKind.EXCISION: "excision",
    SpecimenKind.OTHER: "other specimen",
}

LESION = form.number("lesion", "Of lesion", 1, 99)
TAKEN: tuple[Item, ...] = (
    LESION,
    form.one("in_tz", "Where", Choice("inside", "inside the TZ"), Choice("outside", "outside the TZ")),
    form.one(
        "because_of",
        "Because of",
        Choice("examiner", "what I saw"),
        Choice("ai", "the AI answer alone"),
        Choice("both", "both"),
        Choice("random", "none: taken at random"),
    ),
    form.one(
        "instrument",
        "Taken with",
        Choice("punch", "punch forceps"),
        Choice("curette", "curette"),
        Choice("brush", "brush"),
        Choice("loop", "loop"),
        Choice("knife", "knife"),
        Choice("laser", "laser"),
        Choice("other", "something else"),
    ),
    form.one(
        "haemostasis",
        "Haemostasis",
        Choice("none", "none needed"),
        Choice("pressure", "pressure"),
        Choice("monsel", "Monsel's solution"),
        Choice("silver", "silver nitrate"),
        Choice("other", "something else"),
    ),
)
"""Of any specimen, while the visit is open."""

DIAGNOSIS = form.one(
    "diagnosis",
    "Diagnosis",
    Choice("normal", "normal or benign"),
    Choice("cin1", "LSIL (CIN 1)"),
    Choice("cin2", "HSIL (CIN 2)"),
    Choice("cin3", "HSIL (CIN 3)"),
    Choice("ais", "adenocarcinoma in situ"),
    Choice("scc", "squamous cell carcinoma"),
    Choice("adenocarcinoma", "adenocarcinoma"),
    Choice("inadequate", "inadequate, no diagnosis"),
    Choice("not_expected", "no result will come"),
)
REPORTED = form.day_of("reported_on", "Reported")
RESULT: tuple[Item, ...] = (
    DIAGNOSIS,
    REPORTED,
    form.one(
        "p16", "p16", Choice("not_done", "not done"), Choice("negative", "negative"), Choice("positive", "positive")
    ),
    form.one(
        "margins",
        "Margins",
        Choice("free", "free"),
        Choice("involved", "involved"),
        Choice("unclear", "cannot be judged"),
    ),
    form.text("lab_number", "Number", "of the laboratory"),
    form.text("pathologist", "Pathologist"),
    form.text("words", "Words", "of the report"),
)
"""What the laboratory says of one pot; entered weeks later, also where the visit is signed."""

GRADE_OF: Mapping[str, Grade] = {
    "normal": Grade.NORMAL,
    "cin1": Grade.LOW,
    "cin2": Grade.HIGH,
    "cin3": Grade.HIGH,
    "ais": Grade.HIGH,
    "scc": Grade.CANCER,
    "adenocarcinoma": Grade.CANCER,
}


@dataclass(frozen=True)
class Result:
    """`answers` by the keys of `RESULT`; `entered_by` who answered last, `entered_on` when the diagnosis was entered
    (None while there is none)."""

    answers: Mapping[str, Any] = field(default_factory=dict, hash=False)
    entered_by: str = ""
    entered_on: date | None = None

    @property
    def diagnosis(self) -> str:
        """Its key; "" while there is none."""
        return str(self.answers.get(DIAGNOSIS.key, ""))

    @property
    def grade(self) -> Grade | None:
        """What the diagnosis is as a grade; None where it is none."""
        return GRADE_OF.get(self.diagnosis)

    @property
    def reported_on(self) -> date | None:
        """The day of the report, as far as it is known."""
        day = self.answers.get(REPORTED.key)
        return None if day is None else date.fromisoformat(str(day))


@dataclass(frozen=True)
class Specimen:
    """One pot: `name` is the letter of its pin, or what it is; `pot` stands on its label, "" where nothing was put into
    one and nothing is waited for. `answers` by the keys of `TAKEN`."""

    id: str
    visit_id: str
    kind: SpecimenKind
    name: str
    pot: str
    answers: Mapping[str, Any] = field(default_factory=dict, hash=False)
    result: Result = Result()

    @property
    def awaited(self) -> bool:
        """Whether the laboratory has not answered yet."""
        return bool(self.pot) and not self.result.diagnosis


def worst(results: Iterable[Result]) -> Result | None:
    """The worst result, the first of several; None where none has a grade. Within a grade a diagnosis that is worse
    comes first, as `GRADE_OF` lists them."""
    order = list(GRADE_OF)
    graded = [one for one in results if one.grade is not None]
    return max(graded, key=lambda one: order.index(one.diagnosis), default=None)


def checked_pot(pot: str) -> str:
    """What stands on a pot, in one line; ValueError for what is too long for a label."""
    words = " ".join(pot.split())
    if len(words) > LONGEST_POT:
        raise ValueError(f"what stands on a pot has at most {LONGEST_POT} characters")
    return words
