"""Brightness, contrast and filter by keys: for looking only, and said on the stage."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.viewmodels.display_look import note_of
from pfm_desktop.viewmodels.pair_view import DisplayWindow, Filter

from .conftest import Clinic, Opened

pytestmark = pytest.mark.slow

K, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier
TITLES = [(Source.WHITE, "White light"), (Source.FLUORESCENCE, "Fluorescence")]


@pytest.fixture
def looking(page: ReviewPage, clinic: Clinic, opened: Opened) -> ReviewPage:
    """A visit with both pictures is on the stage, which has the keys."""
    opened(clinic.adler)
    page.stage.setFocus()
    return page


def white_mean(page: ReviewPage) -> tuple[float, float, float]:
    """Mean red, green and blue of the white-light picture on the stage."""
    level = page.stage.painting().scene.white.levels[-1]
    pixels = [level.pixelColor(x, y) for x in range(0, level.width(), 9) for y in range(0, level.height(), 9)]
    return tuple(sum(getattr(one, name)() for one in pixels) / len(pixels) for name in ("red", "green", "blue"))


def test_g_looks_through_a_green_filter_and_again_as_taken(qtbot: QtBot, looking: ReviewPage) -> None:
    page = looking
    before = white_mean(page)
    qtbot.keyClick(page.stage, K.Key_G)
    qtbot.waitUntil(lambda: not page.stage.busy)
    red, green, blue = white_mean(page)
    assert green > 3 * red
    assert green > 3 * blue
    assert note_of(page.stage.view, TITLES) == "Processed, for looking: White light: green filter"
    qtbot.keyClick(page.stage, K.Key_G)
    qtbot.waitUntil(lambda: not page.stage.busy)
    assert white_mean(page) == pytest.approx(before, abs=1)
    assert note_of(page.stage.view, TITLES) == ""


def test_the_panel_is_worked_by_keys_and_escape_closes_it(qtbot: QtBot, looking: ReviewPage) -> None:
    page = looking
    qtbot.keyClick(page.stage, K.Key_B, CTRL)
    panel = page.bar._panel
    assert panel is not None
    qtbot.waitUntil(panel.isVisible)
    of = panel.of[Source.WHITE]
    qtbot.waitUntil(of.width_.hasFocus)
    for _ in range(55):
        qtbot.keyClick(of.width_, K.Key_Left)
    qtbot.keyClick(of.width_, K.Key_Tab)
    qtbot.waitUntil(of.level.hasFocus)
    for _ in range(28):
        qtbot.keyClick(of.level, K.Key_Left)
    assert page.stage.view.window(Source.WHITE) == DisplayWindow(low=0.0, high=200.0)
    assert page.stage.view.window(Source.FLUORESCENCE).neutral
    qtbot.mouseClick(panel.of[Source.FLUORESCENCE].filter.buttons["contrast"], Qt.MouseButton.LeftButton)
    assert page.stage.view.window(Source.FLUORESCENCE).filter is Filter.CONTRAST
    assert note_of(page.stage.view, TITLES) == (
        "Processed, for looking: White light: window 200, level 100; Fluorescence: more contrast"
    )
    qtbot.mouseClick(panel.as_taken, Qt.MouseButton.LeftButton)
    assert all(page.stage.view.window(source).neutral for source in Source)
    assert not panel.as_taken.isEnabled()
    qtbot.keyClick(panel.of[Source.WHITE].width_, K.Key_Escape)
    qtbot.waitUntil(lambda: not panel.isVisible())
    assert page.stage.hasFocus()
    qtbot.keyClick(page.stage, K.Key_B, CTRL)
    assert panel.isVisible()
    assert page.rect().contains(panel.geometry())
    qtbot.keyClick(panel.of[Source.WHITE].level, K.Key_B, CTRL)
    assert not panel.isVisible()


def test_the_panel_is_no_popup_that_swallows_keys_of_the_window(qtbot: QtBot, looking: ReviewPage) -> None:
    looking.bar.open_look()
    panel = looking.bar._panel
    assert panel is not None
    assert panel.windowType() is not Qt.WindowType.Popup  # it would swallow the key of the privacy screen
    assert QApplication.activePopupWidget() is None


def test_a_key_shows_all_as_taken(qtbot: QtBot, looking: ReviewPage) -> None:
    page = looking
    qtbot.keyClick(page.stage, K.Key_G)
    assert not page.stage.view.window(Source.WHITE).neutral
    qtbot.keyClick(page.stage, K.Key_B, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert page.stage.view.window(Source.WHITE).neutral


def test_what_is_kept_and_what_the_engine_reads_stay(qtbot: QtBot, looking: ReviewPage) -> None:
    page = looking
    white = page.loader.desk.pictures.white.copy()
    qtbot.keyClick(page.stage, K.Key_G)
    qtbot.waitUntil(lambda: not page.stage.busy)
    assert (page.loader.desk.pictures.white == white).all()
