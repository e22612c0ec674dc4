"""Taking things out of the open library, on a page of its own behind Today."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.export_form import ExportForm
from pfm_desktop.gui.widgets.export_looking import LookingArea
from pfm_desktop.gui.widgets.export_result import ExportResult
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.gui.widgets.whose_field import WhoseField
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import export as model
from pfm_desktop.viewmodels.export import Kind, Made, Picked, Scope
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from pfm_desktop.jobs import Handle, Progress
    from pfm_desktop.viewmodels.export_sheet import Sheet
    from pfm_desktop.viewmodels.session import Session

NOTHING_TO_LOOK_AT = tr("DICOM with names goes out as it is: there is nothing to look at first.")
STOPPED = tr(
    "The export was cancelled. What was written until then was removed. Once the first file was written, it is on "
    "record that the export was begun and cancelled."
)
_LOOK, _AS_IT_IS, _RESULT = range(3)


class ExportPage(QWidget):
    """`closed` when the page is to be shown again from which one came; `said` when an export ended out of sight."""

    closed = Signal()
    said = Signal(str)
    title = tr("Export")

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._library = session, jobs, session.library
        self._visit_id = ""
        self._looked_for = Picked()  # the visits whose pictures are on the sheet, or on their way to it
        self._before: Sheet | None = None  # the sheet whose marks the next one takes over
        self._place: Path | None = None  # the folder that is made
        self._handle: Handle | None = None
        self._unread = False  # an export ended while the page was out of sight
        self._finding, self._looking, self._opener = Background(self), Background(self), Background(self)
        self.form, self.looking = ExportForm(self), LookingArea(session.library, self)
        self.result, self.whose = ExportResult(self), WhoseField(session.library, self)
        self.plan, self.needed, self.refused = words(self), words(self, "quiet"), words(self)
        self.go, self.cancel = QPushButton(tr("Export"), self), QPushButton(tr("Cancel"), self)
        self.bar, self.back = QProgressBar(self), QPushButton(tr("Back"), self)
        self._lay_out()
        self._connect()
        self._show()

    def page_actions(self) -> Sequence[QAction]:
        """None of its own: its keys are said by its buttons."""
        return ()

    @property
    def idle(self) -> bool:
        """Whether all is found and shown that was asked for."""
        waits = self._finding.busy or self._looking.busy or self.form.waiting
        return not waits and self.looking.idle and self.whose.idle

    @property
    def exporting(self) -> bool:
        """Whether an export runs."""
        return self._handle is not None

    def begin(self, *, search: str = "", visit_id: str = "") -> None:
        """Come here with a visit, and what was searched for; an export that runs, or was not read of, comes first."""
        if self.exporting or self._unread:
            return
        self._visit_id = visit_id
        self.form.begin(search, one=bool(visit_id))
        self._right.setCurrentIndex(_AS_IT_IS)

    def entered(self) -> None:
        """The page comes into sight: visits and pictures are looked for anew."""
        why = model.why_not(self._library)
        self.refused.setText(why)
        self._warning.setVisible(bool(why))
        self._all.setVisible(not why)
        if why:
            self.back.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if self.exporting:
            self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self._unread:
            self._unread = False
            self.result.again.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._looked_for = Picked()
            self._find()
            self.form.kind.setFocus(Qt.FocusReason.OtherFocusReason)

    def left(self) -> None:
        """The page goes out of sight: no name that was looked up stays on it."""
        self.whose.forget()
        self.looking.stop()
        self._finding.drop()
        self._looking.drop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back."""
        searched = self.form.search
        if event.key() == Qt.Key.Key_Escape and searched.hasFocus() and searched.text():
            searched.setText("")
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The choices get about a third of the page."""
        super().resizeEvent(event)
        self._left.setFixedWidth(max(330, min(620, self.width() * 36 // 100)))

    def start(self) -> None:
        """Do it, as it was said."""
        picked, kind, folder = self.form.picked, self.form.chosen_kind, self._folder()
        sheet = deepcopy(self._sheet(kind))  # what is still loading on this page changes nothing of it
        if folder is None or self.exporting or self._why_not_yet():
            return
        self._handle = self._jobs.start(
            model.export, self._library, picked, kind, folder, sheet, self._session.settings.modality,
            title=tr("Exporting with names") if kind is Kind.NAMED else tr("Exporting for research"),
            done=self._done, failed=self._failed, stopped=self._stopped, step=self._step,
            thrown_away=True, missed=True,
        )  # fmt: skip
        self.bar.setRange(0, 0)
        self._show()
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    # what is found

    def _find(self) -> None:
        search_too = self.form.scope is not Scope.ONE
        work = (model.find_visits, self._library, self.form.search.text(), self._visit_id, search_too)
        self._finding.start(*work, done=lambda found: self.form.show_visits(*found), failed=self._not_found)

    def _not_found(self, why: str) -> None:
        self.form.show_visits(Picked(), Picked())
        say(self.needed, capital(why))

    def _chosen(self) -> None:
        """Other visits, another kind or place: the pictures are looked for where they have to be looked at."""
        picked, kind = self.form.picked, self.form.chosen_kind
        self._place = self._folder()
        self.form.show_place(self._place)
        if kind is Kind.NAMED or self._finding.busy or not picked.rows:
            self._nothing.setText(NOTHING_TO_LOOK_AT if kind is Kind.NAMED else "")
            self._right.setCurrentIndex(_AS_IT_IS)
        else:
            self._right.setCurrentIndex(_LOOK)
            if picked.ids != self._looked_for.ids:
                self._looked_for = picked
                self.looking.show_sheet(None)
                work = (model.find_pictures, self._library, picked)
                self._looking.start(*work, done=self._pictures_found, failed=self._not_found)
        self._show()

    def _pictures_found(self, sheet: Sheet) -> None:
        if self._before is not None:
            sheet.carry_on(self._before)
        self._before = sheet
        self.looking.show_sheet(sheet)

    # doing

    def _step(self, progress: Progress) -> None:
        if isValid(self):
            self.bar.setRange(0, max(1, int(progress.total)))
            self.bar.setValue(int(progress.done))
            self.bar.setFormat(progress.text)

    def _done(self, made: Made) -> None:
        if isValid(self):
            self.result.show_made(made)
            self._ended(made.text.splitlines()[0] + " " + tr("In {folder}.", folder=made.folder))

    def _failed(self, why: str) -> None:
        if isValid(self):
            said = tr("Not exported. {why}", why=capital(why))
            self.result.show_problem(said, bad=True)
            self._ended(said)

    def _stopped(self) -> None:
        if isValid(self):
            self.result.show_problem(STOPPED, bad=False)
            self._ended(STOPPED)

    def _ended(self, said: str) -> None:
        """What came of it is shown, and said where the page is out of sight."""
        self._handle = None
        self._right.setCurrentIndex(_RESULT)
        self._show()
        if self.isVisible():
            self.result.take_keys()
        else:
            self._unread = True
            self.said.emit(said)

    def _stop(self) -> None:
        if self._handle is not None:
            self._jobs.cancel(self._handle.name)
            self.cancel.setEnabled(False)
            say(self.needed, tr("Stopping ..."))

    # showing

    def _sheet(self, kind: Kind) -> Sheet | None:
        return None if kind is Kind.NAMED else self.looking.sheet

    def _folder(self) -> Path | None:
        parent = self.form.parent_folder
        return model.free_folder(parent, self.form.chosen_kind, date.today()) if parent is not None else None

    def _why_not_yet(self) -> str:
        if self._finding.busy or self.form.waiting:
            return tr("The visits are still being looked for.")
        kind = self.form.chosen_kind
        return model.why_not_yet(self.form.picked, kind, self._place, self._sheet(kind))

    def _show(self) -> None:
        """What will be done, and whether it can be done yet."""
        if self.exporting:
            say(self.needed, tr("Exporting. It goes on when you leave this page."))
        else:
            kind = self.form.chosen_kind
            sheet = self._sheet(kind)
            encrypted = self._library.keys is not None
            self.plan.setText(model.plan_words(self.form.picked, kind, encrypted=encrypted, sheet=sheet))
            why = self._why_not_yet()
            read = self._right.currentIndex() == _RESULT  # what was written is on the screen still
            say(self.needed, "" if read else why)
            self.go.setText(tr("Export WITH NAMES") if kind is Kind.NAMED else tr("Export without names"))
            self.go.setEnabled(not why and not read)
        for choice in (self.form, self.looking):
            choice.setEnabled(not self.exporting and self._right.currentIndex() != _RESULT)
        self.go.setVisible(not self.exporting)
        for part in (self.bar, self.cancel):
            part.setVisible(self.exporting)
        self.cancel.setEnabled(self.exporting)

    def _again(self) -> None:
        """From what was written back to the choices."""
        self._looked_for = Picked()
        self._right.setCurrentIndex(_AS_IT_IS)
        self._find()
        self._chosen()
        self.form.kind.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open(self, folder: str) -> None:
        """In the file manager; the path is told where there is none."""
        failed = partial(self.result.say_not_opened, folder)
        self._opener.start(
            model.open_folder, folder, done=lambda done: None if done else failed(), failed=lambda _why: failed()
        )

    def _connect(self) -> None:
        self.form.changed.connect(self._chosen)
        self.form.search_changed.connect(self._find)
        self.looking.changed.connect(self._show)
        self.result.open_wanted.connect(self._open)
        self.result.closed.connect(self._again)
        for button, slot in ((self.go, self.start), (self.cancel, self._stop), (self.back, self.closed.emit)):
            button.clicked.connect(lambda _checked=False, slot=slot: slot())

    def _lay_out(self) -> None:
        heading = QLabel(tr("Export from this library"), self)
        heading.setProperty("role", "title")
        self.back.setToolTip(tr("Back (Escape)"))
        top = QHBoxLayout()
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self.back)
        self._warning = QFrame(self)
        self._warning.setProperty("role", "warning")
        QVBoxLayout(self._warning).addWidget(self.refused)
        self._all = QWidget(self)
        row = QHBoxLayout(self._all)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(self._make_left())
        row.addWidget(self._make_right(), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self._warning)
        column.addWidget(self._all, 1)
        column.addStretch(0)

    def _make_left(self) -> QWidget:
        """The choices, and below them what will be done; the button stays in sight however low the window is."""
        inside, self._left = QWidget(self), QWidget(self)
        scrolled = QVBoxLayout(inside)
        scrolled.setContentsMargins(0, 0, 6, 0)
        scrolled.setSpacing(8)
        will = QLabel(tr("What will be done"), inside)
        will.setProperty("role", "heading")
        for choice in (self.form, will, self.plan):
            scrolled.addWidget(choice)
        scrolled.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        foot = QHBoxLayout()
        for part in (self.go, self.bar, self.cancel):
            foot.addWidget(part)
        column = QVBoxLayout(self._left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(area, 1)
        column.addWidget(self.needed)
        column.addLayout(foot)
        column.addWidget(self.whose)
        return self._left

    def _make_right(self) -> QWidget:
        held, self._nothing = QWidget(self), words(self, "quiet", NOTHING_TO_LOOK_AT)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._right = QStackedLayout(held)
        for part in (self.looking, self._nothing, self.result):
            self._right.addWidget(part)
        return held
