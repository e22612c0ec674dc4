"""Encrypted libraries in the window, by real keys: making one, its recovery key, signing in, locking, signing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.people import Role
from pfm_desktop.gui.main_window import SETTINGS, MainWindow
from pfm_desktop.gui.pages.settings import SettingsPage
from pfm_desktop.gui.widgets.people_panel import PersonCard
from pfm_desktop.gui.widgets.secret_field import SecretField
from pfm_desktop.jobs import Context, wait_for_threads
from pfm_desktop.services import accounts, backup, cases
from pfm_desktop.storage import attempts, journal, keys
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import KEYS
from pfm_desktop.viewmodels.opening import Way
from pfm_desktop.viewmodels.people import ROLE_WORDS

from .conftest import Opened

pytestmark = pytest.mark.slow

NAME, PASSWORD = "Dr. Ada Weiss", "four words that differ"
WRONG = "quite another sentence"


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """A closed encrypted library with a woman in it."""
    with accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)[0] as lib:
        patient = cases.add_patient(lib, identifier="K-17", family_name="Adler", given_name="Anna")
        cases.add_visit(lib, patient.id, indication="HSIL")
        accounts.add(lib, "Reader", {Role.ANNOTATOR}, PASSWORD)
    return tmp_path / "clinic"


def enter(qtbot: QtBot, field: QWidget, text: str) -> None:
    field.setFocus()
    qtbot.keyClicks(field, text)


def sign_in(qtbot: QtBot, window: MainWindow, password: str = PASSWORD, name: str = NAME) -> None:
    page = window.entrance.signing_in
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    page.name.clear()
    enter(qtbot, page.name, name)
    enter(qtbot, page.password, password)
    qtbot.keyClick(page.password, Qt.Key.Key_Return)


def inside(qtbot: QtBot, window: MainWindow, name: str = NAME) -> MainWindow:
    sign_in(qtbot, window, name=name)
    qtbot.waitUntil(lambda: window.desk is not None, timeout=10_000)
    return window


def said(window: MainWindow) -> list[str]:
    assert window.session is not None
    with window.session.library.read() as session:
        return [line.text for line in journal.entries(session)]


def test_an_encrypted_library_asks_who_it_is_and_opens_for_the_right_password(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = open_window(clinic, ready=False)
    inside(qtbot, window)
    assert window.session is not None
    assert window.session.today()[0].patient.family_name == "Adler"
    assert window.patient.who.text() == f"Signed in: {NAME}"
    assert not window.patient.open_to_all.isVisible()


def test_a_wrong_password_opens_nothing_and_the_field_is_ready_for_the_next(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = open_window(clinic, ready=False)
    sign_in(qtbot, window, WRONG)
    page = window.entrance.signing_in
    qtbot.waitUntil(page.said.isVisible, timeout=10_000)
    assert "name or the password is wrong" in page.said.text()
    assert page.password.hasFocus()
    assert page.password.text() == ""
    assert window.desk is None
    enter(qtbot, page.password, PASSWORD)
    qtbot.keyClick(page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.desk is not None, timeout=10_000)
    assert any("Wrong name or password" in line for line in said(window))


def test_after_many_wrong_passwords_the_button_counts_the_seconds(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    for _ in range(attempts.FREE + 5):
        attempts.failed(clinic, "Wrong password", keys.account_called(clinic, NAME))
    window = open_window(clinic, ready=False)
    sign_in(qtbot, window)
    page = window.entrance.signing_in
    qtbot.waitUntil(lambda: page.go.text().startswith("Wait"), timeout=10_000)
    assert not page.go.isEnabled()
    enter(qtbot, page.password, PASSWORD)
    qtbot.keyClick(page.password, Qt.Key.Key_Return)
    assert window.desk is None


def test_no_password_is_seen_unless_asked_for(qtbot: QtBot, open_window: Opened, clinic: Path) -> None:
    window = open_window(clinic, ready=False)
    page = window.entrance.signing_in
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    enter(qtbot, page.password, "secret words")
    assert page.password.displayText() != "secret words"
    qtbot.mouseClick(page.seen, Qt.MouseButton.LeftButton, pos=page.seen.rect().center())
    page.seen.setChecked(True)
    assert page.password.displayText() == "secret words"


def test_making_an_encrypted_library_shows_its_recovery_key_once(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    before = window.desk
    window._create_chosen(str(tmp_path / "mine"))
    making, recovery = window.entrance.making, window.entrance.recovery
    assert making.encrypted.isChecked()
    enter(qtbot, making.name, NAME)
    enter(qtbot, making.password, PASSWORD)
    enter(qtbot, making.again, PASSWORD)
    qtbot.keyClick(making.again, Qt.Key.Key_Return)
    qtbot.waitUntil(recovery.isVisible, timeout=10_000)
    key = recovery.key.text().replace("\n", "-")
    assert len(key.split("-")) == 9
    assert window.desk is before, "not before it was kept"
    assert not recovery.go.isEnabled()
    recovery.save_to(str(tmp_path / "key.pdf"))
    assert (tmp_path / "key.pdf").read_bytes().startswith(b"%PDF")
    recovery.kept.setChecked(True)
    qtbot.mouseClick(recovery.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk is not before, timeout=10_000)
    assert recovery.key.text() == ""
    assert window.patient.who.text() == f"Signed in: {NAME}"
    assert (tmp_path / "mine" / KEYS).exists()
    window.close()
    accounts.recover(tmp_path / "mine", key, NAME, WRONG).close()


@pytest.mark.parametrize(
    ("password", "again", "said_then"),
    [("short", "short", "fewer than"), (PASSWORD, WRONG, "differ"), ("Password123", "Password123", "tried first")],
)
def test_a_weak_or_mistyped_password_makes_nothing(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path, password: str, again: str, said_then: str
) -> None:
    window = open_window(library_folder)
    window._create_chosen(str(tmp_path / "mine"))
    making = window.entrance.making
    enter(qtbot, making.name, NAME)
    enter(qtbot, making.password, password)
    enter(qtbot, making.again, again)
    qtbot.keyClick(making.again, Qt.Key.Key_Return)
    assert said_then in making.said.text()
    assert not (tmp_path / "mine").exists()
    qtbot.keyClick(making, Qt.Key.Key_Escape)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.today


def test_the_recovery_key_lets_in_who_forgot_the_password(qtbot: QtBot, open_window: Opened, tmp_path: Path) -> None:
    lib, key = accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)
    lib.close()
    window = open_window(tmp_path / "clinic", ready=False)
    page = window.entrance.signing_in
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    qtbot.mouseClick(page.forgot, Qt.MouseButton.LeftButton)
    assert page.way is Way.RECOVER
    assert page.key.hasFocus()
    enter(qtbot, page.key, key.lower())
    enter(qtbot, page.name, NAME)
    enter(qtbot, page.password, WRONG)
    enter(qtbot, page.again, WRONG)
    qtbot.keyClick(page.again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.desk is not None, timeout=10_000)
    assert page.key.text() == "" or not page.isVisible()


def test_a_key_locks_the_window_and_nothing_is_seen_until_the_password_is_given(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    assert window.desk is not None
    window.activateWindow()
    half_typed = SecretField("To sign", window.desk.today)
    half_typed.setText(PASSWORD)
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    lock = window.lock
    qtbot.waitUntil(lambda: lock.locked)
    assert half_typed.text() == "", "who unlocks and walks away leaves no signature one click away"
    assert not window.patient.isVisible()
    assert not window.desk.today.isVisible()
    assert not window.menuBar().isVisible()
    assert not any(window.book.action(id_).isEnabled() for id_ in ("view.settings", "edit.find", "file.open_library"))
    enter(qtbot, lock.page.password, WRONG)
    qtbot.keyClick(lock.page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lock.page.said.isVisible, timeout=10_000)
    assert lock.locked
    enter(qtbot, lock.page.password, PASSWORD)
    qtbot.keyClick(lock.page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not lock.locked, timeout=10_000)
    assert window.desk.today.isVisible()
    assert window.book.action("view.settings").isEnabled()
    assert [line for line in said(window) if "unlock" in line]


def test_an_idle_window_locks_itself_with_its_dialogs_and_a_key_press_postpones_it(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    dialog = QDialog(window)
    dialog.show()
    timer = window.lock._idle
    assert timer.isActive()
    assert timer.interval() == 10 * 60_000
    timer.setInterval(0)
    timer.start()
    qtbot.waitUntil(lambda: window.lock.locked)
    timer.setInterval(60_000)
    assert not dialog.isVisible()
    enter(qtbot, window.lock.page.password, PASSWORD)
    qtbot.keyClick(window.lock.page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.lock.locked, timeout=10_000)
    assert dialog.isVisible()
    dialog.close()
    timer.stop()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Shift)
    assert timer.isActive(), "who works is not locked out"
    timer.stop()
    QTest.keyRelease(window.windowHandle(), Qt.Key.Key_W)  # all that comes here of a key that is a command
    assert timer.isActive(), "who examines by keys is not locked out either"


def test_somebody_else_may_sign_in_at_a_locked_window(qtbot: QtBot, open_window: Opened, clinic: Path) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    window.lock_now()
    qtbot.mouseClick(window.lock.page.leave, Qt.MouseButton.LeftButton)
    assert window.desk is None
    assert not window.lock.locked
    inside(qtbot, window, name="Reader")
    assert window.patient.who.text() == "Signed in: Reader"


def test_who_labels_sees_no_name_in_the_window_and_is_told_why_nothing_can_be_changed(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False), name="Reader")
    assert window.session is not None
    (row,) = window.session.today()
    assert "Adler" not in repr(row)
    window.open_visit(row.visit.id)
    assert "Adler" not in window.patient.name.text() + window.patient.facts.text()
    assert "annotator" in window.patient.reading.text()
    assert "reads for labels are written, nothing else can be changed" in window.patient.reading.text()
    assert "Read only" not in window.patient.reading.text()
    assert not window.session.library.read_only


def test_a_library_that_is_not_encrypted_says_so_and_locks_nothing(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.patient.open_to_all.isVisible()
    assert not window.book.action("file.lock").isEnabled()
    window.lock_now()
    assert not window.lock.locked


def test_people_are_added_and_switched_off_in_settings(qtbot: QtBot, open_window: Opened, clinic: Path) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    window.show_page(SETTINGS)
    assert window.desk is not None
    panel = window.desk.page(SETTINGS).people  # type: ignore[attr-defined]
    assert panel.people.rowCount() == 2
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    card = panel.card
    enter(qtbot, card.name, "Dr. Second")
    enter(qtbot, card.old, PASSWORD)
    enter(qtbot, card.new, WRONG)
    enter(qtbot, card.again, WRONG)
    qtbot.keyClick(card.again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.people.rowCount() == 3, timeout=10_000)
    assert "may sign in now" in panel.said.text()
    panel.people.setCurrentCell(2, 0)
    qtbot.mouseClick(panel.edit, Qt.MouseButton.LeftButton)
    card.active.setChecked(False)
    enter(qtbot, card.old, PASSWORD)
    qtbot.mouseClick(card.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.people.item(2, 2).text() == "switched off", timeout=10_000)


def test_the_last_administrator_stays_whatever_is_clicked(qtbot: QtBot, open_window: Opened, clinic: Path) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    window.show_page(SETTINGS)
    assert window.desk is not None
    panel = window.desk.page(SETTINGS).people  # type: ignore[attr-defined]
    panel.people.setCurrentCell(0, 0)
    qtbot.mouseClick(panel.edit, Qt.MouseButton.LeftButton)
    panel.card.active.setChecked(False)
    enter(qtbot, panel.card.old, PASSWORD)
    qtbot.mouseClick(panel.card.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.wrong.isVisible, timeout=10_000)
    assert "last administrator" in panel.wrong.text()
    assert all(one.active for one in accounts.everybody(window.session.library))  # type: ignore[union-attr]


def own_card(qtbot: QtBot, window: MainWindow) -> PersonCard:
    """The form by which who is signed in changes her own account, in a library with a second administrator."""
    assert window.session is not None
    accounts.add(window.session.library, "Zoe Second", {Role.ADMINISTRATOR}, WRONG)
    window.show_page(SETTINGS)
    page = window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    page.people.read()
    people = page.people.people
    own = next(row for row in range(people.rowCount()) if people.item(row, 0).text().startswith(NAME))
    people.setCurrentCell(own, 0)
    qtbot.mouseClick(page.people.edit, Qt.MouseButton.LeftButton)
    enter(qtbot, page.people.card.old, PASSWORD)
    return page.people.card


def test_who_switches_the_own_account_off_sees_nothing_any_more(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    card = own_card(qtbot, window)
    card.active.setChecked(False)
    qtbot.mouseClick(card.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.lock.locked, timeout=10_000)
    enter(qtbot, window.lock.page.password, PASSWORD)
    qtbot.keyClick(window.lock.page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(window.lock.page.said.isVisible, timeout=10_000)
    assert window.lock.locked


def test_who_takes_the_own_right_to_names_away_is_signed_out(qtbot: QtBot, open_window: Opened, clinic: Path) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    card = own_card(qtbot, window)
    for box in card.findChildren(QCheckBox):
        box.setChecked(box is card.active or box.text() == ROLE_WORDS[Role.ANNOTATOR])
    assert card.roles == {Role.ANNOTATOR}
    qtbot.mouseClick(card.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.desk is None, timeout=10_000)
    assert not window.lock.locked
    assert window.stack.currentWidget() is window.entrance
    assert "is signed out" in window.messages.text


def test_a_recovery_key_that_nobody_kept_yet_cannot_be_left(qtbot: QtBot, open_window: Opened, clinic: Path) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    window.entrance.show_recovery("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH-JJJJ", str(clinic))
    for key in (Qt.Key.Key_1, Qt.Key.Key_4):
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    assert window.entrance.recovery.isVisible()
    assert "first" in window.messages.text
    window.entrance.recovery.kept.setChecked(True)
    qtbot.mouseClick(window.entrance.recovery.go, Qt.MouseButton.LeftButton)
    assert window.desk is not None
    assert window.desk.today.isVisible()


def test_the_key_locks_from_within_a_dialog_and_open_menus_close(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    dialog = QDialog(window)
    dialog.open()
    qtbot.waitExposed(dialog)
    handle = dialog.windowHandle()
    window.lock._watch_dialog(handle)  # as when it gets the focus, which no window has without a screen
    QTest.keyClick(handle, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert window.lock.locked
    assert not dialog.isVisible()
    dialog.close()


def test_an_account_that_is_switched_off_elsewhere_is_not_let_back_in(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    with accounts.sign_in(clinic, NAME, PASSWORD) as writing:
        window = inside(qtbot, open_window(clinic, ready=False), name="Reader")
        assert window.session is not None
        assert window.session.library.read_only
        (reader,) = [one for one in accounts.everybody(writing) if one.name == "Reader"]
        accounts.change(writing, reader, active=False)
        window.lock_now()
        enter(qtbot, window.lock.page.password, PASSWORD)
        qtbot.keyClick(window.lock.page.password, Qt.Key.Key_Return)
        qtbot.waitUntil(window.lock.page.said.isVisible, timeout=10_000)
        assert "switched off" in window.lock.page.said.text()
        assert window.lock.locked


def test_roles_and_password_are_changed_in_one_go(qtbot: QtBot, open_window: Opened, clinic: Path) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    window.show_page(SETTINGS)
    assert window.desk is not None
    panel = window.desk.page(SETTINGS).people  # type: ignore[attr-defined]
    panel.people.setCurrentCell(1, 0)
    qtbot.mouseClick(panel.edit, Qt.MouseButton.LeftButton)
    panel.card.active.setChecked(False)
    enter(qtbot, panel.card.old, PASSWORD)
    enter(qtbot, panel.card.new, WRONG)
    enter(qtbot, panel.card.again, WRONG)
    qtbot.keyClick(panel.card.again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.people.item(1, 2).text() == "switched off", timeout=10_000)
    assert "new password" in panel.said.text()
    assert keys.unlock(clinic, "Reader", WRONG)


def test_at_a_window_that_was_left_open_nobody_changes_the_accounts(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    window.show_page(SETTINGS)
    assert window.desk is not None
    assert window.session is not None
    panel = window.desk.page(SETTINGS).people  # type: ignore[attr-defined]
    panel.people.setCurrentCell(1, 0)
    qtbot.mouseClick(panel.edit, Qt.MouseButton.LeftButton)
    enter(qtbot, panel.card.old, WRONG)
    enter(qtbot, panel.card.new, "three green parrots")
    enter(qtbot, panel.card.again, "three green parrots")
    qtbot.keyClick(panel.card.again, Qt.Key.Key_Return)
    qtbot.waitUntil(panel.wrong.isVisible, timeout=10_000)
    assert "password" in panel.wrong.text()
    qtbot.keyClick(panel.card.new, Qt.Key.Key_Escape)
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    enter(qtbot, panel.card.name, "Somebody")
    enter(qtbot, panel.card.new, "three green parrots")
    enter(qtbot, panel.card.again, "three green parrots")
    qtbot.keyClick(panel.card.again, Qt.Key.Key_Return)
    qtbot.waitUntil(panel.wrong.isVisible, timeout=10_000)
    assert len(accounts.everybody(window.session.library)) == 2
    assert keys.unlock(clinic, "Reader", PASSWORD)


def test_leaving_while_the_recovery_key_is_shown_gives_the_library_back(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    window.door.create(str(tmp_path / "mine"), NAME, PASSWORD)
    qtbot.waitUntil(window.entrance.recovery.isVisible, timeout=10_000)
    window.close()
    assert window.isVisible(), "the key would be lost"
    assert any("Print the recovery key" in text for _, text in window.messages.held)
    window.close()
    assert not window.isVisible()
    with accounts.sign_in(tmp_path / "mine", NAME, PASSWORD) as lib:
        assert not lib.read_only
        assert "nobody said that it is kept" in lib.notice
        accounts.recovery_key_kept(lib)
    with accounts.sign_in(tmp_path / "mine", NAME, PASSWORD) as lib:
        assert not lib.notice
    assert isinstance(lib, Library)


def test_who_read_along_goes_on_with_the_right_to_write_without_the_password(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    other = accounts.sign_in(clinic, NAME, PASSWORD)
    window = inside(qtbot, open_window(clinic, ready=False))
    assert window.session is not None
    before = window.session
    assert before.library.read_only
    other.close()
    window._watch.timeout.emit()
    qtbot.waitUntil(window.patient.again.isVisible, timeout=10_000)
    qtbot.mouseClick(window.patient.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session is not None and window.session is not before, timeout=10_000)
    assert window.session.library.account == before.library.account
    assert window.patient.who.text() == f"Signed in: {NAME}"
    assert not window.session.library.read_only
    assert any(line.startswith("Went on, now with the right to write") for line in said(window))


def waiting(stop: threading.Event) -> Callable[[Context], None]:
    """A job that goes on until `stop`, or until it is told to."""

    def job(ctx: Context) -> None:
        while not stop.wait(0.01):
            ctx.check()

    return job


def test_somebody_else_stops_no_backup_unasked(
    qtbot: QtBot, open_window: Opened, clinic: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun, never = threading.Event(), threading.Event()

    def slow(ctx: Context, _lib: Library, _folder: Path) -> None:
        begun.set()
        waiting(never)(ctx)

    monkeypatch.setattr(backup, "back_up", slow)
    window = inside(qtbot, open_window(clinic, ready=False))
    window.show_page(SETTINGS)
    page = window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    page.upkeep.use_folder(str(tmp_path / "backups"))
    assert begun.wait(10)
    window.lock_now()
    qtbot.mouseClick(window.lock.page.leave, Qt.MouseButton.LeftButton)
    assert window.desk is not None
    assert window.lock.locked
    assert (
        'Backing up is not done, and would be stopped. Press "Somebody else..." once more'
        in window.lock.page.said.text()
    )
    qtbot.mouseClick(window.lock.page.leave, Qt.MouseButton.LeftButton)
    assert window.desk is None
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=10_000)


def test_a_library_that_opens_behind_the_lock_is_hers_who_opened_it(
    qtbot: QtBot, open_window: Opened, clinic: Path, tmp_path: Path
) -> None:
    accounts.make_library(tmp_path / "second", "Bea Roth", WRONG)[0].close()
    window = inside(qtbot, open_window(clinic, ready=False))
    window.open_library(str(tmp_path / "second"))
    sign_in(qtbot, window, WRONG, name="Bea Roth")
    window.lock_now()
    assert window.lock.page.name.text() == NAME
    qtbot.waitUntil(lambda: window.session is not None and window.session.library.path.name == "second", timeout=10_000)
    assert window.lock.locked
    assert window.lock.page.name.text() == "Bea Roth"
    enter(qtbot, window.lock.page.password, WRONG)
    qtbot.keyClick(window.lock.page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.lock.locked, timeout=10_000)
    assert window.desk is not None
    assert window.desk.today.isVisible()


def test_what_was_done_last_goes_with_who_signs_out(qtbot: QtBot, open_window: Opened, clinic: Path) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    for lock in (False, True):
        window.strip.note("Visit moved from K-40 to K-42: is Bukola O. Undo takes it back.")
        if lock:
            window.lock_now()
            qtbot.mouseClick(window.lock.page.leave, Qt.MouseButton.LeftButton)
        else:
            window.book.action("file.sign_out").trigger()
        assert window.desk is None
        texts = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
        assert not any("K-4" in text or "Bukola" in text for text in texts)
        inside(qtbot, window)


def test_each_work_is_asked_about_and_each_thing_that_would_stop_it(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    sign_out = window.book.action("file.sign_out")
    for _ in range(2):
        done = threading.Event()
        window.jobs.start(waiting(done), title="Backing up", done=lambda _made: None, missed=True)
        sign_out.trigger()
        assert window.desk is not None, "asked about the second one too"
        window.desk.demo_wanted.emit()
        assert "Open the demo library once more" in window.messages.text
        sign_out.trigger()
        assert window.desk is not None, "it was something else that was asked about last"
        done.set()
        qtbot.waitUntil(lambda: not window.jobs.busy, timeout=10_000)


def test_who_loses_the_right_to_names_is_shut_out_also_while_work_runs(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    window.jobs.start(waiting(threading.Event()), title="Backing up", done=lambda _made: None, missed=True)
    card = own_card(qtbot, window)
    for box in card.findChildren(QCheckBox):
        box.setChecked(box is card.active or box.text() == ROLE_WORDS[Role.ANNOTATOR])
    qtbot.mouseClick(card.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.desk is None, timeout=10_000)
    assert window.stack.currentWidget() is window.entrance
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=10_000)


def test_a_password_of_the_library_before_unlocks_no_other(
    qtbot: QtBot, open_window: Opened, clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is being checked while the other one opens behind the lock."""
    begun, go_on = threading.Event(), threading.Event()

    def checked(*_args: object) -> None:
        begun.set()
        go_on.wait(10)

    window = inside(qtbot, open_window(clinic, ready=False))
    window.lock_now()
    monkeypatch.setattr("pfm_desktop.viewmodels.opening.unlock", checked)
    enter(qtbot, window.lock.page.password, PASSWORD)
    qtbot.keyClick(window.lock.page.password, Qt.Key.Key_Return)
    assert begun.wait(10)
    with accounts.make_library(tmp_path / "second", "Bea Roth", WRONG)[0] as second:
        window.lock.guard(second, 10)
        go_on.set()
        assert wait_for_threads(10)
        QApplication.processEvents()  # the answer, if anybody still heard it
        assert window.lock.locked
        assert window.lock.page.name.text() == "Bea Roth"
        assert window.session is not None
        window.lock.guard(window.session.library, 10)


def test_who_signs_out_at_once_hears_nothing_of_a_closed_library(
    qtbot: QtBot, open_window: Opened, clinic: Path
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    desk = window.desk
    assert desk is not None
    window.book.action("file.sign_out").trigger()
    desk.make_ready()  # as its timer does, before Qt has deleted it
    assert window.messages.text == f"{NAME} is signed out."
