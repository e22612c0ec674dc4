"""Paints a heatmap over a picture: its colours, or its outline and hatching."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QRegion, QTransform

from pfm_desktop.gui.widgets.ink import twice
from pfm_desktop.gui.widgets.layers import each_clipped
from pfm_desktop.gui.widgets.legend import HATCH_PENS
from pfm_desktop.gui.widgets.pyramid import draw_spanning
from pfm_desktop.gui.widgets.scene import PaintedHeatmap


def draw_heatmap(
    painter: QPainter,
    heatmap: PaintedHeatmap,
    whole: QRectF,
    clip: QRectF,
    *,
    outlined: bool,
    region: QRegion | None = None,
) -> None:
    """Paint what of the heatmap, which spans `whole`, falls into `clip` (stage pixels). `region`: what
    `coloured_region` says, where that is known already."""
    if not outlined or not heatmap.all_seen:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        for _ in each_clipped(painter, coloured_region(heatmap, whole) if region is None else region):
            draw_spanning(painter, heatmap.image, whole, clip)
    if outlined:
        _draw_outlined(painter, heatmap, whole)


def coloured_region(heatmap: PaintedHeatmap, whole: QRectF) -> QRegion:
    """Where the colours over `whole` show anything, at least: whole pixels, one more on each side. Elsewhere nothing
    needs to be scaled or blended."""
    placed = QTransform(whole.width(), 0, 0, whole.height(), whole.left(), whole.top())
    region = QRegion()
    for part in heatmap.parts:
        region += placed.mapRect(part).toAlignedRect().adjusted(-1, -1, 1, 1)
    return region


def _draw_outlined(painter: QPainter, heatmap: PaintedHeatmap, whole: QRectF) -> None:
    """The line, and fine lines over the side of it that reaches the threshold: a ring is not taken for a disc.

    Light beside dark, so that they show on any tissue; most of it stays bare.
    """
    painter.save()
    painter.setClipRect(whole, Qt.ClipOperation.IntersectClip)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)  # a layer replaces what is there
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # as even at 45 degrees, in a tenth of the time
    for colour, beside in HATCH_PENS:
        painter.setPen(QPen(colour, 0))
        painter.drawLines(_placed(heatmap.hatching, whole.translated(beside, 0)))
    outline = _placed(heatmap.outline, whole)
    twice(painter, lambda: painter.drawLines(outline), width=1.6)
    painter.restore()


def _placed(lines: Sequence[QLineF], whole: QRectF) -> list[QLineF]:
    placed = QTransform(whole.width(), 0, 0, whole.height(), whole.left(), whole.top())
    return [placed.map(line) for line in lines]
