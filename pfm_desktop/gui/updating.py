"""Help, Install an update: a file is chosen, checked beside the window's thread, shown, and installed when asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.file_dialog import ask_file
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import updating as model

if TYPE_CHECKING:
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.jobs import Handle, Progress
    from pfm_desktop.viewmodels.session import Session

_WIDTH = 560  # pixels


def choose(window: QWidget, session: Session, jobs: QtJobs) -> None:
    """Ask for the file, where this program can check one; the rest is the dialog's."""
    if why := model.why_not():
        UpdateDialog(window, session, jobs).refuse(why)
        return
    ask_file(
        window, "update_file", tr("Update file"), lambda file: UpdateDialog(window, session, jobs).look(Path(file)),
        kind=tr("Update files (*.pfm-update)"),
    )  # fmt: skip


class UpdateDialog(QDialog):
    """What an update file is, and one button to install it. Stop, and closing it, end what is under way."""

    def __init__(self, window: QWidget, session: Session, jobs: QtJobs) -> None:
        super().__init__(window)
        self.setObjectName("update")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Install an update"))
        self._session, self._jobs = session, jobs
        self._handle: Handle | None = None
        self._looked: model.Looked | None = None
        self._column = QVBoxLayout(self)
        self.said, self.wrong = words(self), words(self, "problem")
        self.bar = QProgressBar(self)
        self.now, self.leave = QPushButton(tr("Back up and install"), self), QPushButton(tr("Stop"), self)
        self.now.clicked.connect(lambda _checked=False: self._install())
        self.leave.clicked.connect(lambda _checked=False: self._stop() if self._handle else self.reject())
        self._lay_out()

    def look(self, file: Path) -> None:
        """Check a file and say what it is."""
        self._start(model.look, file, title=model.CHECKING, done=self._show_what)
        self.open()

    def refuse(self, why: str) -> None:
        """Say why there is nothing to ask for."""
        self._settle("", wrong=why)
        self.open()

    def done(self, result: int) -> None:
        """Closed: by a button, by Escape, with the window."""
        self._stop()
        super().done(result)

    def _stop(self) -> None:
        if self._handle is not None:
            self._jobs.cancel(self._handle.name)

    def _install(self) -> None:
        self._start(model.install, self._looked, title=model.INSTALLING, done=self._show_done)

    def _start(self, job: Callable[..., Any], argument: object, *, title: str, done: Callable[[Any], None]) -> None:
        self._settle(title, busy=True)
        self._handle = self._jobs.start(
            job, self._session.library, argument, title=title, step=self._step, missed=True,
            done=lambda result: self._ended(lambda: done(result)),
            failed=lambda message: self._ended(lambda: self._settle("", wrong=message)),
            stopped=lambda: self._ended(lambda: self._settle(model.STOPPED)),
        )  # fmt: skip

    def _ended(self, show: Callable[[], None]) -> None:
        if isValid(self):
            self._handle = None
            show()

    def _show_what(self, looked: model.Looked) -> None:
        self._looked = looked
        self._settle(looked.words, ready=True)

    def _show_done(self, said: str) -> None:
        self._settle(said)

    def _step(self, step: Progress) -> None:
        if isValid(self) and self._handle is not None:
            self.said.setText(step.text)
            self.bar.setRange(0, 1000 if step.total else 0)
            self.bar.setValue(round(1000 * step.done / step.total) if step.total else 0)

    def _settle(self, said: str, *, wrong: str = "", busy: bool = False, ready: bool = False) -> None:
        say(self.said, said)
        say(self.wrong, wrong)
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)
        self.now.setVisible(ready)
        self.leave.setText(tr("Stop") if busy else tr("Back") if ready else tr("Close"))
        self.leave.setFocus(Qt.FocusReason.OtherFocusReason)
        width = max(self.width(), _WIDTH)
        self._column.activate()
        self.resize(width, self._column.totalHeightForWidth(width))  # labels that wrap: adjustSize() takes a guess

    def _lay_out(self) -> None:
        self.setMinimumWidth(_WIDTH)
        for label in (self.said, self.wrong):
            let_copy(label)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("How far it is"))
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.now, self.leave):
            row.addWidget(button)
        for part in (self.said, self.wrong, self.bar):
            self._column.addWidget(part)
        self._column.addStretch(1)
        self._column.addLayout(row)
