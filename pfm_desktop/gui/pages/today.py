"""Today: the visits, newest first; search as you type; new patients, visits and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QFocusEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.followup import Only
from pfm_desktop.domain.people import Act
from pfm_desktop.gui.actions import NATIVE, on_button, page_action
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.cut_words import OneLine
from pfm_desktop.gui.widgets.least_room import bring_row_into_sight
from pfm_desktop.gui.widgets.worklist_columns import WorklistColumns
from pfm_desktop.gui.widgets.worklist_filter import WorklistFilter
from pfm_desktop.gui.widgets.worklist_model import WorklistModel
from pfm_desktop.jobs import Context
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.first_look import Closed, FirstLook
from pfm_desktop.viewmodels.tour import OFFER_TAKE
from pfm_desktop.viewmodels.worklist import LIMIT, Found, WorkRow, count_text, empty_text, found

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.intake import Intake
    from pfm_desktop.gui.widgets.move_form import MoveForm
    from pfm_desktop.viewmodels.session import Session

DEBOUNCE_MS = 120
SEARCHED = tr("Search name, ID, date, impression, finding")
NOT_SEARCHED = tr("Names are hidden: nothing to search")
SEARCH = 260  # pixels that the search field has at least: buttons that would take them are below the button More
MORE_ROOM = 1500  # pixels, with which there is room for the export button too

NO_IMPORT = tr("No pictures can be brought in")
_MARGINS = (14, 12, 14, 10)
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class TodayPage(QWidget):
    """`visit_chosen(id)` when a visit is to be opened; `said(text)` when something was added; `in_front` or not.

    `import_wanted(paths)` when pictures of many visits are to be brought in; the paths are what was dropped.

    While the library is being opened a chosen visit waits: `opens_soon`, and `early` names it. The last choice counts.
    """

    visit_chosen = Signal(str)
    said = Signal(str)
    in_front = Signal(bool)
    opens_soon = Signal()
    import_wanted = Signal(list)
    examine_wanted = Signal(str)
    histology_wanted = Signal()
    tour_wanted = Signal()
    export_wanted = Signal(str, str)  # the visit on which the list stands, or ""; what is searched for
    title = tr("Today")

    def __init__(self, session: Session | FirstLook, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._waiting: Callable[[Found], None] | None = None  # what follows once the library is open
        self.early = ""
        self._just_read = False  # a list that was read a moment ago is not read again at once
        self.model = WorklistModel(self)
        self.model.more_wanted.connect(self._read_on)
        self._wanted = ""  # the visit on which the list is to stand once it has been read
        self._asked = "", Only.ALL  # the search whose answer is shown or on its way
        self._background, self._counting, self._paging = Background(self), Background(self), Background(self)
        self.filter = WorklistFilter(self)
        self._opens = False  # what is being searched for is to be opened
        self._last: tuple[datetime, str] | None = None  # start and id of the last visit of the list
        self._total: int | None = None  # of what was searched for; not known yet
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(DEBOUNCE_MS)
        self._pause.timeout.connect(self.read_again)
        self.search, self.count = self._make_search(), OneLine(self)
        self._following = self._make_following()
        self._allow_searching()
        self.table, self.empty = self._make_table(), self._make_empty()
        self._intake: Intake | None = None
        self._actions = self._make_actions()
        self._export = self._make_export()
        self._setting_right = self._make_setting_right()
        self._move: MoveForm | None = None
        self._export_button: QPushButton | None = None  # made once there is room
        self._lay_out()
        self.setAcceptDrops(True)
        self._show_all()

    def take(self, session: Session) -> None:
        """The library is open: the list is read in it, and what was typed and chosen meanwhile is carried out."""
        self._session = session
        self._allow_searching()
        then, self._waiting = self._waiting, None
        if then is None:
            self._show_all()
        else:
            self.read_again(then)

    @property
    def intake(self) -> Intake:
        """The form beside the list; made when it is first asked for, so that the list stands sooner."""
        if self._intake is None:
            from pfm_desktop.gui.widgets.intake import Intake

            assert not isinstance(self._session, FirstLook), "nothing can be added yet"
            self._intake = made = Intake(self._session, self._jobs, self)
            made.changed.connect(self._added)
            made.open_visit.connect(self.visit_chosen)
            made.closed.connect(self.search.setFocus)
            made.hide()
            self._split.addWidget(made)
        return self._intake

    @property
    def moving(self) -> MoveForm:
        """The form beside the list that sets right what lies with the wrong woman; made when it is first asked for."""
        if self._move is None:
            from pfm_desktop.gui.widgets.move_form import MoveForm

            assert not isinstance(self._session, FirstLook), "nothing can be changed yet"
            self._move = made = MoveForm(self._session, self)
            made.closed.connect(self.search.setFocus)
            made.done.connect(lambda _changes: self.follow_record())
            self._split.addWidget(made)
        if self._intake is not None:
            self._intake.hide()
        return self._move

    def page_actions(self) -> Sequence[QAction]:
        """Commands of this page."""
        return (*self._actions, self._export, *self._following, *self._setting_right)

    def entered(self) -> None:
        """The page comes into sight: the list is read again and stands on the visit that is open."""
        if self._session.case is not None:
            visit = self._session.case.visit.id
            if (place := self.model.place_of(visit)) >= 0:  # at once: the next key moves on from there
                self.table.setCurrentIndex(self.model.index(place, 0))
            self._wanted = visit
        if not self._just_read or self._wanted:
            self.read_again()
        self._just_read = False
        self.filter.count()
        if not self.table.hasFocus():  # who is in the list already stays there
            self.search.setFocus()
        self.in_front.emit(True)

    def left(self) -> None:
        """The page goes out of sight."""
        self._pause.stop()
        self.in_front.emit(False)

    @property
    def idle(self) -> bool:
        """Whether the list shows what the search field says."""
        return not (self._pause.isActive() or self._background.busy or self._waiting)

    @property
    def reading_on(self) -> bool:
        """Whether more rows, or the number of all, are still to come."""
        return self._paging.busy or self._counting.busy

    def read_again(self, then: Callable[[Found], None] | None = None) -> None:
        """Search once more, for what the field says now; then show it, or do what is given with it."""
        self._pause.stop()
        self._counting.drop()
        self._paging.drop()
        # read again, the list keeps its length: who had gone far down in it stays there
        asks = self.search.text(), self.filter.only
        limit = max(LIMIT, self.model.rowCount()) if self._asked == asks else LIMIT
        self._asked = asks
        if isinstance(self._session, FirstLook):
            self._waiting = then or self._show
            if then is not None:  # what the search finds is to be opened, and not what was chosen before
                self.early = ""
                self.opens_soon.emit()
            return
        if self._background.busy and not self._opens:  # nobody waits for that answer any more
            self._background.drop()
        self._opens = then is not None
        work = (_search, self._session, *self._asked, limit)
        self._background.start(*work, done=then or self._show, failed=self.said.emit)

    def follow_record(self) -> None:
        """Something is otherwise on record: the list and what its chips count are read again."""
        self.filter.count()
        self.read_again()

    def focus_search(self) -> None:
        """Put the keys into the search field."""
        self.search.setFocus()
        self.search.selectAll()

    def chosen_row(self) -> WorkRow | None:
        """The visit on which the list stands."""
        return self.model.row(self.table.currentIndex().row())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys in the search field: arrows move the list, Enter opens, Escape clears. Enter in the list opens."""
        if event.type() is QEvent.Type.Resize and watched is not self.search:
            self.columns.fit()
        if watched is self.search and event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            return self._left_to_window(event)
        if watched is self.search and isinstance(event, QFocusEvent) and event.lostFocus():
            self._typing_ends(event.reason())
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if watched is self.search and self._left_to_window(event):  # also where the window has nothing to undo
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._open_current()
                return True
            if watched is self.search and key in _MOVES:
                self.table.keyPressEvent(event)
                return True
            if watched is self.search and key == Qt.Key.Key_Escape and (self.search.text() or self.filter.restricts):
                self.search.setText("")
                self.filter.show_all()
                return True
        return super().eventFilter(watched, event)

    def _left_to_window(self, event: QKeyEvent) -> bool:
        """Undo is the list's, but for what is being typed: an earlier search would bring another woman into sight."""
        typed = bool(self.search.text())
        undo = event.matches(QKeySequence.StandardKey.Undo) and not (typed and self.search.isUndoAvailable())
        redo = event.matches(QKeySequence.StandardKey.Redo) and not (typed and self.search.isRedoAvailable())
        if undo or redo:
            event.ignore()
        return undo or redo

    def _typing_ends(self, reason: Qt.FocusReason) -> None:
        """The keys go elsewhere: from now on the field knows no more of what stood there before."""
        if reason not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.search.setText(self.search.text())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped."""
        if not self._session.library.no_editing and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Dropped files go into the pictures form of the visit on which the list stands, or of a new patient.

        A folder, a zip, or more files than a visit has stages are sorted by the import first: in one visit they would
        be one woman's.
        """
        from pfm_desktop.viewmodels.import_page import for_import

        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            if for_import(files):
                self.import_wanted.emit(files)
            else:
                self.intake.take_files(self.chosen_row(), files)

    # what is shown

    def _added(self, visit_id: str) -> None:
        """Something was added to a visit: it must be in sight, whatever was searched for."""
        self.search.setText("")  # `clear` would be a step of the field's own undo
        self.filter.show_all()
        self.follow_record()
        self._wanted = visit_id

    def _show(self, answer: Found) -> None:
        wanted = self._wanted or (row.visit_id if (row := self.chosen_row()) else "")
        self._wanted = ""
        opened = not isinstance(self._session, FirstLook)
        self._last, self._total = answer.last, None
        self.model.show_rows(answer.lines, more=answer.more and opened)
        self._say_how_many()
        text, only = self._asked
        self.empty.setText(empty_text(text, read_only=bool(self._session.library.no_editing), only=only))
        self._stack.setCurrentIndex(0 if answer.lines else 1)
        place = max(0, self.model.place_of(wanted))
        if answer.lines:
            self.table.setCurrentIndex(self.model.index(place, 0))
        self._refresh_actions()
        if answer.more and opened:
            self._counting.start(_count, self._session, *self._asked, done=self._counted, failed=self.said.emit)

    def _moved(self) -> None:
        """The list stands elsewhere: who moved on while it is read again is not put back."""
        self._wanted = ""
        bring_row_into_sight(self.table)
        self._refresh_actions()

    def _show_all(self) -> None:
        self._show(found(self._session.today(), datetime.now().astimezone(), limit=LIMIT))
        self._just_read = True

    def _say_how_many(self) -> None:
        text, only = self._asked
        self.count.show_words(count_text(self.model.rowCount(), text, total=self._total, only=only))

    def _counted(self, total: int) -> None:
        self._total = total
        self._say_how_many()

    def _read_on(self) -> None:
        """The list was scrolled to its end, and there are older visits."""
        if self._last is not None:
            work = (_search, self._session, *self._asked, LIMIT, self._last)
            self._paging.start(*work, done=self._show_more, failed=self._no_more)

    def _show_more(self, answer: Found) -> None:
        self._last = answer.last or self._last
        self.model.add_rows(answer.lines, more=answer.more)
        self._say_how_many()

    def _no_more(self, why: str) -> None:
        self.model.add_rows((), more=False)  # or the view would ask again and again
        self.said.emit(why)

    def _open_current(self) -> None:
        if not self.idle:  # the list may still show the answer to an earlier search
            self.read_again(self._show_and_open)
            return
        row = self.chosen_row()
        if row is not None:
            self._choose(row.visit_id)

    def _choose(self, visit_id: str) -> None:
        if not isinstance(self._session, FirstLook):
            self.visit_chosen.emit(visit_id)
            return
        self.early = visit_id
        if self._waiting is not None:  # the search is still answered, but opens nothing
            self._waiting = self._show
        self.opens_soon.emit()

    def _show_and_open(self, answer: Found) -> None:
        self._show(answer)
        if (row := self.chosen_row()) is not None:
            self.visit_chosen.emit(row.visit_id)

    # making

    def _allow_searching(self) -> None:
        """Who sees no names would find every visit, whatever is typed."""
        library = self._session.library
        may = isinstance(library, Closed) or library.may(Act.SEE_NAMES)
        self.search.setEnabled(may)
        self.filter.allow(self._session, sees_findings=may)
        for action in self._following:
            action.setEnabled(may and not isinstance(library, Closed))
        self.search.setPlaceholderText(SEARCHED if may else NOT_SEARCHED)

    def _make_search(self) -> QLineEdit:
        field = QLineEdit(self)
        field.setAccessibleName(tr("Search visits"))
        field.setClearButtonEnabled(True)
        field.setMinimumWidth(SEARCH)
        field.textChanged.connect(lambda _text: self._pause.start())
        field.installEventFilter(self)
        return field

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        table.setModel(self.model)
        table.setAccessibleName(tr("Visits"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(34)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)
        self.columns = WorklistColumns(table)
        table.doubleClicked.connect(self._double_clicked)
        table.selectionModel().currentRowChanged.connect(self._moved)
        table.installEventFilter(self)
        table.viewport().installEventFilter(self)
        return table

    def _make_empty(self) -> QLabel:
        label = QLabel(self)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setAccessibleName(tr("Empty list"))
        return label

    def _empty_page(self) -> QWidget:
        """What stands there while there is no visit, and the way to many at once."""
        page = QWidget(self)
        self.import_here = QPushButton(on_button(self._actions[-1].text()), page)
        self.import_here.clicked.connect(self._actions[-1].trigger)
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(self.empty)
        column.addWidget(self.import_here, 0, Qt.AlignmentFlag.AlignHCenter)
        self.tour_here = QPushButton(OFFER_TAKE, page)
        self.tour_here.clicked.connect(lambda _checked=False: self.tour_wanted.emit())
        column.addWidget(self.tour_here, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    def _make_actions(self) -> tuple[QAction, ...]:
        action = self._action
        return (
            action("open", tr("&Open visit"), "Ctrl+Return", self._open_current),
            action("new_patient", tr("New &patient..."), "Ctrl+N", self._new_patient),
            # Ctrl+E is the search field's own
            action("edit_patient", tr("&Edit patient..."), "F2", self._edit_patient),
            action("new_visit", tr("New &visit..."), "Ctrl+Shift+N", self._new_visit),
            action("examine", tr("E&xamine live"), "Ctrl+Shift+E", self._examine),
            action("add_pictures", tr("&Add pictures..."), "Ctrl+I", self._add_pictures),
            action("import", tr("&Import pictures..."), "Ctrl+Shift+I", lambda: self.import_wanted.emit([])),
        )

    def _action(self, name: str, text: str, shortcut: str, slot: Any) -> QAction:
        return page_action(self, f"today.{name}", text, shortcut, slot)

    def _make_export(self) -> QAction:
        return self._action("export", tr("E&xport..."), "", self._ask_export)

    def _make_following(self) -> tuple[QAction, ...]:
        """The filter by keys, and the way to the results of the laboratory."""
        for action in self.filter.commands():
            self.addAction(action)
        histology = self._action("histology", tr("&Histology inbox..."), "Ctrl+Shift+H", self.histology_wanted.emit)
        return (histology, *self.filter.commands())

    def _make_setting_right(self) -> tuple[QAction, ...]:
        """In the menu only: seldom needed, and not to be pressed by mistake."""
        return (
            self._action("move_visit", tr("&Move visit to another patient..."), "Ctrl+M", self._move_visit),
            self._action("remove_visit", tr("&Remove empty visit..."), "Ctrl+Shift+Del", self._remove_visit),
            self._action("women_without_visits", tr("Patients without visits..."), "", self._women_without_visits),
        )

    def _move_visit(self) -> None:
        from pfm_desktop.viewmodels.moving import women_for

        if (row := self.chosen_row()) is not None:
            self.moving.ask(tr("Move visit to another patient"), tr("Move visit"), women_for, row.visit_id)

    def _remove_visit(self) -> None:
        from pfm_desktop.viewmodels.moving import removal_of

        if (row := self.chosen_row()) is not None:
            self.moving.ask(tr("Remove visit"), tr("Remove visit"), removal_of, row.visit_id, search=False)

    def _women_without_visits(self) -> None:
        from pfm_desktop.viewmodels.moving import NO_WOMEN, women_without_visits

        title, go = tr("Patients without visits"), tr("Remove patient")
        self.moving.ask(title, go, women_without_visits, search=False, nothing=NO_WOMEN)

    def _ask_export(self) -> None:
        row = self.chosen_row()
        self.export_wanted.emit(row.visit_id if row is not None else "", self.search.text().strip())

    def _new_patient(self) -> None:
        self.intake.new_patient()

    def _edit_patient(self) -> None:
        if (row := self.chosen_row()) is not None:
            self.intake.edit_patient(row)

    def _new_visit(self) -> None:
        if (row := self.chosen_row()) is not None:
            self.intake.new_visit(row)

    def _examine(self) -> None:
        row = self.chosen_row()
        if row is not None:
            self.examine_wanted.emit(row.visit_id)

    def _add_pictures(self) -> None:
        if (row := self.chosen_row()) is not None:
            self.intake.add_pictures(row)

    def _double_clicked(self, index: QModelIndex) -> None:
        row = self.model.row(index.row())
        if row is not None:
            self._choose(row.visit_id)

    def _refresh_actions(self) -> None:
        row, writable = self.chosen_row(), not self._session.library.no_editing
        if self._intake is not None:
            self._intake.list_stands_on(row)
        open_, patient, *of_the_row, many = self._actions
        open_.setEnabled(row is not None)
        patient.setEnabled(writable)
        many.setEnabled(writable)
        self._export.setEnabled(not isinstance(self._session, FirstLook))
        if self._export_button is not None:
            self._export_button.setEnabled(self._export.isEnabled())
        move, remove, women = self._setting_right
        for action in (*of_the_row, move, remove):
            action.setEnabled(writable and row is not None)
        women.setEnabled(writable)
        for action, button, behind in zip(self._actions, self._buttons, self._behind, strict=True):
            for one in (button, behind):
                one.setEnabled(action.isEnabled())
        why = titled(NO_IMPORT, self._session.library.no_editing)
        for button in (self._buttons[-1], self.import_here):
            button.setToolTip(_tip(many) if writable else why)
        self.import_here.setEnabled(writable)
        asked = bool(self._asked[0].strip()) or self.filter.restricts
        self.import_here.setVisible(writable and not asked)
        self.tour_here.setVisible(not asked)
        self.tour_here.setEnabled(not isinstance(self._session, FirstLook))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window some buttons are behind another one: the search comes first."""
        super().resizeEvent(event)
        self._fit_buttons()
        room = self.width() >= MORE_ROOM
        if room and self._export_button is None:
            self._export_button = made = QPushButton(tr("Export..."), self)
            made.setEnabled(self._export.isEnabled())
            made.clicked.connect(self._export.trigger)
            self._top.addWidget(made)
        if self._export_button is not None:
            self._export_button.setVisible(room)

    def changeEvent(self, event: QEvent) -> None:
        """Larger letters need more room."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_split"):
            self._fit_buttons()

    def _fit_buttons(self) -> None:
        """As many as leave the search field its room; whole, or behind the button for more."""
        asked = [one.sizeHint().width() + self._top.spacing() for one in (*self._buttons, self._more)]
        left = self.width() - _MARGINS[0] - _MARGINS[2] - SEARCH
        cut = sum(asked[:-1]) > left
        left -= asked[-1] if cut else 0
        first_to_last = (0, 1, 3, 4, 5, 2, 6)  # to open, new patient, new visit, live, pictures; to edit, to import
        for place in first_to_last:
            left -= asked[place]
            self._buttons[place].setVisible(left >= 0)
            self._behind[place].setVisible(left < 0)
        self._more.setVisible(cut)

    def _lay_out(self) -> None:
        self._top = top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        self.count.setProperty("role", "quiet")
        self._buttons = []
        for action in self._actions:
            button = QPushButton(on_button(action.text()), self)
            button.clicked.connect(action.trigger)
            button.setToolTip(_tip(action))
            top.addWidget(button)
            self._buttons.append(button)
        self._lay_out_more()
        held = QWidget(self)
        self._stack = QStackedLayout(held)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty_page())
        for button in (*self._buttons, self._more):
            button.setMinimumWidth(1)  # asks for no room of its own: it is seen whole where there is room
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.addWidget(held)
        self._split.setStretchFactor(0, 1)
        self._split.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.filter)
        column.addWidget(self.count)
        column.addWidget(self._split, 1)
        self.filter.chosen_changed.connect(lambda _key: self.read_again())
        self.setTabOrder(self.search, self.table)

    def _lay_out_more(self) -> None:
        """What finds no room beside the search, below one button."""
        self._more = QPushButton(tr("More"), self)
        menu = QMenu(self._more)
        menu.setAccessibleName(tr("More"))
        self._behind = [menu.addAction(action.text(), action.trigger) for action in self._actions]
        self._more.setMenu(menu)
        self._top.addWidget(self._more)


def _tip(action: QAction) -> str:
    return f"{on_button(action.text())} ({action.shortcut().toString(NATIVE)})"


def _search(
    ctx: Context, session: Session, text: str, only: Only, limit: int, after: tuple[datetime, str] | None = None
) -> Found:
    """The search, as a job; the words of its rows as well, which are many."""
    from pfm_desktop.services import cases, follow_up

    days = follow_up.site_choice(session.library).days
    rows = cases.today(session.library, search=text, only=only, overdue_days=days, limit=limit, after=after, ctx=ctx)
    return found(rows, datetime.now().astimezone(), limit=limit, overdue_days=days)


def _count(ctx: Context, session: Session, text: str, only: Only) -> int:
    """How many visits there are, as a job."""
    from pfm_desktop.services import cases, follow_up

    days = follow_up.site_choice(session.library).days
    return cases.count_visits(session.library, search=text, only=only, overdue_days=days, ctx=ctx)
