"""The plan of examinations at this site: which steps, in which order, and which take themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.examination import DEFAULT_PLAN, LONGEST_MARK_S, Plan, PlanError, Step, checked
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, CalmSpinBox, LeavesOnEscape, in_a_row, say, words
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from collections.abc import Sequence

HINT = tr(
    "The plan of this site, for all who examine here. It holds for examinations that begin from now on. A step with "
    "seconds is a mark of the clock since acetic acid."
)
CLOCK = "clock"
KINDS: tuple[tuple[str, str], ...] = (
    (Stage.SALINE.value, tr("Saline")),
    (Stage.GREEN.value, tr("Green filter")),
    (Stage.FLUORESCENCE_BEFORE_ACID.value, tr("Fluorescence before acid")),
    (CLOCK, tr("Acetic acid: start the clock")),
    (Stage.ACETIC_ACID.value, tr("Acetic acid")),
    (Stage.FLUORESCENCE_AFTER_ACID.value, tr("Fluorescence after acid")),
    (Stage.LUGOL.value, tr("Lugol's iodine")),
)
NO_MARK = 0


@dataclass
class _Line:
    kind: CalmComboBox
    seconds: CalmSpinBox
    pair: QCheckBox
    automatic: QCheckBox
    up: QPushButton
    down: QPushButton
    away: QPushButton
    mark: float | None  # as it was shown, which may have a part of a second

    @property
    def parts(self) -> tuple[QWidget, ...]:
        return (self.kind, self.seconds, self.pair, self.automatic, self.up, self.down, self.away)


class PlanForm(LeavesOnEscape, QScrollArea):
    """`saved(plan)` when it is to be the plan of the site, `closed` when not."""

    saved = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._lines: list[_Line] = []
        self._grid = QGridLayout()
        self.problem = words(self, "problem")
        self.add = QPushButton(tr("Add a step"), self)
        self.reset = QPushButton(tr("As it came with the program"), self)
        self.save, self.cancel = QPushButton(tr("Save the plan"), self), QPushButton(tr("Cancel"), self)
        self._lay_out()
        self.add.clicked.connect(lambda: self._add(Step(Stage.ACETIC_ACID, seconds=90.0, automatic=True)))
        self.reset.clicked.connect(lambda: self._show(DEFAULT_PLAN))
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self.closed)

    def begin(self, plan: Plan, *, may_change: str = "", problem: str = "") -> None:
        """Show a plan; `may_change`: why it cannot be changed by who is here, "" where it can; `problem`: why it is not
        the one that was kept."""
        self._show(plan)
        self.save.setEnabled(not may_change)
        say(self.problem, may_change or problem)
        self.save.setFocus()

    @property
    def plan(self) -> Plan:
        """As it stands in the form; raises `PlanError`."""
        return checked([_step_of(line) for line in self._lines])

    def _save(self) -> None:
        try:
            plan = self.plan
        except PlanError as error:
            say(self.problem, tr("{problem}. Nothing was saved.", problem=capital(str(error))))
            return
        say(self.problem, "")
        self.saved.emit(plan)

    def _show(self, plan: Sequence[Step]) -> None:
        for line in self._lines:
            self._drop(line)
        self._lines = []
        for step in plan:
            self._lines.append(self._made(step))
        self._place()

    def _add(self, step: Step) -> None:
        self._lines.append(self._made(step))
        self._place()
        self._lines[-1].kind.setFocus()

    def _made(self, step: Step) -> _Line:
        line = _Line(
            CalmComboBox(self),
            CalmSpinBox(self),
            QCheckBox(tr("pair"), self),
            QCheckBox(tr("by itself"), self),
            QPushButton(tr("Up"), self),
            QPushButton(tr("Down"), self),
            QPushButton(tr("Remove"), self),
            step.seconds,
        )
        for value, text in KINDS:
            line.kind.addItem(text, value)
        line.kind.setCurrentIndex(line.kind.findData(CLOCK if step.starts_clock else step.stage.value))
        line.seconds.setRange(NO_MARK, int(LONGEST_MARK_S))
        line.seconds.setSuffix(" s")
        line.seconds.setSpecialValueText(tr("by key"))
        line.seconds.setValue(NO_MARK if step.seconds is None else int(step.seconds))
        line.pair.setChecked(step.pair)
        line.automatic.setChecked(step.automatic)
        line.kind.currentIndexChanged.connect(lambda _place: _fit(line))
        line.seconds.valueChanged.connect(lambda _value: _fit(line))
        line.up.clicked.connect(lambda: self._move(line, -1))
        line.down.clicked.connect(lambda: self._move(line, 1))
        line.away.clicked.connect(lambda: self._remove(line))
        _fit(line)
        return line

    def _move(self, line: _Line, by: int) -> None:
        place = self._lines.index(line)
        to = min(max(place + by, 0), len(self._lines) - 1)
        self._lines.insert(to, self._lines.pop(place))
        self._place()

    def _remove(self, line: _Line) -> None:
        self._lines.remove(line)
        self._drop(line)
        self._place()

    def _drop(self, line: _Line) -> None:
        for part in line.parts:
            self._grid.removeWidget(part)
            part.hide()
            part.deleteLater()

    def _place(self) -> None:
        for row, line in enumerate(self._lines):
            for column, part in enumerate(line.parts):
                self._grid.removeWidget(part)
                self._grid.addWidget(part, row + 1, column)
                part.show()
            named = tr("Step {number}", number=row + 1)
            names = (
                tr("kind"),
                tr("seconds after acetic acid"),
                tr("pair"),
                tr("by itself"),
                tr("up"),
                tr("down"),
                tr("remove"),
            )
            for part, name in zip(line.parts, names, strict=True):
                part.setAccessibleName(titled(named, name))
            line.up.setEnabled(row > 0)
            line.down.setEnabled(row + 1 < len(self._lines))

    def _lay_out(self) -> None:
        for place, text in enumerate((tr("Step"), tr("Seconds after acid"))):
            self._grid.addWidget(QLabel(text, self), 0, place)
        self._grid.setColumnStretch(7, 1)
        inside = QWidget(self)
        inside.setMaximumWidth(900)
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addWidget(words(self, "title", tr("Plan of examinations")))
        column.addWidget(words(self, "quiet", HINT))
        column.addLayout(self._grid)
        column.addLayout(in_a_row(self.add, self.reset))
        column.addWidget(self.problem)
        column.addLayout(in_a_row(self.save, self.cancel))
        column.addStretch(1)
        self.setWidget(inside)


def _fit(line: _Line) -> None:
    """What a step of this kind can be."""
    value = line.kind.currentData()
    timed = value in (Stage.ACETIC_ACID.value, Stage.FLUORESCENCE_AFTER_ACID.value)
    line.seconds.setEnabled(timed)
    glow = value != CLOCK and Stage(value).source is Source.FLUORESCENCE
    line.pair.setEnabled(value != CLOCK and not glow)
    if glow:
        line.pair.setChecked(True)
    line.automatic.setEnabled(timed and line.seconds.value() > NO_MARK)


def _step_of(line: _Line) -> Step:
    value = line.kind.currentData()
    if value == CLOCK:
        return Step(Stage.ACETIC_ACID, starts_clock=True)
    seconds = float(line.seconds.value()) if line.seconds.isEnabled() and line.seconds.value() > NO_MARK else None
    if seconds is not None and line.mark is not None and int(line.mark) == int(seconds):
        seconds = line.mark
    automatic = seconds is not None and line.automatic.isChecked()
    return Step(Stage(value), seconds=seconds, pair=line.pair.isChecked(), automatic=automatic)
