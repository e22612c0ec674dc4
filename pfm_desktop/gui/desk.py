"""What belongs to one open library: its session, its undo stacks, its pages. Goes away with the library."""

from __future__ import annotations

import importlib
import logging
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from pfm_desktop.domain.examination import GOES_ON_S
from pfm_desktop.gui.loading import load_below, load_next
from pfm_desktop.gui.pages.today import TodayPage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.services.clock import moment_now
from pfm_desktop.support import memory
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from pfm_desktop.gui.actions import ActionBook
    from pfm_desktop.gui.main_window import MainWindow
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library
    from pfm_desktop.support.settings import Settings

log = logging.getLogger(__name__)
END_SECONDS = 3.0  # for work that ends with the library
AGAIN_MS = 10_000  # after which what the disk refused is tried again
QUIET_MS = 200  # after which it is asked anew whether a visit is still on its way to the screen
KEPT_NOW = tr("What was typed is kept now.")
TODAY, REVIEW, CAPTURE, ANNOTATE, MODELS, SETTINGS, AUDIT, IMPORT, EXPORT, LEARNING, HISTOLOGY = range(11)
# module and class of the pages that are made after the window stands
LATER = {
    REVIEW: ("pfm_desktop.gui.pages.review.page", "ReviewPage"),
    CAPTURE: ("pfm_desktop.gui.pages.capture.page", "CapturePage"),
    ANNOTATE: ("pfm_desktop.gui.pages.annotate.page", "AnnotatePage"),
    MODELS: ("pfm_desktop.gui.pages.models", "ModelsPage"),
    SETTINGS: ("pfm_desktop.gui.pages.settings", "SettingsPage"),
}
# pages that are made when they are asked for, and the page on the rail that they stand behind
BEHIND = {
    AUDIT: ("pfm_desktop.gui.pages.audit", "AuditPage", SETTINGS),
    IMPORT: ("pfm_desktop.gui.pages.importing", "ImportPage", TODAY),
    EXPORT: ("pfm_desktop.gui.pages.export", "ExportPage", TODAY),
    LEARNING: ("pfm_desktop.gui.pages.learning.page", "LearningPage", MODELS),
    HISTOLOGY: ("pfm_desktop.gui.pages.histology", "HistologyPage", TODAY),
}


class Desk(QObject):
    """Makes pages when they are first needed; `page_made` then. Signals of the pages are passed on."""

    visit_chosen = Signal(str)
    said = Signal(str)
    problem = Signal(str)
    library_wanted = Signal()
    new_library_wanted = Signal()
    demo_wanted = Signal()
    page_made = Signal(QWidget)
    recovery = Signal(str)
    gone = Signal()

    def __init__(
        self, library: Library, settings: Settings, window: MainWindow, *, looked: TodayPage | None = None
    ) -> None:
        """`looked`: the list that is on the screen already, of this library."""
        super().__init__(window)
        self._looked = looked
        self.session = Session(library, settings)
        self._window, self._jobs = window, window.jobs
        self.undo = Undo(self.session, self, jobs=window.jobs)
        self.undo.ended.connect(self._brought_in)
        self.undo.not_done.connect(self.problem)
        self._warming, self._noting, self._reading = Background(self), Background(self), Background(self)
        self._place = ""  # the visit that was noted last
        self.session.on_case.append(lambda _case: self._note_place())
        self._turn = QTimer(self, singleShot=True)
        self._turn.timeout.connect(self._make_rest)
        self._again = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._again.timeout.connect(self._keep_again)
        self.session.on_problem.append(lambda _problem: self._again.start())
        self._pages: dict[int, QWidget] = {}
        self._shortcuts: QWidget | None = None
        self._back = TODAY  # where the export page leads back to
        self._before_keys = TODAY  # where the list of keys does
        self._closed = False

    @property
    def today(self) -> TodayPage:
        """The Today page."""
        page = self.page(TODAY)
        assert isinstance(page, TodayPage)
        return page

    def page(self, index: int) -> QWidget:
        """A page, made when it is first asked for."""
        if index not in self._pages:
            self._pages[index] = self._make(index)
            self.page_made.emit(self._pages[index])
        return self._pages[index]

    @property
    def made(self) -> frozenset[int]:
        """Which pages there are already."""
        return frozenset(self._pages)

    def index_of(self, page: QWidget | None) -> int:
        """Which page on the rail this is, or stands behind; -1 for neither."""
        index = next((index for index, made in self._pages.items() if made is page), -1)
        return BEHIND[index][2] if index in BEHIND else index

    def shortcuts(self, book: ActionBook) -> QWidget:
        """The list of keys. It leads back to the page that is in front now."""
        if self._shortcuts is None:
            from pfm_desktop.gui.pages.shortcuts import ShortcutsPage

            self._shortcuts = made = ShortcutsPage(book)
            made.closed.connect(lambda: self._window.show_page(self._before_keys))
        if (place := self.place_of(self._window.stack.currentWidget())) >= 0:
            self._before_keys = place
        return self._shortcuts

    def place_of(self, page: QWidget | None) -> int:
        """Which page this is, of all; -1 for none that could be shown again."""
        index = next((index for index, made in self._pages.items() if made is page), -1)
        return TODAY if index == REVIEW and self.session.case is None else index

    def show_export(self, back: int, visit_id: str, search: str = "") -> None:
        """Show what takes things out of the library, with this visit chosen; it leads back to the page `back`."""
        page: Any = self.page(EXPORT)
        self._back = back
        page.begin(search=search, visit_id=visit_id)
        self._window.show_page(EXPORT)

    def show_shortcut_editor(self) -> None:
        """Where keys are changed."""
        self._window.show_page(SETTINGS)
        page: Any = self.page(SETTINGS)
        page.show_shortcuts()

    def show_about(self) -> None:
        """Bring the About text into sight."""
        page: Any = self.page(SETTINGS)
        page.show_about()

    def make_ready(self) -> None:
        """Make the other pages while the user reads the list; what they need is loaded on another thread first.

        Nothing once it is closed: a window may ask for it a moment later.
        """
        if self._closed:
            return
        self.session.record_choices()
        self._reading.start(self.session.library.read_ahead, done=_ignore, failed=_ignore)
        self._load_below()

    def _load_below(self) -> None:
        if self._closed:
            return
        if self._comes:
            QTimer.singleShot(QUIET_MS, self, self._load_below)
        else:
            self._warming.start(load_below, done=lambda _loaded: self._settled(), failed=self.problem.emit)

    @property
    def _comes(self) -> bool:
        """Whether a visit is on its way to the screen: whoever waits for it needs no other page meanwhile."""
        review: Any = self._pages.get(REVIEW)
        return review is not None and self.session.case is not None and not review.idle

    def go_on(self) -> str | None:
        """After an ending without closing: undo knows again what it knew; the visit that was open ("": none). None
        where the library was closed."""
        left = self.session.begin()
        if left is None:
            return None
        self.undo.restore(left)
        self._place = left.visit_id
        return left.visit_id

    @property
    def clock_runs(self) -> bool:
        """Whether the visit on the desk is being examined: acetic acid was applied a short while ago."""
        from pfm_desktop.services.capture import records

        case = self.session.case
        if case is None or case.signed or self.session.library.read_only:
            return False
        try:
            found = records.examination(self.session.library, case.visit.id)
        except UserError:
            return False
        acid_at = found.acid_at if found is not None else None
        return acid_at is not None and abs((moment_now() - acid_at).total_seconds()) < GOES_ON_S

    @property
    def examined(self) -> str:
        """The visit that was being examined as the program ended a short while ago; "" for none."""
        from pfm_desktop.services.capture import records

        if self.session.library.no_editing:
            return ""
        try:
            return records.under_way(self.session.library, moment_now() - timedelta(seconds=GOES_ON_S))
        except UserError:
            return ""

    def _note_place(self) -> None:
        """For after a crash; edits of the visit that is open are no other place."""
        case = self.session.case
        place = case.visit.id if case is not None else ""
        if place != self._place and not self.session.library.read_only:
            self._place = place
            self._noting.start(_note, self.session, done=_ignore, failed=_ignore)

    def leave(self) -> tuple[str, ...]:
        """What was typed is kept; what the disk refused of it, by name."""
        current: Any = self._window.stack.currentWidget()
        if current in (*self._pages.values(), self._shortcuts):
            current.left()
        return self.session.keep_typed()

    def _keep_again(self) -> None:
        """Something was refused: where that was a text, it goes to disk without a word once the disk takes it."""
        waited = self.session.unkept
        if not waited:
            return
        if self.session.keep_typed(quiet=True):
            self._again.start()
        else:
            self.said.emit(KEPT_NOW)

    def close(self) -> None:
        """Take the pages off the window and close the library."""
        self._closed = True
        self._warming.drop()
        self._noting.drop()
        self._reading.drop()
        self._turn.stop()
        self._again.stop()
        self.undo.detach()
        made: list[Any] = list(self._pages.values())
        for page in made:
            self._window.book.forget(page.page_actions())
        for page in (*made, self._shortcuts):
            if page is not None:
                getattr(page, "detach", _nothing)()
                self._window.stack.removeWidget(page)
                page.hide()
                page.deleteLater()
        self._pages, self._shortcuts = {}, None
        self.session.end(self._jobs.end_missed(END_SECONDS))
        self.session.library.close()
        self.deleteLater()

    def _import(self, paths: list[Path]) -> None:
        """Show the import; what was dropped on Today is looked at there."""
        self._window.show_page(IMPORT)
        page: Any = self.page(IMPORT)
        page.take(paths)

    def before(self, index: int, shown: QWidget | None) -> None:
        """A page is about to be shown in place of another: from the list it may be another woman that is meant."""
        row = self.today.chosen_row() if index == CAPTURE and shown is self._pages.get(TODAY) else None
        if row is not None:
            page: Any = self.page(CAPTURE)
            page.ask_whose(row.visit_id, row.woman)

    def _examine(self, visit_id: str) -> None:
        """Put a visit on the desk and go on live."""
        if self.may_open(visit_id) and self.session.open_visit(visit_id):
            self._window.show_page(CAPTURE)

    def may_open(self, visit_id: str) -> bool:
        """Whether another visit may come on the desk; where a woman is being examined that is asked first."""
        page: Any = self._pages.get(CAPTURE)
        return page is None or bool(page.may_open(visit_id))

    def _brought_in(self) -> None:
        """Whoever stands in the list sees at once what was brought in behind it."""
        if self.today.isVisible():
            self.today.follow_record()

    def _settled(self) -> None:
        """What models are looked at with is loaded by now."""
        self.session.settle_model()
        self._make_rest()

    def _make_rest(self) -> None:
        """A part of a page in each turn of the event loop, so that the list can be used meanwhile; then the model."""
        if self._comes:
            self._turn.start(QUIET_MS)
            return
        if load_next():
            self._turn.start(0)
            return
        missing = next((index for index in LATER if index not in self._pages), None)
        if missing is not None:
            self.page(missing)
            self._turn.start(0)
            return
        self._warming.start(_warm_up, self.session.settings.model, done=_ignore, failed=_ignore)

    def _make_behind(self) -> None:
        """The pages that nobody asked for yet, one in each turn: their keys are taken, too."""
        missing = next((index for index in BEHIND if index not in self._pages), None)
        if self._closed:
            return
        if missing is None:
            self._window.help.know_guide()
            return
        self.page(missing)
        QTimer.singleShot(0, self, self._make_behind)

    def _make(self, index: int) -> QWidget:
        if index == TODAY:
            return self._make_today()
        module, name, *_ = BEHIND[index] if index in BEHIND else LATER[index]
        if module not in sys.modules:
            with memory.without_collection():  # with what it needs, as pyqtgraph: 50,000 objects that stay
                importlib.import_module(module)
        page: Any = getattr(sys.modules[module], name)(self.session, self._jobs)
        self._listen_to(index, page)
        if index in BEHIND:
            self._listen_behind(index, page)
        if index in (IMPORT, EXPORT, CAPTURE, ANNOTATE, MODELS, LEARNING, HISTOLOGY):
            page.said.connect(self.said)
        made: QWidget = page
        return made

    def _make_today(self) -> TodayPage:
        if self._looked is None:
            today = TodayPage(self.session, self._jobs, self._window.stack)
        else:
            today, self._looked = self._looked, None
            today.take(self.session)
        today.visit_chosen.connect(self.visit_chosen)
        today.said.connect(self.problem)
        today.in_front.connect(self.undo.show_list)
        today.import_wanted.connect(self._import)
        today.examine_wanted.connect(self._examine)
        today.tour_wanted.connect(self._window.help.take_tour)
        today.histology_wanted.connect(lambda: self._window.show_page(HISTOLOGY))
        today.export_wanted.connect(lambda visit_id, search: self.show_export(TODAY, visit_id, search))
        return today

    def _listen_to(self, index: int, page: Any) -> None:
        """The pages on the rail."""
        if index == REVIEW:
            page.export_wanted.connect(lambda visit_id: self.show_export(REVIEW, visit_id))
        if index == CAPTURE:
            page.today_wanted.connect(lambda: self._window.show_page(TODAY))
            page.in_front.connect(self._examined)
            page.unsaid.connect(lambda text: self._window.messages.forget([("note", text)]))
        if index == ANNOTATE:
            page.undo_changed.connect(self.undo.changed)
            page.view.moved.connect(self._window.messages.clear_notes)  # what was said of the task before
        if index == MODELS:
            page.learning_wanted.connect(lambda: self._window.show_page(LEARNING))
        if index == SETTINGS:
            page.use_actions(self._window.book)
            page.shortcuts.used.connect(self._make_behind)
            for signal in ("library_wanted", "new_library_wanted", "demo_wanted"):
                getattr(page, signal).connect(getattr(self, signal))
            page.people.recovery.connect(self.recovery)
            page.people.gone.connect(self.gone)
            page.audit.wanted.connect(lambda: self._window.show_page(AUDIT))

    @property
    def recorded(self) -> dict[str, str]:
        """What is being recorded of a woman who is examined, by an id, for a person."""
        page: Any = self._pages.get(CAPTURE)
        return page.recorded if page is not None else {}

    def _examined(self, now: bool) -> None:
        """While a woman is examined live nothing else takes the computer's time."""
        review: Any = self._pages.get(REVIEW)
        if review is not None:
            review.wait(now)

    def _listen_behind(self, index: int, page: Any) -> None:
        """Those behind one of them."""
        page.closed.connect(lambda: self._window.show_page(self._back if index == EXPORT else BEHIND[index][2]))
        if index == IMPORT:
            page.brought_in.connect(self._brought_in)
            page.undo_changed.connect(self.undo.changed)
        if index in (LEARNING, HISTOLOGY):
            page.visit_chosen.connect(self.visit_chosen)
        if index == HISTOLOGY:
            page.in_front.connect(self.undo.show_list)


def _ignore(_answer: object) -> None:
    """For work whose outcome is met again when it is needed."""


def _note(_ctx: object, session: Session) -> None:
    """As a job."""
    session.note_place()


def _nothing() -> None:
    """For pages that hold nothing."""


def _warm_up(ctx: Context, model: str) -> None:
    """Load the numeric library and the model, as a job; reading models is not needed before."""
    from pfm_desktop.services import models

    models.warm_up(ctx, model)
