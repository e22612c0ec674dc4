"""The report as HTML for the preview beside the form; says what the PDF says. No Qt.

Everything that people wrote is escaped: a name may hold <, & and '.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from pfm_desktop.domain.findings import meaning_words
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.prediction import BANNER, ModelInfo, Prediction
from pfm_desktop.interop import pdf_words as say
from pfm_desktop.interop.pdf_content import CORRECTED
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import moment

if TYPE_CHECKING:
    from pfm_desktop.interop.pdf_content import ReportContent, ReportPin


DIAGRAM_NAME, DIAGRAM_SIDE = "diagram:", 300  # the address of the diagram in the preview, and its pixels


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
        f"<p><b>{BANNER}</b><br>{_safe(content.model_label)}</p>",
        f"<p><b>{_lines(content.heading)}</b></p>" if content.heading else "",
        f"<h2>{say.state(content)}</h2>",
        _rows(say.who(content), look),
        *(f"<p><b>{_safe(line)}</b></p>" for line in (*content.amends, *content.corrections)),
        _referral(content),
        _warning(say.early_warning(content), look),
        _pictures(content, look),
        _examination(content),
        _findings(content, look),
        _pins(content.pins, look),
        _diagram(content, look),
        _answer(content, look),
        _notes(content.notes, look),
        f"<p>{_lines(content.closing)}</p>" if content.closing else "",
        _signature(content, look),
        _paragraph(tr("{software}, made {when}", software=content.software, when=moment(content.made_at)), look.quiet),
    ]
    return f'<body style="color:{look.text}">{"".join(parts)}</body>'


def _lines(text: str) -> str:
    return "<br>".join(_safe(line) for line in text.splitlines())


def _referral(content: ReportContent) -> str:
    said = say.referral(content)
    return _heading(tr("Referral")) + _paragraph(said) if said else ""


def _pictures(content: ReportContent, look: PreviewLook) -> str:
    parts = [f"<p><b>{_safe(line)}</b></p>" for line in content.missing]
    for number, picture in enumerate(content.pictures):
        width = min(look.width, round(look.width * picture.width / max(picture.width, picture.height)))
        parts.append(f'<p><img src="{picture_name(number)}" width="{width}"><br>')
        parts.append(f'<span style="color:{look.quiet}">{_safe(picture.caption)}</span></p>')
    parts += [
        f"<p><b>{_safe(text)}</b></p>" if doubt else _paragraph(text, look.quiet)
        for text, doubt in say.check_lines(content)
    ]
    return "".join(parts)


def _examination(content: ReportContent) -> str:
    lines = say.examination_lines(content)
    return _heading(tr("Examination")) + "".join(_paragraph(line) for line in lines) if lines else ""


def _findings(content: ReportContent, look: PreviewLook) -> str:
    findings = content.findings
    if findings is None:
        return ""
    rows = [(title, f"{points}  {wording}") for title, points, wording in content.swede]
    rows.append((tr("Swede score"), findings.swede.status))
    parts = [_heading(tr("Findings")), f"<p><b>{_safe(say.impression(findings))}</b></p>", _rows(rows, look)]
    parts += [_paragraph(line) for line in say.reads(content, findings)]
    for title, text in ((tr("Findings in words"), findings.text), (tr("Plan"), findings.plan)):
        parts.append(_heading(title) + _paragraph(text.strip() or tr("none given")))
    return "".join(parts)


def _pins(pins: Sequence[ReportPin], look: PreviewLook) -> str:
    if not pins:
        return ""
    rows = []
    for pin in pins:
        on = tr("On {picture}", picture=pin.picture) if pin.picture else ""
        rows.append((pin.letter, ". ".join(part for part in (on, pin.place, pin.note) if part)))
    return _heading(tr("Biopsies")) + _rows(rows, look)


def _diagram(content: ReportContent, look: PreviewLook) -> str:
    if content.diagram is None:
        return ""
    side = min(look.width, DIAGRAM_SIDE)
    picture = "" if content.diagram.empty else f'<p><img src="{DIAGRAM_NAME}" width="{side}"></p>'
    lines = (
        f"<p><b>{_safe(line)}</b></p>" if missing else _paragraph(line, look.quiet)
        for line, missing in say.diagram_lines(content.diagram)
    )
    return _heading(tr("Diagram of the cervix")) + picture + "".join(lines)


def _answer(content: ReportContent, look: PreviewLook) -> str:
    analysis = content.analysis
    if analysis is None:
        return _heading(tr("AI answer")) + _paragraph(content.no_answer) if content.no_answer else ""
    parts = [_heading(tr("AI answer")), f"<p><b>{_safe(say.banner(analysis.model))}</b></p>"]
    parts.append(f"<p><b>{_safe(content.other_model)}</b></p>" if content.other_model else "")
    if analysis.refused is not None:
        reason, advice = say.refusal(analysis.refused, content)
        parts += [f"<p><b>{_safe(reason)}</b></p>", _paragraph(advice)]
    elif analysis.prediction is not None:
        parts.append(_prediction(analysis.prediction, analysis.model, look))
    parts += [_paragraph(line, look.quiet) for line in say.model_lines(analysis.model)]
    return "".join(parts)


def _prediction(prediction: Prediction, model: ModelInfo, look: PreviewLook) -> str:
    rows = [say.grade_line(prediction, grade) for grade in GRADES]
    lone = say.one_source(prediction)
    return "".join(
        (
            _warning(prediction.warning, look),
            f"<p><b>{_safe(say.headline(prediction))}</b></p>",
            _paragraph(prediction.median_words),
            _rows(rows, look),
            _paragraph(prediction.full_set_words(model)),
            _paragraph(say.small_print(prediction), look.quiet),
            f"<p><b>{_safe(lone)}</b></p>" if lone else "",
            _paragraph(say.evidence(prediction)),
            _paragraph(prediction.familiarity_words, look.quiet),
        )
    )


def _warning(text: str, look: PreviewLook) -> str:
    """In a box, as in print; "" for ""."""
    if not text:
        return ""
    return (
        f'<table width="100%" cellspacing="0" cellpadding="6" border="2" bordercolor="{look.text}"><tr>'
        f"<td><b>\u26a0 {_safe(text)}</b></td></tr></table>"
    )


def _notes(notes: Sequence[str], look: PreviewLook) -> str:
    return _heading(tr("Notes")) + "".join(_paragraph(note, look.quiet) for note in notes) if notes else ""


def _signature(content: ReportContent, look: PreviewLook) -> str:
    signature = content.findings.signature if content.findings else None
    if signature is None:
        return _heading(tr("Signature")) + f"<p><b>{say.NOT_SIGNED}</b></p>"
    rows = [
        (tr("Signed by"), signature.name),
        (tr("Signed at"), moment(signature.signed_at)),
        (tr("Meaning"), meaning_words(signature.meaning)),
    ]
    pointer = f"<p><b>{CORRECTED}</b></p>" if content.corrections else ""
    return _heading(tr("Signature")) + _rows(rows, look) + pointer


def _heading(title: str) -> str:
    return f"<h3>{title}</h3>"


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
