"""The labels of the pots of a visit, saved as PDF: where to is asked, the rest is a job."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from pfm_desktop.gui.widgets.file_dialog import ask_where
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import labels as model

if TYPE_CHECKING:
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.interop.labels import Label
    from pfm_desktop.viewmodels.pins import Registered
    from pfm_desktop.viewmodels.report_form import Saved
    from pfm_desktop.viewmodels.session import Session


class LabelSaving(QObject):
    """`said(text)` once they are saved, or why not."""

    said = Signal(str)

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._window = session, jobs, parent
        self._folder = ""

    def ask(self, known: Registered) -> None:
        """Where the labels of the visit on the desk are to go, as they are now."""
        case = self._session.case
        if case is None or not (labels := model.pot_labels(case, known)):
            return
        name = model.default_name(case)
        to = partial(self.save_to, labels, case.visit.id)
        ask_where(self._window, "save_labels", tr("Save the labels"), name, to, folder=self._folder)

    def save_to(self, labels: tuple[Label, ...], visit_id: str, path: str) -> None:
        """Write them."""
        self._folder = str(Path(path).parent)
        self.said.emit(tr("Saving the labels ..."))
        self._jobs.start(
            model.save_labels, self._session.library, labels, visit_id, path,
            title=tr("Saving the labels"), done=self._saved, failed=self._not_saved,
            stopped=lambda: self._not_saved(tr("It was stopped. No labels were saved.")),
        )  # fmt: skip

    def _saved(self, saved: Saved) -> None:
        if isValid(self):
            self.said.emit(saved.said)

    def _not_saved(self, message: str) -> None:
        if isValid(self):
            self.said.emit(tr("Not saved. {message}", message=message))
