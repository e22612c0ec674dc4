"""Filmstrip: other pairs, more pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.pages.review.pictures import VisitList
from pfm_desktop.gui.undo import Undo
from pfm_desktop.services import cases, review
from pfm_desktop.viewmodels.review import VisitLink
from pfm_desktop.viewmodels.session import Session

from ..conftest import enter
from .conftest import BLUE, GREEN, RED, Clinic, FakeEngine, Opened, close_to, colour_at, picture, settle, sign

pytestmark = pytest.mark.slow  # each test opens visits and waits for pictures

LEFT = Qt.MouseButton.LeftButton


def drop(page: ReviewPage, files: list[Path]) -> bool:
    """Drop files on the page; True when it takes them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page, event)
    return event.isAccepted()


def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "white.png", tmp_path / "fluorescence.png"]
    for path, colour in zip(made, (RED, GREEN), strict=True):
        path.write_bytes(picture(colour, seed=hash(path.name) % 1000))
    return made


Dropped = Callable[[], None]


@pytest.fixture
def dropped(page: ReviewPage, clinic: Clinic, opened: Opened, tmp_path: Path) -> Dropped:
    """Opens the visit without pictures and drops two files on it: the form asks what they are."""

    def drop_() -> None:
        opened(clinic.empty)
        assert drop(page, files(tmp_path))

    return drop_


def test_the_pictures_on_the_stage_are_marked(page: ReviewPage, clinic: Clinic, opened: Opened) -> None:
    opened(clinic.adler)
    strip = page.pictures.filmstrip.list
    marked = [strip.item(row).text().startswith("●") for row in range(strip.count())]
    assert marked == [True, True, False]


def test_two_pictures_chosen_with_the_keyboard_become_the_pair_on_the_stage_and_undo_brings_the_old_one_back(
    page: ReviewPage, clinic: Clinic, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    strip = page.pictures.filmstrip.list
    strip.setFocus()
    strip.clearSelection()
    strip.setCurrentRow(1)
    qtbot.keyClick(strip, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert close_to(colour_at(page, 0), BLUE)
    assert undo.undo()
    settle(qtbot, page)
    assert close_to(colour_at(page, 0), RED)


def test_one_picture_alone_can_be_looked_at(page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot) -> None:
    opened(clinic.adler)
    strip = page.pictures.filmstrip.list
    strip.clearSelection()
    strip.setCurrentRow(2)
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert close_to(colour_at(page, 0), BLUE)
    assert page.stage.shown.fluorescence is None


def test_in_a_signed_visit_no_other_pictures_come_onto_the_stage_and_it_is_said_why(
    page: ReviewPage, clinic: Clinic, session: Session, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    assert session.case is not None
    sign(session)
    signed = session.case.pairs
    strip = page.pictures.filmstrip.list
    strip.itemDoubleClicked.emit(strip.item(2))
    page.stage.picture_dropped.emit(session.case.pictures[2].id, Source.WHITE)
    settle(qtbot, page)
    words = '"Put on the stage" was not done: this visit is signed. '
    assert [said.startswith(words) for said in problems] == [True, True]
    assert session.case.pairs == signed
    assert close_to(colour_at(page, 0), RED)


def test_two_pictures_of_one_source_make_no_pair_and_it_is_said_why(
    page: ReviewPage, clinic: Clinic, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    cases.add_picture(clinic.lib, clinic.brandt, picture(RED, 9), stage=Stage.SALINE)
    opened(clinic.brandt)
    choose(page, qtbot, 0, 1)
    assert [said.startswith("A pair needs one white-light and one fluorescence picture") for said in problems] == [True]
    assert page.idle


def choose(page: ReviewPage, qtbot: QtBot, *rows: int) -> None:
    """Put pictures of the filmstrip on the stage."""
    strip = page.pictures.filmstrip.list
    strip.clearSelection()
    for row in rows:
        strip.item(row).setSelected(True)
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Return)


def test_white_light_and_iodine_chosen_together_are_a_pair_and_called_what_they_are(
    page: ReviewPage, clinic: Clinic, session: Session, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    choose(page, qtbot, 0, 2)
    settle(qtbot, page)
    assert problems == []
    assert session.case is not None
    pair, (white, _, iodine) = session.case.pairs[-1], session.case.pictures
    assert (pair.white_id, pair.fluorescence_id) == (white.id, iodine.id)
    assert [page.stage.shown.title(place) for place in page.stage.shown.sources] == ["White light", "Lugol's iodine"]
    assert "white light and Lugol's iodine" in page.stage.accessibleDescription()
    assert close_to(colour_at(page, 1), BLUE)
    choose(page, qtbot, 0, 1)
    settle(qtbot, page)
    assert [page.stage.shown.title(place) for place in page.stage.shown.sources] == ["White light", "Fluorescence"]


@pytest.mark.parametrize(("place", "second"), [(Source.FLUORESCENCE, 2), (Source.WHITE, 1)])
def test_a_picture_after_iodine_goes_where_it_is_dropped(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    opened: Opened,
    qtbot: QtBot,
    place: Source,
    second: int,
) -> None:
    opened(clinic.adler)
    assert session.case is not None
    pictures = session.case.pictures
    page.stage.picture_dropped.emit(pictures[2].id, place)
    settle(qtbot, page)
    pair = session.case.pairs[-1]
    first = 0 if place is Source.FLUORESCENCE else 2
    assert (pair.white_id, pair.fluorescence_id) == (pictures[first].id, pictures[second].id)


def test_files_dropped_on_an_empty_visit_fill_it_and_open_as_a_pair(
    page: ReviewPage, session: Session, qtbot: QtBot, dropped: Dropped
) -> None:
    dropped()
    assert page.pictures.form.isVisible()
    qtbot.keyClick(page.pictures.form, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert session.case is not None
    assert [p.stage for p in session.case.pictures] == [Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID]
    assert close_to(colour_at(page, 0), RED)
    assert close_to(colour_at(page, 1), GREEN)


def test_the_missing_picture_added_later_completes_the_pair(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(clinic.brandt)
    qtbot.mouseClick(page.pictures.add, LEFT)
    page.pictures.form.rows.add_files(files(tmp_path)[1:])
    qtbot.mouseClick(page.pictures.form.save, LEFT)
    settle(qtbot, page)
    assert close_to(colour_at(page, 0), BLUE)
    assert close_to(colour_at(page, 1), GREEN)


def test_more_pictures_leave_a_complete_pair_on_the_stage_alone(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, opened: Opened, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(clinic.adler)
    loads = engine.calls.count(("load", clinic.adler))
    assert drop(page, files(tmp_path)[:1])
    qtbot.mouseClick(page.pictures.form.save, LEFT)
    settle(qtbot, page)
    assert session.case is not None
    assert len(session.case.pictures) == 4
    assert page.pictures.filmstrip.list.count() == 4
    assert engine.calls.count(("load", clinic.adler)) == loads


def test_a_file_that_is_no_picture_is_named_and_the_others_are_added(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    problems: list[str],
    opened: Opened,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    opened(clinic.empty)
    letter = tmp_path / "letter.png"
    letter.write_text("Dear colleague")
    assert drop(page, [letter, files(tmp_path)[0]])
    assert not page.pictures.form.save.isEnabled()  # the colours may still change a stage
    qtbot.waitUntil(lambda: not page.pictures.form.rows.looking)
    assert page.pictures.form.save.isEnabled()
    qtbot.keyClick(page.pictures.form, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert session.case is not None
    assert len(session.case.pictures) == 1
    assert len(problems) == 1
    assert problems[0].startswith("letter.png was not added.")


def test_pictures_go_to_the_visit_they_were_dropped_on_even_when_another_is_opened_meanwhile(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot, dropped: Dropped
) -> None:
    dropped()
    qtbot.waitUntil(lambda: page.pictures.form.rows.settled)
    qtbot.keyClick(page.pictures.form, Qt.Key.Key_Return)
    opened(clinic.adler)
    assert session.case is not None
    assert len(session.case.pictures) == 3
    assert close_to(colour_at(page, 0), RED)
    opened(clinic.empty)
    assert len(session.case.pictures) == 2


def test_the_form_is_emptied_when_another_visit_is_opened(
    page: ReviewPage, clinic: Clinic, opened: Opened, dropped: Dropped
) -> None:
    dropped()
    opened(clinic.brandt)
    assert not page.pictures.form.isVisible()
    assert page.pictures.form.rows.items() == ()


def test_escape_closes_the_form_and_adds_nothing(
    page: ReviewPage, session: Session, qtbot: QtBot, dropped: Dropped
) -> None:
    dropped()
    qtbot.keyClick(page.pictures.form, Qt.Key.Key_Escape)
    assert not page.pictures.form.isVisible()
    assert session.case is not None
    assert session.case.pictures == ()


def test_the_pictures_can_be_hidden_to_give_the_stage_room(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    before = page.stage.height()
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: page.stage.height() > before + 60)
    assert not page.pictures.filmstrip.isVisible()
    qtbot.keyClick(page.stage, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: page.stage.height() == before)


def chosen_and_deleted(page: ReviewPage, qtbot: QtBot, row: int) -> None:
    strip = page.pictures.filmstrip.list
    strip.setFocus()
    strip.clearSelection()
    strip.setCurrentRow(row)
    qtbot.keyClick(strip, Qt.Key.Key_Delete)
    settle(qtbot, page)


def test_added_pictures_are_taken_back_and_added_again(
    page: ReviewPage, session: Session, undo: Undo, qtbot: QtBot, dropped: Dropped
) -> None:
    dropped()
    qtbot.keyClick(page.pictures.form, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert undo.undo_text == "2 pictures added"
    with qtbot.waitSignal(undo.said) as said:
        assert undo.undo()
    assert said.args == ["Undone: 2 pictures added"]
    settle(qtbot, page)
    assert session.case is not None
    assert (session.case.pictures, session.case.pairs) == ((), ())
    assert page.stage.shown.white is None
    assert undo.redo()
    settle(qtbot, page)
    assert close_to(colour_at(page, 0), RED)
    assert close_to(colour_at(page, 1), GREEN)


def test_a_picture_removed_from_the_filmstrip_leaves_the_stage_and_undo_brings_the_pair_back(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    said: list[str] = []
    undo.said.connect(said.append)
    chosen_and_deleted(page, qtbot, 0)
    assert session.case is not None
    assert len(session.case.pictures) == 2
    assert not close_to(colour_at(page, 0), RED)
    assert said == ["Picture removed (acetic acid). Undo brings it back."]
    assert undo.undo()
    settle(qtbot, page)
    assert close_to(colour_at(page, 0), RED)
    assert close_to(colour_at(page, 1), GREEN)


def test_a_picture_under_pins_stays_and_it_is_said_why(
    page: ReviewPage, clinic: Clinic, session: Session, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    pair = page.loader.desk.pair
    assert pair is not None
    session.perform(lambda lib: review.place_pin(lib, pair.id, Source.WHITE, 5, 5))
    chosen_and_deleted(page, qtbot, 0)
    assert "pins stand on its pair" in problems[0]
    assert session.case is not None
    assert len(session.case.pictures) == 3


def test_another_visit_is_said_to_its_end(qtbot: QtBot) -> None:
    visits = VisitList()
    qtbot.addWidget(visits)
    visits.show_links([VisitLink("v", "23 Aug 2026, cancer, 12 pictures, signed, and more than fits into a line")])
    visits.resize(visits.width(), 160)
    visits.show()
    qtbot.waitExposed(visits)
    item = visits.list.item(0)
    assert visits.list.visualItemRect(item).height() >= 2 * visits.list.fontMetrics().lineSpacing()
    assert visits.list.visualItemRect(item).width() <= visits.list.viewport().width()


def test_a_picture_of_another_woman_is_said_and_added_at_a_second_press_only(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot, tmp_path: Path
) -> None:
    paths = files(tmp_path)
    cases.add_picture(session.library, clinic.adler_before, paths[0], stage=Stage.SALINE)
    opened(clinic.empty)
    drop(page, paths)
    form = page.pictures.form
    for _ in range(2):  # two presses at once are one
        qtbot.mouseClick(form.save, LEFT)
        settle(qtbot, page)
    assert form.save.text() == "Add all the same"
    said = [label.text() for label in form.findChildren(QLabel) if "already in a visit of" in label.text()]
    assert len(said) == 1
    assert "Adler, Anna (ID P-1)" in said[0]
    assert session.case is not None
    assert session.case.pictures == ()
    qtbot.waitUntil(lambda: not form.second.pausing)
    qtbot.mouseClick(form.save, LEFT)
    settle(qtbot, page)
    assert len(session.case.pictures) == 2


def test_pictures_whose_visit_is_left_before_they_are_read_go_to_no_other_and_that_is_said(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    problems: list[str],
    opened: Opened,
    qtbot: QtBot,
    dropped: Dropped,
) -> None:
    dropped()
    qtbot.keyClick(page.pictures.form, Qt.Key.Key_Return)
    opened(clinic.adler)
    assert problems == [
        "the pictures were not added: another visit was opened before the files were read. Add them again."
    ]
    assert session.case is not None
    assert len(session.case.pictures) == 3
    assert cases.visit_case(session.library, clinic.empty).pictures == ()


@pytest.mark.usefixtures("enter_key")
def test_enter_on_cancel_of_the_form_adds_nothing(
    page: ReviewPage, session: Session, qtbot: QtBot, dropped: Dropped
) -> None:
    dropped()
    qtbot.waitUntil(lambda: page.pictures.form.rows.settled)
    enter(qtbot, page.pictures.form.cancel)
    settle(qtbot, page)
    assert page.pictures.form.isHidden()
    assert session.case is not None
    assert session.case.pictures == ()


def test_below_a_narrow_stage_no_words_of_the_buttons_are_cut(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    area = page.pictures
    buttons = (area.toggle, area.add, area.compare, area.play)

    def stand(lines: int) -> bool:
        whole = all(button.visibleRegion().boundingRect() == button.rect() for button in buttons)
        wide = all(button.width() >= button.sizeHint().width() for button in buttons)
        return whole and wide and len({button.y() for button in buttons}) == lines

    opened(clinic.adler)
    for width, lines in ((1250, 1), (800, 2), (1250, 1)):
        page.resize(width, 480)
        qtbot.waitUntil(lambda lines=lines: stand(lines))
    area.toggle_open()
    qtbot.waitUntil(lambda: stand(len(buttons)))
