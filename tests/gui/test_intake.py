"""A clinician brings her own patient and pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from pfm_desktop.domain.followup import Only
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.gui.main_window import TODAY
from pfm_desktop.gui.pages.today import TodayPage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.undo import Undo
from pfm_desktop.gui.widgets.picture_rows import _FileRow
from pfm_desktop.services import cases, review
from pfm_desktop.storage.library import Library
from pfm_desktop.support import moments
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.session import Session
from pfm_desktop.viewmodels.worklist import NAME

from .conftest import Opened, enter

pytestmark = pytest.mark.slow


@pytest.fixture
def today(qtbot: QtBot, session: Session) -> Iterator[TodayPage]:
    jobs = QtJobs()
    page = TodayPage(session, jobs)
    qtbot.addWidget(page)
    page.resize(1200, 700)
    page.show()
    qtbot.waitExposed(page)
    yield page
    qtbot.waitUntil(lambda: (not isValid(page) or page.idle) and not jobs.busy)  # qtbot may have deleted it already


PINK, GLOWING = (200, 120, 120), (30, 140, 60)


def coloured(folder: Path, **colours: tuple[int, int, int]) -> list[Path]:
    """A picture of one colour for each name."""
    paths = [folder / f"{name}.png" for name in colours]
    for path, colour in zip(paths, colours.values(), strict=True):
        Image.new("RGB", (64, 64), colour).save(path)
    return paths


def press(page: TodayPage, name: str) -> None:
    next(action for action in page.page_actions() if action.objectName() == f"today.{name}").trigger()


def test_a_new_patient_with_her_own_pair_opens_as_a_pair(
    qtbot: QtBot, today: TodayPage, session: Session, picture_files: tuple[Path, Path]
) -> None:
    press(today, "new_patient")
    form = today.intake
    qtbot.keyClicks(form.person["identifier"], "P-100")
    qtbot.keyClicks(form.person["family_name"], "Dorn")
    qtbot.keyClicks(form.person["birth_date"], "14.03.1988")
    qtbot.keyClicks(form.indication, "ASC-US smear")
    qtbot.keyClick(form.indication, Qt.Key.Key_Return)
    form.pictures.add_files(picture_files)
    with qtbot.waitSignal(form.open_visit) as opened:
        qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    case = cases.visit_case(session.library, opened.args[0])
    assert case.patient.display_name == "Dorn"
    assert str(case.patient.birth_date) == "1988-03-14"
    assert case.visit.indication == "ASC-US smear"
    assert {picture.stage for picture in case.pictures} == {Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID}
    assert len(case.pairs) == 1
    assert case.pairs[0].white_id
    assert case.pairs[0].fluorescence_id
    qtbot.waitUntil(lambda: today.idle)
    row = today.chosen_row()
    assert row is not None
    assert row.cells[NAME] == "Dorn"
    assert form.isHidden()


def test_an_identifier_that_is_taken_is_said_in_the_form_and_nothing_typed_is_lost(
    qtbot: QtBot, today: TodayPage
) -> None:
    press(today, "new_patient")
    form = today.intake
    qtbot.keyClicks(form.person["identifier"], "P-001")
    qtbot.keyClicks(form.person["family_name"], "Other")
    qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert "already belongs to Adler, Anna" in form.problem.text()
    assert form.problem.isVisible()
    assert form.person["family_name"].text() == "Other"


def test_a_date_that_is_none_is_said_before_anything_is_saved(qtbot: QtBot, today: TodayPage, session: Session) -> None:
    press(today, "new_patient")
    form = today.intake
    qtbot.keyClicks(form.person["identifier"], "P-101")
    qtbot.keyClicks(form.person["birth_date"], "1988-13-40")
    qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert "or 1988-03-14" in form.problem.text()
    assert not cases.find_patients(session.library, search="P-101")


def test_a_new_visit_belongs_to_the_chosen_woman(qtbot: QtBot, today: TodayPage, session: Session) -> None:
    today.table.setCurrentIndex(today.model.index(1, 0))
    press(today, "new_visit")
    assert today.intake.who.text() == "Brandt, Berta"
    qtbot.keyClicks(today.intake.indication, "Follow-up")
    qtbot.keyClick(today.intake.indication, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: today.idle)
    assert [row.visit.indication for row in session.today("Brandt")] == ["Follow-up", "LSIL smear"]


def test_a_file_that_is_no_picture_is_said_and_the_good_one_is_kept(
    qtbot: QtBot, today: TodayPage, session: Session, picture_files: tuple[Path, Path], tmp_path: Path
) -> None:
    bad = tmp_path / "broken_fluorescence.png"
    bad.write_bytes(b"no picture")
    today.table.setCurrentIndex(today.model.index(2, 0))
    row = today.chosen_row()
    assert row is not None
    press(today, "add_pictures")
    today.intake.pictures.add_files([picture_files[0], bad])
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(today.intake.problem.isVisible)
    assert "broken_fluorescence.png" in today.intake.problem.text()
    assert [item.path for item in today.intake.pictures.items()] == [bad]
    assert len(cases.visit_case(session.library, row.visit_id).pictures) == 1


def test_two_files_dropped_on_the_list_go_to_the_chosen_visit_with_a_stage_each(
    qtbot: QtBot, today: TodayPage, picture_files: tuple[Path, Path]
) -> None:
    today.table.setCurrentIndex(today.model.index(2, 0))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in picture_files])
    drop = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    today.dropEvent(drop)
    assert today.intake.who.text() == "Chen, Chiara"
    assert [item.stage for item in today.intake.pictures.items()] == [
        Stage.ACETIC_ACID,
        Stage.FLUORESCENCE_AFTER_ACID,
    ]


def test_two_pictures_in_white_light_are_not_preset_as_a_pair(qtbot: QtBot, today: TodayPage, tmp_path: Path) -> None:
    files = coloured(tmp_path, IMG_1=PINK, IMG_2=PINK)
    today.intake.take_files(today.chosen_row(), files)
    assert not today.intake.save.isEnabled()  # the stages may still change
    qtbot.waitUntil(lambda: not today.intake.pictures.looking)
    assert today.intake.save.isEnabled()
    assert [item.stage for item in today.intake.pictures.items()] == [Stage.ACETIC_ACID] * 2


def test_a_picture_with_the_colours_of_fluorescence_is_preset_as_such_whatever_its_name(
    qtbot: QtBot, today: TodayPage, tmp_path: Path
) -> None:
    today.intake.take_files(today.chosen_row(), coloured(tmp_path, IMG_1=GLOWING, IMG_2=PINK))
    qtbot.waitUntil(lambda: not today.intake.pictures.looking)
    assert [item.stage for item in today.intake.pictures.items()] == [
        Stage.FLUORESCENCE_AFTER_ACID,
        Stage.ACETIC_ACID,
    ]


def test_the_form_names_the_visit_it_adds_to_also_when_another_is_chosen_meanwhile(
    qtbot: QtBot, today: TodayPage, session: Session, picture_files: tuple[Path, Path]
) -> None:
    today.table.setCurrentIndex(today.model.index(2, 0))
    press(today, "add_pictures")
    assert today.intake.who.text() == "Chen, Chiara"
    assert "Another visit" not in today.intake.about.text()
    today.table.setCurrentIndex(today.model.index(1, 0))
    assert today.intake.who.text() == "Chen, Chiara"
    assert "Another visit is chosen in the list" in today.intake.about.text()
    today.intake.pictures.add_files(picture_files)
    with qtbot.waitSignal(today.intake.open_visit) as opened:
        qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    assert cases.visit_case(session.library, opened.args[0]).patient.family_name == "Chen"
    qtbot.waitUntil(lambda: today.idle)


def test_the_pictures_of_a_new_visit_name_the_woman(qtbot: QtBot, today: TodayPage) -> None:
    today.table.setCurrentIndex(today.model.index(1, 0))
    press(today, "new_visit")
    qtbot.keyClick(today.intake.indication, Qt.Key.Key_Return)
    assert today.intake.who.text() == "Brandt, Berta"
    qtbot.waitUntil(lambda: today.idle)
    assert "Another visit" not in today.intake.about.text()


def test_no_picture_to_add_is_no_longer_said_once_there_is_one(
    qtbot: QtBot, today: TodayPage, picture_files: tuple[Path, Path]
) -> None:
    press(today, "add_pictures")
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    assert "no picture to add" in today.intake.problem.text()
    today.intake.pictures.add_files(picture_files)
    assert today.intake.problem.isHidden()


def test_a_picture_that_the_visit_has_already_is_said_and_not_added_again(
    qtbot: QtBot, today: TodayPage, session: Session, picture_files: tuple[Path, Path]
) -> None:
    today.table.setCurrentIndex(today.model.index(2, 0))
    row = today.chosen_row()
    assert row is not None
    cases.add_picture(session.library, row.visit_id, picture_files[0], stage=Stage.ACETIC_ACID)
    press(today, "add_pictures")
    today.intake.pictures.add_files(picture_files)
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(today.intake.problem.isVisible)
    assert "case 1 white.png is already in this visit" in today.intake.problem.text()
    assert len(cases.visit_case(session.library, row.visit_id).pictures) == 2


def test_a_patient_is_corrected_and_the_list_shows_it(qtbot: QtBot, today: TodayPage, session: Session) -> None:
    today.table.setCurrentIndex(today.model.index(1, 0))
    press(today, "edit_patient")
    form = today.intake
    assert [field.text() for field in form.person.values()] == ["P-002", "Brandt", "Berta", "02 Nov 1975"]
    form.person["identifier"].setText("P-001")
    qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert "already belongs to Adler" in form.problem.text()
    form.person["identifier"].setText("P-002")
    form.person["family_name"].setText("Brand")
    qtbot.keyClick(form.person["family_name"], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: today.idle)
    assert form.isHidden()
    row = today.chosen_row()
    assert row is not None
    assert row.cells[NAME] == "Brand, Berta"
    assert session.today("Brand,")


def test_the_form_says_how_many_signed_reports_will_tell_of_the_correction(today: TodayPage, session: Session) -> None:
    row = session.today("Brandt")[0]
    for count, note in (
        (0, ""),
        (1, "1 signed visit of this woman: the correction will be noted in its report."),
        (2, "2 signed visits of this woman: the correction will be noted in their reports."),
    ):
        if count:
            visit = cases.add_visit(session.library, row.patient.id, started_at=row.visit.started_at).id
            review.set_impression(session.library, visit, Grade.LOW)
            review.sign(session.library, visit, "Dr. A", "Reported by me")
        today.table.setCurrentIndex(today.model.index(1, 0))
        press(today, "edit_patient")
        assert today.intake.person["family_name"].text() == "Brandt"
        assert today.intake.about.text() == "The correction holds for all her visits."
        assert (today.intake.warning.text(), today.intake.warning.isVisible()) == (note, bool(note))
    press(today, "new_patient")
    assert today.intake.warning.isHidden()


@pytest.fixture
def undo(session: Session, today: TodayPage) -> Undo:
    made = Undo(session, today)
    today.in_front.connect(made.show_list)
    return made


@pytest.mark.parametrize("on_desk", ["Brandt", "Adler", ""])
def test_a_correction_is_undone_in_today_and_not_while_another_page_is_in_front(
    qtbot: QtBot, today: TodayPage, session: Session, undo: Undo, on_desk: str
) -> None:
    if on_desk:
        assert session.open_visit(session.today(on_desk)[0].visit.id)
    today.entered()
    qtbot.waitUntil(lambda: today.idle)
    today.table.setCurrentIndex(today.model.index(1, 0))
    press(today, "edit_patient")
    today.intake.person["family_name"].setText("Brand")
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    if on_desk:
        today.left()
        assert undo.undo_text == ""
        today.entered()
    assert undo.undo_text == "Patient P-002 corrected"
    with qtbot.waitSignal(undo.said) as said:
        assert undo.undo()
    assert said.args == ["Undone: Patient P-002 corrected"]
    assert session.today("Brandt")
    assert undo.redo()
    assert not session.today("Brandt")
    qtbot.waitUntil(lambda: today.idle)


@pytest.mark.parametrize("opened", [True, False])
def test_a_new_patient_is_taken_back_and_added_again_also_when_her_visit_is_on_the_desk(
    qtbot: QtBot, today: TodayPage, session: Session, undo: Undo, opened: bool
) -> None:
    today.entered()
    press(today, "new_patient")
    qtbot.keyClicks(today.intake.person["identifier"], "P-103")
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    (row,) = session.today("P-103")
    if opened:
        session.open_visit(row.visit.id)
    assert undo.undo_text == "Patient P-103 added"
    assert undo.undo()
    assert session.case is None
    assert session.today("P-103") == ()
    assert undo.redo()
    assert [again.visit for again in session.today("P-103")] == [row.visit]
    qtbot.waitUntil(lambda: today.idle)


def test_a_new_visit_with_findings_stays_on_record_and_on_the_desk_and_it_is_said_why(
    qtbot: QtBot, today: TodayPage, session: Session, undo: Undo
) -> None:
    problems: list[str] = []
    session.on_problem.append(lambda problem: problems.append(str(problem)))
    before = {row.visit.id for row in session.today()}
    press(today, "new_visit")
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    (visit,) = {row.visit.id for row in session.today()} - before
    session.open_visit(visit)
    session.perform(lambda lib: review.set_impression(lib, visit, Grade.LOW))
    undo.show_list(True)
    assert undo.undo_text == "Visit added"
    assert not undo.undo()
    assert "there are findings in the visit" in problems[0]
    assert session.case is not None
    assert session.case.visit.id == visit
    qtbot.waitUntil(lambda: today.idle)


def test_pictures_added_in_today_are_taken_back_in_their_visit(
    qtbot: QtBot, today: TodayPage, session: Session, undo: Undo, picture_files: tuple[Path, Path]
) -> None:
    today.table.setCurrentIndex(today.model.index(2, 0))
    row = today.chosen_row()
    assert row is not None
    today.intake.take_files(row, picture_files)
    qtbot.waitUntil(lambda: not today.intake.pictures.looking)
    with qtbot.waitSignal(today.visit_chosen):
        qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    session.open_visit(row.visit_id)
    assert undo.undo_text == "2 pictures added"
    assert undo.undo()
    case = cases.visit_case(session.library, row.visit_id)
    assert (case.pictures, case.pairs) == ((), ())
    qtbot.waitUntil(lambda: today.idle)


def test_a_woman_on_record_does_not_stand_in_the_form_for_a_new_one(qtbot: QtBot, today: TodayPage) -> None:
    press(today, "edit_patient")
    press(today, "new_patient")
    assert not any(field.text() for field in today.intake.person.values())
    qtbot.keyClicks(today.intake.person["identifier"], "P-103")
    press(today, "new_patient")
    assert today.intake.person["identifier"].text() == "P-103"


def test_escape_closes_the_form_and_nothing_is_saved(qtbot: QtBot, today: TodayPage, session: Session) -> None:
    press(today, "new_patient")
    qtbot.keyClicks(today.intake.person["identifier"], "P-102")
    qtbot.keyClick(today.intake.person["identifier"], Qt.Key.Key_Escape)
    assert today.intake.isHidden()
    assert not cases.find_patients(session.library, search="P-102")


def test_a_read_only_library_offers_nothing_that_would_be_refused(qtbot: QtBot, library_folder: Path) -> None:
    with Library.open(library_folder), Library.open(library_folder) as reading:
        page = TodayPage(Session(reading, Settings()), QtJobs())
        qtbot.addWidget(page)
        enabled = {action.objectName() for action in page.page_actions() if action.isEnabled()}
    showing = {f"today.show_{only.value}" for only in Only} | {"today.histology"}  # they look, and change nothing
    assert enabled == {"today.open", "today.export", *showing}, "the export page says why it is not possible"


def test_an_examiner_whom_nobody_named_is_said_where_a_visit_begins(today: TodayPage, session: Session) -> None:
    form = today.intake
    press(today, "new_visit")
    assert form.examiner.isHidden()
    session.settings = Settings()
    for name, shown in (("new_visit", True), ("new_patient", True), ("edit_patient", False), ("add_pictures", False)):
        press(today, name)
        assert form.examiner.isVisible() is shown
        assert (session.unnamed in form.examiner.text()) is shown


def test_each_file_shows_its_picture_before_it_is_added(qtbot: QtBot, today: TodayPage, tmp_path: Path) -> None:
    paths = coloured(tmp_path, white=PINK, fluorescence=GLOWING)
    broken = tmp_path / "white 2.png"
    broken.write_bytes(b"no picture")
    press(today, "add_pictures")
    rows = today.intake.pictures
    rows.add_files([paths[0], broken, paths[1]])
    qtbot.waitUntil(lambda: not rows.painting)
    shown = [row.thumbnail for row in rows.findChildren(_FileRow)]
    colours = [label.pixmap().toImage().pixelColor(40, 30).getRgb()[:3] for label in (shown[0], shown[2])]
    assert colours == [PINK, GLOWING]
    assert shown[1].text() == "cannot be read"
    assert "white 2.png" in shown[1].toolTip()


def test_a_file_taken_off_while_its_thumbnail_is_made_leaves_the_others_to_come(
    qtbot: QtBot, today: TodayPage, tmp_path: Path
) -> None:
    paths = coloured(tmp_path, white=PINK, fluorescence=GLOWING)
    press(today, "add_pictures")
    rows = today.intake.pictures
    rows.add_files(paths)
    rows.keep_only(paths[1:])
    qtbot.waitUntil(lambda: not rows.painting)
    (row,) = (row for row in rows.findChildren(_FileRow) if row.path == paths[1])
    assert not row.thumbnail.pixmap().isNull()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["add_pictures", "new_visit", "edit_patient"])
def test_the_largest_name_in_sight_is_that_of_the_woman_of_the_form(
    qtbot: QtBot, open_window: Opened, library_folder: Path, name: str
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    page = window.desk.today
    window.open_visit(window.desk.session.today("Adler")[0].visit.id)
    window.show_page(TODAY)
    qtbot.waitUntil(lambda: page.idle)
    page.table.setCurrentIndex(page.model.index(1, 0))
    press(page, name)
    assert (page.intake.who.text(), page.intake.facts.text()) == ("Brandt, Berta", "born 02 Nov 1975, ID P-002")
    sizes = {label.text(): label.fontInfo().pixelSize() for label in window.findChildren(QLabel) if label.isVisible()}
    other = {text: size for text, size in sizes.items() if "Adler" in text}
    assert other, "the open visit is still named"
    assert max(other.values()) < sizes["Brandt, Berta"] == max(sizes.values())


def test_the_form_for_a_new_woman_names_nobody(today: TodayPage) -> None:
    press(today, "add_pictures")
    press(today, "new_patient")
    assert today.intake.who.text() == "New patient"
    assert today.intake.facts.isHidden()


def test_a_correction_undone_beside_the_form_shows_in_it_and_a_woman_taken_back_closes_it(
    qtbot: QtBot, today: TodayPage, session: Session, undo: Undo
) -> None:
    today.entered()
    press(today, "new_patient")
    qtbot.keyClicks(today.intake.person["identifier"], "P-104")
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    assert today.intake.facts.text() == "born unknown, ID P-104"
    (row,) = session.today("P-104")
    fields = {"identifier": "P-105", "family_name": "", "given_name": "", "birth_date": None}
    session.perform(lambda lib: cases.edit_patient(lib, row.patient.id, **fields))
    assert today.intake.facts.text() == "born unknown, ID P-105"
    assert undo.undo()
    assert today.intake.facts.text() == "born unknown, ID P-104"
    assert undo.undo()
    assert today.intake.isHidden()
    qtbot.waitUntil(lambda: today.idle)


# ---- pictures that the library has already


def doubtful(page: TodayPage) -> dict[str, str]:
    """What is said beside the files."""
    rows = page.intake.pictures.findChildren(_FileRow)
    return {row.path.name: row.known.text() for row in rows if row.known.isVisible()}


@pytest.fixture
def held(session: Session, picture_files: tuple[Path, Path]) -> Path:
    """A picture that Brandt has."""
    visit = session.today("Brandt")[0].visit.id
    cases.add_picture(session.library, visit, picture_files[0], stage=Stage.SALINE)
    return picture_files[0]


def chosen(page: TodayPage, place: int, files: Sequence[Path]) -> str:
    """The form for pictures of the visit in this place of the list, with these files."""
    page.table.setCurrentIndex(page.model.index(place, 0))
    row = page.chosen_row()
    assert row is not None
    press(page, "add_pictures")
    page.intake.pictures.add_files(files)
    return row.visit_id


def test_a_picture_of_another_woman_is_said_and_added_at_a_second_press_only(
    qtbot: QtBot, today: TodayPage, session: Session, picture_files: tuple[Path, Path], held: Path
) -> None:
    visit = chosen(today, 2, picture_files)
    form = today.intake
    qtbot.waitUntil(lambda: bool(doubtful(today)))
    assert doubtful(today) == {held.name: "This picture is already in a visit of Brandt, Berta (ID P-002)."}
    for _ in range(2):  # a double click is one press
        qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert form.save.text() == "Add all the same"
    assert "Nothing was added yet" in form.problem.text()
    assert cases.visit_case(session.library, visit).pictures == ()
    qtbot.waitUntil(lambda: not form.second.pausing)
    with qtbot.waitSignal(form.open_visit):
        qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert len(cases.visit_case(session.library, visit).pictures) == 2
    press(today, "add_pictures")
    assert form.save.text() == "Add pictures"


def photo(path: Path, taken: str = "") -> Path:
    exif = Image.Exif()
    if taken:
        exif[0x8769] = {0x9003: taken}
    path.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(sum(path.name.encode())).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, exif=exif)
    return path


def test_a_file_that_names_another_woman_and_day_is_added_at_a_second_press_only(
    qtbot: QtBot, today: TodayPage, session: Session, tmp_path: Path
) -> None:
    visit = chosen(today, 2, [photo(tmp_path / "stick" / "Adler Anna 2026-03-04 acetic 60s.jpg")])
    form = today.intake
    qtbot.waitUntil(lambda: bool(doubtful(today)))
    (said,) = doubtful(today).values()
    assert said.splitlines()[0] == "The file's name says Adler, Anna (ID P-001)."
    assert "this visit is of 02 Mar 2026" in said.splitlines()[1]
    qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert form.save.text() == "Add all the same"
    assert "another woman or day" in form.problem.text()
    assert cases.visit_case(session.library, visit).pictures == ()
    qtbot.waitUntil(lambda: not form.second.pausing)
    with qtbot.waitSignal(form.open_visit):
        qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert len(cases.visit_case(session.library, visit).pictures) == 1


def test_time_and_seconds_of_a_file_are_taken_over_as_guesses_and_can_be_changed(
    qtbot: QtBot, today: TodayPage, session: Session, tmp_path: Path
) -> None:
    files = [photo(tmp_path / "stick" / f"acetic {name}.jpg", "2026:03:02 10:15:07") for name in ("60s", "90s")]
    visit = chosen(today, 2, files)
    form = today.intake
    qtbot.waitUntil(lambda: form.pictures.settled)
    first, second = form.pictures.findChildren(_FileRow)
    assert (first.taken.text(), first.seconds.value()) == ("2026-03-02 10:15:07", 60)
    assert first.guessed.text().startswith("Guessed: taken at (the picture says so")
    assert "seconds after acid" in first.guessed.text()
    second.taken.setText("soon")
    qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert "is not a time" in form.problem.text()
    second.taken.setText("2026-03-02 10:16:00")
    second.seconds.setValue(95)
    with qtbot.waitSignal(form.open_visit):
        qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    one, two = cases.visit_case(session.library, visit).pictures
    assert (one.seconds_since_acid, two.seconds_since_acid) == (60, 95)
    assert f"{one.taken_at.astimezone():%H:%M:%S} {two.taken_at.astimezone():%H:%M:%S}" == "10:15:07 10:16:00"
    assert one.time_known
    assert two.time_known


def test_a_press_before_the_files_are_read_waits_for_them_and_adds_nothing_in_silence(
    qtbot: QtBot, today: TodayPage, session: Session, held: Path
) -> None:
    visit = chosen(today, 2, [held])
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: today.intake.save.text() == "Add all the same")
    assert cases.visit_case(session.library, visit).pictures == ()


def test_without_the_doubtful_file_one_press_adds_the_others(
    qtbot: QtBot, today: TodayPage, session: Session, picture_files: tuple[Path, Path], held: Path
) -> None:
    visit = chosen(today, 2, picture_files)
    qtbot.waitUntil(lambda: bool(doubtful(today)))
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    today.intake.pictures.keep_only([picture_files[1]])
    assert today.intake.save.text() == "Add pictures"
    assert today.intake.problem.isHidden()
    with qtbot.waitSignal(today.intake.open_visit):
        qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    assert len(cases.visit_case(session.library, visit).pictures) == 1


def test_another_visit_of_the_same_woman_is_said_too_and_this_visit_needs_no_second_press(
    qtbot: QtBot, today: TodayPage, session: Session, held: Path
) -> None:
    brandt = session.today("Brandt")[0]
    later = cases.add_visit(session.library, brandt.patient.id)
    today.read_again()
    qtbot.waitUntil(lambda: today.idle)
    chosen(today, today.model.place_of(later.id), [held])
    day = moments.day(brandt.visit.started_at.astimezone().date())
    expected = {held.name: f"This picture is already in another visit of this woman ({day})."}
    qtbot.waitUntil(lambda: doubtful(today) == expected)
    today.table.setCurrentIndex(today.model.index(today.model.place_of(brandt.visit.id), 0))
    press(today, "add_pictures")  # the files go where the form says now
    assert doubtful(today) == {held.name: "This picture is already in this visit."}
    assert today.intake.pictures.doubts == frozenset()


def test_a_picture_added_elsewhere_meanwhile_is_noticed_at_the_press(
    qtbot: QtBot, today: TodayPage, session: Session, picture_files: tuple[Path, Path]
) -> None:
    visit = chosen(today, 2, picture_files)
    qtbot.waitUntil(lambda: not today.intake.pictures.painting)
    assert doubtful(today) == {}
    cases.add_picture(session.library, session.today("Brandt")[0].visit.id, picture_files[0], stage=Stage.ACETIC_ACID)
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: today.intake.save.text() == "Add all the same")
    assert cases.visit_case(session.library, visit).pictures == ()


def test_a_new_woman_whose_pictures_are_another_ones_is_asked_about_after_she_is_on_record(
    qtbot: QtBot, today: TodayPage, session: Session, held: Path
) -> None:
    press(today, "new_patient")
    today.intake.pictures.show()
    today.intake.pictures.add_files([held])
    qtbot.waitUntil(lambda: bool(doubtful(today)))
    qtbot.keyClicks(today.intake.person["identifier"], "P-106")
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: today.intake.save.text() == "Add all the same")
    (row,) = session.today("P-106")
    assert row.pictures == 0
    qtbot.waitUntil(lambda: today.idle)


# ---- keys and room


@pytest.mark.usefixtures("enter_key")
def test_enter_presses_the_button_that_has_the_keys(qtbot: QtBot, today: TodayPage, monkeypatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.open", lambda _dialog: asked.append(True))
    press(today, "add_pictures")
    enter(qtbot, today.intake.pictures.choose)
    assert asked == [True]
    assert today.intake.problem.isHidden()
    enter(qtbot, today.intake.cancel)
    assert today.intake.isHidden()


@pytest.mark.usefixtures("enter_key")
def test_after_files_were_chosen_enter_adds_them(
    qtbot: QtBot, today: TodayPage, picture_files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [str(path) for path in picture_files]
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.open", lambda dialog: dialog.filesSelected.emit(names))
    today.table.setCurrentIndex(today.model.index(2, 0))
    press(today, "add_pictures")
    qtbot.keyClick(today.intake.pictures.choose, Qt.Key.Key_Return)
    with qtbot.waitSignal(today.intake.open_visit):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)


def test_a_long_name_of_a_file_is_cut_in_the_middle_and_the_list_has_no_sideways_bar(
    qtbot: QtBot, today: TodayPage, tmp_path: Path
) -> None:
    name = f"{'case_00000_' * 4}fluorescence"
    (path,) = coloured(tmp_path, **{name: GLOWING})
    today.resize(940, 500)
    press(today, "add_pictures")
    today.intake.pictures.add_files([path, *coloured(tmp_path, white=PINK)])
    qtbot.waitUntil(lambda: not today.intake.pictures.painting)
    row = next(row for row in today.intake.pictures.findChildren(_FileRow) if row.path == path)
    shown = row.name.text()
    assert shown.startswith("case_0")
    assert shown.endswith("cence.png")
    assert len(shown) < len(path.name)
    assert path.name in row.name.toolTip()
    (area,) = today.intake.findChildren(QScrollArea)
    assert not area.horizontalScrollBar().isVisible()
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()


def test_escape_in_the_form_gives_the_keys_to_the_search_field(qtbot: QtBot, today: TodayPage) -> None:
    for name in ("new_patient", "new_visit", "add_pictures"):
        press(today, name)
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
        assert today.intake.isHidden()
        assert today.search.hasFocus()
