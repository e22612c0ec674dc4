"""Taking things out in the window, by real keys and mouse: what, which visits, where, looking, doing, and who may."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.source import Stage
from pfm_desktop.gui.desk import EXPORT
from pfm_desktop.gui.main_window import REVIEW, TODAY, MainWindow
from pfm_desktop.gui.pages.export import ExportPage
from pfm_desktop.services import cases
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support import outside
from pfm_desktop.viewmodels import export as model
from pfm_desktop.viewmodels.export import Kind, Scope

from .conftest import Opened, enter, picture_bytes
from .test_encrypted_libraries import clinic, inside  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow

LEFT = Qt.MouseButton.LeftButton
WIDE, HIGH = 640, 480


def large_picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(60, 255, (HIGH, WIDE, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def many_pictures(lib: Library) -> None:
    patient = cases.add_patient(lib, identifier="P-009", family_name="Ewald")
    at = datetime(2026, 5, 14, 9, 0, tzinfo=UTC)
    visit = cases.add_visit(lib, patient.id, started_at=at)
    for number in range(40):
        cases.add_picture(lib, visit.id, picture_bytes(500 + number), stage=Stage.ACETIC_ACID, taken_at=at)


@pytest.fixture
def long_folder(tmp_path: Path, library_from: Callable[..., None]) -> Path:
    """A visit with forty pictures."""
    library_from(tmp_path / "long", many_pictures)
    return tmp_path / "long"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder in which the new one is made."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def page_of(qtbot: QtBot, window: MainWindow) -> ExportPage:
    """The page, as it is reached: from the menu of Today."""
    window.show_page(TODAY)
    window.book.action("today.export").trigger()
    page = window.stack.currentWidget()
    assert isinstance(page, ExportPage)
    settled(qtbot, page)
    return page


def settled(qtbot: QtBot, page: ExportPage) -> None:
    qtbot.waitUntil(lambda: page.idle and not page.exporting, timeout=20_000)


def choose(qtbot: QtBot, page: ExportPage, kind: Kind, scope: Scope, out: Path | None) -> None:
    """By keys: down in the list of kinds, the radio button by the mouse; the folder as its dialog says it."""
    for _ in range(list(Kind).index(kind) - page.form.kind.currentIndex()):
        qtbot.keyClick(page.form.kind, Qt.Key.Key_Down)
    qtbot.mouseClick(page.form.scopes[scope], LEFT, pos=QPoint(12, page.form.scopes[scope].height() // 2))
    if out is not None:
        page.form.use_folder(str(out))
    settled(qtbot, page)


def tick_looked(qtbot: QtBot, page: ExportPage) -> None:
    box = page.looking.said
    qtbot.mouseClick(box, LEFT, pos=QPoint(12, box.height() // 2))


def scroll_through(qtbot: QtBot, page: ExportPage) -> None:
    view = page.looking.view
    view.setFocus()
    bar = view.verticalScrollBar()
    while bar.value() < bar.maximum():
        bar.setValue(bar.value() + 40)
        settled(qtbot, page)


def on_record(window: MainWindow) -> list[str]:
    assert window.session is not None
    with window.session.library.read() as session:
        return [line.text for line in journal.entries(session, what="export")]


# the way there and back


def test_from_today_the_visit_on_which_the_list_stands_is_preset_and_escape_leads_back(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    page = page_of(qtbot, window)
    assert page.form.scope is Scope.ONE
    assert "Adler, Anna" in page.form.one_line.text()
    assert page.plan.text().startswith("1 woman, 1 visit, 2 pictures, WITH NAMES.")
    assert window.rail._group.checkedId() == TODAY
    qtbot.keyClick(page.form.kind, Qt.Key.Key_Escape)
    assert window.stack.currentWidget() is window.desk.today  # type: ignore[union-attr]


def test_from_review_the_visit_that_is_open_is_preset_and_back_leads_to_it(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.session is not None
    assert window.desk is not None
    brandt = next(row for row in window.session.today() if row.patient.family_name == "Brandt")
    window.open_visit(brandt.visit.id)
    review: Any = window.desk.page(REVIEW)
    review.export_wanted.emit(brandt.visit.id)
    page = window.stack.currentWidget()
    assert isinstance(page, ExportPage)
    settled(qtbot, page)
    assert "Brandt, Berta" in page.form.one_line.text()
    qtbot.mouseClick(page.back, LEFT)
    assert window.stack.currentWidget() is review


def test_the_real_review_page_has_the_command(qtbot: QtBot, open_real_window: Opened, library_folder: Path) -> None:
    window = open_real_window(library_folder)
    assert window.session is not None
    window.open_visit(window.session.today("Adler")[0].visit.id)
    qtbot.waitUntil(lambda: window.stack.currentWidget().idle, timeout=60_000)  # type: ignore[union-attr]
    window.book.action("review.export").trigger()
    page = window.stack.currentWidget()
    assert isinstance(page, ExportPage)
    settled(qtbot, page)
    assert "Adler, Anna" in page.form.one_line.text()


def test_what_was_searched_for_in_today_is_searched_for_here(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    today = window.desk.today
    qtbot.keyClicks(today.search, "brandt")
    qtbot.waitUntil(lambda: today.idle, timeout=10_000)
    window.book.action("today.export").trigger()
    page = window.stack.currentWidget()
    assert isinstance(page, ExportPage)
    settled(qtbot, page)
    choose(qtbot, page, Kind.NAMED, Scope.FOUND, None)
    assert page.form.scopes[Scope.FOUND].text() == 'All that the search for "brandt" finds (1)'
    assert page.form.picked.count == "1 woman, 1 visit, 1 picture"
    page.form.search.setFocus()
    qtbot.keyClick(page.form.search, Qt.Key.Key_Escape)  # empties the field first
    settled(qtbot, page)
    assert page.form.picked.count == "3 women, 3 visits, 3 pictures"


def test_the_button_on_today_is_there_where_there_is_room(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    today = window.desk.today
    assert today._export_button is None
    window.resize(1900, 900)
    qtbot.waitUntil(lambda: today._export_button is not None)
    button = today._export_button
    assert button is not None
    assert button.isVisible()
    window.resize(1366, 768)
    qtbot.waitUntil(lambda: not button.isVisible())
    window.resize(1900, 900)
    qtbot.waitUntil(button.isVisible)
    qtbot.mouseClick(button, LEFT)
    assert window.desk.index_of(window.stack.currentWidget()) == TODAY
    assert isinstance(window.stack.currentWidget(), ExportPage)


# which visits


def test_ticked_visits_stay_ticked_over_searches(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    page = page_of(qtbot, open_window(library_folder))
    choose(qtbot, page, Kind.NAMED, Scope.TICKED, None)
    assert page.plan.text() == model.NO_VISITS
    page.form.visits.setFocus()
    page.form.visits.setCurrentRow(0)
    qtbot.keyClick(page.form.visits, Qt.Key.Key_Space)
    assert page.form.picked.count == "1 woman, 1 visit, 2 pictures"
    qtbot.keyClicks(page.form.search, "brandt")
    settled(qtbot, page)
    assert page.form.visits.count() == 1
    page.form.visits.setCurrentRow(0)
    qtbot.keyClick(page.form.visits, Qt.Key.Key_Space)
    assert page.form.scopes[Scope.TICKED].text() == "The visits that I tick (2 ticked)"
    assert page.plan.text().startswith("2 women, 2 visits, 3 pictures")
    qtbot.keyClick(page.form.visits, Qt.Key.Key_Space)
    assert page.form.picked.count == "1 woman, 1 visit, 2 pictures"


def test_without_a_visit_all_that_is_found_is_preset(qtbot: QtBot, open_window: Opened, tmp_path: Path) -> None:
    Library.create(tmp_path / "empty").close()
    page = page_of(qtbot, open_window(tmp_path / "empty"))
    assert page.form.scope is Scope.FOUND
    assert not page.form.scopes[Scope.ONE].isEnabled()
    assert page.needed.text() == model.NO_VISITS
    assert not page.go.isEnabled()


# with names


@pytest.mark.usefixtures("enter_key")
def test_a_visit_goes_out_as_dicom_with_names_and_its_folder_is_opened(
    qtbot: QtBot, open_window: Opened, library_folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(library_folder)
    page = page_of(qtbot, window)
    assert not page.go.isEnabled()
    assert page.needed.text() == model.NO_PLACE
    qtbot.mouseClick(page.form.choose, LEFT)
    dialog = page.form.findChild(QFileDialog, "export_to")
    assert dialog is not None
    dialog.fileSelected.emit(str(out))
    dialog.close()
    assert str(out) in page.form.place.text()
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    (made,) = out.iterdir()
    assert str(made) in page.result.text.text()
    assert "WITH NAMES" in page.result.text.text()
    assert "report as PDF: the visit is not signed." in page.result.left_out.toPlainText()
    assert on_record(window) == ["Export begun: as DICOM, with names", "Exported as DICOM, with names"]
    assert not page.go.isEnabled(), "a second press would write it twice"
    opened: list[Path] = []
    answers = iter((True, False))

    def open_it(folder: Path) -> bool:
        opened.append(folder)
        return next(answers)

    monkeypatch.setattr(outside, "open_folder", open_it)
    assert window.focusWidget() is page.result.open
    enter(qtbot, page.result.open)
    qtbot.waitUntil(lambda: opened == [made] and not page._opener.busy)
    assert not page.result.problem.isVisible()
    enter(qtbot, page.result.open)
    qtbot.waitUntil(page.result.problem.isVisible)
    assert page.result.problem.text() == f"Nothing on this computer opens folders. It is here: {made}"
    qtbot.mouseClick(page.result.again, LEFT)
    settled(qtbot, page)
    assert page.go.isEnabled()
    assert page.form.place.text().endswith("(2)")


def test_what_goes_wrong_is_said_in_words_and_nothing_is_left(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    page = page_of(qtbot, window)
    page.form.use_folder(str(library_folder))  # in the library itself
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    assert page.result.heading.text() == "Not exported"
    assert "An export cannot lie inside the library." in page.result.problem.text()
    assert "Choose a folder somewhere else." in page.result.problem.text()
    assert not page.result.open.isVisible()
    assert on_record(window) == []


def test_an_export_is_cancelled_by_its_button_and_leaves_nothing(
    qtbot: QtBot, open_window: Opened, library_folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, begun, real = threading.Event(), threading.Event(), model.export

    def slow(ctx: Any, *arguments: Any) -> Any:
        begun.set()
        held.wait(10)
        return real(ctx, *arguments)

    monkeypatch.setattr(model, "export", slow)
    window = open_window(library_folder)
    page = page_of(qtbot, window)
    page.form.use_folder(str(out))
    qtbot.mouseClick(page.go, LEFT)
    assert begun.wait(10)
    assert page.cancel.hasFocus()
    assert not page.form.isEnabled()
    qtbot.keyClick(page.cancel, Qt.Key.Key_Return)
    held.set()
    settled(qtbot, page)
    assert "cancelled. What was written until then was removed" in page.result.text.text()
    assert list(out.iterdir()) == []
    assert on_record(window) == []


def test_an_export_goes_on_while_another_page_is_shown_and_its_outcome_waits(
    qtbot: QtBot, open_window: Opened, library_folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, begun, real = threading.Event(), threading.Event(), model.export

    def slow(ctx: Any, *arguments: Any) -> Any:
        begun.set()
        held.wait(10)
        return real(ctx, *arguments)

    monkeypatch.setattr(model, "export", slow)
    window = open_window(library_folder)
    page = page_of(qtbot, window)
    page.form.use_folder(str(out))
    qtbot.mouseClick(page.go, LEFT)
    assert begun.wait(10)
    window.show_page(TODAY)
    window.book.action("today.export").trigger()
    assert page.exporting
    assert page.cancel.hasFocus()
    window.show_page(TODAY)
    held.set()
    with qtbot.waitSignal(page.said, timeout=20_000) as said:
        pass
    assert said.args[0].startswith("Written, WITH NAMES: 1 visit")
    window.book.action("today.export").trigger()
    assert page.result.isVisible()
    assert "report as PDF" in page.result.left_out.toPlainText()


# for research: looking


def test_one_screen_of_pictures_can_be_ticked_at_once_and_goes_out_without_names(
    qtbot: QtBot, open_window: Opened, library_folder: Path, out: Path
) -> None:
    window = open_window(library_folder)
    page = page_of(qtbot, window)
    choose(qtbot, page, Kind.CSV, Scope.FOUND, out)
    assert page.looking.isVisible()
    assert "3 women, 3 visits, 3 pictures, under pseudonyms" in page.plan.text()
    assert "READABLE" in page.plan.text()
    assert page.needed.text() == "Tick that you looked at the pictures."
    assert not page.go.isEnabled()
    tick_looked(qtbot, page)
    assert page.go.isEnabled()
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    (made,) = out.iterdir()
    assert len(list((made / "pictures").iterdir())) == 3
    assert "2 women, 2 visits, 3 pictures" in page.result.text.text()
    assert "it has no picture that can go out" in page.result.left_out.toPlainText()
    everything = b"".join(path.read_bytes() for path in made.rglob("*") if path.is_file())
    assert not any(name in everything for name in (b"Adler", b"Brandt", b"P-001"))
    begun = "Export begun: for research, under pseudonyms"
    assert on_record(window) == [begun, "Exported for research, under pseudonyms"]


@pytest.mark.parametrize("kind", [Kind.COCO, Kind.DICOM])
def test_the_other_ways_for_research_are_written(
    kind: Kind, qtbot: QtBot, open_window: Opened, library_folder: Path, out: Path
) -> None:
    page = page_of(qtbot, open_window(library_folder))
    choose(qtbot, page, kind, Scope.ONE, out)
    tick_looked(qtbot, page)
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    (made,) = out.iterdir()
    assert (made / "coco.json").exists() is (kind is Kind.COCO)
    assert len(list(made.rglob("*.dcm"))) >= 2 * (kind is Kind.DICOM)


def test_only_who_scrolled_through_all_pictures_can_say_that_she_looked(
    qtbot: QtBot, open_window: Opened, long_folder: Path, out: Path
) -> None:
    page = page_of(qtbot, open_window(long_folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    looking = page.looking
    assert looking.sheet is not None
    assert 0 < looking.sheet.to_see < 40
    assert not looking.said.isEnabled()
    tick_looked(qtbot, page)
    assert not looking.said.isChecked()
    looking.view.verticalScrollBar().setValue(looking.view.verticalScrollBar().maximum())  # the end alone is not all
    settled(qtbot, page)
    assert not looking.said.isEnabled()
    looking.view.verticalScrollBar().setValue(0)
    scroll_through(qtbot, page)
    assert looking.sheet.to_see == 0
    assert looking.said.isEnabled()
    tick_looked(qtbot, page)
    assert page.go.isEnabled()


def test_a_smaller_margin_has_all_pictures_looked_at_again(
    qtbot: QtBot, open_window: Opened, long_folder: Path, out: Path
) -> None:
    page = page_of(qtbot, open_window(long_folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    looking = page.looking
    looking.margin.setValue(5)
    scroll_through(qtbot, page)
    assert looking.sheet is not None
    assert looking.sheet.to_see == 0
    looking.margin.setValue(4)
    settled(qtbot, page)
    assert looking.sheet.to_see > 0
    assert not looking.said.isEnabled()


def test_pictures_that_were_looked_at_large_are_seen(
    qtbot: QtBot, open_window: Opened, long_folder: Path, out: Path
) -> None:
    page = page_of(qtbot, open_window(long_folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    looking = page.looking
    qtbot.keyClick(looking.view, Qt.Key.Key_Return)
    for _ in range(40):
        settled(qtbot, page)
        qtbot.keyClick(looking.large, Qt.Key.Key_PageDown)
    assert looking.said.isEnabled()


def test_a_picture_is_left_out_by_a_key_and_comes_back_by_it(
    qtbot: QtBot, open_window: Opened, library_folder: Path, out: Path
) -> None:
    page = page_of(qtbot, open_window(library_folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    view, sheet = page.looking.view, page.looking.sheet
    assert sheet is not None
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    settled(qtbot, page)
    assert len(sheet.goes_out) == 1
    assert view.sheet_model.index(0).data().endswith("left out")
    assert "1 of 2 pictures (1 left out)" in page.plan.text()
    tick_looked(qtbot, page)
    assert sheet.looked_at
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    settled(qtbot, page)
    assert len(sheet.goes_out) == 2
    assert not page.looking.said.isChecked()
    tick_looked(qtbot, page)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    assert len(list(next(out.iterdir()).joinpath("pictures").iterdir())) == 1
    assert "left out" in page.result.left_out.toPlainText()


def wide_visit(lib: Library) -> None:
    patient = cases.add_patient(lib, identifier="P-010", family_name="Fuchs")
    at = datetime(2026, 5, 14, 9, 0, tzinfo=UTC)
    visit = cases.add_visit(lib, patient.id, started_at=at)
    for number in range(2):
        cases.add_picture(lib, visit.id, large_picture(number), stage=Stage.ACETIC_ACID, taken_at=at)


@pytest.fixture
def wide_folder(tmp_path: Path, library_from: Callable[..., None]) -> Path:
    """A visit with two pictures of 640 x 480."""
    library_from(tmp_path / "wide", wide_visit)
    return tmp_path / "wide"


def at(page: ExportPage, x: int, y: int) -> QPoint:
    """Where a pixel of the picture lies on the widget."""
    large = page.looking.large
    place = large.place()
    return (place.topLeft() + QPoint(x, y) * (place.width() / WIDE)).toPoint()


def blackened(out: Path) -> list[tuple[slice, slice]]:
    """Of each picture in the set, the rectangle that is black altogether; pixels of the pictures are never black."""
    found = []
    (made,) = out.iterdir()
    with (made / "pictures.csv").open(encoding="utf-8") as stream:
        files = [line["file"] for line in csv.DictReader(stream)]
    for file in files:
        with Image.open(made / file) as image:
            black = ~np.asarray(image).any(axis=2)
        if black.any():
            rows, columns = np.flatnonzero(black.any(axis=1)), np.flatnonzero(black.any(axis=0))
            found.append((slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)))
            assert black[found[-1]].all()
    return found


def test_a_box_drawn_with_the_mouse_is_black_in_the_set(
    qtbot: QtBot, open_window: Opened, wide_folder: Path, out: Path
) -> None:
    page = page_of(qtbot, open_window(wide_folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    view, large = page.looking.view, page.looking.large
    middle = view.visualRect(view.sheet_model.index(0)).center()
    qtbot.mouseClick(view.viewport(), LEFT, pos=middle)
    qtbot.mouseDClick(view.viewport(), LEFT, pos=middle)
    settled(qtbot, page)
    assert large.isVisible()
    qtbot.mousePress(large, LEFT, pos=at(page, 100, 50))
    qtbot.mouseMove(large, at(page, 200, 90))
    qtbot.mouseRelease(large, LEFT, pos=at(page, 300, 120))
    assert "1 box" in page.looking.caption.text()
    qtbot.mouseClick(page.looking.back, LEFT)
    settled(qtbot, page)
    tick_looked(qtbot, page)
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    ((rows, columns),) = blackened(out)
    assert np.allclose((columns.start, rows.start, columns.stop, rows.stop), (100, 50, 300, 120), atol=3)


def test_a_box_is_drawn_with_keys_taken_away_and_drawn_again(
    qtbot: QtBot, open_window: Opened, wide_folder: Path, out: Path
) -> None:
    page = page_of(qtbot, open_window(wide_folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    looking, large = page.looking, page.looking.large
    qtbot.keyClick(looking.view, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert large.hasFocus()
    for _ in range(2):
        qtbot.keyClick(large, Qt.Key.Key_Space)
        for _ in range(5):
            qtbot.keyClick(large, Qt.Key.Key_Right)
            qtbot.keyClick(large, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
        qtbot.keyClick(large, Qt.Key.Key_Space)
        assert looking.sheet is not None
        assert len(looking.sheet.boxes) == 1
        (left, top, right, bottom) = next(iter(looking.sheet.boxes.values()))[0]
        assert right > left
        assert bottom > top
        qtbot.keyClick(large, Qt.Key.Key_Delete)
        assert not looking.sheet.boxes
        for _ in range(5):
            qtbot.keyClick(large, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(large, Qt.Key.Key_Space)
    qtbot.keyClick(large, Qt.Key.Key_Escape)  # the box that is begun, not the picture
    assert large.isVisible()
    qtbot.keyClick(large, Qt.Key.Key_PageDown)
    settled(qtbot, page)
    assert page.looking.caption.text().startswith("2 of 2")
    qtbot.keyClick(large, Qt.Key.Key_PageDown)
    assert page.looking.caption.text().startswith("2 of 2")
    qtbot.keyClick(large, Qt.Key.Key_Escape)
    assert looking.view.hasFocus()
    assert looking.view.currentIndex().row() == 1


def test_one_to_one_boxes_lie_where_they_were_drawn(
    qtbot: QtBot, open_window: Opened, wide_folder: Path, out: Path
) -> None:
    page = page_of(qtbot, open_window(wide_folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    looking, large = page.looking, page.looking.large
    qtbot.keyClick(looking.view, Qt.Key.Key_Return)
    settled(qtbot, page)
    qtbot.keyClick(large, Qt.Key.Key_Z)
    assert looking.zoom.text() == "All of it"
    assert large.place().width() == WIDE / large.devicePixelRatioF()
    qtbot.keyClick(large, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    begin, end = at(page, 250, 200), at(page, 350, 260)
    qtbot.mousePress(large, LEFT, pos=begin)
    qtbot.mouseMove(large, end)
    qtbot.mouseRelease(large, LEFT, pos=end)
    assert looking.sheet is not None
    (box,) = next(iter(looking.sheet.boxes.values()))
    assert np.allclose(box, (250, 200, 350, 260), atol=1.5)


def test_the_margin_is_black_on_every_picture_and_a_smaller_one_takes_the_tick_back(
    qtbot: QtBot, open_window: Opened, wide_folder: Path, out: Path
) -> None:
    page = page_of(qtbot, open_window(wide_folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    looking = page.looking
    looking.margin.setFocus()
    qtbot.keyClick(looking.margin, Qt.Key.Key_Up)
    qtbot.keyClick(looking.margin, Qt.Key.Key_Up)
    settled(qtbot, page)
    tick_looked(qtbot, page)
    assert page.go.isEnabled()
    qtbot.keyClick(looking.margin, Qt.Key.Key_Down)
    settled(qtbot, page)
    assert not looking.said.isChecked()
    assert not page.go.isEnabled()
    tick_looked(qtbot, page)
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    (made,) = out.iterdir()
    for path in (made / "pictures").iterdir():
        with Image.open(path) as image:
            pixels = np.asarray(image)
        assert not pixels[:10].any()
        assert not pixels[:, -10:].any()
        assert pixels[10:-10, 10:-10].all(axis=2).any()


def test_a_picture_whose_file_is_lost_is_said_and_left_out(
    qtbot: QtBot, open_window: Opened, library_folder: Path, out: Path
) -> None:
    with Library.open(library_folder) as lib:
        adler = next(row for row in cases.today(lib) if row.patient.family_name == "Adler")
        lost = cases.visit_case(lib, adler.visit.id).pictures[0]
        path = lib.pictures.find(lost.sha256)
        assert path is not None
        path.chmod(0o600)
        path.unlink()
    page = page_of(qtbot, open_window(library_folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    assert page.looking.view.sheet_model.index(0).data().endswith("cannot be read: left out")
    tick_looked(qtbot, page)
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    assert "1 picture." in page.result.text.text()


# who is


def test_who_stands_under_a_pseudonym_is_said_on_record_and_forgotten_with_the_page(
    qtbot: QtBot, open_window: Opened, library_folder: Path, out: Path
) -> None:
    window = open_window(library_folder)
    page = page_of(qtbot, window)
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    tick_looked(qtbot, page)
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    pseudonym = (next(out.iterdir()) / "cases.csv").read_text().splitlines()[1].split(",")[0]
    whose = page.whose
    qtbot.keyClicks(whose.field, "W-nobody")
    qtbot.keyClick(whose.field, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert "Nobody in this library is called 'W-nobody'" in whose.answer.text()
    whose.field.selectAll()
    qtbot.keyClicks(whose.field, pseudonym)
    qtbot.mouseClick(whose.ask, LEFT)
    settled(qtbot, page)
    assert whose.answer.text() == f"{pseudonym} is P-001  Adler, Anna. That you asked is on record."
    assert on_record(window)[-1] == "A pseudonym of an export for research was looked up"
    qtbot.keyClick(whose.field, Qt.Key.Key_Escape)
    assert (whose.field.text(), whose.answer.text()) == ("", "")


# who may


def test_a_library_that_is_read_only_offers_nothing_and_says_why(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    with Library.open(library_folder):
        window = open_window(library_folder)
        page = page_of(qtbot, window)
        assert "open for reading only" in page.refused.text()
        assert page.refused.isVisible()
        assert not page.form.isVisible()
        assert not page.whose.isVisible()
        assert not page.go.isVisible()
        assert page.back.hasFocus()
        qtbot.keyClick(page.back, Qt.Key.Key_Return)
        assert window.desk is not None
        assert window.stack.currentWidget() is window.desk.today


def test_who_labels_only_is_told_that_it_is_not_hers(qtbot: QtBot, open_window: Opened, clinic: Path) -> None:  # noqa: F811
    window = inside(qtbot, open_window(clinic, ready=False), name="Reader")
    page = page_of(qtbot, window)
    assert "Reader may not take pictures and records out of the library" in page.refused.text()
    assert not page.go.isVisible()
    assert not page.whose.isVisible()


def test_in_an_encrypted_library_the_list_of_pseudonyms_is_said_to_be_encrypted(
    qtbot: QtBot,
    open_window: Opened,
    clinic: Path,  # noqa: F811
    out: Path,
) -> None:
    window = inside(qtbot, open_window(clinic, ready=False))
    assert window.session is not None
    page = page_of(qtbot, window)
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    assert "stays in the library, encrypted with it." in page.plan.text()
    assert page.needed.text() == "No picture would go out."


def test_leaving_the_library_while_pictures_are_shown_leaves_nothing_behind(
    qtbot: QtBot, open_window: Opened, long_folder: Path, library_folder: Path
) -> None:
    window = open_window(long_folder)
    page = page_of(qtbot, window)
    choose(qtbot, page, Kind.CSV, Scope.ONE, None)
    page.looking.show_large(3)
    with qtbot.waitSignal(window.ready, timeout=10_000):
        window.open_library(str(library_folder))
    assert window.desk is not None
    assert EXPORT not in window.desk.made
