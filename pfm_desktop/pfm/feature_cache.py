"""Trunk maps of the last pictures asked about: asking again, or about one source of a pair, runs no trunk again."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
KEPT = 16  # maps; one of T0 at 224 takes 63 KB, at 384 184 KB


class FeatureCache:
    """The last `kept` maps, by what they were made of. May be asked from several threads."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._maps: OrderedDict[tuple[str, ...], Singles] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Maps that are held."""
        return len(self._maps)

    def clear(self) -> None:
        """Let all of them go."""
        with self._lock:
            self._maps.clear()

    def get(self, key: tuple[str, ...], picture: Singles, make: Callable[[], Singles]) -> Singles:
        """The map kept for `key` and this prepared picture, else what `make` returns; read only either way.

        `key` names all else that the map depends on: the weights, the backend, the source. What holds a value that is
        no number is not kept.
        """
        whole = (*key, hashlib.sha256(np.ascontiguousarray(picture).data).hexdigest())
        with self._lock:
            if whole in self._maps:
                self._maps.move_to_end(whole)
                return self._maps[whole]
        made = make()
        made.flags.writeable = False
        if np.isfinite(made).all():
            with self._lock:
                self._maps[whole] = made
                while len(self._maps) > self._kept:
                    self._maps.popitem(last=False)
        return made
