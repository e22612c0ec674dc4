"""The keys of the page in front, over its lower part: nothing under it stops, moves or loses the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget
from shiboken6 import isValid

from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.page_keys import KeyGroup, in_columns

SHARE = 0.5  # of the page's height, at most: what is being looked at stays in sight
LETTERS = 46  # of a column
WORDS = 64  # of a column, in %: beside the longest keys
HINT = tr("{keys} or Escape closes")


class KeysCard(QFrame):
    """Lies over the foot of `over`. The keys stay where they are and act as before; only Escape closes this first.

    `all_wanted`: the list of all keys; `change_wanted`: where they are changed.
    """

    all_wanted = Signal()
    change_wanted = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("keys_card")
        self.setAutoFillBackground(True)
        self._over = over
        self._groups: tuple[KeyGroup, ...] = ()
        self._watched: QWidget | None = None  # has the keys
        self._before: QWidget | None = None  # had them before this was shown
        self.heading, self.hint = QLabel(self), QLabel(self)
        self.heading.setObjectName("strong")
        self.hint.setProperty("role", "quiet")
        self.all, self.change = QPushButton(tr("All keys"), self), QPushButton(tr("Change keys"), self)
        self.close_button = QPushButton(tr("Close"), self)
        self.body = QTextBrowser(self)
        self.body.setOpenLinks(False)
        self.body.setFrameShape(QFrame.Shape.NoFrame)
        for part in (self.all, self.change, self.close_button, self.body):
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the page
        row, column = QHBoxLayout(), QVBoxLayout(self)
        self._column = column
        column.setContentsMargins(14, 8, 14, 8)
        row.addWidget(self.heading)
        row.addWidget(self.hint, 1)
        for button in (self.all, self.change, self.close_button):
            row.addWidget(button)
        column.addLayout(row)
        column.addWidget(self.body, 1)
        self.all.clicked.connect(lambda _checked=False: self._go(self.all_wanted.emit))
        self.change.clicked.connect(lambda _checked=False: self._go(self.change_wanted.emit))
        self.close_button.clicked.connect(lambda _checked=False: self.leave())
        over.installEventFilter(self)
        self.hide()

    def show_keys(self, title: str, groups: Sequence[KeyGroup], keys: str) -> None:
        """Show the keys of the page `title`; `keys` are those that show and hide this."""
        self._groups = tuple(groups)
        self.heading.setText(tr("Keys of {page}", page=title))
        self.hint.setText(HINT.format(keys=keys) if keys else tr("Escape closes"))
        self.setAccessibleName(self.heading.text())
        self.body.setAccessibleName(self.heading.text())
        self._before = QApplication.focusWidget()
        self._place()
        self.show()
        self.raise_()
        said = ". ".join(titled(line.keys, line.what) for group in groups[:1] for line in group.lines)
        words = f"{self.heading.text()}. {self.hint.text()}. {said}"
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def leave(self) -> None:
        """Go away; keys that were taken here go back to where they were."""
        held, before = self.isAncestorOf(QApplication.focusWidget() or self), self._before
        if held and before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        self._before = None
        self.hide()

    def showEvent(self, event: QShowEvent) -> None:
        """Whoever has the keys is heard before."""
        super().showEvent(event)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow_keys)
        self._follow_keys(None, QApplication.focusWidget())

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing is heard any more."""
        super().hideEvent(event)
        app = QApplication.instance()
        if isinstance(app, QApplication) and self._watched is not None:
            app.focusChanged.disconnect(self._follow_keys)
        self._watch(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape comes here before it is a key of the page."""
        if watched is self._over:
            if event.type() is QEvent.Type.Resize and self.isVisible():
                self._place()
            return False
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and not event.modifiers():
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()  # no shortcut: it comes as a key
                return True
            if event.type() is QEvent.Type.KeyPress:
                self.leave()
                return True
        return False

    def changeEvent(self, event: QEvent) -> None:
        """Other letters need other room."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self.isVisible():
            self._place()

    def _go(self, where: Callable[[], object]) -> None:
        self.leave()
        where()

    def _follow_keys(self, _before: QWidget | None, now: QWidget | None) -> None:
        self._watch(now if now is not None else self.window())

    def _watch(self, widget: QWidget | None) -> None:
        if self._watched is not None and isValid(self._watched):
            self._watched.removeEventFilter(self)
        self._watched = widget
        if widget is not None:
            widget.installEventFilter(self)

    def _place(self) -> None:
        """At the foot, as high as it needs and at most half of the page."""
        room = self._over.rect()
        margins = self._column.contentsMargins()
        inner = room.width() - margins.left() - margins.right()
        count = max(1, min(4, inner // (LETTERS * max(1, self.fontMetrics().averageCharWidth()))))
        self.body.setHtml(_html(in_columns(self._groups, count), count))
        document = self.body.document()
        document.setTextWidth(inner - self.style().pixelMetric(self.style().PixelMetric.PM_ScrollBarExtent) - 4)
        head = max(self.close_button.sizeHint().height(), self.heading.sizeHint().height())
        wanted = head + round(document.size().height()) + margins.top() + margins.bottom() + 14
        height = min(wanted, round(SHARE * room.height()))
        self.setGeometry(0, room.height() - height, room.width(), height)


def _html(columns: Sequence[Sequence[KeyGroup]], count: int) -> str:
    columns_html = ("".join(map(_group_html, column)) for column in columns)
    cells = "".join(f'<td width="{100 // count}%" style="padding-right: 18px">{made}</td>' for made in columns_html)
    return f'<table width="100%"><tr>{cells}</tr></table>'


def _group_html(group: KeyGroup) -> str:
    lines = "".join(
        f'<tr><td style="padding-right: 12px; white-space: nowrap"><b>{escape(line.keys)}</b></td>'
        f'<td width="{WORDS}%">{escape(line.what)}</td></tr>'
        for line in group.lines
    )
    return f'<p style="margin: 4px 0 2px 0"><b><u>{escape(group.title)}</u></b></p><table width="100%">{lines}</table>'
