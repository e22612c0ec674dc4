"""What is taken in the visit: biopsy pins with letter, clock hour, quadrant and note, other specimens, their pots."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.specimen import SpecimenKind
from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.widgets.flow import FlowRow
from pfm_desktop.gui.widgets.panel_parts import LONGEST_MS, LineField, say, words
from pfm_desktop.gui.widgets.pot_part import PotPart
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import pins as model
from pfm_desktop.viewmodels import unkept_names
from pfm_desktop.viewmodels.drafts import Drafts
from pfm_desktop.viewmodels.pins import PinRow, Registered, SpecimenRow

if TYPE_CHECKING:
    from pfm_desktop.domain.annotation import OsMark
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Edit, Session

_ADDED = {
    SpecimenKind.ENDOCERVICAL: tr("Add endocervical sampling"),
    SpecimenKind.EXCISION: tr("Add excision"),
    SpecimenKind.OTHER: tr("Add other specimen"),
}
PAUSE_MS = 800  # typing that pauses so long is one edit


class PinsPanel(QWidget):
    """Follows `show_case`. `pin_chosen` carries the id of a pin that was clicked or got the focus; `labels_wanted` when
    the labels of the pots are to be printed."""

    pin_chosen = Signal(str)
    labels_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._case: VisitCase | None = None
        self._known = Registered()
        self._drafts = Drafts(session, model.save_note, tr("Note on a pin"))
        self.setAccessibleName(tr("Biopsy pins"))
        self.lock, self.note = words(self, "badge"), words(self)
        self.cards: dict[str, PinCard] = {}
        self.others: dict[str, SpecimenCard] = {}
        self.adding = FlowRow(self)
        self.add_buttons = {kind: self._add_button(kind) for kind in _ADDED}
        self.adding.add(*self.add_buttons.values())
        self.labels = QPushButton(tr("Labels of the pots as PDF..."), self)
        self.labels.clicked.connect(lambda _checked=False: self.command.trigger())
        self.said = words(self, "quiet")
        self.command: QAction = self._labels_command()
        session.drafts.append(self)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._longest = QTimer(self, singleShot=True, interval=LONGEST_MS)
        for timer in (self._pause, self._longest):
            timer.timeout.connect(self.save)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self._more = QVBoxLayout()
        self._more.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.lock)
        column.addWidget(self.note)
        column.addLayout(self._list)
        column.addLayout(self._more)
        column.addWidget(self.adding)
        column.addWidget(self.labels)
        column.addWidget(self.said)
        column.addStretch(1)
        self.show_case(session.case)

    def show_case(self, case: VisitCase | None) -> None:
        """Show a visit as it is on disk; a note that is being typed in it stays."""
        other = (case.visit.id if case else "") != (self._case.visit.id if self._case else "")
        if other:
            self.save()
            say(self.said, "")
        self._case = case
        view = model.pins_view(case, self._session.library.no_editing, self._known)
        say(self.lock, view.locked)
        say(self.note, view.note)
        ids = [row.id for row in view.rows]
        gone = self._drop_others(ids)
        for id_ in () if other else gone:  # what the disk refused of another visit waits for it
            self._drafts.forget(id_)
        for place, row in enumerate(view.rows):
            card = self.cards.get(row.id) or self._new_card(row)
            if self._list.indexOf(card) != place:
                self._list.insertWidget(place, card)
            card.show_row(row, self._drafts.shown(row.id, row.note), locked=bool(view.locked))
        self._show_others(view.others, locked=bool(view.locked))
        self.adding.setVisible(case is not None and not view.locked)
        self.labels.setVisible(any(one.pot for one in (case.specimens if case is not None else ())))

    @property
    def names(self) -> tuple[str, ...]:
        """What was typed of how something was taken, and is not on disk (`Session.drafts`)."""
        if self._case is None:
            return ()
        named = partial(unkept_names.in_taking, self._case.patient)
        return tuple(named(part.name, title) for part in self._pots for title in part.unkept)

    def drop(self) -> None:
        """What could not be kept is not wanted any more."""
        for part in self._pots:
            if part.form is not None:
                part.form.drop()

    @property
    def _pots(self) -> list[PotPart]:
        return [card.pot for card in self.cards.values()] + [card.pot for card in self.others.values()]

    def _show_others(self, rows: Sequence[SpecimenRow], *, locked: bool) -> None:
        ids = [row.id for row in rows]
        for id_ in [id_ for id_ in self.others if id_ not in ids]:
            gone = self.others.pop(id_)
            self._more.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, row in enumerate(rows):
            card = self.others.get(row.id) or self._new_specimen(row)
            if self._more.indexOf(card) != place:
                self._more.insertWidget(place, card)
            card.show_row(row, locked=locked)

    def _new_specimen(self, row: SpecimenRow) -> SpecimenCard:
        card = self.others[row.id] = SpecimenCard(self)
        self._listen(card.pot, row.id)
        card.remove.clicked.connect(lambda _checked=False: self._perform(model.specimen_removed_edit(row.id)))
        return card

    def _listen(self, part: PotPart, specimen_id: str) -> None:
        part.pot_given.connect(lambda text: self._give_pot(part, specimen_id, text))
        part.answered.connect(lambda key, answer: self._perform(model.taken_edit(specimen_id, key, answer)))

    def _give_pot(self, part: PotPart, specimen_id: str, text: str) -> None:
        if self._session.perform(model.pot_edit(specimen_id, text)) is None:
            part.put_back()

    def _perform(self, edit: Edit) -> None:
        if self._session.perform(edit) is None:
            self.show_case(self._case)

    def _add_button(self, kind: SpecimenKind) -> QPushButton:
        button = QPushButton(_ADDED[kind], self.adding)
        button.clicked.connect(lambda _checked=False: self._add(kind))
        return button

    def _add(self, kind: SpecimenKind) -> None:
        made = self._session.perform(model.added_edit(self._case, kind)) if self._case is not None else None
        if made and (card := self.others.get(made[0].key)) is not None:
            card.pot.pot.setFocus(Qt.FocusReason.OtherFocusReason)
            card.pot.pot.selectAll()

    @property
    def known(self) -> Registered:
        """How the pair on the stage is registered, as far as that is known."""
        return self._known

    def say(self, text: str) -> None:
        """What became of the labels."""
        say(self.said, text)

    def _labels_command(self) -> QAction:
        return page_action(
            self, "review.labels", tr("Labels of the pots as PDF ..."), "Ctrl+P", self.labels_wanted.emit, repeat=False
        )

    def set_registration(
        self, pair_id: str, registration: Registration | None, suggested: OsMark | None = None
    ) -> None:
        """How the pictures of a pair lie on each other: an os marked on one then gives hours on the other. `suggested`
        is an os that the program found."""
        known = Registered(pair_id, registration, suggested)
        if known != self._known:
            self._known = known
            self.show_case(self._case)

    def save(self) -> bool:
        """Bring what was typed to disk now."""
        self._pause.stop()
        self._longest.stop()
        self._drafts.save()
        for part in self._pots:
            part.save()
        return not self.names

    def left(self) -> None:
        """The page goes out of sight."""
        self.save()

    def hideEvent(self, event: QHideEvent) -> None:
        """Another tab or page, or the window closes."""
        super().hideEvent(event)
        self.save()

    def _drop_others(self, ids: list[str]) -> list[str]:
        """Their cards go; the ids of those that went."""
        gone = [card for id_, card in self.cards.items() if id_ not in ids]
        focused = next((card for card in gone if card.has_focus()), None)
        after = (self._next_to(focused, 1) or self._next_to(focused, -1)) if focused is not None else None
        for card in gone:
            del self.cards[card.row.id]
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        if after is not None:
            after.setFocus(Qt.FocusReason.OtherFocusReason)
        return [card.row.id for card in gone]

    def _next_to(self, card: PinCard, step: int) -> PinCard | None:
        place = self._list.indexOf(card) + step
        item = self._list.itemAt(place) if place >= 0 else None
        near = item.widget() if item is not None else None
        return near if isinstance(near, PinCard) else None

    def _new_card(self, row: PinRow) -> PinCard:
        card = self.cards[row.id] = PinCard(row, self)
        card.chosen.connect(self.pin_chosen)
        card.typed.connect(self._typed)
        card.field.let_go.connect(self.save)
        card.removed.connect(self._remove)
        card.stepped.connect(lambda step: self._step(card, step))
        self._listen(card.pot, row.id)
        return card

    def _step(self, card: PinCard, step: int) -> None:
        near = self._next_to(card, step)
        if near is not None:
            near.setFocus(Qt.FocusReason.OtherFocusReason)

    def _typed(self, pin_id: str, text: str) -> None:
        if self._case is not None:
            kept = next((pin.note for pin in self._case.pins if pin.id == pin_id), "")
            self._drafts.type(pin_id, self._case.visit.id, text, kept=kept)
            self._pause.start()
            if not self._longest.isActive():
                self._longest.start()

    def _remove(self, pin_id: str) -> None:
        self.save()
        self._session.perform(model.remove_edit(pin_id))


class PinCard(QFrame):
    """One pin. Up and down go to the next card, Delete removes the pin."""

    chosen = Signal(str)
    typed = Signal(str, str)
    removed = Signal(str)
    stepped = Signal(int)

    def __init__(self, row: PinRow, parent: QWidget) -> None:
        super().__init__(parent)
        self.row = row
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.letter, self.place, self.frame = QLabel(self), words(self), words(self, "quiet")
        self.letter.setProperty("role", "title")
        self.letter.setMinimumWidth(self.letter.fontMetrics().horizontalAdvance("MM"))
        self.field, self.delete = LineField(self), QPushButton(tr("Delete"), self)
        self.field.show_hint(tr("Note"))
        self.field.textEdited.connect(lambda text: self.typed.emit(self.row.id, text))
        self.delete.clicked.connect(lambda _checked=False: self.removed.emit(self.row.id))
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(self.place)
        said.addWidget(self.frame)
        top = QHBoxLayout()
        top.addWidget(self.letter)
        top.addLayout(said, 1)
        top.addWidget(self.delete, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.addLayout(top)
        column.addWidget(self.field)
        self.pot = PotPart(self)
        column.addWidget(self.pot)

    def show_row(self, row: PinRow, note: str, *, locked: bool) -> None:
        """Follow the record."""
        self.row = row
        self.setAccessibleName(tr("Pin {letter}, {place}", letter=row.letter, place=row.place))
        self.field.setAccessibleName(tr("Note on pin {letter}", letter=row.letter))
        self.delete.setAccessibleName(tr("Delete pin {letter}", letter=row.letter))
        self.letter.setText(row.letter)
        self.place.setText(row.place)
        self.frame.setText(row.picture)
        self.field.show_text(note)
        self.field.setReadOnly(locked)
        self.delete.setEnabled(not locked)
        self.pot.show_pot(
            row.id, tr("pin {letter}", letter=row.letter), row.pot, row.answers, row.result, locked=locked
        )

    def has_focus(self) -> bool:
        """Whether the keys go to this card or into it."""
        focused = self.focusWidget()
        return self.hasFocus() or (focused is not None and focused.hasFocus() and self.isAncestorOf(focused))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click chooses, also on the card that has the focus already."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.chosen.emit(self.row.id)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The press has done it."""
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Keys choose as well."""
        super().focusInEvent(event)
        self._mark(on=True)
        if event.reason() is not Qt.FocusReason.MouseFocusReason:
            self.chosen.emit(self.row.id)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The frame tells where the focus is."""
        super().focusOutEvent(event)
        self._mark(on=False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Delete and self.hasFocus() and self.delete.isEnabled():
            self.removed.emit(self.row.id)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.hasFocus():
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def _mark(self, *, on: bool) -> None:
        self.setProperty("chosen", "true" if on else "false")
        self.style().unpolish(self)
        self.style().polish(self)


class SpecimenCard(QFrame):
    """One specimen without a pin."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.name, self.remove, self.pot = words(self, "heading"), QPushButton(tr("Delete"), self), PotPart(self)
        top = QHBoxLayout()
        top.addWidget(self.name, 1)
        top.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.addLayout(top)
        column.addWidget(self.pot)

    def show_row(self, row: SpecimenRow, *, locked: bool) -> None:
        """Follow the record."""
        self.name.setText(row.name)
        self.setAccessibleName(row.name)
        self.remove.setAccessibleName(tr("Delete {specimen}", specimen=row.name.lower()))
        self.remove.setEnabled(not locked)
        self.pot.show_pot(row.id, row.name.lower(), row.pot, row.answers, row.result, locked=locked)
