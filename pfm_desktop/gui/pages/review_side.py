"""The right column: findings, AI answer, pins, report."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.heatmap_controls import HeatmapControls

if TYPE_CHECKING:
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.viewmodels.session import Session

NARROW, WIDE = 340, 480
SHARE = 0.26  # of the page's width


class SideColumn(QTabWidget):
    """Four tabs, each scrolling on its own."""

    def __init__(self, session: Session, jobs: QtJobs, stage: StageWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Findings, AI, pins and report")
        self.setDocumentMode(True)
        self.findings = _made("findings_panel", "FindingsPanel", session)
        self.answer = _made("answer_panel", "AnswerPanel", session)
        self.pins = _made("pins_panel", "PinsPanel", session)
        self.report = _made("report_panel", "ReportPanel", session, jobs)
        self.heatmap = HeatmapControls(stage)
        self.addTab(_scrolling(self.findings), "Findings")
        self.addTab(self._ai_tab(), "AI")
        self.addTab(_scrolling(self.pins), "Pins")
        self.addTab(_scrolling(self.report), "Report")
        for index in range(self.count()):
            self.setTabToolTip(index, f"Alt+{index + 1}")

    @property
    def panels(self) -> tuple[Any, ...]:
        """All that show the case."""
        return self.findings, self.answer, self.pins, self.report

    def fit_to(self, page_width: int) -> None:
        """As wide as the page allows: the stage keeps most of it."""
        self.setFixedWidth(min(WIDE, max(NARROW, round(SHARE * page_width))))

    def go_to(self, index: int) -> None:
        """Show a tab and give it the keys."""
        self.setCurrentIndex(index)
        self.tabBar().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _ai_tab(self) -> QWidget:
        tab = QWidget()
        column = QVBoxLayout(tab)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(_scrolling(self.answer), 1)
        column.addWidget(self.heatmap)
        return tab


def _scrolling(panel: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


class _Later(QLabel):
    def show_case(self, case: Any) -> None: ...
    def show_answer(self, answer: Any, *, pending: bool, problem: str = "") -> None: ...
    def set_sources(self, pictures: Any, answer: Any) -> None: ...


def _made(module: str, name: str, *args: Any) -> Any:
    try:
        return getattr(importlib.import_module(f"pfm_desktop.gui.widgets.{module}"), name)(*args)
    except ImportError:
        return _Later(name)
