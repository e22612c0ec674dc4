"""Signing and saving: never by one press, never under another's name, never taken for another report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import MEANING_WORDS
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import OTHER_PAIR
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.report_panel import ReportPanel
from pfm_desktop.services import cases, documenting, pairing, review
from pfm_desktop.services.engine import PairPictures
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.report_form import MEANINGS, REPORTED, default_name
from pfm_desktop.viewmodels.session import Session

from .answers import answer_for, graded, measured, refused
from .conftest import Hosted, Room

pytestmark = pytest.mark.slow

Key, Left = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[QtJobs]:
    jobs = QtJobs()
    yield jobs
    jobs.cancel_all()
    assert jobs.wait_all(10)


@pytest.fixture
def panel(room: Room, host: Hosted, jobs: QtJobs, qtbot: QtBot) -> Iterator[ReportPanel]:
    panel = host(ReportPanel(room.session, jobs))
    yield panel
    qtbot.waitUntil(lambda: panel.idle, timeout=20_000)


def impression(room: Room) -> None:
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.LOW))


def sign(panel: ReportPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.sign, Left)
    qtbot.mouseClick(panel.ask.now, Left)


def saved(panel: ReportPanel, path: Path, qtbot: QtBot) -> None:
    panel.save_to(str(path))
    qtbot.waitUntil(lambda: panel.said.text() not in ("", "Saving the report ..."), timeout=20_000)


# ---- signing


def test_without_an_impression_nothing_can_be_signed(panel) -> None:
    assert not panel.sign.isEnabled()
    assert "without an impression" in panel.blocked.text()


def test_sign_asks_in_the_panel_and_signs_nothing_yet(panel, room, qtbot) -> None:
    impression(room)
    qtbot.mouseClick(panel.sign, Left)
    assert not room.case.signed
    assert panel.ask.question.text() == (
        "Sign as Dr. Test (Examined and reported by me)? Not scored: Swede score. Plan missing. "
        "A change afterwards takes a reason and another signature."
    )
    assert panel.ask.isVisible()
    assert panel.form.isHidden()
    assert panel.ask.back.hasFocus()


def test_sign_now_signs(panel, room, qtbot) -> None:
    impression(room)
    sign(panel, qtbot)
    assert room.case.findings.signature.name == "Dr. Test"
    assert panel.ask.isHidden()
    assert panel.signed.text().startswith("Signed by Dr. Test at ")
    assert panel.form.isHidden()
    assert panel.account.isHidden()


def test_by_keys_back_and_escape_sign_nothing_and_sign_now_signs(panel, room, qtbot) -> None:
    impression(room)
    for leave in (Key.Key_Escape, Key.Key_Space):
        panel.sign.setFocus()
        qtbot.keyClick(panel.sign, Key.Key_Space)
        qtbot.keyClick(panel.ask.back, leave)
        assert panel.ask.isHidden()
        assert panel.sign.hasFocus()
    assert not room.case.signed
    qtbot.keyClick(panel.sign, Key.Key_Space)
    qtbot.keyClick(panel.ask.now, Key.Key_Space)
    assert room.case.signed


def test_tab_goes_through_the_question_as_it_is_seen_and_on_to_saving(panel, room, qtbot) -> None:
    impression(room)
    qtbot.keyClick(panel.sign, Key.Key_Space)
    assert panel.ask.back.hasFocus()
    qtbot.keyClick(panel.focusWidget(), Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert panel.ask.now.hasFocus()
    assert panel.ask.now.mapTo(panel, QPoint()).x() < panel.ask.back.mapTo(panel, QPoint()).x()
    for widget in (panel.ask.back, panel.save, panel.preview):
        qtbot.keyClick(panel.focusWidget(), Key.Key_Tab)
        assert widget.hasFocus()


def on_the_stage(room: Room) -> PairPictures:
    pixels = np.zeros((8, 8, 3), np.uint8)
    return PairPictures(room.case.pair(room.pair), pixels, pixels, None, None)


def test_what_contradicts_itself_stands_in_the_question(panel, room, qtbot) -> None:
    impression(room)
    for key, answer in (("adequacy", "inadequate"), ("scj", "not_visible"), ("tz_type", "1")):
        room.session.perform(
            lambda lib, key=key, answer=answer: documenting.set_assessment(lib, room.visit, key, answer)
        )
    for key, answer in (("cytology", "hsil"), ("cytology_on", "1900-01-02")):
        room.session.perform(lambda lib, key=key, answer=answer: documenting.set_referral(lib, room.visit, key, answer))
    qtbot.mouseClick(panel.sign, Left)
    assert panel.ask.doubts.isVisible()
    assert panel.ask.doubts.text() == (
        "In doubt: Transformation zone type 1, and the junction is not completely visible; "
        "Inadequate without a reason; Cytology of lies before her birth"
    )
    assert "reason why it is inadequate" in panel.gaps.text()
    assert panel.ask.now.isVisible()  # told, and not refused


def test_what_speaks_against_the_pictures_stands_in_the_question(panel, room, qtbot) -> None:
    impression(room)
    pictures = on_the_stage(room)
    panel.set_sources(pictures, None)
    qtbot.mouseClick(panel.sign, Left)
    assert panel.ask.doubts.text() == "The quality of these pictures has not been checked."
    panel.set_sources(pictures, answer_for(room.pair, refused()))
    said = "White light: quality unusable (out of focus). Focus on the os and retake the white-light picture."
    assert panel.ask.doubts.text() == said
    assert panel.ask.doubts.isVisible()
    assert panel.ask.accessibleDescription().startswith(said)
    assert not room.case.findings.revealed
    panel.set_sources(pictures, answer_for(room.pair, graded()))
    assert panel.ask.doubts.isHidden()


def test_an_answer_that_is_not_to_be_relied_on_is_told_before_the_signature_once_it_was_revealed(
    panel, room, qtbot
) -> None:
    impression(room)
    unlike = answer_for(room.pair, measured(graded(), white=1.43, fluorescence=0.3))
    panel.set_sources(on_the_stage(room), unlike)
    qtbot.mouseClick(panel.sign, Left)
    assert panel.ask.doubts.isHidden()
    room.session.perform(lambda lib: review.reveal(lib, room.visit, "R", model=graded().model), undoable=False)
    panel.set_sources(on_the_stage(room), unlike)
    assert panel.ask.doubts.text() == (
        "AI answer: Unlike anything the model learned from: white light. Do not rely on this grade."
    )
    panel.set_sources(on_the_stage(room), answer_for(room.pair, measured(graded(), white=0.7, fluorescence=0.3)))
    assert panel.ask.doubts.isHidden()


def test_a_revealed_answer_that_is_not_there_any_more_is_told_before_the_signature(panel, room, qtbot) -> None:
    impression(room)
    panel.set_sources(on_the_stage(room), None)
    qtbot.mouseClick(panel.sign, Left)
    assert "revealed" not in panel.ask.doubts.text()
    room.session.perform(lambda lib: review.reveal(lib, room.visit, "R", model=graded().model), undoable=False)
    panel.set_sources(on_the_stage(room), None)
    assert panel.ask.doubts.text().endswith(
        "The AI answer was revealed in this visit, but it is not available now and not in this report."
    )


def test_pictures_other_than_those_of_the_reveal_are_told_before_the_signature(panel, room, qtbot) -> None:
    impression(room)
    pictures = on_the_stage(room)
    room.session.perform(
        lambda lib: review.reveal(lib, room.visit, "R", model=graded().model, pair_id="another"), undoable=False
    )
    panel.set_sources(pictures, answer_for(room.pair, graded()))
    qtbot.mouseClick(panel.sign, Left)
    assert panel.ask.doubts.text() == OTHER_PAIR


def test_the_pictures_on_the_stage_are_those_that_are_signed(panel, room, qtbot) -> None:
    impression(room)
    pair = room.case.pair(room.pair)
    alone = room.session.perform(lambda lib: pairing.make_pair(lib, room.visit, pair.white_id, None))[0].key
    panel.set_sources(replace(on_the_stage(room), pair=room.case.pair(alone), fluorescence=None), None)
    sign(panel, qtbot)
    assert room.case.findings.signature.pair_id == alone


def examined_by(room: Room, examiner: str) -> None:
    present = room.case.visit.examiner
    room.session.perform(
        lambda lib: lib.apply(Change("visit", room.visit, {"examiner": present}, {"examiner": examiner}, "Examiner"))
    )


def test_who_did_not_examine_by_the_record_is_told_so_and_does_not_sign_that_she_did(panel, room, qtbot) -> None:
    examined_by(room, "Dr. Demo")
    impression(room)
    assert panel.meaning.currentText() == "Reported by me"
    qtbot.mouseClick(panel.sign, Left)
    asked = panel.ask.question.text()
    assert asked.startswith("Sign as Dr. Test (Reported by me)? The examiner on record is another person: Dr. Demo. ")
    qtbot.mouseClick(panel.ask.now, Left)
    signature = room.case.findings.signature
    assert (signature.name, signature.meaning) == ("Dr. Test", "Reported by me")


def test_in_another_language_the_record_has_the_meaning_in_english(panel, room, qtbot, monkeypatch) -> None:
    assert {*MEANINGS, REPORTED} <= {*MEANING_WORDS}
    monkeypatch.setitem(MEANING_WORDS, MEANINGS[0], "Examen et compte rendu de ma part")
    impression(room)
    assert panel.meaning.currentText() == "Examen et compte rendu de ma part"
    qtbot.mouseClick(panel.sign, Left)
    assert "(Examen et compte rendu de ma part)" in panel.ask.question.text()
    qtbot.mouseClick(panel.ask.now, Left)
    assert room.case.findings.signature.meaning == MEANINGS[0]
    assert panel.signed.text().endswith(": Examen et compte rendu de ma part")


@pytest.mark.parametrize("examiner", ["", "dr.  Test"])
def test_who_examined_or_where_nobody_is_on_record_is_not_asked_about_it(panel, room, qtbot, examiner) -> None:
    examined_by(room, examiner)
    impression(room)
    assert panel.meaning.currentText() == "Examined and reported by me"
    panel.name.setText("Dr. Other")
    assert panel.meaning.currentText() == ("Reported by me" if examiner else "Examined and reported by me")
    panel.name.setText("Dr. Test")
    qtbot.mouseClick(panel.sign, Left)
    assert "another person" not in panel.ask.question.text()
    assert "(Examined and reported by me)" in panel.ask.question.text()


def test_the_question_follows_edits_and_goes_with_its_visit(panel, room, qtbot) -> None:
    impression(room)
    qtbot.mouseClick(panel.sign, Left)
    room.session.perform(lambda lib: review.set_plan(lib, room.visit, "Biopsy"))
    assert "Plan missing" not in panel.ask.question.text()
    room.session.open_visit(room.other)
    assert panel.ask.isHidden()
    room.session.open_visit(room.visit)
    assert panel.ask.isHidden()
    qtbot.mouseClick(panel.sign, Left)
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, None))
    assert panel.ask.isHidden(), "it can no longer be signed"


def test_the_account_of_the_computer_is_not_offered_as_a_name(room, host, jobs, qtbot) -> None:
    room.session.settings = Settings()
    panel = host(ReportPanel(room.session, jobs))
    impression(room)
    assert panel.name.text() == ""
    assert not panel.sign.isEnabled()
    assert panel.blocked.text() == "Write your name to sign."
    assert panel.account.text() == f"The journal keeps the signing as {room.session.unnamed}."
    qtbot.keyClicks(panel.name, "Dr. New")
    sign(panel, qtbot)
    assert room.case.findings.signature.name == "Dr. New"
    assert panel.account.isHidden()
    qtbot.waitUntil(lambda: panel.idle, timeout=20_000)


# ---- saving


def test_a_saved_report_is_a_pdf_on_record_without_its_path(panel, room, qtbot, tmp_path) -> None:
    out = tmp_path / "unsigned.pdf"
    saved(panel, out, qtbot)
    assert panel.said.text() == f"Saved as unsigned.pdf in the folder {tmp_path.name}"
    assert panel.said.toolTip() == str(out)
    assert out.read_bytes().startswith(b"%PDF")
    with room.lib.read() as stored:
        (line,) = journal.entries(stored, what="export", key=room.visit)
    assert "unsigned" not in str(line)


def test_a_save_that_fails_says_why_and_leaves_no_file(panel, qtbot, tmp_path) -> None:
    out = tmp_path / "nowhere" / "report.pdf"
    (tmp_path / "nowhere").write_text("a file, not a folder")
    saved(panel, out, qtbot)
    assert panel.said.text().startswith("Not saved. ")
    assert not out.exists()


def test_saved_as_goes_once_the_visit_is_signed(panel, room, qtbot, tmp_path) -> None:
    impression(room)
    saved(panel, tmp_path / "unsigned.pdf", qtbot)
    sign(panel, qtbot)
    assert panel.said.text() == ""


def test_saved_as_goes_with_its_visit_also_when_the_save_ends_later(panel, room, jobs, qtbot, tmp_path) -> None:
    saved(panel, tmp_path / "one.pdf", qtbot)
    room.session.open_visit(room.other)
    assert panel.said.text() == ""
    panel.save_to(str(tmp_path / "two.pdf"))
    room.session.open_visit(room.visit)
    qtbot.waitUntil(lambda: not jobs.busy, timeout=20_000)
    assert (tmp_path / "two.pdf").exists()
    assert panel.said.text() == ""


def test_two_visits_of_one_day_have_two_names_and_neither_tells_who_she_is(room) -> None:
    first = room.case
    second = cases.visit_case(
        room.lib, cases.add_visit(room.lib, first.patient.id, started_at=first.visit.started_at).id
    )
    names = {default_name(first), default_name(second)}
    assert len(names) == 2
    for name in names:
        assert name.startswith(f"colposcopy-report-{first.visit.started_at.astimezone():%Y-%m-%d}-")
        assert "Brien" not in name
        assert first.patient.identifier not in name


def test_in_a_read_only_library_the_report_is_saved_and_said_to_be_off_record(
    panel, room, host, jobs, qtbot, tmp_path
) -> None:
    impression(room)
    with Library.open(room.lib.path) as reading:  # the room holds it, as another program would
        assert reading.read_only
        session = Session(reading, Settings(reader="Dr. Test"))
        session.open_visit(room.visit)
        other = host(ReportPanel(session, jobs))
        assert not other.sign.isEnabled()
        assert other.save.isEnabled()
        assert other.command.isEnabled()
        assert other.off_record.isVisible()
        assert other.off_record.text() == "A saved report is not recorded here: the library is read-only."
        saved(other, tmp_path / "now.pdf", qtbot)
        where = f"now.pdf in the folder {tmp_path.name}"
        assert other.said.text() == f"Saved as {where}. This export is not recorded: the library is read-only."
        assert (tmp_path / "now.pdf").read_bytes().startswith(b"%PDF")
        qtbot.waitUntil(lambda: other.idle, timeout=20_000)
    with room.lib.read() as stored:
        assert not list(journal.entries(stored, what="export", key=room.visit))
    assert panel.off_record.isHidden()
