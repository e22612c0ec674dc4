"""What a device saves into a folder comes into the visit on the desk, or waits until it is said whose it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.source import Stage
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import in_a_row, words
from pfm_desktop.services.capture.folder_device import FolderDevice
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import arrival_words as say
from pfm_desktop.viewmodels.capture_words import why_not
from pfm_desktop.viewmodels.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfm_desktop.domain.examination import Step
    from pfm_desktop.gui.pages.capture.examining import Examining
    from pfm_desktop.services.capture.arrivals import Arrivals, Arrived, Found, News
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session
    from pfm_desktop.viewmodels.timeline import Facts

LOOK_MS = 1000


class Arriving(QObject):
    """Looks into the folder while its device is open. `took` when something went into the visit, `changed` when what is
    shown may be another, `forgot` when the picture that came last is not shown any more, `said(text)` for a person.
    `card` is in sight while pictures wait."""

    changed = Signal()
    forgot = Signal()
    took = Signal()
    said = Signal(str)

    def __init__(self, session: Session, examining: Examining, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._examining = session, examining
        self.card = ArrivedCard(parent)
        self.waiting: tuple[Found, ...] = ()
        self.doubt: Callable[[], str] = lambda: ""  # why it must be said first whose examination it is
        self.of_today: Callable[[], bool] = lambda: True  # whether the visit on the desk is one of today
        self._arrivals: Arrivals | None = None
        self._folder = ""
        self._visit_id, self._since, self._again = "", time.monotonic(), False
        self._single: tuple[Arrived, Step | None] | None = None  # that may become one of a pair
        self._work = Background(self)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        examining.device_changed.connect(self._follow_device)
        self.card.take.clicked.connect(self.take_waiting)
        self.card.leave.clicked.connect(self.leave_waiting)
        self._show()

    @property
    def device(self) -> FolderDevice | None:
        """The device, where it is one that saves files."""
        device = self._examining.device
        return device if isinstance(device, FolderDevice) else None

    @property
    def idle(self) -> bool:
        """Whether nothing is being read, or about to be."""
        return not self._work.busy and not self._again

    @property
    def words(self) -> tuple[str, tuple[str, ...]]:
        """What the view says in its middle, and on plates."""
        device = self.device
        if device is None:
            return "", ()
        waits = say.waits_in(device.folder)
        away = device.files.status.text if device.files.status.state != "live" else ""
        shows = device.files.status.format is not None
        return away or ("" if shows else waits), ((waits, say.LAST) if shows else ())

    def follow(self, case: VisitCase | None) -> None:
        """The visit on the desk changed, or is another one: only what comes from now on is hers without being asked."""
        visit_id = case.visit.id if case is not None else ""
        if visit_id != self._visit_id:
            self._visit_id, self._since, self._single = visit_id, time.monotonic(), None
            if (device := self.device) is not None:
                device.files.forget()
                self.forgot.emit()
            self._again = self._work.busy  # a look that is under way began too early
            self.look()  # what is there now came before
        self._show()

    def look(self) -> None:
        """Look what has come, on a thread; never two looks at once, as a share may hang."""
        device = self.device
        if device is not None and self._arrivals is not None and not self._work.busy:
            args = device.config, self._open_visit, self._since
            self._again = False
            self._work.start(self._arrivals.look, *args, done=self._came, failed=self._failed)

    def take_waiting(self) -> None:
        """What waits is of the visit on the desk: a person says so."""
        waiting, visit_id = self.waiting, self._hers
        if self._arrivals is None or not visit_id or not waiting:
            self._show()
            return
        self.waiting = ()
        self._arrivals.ask(waiting, visit_id)
        self._show()
        self.look()

    def leave_waiting(self) -> None:
        """What waits stays in the folder."""
        if self.waiting:
            self.waiting = ()
            self.said.emit(say.LEFT)
            self._show()

    def stop(self) -> None:
        """The library is about to be closed."""
        self._timer.stop()
        self._work.drop()

    @property
    def _why_not(self) -> str:
        """Why nothing can be taken into the visit on the desk; "" where it can, or where there is none."""
        case = self._session.case
        signed, closed = case is not None and case.signed, self._session.library.no_editing
        return why_not(signed=signed, no_editing=closed, camera=True, pair=True) or self.doubt()

    @property
    def _hers(self) -> str:
        """The visit into which pictures can go where a person says so; "" for none."""
        case = self._session.case
        return case.visit.id if case is not None and not self._why_not else ""

    @property
    def _open_visit(self) -> str:
        """The visit into which pictures go by themselves; "" for none."""
        return self._hers if self.of_today() else ""

    def _follow_device(self) -> None:
        device = self.device
        if device is None:
            self._timer.stop()
            self._again = False
        elif not self._timer.isActive():
            from pfm_desktop.services.capture.arrivals import Arrivals

            if device.folder != self._folder or self._arrivals is None:
                self._folder, self.waiting = device.folder, ()
                self._arrivals = Arrivals(device.folder)
            self._since = time.monotonic()  # what came while nobody looked is asked for
            self._timer.start()
            self.look()
        self._show()

    def _came(self, news: News) -> None:
        device = self.device
        if device is not None and device.folder == self._folder:
            device.files.follow(news.away)
        for one in news.arrived:
            if self._take(one):
                self.took.emit()
                if device is not None:
                    device.files.show(one.exposed.frame.pixels)
            else:
                self.waiting += (one.found,)
        self.waiting += news.early
        for problem in news.problems:
            self.said.emit(problem)
        self._show()
        self._again |= news.more
        self._look_again()

    def _failed(self, problem: str) -> None:
        self.said.emit(problem)
        self._look_again()

    def _look_again(self) -> None:
        if self._again:
            QTimer.singleShot(0, self, self.look)

    def _take(self, one: Arrived) -> bool:
        """Put it into the visit for which it was read; False where that is not the one on the desk any more."""
        from pfm_desktop.services.capture.arrivals import as_pair, through_filter

        examining = self._examining
        if one.visit_id != self._hers or not examining.begin() or examining.live is None:
            return False
        step = _step_now(examining.facts)
        green = step is not None and step.stage is Stage.GREEN
        if green and one.surely_white:
            green, step = False, None  # it was taken without the filter
        single, self._single = self._single, None
        if single is not None and (pair := as_pair(single[0], one)) is not None:
            white_first = single[0].source is pair[0].source
            examining.live.take_files(pair, single[1] if white_first else step)
            return True
        if green and self.device is not None:
            one = through_filter(one, self.device.config)
        examining.live.take_files((one.exposed,), step)
        self._single = None if green else (one, step)
        return True

    def _show(self) -> None:
        case = self._session.case
        self.card.show_waiting(tuple(one.name for one in self.waiting), visit=case is not None, why=self._why_not)
        self.changed.emit()


def _step_now(facts: Facts) -> Step | None:
    """Of which step a picture is that the device took now: the one that comes next, but not iodine where she does not
    bear it. None: of no step."""
    line = timeline(facts)
    return None if line.blocked or line.step is None or line.step.starts_clock else line.step


class ArrivedCard(QFrame):
    """How many pictures wait, and why."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Pictures that wait"))
        self.heading, self.text = words(self, "heading"), words(self, "quiet")
        self.take = QPushButton(tr("Take into this visit"), self)
        self.leave = QPushButton(tr("Leave in the folder"), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(6)
        column.addWidget(self.heading)
        column.addWidget(self.text)
        column.addLayout(in_a_row(self.take, self.leave))

    def show_waiting(self, names: tuple[str, ...], *, visit: bool, why: str) -> None:
        """Names of the files; `visit`: whether one is open, `why` nothing can be taken into it ("": it can)."""
        self.setVisible(bool(names))
        self.heading.setText(say.waiting_words(len(names), visit=visit))
        self.text.setText(say.waiting_hint(names, visit=visit, why=why))
        self.take.setVisible(visit and not why)
