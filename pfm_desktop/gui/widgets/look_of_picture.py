"""How one picture is shown: its filter, and width and level of its display window."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.one_of_chips import OneOfChips
from pfm_desktop.gui.widgets.panel_parts import CalmSlider, words
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import display_look as model
from pfm_desktop.viewmodels.pair_view import DisplayWindow, Filter, with_window


class LookOfPicture(QWidget):
    """One picture: its filter, and width and level of its display window."""

    def __init__(self, source: Source, stage: StageWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._source, self._stage = source, stage
        self.title = words(self, "heading")
        self.filter = OneOfChips(
            {key.value: title for key, title in model.FILTER_WORDS.items()}, tr("Looked at through"), self
        )
        self.width_, self.level = (CalmSlider(Qt.Orientation.Horizontal, self) for _ in range(2))
        self._says = {slider: QLabel(self) for slider in (self.width_, self.level)}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.title, 0, 0, 1, 3)
        grid.addWidget(self.filter, 1, 0, 1, 3)
        for row, (slider, name, least) in enumerate(
            ((self.width_, tr("Window", "range of brightness"), model.NARROWEST), (self.level, tr("Level"), 0)), start=2
        ):
            label = QLabel(name, self)
            label.setBuddy(slider)
            slider.setRange(least, model.BRIGHTEST)
            slider.setAccessibleName(name)
            slider.valueChanged.connect(self._slid)
            self._says[slider].setMinimumWidth(self.fontMetrics().horizontalAdvance("0000"))
            grid.addWidget(label, row, 0)
            grid.addWidget(slider, row, 1)
            grid.addWidget(self._says[slider], row, 2)
        self.width_.setToolTip(tr("A narrower window has more contrast"))
        self.level.setToolTip(tr("The brightness in the middle of the window; a lower level is brighter"))
        self.filter.chosen_changed.connect(self._filtered)

    def show_window(self, window: DisplayWindow) -> None:
        """As it is on the stage."""
        for slider, value in zip((self.width_, self.level), model.width_level(window), strict=True):
            with QSignalBlocker(slider):
                slider.setValue(value)
            self._says[slider].setText(str(value))
        with QSignalBlocker(self.filter):
            self.filter.choose(window.filter.value)

    def _slid(self) -> None:
        window = self._stage.view.window(self._source)
        self._keep(model.with_width_level(window, self.width_.value(), self.level.value()))

    def _filtered(self, key: str) -> None:
        self._keep(replace(self._stage.view.window(self._source), filter=Filter(key)))

    def _keep(self, window: DisplayWindow) -> None:
        self._stage.set_view(with_window(self._stage.view, self._source, window))
