"""Recording clips of the visit: on a key, and at two pictures a second by itself once acetic acid is on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import capture_words as say

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfm_desktop.capture.recorder import Recorded, Recorder
    from pfm_desktop.capture.stream import Stream
    from pfm_desktop.domain.clip import Clip
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.capture.clips import ClipWriter
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

WHITENING_RATE = 2.0  # frames a second
END_S = 6.0  # for what is not on disk yet, when the library is closed


@dataclass(frozen=True, eq=False)
class _Running:
    writer: ClipWriter
    recorder: Recorder
    let_go: Callable[[], None]  # takes it off the stream


class Recording(QObject):
    """At most one clip of each kind at a time. `changed` when one begins or ends; `said(text)` for a person."""

    changed = Signal()
    said = Signal(str)
    _trouble = Signal(str, str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._running: dict[ClipKind, _Running] = {}
        self._ending: list[Background] = []
        self._trouble.connect(self._ended_by_itself, Qt.ConnectionType.QueuedConnection)

    def runs(self, kind: ClipKind) -> bool:
        """Whether such a clip is being recorded."""
        return kind in self._running

    def clip(self, kind: ClipKind) -> Clip | None:
        """The clip of this kind that is being recorded."""
        running = self._running.get(kind)
        return running.writer.clip if running is not None else None

    def seconds(self, kind: ClipKind) -> float:
        """For how long it has been."""
        running = self._running.get(kind)
        return time.monotonic() - running.writer.began if running is not None else 0.0

    @property
    def dropped(self) -> int:
        """Frames that the disk was too slow for."""
        return sum(one.recorder.dropped for one in self._running.values())

    def begin(
        self, kind: ClipKind, visit_id: str, stream: Stream, *, camera: str, since_acid: Callable[[float], float | None]
    ) -> bool:
        """Record from now on; `since_acid(at)`: seconds since acetic acid at a moment. False where it cannot be."""
        from pfm_desktop.capture.recorder import Recorder
        from pfm_desktop.services.capture import clips

        frame = stream.latest()
        if frame is None or kind in self._running:
            return False
        height, width = frame.pixels.shape[:2]
        began = time.monotonic()
        made: list[ClipWriter] = []

        def begin(lib: Library) -> tuple[()]:
            made.append(
                clips.begin_clip(
                    lib,
                    visit_id,
                    kind,
                    size=(width, height),
                    camera=camera,
                    seconds_since_acid=since_acid(began),
                    began=began,
                )
            )
            return ()

        if self._session.perform(begin, undoable=False) is None or not made:
            return False
        recorder = Recorder(
            made[0].put,
            rate=WHITENING_RATE if kind is ClipKind.WHITENING else None,
            began=began,
            on_problem=partial(self._trouble.emit, kind.value),
        )
        self._running[kind] = _Running(made[0], recorder, stream.add_sink(recorder.take))
        self.changed.emit()
        return True

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
                self.said.emit(say.recorded_words(recorded))
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

    def stop(self) -> None:
        """The library is about to be closed: what is left goes to disk now."""
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
        self.said.emit(problem)
        self.end(ClipKind(kind))


def _finish(_ctx: Context, running: _Running) -> Recorded:
    """As a job."""
    recorded = running.recorder.stop()
    running.writer.finish(recorded)
    return recorded
