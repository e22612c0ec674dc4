"""The form for a new task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.labelling import AiShown, Order
from pfm_desktop.gui.pages.annotate.ai_answer import Site
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, CalmSpinBox, say, words
from pfm_desktop.services.labelling import LONGEST_NAME, MOST_ASKED, MOST_READERS, Wish
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.annotate_ai import STAYS_HIDDEN
from pfm_desktop.viewmodels.annotate_tasks import (
    Counted,
    asking_words,
    count_job,
    found_words,
    lacking_words,
    readers_words,
    repeats_words,
    rights_in,
    unlabelled_words,
)
from pfm_desktop.viewmodels.annotate_words import ORDERS

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

DEBOUNCE_MS = 150
AI_FIRST = tr("The AI answer may be shown before the grade is given")
WIDEST = 640
MOST_TO_ASK = 20_000


class NewTask(QWidget):
    """`wanted(Wish)` when all is said; `given_up` on Escape or Cancel, also while it is being made."""

    wanted = Signal(object)
    given_up = Signal()

    def __init__(self, library: Library, parent: QWidget | None = None, *, site: Site | None = None) -> None:
        super().__init__(parent)
        self._library, self._counting, self._site = library, Background(self), site or Site()
        self._count: Counted | None = None
        self._why_not = ""  # nothing could be counted
        self.working = False
        self.name, self.search = QLineEdit(self), QLineEdit(self)
        self.found = words(self, "quiet")
        self.order, self.unlabelled = CalmComboBox(self), QCheckBox(self)
        self.most, self.asking = CalmSpinBox(self), words(self, "quiet")
        self.repeats, self.readers = CalmSpinBox(self), CalmSpinBox(self)
        self.again, self.waits = words(self, "quiet"), words(self, "quiet")
        self.ai_first, self.hidden = QCheckBox(AI_FIRST, self), words(self, "quiet")
        self.problem, self.form = words(self, "problem"), QFormLayout()
        self.make, self.cancel = QPushButton(tr("Make the task"), self), QPushButton(tr("Cancel"), self)
        self.lacking = words(self, "quiet")
        self._pause = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._lay_out()
        self._pause.timeout.connect(self._look)
        self.search.textChanged.connect(self._searched)
        self.name.textChanged.connect(lambda _text: self._allow())
        self.order.currentIndexChanged.connect(lambda _place: self._ordered())
        self.unlabelled.toggled.connect(lambda _on: self._allow())
        self.ai_first.toggled.connect(lambda _on: self.follow_site())
        for spin in (self.most, self.repeats, self.readers):
            spin.valueChanged.connect(lambda _value: self._allow())
        self.make.clicked.connect(lambda _checked=False: self._ask())
        self.cancel.clicked.connect(lambda _checked=False: self.given_up.emit())

    @property
    def idle(self) -> bool:
        """Whether it is known how many visits are found."""
        return not (self._pause.isActive() or self._counting.busy)

    def begin(self) -> None:
        """An empty form."""
        self.name.clear()
        self.search.clear()
        self.order.setCurrentIndex(0)
        self._ordered()
        self.most.setValue(MOST_ASKED)
        self.repeats.setValue(5)
        self.readers.setValue(1)
        self.ai_first.setChecked(False)
        self.follow_site()
        self.work(False)
        say(self.problem, "")
        self._searched()
        self.name.setFocus()

    def follow_site(self) -> None:
        """What the site chose of the AI answer: whether it may be wished for here, and what holds for who reads."""
        choice = self._site.choice()
        self.form.setRowVisible(self.ai_first, choice is AiShown.BEFORE)
        if choice is not AiShown.BEFORE:
            self.ai_first.setChecked(False)
        before = AiShown.BEFORE if self.ai_first.isChecked() else AiShown.AFTER
        self.hidden.setText(STAYS_HIDDEN[before if choice is AiShown.BEFORE else choice])

    def work(self, working: bool) -> None:
        """The task is being made."""
        self.working = working
        for part in (self.name, self.search, self.order, self.repeats, self.readers, self.most, self.ai_first):
            part.setEnabled(not working)
        self.unlabelled.setEnabled(not working and rights_in(self._library).see_reads)
        self.make.setText(tr("Making the task ...") if working else tr("Make the task"))
        self.cancel.setText(tr("Stop") if working else tr("Cancel"))
        self._allow()

    def show_problem(self, message: str) -> None:
        """Why none was made; what was typed stays."""
        self.work(False)
        say(self.problem, message)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up, Enter makes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.make.isEnabled():
            self._ask()
        else:
            super().keyPressEvent(event)

    def _ask(self) -> None:
        say(self.problem, "")
        self.wanted.emit(
            Wish(
                self.name.text(),
                self.search.text(),
                self._order,
                self.repeats.value() / 100,
                self.readers.value(),
                ai_first=self.ai_first.isChecked(),
                unlabelled=self.unlabelled.isChecked(),
                most=self.most.value(),
            )
        )

    @property
    def _order(self) -> Order:
        return Order(self.order.currentData())

    def _ordered(self) -> None:
        """Another order: what the model says of pairs is wanted of those that can still be labelled."""
        asks = self._order.asks_model
        self.form.setRowVisible(self.most, asks)
        self.unlabelled.setChecked(asks and self.unlabelled.isEnabled())
        self._allow()

    def _searched(self) -> None:
        self._count, self._why_not = None, ""
        self._pause.start()
        self._allow()

    def _look(self) -> None:
        self._counting.start(count_job, self._library, self.search.text(), done=self._counted, failed=self._not_counted)

    def _counted(self, count: Counted) -> None:
        self._count = count
        self._allow()

    def _not_counted(self, message: str) -> None:
        self._why_not = message
        self._allow()

    def _allow(self) -> None:
        counted = self._count
        wanted = 0 if counted is None else counted.unlabelled if self.unlabelled.isChecked() else counted.visits
        found = self._why_not or found_words(counted, unlabelled=self.unlabelled.isChecked())
        self.found.setText(found)
        self.unlabelled.setText(unlabelled_words(counted))
        self.asking.setText(asking_words(self._order, wanted, self.most.value(), self._site.model()) if wanted else "")
        self.asking.setVisible(bool(self.asking.text()))
        self.again.setText(repeats_words(wanted, self.repeats.value() / 100))
        self.form.setRowVisible(self.again, bool(self.again.text()))
        self.waits.setText(readers_words(self.readers.value()))
        self.form.setRowVisible(self.waits, bool(self.waits.text()))
        lacking = lacking_words(self.name.text(), found, wanted)
        self.lacking.setText("" if self.working else lacking)
        self.make.setEnabled(not self.working and not lacking)

    def _lay_out(self) -> None:
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setPlaceholderText(tr("What readers see in their list: no woman's name"))
        self.search.setPlaceholderText(tr("As in Today: name, ID, date, impression; empty: all visits"))
        for order, title in ORDERS.items():
            self.order.addItem(title, order.value)
        self.repeats.setRange(0, 50)
        self.repeats.setSuffix(" " + tr("% come again, unannounced"))
        self.readers.setRange(1, MOST_READERS)
        self.readers.setSuffix(" " + tr("per pair"))
        self.most.setRange(1, MOST_TO_ASK)
        self.most.setPrefix(tr("at most", "so many pairs") + " ")
        self.most.setSuffix(" " + tr("pairs, drawn at random"))
        for spin in (self.repeats, self.readers, self.most):
            spin.setMinimumHeight(30)
        form = self.form
        form.setSpacing(10)
        for title, field in (
            (tr("Name", "of a task"), self.name), (tr("Search"), self.search), ("", self.found),
            (tr("Order"), self.order), ("", self.unlabelled), (tr("Ask about"), self.most), ("", self.asking),
            (tr("Repeats"), self.repeats), ("", self.again), (tr("Readers"), self.readers), ("", self.waits),
            ("", self.ai_first),
        ):  # fmt: skip
            if title:
                field.setAccessibleName(title)
            form.addRow(title, field)
        buttons = QHBoxLayout()
        buttons.addWidget(self.make)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.lacking, 1)
        self.make.setDefault(True)
        heading = QLabel(tr("New task"), self)
        heading.setProperty("role", "title")
        held = QWidget(self)
        held.setMaximumWidth(WIDEST)
        inner = QVBoxLayout(held)
        inner.addWidget(heading)
        inner.addLayout(form)
        inner.addWidget(self.hidden)
        inner.addWidget(self.problem)
        inner.addLayout(buttons)
        inner.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(held)
