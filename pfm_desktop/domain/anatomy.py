"""Where a picture shows what, in pixels of that picture."""

from __future__ import annotations

from dataclasses import dataclass

Spot = tuple[float, float]  # x right, y down; the centre of the top-left pixel is (0, 0)
Outline = tuple[Spot, ...]  # closed


@dataclass(frozen=True)
class Region:
    """Part of a picture. `what` is the problem that is seen there, as in `Quality.problems`."""

    what: str
    outline: Outline


@dataclass(frozen=True)
class Anatomy:
    """The cervix (outlines, largest first; none where it was not found) and the external os, as the program found them.

    A suggestion: what the user marks comes first.
    """

    cervix: tuple[Outline, ...] = ()
    os: Spot | None = None
