"""Scrolling a panel, or a key of the page, never changes a choice."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, CalmDoubleSpinBox, CalmSpinBox


def wheel(field: CalmComboBox | CalmSpinBox) -> None:
    none, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
    at = QPointF(5, 5)
    event = QWheelEvent(at, at, QPoint(), QPoint(0, -120), buttons, none, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(field, event)


@pytest.mark.parametrize("key", [Qt.Key.Key_H, Qt.Key.Key_L, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp])
def test_keys_of_the_page_change_no_choice(qtbot: QtBot, key: Qt.Key) -> None:
    box = CalmComboBox()
    qtbot.addWidget(box)
    box.addItems(["Normal", "Low", "High", "Cancer"])
    box.setCurrentIndex(1)
    qtbot.keyClick(box, key)
    assert box.currentIndex() == 1
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert box.currentIndex() == 2


def test_the_wheel_changes_nothing_and_gives_no_keys(qtbot: QtBot) -> None:
    box, number = CalmComboBox(), CalmSpinBox()
    box.addItems(["Normal", "Low", "High"])
    for field in (box, number):
        qtbot.addWidget(field)
        field.show()
        wheel(field)
        assert not field.focusPolicy() & Qt.FocusPolicy.WheelFocus & ~Qt.FocusPolicy.StrongFocus
    assert (box.currentIndex(), number.value()) == (0, 0)
    qtbot.keyClick(number, Qt.Key.Key_PageUp)
    assert number.value() == 0


@pytest.mark.parametrize(("typed", "value"), [("7,5", 7.5), ("7.5", 7.5), ("12", 12.0), (",5", 0.5)])
def test_a_comma_is_a_point(qtbot: QtBot, typed: str, value: float) -> None:
    box = CalmDoubleSpinBox()
    qtbot.addWidget(box)
    box.setRange(0.0, 100.0)
    box.selectAll()
    qtbot.keyClicks(box, typed)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == pytest.approx(value)
