"""What the library holds to learn from, and the form that begins a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.source import Source, together
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, say, tall, words
from pfm_desktop.gui.widgets.plain_table import as_high_as_its_rows, plain_table, show_rows
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import learning_words
from pfm_desktop.viewmodels.learning import READS, Counted, Parent

COUNTING = tr("Counting the cases ...")


class CasesPanel(QWidget):
    """`wanted` when a run is to begin with what the form says, `changed` when the cases are to be counted again."""

    wanted = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counted: Counted | None = None
        self._held = ""  # why nothing can be begun at the moment
        self.said = words(self, text=COUNTING)
        self.table = plain_table(self, learning_words.CASE_COLUMNS, tr("Cases by grade"))
        self.details, self.short = words(self, "quiet"), words(self, "badge")
        self.impressions = QCheckBox(tr("Signed impressions are labels too"), self)
        self.impressions.setToolTip(tr("Where a visit has neither histology nor reads: these always count before it"))
        self.name, self.parent_model, self.reads = QLineEdit(self), CalmComboBox(self), CalmComboBox(self)
        for sources in READS:
            self.reads.addItem(together(sources), sources)
        self.reads.setToolTip(tr("The model reads pairs of these sources, and refuses others"))
        self._parents: Mapping[str, Parent] = {}
        self.time, self.problem = words(self, "quiet"), words(self, "problem")
        self.start = QPushButton(tr("Learn a model"), self)
        self._lay_out()
        self.impressions.toggled.connect(lambda _on: self.changed.emit())
        self.parent_model.activated.connect(lambda _row: self._other_parent())
        self.reads.activated.connect(lambda _row: self.changed.emit())
        self.name.textChanged.connect(lambda _text: self._allow())
        self.name.returnPressed.connect(self._ask)
        self.start.clicked.connect(lambda _checked=False: self._ask())
        say(self.problem, "")
        self.hold("")

    def offer(self, parents: Sequence[Parent], *, used: str, name: str) -> None:
        """Models to start from, the one in use first chosen; a name for the new one, where none was typed."""
        chosen = self.parent_model.currentData() or used
        first = not self._parents
        self._parents = {parent.name: parent for parent in parents}
        self.parent_model.clear()
        for parent in parents:
            self.parent_model.addItem(parent.title, parent.name)
        self.parent_model.setCurrentIndex(max(0, self.parent_model.findData(chosen)))
        if not self.name.isModified():
            self.name.setText(name)
        if first:
            self._read_as_parent()
        self._allow()

    def show_counted(self, counted: Counted) -> None:
        """What there is."""
        self._counted = counted
        self.said.setText(learning_words.cases_text(counted))
        show_rows(self.table, learning_words.grade_rows(counted))
        as_high_as_its_rows(self.table)
        say(self.details, "\n".join(learning_words.detail_lines(counted)))
        say(self.short, learning_words.why_no_start(counted))
        say(self.time, "" if counted.missing else learning_words.time_text(counted.seconds))
        self._allow()

    def show_counting(self) -> None:
        """The cases are being counted."""
        self._counted = None
        self.said.setText(COUNTING)
        self._allow()

    def show_problem(self, message: str) -> None:
        """Why nothing was begun; what was typed stays."""
        say(self.problem, message)

    def hold(self, why: str) -> None:
        """Nothing can be begun now, and why; "" when it can again."""
        self._held = why
        self._allow()

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the new model is to read."""
        found: tuple[Source, ...] = READS[max(0, self.reads.currentIndex())]
        return found

    def _other_parent(self) -> None:
        self._read_as_parent()
        self.changed.emit()

    def _read_as_parent(self) -> None:
        parent = self._parents.get(self.parent_name)
        if parent is not None and parent.sources in READS:
            self.reads.setCurrentIndex(READS.index(parent.sources))

    @property
    def parent_name(self) -> str:
        """The model to start from."""
        return str(self.parent_model.currentData() or "")

    def _ask(self) -> None:
        if self.start.isEnabled():
            say(self.problem, "")
            self.wanted.emit()

    def _allow(self) -> None:
        ready = self._counted is not None and not self._counted.missing
        self.start.setEnabled(ready and not self._held and bool(self.name.text().strip()) and bool(self.parent_name))
        self.start.setToolTip(self._held)
        self.start.setText(self._held or tr("Learn a model"))

    def _lay_out(self) -> None:
        heading = QLabel(tr("Cases of this library"), self)
        heading.setProperty("role", "heading")
        self.name.setMaxLength(60)
        self.name.setPlaceholderText(tr("Letters, digits, - _ and ."))
        form = QFormLayout()
        form.setSpacing(8)
        for title, field in (
            (tr("Name", "of a model"), self.name),
            (tr("Start from"), self.parent_model),
            (tr("Reads", "of which pictures a model makes its answer"), self.reads),
        ):
            field.setAccessibleName(title)
            form.addRow(title, field)
        tall(self.start, 40)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        for part in (heading, self.said, self.table, self.short, self.details, self.impressions):
            column.addWidget(part)
        column.addLayout(form)
        small_print = words(self, "quiet", learning_words.SMALL_PRINT)
        for below in (self.time, self.start, self.problem, small_print):
            column.addWidget(below)
        column.addStretch(1)
