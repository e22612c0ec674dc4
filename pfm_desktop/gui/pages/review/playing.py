"""The player: the acetic acid sequence of the visit, or one of its clips, on the stage."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from shiboken6 import isValid

from pfm_desktop.gui.pages.review.loan import StageLoan
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.play_bar import PlayBar
from pfm_desktop.gui.widgets.pyramid import build_pyramid
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair
from pfm_desktop.jobs import Context, Handle, Progress
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import playing
from pfm_desktop.viewmodels.filmstrip import clip_key
from pfm_desktop.viewmodels.playing import Plan

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.playing import Frame, Played, Reading
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

KEPT_BYTES = 128 * 1024 * 1024  # of pictures made ready: stepping back and forth reads nothing anew


@dataclass(frozen=True, eq=False)
class Ready:
    """A picture of the sequence made ready for the stage, and how bright it is, place by place."""

    pair: PreparedPair
    light: NDArray[np.int16]


class Playing(QObject):
    """`service` stands in for `services.playing` in tests. Nothing that it does changes the library.

    Whatever is asked for, by the clock, a key or the slider, one picture follows another only once the one before it
    was seen long enough (`viewmodels.playing.wait_ms`).
    """

    at = Signal(str)  # key in the filmstrip of what is on the stage now
    shown = Signal()  # the first picture is on the stage

    def __init__(self, session: Session, jobs: QtJobs, stage: StageWidget, loan: StageLoan, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._stage, self._loan = session, jobs, stage, loan
        self.service: Any = None
        self.clock: Callable[[], float] = time.monotonic
        self.bar = PlayBar()
        self.active, self.playing = False, False  # on the stage; going on by itself
        self.index = -1  # of the picture on the stage
        self._wanted: int | None = None  # the one that is to come
        self._ticket = 0
        self._plan: Plan | None = None
        self._played: Played | None = None
        self._reading: Reading | None = None
        self._made: dict[Plan, Played] = {}  # of the visit that is open
        self._ready: OrderedDict[int, Ready] = OrderedDict()
        self._seen: tuple[float, NDArray[np.int16]] | None = None  # when the picture on the stage came
        self._handle: Handle | None = None
        self._work = Background(self)
        self._beat = QTimer(self)
        self._due = QTimer(self, singleShot=True)
        self._beat.timeout.connect(self._go_on)
        self._due.timeout.connect(self._show_wanted)
        self.bar.toggled.connect(self.toggle)
        self.bar.stepped.connect(self.step)
        self.bar.wanted.connect(self.go_to)
        self.bar.left.connect(self.leave)
        self.bar.speed.currentIndexChanged.connect(lambda _row: self._set_pace())
        loan.changed.connect(self._lent)

    @property
    def idle(self) -> bool:
        """Whether nothing is still to come but what it plays by itself."""
        return self._handle is None and self._wanted is None and not self._work.busy

    @property
    def begun(self) -> bool:
        """Whether a sequence is on the stage, or is being made ready."""
        return self.active or self._handle is not None

    def begin(self, plan: Plan) -> None:
        """Make a sequence ready and play it; one that was made before is at hand."""
        self._stop()
        self._plan = plan
        if plan in self._made:
            self._come(self._ticket, self._made[plan])
            return
        self.bar.show_preparing(None, "")
        ticket = self._ticket
        self._handle = self._jobs.start(
            sequence_job, self.service, self._session.library, plan,
            title=tr("Preparing the sequence"),
            done=lambda played: self._come(ticket, played),
            failed=lambda message: self._failed(ticket, message),
            stopped=lambda: self._failed(ticket, ""),
            step=lambda step: self._stepped(ticket, step),
        )  # fmt: skip

    def toggle(self) -> None:
        """Play, or pause; at the end play again from the first."""
        if not self.active or self._played is None:
            return
        if not self.playing and playing.next_index(self.index, len(self._played.frames)) is None:
            self._want(0)
        self._play(not self.playing)

    def pause(self) -> None:
        """Nothing goes on by itself."""
        self._play(False)

    def step(self, by: int) -> None:
        """So many pictures on, or back."""
        base = self.index if self._wanted is None else self._wanted
        self.go_to(base + by)

    def go_to(self, index: int) -> None:
        """One picture, by number; it stays there."""
        if self._played is not None and self.active:
            self._play(False)
            self._want(min(max(index, 0), len(self._played.frames) - 1))

    def go_to_last(self) -> None:
        """The last picture."""
        if self._played is not None:
            self.go_to(len(self._played.frames) - 1)

    def leave(self) -> None:
        """The pair as it was."""
        was = self.active
        self._stop()
        if was:
            self._loan.give_back()
        self._stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def drop(self) -> None:
        """Another visit or pair: nothing of the sequence stays, and nothing of it comes."""
        self._made.clear()
        self._stop()

    def follow(self, case: VisitCase | None) -> None:
        """The visit changed: a picture that is gone is not played."""
        self._made = {plan: made for plan, made in self._made.items() if playing.still_there(plan, case)}
        if self.begun and self._plan is not None and not playing.still_there(self._plan, case):
            self.leave()
            self._session.say(UserError(playing.CHANGED))

    # ---- making it ready

    def _stepped(self, ticket: int, step: Progress) -> None:
        if isValid(self) and ticket == self._ticket:
            self.bar.show_preparing(round(100 * step.done / step.total) if step.total else None, step.text)

    def _come(self, ticket: int, played: Played) -> None:
        case, plan = self._session.case, self._plan
        if not isValid(self) or ticket != self._ticket or plan is None:
            return
        self._handle = None
        if case is None or case.visit.id != played.visit_id:
            self._stop()
            return
        self._made[plan], self._played = played, played
        self._reading = (self.service or _service()).Reading(self._session.library)
        usual = playing.OF_CLIP if plan.clip_id else playing.USUAL
        self.bar.show_sequence(len(played.frames), playing.summary(plan, played), usual)
        self.active = True
        self._loan.begin(playing.LOCKED)
        self._want(0)
        self._play(True)
        self._stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def _failed(self, ticket: int, message: str) -> None:
        if not isValid(self) or ticket != self._ticket:
            return
        self._stop()
        if message:
            self._session.say(UserError(message))

    def _stop(self) -> None:
        self._ticket += 1
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._work.drop()
        self._due.stop()
        self._play(False)
        self.active, self.index, self._wanted = False, -1, None
        self._plan = self._played = self._reading = self._seen = None
        self._ready.clear()
        self.bar.hide()

    def _lent(self) -> None:
        if self.active and not self._loan.active:  # taken back by somebody else, as another pair came
            self._stop()

    # ---- playing

    def _play(self, on: bool) -> None:
        self.playing = on and self.active
        self.bar.show_playing(self.playing)
        if self.playing:
            self._set_pace()
            self._beat.start()
        else:
            self._beat.stop()

    def _set_pace(self) -> None:
        rate = playing.SPEEDS[max(0, self.bar.speed.currentIndex())][0]
        self._beat.setInterval(round(1000 / rate))

    def _go_on(self) -> None:
        if self._played is None or self._wanted is not None:  # the one before is still to come
            return
        following = playing.next_index(self.index, len(self._played.frames))
        if following is None:
            self._play(False)
        else:
            self._want(following)

    def _want(self, index: int) -> None:
        played, reading = self._played, self._reading
        if played is None or reading is None:
            return
        if index == self.index:  # it is there: nothing else is to come
            self._wanted = None
            self._due.stop()
            self.bar.show_place(index, playing.big_words(played.frames[index]))
            return
        self._wanted = index
        if index in self._ready:
            self._ready.move_to_end(index)
            self._show_wanted()
            return
        self._work.start(
            frame_job, self.service, reading, played.frames[index],
            done=lambda ready: self._made_ready(index, ready),
            failed=lambda message: self._cannot(index, message),
        )  # fmt: skip

    def _made_ready(self, index: int, ready: Ready) -> None:
        self._ready[index] = ready
        while len(self._ready) > 1 and sum(one.pair.nbytes for one in self._ready.values()) > KEPT_BYTES:
            self._ready.popitem(last=False)
        self._show_wanted()

    def _show_wanted(self) -> None:
        """Put the wanted picture on the stage, once the one before it was seen long enough."""
        index, played = self._wanted, self._played
        ready = None if index is None else self._ready.get(index)
        if index is None or ready is None or played is None or not self.active:
            return
        now = self.clock()
        if self._seen is not None:
            at, light = self._seen
            wait = playing.wait_ms(1000 * (now - at), unlike=playing.unlike(light, ready.light))
            if wait > 0:
                self._due.start(wait)
                return
        goes_on = self.index >= 0
        self.index, self._wanted, self._seen = index, None, (now, ready.light)
        shown = replace(ready.pair, captions=playing.captions(played, index), goes_on=goes_on)
        self._stage.set_prepared(shown)
        self._stage.set_scale(self._scale_of(played, index))
        self.bar.show_place(index, playing.big_words(played.frames[index]))
        wanted = played.frames[index].wanted
        self.at.emit(wanted.picture_id or clip_key(wanted.clip_id))
        if not goes_on:
            self.shown.emit()

    def _scale_of(self, played: Played, index: int) -> float | None:
        """Millimetres per pixel: of the first picture, in whose frame the others lie; of one not aligned its own."""
        frame, case = played.frames[index], self._session.case
        one = played.frames[0] if frame.registration is not None else frame
        picture = None if case is None else case.picture(one.wanted.picture_id)
        return None if picture is None else picture.mm_per_px

    def _cannot(self, index: int, message: str) -> None:
        """A picture that was there and can no longer be read: said, and the one before it stays."""
        if index != self._wanted:  # another one is on its way
            return
        self._wanted = None
        self._play(False)
        self.bar.say(tr("Picture {number} cannot be shown. {message}", number=index + 1, message=message))
        self._session.say(
            UserError(
                tr("picture {number} of the sequence cannot be shown: {message}", number=index + 1, message=message)
            )
        )
        if self.index < 0:  # nothing of it is on the stage
            self.leave()
        else:
            self._want(self.index)


def sequence_job(ctx: Context, service: Any, lib: Library, plan: Plan) -> Played:
    """The sequence of a plan."""
    module = service or _service()
    if plan.clip_id:
        clip: Played = module.clip_sequence(ctx, lib, plan.visit_id, plan.clip_id)
        return clip
    made: Played = module.acetic_sequence(ctx, lib, plan.visit_id, plan.pictures, plan.clip_ids)
    return made


def frame_job(ctx: Context, service: Any, reading: Reading, frame: Frame) -> Ready:
    """One picture, read and laid on the first."""
    from pfm_desktop.viewmodels.overlay import hatch_absent

    ctx.check()
    pixels, present = (service or _service()).shown_pixels(reading, frame)
    light = playing.light_of(pixels)
    if present is not None:
        hatch_absent(pixels, present)
    ctx.check()
    return Ready(PreparedPair(pixels, None, None, white_levels=build_pyramid(pixels)), light)


def _service() -> Any:
    from pfm_desktop.services import playing as service

    return service
