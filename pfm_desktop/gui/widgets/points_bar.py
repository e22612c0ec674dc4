"""The bar of point mode: what to click next, the pairs so far with their errors, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.point_pairs import every_prompt, fit_words, long_fits

BUTTONS = (
    (
        "start",
        tr("Start from the map"),
        tr("Puts up to six spots where the pictures are registered now, to be dragged right"),
    ),
    ("undo", tr("Undo last"), tr("Takes the last point away (Backspace, Ctrl+Z)")),
    ("apply", tr("Apply"), tr("Registers the pair by these points (Enter)")),
    ("automatic", tr("Automatic again"), tr("Forgets points and registers the pair automatically")),
    ("leave", tr("Leave"), tr("Back, without a change (Escape)")),
)


NARROW = 1000  # below this width the buttons stand below the words


class RoomyLabel(QLabel):
    """Keeps the height of the longest of `texts` at its width: what it says moves nothing else."""

    def __init__(self, texts: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self._texts = tuple(texts)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int) -> int:
        """See the class."""
        metrics, box = self.fontMetrics(), QRect(0, 0, width, 10_000)
        wrapped = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        return max(metrics.boundingRect(box, wrapped, text).height() for text in (*self._texts, self.text()))

    def minimumSizeHint(self) -> QSize:
        """Any width; the height follows from it."""
        return QSize(0, self.fontMetrics().height())


class _Row(QBoxLayout):
    """See `NARROW`."""

    def heightForWidth(self, width: int) -> int:
        """For the direction that this width has."""
        self._turn(width)
        return super().heightForWidth(width)

    def setGeometry(self, rect: QRect) -> None:
        """See QLayout."""
        self._turn(rect.width())
        super().setGeometry(rect)

    def _turn(self, width: int) -> None:
        wanted = QBoxLayout.Direction.LeftToRight if width >= NARROW else QBoxLayout.Direction.TopToBottom
        if self.direction() is not wanted:
            self.setDirection(wanted)


class PointsBar(QFrame):
    """`asked` names the button that was pressed: start, undo, apply, automatic, leave."""

    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Points that are paired by hand"))
        self.prompt, self.fit = RoomyLabel(every_prompt(), self), RoomyLabel(long_fits(), self)
        self.prompt.setStyleSheet("font-weight: 600;")
        self.fit.setProperty("role", "quiet")
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (self.prompt, self.fit):
            words.addWidget(label)
        words.addStretch(1)
        row = _Row(QBoxLayout.Direction.LeftToRight, self)
        row.setContentsMargins(10, 4, 10, 4)
        row.addLayout(words, 1)
        buttons = QHBoxLayout()
        row.addLayout(buttons)
        self.buttons: dict[str, QPushButton] = {}
        for name, text, tip in BUTTONS:
            button = QPushButton(text, self)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the stage
            button.clicked.connect(lambda _checked=False, name=name: self.asked.emit(name))
            buttons.addWidget(button)
            self.buttons[name] = button
        self.has_map = False  # whether there is a registration to start from
        self.hide()

    def show_points(self, prompt: str, lines: Sequence[str], said: str, *, enough: bool, placed: int) -> None:
        """Say how far the points are."""
        self.prompt.setText(prompt)
        self.fit.setText(fit_words(lines, said))
        self.buttons["start"].setEnabled(self.has_map and not placed)
        self.buttons["undo"].setEnabled(placed > 0)
        self.buttons["apply"].setEnabled(enough)
