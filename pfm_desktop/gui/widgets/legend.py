"""The legend that stands on the picture wherever a heatmap does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from pfm_desktop.domain.prediction import BANNER
from pfm_desktop.gui.widgets.ink import FAINT, TEXT, fill_plate, stage_font, twice
from pfm_desktop.gui.widgets.pyramid import argb_image
from pfm_desktop.viewmodels.colour_maps import colour_table
from pfm_desktop.viewmodels.overlay import STRIPE_COLOUR
from pfm_desktop.viewmodels.pair_view import HeatmapView

BAR_HEIGHT = 10.0
LINE = 17.0
PAD = 8.0
MARGIN = 10.0
KEY = 26.0  # width of the hatch sample and its gap
SIZE = 13.0

KIND_TITLES = {"fused": "both sources", "white": "white light", "fluorescence": "fluorescence"}
UNSEEN_TEXT = "not seen by the model (not zero)"


@dataclass(frozen=True)
class LegendLines:
    """The words of the legend; `unseen` and `label` are "" where there is nothing to say."""

    title: str
    threshold: str
    unseen: str
    label: str
    banner: str = BANNER


def legend_lines(look: HeatmapView, *, all_seen: bool, label: str = "") -> LegendLines:
    """`Model attention, both sources`, `from 0.30`, what the hatch means, which model, what the answer is not for."""
    return LegendLines(
        title=f"Model attention, {KIND_TITLES.get(look.kind, look.kind)}",
        threshold=f"line at {look.threshold:.2f}" if look.contour_only else f"from {look.threshold:.2f}",
        unseen="" if all_seen else UNSEEN_TEXT,
        label=label,
    )


def legend_rect(area: QRectF, lines: LegendLines) -> QRectF:
    """The lower left corner of a pane, as wide as the longest line."""
    plain = QFontMetricsF(stage_font(SIZE))
    widths = [
        QFontMetricsF(stage_font(SIZE, bold=True)).horizontalAdvance(lines.title),
        plain.horizontalAdvance(lines.unseen) + (KEY if lines.unseen else 0.0),
        plain.horizontalAdvance(lines.label),
        plain.horizontalAdvance(lines.banner),
    ]
    width = min(max(widths) + 2 * PAD + 2, max(60.0, area.width() - 2 * MARGIN))
    rows = 3 + bool(lines.unseen) + bool(lines.label)
    height = rows * LINE + BAR_HEIGHT + 16
    return QRectF(area.left() + MARGIN, area.bottom() - MARGIN - height, width, height)


def draw_legend(painter: QPainter, area: QRectF, look: HeatmapView, lines: LegendLines) -> QRectF:
    """Draw it in the lower left corner of `area`; gives back what it covers."""
    box = legend_rect(area, lines)
    fill_plate(painter, box)
    row = QRectF(box.left() + PAD, box.top() + 5, box.width() - 2 * PAD, LINE)
    _write(painter, row, lines.title, bold=True)
    row.translate(0, LINE + 3)
    _draw_bar(painter, QRectF(row.left(), row.top(), row.width(), BAR_HEIGHT), look)
    row.translate(0, BAR_HEIGHT + 3)
    _write(painter, row, "0 low")
    _write(painter, row, lines.threshold, align=Qt.AlignmentFlag.AlignHCenter)
    _write(painter, row, "1 high", align=Qt.AlignmentFlag.AlignRight)
    if lines.unseen:
        row.translate(0, LINE)
        _draw_hatch_key(painter, QRectF(row.left(), row.top() + 3, KEY - 6, LINE - 5))
        _write(painter, row.adjusted(KEY, 0, 0, 0), lines.unseen)
    for text in (lines.label, lines.banner):
        if text:
            row.translate(0, LINE)
            _write(painter, row, text, colour=FAINT)
    return box


def _write(
    painter: QPainter,
    row: QRectF,
    text: str,
    *,
    bold: bool = False,
    colour: QColor = TEXT,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    font = stage_font(SIZE, bold=bold)
    painter.setFont(font)
    painter.setPen(colour)
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, row.width())
    painter.drawText(row, align | Qt.AlignmentFlag.AlignVCenter, shown)


def _draw_bar(painter: QPainter, bar: QRectF, look: HeatmapView) -> None:
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    edge = bar.left() + look.threshold * bar.width()
    if look.contour_only:
        painter.fillRect(bar, Qt.GlobalColor.darkGray)
    else:
        painter.drawImage(bar, _ramp(look.colour_map))
        painter.fillRect(QRectF(bar.left(), bar.top(), edge - bar.left(), bar.height()), Qt.GlobalColor.black)
    twice(painter, lambda: painter.drawLine(QLineF(edge, bar.top() - 2, edge, bar.bottom() + 2)), smooth=False)


def _ramp(colour_map: str) -> QImage:
    table = colour_table(colour_map).astype(np.uint32)
    colours = np.uint32(0xFF000000) | table[:, 0] << 16 | table[:, 1] << 8 | table[:, 2]
    return argb_image(np.asarray(colours, dtype=np.uint32).reshape(1, 256))


def _draw_hatch_key(painter: QPainter, sample: QRectF) -> None:
    painter.save()
    painter.setClipRect(sample, Qt.ClipOperation.IntersectClip)
    painter.fillRect(sample, Qt.GlobalColor.black)
    painter.setPen(QColor(*STRIPE_COLOUR))
    for step in range(-12, 24, 5):
        start = QPointF(sample.left() + step, sample.bottom())
        painter.drawLine(start, start + QPointF(LINE, -LINE))
    painter.restore()
