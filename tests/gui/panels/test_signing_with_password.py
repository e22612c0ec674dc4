"""Signing in an encrypted library: who is signed in gives the password once more, and nobody signs as somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.people import Role
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.report_panel import ReportPanel
from pfm_desktop.services import accounts, cases, review
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.session import Session

from .conftest import Hosted

pytestmark = pytest.mark.slow

NAME, PASSWORD = "Dr. Ada Weiss", "four words that differ"
Key, Left = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A visit with an impression on the desk of an encrypted library; the settings name somebody else."""
    with accounts.make_library(tmp_path / "sealed", NAME, PASSWORD)[0] as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-17").id).id
        review.set_impression(lib, visit, Grade.LOW)
        made = Session(lib, Settings(reader="Dr. Settings"))
        made.open_visit(visit)
        yield made


@pytest.fixture
def panel(session: Session, host: Hosted, qtbot: QtBot) -> Iterator[ReportPanel]:
    jobs = QtJobs()
    panel = host(ReportPanel(session, jobs))
    session.on_case.append(panel.show_case)  # as the page does
    yield panel
    qtbot.waitUntil(lambda: panel.idle, timeout=20_000)
    jobs.cancel_all()
    jobs.wait_all(20)


def texts(lib: Library) -> list[str]:
    with lib.read() as session:
        return [line.text for line in journal.entries(session)]


def test_the_right_password_signs_by_keys_alone(panel: ReportPanel, session: Session, qtbot: QtBot) -> None:
    assert panel.name.text() == NAME
    assert panel.name.isReadOnly()
    qtbot.keyClick(panel.sign, Key.Key_Space)
    assert panel.ask.password.isVisible()
    assert panel.ask.password.hasFocus()
    assert not panel.ask.now.isEnabled()
    qtbot.keyClicks(panel.ask.password, PASSWORD)
    qtbot.keyClick(panel.ask.password, Key.Key_Return)
    qtbot.waitUntil(lambda: session.case is not None and session.case.signed, timeout=10_000)
    assert session.case is not None
    assert session.case.findings.signature is not None
    assert session.case.findings.signature.name == NAME
    assert panel.ask.password.text() == ""
    assert f"Password given: to sign a visit: {NAME}" in texts(session.library)


def test_a_wrong_password_signs_nothing_says_so_and_may_be_typed_again(
    panel: ReportPanel, session: Session, qtbot: QtBot
) -> None:
    qtbot.mouseClick(panel.sign, Left)
    qtbot.keyClicks(panel.ask.password, "not the right one")
    qtbot.mouseClick(panel.ask.now, Left)
    qtbot.waitUntil(panel.ask.wrong.isVisible, timeout=10_000)
    assert "wrong" in panel.ask.wrong.text()
    assert session.case is not None
    assert not session.case.signed
    assert panel.ask.password.hasFocus()
    qtbot.keyClicks(panel.ask.password, PASSWORD)
    qtbot.keyClick(panel.ask.password, Key.Key_Return)
    qtbot.waitUntil(lambda: session.case is not None and session.case.signed, timeout=10_000)
    assert any("Wrong password: to sign a visit" in text for text in texts(session.library))


def test_who_goes_back_while_the_password_is_checked_signs_nothing(
    panel: ReportPanel, session: Session, qtbot: QtBot
) -> None:
    qtbot.mouseClick(panel.sign, Left)
    qtbot.keyClicks(panel.ask.password, PASSWORD)
    qtbot.keyClick(panel.ask.password, Key.Key_Return)
    qtbot.mouseClick(panel.ask.back, Left)
    qtbot.waitUntil(lambda: panel.idle, timeout=10_000)
    assert session.case is not None
    assert not session.case.signed


def test_nobody_signs_under_another_name_or_without_the_right(session: Session, tmp_path: Path) -> None:
    assert session.case is not None
    visit = session.case.visit.id
    with pytest.raises(UserError, match=r"cannot sign as Dr\. Other"):
        review.sign(session.library, visit, "Dr. Other", "Examined and reported by me")
    accounts.add(session.library, "Keeper", {Role.ADMINISTRATOR}, PASSWORD)
    session.library.close()
    with accounts.sign_in(tmp_path / "sealed", "Keeper", PASSWORD) as lib:
        with pytest.raises(UserError, match="may not"):
            review.sign(lib, visit, "Keeper", "Examined and reported by me")
        assert not cases.visit_case(lib, visit).signed


def test_who_signs_what_another_entered_is_told_so(panel: ReportPanel, session: Session, qtbot: QtBot) -> None:
    session.library.who = "Dr. Second"
    qtbot.mouseClick(panel.sign, Left)
    assert f"The findings were entered by another person: {NAME}." in panel.ask.question.text()


def test_who_may_save_no_report_is_asked_for_no_file_and_told_so(
    panel: ReportPanel, session: Session, qtbot: QtBot
) -> None:
    account = session.library.account
    assert account is not None
    session.library.account = replace(account, roles=frozenset({Role.ANNOTATOR}))
    panel._ask_where()
    assert panel.findChild(QFileDialog, "save_report") is None
    assert session.last_problem is not None
    assert "may not take pictures and records out" in str(session.last_problem)
    with session.library.read() as opened:
        assert journal.last(opened, what="refused", key=account.id) is not None
