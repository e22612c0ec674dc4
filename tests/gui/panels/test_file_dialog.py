"""Asking for files and folders."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QToolButton,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from pfm_desktop.gui import theme
from pfm_desktop.gui.widgets.file_dialog import ask_files, ask_folder, ask_where

pytestmark = pytest.mark.slow
SOURCE = Path(__file__).resolve().parents[3] / "pfm_desktop"


@pytest.fixture(params=["dark", "light"])
def look(request: pytest.FixtureRequest, qapp: QApplication, restored_look: None) -> str:
    theme.apply(qapp, request.param)
    return str(request.param)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


def asked(qtbot: QtBot, window: QWidget, name: str) -> QFileDialog:
    dialog = window.findChild(QFileDialog, name)
    assert isinstance(dialog, QFileDialog)
    qtbot.waitUntil(dialog.isVisible)
    return dialog


def read(qtbot: QtBot, dialog: QFileDialog) -> None:
    """Until Qt has read the folder: before, it writes its name into the field."""
    files = dialog.findChild(QTreeView, "treeView")
    assert isinstance(files, QTreeView)
    qtbot.waitUntil(lambda: files.model().rowCount(files.rootIndex()) == 1)


def test_the_buttons_above_the_files_can_be_seen_and_say_what_they_are(
    qtbot: QtBot, window: QWidget, tmp_path: Path, look: str
) -> None:
    ask_files(window, "files", "Choose", print, kind="Pictures (*.png)", folder=str(tmp_path))
    dialog = asked(qtbot, window, "files")
    buttons = [button for button in dialog.findChildren(QToolButton) if button.objectName().endswith("Button")]
    assert len(buttons) == 6
    for button in buttons:
        assert button.toolTip()
        drawn = button.grab().toImage()
        ground = QColor(getattr(theme.theme_of(look), "accent" if button.isChecked() else "raised"))
        if button.isEnabled():
            pixels = [(x, y) for x in range(3, drawn.width() - 3) for y in range(3, drawn.height() - 3)]
            seen = [at for at in pixels if theme.contrast(drawn.pixelColor(*at).name(), ground.name()) >= 4.5]
            sides = [max(side) - min(side) for side in zip(*seen, strict=True)]
            assert min(sides) >= 5, button.objectName()
            assert max(sides) >= 10, button.objectName()
    dialog.close()


def test_every_column_has_the_room_that_it_needs(qtbot: QtBot, window: QWidget, tmp_path: Path) -> None:
    (tmp_path / "a picture.png").write_bytes(b"x" * 100)
    ask_files(window, "files", "Choose", print, kind="Pictures (*.png)", folder=str(tmp_path))
    dialog = asked(qtbot, window, "files")
    files = dialog.findChild(QTreeView, "treeView")
    assert isinstance(files, QTreeView)
    assert files.isVisible()
    read(qtbot, dialog)
    for column in range(1, 4):
        assert files.header().sectionResizeMode(column) is QHeaderView.ResizeMode.ResizeToContents
        qtbot.waitUntil(lambda column=column: files.columnWidth(column) >= files.sizeHintForColumn(column))
    dialog.close()


def test_a_folder_that_is_not_there_yet_can_be_made_where_its_name_is_typed(
    qtbot: QtBot, window: QWidget, tmp_path: Path
) -> None:
    chosen: list[str] = []
    (tmp_path / "there").mkdir()
    ask_folder(window, "folder", "Choose", chosen.append, folder=str(tmp_path))
    dialog = asked(qtbot, window, "folder")
    name, box = dialog.findChild(QLineEdit, "fileNameEdit"), dialog.findChild(QDialogButtonBox, "buttonBox")
    assert isinstance(name, QLineEdit)
    assert isinstance(box, QDialogButtonBox)
    go = box.button(QDialogButtonBox.StandardButton.Open)
    assert isinstance(go, QPushButton)
    usual = go.text()
    read(qtbot, dialog)
    assert name.text() == ""
    qtbot.keyClicks(name, "clinic")
    assert go.isEnabled()
    assert go.text() == "&Make this folder"
    name.clear()
    assert go.text() == usual
    qtbot.keyClicks(name, "clinic")
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    assert (tmp_path / "clinic").is_dir()
    assert not chosen
    assert go.text() == usual
    qtbot.waitUntil(go.isEnabled)
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    assert chosen == [str(tmp_path / "clinic")]


def test_a_folder_that_cannot_be_made_is_said_where_one_pressed(
    qtbot: QtBot, window: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> None:
        raise PermissionError

    chosen: list[str] = []
    (tmp_path / "there").mkdir()
    monkeypatch.setattr(Path, "mkdir", refuse)
    ask_folder(window, "folder", "Choose", chosen.append, folder=str(tmp_path))
    dialog = asked(qtbot, window, "folder")
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    read(qtbot, dialog)
    qtbot.keyClicks(name, "clinic")
    dialog.accept()
    assert dialog.labelText(QFileDialog.DialogLabel.Accept) == "It cannot be made there"
    qtbot.keyClicks(name, " 2")
    assert dialog.labelText(QFileDialog.DialogLabel.Accept) == "&Make this folder"
    assert not chosen
    dialog.close()


def test_the_ending_is_that_of_the_kind_that_is_chosen(qtbot: QtBot, window: QWidget, tmp_path: Path) -> None:
    written: list[str] = []
    kinds = "One (*.avi);;Other (*.mkv)"
    dialog = ask_where(window, "save", "Save", "talk.avi", written.append, kind=kinds, folder=str(tmp_path))
    qtbot.waitUntil(dialog.isVisible)
    dialog.filterSelected.emit("Other (*.mkv)")
    dialog.selectFile("lecture")
    dialog.accept()
    assert written == [str(tmp_path / "lecture.mkv")]


def test_all_ask_in_this_way() -> None:
    others = [path for path in SOURCE.rglob("*.py") if re.search(r"QFileDialog[(.]", path.read_text(encoding="utf-8"))]
    assert [path.name for path in others] == ["file_dialog.py"]


def test_it_offers_the_name_and_does_what_comes_next_with_the_path(
    qtbot: QtBot, window: QWidget, tmp_path: Path
) -> None:
    said: list[tuple[str, str]] = []
    ask_where(
        window,
        "save_it",
        "Save it",
        "it 2026.csv",
        partial(lambda what, path: said.append((what, path)), "it"),
        kind="CSV (*.csv)",
        folder=str(tmp_path),
    )
    dialog = asked(qtbot, window, "save_it")
    assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    assert dialog.defaultSuffix() == "csv"
    assert dialog.directory().absolutePath() == str(tmp_path)
    assert [Path(one).name for one in dialog.selectedFiles()] == ["it 2026.csv"]
    dialog.accept()
    assert said == [("it", str(tmp_path / "it 2026.csv"))]


def test_of_what_kind_a_file_is_says_its_ending_and_none_is_read(qtbot: QtBot, window: QWidget, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_bytes(b"%PDF-1.7")
    ask_files(window, "some", "Pictures", lambda _files: None, kind="All (*)", folder=str(tmp_path))
    dialog = asked(qtbot, window, "some")
    read(qtbot, dialog)
    files = dialog.findChild(QTreeView, "treeView")
    assert isinstance(files, QTreeView)
    kind = files.rootIndex().model().index(0, 2, files.rootIndex())
    qtbot.waitUntil(lambda: kind.data() == "File TXT")
    dialog.close()


@pytest.mark.parametrize("there", [True, False])
def test_it_begins_at_the_documents_or_where_there_are_none_at_home_with_an_empty_field(
    qtbot: QtBot, window: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    home, documents = tmp_path / "home", tmp_path / "home" / "Documents"
    (documents if there else home).mkdir(parents=True)
    of = {QStandardPaths.StandardLocation.DocumentsLocation: documents}
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda place: str(of.get(place, home)))
    ask_folder(window, "place", "Folder", lambda _folder: None)
    dialog = asked(qtbot, window, "place")
    assert Path(dialog.directory().absolutePath()) == (documents if there else home)
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    assert name.text() == ""
    dialog.close()
