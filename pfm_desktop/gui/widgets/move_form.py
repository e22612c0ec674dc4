"""To whom is it to go, and is that right: a search, what it finds, and a question that names both women."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QWidget,
)

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.services.moving import LONGEST_REASON
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.moving import NOBODY, Choice

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.viewmodels.session import Session

DEBOUNCE_MS = 120
WIDTH = 380
Find = Callable[..., list[Choice]]


class MoveForm(QFrame):
    """`closed` when it goes away with the keys in it; `done(changes)` when what was asked for is on record.

    Enter in the list, or in the search, leads to the question; the button does it. Escape closes.
    """

    closed = Signal()
    done = Signal(tuple)

    def __init__(self, session: Session, parent: QWidget | None = None, *, across: bool = False) -> None:
        super().__init__(parent)
        self._session = session
        self._find: tuple[Any, ...] | None = None
        self._nothing = NOBODY
        self._choices: list[Choice] = []
        self._background = Background(self)
        self._pause = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._pause.timeout.connect(self._look)
        self.heading, self.question, self.problem = words(self, "heading"), words(self), words(self, "problem")
        self.search, self.list, self.why = QLineEdit(self), QListWidget(self), QLineEdit(self)
        self.go, self.back = QPushButton(self), QPushButton(tr("Cancel"), self)
        self.setProperty("role", "card")
        self.setMinimumWidth(WIDTH)
        self._lay_out(across=across)
        self._connect()
        self.hide()

    def ask(self, heading: str, go: str, find: Find, *what: object, search: bool = True, nothing: str = NOBODY) -> None:
        """Ask; `find(ctx, library, search, *what)` is the job that finds what may be chosen."""
        self._find, self._nothing = (find, what), nothing
        self.setAccessibleName(heading)
        self.heading.setText(heading)
        self.go.setText(go)
        self.search.setVisible(search)
        self.search.setText("")
        self.why.setText("")
        say(self.problem, "")
        self._show([])
        self.show()
        (self.search if search else self.list).setFocus(Qt.FocusReason.OtherFocusReason)
        self._look()

    @property
    def idle(self) -> bool:
        """Whether it shows what was searched for."""
        return not (self._pause.isActive() or self._background.busy)

    def leave(self) -> None:
        """Close without doing anything."""
        self._background.drop()
        self._pause.stop()
        keys = QApplication.focusWidget()
        self._choices = []
        self.list.clear()
        self.hide()
        if keys is not None and self.isAncestorOf(keys):
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter leads to the question, Escape closes; arrows in the search move in the list."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if (chosen := self._chosen()) is not None and self.idle:
                missing = chosen.reason and not self.why.text().strip()
                (self.why if missing else self.go).setFocus(Qt.FocusReason.OtherFocusReason)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.list.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def _look(self) -> None:
        if self._find is not None:
            find, what = self._find
            work = (find, self._session.library, self.search.text(), *what)
            self._background.start(*work, done=self._show, failed=lambda why: say(self.problem, why))

    def _show(self, choices: list[Choice]) -> None:
        self._choices = list(choices)
        self.list.clear()
        self.list.addItems([choice.words for choice in choices])
        self.list.setCurrentRow(0 if choices else -1)
        self._chosen_changed()

    def _chosen(self) -> Choice | None:
        row = self.list.currentRow()
        return self._choices[row] if 0 <= row < len(self._choices) else None

    def _chosen_changed(self) -> None:
        chosen = self._chosen()
        self.question.setText(chosen.question if chosen is not None else "" if self._background.busy else self._nothing)
        self.why.setVisible(chosen is not None and chosen.reason)
        self.go.setEnabled(chosen is not None and (not chosen.reason or bool(self.why.text().strip())))

    def _do(self) -> None:
        chosen = self._chosen()
        if chosen is None or not self.idle or not self.go.isEnabled():
            return
        problem = self._session.last_problem
        changes: tuple[Change, ...] | None = self._session.perform(
            partial(chosen.edit, why=self.why.text()) if chosen.reason else chosen.edit
        )
        if changes is None:
            refused = self._session.last_problem
            say(self.problem, str(refused) if refused is not None and refused is not problem else "")
            return
        self.leave()
        self.done.emit(changes)

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.list.currentRowChanged.connect(lambda _row: self._chosen_changed())
        self.why.textChanged.connect(lambda _text: self._chosen_changed())
        self.go.clicked.connect(lambda _checked=False: self._do())
        self.back.clicked.connect(lambda _checked=False: self.leave())

    def _lay_out(self, *, across: bool) -> None:
        self.search.setPlaceholderText(tr("Search name, ID or date"))
        self.search.setAccessibleName(tr("Search to whom"))
        self.list.setAccessibleName(tr("To whom"))
        self.why.setPlaceholderText(tr("Why: this goes on record for both"))
        self.why.setAccessibleName(tr("Why it is moved"))
        self.why.setMaxLength(LONGEST_REASON)
        self.why.hide()
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.question.setAccessibleName(tr("What will be done"))
        left = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        for widget in (self.heading, self.search, self.list):
            left.addWidget(widget)
        right = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        right.addWidget(self.question)
        right.addWidget(self.why)
        right.addWidget(self.problem)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.back)
        buttons.addWidget(self.go)
        right.addLayout(buttons)
        if across:
            right.insertStretch(3, 1)
        directions = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        both = QBoxLayout(directions[0] if across else directions[1], self)
        both.setContentsMargins(16, 14, 16, 14)
        both.addLayout(left, 1)
        both.addLayout(right, 1 if across else 0)
