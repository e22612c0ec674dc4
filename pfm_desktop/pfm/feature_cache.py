"""Maps of the last pictures asked about: asking again, or about one source of a pair, runs no trunk again.

Of a picture there are two entries: what a backend makes of it, and the first stage that `familiarity_check` looks at.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Kept = TypeVar("Kept", bound=tuple[Singles, ...])
KEPT = 16  # entries, of four cases; T0 at 224 takes 188 and 502 KB a picture, 1.4 MB a case, at 384 4.1 MB a case


def digest_of(picture: Singles) -> str:
    """SHA-256 of a prepared picture's numbers: by it a picture is found again."""
    return hashlib.sha256(np.ascontiguousarray(picture).data).hexdigest()


class FeatureCache:
    """The last `kept` entries, by what they were made of. May be asked from several threads."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._maps: OrderedDict[tuple[str, ...], tuple[Singles, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Entries that are held."""
        return len(self._maps)

    def clear(self) -> None:
        """Let all of them go."""
        with self._lock:
            self._maps.clear()

    def get(self, key: tuple[str, ...], digest: str, make: Callable[[], Kept]) -> Kept:
        """The maps kept for `key` and the prepared picture of this digest, else what `make` returns; read only.

        `key` names all else that the maps depend on, and what they are: the weights, the backend, the source. What
        holds a value that is no number is not kept.
        """
        whole = (*key, digest)
        with self._lock:
            if whole in self._maps:
                self._maps.move_to_end(whole)
                return cast("Kept", self._maps[whole])
        made = make()
        for part in made:
            part.flags.writeable = False
        if all(np.isfinite(part).all() for part in made):
            with self._lock:
                self._maps[whole] = made
                while len(self._maps) > self._kept:
                    self._maps.popitem(last=False)
        return made
