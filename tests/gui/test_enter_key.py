"""Enter presses the button that has the keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QLineEdit,
    QListWidget,
    QMenu,
    QPushButton,
    QRadioButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from pfm_desktop.gui.enter_key import EnterKey

from .conftest import Opened

K, M = Qt.Key, Qt.KeyboardModifier


class Form(QWidget):
    """Buttons in something that has its own use for Enter where no button has the keys."""

    def __init__(self) -> None:
        super().__init__()
        self.went_on, self.pressed = 0, 0
        column = QVBoxLayout(self)
        self.field, self.rows = QLineEdit(self), QListWidget(self)
        self.rows.addItems(["a", "b"])
        self.parts: dict[str, QAbstractButton] = {
            kind.__name__: kind(self) for kind in (QPushButton, QToolButton, QCheckBox, QRadioButton)
        }
        for button in self.parts.values():
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(self._count)
        for part in (self.field, self.rows, *self.parts.values()):
            column.addWidget(part)

    def _count(self) -> None:
        self.pressed += 1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on."""
        self.went_on += event.key() in (K.Key_Return, K.Key_Enter)


@pytest.fixture
def form(qtbot: QtBot) -> Iterator[Form]:
    made = Form()
    qtbot.addWidget(made)
    EnterKey(made)
    made.show()
    made.activateWindow()
    qtbot.waitExposed(made)
    return made


@pytest.mark.qt_log_ignore("This plugin does not support")  # a menu asks for more than offscreen can
def test_a_button_that_only_opens_a_menu_opens_it_and_is_not_pressed(form: Form, qtbot: QtBot) -> None:
    button, chosen = form.parts["QToolButton"], list[str]()
    assert isinstance(button, QToolButton)
    menu = QMenu(button)
    menu.addAction("Freehand").triggered.connect(lambda: chosen.append("Freehand"))
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def choose() -> None:
        assert menu.isVisible()
        qtbot.keyClick(menu, K.Key_Down)
        qtbot.keyClick(menu, K.Key_Return)

    button.setFocus()
    QTimer.singleShot(0, choose)
    qtbot.keyPress(button, K.Key_Return)  # comes back when the menu is gone
    assert (chosen, form.pressed) == (["Freehand"], 0)


@pytest.mark.parametrize("kind", ["QPushButton", "QToolButton"])
@pytest.mark.parametrize("key", [K.Key_Return, K.Key_Enter])
def test_enter_presses_the_button_that_has_the_keys(form: Form, qtbot: QtBot, kind: str, key: Qt.Key) -> None:
    form.parts[kind].setFocus()
    qtbot.keyClick(form.parts[kind], key)
    qtbot.keyClick(form.parts[kind], key, M.KeypadModifier)
    assert (form.pressed, form.went_on) == (2, 0)
    form.field.setFocus()
    qtbot.keyClick(form.field, key)
    assert (form.pressed, form.went_on) == (2, 1)


@pytest.mark.parametrize("kind", ["QCheckBox", "QRadioButton"])
def test_a_box_and_a_choice_are_left_to_space(form: Form, qtbot: QtBot, kind: str) -> None:
    form.parts[kind].setFocus()
    qtbot.keyClick(form.parts[kind], K.Key_Return)
    assert (form.pressed, form.went_on) == (0, 1)
    assert not form.parts[kind].isChecked()


def test_enter_with_another_key_is_not_the_buttons(form: Form, qtbot: QtBot) -> None:
    form.parts["QPushButton"].setFocus()
    for held in (M.ControlModifier, M.ShiftModifier, M.AltModifier):
        qtbot.keyClick(form.parts["QPushButton"], K.Key_Return, held)
    assert form.pressed == 0


def test_a_shortcut_and_a_list_keep_their_enter(form: Form, qtbot: QtBot) -> None:
    done = []
    action = QAction(form)
    action.setShortcut("Return")
    action.triggered.connect(lambda: done.append("action"))
    form.addAction(action)
    form.rows.itemActivated.connect(lambda row: done.append(row.text()))
    form.parts["QPushButton"].setFocus()
    qtbot.keyClick(form.parts["QPushButton"], K.Key_Return)
    form.removeAction(action)
    form.rows.setFocus()
    form.rows.setCurrentRow(1)
    qtbot.keyClick(form.rows, K.Key_Return)
    assert done == ["action", "b"]
    assert form.pressed == 0


def repeated(button: QWidget, *, marked: bool) -> None:
    """What X11 sends for a key that is held: a press, then letting go and pressing at one moment."""
    for number, (kind, at) in enumerate(
        ((QEvent.Type.KeyPress, 100), (QEvent.Type.KeyRelease, 600), (QEvent.Type.KeyPress, 600))
    ):
        kinds = (QEvent.Type.ShortcutOverride, kind) if kind is QEvent.Type.KeyPress else (kind,)
        for each in kinds:
            event = QKeyEvent(each, K.Key_Return, M.NoModifier, "\r", marked and number > 0)
            event.setTimestamp(at)
            QApplication.sendEvent(button, event)


@pytest.mark.parametrize("marked", [True, False])
def test_a_key_that_is_held_presses_once(form: Form, marked: bool) -> None:
    button = form.parts["QPushButton"]
    button.setFocus()
    repeated(button, marked=marked)
    assert form.pressed == 1


def test_a_button_that_goes_away_when_it_is_pressed(form: Form, qtbot: QtBot) -> None:
    button = QPushButton(form)
    button.clicked.connect(button.deleteLater)
    button.show()
    button.setFocus()
    qtbot.keyClick(button, K.Key_Return)
    qtbot.waitUntil(lambda: not isValid(button))
    qtbot.keyClick(form, K.Key_Return)
    assert form.went_on == 1


def test_in_the_window_enter_opens_a_page_and_presses_what_has_the_keys(
    open_window: Opened, library_folder, qtbot: QtBot
) -> None:
    window = open_window(library_folder)
    models = window.rail.findChildren(QToolButton)[4]
    models.setFocus()
    qtbot.keyClick(models, K.Key_Return)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.page(4)
