"""Opening, making and changing libraries; the window stands meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.jobs import Handle, Progress
from pfm_desktop.support.paths import demo_library_dir
from pfm_desktop.viewmodels import opening

if TYPE_CHECKING:
    from pfm_desktop.domain.case import VisitRow
    from pfm_desktop.storage.library import Library

LIST_SEEN_MS = 20  # the list that was looked at is on the screen before the loading begins
log = logging.getLogger(__name__)


class LibraryDoor(QObject):
    """`opened(library, folder)` or `failed(message)` or `stopped()` comes after each `open` or `create`.

    Before that, where the first look at the library shows its list, `looked(rows)`.
    """

    looked = Signal(object)
    opened = Signal(object, str)
    failed = Signal(str)
    stopped = Signal()
    stepped = Signal(object)

    def __init__(self, jobs: QtJobs, parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs, self._window = jobs, parent
        self._handle: Handle | None = None
        self._glance = Background(self)
        self._soon = QTimer(self, singleShot=True, interval=LIST_SEEN_MS)
        self._soon.timeout.connect(lambda: self.open(self.folder))
        self._after: Callable[[], None] | None = None  # what is wanted in place of the library that is being opened
        self.folder: str = ""
        self.chosen: str | None = None  # what the user chose here, to be opened at the next start too

    @property
    def busy(self) -> bool:
        """Whether a library is being looked at, opened or made."""
        return self._handle is not None or self._glance.busy or self._soon.isActive()

    def look_and_open(self, folder: str) -> None:
        """Show the list as soon as it can be read, then open the library."""
        self.folder = folder  # also while another one still ends: it is this one that is wanted
        if self.busy:
            self._instead(lambda: self.look_and_open(folder))
            return
        self._glance.start(opening.first_look, folder, done=self._seen, failed=lambda _message: self._seen(None))

    def open(self, folder: str) -> None:
        """Open the library in `folder`; "" is the demo library."""
        self._start(opening.open_library, folder, f"Opening {opening.name_of(folder)}")

    def create(self, folder: str) -> None:
        """Make a new library in `folder` and open it."""
        self._start(opening.create_library, folder, "Making the library")

    def stop(self) -> None:
        """Ask the work under way to stop; what was to follow it does not."""
        self._after = None
        if self._handle is not None:
            self._after = self.stopped.emit  # also where it ends whole all the same: nothing is opened
            self._jobs.cancel(self._handle.name)
        elif self.busy:
            self.forget()
            self._stop()

    def forget(self) -> None:
        """What was looked at is not opened after all."""
        self._glance.drop()
        self._soon.stop()

    def leave(self) -> None:
        """The window closes: nothing more is opened."""
        self.forget()
        self._after = None

    def is_open(self, folder: str, library: Library | None) -> bool:
        """Whether `folder` is the library that is open: opened twice it would be locked by this very program."""
        wanted = Path(folder) if folder else demo_library_dir()
        return library is not None and wanted.absolute() == library.path

    def ask(self, title: str, then: Callable[[str], None]) -> None:
        """Let the user choose a folder; the window stays usable."""
        dialog = QFileDialog(self._window, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(then)
        dialog.open()

    def _start(self, job: Callable[..., Any], folder: str, title: str) -> None:
        self.folder = folder
        if self._handle is not None:
            self._instead(lambda: self._start(job, folder, title))
            return
        self.forget()
        self._handle = self._jobs.start(
            job,
            folder,
            title=title,
            done=lambda library: self._done(library, folder),
            failed=self._fail,
            stopped=self._stop,
            step=self._step,
        )

    def _instead(self, after: Callable[[], None]) -> None:
        """What is being opened is not wanted any more."""
        self._after = after
        if self._handle is not None:
            self._jobs.cancel(self._handle.name)  # `after` follows when it has ended, whatever its end
        else:
            self.forget()
            self._go_on()

    def _go_on(self) -> bool:
        """Open what was chosen meanwhile, if anything."""
        after, self._after = self._after, None
        if after is not None:
            after()
        return after is not None

    def _seen(self, rows: Sequence[VisitRow] | None) -> None:
        if rows:
            self.looked.emit(rows)
            self._soon.start()
        else:
            self.open(self.folder)

    def _done(self, library: Library, folder: str) -> None:
        self._handle = None
        if self._after is not None:
            library.close()
        if not self._go_on():
            self.opened.emit(library, folder)

    def _fail(self, message: str) -> None:
        self._handle = None
        log.warning("a library could not be opened")
        if not self._go_on():
            self.failed.emit(message)

    def _stop(self) -> None:
        self._handle = None
        if not self._go_on():
            self.stopped.emit()

    def _step(self, step: Progress) -> None:
        self.stepped.emit(step)
