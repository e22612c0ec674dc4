"""Small meters under the live picture: a bar, a word, and a sign, so that colour never says it alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from pfm_desktop.domain.quality import Verdict
from pfm_desktop.gui.widgets.ink import stage_font
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.meters import SIGNS, Meter

COLOURS = {Verdict.GOOD: "#58B368", Verdict.LIMITED: "#E0A030", Verdict.UNUSABLE: "#D9604C"}
HEIGHT, BAR = 44, 5


class MetersBar(QWidget):
    """Shows meters beside each other, each in the same room, whatever their words are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._meters: tuple[Meter, ...] = ()
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Live help"))

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(480, HEIGHT)

    def show_meters(self, meters: Sequence[Meter]) -> None:
        """Show these."""
        if tuple(meters) != self._meters:
            self._meters = tuple(meters)
            self.setAccessibleDescription("; ".join(titled(one.name, one.words) for one in meters))
            self.update()

    @property
    def meters(self) -> tuple[Meter, ...]:
        """What is shown."""
        return self._meters

    def paintEvent(self, event: QPaintEvent) -> None:
        """One column a meter."""
        painter = QPainter(self)
        if not self._meters:
            return
        palette = self.palette()
        text, quiet = palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.PlaceholderText)
        width = self.width() / len(self._meters)
        for column, meter in enumerate(self._meters):
            area = QRectF(column * width + 6, 2, width - 12, HEIGHT - 4)
            painter.setFont(stage_font(12))
            painter.setPen(quiet)
            painter.drawText(area, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, meter.name)
            painter.setPen(text)
            painter.setFont(stage_font(13, bold=meter.verdict is not Verdict.GOOD))
            said = f"{SIGNS[meter.verdict]} {meter.words}"
            said = painter.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, int(area.width()))
            painter.drawText(area.adjusted(0, 15, 0, 0), Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, said)
            bar = QRectF(area.left(), area.bottom() - BAR, area.width(), BAR)
            painter.fillRect(bar, palette.color(QPalette.ColorRole.Dark))
            if meter.share is not None:
                bar.setWidth(area.width() * min(max(meter.share, 0.0), 1.0))
                painter.fillRect(bar, QColor(COLOURS[meter.verdict]))
