"""Parts of the AI panel: rows of facts, verdicts, reads, and the form of a second read that differs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, LineField, bring_into_sight, grade_icon, say, words
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.answer import Check
from pfm_desktop.viewmodels.grades import grade_words
from pfm_desktop.viewmodels.registration_chip import Light

MARKS = {Light.GREEN: "\u2713", Light.AMBER: "!", Light.RED: "\u2715", Light.GREY: "\u25cb"}


class _Filled(QWidget):
    """A titled block that is made anew when its content differs; hidden while empty."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self._shown: object = None
        self._body: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(words(self, "heading", title))
        self.hide()

    def put(self, content: Sequence[object], body: QWidget) -> None:
        """Show `body`, made of `content`."""
        self._shown = tuple(content)
        if self._body is not None:
            self._column.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self._body = body
        self._column.addWidget(body)
        self.setVisible(bool(content))

    def same(self, content: Sequence[object]) -> bool:
        """Whether this is shown already."""
        return self._shown == tuple(content)


class FactRows(_Filled):
    """Name and value, line by line."""

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these."""
        if self.same(rows):
            return
        body = QWidget(self)
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        for number, (name, value) in enumerate(rows):
            grid.addWidget(words(body, "", name), number, 0)
            grid.addWidget(QLabel(value, body), number, 1, Qt.AlignmentFlag.AlignRight)
        self.put(rows, body)


class ReadList(_Filled):
    """First read, reveal, second read."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Reads"), parent)

    def show_lines(self, lines: Sequence[str]) -> None:
        """Show these."""
        if not self.same(lines):
            body = QWidget(self)
            column = QVBoxLayout(body)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            for line in lines:
                column.addWidget(words(body, "", line))
            self.put(lines, body)


class CheckList(_Filled):
    """Quality of the pictures and of the pair, and the registration, with what to retake."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Quality"), parent)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show these."""
        if self.same(checks):
            return
        body = QWidget(self)
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for number, check in enumerate(checks):
            mark = QLabel(MARKS[check.light], body)
            mark.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            mark.setFixedWidth(mark.fontMetrics().horizontalAdvance("MM"))
            said = titled(check.title, check.word) + (f" ({check.detail})" if check.detail else "")
            grid.addWidget(mark, 2 * number, 0)
            grid.addWidget(words(body, "", said), 2 * number, 1)
            if check.advice:
                grid.addWidget(words(body, "quiet", check.advice), 2 * number + 1, 1)
        self.put(checks, body)


class DifferForm(QFrame):
    """Grade and reason of a second read. `decided` carries both; Escape gives up."""

    decided = Signal(Grade, str)
    given_up = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Second read"))
        self.grade, self.reason = CalmComboBox(self), LineField(self)
        self.keep, self.cancel, self.missing = (
            QPushButton(tr("Keep"), self),
            QPushButton(tr("Cancel"), self),
            words(self),
        )
        self.grade.setAccessibleName(tr("Grade of the second read"))
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.show_hint(tr("Why, a word will do"))
        for grade in GRADES:
            self.grade.addItem(grade_icon(grade), grade_words(grade), grade)
        self.keep.clicked.connect(lambda _checked=False: self._decide())
        self.cancel.clicked.connect(lambda _checked=False: self._give_up())
        self.reason.returnPressed.connect(self._decide)
        self.reason.textChanged.connect(lambda _text: say(self.missing, ""))
        form = QFormLayout(self)
        form.setContentsMargins(10, 8, 10, 8)
        form.addRow(tr("My grade"), self.grade)
        form.addRow(tr("Reason"), self.reason)
        form.addRow(self.missing)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.keep)
        form.addRow(row)
        self.hide()
        say(self.missing, "")

    def open_form(self, grade: Grade | None) -> None:
        """Ask; `grade` is what the reader thought so far."""
        if self.isHidden():
            self.grade.setCurrentIndex(grade.rank if grade is not None else -1)
            self.reason.clear()
            say(self.missing, "")
            self.show()
        self.grade.setFocus(Qt.FocusReason.OtherFocusReason)
        bring_into_sight(self)

    def close_form(self) -> None:
        """Put it away."""
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        if event.key() == Qt.Key.Key_Escape:
            self._give_up()
        else:
            super().keyPressEvent(event)

    def _decide(self) -> None:
        grade, reason = self.grade.currentData(), self.reason.text().strip()
        if grade is None:
            say(self.missing, tr("Choose a grade."))
            self.grade.setFocus()
        elif not reason:
            say(self.missing, tr("A second read that differs needs a reason."))
            self.reason.setFocus()
        else:
            self.decided.emit(Grade(grade), reason)

    def _give_up(self) -> None:
        self.close_form()
        self.given_up.emit()
