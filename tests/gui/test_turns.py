"""Steps of the GUI thread, one in each turn of the event loop."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.widgets.turns import Turns


def test_steps_run_in_order_and_others_are_heard_between(qtbot: QtBot, qapp: QObject) -> None:
    turns, heard = Turns(qapp), list[str]()

    def first() -> None:
        heard.append("first")
        QTimer.singleShot(0, lambda: heard.append("a key"))

    turns.start(first, lambda: heard.append("second"), lambda: heard.append("third"))
    assert heard == []
    assert turns.busy
    qtbot.waitUntil(lambda: not turns.busy)
    assert [what for what in heard if what != "a key"] == ["first", "second", "third"]
    assert heard.index("a key") < heard.index("third")


def test_what_is_started_anew_or_dropped_never_runs(qtbot: QtBot, qapp: QObject) -> None:
    turns, heard = Turns(qapp), list[str]()
    turns.start(lambda: heard.append("old"), lambda: heard.append("older"))
    turns.start(lambda: heard.append("new"), lambda: heard.append("newer"))
    qtbot.waitUntil(lambda: heard == ["new", "newer"])
    others = Turns(qapp)
    turns.start(lambda: heard.append("dropped"))
    turns.drop()
    assert not turns.busy
    others.start(*3 * [lambda: None])  # what is due runs in the first of three turns
    qtbot.waitUntil(lambda: not others.busy)
    assert heard == ["new", "newer"]


def test_a_step_that_begins_others_is_followed_by_those(qtbot: QtBot, qapp: QObject) -> None:
    turns, heard = Turns(qapp), list[str]()
    turns.start(lambda: turns.start(lambda: heard.append("inner")), lambda: heard.append("outer"))
    qtbot.waitUntil(lambda: not turns.busy)
    assert heard == ["inner"]
