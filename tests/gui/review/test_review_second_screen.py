"""The second screen: what others see of the stage, and what they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.annotation import OsMark
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.pages.review.second import SecondWindow
from pfm_desktop.gui.theme import SURROUND
from pfm_desktop.services import review
from pfm_desktop.viewmodels.session import Session

from .conftest import Clinic, Opened

pytestmark = pytest.mark.slow

Key, Mod = Qt.Key, Qt.KeyboardModifier


def second(qtbot: QtBot, page: ReviewPage) -> SecondWindow:
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Key.Key_F11, Mod.ControlModifier)
    window = page.second.window
    assert window is not None
    qtbot.waitUntil(window.isVisible)
    return window


def colours(window: SecondWindow) -> set[str]:
    picture = window.mirror.grab().toImage()
    return {
        picture.pixelColor(x, y).name() for x in range(0, picture.width(), 23) for y in range(0, picture.height(), 23)
    }


def test_a_key_shows_and_hides_it_and_the_keys_stay_on_the_stage(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    window = second(qtbot, page)
    assert page.second.shown.isChecked()
    assert QApplication.focusWidget() is page.stage
    assert len(colours(window)) > 1
    qtbot.keyClick(page.stage, Key.Key_F11, Mod.ControlModifier)
    assert not window.isVisible()
    second(qtbot, page).close()
    assert not page.second.shown.isChecked(), "closed by its own button"


def test_it_shows_the_same_tissue_the_same_way(page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot) -> None:
    opened(clinic.adler)
    window = second(qtbot, page)
    page.stage.set_view(replace(page.stage.view, centre=(40.0, 30.0), zoom=12.0))
    shown = window.mirror.painting()
    assert shown is not None
    for theirs, ours in zip(page.stage.arrangement.panes, shown.arrangement.panes, strict=True):
        assert theirs.frame is ours.frame
        for x, y in ((theirs.lens.left, theirs.lens.top), (theirs.lens.left + theirs.lens.width, theirs.lens.top)):
            at = ours.lens.to_stage(*theirs.lens.to_picture(x, y))
            assert ours.lens.left - 1 <= at[0] <= ours.lens.left + ours.lens.width + 1


def test_the_ai_and_the_name_are_seen_only_where_they_were_chosen(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    session.perform(lambda lib: review.set_impression(lib, clinic.adler, Grade.LOW))
    page.side.answer.command.trigger()
    qtbot.waitUntil(lambda: session.case is not None and session.case.findings.revealed)
    qtbot.waitUntil(lambda: page.idle)
    page.side.heatmap.toggle() if not page.stage.view.heatmap.visible else None
    assert page.stage.painting().heatmap is not None
    window = second(qtbot, page)
    shown = window.mirror.painting()
    assert shown is not None
    assert (shown.heatmap, shown.legend) == (None, None)
    assert not window.name.isVisible()
    page.second.attention.trigger()
    page.second.name.trigger()
    shown = window.mirror.painting()
    assert shown is not None
    assert shown.heatmap is not None
    assert shown.legend is not None
    assert session.case is not None
    assert window.name.text() == session.case.patient.display_name
    opened(clinic.brandt)
    assert not window.name.isVisible()
    assert not page.second.name.isChecked(), "of another woman the name is chosen anew"


def test_it_is_neutral_grey_while_review_is_not_seen(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    window = second(qtbot, page)
    page.second.name.trigger()
    assert window.name.isVisible()
    page.hide()
    assert window.mirror.painting() is None
    assert colours(window) == {SURROUND.lower()}
    assert window.mirror._soon.isActive()  # X11 forgets what is asked for while the page changes
    assert not window.name.isVisible()
    page.show()
    assert len(colours(window)) > 1
    assert window.name.isVisible()


def test_pins_and_lines_may_be_left_out(page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot) -> None:
    opened(clinic.adler)
    page.choose_tool("pin")
    qtbot.mouseClick(page.stage, Qt.MouseButton.LeftButton, pos=page.stage.rect().center() / 2)
    window = second(qtbot, page)
    pins, suggested = page.stage.marks.pins, OsMark("", Source.WHITE, 60, 50)
    page.stage.set_marks(pins, None, suggested)
    assert page.stage.marks.os_in(Source.WHITE) is not None
    page.stage.commands.cervix_shown = True
    whole = window.mirror.painting()
    page.second.drawn.trigger()
    bare = window.mirror.painting()
    assert whole is not None
    assert bare is not None
    assert len(whole.marks.pins) == len(page.stage.marks.pins) == 1
    assert len(bare.marks.pins) == 0
    assert whole.marks.os_in(Source.WHITE) is None, "nobody marked it: what the program asks is for who works"
    assert bare.scene is whole.scene, "no copy of the pictures"
    assert (whole.cervix, bare.cervix) == (True, False)


def test_it_goes_with_its_screen(page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot) -> None:
    """Else the system puts it over the window of who works."""
    opened(clinic.adler)
    window = second(qtbot, page)
    window._filled = window.screen()
    QApplication.instance().screenRemoved.emit(window.screen())
    assert not window.isVisible()
    assert not page.second.shown.isChecked()
