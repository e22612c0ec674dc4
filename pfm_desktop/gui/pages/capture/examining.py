"""Between the Capture page and what takes pictures: one device, one examination, and what becomes of what was taken.

Everything that comes from another thread is handed to the thread of the window by signals of this object.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from pfm_desktop.capture.status import StreamState
from pfm_desktop.domain.examination import DEFAULT_PLAN, Examination, Plan, Step, Taken, counted
from pfm_desktop.gui.pages.capture.moments import WAITS_S, Moments, performed
from pfm_desktop.gui.pages.capture.open_device import dark_taken, opened
from pfm_desktop.gui.pages.capture.outcome import Outcome
from pfm_desktop.gui.pages.capture.sensor_map import SensorMap
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.services.capture.live import Exposed, LiveExamination
from pfm_desktop.services.capture.times import Times, slept_s
from pfm_desktop.services.clock import moment_now
from pfm_desktop.support import memory
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels.timeline import Facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pfm_desktop.capture.source import Frame
    from pfm_desktop.capture.status import StreamStatus
    from pfm_desktop.domain.change import Change
    from pfm_desktop.gui.pages.capture.open_device import OpenDevice, OpenIt
    from pfm_desktop.services.capture.config import DeviceConfig
    from pfm_desktop.services.capture.keeping import Lot
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

TICK_MS = 100
GIVE_BACK_MS = 30_000  # so often, while a camera streams, what lies unused between its buffers; it takes 3 to 6 ms
SETTLE_S = 1.0  # for pictures that wait, when the library is closed


class Examining(QObject):
    """`changed` when something on the screen may be another; `outcome` says what became of what was taken."""

    changed = Signal()
    device_changed = Signal()
    said = Signal(str)
    over = Signal(str)  # what was said is settled
    marked = Signal(str)  # the key of a mark that took itself
    _failed = Signal(str)
    _status = Signal(object, object)

    def __init__(self, session: Session, open_device: OpenIt, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._open = session, open_device
        self.device: OpenDevice | None = None
        self.status: StreamStatus | None = None
        self.device_problem = ""
        self._notes: frozenset[str] = frozenset()  # what its cameras did not take, as it was said
        self.live: LiveExamination | None = None
        self._jump_told = False
        self._times: dict[str, Times] = {}  # by visit: a clock that was set meanwhile changes none of them
        self.iodine: bool | None = None
        self.outcome = Outcome(session, SensorMap(self), self)
        self.outcome.said.connect(self.said)
        self.outcome.over.connect(self.over)
        self.outcome.came.connect(self._taken_at_last)
        self.moments = Moments(session, self)
        self.moments.said.connect(self.said)
        self.moments.over.connect(self.over)
        self._failures: list[str] = []  # what was said of what could not be taken
        self._refused = ""  # what was said of an edit
        self._held: list[OpenDevice] = []  # what was opened, also while the window has not heard of it
        self._ended: list[LiveExamination] = []  # of other visits, that still take what they were asked for
        self._case: VisitCase | None = None
        self._signed: Facts | None = None  # of a visit that was signed: they are shown, and do not change
        self._plan: Plan = DEFAULT_PLAN
        self._plan_problem = ""  # as it was told
        self._opening, self._dark = Background(self), Background(self)
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._look)
        self._status.connect(self._status_came, Qt.ConnectionType.QueuedConnection)
        self._failed.connect(self._taking_failed, Qt.ConnectionType.QueuedConnection)
        self._give_back = QTimer(self, interval=GIVE_BACK_MS)
        self._give_back.timeout.connect(memory.return_free)
        session.drafts.append(self)

    # what was taken and is not on disk (`session.Typed`)

    @property
    def names(self) -> tuple[str, ...]:
        """What the library has not taken yet."""
        count = sum(len(lot.pictures) for lot in self.outcome.waiting)
        waits = (tr("%n picture(s) of the examination", "", count),) if count else ()
        taking = (tr("A picture that is being taken"),) if any(one.busy for one in self._all) else ()
        return (*waits, *taking, *self.moments.names)

    def save(self) -> bool:
        """Try once more."""
        taken = [one.settle(SETTLE_S) for one in self._all]
        begun = self.moments.settle()
        return self.outcome.settle(SETTLE_S) and begun and all(taken)

    def drop(self) -> None:
        """They are not wanted any more."""
        self.outcome.drop()
        self.moments.drop()

    @property
    def _all(self) -> tuple[LiveExamination, ...]:
        """Examinations that may still be taking something."""
        return (*self._ended, self.live) if self.live is not None else tuple(self._ended)

    # the device

    def open_device(self, config: DeviceConfig) -> None:
        """Open a device in place of the one that is open."""
        self.close_device()
        self.device_problem = ""
        self._stream_buffers(True)
        self._opening.start(opened, self._open, config, self._held, done=self._device_open, failed=self._device_failed)
        self.device_changed.emit()

    @property
    def opening(self) -> bool:
        """Whether a device is being opened."""
        return self._opening.busy

    def close_device(self, why: str = "") -> None:
        """Let it go; `why` there is none then."""
        self._opening.drop()
        self.device = self.status = None
        self._tell_notes()
        self.device_problem = why
        self.device_changed.emit()
        while self._held:
            self._held.pop().stop()
        self._stream_buffers(False)

    def _stream_buffers(self, streaming: bool) -> None:
        memory.keep_large_buffers(streaming=streaming)
        (self._give_back.start if streaming else self._give_back.stop)()

    def _device_open(self, device: OpenDevice) -> None:
        self.device = device
        device.stream.on_status.append(partial(self._status.emit, device))
        device.tell = self._failed.emit
        if device.second is not None:
            device.second.on_status.append(lambda _status: self._status.emit(device, device.stream.status))
        if device.lamp_problem:
            self.said.emit(f"{device.lamp_problem} {say.WITHOUT_LAMP}")
        self.status = device.stream.status
        self._tell_notes()
        self._follow_acid()
        self.device_changed.emit()

    def _device_failed(self, problem: str) -> None:
        self._stream_buffers(False)
        self.device_problem = problem
        self.device_changed.emit()

    def _status_came(self, device: OpenDevice, status: StreamStatus) -> None:
        if device is self.device:  # one that was let go has nothing to say
            self.status = status
            self._tell_notes()
            self.device_changed.emit()

    def _tell_notes(self) -> None:
        """What went wrong though pictures come, as a setting that a camera does not take: said once, while it holds."""
        streams = (self.device.stream, self.device.second) if self.device is not None else ()
        notes = frozenset(one.status.note for one in streams if one is not None) - {""}
        before, self._notes = self._notes, notes
        for text in before - notes:
            self.over.emit(text)
        for text in sorted(notes - before):
            self.said.emit(text)

    @property
    def gives_pictures(self) -> bool:
        """Whether pictures of the camera come."""
        if self.device is None or self.device.stream.latest() is None:
            return False
        return self.device.stream.status.state is StreamState.LIVE

    @property
    def gives_pairs(self) -> bool:
        """Whether the device has fluorescence, and it comes."""
        return self.device is not None and self.device.config.has_fluorescence and not self.second_problem

    @property
    def second_problem(self) -> str:
        """Why no picture of the fluorescence camera comes; "" where it does, or there is none."""
        second = self.device.second if self.device is not None else None
        status = second.status if second is not None else None
        return "" if status is None or status.state is StreamState.LIVE else status.text

    @property
    def mm_per_px(self) -> float | None:
        """Millimetres in a pixel of a frame; None where nothing was calibrated."""
        device = self.device
        given = device.stream.status.format if device is not None else None
        return device.config.mm_at(given.width, given.height) if device is not None and given is not None else None

    def take_dark(self) -> None:
        """Take a dark frame, off the thread of the window."""
        device = self.device
        if device is not None and not self._dark.busy:
            said = self.said.emit
            self._dark.start(dark_taken, device, done=lambda _made: said(say.DARK_TAKEN), failed=said)

    # the examination

    @property
    def times(self) -> Times:
        """The clock of the examination; where none is under way, one of now."""
        return self.live.times if self.live is not None else Times()

    def step(self, key: str) -> Step | None:
        """A step of the plan; None for "" and for one of another plan."""
        live = self.live
        return next((one for one in live.plan if one.key == key), None) if live is not None and key else None

    @property
    def facts(self) -> Facts:
        """For the timeline, as it stands now."""
        live = self.live
        if live is None:
            return self._signed or Facts(plan=self._plan, iodine=self.iodine)
        one = live.examination
        return Facts(
            plan=one.plan,
            taken=live.taken,
            acid=live.acid,
            seconds=live.seconds(time.monotonic()),
            skipped=one.skipped,
            iodine=self.iodine,
            iodine_override=one.iodine_override,
            under_way=live.under_way,
        )

    def follow(self, case: VisitCase | None) -> None:
        """Another visit is on the desk, or the same one changed."""
        before, self._case = self._case, case
        self._signed = None
        if case is None or before is None or before.visit.id != case.visit.id:
            self._end()
            self.outcome.forget()
            self.iodine = None
        try:
            self._read(case)
        except UserError as error:
            self._session.say(error)
        self.changed.emit()

    def _read(self, case: VisitCase | None) -> None:
        from pfm_desktop.services.capture import records

        if self.live is None:
            self._plan = records.site_plan(self._session.library)
        if case is None:
            return
        if self.live is None:
            self._tell_of_plan(records.site_plan_problem(self._session.library))
        self.iodine = records.iodine_allergy(self._session.library, case.patient.id)
        found = self.moments.with_held(case.visit.id, records.examination(self._session.library, case.visit.id))
        if found is not None and case.signed:
            taken, acid = counted(found, case.pictures), found.acid_at is not None
            self._signed = Facts(found.plan, taken, acid=acid, skipped=found.skipped, iodine=self.iodine)
        if found is not None and not case.signed:
            self._go_on(found, case)
        elif self.live is not None:
            self._end()  # its beginning was undone, or it was signed

    def _tell_of_plan(self, problem: str) -> None:
        told, self._plan_problem = self._plan_problem, problem
        if problem and problem != told:
            self.said.emit(problem)

    def follow_plan(self, plan: Plan) -> None:
        """The site has another plan; an examination that has begun keeps its own."""
        self._plan, self._plan_problem = plan, ""
        self.changed.emit()

    def begin(self, *, at: datetime | None = None) -> bool:
        """Make sure that an examination of the visit on the desk is under way (since that moment, aware; now); False
        where it cannot be."""
        from pfm_desktop.services.capture import records

        case = self._case
        if case is None or case.signed or self._session.library.no_editing:
            return False
        if self.live is None:
            new = Examination(case.visit.id, at or moment_now(), plan=self._plan)
            found: list[Examination] = []

            def begin(lib: Library) -> tuple[()]:
                try:
                    found.append(records.begin(lib, new.visit_id, new.plan, at=new.started_at))
                except StorageError as problem:  # she cannot wait for it
                    found.append(new)
                    self.moments.begin(new, problem.sentences)
                return ()

            self._session.perform(begin, undoable=False, waits_s=WAITS_S)
            if found and self.live is None:
                self._go_on(found[0], case)
        return self.live is not None

    def _perform(self, edit: Callable[[Library], Change], *, of: str = "") -> bool:
        """Put something on record while she is examined: the live picture does not stand still for it. `of` is the
        visit whose examination must be there for it."""

        def made(lib: Library) -> Change:
            self.moments.make_sure(lib, of)
            return edit(lib)

        why_not = performed(self._session, made)
        before, self._refused = self._refused, why_not.sentences if why_not is not None else ""
        if before:
            self.over.emit(before)
        if self._refused:
            self.said.emit(self._refused)
        return not self._refused

    def _go_on(self, found: Examination, case: VisitCase) -> None:
        taken = counted(found, case.pictures)
        if self.live is None:
            self._jump_told = False
            times = self._times.setdefault(case.visit.id, Times())
            self.live = LiveExamination(
                found,
                self,
                told=self.outcome.took,
                failed=self._failed.emit,
                missed=self.outcome.took_nothing,
                times=times,
                taken=taken,
            )
            self._tick.start()
        else:
            self.live.examination = found
            waiting = tuple(Taken(one.stage, one.seconds) for lot in self._waiting(case) for one in lot.pictures)
            if not self.live.busy:
                self.live.count_again(taken + waiting)
        self._follow_acid()

    def _follow_acid(self) -> None:
        """Whom the camera sees now has acetic acid on since when, or not: whoever comes next has none of it."""
        since = self.live.examination.acid_at if self.live is not None and self.live.acid else None
        if self.device is not None:
            self.device.follow_acid(self.times.monotonic(since) if since is not None else None)

    def _waiting(self, case: VisitCase) -> tuple[Lot, ...]:
        """Of this visit, what is not in the library yet."""
        return tuple(lot for lot in self.outcome.waiting if lot.visit_id == case.visit.id)

    def _end(self) -> None:
        """No more of it; what it was asked for is taken, and goes to its own visit."""
        live, self.live = self.live, None
        self._tick.stop()
        self._ended = [one for one in self._ended if one.busy]
        if live is not None:
            live.stop(0.0)
            self._ended.append(live)
        self._follow_acid()

    def start_acid(self, *, again: bool = False) -> None:
        """Acetic acid is on from now."""
        began, pressed = moment_now(), time.monotonic()
        if self.begin(at=began) and self.live is not None:
            at = self.live.times.wall(pressed)
            before = self.live.examination.acid_at
            anew = again or (before is not None and not self.live.acid)  # of an examination that was over
            self.live.examination = replace(self.live.examination, acid_at=at)  # it runs from the key press
            self._follow_acid()
            self.moments.start_acid(self.live.examination, again=anew)
            self.changed.emit()

    def skip(self, step: Step) -> None:
        """Leave a step out."""
        from pfm_desktop.services.capture import records

        if self.begin() and self.live is not None:
            visit_id = self.live.examination.visit_id
            self._perform(lambda lib: records.skip(lib, visit_id, step.key), of=visit_id)

    def answer_allergy(self, iodine: bool) -> None:
        """She was asked."""
        from pfm_desktop.services.capture import records

        case = self._case
        if case is not None:
            self._perform(lambda lib: records.set_iodine_allergy(lib, case.patient.id, iodine))

    def allow_iodine(self, why: str) -> bool:
        """In spite of an allergy, for a reason; whether that is on record."""
        from pfm_desktop.services.capture import records

        if self.begin() and self.live is not None:
            visit_id = self.live.examination.visit_id
            return self._perform(lambda lib: records.allow_iodine(lib, visit_id, why), of=visit_id)
        return False

    def take_next(self, step: Step | None, *, pair: bool | None = None, replaces: tuple[str, ...] = ()) -> None:
        """Take what a step asks for, or a pair or a picture whatever it asks for, perhaps in the place of others."""
        if self.begin() and self.live is not None:
            self.live.take(step, pair=pair, replaces=replaces)
            self.changed.emit()

    def take_still(self, frame: Frame, step: Step | None) -> None:
        """Keep a frame that was frozen."""
        if self.begin() and self.live is not None and self.device is not None:
            self.live.take_frame(self.device.exposed(frame), step)

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        """As a `PicturesSource`; called on the thread that takes."""
        device = self.device
        if device is None:
            raise UserError(tr("there is no camera"), safe=tr("nothing was taken"), remedy=tr("choose one in Device"))
        # where there is no fluorescence the white-light picture of a pair is better than none
        return device.take(pair=pair and device.config.has_fluorescence)

    def stop(self) -> tuple[Lot, ...]:
        """The library is about to be closed; what could not be kept comes back."""
        self._session.drafts.remove(self)
        self.moments.settle()
        self.moments.drop()
        self._end()
        for live in self._ended:
            live.stop()
        self.close_device()
        return self.outcome.stop()

    def _taken_at_last(self) -> None:
        failures, self._failures = self._failures, []
        for text in failures:
            self.over.emit(text)

    def _taking_failed(self, problem: str) -> None:
        self._failures.append(problem)
        self.said.emit(problem)
        self.changed.emit()

    def _look(self) -> None:
        live = self.live
        if live is not None:
            live.times = self._times[live.examination.visit_id] = live.times.awake(slept_s())
            if (step := live.look_at_clock(time.monotonic())) is not None:
                self.marked.emit(step.key)
            if not self._jump_told and (off := live.times.jumped(moment_now(), time.monotonic())):
                self._jump_told = True
                self.said.emit(say.clock_words(off))
        self.changed.emit()
