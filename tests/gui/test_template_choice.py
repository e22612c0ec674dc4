"""The template of reports in Settings, by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.report_template import ReportTemplate
from pfm_desktop.gui.widgets.template_choice import TemplateChoice
from pfm_desktop.services import report_template
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.session import Session


@pytest.fixture
def session(lib: Library) -> Session:
    return Session(lib, Settings())


@pytest.fixture
def choice(qtbot: QtBot, session: Session, tmp_path: Path) -> TemplateChoice:
    made = TemplateChoice(session)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitExposed(made)
    return made


def test_texts_are_kept_when_the_keys_leave_them(qtbot: QtBot, choice: TemplateChoice, session: Session) -> None:
    choice.heading.setFocus()
    qtbot.keyClicks(choice.heading, "City clinic")
    qtbot.keyClick(choice.heading, Qt.Key.Key_Tab)
    qtbot.keyClicks(choice.closing, "With regards to {name}")
    choice.closing.let_go.emit()
    assert report_template.site_template(session.library)[0] == ReportTemplate("City clinic", "With regards to {name}")


def test_what_cannot_be_kept_stays_and_is_said(qtbot: QtBot, choice: TemplateChoice, session: Session) -> None:
    choice.closing.setFocus()
    qtbot.keyClicks(choice.closing, "call {telephone}")
    choice.closing.let_go.emit()
    assert "no field {telephone}" in choice.problem.text()
    assert choice.names == ("Template of reports",)
    choice.read()
    assert choice.closing.toPlainText() == "call {telephone}"
    choice.drop()
    assert choice.closing.toPlainText() == ""
    assert report_template.site_template(session.library)[0] == ReportTemplate()


def test_a_section_is_left_out_and_comes_back(qtbot: QtBot, choice: TemplateChoice, session: Session) -> None:
    chip = choice.buttons["diagram"]
    assert chip.isChecked()
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert report_template.site_template(session.library)[0].leave_out == ("diagram",)
    assert not chip.isChecked()
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert report_template.site_template(session.library)[0].leave_out == ()
