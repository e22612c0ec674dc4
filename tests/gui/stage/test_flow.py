"""Parts in rows: as many as fit, in order, and the widget as high as its rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.widgets.flow import FlowRow

GAP = 10


class Part(QWidget):
    """Of a fixed size."""

    def __init__(self, width: int, height: int = 20) -> None:
        super().__init__()
        self.setFixedSize(width, height)


class Held(QWidget):
    """A row above something that takes the rest, as on the Review page."""

    def __init__(self, *parts: QWidget, margins: QMargins | None = None) -> None:
        super().__init__()
        self.row, self.rest = FlowRow(self, gap=GAP, margins=margins), QWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.row)
        column.addWidget(self.rest, 1)
        self.row.add(*parts)


@pytest.fixture
def shown(qtbot: QtBot):
    def show(*parts: QWidget, width: int, margins: QMargins | None = None) -> Held:
        held = Held(*parts, margins=margins)
        qtbot.addWidget(held)
        held.resize(width, 300)
        held.show()
        qtbot.waitExposed(held)
        settle(qtbot, held)
        return held

    return show


def settle(qtbot: QtBot, held: Held) -> None:
    qtbot.waitUntil(
        lambda: held.row.height() + held.rest.height() == held.height() and held.rest.y() == held.row.height()
    )


def places(held: Held) -> list[tuple[int, int]]:
    return [(part.x(), part.y()) for part in held.row._parts if not part.isHidden()]


def test_what_fits_stands_in_one_row(shown) -> None:
    held = shown(Part(100), Part(100), Part(80), width=300)
    assert places(held) == [(0, 0), (110, 0), (220, 0)]
    assert held.row.height() == 20


def test_what_does_not_fit_begins_another_row_and_the_rest_gives_way(shown) -> None:
    held = shown(Part(100), Part(100), Part(81), width=300)
    assert places(held) == [(0, 0), (110, 0), (0, 25)]
    assert held.row.height() == 45
    assert held.rest.height() == 255


def test_margins_stand_around_all_rows(shown) -> None:
    held = shown(Part(100), Part(100), width=150, margins=QMargins(6, 4, 5, 3))
    assert places(held) == [(6, 4), (6, 29)]
    assert held.row.height() == 4 + 45 + 3


def test_lower_parts_stand_in_the_middle_of_their_row(shown) -> None:
    held = shown(Part(50, 40), Part(50, 20), width=300)
    assert places(held) == [(0, 0), (60, 10)]


@pytest.mark.parametrize("widths", [(300, 150, 300), (150, 300, 150)])
def test_a_window_made_narrower_or_wider_has_its_rows_made_anew(qtbot: QtBot, shown, widths) -> None:
    held = shown(Part(100), Part(100), width=widths[0])
    for width in widths[1:]:
        held.resize(width, 300)
        expected = 20 if width == 300 else 45
        qtbot.waitUntil(lambda expected=expected: held.row.height() == expected)
        settle(qtbot, held)


def test_a_part_that_is_hidden_leaves_no_gap_and_comes_back_where_it_was(qtbot: QtBot, shown) -> None:
    first, middle, last = Part(100), Part(100), Part(100)
    held = shown(first, middle, last, width=250)
    assert held.row.height() == 45
    middle.hide()
    qtbot.waitUntil(lambda: held.row.height() == 20)
    assert places(held) == [(0, 0), (110, 0)]
    middle.show()
    qtbot.waitUntil(lambda: held.row.height() == 45)
    assert places(held) == [(0, 0), (110, 0), (0, 25)]


def test_all_parts_hidden_take_no_room(qtbot: QtBot, shown) -> None:
    only = Part(100)
    held = shown(only, width=250)
    only.hide()
    qtbot.waitUntil(lambda: held.row.height() == 0)


def test_a_longer_caption_moves_what_stands_behind_it(qtbot: QtBot, shown) -> None:
    label, button = QLabel("ab"), QPushButton("press")
    held = shown(label, button, width=300)
    before = button.x()
    label.setText("a much longer caption")
    qtbot.waitUntil(lambda: button.x() > before)
    assert button.x() == label.x() + label.width() + GAP
    label.setText("a caption that is so long that nothing has room beside it any more, however narrow the letters")
    qtbot.waitUntil(lambda: button.y() > label.y())
    assert held.minimumSizeHint().width() >= label.width(), "words that do not wrap are not cut"


def test_the_window_cannot_be_made_narrower_than_the_widest_part(shown) -> None:
    held = shown(Part(100), Part(180), width=300)
    assert held.minimumSizeHint().width() == 180


def test_the_keys_go_through_the_parts_in_order(qtbot: QtBot, shown) -> None:
    buttons = [QPushButton(name) for name in ("one", "two", "three")]
    held = shown(*buttons, width=120)
    held.activateWindow()
    buttons[0].setFocus()
    qtbot.waitUntil(buttons[0].hasFocus)
    for button in buttons[1:]:
        qtbot.keyClick(held.focusWidget(), Qt.Key.Key_Tab)
        assert button.hasFocus()


def test_no_layout_asks_python_how_high_it_is(shown) -> None:
    """Each such question waits for the interpreter, and a changed caption asks a hundred of them."""
    held = shown(Part(100), Part(100), width=150)
    assert held.row.layout() is None


def test_a_row_that_was_never_shown_asks_for_one_row_only(qtbot: QtBot) -> None:
    held = Held(*(Part(100) for _ in range(9)), margins=QMargins(0, 4, 0, 4))
    qtbot.addWidget(held)
    assert held.row.height() == 28


def test_the_keys_go_through_parts_that_hold_several_in_order(qtbot: QtBot) -> None:
    """The bar above the stage holds boxes of buttons, and a chip that was made before them."""
    chip = QPushButton("chip")
    boxes = []
    for name in ("ab", "cd"):
        box = QWidget()
        row = QHBoxLayout(box)
        for letter in name:
            row.addWidget(QPushButton(letter))
        boxes.append(box)
    held = Held(boxes[0], boxes[1], chip)
    qtbot.addWidget(held)
    held.resize(900, 200)
    held.show()
    held.activateWindow()
    first = boxes[0].findChildren(QPushButton)[0]
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    order = [first.text()]
    for _ in range(4):
        qtbot.keyClick(held.focusWidget(), Qt.Key.Key_Tab)
        order.append(held.focusWidget().text())
    assert order == ["a", "b", "c", "d", "chip"]


def test_a_caption_that_grew_while_nobody_saw_it_is_whole_when_it_is_shown_again(
    qtbot: QtBot, shown: Callable[..., Held]
) -> None:
    first, second = QPushButton("Take"), QPushButton("Confirm")
    held = shown(first, second, width=600)
    held.hide()
    second.setText("Confirm all: 10 pictures")
    held.show()
    qtbot.waitUntil(lambda: second.width() >= second.sizeHint().width())
