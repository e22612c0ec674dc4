"""The patient bar: whose visit is on the desk, always in sight; and what kind of library this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pfm_desktop.support.moments import moment
from pfm_desktop.viewmodels.worklist import birth_text

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase

DEMO = "Demo library - phantoms, no real women"
NOBODY = "No visit open"


class PatientBar(QFrame):
    """Name, birth date, number, visit; badges on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("patient_bar")
        self.setAccessibleName("Patient")
        self.name, self.facts = QLabel(NOBODY, self), QLabel(self)
        self.name.setObjectName("patient_name")
        self.demo, self.reading = QLabel(DEMO, self), QLabel(self)
        for label in (self.name, self.facts, self.reading):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for badge in (self.demo, self.reading):
            badge.setProperty("role", "badge")
            badge.hide()
        self.facts.setWordWrap(True)  # in a narrow window the facts take two lines and are never cut
        self.facts.setMinimumWidth(260)
        self.reading.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(self.name)
        row.addWidget(self.facts, 1)
        row.addWidget(self.demo)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 6, 14, 6)
        column.addLayout(row)
        column.addWidget(self.reading)
        self.setMinimumHeight(44)

    def show_case(self, case: VisitCase | None) -> None:
        """Show whose visit is open; None: nobody's."""
        if case is None:
            self.name.setText(NOBODY)
            self.facts.setText("")
            return
        patient = case.patient
        self.name.setText(patient.display_name or "(no name)")
        signed = "  -  signed" if case.signed else ""
        self.facts.setText(
            f"born {birth_text(patient.birth_date)}    ID {patient.identifier}    "
            f"visit {moment(case.visit.started_at)}{signed}"
        )

    def show_library(self, *, demo: bool, read_only_reason: str) -> None:
        """Say whether the library is the demo, and why it cannot be changed where that is so."""
        self.demo.setVisible(demo)
        self.reading.setVisible(bool(read_only_reason))
        self.reading.setText(f"Read only, nothing can be changed here: {read_only_reason}" if read_only_reason else "")
