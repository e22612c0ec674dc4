"""The right column: findings, AI answer, pins, report, referral card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QPushButton,
    QScrollArea,
    QSlider,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.people import Act
from pfm_desktop.gui.widgets.answer_panel import AnswerPanel
from pfm_desktop.gui.widgets.findings_panel import FindingsPanel
from pfm_desktop.gui.widgets.heatmap_controls import HeatmapControls
from pfm_desktop.gui.widgets.label_saving import LabelSaving
from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.gui.widgets.pins_panel import PinsPanel
from pfm_desktop.gui.widgets.referral_panel import ReferralPanel
from pfm_desktop.gui.widgets.report_panel import ReportPanel
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.found import found_in, suggested_os
from pfm_desktop.viewmodels.measuring import known_of
from pfm_desktop.viewmodels.review import TABS, Desk, Step

if TYPE_CHECKING:
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session

NARROW, WIDE = 360, 480
LOW = 500  # logical pixels: a tab lower than this has no room for what does not scroll
SHARE = 0.26  # of the page's width


class SideColumn(QTabWidget):
    """Five tabs, each scrolling on its own."""

    def __init__(self, session: Session, jobs: QtJobs, stage: StageWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for named in (self, self.tabBar()):
            named.setAccessibleName(tr("Findings, AI, pins, report and referral card"))
        self.setDocumentMode(True)
        self.findings, self.answer = FindingsPanel(session), AnswerPanel(session)
        self.pins, self.report = PinsPanel(session), ReportPanel(session, jobs)
        self.referral = ReferralPanel(session)
        self.heatmap = HeatmapControls(stage)
        self.tool_keys: Callable[[], Sequence[QAction]] = tuple  # what chooses a tool of the stage
        self.swede = words(self, "quiet", self.findings.swede.status.text())
        self.addTab(self._findings_tab(), TABS["findings"])
        self.addTab(_RoomyTab(self.answer, self.heatmap), TABS["ai"])
        self.addTab(_scrolling(self.pins), TABS["pins"])
        self.addTab(_scrolling(self.report), TABS["report"])
        self.addTab(_scrolling(self.referral), TABS["referral"])
        # who labels would read in it that nothing was found or signed, where that is only not shown to her
        self.setVisible(session.library.may(Act.SEE_NAMES))
        for index in range(self.count()):
            self.setTabToolTip(index, f"Alt+{index + 1}")
        self.findings.asks.connect(self._findings_ask)
        self.labels = LabelSaving(session, jobs, self)
        self.pins.labels_wanted.connect(lambda: self.labels.ask(self.pins.known))
        self.labels.said.connect(self.pins.say)
        self._keys = QActionGroup(self)  # off as one, whatever each panel says of its own
        self._keys.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        for command in self.commands():
            self._keys.addAction(command)

    def show_case(self, case: VisitCase | None) -> None:
        """A visit as it is on disk."""
        for panel in (self.findings, self.answer, self.pins, self.report, self.referral):
            panel.show_case(case)

    def begin_visit(self, *, first_read: bool) -> None:
        """Another visit: each tab from its top; where the first read is still to be made, Findings in front."""
        for area in self.findChildren(QScrollArea):
            area.verticalScrollBar().setValue(0)
        if first_read:
            self.setCurrentIndex(0)

    def show_desk(self, desk: Desk) -> None:
        """The pair on the stage, and what is known about it."""
        problem = desk.problem if desk.failed is not Step.NOTHING else ""
        for panel in (self.findings, self.answer):
            panel.show_answer(desk.answer, pending=desk.busy, problem=problem)
        self.findings.drawing.show_pair(known_of(desk))
        self.report.set_sources(desk.pictures, desk.answer)
        pair_id = "" if desk.pair is None else desk.pair.id
        found = found_in(desk.answer.analysis if desk.answer is not None else None)
        self.pins.set_registration(pair_id, desk.registration, suggested_os(found, pair_id, None))

    def commands(self) -> tuple[QAction, ...]:
        """What the panels can do by key."""
        return (*self.findings.commands, self.answer.command, self.report.command, self.pins.command)

    def lock(self, why: str) -> None:
        """Nothing is read, revealed or signed while what is on the stage is not the pair; "" unlocks. Tabs can be
        looked at and scrolled."""
        if why and self.findings.isEnabled():
            self.left()  # what was typed goes to disk
        for panel in (self.findings, self.answer, self.heatmap, self.pins, self.report, self.referral):
            panel.setEnabled(not why)
        self.setToolTip(why)
        self._keys.setEnabled(not why)

    def left(self) -> None:
        """The page goes out of sight: what was typed goes to disk."""
        for panel in (self.findings, self.pins, self.report, self.referral):
            panel.left()

    def fit_to(self, page_width: int) -> None:
        """As wide as the page allows: the stage keeps most of it."""
        self.setFixedWidth(min(WIDE, max(NARROW, round(SHARE * page_width))))

    def go_to(self, index: int) -> None:
        """Show a tab and give it the keys."""
        self.setCurrentIndex(index)
        self.tabBar().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """With the keys on a button, a box or a slider a tool of the stage is chosen as on the stage: there a letter
        means nothing else.

        Only a tool: whoever takes the button for a field to write in changes nothing on record.
        """
        held = QApplication.focusWidget()
        alone = isinstance(held, QSlider)
        if isinstance(held, QPushButton | QToolButton | QCheckBox):
            alone = held.group() is None and not held.autoExclusive()
        pressed = QKeySequence(event.keyCombination())
        wanted = next((one for one in self.tool_keys() if pressed in one.shortcuts()), None) if alone else None
        if wanted is None:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            wanted.trigger()

    def _findings_ask(self) -> None:
        """A grade that was chosen by key, with whatever in front, needs its reason."""
        self.setCurrentIndex(0)
        shown = self.currentWidget()
        for area in shown.findChildren(QScrollArea) if shown is not None else ():
            area.verticalScrollBar().setValue(0)

    def _findings_tab(self) -> QWidget:
        """The total of the Swede score stays in sight while its items scroll."""
        self.swede.setContentsMargins(12, 4, 12, 4)
        self.swede.setAccessibleName("")  # the panel says it already
        self.findings.swede.status_changed.connect(self.swede.setText)
        return _scrolling_above(self.findings, self.swede)


class _RoomyTab(QWidget):
    """`panel` scrolls and `still` stays below it; on a tab lower than `LOW` it scrolls too, so that the panel has room.

    The order of the keys is the same either way.
    """

    def __init__(self, panel: QWidget, still: QWidget) -> None:
        super().__init__()
        self._still, content = still, QWidget()
        self._inside, self._column = QVBoxLayout(content), QVBoxLayout(self)
        for column in (self._inside, self._column):
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
        self._inside.addWidget(panel, 1)
        self._column.addWidget(_scrolling(content), 1)
        self._column.addWidget(still)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See the class."""
        super().resizeEvent(event)
        home = self._inside if self.height() < LOW else self._column
        if home.indexOf(self._still) < 0:
            shown, focus = not self._still.isHidden(), QApplication.focusWidget()
            home.addWidget(self._still)  # takes it out of the other one
            self._still.setVisible(shown)
            if focus is not None and self._still.isAncestorOf(focus):
                focus.setFocus(Qt.FocusReason.OtherFocusReason)


def _scrolling_above(panel: QWidget, still: QWidget) -> QWidget:
    """A tab in which `panel` scrolls and `still` stays below it."""
    tab = QWidget()
    column = QVBoxLayout(tab)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(_scrolling(panel), 1)
    column.addWidget(still)
    return tab


def _scrolling(panel: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
