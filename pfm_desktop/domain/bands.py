"""What a Swede score is taken for: sources differ, so a site chooses one, and its name and year stand beside each band.

Never that a biopsy is not needed: in the Swedish registry (11,317 colposcopies) CIN2+ was still 9.8 % at 0 to 1 points.
Sources as read for clinical.md 1; Strander and Bowring partly from general knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pfm_desktop.support.language import tr

HIGHEST = 10


@dataclass(frozen=True)
class Bands:
    """`limits` are the highest points of each band, rising to `HIGHEST`, with what they are taken for."""

    key: str
    source: str
    limits: tuple[tuple[int, str], ...]

    def of(self, total: int) -> str:
        """The band of a total; ValueError for one that is none."""
        if not 0 <= total <= HIGHEST:
            raise ValueError(f"no Swede score has {total} points")
        return next(words for most, words in self.limits if total <= most)


ALL: Mapping[str, Bands] = {
    bands.key: bands
    for bands in (
        Bands(
            "iarc",
            tr("IARC Atlas of Colposcopy (online, read 2026)"),
            ((4, tr("normal or CIN1")), (6, tr("CIN2 or CIN3")), (10, tr("CIN3 or cancer"))),
        ),
        Bands(
            "bowring",
            tr("Strander 2005 and Bowring 2010"),
            (
                (4, tr("low", "Swede score")),
                (7, tr("intermediate", "Swede score")),
                (10, tr("supports treatment at the first visit")),
            ),
        ),
        Bands("hl7_lt", tr("HL7 Lithuania, cervical 0.0.1"), ((3, tr("low risk")), (10, tr("high risk")))),
        Bands("waocp", tr("WAOCP series"), ((5, tr("biopsy")), (10, tr("excision")))),
    )
}
