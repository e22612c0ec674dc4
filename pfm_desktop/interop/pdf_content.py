"""What stands in a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from pfm_desktop.domain.examination import Examination, Whitening
from pfm_desktop.domain.findings import Findings, Reading
from pfm_desktop.domain.prediction import Analysis
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.domain.diagram import Diagram  # its numpy is not needed for words

# points: half the width of the page, and how high a picture may stand so that what is drawn into it can be read
PICTURE_WIDTH, BURNT_IN_HEIGHT, READABLE = 246.0, 340.0, 7.0
CORRECTED = tr("The identity was corrected after this signature: see the top of the report.")


@dataclass(frozen=True)
class ReportPicture:
    """A picture as JPEG bytes, `width` x `height` pixels, with its caption. A heatmap brings its legend with it.

    `burnt_in`: words are drawn into it, so that it may stand `BURNT_IN_HEIGHT` high.
    """

    jpeg: bytes
    width: int
    height: int
    caption: str
    burnt_in: bool = False


@dataclass(frozen=True)
class ReportCheck:
    """A line about the quality or the registration of the pictures. `doubt`: they may not be trusted as they are."""

    text: str
    doubt: bool = False


@dataclass(frozen=True)
class ReportPin:
    """A biopsy pin: letter, place in words ("2 o'clock, anterior left"), note, and which picture it is on; or what was
    taken without a pin, by its pot."""

    letter: str
    place: str
    note: str = ""
    picture: str = ""


@dataclass(frozen=True)
class ReportContent:
    """All that a report says. What is None or empty is left out or named as missing.

    `analysis` is None when the AI answer may not be shown; `no_answer` then says why. `other_model` says
    that the answer that was revealed was another model's, or about another pair. `checks` say how far the pictures can
    be trusted, doubts first. `corrections` say, one a line, how the identity was corrected after the signing, `amends`
    which signed reports this one takes the place of. `examination` and `whitenings`: of a visit that was examined live.
    `swede` has one line an item: title, points, wording; `referral` and `assessment` one an answer: title and answer;
    `lesions` one a lesion: its name, and what was said of it. `diagram`: the two circles, filled from the drawing.
    `missing` stands in the place of pictures that the library does not have any more.
    """

    made_at: datetime
    software: str
    patient_name: str = ""
    patient_identifier: str = ""
    birth_date: date | None = None
    corrections: tuple[str, ...] = ()
    amends: tuple[str, ...] = ()
    heading: str = ""  # of the clinic
    closing: str = ""
    visit_at: datetime | None = None
    visit_day: date | None = None  # in place of `visit_at` where the time of day is not known
    examiner: str = ""
    indication: str = ""
    referral: tuple[tuple[str, str], ...] = ()
    assessment: tuple[tuple[str, str], ...] = ()
    lesions: tuple[tuple[str, str], ...] = ()
    pictures: tuple[ReportPicture, ...] = ()
    missing: tuple[str, ...] = ()
    checks: tuple[ReportCheck, ...] = ()
    examination: Examination | None = None
    whitenings: tuple[Whitening, ...] = ()
    pins: tuple[ReportPin, ...] = ()
    diagram: Diagram | None = None
    findings: Findings | None = None
    swede: tuple[tuple[str, str, str], ...] = ()
    second_read: Reading | None = None
    analysis: Analysis | None = None
    no_answer: str = ""
    other_model: str = ""
    notes: tuple[str, ...] = ()

    @property
    def signed(self) -> bool:
        """Whether a person stands behind it."""
        return self.findings is not None and self.findings.signature is not None

    @property
    def second_reason(self) -> str:
        """What follows the grade of the second read: why it departs from the AI, or that nobody said."""
        if self.second_read is None:
            return ""
        if self.second_read.reason:
            return ", " + tr("reason: {reason}", reason=self.second_read.reason)
        prediction = self.analysis.prediction if self.analysis else None
        departs = prediction and not prediction.indeterminate and prediction.grade is not self.second_read.impression
        return ", " + tr("departs from the AI, no reason given") if departs else ""

    @property
    def model_label(self) -> str:
        """The line about the model that stands on every page."""
        if self.analysis is None:
            return tr("no AI answer in this report")
        model = self.analysis.model
        return f"{model.name} {model.version} - {model.label}"
