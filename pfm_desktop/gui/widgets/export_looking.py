"""Looking at the pictures of a set for research: the sheet, one picture large, the margin, and the statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.export_boxes import BoxView
from pfm_desktop.gui.widgets.export_sheet import SheetView
from pfm_desktop.gui.widgets.flow import FlowRow
from pfm_desktop.gui.widgets.panel_parts import CalmSpinBox, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.export import find_words
from pfm_desktop.viewmodels.export_sheet import WIDEST, Box, Sheet
from pfm_desktop.viewmodels.export_words import next_to_look_through, next_with_words

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

ASK = tr("Is anything drawn into these pictures that names somebody: a name, a number, a date? Make it black.")
HOW = tr("Enter or a double click shows a picture large, to read small words and to draw boxes. Delete leaves it out.")
KEYS = tr(
    "Drag a box over what names somebody (keys: arrows, Space, arrows, Space). Dashed: words that the program found; W "
    "goes to them, Delete lays wrong ones bare. Z: one to one. Page Down: the next picture. Escape: back."
)
SAID = tr("I looked at each picture: nothing left in it names anybody")
LOW = 450  # pixels of height, below which the pictures get the room of the hints


class LookingArea(QWidget):
    """`changed` when something else goes out, was seen or said. `sheet` None: it is still being looked for."""

    changed = Signal()

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet: Sheet | None = None
        self._row = 0  # the picture that is shown large
        self._library, self._words = library, Background(self)
        self.view, self.large = SheetView(library, self), BoxView(library, self)
        self.count, self.said = words(self, "quiet"), QCheckBox(SAID, self)
        self.found, self.next = words(self, "quiet"), QPushButton(tr("Next with words (N)"), self)
        self.margin = CalmSpinBox(self)
        self.margin.setRange(0, WIDEST)
        self.margin.setSingleStep(10)
        self.margin.setSuffix(" " + tr("pixels"))
        self.margin.setAccessibleName(tr("Margin that is made black, in pixels"))
        self.back, self.undo, self.cover, self.out, self.zoom = (
            QPushButton(text, self)
            for text in (
                tr("Back to all"),
                tr("Take a box away"),
                tr("Cover words again"),
                tr("Leave out"),
                tr("One to one"),
            )
        )
        self.caption = words(self, "heading")
        self._lay_out()
        self._connect()
        self.show_sheet(None)

    @property
    def idle(self) -> bool:
        """Whether all that is in sight is loaded."""
        return self.view.idle and self.large.idle and not self._words.busy

    def show_sheet(self, sheet: Sheet | None) -> None:
        """Other pictures; None while they are looked for."""
        self.sheet = sheet
        self.show_all()
        self.view.show_sheet(sheet or Sheet(()))
        self._words.drop()
        self._look_for_words()
        self._say()

    def show_all(self) -> None:
        """Back from one picture to the sheet."""
        keys = self.large.hasFocus()
        self.large.leave()
        self._stack.setCurrentIndex(0)
        if keys:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_large(self, row: int) -> None:
        """One picture large."""
        if self.sheet is None or not 0 <= row < len(self.sheet.pictures):
            return
        self._row = row
        self.view.setCurrentIndex(self.view.sheet_model.index(row))
        self._stack.setCurrentIndex(1)
        self.large.show_picture(self.sheet, self.sheet.pictures[row])
        self.large.setFocus(Qt.FocusReason.OtherFocusReason)
        self._say()

    def stop(self) -> None:
        """Out of sight: no picture stays large, nothing is loaded."""
        self.show_all()
        self.view.stop()
        self._words.drop()

    def show_next(self) -> None:
        """The next picture with words found: large where one is large, else on the sheet."""
        large = self._stack.currentIndex() == 1
        row = None
        if self.sheet is not None:
            row = next_with_words(self.sheet, self._row if large else self.view.currentIndex().row())
        if row is not None and large:
            self.show_large(row)
        elif row is not None:
            self.view.setCurrentIndex(self.view.sheet_model.index(row))
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _look_for_words(self) -> None:
        """One picture after the other, while she looks herself."""
        sheet = self.sheet
        if sheet is None or sheet.cannot_look:
            return
        sheet.looking = True
        waiting = next_to_look_through(sheet)
        if waiting and not self._words.busy:
            self._words.start(
                find_words, self._library, waiting,
                done=lambda boxes: self._words_came(sheet, waiting, boxes),
                failed=lambda why: self._no_words(sheet, why),
            )  # fmt: skip

    def _words_came(self, sheet: Sheet, picture_id: str, boxes: tuple[Box, ...]) -> None:
        sheet.found_words(picture_id, boxes)
        if boxes:
            self.view.sheet_model.changed_one(picture_id)
            self.large.update()
        self._look_for_words()
        self._say()

    def _no_words(self, sheet: Sheet, why: str) -> None:
        sheet.cannot_look = why
        self._say()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the pictures come before the hints."""
        super().resizeEvent(event)
        for hint in self._hints:
            hint.setVisible(self.height() >= LOW)

    def _toggle(self) -> None:
        self.view.toggle(self._row)
        self.large.setFocus(Qt.FocusReason.OtherFocusReason)

    def _use_margin(self, pixels: int) -> None:
        if self.sheet is not None:
            self.sheet.use_margin(pixels)
            self._redraw()

    def _redraw(self) -> None:
        self._look_for_words()  # of one that goes out again
        self.view.drawn_anew()
        self.large.update()
        self._say()

    def _changed_there(self) -> None:
        self._look_for_words()
        self._say()

    def _tell(self, said: bool) -> None:
        if self.sheet is not None:
            self.sheet.say(said)
        self._say()

    def _say(self) -> None:
        sheet = self.sheet
        self.count.setText(
            tr("Looking for pictures ...") if sheet is None else f"{sheet.goes_out_words}. {sheet.seen_words}"
        )
        self.found.setText("" if sheet is None else sheet.words_words)
        self.next.setEnabled(sheet is not None and next_with_words(sheet, -1) is not None)
        self.said.setEnabled(sheet is not None and sheet.may_say)
        self.said.setChecked(sheet is not None and sheet.looked_at)
        self.said.setToolTip("" if sheet is None or sheet.may_say else sheet.seen_words)
        if sheet is not None and self._stack.currentIndex() == 1 and sheet.pictures:
            picture = sheet.pictures[self._row]
            state = sheet.state(picture)
            self.caption.setText(
                tr(
                    "{number} of {count}: {picture}; {state}",
                    number=self._row + 1,
                    count=len(sheet.pictures),
                    picture=picture.caption,
                    state=state or tr("goes out"),
                )
            )
            self.out.setText(tr("Let it go out") if picture.id in sheet.left_out else tr("Leave out"))
            self.zoom.setText(tr("All of it") if self.large.close_up else tr("One to one"))
            self.undo.setEnabled(bool(sheet.boxes.get(picture.id) or sheet.words.get(picture.id)))
            self.cover.setEnabled(bool(sheet.bare.get(picture.id)))
        self.changed.emit()

    def _connect(self) -> None:
        self.view.opened.connect(self.show_large)
        self.view.changed.connect(self._changed_there)
        self.large.changed.connect(self._redraw)
        self.large.closed.connect(self.show_all)
        for view in (self.view, self.large):
            view.next_picture.connect(self.show_next)
        self.large.step.connect(lambda step: self.show_large(self._row + step))
        self.margin.valueChanged.connect(self._use_margin)
        self.said.clicked.connect(self._tell)
        for button, slot in (
            (self.back, self.show_all), (self.undo, self.large.take_box), (self.cover, self.large.put_words_back),
            (self.next, self.show_next), (self.out, self._toggle), (self.zoom, self.large.zoom),
        ):  # fmt: skip
            button.clicked.connect(lambda _checked=False, slot=slot: slot())

    def _lay_out(self) -> None:
        heading = QLabel(tr("Look at the pictures"), self)
        heading.setProperty("role", "heading")
        how, keys = words(self, text=HOW), words(self, text=KEYS)
        self._hints = (heading, how, keys)
        all_, one, held = QWidget(self), QWidget(self), QWidget(self)
        sheet = QVBoxLayout(all_)
        sheet.setContentsMargins(0, 0, 0, 0)
        sheet.addWidget(how)
        sheet.addWidget(self.view, 1)
        tools = FlowRow(one)
        tools.add(self.back, self.undo, self.cover, self.out, self.zoom)
        large = QVBoxLayout(one)
        large.setContentsMargins(0, 0, 0, 0)
        large.addWidget(self.caption)
        large.addWidget(keys)
        large.addWidget(self.large, 1)
        large.addWidget(tools)
        self._stack = QStackedLayout(held)
        self._stack.addWidget(all_)
        self._stack.addWidget(one)
        margin = QHBoxLayout()
        label = QLabel(tr("Black margin of every picture"), self)
        label.setBuddy(self.margin)
        margin.addWidget(label)
        margin.addWidget(self.margin)
        margin.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(heading)
        column.addWidget(words(self, text=ASK))
        column.addWidget(held, 1)
        column.addLayout(margin)
        found = QHBoxLayout()
        found.addWidget(self.found, 1)
        found.addWidget(self.next)
        column.addLayout(found)
        column.addWidget(self.count)
        column.addWidget(self.said)
