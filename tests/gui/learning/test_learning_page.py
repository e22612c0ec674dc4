"""Fine-tune by keys and mouse: counting, learning, pausing, stopping, going on, comparing, promoting, rolling back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.findings import MEANING_WORDS
from pfm_desktop.domain.learning import State
from pfm_desktop.gui.pages.learning.page import LearningPage
from pfm_desktop.gui.pages.learning.promoting import Promoting
from pfm_desktop.gui.pages.models import ModelsPage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.jobs import ThreadRunner
from pfm_desktop.services.learning import comparing, records, run, steering
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import Settings, load_settings
from pfm_desktop.viewmodels.learning_words import MEANING
from pfm_desktop.viewmodels.session import Session

from ...unit.services.learning.conftest import Ward

pytestmark = pytest.mark.slow

slow = pytest.mark.slow
LONG = 60_000  # ms, for a loaded computer


def press(qtbot: QtBot, button: QPushButton) -> None:
    assert button.isVisible()
    assert button.isEnabled(), button.text()
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)


def settled(qtbot: QtBot, page: LearningPage) -> None:
    qtbot.waitUntil(lambda: page.idle and page.view.figures.idle, timeout=LONG)


def cells(table: QTableWidget) -> list[list[str]]:
    return [
        [table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())
    ]


def learn(qtbot: QtBot, page: LearningPage) -> None:
    qtbot.keyClick(page.cases.name, Qt.Key.Key_Return)
    settled(qtbot, page)


def at_epoch(monkeypatch: pytest.MonkeyPatch, epochs: int, act: Callable[[Path], object]) -> None:
    """Do something on the run's thread once so many epochs are kept."""
    keep = steering.keep_curves

    def kept(folder: Path, losses: Sequence[float], learned: Sequence[float], planned: int) -> None:
        keep(folder, losses, learned, planned)
        if len(losses) == epochs + 1:
            act(folder)

    monkeypatch.setattr(steering, "keep_curves", kept)


def test_cases_and_women_are_shown_by_grade_and_a_name_is_proposed(page: LearningPage) -> None:
    assert cells(page.cases.table) == [
        [grade, "6", "6", "to learn from"] for grade in ("Normal", "Low", "High", "Cancer")
    ]  # fmt: skip
    assert page.cases.said.text() == "24 cases of 24 women can be used: to learn from, to calibrate and to test."
    assert "histology 24" in page.cases.details.text()
    assert "C1 24" in page.cases.details.text()
    assert page.cases.name.text() == "clinic-1"
    assert page.cases.parent_name == "parent"
    assert page.cases.start.isEnabled()
    assert page.empty.isVisible()


def test_too_few_women_are_refused_with_the_number_that_is_missing(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm_desktop.gui.pages.learning.page.ENOUGH", 10)
    qtbot.keyClick(page, Qt.Key.Key_F5)
    settled(qtbot, page)
    assert cells(page.cases.table)[2] == ["High", "6", "6", "no, 4 women missing"]
    assert "Still missing: Normal 4 women, Low 4 women, High 4 women, Cancer 4 women." in page.cases.short.text()
    assert not page.cases.start.isEnabled()
    learn(qtbot, page)
    assert records.all_runs(page._session.library) == ()


@slow
def test_a_model_is_learned_by_enter_drawn_and_kept_in_quarantine(qtbot: QtBot, page: LearningPage) -> None:
    with qtbot.waitSignal(page.said, timeout=LONG) as said:
        learn(qtbot, page)
    assert "in quarantine" in said.args[0]
    (row,) = cells(page.table)
    assert row[0] == "clinic-1"
    assert row[3].startswith("in quarantine")
    assert page.view.curves.isVisible()
    assert "3 of 3 epochs done" in page.view.curves.said.text()
    assert "It is in quarantine and answers nothing." in page.view.said.text()
    assert page._session.settings.model == "parent"
    assert page.cases.name.text() == "clinic-2"
    assert "are the locked test" in page.cases.details.text()


@slow
def test_a_name_that_no_model_can_have_is_said_and_nothing_begins(qtbot: QtBot, page: LearningPage) -> None:
    page.cases.name.selectAll()
    qtbot.keyClicks(page.cases.name, "../x")
    learn(qtbot, page)
    assert "cannot be the name of a model" in page.cases.problem.text()
    assert page.cases.name.text() == "../x"
    assert records.all_runs(page._session.library) == ()


@slow
def test_a_stop_keeps_the_best_so_far(qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch) -> None:
    at_epoch(monkeypatch, 1, lambda folder: (folder / steering.STOP).touch())
    learn(qtbot, page)
    assert "It was stopped; this is the best until then." in page.view.said.text()


@slow
def test_the_jobs_strip_stops_a_run_as_its_own_button_does(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_epoch(monkeypatch, 1, lambda folder: (folder / steering.PAUSE).touch())
    qtbot.keyClick(page.cases.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.view.step.text() == steering.WAITING, timeout=LONG)
    assert not page.cases.start.isEnabled(), "one at a time"
    page._jobs.cancel(page._jobs.rows[0].name)
    settled(qtbot, page)
    assert "It was stopped; this is the best until then." in page.view.said.text()


@slow
def test_a_run_is_paused_and_goes_on_by_a_key(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_epoch(monkeypatch, 1, lambda folder: (folder / steering.PAUSE).touch())
    qtbot.keyClick(page.cases.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.view.step.text() == steering.WAITING, timeout=LONG)
    page._follow()
    assert page.view.pause.text() == "Go on"
    assert "Paused" in page.view.said.text()
    assert page.view.stop.text() == "Stop, and keep the best so far"
    page.view.show_curves((1.2,), (), 3)
    assert page.view.stop.text() == "Stop: nothing is learned yet"
    qtbot.keyClick(page.cases.name, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, page)
    assert records.all_runs(page._session.library)[0].counts["epochs"] == 3


@slow
def test_stopped_before_anything_was_learned_it_is_on_record_and_nothing_stays(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = run.begin

    def begun(*args: Any) -> run.Request:
        request = begin(*args)
        steering.stop(page._session.library, request.run_id)
        return request

    monkeypatch.setattr(run, "begin", begun)
    learn(qtbot, page)
    assert page.view.said.text() == ("It ended without a model: it was stopped before anything was learned.")
    assert not steering.run_folder(page._session.library.path, page.view.run.id).exists()  # type: ignore[union-attr]


@slow
@pytest.mark.parametrize("finish", [False, True])
def test_a_run_that_the_closing_window_left_goes_on_or_ends_with_its_best(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch, finish: bool
) -> None:
    with monkeypatch.context() as patch:
        at_epoch(patch, 1, lambda _folder: page._jobs.cancel_all())
        learn(qtbot, page)
    assert cells(page.table)[0][3] == "cut short"
    assert "What was learned until then is kept." in page.view.said.text()
    press(qtbot, page.view.finish if finish else page.view.go_on)
    settled(qtbot, page)
    counts = records.all_runs(page._session.library)[0].counts
    assert (counts["epochs"], counts["resumed"], counts["stopped"]) == ((1, 1, True) if finish else (3, 1, False))


@slow
def test_a_run_that_was_cut_short_is_given_up_by_two_presses(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_epoch(monkeypatch, 1, lambda _folder: page._jobs.cancel_all())
    learn(qtbot, page)
    press(qtbot, page.view.give_up)
    assert page.view.give_up.text() == "Press again: what it has learned is removed"
    qtbot.waitUntil(lambda: not page.view.sure.pausing)
    press(qtbot, page.view.give_up)
    settled(qtbot, page)
    assert records.all_runs(page._session.library)[0].state is State.FAILED
    assert cells(page.table)[0][3] == "ended without a model"


@slow
def test_what_was_learned_while_no_page_listened_is_put_on_record_at_the_next_look(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_settle", lambda _made: None)  # as after a kill
    learn(qtbot, page)
    assert records.all_runs(page._session.library)[0].model_sha256


@slow
def test_an_error_in_a_run_is_said_and_it_may_go_on(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pfm_desktop.support.errors import StorageError

    def full(*_: object) -> None:
        raise StorageError("could not write: no space left", remedy="free some space")

    with monkeypatch.context() as patch:
        patch.setattr("pfm_desktop.pfm.training.tuning_state.write_bytes", full)
        learn(qtbot, page)
    assert "no space left" in page.view.problem.text()
    assert cells(page.table)[0][3] == "cut short"
    press(qtbot, page.view.go_on)
    settled(qtbot, page)
    assert not page.view.problem.isVisible()
    assert cells(page.table)[0][3].startswith("in quarantine")


@slow
def test_compared_promoted_with_a_signature_and_rolled_back_in_one_press(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "verdict_of", lambda _figures: comparing.Verdict(True, (), ("few women",)))
    learn(qtbot, page)
    assert not page.view.promote.isVisible(), "not before it was compared"
    assert "has not been looked at yet" in page.view.looks.text()
    press(qtbot, page.view.compare)
    settled(qtbot, page)
    assert page.focusWidget() is page.view.compare, "the keys did not go elsewhere meanwhile"
    assert "looked at 1 time." in page.view.looks.text()
    titles = [row[0] for row in cells(page.view.figures.table)]
    assert titles[0] == "Kappa (quadratic)"
    assert "Few women." in page.view.figures.mind.text()
    changed = page.view.figures.strip.count()
    assert changed == page.view.run.figures["changed"]  # type: ignore[union-attr]
    assert page.view.figures.place.count() >= 3
    press(qtbot, page.view.promote)
    form = page.view.promoting
    assert form.name.text() == "Dr. Test"
    assert not form.reason.isVisible()
    assert not form.password.isVisible()
    form.name.clear()
    assert not form.now.isEnabled()
    qtbot.keyClicks(form.name, "Dr. Test")
    qtbot.keyClick(form.name, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert page._session.settings.model == load_settings().model == "clinic-1"
    assert cells(page.table)[0][3] == "promoted: it answers"
    assert "Promoted by Dr. Test" in page.view.said.text()
    press(qtbot, page.view.roll_back)
    settled(qtbot, page)
    assert page._session.settings.model == load_settings().model == "parent"
    assert cells(page.table)[0][3] == "rolled back"


@slow
def test_against_the_verdict_a_reason_is_needed_and_goes_on_record(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = comparing.Verdict(False, ("HSIL+ sensitivity falls by -0.100",), ())
    monkeypatch.setattr(comparing, "verdict_of", lambda _figures: verdict)
    learn(qtbot, page)
    press(qtbot, page.view.compare)
    settled(qtbot, page)
    assert "HSIL+ sensitivity falls" in page.view.figures.against.text()
    press(qtbot, page.view.promote)
    form = page.view.promoting
    assert not form.now.isEnabled()
    qtbot.keyClick(form, Qt.Key.Key_Escape)
    assert form.isHidden()
    press(qtbot, page.view.promote)
    qtbot.keyClicks(form.reason, "a pilot, read beside the old one")
    qtbot.keyClick(form.reason, Qt.Key.Key_Return)
    settled(qtbot, page)
    assert "because: a pilot, read beside the old one" in page.view.said.text()


@slow
def test_a_page_that_goes_away_leaves_a_run_that_may_go_on(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_epoch(monkeypatch, 1, lambda folder: (folder / steering.PAUSE).touch())
    qtbot.keyClick(page.cases.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.view.step.text() == steering.WAITING, timeout=LONG)
    page.detach()
    qtbot.waitUntil(lambda: not page._jobs.busy, timeout=LONG)
    assert [one.state for one in records.all_runs(page._session.library)] == [State.RUNNING]


def test_a_library_that_is_only_read_says_why_nothing_is_learned(qtbot: QtBot, ready_ward: Ward, short: None) -> None:
    with Library.open(ready_ward.lib.path) as second:
        assert second.read_only
        made = LearningPage(Session(second, Settings(model="parent")), QtJobs(processes=ThreadRunner()))
        qtbot.addWidget(made)
        made.show()
        made.entered()
        qtbot.waitUntil(lambda: made.idle)
        assert "open for reading only" in made.refusal.text()
        assert not made.cases.isVisible()


def test_escape_leads_back(qtbot: QtBot, page: LearningPage) -> None:
    with qtbot.waitSignal(page.closed):
        qtbot.keyClick(page.cases.name, Qt.Key.Key_Escape)


def test_cases_are_counted_again_when_another_label_counts(qtbot: QtBot, page: LearningPage) -> None:
    page.cases.impressions.setFocus()
    qtbot.keyClick(page.cases.impressions, Qt.Key.Key_Space)
    settled(qtbot, page)
    assert page.cases.said.text() == "24 cases of 24 women can be used: to learn from, to calibrate and to test."


@slow
def test_models_says_that_a_run_was_cut_short(
    qtbot: QtBot, page: LearningPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        at_epoch(patch, 1, lambda _folder: page._jobs.cancel_all())
        learn(qtbot, page)
    shown = ModelsPage(page._session, QtJobs())
    qtbot.addWidget(shown)
    shown.entered()
    qtbot.waitUntil(lambda: shown.learn.text() == "Fine-tune on my cases (a run was cut short)", timeout=LONG)
    press(qtbot, page.view.go_on)
    settled(qtbot, page)
    shown.entered()
    qtbot.waitUntil(lambda: shown.learn.text() == "Fine-tune on my cases", timeout=LONG)


@pytest.mark.parametrize(("written", "kept"), [("", MEANING), (" et plus encore", "Comparé et plus encore")])
def test_the_meaning_that_stands_there_goes_on_record_in_english_and_another_as_it_is_written(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, written: str, kept: str
) -> None:
    monkeypatch.setitem(MEANING_WORDS, MEANING, "Comparé")
    form = Promoting()
    qtbot.addWidget(form)
    form.ask("clinic-1", "parent", who="Dr. Test", account=False, against=False)
    assert form.meaning.text() == "Comparé"
    qtbot.keyClicks(form.meaning, written)
    with qtbot.waitSignal(form.signed) as signed:
        qtbot.keyClick(form.meaning, Qt.Key.Key_Return)
    assert signed.args[0].meaning == kept
