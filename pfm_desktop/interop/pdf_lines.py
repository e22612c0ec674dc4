"""One line of text on a page of a PDF, in several fonts where a name needs them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from reportlab.pdfgen.canvas import Canvas

from pfm_desktop.interop import fonts


def draw_line(canvas: Canvas, x: float, y: float, text: str, font: str, size: float, *, right: bool = False) -> None:
    """Draw from (x, y) points on; to there where `right`."""
    parts = _parts(text, font)
    widths = [canvas.stringWidth(part, name, size) for name, part in parts]
    x -= sum(widths) if right else 0
    for (name, part), width in zip(parts, widths, strict=True):
        canvas.setFont(name, size)
        canvas.drawString(x, y, part)
        x += width


def width_of(canvas: Canvas, text: str, font: str, size: float) -> float:
    """Points that the line takes."""
    return float(sum(canvas.stringWidth(part, name, size) for name, part in _parts(text, font)))


def shortened(text: str, fits: Callable[[str], bool]) -> str:
    """The text, or of its beginning with an ellipsis as much as `fits`; the ellipsis where nothing does."""
    if fits(text):
        return text
    beyond = bisect_left(range(len(text)), True, key=lambda kept: not fits(_cut(text, kept)))
    return _cut(text, max(0, beyond - 1))


def _cut(text: str, kept: int) -> str:
    return f"{text[:kept].rstrip(' ,')}\u2026"


def _parts(text: str, font: str) -> list[tuple[str, str]]:
    return [(font if name == fonts.SANS else name, part) for name, part in fonts.runs(text)]
