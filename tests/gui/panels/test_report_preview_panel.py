"""The preview beside the form: it follows every edit, and never shows another woman's report."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.report_panel import ReportPanel
from pfm_desktop.services import review
from pfm_desktop.services.engine import PairPictures
from pfm_desktop.viewmodels.report_form import ReportSources, default_name, make_content

from .answers import answer_for, graded
from .conftest import Hosted, Room

pytestmark = pytest.mark.slow  # each test makes PDFs

WAIT = 20_000


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[QtJobs]:
    made = QtJobs()
    yield made
    assert made.wait_all(20)


@pytest.fixture
def panel(room: Room, host: Hosted, jobs: QtJobs, qtbot: QtBot) -> Iterator[ReportPanel]:
    shown = host(ReportPanel(room.session, jobs))
    yield shown
    qtbot.waitUntil(lambda: shown.idle, timeout=WAIT)


def settled(panel: ReportPanel, qtbot: QtBot) -> str:
    """The words of the preview once it is made."""
    qtbot.waitUntil(lambda: panel.idle, timeout=WAIT)
    return panel.preview.toPlainText().replace("\u2028", "\n")


def pictures_of(room: Room) -> PairPictures:
    white, other = (np.full((48, 64, 3), grey, np.uint8) for grey in (180, 60))
    pair = room.case.pair(room.pair)
    assert pair is not None
    return PairPictures(pair, white, other, None, None)


def read(room: Room) -> None:
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.HIGH))


def test_the_preview_follows_edits(panel, room, qtbot) -> None:
    assert "Impression: none given" in settled(panel, qtbot)
    read(room)
    assert "Impression: high (HSIL, CIN2-3)" in settled(panel, qtbot)


def test_names_and_words_stand_as_typed(panel, room, qtbot) -> None:
    room.session.perform(lambda lib: review.set_text(lib, room.visit, "<img src=x> & 'so'\n2nd line"))
    words = settled(panel, qtbot)
    assert "O'Brien <b>, Ana & 李娜" in words
    assert "<img src=x> & 'so'\n2nd line" in words


def test_both_pictures_stand_in_the_preview(panel, room, qtbot) -> None:
    assert "<img" not in panel.preview.toHtml()
    panel.set_sources(pictures_of(room), None)
    settled(panel, qtbot)
    assert panel.preview.toHtml().count("<img") == 2


def test_the_answer_stands_in_the_preview_only_after_the_reveal(panel, room, qtbot) -> None:
    read(room)
    panel.set_sources(None, answer_for(room.pair, graded()))
    assert "0.70" not in settled(panel, qtbot)
    review.reveal(room.lib, room.visit, "Dr. Test")
    room.session.refresh()
    words = settled(panel, qtbot)
    assert "0.70" in words
    assert "Investigational - not for diagnosis" in words
    assert "demonstration model, trained on phantoms" in words


def test_another_visit_never_shows_the_report_or_the_pictures_of_the_last_one(panel, room, qtbot) -> None:
    panel.set_sources(pictures_of(room), answer_for(room.pair, graded()))
    assert "14 Mar 2026" in settled(panel, qtbot)
    room.session.open_visit(room.other)  # the page takes the sources away only later
    assert panel.preview.toPlainText() == ""
    assert "14 Mar 2025" in settled(panel, qtbot)
    assert "<img" not in panel.preview.toHtml()


def test_a_preview_that_comes_late_for_another_visit_is_thrown_away(room, host, jobs, qtbot) -> None:
    gate, entered = threading.Event(), threading.Event()

    def slow(lib, sources: ReportSources):
        if sources.case.visit.id == room.visit:
            entered.set()
            assert gate.wait(20)
        return make_content(lib, sources)

    panel = host(ReportPanel(room.session, jobs, make=slow))
    qtbot.waitUntil(entered.is_set, timeout=WAIT)
    room.session.open_visit(room.other)
    gate.set()
    assert "14 Mar 2025" in settled(panel, qtbot)


@pytest.mark.expects_logged_error
def test_a_preview_that_cannot_be_made_says_so_and_the_next_one_comes(room, host, jobs, qtbot) -> None:
    broken = [True]

    def make(lib, sources):
        if broken:
            raise RuntimeError("no")
        return make_content(lib, sources)

    panel = host(ReportPanel(room.session, jobs, make=make))
    settled(panel, qtbot)
    assert panel.status.text().startswith("There is no preview")
    broken.clear()
    read(room)
    assert "high" in settled(panel, qtbot)
    assert not panel.status.isVisible()


def test_no_preview_is_made_while_nobody_sees_it(room, host, jobs, qtbot) -> None:
    made = []

    def make(lib, sources):
        made.append(sources.case.findings.impression)
        return make_content(lib, sources)

    panel = host(ReportPanel(room.session, jobs, make=make))
    settled(panel, qtbot)
    panel.window().hide()
    read(room)
    assert panel.idle
    panel.window().show()
    assert "Impression: high" in settled(panel, qtbot)
    assert made == [None, Grade.HIGH]


def test_the_preview_says_whether_it_is_signed(panel, room, qtbot) -> None:
    assert "Not signed: a draft." in settled(panel, qtbot)
    read(room)
    review.sign(room.lib, room.visit, "Dr. Test", "Reviewed by me")
    room.session.refresh()
    words = settled(panel, qtbot)
    assert "Not signed" not in words
    assert "Reviewed by me" in words


def test_the_dialog_proposes_a_name_and_saves_what_is_chosen(panel, room, qtbot, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _kind: str(tmp_path))
    qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    dialog = panel.findChild(QFileDialog, "save_report")
    qtbot.waitUntil(dialog.isVisible)
    field = dialog.findChild(QLineEdit)
    assert field.text() == default_name(room.case)
    assert "Brien" not in field.text()
    field.setText(str(tmp_path / "chosen"))
    dialog.accept()
    qtbot.waitUntil(lambda: panel.said.text().startswith("Saved as chosen.pdf in the folder"), timeout=WAIT)
    assert (tmp_path / "chosen.pdf").is_file()


def test_without_a_visit_nothing_can_be_signed_or_saved(panel, room) -> None:
    room.session.close_visit()
    assert not panel.save.isEnabled()
    assert not panel.form.isVisible()
    assert panel.blocked.text() == "No visit is open. Choose one in Today."


def test_it_fits_a_narrow_column(panel) -> None:
    assert panel.minimumSizeHint().width() <= 340
