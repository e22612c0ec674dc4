"""Giving an unassigned visit to the woman whose it is: one on record, or a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.widgets.panel_parts import LeavesOnEscape, in_a_row, say, words
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.words import spoken
from pfm_desktop.viewmodels.worklist import birth_text, parsed_birth_date

if TYPE_CHECKING:
    from pfm_desktop.domain.case import Patient
    from pfm_desktop.domain.change import Change
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

MOST = 60
ALL_THE_SAME = tr("Press again to give it to her all the same.")
NOBODY = tr("Nobody on record fits. Enter her below as a new patient.")


class AssignForm(LeavesOnEscape, QFrame):
    """`done` when the visit is somebody's, `closed` when it stays as it is."""

    done = Signal()
    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._visit_id = session, ""
        self._women: tuple[Patient, ...] = ()
        self._doubted = ""  # the woman of whom it was asked whether it is her
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(tr("Name or ID"))
        self.search.setAccessibleName(tr("Find her"))
        self.list = QListWidget(self)
        self.list.setAccessibleName(tr("Women on record"))
        self.give = QPushButton(tr("Give the visit to her"), self)
        self.person = {name: QLineEdit(self) for name in ("identifier", "family_name", "given_name", "birth_date")}
        self.new = QPushButton(tr("Add her and give the visit to her"), self)
        self.cancel = QPushButton(tr("Cancel"), self)
        self.problem = words(self, "problem")
        self._lay_out()
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._give)
        self.list.itemActivated.connect(lambda _item: self._give())
        self.list.currentRowChanged.connect(self._chosen)
        self.give.clicked.connect(self._give)
        self.new.clicked.connect(self._give_new)
        self.cancel.clicked.connect(self.closed)

    def begin(self, visit_id: str) -> None:
        """Ask whose visit this is."""
        self._visit_id = visit_id
        for field in (self.search, *self.person.values()):
            field.clear()
        say(self.problem, "")
        self._find("")
        self.search.setFocus()

    def _find(self, text: str) -> None:
        from pfm_desktop.services import cases

        try:
            found: Sequence[Patient] = cases.find_patients(self._session.library, search=text, limit=MOST)
        except UserError as error:
            say(self.problem, spoken(error))
            return
        self._women = tuple(one for one in found if not one.unassigned)
        self.list.clear()
        for woman in self._women:
            name = woman.display_name or tr("(no name)")
            line = tr(
                "{name}    born {birth_date}    ID {identifier}",
                name=name,
                birth_date=birth_text(woman.birth_date),
                identifier=woman.identifier,
            )
            self.list.addItem(QListWidgetItem(line))
        say(self.nobody, "" if self._women else NOBODY)
        self.list.setCurrentRow(0 if self._women and text.strip() else -1)
        self._chosen(self.list.currentRow())

    def _chosen(self, row: int) -> None:
        self.give.setEnabled(row >= 0)
        if self._doubted:
            self._doubted = ""
            say(self.problem, "")

    def _doubts(self, woman: Patient) -> bool:
        """Whether it has to be asked first if it is her; a second press says that it is."""
        from pfm_desktop.services.capture import unassigned

        if self._doubted == woman.id:
            return False
        try:
            doubt = unassigned.doubt(self._session.library, self._visit_id, woman.id)
        except UserError as error:
            say(self.problem, spoken(error))
            return True
        if doubt:
            self._doubted = woman.id
            say(self.problem, f"{doubt} {ALL_THE_SAME}")
        return bool(doubt)

    def _give(self) -> None:
        row = self.list.currentRow()
        if not 0 <= row < len(self._women):
            say(self.problem, tr("Choose a woman in the list first."))
            return
        woman = self._women[row]
        if self._doubts(woman):
            return

        def assign(lib: Library) -> tuple[Change, ...]:
            from pfm_desktop.services.capture import unassigned

            return unassigned.assign(lib, self._visit_id, woman.id)

        self._perform(assign)

    def _give_new(self) -> None:
        texts = {name: field.text() for name, field in self.person.items()}

        def assign(lib: Library) -> tuple[Change, ...]:
            from pfm_desktop.services.capture import unassigned

            birth = parsed_birth_date(texts.pop("birth_date"))
            return unassigned.assign_new(lib, self._visit_id, birth_date=birth, **texts)

        self._perform(assign)

    def _perform(self, assign: Callable[[Library], tuple[Change, ...]]) -> None:
        refused: list[UserError] = []

        def tried(lib: Library) -> tuple[Change, ...]:
            try:
                return assign(lib)
            except UserError as error:
                refused.append(error)
                return ()

        made = self._session.perform(tried)
        if refused:
            say(self.problem, spoken(refused[0]))
        elif made:
            self.done.emit()

    def _lay_out(self) -> None:
        self.nobody = words(self, "quiet")
        form = QFormLayout()
        labels = {
            "identifier": tr("ID (required)"),
            "family_name": tr("Family name"),
            "given_name": tr("Given name"),
            "birth_date": tr("Birth date"),
        }
        for name, field in self.person.items():
            field.setAccessibleName(labels[name])
            form.addRow(labels[name], field)
        self.person["birth_date"].setPlaceholderText(tr("such as 14 Mar 1985 or 1985-03-14"))
        inside = QWidget(self)
        inside.setMaximumWidth(760)
        column = QVBoxLayout(inside)
        column.setSpacing(8)
        column.addWidget(words(self, "title", tr("Whose visit is it?")))
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addWidget(self.nobody)
        column.addLayout(in_a_row(self.give))
        heading = QLabel(tr("A new patient"), self)
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        column.addLayout(form)
        column.addWidget(self.problem)
        column.addLayout(in_a_row(self.new, self.cancel))
        outer = QVBoxLayout(self)
        outer.addWidget(inside, 1)
