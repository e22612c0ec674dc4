"""Contrast and sizes of the two themes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPushButton,
    QSlider,
    QTabBar,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.theme import (
    ON_SURROUND,
    SURROUND,
    THEMES,
    apply,
    contrast,
    palette,
    program_icon,
    stylesheet,
    theme_of,
)
from pfm_desktop.gui.widgets.filmstrip import PictureList

# what is written on what
PAIRS = (
    *((word, ground) for word in ("text", "quiet") for ground in ("window", "panel", "raised", "field")),
    ("on_accent", "accent"),
    ("text", "chunk"),
    ("on_warning", "warning"),
    ("on_info", "info"),
    ("on_badge", "badge"),
)


@pytest.mark.parametrize("name", THEMES)
def test_all_words_stand_out_by_four_and_a_half_to_one(name: str) -> None:
    theme = vars(theme_of(name))
    weak = {pair: round(contrast(theme[pair[0]], theme[pair[1]]), 2) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("name", THEMES)
def test_lines_of_controls_and_the_focus_stand_out_by_three_to_one(name: str) -> None:
    theme = theme_of(name)
    for ground in (theme.window, theme.panel, theme.field):
        assert contrast(theme.focus, ground) >= 3
        assert contrast(theme.line, ground) >= 3


@pytest.mark.parametrize("name", THEMES)
def test_grounds_are_neutral_grey_so_that_colours_are_judged_rightly(name: str) -> None:
    theme = theme_of(name)
    for colour in (SURROUND, theme.window, theme.panel, theme.raised, theme.field):
        assert colour[1:3] == colour[3:5] == colour[5:7]


@pytest.mark.parametrize("name", THEMES)
def test_no_text_is_smaller_than_thirteen_pixels(name: str) -> None:
    assert all(int(size) >= 13 for size in re.findall(r"font-size: (\d+)px", stylesheet(name)))


def test_the_contrast_formula_gives_the_known_extremes() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.usefixtures("qapp")
def test_the_palette_carries_the_themes_colours() -> None:
    assert palette("light").text().color().name().upper() == theme_of("light").text


def choice() -> QWidget:
    box = QComboBox()
    box.addItems(["Both sources", "White light"])
    return box


def tabs() -> QWidget:
    bar = QTabBar()
    for name in ("Findings", "AI"):
        bar.addTab(name)
    return bar


def pressed() -> QWidget:
    button = QPushButton("Side by side")
    button.setCheckable(True)
    button.setChecked(True)
    return button


def default() -> QWidget:
    button = QPushButton("Add patient")
    button.setDefault(True)
    return button


def pixels(widget: QWidget) -> list[str]:
    QApplication.processEvents()
    image = widget.grab().toImage()
    return [image.pixelColor(x, y).name() for y in range(image.height()) for x in range(image.width())]


@pytest.mark.slow
@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("make", [choice, tabs, pressed, default, QSlider, QPushButton, QLineEdit, QCheckBox])
def test_what_has_the_keys_can_be_told_by_a_line_around_it(
    qtbot: QtBot, qapp: QApplication, name: str, make: Callable[[], QWidget], restored_look: None
) -> None:
    apply(qapp, name)
    room = QWidget()
    qtbot.addWidget(room)
    column = QVBoxLayout(room)
    other, widget = QPushButton("Other"), make()
    for one in (other, widget):
        one.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column.addWidget(one)
    room.show()
    qtbot.waitExposed(room)
    other.setFocus()
    before, size = pixels(widget), widget.size()
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    after = pixels(widget)
    assert widget.hasFocus()
    assert widget.size() == size
    changed = [contrast(one, two) for one, two in zip(before, after, strict=True) if one != two]
    assert sum(ratio >= 2 for ratio in changed) >= (widget.width() + widget.height()) / 2


@pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform says of any popup
@pytest.mark.parametrize("name", THEMES)
def test_a_list_of_choices_shows_all_of_them(qtbot: QtBot, qapp: QApplication, name: str, restored_look: None) -> None:
    apply(qapp, name)
    room = QWidget()
    qtbot.addWidget(room)
    box = QComboBox(room)
    box.addItems(["Reviewed", "Reported by me", "Read together"])
    QVBoxLayout(room).addWidget(box)
    room.show()
    qtbot.waitExposed(room)
    box.showPopup()
    shown, last = box.view(), box.model().index(2, 0)
    qtbot.waitUntil(shown.isVisible)
    assert shown.viewport().rect().contains(shown.visualRect(last))
    box.hidePopup()


@pytest.mark.parametrize("name", THEMES)
def test_the_filmstrip_has_the_surround_of_the_stage_in_both_themes(
    qtbot: QtBot, qapp: QApplication, name: str, restored_look: None
) -> None:
    apply(qapp, name)
    strip = PictureList()
    qtbot.addWidget(strip)
    strip.addItem("acetic acid")
    strip.resize(300, 140)
    strip.show()
    qtbot.waitExposed(strip)
    assert strip.grab().toImage().pixelColor(280, 60).name().upper() == SURROUND
    assert contrast(ON_SURROUND, SURROUND) >= 4.5
    assert strip.palette().color(QPalette.ColorRole.Text).name().upper() == ON_SURROUND


def test_the_program_has_an_icon_in_the_sizes_of_desktops(qapp: QApplication) -> None:
    sizes = {size.width() for size in program_icon().availableSizes()}
    assert {16, 32, 48, 256} <= sizes
