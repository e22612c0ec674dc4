"""The report as PDF: how `ReportContent` becomes pages.

A4, one banner and the model's label on every page. Nothing here decides what may be shown: that is done where the
content is put together.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from pfm_desktop.domain.prediction import BANNER
from pfm_desktop.interop import fonts, pdf_words
from pfm_desktop.interop.pdf_archive import ArchiveCanvas
from pfm_desktop.interop.pdf_content import ReportCheck, ReportContent, ReportPicture, ReportPin
from pfm_desktop.interop.pdf_lines import draw_line, shortened, width_of
from pfm_desktop.interop.pdf_parts import story
from pfm_desktop.support.files import write_bytes
from pfm_desktop.support.language import current, tr
from pfm_desktop.support.moments import day, moment

__all__ = ["ReportCheck", "ReportContent", "ReportPicture", "ReportPin", "pdf_bytes", "write_pdf"]

MARGIN = 16 * mm


def write_pdf(out: Path | str, content: ReportContent) -> Path:
    """Write the report whole or not at all; `StorageError` when the disk or the folder does not take it."""
    out = Path(out)
    write_bytes(out, pdf_bytes(content))
    return out


def pdf_bytes(content: ReportContent) -> bytes:
    """The report as the bytes of a PDF."""
    fonts.register()
    stream = BytesIO()
    document = BaseDocTemplate(
        stream,
        pagesize=A4,
        title=tr("Colposcopy report"),  # no name: titles show up in window lists and file indexes
        author=content.software,
        subject=BANNER,
        creator=content.software,
        lang=current(),
    )
    width, height = A4
    frame = Frame(MARGIN, 20 * mm, width - 2 * MARGIN, height - 46 * mm, 0, 0, 0, 0)
    document.addPageTemplates(
        PageTemplate("page", [frame], onPage=lambda canvas, doc: _furniture(canvas, doc.page, content))
    )
    document.build(story(content, frame.width), canvasmaker=_NumberedCanvas)
    return stream.getvalue()


def _furniture(canvas: Canvas, page: int, content: ReportContent) -> None:
    """Banner, model label and patient on top; software and time at the foot."""
    width, height = A4
    canvas.saveState()
    canvas.setFillColorRGB(0.99, 0.93, 0.80)
    canvas.rect(MARGIN, height - 17 * mm, width - 2 * MARGIN, 7 * mm, stroke=0, fill=1)
    canvas.setFillColorRGB(0.35, 0.20, 0.0)
    draw_line(canvas, MARGIN + 2 * mm, height - 14.6 * mm, BANNER, fonts.BOLD, 9.5)
    draw_line(canvas, width - MARGIN - 2 * mm, height - 14.6 * mm, content.model_label, fonts.SANS, 7.5, right=True)
    canvas.setFillColorRGB(0.25, 0.25, 0.25)
    state = pdf_words.state(content)
    room = width - 2 * MARGIN - width_of(canvas, state, fonts.SANS, 8) - 4 * mm
    draw_line(canvas, MARGIN, height - 22 * mm, _who(canvas, content, room), fonts.SANS, 8)
    draw_line(canvas, width - MARGIN, height - 22 * mm, state, fonts.SANS, 8, right=True)
    canvas.setStrokeColorRGB(0.7, 0.7, 0.7)
    canvas.line(MARGIN, height - 23.6 * mm, width - MARGIN, height - 23.6 * mm)
    canvas.line(MARGIN, 16 * mm, width - MARGIN, 16 * mm)
    foot = tr("{software}   made {when}", software=content.software, when=moment(content.made_at))
    draw_line(canvas, MARGIN, 12 * mm, foot, fonts.SANS, 7)
    canvas.restoreState()


def _who(canvas: Canvas, content: ReportContent, room: float) -> str:
    """Name, birth date and number in so much room: a long name gives way, its end stands in the report itself."""

    born = day(content.birth_date) if content.patient_name and content.birth_date else ""

    def said(name: str) -> str:
        who = tr("{name}, born {day}", name=name, day=born) if born else name
        return f"{who}   {content.patient_identifier}"

    def fits(line: str) -> bool:
        return width_of(canvas, line, fonts.SANS, 8) <= room

    name = shortened(content.patient_name or tr("no patient"), lambda kept: fits(said(kept)))
    return shortened(said(name), fits)


class _NumberedCanvas(ArchiveCanvas):
    """Writes "page 2 of 3", which is known only at the end."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._pages: list[dict[str, object]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for page in self._pages:
            self.__dict__.update(page)
            text = tr("page {page} of {pages}", page=self._pageNumber, pages=len(self._pages))
            self.setFillColorRGB(0.25, 0.25, 0.25)
            draw_line(self, A4[0] - MARGIN, 12 * mm, text, fonts.SANS, 7, right=True)
            Canvas.showPage(self)
        super().save()
