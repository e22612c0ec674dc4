"""Brightness, contrast and filter of the pictures on the stage, beside them while they change."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.widgets.one_of_chips import OneOfChips
from pfm_desktop.gui.widgets.panel_parts import CalmSlider, words
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import display_look as model
from pfm_desktop.viewmodels.pair_view import DisplayWindow, Filter, PairView, with_window

WIDTH = 350  # of the column beside the pictures, which it lies over: the pictures are what is looked at


class LookPanel(QFrame):
    """Follows the stage's view and changes it. It lies on its page and is no popup: the keys of the window, above all
    that of the privacy screen, act as ever. Escape closes it."""

    def __init__(self, stage: StageWidget, page: QWidget) -> None:
        super().__init__(page)
        self.setObjectName("look_panel")
        self.setAccessibleName(tr("How the pictures are shown"))
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.hide()
        self._stage, self._page = stage, page
        self.of = {source: _OfPicture(source, stage, self) for source in PLACES}
        self.as_taken = QPushButton(tr("All as taken"), self)
        self.as_taken.clicked.connect(lambda: stage.set_view(model.as_taken(stage.view)))
        hint = words(self, "quiet", model.HINT)
        hint.setWordWrap(True)
        self._column = column = QVBoxLayout(self)
        for part in self.of.values():
            column.addWidget(part)
        column.addWidget(hint)
        column.addWidget(self.as_taken, 0, Qt.AlignmentFlag.AlignLeft)
        stage.view_changed.connect(self._follow)

    def toggle(self, below: QWidget) -> None:
        """Open at the right of the page, below one of its widgets; or close."""
        if self.isVisible():
            self.leave()
            return
        for source, part in self.of.items():
            part.setVisible(self._stage.shown.size(source) is not None)
            part.title.setText(self._stage.shown.title(source))
        self._follow(self._stage.view)
        page = self._page
        corner = below.mapTo(page, below.rect().bottomLeft())
        self.show()
        self._fit()
        self.move(max(0, page.width() - WIDTH), max(0, min(corner.y(), page.height() - self.height())))
        self.raise_()
        first = next((part for part in self.of.values() if not part.isHidden()), None)
        if first is not None:
            first.width_.setFocus(Qt.FocusReason.PopupFocusReason)

    def _fit(self) -> None:
        self._column.invalidate()  # it keeps what its parts asked for before their rows stood
        self.resize(WIDTH, self._column.totalMinimumHeightForWidth(WIDTH))

    def leave(self) -> None:
        """Close; the stage has the keys."""
        self.hide()
        self._stage.setFocus()

    def event(self, event: QEvent) -> bool:
        """Its chips need another row, or one less."""
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _follow(self, view: PairView) -> None:
        for source, part in self.of.items():
            part.show_window(view.window(source))
        self.as_taken.setEnabled(any(not view.window(source).neutral for source in PLACES))


class _OfPicture(QWidget):
    """One picture: its filter, and width and level of its display window."""

    def __init__(self, source: Source, stage: StageWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._source, self._stage = source, stage
        self.title = words(self, "heading")
        self.filter = OneOfChips(
            {key.value: title for key, title in model.FILTER_WORDS.items()}, tr("Looked at through"), self
        )
        self.width_, self.level = (
            CalmSlider(Qt.Orientation.Horizontal, self),
            CalmSlider(Qt.Orientation.Horizontal, self),
        )
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
