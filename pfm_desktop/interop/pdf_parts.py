"""The parts of the report, from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, Spacer, Table

from pfm_desktop.domain.findings import Findings
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import BANNER, Analysis, ModelInfo, Prediction
from pfm_desktop.domain.source import Source
from pfm_desktop.interop.fonts import BOLD, SANS, markup
from pfm_desktop.interop.pdf_content import CORRECTED, ReportContent, ReportPicture, ReportPin
from pfm_desktop.support.moments import day, moment

_TEXT = ParagraphStyle("text", fontName=SANS, fontSize=8.5, leading=11.5)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=7, leading=9, textColor=colors.HexColor("#404040"))
_HEAD = ParagraphStyle(
    "head", parent=_TEXT, fontName=BOLD, fontSize=10.5, leading=14, spaceBefore=7, spaceAfter=2, keepWithNext=1
)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName=BOLD, fontSize=14, leading=18)
_STRONG = ParagraphStyle("strong", parent=_TEXT, fontName=BOLD, fontSize=11.5, leading=15)
_BOLD = ParagraphStyle("bold", parent=_TEXT, fontName=BOLD)
_WARN = ParagraphStyle("warn", parent=_TEXT, fontName=BOLD, textColor=colors.HexColor("#7A2E00"))

_NAMES = {Source.WHITE: "white light", Source.FLUORESCENCE: "fluorescence"}
_GRADE_NAMES = {
    Grade.NORMAL: "normal",
    Grade.LOW: "low (LSIL, CIN1)",
    Grade.HIGH: "high (HSIL, CIN2-3)",
    Grade.CANCER: "cancer",
}


def story(content: ReportContent, width: float) -> list[Flowable]:
    """All flowables of a report, `width` points wide."""
    parts: list[Flowable] = [_text("Colposcopy report", _TITLE), _who(content, width)]
    parts += [_text(line, _WARN) for line in content.corrections]
    parts += _pictures(content.pictures, width)
    parts += _findings(content, width)
    parts += _pins(content.pins, width)
    parts += _answer(content, width)
    if content.notes:
        parts += [_text("Notes", _HEAD), *(_text(note, _SMALL) for note in content.notes)]
    parts.append(_signature(content, width))
    return parts


def _who(content: ReportContent, width: float) -> Flowable:
    cells = [
        ("Patient", content.patient_name or "-"),
        ("Identifier", content.patient_identifier or "-"),
        ("Born", day(content.birth_date) if content.birth_date else "-"),
        ("Visit", moment(content.visit_at) if content.visit_at else "-"),
        ("Examiner", content.examiner or "-"),
        ("Indication", content.indication or "-"),
    ]
    rows = [[_label_and_text(*cells[row + column]) for column in range(3)] for row in (0, 3)]
    return Table(rows, colWidths=[width / 3] * 3, style=_PLAIN)


def _pictures(pictures: Sequence[ReportPicture], width: float) -> list[Flowable]:
    if not pictures:
        return []
    gap = 4 * mm
    side = (width - gap) / 2
    tallest = 92 * mm if len(pictures) <= 2 else 74 * mm
    parts: list[Flowable] = [Spacer(1, 2 * mm)]
    for start in range(0, len(pictures), 2):
        row = pictures[start : start + 2]
        cells = [[_scaled(picture, side, tallest), _text(picture.caption, _SMALL)] for picture in row]
        cells += [[Spacer(0, 0)]] * (2 - len(row))
        parts.append(Table([cells], colWidths=[side + gap, side], style=_PLAIN))
    return parts


def _scaled(picture: ReportPicture, side: float, tallest: float) -> Flowable:
    scale = min(side / picture.width, tallest / picture.height)
    return Image(BytesIO(picture.jpeg), picture.width * scale, picture.height * scale, hAlign="LEFT")


def _findings(content: ReportContent, width: float) -> list[Flowable]:
    findings = content.findings
    if findings is None:
        return []
    impression = _GRADE_NAMES[findings.impression] if findings.impression else "none given"
    parts: list[Flowable] = [_text("Findings", _HEAD), _text(f"Impression: {impression}", _STRONG)]
    rows = [[_text(title), _text(points), _text(wording)] for title, points, wording in content.swede]
    rows.append([_text("Swede score", _BOLD), _text(""), _text(findings.swede.status, _BOLD)])
    parts.append(Table(rows, colWidths=[38 * mm, 14 * mm, width - 52 * mm], style=_LINED))
    parts += _reads(content, findings)
    for title, text in (("Findings in words", findings.text), ("Plan", findings.plan)):
        parts += [_text(title, _HEAD), _text(text.strip() or "none given")]
    return parts


def _reads(content: ReportContent, findings: Findings) -> list[Flowable]:
    """The first read stands beside what came after the AI was shown."""
    said = []
    if findings.first_read:
        first = findings.first_read
        said.append(f"First read, before the AI: {_GRADE_NAMES[first.impression]} ({_by(first.reader, first.read_at)})")
    elif findings.revealed:
        said.append("The AI was shown without a first read.")
    if findings.revealed_at:
        said.append(f"AI shown: {moment(findings.revealed_at)}")
    if content.second_read:
        second = content.second_read
        by = _by(second.reader, second.read_at)
        said.append(f"Second read, after the AI: {_GRADE_NAMES[second.impression]}{content.second_reason} ({by})")
    return [_text(line) for line in said]


def _pins(pins: Sequence[ReportPin], width: float) -> list[Flowable]:
    if not pins:
        return []
    rows = [[_text(name, _SMALL) for name in ("Biopsy", "Place", "Note")]]
    rows += [[_text(pin.letter, _STRONG), _text(pin.place), _text(pin.note or "-")] for pin in pins]
    return [_text("Biopsies", _HEAD), Table(rows, colWidths=[16 * mm, 62 * mm, width - 78 * mm], style=_LINED)]


def _answer(content: ReportContent, width: float) -> list[Flowable]:
    analysis = content.analysis
    if analysis is None:
        return [_text("AI answer", _HEAD), _text(content.no_answer)] if content.no_answer else []
    head = [_text("AI answer", _HEAD), _text(f"{BANNER}: {analysis.model.label}.", _WARN)]
    head += [_text(content.other_model, _WARN)] if content.other_model else []
    if analysis.refused:
        head.append(_text(f"No answer: {analysis.refused.reason}", _STRONG))
        head.append(_text(analysis.refused.advice))
    elif analysis.prediction:
        head += _prediction(analysis.prediction, analysis.model, width)
    tail = [_text(line) for line in (*_quality_lines(analysis), *_registration_lines(analysis))]
    return [KeepTogether(head), *tail, *_model_lines(analysis)]


def _prediction(prediction: Prediction, model: ModelInfo, width: float) -> list[Flowable]:
    probability = prediction.probabilities[prediction.grade]
    likely = "indeterminate, most likely " if prediction.indeterminate else ""
    parts: list[Flowable] = [
        _text(f"Grade: {likely}{_GRADE_NAMES[prediction.grade]}, probability {probability:.2f}", _STRONG),
        _Bars(prediction, width * 0.62),
        _text(prediction.full_set_words(model)),
        _text(prediction.spread_words, _SMALL),
    ]
    if len(prediction.sources) == 1:
        parts.append(_text(f"One source only: {_NAMES[prediction.sources[0]]}. The other one was not given.", _WARN))
    else:
        shares = ", ".join(f"{_NAMES[source]} {share:.0%}" for source, share in prediction.evidence.items())
        alone = ", ".join(
            f"{_NAMES[source]} alone: {answer.grade.value} ({answer.probabilities[answer.grade]:.2f})"
            for source, answer in prediction.single_source.items()
        )
        parts.append(_text(f"Share of the evidence: {shares}. {alone}."))
    return parts


def _quality_lines(analysis: Analysis) -> list[str]:
    names: Mapping[str, str] = {"white": "White light", "fluorescence": "Fluorescence", "pair": "Pair"}
    said = analysis.refused.advice if analysis.refused else ""  # stands above already
    lines = []
    for key, quality in analysis.quality.items():
        problems = (
            f" ({', '.join(problem.replace('_', ' ') for problem in quality.problems)})" if quality.problems else ""
        )
        advice = f". {quality.advice}" if quality.advice and quality.advice not in said else ""
        lines.append(f"{names.get(key, key)}: quality {quality.verdict.value}{problems}{advice}")
    return lines


def _registration_lines(analysis: Analysis) -> list[str]:
    registration = analysis.registration
    if registration is None:
        return []
    error = f", estimated error {registration.error_px:.1f} px" if registration.error_px is not None else ""
    reason = f". {registration.cause}" if registration.cause else ""
    by_hand = ", by hand" if registration.by_hand else ""
    return [f"Registration: {registration.status.value}{error}{by_hand}{reason}"]


def _model_lines(analysis: Analysis) -> list[Flowable]:
    model = analysis.model
    said = f"Model {model.name}, version {model.version}, {model.variant}, {model.splice} splice; {model.label}."
    return [_text(said, _SMALL), _text(f"SHA-256 of its weights: {model.sha256}", _SMALL)]


def _signature(content: ReportContent, width: float) -> Flowable:
    signature = content.findings.signature if content.findings else None
    if signature:
        rows = [
            [_label_and_text("Signed by", signature.name), _label_and_text("Meaning", signature.meaning)],
            [_label_and_text("Signed at", moment(signature.signed_at)), ""],
        ]
    else:
        line = "_" * 34
        rows = [
            [_label_and_text("Name", line), _label_and_text("Signature", line)],
            [_label_and_text("Date", line), _text("Not signed: a draft.", _WARN)],
        ]
    table = Table(rows, colWidths=[width / 2] * 2, style=_BOXED)
    pointer = [_text(CORRECTED, _WARN)] if content.corrections else []
    return KeepTogether([_text("Signature", _HEAD), table, *pointer])


class _Bars(Flowable):  # type: ignore[misc]  # reportlab has no types
    """One bar a grade: probability, its spread as a whisker, grades of the prediction set marked by a dot."""

    STEP = 5.2 * mm

    def __init__(self, prediction: Prediction, width: float) -> None:
        super().__init__()
        self.prediction, self.width, self.height = prediction, width, len(GRADES) * self.STEP + 2

    def draw(self) -> None:
        left, room = 42 * mm, self.width - 72 * mm
        for number, grade in enumerate(GRADES):
            y = self.height - (number + 1) * self.STEP + 1.4 * mm
            share, spread = self.prediction.probabilities[grade], self.prediction.spread.get(grade, 0.0)
            canvas = self.canv
            canvas.setFillGray(0.1)
            canvas.setFont(BOLD if grade is self.prediction.grade else SANS, 8)
            inside = "\u25cf " if grade in self.prediction.prediction_set else "\u25cb "
            canvas.drawString(0, y, inside + _GRADE_NAMES[grade])
            canvas.setFillGray(0.9)
            canvas.rect(left, y - 0.5 * mm, room, 2.8 * mm, stroke=0, fill=1)
            canvas.setFillColorRGB(0.16, 0.36, 0.55)
            canvas.rect(left, y - 0.5 * mm, room * share, 2.8 * mm, stroke=0, fill=1)
            canvas.setStrokeGray(0.0)
            low, high = max(0.0, share - spread), min(1.0, share + spread)
            canvas.line(left + room * low, y + 0.9 * mm, left + room * high, y + 0.9 * mm)
            canvas.setFillGray(0.1)
            canvas.setFont(SANS, 8)
            canvas.drawString(left + room + 2 * mm, y, f"{share:.2f} \u00b1 {spread:.2f}")


_PLAIN: list[Any] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ("TOPPADDING", (0, 0), (-1, -1), 1.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
]
_LINED: list[Any] = [*_PLAIN, ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.HexColor("#C8C8C8"))]
_BOXED: list[Any] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("BOX", (0, 0), (-1, -1), 0.5, colors.HexColor("#909090")),
    ("TOPPADDING", (0, 0), (-1, -1), 5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
]


def _text(text: str, style: ParagraphStyle = _TEXT) -> Flowable:
    return Paragraph(markup(text), style)


def _label_and_text(label: str, text: str) -> Flowable:
    return Paragraph(f'<font size="7" color="#606060">{markup(label)}</font><br/>{markup(text)}', _TEXT)


def _by(reader: str, at: datetime) -> str:
    return f"{reader}, {moment(at)}" if reader else moment(at)
