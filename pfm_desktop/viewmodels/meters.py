"""The meters of the live picture as they are shown. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CENTRING, _FOCUS, _EXPOSURE, _GLARE = tr("Centring"), tr("Focus"), tr("Exposure"), tr("Glare")
SIGNS = {Verdict.GOOD: "✓", Verdict.LIMITED: "△", Verdict.UNUSABLE: "✕"}


@dataclass(frozen=True)
class Meter:
    """One of them: `share` from 0 to 1 of its bar (None: no bar), `words` what it says."""

    name: str
    words: str
    verdict: Verdict = Verdict.GOOD
    share: float | None = None


class LiveMeters:
    """Reads the meters of one live picture after the other; focus is told against the best of the session as well."""

    def __init__(self) -> None:
        self._best = 0.0
        self._centring: Meter | None = None

    def read(self, pixels: NDArray[np.uint8], *, look_for_cervix: bool) -> tuple[Meter, ...]:
        """Of a frame in white light, H x W x 3 uint8 RGB. `look_for_cervix`: also where it lies, which takes longer."""
        from pfm_desktop.imaging import live

        found = live.meters(pixels, light=Light.WHITE)
        self._best = max(self._best, found.focus_raw)
        if look_for_cervix:
            place = live.centring(pixels)
            self._centring = Meter(_CENTRING, place.words, place.level)
        focus = Meter(
            _FOCUS,
            found.focus.words,
            found.focus.level,
            live.against_best(found.focus_raw, self._best),
        )
        others = (
            Meter(name, one.words, one.level, one.value)
            for name, one in ((_EXPOSURE, found.exposure), (_GLARE, found.glare))
        )
        return (focus, *others, *((self._centring,) if self._centring is not None else ()))
