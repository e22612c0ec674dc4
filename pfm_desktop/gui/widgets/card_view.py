"""Markdown from a file, shown; nothing is ever fetched for it."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QTextBrowser, QWidget


class CardView(QTextBrowser):
    """Links are shown and not followed; pictures in the text are left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAccessibleName("Model card")
        self.setMinimumWidth(320)
        self.document().setDocumentMargin(16)

    def show_markdown(self, text: str) -> None:
        """Show a text. HTML in it is shown as it is written."""
        self.document().setMarkdown(
            text, QTextDocument.MarkdownFeature.MarkdownNoHTML | QTextDocument.MarkdownFeature.MarkdownDialectGitHub
        )
        self.moveCursor(self.textCursor().MoveOperation.Start)

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Nothing is loaded, neither from the disk nor from the net."""
        return None
