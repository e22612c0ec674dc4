"""The lesions of the visit on the desk, one of them chosen: its signs and its Reid index; its Swede score is above."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain import ifcpc
from pfm_desktop.domain.reid import REID_ITEMS
from pfm_desktop.gui.widgets.chips import Chip, ChipRow
from pfm_desktop.gui.widgets.flow import FlowRow
from pfm_desktop.gui.widgets.folding import Folding
from pfm_desktop.gui.widgets.form_view import FormView
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.gui.widgets.score_panel import ScorePanel
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import documenting as model
from pfm_desktop.viewmodels import unkept_names
from pfm_desktop.viewmodels.iodine import allergy_words

if TYPE_CHECKING:
    from pfm_desktop.domain.lesion import Lesion
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Edit, Session


class LesionChooser(QWidget):
    """Buttons for the lesions of a visit, for one more, and for taking the chosen one away. `chosen(id)`."""

    chosen = Signal(str)
    added = Signal()
    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Lesions"))
        self.note = words(self, "quiet")
        self.row, self.edits = ChipRow(self), FlowRow(self, gap=4)
        self.add, self.remove = QPushButton(tr("Add lesion"), self), QPushButton(tr("Remove"), self)
        self.buttons: dict[str, Chip] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(words(self, "heading", tr("Lesions")))
        for part in (self.edits, self.row, self.note):
            column.addWidget(part)
        self.edits.add(self.add, self.remove)
        for button, signal in ((self.add, self.added), (self.remove, self.removed)):
            button.setProperty("role", "chip")
            button.clicked.connect(lambda _checked=False, signal=signal: signal.emit())
        self._show({}, "")

    def show_view(self, view: model.LesionsView) -> None:
        """Follow the record."""
        chosen = view.chosen.id if view.chosen is not None else ""
        self._show(dict(view.titles), chosen)
        say(self.note, view.note)
        self.add.setVisible(not view.locked)
        self.remove.setVisible(not view.locked and bool(chosen))
        if view.chosen is not None:
            self.remove.setAccessibleName(tr("Remove lesion {number}", number=view.chosen.number))
            self.remove.setToolTip(
                tr("Remove lesion {number} with its scores; it can be undone", number=view.chosen.number)
            )

    def _show(self, titles: dict[str, str], chosen: str) -> None:
        if list(titles) != list(self.buttons):
            had = next((key for key, button in self.buttons.items() if button.hasFocus()), "")
            for button in self.buttons.values():
                button.hide()
                button.deleteLater()
            self.buttons = {key: self._button(key, words) for key, words in titles.items()}
            self.row.put(*self.buttons.values())
            self.row.setVisible(bool(titles))
            for one, next_ in pairwise((self.remove, *self.buttons.values())):  # before what stands below
                self.setTabOrder(one, next_)
            if had:
                self.buttons.get(had, self.add).setFocus(Qt.FocusReason.OtherFocusReason)
        for key, button in self.buttons.items():
            button.show_chosen(chosen=key == chosen)

    def _button(self, key: str, words: str) -> Chip:
        button = Chip(words, self.row)
        button.setAccessibleName(words)
        button.clicked.connect(lambda _checked=False: self.chosen.emit(key))
        return button


class LesionsPanel(QWidget):
    """Follows `show_case`. `chosen_changed` when another lesion was chosen here.

    It holds what is asked of that lesion; the panel around it has a place for `chooser` above the Swede score, and for
    `doubts` and what is asked of the examination as a whole, `of_visit` and `of_others`, below.
    """

    chosen_changed = Signal()

    def __init__(self, session: Session, chooser: LesionChooser, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self.chooser = session, chooser
        self._case: VisitCase | None = None
        self._chosen_id = ""
        self._view = model.LesionsView()
        self._stale = False  # the fields show less than the record
        self.doubts = words(parent or self, "problem")
        self.signs, self.visit = FormView(ifcpc.LESION), FormView(ifcpc.CERVIX)
        self.others = FormView((*ifcpc.VAGINA, *ifcpc.TREATMENT))
        self.reid = ScorePanel(tr("Modified Reid index"), REID_ITEMS)
        self.of_lesion = Folding(tr("Signs (IFCPC 2011)"), self.signs, self)
        self.of_reid = Folding(tr("Modified Reid index"), self.reid, self, folded=True)
        self.of_visit = Folding(tr("Examination (IFCPC 2011)"), self.visit)
        self.of_others = Folding(tr("Vagina and treatment"), self.others, folded=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.of_reid, self.of_lesion):
            column.addWidget(part)
        self._connect()
        session.drafts.append(self)

    @property
    def chosen(self) -> Lesion | None:
        """The lesion that is in front."""
        return self._view.chosen

    def show_case(self, case: VisitCase | None) -> None:
        """Show a visit as it is on disk; what is being typed in it stays."""
        if (case.visit.id if case else "") != (self._case.visit.id if self._case else ""):
            self.save()  # of the visit before
        self._case = case
        self._show()

    # what was typed and is not on disk (`session.Typed`)

    @property
    def names(self) -> tuple[str, ...]:
        """What cannot be kept, by the names of the woman and of the field."""
        return tuple(name for form in self._forms for name in form.unkept)

    def save(self) -> bool:
        """Bring what was chosen or typed last to disk; whether all is there."""
        for form in self._forms:
            form.save()
        return not self.names

    def drop(self) -> None:
        """It is not wanted any more."""
        for form in self._forms:
            form.drop()

    @property
    def _forms(self) -> tuple[FormView, ...]:
        return self.signs, self.visit, self.others

    def _show(self) -> None:
        whitened = self._first_whitening() if self.isVisible() else None  # read for what is seen alone
        view = self._view = model.lesions_view(self._case, self._chosen_id, self._session.library.no_editing, whitened)
        lesion, locked = view.chosen, bool(view.locked)
        self._chosen_id = lesion.id if lesion is not None else ""
        self._stale = not self.isVisible()
        if not self._stale:
            self._fill(view, lesion, locked=locked)

    def showEvent(self, event: QShowEvent) -> None:
        """Seventy fields are not filled for a picture that Capture takes meanwhile: it happens once they are seen."""
        super().showEvent(event)
        if self._stale:
            self._show()

    def _fill(self, view: model.LesionsView, lesion: Lesion | None, *, locked: bool) -> None:
        self.chooser.show_view(view)
        say(self.doubts, view.doubts)
        for part in (self.of_lesion, self.of_reid):
            part.setVisible(lesion is not None)
        for part in (self.of_visit, self.of_others):
            part.setVisible(self._case is not None)
        self._fill_forms(view, lesion, locked=locked)
        allowed, warned = {"iodine": view.iodine_choices}, {"iodine": allergy_words(self._case)}
        self.reid.show_score(view.reid_status, view.reid, locked=locked, allowed=allowed, warned=warned)

    def _fill_forms(self, view: model.LesionsView, lesion: Lesion | None, *, locked: bool) -> None:
        patient = self._case.patient if self._case is not None else None
        if lesion is None or patient is None:
            self.signs.show_answers("", {}, locked=locked)
        else:
            named = partial(unkept_names.in_lesion, patient, lesion.number)
            self.signs.show_answers(lesion.id, lesion.answers, locked=locked, named=named)
        examined = partial(unkept_names.in_examination, patient) if patient is not None else str
        for form in (self.visit, self.others):
            form.show_answers(view.visit_id, view.answers, locked=locked, named=examined)

    def _first_whitening(self) -> float | None:
        if self._case is None or not self._case.lesions:
            return None
        with suppress(UserError):  # a library that cannot be read says so elsewhere
            return model.first_whitening(self._session.library, self._case.visit.id)
        return None

    def _connect(self) -> None:
        self.chooser.chosen.connect(self.choose)
        self.chooser.added.connect(self._add)
        self.chooser.removed.connect(self._remove)
        self.signs.answered.connect(self._sign)
        self.reid.chosen.connect(self._score)
        for form in (self.visit, self.others):
            form.answered.connect(self._assess)

    def choose(self, lesion_id: str) -> None:
        """Bring a lesion to the front."""
        self.signs.save()
        self._chosen_id = lesion_id
        self._show()
        self.chosen_changed.emit()

    def _add(self) -> None:
        if self._case is None:
            return
        self.signs.save()
        before = {one.id for one in self._case.lesions}
        if self._perform(model.added_edit(self._case)) and self._case is not None:
            made = next((one.id for one in self._case.lesions if one.id not in before), "")
            if made:
                self.choose(made)
                self.chooser.buttons[made].setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self) -> None:
        self.signs.save()
        if self.chosen is not None:
            self._perform(model.removed_edit(self.chosen))

    def _sign(self, lesion_id: str, key: str, answer: Any) -> None:
        self._perform(model.sign_edit(lesion_id, key, answer))

    def _assess(self, visit_id: str, key: str, answer: Any) -> None:
        self._perform(model.assessment_edit(visit_id, key, answer))

    def _score(self, key: str, value: int | None) -> None:
        edit = model.reid_edit(self.chosen, key, value, by=self._session.reader) if self.chosen is not None else None
        if edit is not None:
            self._perform(edit)

    def _perform(self, edit: Edit) -> bool:
        made = self._session.perform(edit) is not None
        if not made:
            self._show()
        return made
