"""The recovery key of a library, shown once: it is printed or written down, and kept nowhere in the program."""

from __future__ import annotations

from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, Qt, Signal
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.centred import put_in_the_middle, wrapped_label
from pfm_desktop.gui.widgets.file_dialog import ask_where
from pfm_desktop.gui.widgets.panel_parts import say
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import day

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

WIDTH = 620
WORDS = tr(
    "This key opens the library if every password is forgotten. Print it or write it down, and keep it in a safe "
    "place away from this computer. It is not shown again, and nobody can make it again; an "
    "administrator can make another."
)
DELETE = tr("Print it, then delete the file: whoever has it can open the library.")
KEPT = tr("I have it on paper, and &somebody else would find it")


class RecoveryKeyPage(QWidget):
    """`done` once it was kept."""

    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading, self.words = wrapped_label(self, WIDTH, "title"), wrapped_label(self, WIDTH)
        self.where, self.key = wrapped_label(self, WIDTH), wrapped_label(self, WIDTH, "secret")
        self.said = wrapped_label(self, WIDTH, "quiet")
        self.heading.setText(tr("Recovery key"))
        self.key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.key.setAccessibleName(tr("Recovery key"))
        self.key.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.words.setText(WORDS)
        self.printer, self.save = QPushButton(tr("&Print..."), self), QPushButton(tr("Save as PDF..."), self)
        self.kept, self.go = QCheckBox(KEPT, self), QPushButton(tr("Go on"), self)
        self._text = ""
        self._printer: QPrinter | None = None
        self._lay_out()
        self.printer.clicked.connect(lambda _checked=False: self._print())
        self.save.clicked.connect(lambda _checked=False: self._ask_where())
        self.kept.toggled.connect(self.go.setEnabled)
        self.go.clicked.connect(lambda _checked=False: self._leave())

    @property
    def waits(self) -> bool:
        """Whether a key is shown."""
        return bool(self._text)

    def show_key(self, key: str, library: str) -> None:
        """Show it."""
        groups = key.split("-")
        self.key.setText("\n".join("-".join(groups[at : at + 3]) for at in range(0, len(groups), 3)))
        self.where.setText(tr("Library {library}", library=library))
        self._text = _page(self.key.text(), library)
        self.kept.setChecked(False)
        self.go.setEnabled(False)
        say(self.said, "")
        self.printer.setFocus()

    def save_to(self, path: str) -> None:
        """Write it as a PDF."""
        writer = QPdfWriter(path)
        writer.setPageLayout(QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait,
                                         QMarginsF(20, 20, 20, 20), QPageLayout.Unit.Millimeter))  # fmt: skip
        writer.setTitle(tr("Recovery key"))
        document = QTextDocument()
        document.setHtml(self._text)
        document.print_(writer)
        del writer  # closes the file
        written = Path(path).is_file() and Path(path).stat().st_size > 0
        done = tr("Written: {path}.", path=path) + " " + DELETE
        say(self.said, done if written else tr("{path} could not be written: choose another folder.", path=path))

    def _ask_where(self) -> None:
        ask_where(self, "save_recovery_key", tr("Save the recovery key"), "recovery-key.pdf", self.save_to)

    def _print(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter  # seldom needed, and slow to load

        self._printer = QPrinter()
        dialog = QPrintDialog(self._printer, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self._send)
        dialog.show()

    def _send(self) -> None:
        document = QTextDocument()
        document.setHtml(self._text)
        if self._printer is not None:
            document.print_(self._printer)
        say(self.said, tr("Sent to the printer."))

    def _leave(self) -> None:
        self.key.clear()
        self._text = ""
        self.done.emit()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.printer, self.save):
            buttons.addWidget(button)
        buttons.addStretch(1)
        on = QHBoxLayout()
        on.addWidget(self.go)
        on.addStretch(1)
        inner = QVBoxLayout()
        inner.setSpacing(14)
        for part in (self.heading, self.where, self.words, self.key):
            inner.addWidget(part)
        inner.addLayout(buttons)
        inner.addWidget(self.said)
        inner.addWidget(self.kept)
        inner.addLayout(on)
        put_in_the_middle(self, inner)


def _page(key: str, library: str) -> str:
    today = day(datetime.now().astimezone())
    where = tr("pfm_desktop, library {library}", library=library)
    lines = escape(key).replace("\n", "<br>")
    title = tr("Recovery key")
    return (
        f"<h1>{escape(title)}</h1><p>{escape(where)}<br>{today}</p>"
        f"<p style='font-family: monospace; font-size: 18pt'>{lines}</p><p>{escape(WORDS)}</p>"
    )
