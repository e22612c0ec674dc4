"""What the laboratory says of the pots of one visit, and what is done about it; also where the visit is signed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.followup import FOLLOW_UP, LETTER
from pfm_desktop.domain.specimen import RESULT
from pfm_desktop.gui.widgets.chips import Chip, ChipRow
from pfm_desktop.gui.widgets.form_view import FormView
from pfm_desktop.gui.widgets.panel_parts import bring_into_sight, say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import follow_up as model
from pfm_desktop.viewmodels import unkept_names

if TYPE_CHECKING:
    from pfm_desktop.domain.specimen import Specimen
    from pfm_desktop.storage.specimens import Followed
    from pfm_desktop.viewmodels.session import Session

NOTHING = tr("Choose a row: its result is entered here.")


class FollowUpPanel(QWidget):
    """Follows `show_visit`; who shows it hears of changes from the session. `open_wanted(visit_id)`. `here`: the visit
    is on the desk, and stands above all of it.

    Call `save` before it goes out of sight for good; hiding it does that as well.
    """

    open_wanted = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None, *, here: bool = False) -> None:
        super().__init__(parent)
        self._session, self._here = session, here
        self._shown: Followed | None = None
        self._pot = ""
        self._called: tuple[tuple[str, str], ...] = ()  # the pots as their chips have them, by id
        self.setAccessibleName(tr("Results and follow-up"))
        self.who, self.visit, self.doubt = words(self, "heading"), words(self), words(self, "problem")
        self.nothing = words(self, "quiet", NOTHING)
        self.pots = ChipRow(self)
        self.pots.setAccessibleName(tr("Pots of this visit"))
        self.of_pot, self.entered = words(self, "heading"), words(self, "quiet")
        self.result, self.follow_up = FormView(RESULT, self), FormView(FOLLOW_UP, self)
        self.after = words(self, "heading", tr("Follow-up of this visit"))
        self.letter = words(self, "problem")
        self.open = QPushButton(tr("Open this visit"), self)
        self._lay_out()
        self.result.answered.connect(self._result)
        self.follow_up.answered.connect(self._followed)
        self.open.clicked.connect(self._open)
        self.show_visit(None)

    @property
    def names(self) -> tuple[str, ...]:
        """What was typed and is not on disk (`Session.drafts`)."""
        return (*self.result.unkept, *self.follow_up.unkept)

    @property
    def pot(self) -> str:
        """The specimen whose result is shown; "" for none."""
        return self._pot

    def save(self) -> bool:
        """Bring to disk what can be kept."""
        self.result.save()
        self.follow_up.save()
        return not self.names

    def drop(self) -> None:
        """What could not be kept is not wanted any more."""
        self.result.drop()
        self.follow_up.drop()

    def show_visit(self, shown: Followed | None, specimen_id: str = "") -> None:
        """A visit as it is on disk, and a pot of it (the one before, else the first); what is being typed stays."""
        other = shown is None or self._shown is None or shown.visit.id != self._shown.visit.id
        if other:
            self.save()
        self._shown = shown
        pots = () if shown is None else tuple(pot for pot in shown.follow_up.specimens if pot.pot or pot.result.answers)
        ids = [pot.id for pot in pots]
        wanted = specimen_id or ("" if other else self._pot)
        self._pot = wanted if wanted in ids else ids[0] if ids else ""
        always: tuple[QWidget, ...] = self.after, self.follow_up
        elsewhere: tuple[QWidget, ...] = self.who, self.visit, self.open
        for part in (*always, *elsewhere):
            part.setVisible(shown is not None and not (self._here and part in elsewhere))
        self.nothing.setVisible(shown is None and not self._here)
        self._show_pots(pots)
        if shown is None:
            say(self.doubt, "")
            say(self.letter, "")
            self.follow_up.show_answers("", {}, locked=True)
            return
        self.who.setText(model.who_words(shown))
        self.visit.setText(model.visit_words(shown))
        say(self.doubt, model.doubt_words(shown.follow_up))
        locked = bool(self._session.library.no_editing)
        what, named = shown.follow_up, partial(unkept_names.in_follow_up, shown.patient)
        self.follow_up.show_answers(shown.visit.id, what.answers, locked=locked, visit=what.day, named=named)
        say(self.letter, model.letter_words(what))

    @property
    def visit_id(self) -> str:
        """The visit that is shown; "" for none."""
        return "" if self._shown is None else self._shown.visit.id

    def enter(self, *, letter: bool = False) -> None:
        """The keys go to the diagnosis, or where there is no pot to the follow-up; to the day of the letter."""
        form = self.result if self.result.isVisible() else self.follow_up
        row = self.follow_up.rows[LETTER.key] if letter else next(iter(form.rows.values()))
        row.setFocus(Qt.FocusReason.OtherFocusReason)
        bring_into_sight(row)

    def _show_chips(self, pots: tuple[Specimen, ...]) -> None:
        called = tuple((pot.id, model.pot_words(pot)) for pot in pots)
        if called != self._called:  # else they stay, and the keys on them
            self._called = called
            for old in self.pots.chips:
                old.hide()
                old.deleteLater()
            self.pots.put(*(Chip(tr("Pot {pot}", pot=words_), self.pots) for _, words_ in called))
            for chip, (key, _) in zip(self.pots.chips, called, strict=True):
                chip.clicked.connect(lambda _checked=False, key=key: self._choose(key))
        for chip, pot in zip(self.pots.chips, pots, strict=True):
            chip.setAccessibleName(tr("Pot {pot}, {result}", pot=model.pot_words(pot), result=model.result_words(pot)))
            chip.show_chosen(chosen=pot.id == self._pot)

    def _show_pots(self, pots: tuple[Specimen, ...]) -> None:
        self._show_chips(pots)
        self.pots.setVisible(len(pots) > 1)
        chosen = next((pot for pot in pots if pot.id == self._pot), None)
        for part in (self.of_pot, self.result):
            part.setVisible(chosen is not None)
        if chosen is None or self._shown is None:
            self.result.show_answers("", {}, locked=True)
            say(self.entered, "")
            return
        pot, locked = model.pot_words(chosen), bool(self._session.library.no_editing)
        self.of_pot.setText(tr("Result of pot {pot}", pot=pot))
        named = partial(unkept_names.in_result, self._shown.patient, pot)
        self.result.show_answers(chosen.id, chosen.result.answers, locked=locked, named=named)
        by = chosen.result.entered_by
        say(self.entered, tr("Entered by {person}.", person=by) if by else "")

    def _choose(self, specimen_id: str) -> None:
        focused = self.pots.isAncestorOf(self.focusWidget() or self)
        self.result.save()
        self.show_visit(self._shown, specimen_id)
        if focused:
            next((chip for chip in self.pots.chips if chip.isChecked()), self.pots).setFocus()

    def _result(self, specimen_id: str, key: str, answer: Any) -> None:
        self._done(self._session.perform(model.result_edit(specimen_id, key, answer)))

    def _followed(self, visit_id: str, key: str, answer: Any) -> None:
        self._done(self._session.perform(model.follow_up_edit(visit_id, key, answer)))

    def _done(self, changes: object) -> None:
        if changes is None and self._shown is not None:  # refused, and said: the choices show what is on disk
            self.show_visit(self._shown, self._pot)

    def _open(self) -> None:
        if self._shown is not None:
            self.save()
            self.open_wanted.emit(self._shown.visit.id)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*(0, 0, 0, 0) if self._here else (12, 10, 12, 12))
        column.setSpacing(8)
        for part in (
            self.nothing,
            self.who,
            self.visit,
            self.doubt,
            self.pots,
            self.of_pot,
            self.result,
            self.entered,
            self.after,
            self.follow_up,
            self.letter,
            self.open,
        ):
            column.addWidget(part)
        column.addStretch(1)
