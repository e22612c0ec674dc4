"""The user guide, as it is shipped: Markdown and pictures from the program's own folder. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QAction,
    QImage,
    QImageReader,
    QResizeEvent,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.widgets.panel_parts import LeavesOnEscape
from pfm_desktop.support.language import ENGLISH, current, tr
from pfm_desktop.support.paths import user_guide_dir
from pfm_desktop.viewmodels import guide as model

MARGIN = 18  # pixels of the document
WIDEST = 1100  # logical pixels of a picture
LATER_MS = 150  # after the last change of size pictures are fitted anew


class GuideView(QTextBrowser):
    """A page of the guide. Links are not followed by itself; only pictures of the guide are loaded."""

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder, self.text = folder, ""
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAccessibleName(tr("User guide"))
        self.document().setDocumentMargin(MARGIN)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # or the width would follow the text
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._later = QTimer(self, singleShot=True, interval=LATER_MS)
        self._later.timeout.connect(self._fit)

    def show_text(self, text: str) -> None:
        """From its beginning."""
        self.text = text
        self.document().clear()
        self.document().setMarkdown(
            text, QTextDocument.MarkdownFeature.MarkdownNoHTML | QTextDocument.MarkdownFeature.MarkdownDialectGitHub
        )
        self._space_out()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """A picture of the guide, no wider than there is room; anything else is nothing."""
        path = model.file_of(self._folder, name.toString() if isinstance(name, QUrl) else name)
        if kind != QTextDocument.ResourceType.ImageResource.value or path is None or path.suffix != ".png":
            return None
        picture = QImageReader(str(path)).read()
        room = min(WIDEST, self.viewport().width() - 2 * MARGIN - 4)
        if picture.isNull() or picture.width() <= room:
            return picture
        return _scaled(picture, max(1, room), self.devicePixelRatioF())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Pictures are fitted once the size stays."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._later.start()

    def changeEvent(self, event: QEvent) -> None:
        """Links have the colour of the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_later"):
            self._later.start()

    def _fit(self) -> None:
        bar = self.verticalScrollBar()
        share = bar.value() / bar.maximum() if bar.maximum() else 0.0
        self.show_text(self.text)
        bar.setValue(round(share * bar.maximum()))

    def _space_out(self) -> None:
        """Room around paragraphs and headings, which Markdown gives none."""
        block = self.document().begin()
        while block.isValid():
            cursor = QTextCursor(block)
            if cursor.currentTable() is None:
                shape = block.blockFormat()
                shape.setTopMargin(14 if shape.headingLevel() else 2)
                shape.setBottomMargin(3 if block.textList() is not None else 8)
                shape.setNonBreakableLines(False)
                cursor.setBlockFormat(shape)
            block = block.next()


class GuidePage(LeavesOnEscape, QWidget):
    """`closed` where it was opened from is to be shown again. It needs no library."""

    closed = Signal()
    title = tr("User guide")
    needs_no_library = True

    def __init__(self, parent: QWidget | None = None, *, folder: Path | None = None) -> None:
        super().__init__(parent)
        self._folder = folder or user_guide_dir()
        self._before: list[str] = []  # pages to go back to
        self.page = model.INDEX
        self.heading, self.said = QLabel(self.title, self), QLabel(self)
        self.heading.setProperty("role", "title")
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setProperty("role", "badge")
        self.english = QLabel(tr("The user guide is in English only."), self)
        self.english.setProperty("role", "quiet")
        self.english.setVisible(current() != ENGLISH)
        self.said.hide()
        self.back, self.contents = QPushButton(tr("Page before"), self), QPushButton(tr("Contents"), self)
        self.close_button = QPushButton(tr("Close the guide"), self)
        self.view = GuideView(self._folder, self)
        self.view.anchorClicked.connect(lambda url: self.follow(url.toString()))
        self._actions = (
            self._action("back", tr("&Page before"), "Alt+Left", self.go_back),
            self._action("contents", tr("&Contents"), "Alt+Home", lambda: self.show_page(model.INDEX)),
        )
        for button, slot in (
            (self.back, self.go_back), (self.contents, lambda: self.show_page(model.INDEX)),
            (self.close_button, self.closed.emit),
        ):  # fmt: skip
            button.clicked.connect(lambda _checked=False, slot=slot: slot())
        row, column = QHBoxLayout(), QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        row.addWidget(self.heading)
        row.addWidget(self.english)
        row.addStretch(1)
        for button in (self.back, self.contents, self.close_button):
            row.addWidget(button)
        column.addLayout(row)
        column.addWidget(self.said)
        column.addWidget(self.view, 1)
        self._show(model.INDEX)

    def page_actions(self) -> Sequence[QAction]:
        """Commands of this page."""
        return self._actions

    def entered(self) -> None:
        """The keys go to the text."""
        self.view.setFocus()

    def left(self) -> None:
        """Nothing is kept running."""

    def show_page(self, name: str) -> None:
        """Another page of the guide, from its beginning."""
        if name != self.page:
            self._before.append(self.page)
            self._show(name)

    def go_back(self) -> None:
        """The page before."""
        if self._before:
            self._show(self._before.pop())

    def follow(self, link: str) -> None:
        """A link within the guide; one that leads out of the program is said and not opened."""
        name = model.page_of(self._folder, link)
        if name:
            self.show_page(name)
        else:
            self._say(model.outside(link))

    def _show(self, name: str) -> None:
        self.page = name
        self.view.show_text(model.text_of(self._folder, name))
        self.back.setEnabled(bool(self._before))
        self._say("")

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))

    def _action(self, id_: str, text: str, shortcut: str, slot: Callable[[], object]) -> QAction:
        return page_action(self, f"guide.{id_}", text, shortcut, slot)


def _scaled(picture: QImage, width: int, ratio: float) -> QImage:
    """Sharp on screens with more than one pixel a point."""
    made = picture.scaledToWidth(min(picture.width(), round(width * ratio)), Qt.TransformationMode.SmoothTransformation)
    made.setDevicePixelRatio(made.width() / width)
    return made
