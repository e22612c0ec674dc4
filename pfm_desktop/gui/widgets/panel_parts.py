"""Small parts that the panels of the right column share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QLocale, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPalette,
    QPixmap,
    QValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QWidget,
)
from shiboken6 import isValid

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.viewmodels.grades import COLOURS

LONGEST_MS = 3_000  # nobody loses more typing than this to a power cut
MARGIN = 8  # pixels left free around a part that is brought into sight
_SHARP = 3  # icon pixels a screen pixel, so that 200 % and 300 % stay sharp


def bring_into_sight(part: QWidget) -> None:
    """Scroll the column so that a part that was just shown is seen whole, once its place is known; its top first."""

    def scroll() -> None:
        area = part.parentWidget() if isValid(part) else None
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        inside = None if area is None else area.widget()
        if area is not None and inside is not None and part.isVisible():
            place = part.mapTo(inside, part.rect().topLeft()).y()
            low = place + part.height() - area.viewport().height() + MARGIN
            bar = area.verticalScrollBar()
            bar.setValue(min(max(bar.value(), low), max(0, place - MARGIN)))

    QTimer.singleShot(0, part, scroll)


def words(parent: QWidget, role: str = "", text: str = "") -> QLabel:
    """A label of plain text that wraps and never makes the column wider. `role` is one of the style sheet's."""
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        label.setProperty("role", role)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label


def say(label: QLabel, text: str) -> None:
    """Show `text`; an empty label takes no room."""
    label.setText(text)
    label.setVisible(bool(text))


def tall(button: QPushButton, pixels: int) -> None:
    """A button of this height; the style sheet of the theme would overrule a minimum height set otherwise."""
    button.setStyleSheet(f"QPushButton {{ min-height: {pixels - 12}px; }}")


def in_a_row(*buttons: QPushButton) -> QHBoxLayout:
    """Buttons from the left; Enter presses the one that has the keys."""
    row = QHBoxLayout()
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row


def grade_icon(grade: Grade, size: QSize | None = None) -> QIcon:
    """One to four steps, filled up to the grade: shape says it as well as colour."""
    size = size or QSize(28, 22)
    pixmap = QPixmap(size * _SHARP)
    pixmap.setDevicePixelRatio(_SHARP)
    pixmap.fill(Qt.GlobalColor.transparent)
    outline = QApplication.palette().color(QPalette.ColorRole.WindowText)
    painter = QPainter(pixmap)
    step = size.width() / len(GRADES)
    for rank in range(len(GRADES)):
        height = size.height() * (rank + 1) / len(GRADES)
        bar = QRectF(rank * step + 0.5, size.height() - height + 0.5, step - 2, height - 1)
        painter.setPen(outline)
        painter.setBrush(QColor(COLOURS[grade]) if rank <= grade.rank else Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
    painter.end()
    return QIcon(pixmap)


def is_undo(event: QEvent) -> bool:
    """Whether a key asks for undo or redo and the window may still claim it."""
    if event.type() is not QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)


class TextField(QPlainTextEdit):
    """Free text. `typed` at each edit by the user; `let_go` when the focus leaves or undo is asked for.

    It has no undo of its own: there is one undo, the window's.
    """

    typed = Signal()
    let_go = Signal()

    def __init__(self, name: str, hint: str, parent: QWidget | None = None, *, lines: int = 4) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 22)
        self.textChanged.connect(self.typed)

    def show_text(self, text: str) -> None:
        """Show what is on disk; the cursor stays where it can, and nobody takes it for typing."""
        if text == self.toPlainText():
            return
        cursor = self.textCursor().position()
        self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(False)
        place = self.textCursor()
        place.setPosition(min(cursor, len(self.toPlainText())))
        self.setTextCursor(place)

    def event(self, event: QEvent) -> bool:
        """Undo and redo are the window's; what was typed is saved first, so that it is what undo takes back."""
        if is_undo(event):
            self.let_go.emit()
            event.ignore()
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """See the class."""
        super().focusOutEvent(event)
        self.let_go.emit()


class LineField(QLineEdit):
    """One line of text with the manners of `TextField`."""

    let_go = Signal()

    def show_hint(self, hint: str) -> None:
        """Say in the empty field what goes into it; where there is no room for all of it a tooltip has it."""
        self.setPlaceholderText(hint)
        self.setAccessibleDescription(hint)
        self.setToolTip(hint)

    def show_text(self, text: str) -> None:
        """Show what is on disk; the cursor stays where it can."""
        if text != self.text() and not (self.hasFocus() and text == self.text().strip()):  # a blank is being typed
            cursor = self.cursorPosition()
            self.setText(text)
            self.setCursorPosition(min(cursor, len(text)))

    def event(self, event: QEvent) -> bool:
        """See `TextField`."""
        if is_undo(event):
            self.let_go.emit()
            event.ignore()
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """See `TextField`."""
        super().focusOutEvent(event)
        self.let_go.emit()


def keep_while_typing(field: LineField, keep: Callable[[], object]) -> None:
    """Words in `field` are kept also while somebody types them without leaving it."""
    longest = QTimer(field, singleShot=True, interval=LONGEST_MS)
    longest.timeout.connect(keep)
    field.textEdited.connect(lambda _text: longest.isActive() or longest.start())


class LeavesOnEscape:
    """Before the class of a widget that has a signal `closed`: Escape leads back."""

    closed: Any  # a `Signal` of the widget

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)  # type: ignore[misc]  # of the widget behind it


class LeavesTheWheel:
    """Before the class of a widget: the wheel scrolls the page, and never changes or moves what stands here."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Left to the page."""
        event.ignore()


class CalmCheckBox(QCheckBox):
    """Where Space is a key of the page: a click leaves the keys where they are, and only who comes here by Tab
    switches it by Space."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def event(self, event: QEvent) -> bool:
        """See the class."""
        overrides = event.type() is QEvent.Type.ShortcutOverride
        if overrides and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            event.accept()
            return True
        return super().event(event)


class CalmComboBox(LeavesTheWheel, QComboBox):
    """A choice that scrolling the page does not change: neither the wheel nor Page Up and Down, nor does the wheel give
    it the keys. Nor do letters, which are keys of the page: arrows choose, Space opens the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        letter = bool(event.text().strip()) and event.text().isprintable()
        if letter or event.key() in _OF_THE_PAGE:
            event.ignore()
        else:
            super().keyPressEvent(event)


class CalmSpinBox(LeavesTheWheel, QSpinBox):
    """A number that scrolling the page does not change, as above."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        if event.key() in _OF_THE_PAGE:
            event.ignore()
        else:
            super().keyPressEvent(event)


class CalmDoubleSpinBox(LeavesTheWheel, QDoubleSpinBox):
    """The same, with a part of a whole. A comma is a point: half of the world writes 7,5, and none may read 75."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setLocale(QLocale.c())
        self.setGroupSeparatorShown(False)

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """With the comma as a point."""
        return super().validate(text.replace(",", "."), at)

    def valueFromText(self, text: str) -> float:
        """With the comma as a point."""
        return super().valueFromText(text.replace(",", "."))


class CalmSlider(LeavesTheWheel, QSlider):
    """A slider that scrolling the page does not move."""


_OF_THE_PAGE = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
