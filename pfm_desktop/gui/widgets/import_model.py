"""Rows of an import as Qt's tree wants them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPixmap

from pfm_desktop.gui.widgets.import_pictures import SIZE, SmallPictures, untinted
from pfm_desktop.gui.widgets.ink import SURROUND_COLOUR
from pfm_desktop.services.importing.plan import PlannedPicture
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.import_rows import BECOMES, COLUMNS, PICTURE, Kind, Row, Rows, rows_of
from pfm_desktop.viewmodels.importing import ImportPreview

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
Role = Qt.ItemDataRole
_BOLD = (Kind.WOMAN,)
_HIGH = 30  # pixels of a row without a picture


class ImportModel(QAbstractItemModel):
    """Women, visits, pictures. `ratio`: pixels of the screen to one of a usual one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = Rows()
        self.ratio = 1.0
        self.small = SmallPictures(self)
        self._pictures: dict[str, PlannedPicture] = {}
        self._numbers: dict[tuple[Kind, str], int] = {}
        self._blank: QIcon | None = None

    def show(self, preview: ImportPreview | None, *, only_open: bool = False) -> bool:
        """Show a plan as it stands, or nothing; False where the rows are the same ones, with other words perhaps.

        Those are only to be drawn again: laying out thousands of rows anew would hold up the window.
        """
        rows = rows_of(preview, only_open=only_open) if preview is not None else Rows()
        self._pictures = {one.key: one for one in preview.plan.pictures} if preview is not None else {}
        if [row.id for row in rows.rows] == [row.id for row in self.rows.rows] and rows.below == self.rows.below:
            self.rows = rows
            return False
        self.beginResetModel()
        self.rows = rows
        self._numbers = {row.id: number for number, row in enumerate(self.rows.rows)}
        self.endResetModel()
        return True

    def row(self, index: Index) -> Row | None:
        """The row of an index."""
        return self.rows.rows[index.internalId()] if index.isValid() else None

    def place(self, id_: tuple[Kind, str]) -> QModelIndex:
        """Where a row stands; invalid where it is not shown."""
        number = self._numbers.get(id_)
        return self._at(number) if number is not None else NOWHERE

    def number(self, index: Index) -> int:
        """The number of a row from the top, -1 for none."""
        return int(index.internalId()) if index.isValid() else -1

    def _at(self, number: int, column: int = 0) -> QModelIndex:
        return self.createIndex(self.rows.rows[number].place, column, number)

    def index(self, row: int, column: int, parent: Index = NOWHERE) -> QModelIndex:
        """See Qt."""
        brothers = self.rows.brothers(self.number(parent))
        if not (0 <= row < len(brothers) and 0 <= column < len(COLUMNS)):
            return NOWHERE
        return self.createIndex(row, column, brothers[row])

    def parent(self, index: Index = NOWHERE) -> QModelIndex:  # type: ignore[override]  # Qt's other one has no argument
        """See Qt."""
        row = self.row(index)
        return self._at(row.parent) if row is not None and row.parent >= 0 else NOWHERE

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Rows below one."""
        return 0 if parent.column() > 0 else len(self.rows.brothers(self.number(parent)))

    def columnCount(self, _parent: Index = NOWHERE) -> int:
        """See `import_rows.COLUMNS`."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Titles of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Words; women, visits and what waits are bold. The small picture stands beside its name."""
        row = self.row(index)
        if row is None:
            return None
        if role in (Role.DisplayRole, Role.ToolTipRole, Role.AccessibleTextRole):
            return _words(row, index.column(), role)
        if role == Role.SizeHintRole and row.kind is not Kind.PICTURE:
            return QSize(0, _HIGH)
        if role == Role.FontRole and (row.kind in _BOLD or (row.waits and index.column() == BECOMES)):
            font = QFont()
            font.setBold(True)
            return font
        if role == Role.DecorationRole and row.kind is Kind.PICTURE and index.column() == PICTURE:
            return self.small.of(self._pictures[row.key], self.ratio) or self._nothing()
        return None

    def _nothing(self) -> QIcon:
        """A place of the same size until the picture is there."""
        if self._blank is None:
            blank = QPixmap(SIZE)
            blank.fill(QColor(SURROUND_COLOUR))
            self._blank = untinted(blank)
        return self._blank


def _words(row: Row, column: int, role: int) -> str | None:
    text = row.cells[column]
    if role == Role.ToolTipRole:
        return row.details or None
    return titled(COLUMNS[column], text) if text and role == Role.AccessibleTextRole else text
