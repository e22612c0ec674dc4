"""Amending a signed report in the Report tab, by keys."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.undo import Undo
from pfm_desktop.gui.widgets.report_panel import ReportPanel
from pfm_desktop.services import amending, review
from pfm_desktop.viewmodels import report_form
from pfm_desktop.viewmodels.report_preview import PreviewLook, preview_html

from .conftest import Hosted, Room

pytestmark = pytest.mark.slow

Key = Qt.Key


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[QtJobs]:
    made = QtJobs()
    yield made
    made.cancel_all()
    assert made.wait_all(10)


@pytest.fixture
def panel(qtbot: QtBot, room: Room, host: Hosted[ReportPanel], jobs: QtJobs) -> Iterator[ReportPanel]:
    review.set_impression(room.lib, room.visit, Grade.LOW)
    room.session.perform(lambda lib: review.sign(lib, room.visit, "Dr. Test", "Read by me"), undoable=False)
    made = host(ReportPanel(room.session, jobs))
    made.show_case(room.session.case)
    yield made
    qtbot.waitUntil(lambda: made.idle, timeout=20_000)


def amended(qtbot: QtBot, panel: ReportPanel, room: Room, reason: str) -> None:
    qtbot.keyClick(panel.amend.begin, Key.Key_Space)
    qtbot.keyClicks(panel.amend.reason, reason)
    qtbot.keyClick(panel.amend.reason, Key.Key_Return)
    qtbot.waitUntil(lambda: not room.case.signed, timeout=20_000)
    qtbot.waitUntil(panel.form.isVisible)


def test_tab_goes_from_saving_through_what_amends_to_the_preview(qtbot: QtBot, panel: ReportPanel, room: Room) -> None:
    amended(qtbot, panel, room, "Histology came")
    room.session.perform(lambda lib: review.sign(lib, room.visit, "Dr. Test", "Read by me"), undoable=False)
    amend = panel.amend
    originals = tuple(amend.buttons.values())
    assert len(originals) == 1
    qtbot.waitUntil(originals[0].isVisible)  # Qt shows what a layout is given once it is idle
    panel.save.setFocus()
    for part in (amend.begin, *originals, panel.preview):
        qtbot.keyClick(panel.focusWidget(), Key.Key_Tab)
        assert panel.focusWidget() is part
    qtbot.keyClick(amend.begin, Key.Key_Space)
    panel.save.setFocus()
    for part in (amend.reason, amend.now, amend.back, *originals):
        qtbot.keyClick(panel.focusWidget(), Key.Key_Tab)
        assert panel.focusWidget() is part


def test_it_takes_a_reason_and_escape_leaves_it_signed(qtbot: QtBot, panel: ReportPanel, room: Room) -> None:
    qtbot.keyClick(panel.amend.begin, Key.Key_Space)
    assert panel.amend.reason.isVisible()
    qtbot.keyClick(panel.amend.reason, Key.Key_Return)
    assert panel.amend.problem.text() == "A report is amended for a reason."
    qtbot.keyClick(panel.amend.reason, Key.Key_Escape)
    assert not panel.amend.reason.isVisible()
    assert panel.amend.begin.isVisible()
    assert room.case.signed


def test_the_visit_opens_and_the_new_report_says_which_it_takes_the_place_of(
    qtbot: QtBot, panel: ReportPanel, room: Room
) -> None:
    amended(qtbot, panel, room, "wrong side")
    assert "Not signed" in panel.signed.text()
    (one,) = room.case.amendments
    content = report_form.make_content(room.lib, report_form.ReportSources(room.case))
    assert len(content.amends) == 1
    assert "takes the place of the report that Dr. Test signed" in content.amends[0]
    assert content.amends[0].endswith("wrong side")
    html = preview_html(content, PreviewLook("#fff", "#ccc", "#888", 300))
    assert "Amended colposcopy report, not signed" in html
    assert one.id in panel.amend.buttons


def test_the_report_as_it_was_signed_is_saved_again(
    qtbot: QtBot, panel: ReportPanel, room: Room, tmp_path: Path
) -> None:
    amended(qtbot, panel, room, "wrong side")
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.CANCER))
    (one,) = room.case.amendments
    out = tmp_path / "original.pdf"
    panel.amend.save_to(one, str(out))
    qtbot.waitUntil(lambda: "Saved as original.pdf" in panel.said.text(), timeout=20_000)
    assert out.read_bytes() == amending.original(room.lib, one)
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    text = subprocess.run(["pdftotext", str(out), "-"], capture_output=True, text=True, check=True).stdout
    assert "Impression: low" in text
    assert "Read by me" in text


def test_on_a_full_disk_it_stays_signed(
    qtbot: QtBot, panel: ReportPanel, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pfm_desktop.support.errors import StorageError

    def full(*_args: object) -> str:
        raise StorageError("the disk is full", safe="nothing was changed", remedy="make room")

    monkeypatch.setattr(type(room.lib.pictures), "put", full)
    qtbot.keyClick(panel.amend.begin, Key.Key_Space)
    qtbot.keyClicks(panel.amend.reason, "why")
    qtbot.keyClick(panel.amend.reason, Key.Key_Return)
    qtbot.waitUntil(lambda: "disk is full" in panel.amend.problem.text(), timeout=20_000)
    assert room.case.signed
    assert panel.amend.reason.text() == "why"
    assert panel.amend.now.isEnabled()


def test_undo_leaves_what_was_signed_as_it_is(
    qtbot: QtBot, room: Room, host: Hosted[ReportPanel], jobs: QtJobs
) -> None:
    undo = Undo(room.session)
    try:
        room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.LOW))
        room.session.perform(lambda lib: review.sign(lib, room.visit, "Dr. Test", "Read by me"), undoable=False)
        panel = host(ReportPanel(room.session, jobs))
        panel.show_case(room.session.case)
        assert undo.undo_text
        amended(qtbot, panel, room, "wrong side")
        room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.HIGH))
        assert undo.undo()
        assert not undo.undo()
        assert room.case.findings.impression is Grade.LOW
    finally:
        undo.detach()
