"""The tour on the demo library, in the real window."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.case import Patient
from pfm_desktop.gui import theme
from pfm_desktop.gui.main_window import ANNOTATE, CAPTURE, REVIEW, TITLES, TODAY, MainWindow
from pfm_desktop.gui.tour import Tour
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, cases, demo
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.settings import load_settings
from pfm_desktop.viewmodels import opening
from pfm_desktop.viewmodels.tour import ELSEWHERE_TAKE, NOT_SEEN, OVER, STEPS, ids_in

from .conftest import Opened

K = Qt.Key
BY_OPENING = {"Model answered"}  # goes on record by itself where a visit is opened, by whomever
NAME, PASSWORD = "Dr. Given Family", "correct horse battery"
REVIEW_STEP = next(place for place, step in enumerate(STEPS) if step.page == "Review")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo library of its first women, in small pictures."""
    path = tmp_path_factory.mktemp("demo") / "library"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "WOMEN", demo.WOMEN[:3])
        demo.ensure_demo_library(SilentContext(), path, size=64, workers=1).close()
    return path


@pytest.fixture(autouse=True)
def _no_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated device draws a large phantom first, which is not what is tested here."""

    def none(_config: object) -> None:
        raise UserError("no camera here")

    monkeypatch.setattr("pfm_desktop.gui.pages.capture.page._open_device", none)


@pytest.fixture
def demo_folder(small_demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_demo, tmp_path / "demo"))


@pytest.fixture
def window(open_real_window: Opened, demo_folder: Path) -> MainWindow:
    return open_real_window(demo_folder)


def lines(window: MainWindow) -> list[str]:
    assert window.session is not None
    return lines_of(window.session.library)


def lines_of(library: Library) -> list[str]:
    with library.read() as session:
        return [line.text for line in journal.entries(session)]


def started(window: MainWindow) -> Tour:
    window.help.take_tour()
    return window.help.tour


def at(qtbot: QtBot, window: MainWindow, place: int) -> Tour:
    """The tour at a step, gone to by its own keys."""
    running = started(window)
    for _ in range(place):
        qtbot.keyClick(running.card.next_button, K.Key_Return)
    qtbot.waitUntil(lambda: settled(running))
    assert running.place == place
    return running


def settled(running: Tour) -> bool:
    return not running._again.isActive()


def shown_in(window: MainWindow, card: Any) -> QRect:
    return QRect(card.mapTo(window, QPoint(0, 0)), card.size())


# ---- the offer


def test_the_demo_library_offers_the_tour_quietly_and_no_more_once_it_is_declined(
    qtbot: QtBot, open_window: Opened, demo_folder: Path
) -> None:
    window = open_window(demo_folder)
    assert window.desk is not None
    offer, search = window.help.offer, window.desk.today.search
    assert offer.isVisible()
    assert QApplication.focusWidget() is search, "nothing waits for the offer"
    assert QApplication.activeModalWidget() is None
    qtbot.keyClicks(search, "an")
    assert search.text() == "an"
    qtbot.mouseClick(offer.later, Qt.MouseButton.LeftButton)
    assert not offer.isVisible()
    assert load_settings().tour_offered
    window.show_page(CAPTURE)
    window.show_page(TODAY)
    assert not offer.isVisible()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    again = open_window(demo_folder)
    assert not again.help.offer.isVisible()
    assert again.book.action("help.tour").isEnabled(), "the menu has it still"


def test_the_offer_is_on_today_only_and_in_the_way_of_no_woman(open_window: Opened, demo_folder: Path) -> None:
    window = open_window(demo_folder)
    assert window.session is not None
    window.open_visit(window.session.today()[0].visit.id)
    assert not window.help.offer.isVisible()
    window.show_page(TODAY)
    assert window.help.offer.isVisible()


def test_another_library_is_not_offered_the_tour(open_window: Opened, library_folder: Path) -> None:
    assert not open_window(library_folder).help.offer.isVisible()


def test_taken_from_the_offer_it_is_not_offered_again(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(window.help.offer.take, Qt.MouseButton.LeftButton)
    assert window.help.tour.running
    assert not window.help.offer.isVisible()
    qtbot.keyClick(window.help.tour.card.next_button, K.Key_Escape)
    assert not window.help.offer.isVisible()
    assert load_settings().tour_offered


def test_in_another_library_the_tour_asks_first_and_the_next_start_opens_that_one(
    qtbot: QtBot, open_real_window: Opened, library_folder: Path, demo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "demo_library_dir", lambda: demo_folder)
    window = open_real_window(library_folder)
    assert window.session is not None
    window.session.change_settings(library=str(library_folder))
    window.book.action("help.tour").trigger()
    offer = window.help.offer
    assert offer.take.text() == ELSEWHERE_TAKE
    assert offer.take.hasFocus()
    assert "tour" not in vars(window.help)
    with qtbot.waitSignal(window.ready, timeout=10_000):
        qtbot.keyClick(offer.take, K.Key_Return)
    assert window.session.library.demo
    assert window.help.tour.running
    assert load_settings().library == str(library_folder)


def test_an_empty_library_leads_to_the_tour(qtbot: QtBot, open_window: Opened, tmp_path: Path) -> None:
    Library.create(tmp_path / "empty").close()
    window = open_window(tmp_path / "empty")
    assert window.desk is not None
    qtbot.mouseClick(window.desk.today.tour_here, Qt.MouseButton.LeftButton)
    assert window.help.offer.isVisible()
    qtbot.mouseClick(window.help.offer.later, Qt.MouseButton.LeftButton)
    assert not window.help.offer.isVisible()
    assert window.desk.today.search.hasFocus()


# ---- the way


def test_every_step_finds_its_controls_and_its_keys_and_changes_nothing(qtbot: QtBot, window: MainWindow) -> None:
    assert window.desk is not None
    before, search = lines(window), window.desk.today.search
    search.setFocus()
    running = started(window)
    for place, step in enumerate(STEPS):
        qtbot.waitUntil(lambda: settled(running))
        card, page = running.card, window.stack.currentWidget()
        assert page is not None
        assert card.counter.text() == f"{place + 1} of {len(STEPS)}"
        assert not step.page or getattr(page, "title", "") == step.page
        assert card.note.isHidden(), (step.title, card.note.text())
        assert len(running.frame.rings) == len(step.controls), step.title
        assert running.frame.isVisible()
        for id_ in ids_in(step.words):
            assert window.book.action(id_).shortcut().toString(), id_
            assert window.book.action(id_).shortcut().toString() in card.words.text()
        assert window.rect().contains(shown_in(window, card))
        for ring in running.frame.rings:
            assert not ring.translated(running.frame.pos()).intersects(shown_in(window, card)), step.title
        assert card.next_button.hasFocus()
        assert card.words.text() in card.next_button.accessibleDescription()
        if place + 1 < len(STEPS):
            qtbot.keyClick(card.next_button, K.Key_Return)
    assert running.card.next_button.text() == "Finish"
    qtbot.keyClick(running.card.next_button, K.Key_Return)
    assert window.messages.text == OVER
    window.strip.note("Undone: Impression: low")
    assert window.messages.text == "", "it gives way to what is said next"
    assert not running.running
    assert not running.card.isVisible()
    assert not running.frame.isVisible()
    assert [line for line in lines(window) if line not in BY_OPENING] == before


def test_the_visit_that_the_tour_opens_waits_for_its_first_read_and_one_that_is_open_stays(
    qtbot: QtBot, window: MainWindow
) -> None:
    session = window.session
    assert session is not None
    at(qtbot, window, REVIEW_STEP)
    assert session.case is not None
    assert session.case.findings.impression is None
    other = next(row.visit.id for row in session.today() if row.visit.id != session.case.visit.id)
    window.help.tour.end()
    window.open_visit(other)
    at(qtbot, window, REVIEW_STEP)
    assert session.case.visit.id == other


def test_back_and_escape_by_keys_and_the_keys_go_back_to_where_they_were(qtbot: QtBot, window: MainWindow) -> None:
    assert window.desk is not None
    window.desk.today.table.setFocus()
    running = at(qtbot, window, REVIEW_STEP)
    card = running.card
    assert window.stack.currentWidget() is window.desk.page(REVIEW)
    qtbot.keyClick(card.next_button, K.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert card.back_button.hasFocus()
    qtbot.keyClick(card.back_button, K.Key_Return)
    assert running.place == 0
    assert window.stack.currentWidget() is window.desk.today
    assert not card.back_button.isEnabled()
    assert card.next_button.hasFocus()
    qtbot.keyClick(card.next_button, K.Key_Escape)
    assert not running.running
    assert QApplication.focusWidget() is window.desk.today.table


def test_a_changed_key_is_said_as_it_is(qtbot: QtBot, window: MainWindow) -> None:
    running = started(window)
    assert window.session is not None
    window.session.change_settings(shortcuts={"edit.find": "Ctrl+Alt+J"})
    qtbot.waitUntil(lambda: "Ctrl+Alt+J" in running.card.words.text())
    window.session.change_settings(shortcuts={"edit.find": ""})
    qtbot.waitUntil(lambda: "no key" in running.card.words.text())


def test_a_control_that_is_hidden_is_said_and_the_tour_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    running = at(qtbot, window, REVIEW_STEP)
    page: Any = window.stack.currentWidget()
    page.bar.hide()
    qtbot.waitUntil(lambda: running.card.note.text() == NOT_SEEN)
    assert not running.frame.isVisible()
    page.bar.show()
    qtbot.waitUntil(running.frame.isVisible)
    assert running.card.note.isHidden()


def test_the_keys_of_the_page_act_where_somebody_tries_them(qtbot: QtBot, window: MainWindow) -> None:
    running = at(qtbot, window, REVIEW_STEP)
    page: Any = window.stack.currentWidget()
    qtbot.waitUntil(lambda: page.idle, timeout=60_000)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, "2")
    assert page.stage.view.mode.value == "blend"
    qtbot.keyClick(page.stage, K.Key_Escape)
    assert running.running, "Escape is the page's there"
    qtbot.keyClick(page.stage, K.Key_F1, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert running.card.next_button.hasFocus()
    assert running.place == REVIEW_STEP


def test_another_page_in_the_middle_waits_and_leads_back(qtbot: QtBot, window: MainWindow) -> None:
    running = at(qtbot, window, REVIEW_STEP)
    window.show_page(ANNOTATE)
    qtbot.waitUntil(lambda: settled(running))
    assert running.place == REVIEW_STEP
    assert "waits" in running.card.note.text()
    assert "Review" in running.card.note.text()
    assert not running.frame.isVisible()
    assert not running.card.holds_keys, "the keys are those of the page that was opened"
    qtbot.mouseClick(running.card.next_button, Qt.MouseButton.LeftButton)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.page(REVIEW)
    assert running.place == REVIEW_STEP
    assert running.card.note.isHidden()


def test_who_does_what_the_step_says_is_taken_along(qtbot: QtBot, window: MainWindow) -> None:
    running = started(window)
    assert window.desk is not None
    search = window.desk.today.search
    search.setFocus()
    qtbot.keyClick(search, K.Key_Return)
    qtbot.waitUntil(lambda: running.place == REVIEW_STEP and running.frame.isVisible())
    assert not running.card.holds_keys


def test_a_page_that_cannot_be_shown_is_said_and_passed(qtbot: QtBot, open_real_window: Opened, tmp_path: Path) -> None:
    Library.create(tmp_path / "none", demo=True).close()
    window = open_real_window(tmp_path / "none")
    running = at(qtbot, window, REVIEW_STEP)
    assert "Review cannot be shown" in running.card.note.text()
    assert running.card.next_button.text() == "Next"
    for _ in range(len(STEPS)):
        if running.running:
            qtbot.keyClick(running.card.next_button, K.Key_Return)
    assert not running.running


# ---- what happens around it


@pytest.mark.parametrize("pixels", [14, 28])
def test_the_card_lies_in_the_window_and_none_of_its_words_is_cut(
    qtbot: QtBot, qapp: QApplication, window: MainWindow, pixels: int
) -> None:
    running = started(window)
    font = qapp.font()
    font.setPixelSize(pixels)
    qapp.setFont(font)
    card = running.card
    for _ in STEPS:
        for size in ((1366, 768), (940, 500), (1900, 1000)):
            window.resize(*size)
            QApplication.processEvents()
            qtbot.waitUntil(lambda: settled(running))
            assert window.rect().contains(shown_in(window, card))
            for label in card.findChildren(QLabel):
                if label.isVisible():
                    assert label.height() >= label.heightForWidth(label.width()), label.text()
            for button in (card.skip_button, card.back_button, card.next_button):
                assert button.width() >= button.minimumSizeHint().width()
                assert card.rect().contains(button.geometry())
        card.next_.emit()


def test_the_frame_follows_what_it_is_around(qtbot: QtBot, window: MainWindow) -> None:
    running = at(qtbot, window, REVIEW_STEP)
    page: Any = window.stack.currentWidget()

    def framed() -> bool:
        ring = running.frame.rings[0].translated(running.frame.pos())
        return ring.contains(QRect(page.bar.mapTo(window, QPoint(0, 0)), page.bar.size()))

    assert framed()
    window.resize(1100, 620)
    qtbot.waitUntil(framed)
    window.resize(1500, 900)
    qtbot.waitUntil(framed)


def test_another_theme_has_other_lines_in_the_frame(qtbot: QtBot, qapp: QApplication, window: MainWindow) -> None:
    running = started(window)

    def line() -> str:
        return running.frame.grab().toImage().pixelColor(4, 20).name()

    theme.apply(qapp, "dark")
    dark = line()
    theme.apply(qapp, "light")
    qtbot.waitUntil(lambda: line() != dark)
    assert theme.contrast(dark, "#000000") > 7
    assert theme.contrast(line(), "#FFFFFF") > 7


def test_another_library_ends_the_tour(qtbot: QtBot, window: MainWindow, library_folder: Path) -> None:
    running = at(qtbot, window, REVIEW_STEP)
    with qtbot.waitSignal(window.ready, timeout=10_000):
        window.open_library(str(library_folder))
    qtbot.waitUntil(lambda: not running.running)
    assert not running.card.isVisible()
    assert not running.frame.isVisible()


def test_a_locked_window_hides_the_tour_and_signing_out_ends_it(
    qtbot: QtBot, open_window: Opened, tmp_path: Path
) -> None:
    with accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)[0] as lib:
        patient: Patient = cases.add_patient(lib, identifier="K-17", family_name="Adler")
        cases.add_visit(lib, patient.id)
    window = open_window(tmp_path / "clinic", ready=False)
    page = window.entrance.signing_in
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    window.door.sign_in(NAME, PASSWORD)
    qtbot.waitUntil(lambda: window.desk is not None, timeout=10_000)
    window.help.tour.start()
    running = window.help.tour
    window.lock_now()
    qtbot.waitUntil(lambda: not running.card.isVisible())
    assert not running.frame.isVisible()
    assert running.running
    window.lock._open()
    qtbot.waitUntil(running.card.isVisible)
    window._sign_out()
    qtbot.waitUntil(lambda: not running.running)
    assert not running.card.isVisible()


def test_closing_the_window_in_the_middle_leaves_nothing_behind(
    qtbot: QtBot, window: MainWindow, demo_folder: Path
) -> None:
    before = lines(window)
    at(qtbot, window, REVIEW_STEP)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert window.desk is None
    with Library.open(demo_folder) as again:
        assert not again.read_only
        assert lines_of(again) == before


def test_skipped_while_a_library_is_made_the_keys_go_there(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    running = at(qtbot, window, 0)
    window._create_chosen(str(tmp_path / "new"))
    qtbot.waitUntil(lambda: window.stack.currentWidget() is window.entrance)
    running.card.next_button.setFocus()
    running.end()
    assert not running.running
    assert not running.card.isVisible()
    assert window.entrance.isAncestorOf(QApplication.focusWidget())


def test_pages_of_the_tour_are_those_of_the_rail() -> None:
    assert {step.page for step in STEPS if step.page} <= set(TITLES)
