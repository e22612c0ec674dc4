"""Bringing in pictures in the window: chosen, looked at, corrected by keys, brought in, told; and stopped."""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QIcon
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Stage
from pfm_desktop.gui import undo as undoing
from pfm_desktop.gui.desk import IMPORT
from pfm_desktop.gui.main_window import SETTINGS, TODAY, MainWindow
from pfm_desktop.gui.pages import importing
from pfm_desktop.gui.pages.importing import BUSY, KEPT, STOPPED, ImportPage
from pfm_desktop.gui.widgets.import_tree import ImportTree
from pfm_desktop.jobs.context import CallbackContext, Cancelled
from pfm_desktop.services import accounts, cases, review
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels.import_rows import BECOMES, PAIR, SURE, Kind, Row

from .conftest import Opened, shut

pytestmark = pytest.mark.slow

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PINK, GLOWING = (190, 110, 110), (30, 120, 110)


def put(path: Path, colour: tuple[int, int, int], seed: int) -> None:
    pixels = np.full((48, 64, 3), colour, np.uint8)
    pixels[:8, :8] = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "PNG")
    os.utime(path, (1_790_000_000, 1_790_000_000))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """P-001 (on record): a pair and one without a stage; K-18 (new): a pair; `photos`: nobody's. And a note."""
    at = tmp_path / "stick"
    put(at / "P-001 Adler Anna" / "2026-03-14_1201_acid_60s.png", PINK, 1)
    put(at / "P-001 Adler Anna" / "2026-03-14_1202_fluo_80s.png", GLOWING, 2)
    put(at / "P-001 Adler Anna" / "2026-03-14_1203_IMG.png", PINK, 3)
    put(at / "K-18" / "2026-03-15_0900_acid_60s.png", PINK, 4)
    put(at / "K-18" / "2026-03-15_0901_fluo_80s.png", GLOWING, 5)
    put(at / "photos" / "IMG_1.png", PINK, 6)
    (at / "note.txt").write_text("hello")
    return at


def page_of(window: MainWindow) -> ImportPage:
    assert window.desk is not None
    page = window.desk.page(IMPORT)
    assert isinstance(page, ImportPage)
    return page


def opened_page(qtbot: QtBot, window: MainWindow) -> ImportPage:
    """As it is reached by keys: from the list."""
    assert window.desk is not None
    qtbot.keyClick(window.desk.today.search, Qt.Key.Key_I, CTRL | SHIFT)
    page = page_of(window)
    assert window.stack.currentWidget() is page
    return page


def settled(qtbot: QtBot, page: ImportPage) -> None:
    qtbot.waitUntil(lambda: page.idle, timeout=15_000)


def looked(qtbot: QtBot, window: MainWindow, *paths: Path) -> ImportPage:
    """The preview of what was chosen."""
    page = opened_page(qtbot, window)
    page.choose.add(list(paths))
    qtbot.keyClick(page.choose.look, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert page.shown is page.preview
    return page


def dropped(on: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    on.dropEvent(event)


def row_of(tree: ImportTree, name: str) -> Row:
    return next(row for row in tree.rows.rows.rows if row.cells[0].startswith(name) and row.kind is not Kind.FILE)


def stand_on(page: ImportPage, name: str) -> None:
    tree = page.preview.tree
    tree.setCurrentIndex(tree.rows.place(row_of(tree, name).id))


def press(qtbot: QtBot, page: ImportPage, key: Qt.Key, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(page.preview.tree, key, modifier)
    settled(qtbot, page)


def counts(page: ImportPage) -> str:
    return page.preview.counts.text()


def in_library(window: MainWindow) -> dict[str, int]:
    """Pictures by identifier."""
    assert window.session is not None
    found: dict[str, int] = {}
    for row in cases.today(window.session.library):
        case = cases.visit_case(window.session.library, row.visit.id)
        found[row.patient.identifier] = found.get(row.patient.identifier, 0) + len(case.pictures)
    return found


def shown_identifiers(window: MainWindow) -> list[str]:
    """Of the list as it stands."""
    assert window.desk is not None
    model = window.desk.today.model
    return [str(model.data(model.index(row, 3))) for row in range(model.rowCount())]


class Gate:
    """A job that waits in the middle until it is let go, or stopped."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self._real, self.begun, self.go_on = real, threading.Event(), threading.Event()

    def __call__(self, ctx: Any, *args: Any) -> Any:
        self.begun.set()
        while not self.go_on.wait(0.01):
            ctx.progress(3, 7, "half")
        return self._real(ctx, *args)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Bringing in waits here."""
    made = Gate(importing.bring_in)
    monkeypatch.setattr(importing, "bring_in", made)
    return made


# the way there


def test_the_key_the_menu_and_the_button_lead_to_the_import_and_escape_leads_back(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    page = opened_page(qtbot, window)
    assert page.choose.folder.hasFocus()
    assert window.rail._group.checkedId() == TODAY
    qtbot.keyClick(page.choose.folder, Qt.Key.Key_Escape)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.today
    qtbot.mouseClick(window.desk.today._buttons[-1], Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is page
    qtbot.mouseClick(page.back, Qt.MouseButton.LeftButton)
    assert "today.import" in [action.objectName() for action in window.book.group("Today")]


def test_an_empty_list_offers_the_import(qtbot: QtBot, open_window: Opened, tmp_path: Path) -> None:
    Library.create(tmp_path / "new").close()
    window = open_window(tmp_path / "new")
    assert window.desk is not None
    today = window.desk.today
    assert today.import_here.isVisible()
    assert "Import pictures" in today.empty.text()
    qtbot.mouseClick(today.import_here, Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is page_of(window)


def test_a_search_that_finds_nothing_offers_no_import(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    today = window.desk.today
    qtbot.keyClicks(today.search, "nobody")
    qtbot.waitUntil(lambda: today.idle and today.empty.isVisible())
    assert not today.import_here.isVisible()


def test_a_dropped_folder_or_zip_or_many_files_are_looked_at_at_once(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    packed = tmp_path / "stick.zip"
    with zipfile.ZipFile(packed, "w") as made:
        for path in stick.rglob("*.png"):
            made.write(path, path.relative_to(stick).as_posix())
    for number in range(7):
        put(tmp_path / "many" / f"{number}.png", PINK, number)
    for paths in ([stick], [packed], sorted((tmp_path / "many").iterdir())):
        window.show_page(TODAY)
        assert window.desk is not None
        dropped(window.desk.today, *paths)
        page = page_of(window)
        settled(qtbot, page)
        assert page.shown is page.preview
        assert window.desk.today._intake is None
        page._throw_away()


def test_a_few_dropped_files_go_to_the_form_of_the_visit_as_ever(
    qtbot: QtBot, open_window: Opened, library_folder: Path, picture_files: tuple[Path, Path]
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    dropped(window.desk.today, *picture_files)
    assert window.desk.today.intake.isVisible()
    assert len(window.desk.today.intake.pictures.items()) == 2
    qtbot.waitUntil(lambda: not window.desk.today.intake.pictures.looking)


def test_folders_and_files_are_chosen_by_dialogs(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = opened_page(qtbot, open_window(library_folder))
    for button, name in ((page.choose.folder, "import_folder"), (page.choose.files, "import_files")):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        dialog = page.findChild(QFileDialog, name)
        assert isinstance(dialog, QFileDialog)
        dialog.fileSelected.emit(str(stick))
        dialog.filesSelected.emit([str(stick)])
        dialog.close()
    assert page.choose.paths == (stick,)  # once
    assert page.choose.look.hasFocus()
    page.choose.list.selectAll()
    qtbot.keyClick(page.choose.list, Qt.Key.Key_Delete)
    assert page.choose.paths == ()
    assert not page.choose.look.isEnabled()


def test_what_is_not_there_or_holds_nothing_is_said_where_one_chooses(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    page = opened_page(qtbot, open_window(library_folder))
    (tmp_path / "empty").mkdir()
    for path, said in ((tmp_path / "gone", "gone"), (tmp_path / "empty", "No picture was found")):
        page.choose.clear()
        page.choose.add([path])
        qtbot.mouseClick(page.choose.look, Qt.MouseButton.LeftButton)
        settled(qtbot, page)
        assert page.shown is page.choose
        assert said in page.choose.problem.text()


def test_a_library_that_cannot_be_edited_offers_no_import_and_says_why(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    with Library.open(library_folder):  # another program has it
        window = open_window(library_folder)
        assert window.desk is not None
        reason = window.desk.session.library.no_editing
        assert reason
        button = window.desk.today._buttons[-1]
        assert not button.isEnabled()
        assert reason in button.toolTip()
        window.show_page(IMPORT)
        page = page_of(window)
        assert reason in page.choose.problem.text()
        assert not page.choose.folder.isEnabled()
        page.take([stick])
        assert page.shown is page.choose


# the preview


def test_the_preview_says_what_how_sure_and_why_in_words(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    tree = page.preview.tree
    assert counts(page) == "2 women, 2 visits, 4 pictures; 2 to be looked at; 1 left out"
    assert page.preview.buttons["bring_in"].text() == "Import 4"
    assert "in the library as Adler, Anna" in row_of(tree, "P-001").cells[0]
    assert "new in this library" in row_of(tree, "K-18").cells[0]
    assert row_of(tree, "2026-03-14_1201").cells[SURE] == "Likely"
    waits = row_of(tree, "2026-03-14_1203")
    assert waits.cells[SURE].startswith("Not known: stage")
    assert waits.cells[BECOMES] == "Waits for you"
    stand_on(page, "2026-03-14_1201")
    said = page.preview.details.text()
    assert "Whose: P-001 (likely: the folder P-001 Adler Anna" in said
    assert "Pair: with 2026-03-14_1202_fluo_80s.png (likely" in said
    assert tree.rows.data(tree.currentIndex(), Qt.ItemDataRole.ToolTipRole) == said
    files = next(row for row in tree.rows.rows.rows if row.kind is Kind.FILE)
    assert files.cells[0].startswith("stick/note.txt: not a picture")


def test_small_pictures_are_made_from_the_source_and_not_too_many(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    small = page.preview.tree.rows.small
    window.show_page(TODAY)  # what is in sight would be asked for again and again
    monkeypatch.setattr("pfm_desktop.gui.widgets.import_pictures.KEPT", 2)
    small.forget()
    for picture in page.preview.preview.plan.pictures:  # type: ignore[union-attr]
        small.of(picture, 1.0)
    qtbot.waitUntil(lambda: not small.busy, timeout=10_000)
    assert len(small._kept) == 2
    icon = next(iter(small._kept.values()))
    assert isinstance(icon, QIcon)
    normal, chosen = (icon.pixmap(64, 48, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected))
    assert normal == chosen  # the colours of a chosen picture are not those of the choice
    small.forget()
    assert not small._kept


def test_a_source_that_is_gone_meanwhile_leaves_its_place_empty(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    small = page.preview.tree.rows.small
    qtbot.waitUntil(lambda: not small.busy, timeout=10_000)
    small.forget()
    for path in stick.rglob("*.png"):
        path.unlink()
    picture = page.preview.preview.plan.pictures[0]  # type: ignore[union-attr]
    assert small.of(picture, 1.0) is None
    qtbot.waitUntil(lambda: not small.busy, timeout=10_000)
    assert small._kept[picture.key] is None


def test_only_what_is_unsure_or_missing_is_shown_on_demand(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    press(qtbot, page, Qt.Key.Key_U, CTRL)
    names = [row.cells[0] for row in page.preview.tree.rows.rows.rows if row.kind is Kind.PICTURE]
    assert sorted(names) == ["2026-03-14_1203_IMG.png", "IMG_1.png"]
    assert page.preview.only_open.isChecked()
    qtbot.mouseClick(page.preview.only_open, Qt.MouseButton.LeftButton, pos=page.preview.only_open.rect().center() / 8)
    assert len([row for row in page.preview.tree.rows.rows.rows if row.kind is Kind.PICTURE]) == 6


def test_a_stage_is_set_by_keys_and_taken_back_by_undo(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    stand_on(page, "2026-03-14_1203")
    press(qtbot, page, Qt.Key.Key_S)
    edit = page.preview.edit
    assert edit.stage.hasFocus()
    edit.stage.setCurrentIndex(list(Stage).index(Stage.LUGOL))
    qtbot.keyClick(edit.stage, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert page.preview.tree.hasFocus()
    assert row_of(page.preview.tree, "2026-03-14_1203").cells[1] == "Lugol's iodine (white light)"
    assert counts(page).startswith("2 women, 2 visits, 5 pictures; 1 to be looked at")
    assert page.preview.tree.current_row() == row_of(page.preview.tree, "2026-03-14_1203")
    assert window.book.action("edit.undo").text() == "&Undo: stage of 1 picture"
    press(qtbot, page, Qt.Key.Key_Z, CTRL)
    assert counts(page).startswith("2 women, 2 visits, 4 pictures")
    assert not window.book.action("edit.undo").isEnabled()
    assert window.book.action("edit.redo").text() == "&Redo: stage of 1 picture"
    press(qtbot, page, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    settled(qtbot, page)
    assert counts(page).startswith("2 women, 2 visits, 5 pictures")
    assert not window.book.action("edit.redo").isEnabled()
    window.show_page(TODAY)
    assert window.book.action("edit.redo").text() == "&Redo"
    assert window.book.action("edit.undo").text() == "&Undo"  # what is planned is not undone elsewhere


def test_a_stage_goes_to_the_pictures_of_its_source_where_both_are_chosen(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    stand_on(page, "K-18")
    press(qtbot, page, Qt.Key.Key_S)
    edit = page.preview.edit
    edit.stage.setCurrentIndex(list(Stage).index(Stage.SALINE))
    assert edit.told.text() == "Goes to 1 of the 2: the rest is fluorescence."
    assert not edit.seconds.isVisible()
    qtbot.mouseClick(edit.apply, Qt.MouseButton.LeftButton)
    settled(qtbot, page)
    assert row_of(page.preview.tree, "2026-03-15_0900").cells[1] == "Saline (white light)"
    assert row_of(page.preview.tree, "2026-03-15_0901").cells[1].startswith("Fluorescence")


def test_seconds_that_are_none_are_refused_beside_the_field(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    stand_on(page, "2026-03-14_1203")
    press(qtbot, page, Qt.Key.Key_S)
    edit = page.preview.edit
    qtbot.keyClicks(edit.seconds, "soon")
    qtbot.keyClick(edit.seconds, Qt.Key.Key_Return)
    assert "is no number of seconds" in edit.wrong.text()
    edit.seconds.clear()
    qtbot.keyClicks(edit.seconds, "90 s")
    qtbot.keyClick(edit.seconds, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert row_of(page.preview.tree, "2026-03-14_1203").cells[1] == "Acetic acid (white light), 90 s"


def test_a_woman_is_set_with_what_the_library_knows_of_her(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    stand_on(page, "Not known whose")
    press(qtbot, page, Qt.Key.Key_W)
    edit = page.preview.edit
    assert edit.text.hasFocus()
    qtbot.keyClicks(edit.text, "p-002")
    qtbot.waitUntil(lambda: "Brandt, Berta, born 02 Nov 1975; 1 visit" in edit.told.text(), timeout=5_000)
    edit.text.selectAll()
    qtbot.keyClicks(edit.text, "K-99")
    qtbot.waitUntil(lambda: "Nobody has the identifier K-99" in edit.told.text(), timeout=5_000)
    qtbot.keyClick(edit.text, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert row_of(page.preview.tree, "K-99").pictures


def test_the_time_of_a_visit_is_set_and_what_is_none_is_refused(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    stand_on(page, "IMG_1.png")
    press(qtbot, page, Qt.Key.Key_T)
    edit = page.preview.edit
    qtbot.keyClicks(edit.text, "yesterday")
    qtbot.keyClick(edit.text, Qt.Key.Key_Return)
    assert "is not a time" in edit.wrong.text()
    qtbot.keyClick(edit.text, Qt.Key.Key_Escape)
    assert page.preview.tree.hasFocus()
    assert page.isVisible()  # Escape closed the line, not the page
    press(qtbot, page, Qt.Key.Key_T)
    qtbot.keyClicks(edit.text, "2026-03-16 08:30")
    qtbot.keyClick(edit.text, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert row_of(page.preview.tree, "Visit of 16 Mar 2026 08:30")


def test_pictures_move_to_another_visit(qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    stand_on(page, "IMG_1.png")
    press(qtbot, page, Qt.Key.Key_M)
    edit = page.preview.edit
    edit.visit.setCurrentIndex(next(n for n in range(edit.visit.count()) if edit.visit.itemText(n).startswith("K-18")))
    qtbot.keyClick(edit.visit, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert len(row_of(page.preview.tree, "K-18").pictures) == 3


def test_pictures_are_left_out_and_taken_again_by_the_same_key(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    stand_on(page, "K-18")
    press(qtbot, page, Qt.Key.Key_Delete)
    assert counts(page) == "1 woman, 1 visit, 2 pictures; 2 to be looked at; 3 left out"
    assert row_of(page.preview.tree, "2026-03-15_0900").cells[BECOMES] == "Left out by hand"
    assert page.preview.buttons["leave_out"].text() == "Take again"
    press(qtbot, page, Qt.Key.Key_Delete)
    assert counts(page).endswith("1 left out")


def test_what_is_unsure_is_taken_only_once_it_is_confirmed(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    stand_on(page, "IMG_1.png")
    press(qtbot, page, Qt.Key.Key_W)
    qtbot.keyClicks(page.preview.edit.text, "K-19")
    qtbot.keyClick(page.preview.edit.text, Qt.Key.Key_Return)
    settled(qtbot, page)
    press(qtbot, page, Qt.Key.Key_S)
    qtbot.keyClick(page.preview.edit.stage, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert row_of(page.preview.tree, "IMG_1.png").cells[SURE] == "Unsure: time"
    assert "5 pictures" not in counts(page)
    press(qtbot, page, Qt.Key.Key_C)
    assert row_of(page.preview.tree, "IMG_1.png").cells[BECOMES] == "Will be brought in"
    assert "5 pictures" in counts(page)
    press(qtbot, page, Qt.Key.Key_Z, CTRL)
    assert "4 pictures" in counts(page)
    qtbot.mouseClick(page.preview.buttons["confirm_all"], Qt.MouseButton.LeftButton)
    settled(qtbot, page)
    assert "5 pictures" in counts(page)
    assert not page.preview.buttons["confirm_all"].isEnabled()


def test_a_pair_is_parted_and_made_again_by_a_key(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    tree = page.preview.tree
    stand_on(page, "2026-03-15_0900_acid_60s.png")
    assert page.preview.buttons["pair"].text() == "Part pair"
    press(qtbot, page, Qt.Key.Key_P)
    assert row_of(tree, "2026-03-15_0900").cells[PAIR] == ""
    assert not page.preview.buttons["pair"].isEnabled()
    qtbot.keyClick(tree, Qt.Key.Key_Down, SHIFT)
    assert page.preview.buttons["pair"].text() == "Pair"
    press(qtbot, page, Qt.Key.Key_P)
    assert row_of(tree, "2026-03-15_0900").cells[PAIR] == "2026-03-15_0901_fluo_80s.png"
    press(qtbot, page, Qt.Key.Key_Z, CTRL)
    assert row_of(tree, "2026-03-15_0900").cells[PAIR] == ""


def test_confirming_all_asks_once_more_where_two_names_would_be_one_woman(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    put(tmp_path / "two" / "Lang Ida" / "4711" / "2026-03-14_1201_acid.png", PINK, 1)
    put(tmp_path / "two" / "Kurz Ute" / "4711" / "2026-03-14_1202_acid.png", PINK, 2)
    page = looked(qtbot, open_window(library_folder), tmp_path / "two")
    preview, button = page.preview, page.preview.buttons["confirm_all"]
    assert button.text() == "Confirm all: 2 pictures of 1 woman"
    qtbot.keyClick(preview.tree, Qt.Key.Key_C, CTRL | SHIFT)
    settled(qtbot, page)
    assert "Lang Ida" in preview.note.text()
    assert "Kurz Ute" in preview.note.text()
    assert "Press again" in preview.note.text()
    stand_on(page, "4711")  # to look at it is no answer
    assert button.text() == "Confirm: press again"
    assert counts(page).startswith("Nothing to import yet")
    qtbot.waitUntil(lambda: not preview.confirming["confirm_all"].pausing, timeout=5_000)
    qtbot.keyClick(preview.tree, Qt.Key.Key_C, CTRL | SHIFT)
    settled(qtbot, page)
    assert counts(page).startswith("1 woman, 1 visit, 2 pictures")
    press(qtbot, page, Qt.Key.Key_Z, CTRL)
    assert counts(page).startswith("Nothing to import yet")


def test_the_same_picture_under_two_women_is_taken_only_where_somebody_says_so(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    twin = stick / "K-18" / "2026-03-15_0902_lugol.png"
    twin.write_bytes((stick / "P-001 Adler Anna" / "2026-03-14_1201_acid_60s.png").read_bytes())
    page = looked(qtbot, open_window(library_folder), stick)
    stand_on(page, "2026-03-15_0902")
    assert row_of(page.preview.tree, "2026-03-15_0902").cells[BECOMES].startswith("Left out: the same picture")
    press(qtbot, page, Qt.Key.Key_A)
    assert row_of(page.preview.tree, "2026-03-15_0902").cells[BECOMES] == "Will be brought in"
    assert row_of(page.preview.tree, "2026-03-14_1201").cells[BECOMES].startswith("Left out")


def test_letters_typed_into_a_field_are_letters(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    stand_on(page, "K-18")
    press(qtbot, page, Qt.Key.Key_W)
    page.preview.edit.text.clear()
    qtbot.keyClicks(page.preview.edit.text, "smwtca")
    assert page.preview.edit.text.text() == "smwtca"
    assert page.preview.edit.heading.text().startswith("Whose")


# bringing in


def test_what_is_sure_is_brought_in_reported_saved_and_stands_in_the_list_at_once(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    assert page.shown is page.report
    assert page.report.heading.text() == "4 pictures added, 0 there already, 3 left out"
    assert in_library(window) == {"P-001": 4, "P-002": 1, "P-003": 0, "K-18": 2}
    reasons = [page.report.table.item(row, 2).text() for row in range(page.report.table.rowCount())]
    assert any("stage is not known" in reason for reason in reasons)
    page.report.everything.click()
    assert page.report.table.rowCount() == 7
    page.report.save_to(str(tmp_path / "report.csv"))
    qtbot.waitUntil(lambda: "Saved as" in page.report.said.text(), timeout=5_000)
    assert (tmp_path / "report.csv").read_text(encoding="utf-8").startswith("file,outcome,reason")
    assert page.report.done.hasFocus()
    qtbot.keyClick(page.report.done, Qt.Key.Key_Return)
    assert window.desk is not None
    today = window.desk.today
    qtbot.waitUntil(lambda: today.idle)
    assert "K-18" in shown_identifiers(window)


def back_in_today(qtbot: QtBot, page: ImportPage, window: MainWindow) -> None:
    qtbot.keyClick(page.report.done, Qt.Key.Key_Return)
    assert window.desk is not None
    today = window.desk.today
    qtbot.waitUntil(lambda: today.idle)


def test_in_today_undo_takes_the_whole_import_back_and_redo_brings_it_again(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    back_in_today(qtbot, page, window)
    assert window.desk is not None
    undo, redo = window.book.action("edit.undo"), window.book.action("edit.redo")
    assert undo.isEnabled()
    assert undo.text() == "&Undo: 4 pictures in 2 visits added"
    undo.trigger()
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.today.idle)
    assert in_library(window) == {"P-001": 2, "P-002": 1, "P-003": 0}
    assert "K-18" not in shown_identifiers(window)
    redo.trigger()
    assert in_library(window) == {"P-001": 4, "P-002": 1, "P-003": 0, "K-18": 2}
    assert undo.text() == "&Undo: 4 pictures in 2 visits added"


def test_an_import_that_was_worked_with_is_not_undone_and_it_is_said_why(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    back_in_today(qtbot, page, window)
    assert window.session is not None
    (row,) = window.session.today("K-18")
    review.set_impression(window.session.library, row.visit.id, Grade.LOW)
    window.book.action("edit.undo").trigger()
    assert "there are findings in the visit (K-18, visit of 15 Mar 2026)" in window.messages.text
    assert in_library(window)["K-18"] == 2
    assert window.book.action("edit.undo").isEnabled()


def test_a_large_import_is_undone_as_a_job_that_can_be_stopped(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "LONG", 3)
    gate = Gate(undoing._take_back_all)
    monkeypatch.setattr(undoing, "_take_back_all", gate)
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    back_in_today(qtbot, page, window)
    assert window.session is not None
    assert window.desk is not None
    window.session.open_visit(window.session.today("K-18")[0].visit.id)
    window.book.action("edit.undo").trigger()
    assert gate.begun.wait(5)
    assert window.session.case is None, "what goes off the record goes off the desk"
    assert [row.title for row in window.jobs.rows] == ["Undoing: 4 pictures in 2 visits added"]
    assert not window.desk.undo.undo(), "one after the other"
    assert window.session.perform(lambda lib: cases.edit_patient(lib, "any", identifier="any")) is None
    assert "not now: Undoing: 4 pictures" in window.messages.text.replace("Not", "not")
    window.jobs.cancel_all()
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=10_000)
    assert undoing.STOPPED in window.messages.text
    assert in_library(window)["K-18"] == 2
    window.show_page(TODAY)
    gate.go_on.set()
    window.book.action("edit.undo").trigger()
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=10_000)
    assert in_library(window) == {"P-001": 2, "P-002": 1, "P-003": 0}
    qtbot.waitUntil(lambda: "K-18" not in shown_identifiers(window), timeout=10_000)
    window.book.action("edit.redo").trigger()
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=10_000)
    assert in_library(window)["K-18"] == 2


def test_what_a_stopped_import_had_finished_is_undone_too(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importing.bring_in

    def stopped(ctx: Any, *args: Any) -> Any:
        def until(done: float, total: float, text: str) -> None:
            if done >= 4:
                raise Cancelled

        return real(CallbackContext(until, lambda: False), *args)

    monkeypatch.setattr(importing, "bring_in", stopped)
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    before = in_library(window)
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    assert in_library(window) != before
    assert window.desk is not None
    window.show_page(TODAY)
    assert window.desk.undo.undo()
    assert in_library(window) == before


def test_a_report_that_cannot_be_saved_says_so(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, tmp_path: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    page.report.save_to(str(tmp_path / "no" / "such" / "place.csv"))
    qtbot.waitUntil(lambda: bool(page.report.said.text()), timeout=5_000)
    saved = (tmp_path / "no" / "such" / "place.csv").exists()
    assert page.report.said.text().startswith("Saved as" if saved else "Not saved.")


def test_after_an_import_one_goes_on_with_what_waits(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    assert page.report.left.text() == "Go on with the 2 that wait"
    qtbot.mouseClick(page.report.left, Qt.MouseButton.LeftButton)
    settled(qtbot, page)
    assert page.shown is page.preview
    assert "Nothing to import yet; 2 to be looked at; 4 already in the library" in counts(page)
    assert not page.preview.buttons["bring_in"].isEnabled()


def test_the_same_stick_again_brings_in_nothing(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    page = looked(qtbot, open_window(library_folder), stick)
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    qtbot.mouseClick(page.report.more, Qt.MouseButton.LeftButton)
    assert page.shown is page.choose
    page.take([stick])
    settled(qtbot, page)
    assert row_of(page.preview.tree, "2026-03-14_1201").cells[BECOMES] == "Already in the library"
    assert not page.preview.buttons["bring_in"].isEnabled()


def test_an_import_is_stopped_and_the_plan_stays(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, gate: Gate
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    qtbot.mouseClick(page.preview.buttons["bring_in"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.work.far.text() == "3 of 7", timeout=5_000)
    qtbot.keyClick(page.work, Qt.Key.Key_Return)  # pressed twice it does not stop what it began
    assert page.busy
    qtbot.mouseClick(page.work.stop, Qt.MouseButton.LeftButton)
    settled(qtbot, page)
    assert page.shown is page.preview
    assert STOPPED in page.preview.note.text()
    assert in_library(window).get("K-18") is None
    gate.go_on.set()
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    assert in_library(window)["K-18"] == 2


def test_one_goes_on_working_while_pictures_are_brought_in(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, gate: Gate
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    press_import = page.preview.buttons["bring_in"]
    qtbot.mouseClick(press_import, Qt.MouseButton.LeftButton)
    assert gate.begun.wait(5)
    window.show_page(TODAY)
    assert window.desk is not None
    today = window.desk.today
    dropped(today, stick)
    assert BUSY in [text for _, text in window.messages.held]
    window.show_page(TODAY)
    gate.go_on.set()
    qtbot.waitUntil(lambda: page.shown is page.report and today.idle, timeout=10_000)
    assert today.search.hasFocus()  # the keys stay where they are
    assert "K-18" in shown_identifiers(window)


def test_looking_is_stopped(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Gate(importing.look)
    monkeypatch.setattr(importing, "look", held)
    page = opened_page(qtbot, open_window(library_folder))
    page.take([stick])
    assert held.begun.wait(5)
    qtbot.mouseClick(page.work.stop, Qt.MouseButton.LeftButton)
    settled(qtbot, page)
    assert page.shown is page.choose
    assert page.choose.problem.text() == "Stopped. Nothing was brought in."
    assert page.choose.paths == (stick,)


def test_closing_the_window_stops_the_import_cleanly(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, gate: Gate
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    qtbot.mouseClick(page.preview.buttons["bring_in"], Qt.MouseButton.LeftButton)
    assert gate.begun.wait(5)
    shut(qtbot, window)
    with Library.open(library_folder) as lib:
        assert len(cases.find_patients(lib)) == 3


def test_an_import_that_fails_keeps_the_plan_and_says_why(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pfm_desktop.support.errors import StorageError

    def full(*_args: Any) -> None:
        raise StorageError("the disk is full", remedy="make room")

    monkeypatch.setattr(importing, "bring_in", full)
    page = looked(qtbot, open_window(library_folder), stick)
    press(qtbot, page, Qt.Key.Key_Return, CTRL)
    assert page.shown is page.preview
    assert "disk is full" in page.preview.note.text()
    assert page.preview.buttons["bring_in"].isEnabled()


# the plan stays


def test_the_plan_stays_when_the_page_is_left_and_is_thrown_away_by_two_presses(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick)
    stand_on(page, "K-18")
    press(qtbot, page, Qt.Key.Key_Delete)
    qtbot.keyClick(page.preview.tree, Qt.Key.Key_Escape)
    assert KEPT in [text for _, text in window.messages.held]
    window.show_page(SETTINGS)
    page = opened_page(qtbot, _on_today(window))
    assert page.shown is page.preview
    assert counts(page).endswith("3 left out")
    qtbot.mouseClick(page.preview.throw_away, Qt.MouseButton.LeftButton)
    assert page.preview.throw_away.text() == "Throw it away: press again"
    assert page.shown is page.preview
    page.preview.second._pause.stop()
    qtbot.mouseClick(page.preview.throw_away, Qt.MouseButton.LeftButton)
    assert page.shown is page.choose
    assert page.choose.paths == ()


def _on_today(window: MainWindow) -> MainWindow:
    window.show_page(TODAY)
    return window


def test_what_is_dropped_on_a_plan_is_asked_about_in_the_page(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path
) -> None:
    window = open_window(library_folder)
    page = looked(qtbot, window, stick / "P-001 Adler Anna")
    dropped(page, stick / "K-18")
    assert page.question.isVisible()
    assert page.no.hasFocus()
    qtbot.keyClick(page.no, Qt.Key.Key_Return)
    assert not page.question.isVisible()
    assert row_of(page.preview.tree, "P-001")
    window.show_page(TODAY)
    assert window.desk is not None
    dropped(window.desk.today, stick / "K-18")
    assert window.stack.currentWidget() is page
    qtbot.mouseClick(page.yes, Qt.MouseButton.LeftButton)
    settled(qtbot, page)
    assert row_of(page.preview.tree, "K-18")
    assert not any(row.cells[0].startswith("P-001") for row in page.preview.tree.rows.rows.rows)


def test_another_library_has_no_plan_of_this_one(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, tmp_path: Path
) -> None:
    Library.create(tmp_path / "other").close()
    window = open_window(library_folder)
    looked(qtbot, window, stick)
    with qtbot.waitSignal(window.ready, timeout=10_000):
        window.open_library(str(tmp_path / "other"))
    page = page_of(window)
    assert page.shown is page.choose


@pytest.mark.parametrize("look", ["dark", "light"])
@pytest.mark.parametrize("width", [940, 1366, 1920])
def test_everything_fits_into_any_window(
    qtbot: QtBot, open_window: Opened, library_folder: Path, stick: Path, width: int, look: str
) -> None:
    from dataclasses import replace

    from pfm_desktop.support.settings import load_settings

    window = open_window(library_folder, settings=replace(load_settings(), theme=look))
    window.resize(width, 500)
    page = looked(qtbot, window, stick)
    stand_on(page, "IMG_1.png")
    press(qtbot, page, Qt.Key.Key_S)
    assert page.minimumSizeHint().width() <= width - window.rail.width()
    for part in (page.preview.buttons["bring_in"], page.preview.edit, page.preview.tree, page.back):
        assert page.rect().contains(part.geometry().translated(part.parentWidget().mapTo(page, part.rect().topLeft())))
    assert page.preview.tree.viewport().height() >= 48


# the locked window

NAME, PASSWORD = "Dr. Ada Weiss", "four words that differ"


@pytest.fixture
def signed_in(qtbot: QtBot, open_window: Opened, tmp_path: Path) -> MainWindow:
    """A window on an encrypted library, somebody signed in."""
    with accounts.make_library(tmp_path / "sealed", NAME, PASSWORD)[0] as lib:
        accounts.add(lib, "Reader", {Role.ANNOTATOR}, PASSWORD)
    window = open_window(tmp_path / "sealed", ready=False)
    enter(qtbot, window, NAME)
    return window


def enter(qtbot: QtBot, window: MainWindow, name: str) -> None:
    page = window.entrance.signing_in
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    page.name.clear()
    qtbot.keyClicks(page.name, name)
    qtbot.keyClicks(page.password, PASSWORD)
    qtbot.keyClick(page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.today.idle, timeout=10_000)


def test_a_locked_window_keeps_the_import_running_behind_it(
    qtbot: QtBot, signed_in: MainWindow, stick: Path, gate: Gate
) -> None:
    page = looked(qtbot, signed_in, stick)
    qtbot.mouseClick(page.preview.buttons["bring_in"], Qt.MouseButton.LeftButton)
    assert gate.begun.wait(5)
    signed_in.lock_now()
    assert not page.isVisible()
    gate.go_on.set()
    settled(qtbot, page)
    assert signed_in.lock.locked
    assert not page.report.done.hasFocus()
    qtbot.keyClicks(signed_in.lock.page.password, PASSWORD)
    qtbot.keyClick(signed_in.lock.page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not signed_in.lock.locked, timeout=10_000)
    assert page.shown is page.report
    assert page.report.heading.text().startswith("4 pictures added")


def test_signing_out_stops_the_import_and_nothing_of_the_plan_is_left(
    qtbot: QtBot, signed_in: MainWindow, stick: Path, gate: Gate
) -> None:
    page = looked(qtbot, signed_in, stick)
    qtbot.mouseClick(page.preview.buttons["bring_in"], Qt.MouseButton.LeftButton)
    assert gate.begun.wait(5)
    signed_in.book.action("file.sign_out").trigger()
    assert signed_in.desk is not None
    assert "Bringing in pictures is not done, and would be stopped" in signed_in.messages.text
    signed_in.book.action("file.sign_out").trigger()
    assert signed_in.desk is None
    qtbot.waitUntil(lambda: not signed_in.jobs.busy, timeout=10_000)
    enter(qtbot, signed_in, NAME)
    assert page_of(signed_in).shown is page_of(signed_in).choose
    assert in_library(signed_in) == {}


def test_who_may_not_change_visits_is_told_why_there_is_no_import(qtbot: QtBot, signed_in: MainWindow) -> None:
    signed_in.book.action("file.sign_out").trigger()
    enter(qtbot, signed_in, "Reader")
    assert signed_in.desk is not None
    today = signed_in.desk.today
    assert not today._buttons[-1].isEnabled()
    assert "Reader is annotator" in today._buttons[-1].toolTip()
    assert not today.import_here.isVisible()
    signed_in.show_page(IMPORT)
    assert "Reader is annotator" in page_of(signed_in).choose.problem.text()
