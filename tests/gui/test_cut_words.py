"""What finds cut words on the screens (`benchmarks/screens.py`) finds them, and nothing where all can be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTabBar,
    QTableWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from benchmarks.screens_parts.cut import seen
from pfm_desktop.gui.widgets.cut_words import OneLine

WORDS = "Acetic acid, thirty seconds"


def _label() -> QWidget:
    return QLabel(WORDS)


def _paragraph() -> QWidget:
    made = QLabel(f"{WORDS} {WORDS}")
    made.setWordWrap(True)
    made.setFixedWidth(150)
    return made


def _rich() -> QWidget:
    return QLabel(f"<b>{WORDS}</b>")


def _button() -> QWidget:
    return QPushButton(WORDS)


def _tool() -> QWidget:
    made = QToolButton()
    made.setText(WORDS)
    return made


def _check() -> QWidget:
    return QCheckBox(WORDS)


def _combo() -> QWidget:
    made = QComboBox()
    made.addItem(WORDS)
    return made


def _hint() -> QWidget:
    made = QLineEdit()
    made.setPlaceholderText(WORDS)
    made.setMinimumWidth(made.fontMetrics().horizontalAdvance(WORDS) + 40)
    return made


def _tabs() -> QWidget:
    made = QTabBar()
    made.setElideMode(Qt.TextElideMode.ElideRight)
    made.addTab(WORDS)
    return made


def _table() -> QWidget:
    made = QTableWidget(1, 1)
    made.setHorizontalHeaderLabels([WORDS])
    made.setColumnWidth(0, made.fontMetrics().horizontalAdvance(WORDS) + 40)
    return made


MAKE = [_label, _paragraph, _rich, _button, _tool, _check, _combo, _hint, _tabs, _table]


@pytest.fixture
def holder(qtbot: QtBot) -> QWidget:
    made = QWidget()
    made.resize(600, 400)
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize("make", MAKE)
def test_words_that_have_their_room_are_not_cut(holder: QWidget, make: Callable[[], QWidget]) -> None:
    column = QVBoxLayout(holder)
    column.addWidget(make())
    holder.show()
    found = seen(holder)
    assert found.texts > 0
    assert found.cut == ()


@pytest.mark.parametrize("make", MAKE)
def test_words_without_their_room_are_found(holder: QWidget, make: Callable[[], QWidget]) -> None:
    made = make()
    made.setParent(holder)
    if isinstance(made, QTableWidget):
        made.setColumnWidth(0, 30)
    elif isinstance(made, QLabel) and made.wordWrap():
        made.setFixedSize(150, made.fontMetrics().lineSpacing())
    else:
        made.setFixedWidth(40)
    holder.show()
    assert len(seen(holder).cut) == 1


def test_a_line_below_the_foot_of_its_label_is_found(holder: QWidget) -> None:
    label = QLabel("one\ntwo\nthree", holder)
    label.setFixedSize(200, label.fontMetrics().lineSpacing() * 2)
    holder.show()
    assert len(seen(holder).cut) == 1


def test_words_that_are_shortened_with_the_whole_in_a_tooltip_are_counted_apart(holder: QWidget) -> None:
    line = OneLine(holder)
    line.resize(60, 20)
    line.show_words(WORDS)
    holder.show()
    found = seen(holder)
    assert (found.texts, found.shortened, found.cut) == (1, 1, ())


def test_a_form_that_has_to_be_scrolled_sideways_and_a_part_that_reaches_out_are_found(holder: QWidget) -> None:
    area = QScrollArea(holder)
    area.resize(200, 200)
    wide = QWidget()
    wide.setMinimumSize(300, 50)
    area.setWidget(wide)
    beside = QWidget(holder)
    beside.setGeometry(500, 10, 200, 20)
    QLabel("x", beside)
    holder.show()
    assert sorted(one.how.split(" ")[0] for one in seen(holder).cut) == ["has", "reaches"]


def test_what_is_hidden_or_scrolled_out_of_sight_is_not_measured(holder: QWidget) -> None:
    QLabel(WORDS, holder).hide()
    holder.show()
    assert seen(holder).texts == 0
