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
from pfm_desktop.support.language import tr

LONGEST_POT = 40  # characters of what stands on a pot


class SpecimenKind(StrEnum):
    """What is in a pot. A biopsy has a pin, which says where it was taken; the others have none."""

    BIOPSY = "biopsy"
    ENDOCERVICAL = "endocervical"
    EXCISION = "excision"
    OTHER = "other"


KIND_WORDS: Mapping[SpecimenKind, str] = {
    SpecimenKind.BIOPSY: tr("biopsy"),
    SpecimenKind.ENDOCERVICAL: tr("endocervical sampling"),
    SpecimenKind.EXCISION: tr("excision"),
    SpecimenKind.OTHER: tr("other specimen"),
}

LESION = form.number("lesion", tr("Of lesion"), 1, 99)
TAKEN: tuple[Item, ...] = (
    LESION,
    form.one("in_tz", tr("Where"), Choice("inside", tr("inside the TZ")), Choice("outside", tr("outside the TZ"))),
    form.one(
        "because_of",
        tr("Because of"),
        Choice("examiner", tr("what I saw")),
        Choice("ai", tr("the AI answer alone")),
        Choice("both", tr("both", "Because of")),
        Choice("random", tr("none: taken at random")),
    ),
    form.one(
        "instrument",
        tr("Taken with"),
        Choice("punch", tr("punch forceps")),
        Choice("curette", tr("curette")),
        Choice("brush", tr("brush", "Taken with")),
        Choice("loop", tr("loop", "Taken with")),
        Choice("knife", tr("knife")),
        Choice("laser", tr("laser", "Taken with")),
        Choice("other", tr("something else", "Taken with")),
    ),
    form.one(
        "haemostasis",
        tr("Haemostasis"),
        Choice("none", tr("none needed")),
        Choice("pressure", tr("pressure", "Haemostasis")),
        Choice("monsel", tr("Monsel's solution")),
        Choice("silver", tr("silver nitrate")),
        Choice("other", tr("something else", "Haemostasis")),
    ),
)
"""Of any specimen, while the visit is open."""

DIAGNOSIS = form.one(
    "diagnosis",
    tr("Diagnosis"),
    Choice("normal", tr("normal or benign")),
    Choice("cin1", tr("LSIL (CIN 1)")),
    Choice("cin2", tr("HSIL (CIN 2)")),
    Choice("cin3", tr("HSIL (CIN 3)")),
    Choice("ais", tr("adenocarcinoma in situ")),
    Choice("scc", tr("squamous cell carcinoma")),
    Choice("adenocarcinoma", tr("adenocarcinoma")),
    Choice("inadequate", tr("inadequate, no diagnosis")),
    Choice("not_expected", tr("no result will come")),
)
REPORTED = form.day_of("reported_on", tr("Reported"))
RESULT: tuple[Item, ...] = (
    DIAGNOSIS,
    REPORTED,
    form.one(
        "p16",
        "p16",
        Choice("not_done", tr("not done", "p16")),
        Choice("negative", tr("negative", "p16")),
        Choice("positive", tr("positive", "p16")),
    ),
    form.one(
        "margins",
        tr("Margins"),
        Choice("free", tr("free", "Margins")),
        Choice("involved", tr("involved", "Margins")),
        Choice("unclear", tr("cannot be judged", "Margins")),
    ),
    form.text("lab_number", tr("Number", "of the laboratory"), tr("of the laboratory")),
    form.text("pathologist", tr("Pathologist")),
    form.text("words", tr("Words"), tr("of the report")),
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
        raise ValueError(tr("what stands on a pot has at most {most} characters", most=LONGEST_POT))
    return words
