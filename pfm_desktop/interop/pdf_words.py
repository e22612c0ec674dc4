"""The words of a report: the PDF and the preview on the screen say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pfm_desktop.domain.examination import Whitening
from pfm_desktop.domain.findings import Findings
from pfm_desktop.domain.grade import GRADE_WORDS, Grade
from pfm_desktop.domain.prediction import BANNER, WARNING, ModelInfo, Prediction
from pfm_desktop.domain.quality import Refusal
from pfm_desktop.interop.pdf_content import ReportContent
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA, titled
from pfm_desktop.support.moments import day, moment

if TYPE_CHECKING:
    from pfm_desktop.domain.diagram import Diagram

GRADE_NAMES = {
    Grade.NORMAL: GRADE_WORDS[Grade.NORMAL],
    Grade.LOW: tr("low (LSIL, CIN1)"),
    Grade.HIGH: tr("high (HSIL, CIN2-3)"),
    Grade.CANCER: GRADE_WORDS[Grade.CANCER],
}
IN_SET, NOT_IN_SET = "\u25cf", "\u25cb"  # before a grade: whether it is in the prediction set
NOT_SIGNED = tr("Not signed: a draft.")


def state(content: ReportContent) -> str:
    """`Colposcopy report, signed`."""
    title = tr("Amended colposcopy report") if content.amends else tr("Colposcopy report")
    signed = tr("signed", "state of a report") if content.signed else tr("not signed")
    return COMMA.join((title, signed, *((tr("identity corrected since"),) if content.corrections else ())))


def who(content: ReportContent) -> tuple[tuple[str, str], ...]:
    """Label and text of what the report begins with."""
    return (
        (tr("Patient"), content.patient_name or "-"),
        (tr("Identifier"), content.patient_identifier or "-"),
        (tr("Born"), day(content.birth_date) if content.birth_date else "-"),
        (tr("Visit"), _visit_words(content)),
        (tr("Examiner"), content.examiner or "-"),
        (tr("Indication"), content.indication or "-"),
    )


def _visit_words(content: ReportContent) -> str:
    """A time of day that nobody said never stands in a report."""
    if content.visit_day is not None:
        return day(content.visit_day)
    return "-" if content.visit_at is None else moment(content.visit_at)


def referral(content: ReportContent) -> str:
    """What is known of her before the examination, in one paragraph; "" where nobody was asked."""
    return "; ".join(titled(title, answer) for title, answer in content.referral)


def check_lines(content: ReportContent) -> list[tuple[str, bool]]:
    """What stands below the pictures, and whether it is a doubt: each doubt in a line, the rest in one."""
    doubts = [(check.text, True) for check in content.checks if check.doubt]
    rest = " ".join(check.text for check in content.checks if not check.doubt)
    return [*doubts, *([(rest, False)] if rest else [])]


def examination_lines(content: ReportContent) -> list[str]:
    """What was seen by IFCPC 2011, each lesion, when acetic acid was applied, iodine in spite of an allergy, and each
    curve."""
    said = ["; ".join(titled(title, answer) for title, answer in content.assessment)] if content.assessment else []
    said += [titled(name, words) for name, words in content.lesions]
    examined = content.examination
    if examined is not None and examined.acid_at is not None:
        said.append(tr("Acetic acid applied: {when}", when=moment(examined.acid_at)))
    if examined is not None and examined.iodine_override:
        said.append(
            tr(
                "Lugol's iodine allowed in spite of a known allergy: {reason}",
                reason=examined.iodine_override,
            )
        )
    return said + [whitening(number, curve) for number, curve in enumerate(content.whitenings, 1)]


def whitening(number: int, curve: Whitening) -> str:
    """`Whitening of place 1, against normal tissue: began 12 s after acid, most (L* +8.4) at 45 s, faded to half at
    130 s`, the middle only where normal tissue was named. The number stands beside the place in the pictures."""
    place = (
        tr("Whitening of place {number}", number=number)
        if curve.against_normal is None
        else tr("Whitening of place {number}, against normal tissue", number=number)
    )
    said = titled(place, _course(curve))
    if curve.late_s is None:
        return said
    late = tr(
        "Followed from {first:.0f} s after acid on only: what had whitened by then is not in it", first=curve.late_s
    )
    return f"{said}. {late}"


def _course(curve: Whitening) -> str:
    last = f"{curve.seconds[-1]:.0f} s" if curve.seconds else ""
    if curve.peak is None or curve.peak_s is None:
        if not last:
            return tr("none", "whitening")
        if curve.late_s is None:
            return tr("none up to {last} after acid", last=last)
        return tr("none from {first:.0f} s up to {last} after acid", first=curve.late_s, last=last)
    most = tr("most (L* {peak:+.1f}) at {seconds:.0f} s", peak=curve.peak, seconds=curve.peak_s)
    faded = (
        tr("not faded to half by {last}, the last frame", last=last)
        if curve.half_s is None
        else tr("faded to half at {seconds:.0f} s", seconds=curve.half_s)
    )
    began = [] if curve.onset_s is None else [tr("began {seconds:.0f} s after acid", seconds=curve.onset_s)]
    return COMMA.join((*began, most, faded))


def impression(findings: Findings) -> str:
    """The clinician's own grade."""
    if findings.impression is None:
        return tr("Impression: none given")
    return tr("Impression: {grade}", grade=GRADE_NAMES[findings.impression])


def reads(content: ReportContent, findings: Findings) -> list[str]:
    """The first read stands beside what came after the AI was revealed."""
    said = []
    if findings.first_read:
        first = findings.first_read
        said.append(
            tr(
                "First read, before the AI: {grade} ({who})",
                grade=GRADE_NAMES[first.impression],
                who=_by(first.reader, first.read_at),
            )
        )
    elif findings.revealed:
        said.append(tr("The AI was revealed without a first read."))
    if findings.revealed_at:
        said.append(tr("AI revealed: {when}", when=moment(findings.revealed_at)))
    if content.second_read:
        second = content.second_read
        by = _by(second.reader, second.read_at)
        said.append(
            tr(
                "Second read, after the AI: {grade} ({who})",
                grade=f"{GRADE_NAMES[second.impression]}{content.second_reason}",
                who=by,
            )
        )
    return said


def diagram_lines(diagram: Diagram) -> list[tuple[str, bool]]:
    """What stands beside the diagram, and whether it says that something is missing; alone where it is empty."""
    from pfm_desktop.domain.diagram import LEGEND, VIEW  # brings numpy

    if diagram.empty:
        why = "; ".join(f"{line[:1].lower()}{line[1:]}" for line in diagram.missing)
        return [(tr("Not filled from what was drawn: {why}.", why=why), True)]
    return [*((f"{line}.", True) for line in diagram.missing), (f"{LEGEND}.", False), (VIEW, False)]


def banner(model: ModelInfo) -> str:
    """What stands above every answer."""
    return f"{BANNER}: {model.label}."


def refusal(refused: Refusal, content: ReportContent) -> tuple[str, str]:
    """Why there is no answer, and the advice that does not stand with the pictures already."""
    said = " ".join(check.text for check in content.checks)
    sentences = _SENTENCE.findall(refused.advice)
    advice = "".join(one for one in sentences if one.removesuffix(" ") not in said).removesuffix(" ")
    return tr("No answer: {reason}", reason=refused.reason), advice


_SENTENCE = re.compile(r".+?(?:\. |\u3002 ?|\Z)", re.DOTALL)  # with the room behind it; Chinese leaves none


def early_warning(content: ReportContent) -> str:
    """What stands above the pictures, into which a grade is drawn that is not to be relied on; else ""."""
    prediction = content.analysis.prediction if content.analysis is not None else None
    if prediction is None or not prediction.unlike:
        return ""
    advice = tr("Do not rely on the AI answer and the model attention in this report.")
    return f"{WARNING} {advice} {prediction.why_unlike}"


def headline(prediction: Prediction) -> str:
    """`Grade: high (HSIL, CIN2-3), probability 0.70`, or `Grade: indeterminate, likeliest ...`."""
    named = prediction.likeliest if prediction.indeterminate else prediction.grade
    grade, share = GRADE_NAMES[named], prediction.probabilities[named]
    if prediction.indeterminate:
        return tr("Grade: indeterminate, likeliest {grade}, probability {share:.2f}", grade=grade, share=share)
    return tr("Grade: {grade}, probability {share:.2f}", grade=grade, share=share)


def grade_line(prediction: Prediction, grade: Grade) -> tuple[str, str]:
    """The grade, marked where it is in the prediction set, and `0.70 ± 0.04`."""
    inside = IN_SET if grade in prediction.prediction_set else NOT_IN_SET
    share, spread = prediction.probabilities[grade], prediction.spread.get(grade, 0.0)
    return f"{inside} {GRADE_NAMES[grade]}", f"{share:.2f} \u00b1 {spread:.2f}"


def small_print(prediction: Prediction) -> str:
    """Below the grades: what the mark before one means, and what the number behind the plus-minus is."""
    marks = tr("{inside} in the prediction set, {outside} not in it.", inside=IN_SET, outside=NOT_IN_SET)
    return f"{marks} {prediction.spread_words}"


def one_source(prediction: Prediction) -> str:
    """Said plainly where the answer comes from half the sources; "" where it comes from both."""
    if len(prediction.sources) != 1:
        return ""
    return tr("One source only: {source}. The other one was not given.", source=prediction.sources[0].words)


def evidence(prediction: Prediction) -> str:
    """Each source's share, and what each says alone; "" where there is only one."""
    if len(prediction.sources) == 1:
        return ""
    shares = COMMA.join(f"{source.words} {share:.0%}" for source, share in prediction.evidence.items())
    alone = COMMA.join(
        tr("{source} alone: {answer}", source=source.words, answer=answer.share_words)
        for source, answer in prediction.single_source.items()
    )
    return tr("Share of the evidence: {shares}.", shares=shares) + (
        f" {alone[:1].upper()}{alone[1:]}." if alone else ""
    )


def model_lines(model: ModelInfo) -> Sequence[str]:
    """Which model, to the last byte."""
    return (
        tr(
            "Model {name}, version {version}, {variant}, {splice} splice; {label}.",
            name=model.name,
            version=model.version,
            variant=model.variant,
            splice=model.splice,
            label=model.label,
        ),
        tr("SHA-256 of its weights: {sum}", sum=model.sha256),
    )


def _by(reader: str, at: datetime) -> str:
    return f"{reader}, {moment(at)}" if reader else moment(at)
