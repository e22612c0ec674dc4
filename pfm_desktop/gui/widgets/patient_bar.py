"""The patient bar: whose visit is on the desk, always in sight; and what kind of library this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtGui import Qt as QtText
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.cut_words import OneLine, RoomyLine
from pfm_desktop.gui.widgets.panel_parts import say
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.iodine import allergy_words
from pfm_desktop.viewmodels.worklist import birth_text, moment_of

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase

DEMO = tr("Demo library - phantoms, no real women")
OPEN_TO_ALL = tr("Not encrypted")
OPEN_HINT = tr("Whoever can read the folder of this library can read its pictures and names. For research only.")
NOBODY = tr("No visit open")
AGAIN = tr("Open for writing")
HIDDEN = tr("Names are hidden on this page")
ELSEWHERE = tr("Open in Review:")  # on Today somebody else may be worked on
BADGE = 64  # pixels around the words of a badge, and by which one of its two lines is longer
FACTS, FACTS_SLIM = 260, 200  # pixels: a number of a dozen letters stands in one line
SLIM, WIDE = 640, 1400  # a bar that is narrower, one in which all stands in a line


class PatientBar(QFrame):
    """Name, birth date, number, visit and why she came; badges on the right, of her an allergy to iodine.

    `quiet`: in small letters only, beside work that may be about another woman.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("patient_bar")
        self.setAccessibleName(tr("Patient"))
        self.name, self.facts = RoomyLine(self, least=16), QLabel(self)
        self.name.setObjectName("patient_name")
        self.indication = OneLine(self)
        self.demo, self.who = RoomyLine(self, least=4), RoomyLine(self, least=4)  # they give way first
        self.open_to_all, self.reading, self.allergy = QLabel(OPEN_TO_ALL, self), QLabel(self), QLabel(self)
        self.demo.show_words(DEMO)
        self.open_to_all.setToolTip(OPEN_HINT)
        for label in (self.name, self.facts, self.indication, self.reading, self.who):
            label.setTextFormat(Qt.TextFormat.PlainText)
            let_copy(label)
        for badge in (self.demo, self.reading, self.open_to_all, self.allergy):
            badge.setProperty("role", "badge")
            badge.hide()
        self.facts.setWordWrap(True)  # in a narrow window the facts take two lines and are never cut
        for badge in (self.reading, self.allergy):
            badge.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(self.name)
        known = QVBoxLayout()
        known.setSpacing(1)
        known.addWidget(self.facts)
        known.addWidget(self.indication)
        row.addLayout(known, 1)
        self.who.setProperty("role", "quiet")
        for part in (self.allergy, self.who, self.demo, self.open_to_all):
            row.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 6, 14, 6)
        column.addLayout(row)
        self.again = QPushButton(AGAIN, self)
        self.again.hide()
        below = QHBoxLayout()
        below.setSpacing(10)
        below.addWidget(self.reading, 1)
        below.addWidget(self.again)
        column.addLayout(below)
        self.setMinimumHeight(44)
        self.show_case(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a small screen all parts take less."""
        self._share()
        super().resizeEvent(event)

    def _share(self) -> None:
        self.allergy.ensurePolished()  # its letters are bold then
        slim, words = self.width() < SLIM, self.allergy.fontMetrics().horizontalAdvance(self.allergy.text())
        self.facts.setMinimumWidth(FACTS_SLIM if slim else FACTS)
        # it would take a line for each word: one where there is room, else two
        self.allergy.setMinimumWidth(0 if slim else BADGE + (words if self.width() >= WIDE else words // 2))

    def show_case(self, case: VisitCase | None, *, quiet: bool = False) -> None:
        """Show whose visit is open; None: nobody's."""
        say(self.allergy, "" if quiet else allergy_words(case))
        self._share()
        for label in (self.facts, self.indication):
            label.setProperty("role", "quiet" if quiet else "")
            label.style().polish(label)
        if case is None:
            self._show_name(NOBODY, quiet=quiet)
            self.facts.setText(NOBODY if quiet else "")
            self.facts.setToolTip("")
            self.indication.show_words("")
            return
        patient = case.patient
        name = patient.display_name or tr("(no name)")
        self._show_name(name, quiet=quiet)
        facts = tr(
            "born {birth_date}    ID {identifier}    visit {moment}",
            birth_date=_whole(birth_text(patient.birth_date)),
            identifier=patient.identifier,
            moment=_whole(moment_of(case.visit)),
        )
        facts = facts.replace(f" {patient.identifier}", f"\N{NO-BREAK SPACE}{patient.identifier}")  # and what it is
        before = f"{ELSEWHERE} {name}    " if quiet else ""
        signed = ("  -  " + tr("signed", "a visit")) if case.signed else ""
        self.facts.setText(f"{before}{facts}{signed}")
        self.facts.setToolTip(QtText.convertFromPlainText(self.facts.text()))  # a number may be wider than its room
        indication = case.visit.indication.strip()
        self.indication.show_words(tr("Indication: {indication}", indication=indication) if indication else "")

    def _show_name(self, name: str, *, quiet: bool) -> None:
        self.name.show_words(name)
        self.name.setVisible(not quiet)

    def hide_names(self) -> None:
        """Nothing of any woman: pairs are read for labels without knowing whose they are."""
        self.name.show_words("")
        say(self.allergy, "")
        self.facts.setProperty("role", "quiet")
        self.facts.style().polish(self.facts)
        self.facts.setText(HIDDEN)
        self.facts.setToolTip("")
        self.indication.show_words("")

    def show_library(self, *, demo: bool, reading: str, who: str = "", plain: bool = False) -> None:
        """Say whether the library is the demo, what cannot be changed, who is signed in, that it is not encrypted."""
        self.demo.setVisible(demo)
        self.open_to_all.setVisible(plain and not demo)
        self.who.show_words(tr("Signed in: {who}", who=who) if who else "")
        self.reading.setVisible(bool(reading))
        self.say_reading(reading)

    def say_reading(self, reading: str, *, over: str = "") -> None:
        """What cannot be changed and why ("" where all can); `over`: what is said once that is over, by the button."""
        self.reading.setText(over or reading)
        self.again.setVisible(bool(over))


def _whole(moment: str) -> str:
    """A day or a moment that no line breaks in two."""
    return moment.replace(" ", "\N{NO-BREAK SPACE}")
