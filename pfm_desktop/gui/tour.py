"""The tour: leads from page to page and points at what is there. It opens pages and one visit, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from shiboken6 import isValid

from pfm_desktop.gui.widgets.tour_card import TourCard, TourFrame
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import tour
from pfm_desktop.viewmodels.review import TABS
from pfm_desktop.viewmodels.tour import STEPS, TourStep

if TYPE_CHECKING:
    from pfm_desktop.gui.desk import Desk
    from pfm_desktop.gui.main_window import MainWindow

_MOVES = frozenset({QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.FontChange})
SMALL = 6  # pixels: less of a control than this is not seen


class Tour(QObject):
    """Over one window. `key_of` gives the keys of an action by its id, as this system writes them."""

    ended = Signal()

    def __init__(self, window: MainWindow, titles: tuple[str, ...], key_of: Callable[[str], str]) -> None:
        super().__init__(window)
        self._window, self._titles, self._key_of = window, titles, key_of
        self._desk: Desk | None = None  # on which it was begun; None while it does not run
        self._before: QWidget | None = None  # had the keys
        self._blocked = False  # the page of the step could not be shown
        self._leading = False  # to the page of a step: that it changes is no wish of the user
        self._watched: list[QWidget] = []
        self.place = 0
        self.frame, self.card = TourFrame(window), TourCard(window)
        self._again = QTimer(self, singleShot=True, interval=0)  # what moved is looked at once for all that moved
        self._again.timeout.connect(self.follow)
        self.card.next_.connect(self._next)
        self.card.back.connect(self._back)
        self.card.skip.connect(self.end)
        window.stack.currentChanged.connect(lambda _index: self._page_changed())
        window.lock.changed.connect(lambda _locked: self._again.start())
        window.book.changed.connect(self._again.start)

    @property
    def running(self) -> bool:
        """Whether a step is shown, or waits."""
        return self._desk is not None

    @property
    def step(self) -> TourStep:
        """The step that is shown."""
        return STEPS[self.place]

    def start(self) -> None:
        """From the first step; while it runs, the keys go to the step that is shown."""
        if not self.running:
            self._desk, self._before = self._window.desk, QApplication.focusWidget()
            self.place = 0
            self._window.installEventFilter(self)
        self._lead()

    def end(self) -> None:
        """At its end, or before: the keys go back to where they were, as far as that is in sight."""
        if self._desk is None:
            return
        held, before = self.card.holds_keys, self._before
        self._desk = self._before = None
        self._watch(())
        self._window.removeEventFilter(self)
        if held:
            if before is not None and isValid(before) and before.isVisible():
                before.setFocus(Qt.FocusReason.OtherFocusReason)
            else:
                self._window.keys_to_page()
        self.card.hide()
        self.frame.show_around(())
        self.ended.emit()

    def follow(self) -> None:
        """Show the step as things are now: it waits on another page, and goes where the library does."""
        if self._desk is None:
            return
        if self._window.desk is not self._desk:
            self.end()
            return
        if self._window.lock.locked or self._window.entrance.holds:
            self.card.hide()
            self.frame.show_around(())
            return
        elsewhere = bool(self.step.page) and self._title() != self.step.page
        found = [] if elsewhere else self._controls()
        rects = [] if elsewhere else self._rects()
        self._watch(found)
        self._say(elsewhere=elsewhere, seen=bool(rects))
        self.frame.show_around(rects)
        self.card.place(self._room(), rects)
        self.card.show()
        self.card.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What the frame is around, or what holds it, moved."""
        if self._desk is not None and event.type() in _MOVES:
            self._again.start()
        return super().eventFilter(watched, event)

    # ---- going

    def _next(self) -> None:
        if self.card.next_button.text() == tour.GO_THERE:
            self._lead()
        elif self.place + 1 < len(STEPS):
            self.place += 1
            self._lead()
        else:
            self.end()
            self._window.messages.passing(tour.OVER)

    def _back(self) -> None:
        if self.place:
            self.place -= 1
            self._lead()

    def _lead(self) -> None:
        """To the page of the step, with the keys on its card."""
        step, window = self.step, self._window
        self._leading = True
        try:
            if step.page and self._title() != step.page:
                self._show_page(step.page)
        finally:
            self._leading = False
        if self._desk is None:
            return
        self._blocked = bool(step.page) and self._title() != step.page
        if not self._blocked:
            self._prepare(step)
        self.follow()
        if self.running and not window.lock.locked:
            self.card.take_keys()

    def _show_page(self, title: str) -> None:
        window = self._window
        if title == tr("Review") and window.session is not None and window.session.case is None:
            visit_id = tour.visit_for(window.session.today())
            if visit_id:
                window.open_visit(visit_id)
            return
        window.show_page(self._titles.index(title))

    def _prepare(self, step: TourStep) -> None:
        """The tab of a step in front, and what it is about scrolled into sight."""
        page: Any = self._window.stack.currentWidget()
        if step.tab:
            page.side.setCurrentIndex(list(TABS).index(step.tab))
        for control in self._controls()[:1]:
            area = control.parentWidget()
            while area is not None and not isinstance(area, QScrollArea):
                area = area.parentWidget()
            if area is not None:
                area.ensureWidgetVisible(control)

    def _page_changed(self) -> None:
        """Somebody opened another page: where it is that of the next step, that is what they were told to do."""
        if self._desk is None or self._leading:
            return
        self._blocked = False
        title, ahead = self._title(), self.place + 1
        if title != self.step.page and ahead < len(STEPS) and STEPS[ahead].page == title and self.step.page:
            self.place = ahead
            self._prepare(self.step)
        self._again.start()

    # ---- what is shown

    def _title(self) -> str:
        page = self._window.stack.currentWidget()
        return str(page.property("title") or getattr(page, "title", "")) if page is not None else ""

    def _say(self, *, elsewhere: bool, seen: bool) -> None:
        step = self.step
        words, hint = (tour.with_keys(text, self._key_of) for text in (step.words, tour.HINT))
        goes_on = tour.LAST if self.place + 1 == len(STEPS) else tour.NEXT
        note = "" if seen else tour.NOT_SEEN
        if elsewhere:
            note = (tour.NO_PAGE if self._blocked else tour.WAITS).format(page=step.page)
            goes_on = goes_on if self._blocked else tour.GO_THERE
        self.card.show_step(tour.counter(self.place), step.title, words, note=note, hint=hint, goes_on=goes_on)

    def _controls(self) -> list[QWidget]:
        """What the step is about, as far as it is there."""
        return [one for path in self.step.controls for one in _widgets(self._resolved(path))]

    def _resolved(self, path: str) -> object:
        if path == tour.MENU:
            return self._window.menuBar()
        at: object = self._window.stack.currentWidget()
        for name in path.split("."):
            at = getattr(at, name, None)
        return at

    def _rects(self) -> list[QRect]:
        """What is seen of each of them, in pixels of the window; those of a table are one."""
        found = []
        for path in self.step.controls:
            whole = self._menu_rect() if path == tour.MENU else QRect()
            for control in _widgets(self._resolved(path)):
                if control.isVisible() and path != tour.MENU:
                    whole = whole.united(_seen(control, self._window))
            found.append(whole)
        return [rect for rect in found if rect.width() > SMALL and rect.height() > SMALL]

    def _menu_rect(self) -> QRect:
        bar = self._window.menuBar()
        shown = [action for action in bar.actions() if action.text() == tr("&Help")]
        if not shown or not bar.isVisible():
            return QRect()
        rect = bar.actionGeometry(shown[0])
        return QRect(bar.mapTo(self._window, rect.topLeft()), rect.size())

    def _room(self) -> QRect:
        """Where the card may lie: over the page, so that the woman's name and the messages stay in sight."""
        pages = self._window.in_sight.viewport()
        return QRect(pages.mapTo(self._window, QPoint(0, 0)), pages.size())

    def _watch(self, controls: Iterable[QWidget]) -> None:
        """Hear of what is framed and of all that holds it."""
        wanted: list[QWidget] = []
        for control in controls:
            at: QWidget | None = control
            while at is not None and at is not self._window and at not in wanted:
                wanted.append(at)
                at = at.parentWidget()
        for old in self._watched:
            if isValid(old) and old not in wanted:
                old.removeEventFilter(self)
        for new in wanted:
            if new not in self._watched:
                new.installEventFilter(self)
        self._watched = wanted


def _seen(control: QWidget, window: QWidget) -> QRect:
    """What is seen of a control within all that holds it, in pixels of the window."""
    rect = QRect(control.mapTo(window, QPoint(0, 0)), control.size())
    holder = control.parentWidget()
    while holder is not None and holder is not window:
        rect = rect.intersected(QRect(holder.mapTo(window, QPoint(0, 0)), holder.size()))
        holder = holder.parentWidget()
    return rect


def _widgets(found: object) -> Iterable[QWidget]:
    if isinstance(found, QWidget):
        return (found,)
    if isinstance(found, Mapping):
        return [one for one in found.values() if isinstance(one, QWidget)]
    if isinstance(found, list | tuple):
        return [one for one in found if isinstance(one, QWidget)]
    return ()
