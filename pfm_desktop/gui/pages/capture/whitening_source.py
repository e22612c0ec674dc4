"""Where the frames come from on which whitening is measured: those of now, else of the clips since acid was applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.gui.pages.capture.recording import Recording
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.jobs import Handle
    from pfm_desktop.services.capture.following import Followed
    from pfm_desktop.viewmodels.session import Session

Found = Callable[["Followed | None"], None]


class WhiteningSource(QObject):
    """Finds it once, and remembers it for the visit. `said(text)` for a person."""

    said = Signal(str)

    def __init__(self, session: Session, jobs: QtJobs, recording: Recording, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._recording = session, jobs, recording
        self._read: Followed | None = None  # from a clip
        self._job: Handle | None = None
        self._wanted: tuple[str, ...] = ()  # the clips that are being read

    def forget(self) -> None:
        """Another visit is on the desk: what is being read of the one before reaches nobody."""
        self._read = None
        self._wanted = ()
        if self._job is not None:
            self._job.cancel()
        self._job = None

    def find(self, found: Found) -> None:
        """Give it to `found`, later where a clip has to be read; None where there is nothing."""
        followed = self._recording.followed
        if followed is not None or self._read is not None:
            found(followed or self._read)
            return
        wanted = self._clips()
        if not wanted:
            found(None)
        elif self._job is None:
            from pfm_desktop.services.capture import following

            self._wanted = wanted

            def came(read: Followed) -> None:
                if self._wanted == wanted:
                    self._job, self._read = None, read
                    found(read)

            def failed(problem: str) -> None:
                if self._wanted == wanted:
                    self._job = None
                    self.said.emit(problem)
                    found(None)

            self._job = self._jobs.start(
                following.from_clips,
                self._session.library,
                wanted,
                title=tr("Looking at whitening"),
                done=came,
                failed=failed,
                stopped=lambda: failed(tr("Stopped.")),
            )

    def _clips(self) -> tuple[str, ...]:
        """Of this visit since acid was applied last, the earliest first: a crash, or another page, may have come
        between."""
        from pfm_desktop.services.capture import following

        case = self._session.case
        if case is None:
            return ()
        try:
            return following.clips_since_acid(self._session.library, case.visit.id)
        except UserError as error:
            self._session.say(error)
            return ()
