"""What the program was started with, as by a double click: a model file waits until a library is open. What a second
start was given comes to the window that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt

from pfm_desktop.support import handed
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import given as model
from pfm_desktop.viewmodels.words import spoken

if TYPE_CHECKING:
    from pfm_desktop.gui.main_window import MainWindow


class GivenFile(QObject):
    """Of one window, as it starts. `library`: the folder that was given, "" for none."""

    def __init__(self, window: MainWindow, name: str) -> None:
        super().__init__(window)
        self._window = window
        self.library = self._model = self._problem = ""
        try:
            found = model.given(name)
        except UserError as error:
            self._problem = spoken(error)
            window.messages.problem(self._problem)
        else:
            self.library, self._model = found.library, found.model
        if self._model or self._problem:
            window.ready.connect(self._go_on)
            window.lock.changed.connect(lambda _locked: self._go_on())
        if self._model:
            window.door.locked.connect(lambda _folder: self._wait())
            window.door.failed.connect(lambda _why: self._wait())

        if window.session is not None:  # it is open already
            self._go_on()

    def _wait(self) -> None:
        if self._model:
            self._window.messages.note(model.waits(self._model))

    def _go_on(self) -> None:
        """Once a library is open and not locked; what was said before may have gone with a visit that opened again."""
        from pfm_desktop.gui.main_window import MODELS

        window = self._window
        if window.desk is None or window.lock.locked:
            return
        problem, file = self._problem, self._model
        self._problem = self._model = ""
        if problem:
            window.messages.problem(problem)
        if file:
            window.messages.clear_notes()
            window.show_page(MODELS)
            page: Any = window.desk.page(MODELS)
            page.look_at(file)


class HandedFiles(QObject):
    """Takes what later starts of the program hand over, and comes to the front."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._watcher = QFileSystemWatcher(self)
        try:
            handed.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:  # each start has its own window then
            return
        self._watcher.addPath(str(handed.folder()))
        self._watcher.directoryChanged.connect(lambda _folder: self._take())

    def _take(self) -> None:
        for file in handed.taken():
            window = self._window
            window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
            window.raise_()
            window.activateWindow()
            GivenFile(window, file)
