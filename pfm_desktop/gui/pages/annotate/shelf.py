"""Pairs made ready before they are needed: read and decoded, then registered and warped, within a memory limit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair, prepared, with_registration
from pfm_desktop.jobs import Context
from pfm_desktop.services.ai_shown import NOT_READ
from pfm_desktop.support import memory
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.quiet import Own

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

log = logging.getLogger(__name__)
NOT_SHOWN = NOT_READ
AHEAD = 6  # pairs that are read next
MOST_BYTES = 320 << 20  # held by all pairs together; the one in front and the next are held in any case
ALWAYS = 2
Load = Callable[[Context, "Library", str], PreparedPair]
Register = Callable[[Context, "Library", PreparedPair], PreparedPair]


@dataclass
class _Lane:
    """One kind of work, on a thread of its own; `making` is the pair at which it is."""

    work: Background
    making: str = ""

    def drop(self) -> None:
        """Forget what is being made."""
        if self.making:
            self.work.drop()
            self.making = ""


class Shelf(QObject):
    """`ready(pair id)` when a pair is at hand, once more when it is registered, or when it cannot be shown.

    What is wanted first is made first. Registering takes ten times as long as reading, so that it has a thread of its
    own: who reads faster than pairs can be registered sees them side by side, and never waits. What is not wanted any
    more is let go.
    """

    ready = Signal(str)

    def __init__(
        self, library: Library, parent: QObject, *, load: Load | None = None, register: Register | None = None
    ) -> None:
        super().__init__(parent)
        self._library, self._load, self._register = library, load or load_prepared, register or register_prepared
        self._wanted: tuple[str, ...] = ()
        self._held: dict[str, PreparedPair | str] = {}
        self._reading, self._registering = _Lane(Background(self)), _Lane(Background(self))

    @property
    def busy(self) -> bool:
        """Whether a pair is being made ready."""
        return bool(self._reading.making or self._registering.making)

    @property
    def nbytes(self) -> int:
        """Memory that the pairs at hand hold."""
        return sum(pair.nbytes for pair in self._held.values() if isinstance(pair, PreparedPair))

    def want(self, pair_ids: Sequence[str]) -> None:
        """These pairs are to be at hand, the first one soonest."""
        self._wanted = tuple(pair_ids)
        self._held = {pair_id: held for pair_id, held in self._held.items() if pair_id in self._wanted}
        first = self._wanted[0] if self._wanted else ""
        if self._reading.making not in self._wanted or (first not in self._held and self._reading.making != first):
            self._reading.drop()
        if self._registering.making not in self._wanted:
            self._registering.drop()
        self._go_on()

    def get(self, pair_id: str) -> PreparedPair | str | None:
        """A pair; the reason where it cannot be shown; None while it is not at hand."""
        return self._held.get(pair_id)

    def again(self, pair_id: str) -> None:
        """Try once more what could not be shown."""
        if isinstance(self._held.get(pair_id), str):
            del self._held[pair_id]
        self._go_on()

    def empty(self) -> None:
        """Let go of everything."""
        self._wanted, self._held = (), {}
        for lane in (self._reading, self._registering):
            lane.drop()
        memory.return_free()

    def _go_on(self) -> None:
        missing = next((one for one in self._wanted if one not in self._held), None)
        if missing is not None and (self._wanted.index(missing) < ALWAYS or self._room()):
            self._start(self._reading, missing, self._load, missing)
        for pair_id in self._wanted:
            pair = self._held.get(pair_id)
            if isinstance(pair, PreparedPair) and pair.pending:
                self._start(self._registering, pair_id, self._register, pair)
                return

    def _start(self, lane: _Lane, pair_id: str, job: Callable[..., PreparedPair], given: object) -> None:
        if lane.making:
            return
        lane.making = pair_id
        lane.work.start(
            job,
            self._library,
            given,
            done=lambda pair: self._take(lane, pair_id, pair),
            failed=lambda message: self._failed(lane, pair_id, message),
        )

    def _failed(self, lane: _Lane, pair_id: str, message: str) -> None:
        """Where only registering failed the pictures are still there to be read, side by side."""
        pair = self._held.get(pair_id)
        self._take(lane, pair_id, replace(pair, pending=False) if isinstance(pair, PreparedPair) else message)

    def _room(self) -> bool:
        """Whether one more pair, as large as the largest at hand, stays within the limit."""
        sizes = [pair.nbytes for pair in self._held.values() if isinstance(pair, PreparedPair)]
        return sum(sizes) + max(sizes, default=0) <= MOST_BYTES

    def _take(self, lane: _Lane, pair_id: str, pair: PreparedPair | str) -> None:
        lane.making = ""
        if pair_id in self._wanted and (lane is self._reading or pair_id in self._held):
            self._held[pair_id] = pair
            self._make_room()
            self.ready.emit(pair_id)
        self._go_on()

    def _make_room(self) -> None:
        """Those that are wanted last go first."""
        for pair_id in reversed(self._wanted[ALWAYS:]):
            if self.nbytes <= MOST_BYTES:
                return
            self._held.pop(pair_id, None)


def load_prepared(ctx: Context, library: Library, pair_id: str) -> PreparedPair:
    """As a job. What is wrong with a picture is said without the name of its file, which may be a woman's."""
    engine: Any = _engine()
    try:
        pictures = engine.load_pair(ctx, library, pair_id)
    except (BadInputError, StorageError) as error:
        log.warning("a pair cannot be read: %s", Own(type(error).__name__))
        raise StorageError(NOT_SHOWN) from None
    pair = prepared(ctx, pictures.white, pictures.fluorescence, None, pictures.mm_per_px)
    both = pictures.white is not None and pictures.fluorescence is not None
    return replace(pair, pending=True, origin=pictures) if both else pair


def register_prepared(ctx: Context, library: Library, pair: PreparedPair) -> PreparedPair:
    """As a job: a pair that is `pending`, registered as it was kept, or now."""
    return with_registration(ctx, pair, _engine().registered(ctx, library, pair.origin).registration)


def _engine() -> Any:
    from pfm_desktop.services import engine

    return engine
