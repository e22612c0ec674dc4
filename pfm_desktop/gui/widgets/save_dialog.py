"""Where a file is to go: asked without holding up the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from pfm_desktop.support.language import tr

PDF = tr("PDF (*.pdf)")


def ask_where(
    parent: QWidget,
    id_: str,
    title: str,
    name: str,
    then: Callable[[str], object],
    *,
    kind: str = PDF,
    folder: str = "",
) -> None:
    """Ask for the file, in `folder` ("": the documents of who works), and do `then` with its path. `name` is offered,
    and its ending is added where none is typed; `id_` is the dialog's object name."""
    start = folder or QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    dialog = QFileDialog(parent, title, start, kind)
    dialog.setObjectName(id_)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix[1:])
    dialog.selectFile(name)
    dialog.fileSelected.connect(then)
    dialog.open()
