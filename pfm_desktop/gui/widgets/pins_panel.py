"""The biopsy pins of the visit: letter, clock hour, quadrant, note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import LineField, say, words
from pfm_desktop.viewmodels import pins as model
from pfm_desktop.viewmodels.drafts import Drafts
from pfm_desktop.viewmodels.pins import PinRow, Registered

if TYPE_CHECKING:
    from pfm_desktop.domain.annotation import OsMark
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session

PAUSE_MS = 800  # typing that pauses so long is one edit
LONGEST_MS = 10_000  # nobody loses more typing than this to a power cut


class PinsPanel(QWidget):
    """Follows `show_case`. `pin_chosen` carries the id of a pin that was clicked or got the focus."""

    pin_chosen = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._case: VisitCase | None = None
        self._known = Registered()
        self._drafts = Drafts(session, model.save_note, "Note on a pin")
        self.setAccessibleName("Biopsy pins")
        self.lock, self.note = words(self, "badge"), words(self)
        self.cards: dict[str, PinCard] = {}
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._longest = QTimer(self, singleShot=True, interval=LONGEST_MS)
        for timer in (self._pause, self._longest):
            timer.timeout.connect(self.save)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.lock)
        column.addWidget(self.note)
        column.addLayout(self._list)
        column.addStretch(1)
        self.show_case(session.case)

    def show_case(self, case: VisitCase | None) -> None:
        """Show a visit as it is on disk; a note that is being typed in it stays."""
        other = (case.visit.id if case else "") != (self._case.visit.id if self._case else "")
        if other:
            self.save()
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

    def set_registration(
        self, pair_id: str, registration: Registration | None, suggested: OsMark | None = None
    ) -> None:
        """How the pictures of a pair lie on each other: an os marked on one then gives hours on the other. `suggested`
        is an os that the program found."""
        known = Registered(pair_id, registration, suggested)
        if known != self._known:
            self._known = known
            self.show_case(self._case)

    def save(self) -> None:
        """Bring what was typed to disk now."""
        self._pause.stop()
        self._longest.stop()
        self._drafts.save()

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
        self.field, self.delete = LineField(self), QPushButton("Delete", self)
        self.field.setPlaceholderText("Note")
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

    def show_row(self, row: PinRow, note: str, *, locked: bool) -> None:
        """Follow the record."""
        self.row = row
        self.setAccessibleName(f"Pin {row.letter}, {row.place}")
        self.field.setAccessibleName(f"Note on pin {row.letter}")
        self.delete.setAccessibleName(f"Delete pin {row.letter}")
        self.letter.setText(row.letter)
        self.place.setText(row.place)
        self.frame.setText(row.picture)
        self.field.show_text(note)
        self.field.setReadOnly(locked)
        self.delete.setEnabled(not locked)

    def has_focus(self) -> bool:
        """Whether the keys go to this card or into it."""
        return self.hasFocus() or self.field.hasFocus() or self.delete.hasFocus()

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
