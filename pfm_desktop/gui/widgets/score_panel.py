"""A score: items that are each 0, 1, 2 or not assessed, with the wording beside each value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QRadioButton, QVBoxLayout, QWidget

from pfm_desktop.domain.score import ScoreItem
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.findings import CHOICES, NOT_ASSESSED, choice_words, stepped

_NONE = 3  # button id of "not assessed"; 0, 1 and 2 are themselves
_CIRCLE, _PAD = 16, 5  # of a choice, pixels
_STEPS = {
    int(Qt.Key.Key_Up): -1,
    int(Qt.Key.Key_Left): -1,
    int(Qt.Key.Key_Down): 1,
    int(Qt.Key.Key_Right): 1,
}
_VALUES: dict[int, int | None] = {
    int(Qt.Key.Key_0): 0,
    int(Qt.Key.Key_1): 1,
    int(Qt.Key.Key_2): 2,
    int(Qt.Key.Key_Delete): None,
    int(Qt.Key.Key_Backspace): None,
}


class ScorePanel(QWidget):
    """`chosen` carries the key of an item and its new value (None: not assessed). Tab goes from item to item.

    `status_changed` carries the total, or what is missing for it.
    """

    chosen = Signal(str, object)
    status_changed = Signal(str)

    def __init__(self, name: str, items: Sequence[ScoreItem], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.status = words(self, "heading")
        hint = words(self, "quiet", tr("Arrow keys or 0, 1, 2; Delete: not assessed"))
        self.rows = {item.key: ScoreRow(item, self) for item in items}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.status)
        column.addWidget(hint)
        for row in self.rows.values():
            column.addWidget(row)
            row.chosen.connect(self.chosen)

    def show_score(
        self,
        status: str,
        values: Mapping[str, int | None],
        *,
        locked: bool,
        allowed: Mapping[str, Sequence[int]] | None = None,
        warned: Mapping[str, str] | None = None,
    ) -> None:
        """Follow the record; nothing is emitted. `allowed`: values that an item can take where it is not free.
        `warned`: what stands beside an item before it is assessed."""
        if self.status.text() != status:
            self.status.setText(status)
            self.status_changed.emit(status)
        for key, row in self.rows.items():
            row.show_value(values.get(key))
            say(row.warning, (warned or {}).get(key, ""))
            row.lock(locked=locked, allowed=None if allowed is None else allowed.get(key))


class ScoreRow(QWidget):
    """One item. Arrow keys choose within it, digits choose at once."""

    chosen = Signal(str, object)

    def __init__(self, item: ScoreItem, parent: QWidget) -> None:
        super().__init__(parent)
        self.item = item
        self._group = QButtonGroup(self)
        self.buttons = {value: _Choice(item, value, self) for value in CHOICES}
        title, self.warning = words(self, "", item.title), words(self, "badge")
        say(self.warning, "")
        bold = title.font()
        bold.setBold(True)
        title.setFont(bold)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        head = QVBoxLayout()
        head.addWidget(title)
        head.addWidget(self.warning)
        grid.addLayout(head, 0, 0, 1, 2)
        grid.addWidget(self.buttons[None], 0, 2, Qt.AlignmentFlag.AlignRight)
        for value, button in self.buttons.items():
            self._group.addButton(button, _NONE if value is None else value)
            button.picked.connect(self._pick)
            button.entered.connect(self._focus_chosen)
            button.clicked.connect(lambda _checked=False, picked=value: self._pick(picked))
            if value is not None:
                wording = _Wording(item.wording[value], button, self)
                grid.addWidget(button, value + 1, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(wording, value + 1, 1, 1, 2)
        self._value: int | None = None
        self.show_value(None)

    @property
    def value(self) -> int | None:
        """What is chosen."""
        return self._value

    def show_value(self, value: int | None) -> None:
        """Follow the record. The focus stays in the item when it is there."""
        had_focus = any(button.hasFocus() for button in self.buttons.values())
        self._value = value
        self.buttons[value].setChecked(True)
        if had_focus:
            self.buttons[value].setFocus(Qt.FocusReason.OtherFocusReason)

    def lock(self, *, locked: bool, allowed: Sequence[int] | None = None) -> None:
        """Nothing can be chosen, or nothing but `allowed` and "not assessed"; all stays as readable as before."""
        for value, button in self.buttons.items():
            apart = allowed is not None and value is not None and value not in allowed
            button.locked, button.apart = locked or apart, apart
            button.update()
            button.setAccessibleDescription(
                tr("read only") if locked else tr("depends on the other items") if apart else ""
            )

    def _focus_chosen(self) -> None:
        self.buttons[self._value].setFocus(Qt.FocusReason.OtherFocusReason)

    def _pick(self, value: int | None) -> None:
        """Shown at once; what the record then says comes back through `show_value`."""
        if value != self._value and not self.buttons[value].locked:
            self.show_value(value)
            self.chosen.emit(self.item.key, value)


class _Choice(QRadioButton):
    """Draws its circle itself: in colours of the palette it shows in both themes, also while nothing is chosen."""

    picked = Signal(object)
    entered = Signal()

    def __init__(self, item: ScoreItem, value: int | None, parent: QWidget) -> None:
        super().__init__(NOT_ASSESSED if value is None else str(value), parent)
        self._value = value
        self.locked = self.apart = False
        self.setAccessibleName(titled(item.title, choice_words(item, value)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Own arrow keys: Qt's follow the place on screen, and "not assessed" stands apart."""
        if self.locked:
            event.ignore()
            return
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and event.key() in _STEPS:
            self.picked.emit(stepped(self._value, _STEPS[event.key()]))
        elif plain and event.key() in _VALUES:
            self.picked.emit(_VALUES[event.key()])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Whoever comes by key comes to what is chosen."""
        super().focusInEvent(event)
        if not self.isChecked() and event.reason() is not Qt.FocusReason.MouseFocusReason:
            self.entered.emit()

    def hitButton(self, pos: QPoint) -> bool:
        """The whole of it can be clicked."""
        return self.rect().contains(pos)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """No click counts while locked."""
        if not self.locked:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """See `mousePressEvent`."""
        if not self.locked:
            super().mouseReleaseEvent(event)

    def sizeHint(self) -> QSize:
        """Circle, gap, text."""
        metrics = QFontMetrics(self._bold())
        return QSize(_CIRCLE + 3 * _PAD + metrics.horizontalAdvance(self.text()), metrics.height() + 2 * _PAD)

    def minimumSizeHint(self) -> QSize:
        """Nothing is cut off."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """See the class."""
        palette, role = self.palette(), QPalette.ColorRole
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(palette.color(role.Link), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)
        circle = QRectF(_PAD, (self.height() - _CIRCLE) / 2, _CIRCLE, _CIRCLE)
        painter.setPen(QPen(palette.color(role.WindowText if self.isChecked() else role.Mid), 1.5))
        painter.setBrush(palette.color(role.Base))
        painter.drawEllipse(circle)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(role.WindowText))
            painter.drawEllipse(circle.adjusted(4, 4, -4, -4))
        painter.setPen(palette.color(role.PlaceholderText if self.apart else role.WindowText))
        painter.setFont(self._bold() if self.isChecked() else self.font())
        words_at = QRectF(self.rect()).adjusted(_CIRCLE + 2 * _PAD, 0, 0, 0)
        painter.drawText(words_at, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        painter.end()

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font


class _Wording(QLabel):
    """The wording of a value; a click on it chooses the value."""

    def __init__(self, text: str, button: _Choice, parent: QWidget) -> None:
        super().__init__(text, parent)
        self._button = button
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMargin(4)
        self.setAccessibleName("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """See the class."""
        if event.button() is Qt.MouseButton.LeftButton and not self._button.locked:
            self._button.setFocus(Qt.FocusReason.MouseFocusReason)
            self._button.click()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The press has done it."""
        event.accept()
