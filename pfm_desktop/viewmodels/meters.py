"""The meters of the live picture as they are shown. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.domain.quality import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIGNS = {Verdict.GOOD: "✓", Verdict.LIMITED: "△", Verdict.UNUSABLE: "✕"}


@dataclass(frozen=True)
class Meter:
    """One of them: `share` from 0 to 1 of its bar (None: no bar), `words` what it says."""

    name: str
    words: str
    verdict: Verdict = Verdict.GOOD
    share: float | None = None


class LiveMeters:
    """Reads the meters of one live picture after the other."""

    def read(self, pixels: NDArray[np.uint8], *, look_for_cervix: bool) -> tuple[Meter, ...]:
        """Of a frame, H x W x 3 uint8 RGB. `look_for_cervix`: also where it lies, which takes longer."""
        return ()
