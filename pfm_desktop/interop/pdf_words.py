"""The words of a report: the PDF and the preview on the screen say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pfm_desktop.domain.examination import Whitening
from pfm_desktop.domain.findings import Findings
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import ATTENTION, BANNER, WARNING, ModelInfo, Prediction
from pfm_desktop.domain.quality import Refusal
from pfm_desktop.interop.pdf_content import ReportContent
from pfm_desktop.support.moments import day, moment

if TYPE_CHECKING:
    from pfm_desktop.domain.diagram import Diagram

GRADE_NAMES = {
    Grade.NORMAL: "normal",
    Grade.LOW: "low (LSIL, CIN1)",
    Grade.HIGH: "high (HSIL, CIN2-3)",
    Grade.CANCER: "cancer",
}
IN_SET, NOT_IN_SET = "\u25cf", "\u25cb"  # before a grade: whether it is in the prediction set
NOT_SIGNED = "Not signed: a draft."


def state(content: ReportContent) -> str:
    """`Colposcopy report, signed`."""
    since = ", identity corrected since" if content.corrections else ""
    title = "Amended colposcopy report" if content.amends else "Colposcopy report"
    return f"{title}, {'signed' if content.signed else 'not signed'}{since}"


def who(content: ReportContent) -> tuple[tuple[str, str], ...]:
    """Label and text of what the report begins with."""
    return (
        ("Patient", content.patient_name or "-"),
        ("Identifier", content.patient_identifier or "-"),
        ("Born", day(content.birth_date) if content.birth_date else "-"),
        ("Visit", _visit_words(content)),
        ("Examiner", content.examiner or "-"),
        ("Indication", content.indication or "-"),
    )


def _visit_words(content: ReportContent) -> str:
    """A time of day that nobody said never stands in a report."""
    if content.visit_day is not None:
        return day(content.visit_day)
    return "-" if content.visit_at is None else moment(content.visit_at)


def referral(content: ReportContent) -> str:
    """What is known of her before the examination, in one paragraph; "" where nobody was asked."""
    return "; ".join(f"{title}: {answer}" for title, answer in content.referral)


def check_lines(content: ReportContent) -> list[tuple[str, bool]]:
    """What stands below the pictures, and whether it is a doubt: each doubt in a line, the rest in one."""
    doubts = [(check.text, True) for check in content.checks if check.doubt]
    rest = " ".join(check.text for check in content.checks if not check.doubt)
    return [*doubts, *([(rest, False)] if rest else [])]


def examination_lines(content: ReportContent) -> list[str]:
    """What was seen by IFCPC 2011, each lesion, when acetic acid was applied, iodine in spite of an allergy, and each
    curve."""
    said = ["; ".join(f"{title}: {answer}" for title, answer in content.assessment)] if content.assessment else []
    said += [f"{name}: {words}" for name, words in content.lesions]
    examined = content.examination
    if examined is not None and examined.acid_at is not None:
        said.append(f"Acetic acid applied: {moment(examined.acid_at)}")
    if examined is not None and examined.iodine_override:
        said.append(f"Lugol's iodine allowed in spite of a known allergy: {examined.iodine_override}")
    return said + [whitening(number, curve) for number, curve in enumerate(content.whitenings, 1)]


def whitening(number: int, curve: Whitening) -> str:
    """`Whitening of place 1, against normal tissue: began 12 s after acid, most (L* +8.4) at 45 s, faded to half at
    130 s`, the middle only where normal tissue was named. The number stands beside the place in the pictures."""
    place = f"Whitening of place {number}" + (", against normal tissue" if curve.against_normal is not None else "")
    last = f"{curve.seconds[-1]:.0f} s" if curve.seconds else ""
    late = ""
    if curve.late_s is not None:
        late = f". Followed from {curve.late_s:.0f} s after acid on only: what had whitened by then is not in it"
    if curve.peak is None or curve.peak_s is None:
        from_on = f" from {curve.late_s:.0f} s" if curve.late_s is not None else ""
        return f"{place}: none{f'{from_on} up to {last} after acid' if last else ''}{late}"
    began = f"began {curve.onset_s:.0f} s after acid, " if curve.onset_s is not None else ""
    faded = f"not faded to half by {last}, the last frame" if curve.half_s is None else ""
    faded = faded or f"faded to half at {curve.half_s:.0f} s"
    return f"{place}: {began}most (L* {curve.peak:+.1f}) at {curve.peak_s:.0f} s, {faded}{late}"


def impression(findings: Findings) -> str:
    """The clinician's own grade."""
    return f"Impression: {GRADE_NAMES[findings.impression] if findings.impression else 'none given'}"


def reads(content: ReportContent, findings: Findings) -> list[str]:
    """The first read stands beside what came after the AI was revealed."""
    said = []
    if findings.first_read:
        first = findings.first_read
        said.append(f"First read, before the AI: {GRADE_NAMES[first.impression]} ({_by(first.reader, first.read_at)})")
    elif findings.revealed:
        said.append("The AI was revealed without a first read.")
    if findings.revealed_at:
        said.append(f"AI revealed: {moment(findings.revealed_at)}")
    if content.second_read:
        second = content.second_read
        by = _by(second.reader, second.read_at)
        said.append(f"Second read, after the AI: {GRADE_NAMES[second.impression]}{content.second_reason} ({by})")
    return said


def diagram_lines(diagram: Diagram) -> list[tuple[str, bool]]:
    """What stands beside the diagram, and whether it says that something is missing; alone where it is empty."""
    from pfm_desktop.domain.diagram import LEGEND, VIEW  # brings numpy

    if diagram.empty:
        why = "; ".join(f"{line[:1].lower()}{line[1:]}" for line in diagram.missing)
        return [(f"Not filled from what was drawn: {why}.", True)]
    return [*((f"{line}.", True) for line in diagram.missing), (f"{LEGEND}.", False), (VIEW, False)]


def banner(model: ModelInfo) -> str:
    """What stands above every answer."""
    return f"{BANNER}: {model.label}."


def refusal(refused: Refusal, content: ReportContent) -> tuple[str, str]:
    """Why there is no answer, and the advice that does not stand with the pictures already."""
    said = " ".join(check.text for check in content.checks)
    advice = [sentence for sentence in re.split(r"(?<=\.) ", refused.advice) if sentence not in said]
    return f"No answer: {refused.reason}", " ".join(advice)


def early_warning(content: ReportContent) -> str:
    """What stands above the pictures, into which a grade is drawn that is not to be relied on; else ""."""
    prediction = content.analysis.prediction if content.analysis is not None else None
    if prediction is None or not prediction.unlike:
        return ""
    advice = f"Do not rely on the AI answer and the {ATTENTION.lower()} in this report."
    return f"{WARNING} {advice} {prediction.why_unlike}"


def headline(prediction: Prediction) -> str:
    """`Grade: high (HSIL, CIN2-3), probability 0.70`, or `Grade: indeterminate, likeliest ...`."""
    named = prediction.likeliest if prediction.indeterminate else prediction.grade
    before = "indeterminate, likeliest " if prediction.indeterminate else ""
    return f"Grade: {before}{GRADE_NAMES[named]}, probability {prediction.probabilities[named]:.2f}"


def grade_line(prediction: Prediction, grade: Grade) -> tuple[str, str]:
    """The grade, marked where it is in the prediction set, and `0.70 ± 0.04`."""
    inside = IN_SET if grade in prediction.prediction_set else NOT_IN_SET
    share, spread = prediction.probabilities[grade], prediction.spread.get(grade, 0.0)
    return f"{inside} {GRADE_NAMES[grade]}", f"{share:.2f} \u00b1 {spread:.2f}"


def small_print(prediction: Prediction) -> str:
    """Below the grades: what the mark before one means, and what the number behind the plus-minus is."""
    return f"{IN_SET} in the prediction set, {NOT_IN_SET} not in it. {prediction.spread_words}"


def one_source(prediction: Prediction) -> str:
    """Said plainly where the answer comes from half the sources; "" where it comes from both."""
    if len(prediction.sources) != 1:
        return ""
    return f"One source only: {prediction.sources[0].words}. The other one was not given."


def evidence(prediction: Prediction) -> str:
    """Each source's share, and what each says alone; "" where there is only one."""
    if len(prediction.sources) == 1:
        return ""
    shares = ", ".join(f"{source.words} {share:.0%}" for source, share in prediction.evidence.items())
    alone = ", ".join(
        f"{source.words} alone: {answer.share_words}" for source, answer in prediction.single_source.items()
    )
    return f"Share of the evidence: {shares}." + (f" {alone[:1].upper()}{alone[1:]}." if alone else "")


def model_lines(model: ModelInfo) -> Sequence[str]:
    """Which model, to the last byte."""
    return (
        f"Model {model.name}, version {model.version}, {model.variant}, {model.splice} splice; {model.label}.",
        f"SHA-256 of its weights: {model.sha256}",
    )


def _by(reader: str, at: datetime) -> str:
    return f"{reader}, {moment(at)}" if reader else moment(at)
