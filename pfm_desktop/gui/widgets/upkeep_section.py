"""Backups and checks in Settings: made while one works on, shown in the jobs strip, stopped at any time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.file_dialog import ask_folder
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import upkeep as model

if TYPE_CHECKING:
    from pfm_desktop.jobs import Handle, Progress
    from pfm_desktop.viewmodels.session import Session

_LINES = 5  # of what is wrong, seen without scrolling


class UpkeepSection(QWidget):
    """The last backup, and the buttons. The folder of a library's backups is kept in the settings."""

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._reading = Background(self)
        self._handle: Handle | None = None
        self.last = words(self, "quiet", tr("Last backup: ..."))  # nothing moves when it has been read
        self.said, self.wrong = words(self), words(self, "problem")
        self.problems = QPlainTextEdit(self)
        self.now = QPushButton(tr("Back up now"), self)
        self.elsewhere = QPushButton(tr("Back up into a folder..."), self)
        self.check, self.stop = QPushButton(tr("Check this library"), self), QPushButton(tr("Stop"), self)
        self._lay_out()
        for button, act in ((self.now, self._now), (self.elsewhere, self._ask_where), (self.check, self._check),
                            (self.stop, self._stop)):  # fmt: skip
            button.clicked.connect(lambda _checked=False, act=act: act())
        self._show(model.Outcome(""))

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return self._handle is None and not self._reading.busy

    def in_order(self) -> tuple[QWidget, ...]:
        """The parts as the tab key goes through them."""
        return self.now, self.elsewhere, self.check, self.stop, self.problems

    def showEvent(self, event: QShowEvent) -> None:
        """The disk may have been connected since."""
        super().showEvent(event)
        self._offer()

    def use_folder(self, chosen: str) -> None:
        """Back up there, and from now on."""
        folder = str(model.place_in(self._session.library, Path(chosen)))
        kept = {**self._session.settings.backups, self._session.library.id: folder}
        if self._session.change_settings(backups=kept):
            self._now()

    @property
    def _folder(self) -> str:
        return self._session.settings.backups.get(self._session.library.id, "")

    def _offer(self) -> None:
        reason, busy = model.why_not(self._session.library), self._handle is not None
        self.now.setVisible(bool(self._folder) and not reason)
        for button in (self.elsewhere, self.check):
            button.setVisible(not reason)
        for button in (self.now, self.elsewhere, self.check):
            button.setEnabled(not busy)
        self.stop.setVisible(busy)
        if reason:
            self.last.setText(reason)
        else:
            self._reading.start(model.last_backup, self._folder, done=self.last.setText, failed=self.last.setText)

    def _now(self) -> None:
        self._start(model.back_up, self._folder, title=model.BACKING_UP)

    def _check(self) -> None:
        self._start(model.check, title=model.CHECKING)

    def _start(self, job: Callable[..., Any], *args: object, title: str) -> None:
        if self._handle is not None:
            return
        self._show(model.Outcome(tr("{title}. You can go on working meanwhile.", title=title)))
        self._handle = self._jobs.start(
            job, self._session.library, *args, title=title, done=self._ended, step=self._step,
            failed=lambda message: self._ended(model.Outcome(""), message),
            stopped=lambda: self._ended(model.Outcome(model.STOPPED)), missed=True,
        )  # fmt: skip
        self._offer()
        self.stop.setFocus(Qt.FocusReason.OtherFocusReason)

    def _stop(self) -> None:
        if self._handle is not None:
            self._jobs.cancel(self._handle.name)

    def _step(self, step: Progress) -> None:
        if isValid(self):
            share = f" {100 * step.done / step.total:.0f} %" if step.total else ""
            self.said.setText(tr("{step}{share}. You can go on working meanwhile.", step=step.text, share=share))

    def _ended(self, outcome: model.Outcome, failure: str = "") -> None:
        if not isValid(self):
            return
        had_keys = self.window().focusWidget() is self.stop  # behind a dialog as well
        self._handle = None
        self._show(outcome, failure)
        self._offer()
        if had_keys:
            (self.now if self.now.isVisible() else self.elsewhere).setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, outcome: model.Outcome, failure: str = "") -> None:
        bad = bool(failure or outcome.problems)
        say(self.said, "" if bad else outcome.words)
        say(self.wrong, failure or (outcome.words if bad else ""))
        self.problems.setPlainText("\n".join(outcome.problems))
        self.problems.setVisible(bool(outcome.problems))

    def _ask_where(self) -> None:
        title = tr("Folder for backups, best on another disk")
        ask_folder(self, "backup_to", title, self.use_folder, folder=self._folder)

    def _lay_out(self) -> None:
        self.problems.setReadOnly(True)
        self.problems.setTabChangesFocus(True)
        self.problems.setAccessibleName(tr("What is wrong"))
        self.problems.setFixedHeight(_LINES * self.fontMetrics().lineSpacing() + 14)
        row = QHBoxLayout()
        for button in (self.now, self.elsewhere, self.check, self.stop):
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.last)
        column.addLayout(row)
        for part in (self.said, self.wrong, self.problems):
            column.addWidget(part)
