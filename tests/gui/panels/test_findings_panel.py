"""Findings by mouse and key: nothing typed is lost, nothing shown is taken for an edit."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.findings import SWEDE_ITEMS, SwedeScore
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import Analysis
from pfm_desktop.gui.widgets.findings_panel import FindingsPanel
from pfm_desktop.services import cases, documenting, review
from pfm_desktop.storage import journal
from pfm_desktop.support.errors import StorageError

from .answers import answer_for, graded, indeterminate, refused
from .conftest import Hosted, Room

pytestmark = pytest.mark.slow

Key, Left = Qt.Key, Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel(room: Room, host: Hosted) -> FindingsPanel:
    return host(FindingsPanel(room.session))


def edits(room: Room) -> list[str]:
    """What the journal says of the findings, the oldest first."""
    with room.lib.read() as session:
        lines = journal.entries(session)
    return [line.text for line in sorted(lines, key=lambda line: line.seq) if line.what == "findings"]


# ---- impression


def test_a_click_on_a_grade_is_the_impression_and_a_second_click_does_nothing(panel, room, qtbot: QtBot) -> None:
    for _ in range(2):
        qtbot.mouseClick(panel.grades[Grade.HIGH], Left)
        assert room.case.findings.impression is Grade.HIGH
        assert panel.grades[Grade.HIGH].isChecked()
        assert "\u2713" in panel.grades[Grade.HIGH].text()
    assert edits(room) == ["Impression: high"]


def test_clear_takes_the_impression_away_until_the_reveal_and_moves_nothing(panel, room, qtbot) -> None:
    assert panel.clear.isHidden()
    place = panel.grades[Grade.NORMAL].pos()
    qtbot.mouseClick(panel.grades[Grade.HIGH], Left)
    assert panel.clear.isVisible()
    qtbot.mouseClick(panel.clear, Left)
    assert room.case.findings.impression is None
    assert not any(button.isChecked() for button in panel.grades.values())
    assert panel.clear.isHidden()
    assert panel.grades[Grade.HIGH].hasFocus()
    assert panel.grades[Grade.NORMAL].pos() == place


def test_a_second_read_and_its_reason_survive_a_repeated_key(panel, room, qtbot) -> None:
    panel.window().addActions(panel.commands)
    reveal(panel, room, graded())
    qtbot.mouseClick(panel.grades[Grade.LOW], Left)
    qtbot.keyClicks(panel.form.reason, "metaplasia")
    qtbot.keyClick(panel.form.reason, Key.Key_Return)
    for _ in range(2):
        qtbot.keyClick(panel.plan, Key.Key_2, CTRL | SHIFT)
    second = room.case.second_read
    assert (second.impression, second.reason) == (Grade.LOW, "metaplasia")
    assert panel.clear.isHidden()


def test_only_one_grade_is_chosen_at_a_time(panel, room, qtbot) -> None:
    qtbot.mouseClick(panel.grades[Grade.LOW], Left)
    qtbot.mouseClick(panel.grades[Grade.CANCER], Left)
    assert [grade for grade, button in panel.grades.items() if button.isChecked()] == [Grade.CANCER]
    assert room.case.findings.impression is Grade.CANCER


@pytest.mark.parametrize("grade", GRADES)
def test_each_grade_has_a_key(panel, room, qtbot, grade) -> None:
    panel.window().addActions(panel.commands)  # as the page does
    panel.plan.setFocus()
    qtbot.keyClick(panel.plan, Key(Key.Key_1 + grade.rank), CTRL | SHIFT)
    assert room.case.findings.impression is grade
    assert panel.plan.toPlainText() == ""


def test_the_four_buttons_are_equally_large_and_say_their_grade_in_words(panel) -> None:
    sizes = {(button.width(), button.height()) for button in panel.grades.values()}
    assert len(sizes) == 1
    assert min(sizes)[1] >= 48
    assert [button.text().split("\n")[0] for button in panel.grades.values()] == ["Normal", "Low", "High", "Cancer"]


# ---- the second read


def reveal(panel: FindingsPanel, room: Room, analysis: Analysis | None, first: Grade = Grade.NORMAL) -> None:
    """A first read, then the answer (high; None: still to come) is revealed."""
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, first))
    room.session.perform(lambda lib: review.reveal(lib, room.visit, "Dr. Test"), undoable=False)
    panel.show_answer(None if analysis is None else answer_for(room.pair, analysis), pending=analysis is None)


@pytest.mark.parametrize("analysis", [graded(), indeterminate(), None], ids=["graded", "indeterminate", "pending"])
def test_a_grade_that_departs_from_the_revealed_answer_asks_for_the_reason_first(panel, room, qtbot, analysis) -> None:
    reveal(panel, room, analysis)
    with qtbot.waitSignal(panel.asks):
        qtbot.mouseClick(panel.grades[Grade.LOW], Left)
    assert panel.form.isVisible()
    assert panel.form.reason.hasFocus()
    assert "second read" in panel.form.missing.text()
    assert room.case.findings.impression is Grade.NORMAL, "until the reason is given"
    assert panel.grades[Grade.NORMAL].isChecked()
    assert not panel.grades[Grade.LOW].isChecked()
    qtbot.keyClick(panel.form.reason, Key.Key_Return)
    assert "needs a reason" in panel.form.missing.text()
    qtbot.keyClicks(panel.form.reason, "metaplasia")
    qtbot.keyClick(panel.form.reason, Key.Key_Return)
    assert panel.form.isHidden()
    second = room.case.second_read
    assert (second.impression, second.reason, second.reader) == (Grade.LOW, "metaplasia", "Dr. Test")
    assert room.case.findings.impression is Grade.LOW
    assert panel.grades[Grade.LOW].isChecked()


def test_the_grade_of_the_answer_needs_no_reason(panel, room, qtbot) -> None:
    reveal(panel, room, graded())
    qtbot.mouseClick(panel.grades[Grade.HIGH], Left)
    assert panel.form.isHidden()
    assert (room.case.second_read.impression, room.case.second_read.reason) == (Grade.HIGH, "")


def test_where_the_ai_refused_there_is_nothing_to_depart_from(panel, room, qtbot) -> None:
    reveal(panel, room, refused())
    qtbot.mouseClick(panel.grades[Grade.CANCER], Left)
    assert panel.form.isHidden()
    assert room.case.second_read.impression is Grade.CANCER


def test_to_give_up_the_reason_leaves_the_impression_and_another_grade_can_be_chosen(panel, room, qtbot) -> None:
    reveal(panel, room, graded())
    before = edits(room)
    qtbot.mouseClick(panel.grades[Grade.LOW], Left)
    qtbot.mouseClick(panel.grades[Grade.CANCER], Left)
    assert Grade(panel.form.grade.currentData()) is Grade.CANCER
    qtbot.keyClick(panel.form.reason, Key.Key_Escape)
    assert panel.form.isHidden()
    assert panel.grades[Grade.CANCER].hasFocus()
    assert edits(room) == before
    qtbot.mouseClick(panel.grades[Grade.CANCER], Left)
    room.session.open_visit(room.other)
    assert panel.form.isHidden(), "it was about the visit before"


def test_back_to_the_first_read_is_no_second_read_and_needs_no_reason(panel, room, qtbot) -> None:
    reveal(panel, room, graded())
    for _ in range(2):
        qtbot.mouseClick(panel.grades[Grade.NORMAL], Left)
    assert panel.form.isHidden()
    assert room.case.findings.impression is Grade.NORMAL
    assert room.case.second_read is None


# ---- Swede score


def test_arrow_keys_choose_within_an_item_and_tab_goes_to_the_next(panel, room, qtbot) -> None:
    first, second = (panel.swede.rows[item.key] for item in SWEDE_ITEMS[:2])
    first.buttons[None].setFocus()
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Down)
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Down)
    assert (first.value, QApplication.focusWidget()) == (1, first.buttons[1])
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Tab)
    assert QApplication.focusWidget() is second.buttons[None]
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_2)
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Tab, SHIFT)
    assert QApplication.focusWidget() is first.buttons[1]
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Up)
    assert room.case.findings.swede == SwedeScore(aceto_uptake=0, margins_surface=2)


def test_tab_goes_through_all_five_items_and_into_the_text(panel, qtbot) -> None:
    panel.swede.rows["aceto_uptake"].buttons[None].setFocus()
    for _ in SWEDE_ITEMS:
        qtbot.keyClick(QApplication.focusWidget(), Key.Key_Tab)
    assert QApplication.focusWidget() is panel.text
    qtbot.keyClick(panel.text, Key.Key_Tab)
    assert QApplication.focusWidget() is panel.plan


def test_delete_makes_an_item_not_assessed_again(panel, room, qtbot) -> None:
    row = panel.swede.rows["vessels"]
    qtbot.mouseClick(row.buttons[1], Left)
    assert room.case.findings.swede.vessels == 1
    qtbot.keyClick(row.buttons[1], Key.Key_Delete)
    assert room.case.findings.swede.vessels is None
    assert row.buttons[None].hasFocus()


def test_keys_at_the_ends_of_an_item_change_nothing(panel, room, qtbot) -> None:
    row = panel.swede.rows["vessels"]
    row.buttons[None].setFocus()
    before = edits(room)
    qtbot.keyClick(row.buttons[None], Key.Key_Up)
    qtbot.keyClick(row.buttons[None], Key.Key_Delete)
    assert edits(room) == before


def test_a_click_on_the_wording_chooses_its_value(panel, room, qtbot) -> None:
    wording = panel.swede.rows["vessels"].layout().itemAtPosition(2, 1).widget()
    assert wording.text() == "Absent"
    qtbot.mouseClick(wording, Left)
    assert room.case.findings.swede.vessels == 1


def test_a_part_of_the_score_is_never_shown_as_a_total(panel, qtbot) -> None:
    assert panel.swede.status.text() == "Swede score: not scored"
    for item in SWEDE_ITEMS[:4]:
        qtbot.mouseClick(panel.swede.rows[item.key].buttons[1], Left)
    assert panel.swede.status.text() == "Swede score: 4 of 5 items, 4 points so far"
    qtbot.mouseClick(panel.swede.rows["iodine"].buttons[2], Left)
    assert panel.swede.status.text() == "Swede score: 6 of 10"


def test_every_choice_has_the_exact_wording_beside_it_and_for_the_screen_reader(panel) -> None:
    for item in SWEDE_ITEMS:
        row = panel.swede.rows[item.key]
        for value, wording in enumerate(item.wording):
            assert row.layout().itemAtPosition(value + 1, 1).widget().text() == wording
            assert row.buttons[value].accessibleName() == f"{item.title}: {value}, {wording}"
        assert row.buttons[None].accessibleName() == f"{item.title}: not assessed"


# ---- text


def test_a_burst_of_typing_is_saved_when_it_pauses_and_is_one_step(panel, room, qtbot) -> None:
    panel.text.setFocus()
    qtbot.keyClicks(panel.text, "dense area at 2")
    assert room.case.findings.text == "", "not at each key"
    qtbot.waitUntil(lambda: room.case.findings.text == "dense area at 2", timeout=5000)
    assert edits(room) == ["Findings text"]


def test_text_is_saved_when_the_focus_leaves(panel, room, qtbot) -> None:
    panel.plan.setFocus()
    qtbot.keyClicks(panel.plan, "recall")
    panel.grades[Grade.LOW].setFocus()
    assert room.case.findings.plan == "recall"


def test_text_is_saved_when_the_page_is_left_or_hidden(panel, room, qtbot) -> None:
    qtbot.keyClicks(panel.text, "one")
    panel.left()
    assert room.case.findings.text == "one"
    qtbot.keyClicks(panel.plan, "two")
    panel.window().hide()
    assert room.case.findings.plan == "two"


def test_text_goes_to_the_visit_it_was_typed_in_when_another_is_opened(panel, room, qtbot) -> None:
    qtbot.keyClicks(panel.text, "of the first")
    room.session.open_visit(room.other)
    assert room.case.findings.text == "of the first"
    assert cases.visit_case(room.lib, room.other).findings.text == ""
    assert panel.text.toPlainText() == ""
    room.session.open_visit(room.visit)
    assert panel.text.toPlainText() == "of the first"


def test_what_the_disk_refused_is_still_there_and_saved_later(panel, room, qtbot, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(review, "set_text", lambda *_: (_ for _ in ()).throw(StorageError("the disk is full")))
        qtbot.keyClicks(panel.text, "kept")
        panel.save()
        assert [problem.what for problem in room.problems] == ["the disk is full"]
        room.session.open_visit(room.other)
        room.session.open_visit(room.visit)
    assert panel.text.toPlainText() == "kept"
    panel.save()
    assert room.case.findings.text == "kept"


def test_another_edit_does_not_take_away_what_is_being_typed(panel, room, qtbot) -> None:
    qtbot.keyClicks(panel.text, "half a sen")
    room.pin()
    assert panel.text.toPlainText() == "half a sen"
    qtbot.keyClicks(panel.text, "tence")
    panel.save()
    assert room.case.findings.text == "half a sentence"


def test_special_characters_stay_as_typed(panel, room) -> None:
    panel.text.insertPlainText("<b>1 & 2</b> 李娜\n'so'")
    panel.save()
    assert room.case.findings.text == "<b>1 & 2</b> 李娜\n'so'"


# ---- undo


def test_ctrl_z_in_the_text_takes_back_the_burst_and_the_field_follows(panel, room, qtbot) -> None:
    panel.text.setFocus()
    qtbot.keyClicks(panel.text, "first")
    panel.save()
    qtbot.keyClicks(panel.text, " second")
    qtbot.keyClick(panel.text, Key.Key_Z, CTRL)
    assert room.case.findings.text == panel.text.toPlainText() == "first"
    qtbot.keyClick(panel.text, Key.Key_Z, CTRL)
    assert room.case.findings.text == panel.text.toPlainText() == ""


def test_widgets_follow_undo_without_making_an_edit(panel, room, qtbot) -> None:
    qtbot.mouseClick(panel.grades[Grade.HIGH], Left)
    qtbot.mouseClick(panel.swede.rows["vessels"].buttons[2], Left)
    for _ in range(2):
        qtbot.keyClick(QApplication.focusWidget(), Key.Key_Z, CTRL)
    assert not panel.grades[Grade.HIGH].isChecked()
    assert panel.swede.rows["vessels"].buttons[None].isChecked()
    panel.save()
    assert [text.split(":")[0] for text in edits(room)] == ["Impression", "Swede", "Undo", "Undo"]


# ---- completeness and locks


def test_the_completeness_bar_names_the_gaps(panel, room, qtbot) -> None:
    assert (panel.bar.value(), panel.gaps.text()) == (
        0,
        "0 of 6. Missing: impression, Swede score (5 of 5 items), plan, Junction (SCJ), Acetowhite, Lesions",
    )
    qtbot.mouseClick(panel.grades[Grade.NORMAL], Left)
    room.session.perform(lambda lib: review.set_swede(lib, room.visit, SwedeScore(0, 0, 0, 0, 0)))
    qtbot.keyClicks(panel.plan, "recall in 3 years")
    panel.save()
    assert (panel.bar.value(), panel.gaps.text()) == (4, "4 of 6. Missing: Junction (SCJ), Acetowhite")
    for key, answer in (("scj", "completely"), ("acetowhite", "no")):
        room.session.perform(
            lambda lib, key=key, answer=answer: documenting.set_assessment(lib, room.visit, key, answer)
        )
    assert (panel.bar.value(), panel.gaps.text()) == (6, "Complete: nothing is missing")


def test_a_signed_visit_is_read_only_and_says_so(panel, room, qtbot) -> None:
    review.set_impression(room.lib, room.visit, Grade.LOW)
    review.sign(room.lib, room.visit, "Dr. Test", "Reported by me")
    room.session.refresh()
    before = edits(room)
    assert panel.lock.text().startswith("Signed by Dr. Test")
    qtbot.mouseClick(panel.grades[Grade.HIGH], Left)
    row = panel.swede.rows["vessels"]
    qtbot.mouseClick(row.buttons[2], Left)
    qtbot.mouseClick(row.layout().itemAtPosition(3, 1).widget(), Left)
    qtbot.keyClick(row.buttons[None], Key.Key_Down)
    qtbot.keyClick(row.buttons[2], Key.Key_Space)
    qtbot.keyClicks(panel.text, "more")
    panel.save()
    assert row.buttons[None].isChecked()
    assert panel.text.toPlainText() == ""
    assert edits(room) == before
    assert room.problems == []


def test_an_empty_desk_says_what_to_do(panel, room) -> None:
    room.session.close_visit()
    assert panel.lock.text() == "No visit is open. Choose one in Today."
    assert not panel.grades[Grade.LOW].isEnabled()


def test_it_fits_a_narrow_column_at_large_letters(panel, qtbot) -> None:
    font = panel.font()
    font.setPixelSize(20)
    panel.setFont(font)
    panel.window().resize(340, 620)
    assert panel.minimumSizeHint().width() <= 340
