"""Puts the files of the form into the visit on the desk, as a job, and says what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.intake import Added, NewPicture, add_pictures
from pfm_desktop.viewmodels.known_pictures import Hashes, Known, doubts_of, known_pictures

if TYPE_CHECKING:
    from pfm_desktop.services.file_says import FileSays
    from pfm_desktop.viewmodels.session import Session

NOT_ADDED = tr("the pictures were not added: another visit was opened before the files were read. Add them again")


class Adding(QObject):
    """`ended` when the files meant for the visit that is still on the desk are in, or were refused."""

    ended = Signal()

    def __init__(self, session: Session, jobs: QtJobs, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._running = 0

    @property
    def busy(self) -> bool:
        """Whether files are still being added."""
        return self._running > 0

    @property
    def _visit_id(self) -> str:
        return "" if self._session.case is None else self._session.case.visit.id

    def add(self, items: tuple[NewPicture, ...]) -> None:
        """Add files to the visit on the desk."""
        visit_id = self._visit_id
        if not visit_id:
            return
        self._running += 1
        self._jobs.start(
            add_pictures,
            self._session.library,
            visit_id,
            items,
            title=tr("Adding pictures"),
            done=lambda added: self._added(visit_id, added),
            failed=lambda message: self._end(visit_id, message),
            stopped=lambda: self._end(visit_id, ""),
        )

    def held(self, files: Collection[Hashes]) -> Mapping[Hashes, Known]:
        """Which of these files the library has already, and what is to be said of them."""
        return known_pictures(self._session.library, files, self._visit_id)

    def doubts_of(self, said: FileSays) -> str:
        """What speaks against adding a file to the visit on the desk."""
        return doubts_of(self._session.library, said, self._visit_id)

    def say_not_added(self) -> None:
        """Another visit came before the files were read."""
        self._session.say(UserError(NOT_ADDED))

    def _added(self, visit_id: str, added: Added) -> None:
        for path, why in added.refused:
            self._session.say(UserError(tr("{name} was not added. {why}", name=path.name, why=why)))
        if added.count and isValid(self):
            self._session.perform(lambda _lib: added.changes)  # they are on disk; it can be undone from here on
        self._end(visit_id, "")

    def _end(self, visit_id: str, message: str) -> None:
        if not isValid(self):  # a job may end after its page
            return
        self._running -= 1
        if message:
            self._session.say(UserError(message))
        if self._visit_id == visit_id:
            self._session.refresh()
            self.ended.emit()
