"""A form made from its items: a choice, several choices, a number, a day or words in each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QLabel, QStyle, QStyleOptionComboBox, QVBoxLayout, QWidget

from pfm_desktop.domain.form import Item, Kind, asked, with_choice
from pfm_desktop.gui.widgets.chips import Chip, ChipRow, broken
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, LineField, keep_while_typing, say, words
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels import forms as model

PAUSE_MS = 800  # the keys go through answers on the way to one; only where they rest is kept
_STAY = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
_LOWER = 5  # pixels by which the words in a field stand lower than its edge
_TITLE = 21  # characters of a title in one line, beside its field
_BETWEEN = 8  # pixels from a title to its field


class FormView(QWidget):
    """`answered(of, key, answer)` when a person gave another answer in the record `of`, None where it was taken back.
    What is typed and cannot be kept is said below its field; it stays there, also while another record is shown in
    between.

    Call `save` before the form goes out of sight; hiding it does that as well.
    """

    answered = Signal(str, str, object)

    def __init__(self, items: Sequence[Item], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items = tuple(items)
        self._answers: Mapping[str, Any] = {}
        self._of = ""
        self._named: Callable[[str], str] = str
        # by record: what its fields are called, and what was typed and could not be kept, by item
        self._left: dict[str, tuple[Callable[[str], str], dict[str, str]]] = {}
        self.rows: dict[str, Row] = {item.key: _row(item, self) for item in items}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for row in self.rows.values():
            row.given.connect(self._given)
            column.addWidget(row)
        self.show_answers("", {}, locked=True)

    def show_answers(
        self,
        of: str,
        answers: Mapping[str, Any],
        *,
        locked: bool,
        visit: date | None = None,
        named: Callable[[str], str] = str,
    ) -> None:
        """What is on disk of `of` (the id of a record); what is being typed in it stays. `visit`: the day of the visit,
        where items ask about what comes after it. `named` makes of a title what the field is called far from here."""
        anew = of != self._of
        if anew:
            self.save()
            self._leave()
        self._of, self._answers, self._named = of, dict(answers), named
        wanted = {item.key for item in asked(self._items, self._answers)}
        _, typed = self._left.pop(of, (named, {})) if anew and not locked else (named, {})
        for key, row in self.rows.items():
            row.visit = visit
            fresh = anew or key not in wanted  # what is not asked any more leaves nothing behind
            row.show_answer(self._answers.get(key), anew=fresh, typed=typed.get(key, "") if key in wanted else "")
            row.lock(locked=locked)
            row.setVisible(key in wanted)

    @property
    def unkept(self) -> tuple[str, ...]:
        """What was typed and is not on disk, as its fields are called, also of records that were shown before."""
        left = (named(self.rows[key].item.title) for named, typed in self._left.values() for key in typed)
        return (*(self._named(row.item.title) for row in self.rows.values() if row.typed), *left)

    def save(self) -> None:
        """Give what was chosen or typed last and is not told yet."""
        for row in self.rows.values():
            row.settle()

    def drop(self) -> None:
        """What was typed and could not be kept is not wanted any more."""
        self._left.clear()
        for key, row in self.rows.items():
            row.show_answer(self._answers.get(key), anew=True)

    def hideEvent(self, event: QHideEvent) -> None:
        """See the class."""
        super().hideEvent(event)
        self.save()

    def showEvent(self, event: QShowEvent) -> None:
        """Fields stand below each other, in whatever font the window has by now."""
        titles = [row.title for row in self.rows.values() if row.item.kind is not Kind.SEVERAL]
        widest = max((title.sizeHint().width() for title in titles), default=0)
        for title in titles:
            title.setFixedWidth(widest)
        for row in self.rows.values():
            row.fit()
        super().showEvent(event)

    def _leave(self) -> None:
        if typed := {key: row.typed for key, row in self.rows.items() if row.typed}:
            self._left[self._of] = self._named, typed

    def _given(self, key: str, answer: Any) -> None:
        if self._of and answer != self._answers.get(key):
            self.answered.emit(self._of, key, answer)


class Row(QWidget):
    """The field of one item, or its answer in words where nothing can be changed. `given(key, answer)` when a person
    gave one."""

    given = Signal(str, object)

    def __init__(self, item: Item, field: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.item = item
        self.visit: date | None = None  # see `FormView.show_answers`
        self.title, self._field, self._said = QLabel(item.title, self), field, words(self)
        self._locked = self._gives = False
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        if item.kind is not Kind.SEVERAL:  # it stands beside its field, and leaves that half of the column
            metrics = self.title.fontMetrics()
            self.title.setText(broken(item.title, metrics, _TITLE * metrics.averageCharWidth()))
            self.title.setAccessibleName(item.title)
        self._column = QVBoxLayout()
        self._column.setSpacing(2)
        self._column.addWidget(field)
        self._column.addWidget(self._said)
        row = self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        row.setContentsMargins(0, 0, 0, 0)
        self._lay_below(below=item.kind is Kind.SEVERAL)  # its buttons need all of the width
        row.addWidget(self.title, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._column, 1)
        self.setFocusProxy(field)

    @property
    def typed(self) -> str:
        """What stands in the field and is not kept; "" where all is."""
        return ""

    def fit(self) -> None:
        """Title or style may be another by now."""

    def _lay_below(self, *, below: bool) -> None:
        """Whether the field stands below its title, and not beside it."""
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(2 if below else _BETWEEN)
        self._below = below
        self._lower()

    def _lower(self) -> None:
        """The title stands as high as the words in the field beside it."""
        beside_field = not self._locked and not self._below
        self.title.setContentsMargins(0, _LOWER if beside_field else 0, 0, 0)

    def show_answer(self, answer: Any, *, anew: bool, typed: str = "") -> None:
        """Follow the record; nothing is told. `anew`: of another record, in which `typed` was left behind."""
        self._said.setText(model.NOT_SAID if answer is None else model.answer_text(self.item, answer))
        self._follow(answer, anew=anew, typed=typed)

    def lock(self, *, locked: bool) -> None:
        """Nothing can be changed, and all stays as readable as before."""
        self._locked = locked
        self._field.setVisible(not locked)
        self._said.setVisible(locked)
        self._lower()

    def settle(self) -> None:
        """Tell what waits."""

    def _give(self, answer: Any) -> None:
        """Once: who hears of it reads the record again, and may ask for what waits meanwhile."""
        if self._gives:
            return
        self._gives = True
        try:
            self.given.emit(self.item.key, answer)
        finally:
            self._gives = False

    def _follow(self, answer: Any, *, anew: bool, typed: str) -> None:
        raise NotImplementedError


class ChoiceRow(Row):
    """One of several answers; kept a moment after it is chosen, or when the keys leave it."""

    def __init__(self, item: Item, parent: QWidget) -> None:
        self.box = CalmComboBox()
        self._beside = 0  # width in pixels from which on title and box stand beside each other
        super().__init__(item, self.box, parent)
        self.box.setAccessibleName(item.title)
        self.box.setSizeAdjustPolicy(CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(1)  # it has what room there is; if it asked for more it could not go below
        self.box.addItem(model.NOT_SAID, None)
        for choice in item.choices:
            self.box.addItem(choice.words, choice.key)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        self.box.activated.connect(lambda _index: self._pause.start())
        self.box.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Each answer is read whole: where there is no room for it beside the title the box stands below."""
        super().resizeEvent(event)
        self._place()

    def fit(self) -> None:
        """See `Row`."""
        title = max(self.title.sizeHint().width(), self.title.minimumWidth())  # as wide as the others of the form
        self._beside = title + _BETWEEN + whole_width(self.box)
        self._place()

    def _place(self) -> None:
        if (below := self._beside > self.width()) is not self._below:
            self._lay_below(below=below)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys go elsewhere, and not only into the list of the box."""
        if isinstance(event, QFocusEvent) and event.lostFocus() and event.reason() not in _STAY:
            self.settle()
        return super().eventFilter(watched, event)

    def settle(self) -> None:
        """See `Row`."""
        if self._pause.isActive():
            self._tell()

    def _follow(self, answer: Any, *, anew: bool, typed: str) -> None:
        if anew:
            self._pause.stop()
        if self._pause.isActive():
            return
        with QSignalBlocker(self.box):
            place = self.box.findData(answer) if answer is not None else 0
            if place < 0:  # of a later version of this program
                self.box.addItem(str(answer), answer)
                place = self.box.count() - 1
            self.box.setCurrentIndex(place)

    def _tell(self) -> None:
        self._pause.stop()
        self._give(self.box.currentData())


class SeveralRow(Row):
    """Any number of answers, each a button that stays down."""

    def __init__(self, item: Item, parent: QWidget) -> None:
        self._answer: tuple[str, ...] = ()
        self.chips = ChipRow()
        super().__init__(item, self.chips, parent)
        self.buttons = {choice.key: Chip(choice.words, self.chips) for choice in item.choices}
        for key, button in self.buttons.items():
            button.setAccessibleName(titled(item.title, item.choice(key).words))
            button.clicked.connect(lambda _checked=False, key=key: self._press(key))
        self.chips.put(*self.buttons.values())

    def _follow(self, answer: Any, *, anew: bool, typed: str) -> None:
        self._answer = tuple(answer or ())
        for key, button in self.buttons.items():
            button.show_chosen(chosen=key in self._answer)

    def _press(self, key: str) -> None:
        known = [one for one in self._answer if one in self.buttons]
        chosen = with_choice(self.item, known, key)
        self.show_answer(chosen, anew=False)
        self._give(list(chosen) or None)


class TypedRow(Row):
    """A number, a day or words; kept when the keys leave it, or on Enter, and words meanwhile."""

    def __init__(self, item: Item, parent: QWidget) -> None:
        self.field = LineField()
        super().__init__(item, self.field, parent)
        self.problem = words(self, "problem")
        self.field.setAccessibleName(item.title)
        self.field.show_hint(model.hint(item))
        self._column.addWidget(self.problem)
        self._kept: Any = None
        self.field.let_go.connect(self.settle)
        self.field.returnPressed.connect(self.settle)
        if item.kind is Kind.WORDS:  # a number or a day that is half typed is another one
            keep_while_typing(self.field, self.settle)
        say(self.problem, "")

    @property
    def typed(self) -> str:
        """See `Row`."""
        text = self.field.text()
        return "" if self._locked or text.strip() == model.field_text(self.item, self._kept) else text

    def settle(self) -> None:
        """See `Row`: what cannot be kept stays, and is said."""
        text = self.field.text()
        wrong = "" if self._locked else self._problem_of(text)
        say(self.problem, wrong)
        if wrong or self._locked:
            return
        answer = model.typed(self.item, text, self.visit)
        if answer == self._kept:
            self.field.show_text(model.field_text(self.item, answer))
        else:
            self._give(answer)

    def _follow(self, answer: Any, *, anew: bool, typed: str) -> None:
        stays = not anew and bool(self.typed)
        self._kept = answer
        if stays and self._problem_of(self.field.text()) == "":
            stays = model.typed(self.item, self.field.text(), self.visit) != answer  # it is kept by now
        if not stays:
            self.field.show_text(typed or model.field_text(self.item, answer))
            say(self.problem, self._problem_of(typed))

    def _problem_of(self, text: str) -> str:
        return model.problem_of(self.item, text, self.visit)


def whole_width(box: QComboBox) -> int:
    """Of a box that shows the longest of its answers."""
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    option.rect = QRect(0, 0, 200, box.height())  # pixels; of them its style leaves for words
    field = QStyle.SubControl.SC_ComboBoxEditField
    room = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, box).width()
    answers = (box.itemText(place) for place in range(box.count()))
    longest = max(map(box.fontMetrics().horizontalAdvance, answers), default=0)
    return longest + option.rect.width() - room


def _row(item: Item, parent: QWidget) -> Row:
    if item.kind is Kind.ONE:
        return ChoiceRow(item, parent)
    return SeveralRow(item, parent) if item.kind is Kind.SEVERAL else TypedRow(item, parent)
