"""People: who may sign in to this library, and the own password. A part of Settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.people import Act, Role
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import bring_into_sight, say, words
from pfm_desktop.gui.widgets.secret_field import SecretField
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import people as model
from pfm_desktop.viewmodels.opening import password_problem
from pfm_desktop.viewmodels.words import spoken

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.session import Session

_ROWS = 5  # seen without scrolling


class PeoplePanel(QWidget):
    """`recovery(key)` asks the window to show a new recovery key, `gone` says that who is signed in may be no more,
    or sees no names any more."""

    recovery = Signal(str)
    gone = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._whose = ""  # account that is being changed
        self._work = Background(self)
        self.people = _table(self)
        self.said, self.wrong = words(self), words(self, "problem")
        self.add, self.edit = QPushButton(tr("Add a person..."), self), QPushButton(tr("Change..."), self)
        self.own = QPushButton(tr("Change my password..."), self)
        self.new_key = QPushButton(tr("New recovery key..."), self)
        self.card = PersonCard(self)
        self._lay_out()
        self._connect()
        self.read()

    def read(self) -> None:
        """Show who there is."""
        lib = self._session.library
        keeps = model.may_keep(lib)
        say(self.none, "" if lib.account is not None else model.NO_ACCOUNTS)
        for part in (self.people, self.add, self.edit, self.new_key):
            part.setVisible(keeps)
        self.own.setVisible(lib.account is not None and not lib.read_only)
        if keeps:
            self._fill(model.rows(lib))

    def in_order(self) -> tuple[QWidget, ...]:
        """The parts as the tab key goes through them."""
        return self.people, self.add, self.edit, self.own, self.new_key, *self.card.in_order()

    def _fill(self, rows: tuple[model.PersonRow, ...]) -> None:
        chosen = self.people.currentRow()
        self._rows = rows
        self.people.setRowCount(len(rows))
        for at, row in enumerate(rows):
            for column, text in enumerate((row.name, row.roles, row.state)):
                self.people.setItem(at, column, QTableWidgetItem(text))
        self.people.setCurrentCell(max(0, min(chosen, len(rows) - 1)), 0)
        height = self.people.rowHeight(0) * min(_ROWS, max(1, len(rows)))
        self.people.setFixedHeight(height + self.people.horizontalHeader().sizeHint().height() + 6)

    def _ask_add(self) -> None:
        card = self.card
        self._ask(
            tr("Add a person"),
            lambda: self._do(model.add, card.old.text(), card.name.text(), card.roles, card.new.text()),
        )
        card.ask_for(name="", roles=frozenset({Role.CLINICIAN}), old=True, new=True)

    def _ask_change(self) -> None:
        row = self._rows[self.people.currentRow()]

        def act() -> None:
            card = self.card
            now = next((one.account for one in self._rows if one.account.id == row.account.id), row.account)
            self._do(model.change, card.old.text(), now, card.roles, card.active.isChecked(), card.new.text())

        self._ask(row.account.name, act, whose=row.account.name)
        mine = self._session.account is not None and row.account.id == self._session.account.id
        self.card.ask_for(
            roles=row.account.roles,
            active=row.account.active,
            old=True,
            new=not mine,
            new_words=tr("New password, if any"),
        )

    def _ask_own(self) -> None:
        self._ask(tr("My password"), lambda: self._do(model.own_password, self.card.old.text(), self.card.new.text()))
        self.card.ask_for(old=True, new=True)

    def _ask_key(self) -> None:
        self._ask(tr("New recovery key"), lambda: self._do(model.recovery_key, self.card.old.text()))
        self.card.ask_for(old=True)

    def _ask(self, heading: str, act: Callable[[], None], *, whose: str = "") -> None:
        say(self.said, "")
        say(self.wrong, "")
        self._act, self._whose = act, whose
        self.card.heading.setText(heading)

    def _try(self) -> None:
        card = self.card
        wrong = tr("The two passwords differ.") if card.new.text() != card.again.text() else ""
        if not wrong and card.new.text():
            wrong = password_problem(card.new.text(), card.name.text() or self._whose)
        say(self.wrong, wrong)
        if not wrong:
            card.setEnabled(False)
            self._act()

    def _do(self, job: Callable[..., Any], *args: object) -> None:
        self._work.start(job, self._session.library, *args, done=self._done, failed=self._failed)

    def _done(self, outcome: model.Done | UserError) -> None:
        self.card.setEnabled(True)
        if isinstance(outcome, UserError):
            self._failed(spoken(outcome))
            self.read()  # a part of it may be done
            return
        self.card.close_it()
        say(self.said, outcome.words)
        account = self._session.account
        if account is not None and not (account.active and account.may(Act.SEE_NAMES)):
            self.gone.emit()  # what she saw until now is in sight; and the library is closed, so nothing is read of it
            return
        self.read()
        self.add.setFocus()
        if outcome.key:
            self.recovery.emit(outcome.key)

    def _failed(self, message: str) -> None:
        self.card.setEnabled(True)
        say(self.wrong, message)
        self.card.ask_again()
        bring_into_sight(self.wrong)

    def _lay_out(self) -> None:
        self.none = words(self, "quiet")
        buttons = QHBoxLayout()
        for button in (self.add, self.edit, self.own, self.new_key):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.none)
        column.addWidget(self.people)
        column.addLayout(buttons)
        column.addWidget(self.card)
        column.addWidget(self.wrong)
        column.addWidget(self.said)
        say(self.wrong, "")
        say(self.said, "")

    def _connect(self) -> None:
        for button, ask in ((self.add, self._ask_add), (self.edit, self._ask_change), (self.own, self._ask_own),
                            (self.new_key, self._ask_key)):  # fmt: skip
            button.clicked.connect(lambda _checked=False, ask=ask: ask())
        self.people.doubleClicked.connect(lambda _index: self._ask_change())
        self.card.done.connect(self._try)
        self.card.away.connect(lambda: say(self.wrong, ""))


class PersonCard(QFrame):
    """What is filled in about one person: only what was asked for is shown. `done` or `away`."""

    done = Signal()
    away = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.heading = words(self, "heading")
        self.name = QLineEdit(self)
        self._boxes = {role: QCheckBox(text, self) for role, text in model.ROLE_WORDS.items()}
        self.active = QCheckBox(tr("May sign in"), self)
        self.old, self.new = SecretField(tr("Your password"), self), SecretField(tr("New password"), self)
        self.again = SecretField(tr("The new password again"), self)
        self.go, self.back = QPushButton(tr("Do it"), self), QPushButton(tr("Back"), self)
        self._lay_out()
        self.hide()

    @property
    def roles(self) -> frozenset[Role]:
        """Which are chosen."""
        return frozenset(role for role, box in self._boxes.items() if box.isChecked())

    def ask_for(
        self,
        *,
        name: str | None = None,
        roles: frozenset[Role] | None = None,
        active: bool | None = None,
        old: bool = False,
        new: bool = False,
        new_words: str = tr("New password"),
    ) -> None:
        """Show what is to be filled in."""
        shown = [(self.name, name is not None), (self.active, active is not None), (self.old, old)]
        shown += [(self.new, new), (self.again, new), *((box, roles is not None) for box in self._boxes.values())]
        for part, on in shown:
            self._rows.setRowVisible(part, on)
        for field in (self.name, self.old, self.new, self.again):
            field.clear()
        for role, box in self._boxes.items():
            box.setChecked(roles is not None and role in roles)
        self.active.setChecked(active is not False)
        label = self._rows.labelForField(self.new)
        if label is not None:
            label.setProperty("text", new_words)
        self.new.setAccessibleName(new_words)
        self.show()
        self.take_keys()

    def take_keys(self) -> None:
        """The keys go to the first field."""
        first = next((part for part in self.in_order() if part.isVisible()), self.go)
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def ask_again(self) -> None:
        """It was refused: one's own password is typed once more, and the keys stand there."""
        self.old.clear()
        if self.old.isVisible():
            self.old.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.take_keys()

    def close_it(self) -> None:
        """Nothing that was typed stays."""
        for field in (self.name, self.old, self.new, self.again):
            field.clear()
        self.hide()

    def in_order(self) -> tuple[QWidget, ...]:
        """The parts as the tab key goes through them."""
        return (self.name, *self._boxes.values(), self.active, self.old, self.new, self.again, self.go, self.back)

    def keyPressEvent(self, event: Any) -> None:
        """Enter in a field goes on; Escape goes back."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.done.emit()
        else:
            super().keyPressEvent(event)

    def _leave(self) -> None:
        self.close_it()
        self.away.emit()

    def _lay_out(self) -> None:
        self._rows = QFormLayout()
        self._rows.setVerticalSpacing(8)
        self._rows.addRow(tr("Name"), self.name)
        for at, box in enumerate(self._boxes.values()):
            self._rows.addRow(tr("Roles") if at == 0 else "", box)
        self._rows.addRow("", self.active)
        self._rows.addRow(tr("Your password"), self.old)
        self._rows.addRow(tr("New password"), self.new)
        self._rows.addRow(tr("Again"), self.again)
        self.name.setAccessibleName(tr("Name"))
        buttons = QHBoxLayout()
        for button, act in ((self.go, self.done.emit), (self.back, self._leave)):
            button.clicked.connect(lambda _checked=False, act=act: act())
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(self.heading)
        column.addLayout(self._rows)
        column.addLayout(buttons)


def _table(parent: QWidget) -> QTableWidget:
    table = QTableWidget(0, 3, parent)
    table.setHorizontalHeaderLabels([tr("Name"), tr("Roles"), ""])
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)
    table.setAccessibleName(tr("People of this library"))
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
    return table
