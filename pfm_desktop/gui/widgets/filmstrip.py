"""The filmstrip: all pictures and clips of a visit on a line of time; two pictures make a pair."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QIcon,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPixmap,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.filmstrip_line import ENTRY_ROLE, TimelineDelegate, band_height
from pfm_desktop.gui.widgets.ink import SURROUND_COLOUR
from pfm_desktop.gui.widgets.stage_mouse import PICTURE_MIME
from pfm_desktop.jobs import Context
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.filmstrip import NEEDS_BOTH, FilmstripEntry, pair_of

THUMBNAIL = QSize(112, 72)
MOVE_KEY = "Ctrl+M"
CLIPS_STAY = tr("A clip is removed on the Capture page, under Clips. Nothing was changed.")
UNREADABLE, SEEN = tr("cannot be read"), tr("on the stage")
EMPTY = tr("No pictures in this visit yet. Add pictures, or drop files here.")
ON_STAGE = "● "  # a sign besides the bold letters


class Filmstrip(QWidget):
    """Drag one picture on another, or choose two and press Enter; one alone is shown alone. Delete removes."""

    pair_requested = Signal(object, object)  # white-light picture id | None, fluorescence picture id | None
    declined = Signal(str)  # why the chosen pictures make no pair
    removal_asked = Signal(list)  # picture ids
    move_asked = Signal(list)  # picture ids
    clip_asked = Signal(str)  # the clip that is to be played

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[FilmstripEntry, ...] = ()
        self._on_stage: frozenset[str] = frozenset()
        self._waiting: list[FilmstripEntry] = []
        self._icons: dict[str, QIcon] = {}  # thumbnails by picture; a stored picture never changes
        self._unreadable: dict[str, str] = {}  # why, by picture
        self._work = Background(self)
        self._empty = QLabel(EMPTY)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.list = PictureList()
        self.list.asked.connect(self._ask)
        self.list.removal_asked.connect(lambda keys: self._pass_on(keys, self.removal_asked))
        self.list.move_asked.connect(lambda keys: self._pass_on(keys, self.move_asked))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._empty)
        layout.addWidget(self.list)
        self.setFocusProxy(self.list)
        self.set_pictures(())

    def set_pictures(self, entries: Sequence[FilmstripEntry]) -> None:
        """Show other pictures; their thumbnails come one by one from a thread, once a picture.

        The same pictures again keep their thumbnails, and what is chosen stays chosen.
        """
        chosen = {id_of(item) for item in self.list.selectedItems()}
        self._entries = tuple(entries)
        here = {entry.picture_id for entry in self._entries}
        self._icons = {picture_id: icon for picture_id, icon in self._icons.items() if picture_id in here}
        pictures = {entry.picture_id for entry in self._entries if not entry.clip_id}  # a clip may have grown a frame
        self._unreadable = {picture_id: why for picture_id, why in self._unreadable.items() if picture_id in pictures}
        self._work.drop()
        self.list.clear()
        for entry in self._entries:
            item = _item(entry, self._icons.get(entry.picture_id))
            self.list.addItem(item)
            item.setSelected(entry.picture_id in chosen)
        self.list.setVisible(bool(self._entries))
        self._empty.setVisible(not self._entries)
        self._mark()
        self._waiting = [entry for entry in self._entries if entry.picture_id not in {*self._icons, *self._unreadable}]
        self._next()

    def set_on_stage(self, picture_ids: Collection[str | None]) -> None:
        """Mark the pictures that are on the stage."""
        marked = frozenset(picture_id for picture_id in picture_ids if picture_id)
        if marked != self._on_stage:
            self._on_stage = marked
            self._mark()
            self._bring_into_sight(marked)

    def _bring_into_sight(self, marked: Collection[str]) -> None:
        """The first of them at last: it is seen whole."""
        for entry in reversed(self._entries):
            item = self.list.item_of(entry.picture_id) if entry.picture_id in marked else None
            if item is not None:
                self.list.scrollToItem(item)

    @property
    def busy(self) -> bool:
        """Whether thumbnails are still to come."""
        return self._work.busy

    def _mark(self) -> None:
        for row, entry in enumerate(self._entries):
            item, shown = self.list.item(row), entry.picture_id in self._on_stage
            font = item.font()
            font.setBold(shown)
            item.setFont(font)
            why = self._unreadable.get(entry.picture_id, "")
            item.setText(f"{ON_STAGE if shown else ''}{entry.caption}\n{UNREADABLE if why else entry.detail}")
            spoken = [entry.spoken, entry.place, SEEN if shown else "", UNREADABLE if why else ""]
            item.setData(Qt.ItemDataRole.AccessibleTextRole, COMMA.join(part for part in spoken if part))
            item.setToolTip(why or ". ".join(part for part in (entry.spoken, entry.place) if part))
        self.list.scheduleDelayedItemsLayout()  # bold letters need more room

    def _pass_on(self, keys: list[str], signal: SignalInstance) -> None:
        """Of pictures only; clips stay where they are, which is said where nothing else was chosen."""
        pictures = [entry.picture_id for entry in self._entries if entry.picture_id in keys and not entry.clip_id]
        if pictures:
            signal.emit(pictures)
        else:
            self.declined.emit(CLIPS_STAY)

    def _ask(self, picture_ids: list[str]) -> None:
        chosen = [entry for entry in self._entries if entry.picture_id in picture_ids]
        if len(chosen) == 1 and chosen[0].clip_id:
            self.clip_asked.emit(chosen[0].clip_id)
            return
        pair = pair_of(chosen)
        if pair is None:
            self.declined.emit(NEEDS_BOTH)
        else:
            self.pair_requested.emit(*pair)

    def _next(self) -> None:
        if not self._waiting:
            return
        entry = self._waiting.pop(0)
        side = THUMBNAIL * self.devicePixelRatioF()
        self._work.start(
            thumbnail_job,
            entry.load,
            side,
            done=lambda image: self._show(entry.picture_id, image),
            failed=lambda message: self._cannot(entry.picture_id, message),
        )

    def _show(self, picture_id: str, image: QImage) -> None:
        self._icons[picture_id] = QIcon(QPixmap.fromImage(image))
        item = self.list.item_of(picture_id)
        if item is not None:
            item.setIcon(self._icons[picture_id])
        self._next()

    def _cannot(self, picture_id: str, message: str) -> None:
        self._unreadable[picture_id] = message
        self._mark()
        self._next()


class PictureList(QListWidget):
    """One row of thumbnails that can be dragged on each other and on the stage."""

    asked = Signal(list)  # picture ids: one or two
    removal_asked = Signal(list)  # picture ids
    move_asked = Signal(list)  # picture ids

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Filmstrip: pictures of this visit in order of time"))
        self.setAccessibleDescription(
            tr(
                "Choose one or two pictures and press Enter to put them on the stage, Delete to remove them. "
                "Enter on a clip plays it."
            )
        )
        self.setItemDelegate(TimelineDelegate(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(THUMBNAIL)
        self.setSpacing(4)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.viewport().setAcceptDrops(True)  # not the list: a scroll area hears of drops by its viewport only
        self.setFixedHeight(THUMBNAIL.height() + 3 * self.fontMetrics().height() + 27 + band_height(self.fontMetrics()))
        self.itemDoubleClicked.connect(lambda item: self.asked.emit([id_of(item)]))

    def item_of(self, picture_id: str) -> QListWidgetItem | None:
        """The item of a picture."""
        items = (self.item(row) for row in range(self.count()))
        return next((item for item in items if id_of(item) == picture_id), None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter asks for what is chosen, Delete has it removed."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.selectedItems():
            self.asked.emit(self._chosen())
        elif event.matches(QKeySequence.StandardKey.Delete) and self.selectedItems():
            self.removal_asked.emit(self._chosen())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the chosen pictures; a right click chooses the picture under it."""
        if self.selectedItems():
            self.menu().popup(event.globalPos())

    def menu(self) -> QMenu:
        """The context menu; it goes away by itself."""
        menu, chosen = QMenu(self), self._chosen()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        clips = [item for item in self.selectedItems() if item.data(ENTRY_ROLE).clip_id]
        if clips:
            if len(chosen) == 1:
                menu.addAction(tr("Play")).triggered.connect(lambda: self.asked.emit(chosen))
            return menu
        if len(chosen) <= 2:
            menu.addAction(tr("Put on the stage")).triggered.connect(lambda: self.asked.emit(chosen))
        move = menu.addAction(tr("Move to another visit..."))
        move.setShortcut(MOVE_KEY)
        move.triggered.connect(lambda: self.move_asked.emit(chosen))
        remove = menu.addAction(tr("Remove from this visit"))
        remove.setShortcut(QKeySequence.StandardKey.Delete)
        remove.triggered.connect(lambda: self.removal_asked.emit(chosen))
        return menu

    def ask_move(self) -> None:
        """Have what is chosen moved."""
        if self.selectedItems():
            self.move_asked.emit(self._chosen())

    def _chosen(self) -> list[str]:
        return [id_of(item) for item in self.selectedItems()]

    def mimeTypes(self) -> list[str]:
        """What is dragged."""
        return [PICTURE_MIME]

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:
        """The id of the picture that is dragged."""
        data = QMimeData()
        if items:
            current = self.currentItem()
            data.setData(PICTURE_MIME, id_of(current if current in items else items[0]).encode())
        return data

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pictures only; files go on to the page."""
        _accept_picture(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Over another picture only."""
        if self._under(event.position().toPoint()) is None:
            event.ignore()
        else:
            _accept_picture(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """One picture on another asks for the pair."""
        under = self._under(event.position().toPoint())
        dragged = bytes(event.mimeData().data(PICTURE_MIME).data()).decode()
        if under is None or not dragged or id_of(under) == dragged or under.data(ENTRY_ROLE).clip_id:
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.asked.emit([dragged, id_of(under)])

    def _under(self, at: QPoint) -> QListWidgetItem | None:
        item: QListWidgetItem | None = self.itemAt(at)
        return item


def id_of(item: QListWidgetItem) -> str:
    """Picture id of an item."""
    return str(item.data(Qt.ItemDataRole.UserRole))


def thumbnail_job(ctx: Context, load: Callable[[], NDArray[np.uint8]], side: QSize) -> QImage:
    """Load a picture and make it small, on a ground of `side`: thumbnails and their words stand in line."""
    from pfm_desktop.imaging.screen import reduced

    ctx.check()
    pixels = reduced(load(), side.width(), side.height())  # Qt's own scaling would hold up the window's thread
    height, width = pixels.shape[:2]
    small = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    ground = QImage(side, QImage.Format.Format_RGB32)
    ground.fill(SURROUND_COLOUR)
    painter = QPainter(ground)
    painter.drawImage((side.width() - small.width()) // 2, (side.height() - small.height()) // 2, small)
    painter.end()
    return ground


def _item(entry: FilmstripEntry, icon: QIcon | None) -> QListWidgetItem:
    if icon is None:
        blank = QPixmap(THUMBNAIL)
        blank.fill(SURROUND_COLOUR if entry.source is Source.WHITE else QColor("#1C1C1C"))
        icon = QIcon(blank)
    item = QListWidgetItem(icon, "")
    item.setData(Qt.ItemDataRole.UserRole, entry.picture_id)
    item.setData(ENTRY_ROLE, entry)
    if entry.clip_id:
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDragEnabled)
    return item


def _accept_picture(event: QDragMoveEvent) -> None:
    if event.mimeData().hasFormat(PICTURE_MIME):
        event.acceptProposedAction()
    else:
        event.ignore()
