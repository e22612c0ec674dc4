"""What goes out, of which visits, and where to: the choices of the export page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.widgets.file_dialog import ask_folder
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import export as model
from pfm_desktop.viewmodels.export import Kind, Picked, Scope

if TYPE_CHECKING:
    from pfm_desktop.domain.case import VisitRow

DEBOUNCE_MS = 200
_ID = Qt.ItemDataRole.UserRole


class ExportForm(QWidget):
    """`changed` when something else is chosen; `search_changed` when other visits are to be found."""

    changed = Signal()
    search_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._one = Picked()
        self._found: Picked | None = None  # None while nothing was searched for
        self._known: dict[str, VisitRow] = {}  # every visit that was seen, for those that are ticked
        self._ticked: frozenset[str] = frozenset()
        self.parent_folder: Path | None = None
        self.kind = CalmComboBox(self)
        for kind in Kind:
            self.kind.addItem(kind.words, kind)
        self.kind.setAccessibleName(tr("What comes out"))
        self.kind.setSizeAdjustPolicy(CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.currentIndexChanged.connect(lambda _index: self.changed.emit())
        self.group = QButtonGroup(self)
        self.scopes = {scope: QRadioButton(self) for scope in Scope}
        for number, button in enumerate(self.scopes.values()):
            self.group.addButton(button, number)
        self.scopes[Scope.ONE].setChecked(True)
        self.group.idToggled.connect(lambda _number, on: self._scope_chosen() if on else None)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(tr("Search name, ID, date, hour or impression; empty: all visits"))
        self.search.setAccessibleName(tr("Search visits"))
        self.search.setClearButtonEnabled(True)
        self._pause = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._pause.timeout.connect(self.search_changed)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.visits = QListWidget(self)
        self.visits.setAccessibleName(tr("Visits to tick"))
        self.visits.setAccessibleDescription(tr("Space ticks a visit."))
        self.visits.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.visits.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.visits.itemChanged.connect(lambda _item: self._tick())
        self.more = words(self, "quiet")
        self.choose = QPushButton(tr("Choose a folder..."), self)
        self.choose.clicked.connect(lambda _checked=False: self.ask_where())
        self.place = words(self)
        self._lay_out()

    @property
    def waiting(self) -> bool:
        """Whether what was typed is still to be searched for."""
        return self._pause.isActive()

    @property
    def scope(self) -> Scope:
        """Which visits."""
        return tuple(Scope)[self.group.checkedId()]

    @property
    def chosen_kind(self) -> Kind:
        """What comes out."""
        return Kind(self.kind.currentData())

    @property
    def picked(self) -> Picked:
        """The visits that go out."""
        if self.scope is Scope.TICKED:
            return model.ticked(self._known.values(), self._ticked)
        return self._one if self.scope is Scope.ONE else self._found or Picked()

    def begin(self, search: str, *, one: bool) -> None:
        """Preset: one visit where there is one, else all that a search finds. Nothing is ticked."""
        self._ticked, self._known, self._found = frozenset(), {}, None
        self.search.setText(search)
        self._pause.stop()
        self.group.blockSignals(True)  # the page searches once, when it comes into sight
        self.scopes[Scope.ONE if one else Scope.FOUND].setChecked(True)
        self.group.blockSignals(False)
        self._show_parts()

    def show_visits(self, found: Picked | None, one: Picked) -> None:
        """The search was answered."""
        self._found, self._one = found, one
        rows = found.rows if found is not None else ()
        shown = rows[: model.SHOWN_VISITS]
        self._known |= {row.visit.id: row for row in (*shown, *one.rows) if row.visit.id not in self._ticked}
        self.visits.blockSignals(True)
        self.visits.clear()
        for row in shown:
            item = QListWidgetItem(model.visit_line(row), self.visits)
            item.setData(_ID, row.visit.id)
            item.setToolTip(item.text())
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(_state(row.visit.id in self._ticked))
        self.visits.blockSignals(False)
        hidden = len(rows) - len(shown)
        self.more.setText(tr("{count:,} older ones are not listed: search for them.", count=hidden) if hidden else "")
        self._say_scopes()
        self.changed.emit()

    def ask_where(self) -> None:
        """Ask for the folder in which the new one is made."""
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        start = str(self.parent_folder or documents)
        ask_folder(self, "export_to", tr("Make the new folder in"), self.use_folder, folder=start)

    def use_folder(self, folder: str) -> None:
        """The folder in which the new one is made."""
        self.parent_folder = Path(folder)
        self.changed.emit()

    def show_place(self, folder: Path | None) -> None:
        """Where it goes."""
        self.place.setText(
            tr("The new folder {folder}", folder=folder) if folder is not None else tr("No folder is chosen yet.")
        )

    def _tick(self) -> None:
        items = [self.visits.item(row) for row in range(self.visits.count())]
        listed = {str(item.data(_ID)) for item in items}
        on = {str(item.data(_ID)) for item in items if item.checkState() is Qt.CheckState.Checked}
        self._ticked = (self._ticked - listed) | on
        self._say_scopes()
        self.changed.emit()

    def _scope_chosen(self) -> None:
        self._show_parts()
        if self.scope is not Scope.ONE and self._found is None:
            self.search_changed.emit()
        self.changed.emit()

    def _show_parts(self) -> None:
        for part in (self.visits, self.more):
            part.setVisible(self.scope is Scope.TICKED)
        self.search.setVisible(self.scope is not Scope.ONE)
        self.one_line.setVisible(self.scope is Scope.ONE)

    def _say_scopes(self) -> None:
        one = model.visit_words(self._one.rows[0]) if self._one.rows else ""
        searched = self.search.text().strip()
        self.scopes[Scope.ONE].setText(tr("One visit"))
        self.scopes[Scope.ONE].setEnabled(bool(one))
        self.one_line.setText(one or tr("Choose a visit on Today first."))
        self.scopes[Scope.TICKED].setText(tr("The visits that I tick ({count:,} ticked)", count=len(self._ticked)))
        all_ = tr("ALL visits of this library")
        if searched:
            all_ = tr('All that the search for "{searched}" finds', searched=searched)
        count = f" ({len(self._found.rows):,})" if self._found is not None else ""
        self.scopes[Scope.FOUND].setText(all_ + count)

    def _lay_out(self) -> None:
        self.one_line = words(self, "quiet")
        self.one_line.setIndent(26)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(4)
        which, where = _heading(tr("Which visits"), self), QHBoxLayout()
        where.addWidget(_heading(tr("Where"), self), 1)
        where.addWidget(self.choose)
        one, some, all_ = (self.scopes[scope] for scope in Scope)
        for part in (self.kind, which, one, self.one_line, some, all_, self.search, self.visits, self.more):
            column.addWidget(part)
        column.addLayout(where)
        column.addWidget(self.place)
        self.visits.setFixedHeight(112)
        self._show_parts()
        self._say_scopes()
        self.show_place(None)


def _state(on: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked


def _heading(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", "heading")
    return label
