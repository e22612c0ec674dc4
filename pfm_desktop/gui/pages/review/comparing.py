"""An earlier visit's picture beside the one on the stage: chosen, read, aligned, and taken away again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from pfm_desktop.gui.pages.review.loan import StageLoan
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.compare_bar import CompareBar
from pfm_desktop.gui.widgets.earlier_pictures import LOOKING, EarlierPictures
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair, prepared, with_registration
from pfm_desktop.jobs import Context, Handle
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import comparing
from pfm_desktop.viewmodels.comparing import Comparison, Doing

if TYPE_CHECKING:
    from pfm_desktop.domain.case import Pair, Picture
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.comparing import Compared, EarlierVisit
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session


class Comparing(QObject):
    """`service` stands in for `services.comparing` in tests. Nothing that it does changes the library.

    A result that comes for an older question, or for another visit than the one that is open, is thrown away.
    """

    opened = Signal(bool)  # the choice of earlier pictures came or went
    began = Signal()  # two are on the stage where the pair was
    shown = Signal()  # the two are on the stage, or another way than before

    def __init__(
        self, session: Session, jobs: QtJobs, stage: StageWidget, loan: StageLoan, load: Callable[[str], Any],
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._session, self._jobs, self._stage, self._loan, self._load = session, jobs, stage, loan, load
        self.service: Any = None
        self.bar, self.picker = CompareBar(), EarlierPictures()
        self.now = Comparison()
        self._pair: Pair | None = None
        self._visits: tuple[EarlierVisit, ...] = ()
        self._ready: PreparedPair | None = None
        self._known: dict[tuple[str, str], Registration] = {}  # of the visit that is open
        self._handle: Handle | None = None
        self._looking = Background(self)
        self.active, self.choosing = False, False  # two are on the stage; earlier pictures are there to choose from
        self.picker.asked.connect(self.compare)
        self.picker.left.connect(self.leave)
        self.bar.left.connect(self.leave)
        self.bar.stopped.connect(self._stop)
        loan.changed.connect(self._lent)

    @property
    def idle(self) -> bool:
        """Whether nothing is still to come."""
        return not (self.now.busy or self._looking.busy or self.picker.strip.busy)

    def open(self, pair: Pair | None) -> None:
        """Show the earlier pictures, for the pair on the stage; again closes them."""
        if self.choosing:
            self.leave()
            return
        case = self._session.case
        if case is None:
            return
        self._pair, self._visits = pair, ()
        self.picker.show_entries((), "")
        self.picker.say(LOOKING)
        self.choosing = True
        self.opened.emit(True)
        self._looking.start(
            earlier_job, self.service, self._session.library, case.visit.id,
            done=self._found, failed=self._not_found,
        )  # fmt: skip

    def compare(self, picture_id: str) -> None:
        """Lay an earlier picture beside the one on the stage."""
        case, earlier = self._session.case, self._earlier(picture_id)
        if case is None or earlier is None:
            return
        now = comparing.picture_now(case, self._pair, earlier)
        if now is None:
            self.picker.say(comparing.NO_PICTURE)
            return
        self._become(comparing.asked(self.now, case.visit.id, now.id, earlier.id))
        self.picker.say("")
        self._stage.setFocus(Qt.FocusReason.OtherFocusReason)  # the keys that look at the two are those of the stage
        self._start(
            load_job, self.service, self._session.library, case.visit.id, now.id, earlier.id,
            title=tr("Reading the earlier picture"), done=self._loaded,
        )  # fmt: skip

    def leave(self) -> None:
        """The pair as it was, and the pictures of this visit below it."""
        was, chose = self.active, self.choosing
        self._forget()
        if was:
            self._loan.give_back()
        if chose:
            self.opened.emit(False)
        if was or chose:
            self._stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def drop(self) -> None:
        """Another visit is open, or another pair: nothing of the comparison stays, and nothing of it comes."""
        chose = self.choosing
        self._known.clear()
        self._forget()
        if chose:
            self.opened.emit(False)

    def follow(self, case: VisitCase | None) -> None:
        """The visit changed: an earlier visit that is no longer this woman's is not shown any more."""
        compared = self.now.pictures
        if self.active and compared is not None and not comparing.still_hers(case, compared.earlier_visit):
            self.leave()
            self._session.say(UserError(comparing.GONE))

    def _forget(self) -> None:
        self.active = self.choosing = False
        self._become(comparing.asked(self.now, "", "", ""))
        self._ready = None
        self._looking.drop()
        self.bar.hide()
        self.picker.show_entries((), "")
        self.picker.choose("")

    def _lent(self) -> None:
        if self.active and not self._loan.active:  # taken back by somebody else, as another pair came
            self.drop()

    def _earlier(self, picture_id: str) -> Picture | None:
        pictures = (one for visit in self._visits for one in visit.pictures)
        return next((one for one in pictures if one.id == picture_id), None)

    def _found(self, visits: tuple[EarlierVisit, ...]) -> None:
        case, pair = self._session.case, self._pair
        if case is None:
            return
        ids = () if pair is None else (pair.white_id, pair.fluorescence_id)
        shown = [one for one in (case.picture(picture_id) for picture_id in ids) if one is not None]
        self._visits = visits
        self.picker.name_now(comparing.now_words(case.visit))
        self.picker.say("" if visits else comparing.NO_EARLIER)
        self.picker.show_entries(comparing.entries(visits, shown, self._load), comparing.best(visits, shown))
        self.picker.strip.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _not_found(self, problem: str) -> None:
        self.picker.say(problem)

    # ---- reading and aligning

    def _become(self, now: Comparison) -> None:
        if self._handle is not None and now.ticket != self.now.ticket:
            self._handle.cancel()  # what runs was asked for an older question
            self._handle = None
        self.now = now

    def _start(self, job: Callable[..., Any], *args: Any, title: str, done: Callable[[int, Any], None]) -> None:
        ticket = self.now.ticket
        self._handle = self._jobs.start(
            job,
            *args,
            title=title,
            done=lambda result: done(ticket, result),
            failed=lambda message: self._failed(ticket, message),
            stopped=lambda: self._failed(ticket, comparing.STOPPED),
        )

    def _asked_now(self, ticket: int) -> bool:
        """Whether an answer is to the question that stands: a job may end after its page, or after its visit."""
        case = self._session.case
        return (
            isValid(self) and ticket == self.now.ticket and case is not None and case.visit.id == self.now.visit_id
        )  # fmt: skip

    def _loaded(self, ticket: int, read: tuple[Compared, PreparedPair]) -> None:
        if not self._asked_now(ticket):
            return
        compared, ready = read
        self._become(comparing.with_pictures(self.now, ticket, compared))
        first, self._ready, self.active = not self.active, ready, True
        self._loan.begin(comparing.LOCKED)
        if first:
            self.began.emit()
        self.picker.choose(compared.earlier.id)
        self._show()
        self._start(
            align_job, self.service, self._session.library, compared, ready,
            self._known.get((compared.now.id, compared.earlier.id)),
            title=tr("Aligning the earlier picture"), done=self._aligned,
        )  # fmt: skip

    def _aligned(self, ticket: int, made: tuple[Registration, PreparedPair]) -> None:
        if not self._asked_now(ticket):
            return
        registration, self._ready = made
        self._known[self.now.now_id, self.now.earlier_id] = registration
        self._become(comparing.with_registration(self.now, ticket, registration))
        self._show()

    def _failed(self, ticket: int, problem: str) -> None:
        if not self._asked_now(ticket):
            return
        doing = self.now.doing
        self._become(comparing.with_problem(self.now, ticket, problem))
        self.picker.say(problem)
        if doing is Doing.LOADING:
            self._session.say(UserError(problem))
            if self.active:  # the two before: their pictures are not known here any more
                self.active = False
                self.bar.hide()
                self.picker.choose("")
                self._loan.give_back()
        elif problem == comparing.STOPPED:
            self._ready = None if self._ready is None else replace(self._ready, pending=False)
            self._show()
        else:  # what is there is not surely hers any more
            self.leave()
            self._session.say(UserError(problem))

    def _stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _show(self) -> None:
        compared, ready = self.now.pictures, self._ready
        if compared is None or ready is None:
            return
        captions = comparing.captions(compared, self.now.registration, self.now.doing)
        self._stage.set_prepared(replace(ready, captions=captions))
        self._stage.set_scale(compared.now.mm_per_px)
        chip, aligning = comparing.chip(self.now), self.now.doing is Doing.ALIGNING
        self.bar.show_state(comparing.headline(compared), comparing.details(compared), chip, aligning=aligning)
        self.shown.emit()


def earlier_job(ctx: Context, service: Any, lib: Library, visit_id: str) -> tuple[EarlierVisit, ...]:
    """The earlier visits of the woman that have pictures."""
    found: tuple[EarlierVisit, ...] = (service or _service()).earlier_visits(ctx, lib, visit_id)
    return found


def load_job(
    ctx: Context, service: Any, lib: Library, visit_id: str, now_id: str, earlier_id: str
) -> tuple[Compared, PreparedPair]:
    """The two pictures, and what the stage shows of them before they are aligned."""
    compared: Compared = (service or _service()).load(ctx, lib, visit_id, now_id, earlier_id)
    ready = prepared(ctx, compared.now_pixels, compared.earlier_pixels, None)
    return compared, replace(ready, pending=True)


def align_job(
    ctx: Context, service: Any, lib: Library, compared: Compared, ready: PreparedPair, known: Registration | None
) -> tuple[Registration, PreparedPair]:
    """The map between them, `known` already or found now, and the earlier picture laid by it."""
    module = service or _service()
    found: Registration = known if known is not None else module.register(ctx, lib, compared)
    module.check_one_woman(lib, compared.now_visit.id, compared.earlier_visit.id)
    return found, with_registration(ctx, ready, found)


def _service() -> Any:
    from pfm_desktop.services import comparing as service

    return service
