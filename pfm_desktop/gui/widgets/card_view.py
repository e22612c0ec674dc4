"""Markdown from a file, shown; nothing is ever fetched for it."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextCursor, QTextDocument, QTextOption
from PySide6.QtWidgets import QTextBrowser, QWidget

from pfm_desktop.domain.prediction import BANNER
from pfm_desktop.support.language import ENGLISH, current, tr

ENGLISH_CARD = tr("The card of a model is in English.")


def introduced(card: str) -> str:
    """A card, which is English whatever the window speaks: what it is, in words that are understood, comes first."""
    return card if current() == ENGLISH else f"**{BANNER}**\n\n{ENGLISH_CARD}\n\n{card}"


class CardView(QTextBrowser):
    """Links are shown and not followed; pictures in the text are left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAccessibleName(tr("Model card"))
        self.setMinimumWidth(320)
        self.document().setDocumentMargin(16)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)  # a hash is one long word

    def show_markdown(self, text: str) -> None:
        """Show a text. HTML in it is shown as it is written."""
        self.document().setMarkdown(
            text, QTextDocument.MarkdownFeature.MarkdownNoHTML | QTextDocument.MarkdownFeature.MarkdownDialectGitHub
        )
        self._space_out()
        self.moveCursor(self.textCursor().MoveOperation.Start)

    def _space_out(self) -> None:
        """Room around paragraphs and headings, which Markdown gives none."""
        block = self.document().begin()
        while block.isValid():
            cursor = QTextCursor(block)
            whole = block.blockFormat()
            whole.setNonBreakableLines(False)  # a long line of code is wrapped as well
            cursor.setBlockFormat(whole)
            if cursor.currentTable() is None:
                shape = block.blockFormat()
                shape.setTopMargin(14 if shape.headingLevel() else 2)
                shape.setBottomMargin(2 if block.textList() is not None else 8)
                cursor.setBlockFormat(shape)
            block = block.next()

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Nothing is loaded, neither from the disk nor from the net."""
        return None
