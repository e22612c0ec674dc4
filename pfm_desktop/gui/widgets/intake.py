"""The form beside the Today list: a new patient, a new visit, pictures for a visit. Nothing else waits for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.gui.widgets.picture_rows import PictureRows
from pfm_desktop.gui.widgets.second_press import SecondPress
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import intake
from pfm_desktop.viewmodels.known_pictures import ALL_THE_SAME, ASKED, Hashes, Known, doubts_of, known_pictures
from pfm_desktop.viewmodels.report_form import correction_note
from pfm_desktop.viewmodels.words import spoken
from pfm_desktop.viewmodels.worklist import WorkRow

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

WIDTH = 380
NO_PICTURE = tr("There is no picture to add. Choose a file, or drop one here.")
DEMO_HINT = tr("This is the demo library. For your own patients make a library of your own in Settings.")


class Intake(QFrame):
    """`changed(visit)` when something was added to a visit, `open_visit(visit)` when it is to be opened.

    `closed` when it goes away with the keys in it: they belong to the list then.
    """

    changed = Signal(str)
    open_visit = Signal(str)
    closed = Signal()

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._save: Callable[[], None] = self.hide
        self._visit_id, self._patient_id = "", ""
        self._whom: intake.Whom | None = None  # None while she is not on record
        self._adding = False
        self.setProperty("role", "card")
        self.setMinimumWidth(WIDTH)
        self.heading, self.about, self.problem = QLabel(self), QLabel(self), QLabel(self)
        self.who, self.facts = QLabel(self), QLabel(self)
        self.examiner, self.warning = QLabel(self), words(self, "badge")
        self.heading.setProperty("role", "heading")
        self.who.setProperty("role", "title")  # the largest name in sight is that of the woman worked on
        self.who.setAccessibleName(tr("Patient of this form"))
        self.about.setProperty("role", "quiet")
        self.problem.setAccessibleName(tr("What is wrong"))
        self.examiner.setProperty("role", "quiet")
        for label in (self.heading, self.who, self.facts, self.about, self.problem, self.examiner):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.person = {name: QLineEdit(self) for name in ("identifier", "family_name", "given_name", "birth_date")}
        self.indication = QLineEdit(self)
        self.pictures = PictureRows(self)
        self.pictures.asks = self._held
        self.pictures.doubts_of = lambda said: doubts_of(session.library, said, self._visit_id)
        self.save, self.cancel = QPushButton(tr("Save"), self), QPushButton(tr("Cancel"), self)
        self.second = SecondPress(self.save, ALL_THE_SAME)
        self.pictures.changed.connect(self._pictures_changed)
        self._lay_out()
        session.on_changed.append(self._records_changed)

    # what can be asked of it

    def new_patient(self) -> None:
        """Ask for a new woman and her visit."""
        self._visit_id = ""
        self._ask(
            None,
            tr("New patient"),
            DEMO_HINT if self._session.library.demo else "",
            tr("Add patient"),
            self._save_patient,
        )
        self._show_parts(person=True, indication=True, pictures=bool(self.pictures.items()))
        self.person["identifier"].setFocus()

    def edit_patient(self, row: WorkRow) -> None:
        """Ask for what is to be corrected about the woman of `row`."""
        try:
            present = intake.person_of(self._session.library, row.visit_id)
            whom = intake.whom_of(self._session.library, row.visit_id)
            note = correction_note(self._session.library, row.patient_id)
        except UserError as error:
            self._session.say(error)
            return
        self._patient_id, self._visit_id = row.patient_id, row.visit_id
        self._ask(
            whom,
            tr("Edit patient"),
            tr("The correction holds for all her visits."),
            tr("Save changes"),
            self._save_edit,
        )
        say(self.warning, note)
        for name, text in present.items():
            self.person[name].setText(text)
        self._show_parts(person=True)
        self.person["identifier"].setFocus()

    def new_visit(self, row: WorkRow) -> None:
        """Ask for a new visit of the woman of `row`."""
        whom = self._on_record(row.visit_id)
        if whom is None:
            return
        self._patient_id, self._visit_id = row.patient_id, row.visit_id
        self._ask(whom, tr("New visit"), "", tr("Begin visit"), self._save_visit)
        self._show_parts(indication=True)
        self.indication.setFocus()

    def add_pictures(self, row: WorkRow) -> None:
        """Ask for pictures of the visit of `row`."""
        whom = self._on_record(row.visit_id)
        if whom is not None:
            self._ask_pictures(row.visit_id, whom)

    def list_stands_on(self, row: WorkRow | None) -> None:
        """The list beside the form stands on `row`: pictures do not follow it, and the form says so."""
        if self._save == self._save_pictures and self._whom is not None:
            elsewhere = row is not None and row.visit_id != self._visit_id
            self.about.setText(intake.target_text(self._whom, elsewhere=elsewhere))

    def take_files(self, row: WorkRow | None, files: Sequence[Path]) -> None:
        """Files were dropped: they go into the form that is open, else to the visit of `row`, else to a new patient."""
        waiting = self.isVisible() and not self.pictures.isHidden()
        if not waiting and row is not None:
            self.add_pictures(row)
        elif not waiting:
            self.new_patient()
            self.pictures.show()
        self.pictures.add_files(files)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter saves, unless it is a button that has the keys; Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        else:
            super().keyPressEvent(event)

    # saving

    def _save_asked(self) -> None:
        self._save()

    def _save_patient(self) -> None:
        entered = {name: field.text() for name, field in self.person.items()}

        def add(library: Library) -> tuple[Change, ...]:
            return intake.add_patient_and_visit(
                library, **entered, indication=self.indication.text(), examiner=self._session.reader
            )

        self._added(self._performed(add))

    def _save_edit(self) -> None:
        entered = {name: field.text() for name, field in self.person.items()}

        def edit(library: Library) -> tuple[Change, ...]:
            return intake.edit_patient(library, self._patient_id, **entered)

        if self._performed(edit) is not None:
            self._close()
            self.changed.emit(self._visit_id)

    def _save_visit(self) -> None:
        def add(library: Library) -> tuple[Change, ...]:
            indication, examiner = self.indication.text(), self._session.reader
            return (intake.add_visit(library, self._patient_id, indication=indication, examiner=examiner),)

        self._added(self._performed(add))

    def _added(self, changes: tuple[Change, ...] | None) -> None:
        """A visit begins: next come its pictures."""
        if not changes:
            return
        visit_id = changes[-1].key
        for field in (*self.person.values(), self.indication):
            field.clear()
        files = bool(self.pictures.items())
        self._ask_pictures(visit_id, intake.whom_of(self._session.library, visit_id))
        self.changed.emit(visit_id)
        if files:
            self._save_pictures()

    def _save_pictures(self) -> None:
        if self._adding or self.pictures.looking:
            return
        if not self.pictures.items():
            self._say(NO_PICTURE)
            return
        self.pictures.when_known(self._add_pictures)

    def _add_pictures(self) -> None:
        """What is another visit's already, or seems to be, is added at a second press only."""
        if self.pictures.wrong:
            self._say(self.pictures.wrong)
            return
        if not self.second.passes(self.pictures.doubts):
            self._say(ASKED)
            self.pictures.show_doubt()
            return
        items, visit_id = self.pictures.items(), self._visit_id
        self._say("")
        self._set_adding(True)
        self._jobs.start(
            intake.add_pictures,
            self._session.library,
            visit_id,
            items,
            title=tr("Adding pictures"),
            done=lambda added: self._pictures_added(visit_id, added),
            failed=self._failed,
            stopped=lambda: self._failed(tr("Stopped. Pictures added until then are kept.")),
        )

    def _pictures_added(self, visit_id: str, added: intake.Added) -> None:
        self._set_adding(False)
        self.pictures.keep_only([path for path, _ in added.refused])
        if added.count:
            self.changed.emit(visit_id)
            self._session.perform(lambda _library: added.changes)  # they are on disk; it can be undone from here on
        if added.refused:
            self._say("\n\n".join(reason for _, reason in added.refused))
            return
        self._close()
        self.open_visit.emit(visit_id)

    def _failed(self, message: str) -> None:
        self._set_adding(False)
        self._say(message)

    def _performed(self, edit: Callable[[Library], tuple[Change, ...]]) -> tuple[Change, ...] | None:
        """What was changed; None where it was refused: it is said in the form, beside what was typed."""
        refused: list[UserError] = []

        def tried(library: Library) -> tuple[Change, ...]:
            try:
                return edit(library)
            except UserError as error:
                refused.append(error)
                return ()

        changes = self._session.perform(tried)
        if refused:
            self._say(spoken(refused[0]))
            return None
        return changes

    # showing

    def _on_record(self, visit_id: str) -> intake.Whom | None:
        """The woman of a visit; None (and the problem said) where she cannot be read."""
        try:
            return intake.whom_of(self._session.library, visit_id)
        except UserError as error:
            self._session.say(error)
            return None

    def _records_changed(self, changes: Sequence[Change]) -> None:
        """The woman of the form was corrected, or taken off the record: then there is nothing to ask any more."""
        if self.isHidden() or self._whom is None or not {change.what for change in changes} & {"patient", "visit"}:
            return
        try:
            self._show_whom(intake.whom_of(self._session.library, self._visit_id))
        except UserError:
            self._close()

    def _show_whom(self, whom: intake.Whom | None) -> None:
        self._whom = whom
        self.who.setText(whom.name if whom is not None else tr("New patient"))
        self.facts.setText(whom.facts if whom is not None else "")
        self.facts.setVisible(whom is not None)

    def _held(self, files: Collection[Hashes]) -> Mapping[Hashes, Known]:
        return known_pictures(self._session.library, files, self._visit_id)

    def _ask_pictures(self, visit_id: str, whom: intake.Whom) -> None:
        self._visit_id = visit_id
        self._ask(
            whom, tr("Add pictures"), intake.target_text(whom, elsewhere=False), tr("Add pictures"), self._save_pictures
        )
        self.pictures.say_known()  # files that were here already are to go to her now
        self._show_parts(pictures=True)
        self.pictures.choose.setFocus()

    def _set_adding(self, adding: bool) -> None:
        self._adding = adding
        self._pictures_changed()

    def _pictures_changed(self) -> None:
        self.save.setEnabled(not (self._adding or self.pictures.looking))
        self.second.follow(self.pictures.doubts)
        if self.problem.text() == ASKED and not self.second.asks:
            self._say("")
        if self.pictures.items() and self.problem.text() == NO_PICTURE:
            self._say("")

    def _forget_person(self) -> None:
        """A woman on record is not to stand in the form for a new one."""
        if self._save == self._save_edit:
            for field in self.person.values():
                field.clear()

    def _ask(self, whom: intake.Whom | None, heading: str, about: str, button: str, save: Callable[[], None]) -> None:
        self._forget_person()
        self.second.forget()
        self.pictures.drop_wish()
        self._show_whom(whom)
        self.heading.setText(heading)
        self.heading.setVisible(whom is not None)  # "New patient" stands in large letters then
        self.about.setText(about)
        self.about.setVisible(bool(about))
        say(self.warning, "")
        self.save.setText(button)
        self._save = save
        self._say("")
        self.show()

    def _say(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def _show_parts(self, *, person: bool = False, indication: bool = False, pictures: bool = False) -> None:
        for field in self.person.values():
            self._form.setRowVisible(field, person)
        self._form.setRowVisible(self.indication, indication)
        unnamed = self._session.unnamed if indication else ""
        self.examiner.setText(
            tr("The examiner of the visit is recorded as {reader}.", reader=unnamed) if unnamed else ""
        )
        self.examiner.setVisible(bool(unnamed))
        self.pictures.setVisible(pictures)

    def _close(self) -> None:
        self._forget_person()
        self.pictures.keep_only([])
        self._say("")
        keys = QApplication.focusWidget()
        self.hide()
        if keys is not None and self.isAncestorOf(keys):
            self.closed.emit()

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        words = {
            "identifier": (tr("ID (required)"), tr("the clinic's number")),
            "family_name": (tr("Family name"), ""),
            "given_name": (tr("Given name"), ""),
            "birth_date": (tr("Birth date"), tr("like 14 Mar 1988")),
        }
        for name, (label, hint) in words.items():
            self.person[name].setPlaceholderText(hint)
            self.person[name].setAccessibleName(label)
            self._form.addRow(label, self.person[name])
        self.indication.setAccessibleName(tr("Indication"))
        self.indication.setPlaceholderText(tr("like HPV positive"))
        self._form.addRow(tr("Indication"), self.indication)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        self.save.setDefault(True)
        self.save.clicked.connect(self._save_asked)
        self.cancel.clicked.connect(self._close)
        inner = QWidget(self)
        fields = QVBoxLayout(inner)
        fields.setContentsMargins(0, 0, 8, 0)
        fields.setSpacing(10)
        fields.addLayout(self._form)
        fields.addWidget(self.examiner)
        fields.addWidget(self.pictures)
        fields.addStretch(1)
        scroll = QScrollArea(self)  # the form fits into a low window with any number of files
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)  # the ground of the form shows through
        inner.setAutoFillBackground(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        for widget in (self.heading, self.who, self.facts, self.about, self.warning):
            column.addWidget(widget)
        column.addWidget(scroll, 1)
        column.addWidget(self.problem)
        column.addLayout(buttons)
