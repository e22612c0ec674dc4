"""A plot to look at: nothing in it is dragged, chosen or reached by keys."""

from __future__ import annotations

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def plot_to_look_at(parent: QWidget, height: int) -> pyqtgraph.PlotWidget:
    """An empty plot, `height` pixels tall; the wheel over it scrolls what it lies in."""
    plot = pyqtgraph.PlotWidget(parent, enableMenu=False)
    plot.destroyed.connect(plot.getPlotItem().ctrlMenu.deleteLater)  # made all the same, it would outlive it
    plot.setFixedHeight(height)
    half_a_line = plot.fontMetrics().lineSpacing() // 2
    plot.getPlotItem().layout.setContentsMargins(1, half_a_line, 1, 1)  # else the number at the top is cut
    plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    plot.hideButtons()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return plot
