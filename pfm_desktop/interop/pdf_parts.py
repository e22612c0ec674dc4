"""The parts of the report, from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, Spacer, Table

from pfm_desktop.domain.findings import meaning_words
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.prediction import ModelInfo, Prediction
from pfm_desktop.interop import pdf_words as say
from pfm_desktop.interop.fonts import BOLD, SANS, markup, runs
from pfm_desktop.interop.pdf_content import BURNT_IN_HEIGHT, CORRECTED, ReportContent, ReportPicture, ReportPin
from pfm_desktop.interop.pdf_diagram import DiagramDrawing
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import moment

_TEXT = ParagraphStyle("text", fontName=SANS, fontSize=8.5, leading=11.5)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=7, leading=9, textColor=colors.HexColor("#404040"))
_HEAD = ParagraphStyle(
    "head", parent=_TEXT, fontName=BOLD, fontSize=10.5, leading=14, spaceBefore=7, spaceAfter=2, keepWithNext=1
)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName=BOLD, fontSize=14, leading=18)
_STRONG = ParagraphStyle("strong", parent=_TEXT, fontName=BOLD, fontSize=11.5, leading=15)
_BOLD = ParagraphStyle("bold", parent=_TEXT, fontName=BOLD)
_ALARM = ParagraphStyle("alarm", parent=_TEXT, fontName=BOLD, fontSize=10, leading=13)
_WARN = ParagraphStyle("warn", parent=_TEXT, fontName=BOLD, textColor=colors.HexColor("#7A2E00"))


def story(content: ReportContent, width: float) -> list[Flowable]:
    """All flowables of a report, `width` points wide."""
    parts: list[Flowable] = [_text(content.heading, _BOLD)] if content.heading else []
    parts += [_text(tr("Colposcopy report"), _TITLE), _who(content, width)]
    parts += [_text(line, _WARN) for line in (*content.amends, *content.corrections)]
    if said := say.referral(content):
        parts += [_text(tr("Referral"), _HEAD), _text(said)]
    parts += _warning(say.early_warning(content), width, above=2 * mm)
    parts += [_text(line, _WARN) for line in content.missing]
    parts += _pictures(content.pictures, width)
    parts += [_text(text, _WARN if doubt else _SMALL) for text, doubt in say.check_lines(content)]
    parts += _examination(content)
    parts += _findings(content, width)
    parts += _pins(content.pins, width)
    parts += _diagram(content, width)
    parts += _answer(content, width)
    if content.notes:
        parts += [_text(tr("Notes"), _HEAD), *(_text(note, _SMALL) for note in content.notes)]
    if content.closing:
        parts.append(_text(content.closing))
    parts.append(_signature(content, width))
    return parts


def _who(content: ReportContent, width: float) -> Flowable:
    cells = say.who(content)
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
    highest = max(tallest, BURNT_IN_HEIGHT) if picture.burnt_in else tallest
    scale = min(side / picture.width, highest / picture.height)
    return Image(BytesIO(picture.jpeg), picture.width * scale, picture.height * scale, hAlign="LEFT")


def _examination(content: ReportContent) -> list[Flowable]:
    lines = say.examination_lines(content)
    return [_text(tr("Examination"), _HEAD), *(_text(line) for line in lines)] if lines else []


def _findings(content: ReportContent, width: float) -> list[Flowable]:
    findings = content.findings
    if findings is None:
        return []
    parts: list[Flowable] = [_text(tr("Findings"), _HEAD), _text(say.impression(findings), _STRONG)]
    rows = [[_text(title), _text(points), _text(wording)] for title, points, wording in content.swede]
    rows.append([_text(tr("Swede score"), _BOLD), _text(""), _text(findings.swede.status, _BOLD)])
    parts.append(Table(rows, colWidths=[38 * mm, 14 * mm, width - 52 * mm], style=_LINED))
    parts += [_text(line) for line in say.reads(content, findings)]
    for title, text in ((tr("Findings in words"), findings.text), (tr("Plan"), findings.plan)):
        parts += [_text(title, _HEAD), _text(text.strip() or tr("none given"))]
    return parts


def _pins(pins: Sequence[ReportPin], width: float) -> list[Flowable]:
    if not pins:
        return []
    rows = [[_text(name, _SMALL) for name in (tr("Biopsy"), tr("On", "on which picture"), tr("Place"), tr("Note"))]]
    rows += [
        [_text(pin.letter, _STRONG), *(_text(said or "-") for said in (pin.picture, pin.place, pin.note))]
        for pin in pins
    ]
    columns = [16 * mm, 26 * mm, 66 * mm, width - 108 * mm]
    return [_text(tr("Biopsies"), _HEAD), Table(rows, colWidths=columns, style=_LINED)]


def _diagram(content: ReportContent, width: float) -> list[Flowable]:
    if content.diagram is None:
        return []
    lines = [_text(line, _WARN if missing else _SMALL) for line, missing in say.diagram_lines(content.diagram)]
    if content.diagram.empty:
        return [KeepTogether([_text(tr("Diagram of the cervix"), _HEAD), *lines])]
    drawing = DiagramDrawing(content.diagram)
    beside = Table([[drawing, lines]], colWidths=[drawing.width + 4 * mm, width - drawing.width - 4 * mm], style=_PLAIN)
    return [KeepTogether([_text(tr("Diagram of the cervix"), _HEAD), beside])]


def _answer(content: ReportContent, width: float) -> list[Flowable]:
    analysis = content.analysis
    if analysis is None:
        return [_text(tr("AI answer"), _HEAD), _text(content.no_answer)] if content.no_answer else []
    head = [_text(tr("AI answer"), _HEAD), _text(say.banner(analysis.model), _WARN)]
    head += [_text(content.other_model, _WARN)] if content.other_model else []
    if analysis.refused:
        reason, advice = say.refusal(analysis.refused, content)
        head += [_text(reason, _STRONG), *([_text(advice)] if advice else [])]
    elif analysis.prediction:
        head += _prediction(analysis.prediction, analysis.model, width)
    return [KeepTogether(head), *(_text(line, _SMALL) for line in say.model_lines(analysis.model))]


def _prediction(prediction: Prediction, model: ModelInfo, width: float) -> list[Flowable]:
    parts: list[Flowable] = [
        *_warning(prediction.warning, width),
        _text(say.headline(prediction), _STRONG),
        *([_text(prediction.median_words)] if prediction.median_words else []),
        _Bars(prediction, width * 0.62),
        _text(prediction.full_set_words(model)),
        _text(say.small_print(prediction), _SMALL),
    ]
    lone, both = say.one_source(prediction), say.evidence(prediction)
    parts += [_text(lone, _WARN)] if lone else []
    parts += [_text(both)] if both else []
    return [*parts, _text(prediction.familiarity_words, _SMALL)]


def _warning(text: str, width: float, above: float = 0) -> list[Flowable]:
    """In a box, `above` points below what is before it, with a sign; nothing for "".

    It must not be missed beside the grade, on a black and white printer neither.
    """
    if not text:
        return []
    sign = 8 * mm
    cells = [[_Sign(), _text(text, _ALARM)]]
    return [Table(cells, colWidths=[sign, width - sign], style=_ALARMING, spaceBefore=above, spaceAfter=4)]


def _signature(content: ReportContent, width: float) -> Flowable:
    signature = content.findings.signature if content.findings else None
    if signature:
        rows = [
            [
                _label_and_text(tr("Signed by"), signature.name),
                _label_and_text(tr("Meaning"), meaning_words(signature.meaning)),
            ],
            [_label_and_text(tr("Signed at"), moment(signature.signed_at)), ""],
        ]
    else:
        line = "_" * 34
        rows = [
            [_label_and_text(tr("Name"), line), _label_and_text(tr("Signature"), line)],
            [_label_and_text(tr("Date"), line), _text(say.NOT_SIGNED, _WARN)],
        ]
    table = Table(rows, colWidths=[width / 2] * 2, style=_BOXED)
    pointer = [_text(CORRECTED, _WARN)] if content.corrections else []
    return KeepTogether([_text(tr("Signature"), _HEAD), table, *pointer])


class _Sign(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A triangle with an exclamation mark."""

    def __init__(self) -> None:
        super().__init__()
        self.width = self.height = 12.0

    def draw(self) -> None:
        canvas = self.canv
        triangle = canvas.beginPath()
        triangle.moveTo(0.5, 0.5)
        triangle.lineTo(11.5, 0.5)
        triangle.lineTo(6, 11)
        triangle.close()
        canvas.setLineWidth(1.1)
        canvas.setLineJoin(1)
        canvas.drawPath(triangle, stroke=1, fill=0)
        canvas.setLineWidth(1.3)
        canvas.line(6, 4.2, 6, 7.6)
        canvas.circle(6, 2.5, 0.7, stroke=0, fill=1)


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
            stands_out = grade is self.prediction.grade and not self.prediction.indeterminate
            name, numbers = say.grade_line(self.prediction, grade)
            x = 0.0
            for drawn_by, part in runs(name):
                font = BOLD if stands_out and drawn_by == SANS else drawn_by
                canvas.setFont(font, 8)
                canvas.drawString(x, y, part)
                x += canvas.stringWidth(part, font, 8)
            canvas.setFillGray(0.9)
            canvas.rect(left, y - 0.5 * mm, room, 2.8 * mm, stroke=0, fill=1)
            canvas.setFillColorRGB(0.16, 0.36, 0.55)
            canvas.rect(left, y - 0.5 * mm, room * share, 2.8 * mm, stroke=0, fill=1)
            canvas.setStrokeGray(0.0)
            low, high = max(0.0, share - spread), min(1.0, share + spread)
            canvas.line(left + room * low, y + 0.9 * mm, left + room * high, y + 0.9 * mm)
            canvas.setFillGray(0.1)
            canvas.setFont(SANS, 8)
            canvas.drawString(left + room + 2 * mm, y, numbers)


_FONT = ("FONTNAME", (0, 0), (-1, -1), SANS)  # else a table names one that is not embedded
_PLAIN: list[Any] = [
    _FONT,
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ("TOPPADDING", (0, 0), (-1, -1), 1.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
]
_LINED: list[Any] = [*_PLAIN, ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.HexColor("#C8C8C8"))]
_ALARMING: list[Any] = [
    _FONT,
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("BOX", (0, 0), (-1, -1), 1.5, colors.HexColor("#7A2E00")),
    ("BACKGROUND", (0, 0), (-1, -1), colors.HexColor("#FFF1DC")),
    ("LEFTPADDING", (0, 0), (-1, -1), 5),
    ("TOPPADDING", (0, 0), (-1, -1), 4),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
]
_BOXED: list[Any] = [
    _FONT,
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("BOX", (0, 0), (-1, -1), 0.5, colors.HexColor("#909090")),
    ("TOPPADDING", (0, 0), (-1, -1), 5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
]


def _text(text: str, style: ParagraphStyle = _TEXT) -> Flowable:
    return Paragraph(markup(text), style)


def _label_and_text(label: str, text: str) -> Flowable:
    return Paragraph(f'<font size="7" color="#606060">{markup(label)}</font><br/>{markup(text)}', _TEXT)
