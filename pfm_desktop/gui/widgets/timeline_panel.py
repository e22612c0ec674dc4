"""The timeline of an examination: clock, next step in large letters, one large button, and the steps below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.panel_parts import say, tall, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.timeline import SIGNS, RowState, Timeline, TimelineRow, button_text

CLOCK_PIXELS, STEP_PIXELS = 40, 21
LARGE = 56
NO, YES = tr("No"), tr("Yes")
PAIR, PICTURE = tr("Pair", "of pictures"), tr("Picture")
LEAVE_OUT = tr("Leave out", "a step of the examination")
OVERRIDE = tr("Use iodine all the same")


class TimelinePanel(QFrame):
    """`go` for the large button, `pair` and `picture` for taking one whatever comes next, `skip` for leaving the next
    step out, `allergy(bool)` for the answer to the question, `override(reason)` for iodine in spite of it."""

    go = Signal()
    pair = Signal()
    picture = Signal()
    skip = Signal()
    allergy = Signal(bool)
    override = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.clock, self.countdown = QLabel(self), QLabel(self)
        self.headline = words(self)
        self.warning = words(self, "problem")
        _letters(self.clock, CLOCK_PIXELS, bold=True)
        _letters(self.headline, STEP_PIXELS, bold=True)
        _letters(self.countdown, STEP_PIXELS)
        self.clock.setAccessibleName(tr("Time since acetic acid"))
        self.headline.setAccessibleName(tr("Next step"))
        self.large = QPushButton(self)
        tall(self.large, LARGE)
        self.pair_button, self.picture_button = QPushButton(PAIR, self), QPushButton(PICTURE, self)
        self.skip_button = QPushButton(LEAVE_OUT, self)
        self._rows: list[tuple[str, QLabel, QLabel, QLabel]] = []
        self._whose: tuple[str, str] = ("", "")
        self._shown: tuple[TimelineRow, ...] = ()  # a call of Qt may wait for the interpreter a millisecond
        self._lines = QWidget(self)
        self._grid = QGridLayout(self._lines)
        self._grid.setContentsMargins(0, 4, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._grid.setHorizontalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._ask_row = self._made_question()
        self._override = self._made_override()
        self._lay_out()
        self.large.clicked.connect(self.go)
        self.pair_button.clicked.connect(self.pair)
        self.picture_button.clicked.connect(self.picture)
        self.skip_button.clicked.connect(self.skip)

    def name_keys(self, go: str, pair: str, picture: str, skip: str, *, no: str = "", yes: str = "") -> None:
        """Show which keys do the same."""
        self._keys = go
        self.allergy_no.setText(f"{NO}  {no}".rstrip())
        self.allergy_yes.setText(f"{YES}  {yes}".rstrip())
        for button, text, key in (
            (self.pair_button, PAIR, pair),
            (self.picture_button, PICTURE, picture),
            (self.skip_button, LEAVE_OUT, skip),
        ):
            button.setText(f"{text}  {key}".rstrip())
            button.setToolTip(f"{text} ({key})" if key else text)

    def show_short(self, short: bool) -> None:
        """Without the lines of the steps, where something else needs the room; clock and next step stay in sight."""
        self._lines.setVisible(not short)

    def follow(self, visit_id: str, patient_id: str) -> None:
        """Whose examination it is: a reason that was typed for one woman is none for another."""
        if (visit_id, patient_id) != self._whose:
            self._whose = visit_id, patient_id
            self.reason.clear()

    def show_timeline(
        self, timeline: Timeline, *, can_take: bool, can_pair: bool, asked: bool, signed: bool = False
    ) -> None:
        """Show where the examination stands. `asked`: whether her iodine allergy is known; `can_pair`: whether the
        device gives fluorescence; `signed`: nothing of this visit changes any more."""
        self.clock.setText(timeline.clock)
        self.headline.setText(timeline.headline)
        say(self.countdown, timeline.countdown)
        say(self.warning, timeline.warning)
        keys = getattr(self, "_keys", "")
        starts = timeline.step is not None and timeline.step.starts_clock
        glows = timeline.step is not None and timeline.step.stage.source is Source.FLUORESCENCE
        alone = can_take and not (can_pair or glows or starts)  # of a pair the white-light picture is better than none
        button = button_text(None) if alone and timeline.button else timeline.button
        self.large.setText(f"{button}   {keys}".rstrip())
        self.large.setVisible(bool(button))
        self.large.setEnabled((can_take and (can_pair or not glows)) or (starts and not signed))
        self.pair_button.setEnabled(can_take and can_pair)
        self.picture_button.setEnabled(can_take)
        self.skip_button.setEnabled(timeline.step is not None and not starts and not signed)
        self._ask_row.setVisible(not asked)
        for answer in (self.allergy_no, self.allergy_yes):
            answer.setEnabled(not signed)
        self._override.setVisible(timeline.overridable and not signed)
        self._show_rows(timeline.rows)

    def _show_rows(self, rows: tuple[TimelineRow, ...]) -> None:
        if [row.key for row in rows] != [key for key, *_ in self._rows]:
            self._make_rows(rows)
        shown, self._shown = self._shown, rows
        for row, (_key, sign, text, note) in zip(rows, self._rows, strict=True):
            if row in shown:
                continue
            sign.setText(SIGNS[row.state])
            text.setText(row.text)
            note.setText(tr("missed") if row.state is RowState.MISSED else row.note)
            text.setAccessibleName(row.spoken)
            role = "" if row.state in (RowState.NEXT, RowState.MISSED) else "quiet"
            for label in (sign, note):
                _role(label, role)
            # by the style sheet, which drops a bold of the font's own whenever it is read again
            _role(text, "strong" if row.state is RowState.NEXT else role)

    def _make_rows(self, rows: tuple[TimelineRow, ...]) -> None:
        for _key, *labels in self._rows:
            for label in labels:
                self._grid.removeWidget(label)
                label.deleteLater()
        self._rows, self._shown = [], ()
        for line, row in enumerate(rows):
            sign, text, note = QLabel(self), QLabel(self), QLabel(self)
            sign.setFixedWidth(16)
            for column, label in enumerate((sign, text, note)):
                label.setParent(self._lines)
                label.setTextFormat(Qt.TextFormat.PlainText)
                self._grid.addWidget(label, line, column)
            text.setWordWrap(True)  # the column is as wide as it is, whatever the language
            self._rows.append((row.key, sign, text, note))

    def _made_question(self) -> QFrame:
        frame = QFrame(self)
        frame.setProperty("role", "banner")
        row = QHBoxLayout(frame)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(QLabel(tr("Iodine allergy?"), frame), 1)
        self.allergy_no, self.allergy_yes = QPushButton(NO, frame), QPushButton(YES, frame)
        for button, answer in ((self.allergy_no, False), (self.allergy_yes, True)):
            button.setAccessibleName(tr("Iodine allergy: yes") if answer else tr("Iodine allergy: no"))
            button.clicked.connect(lambda _checked=False, answer=answer: self.allergy.emit(answer))
            row.addWidget(button)
        return frame

    def _made_override(self) -> QFrame:
        frame = QFrame(self)
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 0, 0, 0)
        self.reason = QLineEdit(frame)
        self.reason.setPlaceholderText(tr("Reason, needed to use it all the same"))
        self.reason.setAccessibleName(tr("Reason for iodine in spite of the allergy"))
        self.use = QPushButton(OVERRIDE, frame)
        self.use.setEnabled(False)
        self.reason.textChanged.connect(lambda text: self.use.setEnabled(bool(text.strip())))
        self.use.clicked.connect(lambda: self.override.emit(self.reason.text().strip()))
        self.reason.returnPressed.connect(self.use.click)
        column.addWidget(self.reason)
        column.addWidget(self.use)
        return frame

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.clock)
        top.addStretch(1)
        top.addWidget(self.countdown)
        small = QHBoxLayout()
        small.setSpacing(6)
        for button in (self.picture_button, self.pair_button, self.skip_button):
            small.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.headline)
        column.addWidget(self.warning)
        column.addWidget(self._override)
        column.addWidget(self.large)
        column.addLayout(small)
        column.addWidget(self._ask_row)
        column.addWidget(self._lines)


def _letters(label: QLabel, pixels: int, *, bold: bool = False) -> None:
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setStyleSheet(f"font-size: {pixels}px; font-weight: {600 if bold else 400};")
    font = QFont(label.font())
    font.setPixelSize(pixels)
    label.setFont(font)


def _role(label: QLabel, role: str) -> None:
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().polish(label)
