"""Labels for the pots of a visit as PDF: one a page, as label printers take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from pfm_desktop.interop import fonts
from pfm_desktop.interop.pdf_archive import ArchiveCanvas
from pfm_desktop.interop.pdf_lines import draw_line, width_of
from pfm_desktop.support.language import current, tr

WIDTH, HEIGHT = 60 * mm, 30 * mm
MARGIN = 2.5 * mm
_LEAST = 4.5  # points; a name that is still too long then is cut, and ends in dots


@dataclass(frozen=True)
class Label:
    """What stands on a pot: who, when, which, from where. `number` of `count` pots of the visit."""

    name: str
    born: str
    identifier: str
    taken: str
    pot: str
    what: str
    number: int
    count: int


def labels_pdf(labels: Sequence[Label]) -> bytes:
    """The labels as the bytes of a PDF, `WIDTH` x `HEIGHT` points each. ValueError without any."""
    if not labels:
        raise ValueError("no pot, no label")
    fonts.register()
    stream = BytesIO()
    canvas = ArchiveCanvas(stream, pagesize=(WIDTH, HEIGHT), lang=current())
    canvas.setTitle(tr("Labels"))  # no name: titles show up in window lists and file indexes
    for label in labels:
        _draw(canvas, label)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _draw(canvas: Canvas, label: Label) -> None:
    room = WIDTH - 2 * MARGIN
    lines = (
        (label.name, fonts.BOLD, 9.0),
        (tr("born {day}   ID {identifier}", day=label.born, identifier=label.identifier), fonts.SANS, 7.0),
        (label.taken, fonts.SANS, 7.0),
        (tr("Pot {pot}", pot=label.pot), fonts.BOLD, 13.0),
        (label.what, fonts.SANS, 7.0),
        (tr("{number} of {count}", number=label.number, count=label.count), fonts.SANS, 6.0),
    )
    y = HEIGHT - MARGIN
    for text, font, size in lines:
        fitted, smaller = _fitted(canvas, text, font, size, room)
        y -= smaller * 1.18
        draw_line(canvas, MARGIN, y, fitted, font, smaller)


def _fitted(canvas: Canvas, text: str, font: str, size: float, room: float) -> tuple[str, float]:
    """Smaller letters first; what does not fit in the smallest is cut."""
    while size > _LEAST and width_of(canvas, text, font, size) > room:
        size -= 0.25
    if width_of(canvas, text, font, size) <= room:
        return text, size
    while text and width_of(canvas, f"{text} ...", font, size) > room:
        text = text[:-1]
    return f"{text.rstrip()} ...", size
