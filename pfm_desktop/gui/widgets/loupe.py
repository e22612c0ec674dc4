"""The loupe: a round part of the stage, larger, over the same tissue in every pane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

from pfm_desktop.gui.widgets.ink import SURROUND_COLOUR, twice
from pfm_desktop.viewmodels.arrangement import Pane
from pfm_desktop.viewmodels.pair_view import MAX_ZOOM

RADIUS = 110.0
LARGER = 3.0


def loupe_rect(at: QPointF) -> QRectF:
    """What the loupe covers."""
    return QRectF(at.x() - RADIUS - 3, at.y() - RADIUS - 3, 2 * RADIUS + 6, 2 * RADIUS + 6)


def draw_loupe(painter: QPainter, pane: Pane, at: QPointF, draw: Callable[[Pane, QRectF], None]) -> None:
    """Let `draw` paint the tissue under `at` `LARGER` times as large as around the loupe, `at` staying in place."""
    x, y = pane.lens.to_picture(at.x(), at.y())
    zoom = min(MAX_ZOOM, pane.lens.zoom * LARGER)
    middle = pane.lens.middle
    centre = (x - (at.x() - middle[0]) / zoom, y - (at.y() - middle[1]) / zoom)
    larger = replace(pane, lens=replace(pane.lens, zoom=zoom, centre=centre))
    circle = QPainterPath()
    circle.addEllipse(at, RADIUS, RADIUS)
    painter.save()
    painter.setClipPath(circle, Qt.ClipOperation.IntersectClip)
    painter.fillRect(loupe_rect(at), SURROUND_COLOUR)
    draw(larger, loupe_rect(at))
    painter.restore()
    twice(painter, lambda: painter.drawEllipse(at, RADIUS, RADIUS), width=2.0)
