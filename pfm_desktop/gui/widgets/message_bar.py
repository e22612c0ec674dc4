"""The message bar: what happened, what is safe, what to do. Nothing waits for it, and nothing moves when it comes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTime, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QStyle, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.cut_words import FewLines
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.words import capital

LINES = 2  # for which the bar has room
_KEPT = 20
PASSING_MS = 10_000


class MessageBar(QFrame):
    """Hidden while there is nothing to say. Problems stay until they are closed; the latest is on top.

    Each says when it came up, as what was done since may have gone well.

    It never gets higher than `room`: what does not fit into its lines is shown above it when it is asked for.
    `changed`: it says something else now, or nothing.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self.setAccessibleName(tr("Message"))
        self._messages: list[tuple[str, str]] = []  # kind, text
        self._passing: list[tuple[str, str]] = []  # goes by itself
        self._goes = QTimer(self, singleShot=True, interval=PASSING_MS)
        self._goes.timeout.connect(self.let_pass)
        self._said_at: dict[tuple[str, str], str] = {}
        self._icon = QLabel(self)
        self._text = FewLines(self, LINES)
        self._earlier = QLabel(self)
        self.more, self.close_button = QPushButton(tr("More"), self), QPushButton(tr("Close"), self)
        self.more.setAccessibleName(tr("Show the whole message"))
        self.close_button.setAccessibleName(tr("Close message"))
        self.more.clicked.connect(self._toggle_whole)
        self.close_button.clicked.connect(self.close_top)
        for button in (self.more, self.close_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the page
        self.whole: QFrame | None = None  # all of a message that is cut, above the bar
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        for widget in (self._earlier, self.more, self.close_button):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self.more.hide()
        self.hide()

    @property
    def room(self) -> int:
        """Height in pixels that it needs, whatever it says."""
        return max(LINES * self.fontMetrics().lineSpacing() + 6, self.close_button.sizeHint().height() + 4)

    def minimumSizeHint(self) -> QSize:
        """Its row is as high as it is."""
        return QSize(super().minimumSizeHint().width(), 0)

    @property
    def text(self) -> str:
        """What is shown now; "" while hidden."""
        return self._messages[-1][1] if self._messages else ""

    @property
    def held(self) -> tuple[tuple[str, str], ...]:
        """All that was said and not closed yet: kind and text, oldest first."""
        return tuple(self._messages)

    def forget(self, said: Sequence[tuple[str, str]]) -> None:
        """Take these messages away, problems too: what they were about has left the desk."""
        self._messages = [message for message in self._messages if message not in said]
        self._draw()

    def problem(self, text: str) -> None:
        """Say a problem."""
        self._say("problem", text)

    def note(self, text: str) -> None:
        """Say something that went well; gives way to the next message."""
        self._say("note", text)

    def passing(self, text: str) -> None:
        """Say something that nobody has to keep: a note that goes by itself after a while."""
        self.note(text)
        self._passing = self._messages[-1:]
        self._goes.start()

    def let_pass(self) -> None:
        """Something else is said in the foot of the window: what goes by itself goes now."""
        self._goes.stop()
        passing, self._passing = self._passing, []
        if passing:
            self.forget(passing)

    def close_top(self) -> None:
        """Close the message that is shown; the one before comes back."""
        if self._messages:
            self._messages.pop()
        self._draw()

    def clear_notes(self) -> None:
        """Take notes away; problems stay."""
        if all(kind == "problem" for kind, _text in self._messages):
            return
        self._messages = [message for message in self._messages if message[0] == "problem"]
        self._draw()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.whole is not None:
            self._hide_whole()
        else:
            self.close_top()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Whether all of it fits may differ now."""
        super().resizeEvent(event)
        self._hide_whole()
        self._fit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of it stays."""
        super().hideEvent(event)
        self._hide_whole()

    def _fit(self) -> None:
        self.more.setVisible(self._text.cut)

    def _toggle_whole(self) -> None:
        if self.whole is not None:
            self._hide_whole()
            return
        self.whole = whole = QFrame(self.window())
        whole.setObjectName("message_bar")
        whole.setProperty("kind", self.property("kind"))
        words = QLabel(self.text, whole)
        words.setTextFormat(Qt.TextFormat.PlainText)
        let_copy(words)
        words.setWordWrap(True)
        column = QVBoxLayout(whole)
        column.setContentsMargins(12, 8, 12, 8)
        column.addWidget(words)
        whole.ensurePolished()
        height = column.totalHeightForWidth(self.width())
        foot = self.mapTo(self.window(), QPoint(0, 0))
        whole.setGeometry(QRect(foot - QPoint(0, height), QSize(self.width(), height)))
        whole.show()
        whole.raise_()
        self.more.setText(tr("Less"))

    def _hide_whole(self) -> None:
        whole, self.whole = self.whole, None
        if whole is not None:
            whole.hide()
            whole.deleteLater()
        self.more.setText(tr("More"))

    def _say(self, kind: str, text: str) -> None:
        message = (kind, capital(text))
        kept = [other for other in self._messages if other[0] == "problem" and other != message]
        self._messages = [*kept[-_KEPT:], message]
        at = QTime.currentTime().toString("HH:mm")
        self._said_at = {one: self._said_at.get(one, at) for one in kept[-_KEPT:]} | {message: at}
        self._draw()

    def _draw(self) -> None:
        self._hide_whole()
        if not self._messages:
            self.hide()
            self.changed.emit()
            return
        kind, text = self._messages[-1]
        pixmap = (
            QStyle.StandardPixmap.SP_MessageBoxWarning
            if kind == "problem"
            else (QStyle.StandardPixmap.SP_MessageBoxInformation)
        )
        self._icon.setPixmap(self.style().standardIcon(pixmap).pixmap(22, 22))
        self._icon.setAccessibleName(tr("Problem") if kind == "problem" else tr("Note"))
        self._text.show_words(text)
        earlier = len(self._messages) - 1
        at = tr("at {time}", time=self._said_at[kind, text]) if kind == "problem" else ""
        beside = COMMA.join(part for part in (at, tr("{count} earlier", count=earlier) if earlier else "") if part)
        self._earlier.setText(beside)
        self._earlier.setVisible(bool(beside))
        if self.property("kind") != kind:
            self.setProperty("kind", kind)
            for widget in (self, self._text, self._earlier):  # colours of the style sheet depend on the kind
                widget.style().unpolish(widget)
                widget.style().polish(widget)
        self.show()
        self._fit()
        self.changed.emit()
