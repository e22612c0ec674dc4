"""Where files and folders are, or are to go: asked without holding up the window, in one dialog throughout.

It is Qt's own: those of Windows and of desktops keep lists of what was chosen, and tell others. See `application`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QFileInfo, QPointF, QSize, QStandardPaths, Qt
from PySide6.QtGui import QIcon, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QFileDialog,
    QFileIconProvider,
    QHeaderView,
    QLineEdit,
    QSplitter,
    QToolButton,
    QTreeView,
    QWidget,
)

from pfm_desktop.support.language import tr

PDF = tr("PDF (*.pdf)")
SIZE, PLACES = (900, 560), 170  # pixels: of the dialog, and how wide the places at its left are
_SIDE, _SHARP = 20, 3  # of an icon, and icon pixels a screen pixel, so that 200 % and 300 % stay sharp
# Lines on a square of 20: Qt's own icons are black on every ground
_LINES = {
    "backButton": (((12, 4), (6, 10), (12, 16)),),
    "forwardButton": (((8, 4), (14, 10), (8, 16)),),
    "toParentButton": (((4, 9), (10, 3), (16, 9)), ((10, 3), (10, 17))),
    "newFolderButton": (
        ((9, 16), (2, 16), (2, 4), (7, 4), (9, 6), (18, 6), (18, 9)), ((14, 11), (14, 19)), ((10, 15), (18, 15)),
    ),
    "listModeButton": tuple(((x, y), (x + 5, y)) for x in (3, 12) for y in (5, 10, 15)),
    "detailModeButton": tuple(((x, y), (end, y)) for x, end in ((3, 9), (12, 13), (16, 17)) for y in (5, 10, 15)),
}  # fmt: skip


def ask_where(
    parent: QWidget,
    id_: str,
    title: str,
    name: str,
    then: Callable[[str], object],
    *,
    kind: str = PDF,
    folder: str = "",
) -> QFileDialog:
    """Ask for the file, and do `then` with its path. `name` is offered, and the ending of the kind that is chosen is
    added where none is typed; `id_` is the dialog's object name, `folder` where it begins ("": her documents)."""
    dialog = _FileDialog(parent, id_, title, folder, kind)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix[1:])
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(_ending(chosen)))
    dialog.selectFile(name)
    dialog.fileSelected.connect(then)
    dialog.open()
    return dialog


def ask_file(
    parent: QWidget, id_: str, title: str, then: Callable[[str], object], *, kind: str, folder: str = ""
) -> None:
    """Ask for a file that is there, and do `then` with its path."""
    dialog = _FileDialog(parent, id_, title, folder, kind)
    dialog.fileSelected.connect(then)
    _open(dialog, QFileDialog.FileMode.ExistingFile)


def ask_files(
    parent: QWidget, id_: str, title: str, then: Callable[[list[str]], object], *, kind: str, folder: str = ""
) -> None:
    """The same of several."""
    dialog = _FileDialog(parent, id_, title, folder, kind)
    dialog.filesSelected.connect(then)
    _open(dialog, QFileDialog.FileMode.ExistingFiles)


def ask_folder(
    parent: QWidget, id_: str, title: str, then: Callable[[str], object], *, folder: str = "", new: bool = True
) -> None:
    """Ask for a folder, and do `then` with its path; `new`: one whose name is typed and that is not there yet can be
    made."""
    dialog = (_FolderDialog if new else _FileDialog)(parent, id_, title, folder)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(then)
    _open(dialog, QFileDialog.FileMode.Directory)


def _open(dialog: QFileDialog, mode: QFileDialog.FileMode) -> None:
    dialog.setFileMode(mode)
    dialog.open()


class _Kinds(QFileIconProvider):
    """Of what kind a file is says its ending: Qt would read each file for that on the thread of the window, which then
    waits for a share that is gone, or for a device that says nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._words = {True: tr("Folder"), False: tr("File")}
        self._icons = {
            True: super().icon(QFileIconProvider.IconType.Folder), False: super().icon(QFileIconProvider.IconType.File),
        }  # fmt: skip

    def icon(self, what: QFileInfo | QFileIconProvider.IconType) -> QIcon:
        """Of a file or folder, or of a place beside them."""
        return self._icons[what.isDir()] if isinstance(what, QFileInfo) else super().icon(what)

    def type(self, info: QFileInfo) -> str:
        """In words."""
        ending = "" if info.isDir() else info.suffix().upper()
        return f"{self._words[False]} {ending}" if ending else self._words[info.isDir()]


class _FileDialog(QFileDialog):
    """Qt's, with icons that are seen on every ground, room for every column, and nothing kept of it."""

    def __init__(self, parent: QWidget, id_: str, title: str, folder: str, kind: str = "") -> None:
        super().__init__(parent, title, folder or _documents(), kind)
        self.setObjectName(id_)
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
        self._kinds = _Kinds()  # the dialog itself does not keep it
        self.setIconProvider(self._kinds)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name, lines in _LINES.items():
            button = self.findChild(QToolButton, name)
            if button is not None:
                button.setIcon(_drawn(lines, button.palette()))
                button.setIconSize(QSize(_SIDE, _SIDE))
        self._give_room()

    def _give_room(self) -> None:
        screen = self.screen().availableSize()
        self.resize(QSize(*SIZE).boundedTo(screen * 0.9))
        columns, halves = self.findChild(QTreeView, "treeView"), self.findChild(QSplitter, "splitter")
        if columns is not None:
            self.setViewMode(QFileDialog.ViewMode.Detail)
            header = columns.header()
            header.setStretchLastSection(False)
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        if halves is not None:
            halves.setSizes([PLACES, self.width() - PLACES])


class _FolderDialog(_FileDialog):
    """Where the folder that was typed is not there, the button makes it; it is chosen by the next press."""

    def __init__(self, parent: QWidget, id_: str, title: str, folder: str) -> None:
        super().__init__(parent, id_, title, folder)
        self._name, buttons = self.findChild(QLineEdit, "fileNameEdit"), self.findChild(QDialogButtonBox, "buttonBox")
        self._go = None if buttons is None else buttons.button(QDialogButtonBox.StandardButton.Open)
        if self._name is not None:
            self._name.textChanged.connect(lambda _text: self._offer())
        self.setLabelText(QFileDialog.DialogLabel.Accept, tr("&Choose"))

    def accept(self) -> None:
        """Make the folder, or choose it."""
        folder = self._missing()
        if folder is None or self._name is None:
            super().accept()
            return
        try:
            folder.mkdir()
        except OSError:
            self._say(tr("It cannot be made there"), possible=False)
        else:
            self.setDirectory(str(folder))
            self._name.clear()
            self._offer()

    def _missing(self) -> Path | None:
        """What was typed, where only it is not there. Qt itself writes names there that are of other folders."""
        typed = self._name.text().strip() if self._name is not None and self._name.isModified() else ""
        folder = Path(self.directory().absolutePath(), typed)
        return folder if typed and folder.parent.is_dir() and not folder.exists() else None

    def _offer(self) -> None:
        missing = self._missing() is not None
        self._say(tr("&Make this folder") if missing else tr("&Choose"), possible=True)

    def _say(self, words: str, *, possible: bool) -> None:
        self.setLabelText(QFileDialog.DialogLabel.Accept, words)
        if self._go is not None:
            self._go.setEnabled(possible)


def _documents() -> str:
    """Where a dialog begins that nobody has told: a folder that is not there would stand in its field as a name."""
    place = QStandardPaths.StandardLocation
    folder = QStandardPaths.writableLocation(place.DocumentsLocation)
    return folder if Path(folder).is_dir() else QStandardPaths.writableLocation(place.HomeLocation)


def _ending(kind: str) -> str:
    """`pdf` of "PDF (*.pdf)"."""
    found = re.search(r"\*\.(\w[\w-]*)", kind)
    return found[1] if found else ""


def _drawn(lines: tuple[tuple[tuple[int, int], ...], ...], palette: QPalette) -> QIcon:
    icon = QIcon()
    for mode, group in (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    ):
        pixmap = QPixmap(QSize(_SIDE, _SIDE) * _SHARP)
        pixmap.setDevicePixelRatio(_SHARP)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = palette.color(group, QPalette.ColorRole.ButtonText)
        painter.setPen(QPen(colour, 2, j=Qt.PenJoinStyle.RoundJoin))
        for line in lines:
            painter.drawPolyline([QPointF(x, y) for x, y in line])
        painter.end()
        icon.addPixmap(pixmap, mode)
    return icon
