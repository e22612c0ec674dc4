"""The AI panel: nothing before the reveal, all doubts after it, and no second read that changes something unsaid."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import BANNER, OTHER_PAIR, Analysis
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.gui.widgets.answer_panel import AnswerPanel
from pfm_desktop.services import pairing, review
from pfm_desktop.storage import journal
from pfm_desktop.support.moments import zone
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.answer import State

from .answers import MODEL, answer_for, graded, indeterminate, refused, white_only
from .conftest import Hosted, Room

pytestmark = pytest.mark.slow

Key, Left = Qt.Key, Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel(room: Room, host: Hosted) -> AnswerPanel:
    panel = host(AnswerPanel(room.session))
    panel.window().addAction(panel.command)  # as the page does
    return panel


def impression(room: Room, grade: Grade) -> None:
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, grade))


def reveal(panel: AnswerPanel, room: Room, analysis: Analysis, first: Grade = Grade.HIGH) -> None:
    """A first read, an answer, and its reveal by the button."""
    impression(room, first)
    panel.show_answer(answer_for(room.pair, analysis), pending=False)
    panel.reveal.click()
    assert room.case.findings.revealed


def shown(panel: AnswerPanel) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel))


def test_nothing_of_the_answer_shows_before_the_reveal_but_quality_and_registration(panel, room) -> None:
    impression(room, Grade.LOW)
    panel.show_answer(answer_for(room.pair, graded()), pending=False)
    assert panel.state is State.HIDDEN
    assert panel.bars.bars == ()
    for part in (panel.banner, panel.headline, panel.icon, panel.possible, panel.bars, panel.agree, panel.differ):
        assert part.isHidden()
    assert "0.70" not in shown(panel)
    assert "White light: limited (glare)" in shown(panel)
    assert "Tilt the colposcope" in shown(panel)


def test_a_pair_joined_by_hand_with_nothing_to_compare_is_warned_of_under_the_grade(panel, room) -> None:
    doubt = Quality(Verdict.LIMITED, ("structures_not_compared",), "Check that both pictures show the same woman.")
    reveal(panel, room, replace(graded(), quality={"pair": doubt}))
    assert panel.state is State.GRADED
    assert panel.advice.isVisibleTo(panel)
    assert panel.advice.text().startswith("Check that both pictures show the same woman. This model cannot tell")
    assert "Pair: limited (structures not compared)" in shown(panel)


def test_without_a_first_read_neither_button_nor_key_reveals(panel, room, qtbot: QtBot) -> None:
    panel.show_answer(answer_for(room.pair, graded()), pending=False)
    assert not panel.reveal.isEnabled()
    assert "Choose an impression first" in panel.why_not.text()
    qtbot.keyClick(panel, Key.Key_R, CTRL | SHIFT)
    assert not room.case.findings.revealed


def test_the_key_says_what_is_missing_until_it_is_there(panel, room, qtbot: QtBot) -> None:
    over: list[str] = []
    room.session.on_taken_back.append(lambda problem: over.append(str(problem)))
    panel.show_answer(answer_for(room.pair, graded()), pending=False)
    qtbot.keyClick(panel, Key.Key_R, CTRL | SHIFT)
    assert [str(problem) for problem in room.problems] == ["Choose an impression first (Findings)."]
    panel.show_answer(answer_for(room.pair, graded()), pending=False)
    assert over == [], "still so"
    impression(room, Grade.LOW)
    assert over == ["Choose an impression first (Findings)."]
    qtbot.keyClick(panel, Key.Key_R, CTRL | SHIFT)
    assert room.case.findings.revealed
    qtbot.keyClick(panel, Key.Key_R, CTRL | SHIFT)
    assert len(room.problems) == 1


def test_while_the_engine_reads_nothing_can_be_revealed(panel, room, qtbot) -> None:
    impression(room, Grade.LOW)
    panel.show_answer(None, pending=True)
    assert panel.state is State.PENDING
    qtbot.keyClick(panel, Key.Key_R, CTRL | SHIFT)
    assert not room.case.findings.revealed


def test_the_key_reveals_and_keeps_the_first_read(panel, room, qtbot) -> None:
    impression(room, Grade.LOW)
    panel.show_answer(answer_for(room.pair, graded()), pending=False)
    with qtbot.waitSignal(panel.revealed):
        qtbot.keyClick(panel, Key.Key_R, CTRL | SHIFT)
    assert room.case.findings.first_read.impression is Grade.LOW
    assert panel.state is State.GRADED
    assert (panel.headline.text(), panel.possible.text()) == (
        "High",
        "Prediction set: low, high. Other grades are not excluded.",
    )
    assert panel.banner.text() == BANNER
    assert panel.reveal.isHidden()
    assert "phantoms" in panel.model.text()


def test_the_plus_minus_is_said_not_to_be_the_error(panel, room) -> None:
    reveal(panel, room, graded())
    assert panel.bars.bars[2].numbers == "0.70 \u00b1 0.04"
    assert "\u00b1 is the spread over 20 passes of the model, not its error." in panel.passes.text()
    assert not panel.passes.isHidden()


def test_an_indeterminate_answer_shows_no_grade_and_offers_to_keep_the_own_one(panel, room, qtbot) -> None:
    reveal(panel, room, indeterminate(), Grade.NORMAL)
    assert panel.state is State.INDETERMINATE
    assert panel.headline.text() == "Indeterminate"
    assert panel.icon.isHidden()
    assert panel.possible.text() == "Prediction set: normal, low, high. Other grades are not excluded."
    assert panel.agree.text() == "Keep my impression: normal"
    impression(room, Grade.CANCER)
    assert panel.agree.isHidden()
    assert panel.differ.text() == "My second read ..."


def test_a_grade_whose_bar_is_not_the_longest_is_explained(panel, room) -> None:
    found = graded()
    assert found.prediction is not None
    shares = dict(zip(GRADES, (0.1, 0.42, 0.48, 0.0), strict=True))
    median = replace(found.prediction, grade=Grade.LOW, probabilities=shares)
    reveal(panel, room, replace(found, prediction=median))
    assert panel.headline.text() == "Low"
    assert panel.advice.isVisibleTo(panel)
    assert panel.advice.text().startswith("The likeliest single grade is high (0.48). The grade is low, the median")
    wide = replace(median, prediction_set=GRADES[:3], indeterminate=True)
    reveal(panel, room, replace(found, prediction=wide))
    assert "ikeli" not in panel.advice.text()  # no grade stands out


def test_a_refused_answer_says_why_and_what_to_retake(panel, room) -> None:
    reveal(panel, room, refused())
    assert panel.state is State.REFUSED
    assert panel.headline.text() == "No answer: white light: out of focus"
    assert "Focus on the os" in panel.advice.text()
    assert panel.bars.isHidden()
    assert panel.agree.isHidden()
    assert panel.differ.isHidden()


def test_an_answer_from_one_source_says_so(panel, room) -> None:
    reveal(panel, room, white_only())
    assert panel.one_source.text().startswith("Answered from white light only.")
    assert panel.evidence.isHidden()


def test_an_answer_for_another_visit_does_not_show(panel, room) -> None:
    reveal(panel, room, graded())
    room.session.open_visit(room.other)
    assert panel.headline.isHidden()
    assert "0.70" not in shown(panel)


# ---- second read


def test_the_button_says_that_it_changes_the_impression(panel, room) -> None:
    reveal(panel, room, graded(), Grade.CANCER)
    assert panel.agree.text() == "Change my impression\nfrom cancer to high"
    impression(room, Grade.HIGH)
    assert panel.agree.text() == "I agree: high"


def test_without_an_impression_the_button_says_that_it_sets_one(panel, room) -> None:
    room.session.perform(lambda lib: review.reveal(lib, room.visit, "Dr. Test", lock=False), undoable=False)
    panel.show_answer(answer_for(room.pair, graded()), pending=False)
    assert panel.agree.text() == "Set my impression to high"


def test_what_was_recorded_stands_where_the_buttons_were(panel, room, qtbot) -> None:
    reveal(panel, room, graded(), Grade.LOW)
    qtbot.mouseClick(panel.agree, Left)
    at = room.case.second_read.read_at.astimezone()
    assert room.case.findings.impression is Grade.HIGH
    assert panel.said.text() == f"Second read: high, agrees with the AI, {at:%H:%M} {zone(at)}"
    assert not panel.said.isHidden()
    assert panel.agree.isHidden()
    assert panel.differ.isHidden()
    assert panel.change.hasFocus()


def test_undo_of_a_second_read_brings_the_buttons_back(panel, room, qtbot) -> None:
    reveal(panel, room, graded(), Grade.LOW)
    qtbot.mouseClick(panel.agree, Left)
    qtbot.keyClick(panel.change, Key.Key_Z, CTRL)
    assert room.case.findings.impression is Grade.LOW
    assert panel.said.isHidden()
    assert panel.agree.accessibleName() == "Change my impression from low to high"
    assert not panel.agree.isHidden()


def test_a_second_read_that_differs_needs_a_reason_and_can_be_changed(panel, room, qtbot) -> None:
    reveal(panel, room, graded(), Grade.LOW)
    qtbot.mouseClick(panel.differ, Left)
    assert panel.form.grade.currentData() == Grade.LOW
    qtbot.mouseClick(panel.form.keep, Left)
    assert room.case.second_read is None
    assert "needs a reason" in panel.form.missing.text()
    qtbot.keyClicks(panel.form.reason, "metaplasia")
    qtbot.keyClick(panel.form.reason, Key.Key_Return)
    assert room.case.second_read.reason == "metaplasia"
    assert panel.form.isHidden()
    assert panel.said.text().startswith("Second read: low, differs from the AI, ")
    assert panel.agree.isHidden()
    qtbot.mouseClick(panel.change, Left)
    assert panel.agree.accessibleName() == "Change my impression from low to high"
    qtbot.mouseClick(panel.agree, Left)
    assert panel.said.text().startswith("Second read: high, agrees with the AI, ")
    assert panel.differ.isHidden()


def test_escape_leaves_the_form_and_records_nothing(panel, room, qtbot) -> None:
    reveal(panel, room, graded())
    qtbot.mouseClick(panel.differ, Left)
    qtbot.keyClick(panel.form.reason, Key.Key_Escape)
    assert panel.form.isHidden()
    assert room.case.second_read is None


def test_in_a_signed_visit_the_second_read_stands_without_buttons(panel, room, qtbot) -> None:
    reveal(panel, room, graded(), Grade.LOW)
    qtbot.mouseClick(panel.agree, Left)
    room.session.perform(lambda lib: review.sign(lib, room.visit, "Dr. Test", "Reported by me"), undoable=False)
    assert "agrees with the AI" in panel.said.text()
    for button in (panel.change, panel.agree, panel.differ):
        assert button.isHidden()


def test_a_second_read_chosen_in_findings_is_told_here_as_it_is(panel, room, qtbot) -> None:
    reveal(panel, room, graded(), Grade.HIGH)
    qtbot.mouseClick(panel.agree, Left)
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.LOW))
    assert panel.said.text().startswith("Second read: low, differs from the AI, no reason given, ")
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.HIGH))
    assert panel.said.text().startswith("Second read: high, agrees with the AI, ")


def test_in_a_signed_visit_nothing_waits_for_a_reveal(panel, room) -> None:
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.LOW))
    room.session.perform(lambda lib: review.sign(lib, room.visit, "Dr. A", "Reported by me"), undoable=False)
    panel.show_answer(answer_for(room.pair, graded()), pending=False)
    assert panel.status.text() == "The visit was signed before the AI answer was revealed: it stays hidden."


# ---- whose answer was revealed


def test_the_journal_keeps_whose_answer_was_revealed(panel, room) -> None:
    reveal(panel, room, graded())
    with room.lib.read() as stored:
        (line,) = journal.entries(stored, what="reveal", key=room.visit)
    assert line.new == {"name": MODEL.name, "version": MODEL.version, "sha256": MODEL.sha256, "pair_id": room.pair}
    assert panel.other_model.isHidden()


def test_an_answer_about_another_pair_than_the_one_revealed_says_so(panel, room) -> None:
    reveal(panel, room, graded())
    pair = room.case.pair(room.pair)
    other = room.session.perform(lambda lib: pairing.make_pair(lib, room.visit, pair.white_id, None))[0].key
    panel.show_answer(answer_for(other, graded()), pending=False)
    assert panel.other_model.text() == OTHER_PAIR
    assert not panel.other_model.isHidden()
    panel.show_answer(answer_for(room.pair, graded()), pending=False)
    assert panel.other_model.isHidden()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "2.0"}, "given by pfm-demo 1.0, this one by pfm-demo 2.0."),
        ({"sha256": "cd" * 32}, "given by pfm-demo 1.0, other weights, this one by pfm-demo 1.0."),
    ],
)
def test_an_answer_of_another_model_than_the_one_revealed_says_so(panel, room, changes, said) -> None:
    reveal(panel, room, graded())
    newer = replace(graded(), model=replace(MODEL, **changes))
    panel.show_answer(answer_for(room.pair, newer), pending=False)
    assert panel.other_model.text() == f"Not the answer that was revealed: that was {said}"
    assert not panel.other_model.isHidden()


def test_a_read_under_the_account_of_the_computer_says_so_and_goes_ahead(panel, room, qtbot) -> None:
    assert panel.account.isHidden()
    room.session.settings = Settings()
    said = f"Your read is recorded as {room.session.unnamed}."
    assert room.session.reader in said
    panel.show_answer(answer_for(room.pair, graded()), pending=False)
    assert panel.account.isHidden(), "nothing can be recorded without an impression"
    impression(room, Grade.LOW)
    assert panel.account.text() == said
    panel.reveal.click()
    assert panel.account.text() == said
    qtbot.mouseClick(panel.agree, Left)
    assert panel.account.isHidden()
    assert room.case.second_read.reader == room.session.reader
    qtbot.mouseClick(panel.change, Left)
    assert panel.account.text() == said
