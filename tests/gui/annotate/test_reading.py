"""Reading by keys and by mouse: each read is on disk, each pair is seen before it is graded, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import REASONS, Quality, Reason
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.pages.annotate.page import AnnotatePage
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.services import labelling
from pfm_desktop.support.errors import StorageError
from pfm_desktop.viewmodels.annotate import Sight
from pfm_desktop.viewmodels.pair_view import Mode
from pfm_desktop.viewmodels.session import Session

from .conftest import PAIRS, Pictures

pytestmark = pytest.mark.slow

Press = Callable[..., None]
Settle = Callable[[], None]
OnDisk = Callable[[], list[Grade | None]]
K = Qt.Key
NOT_READ = [None] * PAIRS


def test_enter_opens_the_task_on_its_first_pair(reading: AnnotatePage, pictures: Pictures) -> None:
    view = reading.view
    assert view.side.title.text() == f"Pair 1 of {PAIRS}"
    assert view.stage.shown.sources == (Source.WHITE,)
    assert view.stage.hasFocus()
    assert len(pictures.made) == PAIRS, "those that come next are at hand"


@pytest.mark.parametrize(("key", "grade"), zip((K.Key_1, K.Key_2, K.Key_3, K.Key_4), Grade, strict=True))
def test_a_digit_grades_and_the_next_pair_is_in_front(
    qtbot: QtBot, reading: AnnotatePage, on_disk: OnDisk, key: K, grade: Grade
) -> None:
    before = reading.view.stage.painting().scene.white
    qtbot.keyClick(reading.view.stage, key)
    assert on_disk() == [grade, *NOT_READ[1:]]
    assert reading.view.side.title.text() == f"Pair 2 of {PAIRS}"
    assert reading.view.stage.painting().scene.white is not before, "in the same step, it was at hand"
    assert reading.view.stage.view.mode is Mode.SIDE_BY_SIDE, "digits are grades here, and no ways of looking"


def test_all_pairs_are_read_by_keys_alone(reading: AnnotatePage, press: Press, on_disk: OnDisk) -> None:
    press(K.Key_1, K.Key_2, K.Key_3, K.Key_4, K.Key_2, K.Key_2)
    assert on_disk() == [Grade.NORMAL, Grade.LOW, Grade.HIGH, Grade.CANCER, Grade.LOW, Grade.LOW]
    view = reading.view
    assert view.side.title.text() == "All pairs are read"
    assert "All pairs are read" in view.stage.empty_words
    assert view.side.progress.text() == f"6 of {PAIRS} read: 1 normal, 3 low, 1 high, 1 cancer"
    assert not any(button.isEnabled() for button in view.side.grades.values())
    press(K.Key_T)
    assert reading.tasks.isVisible()
    assert reading.tasks.table.item(0, 2).text() == "all"


def test_a_held_key_and_a_pair_that_is_not_seen_yet_grade_nothing(
    qtbot: QtBot, page: AnnotatePage, pictures: Pictures, on_disk: OnDisk
) -> None:
    pictures.hold.clear()
    qtbot.keyClick(page.tasks.table, K.Key_Return)
    assert page.view.stage.empty_words == "Loading this pair ..."
    for _ in range(3):
        qtbot.keyClick(page.view.stage, K.Key_3)
    assert on_disk() == NOT_READ
    pictures.hold.set()
    qtbot.waitUntil(lambda: page.view.reading.sight is Sight.PICTURES, timeout=10_000)  # type: ignore[union-attr]
    qtbot.keyClick(page.view.stage, K.Key_3)
    assert on_disk() == [Grade.HIGH, *NOT_READ[1:]]
    assert not page.view.actions_by_id["grade_high"].autoRepeat()


def test_zero_asks_for_the_reason_and_digits_give_it(
    reading: AnnotatePage, press: Press, on_disk: OnDisk, session: Session, task: str
) -> None:
    press(K.Key_0)
    side = reading.view.side
    assert side.asking_why
    assert [button.text().split("   ")[0] for button in side.reasons.values()] == list("123456")
    press(K.Key_Escape)
    assert not side.asking_why
    press(K.Key_0, K.Key_2, K.Key_0, K.Key_6)
    reads = labelling.queue(session.library, task).reads
    assert {read.reason for read in reads.values()} == {Reason.BLURRED, Reason.OTHER}
    assert on_disk() == NOT_READ
    assert not side.asking_why
    press(K.Key_5, K.Key_6)
    assert len(labelling.queue(session.library, task).reads) == 2, "without the question these are no answers"
    assert reading.view.stage.view.mode is Mode.SIDE_BY_SIDE


def test_arrows_go_without_reading_and_own_reads_are_changed(
    reading: AnnotatePage, press: Press, on_disk: OnDisk
) -> None:
    press(K.Key_Right)
    assert reading.view.side.title.text() == f"Pair 2 of {PAIRS}"
    assert on_disk() == NOT_READ
    press(K.Key_2, K.Key_Left)
    side = reading.view.side
    assert side.own.text() == "You read: Low. Another grade changes it."
    assert side.grades[Grade.LOW].isChecked()
    press(K.Key_4)
    assert on_disk()[:3] == [None, Grade.CANCER, None]


def test_u_takes_back_across_pairs_and_so_does_the_windows_undo(
    reading: AnnotatePage, press: Press, on_disk: OnDisk
) -> None:
    press(K.Key_1, K.Key_2, K.Key_3)
    press(K.Key_U)
    assert on_disk()[:3] == [Grade.NORMAL, Grade.LOW, None]
    assert reading.view.side.title.text() == f"Pair 3 of {PAIRS}"
    assert reading.own_undo_text == "Read for a label: low"
    reading.own_undo()
    assert on_disk()[:2] == [Grade.NORMAL, None]
    assert reading.own_redo_text == "Read for a label: low"
    reading.own_redo()
    assert on_disk()[:3] == [Grade.NORMAL, Grade.LOW, None]


def test_n_writes_a_note_in_which_digits_are_digits(
    qtbot: QtBot, reading: AnnotatePage, press: Press, on_disk: OnDisk, session: Session, task: str
) -> None:
    press(K.Key_N)
    note = reading.view.side.note
    assert note.hasFocus()
    qtbot.keyClicks(note, "near 12 u q r 0")
    assert on_disk() == NOT_READ
    qtbot.keyClick(note, K.Key_Return)
    assert reading.view.stage.hasFocus()
    press(K.Key_3)
    (read,) = labelling.queue(session.library, task).reads.values()
    assert (read.grade, read.note) == (Grade.HIGH, "near 12 u q r 0")
    assert note.text() == ""


@pytest.mark.parametrize("key", [K.Key_Escape, K.Key_Enter])
def test_escape_leaves_the_note_as_well_and_keeps_it(qtbot: QtBot, reading: AnnotatePage, press: Press, key: K) -> None:
    press(K.Key_N)
    qtbot.keyClicks(reading.view.side.note, "x")
    qtbot.keyClick(reading.view.side.note, key)
    assert reading.view.stage.hasFocus()
    assert reading.view.reading is not None
    assert reading.view.reading.draft.note == "x"
    assert "1 pair" in reading.view.side.waiting.text()
    press(K.Key_Right)
    assert reading.view.side.note.text() == ""
    press(K.Key_Left)
    assert reading.view.side.note.text() == "x"


def test_a_note_still_being_typed_goes_with_the_grade_that_is_clicked(
    qtbot: QtBot, reading: AnnotatePage, press: Press, session: Session, task: str
) -> None:
    press(K.Key_N)
    qtbot.keyClicks(reading.view.side.note, "edge")
    qtbot.mouseClick(reading.view.side.grades[Grade.LOW], Qt.MouseButton.LeftButton)
    (read,) = labelling.queue(session.library, task).reads.values()
    assert read.note == "edge"
    assert reading.view.reading is not None
    assert reading.view.reading.draft.note == ""


def test_q_says_the_quality(reading: AnnotatePage, press: Press, session: Session, task: str) -> None:
    press(K.Key_Q, K.Key_Q)
    assert reading.view.side.qualities[Quality.LIMITED].isChecked()
    press(K.Key_1)
    (read,) = labelling.queue(session.library, task).reads.values()
    assert read.quality is Quality.LIMITED
    assert not any(button.isChecked() for button in reading.view.side.qualities.values())


def test_r_draws_lesions_and_backspace_takes_the_last_away(
    qtbot: QtBot, reading: AnnotatePage, press: Press, session: Session, task: str
) -> None:
    press(K.Key_R)
    stage = reading.view.stage
    assert stage.tool == "region"
    assert reading.view.side.draw.isChecked()
    assert reading.view.side.regions.text() == "Drag around a lesion, or click its corners"
    stroke(stage, (50, 50), (150, 50), (150, 150), (50, 150))
    stroke(stage, (200, 50), (250, 50), (250, 150), (200, 150))
    assert reading.view.side.regions.text() == "2 regions; draw the next one"
    assert len(stage.painting().regions.given) == 2
    press(K.Key_Backspace)
    assert reading.view.side.regions.text() == "1 region; draw the next one"
    press(K.Key_4)
    (read,) = labelling.queue(session.library, task).reads.values()
    (region,) = read.regions
    assert region.frame is Source.WHITE
    assert region.outline[0] == pytest.approx((50, 50), abs=1.0)
    assert stage.painting().regions.given == ()
    assert stage.tool == "pan", "the next pair is not drawn on by accident"
    press(K.Key_Left)
    assert len(stage.painting().regions.given) == 1, "an own region is seen again"


def stroke(stage: StageWidget, *corners: tuple[float, float]) -> None:
    """Drag along these points of the picture; of one only, click it."""
    left, none, plain = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    kinds = [QEvent.Type.MouseButtonPress, *[QEvent.Type.MouseMove] * (len(corners) - 1)]
    for kind, corner in zip(kinds, corners, strict=True):
        at = QPointF(*stage.arrangement.panes[0].lens.to_stage(*corner))
        button = none if kind is QEvent.Type.MouseMove else left
        QApplication.sendEvent(stage, QMouseEvent(kind, at, at, button, left, plain))
    QApplication.sendEvent(stage, QMouseEvent(QEvent.Type.MouseButtonRelease, at, at, left, none, plain))


SQUARE = ((50, 50), (150, 50), (150, 150), (50, 150))


@pytest.mark.parametrize("ends", ["Enter", "the first corner", "the next pair", "the grade"])
def test_clicks_are_corners_until_they_are_closed(
    reading: AnnotatePage, press: Press, session: Session, task: str, ends: str
) -> None:
    press(K.Key_R)
    view = reading.view
    for corner in SQUARE:
        stroke(view.stage, corner)
    assert view.side.regions.text() == "4 corners: Enter or the first corner closes them"
    assert view.reading is not None
    assert view.reading.draft.regions == ()
    press(K.Key_B)  # looked at another way meanwhile
    if ends == "Enter":
        press(K.Key_Return)
    elif ends == "the first corner":
        stroke(view.stage, SQUARE[0])
    elif ends == "the next pair":
        press(K.Key_Right, K.Key_Left)
    press(K.Key_2)
    (read,) = labelling.queue(session.library, task).reads.values()
    (region,) = read.regions
    assert region.outline == tuple(pytest.approx(corner, abs=1.0) for corner in SQUARE)


def test_corners_are_taken_back_and_given_up(reading: AnnotatePage, press: Press) -> None:
    press(K.Key_1, K.Key_R)
    view = reading.view
    for corner in SQUARE[:2]:
        stroke(view.stage, corner)
    press(K.Key_Return)
    assert len(view.stage.commands.corners) == 2, "two are no region"
    press(K.Key_Backspace)
    assert reading.own_undo_text == "Corner of a lesion"
    press(K.Key_U)
    assert len(view.stage.commands.corners) == 0
    assert view.side.title.text() == f"Pair 2 of {PAIRS}", "no read was taken back"
    for corner in SQUARE:
        stroke(view.stage, corner)
    press(K.Key_Escape)
    assert len(view.stage.commands.corners) == 0
    assert view.stage.tool == "region"
    assert view.reading is not None
    assert view.reading.draft.regions == ()


def test_dragging_after_a_single_click_is_a_stroke(reading: AnnotatePage, press: Press) -> None:
    press(K.Key_R)
    view = reading.view
    stroke(view.stage, (300, 200))
    stroke(view.stage, *SQUARE)
    assert view.reading is not None
    (region,) = view.reading.draft.regions
    assert region.outline[0] == pytest.approx(SQUARE[0], abs=1.0)
    assert len(view.stage.commands.corners) == 0


def test_r_after_a_lesion_is_for_the_next_one(qtbot: QtBot, reading: AnnotatePage, press: Press) -> None:
    press(K.Key_R)
    stage = reading.view.stage
    stroke(stage, *SQUARE)
    press(K.Key_R)
    assert stage.tool == "region"
    assert reading.view.side.draw.isChecked()
    stroke(stage, *SQUARE)
    assert reading.view.side.regions.text() == "2 regions; draw the next one"
    press(K.Key_R, K.Key_R)
    assert stage.tool == "pan", "nothing was drawn since"
    press(K.Key_R)
    stroke(stage, *SQUARE)
    qtbot.mouseClick(reading.view.side.draw, Qt.MouseButton.LeftButton)
    assert stage.tool == "pan", "a button that is pressed lets go"
    assert not reading.view.side.draw.isChecked()


def test_space_flickers_and_letters_choose_ways_of_looking(reading: AnnotatePage, press: Press) -> None:
    view = reading.view.stage
    press(K.Key_B)
    assert view.view.mode is Mode.BLEND
    press(K.Key_W)
    assert view.view.mode is Mode.SWIPE
    press(K.Key_Space)
    assert view.view.mode is Mode.FLICKER
    press(K.Key_Space)
    assert view.view.flicker is Source.FLUORESCENCE
    press(K.Key_1)
    assert view.view.flicker is Source.WHITE, "each pair begins alike"
    press(K.Key_S)
    assert view.view.mode is Mode.SIDE_BY_SIDE


def test_everything_is_done_by_mouse_as_well(qtbot: QtBot, reading: AnnotatePage, on_disk: OnDisk) -> None:
    side, left = reading.view.side, Qt.MouseButton.LeftButton
    qtbot.mouseClick(side.qualities[Quality.GOOD], left)
    qtbot.mouseClick(side.grades[Grade.HIGH], left)
    assert on_disk()[0] is Grade.HIGH
    assert reading.view.stage.hasFocus(), "a click leaves the keys with the pictures"
    qtbot.mouseClick(side.cannot, left)
    qtbot.mouseClick(side.reasons[Reason.COVERED], left)
    qtbot.mouseClick(side.back, left)
    assert "covered" in side.own.text()
    qtbot.mouseClick(side.on, left)
    qtbot.mouseClick(side.undo, left)
    assert on_disk()[0] is Grade.HIGH
    assert reading.view.side.title.text() == f"Pair 2 of {PAIRS}"
    qtbot.mouseClick(side.tasks, left)
    assert reading.tasks.isVisible()


def test_pictures_that_cannot_be_shown_say_so_without_a_name_and_get_a_reason(
    qtbot: QtBot, page: AnnotatePage, pictures: Pictures, session: Session, task: str, press: Press
) -> None:
    pictures.broken = {turn.pair_id for turn in labelling.queue(session.library, task).turns[:2]}
    qtbot.keyClick(page.tasks.table, K.Key_Return)
    qtbot.waitUntil(lambda: page.idle)
    assert "missing or damaged" in page.view.stage.empty_words
    press(K.Key_3)
    assert labelling.queue(session.library, task).reads == {}
    pictures.broken = set()
    press(K.Key_F5)
    assert page.view.stage.shown.sources
    press(K.Key_3, K.Key_0)
    reasons = [button for button in page.view.side.reasons.values() if button.isVisible()]
    assert [button.text() for button in reasons] == ["1   The pictures could not be shown"]
    press(K.Key_6)
    reads = labelling.queue(session.library, task).reads.values()
    assert [read.reason for read in reads] == [None, Reason.NOT_SHOWN]
    press(K.Key_0)
    assert sum(button.isVisible() for button in page.view.side.reasons.values()) == len(REASONS)


def test_a_disk_that_takes_nothing_leaves_the_pair_in_front(
    reading: AnnotatePage, press: Press, session: Session, on_disk: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise StorageError("the disk is full", safe="nothing was changed", remedy="free some space")

    with monkeypatch.context() as patched:
        patched.setattr(labelling, "give", full)
        press(K.Key_Q, K.Key_2)
    assert session.last_problem is not None
    assert session.last_problem.what == "the disk is full"
    assert reading.view.side.title.text() == f"Pair 1 of {PAIRS}"
    assert reading.view.side.qualities[Quality.GOOD].isChecked()
    press(K.Key_2)
    assert on_disk()[0] is Grade.LOW


def test_a_task_that_was_closed_meanwhile_is_said_on_the_page(
    reading: AnnotatePage, press: Press, session: Session, task: str, on_disk: OnDisk
) -> None:
    labelling.close_task(session.library, task)
    press(K.Key_2)
    assert "closed" in reading.view.side.problem.text()
    assert reading.view.side.title.text() == f"Pair 1 of {PAIRS}"
    assert on_disk() == NOT_READ


def test_the_column_fits_a_small_screen_and_no_grade_moves_as_counts_grow(reading: AnnotatePage, press: Press) -> None:
    side = reading.view.side
    grade = side.grades[Grade.HIGH]
    at = grade.mapTo(side, grade.rect().topLeft()).y()
    press(K.Key_1, K.Key_2, K.Key_3, K.Key_4, K.Key_0, K.Key_1, K.Key_Left)
    assert "1 normal, 1 low, 1 high, 1 cancer, 1 cannot be graded" in side.progress.text()
    assert side.own.text().startswith("You read: Cannot be graded: no cervix is seen.")
    assert grade.mapTo(side, grade.rect().topLeft()).y() == at
    assert not reading.view._area.verticalScrollBar().isVisible()
    quality = side.qualities[Quality.GOOD]
    assert (
        quality.mapTo(side, quality.rect().topLeft()).y() - side.cannot.mapTo(side, side.cannot.rect().bottomLeft()).y()
        < 60
    )
    press(K.Key_0)
    assert not reading.view._area.verticalScrollBar().isVisible()


def test_keys_are_always_in_sight_and_all_of_them_on_request(reading: AnnotatePage) -> None:
    view = reading.view
    assert "1 normal" in view.keys_line.accessibleName()
    assert view.side.keys.isHidden()
    assert reading.own_keys()
    assert "U: Take back what was done last" in view.side.keys.text()
    assert reading.own_keys()
    assert view.side.keys.isHidden()


def test_escape_hides_the_keys_and_brings_the_grades_back_into_sight(
    reading: AnnotatePage, press: Callable[..., None]
) -> None:
    view = reading.view
    view.resize(900, 420)
    view.show_keys()
    press(K.Key_Escape)
    assert view.side.keys.isHidden()
    assert view._area.verticalScrollBar().value() == 0


def test_other_keys_that_were_chosen_are_named_and_work(
    qtbot: QtBot, reading: AnnotatePage, press: Press, on_disk: OnDisk
) -> None:
    reading.view.actions_by_id["grade_low"].setShortcut("F13")
    reading.view.name_keys()
    assert reading.view.side.grades[Grade.LOW].text().startswith("F13")
    assert "F13 low" in reading.view.keys_line.accessibleName()
    press(K.Key_2)
    assert on_disk() == NOT_READ
    press(K.Key_F13)
    assert on_disk()[0] is Grade.LOW


def test_every_command_has_an_id_of_its_own_and_says_where_it_acts(page: AnnotatePage) -> None:
    names = [action.objectName() for action in page.page_actions()]
    assert len(set(names)) == len(names)
    assert all(name.startswith("annotate.") for name in names)
    contexts = {action.shortcutContext() for action in page.page_actions()}
    assert contexts == {Qt.ShortcutContext.WidgetWithChildrenShortcut}


def test_leaving_the_page_and_coming_back_goes_on_where_it_was(
    reading: AnnotatePage, press: Press, on_disk: OnDisk
) -> None:
    press(K.Key_1)
    reading.left()
    reading.entered()
    assert reading.view.side.title.text() == f"Pair 2 of {PAIRS}"
    press(K.Key_2)
    assert on_disk()[:2] == [Grade.NORMAL, Grade.LOW]


def test_what_was_said_before_the_grade_is_there_after_going_to_the_tasks(
    qtbot: QtBot, reading: AnnotatePage, press: Press, settle: Callable[[], None]
) -> None:
    press(K.Key_N)
    qtbot.keyClicks(reading.view.side.note, "near 12")
    qtbot.keyClick(reading.view.side.note, K.Key_Return)
    press(K.Key_Q, K.Key_T)
    qtbot.keyClick(reading.tasks.table, K.Key_Return)
    settle()
    assert reading.view.side.note.text() == "near 12"
    assert reading.view.side.qualities[Quality.GOOD].isChecked()


def test_what_cannot_be_kept_of_it_is_said_before_the_task_is_left(
    reading: AnnotatePage, press: Press, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise StorageError("the disk is full", safe="nothing was changed", remedy="free some space")

    monkeypatch.setattr(session.library, "record_event", full)
    press(K.Key_Q)
    assert session.keep_typed(), "the window asks before it closes"
    with qtbot.waitSignal(reading.said):
        press(K.Key_T)
    assert reading.reads
    assert reading.view.side.qualities[Quality.GOOD].isChecked()
    press(K.Key_T)
    assert reading.tasks.isVisible()


def test_going_back_to_the_tasks_holds_no_pictures_in_memory(reading: AnnotatePage, press: Press) -> None:
    press(K.Key_1, K.Key_T)
    assert reading.view.shelf.nbytes == 0
    assert reading.view.stage.shown.sources == ()


def test_another_reader_named_in_settings_ends_the_reading_and_begins_an_own_one(
    reading: AnnotatePage, session: Session, press: Press, settle: Settle, qtbot: QtBot, on_disk: OnDisk
) -> None:
    press(K.Key_3)
    reading.view.side.note.setText("by Anna")
    reading.view.let_go()  # Settings are in front
    with qtbot.waitSignal(reading.said) as said:
        assert session.change_settings(reader="Berta")
    assert said.args == ["Anna no longer reads March: the reader is Berta now."]
    assert not reading.reads
    assert reading.view.reading is None
    assert reading.own_undo_text == ""
    reading.entered()
    settle()
    assert reading.tasks.line is not None
    assert reading.tasks.line.cells[2] == f"0 of {PAIRS}"
    qtbot.keyClick(reading.tasks.table, K.Key_Return)
    press(K.Key_2, K.Key_2)
    assert on_disk()[:3] == [Grade.LOW, Grade.LOW, None]
    reads = labelling.queue(session.library, reading.view.reading.task.id).reads.values()
    assert {(read.reader, read.note) for read in reads} == {("Berta", "")}


def test_other_settings_leave_the_reading_as_it_is(reading: AnnotatePage, session: Session, press: Press) -> None:
    press(K.Key_3)
    assert session.change_settings(theme="light")
    assert reading.reads
    assert reading.view.reading.place == 1


def test_a_key_that_is_held_grades_one_pair_also_where_qt_does_not_mark_its_repeats(
    reading: AnnotatePage, on_disk: OnDisk, settle: Settle
) -> None:
    grade = reading.view.actions_by_id["grade_high"]

    def key(kind: QEvent.Type, moment: int) -> None:
        event = QKeyEvent(kind, K.Key_3, Qt.KeyboardModifier.NoModifier, "3")
        event.setTimestamp(moment)
        QApplication.sendEvent(reading.view.stage, event)

    def down(moment: int) -> None:
        settle()
        key(QEvent.Type.ShortcutOverride, moment)
        grade.trigger()

    down(1000)
    for moment in (1600, 1640, 1680):
        key(QEvent.Type.KeyRelease, moment)
        down(moment)
    assert on_disk()[:2] == [Grade.HIGH, None]
    key(QEvent.Type.KeyRelease, 1700)
    down(1730)
    assert on_disk()[:3] == [Grade.HIGH, Grade.HIGH, None], "the same key again, as quick as can be"
    key(QEvent.Type.KeyRelease, 1760)
    down(1760)
    grade.trigger()
    assert on_disk()[2] is Grade.HIGH, "and by the mouse"
