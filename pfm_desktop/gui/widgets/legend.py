"""The legend that stands on the picture wherever a heatmap does."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from pfm_desktop.domain.prediction import BANNER
from pfm_desktop.gui.widgets.ink import FAINT, TEXT, fill_plate, stage_font, twice
from pfm_desktop.gui.widgets.pyramid import argb_image
from pfm_desktop.viewmodels.colour_maps import colour_table
from pfm_desktop.viewmodels.overlay import STRIPE_COLOUR
from pfm_desktop.viewmodels.pair_view import HeatmapView

WIDTH = 224.0
BAR_HEIGHT = 10.0
LINE = 15.0

KIND_TITLES = {"fused": "both sources", "white": "white light", "fluorescence": "fluorescence"}


def legend_title(look: HeatmapView) -> str:
    """`Model attention, both sources`."""
    return f"Model attention, {KIND_TITLES.get(look.kind, look.kind)}"


def legend_rect(area: QRectF, *, all_seen: bool, margin: float = 10.0) -> QRectF:
    """The lower left corner of a pane."""
    height = 3 * LINE + BAR_HEIGHT + 12 + (0 if all_seen else LINE + 2)
    width = min(WIDTH, max(60.0, area.width() - 2 * margin))
    return QRectF(area.left() + margin, area.bottom() - margin - height, width, height)


def draw_legend(painter: QPainter, area: QRectF, look: HeatmapView, *, all_seen: bool) -> None:
    """Colours with their numbers, the threshold, what the hatch means, and what the answer is not for."""
    box = legend_rect(area, all_seen=all_seen)
    fill_plate(painter, box)
    inner = box.adjusted(8, 5, -8, -5)
    painter.setFont(stage_font(11, bold=True))
    painter.setPen(TEXT)
    painter.drawText(_line(inner, 0), Qt.AlignmentFlag.AlignLeft, legend_title(look))
    bar = QRectF(inner.left(), inner.top() + LINE + 2, inner.width(), BAR_HEIGHT)
    _draw_bar(painter, bar, look)
    y = BAR_HEIGHT + 4 + LINE
    painter.setFont(stage_font(10.5))
    painter.setPen(TEXT)
    painter.drawText(_line(inner, y), Qt.AlignmentFlag.AlignLeft, "0 low")
    painter.drawText(_line(inner, y), Qt.AlignmentFlag.AlignHCenter, _threshold_text(look))
    painter.drawText(_line(inner, y), Qt.AlignmentFlag.AlignRight, "1 high")
    y += LINE
    if not all_seen:
        _draw_hatch_key(painter, inner, y)
        y += LINE + 2
    painter.setFont(stage_font(10.5))
    painter.setPen(FAINT)
    painter.drawText(_line(inner, y), Qt.AlignmentFlag.AlignLeft, BANNER)


def _threshold_text(look: HeatmapView) -> str:
    return f"line at {look.threshold:.2f}" if look.contour_only else f"from {look.threshold:.2f}"


def _line(inner: QRectF, y: float) -> QRectF:
    return QRectF(inner.left(), inner.top() + y, inner.width(), LINE)


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


def _draw_hatch_key(painter: QPainter, inner: QRectF, y: float) -> None:
    sample = QRectF(inner.left(), inner.top() + y + 2, 20, LINE - 4)
    painter.save()
    painter.setClipRect(sample, Qt.ClipOperation.IntersectClip)
    painter.fillRect(sample, Qt.GlobalColor.black)
    painter.setPen(_grey_pen_colour())
    for step in range(-12, 24, 5):
        start = QPointF(sample.left() + step, sample.bottom())
        painter.drawLine(start, start + QPointF(LINE, -LINE))
    painter.restore()
    painter.setFont(stage_font(10.5))
    painter.setPen(TEXT)
    painter.drawText(
        _line(inner, y).adjusted(26, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, "not seen by the model (not zero)"
    )


def _grey_pen_colour() -> int:
    red, green, blue = STRIPE_COLOUR
    return 0xFF000000 | red << 16 | green << 8 | blue
