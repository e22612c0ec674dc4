"""The window: rail, patient bar, pages, and at its foot messages and jobs. What the pages do is theirs."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from pfm_desktop.gui import privacy, theme
from pfm_desktop.gui.actions import NATIVE, ActionBook
from pfm_desktop.gui.enter_key import EnterKey
from pfm_desktop.gui.entrance import Entrance
from pfm_desktop.gui.first_list import FirstList
from pfm_desktop.gui.help import Help
from pfm_desktop.gui.library_door import LibraryDoor
from pfm_desktop.gui.lock import WindowLock
from pfm_desktop.gui.menus import WINDOW, Menus
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.jobs_strip import JobsStrip
from pfm_desktop.gui.widgets.least_room import LeastRoom
from pfm_desktop.gui.widgets.patient_bar import PatientBar
from pfm_desktop.gui.widgets.rail import Rail
from pfm_desktop.gui.widgets.unkept_ask import UnkeptAsk
from pfm_desktop.gui.window_place import LEAST_OF_PAGES, WindowPlace
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import opening
from pfm_desktop.viewmodels.opening import name_of
from pfm_desktop.viewmodels.words import capital, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import QAction

    from pfm_desktop.domain.case import VisitRow
    from pfm_desktop.gui.desk import Desk
    from pfm_desktop.storage.library import Library
    from pfm_desktop.support.errors import UserError
    from pfm_desktop.support.settings import Settings
    from pfm_desktop.viewmodels.session import Session

log = logging.getLogger(__name__)
TITLES = (tr("Today"), tr("Review"), tr("Capture"), tr("Annotate"), tr("Models"), tr("Settings"))
TODAY, REVIEW, CAPTURE, ANNOTATE, MODELS, SETTINGS = range(len(TITLES))
VIEWS = ("view.today", "view.review", "view.capture", "view.annotate", "view.models", "view.settings")
LOOK_AGAIN_MS = 15_000  # while another program writes the library: what it wrote is never much older on screen
AFTER_PAINT_MS = 100  # the other pages are made once the list can be seen
KEY_FIRST = tr("Print the recovery key or write it down first: it is not shown again.")
WENT_ON = tr("The program ended without closing the library. What was done is there, and can be undone as before.")
WENT_ON_BUT = tr("The program ended without closing the library.")
NOTHING_STAYS = tr("{work} is not done, and nothing of it would stay. {again} to stop it, or wait.")
RECORDING_ENDS = tr("{work} is not done, and its recording would end. {again} to stop it, or wait.")
WOULD_STOP = tr("{work} is not done, and would be stopped. {again} to stop it, or wait.")
NO_VISIT, NO_LIBRARY = tr("Open a visit on Today first"), tr("Open a library first")


class Page(Protocol):
    """What the window asks of a page (a QWidget)."""

    title: str

    def page_actions(self) -> Sequence[QAction]:
        """Its commands."""

    def entered(self) -> None:
        """It comes into sight."""

    def left(self) -> None:
        """It goes out of sight; what was typed is kept."""


class MainWindow(QMainWindow):
    """`ready` once a library is open and the Today list is filled. `unexpected` may be emitted on any thread."""

    ready = Signal()
    unexpected = Signal(str)

    def __init__(self, settings: Settings, jobs: QtJobs | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.jobs = jobs or QtJobs(self)
        self.desk: Desk | None = None  # None while no library is open
        self.book = ActionBook(self)
        self.rail, self.patient = Rail(TITLES, self), PatientBar(self)
        self.strip = JobsStrip(self.jobs, self)
        self.messages = self.strip.messages
        self.stack, self.door = QStackedWidget(self), LibraryDoor(self.jobs, self)
        self.unkept, self.in_sight = UnkeptAsk(self), LeastRoom(self.stack, *LEAST_OF_PAGES)  # what is seen of pages
        self.entrance = Entrance(self.door, self)
        self.opening = self.entrance.opening
        self._closing = False
        self._gone_without = ""  # the recovery key that may be lost, as somebody was told
        self._told: tuple[str, frozenset[str]] = "", frozenset()  # what would stop which jobs, as somebody was told
        self._first_list = FirstList(self.stack, self.jobs, self.messages)
        self._watch = QTimer(self, interval=LOOK_AGAIN_MS)  # runs while the library is read only
        self._watch.timeout.connect(self._look_again)
        self.help = Help(self)
        self._asking = Background(self)  # whether the library could be written by now
        self.place, self.enter_key = WindowPlace(self), EnterKey(self)
        self.menus = Menus(self, self.book, self._slots())
        self._lay_out()
        self._connect()
        self.book.use(settings.shortcuts)
        self._refresh()
        self.place.restore()

    @property
    def session(self) -> Session | None:
        """The open library's session."""
        return self.desk.session if self.desk else None

    def open_library(self, folder: str) -> None:
        """Open a library; "" is the demo library. The one that is open stays until the new one is."""
        library = self.session.library if self.session else None
        if self.door.is_open(folder, library):
            self.messages.note(tr("This library is open already."))
            return
        if self.desk is None:
            if self.door.busy and folder == self.door.folder:
                return
            self._drop_first_list()  # of another library, which is not wanted any more
            self.entrance.show_working(tr("Opening {library}", library=name_of(folder)))
            self.door.look_and_open(folder)
        else:
            self.door.open(folder)

    def open_visit(self, visit_id: str) -> None:
        """Put a visit on the desk and show Review; when it cannot be read that is said and nothing changes."""
        if self.desk is None or self.session is None or not self.desk.may_open(visit_id):
            return
        before, said = self.session.case, self.messages.held
        if not self.session.open_visit(visit_id):
            return
        if before is None or before.visit.id != visit_id:
            self.messages.forget(said)  # what was said on the way is about the new visit
            self.strip.note("")
        else:
            self.messages.clear_notes()
        self.show_page(REVIEW)

    def lock_now(self) -> None:
        """Hide everything until who is signed in gives the password."""
        if self.desk is not None:
            self.desk.leave()
        self.lock.lock()

    def show_page(self, index: int) -> None:
        """Show one of `TITLES`."""
        if self.entrance.holds:
            self.messages.note(KEY_FIRST)
            return
        if self.desk is None or self.lock.locked or (index == REVIEW and self.desk.session.case is None):
            return
        self.desk.before(index, self.stack.currentWidget())
        self._show(self.desk.page(index))

    def setVisible(self, visible: bool) -> None:
        """See `WindowPlace`."""
        self.place.about_to_show(visible)
        super().setVisible(visible)

    def changeEvent(self, event: QEvent) -> None:
        """Who comes back to a window that only reads sees what was written since. (`event` would be asked of all.)"""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.isActiveWindow() and self._watch.isActive():
            self._look_again()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Running jobs are stopped and awaited without blocking; closing once more while they end goes at once."""
        if (
            not self._key_may_go(tr("Close once more"))
            or not self._may_go(tr("Close without it"), self.close, self._stay_open)
            or not self._work_may_go()
        ):
            event.ignore()
            return
        self.door.leave()
        if self.jobs.busy and not self._closing:
            self._closing = True
            self.jobs.cancel_all()
            self.messages.note(tr("Closing: waiting for running work to stop. Close again to leave at once."))
            event.ignore()
            return
        self.jobs.cancel_all()
        self.place.keep()
        if self.desk is not None:
            self.desk.close()
            self.desk = None
        super().closeEvent(event)

    def _recovery_key_kept(self) -> None:
        if self.session is not None:
            opening.recovery_key_kept(self.session.library)

    def _key_may_go(self, again: str) -> bool:
        """Whether no recovery key is lost by leaving; the second time it may be."""
        key = self.entrance.recovery.key.text() if self.entrance.holds else ""
        if not key or self._gone_without == key:
            return True
        self._gone_without = key
        said = KEY_FIRST + " " + tr("{again} to go without it; a new one can be made in Settings.", again=again)
        self.messages.note(said)
        if self.lock.locked:
            self.lock.page.refuse(opening.refused_because(said))
        return False

    def _work_may_go(self) -> bool:
        """Whether no work is thrown away by closing; the second time it may be."""
        lost, live = self.jobs.thrown_away, self.desk.recorded if self.desk is not None else {}
        told = NOTHING_STAYS if lost or not live else RECORDING_ENDS
        return self._told_of({**lost, **live}, told, tr("Close once more"))

    def _work_may_end(self, again: str) -> bool:
        """Whether no work of this library ends with it that somebody waits for; the second time it may."""
        return self._told_of(self.jobs.missed, WOULD_STOP, again)

    def _told_of(self, work: Mapping[str, str], told: str, again: str) -> bool:
        """Whether there is none of this work, or somebody was told of all of it when they asked for the same before."""
        before, self._told = self._told, (again, frozenset(work))
        if not work or (before[0] == again and before[1] >= frozenset(work)):
            return True
        said = told.format(work=next(iter(work.values())), again=again)
        self.messages.note(said)
        if self.lock.locked:
            self.lock.page.refuse(opening.refused_because(said))
        return False

    def _may_go(self, without: str, then: Callable[[], object], stayed: Callable[[], object] = lambda: None) -> bool:
        """Whether all that was typed is on disk. Where not it is asked about: stay, or do `then` without it."""
        self.unkept.keep()
        desk, keys = self.desk, QApplication.focusWidget()
        unkept = desk.leave() if desk is not None else ()
        if desk is None or not unkept:
            return True

        def go() -> None:
            desk.session.drop_typed()
            then()

        problem = desk.session.last_problem
        why = spoken(problem) if problem is not None else ""
        texts = (tr("what was written last"),) if self.lock.locked else unkept  # nobody reads a name there
        self.unkept.ask(texts, why, without, go, stayed, keys)
        return False

    def _stay_open(self) -> None:
        self._closing = False

    # the library

    def _library_looked(self, rows: Sequence[VisitRow]) -> None:
        """Its list stands before all is loaded that opening it needs."""
        self._first_list.show(rows)
        self.patient.show_library(demo=not self.door.folder, reading="")
        self.rail.show_current(TODAY)

    def _drop_first_list(self) -> None:
        self._first_list.drop()
        self.patient.show_library(demo=False, reading="")
        self.rail.show_current(-1)

    def _library_opened(self, library: Library, folder: str) -> None:
        from pfm_desktop.gui.desk import Desk

        if self._closing:
            library.close()
            return
        if not self._may_go(
            tr("Open the other library without it"),
            lambda: self._library_opened(library, folder),
            lambda: self._stay_with_library(library),
        ):
            return
        before = self.desk
        page, visit = self._place_in(library)
        if before is not None:
            self.settings = before.session.settings
            self.messages.forget(self.messages.held)  # it was about women of the other library
        self.strip.note("")
        looked, wanted = self._first_list.handed_over()
        self.desk = Desk(library, self.settings, self, looked=looked)
        self.entrance.inside = True
        self.lock.guard(library, self.settings.lock_minutes)
        self._listen(self.desk)
        if before is not None:
            self.menus.drop_pages()
            before.close()
        if folder != self.settings.library and folder == self.door.chosen:
            self.desk.session.change_settings(library=folder)
        if library.read_only:
            self._watch.start()
        else:
            self._watch.stop()
        who = library.account.name if library.account is not None else ""
        plain = library.keys is None
        self.patient.show_library(demo=library.demo, reading=opening.bar_text(library), who=who, plain=plain)
        self.setWindowTitle("pfm_desktop - " + (tr("demo library") if library.demo else library.path.name))
        said = self.messages.held
        if self.lock.locked and not self.entrance.holds:
            self._show(self.desk.today)  # behind the lock, so that it is what is seen once that opens
        self.show_page(TODAY)
        left = self.desk.go_on()
        if library.notice:
            self.messages.problem(f"{capital(library.notice)}.")
            library.told()
        self._go_in(wanted or visit or left or "", [message for message in self.messages.held if message not in said])
        if page >= 0 and (visit or not left):
            self.show_page(page)
        if left is not None:
            self._say_went_on(said)
        self.ready.emit()
        QTimer.singleShot(AFTER_PAINT_MS, self.desk, self.desk.make_ready)

    def _place_in(self, library: Library) -> tuple[int, str]:
        """Page and visit, where it is the library that is open already (-1 and "": none), to be gone on with."""
        desk = self.desk
        if desk is None or desk.session.library.path != library.path:
            return -1, ""
        case = desk.session.case
        return desk.index_of(self.stack.currentWidget()), case.visit.id if case is not None else ""

    def _go_in(self, visit_id: str, told: Sequence[tuple[str, str]]) -> None:
        """Open a visit ("": none); what was `told` of the library stays on top of what is said of the visit."""
        if visit_id := visit_id or (self.desk.examined if self.desk is not None else ""):
            self.open_visit(visit_id)
            if self.desk is not None and self.desk.clock_runs:
                self.show_page(CAPTURE)
        for kind, text in told:
            if kind == "problem":
                self.messages.problem(text)

    def _say_went_on(self, said: Sequence[tuple[str, str]]) -> None:
        """That all is there is said where nothing speaks against it since `said`."""
        if any(kind == "problem" for kind, text in self.messages.held if (kind, text) not in said):
            self.strip.note(WENT_ON_BUT)
        else:
            self.messages.note(WENT_ON)

    def _stay_with_library(self, other: Library) -> None:
        other.close()
        if self.stack.currentWidget() is self.entrance:
            self.show_page(TODAY)

    def _listen(self, desk: Desk) -> None:
        desk.session.on_problem.append(self._say)
        desk.session.on_taken_back.append(lambda said: self.messages.forget([("problem", spoken(said))]))
        desk.session.on_settings.append(self._settings_changed)
        desk.session.on_case.append(lambda _case: self._refresh())
        desk.undo.changed.connect(self._refresh)
        desk.session.on_changed.append(lambda _changes: self._went_on(desk))
        desk.undo.said.connect(self.strip.note)
        desk.said.connect(self.messages.note)
        desk.problem.connect(self.messages.problem)
        desk.visit_chosen.connect(self.open_visit)
        desk.library_wanted.connect(self._choose_library)
        desk.new_library_wanted.connect(self._choose_new_library)
        desk.demo_wanted.connect(self._choose_demo)
        desk.page_made.connect(self._page_made)
        desk.gone.connect(self._shut_out)
        desk.recovery.connect(lambda key: self.entrance.show_recovery(key, str(desk.session.library.path)))

    def _went_on(self, desk: Desk) -> None:
        """Something was accepted: what was said of earlier work goes, and the question about what was refused."""
        self.strip.note("")  # undo says its own
        if not self.unkept.isHidden() and not desk.session.unkept:
            self.unkept.keep()

    def _library_failed(self, message: str) -> None:
        if self.desk is not None:
            self.messages.problem(message)
            return
        self._drop_first_list()
        self.opening.show_problem(message, demo=self.door.folder != "")
        self.entrance.show_opening()
        self._refresh()

    def _library_stopped(self) -> None:
        if self.desk is None:
            self._drop_first_list()
            self.opening.show_stopped(demo=not self.door.folder)
            self.entrance.show_opening()

    def _show_entrance(self) -> None:
        """In place of the pages; the library that is open stays open behind it."""
        self.entrance.name = self.entrance.name or self.settings.reader
        self._show(self.entrance)

    def _choose_library(self) -> None:
        if self._work_may_end(tr("Open another library once more")):
            self.door.ask(tr("Open the library in this folder"), self._open_chosen, new=False)

    def _choose_demo(self) -> None:
        if self._work_may_end(tr("Open the demo library once more")):
            self._open_chosen("")

    def _choose_new_library(self) -> None:
        if self._work_may_end(tr("Ask for a new library once more")):
            self.door.ask(tr("Make a new library in this folder"), self._create_chosen, new=True)

    def _open_chosen(self, folder: str) -> None:
        self.door.chosen = folder
        self.open_library(folder)

    def _create_chosen(self, folder: str) -> None:
        self.door.chosen = folder
        if self.desk is None:
            self._drop_first_list()
        self.entrance.make(folder)

    def visit_demo(self) -> bool:
        """Open the demo library for now: the next start opens what was chosen. False while that would end work."""
        may = self._work_may_end(tr("Ask for the tour once more"))
        if may:
            self.open_library("")
        return may

    # pages

    def _show(self, page: QWidget) -> None:
        current = self.stack.currentWidget()
        if page is not current:
            if current is not self.entrance and current is not None:
                current.left()  # type: ignore[attr-defined]  # a Page
            if getattr(page, "hides_names", False):  # what was done last, also just now, may name a woman
                self.strip.note("")
                self.messages.clear_notes()
            if self.stack.indexOf(page) < 0:
                self.stack.addWidget(page)
            self.stack.setCurrentWidget(page)
        self.keys_to_page()
        self._refresh()

    def keys_to_page(self) -> None:
        """The keys go to the page in front, as when it came there."""
        page = self.stack.currentWidget()
        if page is self.entrance:
            self.entrance.take_keys()
        elif page is not None and (self.desk is not None or hasattr(page, "needs_no_library")):
            page.entered()  # type: ignore[attr-defined]  # a Page

    def _page_made(self, page: QWidget) -> None:
        if self.stack.indexOf(page) < 0:  # the list may stand there since the first look
            self.stack.addWidget(page)
        title = str(page.property("title") or getattr(page, "title", ""))
        self.book.adopt_page(page, page.page_actions(), group=title)  # type: ignore[attr-defined]  # a Page

    def show_all_keys(self) -> None:
        """The list of all keys, in place of the page; `Help` says where there is none."""
        if self.desk is not None:
            self._show(self.desk.shortcuts(self.book))

    def show_help(self, page: QWidget) -> None:
        """A page that needs no library."""
        if self.entrance.holds:
            self.messages.note(KEY_FIRST)
        elif not self.lock.locked:
            self._show(page)

    def leave_help(self, back: int) -> None:
        """To a page, or to the entrance where no library is open."""
        if self.desk is None:
            self._show(self.entrance)
        else:
            self.show_page(TODAY if back == REVIEW and self.desk.session.case is None else back)

    def _show_about(self) -> None:
        self.show_page(SETTINGS)
        if self.desk is not None:
            self.desk.show_about()

    def _find(self) -> None:
        if self.desk is not None:
            self.show_page(TODAY)
            self.desk.today.focus_search()

    # what everything has to follow

    def _settings_changed(self, settings: Settings) -> None:
        self.settings = settings
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, settings.theme)
        self.book.use(settings.shortcuts)
        if self.session is not None:
            self.lock.guard(self.session.library, settings.lock_minutes)

    def _sign_out(self) -> None:
        """Close the library; it may be opened again, by anybody who may."""
        again = tr('Press "Somebody else..." once more') if self.lock.locked else tr("Sign out once more")
        if self._key_may_go(again) and self._work_may_end(again):
            self._leave_library()

    def _leave_library(self) -> None:
        """Whoever is signed in goes; work of the library that runs is stopped."""
        if not self._may_go(tr("Sign out without it"), self._leave_library):
            return
        desk, self.desk = self.desk, None
        if desk is None:
            return
        folder, name = str(desk.session.library.path), desk.session.reader
        self.settings = desk.session.settings
        self._watch.stop()
        self.entrance.inside, self.entrance.name = False, ""
        self._show(self.entrance)
        self.menus.drop_pages()
        desk.close()
        self.strip.note("")  # what was done last names women, and what was typed of them
        self.rail.show_current(-1)
        self.messages.forget(self.messages.held)
        self.messages.note(tr("{name} is signed out.", name=name))
        self.patient.show_case(None)
        self.patient.show_library(demo=False, reading="")
        self.setWindowTitle("pfm_desktop")
        self.lock.guard(None, self.settings.lock_minutes)
        self.door.folder = folder
        self.entrance.sign_in(folder)

    def _shut_out(self) -> None:
        """Who is signed in may not see any more what stands here: nothing of it stays in sight."""
        account = self.desk.session.account if self.desk is not None else None
        self.lock_now()
        if account is not None and account.active:  # may come back, as who she is now
            self._leave_library()

    def _locked(self, locked: bool) -> None:
        """While it is locked only quitting is possible, and no name stands in the title."""
        if locked:
            self.help.leave_keys()
            self.unkept.keep()  # it may name somebody, and nobody is there to answer
        self.menuBar().setVisible(not locked)
        for action in self.book.group(WINDOW):
            action.setEnabled(not locked or action.objectName() in ("file.quit", "view.full_screen"))
        if not locked:
            self._refresh()

    def _toggle_theme(self) -> None:
        if self.session is not None:
            self.session.change_settings(theme="light" if self.settings.theme == "dark" else "dark")

    def _say(self, problem: UserError) -> None:
        self.messages.problem(spoken(problem))

    def _undo(self) -> None:
        own = getattr(self.stack.currentWidget(), "own_undo", None)
        if own is not None:  # what is planned on that page, and not on record yet
            own()
        elif self.desk is not None and self.desk.undo.undo():
            self._read_list_again(self.desk)

    def _redo(self) -> None:
        own = getattr(self.stack.currentWidget(), "own_redo", None)
        if own is not None:
            own()
        elif self.desk is not None and self.desk.undo.redo():
            self._read_list_again(self.desk)

    def _read_list_again(self, desk: Desk) -> None:
        if self.stack.currentWidget() is desk.today:
            desk.today.follow_record()

    def _look_again(self) -> None:
        """What another program wrote meanwhile shows; while it cannot be read that is said, each time."""
        desk = self.desk
        if desk is None:
            return
        if desk.session.look_again():
            self._read_list_again(desk)
        library = desk.session.library
        if library.read_only and not self._asking.busy and not self.door.busy:
            done = partial(self._asked_whether_over, library)
            self._asking.start(opening.why_not_writable, library, done=done, failed=log.warning)

    def _asked_whether_over(self, library: Library, why: str) -> None:
        """What kept it from being written is over with "": the same place is one press away."""
        if self.session is None or self.session.library is not library:
            return
        if why:
            library.read_only_reason = why
        self.patient.say_reading(opening.bar_text(library), over="" if why else opening.over_text(library.no_editing))
        self._refresh()

    def _open_for_writing(self) -> None:
        if self.session is None or not self.patient.again.isVisibleTo(self.patient):
            return
        if self._work_may_end(tr("Open it for writing once more")):
            self.door.open_for_writing(self.session.library)

    def _refresh(self) -> None:
        desk = self.desk
        if self.lock.locked:
            return
        case = desk.session.case if desk else None
        page = self.stack.currentWidget()
        elsewhere = page is self.entrance or (desk is not None and desk.index_of(page) == TODAY)
        if getattr(page, "hides_names", False):
            self.patient.hide_names()
        else:
            self.patient.show_case(case, quiet=elsewhere)
        self.patient.setVisible(page is not self.entrance or desk is None)  # it says things of the library behind
        undo, redo = (desk.undo.undo_text, desk.undo.redo_text) if desk else ("", "")
        if (own := getattr(page, "own_undo_text", None)) is not None:
            undo, redo = own, getattr(page, "own_redo_text", "")
        for id_, verb, what in (("edit.undo", tr("&Undo"), undo), ("edit.redo", tr("&Redo"), redo)):
            self.book.action(id_).setEnabled(bool(what))
            self.book.action(id_).setText(f"{verb}: {what}" if what else verb)
        for index, name in enumerate(VIEWS):
            usable = desk is not None and (index != REVIEW or case is not None)
            self.book.action(name).setEnabled(usable)
            self.rail.set_usable(index, usable, NO_LIBRARY if desk is None else NO_VISIT)
        for id_ in ("edit.find", "view.theme", "help.tour", "help.update", "help.about"):
            self.book.action(id_).setEnabled(desk is not None)
        again = self.book.action("file.open_for_writing")
        again.setEnabled(not self.patient.again.isHidden())
        self.patient.again.setToolTip(again.shortcut().toString(NATIVE))
        for id_ in ("file.lock", "file.sign_out"):
            self.book.action(id_).setEnabled(desk is not None and desk.session.account is not None)
        if desk is not None:
            self.rail.show_current(desk.index_of(page))
            self.menus.show_page(getattr(page, "title", ""))
        self.help.follow()

    # making

    def _slots(self) -> dict[str, Callable[[], object]]:
        return {
            "file.open_library": self._choose_library,
            "file.new_library": self._choose_new_library,
            "file.open_for_writing": self._open_for_writing,
            "file.lock": self.lock_now,
            "file.sign_out": self._sign_out,
            "file.quit": self.close,
            "edit.undo": self._undo,
            "edit.redo": self._redo,
            "edit.find": self._find,
            **{name: partial(self.show_page, index) for index, name in enumerate(VIEWS)},
            "view.theme": self._toggle_theme,
            "view.privacy": lambda: privacy.toggle(self, lambda: self.book.action("view.privacy").shortcuts()),
            "view.full_screen": lambda: self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen),
            "view.close_message": self.messages.close_top,
            **self.help.slots(),
            "help.about": self._show_about,
        }

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.patient)
        right.addWidget(self.help.offers)
        right.addWidget(self.in_sight, 1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addLayout(right, 1)
        held = QWidget(self)
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, 1)
        column.addWidget(self.strip)
        self.stack.addWidget(self.entrance)
        self.lock = WindowLock(held, self, lambda: self.book.action("file.lock").shortcuts())
        whole = QWidget(self)
        around = QVBoxLayout(whole)
        around.setContentsMargins(0, 0, 0, 0)
        around.setSpacing(0)
        around.addWidget(self.unkept)  # above the locked page as well, from which one may close or sign out
        around.addWidget(self.lock.front, 1)
        self.setCentralWidget(whole)
        self.setWindowTitle("pfm_desktop")

    def _connect(self) -> None:
        self.rail.chosen.connect(self.show_page)
        self.patient.again.clicked.connect(lambda _checked=False: self._open_for_writing())
        self.strip.let_go.connect(self.keys_to_page)
        self.jobs.failed_unheard.connect(self.messages.problem)
        self.jobs.jobs_changed.connect(self._close_when_quiet)
        self.unexpected.connect(self.messages.problem, Qt.ConnectionType.QueuedConnection)
        self.door.looked.connect(self._library_looked)
        self.door.opened.connect(self._library_opened)
        self.door.failed.connect(self._library_failed)
        self.door.stopped.connect(self._library_stopped)
        self.lock.changed.connect(self._locked)
        self.lock.somebody.connect(self._sign_out)
        self.entrance.shown.connect(self._show_entrance)
        self.entrance.kept.connect(self._recovery_key_kept)
        self.entrance.away.connect(lambda: self.show_page(TODAY))
        self.entrance.other.connect(self._choose_library)
        self.opening.again.connect(lambda: self.open_library(self.door.folder))
        self.opening.other.connect(self._choose_library)
        self.opening.new.connect(self._choose_new_library)
        self.opening.demo.connect(lambda: self._open_chosen(""))

    def _close_when_quiet(self) -> None:
        if self._closing and not self.jobs.busy:
            QTimer.singleShot(0, self.close)  # after the last job's own callback
