"""Finds words and controls that a window shows only in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import Qt as QtText
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QGraphicsView,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QToolButton,
    QWidget,
)

SLACK = 1  # pixels: widths are rounded
SHORTENED = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True)
class Cut:
    """What is cut: `how`, the class of the widget, its words and where it stands in the window (pixels)."""

    how: str
    kind: str
    words: str
    where: tuple[int, int, int, int]

    def __str__(self) -> str:
        return f"{self.how}: {self.kind} {self.words!r} at {self.where}"


@dataclass(frozen=True)
class Seen:
    """Of a page: how many pieces of text were measured, and what is cut. `shortened` ones end with an ellipsis by
    intent; the whole of them is in a tooltip or for the screen reader."""

    texts: int
    shortened: int
    cut: tuple[Cut, ...]


def seen(window: QWidget) -> Seen:
    """Measure all that shows in a window. What lies outside of a scroll area's view is not measured: scroll, and look
    again."""
    texts = shortened = 0
    cut: list[Cut] = []
    for one in window.findChildren(QWidget):
        if not one.isVisible() or one.window() is not window or not _in_sight(one, window):
            continue
        for words, needs, has in _measured(one):
            texts += 1
            short = needs.width() > has.width() + SLACK or needs.height() > has.height() + SLACK
            if (SHORTENED in words or (short and isinstance(one, QLineEdit))) and _told(one, words):
                shortened += 1
            elif short:
                how = f"needs {needs.width()}x{needs.height()}, has {has.width()}x{has.height()}"
                cut.append(_cut(how, one, words, window))
        if (why := _clipped(one)) or (why := _scrolls_sideways(one)):
            cut.append(_cut(why, one, _said(one), window))
    return Seen(texts, shortened, tuple(cut))


def _in_sight(one: QWidget, window: QWidget) -> bool:
    """Whether a part of it lies within all that holds it. (`visibleRegion` is empty where its children cover it.)"""
    rect = one.rect()
    while one is not window:
        rect, one = rect.translated(one.pos()), one.parentWidget()
        rect = rect.intersected(one.rect())
    return not rect.isEmpty()


def _cut(how: str, one: QWidget, words: str, window: QWidget) -> Cut:
    at = one.mapTo(window, one.rect().topLeft())
    return Cut(how, type(one).__name__, words[:90], (at.x(), at.y(), one.width(), one.height()))


def _told(one: QWidget, words: str) -> bool:
    """Whether it says the whole of its words where they are shortened (a field shortens its hint by itself)."""
    return words.rstrip(SHORTENED) in f"{one.toolTip()} {one.accessibleName()} {one.accessibleDescription()}"


def _said(one: QWidget) -> str:
    text = getattr(one, "text", None)
    return str(text()) if callable(text) else one.accessibleName() or one.objectName()


def _measured(one: Any) -> Iterator[tuple[str, QSize, QSize]]:
    """Words, the room that they need and the room that they have."""
    measure = next((how for kind, how in _HOW if isinstance(one, kind)), None)
    if measure is not None:
        yield from measure(one)


def _label(one: QLabel) -> Iterator[tuple[str, QSize, QSize]]:
    words = one.text()
    if not words.strip() or not one.pixmap().isNull():
        return
    has = one.contentsRect().adjusted(one.margin(), one.margin(), -one.margin(), -one.margin()).size()
    rich = one.textFormat() is Qt.TextFormat.RichText or (
        one.textFormat() is Qt.TextFormat.AutoText and QtText.mightBeRichText(words)
    )
    if rich:
        document = QTextDocument()
        document.setDefaultFont(one.font())
        document.setDocumentMargin(0)
        document.setHtml(words)
        document.setTextWidth(has.width() if one.wordWrap() else -1)
        needs = QSize(round(document.idealWidth()), round(document.size().height()))
        words = document.toPlainText()
    else:
        flags = Qt.TextFlag.TextWordWrap if one.wordWrap() else Qt.TextFlag(0)
        room = QRect(0, 0, has.width() if one.wordWrap() else 100_000, 100_000)
        needs = one.fontMetrics().boundingRect(room, int(flags.value), words).size()
    # the height of a line in a label that is as high as its line may be a pixel more than the label's
    yield words, needs, QSize(has.width(), has.height() + 2)


def _button(one: QAbstractButton) -> Iterator[tuple[str, QSize, QSize]]:
    words = one.text().replace("&&", "\0").replace("&", "").replace("\0", "&")
    if not words.strip():
        return
    only_icon = Qt.ToolButtonStyle.ToolButtonIconOnly
    if isinstance(one, QToolButton) and one.toolButtonStyle() is only_icon and not one.icon().isNull():
        return
    needs = one.fontMetrics().size(0, words)
    has = one.contentsRect().size()
    if isinstance(one, QCheckBox | QRadioButton):
        style, of = one.style(), QStyle.PixelMetric
        check = isinstance(one, QCheckBox)
        width = style.pixelMetric(of.PM_IndicatorWidth if check else of.PM_ExclusiveIndicatorWidth, None, one)
        between = style.pixelMetric(of.PM_CheckBoxLabelSpacing if check else of.PM_RadioButtonLabelSpacing, None, one)
        has = QSize(has.width() - width - between, has.height())
    elif not one.icon().isNull():
        has = QSize(has.width() - one.iconSize().width(), has.height())
    yield words, needs, has


def _combo(one: QComboBox) -> Iterator[tuple[str, QSize, QSize]]:
    """Whichever of its answers is chosen."""
    answers = [one.itemText(place) for place in range(one.count())]
    words = max((*answers, one.placeholderText()), key=one.fontMetrics().horizontalAdvance, default="")
    if not words.strip() or one.isEditable():
        return
    option = QStyleOptionComboBox()
    one.initStyleOption(option)
    field = QStyle.SubControl.SC_ComboBoxEditField
    room = one.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, one)
    yield words, QSize(one.fontMetrics().horizontalAdvance(words), 0), room.size()


def _line(one: QLineEdit) -> Iterator[tuple[str, QSize, QSize]]:
    words = one.text() or one.placeholderText()
    if not words.strip() or (one.text() and not one.isReadOnly()):  # what is typed may be longer than its field
        return
    margins = one.textMargins()
    width = one.contentsRect().width() - margins.left() - margins.right() - 4
    yield words, QSize(one.fontMetrics().horizontalAdvance(words), 0), QSize(width, one.height())


def _tabs(one: QTabBar) -> Iterator[tuple[str, QSize, QSize]]:
    for place in range(one.count()):
        words, rect = one.tabText(place).replace("&", ""), one.tabRect(place)
        shown = rect.intersected(one.rect())
        if words.strip() and one.isTabVisible(place):
            yield words, QSize(one.fontMetrics().horizontalAdvance(words), 0), shown.size()


def _header(one: QHeaderView) -> Iterator[tuple[str, QSize, QSize]]:
    model = one.model()
    if model is None or one.orientation() is not Qt.Orientation.Horizontal:
        return
    for place in range(one.count()):
        words = str(model.headerData(place, Qt.Orientation.Horizontal) or "")
        if words.strip() and not one.isSectionHidden(place):
            needs = QSize(max(one.fontMetrics().horizontalAdvance(line) for line in words.splitlines()), 0)
            yield words, needs, QSize(one.sectionSize(place), one.height())


def _group(one: QGroupBox) -> Iterator[tuple[str, QSize, QSize]]:
    if one.title().strip():
        yield one.title(), QSize(one.fontMetrics().horizontalAdvance(one.title()), 0), one.size()


_HOW: tuple[tuple[type, Callable[[Any], Iterator[tuple[str, QSize, QSize]]]], ...] = (
    (QLabel, _label),
    (QAbstractButton, _button),
    (QComboBox, _combo),
    (QLineEdit, _line),
    (QTabBar, _tabs),
    (QHeaderView, _header),
    (QGroupBox, _group),
)


def _clipped(one: QWidget) -> str:
    """Why a part of it cannot be seen: it reaches out of what holds it, and that does not scroll."""
    holder = one.parentWidget()
    if holder is None or one.isWindow() or isinstance(holder.parentWidget(), QAbstractScrollArea):
        return ""
    if isinstance(one.parentWidget(), QAbstractItemView | QHeaderView | QComboBox | QLineEdit):
        return ""
    rect, room = one.geometry(), holder.rect()
    if room.adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(rect) or not one.children():
        # a widget without parts may be a layer that is larger by intent; its words are measured above
        return "" if room.intersects(rect) or rect.isEmpty() else "outside of what holds it"
    return f"reaches out of what holds it by {_beyond(rect, room)}"


def _beyond(rect: QRect, room: QRect) -> str:
    sides = (
        room.left() - rect.left(),
        room.top() - rect.top(),
        rect.right() - room.right(),
        rect.bottom() - room.bottom(),
    )
    return "left {}, top {}, right {}, bottom {}".format(*(max(0, side) for side in sides))


def _scrolls_sideways(one: QWidget) -> str:
    """Text and forms that have to be scrolled sideways."""
    if not isinstance(one, QAbstractScrollArea) or isinstance(one, QAbstractItemView | QGraphicsView | QPlainTextEdit):
        return ""
    most = one.horizontalScrollBar().maximum()
    return f"has to be scrolled sideways by {most}" if most > SLACK else ""
