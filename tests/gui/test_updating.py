"""Help, Install an update: chosen, checked, shown, installed, stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.main_window import MainWindow
from pfm_desktop.gui.updating import UpdateDialog
from pfm_desktop.services.updating import installed as place
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.update_file import Kind
from tests.publishing import Publisher, program_in, publisher_in

from .conftest import Opened, enter

pytestmark = pytest.mark.slow


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return publisher_in(tmp_path)


@pytest.fixture
def here(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """The program that runs is that one, and trusts the publisher."""
    program, root = program_in(tmp_path), tmp_path / "root.json"
    root.write_bytes(publisher.root)
    monkeypatch.setattr(place, "update_root_file", lambda: root)
    monkeypatch.setattr(place, "installed", lambda: program)
    return program


def chosen(qtbot: QtBot, window: MainWindow, file: Path) -> UpdateDialog:
    """The dialog once the file was looked at."""
    window.book.action("help.update").trigger()
    asked = window.findChild(QFileDialog, "update_file")
    assert isinstance(asked, QFileDialog)
    asked.fileSelected.emit(str(file))
    asked.close()
    dialog = window.findChildren(UpdateDialog)[-1]
    settled(qtbot, dialog)
    return dialog


def settled(qtbot: QtBot, dialog: UpdateDialog) -> None:
    qtbot.waitUntil(lambda: dialog.leave.text() != "Stop", timeout=20_000)


def test_an_update_is_shown_before_it_is_installed_and_says_what_to_do_then(
    qtbot: QtBot, open_window: Opened, library_folder: Path, here: Installed, publisher: Publisher
) -> None:
    window = open_window(library_folder)
    dialog = chosen(qtbot, window, publisher.file("0.2.0", library=99))
    said = dialog.said.text()
    assert "Version 0.2.0" in said
    assert "Signed by A clinic's maker (key " in said
    assert f"Installed now: 0.1.0, in {here.folder}" in said
    assert "brings a library from version 12 to 99" in said
    assert "Other libraries are not backed up by this." in said
    assert not here.link.exists()
    assert dialog.leave.hasFocus()  # Enter installs nothing
    enter(qtbot, dialog.now)
    settled(qtbot, dialog)
    assert "Version 0.2.0 is installed, and the library is backed up" in dialog.said.text()
    assert str(here.link / "pfm-desktop") in dialog.said.text()
    assert (library_folder.with_name(f"Backups of {library_folder.name}") / "snapshots").is_dir()
    enter(qtbot, dialog.leave)
    assert not window.jobs.busy


def test_who_has_a_deb_is_told_to_keep_the_installer_that_is_needed_to_go_back(
    qtbot: QtBot, open_window: Opened, library_folder: Path, here: Installed, publisher: Publisher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(place, "installed", lambda: replace(here, kind=Kind.DEB))
    dialog = chosen(qtbot, open_window(library_folder), publisher.file("0.2.0", publisher.installer("0.2.0", Kind.DEB)))
    assert "It stays, to go back to" not in dialog.said.text()
    assert "you need its installer, so keep it: pfm-desktop_0.1.0_amd64.deb" in dialog.said.text()
    dialog.close()


def test_a_build_that_can_check_no_file_says_so_and_asks_for_none(
    open_window: Opened, library_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "update_root_file", lambda: tmp_path / "none.json")
    window = open_window(library_folder)
    window.book.action("help.update").trigger()
    assert window.findChild(QFileDialog) is None
    dialog = window.findChild(UpdateDialog)
    assert isinstance(dialog, UpdateDialog)
    assert dialog.isVisible()
    assert "has no key to check update files with" in dialog.wrong.text()
    assert not dialog.now.isVisible()
    assert dialog.leave.text() == "Close"
    dialog.close()


def test_what_is_wrong_with_a_file_is_said_and_nothing_can_be_installed(
    qtbot: QtBot, open_window: Opened, library_folder: Path, here: Installed, publisher: Publisher
) -> None:
    window = open_window(library_folder)
    file = publisher.file("0.2.0")
    file.write_bytes(file.read_bytes()[:-500])
    dialog = chosen(qtbot, window, file)
    assert "is damaged or no update file" in dialog.wrong.text()
    assert "Nothing was changed." in dialog.wrong.text()
    assert not dialog.now.isVisible()
    dialog.close()
    dialog = chosen(qtbot, window, publisher.file("0.1.0"))
    assert "Version 0.1.0 is installed, and " in dialog.wrong.text()
    dialog.close()
    assert not here.link.exists()
