"""Brightness, contrast and filter of the pictures on the stage, beside them while they change."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.source import PLACES
from pfm_desktop.gui.widgets.look_of_picture import LookOfPicture
from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import display_look as model
from pfm_desktop.viewmodels.pair_view import PairView

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
        self.of = {source: LookOfPicture(source, stage, self) for source in PLACES}
        self.as_taken = QPushButton(tr("All as taken"), self)
        self.as_taken.clicked.connect(lambda: stage.set_view(model.as_taken(stage.view)))
        hint = words(self, "quiet", model.HINT)
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
        self.show()
        self.follow()
        self._fit()
        page, top = self._page, below.mapTo(self._page, below.rect().bottomLeft()).y()
        self.move(max(0, page.width() - WIDTH), max(0, min(top, page.height() - self.height())))
        self.raise_()
        first = next((part for part in self.of.values() if not part.isHidden()), None)
        if first is not None:
            first.width_.setFocus(Qt.FocusReason.PopupFocusReason)

    def follow(self) -> None:
        """Other pictures are on the stage; nothing of it while it is closed."""
        if self.isHidden():
            return
        for source, part in self.of.items():
            part.setVisible(self._stage.shown.size(source) is not None)
            part.title.setText(self._stage.shown.title(source))
        self._follow(self._stage.view)

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
        if self.isHidden():  # the view changes with each step of a pan
            return
        for source, part in self.of.items():
            part.show_window(view.window(source))
        self.as_taken.setEnabled(any(not view.window(source).neutral for source in PLACES))
