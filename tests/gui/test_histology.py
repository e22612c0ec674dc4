"""The histology inbox by keys: results pot by pot, the MDT list, letters, one's own figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.followup import Only
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.gui.desk import HISTOLOGY
from pfm_desktop.gui.main_window import MainWindow
from pfm_desktop.gui.pages.histology import HistologyPage
from pfm_desktop.gui.pages.today import TodayPage
from pfm_desktop.gui.widgets.form_view import ChoiceRow
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.services import cases, follow_up, labelling, pairing, review, specimens
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels.follow_up import DONE, Part

from .conftest import Opened

pytestmark = pytest.mark.slow

CTRL, SHIFT, ALT = (Qt.KeyboardModifier[f"{name}Modifier"] for name in ("Control", "Shift", "Alt"))
Key = Qt.Key
WAITS = (("Abel", 61, Grade.NORMAL), ("Bell", 40, Grade.HIGH), ("Cole", 3, Grade.LOW))


def _waiting(lib: Library) -> dict[str, str]:
    """Three women with a biopsy each, of whom two wait too long; the visits by family name."""
    visits = {}
    for number, (name, days, impression) in enumerate(WAITS):
        woman = cases.add_patient(lib, identifier=f"H-{number}", family_name=name, birth_date=date(1980, 1, 1 + number))
        at = datetime.now(UTC) - timedelta(days=days)
        visit = cases.add_visit(lib, woman.id, started_at=at).id
        picture = encode_png(np.full((48, 64, 3), 120 + 10 * number, np.uint8))
        cases.add_picture(lib, visit, picture, stage=Stage.ACETIC_ACID)
        pair = pairing.ensure_pair(lib, visit)
        assert pair is not None
        review.place_pin(lib, pair.id, Source.WHITE, 20, 20)
        review.set_impression(lib, visit, impression)
        review.sign(lib, visit, "Dr. Test", "Read by me")
        visits[name] = visit
    return visits


@pytest.fixture
def visits(tmp_path: Path, library_from: Callable[..., dict[str, str]]) -> dict[str, str]:
    return library_from(tmp_path / "waiting", _waiting)


@pytest.fixture
def window(visits: dict[str, str], tmp_path: Path, open_window: Opened) -> MainWindow:
    return open_window(tmp_path / "waiting")


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> HistologyPage:
    assert window.desk is not None
    today = window.desk.today
    qtbot.waitUntil(lambda: today.idle)
    qtbot.keyClick(today.search, Key.Key_H, CTRL | SHIFT)
    made: Any = window.stack.currentWidget()
    assert made is window.desk.page(HISTOLOGY)
    qtbot.waitUntil(lambda: made.idle)
    return made


def cells(page: HistologyPage, column: int = 0) -> list[str]:
    table = page.tables[page.part]
    return [table.item(row, column).text() for row in range(table.rowCount())]


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def diagnosis(page: HistologyPage) -> QWidget:
    row = page.panel.result.rows["diagnosis"]
    assert isinstance(row, ChoiceRow)
    return row.box


def cell(today: TodayPage, row: int, column: int) -> str:
    found = today.model.row(row)
    assert found is not None
    return found.cells[column]


def library(window: MainWindow) -> Library:
    assert window.session is not None
    return window.session.library


def diagnose(qtbot: QtBot, page: HistologyPage, steps: int) -> None:
    """Down so often in the diagnosis, and away from it: it is kept."""
    qtbot.keyClick(focus(), Key.Key_Return)
    assert focus() is diagnosis(page)
    for _ in range(steps):
        qtbot.keyClick(focus(), Key.Key_Down)
    qtbot.keyClick(focus(), Key.Key_Tab)


def of(window: MainWindow, visit: str) -> cases.VisitCase:
    return cases.visit_case(library(window), visit)


def test_the_longest_wait_stands_first_and_what_is_overdue_is_said(page: HistologyPage) -> None:
    assert cells(page, 2) == ["Abel", "Bell", "Cole"]
    assert [text.endswith("overdue") for text in cells(page)] == [True, True, False]
    assert page.tables[Part.AWAITED].item(0, 0).font().bold()
    assert "born 01 Jan 1980, ID H-0" in page.panel.who.text()


def test_a_result_is_entered_by_keys_and_stays_in_sight_until_the_list_is_read_again(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    diagnose(qtbot, page, 4)
    assert of(window, visits["Abel"]).specimens[0].result.diagnosis == "cin3"
    assert cells(page)[0] == f"{DONE} HSIL (CIN 3)"
    assert "2 grades worse than the impression (normal)" in page.panel.doubt.text()
    qtbot.keyClicks(focus(), "02.03.2026")
    qtbot.keyClick(focus(), Key.Key_Return)
    assert of(window, visits["Abel"]).specimens[0].result.reported_on == date(2026, 3, 2)
    qtbot.keyClick(focus(), Key.Key_Escape)
    assert focus() is page.tables[Part.AWAITED]
    qtbot.keyClick(focus(), Key.Key_F5)
    qtbot.waitUntil(lambda: page.idle)
    assert cells(page, 2) == ["Bell", "Cole"]
    found = labelling.histology_of(library(window), visits["Abel"])
    assert found is not None
    assert found.grade is Grade.HIGH


def test_ctrl_return_goes_to_the_next_one_and_undo_takes_back_what_was_done_last(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    diagnose(qtbot, page, 1)
    qtbot.keyClick(focus(), Key.Key_Return, CTRL)
    assert "Bell" in page.panel.who.text()
    assert focus() is diagnosis(page)
    qtbot.keyClick(focus(), Key.Key_Down)
    qtbot.keyClick(focus(), Key.Key_Tab)
    assert of(window, visits["Bell"]).specimens[0].result.diagnosis == "normal"
    qtbot.keyClick(page, Key.Key_Z, CTRL)
    assert of(window, visits["Bell"]).specimens[0].result.diagnosis == ""
    assert [text.startswith(DONE) for text in cells(page)] == [True, False, False]
    qtbot.keyClick(page, Key.Key_Z, CTRL)
    assert not cells(page)[0].startswith(DONE)


def test_what_is_discordant_comes_to_the_list_of_the_meeting_until_it_was_discussed(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    diagnose(qtbot, page, 6)
    qtbot.keyClick(page, Key.Key_2, ALT)
    qtbot.waitUntil(lambda: page.idle)
    assert focus() is page.tables[Part.DISCUSS]  # not in a field of another woman
    assert cells(page) == ["\u2260 3 grades apart"]
    box: Any = page.panel.follow_up.rows["mdt"]
    box.box.setFocus()
    for _ in range(3):
        qtbot.keyClick(box.box, Key.Key_Down)
    qtbot.keyClick(box.box, Key.Key_Tab)
    assert dict(of(window, visits["Abel"]).follow_up) == {"mdt": "discussed"}
    assert cells(page) == [f"{DONE} discussed"]
    qtbot.keyClick(page, Key.Key_F5)
    qtbot.waitUntil(lambda: page.idle)
    assert page.empty.isVisible()
    assert "Nothing is to be discussed" in page.empty.text()


def test_letters_run_from_the_visit_and_go_once_they_are_sent(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    qtbot.keyClick(page, Key.Key_3, ALT)
    qtbot.waitUntil(lambda: page.idle)
    assert cells(page, 1) == ["Abel", "Bell"]
    assert "more than 8 weeks" in cells(page)[0]
    field: Any = page.panel.follow_up.rows["letter_on"]
    field.field.setFocus()
    qtbot.keyClicks(field.field, "1 Jan 2190")
    qtbot.keyClick(field.field, Key.Key_Return)
    assert field.problem.text()  # no letter was sent on a day to come
    assert page.panel.names == ("Abel, follow-up: Letter sent",)
    field.field.clear()
    qtbot.keyClicks(field.field, f"{date.today():%Y-%m-%d}")
    qtbot.keyClick(field.field, Key.Key_Return)
    assert of(window, visits["Abel"]).follow_up["letter_on"] == date.today().isoformat()
    assert cells(page)[0] == f"{DONE} sent"


@pytest.mark.parametrize("key", ["letter_on", "next_on"])
def test_a_letter_or_a_next_visit_before_the_visit_is_refused_beside_its_field(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str], key: str
) -> None:
    day = date.today() - timedelta(days=62)  # Abel came 61 days ago
    row: Any = page.panel.follow_up.rows[key]
    row.field.setFocus()
    qtbot.keyClicks(row.field, f"{day:%Y-%m-%d}")
    qtbot.keyClick(row.field, Key.Key_Return)
    assert "lies before this visit, which was on" in row.problem.text()
    assert row.problem.isVisible()
    assert of(window, visits["Abel"]).follow_up == {}
    row.field.clear()
    qtbot.keyClicks(row.field, f"{day + timedelta(days=1):%Y-%m-%d}")
    qtbot.keyClick(row.field, Key.Key_Return)
    assert list(of(window, visits["Abel"]).follow_up) == [key]
    assert not row.problem.isVisible()


def test_a_letter_that_went_before_a_result_says_why_another_one_is_due(
    qtbot: QtBot, window: MainWindow, page: HistologyPage
) -> None:
    field: Any = page.panel.follow_up.rows["letter_on"]
    field.field.setFocus()
    qtbot.keyClicks(field.field, f"{date.today() - timedelta(days=1):%Y-%m-%d}")
    qtbot.keyClick(field.field, Key.Key_Return)
    assert not page.panel.letter.isVisible()
    page.tables[Part.AWAITED].setFocus()
    diagnose(qtbot, page, 1)
    assert "does not count: a result was entered after it" in page.panel.letter.text()
    assert page.panel.letter.isVisible()
    qtbot.keyClick(page, Key.Key_3, ALT)
    qtbot.waitUntil(lambda: page.idle)
    assert cells(page, 1) == ["Abel", "Bell"]
    assert [text.endswith(", new result since the letter") for text in cells(page)] == [True, False]


def test_what_could_not_be_kept_is_asked_about_by_woman_and_pot_before_the_window_closes(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    reported: Any = page.panel.result.rows["reported_on"]
    for row in range(2):
        page.tables[Part.AWAITED].setFocus()
        page.tables[Part.AWAITED].setCurrentCell(row, 0)
        reported.field.setFocus()
        qtbot.keyClicks(reported.field, "1 Jan 2190")
        qtbot.keyClick(reported.field, Key.Key_Return)
    qtbot.keyClick(page, Key.Key_4, ALT)  # no woman is in sight any more
    qtbot.waitUntil(lambda: page.idle)
    qtbot.keyClick(page, Key.Key_Q, CTRL)
    assert window.unkept.isVisible()
    asked = window.unkept.words.text()
    assert asked.startswith("Not kept yet: ")
    assert "Abel, result of pot A: Reported; Bell, result of pot A: Reported. What is wrong" in asked
    qtbot.keyClick(window.unkept.stay, Key.Key_Return)
    window.session.drop_typed()


def test_ones_own_figures_are_shown_and_nobody_elses(qtbot: QtBot, window: MainWindow, page: HistologyPage) -> None:
    qtbot.keyClick(page, Key.Key_4, ALT)
    qtbot.waitUntil(lambda: page.idle)
    assert page.no_figures.isVisible()
    assert window.session is not None
    lib = window.session.library
    for one in follow_up.open_follow_up(lib):
        specimens.set_result(lib, one.follow_up.specimens[0].id, "diagnosis", "cin2")
    window.session.change_settings(reader="Dr. Test")
    qtbot.keyClick(page, Key.Key_F5)
    qtbot.waitUntil(lambda: page.idle and page.figures.isVisible())
    assert [page.figures.item(0, column).text() for column in (1, 2, 3)] == ["3", "1 of 3", "0 of 0"]
    assert "investigational, not for diagnosis" in page.figures_note.text()
    assert "specificity worse" in page.biopsied.text()


def test_today_shows_those_of_which_something_is_to_be_done(qtbot: QtBot, window: MainWindow) -> None:
    assert window.desk is not None
    today = window.desk.today
    qtbot.waitUntil(lambda: today.idle and not today.filter.counting)
    assert [button.words for button in today.filter.buttons.values()] == [
        "All",
        "Today 0",
        "Not signed 0",
        "\u26a0 Histology overdue 2",
        "To discuss 0",
        "Letter due 2",
    ]
    qtbot.keyClick(today.search, Key.Key_4, ALT)
    qtbot.waitUntil(lambda: today.idle)
    assert today.filter.only is Only.OVERDUE
    assert [cell(today, row, 1) for row in range(today.model.rowCount())] == ["Bell", "Abel"]
    assert cell(today, 0, 7) == "\u26a0 overdue, 40 days"
    qtbot.keyClicks(today.search, "abel")
    qtbot.waitUntil(lambda: today.idle)
    assert today.model.rowCount() == 1
    qtbot.keyClick(today.search, Key.Key_2, ALT)
    qtbot.waitUntil(lambda: today.idle)
    assert 'Nothing found for "abel" among today' in today.empty.text()
    qtbot.keyClick(today.search, Key.Key_Escape)
    qtbot.waitUntil(lambda: today.idle)
    assert (today.filter.only, today.search.text(), today.model.rowCount()) == (Only.ALL, "", 3)


def test_escape_leads_back_and_a_visit_opens_from_the_list(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    qtbot.keyClick(focus(), Key.Key_Escape)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.today
    qtbot.keyClick(window.desk.today.search, Key.Key_H, CTRL | SHIFT)
    qtbot.waitUntil(lambda: page.idle)
    qtbot.mouseClick(page.panel.open, Qt.MouseButton.LeftButton)
    assert window.session is not None
    assert window.session.case is not None
    assert window.session.case.visit.id == visits["Abel"]


def test_reading_the_lists_again_never_puts_another_woman_under_the_keys(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    table = page.tables[Part.AWAITED]
    qtbot.keyClick(table, Key.Key_Down)
    assert "Bell" in page.panel.who.text()
    field: Any = page.panel.result.rows["lab_number"]
    field.field.setFocus()
    qtbot.keyClicks(field.field, "L-77")
    qtbot.keyClick(field.field, Key.Key_F5)
    qtbot.waitUntil(lambda: page.idle)
    assert "Bell" in page.panel.who.text()
    assert focus() is field.field
    assert of(window, visits["Bell"]).specimens[0].result.answers == {"lab_number": "L-77"}
    table.setFocus()
    diagnose(qtbot, page, 1)
    qtbot.keyClick(focus(), Key.Key_F5)  # she leaves the list: the keys do not stay in a field
    qtbot.waitUntil(lambda: page.idle)
    assert "Bell" not in page.panel.who.text()
    assert focus() is table


def test_what_is_undone_of_a_woman_who_had_left_the_list_brings_her_back(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    diagnose(qtbot, page, 1)
    assert page.parts.buttons[Part.AWAITED.value].words == "Results awaited 2"
    follow_up.set_follow_up(library(window), visits["Abel"], "letter_on", f"{date.today():%Y-%m-%d}")
    qtbot.keyClick(page, Key.Key_F5)
    qtbot.waitUntil(lambda: page.idle)
    assert cells(page, 2) == ["Bell", "Cole"]
    said: list[str] = []
    assert window.desk is not None
    window.desk.undo.said.connect(said.append)
    qtbot.keyClick(page, Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: page.idle and cells(page, 2) == ["Abel", "Bell", "Cole"])
    assert said[0].startswith("Undone: H-0, Pin A: Diagnosis")


def test_after_undo_and_redo_the_list_shows_what_its_count_says(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    diagnose(qtbot, page, 1)
    for part in (Key.Key_2, Key.Key_1):  # she has left the list, and is still known: no letter was sent to her
        qtbot.keyClick(page, part, ALT)
        qtbot.waitUntil(lambda: page.idle)
    assert cells(page, 2) == ["Bell", "Cole"]
    whose = page.panel.who.text()
    qtbot.keyClick(page, Key.Key_Z, CTRL)
    assert page.parts.buttons[Part.AWAITED.value].words == "Results awaited 3"
    assert cells(page, 2) == ["Abel", "Bell", "Cole"]
    assert page.panel.who.text() == whose  # the keys stay with the woman with whom they were
    assert page.tables[Part.AWAITED].currentRow() == cells(page, 2).index(whose.split(",")[0].split("\n")[0])
    qtbot.keyClick(page, Key.Key_Z, CTRL | SHIFT)
    assert page.parts.buttons[Part.AWAITED.value].words == "Results awaited 2"
    assert [text.startswith(DONE) for text in cells(page)] == [True, False, False]
    assert page.panel.who.text() == whose


def test_what_is_undone_comes_back_into_a_list_that_was_empty_or_searched(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    page.search.setFocus()
    qtbot.keyClicks(page.search, "abel")
    qtbot.keyClick(page.search, Key.Key_Return)
    diagnose(qtbot, page, 1)
    qtbot.keyClick(page, Key.Key_F5)
    qtbot.waitUntil(lambda: page.idle)
    assert page.empty.isVisible()
    qtbot.keyClick(page, Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: page.idle)
    assert page.tables[Part.AWAITED].isVisible()
    assert cells(page, 2) == ["Abel"]


def test_whose_result_it_is_stands_above_what_scrolls(page: HistologyPage) -> None:
    page._area.verticalScrollBar().setValue(10_000)
    assert page.panel.who.isVisible()
    assert not page._area.isAncestorOf(page.panel.who)
    assert page.visibleRegion().contains(page.panel.who.mapTo(page, page.panel.who.rect().center()))


def test_a_name_from_a_paper_is_searched_for_by_keys(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    qtbot.keyClick(page.tables[Part.AWAITED], Key.Key_Slash)
    assert focus() is page.search
    qtbot.keyClicks(page.search, "cole")
    assert cells(page, 2) == ["Cole"]
    assert "Cole" in page.panel.who.text()
    qtbot.keyClick(page.search, Key.Key_Return)
    diagnose(qtbot, page, 1)
    assert of(window, visits["Cole"]).specimens[0].result.diagnosis == "normal"
    page.search.setFocus()
    qtbot.keyClicks(page.search, "x")
    assert 'Nothing found for "colex"' in page.empty.text()
    qtbot.keyClick(page.search, Key.Key_Escape)
    assert cells(page, 2) == ["Abel", "Bell"]


def test_who_moves_on_while_the_lists_are_read_again_is_not_put_back(qtbot: QtBot, page: HistologyPage) -> None:
    """Else what is typed next would go into the result of the woman before."""
    table = page.tables[Part.AWAITED]
    table.setFocus()
    qtbot.keyClick(table, Key.Key_F5)
    assert not page.idle
    qtbot.keyClick(table, Key.Key_Down)
    qtbot.keyClick(table, Key.Key_Return)
    assert "Bell" in page.panel.who.text()
    qtbot.waitUntil(lambda: page.idle)
    assert "Bell" in page.panel.who.text()
    assert table.currentRow() == 1
    assert focus() is diagnosis(page)


def test_another_list_shows_at_once_what_belongs_to_it(
    qtbot: QtBot, window: MainWindow, page: HistologyPage, visits: dict[str, str]
) -> None:
    table = page.tables[Part.AWAITED]
    table.setFocus()
    qtbot.keyClick(table, Key.Key_Down)
    diagnose(qtbot, page, 1)
    table.setFocus()
    qtbot.keyClick(table, Key.Key_3, ALT)
    assert not page.idle
    letters = page.tables[Part.LETTERS]
    assert letters.isVisible()
    assert focus() is letters
    shown = letters.item(letters.currentRow(), 1).text()
    assert shown in page.panel.who.text()
    qtbot.waitUntil(lambda: page.idle)
    assert letters.item(letters.currentRow(), 1).text() == shown
    assert shown in page.panel.who.text()
    assert focus() is letters
