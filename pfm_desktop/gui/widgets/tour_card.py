"""What the tour shows: a card with the words of a step, and a frame around what it is about."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QRegion,
)
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import tour

LETTERS = 50  # of a line, at most
MARGIN, GAP = 8, 12  # pixels from the edge, and from what the frame is around
THICK = 6  # pixels of the frame: a dark line and a bright one, so that it is seen on any picture
_PAD = 28  # of the card, both sides


class TourCard(QFrame):
    """`next_`, `back` and `skip` as they are pressed. Its keys are its own only while it has them."""

    next_ = Signal()
    back = Signal()
    skip = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tour_card")
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.counter, self.title = QLabel(self), QLabel(self)
        self.words, self.note, self.hint = QLabel(self), QLabel(self), QLabel(self)
        self.title.setObjectName("strong")
        self.note.setProperty("role", "badge")
        for quiet in (self.counter, self.hint):
            quiet.setProperty("role", "quiet")
        for label in (self.title, self.words, self.note, self.hint):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.skip_button = QPushButton(tour.SKIP, self)
        self.back_button, self.next_button = QPushButton(tour.BACK, self), QPushButton(tour.NEXT, self)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(6)
        for part in (self.counter, self.title, self.words, self.note, self.hint):
            column.addWidget(part)
        row = QHBoxLayout()
        row.addWidget(self.skip_button)
        row.addStretch(1)
        row.addWidget(self.back_button)
        row.addWidget(self.next_button)
        column.addLayout(row)
        for button, signal in (
            (self.skip_button, self.skip), (self.back_button, self.back), (self.next_button, self.next_),
        ):  # fmt: skip
            button.clicked.connect(lambda _checked=False, signal=signal: signal.emit())
        QWidget.setTabOrder(self.back_button, self.next_button)
        QWidget.setTabOrder(self.next_button, self.skip_button)
        self.hide()

    def show_step(self, counter: str, title: str, words: str, *, note: str, hint: str, goes_on: str) -> None:
        """Show a step; `note` says why it is not as it should be ("": it is), `goes_on` stands on the button."""
        for label, text in ((self.counter, counter), (self.title, title), (self.words, words), (self.hint, hint)):
            label.setText(text)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.next_button.setText(goes_on)
        if self.back_button.hasFocus() and counter == tour.counter(0):
            self.next_button.setFocus()
        self.back_button.setEnabled(counter != tour.counter(0))
        step = tr("Tour, {counter}. {title}.", counter=counter, title=title)
        said = f"{step} {words} {note}".strip()
        self.setAccessibleName(tr("Tour, {counter}: {title}", counter=counter, title=title))
        self.setAccessibleDescription(f"{words} {note}".strip())
        if self.next_button.accessibleDescription() != said:
            self.next_button.setAccessibleDescription(said)  # read with the button, which has the keys
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, said))

    def take_keys(self) -> None:
        """Enter goes on from here."""
        self.next_button.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def holds_keys(self) -> bool:
        """Whether one of its buttons has the keys."""
        held = QApplication.focusWidget()
        return held is not None and self.isAncestorOf(held)

    def place(self, room: QRect, around: Sequence[QRect]) -> None:
        """Beside `around` within `room`, both in pixels of the parent; over it only where there is no other room."""
        size = self._size(room.size())
        inner = room.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        self.setGeometry(QRect(_beside(inner, size, around), size))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape ends the tour."""
        if event.key() == Qt.Key.Key_Escape:
            self.skip.emit()
        else:
            super().keyPressEvent(event)

    def _size(self, room: QSize) -> QSize:
        self.ensurePolished()
        letters = max(1, self.fontMetrics().averageCharWidth())
        buttons = sum(one.sizeHint().width() + 8 for one in (self.skip_button, self.back_button, self.next_button))
        width = min(max(LETTERS * letters, buttons) + _PAD, room.width() - 2 * MARGIN)
        self._column.invalidate()
        height = self._column.totalHeightForWidth(width)
        return QSize(width, min(height, room.height() - 2 * MARGIN))


class TourFrame(QWidget):
    """A frame around what a step is about. The mouse goes through it, and it is no colour alone."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rings: tuple[QRect, ...] = ()  # in its own pixels
        self.hide()

    def show_around(self, rects: Sequence[QRect]) -> None:
        """Around each of these, in pixels of the parent; none: it goes."""
        if not rects:
            self.hide()
            return
        room = self._over.rect()
        outer = [rect.adjusted(-THICK, -THICK, THICK, THICK).intersected(room) for rect in rects]
        self.setGeometry(_united(outer))
        self.rings = tuple(rect.translated(-self.pos()) for rect in outer)
        mask = QRegion()
        for ring in self.rings:
            mask = mask.united(QRegion(ring).subtracted(QRegion(ring.adjusted(THICK, THICK, -THICK, -THICK))))
        self.setMask(mask)
        self.update()
        self.show()
        self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A dark line and, within it, a bright one."""
        dark = self.palette().color(QPalette.ColorRole.Base).lightness() < 128
        outer, inner = (QColor("#000000"), QColor("#FFE08A")) if dark else (QColor("#FFFFFF"), QColor("#7A3B00"))
        painter = QPainter(self)
        half = THICK // 2
        for colour, inset in ((outer, half // 2), (inner, half + half // 2)):
            pen = QPen(colour, half)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            for ring in self.rings:
                painter.drawRect(ring.adjusted(inset, inset, -inset - 1, -inset - 1))
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        """Another theme has other lines."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.update()


def _united(rects: Sequence[QRect]) -> QRect:
    whole = QRect()
    for rect in rects:
        whole = whole.united(rect)
    return whole


def _beside(inner: QRect, size: QSize, around: Sequence[QRect]) -> QPoint:
    """Where the card has its top left corner: right, left, below or above of `around`, or where it covers least."""
    last = QPoint(inner.right() - size.width() + 1, inner.bottom() - size.height() + 1)

    def kept(point: QPoint) -> QPoint:
        return QPoint(max(inner.left(), min(point.x(), last.x())), max(inner.top(), min(point.y(), last.y())))

    whole = _united(around)
    if whole.isEmpty():
        return kept(last)
    middle = whole.center().x() - size.width() // 2
    wished = (
        QPoint(whole.right() + GAP, whole.top()),
        QPoint(whole.left() - GAP - size.width(), whole.top()),
        QPoint(middle, whole.bottom() + GAP),
        QPoint(middle, whole.top() - GAP - size.height()),
    )
    corners = (last, QPoint(inner.left(), last.y()), QPoint(last.x(), inner.top()), inner.topLeft())

    def covers(point: QPoint) -> int:
        parts = (QRect(point, size).intersected(rect) for rect in around)
        return sum(part.width() * part.height() for part in parts if part.isValid())

    return min((kept(point) for point in (*wished, *corners)), key=covers)
