"""One run: what became of it, its curve while it goes on, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.learning import State
from pfm_desktop.gui.pages.learning.curves import Curves
from pfm_desktop.gui.pages.learning.figures import Figures
from pfm_desktop.gui.pages.learning.promoting import Promoting
from pfm_desktop.gui.widgets.panel_parts import in_a_row, say, words
from pfm_desktop.gui.widgets.second_press import SecondPress
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import learning_words
from pfm_desktop.viewmodels.learning import Rights

if TYPE_CHECKING:
    from pfm_desktop.domain.learning import Run
    from pfm_desktop.jobs import Progress
    from pfm_desktop.storage.library import Library

STOP, STOP_EARLY = tr("Stop, and keep the best so far"), tr("Stop: nothing is learned yet")
SURE = tr("Press again: what it has learned is removed")


class RunView(QWidget):
    """Buttons emit `pausing(on)`, `stopping`, `going_on(finish)`, `giving_up`, `comparing`, `rolling_back`,
    `bringing`."""

    pausing = Signal(bool)
    stopping = Signal()
    going_on = Signal(bool)
    giving_up = Signal()
    comparing = Signal()
    rolling_back = Signal()
    bringing = Signal()

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: Run | None = None
        self._rights = Rights(False, False)
        self._going = self._paused = self._busy = False
        self._in_use = ""
        self.heading, self.said = QLabel(self), words(self)
        self.step, self.bar = words(self, "quiet"), QProgressBar(self)
        self.curves, self.figures, self.promoting = Curves(self), Figures(library, self), Promoting(self)
        self.pause = self._button(tr("Pause"), lambda: self.pausing.emit(not self._paused))
        self.stop = self._button(STOP, self.stopping.emit)
        self.go_on = self._button(tr("Go on"), lambda: self.going_on.emit(False))
        self.finish = self._button(tr("End with the best so far"), lambda: self.going_on.emit(True))
        self.give_up = self._button(tr("Give it up"), self._give_up)
        self.sure = SecondPress(self.give_up, SURE)
        self.compare = self._button(tr("Compare on the locked test"), self.comparing.emit)
        self.promote = self._button(tr("Promote..."), self.promoting.show)
        self.roll_back = self._button(tr("Roll back to the model before"), self.rolling_back.emit)
        self.bring = self._button(tr("Have it answer on this computer"), self.bringing.emit)
        self.looks, self.problem = words(self, "quiet"), words(self, "problem")
        self._lay_out()
        say(self.problem, "")

    @property
    def run(self) -> Run | None:
        """What is shown."""
        return self._run

    def show_run(
        self, run: Run | None, rights: Rights, *, going: bool = False, paused: bool = False, busy: bool = False,
        looks: str = "", in_use: str = "",
    ) -> None:  # fmt: skip
        """`going`: this window has it learned now; `busy`: something else is done with a run; `in_use`: the model that
        answers on this computer."""
        another = run is None or self._run is None or run.id != self._run.id
        self._rights, self._going, self._paused, self._busy, self._in_use = rights, going, paused, busy, in_use
        if another:
            self.sure.forget()
            self.promoting.hide()
            say(self.problem, "")
        if another or run != self._run:
            self.figures.show_run(run)
        self._run = run
        self.setVisible(run is not None)
        self.looks.setText(looks)
        if run is not None:
            self.heading.setText(run.model_name)
            self.said.setText(learning_words.run_text(run, going=going, paused=paused, in_use=in_use))
            self._offer(run)

    def show_progress(self, step: Progress) -> None:
        """How far the run is."""
        self.bar.setMaximum(1000)
        self.bar.setValue(round(1000 * step.done / step.total) if step.total else 0)
        self.step.setText(f"{step.text[:1].upper()}{step.text[1:]}")

    def show_curves(self, losses: tuple[float, ...], training: tuple[float, ...], planned: int) -> None:
        """Losses until now."""
        self.curves.draw(losses, training, planned)
        self.finish.setEnabled(len(losses) > 1)
        self.stop.setText(STOP if len(losses) > 1 else STOP_EARLY)

    def show_problem(self, message: str) -> None:
        """What went wrong with this run."""
        say(self.problem, message)

    def _offer(self, run: Run) -> None:
        cut_short = run.state is State.RUNNING and not self._going and self._rights.learn
        ended = run.state not in (State.RUNNING, State.FAILED) and self._rights.promote
        waits = ended and run.state is not State.ACTIVE
        for button, there in (
            (self.pause, self._going), (self.stop, self._going), (self.go_on, cut_short), (self.finish, cut_short),
            (self.give_up, cut_short), (self.compare, ended),
            (self.promote, waits and bool(run.figures) and self.promoting.isHidden()),
            (self.roll_back, ended and run.state is State.ACTIVE and self._in_use in ("", run.model_name)),
            (self.bring, ended and run.state is State.ACTIVE and self._in_use not in ("", run.model_name)),
        ):  # fmt: skip
            button.setVisible(there)
        for button in (self.go_on, self.give_up, self.compare, self.promote, self.roll_back, self.bring):
            button.setEnabled(not self._busy)
        self.pause.setText(tr("Go on") if self._paused else tr("Pause"))
        self.compare.setText(tr("Look at the locked test again") if run.figures else tr("Compare on the locked test"))
        self.looks.setVisible(ended)
        for part in (self.bar, self.step):
            part.setVisible(self._going)

    def _give_up(self) -> None:
        if self.sure.passes(("removes",)):
            self.giving_up.emit()

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.clicked.connect(lambda _checked=False: slot())
        return button

    def _lay_out(self) -> None:
        self.heading.setProperty("role", "heading")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("How far the run is"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        for part in (self.heading, self.said, self.problem, self.bar, self.step):
            column.addWidget(part)
        column.addLayout(in_a_row(self.pause, self.stop, self.go_on, self.finish, self.give_up))
        column.addWidget(self.looks)
        column.addLayout(in_a_row(self.compare, self.promote, self.roll_back, self.bring))
        for below in (self.promoting, self.figures, self.curves):
            column.addWidget(below)
        column.addStretch(1)
