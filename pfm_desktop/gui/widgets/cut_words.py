"""Words that are cut with an ellipsis where there is no room. The screen reader has all of them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QTextLayout, QTextOption
from PySide6.QtGui import Qt as QtText
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from pfm_desktop.gui.widgets.copied_words import let_copy


class _CutLabel(QLabel):
    """What `_fitted` leaves of the words; never makes its parent wider."""

    def __init__(self, parent: QWidget | None, upright: QSizePolicy.Policy) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)  # a name is never markup
        self.setSizePolicy(QSizePolicy.Policy.Ignored, upright)

    def show_words(self, words: str) -> None:
        """Show `words`, white space made single."""
        self._whole = " ".join(words.split())
        self.setAccessibleName(self._whole)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What fits is shown."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self._fitted())

    def _fitted(self) -> str:
        raise NotImplementedError


class OneLine(_CutLabel):
    """One line; its tooltip has all of it where it is cut. Without words it takes no room."""

    def __init__(self, parent: QWidget | None = None, cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(parent, QSizePolicy.Policy.Fixed)
        self._where = cut

    def show_words(self, words: str) -> None:
        """See `_CutLabel`."""
        self.setVisible(bool(words.split()))
        super().show_words(words)

    def _fitted(self) -> str:
        shown = self.fontMetrics().elidedText(self._whole, self._where, self._room())
        # marked up, so that it wraps, and escaped, so that what people wrote is never markup
        self.setToolTip(QtText.convertFromPlainText(self._whole) if shown != self._whole else "")
        return shown

    def _room(self) -> int:
        return self.width()


class RoomyLine(OneLine):
    """One line that takes the room of all its words where there is some, and no less than a few letters need."""

    def __init__(self, parent: QWidget | None = None, least: int = 8) -> None:
        super().__init__(parent)
        self._least = least  # letters
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_words(self, words: str) -> None:
        """See `_CutLabel`."""
        super().show_words(words)
        self.updateGeometry()  # the words that are shown may be the same before there is room for more

    def sizeHint(self) -> QSize:
        """Of all words."""
        return self._taking(self._whole)

    def minimumSizeHint(self) -> QSize:
        """Of all where they are few."""
        return self._taking("n" * self._least).boundedTo(self.sizeHint())

    def _taking(self, words: str) -> QSize:
        size = super().sizeHint()
        return QSize(self.fontMetrics().horizontalAdvance(words) + self._around() + 2, size.height())  # parts of pixels

    def _room(self) -> int:
        return self.width() - self._around()

    def _around(self) -> int:
        """Pixels beside the words, which the style sheet gives to a badge."""
        return max(0, super().sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text()))


class FewLines(_CutLabel):
    """So many `lines`; `cut` tells whether there are more."""

    def __init__(self, parent: QWidget, lines: int) -> None:
        super().__init__(parent, QSizePolicy.Policy.Ignored)
        self._lines = lines
        self.cut = False
        self.setWordWrap(True)
        let_copy(self)
        self.setMinimumWidth(180)

    def _fitted(self) -> str:
        width = self.contentsRect().width()
        layout = QTextLayout(self._whole, self.font())
        layout.setTextOption(QTextOption())  # wraps at words
        starts = []
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            starts.append(line.textStart())
        layout.endLayout()
        self.cut = len(starts) > self._lines
        if not self.cut:
            return self._whole
        last = starts[self._lines - 1]
        rest = self.fontMetrics().elidedText(self._whole[last:], Qt.TextElideMode.ElideRight, width)
        return self._whole[:last] + rest
