"""What was drawn on a picture: contours of lesions, and the squamocolumnar junction (SCJ)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pfm_desktop.domain.anatomy import Outline


@dataclass(frozen=True)
class Shape:
    """What lies within `outline` and in none of `holes`, in pixels of a picture."""

    outline: Outline
    holes: tuple[Outline, ...] = ()

    @property
    def edges(self) -> tuple[Outline, ...]:
        """All closed lines of it, the outer one first."""
        return (self.outline, *self.holes)

    def to_json(self) -> dict[str, Any]:
        """As it is kept: to a tenth of a pixel."""
        kept: dict[str, Any] = {"outline": points_to_json(self.outline)}
        return kept | ({"holes": [points_to_json(hole) for hole in self.holes]} if self.holes else {})

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """As `to_json` gave it."""
        holes = tuple(points_from_json(hole) for hole in kept.get("holes") or ())
        return cls(points_from_json(kept["outline"]), holes)


@dataclass(frozen=True)
class Contour:
    """A part of a lesion as somebody drew it; a lesion may have several on one picture."""

    id: str
    picture_id: str
    lesion_id: str
    shape: Shape


@dataclass(frozen=True)
class Junction:
    """The squamocolumnar junction as somebody drew it: an open line, one a picture."""

    id: str
    picture_id: str
    line: Outline


def points_to_json(points: Outline) -> list[list[float]]:
    """N x 2, to a tenth of a pixel."""
    return [[round(float(x), 1), round(float(y), 1)] for x, y in points]


def points_from_json(kept: Any) -> Outline:
    """As `points_to_json` gave them."""
    return tuple((float(x), float(y)) for x, y in kept)
