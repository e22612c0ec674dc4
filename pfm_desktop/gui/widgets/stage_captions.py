"""Large captions on pictures that are no pair: of two visits, or of a sequence that is played."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.ink import TEXT, fill_plate, stage_font
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.arrangement import Pane
from pfm_desktop.viewmodels.captions import Caption, Captions
from pfm_desktop.viewmodels.pair_view import FLICK_LIMIT, Mode
from pfm_desktop.viewmodels.words import capital

MARGIN, PAD = 10.0, 8.0
TITLE, LINE, BIG = 20.0, 14.0, 44.0  # logical pixels
OTHER = tr("Space: the other")
SMALLEST = 0.65  # of these sizes, in a narrow pane
Written = tuple[str, float, bool]  # words, logical pixels, bold


def draw_captions(painter: QPainter, captions: Captions, pane: Pane, area: QRectF, mode: Mode, opacity: float) -> None:
    """The captions of what a pane shows: this visit's at its left, the other one's at its right where both lie in it
    or take turns in it, so that the place tells them apart as well."""
    shared = mode is not Mode.SIDE_BY_SIDE
    for place in pane.sources:
        caption = captions.of.get(place)
        if caption is None:
            continue
        extra: tuple[str, ...] = ()
        if mode is Mode.BLEND:
            extra = (f"{round(100 * (opacity if place is Source.FLUORESCENCE else 1 - opacity))} %",)
        elif mode is Mode.FLICKER:
            extra = (OTHER, capital(FLICK_LIMIT))
        right = shared and place is Source.FLUORESCENCE
        draw_caption(painter, caption, area, extra=extra, right=right, share=0.5 if shared else 1.0)


def draw_caption(
    painter: QPainter,
    caption: Caption,
    area: QRectF,
    *,
    extra: tuple[str, ...] = (),
    right: bool = False,
    share: float = 1.0,
) -> QRectF:
    """One caption at the top of an area, no wider than `share` of it; gives back its plate."""
    room = share * area.width() - 2 * MARGIN
    rows = [(caption.big, BIG, True)] if caption.big else []
    rows += [(caption.title, TITLE, True), *((line, LINE, False) for line in (*caption.lines, *extra))]
    widest = max(_width(row) for row in rows) + 2 * PAD
    factor = min(1.0, max(SMALLEST, room / widest))
    rows = [(words, size * factor, bold) for words, size, bold in rows]
    heights = [QFontMetricsF(stage_font(size, bold=bold)).height() for _words, size, bold in rows]
    width = min(room, max(_width(row) for row in rows) + 2 * PAD)
    left = area.right() - MARGIN - width if right else area.left() + MARGIN
    whole = QRectF(left, area.top() + MARGIN, width, sum(heights) + PAD)
    fill_plate(painter, whole)
    painter.setPen(TEXT)
    top = whole.top() + PAD / 2
    for (words, size, bold), height in zip(rows, heights, strict=True):
        font = stage_font(size, bold=bold)
        painter.setFont(font)
        line = QRectF(whole.left() + PAD, top, whole.width() - 2 * PAD, height)
        shown = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, line.width() + 1)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        top += height
    return whole


def _width(row: Written) -> float:
    words, size, bold = row
    return QFontMetricsF(stage_font(size, bold=bold)).horizontalAdvance(words)
