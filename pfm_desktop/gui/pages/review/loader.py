"""Gets a visit onto the desk: pictures first, then their registration, then the answer. Each step is a job, and the
next one begins once what the one before brought is on the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.jobs import Context, Handle
from pfm_desktop.support import memory
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import review
from pfm_desktop.viewmodels.review import Desk, Step

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.domain.geometry import Points
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.engine import PairAnswer, PairPictures
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session


LOOK_AGAIN_MS = 30  # whether what is known is on the screen


class PairLoader(QObject):
    """`desk` is what is known; `changed` tells that it differs.

    Every question has a new ticket. A result that comes with an older ticket is dropped: pictures or answers of a
    visit that is no longer open never show.
    """

    changed = Signal()

    def __init__(self, session: Session, jobs: QtJobs, engine: Any, parent: QObject) -> None:
        super().__init__(parent)
        self.desk = Desk()
        self._session, self._jobs, self._engine = session, jobs, engine
        self._handle: Handle | None = None
        self._pair_id: str | None = None
        self._points: tuple[Points, Points] | None = None
        self._model = ""  # that was asked last
        self.on_screen: Callable[[], bool] = lambda: True  # whether all that is known is shown
        session.on_changed.append(self._library_changed)

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return self.desk.busy

    def open(self, visit_id: str, pair_id: str | None = None) -> None:
        """Load a pair of a visit (None: the one that opens with it), then have it answered. "" empties the desk."""
        self._pair_id = pair_id
        self._become(review.asked(self.desk, visit_id))
        if not visit_id:
            return
        self._start(
            load_job, self._engine, self._session.library, visit_id, pair_id,
            title=tr("Loading the pictures"), done=self._loaded,
        )  # fmt: skip

    def answer(self) -> None:
        """Have the pictures that are shown answered (again)."""
        if self.desk.pictures is None:
            return
        self._become(review.doing(self.desk, Step.ANSWERING))
        self._align()

    def use_model(self, model: str) -> None:
        """Another model was chosen: it answers, also where the one before failed or is still at work."""
        if model != self._model and self.desk.pictures is not None and self.desk.doing is not Step.REGISTERING:
            self.answer()

    def register(self, points: tuple[Points, Points] | None) -> None:
        """Register again, by paired points (white light, fluorescence; N x 2 pixels) or automatically; then answer."""
        pictures = self.desk.pictures
        if pictures is None:
            return
        self._points = points
        self._become(review.doing(self.desk, Step.REGISTERING))
        self._start(
            register_job, self._engine, self._session.library, pictures, points,
            title=tr("Registering the pair"),
            done=lambda ticket, made: self._registered(ticket, pictures.pair.visit_id, made),
        )  # fmt: skip

    def retry(self) -> None:
        """Do again what failed; where nothing did, load again."""
        if self.desk.failed is Step.ANSWERING:
            self.answer()
        elif self.desk.failed is Step.REGISTERING:
            self.register(self._points)
        else:
            self.open(self.desk.visit_id, self._pair_id)

    def _become(self, desk: Desk) -> None:
        if not isValid(self):  # a job may end after its page
            return
        if self._handle is not None and desk.ticket != self.desk.ticket:
            self._handle.cancel()  # what runs was asked for an older question
            self._handle = None
        changed, self.desk = desk is not self.desk, desk
        if changed:
            self.changed.emit()

    def _loaded(self, ticket: int, pictures: PairPictures | None) -> None:
        if ticket != self.desk.ticket or not isValid(self):  # a job may end after its page
            return
        self._become(review.with_pictures(self.desk, ticket, pictures))
        self._go_on(ticket, self._align)

    def _go_on(self, ticket: int, then: Callable[[], None], *, once_seen: bool = False) -> None:
        """In the next turn of the event loop, when the pictures are painted; `once_seen` when all that is known is on
        the screen. Not where something else was asked meanwhile."""

        def look() -> None:
            if ticket != self.desk.ticket or self.desk.doing is not Step.ANSWERING:
                return
            if once_seen and not self.on_screen():
                QTimer.singleShot(LOOK_AGAIN_MS, self, look)
            else:
                then()

        QTimer.singleShot(0, self, look)

    def _align(self) -> None:
        """Have a pair registered that is not yet, then have it answered."""
        if not self.desk.both or self.desk.registration is not None:
            self._ask()
            return
        self._start(
            align_job, self._engine, self._session.library, self.desk.pictures,
            title=tr("Registering the pair"), done=self._aligned,
        )  # fmt: skip

    def _aligned(self, ticket: int, pictures: PairPictures) -> None:
        if isValid(self):  # a job may end after its page
            self._become(review.with_aligned(self.desk, ticket, pictures))
            self._go_on(ticket, self._ask, once_seen=True)

    def _ask(self) -> None:
        ticket, self._model = self.desk.ticket, self._session.settle_model()
        if ticket != self.desk.ticket:  # it was refused, and another one is asked already
            return
        self._start(
            answer_job, self._engine, self._session.library, self.desk.pictures, self._model,
            title=tr("Checking and reading the pair"), done=self._answered,
        )  # fmt: skip

    def _answered(self, ticket: int, answer: PairAnswer) -> None:
        self._become(review.with_answer(self.desk, ticket, answer))

    def _registered(self, ticket: int, visit_id: str, made: tuple[Registration, Change]) -> None:
        if not isValid(self):  # a job may end after its page
            return
        registration, change = made
        case = self._session.case
        if case is not None and case.visit.id == visit_id:  # undo is of the visit on the desk
            self._session.perform(lambda _lib: change)  # it is on disk already
        if ticket != self.desk.ticket:
            return
        self._become(review.with_registration(self.desk, ticket, registration))
        self._ask()

    def _library_changed(self, changes: tuple[Change, ...]) -> None:
        """A registration that was taken back, or done again, is read from the library and answered."""
        pair, pictures = self.desk.pair, self.desk.pictures
        if pair is None or pictures is None or self.desk.doing is Step.REGISTERING:
            return
        if any(change.what == "registration" and change.key == pair.id for change in changes):
            bare = replace(self.desk, pictures=replace(pictures, registration=None))
            self._become(review.doing(bare, Step.ANSWERING))
            self._align()

    def _start(self, job: Callable[..., Any], *args: Any, title: str, done: Callable[[int, Any], None]) -> None:
        ticket = self.desk.ticket
        self._handle = self._jobs.start(
            job,
            *args,
            title=title,
            done=lambda result: done(ticket, result),
            failed=lambda message: self._failed(ticket, message),
            stopped=lambda: self._failed(ticket, review.STOPPED),
        )

    def _failed(self, ticket: int, message: str) -> None:
        if ticket != self.desk.ticket or not isValid(self):
            return
        self._become(review.with_problem(self.desk, ticket, message))


def load_job(ctx: Context, engine: Any, lib: Library, visit_id: str, pair_id: str | None) -> PairPictures | None:
    """The pictures of a pair; without `pair_id` the pair that opens with the visit, made where there is none."""
    from pfm_desktop.services import pairing

    ctx.check()
    if pair_id is None:
        pair = pairing.ensure_pair(lib, visit_id)
        if pair is None:
            return None
        pair_id = pair.id
    pictures: PairPictures = (engine or _engine()).load_pair(ctx, lib, pair_id)
    return pictures


def align_job(ctx: Context, engine: Any, lib: Library, pictures: PairPictures) -> PairPictures:
    """The pictures with their registration, kept or made now; without one where they can carry no answer."""
    found: PairPictures = (engine or _engine()).aligned(ctx, lib, pictures)
    return found


def answer_job(ctx: Context, engine: Any, lib: Library, pictures: PairPictures, model: str) -> PairAnswer:
    """Quality, registration and answer."""
    answer: PairAnswer = (engine or _engine()).answer_pair(ctx, lib, pictures, model)
    memory.return_free()
    return answer


def register_job(
    ctx: Context, engine: Any, lib: Library, pictures: PairPictures, points: tuple[Points, Points] | None
) -> tuple[Registration, Change]:
    """Another registration of the pair, by hand where there are points, and the change that can be taken back."""
    white, fluorescence = points or (None, None)
    made: tuple[Registration, Change] = (engine or _engine()).register_again(ctx, lib, pictures, white, fluorescence)
    return made


def _engine() -> Any:
    from pfm_desktop.services import engine

    return engine
