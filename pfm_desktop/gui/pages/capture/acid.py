"""The moment of acetic acid: it counts from the key press, and is put on record off the thread of the window.

A library that does not take it just now is asked again until it does; the clock runs meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from pfm_desktop.gui.widgets.background import Background

if TYPE_CHECKING:
    from datetime import datetime

    from pfm_desktop.domain.change import Change
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

AGAIN_MS = 1000
HELD = "The clock of acetic acid runs. It is not on record yet, and is tried again."


@dataclass(frozen=True)
class _Held:
    visit_id: str
    at: datetime  # aware
    again: bool


class AcidMoment(QObject):
    """`said(text)` for a person."""

    said = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._held: _Held | None = None
        self._told = False
        self._work = Background(self)
        self._again = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._again.timeout.connect(self._try)

    def start(self, visit_id: str, at: datetime, *, again: bool) -> None:
        """Acetic acid was applied at that moment (aware)."""
        self._held, self._told = _Held(visit_id, at, again), False
        self._try()

    def held(self, visit_id: str) -> datetime | None:
        """The moment of this visit that is not on record yet."""
        held = self._held
        return held.at if held is not None and held.visit_id == visit_id else None

    @property
    def idle(self) -> bool:
        """Whether it is on record, or there is none."""
        return self._held is None

    def settle(self) -> None:
        """The library is about to be closed: one last try, on this thread."""
        self._again.stop()
        self._work.drop()
        held, self._held = self._held, None
        if held is not None:
            self._session.perform(lambda lib: _start(lib, held), undoable=False)

    def _try(self) -> None:
        held = self._held
        if held is not None and not self._work.busy:
            self._work.start(_started, self._session.library, held, done=self._on_record, failed=self._not_yet)

    def _on_record(self, change: Change) -> None:
        self._held = None
        self._session.tell_changed((change,), undoable=True)

    def _not_yet(self, problem: str) -> None:
        if not self._told:
            self._told = True
            self.said.emit(f"{HELD} {problem}")
        self._again.start()


def _started(ctx: Context, lib: Library, held: _Held) -> Change:
    """As a job."""
    ctx.check()
    return _start(lib, held)


def _start(lib: Library, held: _Held) -> Change:
    from pfm_desktop.services.capture import records

    return records.start_acid(lib, held.visit_id, held.at, again=held.again)
