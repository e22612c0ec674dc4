"""Settings and the shortcut editor."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.main_window import MODELS, SETTINGS, MainWindow
from pfm_desktop.gui.pages.settings import SettingsPage
from pfm_desktop.services import bands
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import Settings, load_settings, save_settings
from pfm_desktop.viewmodels import model_cards

from .conftest import Opened

pytestmark = pytest.mark.slow

CTRL = Qt.KeyboardModifier.ControlModifier


def settings_page(window: MainWindow) -> SettingsPage:
    window.show_page(SETTINGS)
    page = window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    return page


def choose(page: SettingsPage, text: str) -> None:
    table = page.shortcuts.table
    row = next(row for row in range(table.rowCount()) if table.item(row, 0).text() == text)
    table.setCurrentCell(row, 0)


def test_the_readers_name_is_written_beside_what_she_does(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    page = settings_page(window)
    qtbot.keyClicks(page.reader, "Dr. Eva Roth")
    qtbot.keyClick(page.reader, Qt.Key.Key_Return)
    assert load_settings().reader == "Dr. Eva Roth"
    assert window.session is not None
    assert window.session.library.who == "Dr. Eva Roth"


def test_a_name_typed_and_left_without_enter_is_kept(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    qtbot.keyClicks(settings_page(window).reader, "Dr. Kim")
    qtbot.keyClick(window, Qt.Key.Key_1, CTRL)
    assert load_settings().reader == "Dr. Kim"


def test_switching_the_first_read_lock_is_in_the_audit_trail(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    page = settings_page(window)
    qtbot.keyClick(page.lock, Qt.Key.Key_Space)
    assert not load_settings().first_read_lock
    assert window.session is not None
    with window.session.library.read() as session:
        lines = journal.entries(session, what="setting")
    assert [line.text for line in lines] == ["First-read lock switched off"]


def test_the_bands_of_the_swede_score_are_chosen_by_key_and_are_of_the_library(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    page = settings_page(window)
    assert page.bands.currentText() == "No bands"
    page.bands.setFocus()
    qtbot.keyClick(page.bands, Qt.Key.Key_Down)
    assert window.session is not None
    chosen = bands.site_bands(window.session.library)
    assert chosen is not None
    assert page.bands.currentText() == chosen.source
    page.entered()
    assert page.bands.currentText() == chosen.source


def test_a_window_that_only_reads_offers_no_switch_and_says_why(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    with Library.open(library_folder):
        page = settings_page(open_window(library_folder))
        qtbot.mouseClick(page.lock, Qt.MouseButton.LeftButton)
    assert not page.lock.isEnabled()
    assert load_settings().first_read_lock
    assert any("open for reading only" in label.text() for label in page.findChildren(QLabel) if label.isVisible())


def test_a_lock_switched_by_hand_is_on_record_once_the_library_is_opened(
    open_window: Opened, library_folder: Path
) -> None:
    save_settings(Settings(reader="Dr. Eva Roth", first_read_lock=False))
    window = open_window(library_folder)
    assert window.session is not None
    with window.session.library.read() as session:
        (line,) = journal.entries(session, what="setting")
    assert line.who == "Dr. Eva Roth"
    assert line.text.startswith("First-read lock found switched off")


def test_a_shortcut_of_ones_own_acts_at_once_and_is_kept(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    page = settings_page(window)
    choose(page, "Models")
    page.shortcuts.keys.clear()
    qtbot.keyClick(page.shortcuts.keys, Qt.Key.Key_F7)
    qtbot.mouseClick(page.shortcuts.assign, Qt.MouseButton.LeftButton)
    assert load_settings().shortcuts == {"view.models": "F7"}
    qtbot.keyClick(window, Qt.Key.Key_F7)
    assert window.desk is not None
    assert window.desk.index_of(window.stack.currentWidget()) == MODELS
    page = settings_page(window)
    choose(page, "Models")
    qtbot.mouseClick(page.shortcuts.default, Qt.MouseButton.LeftButton)
    assert load_settings().shortcuts == {}
    assert window.book.action("view.models").shortcut().toString() == "Ctrl+5"


def test_keys_that_belong_to_another_action_are_refused_and_it_is_named(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    page = settings_page(window)
    choose(page, "Models")
    page.shortcuts.keys.clear()
    qtbot.keyClick(page.shortcuts.keys, Qt.Key.Key_Z, CTRL)
    assert 'belongs to "Undo"' in page.shortcuts.said.text()
    assert not page.shortcuts.assign.isEnabled()


def test_settings_that_cannot_be_kept_are_said_and_stay(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    from pfm_desktop.support.paths import settings_file

    window = open_window(library_folder)
    page = settings_page(window)
    settings_file().unlink(missing_ok=True)
    settings_file().mkdir(parents=True)  # a folder in its place cannot be replaced
    qtbot.keyClick(page.lock, Qt.Key.Key_Space)
    assert "could not write" in window.messages.text.lower()
    assert page.lock.isChecked()
    assert window.settings.first_read_lock


def test_tab_goes_through_the_settings_as_they_are_read(open_window: Opened, library_folder: Path) -> None:
    page = settings_page(open_window(library_folder))
    chain: list[QWidget] = []
    widget = page.reader.nextInFocusChain()
    while widget is not page.reader:
        if (
            page.isAncestorOf(widget)
            and widget.isVisible()
            and widget.isEnabled()
            and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        ):
            chain.append(widget)
        widget = widget.nextInFocusChain()
    heights = [widget.mapTo(page, QPoint(0, 0)).y() for widget in chain if not page.shortcuts.isAncestorOf(widget)]
    assert heights == sorted(heights)
    assert len(heights) == 18
    assert chain[-4] is page.shortcuts.table or chain[-5] is page.shortcuts.table


def test_a_model_that_another_folder_hides_is_not_offered_as_one_that_answers(
    open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = settings_page(open_window(library_folder))
    used = page._session.settings.model
    rows = (
        model_cards.CardRow(used, Path("shipped"), "4", "label", usable=True, hidden="Not used: ..."),
        model_cards.CardRow(used, Path("own"), problem="Cannot be read: damaged."),
    )
    monkeypatch.setattr(model_cards, "card_rows", lambda: rows)
    page.entered()
    assert [page.model.itemText(row) for row in range(page.model.count())] == [f"{used} (cannot answer, see Models)"]


def test_when_readers_see_the_ai_is_chosen_by_keys_beside_the_lock_and_is_in_the_audit_trail(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    page = settings_page(window)
    assert page.ai_shown.currentText() == "Stays hidden from who reads"
    assert page.ai_shown.accessibleName() == "AI answer in Annotate"
    page.ai_shown.setFocus()
    qtbot.keyClick(page.ai_shown, Qt.Key.Key_Down)
    assert load_settings().ai_shown == "after"
    qtbot.keyClick(page.ai_shown, Qt.Key.Key_Down)
    assert load_settings().ai_shown == "before"
    assert window.session is not None
    with window.session.library.read() as session:
        lines = journal.entries(session, what="setting", key="ai_shown")
    assert [line.new for line in lines] == [{"ai_shown": "after"}, {"ai_shown": "before"}]
    assert load_settings().first_read_lock


def test_a_window_that_only_reads_cannot_let_readers_see_the_ai(open_window: Opened, library_folder: Path) -> None:
    with Library.open(library_folder):
        page = settings_page(open_window(library_folder))
    assert not page.ai_shown.isEnabled()


def test_a_choice_of_the_ai_that_cannot_go_on_record_is_said_and_stays(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pfm_desktop.support.errors import StorageError

    window = open_window(library_folder)
    page = settings_page(window)
    assert window.session is not None

    def full(*_args: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(window.session.library, "record_event", full)
    page.ai_shown.setFocus()
    qtbot.keyClick(page.ai_shown, Qt.Key.Key_End)
    assert page.ai_shown.currentData() == "hidden"
    assert load_settings().ai_shown == "hidden"
    assert "disk is full" in window.messages.text


FIND = "Find a visit"


def said_of(page: SettingsPage, keys: str) -> str:
    """What the editor says of keys (portable text) for the command that is chosen."""
    page.shortcuts.keys.setKeySequence(QKeySequence.fromString(keys, QKeySequence.SequenceFormat.PortableText))
    return page.shortcuts.said.text()


@pytest.mark.parametrize(
    "keys", ["Shift+Up", "Ctrl+Left", ",", "Del", "D", "?", "Space", "Tab", "Ctrl+Home", "Ctrl+A", "Alt+Down", "Esc"]
)
def test_keys_that_fields_and_lists_need_are_not_given_to_what_acts_on_every_page(
    open_window: Opened, library_folder: Path, keys: str
) -> None:
    page = settings_page(open_window(library_folder))
    choose(page, FIND)
    assert "needed in text fields and lists" in said_of(page, keys)
    assert not page.shortcuts.assign.isEnabled()
    said_of(page, "Ctrl+Alt+J")
    assert page.shortcuts.said.text().endswith("is free.")
    assert page.shortcuts.assign.isEnabled()


def test_the_letters_of_menus_are_no_keys_of_commands(open_window: Opened, library_folder: Path) -> None:
    page = settings_page(open_window(library_folder))
    choose(page, FIND)
    for keys, menu in (("Alt+F", "File"), ("Alt+H", "Help"), ("Alt+O", "Histology")):
        assert f'"Menu {menu}"' in said_of(page, keys)
        assert not page.shortcuts.assign.isEnabled()
    choose(page, "Open visit")
    assert '"Menu File"' in said_of(page, "Alt+F"), "also where the menu is beside the page's own commands"


def test_a_field_lets_keys_that_came_with_a_command_be(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    page = settings_page(window)
    choose(page, "Keys of this page")
    assert said_of(page, "?") == ""
    assert window.book.conflict("help.shortcuts", "?") == ""


def test_what_the_pictures_of_review_take_by_themselves_is_said_with_the_page(
    open_real_window: Opened, library_folder: Path
) -> None:
    page = settings_page(open_real_window(library_folder))
    choose(page, FIND)
    assert said_of(page, "Alt+Left") == (
        'Alt+Left always means "Move the chosen pin" on the page Review. Choose other keys.'
    )
    choose(page, "Zoom in")
    assert said_of(page, "Shift+Up") == 'Shift+Up always means "Move the cursor" there. Choose other keys.'
    choose(page, FIND)
    assert 'belongs to "Compare with an earlier visit' in said_of(page, "F7")


def test_keys_of_pages_that_nobody_opened_yet_are_taken_once_keys_are_chosen(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    page = settings_page(open_window(library_folder))
    choose(page, FIND)
    said_of(page, "Ctrl+P")
    assert "is free" in page.shortcuts.said.text()
    page.shortcuts.keys.setFocus()
    qtbot.waitUntil(lambda: 'belongs to "Pause the run' in page.shortcuts.said.text(), timeout=10_000)
    assert "Fine-tune" in [page.shortcuts.table.item(row, 1).text() for row in range(page.shortcuts.table.rowCount())]
    qtbot.waitUntil(lambda: 'belongs to "Contents' in said_of(page, "Alt+Home"), timeout=10_000)
