"""A scrolling sheet of the pictures that would go out, as they would go out: thumbnails with what is made black."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QIcon,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.ink import SURROUND_COLOUR
from pfm_desktop.gui.widgets.pyramid import rgb_image
from pfm_desktop.services import thumbnails
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.export_sheet import Sheet, SheetPicture

if TYPE_CHECKING:
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library

KEPT = 300  # thumbnails in memory
NARROWEST, WIDEST = 210, 480  # pixels of a thumbnail's width
_COLUMNS = 4
_LEAST = 120  # pixels of a thumbnail's width in a low window
_BESIDE = 14  # pixels between thumbnails
WORDS_INK = QColor("#7FE3FF")  # around words that were found
Index = QModelIndex | QPersistentModelIndex


class SheetModel(QAbstractListModel):
    """The pictures of a sheet; their thumbnails as far as they are here."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.sheet = Sheet(())
        self.images: OrderedDict[str, QImage] = OrderedDict()
        self._rows: dict[str, int] = {}
        self.side = QSize(NARROWEST, NARROWEST * 3 // 4)

    def show_sheet(self, sheet: Sheet) -> None:
        """Another sheet; thumbnails that are here stay."""
        self.beginResetModel()
        self.sheet = sheet
        self._rows = {picture.id: row for row, picture in enumerate(sheet.pictures)}
        self.endResetModel()

    def keep(self, picture_id: str, image: QImage) -> None:
        """A thumbnail came; of many the oldest is let go."""
        self.images[picture_id] = image
        while len(self.images) > KEPT:
            self.images.popitem(last=False)
        self.changed_one(picture_id)

    def changed_one(self, picture_id: str) -> None:
        """One picture is drawn anew."""
        index = self.index(self._rows.get(picture_id, -1))
        if index.isValid():
            self.dataChanged.emit(index, index)

    def changed(self) -> None:
        """Pictures are drawn anew."""
        if self.sheet.pictures:
            self.dataChanged.emit(self.index(0), self.index(len(self.sheet.pictures) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        """See Qt."""
        return 0 if parent is not None and parent.isValid() else len(self.sheet.pictures)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See Qt."""
        if not index.isValid() or index.row() >= len(self.sheet.pictures):
            return None
        picture = self.sheet.pictures[index.row()]
        state = self.sheet.state(picture) or tr("goes out")
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{picture.caption}\n{state}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.sheet.unreadable.get(picture.id) or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{picture.caption}, {state}"
        if role == Qt.ItemDataRole.DecorationRole:
            icon, drawn = QIcon(), self._pixmap(picture)
            for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Disabled):
                icon.addPixmap(drawn, mode)  # or Qt would lay a colour over the chosen one
            return icon
        return None

    def _pixmap(self, picture: SheetPicture) -> QPixmap:
        ground = QPixmap(self.side)
        ground.fill(SURROUND_COLOUR)
        image = self.images.get(picture.id)
        painter = QPainter(ground)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if image is not None:
            size = image.size().scaled(self.side, Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF((self.side.width() - size.width()) / 2, (self.side.height() - size.height()) / 2,
                           size.width(), size.height())  # fmt: skip
            painter.drawImage(place, image)
            _blacken(painter, place, picture, self.sheet)
        if picture.id not in self.sheet.goes_out:
            painter.fillRect(ground.rect(), QColor(0, 0, 0, 150))
            painter.setPen(QPen(QColor("#FFFFFF"), 3))
            painter.drawLine(ground.rect().topLeft(), ground.rect().bottomRight())
            painter.drawLine(ground.rect().topRight(), ground.rect().bottomLeft())
        painter.end()
        return ground


class SheetView(QListView):
    """`opened(row)` on Enter or a double click; `changed` when something was left out, or more was seen.

    `next_picture` on N: the next one with words found is wanted.
    """

    opened = Signal(int)
    next_picture = Signal()
    changed = Signal()

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._tops: set[str] = set()
        self._bottoms: set[str] = set()
        self._work = Background(self)
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self.look)
        self.sheet_model = SheetModel(self)
        self.setModel(self.sheet_model)
        self.setAccessibleName(tr("Pictures that would go out"))
        self.setAccessibleDescription(
            tr(
                "Enter shows a picture large, to draw boxes. Delete leaves it out or lets it go. N: the next with "
                "words."
            )
        )
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._look.start())
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))

    @property
    def idle(self) -> bool:
        """Whether all that is in sight is loaded."""
        return not self._work.busy and not self._look.isActive()

    def show_sheet(self, sheet: Sheet) -> None:
        """Other pictures, from the first one."""
        self._work.drop()
        self._tops, self._bottoms = set(), set()
        self.sheet_model.show_sheet(sheet)
        if sheet.pictures:
            self.setCurrentIndex(self.sheet_model.index(0))
        self._look.start()

    def drawn_anew(self) -> None:
        """Boxes, margin, or what goes out is different: what was half in sight before does not count."""
        self._tops, self._bottoms = set(), set()
        self.sheet_model.changed()
        self._look.start()

    def stop(self) -> None:
        """What is still loading is not needed."""
        self._work.drop()

    def look(self) -> None:
        """Note what is in sight whole, and load what is missing there."""
        if not self.isVisible() or not self.sheet_model.sheet.pictures:
            return
        model, sheet = self.sheet_model, self.sheet_model.sheet
        height = self.viewport().height()
        missing = ""
        for row in self._rows_in_sight():
            picture = sheet.pictures[row]
            if picture.id not in model.images:
                missing = missing or ("" if picture.id in sheet.unreadable else picture.id)
                continue
            place = self.visualRect(model.index(row))
            if place.top() >= 0:
                self._tops.add(picture.id)
            if place.bottom() <= height:
                self._bottoms.add(picture.id)
        new = (self._tops & self._bottoms) - sheet.seen
        if new:
            sheet.saw(new)
            self._tops -= new  # what is laid bare later must be in sight once more
            self._bottoms -= new
            self.changed.emit()
        if missing and not self._work.busy:
            self._load(missing)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Delete leaves out or lets go again."""
        row = self.currentIndex().row()
        if row >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(row)
        elif row >= 0 and event.matches(QKeySequence.StandardKey.Delete):
            self.toggle(row)
        elif event.key() == Qt.Key.Key_N and not event.modifiers():
            self.next_picture.emit()
        else:
            super().keyPressEvent(event)

    def toggle(self, row: int) -> None:
        """Leave a picture out, or let it go again."""
        sheet = self.sheet_model.sheet
        picture_id = sheet.pictures[row].id
        sheet.leave_out(picture_id, out=picture_id not in sheet.left_out)
        self.drawn_anew()
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many side by side as fill the row, neither small nor blurred."""
        super().resizeEvent(event)
        room = self.viewport().width() - 2
        words = 2 * self.fontMetrics().height() + 12
        few = max(_COLUMNS, -(-room // (WIDEST + _BESIDE)))
        columns = max(1, min(room // (NARROWEST + _BESIDE), few))
        whole = (self.viewport().height() - words - _BESIDE) * 4 // 3  # so that a whole one is in sight
        width = max(_LEAST, min(room // columns - _BESIDE, whole))
        side = QSize(width, width * 3 // 4)
        self.sheet_model.side = side
        self.setIconSize(side)
        self.setGridSize(QSize(width + _BESIDE, side.height() + words + _BESIDE))
        self._look.start()

    def showEvent(self, event: QShowEvent) -> None:
        """It comes into sight."""
        super().showEvent(event)
        self._look.start()

    def _rows_in_sight(self) -> range:
        model, count = self.sheet_model, len(self.sheet_model.sheet.pictures)
        rows = range(count)
        first = bisect_left(rows, 0, key=lambda row: self.visualRect(model.index(row)).bottom())
        last = bisect_left(rows, self.viewport().height(), key=lambda row: self.visualRect(model.index(row)).top())
        return range(first, last)

    def _load(self, picture_id: str) -> None:
        self._work.start(
            small_image, self._library, picture_id,
            done=lambda image: self._came(picture_id, image), failed=lambda why: self._cannot(picture_id, why),
        )  # fmt: skip

    def _came(self, picture_id: str, image: QImage) -> None:
        self.sheet_model.keep(picture_id, image)
        self._look.start()

    def _cannot(self, picture_id: str, why: str) -> None:
        self.sheet_model.sheet.cannot_show(picture_id, why)
        self.sheet_model.changed_one(picture_id)
        self._look.start()
        self.changed.emit()


def _blacken(painter: QPainter, place: QRectF, picture: SheetPicture, sheet: Sheet) -> None:
    """Draw what is made black of a picture that fills `place`."""
    scale_x, scale_y = place.width() / picture.width, place.height() / picture.height
    black = QColor("#000000")
    for left, top, right, bottom in sheet.boxes.get(picture.id, ()):
        size = (right - left) * scale_x, (bottom - top) * scale_y
        painter.fillRect(QRectF(place.left() + left * scale_x, place.top() + top * scale_y, *size), black)
    for left, top, right, bottom in sheet.words.get(picture.id, ()):
        size = (right - left) * scale_x, (bottom - top) * scale_y
        found = QRectF(place.left() + left * scale_x, place.top() + top * scale_y, *size)
        painter.fillRect(found, black)
        painter.setPen(QPen(WORDS_INK, 1, Qt.PenStyle.DashLine))
        painter.drawRect(found)
    across, down = sheet.margin * scale_x, sheet.margin * scale_y
    if sheet.margin:
        painter.fillRect(QRectF(place.left(), place.top(), place.width(), down), black)
        painter.fillRect(QRectF(place.left(), place.bottom() - down, place.width(), down), black)
        painter.fillRect(QRectF(place.left(), place.top(), across, place.height()), black)
        painter.fillRect(QRectF(place.right() - across, place.top(), across, place.height()), black)


def small_image(ctx: Context, library: Library, picture_id: str) -> QImage:
    """Job: the thumbnail of a picture."""
    ctx.check()
    return rgb_image(thumbnails.thumbnail(library, picture_id))
