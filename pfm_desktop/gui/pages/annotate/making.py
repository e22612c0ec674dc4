"""The form for a new task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.labelling import Order
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, say, words
from pfm_desktop.services.labelling import LONGEST_NAME, MOST_READERS, Wish
from pfm_desktop.viewmodels.annotate_tasks import count_job, found_words
from pfm_desktop.viewmodels.annotate_words import ORDERS

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

DEBOUNCE_MS = 150
HIDDEN = "Names, findings, histology and AI answers stay hidden from who reads."
WIDEST = 640


class NewTask(QWidget):
    """`wanted(Wish)` when all is said; `given_up` on Escape or Cancel."""

    wanted = Signal(object)
    given_up = Signal()

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library, self._counting = library, Background(self)
        self._count: int | None = None
        self.name, self.search = QLineEdit(self), QLineEdit(self)
        self.found = words(self, "quiet")
        self.order = CalmComboBox(self)
        self.repeats, self.readers = QSpinBox(self), QSpinBox(self)
        self.problem = words(self, "problem")
        self.make, self.cancel = QPushButton("Make the task", self), QPushButton("Cancel", self)
        self._pause = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._lay_out()
        self._pause.timeout.connect(self._look)
        self.search.textChanged.connect(self._searched)
        self.name.textChanged.connect(lambda _text: self._allow())
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
        self.repeats.setValue(5)
        self.readers.setValue(1)
        self.work(False)
        say(self.problem, "")
        self._searched()
        self.name.setFocus()

    def work(self, working: bool) -> None:
        """The task is being made."""
        for part in (self.name, self.search, self.order, self.repeats, self.readers):
            part.setEnabled(not working)
        self.make.setText("Making the task ..." if working else "Make the task")
        self._allow(working=working)

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
                Order(self.order.currentData()),
                self.repeats.value() / 100,
                self.readers.value(),
            )
        )

    def _searched(self) -> None:
        self._count = None
        self.found.setText(found_words(None))
        self._pause.start()
        self._allow()

    def _look(self) -> None:
        self._counting.start(count_job, self._library, self.search.text(), done=self._counted, failed=self._not_counted)

    def _counted(self, count: int) -> None:
        self._count = count
        self.found.setText(found_words(count))
        self._allow()

    def _not_counted(self, message: str) -> None:
        self.found.setText(message)

    def _allow(self, *, working: bool = False) -> None:
        self.make.setEnabled(not working and bool(self.name.text().strip()) and bool(self._count))

    def _lay_out(self) -> None:
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setPlaceholderText("What readers see in their list: no woman's name")
        self.search.setPlaceholderText("As in Today: name, ID, date, impression; empty: all visits")
        for order, title in ORDERS.items():
            self.order.addItem(title, order.value)
        self.repeats.setRange(0, 50)
        self.repeats.setSuffix(" % come again, unannounced")
        self.readers.setRange(1, MOST_READERS)
        self.readers.setSuffix(" per pair")
        for spin in (self.repeats, self.readers):
            spin.setMinimumHeight(30)
        form = QFormLayout()
        form.setSpacing(10)
        for title, field in (
            ("Name", self.name), ("Search", self.search), ("", self.found), ("Order", self.order),
            ("Repeats", self.repeats), ("Readers", self.readers),
        ):  # fmt: skip
            if title:
                field.setAccessibleName(title)
            form.addRow(title, field)
        buttons = QHBoxLayout()
        buttons.addWidget(self.make)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        self.make.setDefault(True)
        heading = QLabel("New task", self)
        heading.setProperty("role", "title")
        held = QWidget(self)
        held.setMaximumWidth(WIDEST)
        inner = QVBoxLayout(held)
        inner.addWidget(heading)
        inner.addLayout(form)
        inner.addWidget(words(held, "quiet", HIDDEN))
        inner.addWidget(self.problem)
        inner.addLayout(buttons)
        inner.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(held)
