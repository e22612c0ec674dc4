"""Losses of a run, drawn as they come."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.gui.widgets.plot import plot_to_look_at
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.learning_words import curve_words

HEIGHT = 190  # pixels
_HALF_A_LINE = 10
_MOST_FIGURES = 20  # along the epochs


class Curves(QWidget):
    """Loss by epoch: on cases that choose the best epoch (line with dots), and while learning (dashes)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = plot_to_look_at(self, HEIGHT)
        self.plot.getPlotItem().layout.setContentsMargins(0, _HALF_A_LINE, 0, 0)  # or the topmost figure is cut
        self._training = self.plot.plot()
        self._validation = self.plot.plot(symbol="o", symbolSize=7, symbolPen=None)
        self._best = self.plot.plot(pen=None, symbol="o", symbolSize=16, symbolBrush=None)
        self._paint()
        self.said = words(self, "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        column.addWidget(self.said)

    def changeEvent(self, event: QEvent) -> None:
        """Lines are drawn in the colours of the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "said"):
            self._paint()

    def _paint(self) -> None:
        colours = self.palette()
        text, line = colours.color(QPalette.ColorRole.WindowText), colours.color(QPalette.ColorRole.Link)
        self.plot.setBackground(colours.color(QPalette.ColorRole.Base))
        for side, title in (("bottom", tr("epoch")), ("left", tr("loss (lower is better)"))):
            axis = self.plot.getAxis(side)
            axis.setPen(text)
            axis.setTextPen(text)
            self.plot.setLabel(side, title, color=text.name())
        self._training.setPen(pyqtgraph.mkPen(text, width=2, style=Qt.PenStyle.DashLine))
        self._validation.setPen(pyqtgraph.mkPen(line, width=2))
        self._validation.setSymbolBrush(line)
        self._best.setSymbolPen(pyqtgraph.mkPen(text, width=2))

    def draw(self, losses: Sequence[float], training: Sequence[float], planned: int) -> None:
        """Show them; hidden where there are none."""
        self.setVisible(len(losses) > 0)
        if not losses:
            return
        best = min(range(len(losses)), key=losses.__getitem__)
        self._validation.setData(list(range(len(losses))), list(losses))
        self._training.setData(list(range(1, len(training) + 1)), list(training))
        self._best.setData([best], [losses[best]])
        last = max(planned, len(losses) - 1, 1)
        self.plot.setXRange(0, last, padding=0.03)
        whole = -(-last // _MOST_FIGURES)  # there is no epoch 0.5
        self.plot.getAxis("bottom").setTickSpacing(whole, whole)
        said = curve_words(losses, planned)
        self.said.setText(said)
        self.plot.setAccessibleName(tr("Losses by epoch"))
        self.plot.setAccessibleDescription(said)
