"""The histology inbox, behind Today: results pot by pot, what is to be discussed, letters, figures of one reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QColor, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedLayout,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.accuracy import BIOPSIED
from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.theme import alarm_colour
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.follow_up_panel import FollowUpPanel
from pfm_desktop.gui.widgets.one_of_chips import OneOfChips
from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.gui.widgets.plain_table import plain_table, show_rows
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import follow_up as model
from pfm_desktop.viewmodels.follow_up import Line, Part

if TYPE_CHECKING:
    from datetime import date

    from pfm_desktop.domain.change import Change
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.follow_up import Accuracy, SiteChoice
    from pfm_desktop.storage.specimens import Followed
    from pfm_desktop.viewmodels.session import Session

LISTS = (Part.AWAITED, Part.DISCUSS, Part.LETTERS)
PANEL = 420  # pixels


class HistologyPage(QWidget):
    """`closed` when Today is to be shown again; `visit_chosen(id)` when a visit is to be opened; `in_front` or not."""

    closed = Signal()
    visit_chosen = Signal(str)
    said = Signal(str)
    in_front = Signal(bool)
    title = tr("Histology")

    def __init__(self, session: Session, _jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._found: tuple[Followed, ...] = ()
        self._lines: tuple[Line, ...] = ()
        # the part that `_lines` and the list in sight are of; another may be chosen already
        self._lines_of = Part.AWAITED
        self._filling = self._to_list = False  # the keys go to the list once it is read
        self._wanted = "", ""  # visit and pot on which the list is to stand
        self._reading, self._figuring = Background(self), Background(self)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(tr("Search name, ID or pot"))
        self.search.setAccessibleName(tr("Search the list"))
        self.search.setClearButtonEnabled(True)
        self.parts = OneOfChips({part.value: words_ for part, words_ in model.PART_WORDS.items()}, tr("Show"), self)
        self.back = QPushButton(tr("Back to Today"), self)
        self.tables = {part: self._table(part) for part in LISTS}
        self.empty, self.count = QLabel(self), words(self, "quiet")
        self.panel = FollowUpPanel(session, self)
        self.figures = plain_table(self, model.FIGURE_COLUMNS, tr("My figures"))
        self.figures_note = words(self)
        self._actions = self._make_actions()
        self._lay_out()
        self._connect()

    # ---- the window

    def page_actions(self) -> Sequence[QAction]:
        """Commands of this page."""
        return self._actions

    def entered(self) -> None:
        """The page comes into sight: the lists are read."""
        self.in_front.emit(True)
        if self._session.case is not None and not self._wanted[0]:
            self._wanted = self._session.case.visit.id, ""
        self._to_list = True
        self.read_again()

    def left(self) -> None:
        """The page goes out of sight."""
        self.panel.save()
        self.in_front.emit(False)

    def detach(self) -> None:
        """The library is about to be closed."""
        self._session.drafts.remove(self.panel)
        self._session.on_changed.remove(self._changed)

    @property
    def part(self) -> Part:
        """Which list is shown."""
        return Part(self.parts.chosen)

    @property
    def idle(self) -> bool:
        """Whether what is shown was read."""
        return not (self._reading.busy or self._figuring.busy)

    def read_again(self) -> None:
        """All lists, from disk; what is done leaves them. The list stays where it stands."""
        self.panel.save()
        if self.part is Part.FIGURES:
            self._read_figures()
        self._read_lists()

    def _read_lists(self) -> None:
        self._reading.start(_read, self._session, done=self._show, failed=self.said.emit)

    # ---- what is shown

    def _show(self, answer: tuple[tuple[Followed, ...], SiteChoice]) -> None:
        self._stay()
        self._found, self._choice = answer
        self._show_counts()
        self._show_part()

    def _stay(self) -> None:
        """The list is to stand where it stands now, unless it is to stand elsewhere."""
        if (line := self._chosen()) is not None and not self._wanted[0]:
            self._wanted = line.visit_id, line.specimen_id

    def _show_counts(self) -> None:
        counts = {part.value: len(model.lines_of(part, self._found, _today(), self._choice)) for part in LISTS}
        self.parts.show_counts(counts)

    def _show_part(self) -> None:
        part = self._lines_of = self.part
        if part is Part.FIGURES:
            self._stack.setCurrentWidget(self._figures_page)
            self.panel.show_visit(None)
            if self._to_list:
                self._to_list = False
                self.parts.buttons[part.value].setFocus()
            return
        lines = model.searched(model.lines_of(part, self._found, _today(), self._choice), self.search.text())
        self._lines = lines[: model.MOST]
        left_out = len(lines) - len(self._lines)
        self.count.setText(tr("The first {shown} of {all:,}.", shown=model.MOST, all=len(lines)) if left_out else "")
        self.count.setVisible(bool(left_out))
        self._fill(self.tables[part])
        self.empty.setText(model.empty_words(part, self.search.text()))
        self._stack.setCurrentWidget(self._lists_page)
        place = model.place_of(self._lines, *self._wanted)
        self._to_list = self._to_list or (place is None and self._wanted[0] != "")  # never on in another woman's field
        self._wanted = "", ""
        if self._lines:
            self.tables[part].setCurrentCell(place or 0, 0)
        self._show_chosen()
        if self._to_list:
            self._to_list = False
            (self.tables[part] if self._lines else self.parts.buttons[part.value]).setFocus()

    def _fill(self, table: QTableWidget) -> None:
        self._lists.setCurrentWidget(table if self._lines else self._empty_page)
        self._filling = True
        show_rows(table, [line.cells for line in self._lines])
        for row, line in enumerate(self._lines):
            item = table.item(row, 0)
            if line.alarm and item is not None:
                item.setForeground(QColor(alarm_colour(self.palette())))
                font = item.font()
                font.setBold(True)
                item.setFont(font)
        self._filling = False

    def _show_chosen(self) -> None:
        line = self._chosen()
        one = next((one for one in self._found if line is not None and one.visit.id == line.visit_id), None)
        if one is None or self.panel.visit_id != one.visit.id:
            self._area.verticalScrollBar().setValue(0)
        self.panel.show_visit(one, line.specimen_id if line is not None else "")

    def _moved(self) -> None:
        """Whoever moved on while the lists are read again is not put back: into another woman's result."""
        self._wanted = "", ""
        self._show_chosen()

    def _chosen(self) -> Line | None:
        table = self.tables.get(self._lines_of)
        row = table.currentRow() if table is not None else -1
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def _changed(self, changes: tuple[Change, ...]) -> None:
        """Something was put on record, or taken back: what is shown stays where it is, and says what it is now."""
        touched = {change.key for change in changes}
        visits = [
            one.visit.id
            for one in self._found
            if one.visit.id in touched or not touched.isdisjoint(pot.id for pot in one.follow_up.specimens)
        ]
        if not self.isVisible():
            return
        if not visits:
            if any(change.what in ("result", "follow_up") for change in changes):  # undone, of one that had left them
                self.read_again()
            return
        from pfm_desktop.services import follow_up

        if self._reading.busy:  # its answer may be older than the change
            self._reading.drop()
            self._read_lists()
        now = {one.visit.id: one for one in follow_up.of_visits(self._session.library, visits)}
        self._found = tuple(now.get(one.visit.id, one) for one in self._found)
        self._show_counts()
        part = self._lines_of
        if part is Part.FIGURES:
            self._read_figures()
            return
        chosen, row = self._chosen(), self.tables[part].currentRow()
        self._lines = model.lines_again(part, self._lines, self._found, _today(), self._choice, self.search.text())
        self._fill(self.tables[part])
        place = model.place_of(self._lines, chosen.visit_id, chosen.specimen_id) if chosen is not None else None
        self._filling = True
        self.tables[part].setCurrentCell(min(row, len(self._lines) - 1) if place is None else place, 0)
        self._filling = False
        self._show_chosen()

    def _read_figures(self) -> None:
        work = (_figures, self._session, self._session.reader)
        self._figuring.start(*work, done=self._show_figures, failed=self.said.emit)

    def _show_figures(self, found: Accuracy) -> None:
        some = found.before.visits + found.at_last.visits > 0
        for part in (self.figures, self.figures_note, self.biopsied):
            part.setVisible(some)
        self.no_figures.setVisible(not some)
        show_rows(self.figures, model.figure_rows(found))
        demo = self._session.library.demo
        self.figures_note.setText(model.figures_words(self._session.reader, found.unsure, demo=demo))

    # ---- keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter in a list goes to the result."""
        pressed = event.key() if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) else None
        if watched is self.search and pressed in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._lines:
            self.tables[self._lines_of].setFocus()
            return True
        if watched is self.search and pressed == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            return True
        if pressed in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and watched in self.tables.values():
            self.panel.enter(letter=self._lines_of is Part.LETTERS)
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape: from the result to the list, from there back to Today."""
        table = self.tables.get(self._lines_of)
        if event.key() == Qt.Key.Key_Escape:
            if table is not None and self.panel.isAncestorOf(self.focusWidget() or self):
                self.panel.save()
                table.setFocus()
            else:
                self.closed.emit()
            return
        super().keyPressEvent(event)

    def go_on(self) -> None:
        """The next row that is not done, and its result."""
        table = self.tables.get(self._lines_of)
        if table is None or not self._lines:
            return
        self.panel.save()
        at = table.currentRow()
        order = [*range(at + 1, len(self._lines)), *range(at + 1)]
        place = next((row for row in order if not self._lines[row].cells[0].startswith(model.DONE)), at)
        table.setCurrentCell(place, 0)
        self.panel.enter(letter=self._lines_of is Part.LETTERS)

    # ---- making

    def _make_actions(self) -> tuple[QAction, ...]:
        shown = [
            self._action(
                f"show_{part.value}",
                tr("Show: {list}", list=words_),
                f"Alt+{place}",
                partial(self.parts.choose, part.value),
            )
            for place, (part, words_) in enumerate(model.PART_WORDS.items(), start=1)
        ]
        return (
            self._action("next", tr("&Next one that is not done"), "Ctrl+Return", self.go_on),
            self._action("search", tr("&Search the list"), "/", self._to_search),
            self._action("read_again", tr("&Read the lists again"), "F5", self.read_again),
            *shown,
        )

    def _to_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _action(self, name: str, text: str, shortcut: str, slot: Callable[[], object]) -> QAction:
        return page_action(self, f"histology.{name}", text, shortcut, slot)

    def _table(self, part: Part) -> QTableWidget:
        table = plain_table(self, model.COLUMNS[part], model.PART_WORDS[part])
        table.currentCellChanged.connect(lambda *_: None if self._filling else self._moved())
        table.cellDoubleClicked.connect(lambda *_: self.panel.enter(letter=self._lines_of is Part.LETTERS))
        table.installEventFilter(self)
        return table

    def _connect(self) -> None:
        self.back.clicked.connect(lambda _checked=False: self.closed.emit())
        self.parts.chosen_changed.connect(lambda _key: self._chosen_part())
        self.search.textChanged.connect(lambda _text: self._searched())
        self.search.installEventFilter(self)
        self.panel.open_wanted.connect(self.visit_chosen)
        self._session.drafts.append(self.panel)
        self._session.on_changed.append(self._changed)

    def _searched(self) -> None:
        """Of the list as it was read; a result that is being entered is kept first."""
        self.panel.save()
        if self.part is not Part.FIGURES:
            self._show_part()

    def _chosen_part(self) -> None:
        """The keys leave the result: another woman's comes into its place."""
        self._to_list = not self.parts.isAncestorOf(self.focusWidget() or self)
        self.panel.save()
        if self._found:  # at once what is known
            self._stay()
            self._show_part()
        self.read_again()

    def _lay_out(self) -> None:
        from pfm_desktop.services.follow_up import SiteChoice

        self._choice = SiteChoice()
        heading = QLabel(self.title, self)
        heading.setProperty("role", "title")
        self.back.setToolTip(tr("Back to Today (Escape)"))
        top = QHBoxLayout()
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self.back)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.parts)
        held = QWidget(self)
        self._stack = QStackedLayout(held)
        self._lists_page, self._figures_page = self._make_lists(), self._make_figures()
        self._stack.addWidget(self._lists_page)
        self._stack.addWidget(self._figures_page)
        column.addWidget(held, 1)

    def _make_lists(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        left, lists = QWidget(split), QWidget(split)
        self._lists = QStackedLayout(lists)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty_page = self.empty
        for page in (*self.tables.values(), self.empty):
            self._lists.addWidget(page)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.count)
        column.addWidget(lists, 1)
        right = QWidget(split)
        self._area = area = QScrollArea(right)
        area.setWidget(self.panel)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        right.setMinimumWidth(PANEL)
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 0, 0, 0)
        for said in (self.panel.who, self.panel.visit):  # above what scrolls: whose result is entered stays in sight
            said.setContentsMargins(12, 4, 12, 0)
            beside.addWidget(said)
        beside.addWidget(area, 1)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 1)
        return split

    def _make_figures(self) -> QWidget:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.biopsied = words(page, "quiet", BIOPSIED)
        self.no_figures = words(page, "", model.NO_FIGURES)
        self.no_figures.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for part in (self.figures_note, self.biopsied, self.no_figures):
            column.addWidget(part)
        column.addWidget(self.figures, 1)
        return page


def _read(ctx: Context, session: Session) -> tuple[tuple[Followed, ...], SiteChoice]:
    """The lists, as a job."""
    from pfm_desktop.services import follow_up

    return follow_up.open_follow_up(session.library, ctx=ctx), follow_up.site_choice(session.library)


def _figures(ctx: Context, session: Session, reader: str) -> Accuracy:
    """The figures of one reader, as a job."""
    from pfm_desktop.services import follow_up

    return follow_up.accuracy(session.library, reader, ctx=ctx)


def _today() -> date:
    return datetime.now().astimezone().date()
