"""The tree of an import: women, visits, pictures. What is chosen stays chosen while the plan is changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from pfm_desktop.gui.widgets.import_model import ImportModel
from pfm_desktop.gui.widgets.import_pictures import SIZE
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.import_rows import BECOMES, PAIR, PICTURE, TIME, Kind, Row
from pfm_desktop.viewmodels.importing import ImportPreview

_PARTS = (0.26, 0.21, 0.0, 0.12, 0.22, 0.19)  # by column, of the width that the time leaves; the last takes the rest
_NARROW = (0.34, 0.2, 0.0, 0.0, 0.2, 0.26)  # half of a 1920 x 1080 screen: time and pair stand in the details
_LONGEST_TIME = "00 Nov 2026 00:00?"  # never cut: without its hour a time reads as a day
_ROOM = 1000  # pixels, with which there is room for all columns
_ACROSS = (Kind.WOMAN, Kind.VISIT, Kind.FILES, Kind.FILE)  # rows whose words stand across all columns
_FLAGS = QItemSelectionModel.SelectionFlag


class _MiddleOut(QStyledItemDelegate):
    """Names of files keep both ends: the stage and the number often stand there."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """See Qt."""
        super().initStyleOption(option, index)
        if index.column() in (PICTURE, PAIR):
            option.textElideMode = Qt.TextElideMode.ElideMiddle


class ImportTree(QTreeView):
    """`moved` when another row is current or chosen."""

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = ImportModel(self)
        self.setModel(self.rows)
        # drawn again only: told of other data, a tree lays all of its rows out anew for each small picture
        self.rows.small.came.connect(lambda _key: self.viewport().update())
        self.setAccessibleName(tr("What will be brought in"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setIconSize(SIZE)
        self.setIndentation(14)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)  # the commands on rows
        self.setItemDelegate(_MiddleOut(self))
        self.setUniformRowHeights(False)
        self.setExpandsOnDoubleClick(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.header().setSectionsMovable(False)
        self.header().setStretchLastSection(True)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.header().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._closed: set[tuple[Kind, str]] = set()  # rows that somebody closed
        self._fitted = 0
        self.collapsed.connect(lambda index: self._note(index, closed=True))
        self.expanded.connect(lambda index: self._note(index, closed=False))
        self.selectionModel().selectionChanged.connect(lambda *_: self.moved.emit())
        self.selectionModel().currentRowChanged.connect(lambda *_: self.moved.emit())

    def show_plan(self, preview: ImportPreview | None, *, only_open: bool = False) -> None:
        """Show a plan as it stands; what was chosen stays chosen, and what was closed closed."""
        before, current = self.chosen_rows(), self.current_row()
        number = self.rows.number(self.currentIndex())
        top = self.verticalScrollBar().value()
        self.rows.ratio = self.devicePixelRatioF()
        blocked = self.selectionModel().blockSignals(True)
        anew = self.rows.show(preview, only_open=only_open)
        self.selectionModel().blockSignals(blocked)
        if not anew:
            self.viewport().update()
            self.moved.emit()
            return
        self._open_all()
        self._choose_again(before, current, number)
        self.verticalScrollBar().setValue(top)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())
        self.moved.emit()

    def chosen_rows(self) -> tuple[Row, ...]:
        """Rows that are chosen; the current one where none is."""
        chosen = [self.rows.row(index) for index in self.selectionModel().selectedRows()]
        found = tuple(row for row in chosen if row is not None)
        current = self.current_row()
        return found or ((current,) if current is not None else ())

    def chosen_pictures(self) -> tuple[str, ...]:
        """Keys of the pictures of the rows that are chosen: of a woman or a visit, all of hers that are shown."""
        return tuple(dict.fromkeys(key for row in self.chosen_rows() for key in row.pictures))

    def shown_pictures(self, keys: Collection[str]) -> tuple[Row, ...]:
        """Rows of these pictures."""
        wanted = set(keys)
        return tuple(row for row in self.rows.rows.rows if row.kind is Kind.PICTURE and row.key in wanted)

    def chosen_visit(self) -> Row | None:
        """The visit of all that is chosen; None where that is none, or several."""
        rows = self.rows.rows.rows
        visits = {rows[row.parent].id for row in self.shown_pictures(self.chosen_pictures())}
        return self.rows.row(self.rows.place(visits.pop())) if len(visits) == 1 else None

    def current_row(self) -> Row | None:
        """The row with the keys."""
        return self.rows.row(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens and closes a woman or a visit; letters are commands and search nothing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.setExpanded(self.currentIndex(), not self.isExpanded(self.currentIndex()))
        elif (
            event.text().isprintable() and event.text() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Columns share the width; in a narrow window time and pair stand in the details only."""
        super().resizeEvent(event)
        width = self.viewport().width()
        if width == self._fitted:
            return
        self._fitted = width
        wide = width >= _ROOM
        time = self.fontMetrics().horizontalAdvance(_LONGEST_TIME) + 24 if wide else 0
        for column, part in enumerate(_PARTS if wide else _NARROW):
            pixels = time if column == TIME else int((width - time) * part)
            self.setColumnHidden(column, not pixels)
            if pixels and column != BECOMES:
                self.setColumnWidth(column, pixels)

    def _note(self, index: QModelIndex, *, closed: bool) -> None:
        row = self.rows.row(index)
        if row is not None:
            (self._closed.add if closed else self._closed.discard)(row.id)

    def _open_all(self) -> None:
        closed = set(self._closed)
        self.expandAll()
        for id_ in closed:
            place = self.rows.place(id_)
            if place.isValid():
                self.collapse(place)
        self._closed = closed
        for row in self.rows.rows.rows:  # their words are long
            if row.kind in _ACROSS:
                self.setFirstColumnSpanned(row.place, self.rows.place(row.id).parent(), True)

    def _choose_again(self, before: Sequence[Row], current: Row | None, number: int) -> None:
        places = [self.rows.place(row.id) for row in before]
        if not any(place.isValid() for place in places):
            keys = [key for row in before for key in row.pictures]
            places = [self.rows.place((Kind.PICTURE, key)) for key in keys]
        found = [place for place in places if place.isValid()]
        here = self.rows.place(current.id) if current is not None else QModelIndex()
        here = here if here.isValid() else found[0] if found else self._nearest(number)
        selection = QItemSelection()
        for place in found or ([here] if here.isValid() else []):
            selection.select(place, place.siblingAtColumn(BECOMES))
        self.selectionModel().setCurrentIndex(here, _FLAGS.NoUpdate)
        self.selectionModel().select(selection, _FLAGS.ClearAndSelect)

    def _nearest(self, number: int) -> QModelIndex:
        """The row went out of sight: the picture that stands where it stood, so that one goes on from there."""
        rows = self.rows.rows.rows
        pictures = [place for place, row in enumerate(rows) if row.kind is Kind.PICTURE and row.line is not None]
        if number < 0 and rows:  # the first time: at the top
            return self.rows.place(rows[0].id)
        after = next((place for place in pictures if place >= number), pictures[-1] if pictures else None)
        return self.rows.place(rows[after].id) if after is not None else QModelIndex()
