"""The column beside the stage: what is said of the pair, in large buttons that name their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.labelling import REASONS, Quality, Read, Reason
from pfm_desktop.gui.pages.annotate.ai_answer import NAME, AiAnswer
from pfm_desktop.gui.pages.annotate.keys import all_lines, key_of
from pfm_desktop.gui.widgets.panel_parts import LineField, grade_icon, say, words
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels import annotate_words as said
from pfm_desktop.viewmodels.annotate import Reading, Sight
from pfm_desktop.viewmodels.grades import DETAILS, TITLES

TALL = 44  # pixels of a grade's button
# how the regions of each reader are drawn
LINES = {"whole": tr("{regions}, whole line"), "dashed": tr("{regions}, dashed line")}
SIDE_BY_SIDE = 2  # readers; more do not fit the width of the column


class NoteField(LineField):
    """One line; `done` on Enter and Escape."""

    done = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Escape give the keys back to the pictures."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.done.emit()
            return
        super().keyPressEvent(event)


class ReadingSide(QWidget):
    """Follows `show_reading`; what is pressed goes out as signals or through the actions of reading."""

    graded = Signal(object)  # Grade
    refused = Signal(object)  # Reason
    rated = Signal(object)  # Quality | None
    noted = Signal()

    def __init__(self, actions: Mapping[str, QAction], ai: AiAnswer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions, self.ai = actions, ai
        self.setAccessibleName(tr("What you read"))
        self.title, self.progress = words(self, "title"), words(self, "quiet")
        self.own, self.problem, self.waiting = words(self, "heading"), words(self, "problem"), words(self, "quiet")
        self.others = QWidget(self)
        self._others = QVBoxLayout(self.others)
        self._others.setContentsMargins(0, 0, 0, 0)
        self.others.hide()
        self.grades = {grade: self._grade_button(grade) for grade in GRADES}
        self.reasons = {reason: self._button("", partial(self.refused.emit, reason)) for reason in REASONS}
        self.cannot = self._pressing("cannot")
        self.qualities = {quality: self._quality_button(quality) for quality in Quality}
        self.note = NoteField(self)
        self.regions, self._count, self._corners = words(self, "quiet"), 0, 0
        self.draw, self.drop = self._pressing("region"), self._pressing("drop_region")
        self.draw.setCheckable(True)
        self.back, self.on = self._pressing("previous"), self._pressing("next")
        self.undo, self.tasks = self._pressing("undo"), self._pressing("tasks")
        self.keys = words(self, "quiet")
        self.keys.hide()
        self._dress(self.ai.button, self._actions["ai"].trigger)
        self._lay_out()
        self.note.let_go.connect(self.noted)
        self.name_keys()

    def showEvent(self, event: QShowEvent) -> None:
        """No grade moves under the mouse when a line above becomes two: there is room for that, in this font."""
        for label in (self.progress, self.own):
            label.ensurePolished()
            label.setMinimumHeight(2 * label.fontMetrics().lineSpacing())
        super().showEvent(event)

    @property
    def asking_why(self) -> bool:
        """Whether the reasons stand in place of the grades."""
        return not self._why.isHidden()

    def ask_why(self, asked: bool) -> None:
        """Show the reasons in place of the grades, or the grades again."""
        self._why.setVisible(asked)
        for part in (self._answers, self.own):  # all of the column fits a small screen
            part.setHidden(asked)

    def name_keys(self) -> None:
        """The buttons say the keys that hold now."""
        acts = self._actions
        for grade, button in self.grades.items():
            detail = f"  {DETAILS[grade]}" if grade in DETAILS else ""
            button.setText(f"{key_of(acts[f'grade_{grade.value}'])}   {TITLES[grade]}{detail}")
        self._name_reasons(shown=True)
        for button, id_, text in (
            (self.cannot, "cannot", tr("Cannot be graded ...")),
            (self.draw, "region", tr("Lesion")),
            (self.drop, "drop_region", tr("Remove")),
            (self.back, "previous", tr("Before")),
            (self.on, "next", tr("Next")),
            (self.undo, "undo", tr("Undo")),
            (self.tasks, "tasks", tr("Tasks")),
            (self.ai.button, "ai", NAME),
        ):
            key = key_of(acts[id_])
            button.setText(f"{key}   {text}" if key else text)
        self.note.setPlaceholderText(tr("{key}: note; Enter goes back to the pictures", key=key_of(acts["note"])))
        self.keys.setText(all_lines(acts))

    def _name_reasons(self, *, shown: bool) -> None:
        """Where the pictures cannot be shown that alone is the reason."""
        for place, (reason, button) in enumerate(self.reasons.items()):
            words_ = said.REASONS[reason if shown else Reason.NOT_SHOWN]
            button.setText(f"{key_of(self.reason_actions()[reason])}   {words_}")
            button.setVisible(shown or not place)

    def reason_actions(self) -> dict[Reason, QAction]:
        """The key of each reason: those of the grades, then two more."""
        ids = (*(f"grade_{grade.value}" for grade in GRADES), "reason_5", "reason_6")
        return {reason: self._actions[id_] for reason, id_ in zip(REASONS, ids, strict=True)}

    def show_reading(self, reading: Reading) -> None:
        """The pair in front and what is said of it."""
        read, draft, here = reading.read, reading.draft, reading.turn is not None
        self.title.setText(said.title(reading))
        self.progress.setText(said.progress(reading))
        self.own.setText(said.own_words(reading) if here else "")
        say(self.problem, f"{reading.why_not[:1].upper()}{reading.why_not[1:]}." if reading.why_not else "")
        say(self.waiting, said.waiting(reading))
        seen = reading.sight
        for grade, button in self.grades.items():
            button.setChecked(read is not None and read.grade is grade)
            button.setEnabled(seen is Sight.PICTURES)
        self._name_reasons(shown=seen is not Sight.BROKEN)
        for reason, button in self.reasons.items():
            button.setChecked(read is not None and read.reason is reason)
        for button in (self.cannot, *self.reasons.values()):
            button.setEnabled(seen is not Sight.NOTHING)
        for quality, button in self.qualities.items():
            button.setChecked(draft.quality is quality)
        for button in (*self.qualities.values(), self.draw):
            button.setEnabled(here)
        self.note.setEnabled(here)
        self.note.show_text(draft.note)
        self._count = len(draft.regions)
        self.show_drawing()
        self.undo.setEnabled(bool(reading.undo_text))
        self.undo.setToolTip(reading.undo_text)

    def show_drawing(self, corners: int | None = None) -> None:
        """How many regions there are, and what is being drawn; `corners`: how many are clicked, where that is new."""
        self._corners = self._corners if corners is None else corners
        drawing = self.draw.isChecked()
        self.regions.setText(said.drawing_words(self._count, drawing=drawing, corners=self._corners))
        self.drop.setEnabled(bool(self._count or self._corners))

    def show_others(self, reads: Sequence[Read], names: Sequence[str] = (), who: str = "") -> None:
        """What readers said, under these names, for `who` is to decide between them; nothing for who reads.

        Two stand side by side, more of them in a line each.
        """
        if not reads and self.others.isHidden():
            return
        while (item := self._others.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        own = [read.reader == who and not read.adjudicates for read in reads]
        called = [tr("{name} (you)", name=name) if mine else name for name, mine in zip(names, own, strict=True)]
        held = list(zip(reads, called, tuple(LINES) * len(reads), strict=False))
        if len(held) <= SIDE_BY_SIDE:
            cards = _row([_said_by(*one) for one in held])
            self._others.addWidget(_held(cards))
        else:
            self._others.addWidget(_said_by_many([_line_of(*one) for one in held]))
        if any(own):
            self._others.addWidget(words(self.others, "quiet", said.OWN_READ))
        self.others.setVisible(bool(reads))

    # ---- making

    def _pressing(self, id_: str) -> QPushButton:
        return self._button("", self._actions[id_].trigger)

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        return self._dress(QPushButton(text, self), slot)

    def _dress(self, button: QPushButton, slot: Callable[[], object]) -> QPushButton:
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the pictures
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # the column sets the width
        button.setStyleSheet("QPushButton { text-align: left; padding: 5px 8px; }")
        button.clicked.connect(lambda _checked=False: slot())
        return button

    def _grade_button(self, grade: Grade) -> QPushButton:
        button = self._button("", lambda: self.graded.emit(grade))
        button.setCheckable(True)
        button.setIcon(grade_icon(grade))
        button.setIconSize(QSize(28, 22))
        button.setAccessibleName(tr("Grade: {grade}", grade=f"{TITLES[grade]} {DETAILS.get(grade, '')}".strip()))
        button.setStyleSheet(f"QPushButton {{ text-align: left; min-height: {TALL - 12}px; font-size: 16px; }}")
        return button

    def _quality_button(self, quality: Quality) -> QPushButton:
        button = self._button(said.QUALITIES[quality], lambda: self._rate(quality))
        button.setCheckable(True)
        button.setAccessibleName(tr("Quality: {quality}", quality=said.QUALITIES[quality]))
        button.setStyleSheet("QPushButton { padding: 5px 2px; }")
        return button

    def _rate(self, quality: Quality) -> None:
        """Pressed once more it is not said any more."""
        self.rated.emit(quality if self.qualities[quality].isChecked() else None)

    def _lay_out(self) -> None:
        self.note.setAccessibleName(tr("Note"))
        for button in self.reasons.values():
            button.setCheckable(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        for label in (self.progress, self.own):
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._answers = _column([*self.grades.values(), self.cannot, self.ai])
        why = words(self, "heading", tr("Why can it not be graded?"))
        self._why = _column([why, *self.reasons.values(), words(self, "quiet", tr("Esc: back to the grades"))])
        self._why.hide()
        for part in (self.title, self.progress, self.problem, self.others, self.own, self._answers, self._why):
            column.addWidget(part)
        quality = QLabel(tr("Quality (Q)"), self)
        column.addWidget(quality)
        column.addLayout(_row(list(self.qualities.values())))
        column.addWidget(self.note)
        drawing = _row([self.draw, self.drop])
        drawing.setStretch(0, 2)
        drawing.setStretch(1, 3)  # its key has a long name
        column.addLayout(drawing)
        column.addWidget(self.regions)
        column.addWidget(self.waiting)
        column.addLayout(_row([self.back, self.on]))
        column.addLayout(_row([self.undo, self.tasks]))
        column.addWidget(self.keys)
        column.addStretch(1)
        first = [*self.grades.values(), self.cannot, self.ai.button, *self.reasons.values()]
        order = [*first, *self.qualities.values(), self.note]
        for one, other in pairwise([*order, self.draw, self.drop, self.back, self.on, self.undo, self.tasks]):
            self.setTabOrder(one, other)


def _said_by(read: Read, name: str, line: str) -> QFrame:
    """One reader's card; `line` is how the regions are drawn."""
    card = QFrame()
    card.setProperty("role", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(8, 6, 8, 6)
    column.setSpacing(2)
    column.addWidget(words(card, "heading", name))
    column.addWidget(words(card, "", said.other_words(read)))
    if read.regions:
        column.addWidget(words(card, "quiet", _regions_of(read, line)))
    column.addStretch(1)
    return card


def _said_by_many(lines: Sequence[str]) -> QFrame:
    """Many readers in one card."""
    card = QFrame()
    card.setProperty("role", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(8, 6, 8, 6)
    column.setSpacing(1)
    for line in lines:
        column.addWidget(words(card, "", line))
    return card


def _line_of(read: Read, name: str, line: str) -> str:
    """The same of one reader in a line."""
    regions = _regions_of(read, line) if read.regions else ""
    parts = [*said.other_words(read).split("\n"), regions]
    return titled(name, "; ".join(part for part in parts if part))


def _regions_of(read: Read, line: str) -> str:
    return LINES[line].format(regions=said.regions_words(len(read.regions)))


def _column(parts: Sequence[QWidget]) -> QWidget:
    held = QWidget()
    column = QVBoxLayout(held)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(5)
    for part in parts:
        column.addWidget(part)
    column.addStretch(1)
    return held


def _held(layout: QLayout) -> QWidget:
    held = QWidget()
    layout.setContentsMargins(0, 0, 0, 0)
    held.setLayout(layout)
    return held


def _row(parts: Sequence[QWidget]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(5)
    for part in parts:
        row.addWidget(part, 1)
    return row
