"""Recording clips of the visit: on a key, and at one picture a second by itself once acetic acid is on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from pfm_desktop.capture.recorder import Recorder
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.gui.pages.capture.moments import performed
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.services.capture import clips
from pfm_desktop.services.capture.following import RATE, Following
from pfm_desktop.services.capture.pair_parts import state_words
from pfm_desktop.support.errors import StorageError, UserError, capital
from pfm_desktop.viewmodels import capture_words as say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pfm_desktop.capture.recorder import Recorded
    from pfm_desktop.capture.source import Frame
    from pfm_desktop.gui.pages.capture.examining import Examining
    from pfm_desktop.gui.pages.capture.open_device import OpenDevice
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.capture.clips import ClipWriter
    from pfm_desktop.services.capture.following import Followed
    from pfm_desktop.services.capture.live import LiveExamination
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

WHITENING_RATE = RATE  # a minute of it is 40 MB
WHITENING_S = 195.0  # after acetic acid: so long it is followed by itself
TRY_AGAIN_S = 5.0  # after which whitening that could not be recorded, or broke off, is begun again
END_S = 6.0  # for what is not on disk yet, when the library is closed
WAITS_FOR_END_S, TRIES = 30.0, 10  # where the library is busy while a clip ends


@dataclass(frozen=True, eq=False)
class _Running:
    writer: ClipWriter
    recorder: Recorder
    let_go: Callable[[], None]  # takes it off the stream


class Recording(QObject):
    """At most one clip of each kind at a time. `changed` when one begins or ends; `said(text)` for a person."""

    changed = Signal()
    said = Signal(str)
    over = Signal(str)  # what was said is settled
    _trouble = Signal(str, str)

    def __init__(self, session: Session, examining: Examining, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._examining = session, examining
        self._running: dict[ClipKind, _Running] = {}
        self._ending: list[Background] = []
        self._tried: object = None  # the acid and device for which whitening is or was recorded
        self._tried_at = 0.0
        self._whitening_problem = self._whitening_waits = ""  # as they were said
        self._following: Following | None = None
        self._trouble.connect(self._ended_by_itself, Qt.ConnectionType.QueuedConnection)

    def runs(self, kind: ClipKind) -> bool:
        """Whether such a clip is being recorded."""
        return kind in self._running

    @property
    def followed(self) -> Followed | None:
        """The frames of whitening of now, laid over each other; None where none is or was followed here."""
        return self._following.followed if self._following is not None else None

    @property
    def words(self) -> str:
        """On the live picture, while a clip is recorded."""
        running = self._running.get(ClipKind.VIDEO)
        if running is None:
            return ""
        recorder, device = running.recorder, self._examining.device
        until, stands = time.monotonic(), ""
        if device is not None and not self._examining.gives_pictures and (last := device.stream.latest()) is not None:
            until, stands = last.at, state_words(device.stream)  # it counts no further than there are pictures
        seconds = max(0.0, until - running.writer.began)
        return say.recording_words(seconds, dropped=recorder.dropped, trouble=recorder.trouble, stands=stands)

    def begin(self, kind: ClipKind) -> bool:
        """Record from now on; False where it cannot be, which is said."""
        device, live = self._examining.device, self._examining.live
        frame = device.stream.latest() if device is not None else None
        if device is None or live is None or frame is None or kind in self._running:
            return False
        began = time.monotonic()
        writer = self._begun(kind, live, frame, device.config.name, began)
        if writer is None:
            return False
        whitening = kind is ClipKind.WHITENING
        recorder = Recorder(
            writer.put,
            rate=WHITENING_RATE if whitening else None,
            began=began,
            on_problem=partial(self._trouble.emit, kind.value),
        )
        sinks = [recorder.take]
        if whitening:
            self.forget()
            self._following = Following(writer.clip.id, live.seconds)
            sinks.append(self._following.take)
        let_go = device.stream.add_sink(partial(_hand_on, device, sinks, white_only=whitening))
        self._running[kind] = _Running(writer, recorder, let_go)
        self.changed.emit()
        return True

    def _begun(
        self, kind: ClipKind, live: LiveExamination, frame: Frame, camera: str, began: float
    ) -> ClipWriter | None:
        height, width = frame.pixels.shape[:2]
        made: list[ClipWriter] = []

        def begin(lib: Library) -> tuple[()]:
            writer = clips.begin_clip(
                lib,
                live.examination.visit_id,
                kind,
                size=(width, height),
                camera=camera,
                seconds_since_acid=live.seconds(began),
                began=began,
            )
            made.append(writer)
            return ()

        why_not = performed(self._session, begin, undoable=False)
        if kind is ClipKind.WHITENING:
            self._tell_whitening(f"{say.WHITENING_WAITS} {capital(why_not.what)}." if why_not is not None else "")
        elif why_not is not None:
            self.said.emit(why_not.sentences)
        return made[0] if made else None

    def _tell_whitening(self, why_not: str) -> None:
        """It is tried again and again: said once, and taken back once it is recorded."""
        if why_not and self._whitening_waits:
            return
        before, self._whitening_waits = self._whitening_waits, why_not
        if before:
            self.over.emit(before)
        if why_not:
            self.said.emit(why_not)

    def follow_acid(self) -> None:
        """Whitening is recorded by itself from acetic acid until it fades."""
        live, runs = self._examining.live, self.runs(ClipKind.WHITENING)
        seconds = live.seconds(time.monotonic()) if live is not None else None
        case = self._session.case
        hers = live is not None and case is not None and case.visit.id == live.examination.visit_id and not case.signed
        wanted = hers and seconds is not None and 0.0 <= seconds < WHITENING_S and not self._session.library.no_editing
        once = (live.examination.acid_at if live is not None else None, id(self._examining.device))
        if runs and (not wanted or once != self._tried):
            self._tried = self._tried if wanted else None  # acid may be put back on record
            self.end(ClipKind.WHITENING)
        if not wanted or self.runs(ClipKind.WHITENING) or not self._examining.gives_pictures:
            return
        again = once == self._tried
        if not again or self._may_try_again():
            self._tried, self._tried_at = once, time.monotonic()
            self.begin(ClipKind.WHITENING)

    def _may_try_again(self) -> bool:
        """Whether some time has passed, and the library takes what it is given, as far as is known."""
        examining = self._examining
        passed = time.monotonic() - self._tried_at > TRY_AGAIN_S
        return passed and examining.moments.idle and not examining.outcome.waiting

    def forget(self) -> None:
        """What was followed is not wanted any more."""
        following, self._following = self._following, None
        if following is not None:
            following.stop()

    def end(self, kind: ClipKind) -> None:
        """End it; what is left is put on disk on a thread."""
        running = self._running.pop(kind, None)
        if running is None:
            return
        running.let_go()
        work = Background(self)
        self._ending.append(work)

        def over(recorded: Recorded | None = None) -> None:
            if work in self._ending:
                self._ending.remove(work)
            work.deleteLater()
            if recorded is not None and kind is ClipKind.VIDEO:
                case = self._session.case
                elsewhere = case is None or case.visit.id != running.writer.clip.visit_id
                self.said.emit(say.recorded_words(recorded, elsewhere=elsewhere))
            self._session.refresh()
            self.changed.emit()

        def failed(problem: str) -> None:
            over()
            self.said.emit(problem)

        work.start(_finish, running, done=over, failed=failed)
        self.changed.emit()

    def end_all(self) -> None:
        """Another visit, or another device."""
        for kind in tuple(self._running):
            self.end(kind)
        self.forget()
        self._tried, self._whitening_problem = None, ""
        self._tell_whitening("")

    def stop(self) -> None:
        """The library is about to be closed: what is left goes to disk now."""
        self.forget()
        for work in self._ending:
            work.drop()
        for running in self._running.values():
            running.let_go()
            try:
                running.writer.finish(running.recorder.stop(END_S))
            except UserError as error:  # the next opening closes the clip with what is there
                self._session.say(error)
        self._running = {}

    def _ended_by_itself(self, kind: str, problem: str) -> None:
        if kind != ClipKind.WHITENING or problem != self._whitening_problem:  # which is begun again, and may fail again
            self.said.emit(problem)
        if kind == ClipKind.WHITENING:
            self._whitening_problem = problem
        self.end(ClipKind(kind))


def _hand_on(device: OpenDevice, sinks: Sequence[Callable[[Frame], None]], frame: Frame, *, white_only: bool) -> None:
    """On the thread of the camera. Frames of a pair's fluorescence have no place in a curve of whitening."""
    if not white_only or device.lit_white(frame):
        for sink in sinks:
            sink(frame)


def _finish(ctx: Context, running: _Running) -> Recorded:
    """As a job. A library that is busy is asked again for a while: what was taken waits for it."""
    recorded = running.recorder.stop(WAITS_FOR_END_S)
    for left in reversed(range(TRIES)):
        try:
            running.writer.finish(recorded)
            break
        except StorageError:
            if not left:
                raise
            time.sleep(1.0)
            ctx.check()
    return recorded
