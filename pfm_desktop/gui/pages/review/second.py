"""A second window for the patient or a student: the stage of Review, without the AI and the name unless chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QScreen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from pfm_desktop.gui.theme import ON_SURROUND, SURROUND
from pfm_desktop.gui.widgets.stage_mirror import StageMirror
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.services.cases import VisitCase

KEY = "Ctrl+F11"
TITLE = tr("pfm_desktop: second screen")
SIZE = (960, 600)  # where there is no second screen


class SecondWindow(QWidget):
    """Takes no keys: they stay with who works. Fills a screen that the main window is not on, where there is one."""

    def __init__(self, stage: StageWidget, page: QWidget) -> None:
        super().__init__(page, Qt.WindowType.Window | Qt.WindowType.WindowDoesNotAcceptFocus)
        self._page = page
        self._filled: QScreen | None = None
        self.setWindowTitle(TITLE)
        self.setAccessibleName(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setStyleSheet(
            f"SecondWindow {{ background: {SURROUND}; }} QLabel {{ color: {ON_SURROUND}; padding: 6px; }}"
        )
        self.mirror, self.name = StageMirror(stage, self), QLabel(self)
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.mirror, 1)
        column.addWidget(self.name)
        self.name.hide()
        QGuiApplication.instance().screenRemoved.connect(self._screen_gone)  # type: ignore[union-attr]

    def open(self) -> None:
        """Show it, on a screen of its own where there is one."""
        here = self._page.window().screen()
        self._filled = next((one for one in QGuiApplication.screens() if one is not here), None)
        if self._filled is None:
            self.resize(*SIZE)
            self.show()
        else:
            self.setScreen(self._filled)
            self.setGeometry(self._filled.geometry())
            self.showFullScreen()

    def _screen_gone(self, screen: QScreen) -> None:
        """The system would put it over the window of who works."""
        if screen is self._filled:
            self._filled = None
            self.close()


class SecondScreen(QObject):
    """Its commands, which are off when the program begins: nobody shows a name for having shown one yesterday."""

    def __init__(self, page: QWidget, stage: StageWidget) -> None:
        super().__init__(page)
        self._page, self._stage = page, stage
        self._case: VisitCase | None = None
        self.window: SecondWindow | None = None  # made when it is first asked for
        self.shown = self._action("second_screen", tr("Second screen for patient or student"), KEY)
        self.attention = self._action("second_attention", tr("Second screen: with the model attention"))
        self.drawn = self._action("second_drawn", tr("Second screen: with pins and lines"), on=True)
        self.name = self._action("second_name", tr("Second screen: with the name"))
        self.shown.toggled.connect(self._show)
        stage.seen.connect(self._look)
        for action in (self.attention, self.drawn, self.name):
            action.toggled.connect(self._look)

    @property
    def commands(self) -> tuple[QAction, ...]:
        """For the menu and the shortcut editor."""
        return self.shown, self.attention, self.drawn, self.name

    def show_case(self, case: VisitCase | None) -> None:
        """Another visit is on the desk: its name follows, and nobody sees that of the woman before beside pictures."""
        if self.name.isChecked() and (case is None or self._case is None or case.patient.id != self._case.patient.id):
            self.name.setChecked(False)
        self._case = case
        self._look()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Closed by its own button."""
        if watched is self.window and event.type() is QEvent.Type.Close:
            self.shown.setChecked(False)
        return False

    def _show(self, on: bool) -> None:
        if on and self.window is None:
            self.window = SecondWindow(self._stage, self._page)
            self.window.installEventFilter(self)
        if self.window is None:
            return
        if on:
            self._look()
            self.window.open()
        elif self.window.isVisible():
            self.window.hide()

    def _look(self) -> None:
        if self.window is None:
            return
        mirror, case = self.window.mirror, self._case
        mirror.look = replace(mirror.look, attention=self.attention.isChecked(), drawn=self.drawn.isChecked())
        shown = case is not None and self.name.isChecked() and self._stage.isVisible()
        name = case.patient.display_name if case is not None and shown else ""
        self.window.name.setText(name)
        self.window.name.setVisible(bool(name))

    def _action(self, id_: str, text: str, key: str = "", *, on: bool = False) -> QAction:
        action = QAction(text, self._page)
        action.setObjectName(f"review.{id_}")
        action.setCheckable(True)
        action.setChecked(on)
        if key:
            action.setShortcut(QKeySequence(key, QKeySequence.SequenceFormat.PortableText))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._page.addAction(action)
        return action
