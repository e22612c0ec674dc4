"""Between the Capture page and what takes pictures: one device, one examination, and what becomes of what was taken.

Everything that comes from another thread is handed to the thread of the window by signals of this object.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from pfm_desktop.domain.examination import DEFAULT_PLAN, Examination, Plan, Step, Taken
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.jobs import Cancelled
from pfm_desktop.services.capture.keeping import Judging, Keeper, Lot, LotNews, LotState
from pfm_desktop.services.capture.live import Exposed, LiveExamination
from pfm_desktop.services.capture.times import slept_s
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels.timeline import Facts

if TYPE_CHECKING:
    from pfm_desktop.capture.source import Frame
    from pfm_desktop.capture.status import StreamStatus
    from pfm_desktop.capture.stream import Stream
    from pfm_desktop.domain.capture import Light
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.capture.config import DeviceConfig
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

log = logging.getLogger(__name__)
TICK_MS = 100
SETTLE_S = 3.0  # for pictures that wait, when the library is closed


class OpenDevice(Protocol):
    """What the page asks of a device that is open: `services.capture.device.Device`."""

    config: DeviceConfig
    stream: Stream

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        """One picture, or a pair."""

    def exposed(self, frame: Frame) -> Exposed:
        """A frame that was chosen by hand."""

    def follow_acid(self, on: bool) -> None:
        """Acetic acid was applied: a simulated woman whitens."""

    def lit_white(self, frame: Frame) -> bool:
        """Whether a frame was exposed in white light alone."""

    def learn_map(self, found: Any) -> DeviceConfig | None:
        """A map between two sensors was found sure; the config to be kept."""

    def take_dark(self) -> object:
        """Take a dark frame, which is subtracted from fluorescence from then on."""

    def stop(self) -> None:
        """Let camera and lamp go."""

    @property
    def light(self) -> Light | None:
        """What the lamp is switched to."""


OpenIt = Callable[["DeviceConfig"], OpenDevice]


class Examining(QObject):
    """`changed` when something on the screen may be another; `news(lot)` when something became of a lot."""

    changed = Signal()
    device_changed = Signal()
    lot_changed = Signal(object)
    said = Signal(str)
    marked = Signal(str)  # the key of a mark that took itself
    _told = Signal(object)
    _kept = Signal(object)
    _judged = Signal(object, object, str)
    _status = Signal(object)

    def __init__(self, session: Session, open_device: OpenIt, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._open = session, open_device
        self.device: OpenDevice | None = None
        self.status: StreamStatus | None = None
        self.device_problem = ""
        self.live: LiveExamination | None = None
        self._jump_told = False
        self.iodine: bool | None = None
        self.news: dict[int, LotNews] = {}
        self.verdicts: dict[int, tuple[Any, str]] = {}
        self.lots: list[Lot] = []
        self._case: VisitCase | None = None
        self._plan: Plan = DEFAULT_PLAN
        self._opening, self._dark = Background(self), Background(self)
        self._keeper = Keeper(self._keep, self._kept.emit)
        self._judging: Judging | None = None
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._look)
        for signal, slot in (
            (self._told, self._lot_taken),
            (self._kept, self._lot_kept),
            (self._judged, self._lot_judged),
            (self._status, self._status_came),
        ):
            signal.connect(slot, Qt.ConnectionType.QueuedConnection)
        session.drafts.append(self)

    # what was taken and is not on disk (`session.Typed`)

    @property
    def names(self) -> tuple[str, ...]:
        """What the library has not taken yet."""
        count = sum(len(lot.pictures) for lot in self._keeper.waiting)
        return (f"{count} picture{'s' if count > 1 else ''} of the examination",) if count else ()

    def save(self) -> bool:
        """Try once more."""
        return not self._keeper.waiting or self._keeper.settle(SETTLE_S)

    def drop(self) -> None:
        """They are not wanted any more."""
        self._keeper.drop()

    @property
    def keeper_problem(self) -> str:
        """Why something waits; "" where nothing does."""
        return self._keeper.problem if self._keeper.waiting else ""

    # the device

    def open_device(self, config: DeviceConfig) -> None:
        """Open a device in place of the one that is open."""
        self.close_device()
        self.device_problem = ""
        self._opening.start(_opened, self._open, config, done=self._device_open, failed=self._device_failed)
        self.device_changed.emit()

    @property
    def opening(self) -> bool:
        """Whether a device is being opened."""
        return self._opening.busy

    def close_device(self, why: str = "") -> None:
        """Let it go; `why` there is none then."""
        self._opening.drop()
        device, self.device, self.status = self.device, None, None
        self.device_problem = why
        self.device_changed.emit()
        if device is not None:
            device.stop()

    def _device_open(self, device: OpenDevice) -> None:
        self.device = device
        device.stream.on_status.append(self._status.emit)
        self.status = device.stream.status
        if self.live is not None and self.live.acid:
            device.follow_acid(True)
        self.device_changed.emit()

    def _device_failed(self, problem: str) -> None:
        self.device_problem = problem
        self.device_changed.emit()

    def _status_came(self, status: StreamStatus) -> None:
        self.status = status
        self.device_changed.emit()

    @property
    def gives_pictures(self) -> bool:
        """Whether there is a picture of the camera."""
        return self.device is not None and self.device.stream.latest() is not None

    @property
    def gives_pairs(self) -> bool:
        """Whether the device has fluorescence."""
        return self.device is not None and self.device.config.has_fluorescence

    @property
    def mm_per_px(self) -> float | None:
        """Millimetres in a pixel of a frame; None where nothing was calibrated."""
        device = self.device
        given = device.stream.status.format if device is not None else None
        return device.config.mm_at(given.width) if device is not None and given is not None else None

    def take_dark(self) -> None:
        """Take a dark frame, off the thread of the window."""
        device = self.device
        if device is not None and not self._dark.busy:
            said = self.said.emit
            self._dark.start(_dark_taken, device, done=lambda _made: said(say.DARK_TAKEN), failed=said)

    # the examination

    def step(self, key: str) -> Step | None:
        """A step of the plan; None for "" and for one of another plan."""
        live = self.live
        return next((one for one in live.plan if one.key == key), None) if live is not None and key else None

    @property
    def facts(self) -> Facts:
        """For the timeline, as it stands now."""
        live = self.live
        if live is None:
            return Facts(plan=self._plan, iodine=self.iodine)
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
        from pfm_desktop.services.capture import records

        before, self._case = self._case, case
        if case is None or before is None or before.visit.id != case.visit.id:
            self._end()
            self.lots, self.news, self.verdicts = [], {}, {}
            self._plan = records.site_plan(self._session.library)
            self.iodine = None
        if case is not None:
            self.iodine = records.iodine_allergy(self._session.library, case.patient.id)
            found = records.examination(self._session.library, case.visit.id)
            if found is not None and not case.signed:
                self._go_on(found, case)
            elif found is None and self.live is not None:
                self._end()  # its beginning was undone
        self.changed.emit()

    def follow_plan(self, plan: Plan) -> None:
        """The site has another plan; an examination that has begun keeps its own."""
        self._plan = plan
        self.changed.emit()

    def begin(self) -> bool:
        """Make sure that an examination of the visit on the desk is under way; False where it cannot be."""
        from pfm_desktop.services.capture import records

        case = self._case
        if case is None or case.signed or self._session.library.no_editing:
            return False
        if self.live is None:
            plan = self._plan
            found: list[Examination] = []

            def begin(lib: Library) -> tuple[()]:
                found.append(records.begin(lib, case.visit.id, plan))
                return ()

            self._session.perform(begin, undoable=False)
            if found and self.live is None:
                self._go_on(found[0], case)
        return self.live is not None

    def _go_on(self, found: Examination, case: VisitCase) -> None:
        taken = tuple(Taken(one.stage, one.seconds_since_acid) for one in case.pictures)
        if self.live is None:
            self._jump_told = False
            self.live = LiveExamination(found, self, told=self._told.emit, failed=self.said.emit, taken=taken)
            self._tick.start()
        else:
            self.live.examination = found
            waiting = tuple(Taken(one.stage, one.seconds) for lot in self._keeper.waiting for one in lot.pictures)
            if not self.live.busy:
                self.live.count_again(taken + waiting)
        if self.device is not None:
            self.device.follow_acid(self.live.acid)

    def _end(self) -> None:
        live, self.live = self.live, None
        self._tick.stop()
        if live is not None:
            live.stop()

    def start_acid(self, *, again: bool = False) -> None:
        """Acetic acid is on from now."""
        from pfm_desktop.services.capture import records

        pressed = time.monotonic()
        if self.begin() and self.live is not None:
            at = self.live.times.wall(pressed)
            visit_id, before = self.live.examination.visit_id, self.live.examination.acid_at
            anew = again or (before is not None and not self.live.acid)  # of an examination that was over
            self._session.perform(lambda lib: records.start_acid(lib, visit_id, at, again=anew))

    def skip(self, step: Step) -> None:
        """Leave a step out."""
        from pfm_desktop.services.capture import records

        if self.begin() and self.live is not None:
            visit_id = self.live.examination.visit_id
            self._session.perform(lambda lib: records.skip(lib, visit_id, step.key))

    def answer_allergy(self, iodine: bool) -> None:
        """She was asked."""
        from pfm_desktop.services.capture import records

        case = self._case
        if case is not None:
            self._session.perform(lambda lib: records.set_iodine_allergy(lib, case.patient.id, iodine))

    def allow_iodine(self, why: str) -> None:
        """In spite of an allergy, for a reason."""
        from pfm_desktop.services.capture import records

        if self.begin() and self.live is not None:
            visit_id = self.live.examination.visit_id
            self._session.perform(lambda lib: records.allow_iodine(lib, visit_id, why))

    def take_next(self, step: Step | None, *, pair: bool | None = None) -> None:
        """Take what a step asks for, or a pair or a picture whatever it asks for."""
        if self.begin() and self.live is not None:
            self.live.take(step, pair=pair)
            self.changed.emit()

    def take_still(self, frame: Frame, step: Step | None) -> None:
        """Keep a frame that was frozen."""
        if self.begin() and self.live is not None and self.device is not None:
            self.live.take_frame(self.device.exposed(frame), step)

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        """As a `PicturesSource`; called on the thread that takes."""
        device = self.device
        if device is None:
            raise UserError("there is no camera", safe="nothing was taken", remedy="choose one in Device")
        return device.take(pair=pair)

    def stop(self) -> tuple[Lot, ...]:
        """The library is about to be closed; what could not be kept comes back."""
        self._session.drafts.remove(self)
        self._end()
        self.close_device()
        if self._judging is not None:
            self._judging.stop()
        return self._keeper.stop()

    # what becomes of what was taken

    def _look(self) -> None:
        live = self.live
        if live is not None:
            live.times = live.times.awake(slept_s())
            if (step := live.look_at_clock(time.monotonic())) is not None:
                self.marked.emit(step.key)
            if not self._jump_told and (off := live.times.jumped(datetime.now(UTC), time.monotonic())):
                self._jump_told = True
                self.said.emit(say.clock_words(off))
        self.changed.emit()

    def _keep(self, lot: Lot) -> Any:
        """On the keeper's thread."""
        from pfm_desktop.services.capture import lots

        return lots.keep(self._session.library, lot)

    def _lot_taken(self, lot: Lot) -> None:
        self.lots.append(lot)
        self._keeper.put(lot)
        if lot.pair:
            if self._judging is None:
                from pfm_desktop.services.capture import lots

                self._judging = Judging(lots.judge_with(self), self._judged.emit)
            self._judging.put(lot)
        self.news[lot.number] = LotNews(lot, LotState.KEEPING)
        self.lot_changed.emit(lot)

    @property
    def homography(self) -> tuple[float, ...]:
        """That of the two sensors, where there is one."""
        return self.device.config.homography if self.device is not None else ()

    def _lot_kept(self, news: LotNews) -> None:
        self.news[news.lot.number] = news
        if news.state is LotState.KEPT and news.kept is not None:
            changes = news.kept.changes
            self._session.perform(lambda _lib: changes)  # they are on disk; it can be undone from here on
        self.lot_changed.emit(news.lot)

    def _lot_judged(self, lot: Lot, verdict: Any, problem: str) -> None:
        self.verdicts[lot.number] = verdict, problem
        self._learn(verdict)
        self.lot_changed.emit(lot)

    def _learn(self, verdict: Any) -> None:
        """How the second sensor lies to the first one is kept with the device."""
        from pfm_desktop.services.capture import config

        found = getattr(verdict, "found_map", None)
        learned = self.device.learn_map(found) if self.device is not None and found is not None else None
        if learned is not None and learned.kind is config.Kind.TWO:
            with suppress(UserError):  # it is learned again
                config.save(learned)


def _opened(ctx: Context, open_it: OpenIt, config: DeviceConfig) -> OpenDevice:
    """As a job. One that nobody waits for any more is closed again: it would hold the camera."""
    device = open_it(config)
    try:
        ctx.check()
    except Cancelled:
        device.stop()
        raise
    return device


def _dark_taken(_ctx: Context, device: OpenDevice) -> object:
    """As a job."""
    return device.take_dark()
