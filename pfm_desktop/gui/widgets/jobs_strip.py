"""The foot of the window: messages, what was done last, and what runs, how far it is, with a way to stop it.

It is always there and always as high, so that nothing above it moves. Quiet about a job that ends at once.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.message_bar import MessageBar
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.jobs import JobRow

_SHOWN = 2
SHORT = 300  # ms; a job that ends within them would only flicker


class _JobLine(QWidget):
    """One running job."""

    def __init__(self, jobs: QtJobs, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar(self)
        self.bar.setFixedWidth(160)
        self.cancel = QPushButton(tr("Cancel"), self)
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the page
        self.cancel.clicked.connect(lambda: jobs.cancel(name))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 3, 12, 3)
        for widget in (self.words, self.bar, self.cancel):
            row.addWidget(widget)

    def show_row(self, row: JobRow) -> None:
        """Words, bar and button of a job."""
        self.words.setText(row.words)
        self.bar.setRange(0, 0 if row.percent is None else 100)
        self.bar.setValue(row.percent or 0)
        self.bar.setAccessibleName(tr("Progress of {job}", job=row.title))
        self.cancel.setEnabled(not row.stopping)
        self.cancel.setText(tr("Stopping") if row.stopping else tr("Cancel"))
        self.cancel.setAccessibleName(tr("Cancel {job}", job=row.title))


class JobsStrip(QFrame):
    """Bottom line of the window; on its left what was done last and `messages`, which come and go within it.

    `let_go`: the button that had the keys is gone.
    """

    let_go = Signal()

    def __init__(self, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.messages = MessageBar(self)
        self.setObjectName("jobs_strip")
        self.setAccessibleName(tr("Running jobs"))
        self._jobs = jobs
        self._lines: dict[str, _JobLine] = {}
        self._young: dict[str, QTimer] = {}
        self._note = QLabel(self)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setProperty("role", "quiet")
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._note.setContentsMargins(12, 0, 0, 0)
        self._more = QLabel(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)  # a message reaches from edge to edge
        self._more.setContentsMargins(0, 0, 12, 0)
        self._row.setSpacing(16)
        self._row.addWidget(self._note, 1)
        self._row.addWidget(self.messages, 4)
        self._row.addWidget(self._more)
        self._more.hide()
        self._keep_height()
        self.messages.changed.connect(self._draw)
        jobs.jobs_changed.connect(self._jobs_changed)
        self._jobs_changed()

    @property
    def shown(self) -> tuple[str, ...]:
        """The lines shown now."""
        return tuple(line.words.text() for line in self._lines.values())

    @property
    def noted(self) -> str:
        """What was said last."""
        return self._note.text()

    def note(self, text: str) -> None:
        """Say what was done last."""
        self._note.setText(text)
        if text:
            self.messages.let_pass()  # it would take the room
        self._share()

    def cancel_button(self, name: str) -> QPushButton:
        """The cancel button of a running job."""
        return self._lines[name].cancel

    def focusNextPrevChild(self, next_: bool) -> bool:
        """The keys do not wander on when their button goes: the next in the chain may be the rail's Today."""
        held = self.focusWidget()
        if held is not None and not (held.isVisible() and held.isEnabled()):
            self.let_go.emit()
            return True
        return super().focusNextPrevChild(next_)

    def changeEvent(self, event: QEvent) -> None:
        """Larger letters need more room."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._keep_height()

    def _keep_height(self) -> None:
        """What a message or a job needs, whether there is one or not."""
        self.setFixedHeight(max(38, self.messages.room) + 1)  # and the line above

    def _share(self) -> None:
        """A message gets the room, and what was done last a part of it, where something was."""
        self._note.setVisible(bool(self._note.text()) or not self.messages.held)

    def _jobs_changed(self) -> None:
        running = {row.name for row in self._jobs.rows}
        for name in [name for name in self._young if name not in running]:
            self._young.pop(name).deleteLater()
        for name in running.difference(self._young):
            self._young[name] = timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(self._draw)
            timer.start(SHORT)
        self._draw()

    def _draw(self) -> None:
        rows = [row for row in self._jobs.rows if not self._young[row.name].isActive()]
        shown = {row.name: row for row in rows[: 1 if self.messages.held else _SHOWN]}
        for name in [name for name in self._lines if name not in shown]:
            line = self._lines.pop(name)
            self._row.removeWidget(line)
            line.hide()
            line.deleteLater()
        for name, row in shown.items():
            if name not in self._lines:
                self._lines[name] = _JobLine(self._jobs, name, self)
                self._row.addWidget(self._lines[name])
            self._lines[name].show_row(row)
        more = len(rows) - len(shown)
        self._more.setText(tr("and {count} more", count=more) if more > 0 else "")
        self._more.setVisible(more > 0)
        self._share()
