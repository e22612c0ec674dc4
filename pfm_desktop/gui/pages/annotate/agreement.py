"""How far the readers of a task agree, for who may see reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.gui.widgets.plain_table import plain_table, show_rows
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.annotate_words import agreement_lines

if TYPE_CHECKING:
    from pfm_desktop.services.reading_report import ReadingReport

NOTHING = tr("Nothing to compare yet: no pair of this task was graded twice.")
HOW = tr(
    "Kappa with quadratic weights: Cohen's of two readers, Fleiss' of all. In brackets: 95 % interval, by woman. "
    "Drift: how many grades above (+) or below (-) the other readers, in blocks of 50 reads. "
    "Of two readers nobody can tell by it which of them drifts."
)


class AgreementPanel(QWidget):
    """Follows `show_report`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel(tr("Agreement"), self)
        heading.setProperty("role", "heading")
        self.note, self.how = words(self, "quiet"), words(self, "quiet", HOW)
        self.table = plain_table(self, (tr("Readers"), tr("Agreement")), tr("Agreement of the readers"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        for part in (heading, self.note, self.table, self.how):
            column.addWidget(part)

    def show_report(self, report: ReadingReport | None) -> None:
        """Show a report; None while it is being made."""
        lines = () if report is None else agreement_lines(report)
        show_rows(self.table, lines)
        self.table.setVisible(bool(lines))
        self.how.setVisible(bool(lines))
        say(self.note, "" if lines else NOTHING if report is not None else tr("Working out ..."))

    def show_problem(self, message: str) -> None:
        """Why there is none."""
        self.show_report(None)
        say(self.note, message)
