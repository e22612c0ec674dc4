"""Small buttons that stay down, in rows: one stop for the Tab key, arrows go from one to the next."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QWidget

from pfm_desktop.gui.widgets.flow import FlowRow

TICK = "\u2713 "
_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}


class Chip(QPushButton):
    """As wide as with its tick, so that nothing moves under the hand that presses; what is wider than `room` is broken
    into lines."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words, self.room = words, 0  # pixels; 0: as wide as it likes
        self.setCheckable(True)
        self.setProperty("role", "chip")
        self.setText(words)

    def show_chosen(self, *, chosen: bool) -> None:
        """Down, with a tick: never by colour alone."""
        self.setChecked(chosen)
        self.setText(self._lines(chosen=chosen))

    def fit(self, room: int) -> None:
        """Of so many pixels it may be wide."""
        if room != self.room:
            self.room = room
            self.setText(self._lines(chosen=self.isChecked()))
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """See the class."""
        return self._size(self._lines(chosen=True))

    def minimumSizeHint(self) -> QSize:
        """No narrower than its longest word."""
        longest = max((TICK + self.words).split(), key=self.fontMetrics().horizontalAdvance)
        return QSize(self._size(longest).width(), super().minimumSizeHint().height())

    def _lines(self, *, chosen: bool) -> str:
        around = self._size("").width()
        lines = broken(TICK + self.words, self.fontMetrics(), self.room - around)
        return lines if chosen else lines.removeprefix(TICK)  # in the same lines: it is never wider than with its tick

    def _size(self, text: str) -> QSize:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        inner = self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, text)
        return self.style().sizeFromContents(QStyle.ContentsType.CT_PushButton, option, inner, self)


class ChipRow(FlowRow):
    """Chips of one question, in rows as wide as there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, gap=4)
        self.chips: list[Chip] = []

    def put(self, *chips: Chip) -> None:
        """In place of those that are there."""
        self.chips = list(chips)
        for chip in chips:
            chip.installEventFilter(self)
        self._stop_at(chips[0] if chips else None)
        for chip in chips:
            chip.fit(self.contentsRect().width())
            chip.setVisible(True)  # what comes into a row that is in sight is not seen by itself
        self.replace(*chips)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What has no room is broken into lines."""
        for chip in self.chips:
            chip.fit(self.contentsRect().width())
        super().resizeEvent(event)

    def eventFilter(self, chip: QWidget, event: object) -> bool:  # type: ignore[override]
        """Arrows, and where the Tab key comes back to."""
        if isinstance(event, QKeyEvent) and event.type() is QKeyEvent.Type.KeyPress and event.key() in _STEPS:
            there = [one for one in self.chips if one.isVisible() and one.isEnabled()]
            at = there.index(chip) + _STEPS[Qt.Key(event.key())] if chip in there else 0
            if there:
                there[min(len(there) - 1, max(0, at))].setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        if isinstance(event, QFocusEvent) and event.gotFocus() and isinstance(chip, Chip):
            self._stop_at(chip)
        return False

    def _stop_at(self, chip: Chip | None) -> None:
        for one in self.chips:
            one.setFocusPolicy(Qt.FocusPolicy.StrongFocus if one is chip else Qt.FocusPolicy.ClickFocus)


def broken(text: str, metrics: QFontMetrics, room: int) -> str:
    """The text in lines of at most `room` pixels, broken between words; in one where there is no room at all."""
    if room <= 0 or metrics.horizontalAdvance(text) <= room:
        return text
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and metrics.horizontalAdvance(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
