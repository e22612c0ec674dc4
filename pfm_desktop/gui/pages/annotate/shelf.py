"""Pairs made ready before they are needed: read, decoded, registered and warped on a thread, within a memory limit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair, prepared
from pfm_desktop.jobs import Context
from pfm_desktop.support import memory
from pfm_desktop.support.errors import BadInputError, StorageError

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

log = logging.getLogger(__name__)
NOT_SHOWN = "a picture of this pair is missing or damaged, or the library cannot be read now"
AHEAD = 6  # pairs that are read next
MOST_BYTES = 320 << 20  # held by all pairs together; the one in front and the next are held in any case
ALWAYS = 2
Load = Callable[[Context, "Library", str], PreparedPair]


class Shelf(QObject):
    """`ready(pair id)` when a pair, or the reason why it cannot be shown, is at hand.

    One pair is made at a time, the one that is wanted first before all others; what is not wanted any more is let go.
    """

    ready = Signal(str)

    def __init__(self, library: Library, parent: QObject, *, load: Load | None = None) -> None:
        super().__init__(parent)
        self._library, self._load = library, load or load_prepared
        self._wanted: tuple[str, ...] = ()
        self._held: dict[str, PreparedPair | str] = {}
        self._making = ""
        self._work = Background(self)

    @property
    def busy(self) -> bool:
        """Whether a pair is being made ready."""
        return bool(self._making)

    @property
    def nbytes(self) -> int:
        """Memory that the pairs at hand hold."""
        return sum(pair.nbytes for pair in self._held.values() if isinstance(pair, PreparedPair))

    def want(self, pair_ids: Sequence[str]) -> None:
        """These pairs are to be at hand, the first one soonest."""
        self._wanted = tuple(pair_ids)
        self._held = {pair_id: held for pair_id, held in self._held.items() if pair_id in self._wanted}
        first = self._wanted[0] if self._wanted else ""
        late = self._making not in self._wanted or (first and first not in self._held and self._making != first)
        if self._making and late:
            self._work.drop()
            self._making = ""
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
        self._wanted, self._held, self._making = (), {}, ""
        self._work.drop()
        memory.return_free()

    def _go_on(self) -> None:
        if self._making:
            return
        pair_id = next((one for one in self._wanted if one not in self._held), None)
        if pair_id is None or (self._wanted.index(pair_id) >= ALWAYS and not self._room()):
            return
        self._making = pair_id
        self._work.start(
            self._load,
            self._library,
            pair_id,
            done=lambda pair: self._take(pair_id, pair),
            failed=lambda message: self._take(pair_id, message),
        )

    def _room(self) -> bool:
        """Whether one more pair, as large as the largest at hand, stays within the limit."""
        sizes = [pair.nbytes for pair in self._held.values() if isinstance(pair, PreparedPair)]
        return sum(sizes) + max(sizes, default=0) <= MOST_BYTES

    def _take(self, pair_id: str, pair: PreparedPair | str) -> None:
        self._making = ""
        if pair_id in self._wanted:
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
        pictures = engine.load_registered(ctx, library, pair_id)
    except (BadInputError, StorageError) as error:
        log.warning("a pair cannot be read: %s", type(error).__name__)
        raise StorageError(NOT_SHOWN) from None
    return prepared(ctx, pictures.white, pictures.fluorescence, pictures.registration, pictures.mm_per_px)


def _engine() -> Any:
    from pfm_desktop.services import engine

    return engine
