"""The timeline in the look of the program: the next step is seen at a glance, whatever was shown in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.gui import theme
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.viewmodels.session import Session

pytestmark = pytest.mark.slow

K = Qt.Key
Press = Callable[..., None]


@pytest.fixture
def looked(qapp: QApplication, restored_look: None, nobody: CapturePage) -> CapturePage:
    theme.apply(qapp, "dark")
    return nobody


def bold(page: CapturePage) -> list[str]:
    """The lines in bold letters."""
    QApplication.processEvents()
    return [text.text() for _key, _sign, text, _note in page.timeline._rows if text.font().bold()]


def test_the_next_step_stays_bold_whatever_is_shown_beside_it(
    looked: CapturePage, session: Session, visits: dict[str, str], press: Press, qapp: QApplication
) -> None:
    assert bold(looked) == ["Saline"]
    session.open_visit(visits["Adler"])
    assert bold(looked) == ["Saline"]
    press(K.Key_Space)
    assert bold(looked) == ["Green filter"], "and only that one"
    for key in (K.Key_L, K.Key_C):
        press(key, K.Key_Escape)
        assert bold(looked) == ["Green filter"]
    for short in (True, False):
        looked.timeline.show_short(short)
    assert bold(looked) == ["Green filter"]
    looked.hide()
    looked.show()
    assert bold(looked) == ["Green filter"]
    theme.apply(qapp, "light")
    assert bold(looked) == ["Green filter"]
    session.open_visit(visits["Brandt"])
    assert bold(looked) == ["Saline"]


def test_a_line_that_did_not_change_is_not_drawn_again(
    qtbot: QtBot, looked: CapturePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    for key, _sign, text, _note in looked.timeline._rows:
        monkeypatch.setattr(text, "setText", lambda _text, key=key: drawn.append(key))
    looked._refresh()
    assert drawn == []
