"""Backups and checks from Settings: where they go, what is said of them, and that they can be stopped."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.people import Role
from pfm_desktop.gui.main_window import SETTINGS, MainWindow
from pfm_desktop.gui.widgets.upkeep_section import UpkeepSection
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.services import accounts, backup, backup_folder
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import load_settings
from pfm_desktop.viewmodels import upkeep as model

from .conftest import PAGES, Opened, enter

pytestmark = pytest.mark.slow


def section(qtbot: QtBot, window: MainWindow) -> UpkeepSection:
    window.show_page(SETTINGS)
    found = window.stack.currentWidget().upkeep  # type: ignore[union-attr]
    assert isinstance(found, UpkeepSection)
    settled(qtbot, found)
    return found


def settled(qtbot: QtBot, found: UpkeepSection) -> None:
    qtbot.waitUntil(lambda: found.idle, timeout=20_000)


def choose(qtbot: QtBot, found: UpkeepSection, folder: Path) -> None:
    """Press the button, and choose a folder in the dialog that opens."""
    enter(qtbot, found.elsewhere)
    dialog = found.findChild(QFileDialog, "backup_to")
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(folder))
    dialog.close()
    settled(qtbot, found)


def test_a_folder_is_chosen_once_and_the_next_backup_is_one_press(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    found = section(qtbot, window)
    assert found.last.text() == model.NO_BACKUP
    assert not found.now.isVisible()
    (tmp_path / "disk").mkdir()
    choose(qtbot, found, tmp_path / "disk")
    assert found.said.text() == "Backed up: 3 pictures, 3 files new."
    assert found.last.text().startswith("Last backup: ")
    assert str(tmp_path / "disk") in found.last.text()
    assert found.window().focusWidget() is found.now
    enter(qtbot, found.now)
    settled(qtbot, found)
    assert found.said.text() == "Backed up: 3 pictures, 0 files new."
    assert len(backup_folder.snapshots(tmp_path / "disk")) == 2
    assert window.session is not None
    assert load_settings().backups == {window.session.library.id: str(tmp_path / "disk")}
    restored = backup.restore(SilentContext(), tmp_path / "disk", tmp_path / "back")
    assert restored.problems == ()


def test_a_disk_with_other_files_gets_a_folder_of_its_own(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "letter.txt").write_text("hers")
    found = section(qtbot, open_window(library_folder))
    choose(qtbot, found, tmp_path / "stick")
    assert [one.stem for one in backup_folder.snapshots(tmp_path / "stick" / "Backups of clinic")]
    choose(qtbot, found, tmp_path / "stick" / "Backups of clinic")  # chosen again, it is the same
    assert len(backup_folder.snapshots(tmp_path / "stick" / "Backups of clinic")) == 2
    assert (tmp_path / "stick" / "letter.txt").read_text() == "hers"


def test_a_place_that_is_none_is_refused_with_a_way_out(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    found = section(qtbot, open_window(library_folder))
    choose(qtbot, found, library_folder / "pictures")
    assert "lies within one" in found.wrong.text()
    assert "another disk" in found.wrong.text()
    assert found.said.isHidden()


def test_a_disk_that_is_not_connected_is_told_before_it_is_asked_for(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    found = section(qtbot, window)
    choose(qtbot, found, tmp_path / "disk")
    (tmp_path / "disk").rename(tmp_path / "in a drawer")
    window.show_page(0)
    found = section(qtbot, window)
    assert "may not be connected" in found.last.text()


def test_a_backup_is_stopped_by_a_key_and_the_ones_before_stay(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def endless(ctx: Context, _lib: Library, _folder: str) -> Any:
        while True:
            ctx.progress(1, 2, "Backing up")
            begun.wait(0.01)

    window = open_window(library_folder)
    found = section(qtbot, window)
    choose(qtbot, found, tmp_path / "disk")
    monkeypatch.setattr(model, "back_up", endless)
    enter(qtbot, found.now)
    qtbot.waitUntil(lambda: "50 %" in found.said.text(), timeout=10_000)
    assert not found.check.isEnabled()
    assert found.window().focusWidget() is found.stop
    assert [row.title for row in window.jobs.rows] == [model.BACKING_UP]
    enter(qtbot, found.stop)
    settled(qtbot, found)
    assert found.said.text() == model.STOPPED
    assert found.window().focusWidget() is found.now
    assert found.stop.isHidden()
    assert len(backup_folder.snapshots(tmp_path / "disk")) == 1


def test_a_check_says_what_is_wrong_and_changes_nothing(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    found = section(qtbot, open_window(library_folder))
    qtbot.mouseClick(found.check, Qt.MouseButton.LeftButton)
    settled(qtbot, found)
    assert found.said.text() == "3 pictures checked, the records and the audit trail: nothing wrong."
    assert not found.problems.isVisible()
    altered = next(path for path in (library_folder / "pictures").rglob("*") if path.is_file())
    altered.chmod(0o600)
    altered.write_bytes(b"something else")
    qtbot.mouseClick(found.check, Qt.MouseButton.LeftButton)
    settled(qtbot, found)
    assert "1 problem" in found.wrong.text()
    assert altered.name[:12] in found.problems.toPlainText()
    assert altered.read_bytes() == b"something else"


def test_who_may_not_keep_the_library_is_told_who_does(qtbot: QtBot, open_window: Opened, tmp_path: Path) -> None:
    lib, _ = accounts.make_library(tmp_path / "sealed", "Dr. Test", "five small brown hens")
    accounts.add(lib, "Reader", {Role.ANNOTATOR}, "five small brown hens")
    lib.close()
    window = open_window(tmp_path / "sealed", ready=False)
    page = window.entrance.signing_in
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    page.name.setText("Reader")
    page.password.setText("five small brown hens")
    qtbot.keyClick(page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.desk is not None and len(window.desk.made) == PAGES, timeout=20_000)
    found = section(qtbot, window)
    assert found.last.text() == model.NOT_YOURS
    assert not any(part.isVisible() for part in found.in_order())
