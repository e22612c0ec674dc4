"""What stands in the window while a library is opened or made, and when it cannot be."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.centred import put_in_the_middle, wrapped_label
from pfm_desktop.jobs import Progress
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.words import capital

WIDTH = 680


class OpeningPage(QWidget):
    """`stop` cancels, `again` tries once more, `other` asks for another folder, `demo` asks for the demo library."""

    stop = Signal()
    again = Signal()
    other = Signal()
    new = Signal()
    demo = Signal()
    title = tr("Library")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading, self.words = wrapped_label(self, WIDTH, "title"), wrapped_label(self, WIDTH)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(tr("Progress"))
        self.cancel = QPushButton(tr("Cancel"), self)
        self.retry = QPushButton(tr("Try again"), self)
        self.choose = QPushButton(tr("Open another library..."), self)
        self.make = QPushButton(tr("New library..."), self)
        self.to_demo = QPushButton(tr("Open the demo library"), self)
        buttons = ((self.cancel, self.stop), (self.retry, self.again), (self.choose, self.other), (self.make, self.new),
                   (self.to_demo, self.demo))  # fmt: skip
        row = QHBoxLayout()
        for button, signal in buttons:
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addStretch(1)
        self.cancel.clicked.connect(self._show_stopping)
        self._lay_out(row)
        self.show_working(tr("Opening the library"))

    def show_working(self, heading: str, words: str = "") -> None:
        """A library is being opened or made."""
        self._show(heading, words, working=True)
        self.bar.setRange(0, 0)

    def show_step(self, step: Progress) -> None:
        """How far the work is."""
        self.bar.setRange(0, 100 if step.total > 0 else 0)
        self.bar.setValue(round(100 * step.done / step.total) if step.total > 0 else 0)
        if step.total > 0:
            self.heading.setText(tr("Making the demo library"))
            self.words.setText(
                tr("{step}: {done:.0f} of {total:.0f}.", step=step.text, done=step.done, total=step.total)
                + "\n\n"
                + tr(
                    "24 invented women with 40 visits are drawn by the computer; this happens once and takes a minute "
                    "or two. It may be cancelled: what is drawn already is used next time."
                )
            )

    def show_problem(self, problem: str, *, demo: bool) -> None:
        """The library could not be opened. `demo` offers the demo library instead."""
        self._show(tr("The library is not open"), capital(problem), working=False)
        self.to_demo.setVisible(demo)
        self.retry.setFocus()

    def show_stopped(self, *, demo: bool) -> None:
        """The user stopped it."""
        drawn = tr("The demo library is not complete. What is drawn already is kept and used next time.")
        self._show(
            tr("Stopped"), drawn if demo else tr("The library was not opened. Nothing was changed."), working=False
        )
        self.to_demo.hide()
        self.retry.setFocus()

    def _show_stopping(self) -> None:
        self.cancel.setText(tr("Stopping..."))
        self.cancel.setEnabled(False)
        self.heading.setText(tr("Stopping: what is under way is finished first"))

    def _show(self, heading: str, words: str, *, working: bool) -> None:
        self.heading.setText(heading)
        self.words.setText(words)
        self.bar.setVisible(working)
        self.cancel.setVisible(working)
        self.cancel.setText(tr("Cancel"))
        self.cancel.setEnabled(True)
        self.to_demo.hide()
        for button in (self.retry, self.choose, self.make):
            button.setVisible(not working)

    def _lay_out(self, buttons: QHBoxLayout) -> None:
        inner = QVBoxLayout()
        inner.setSpacing(14)
        for widget in (self.heading, self.words, self.bar):
            inner.addWidget(widget)
        inner.addLayout(buttons)
        put_in_the_middle(self, inner)
