"""The modified Reid colposcopic index: four items, 0 to 2 each (IARC, screening.iarc.fr/colpoappendix5.php).

Wording and points as read there and in the French edition of the same manual (iodine 1 and 2), on 30 November 2026.
Signs that suggest invasion are outside of the index: they are asked of each lesion (`ifcpc.INVASION`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from pfm_desktop.domain.score import ScoreItem, so_far
from pfm_desktop.support.language import tr

IODINE_SIGNIFICANT = 4  # of the first three: from here on yellow staining counts 2, below it 0

REID_ITEMS: tuple[ScoreItem, ...] = (
    ScoreItem(
        "colour",
        tr("Colour"),
        (
            tr(
                "Low-intensity acetowhitening (not completely opaque); indistinct; transparent or translucent; beyond "
                "the margin of the transformation zone; pure snow-white with intense surface shine"
            ),
            tr("Intermediate shade: grey/white colour and shiny surface (most lesions)"),
            tr("Dull, opaque, oyster white; grey"),
        ),
    ),
    ScoreItem(
        "margin",
        tr("Lesion margin and surface"),
        (
            tr(
                "Microcondylomatous or micropapillary contour; flat with indistinct margins; feathered or finely "
                "scalloped; angular, jagged; satellites beyond the margin of the transformation zone"
            ),
            tr("Regular-shaped, symmetrical, with smooth, straight outlines"),
            tr("Rolled, peeling edges; internal demarcations (central high-grade, peripheral low-grade area)"),
        ),
    ),
    # 1 is ABSENT here too
    ScoreItem(
        "vessels",
        tr("Vessels"),
        (
            tr(
                "Fine, of uniform calibre, closely and uniformly placed; poorly formed patterns of fine punctation or "
                "mosaic; beyond the margin of the transformation zone; within microcondylomatous or micropapillary "
                "lesions"
            ),
            tr("Absent"),
            tr("Well-defined coarse punctation or mosaic, sharply demarcated, randomly and widely placed"),
        ),
    ),
    ScoreItem(
        "iodine",
        tr("Iodine staining"),
        (
            tr(
                "Positive uptake, mahogany brown; or yellow staining of a lesion of 3 or less on the other three; or "
                "iodine-negative areas beyond the margin of the transformation zone"
            ),
            tr("Partial uptake: variegated, speckled"),
            tr("Negative uptake: yellow staining of a lesion that has 4 or more on the other three"),
        ),
    ),
)

# titles in the record, whatever the language
REID_ENGLISH = {
    "colour": "Colour",
    "margin": "Lesion margin and surface",
    "vessels": "Vessels",
    "iodine": "Iodine staining",
}


@dataclass(frozen=True)
class ReidIndex:
    """Four items, each 0, 1, 2 or None (not assessed). ValueError for another value, and for iodine 2 where the other
    three do not come to 4: that item is not free (see `iodine_choices`)."""

    colour: int | None = None
    margin: int | None = None
    vessels: int | None = None
    iodine: int | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            if getattr(self, item.name) not in (None, 0, 1, 2):
                raise ValueError(f"{item.name} must be 0, 1, 2 or not assessed")
        if self.iodine is not None and self.iodine not in self.iodine_choices:
            raise ValueError("iodine depends on the other three items")

    @property
    def first_three(self) -> int | None:
        """Sum of colour, margin and vessels; None until all three are assessed."""
        given = [value for value in (self.colour, self.margin, self.vessels) if value is not None]
        return sum(given) if len(given) == len(REID_ITEMS) - 1 else None

    @property
    def iodine_choices(self) -> tuple[int, ...]:
        """Which values iodine can take: none before the other three are assessed, 2 only where they come to 4."""
        if self.first_three is None:
            return ()
        return (0, 1, 2) if self.first_three >= IODINE_SIGNIFICANT else (0, 1)

    @property
    def total(self) -> int | None:
        """Sum of all four; None until all four are assessed (partial scores are never summed silently)."""
        return None if self.first_three is None or self.iodine is None else self.first_three + self.iodine

    @property
    def status(self) -> str:
        """`6 of 8`, or `3 of 4 items, 4 points so far`."""
        given = [value for item in fields(self) if (value := getattr(self, item.name)) is not None]
        if self.total is not None:
            return tr("{total} of 8", total=self.total)
        return so_far(given, len(REID_ITEMS))

    def having(self, key: str, value: int | None) -> ReidIndex:
        """With one item changed. Where the other three then weigh differently, iodine is to be assessed again."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        if key not in given:
            raise ValueError(f"no Reid item {key}")
        given[key] = value
        if key != "iodine" and ReidIndex(**{**given, "iodine": None}).iodine_choices != self.iodine_choices:
            given["iodine"] = None
        return ReidIndex(**given)
