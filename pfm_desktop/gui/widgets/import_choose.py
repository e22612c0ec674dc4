"""What is to be looked at for an import: folders, zips, files; chosen by dialogs or dropped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.widgets.file_dialog import ask_files, ask_folder
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr

ABOUT = tr(
    "Choose folders, zips or picture files, or drop them here. They are looked at first: whose they are, when they "
    "were taken, what they show. Nothing is brought in before you have seen it, and nothing is changed where it lies."
)
_KINDS = tr(
    "Pictures, videos, DICOM and zips "
    "(*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.heic *.heif *.dcm *.avi *.mkv *.zip)"
)


class ImportChoose(QWidget):
    """`wanted(paths)` when they are to be looked at."""

    wanted = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = ""  # where the last dialog ended
        self.problem, self.about = words(self, "problem"), words(self, text=ABOUT)
        self.list = QListWidget(self)
        self.list.setAccessibleName(tr("Chosen folders, zips and files"))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.folder, self.files = QPushButton(tr("Add folder..."), self), QPushButton(tr("Add zips or files..."), self)
        self.remove, self.look = QPushButton(tr("Remove"), self), QPushButton(tr("Look at them"), self)
        self._lay_out()
        self.folder.clicked.connect(lambda _checked=False: self._ask(folders=True))
        self.files.clicked.connect(lambda _checked=False: self._ask(folders=False))
        self.remove.clicked.connect(lambda _checked=False: self._remove())
        self.look.clicked.connect(lambda _checked=False: self.wanted.emit(list(self.paths)))
        self.list.itemSelectionChanged.connect(self._refresh)
        self._closed = False
        self.say("")
        self._refresh()

    @property
    def paths(self) -> tuple[Path, ...]:
        """What was chosen, in that order."""
        return tuple(Path(self.list.item(row).text()) for row in range(self.list.count()))

    def add(self, paths: Sequence[Path]) -> None:
        """Put folders, zips and files on the list, each once; the keys go to the button that looks at them."""
        there = {str(path) for path in self.paths}
        self.list.addItems([str(path) for path in paths if str(path) not in there])
        self.say("")
        self._refresh()
        if self.isVisible() and self.look.isEnabled():
            self.look.setFocus()

    def clear(self) -> None:
        """Nothing is chosen any more."""
        self.list.clear()
        self._refresh()

    def close_for(self, reason: str) -> None:
        """This library takes no pictures; "": it does."""
        self._closed = bool(reason)
        for button in (self.folder, self.files):
            button.setEnabled(not reason)
        if reason:
            self.say(tr("No pictures can be brought into this library: {reason}.", reason=reason))
        self._refresh()

    def say(self, problem: str) -> None:
        """Say what is wrong."""
        say(self.problem, problem)

    def take_keys(self) -> None:
        """The next thing to press has the keys."""
        (self.look if self.look.isEnabled() else self.folder).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete takes what is chosen off the list."""
        if event.key() == Qt.Key.Key_Delete:
            self._remove()
        else:
            super().keyPressEvent(event)

    def _ask(self, *, folders: bool) -> None:
        start = self._folder or QStandardPaths.writableLocation(QStandardPaths.StandardLocation.HomeLocation)
        if folders:
            title = tr("Bring in pictures of this folder")
            ask_folder(self, "import_folder", title, lambda folder: self._chosen([folder]), folder=start)
        else:
            kinds = ";;".join((_KINDS, tr("All files (*)")))
            ask_files(self, "import_files", tr("Bring in zips or files"), self._chosen, kind=kinds, folder=start)

    def _chosen(self, paths: list[str]) -> None:
        if paths:
            self._folder = str(Path(paths[0]).parent)
        self.add([Path(path) for path in paths])

    def _remove(self) -> None:
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self._refresh()

    def _refresh(self) -> None:
        self.look.setEnabled(bool(self.list.count()) and not self._closed)
        self.remove.setEnabled(bool(self.list.selectedItems()))

    def _lay_out(self) -> None:
        hint = QLabel(
            tr("A file import.csv in a chosen folder (patient,visit_time,stage,source,file) is followed."), self
        )
        hint.setProperty("role", "quiet")
        hint.setWordWrap(True)
        row = QHBoxLayout()
        for button in (self.folder, self.files, self.remove):
            row.addWidget(button)
        row.addStretch(1)
        self.look.setDefault(True)
        row.addWidget(self.look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.about, self.problem):
            column.addWidget(widget)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        column.addWidget(hint)
