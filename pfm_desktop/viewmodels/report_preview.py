"""The report as HTML for the preview beside the form; says what the PDF says. No Qt.

Everything that people wrote is escaped: a name may hold <, & and '.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from pfm_desktop.domain.findings import Findings
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.prediction import BANNER, Analysis, ModelInfo, Prediction
from pfm_desktop.interop.pdf_content import CORRECTED
from pfm_desktop.support.moments import day, moment
from pfm_desktop.viewmodels.answer import checks_of
from pfm_desktop.viewmodels.grades import SOURCES, by, capital, grade_words, percent

if TYPE_CHECKING:
    from pfm_desktop.interop.pdf_content import ReportContent, ReportPin

NOT_SIGNED = "Not signed: a draft."


@dataclass(frozen=True)
class PreviewLook:
    """Colours (`#RRGGBB`) of the theme and the room for a picture, in pixels."""

    text: str = "#EDEDED"
    quiet: str = "#B9B9B9"
    line: str = "#7C7C7C"
    width: int = 280


def picture_name(number: int) -> str:
    """The address under which the preview asks for a picture."""
    return f"picture:{number}"


def preview_html(content: ReportContent, look: PreviewLook | None = None) -> str:
    """The whole report, top to bottom."""
    look = look or PreviewLook()
    parts = [
        f"<h2>Colposcopy report, {'signed' if content.signed else 'not signed'}</h2>",
        _rows(_who(content), look),
        *(f"<p><b>{_safe(line)}</b></p>" for line in content.corrections),
        _pictures(content, look),
        _findings(content, look),
        _pins(content.pins, look),
        _answer(content, look),
        "".join(_paragraph(note, look.quiet) for note in content.notes),
        _signature(content, look),
        _paragraph(f"{content.software}, made {moment(content.made_at)}", look.quiet),
    ]
    return f'<body style="color:{look.text}">{"".join(parts)}</body>'


def _who(content: ReportContent) -> list[tuple[str, str]]:
    return [
        ("Patient", content.patient_name or "-"),
        ("Identifier", content.patient_identifier or "-"),
        ("Born", day(content.birth_date) if content.birth_date else "-"),
        ("Visit", moment(content.visit_at) if content.visit_at else "-"),
        ("Examiner", content.examiner or "-"),
        ("Indication", content.indication or "-"),
    ]


def _pictures(content: ReportContent, look: PreviewLook) -> str:
    parts = []
    for number, picture in enumerate(content.pictures):
        width = min(look.width, round(look.width * picture.width / max(picture.width, picture.height)))
        parts.append(f'<p><img src="{picture_name(number)}" width="{width}"><br>')
        parts.append(f'<span style="color:{look.quiet}">{_safe(picture.caption)}</span></p>')
    return "".join(parts)


def _findings(content: ReportContent, look: PreviewLook) -> str:
    findings = content.findings
    if findings is None:
        return ""
    impression = grade_words(findings.impression) if findings.impression else "none given"
    rows = [(title, f"{points}  {wording}") for title, points, wording in content.swede]
    rows.append(("Swede score", findings.swede.status))
    parts = ["<h3>Findings</h3>", f"<p><b>Impression: {_safe(impression)}</b></p>", _rows(rows, look)]
    parts += [_paragraph(line) for line in _reads(content, findings)]
    for title, text in (("Findings in words", findings.text), ("Plan", findings.plan)):
        parts.append(f"<h3>{title}</h3>{_paragraph(text.strip() or 'none given')}")
    return "".join(parts)


def _reads(content: ReportContent, findings: Findings) -> list[str]:
    lines = []
    if findings.first_read:
        first = findings.first_read
        lines.append(f"First read: {grade_words(first.impression)} ({by(first.reader, first.read_at)})")
    if findings.revealed_at:
        bare = "" if findings.first_read else ", without a first read"
        lines.append(f"AI revealed: {moment(findings.revealed_at)}{bare}")
    if content.second_read:
        second = content.second_read
        said = f"{grade_words(second.impression)}{content.second_reason}"
        lines.append(f"Second read: {said} ({by(second.reader, second.read_at)})")
    return lines


def _pins(pins: Sequence[ReportPin], look: PreviewLook) -> str:
    if not pins:
        return ""
    rows = [(pin.letter, ". ".join(part for part in (pin.place, pin.note) if part)) for pin in pins]
    return f"<h3>Biopsies</h3>{_rows(rows, look)}"


def _answer(content: ReportContent, look: PreviewLook) -> str:
    analysis = content.analysis
    if analysis is None:
        return f"<h3>AI answer</h3>{_paragraph(content.no_answer)}" if content.no_answer else ""
    parts = ["<h3>AI answer</h3>", f"<p><b>{_safe(BANNER)}: {_safe(analysis.model.label)}.</b></p>"]
    parts.append(_paragraph(content.other_model))
    if analysis.refused is not None:
        parts += [f"<p><b>No answer: {_safe(analysis.refused.reason)}</b></p>", _paragraph(analysis.refused.advice)]
    elif analysis.prediction is not None:
        parts.append(_prediction(analysis.prediction, analysis.model, look))
    parts.append(_checks(analysis))
    model = analysis.model
    parts.append(_paragraph(f"Model {model.name}, version {model.version}", look.quiet))
    return "".join(parts)


def _prediction(prediction: Prediction, model: ModelInfo, look: PreviewLook) -> str:
    said = "Indeterminate" if prediction.indeterminate else f"Grade: {grade_words(prediction.grade)}"
    parts = [f"<p><b>{_safe(said)}</b></p>"]
    rows = [
        (capital(grade.value), f"{prediction.probabilities[grade]:.2f} \u00b1 {prediction.spread.get(grade, 0.0):.2f}")
        for grade in GRADES
    ]
    parts += [_rows(rows, look), _paragraph(prediction.spread_words, look.quiet)]
    parts.append(_paragraph(prediction.full_set_words(model)))
    if len(prediction.sources) == 1:
        parts.append(_paragraph(f"Answered from {SOURCES[prediction.sources[0]]} only."))
    else:
        shares = ", ".join(f"{SOURCES[source]} {percent(share)}" for source, share in prediction.evidence.items())
        parts.append(_paragraph(f"Share of evidence: {shares}."))
    return "".join(parts)


def _checks(analysis: Analysis) -> str:
    said = analysis.refused.advice if analysis.refused else ""  # stands above already
    lines = []
    for check in checks_of(analysis):
        detail = f" ({check.detail})" if check.detail else ""
        advice = f". {check.advice}" if check.advice and check.advice not in said else ""
        lines.append(_paragraph(f"{check.title}: {check.word}{detail}{advice}"))
    return "".join(lines)


def _signature(content: ReportContent, look: PreviewLook) -> str:
    signature = content.findings.signature if content.findings else None
    if signature is None:
        return f"<h3>Signature</h3><p><b>{NOT_SIGNED}</b></p>"
    rows = [
        ("Signed by", signature.name),
        ("Signed at", moment(signature.signed_at)),
        ("Meaning", signature.meaning),
    ]
    pointer = f"<p><b>{CORRECTED}</b></p>" if content.corrections else ""
    return f"<h3>Signature</h3>{_rows(rows, look)}{pointer}"


def _rows(rows: Sequence[tuple[str, str]], look: PreviewLook) -> str:
    lines = "".join(
        f'<tr><td style="color:{look.quiet};padding-right:10px">{_safe(name)}</td><td>{_safe(value)}</td></tr>'
        for name, value in rows
    )
    return f'<table cellspacing="0" cellpadding="2">{lines}</table>'


def _paragraph(text: str, colour: str = "") -> str:
    style = f' style="color:{colour}"' if colour else ""
    return f"<p{style}>{_safe(text)}</p>" if text else ""


def _safe(text: str) -> str:
    return escape(text, quote=True).replace("\n", "<br>")
