"""Opening, making and changing libraries; the window stands meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.file_dialog import ask_folder
from pfm_desktop.jobs import Handle, Progress
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import demo_library_dir
from pfm_desktop.viewmodels import opening

if TYPE_CHECKING:
    from pfm_desktop.domain.case import VisitRow
    from pfm_desktop.storage.library import Library

LIST_SEEN_MS = 20  # the list that was looked at is on the screen before the loading begins
log = logging.getLogger(__name__)


class LibraryDoor(QObject):
    """`opened(library, folder)` or `failed(message)` or `stopped()` comes after each `open` or `create`.

    Before that, where the first look at the library shows its list, `looked(rows)`. Of an encrypted library `locked`
    tells that somebody has to `sign_in` first, and `refused` that it was in vain; `made(key, folder)` has the recovery
    key of a new one, which `go_in` opens.
    """

    looked = Signal(object)
    opened = Signal(object, str)
    failed = Signal(str)
    stopped = Signal()
    stepped = Signal(object)
    locked = Signal(str)
    refused = Signal(object)
    made = Signal(str, str)

    def __init__(self, jobs: QtJobs, parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs, self._window = jobs, parent
        self._handle: Handle | None = None
        self._glance = Background(self)
        self._soon = QTimer(self, singleShot=True, interval=LIST_SEEN_MS)
        self._soon.timeout.connect(lambda: self.open(self.folder))
        self._after: Callable[[], None] | None = None  # what is wanted in place of the library that is being opened
        self._new: Library | None = None  # made, and its recovery key is being shown
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
        self._start(opening.open_library, folder, tr("Opening {library}", library=opening.name_of(folder)))

    def open_for_writing(self, library: Library) -> None:
        """The library that is open for reading only, once more; it stays until then."""
        folder = "" if library.demo else str(library.path)
        self._start(opening.open_for_writing, folder, tr("Opening the library for writing"), library)

    def create(self, folder: str, name: str = "", password: str = "") -> None:
        """Make a new library in `folder` and open it: encrypted, or plain where no name is given."""
        self._start(opening.create_library, folder, tr("Making the library"), name, password)

    def sign_in(self, name: str, password: str) -> None:
        """Open the library that was found `locked`."""
        self._start(opening.sign_in, self.folder, tr("Signing in"), name, password)

    def recover(self, key: str, name: str, password: str) -> None:
        """The same with the recovery key; `password` is that of `name` from then on."""
        self._start(opening.recover, self.folder, tr("Signing in"), key, name, password)

    def go_in(self) -> bool:
        """The recovery key was kept: the new library is opened; False where there is none."""
        library, self._new = self._new, None
        if library is not None:
            opening.recovery_key_kept(library)
            self.opened.emit(library, self.folder)
        return library is not None

    def prepare(self) -> None:
        """Load what opening needs while a password is being typed."""
        self._glance.start(opening.load, done=_ignore, failed=_ignore)

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
        if self._new is not None:
            self._new.close()
            self._new = None

    def is_open(self, folder: str, library: Library | None) -> bool:
        """Whether `folder` is the library that is open: opened twice it would be locked by this very program."""
        wanted = Path(folder) if folder else demo_library_dir()
        return library is not None and wanted.absolute() == library.path

    def ask(self, title: str, then: Callable[[str], None], *, new: bool) -> None:
        """Let the user choose a folder, or make one; the window stays usable."""
        ask_folder(self._window, "library_folder", title, then, new=new)

    def _start(self, job: Callable[..., Any], folder: str, title: str, *more: object) -> None:
        self.folder = folder
        if self._handle is not None:
            self._instead(lambda: self._start(job, folder, title, *more))
            return
        self.forget()
        self._handle = self._jobs.start(
            job,
            folder,
            *more,
            title=title,
            done=lambda found: self._done(found, folder),
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

    def _done(self, found: Library | opening.SignInNeeded | opening.Refused | opening.NewLibrary, folder: str) -> None:
        self._handle = None
        key = found.recovery_key if isinstance(found, opening.NewLibrary) else ""
        if isinstance(found, opening.NewLibrary):
            found = found.library
        if self._after is not None and not isinstance(found, opening.SignInNeeded | opening.Refused):
            found.close()
        if self._go_on():
            return
        if isinstance(found, opening.SignInNeeded):
            self.locked.emit(folder)
        elif isinstance(found, opening.Refused):
            self.refused.emit(found)
        elif key:
            self._new = found
            self.made.emit(key, folder)
        else:
            self.opened.emit(found, folder)

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


def _ignore(_answer: object) -> None:
    """What is met again when it is needed."""
