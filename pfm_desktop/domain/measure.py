"""How large a lesion is as it was drawn, and where it lies: in millimetres only where the picture is calibrated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pfm_desktop.domain.anatomy import Outline, Spot
from pfm_desktop.domain.clock import QUADRANTS
from pfm_desktop.domain.drawing import Shape
from pfm_desktop.domain.shapes import HOURS, longest_diameter, polygon_area, sector_areas, shape_area

# less of a lesion than this in a quadrant or an hour is the tremor of a hand [our choice: no source gives a limit]
LEAST_SHARE = 0.02
SMALL_MM, LARGE_MM = 5.0, 15.0  # Swede score, lesion size (Strander 2005, as in clinical.md 1)
MANY_QUADRANTS = 3


@dataclass(frozen=True)
class Bearings:
    """What is known of the picture that a lesion is measured in, in its pixels: os, outlines of the cervix, mm a
    pixel."""

    os: Spot | None = None
    cervix: tuple[Outline, ...] = ()
    mm_per_px: float | None = None


@dataclass(frozen=True)
class Measured:
    """Of a lesion in `parts`. `diameter` is that of the part that has the longest one. Millimetres are None where the
    picture is not calibrated, `cervix_share` (0..) where no cervix is known, `quadrants` and `hours` where no os is."""

    parts: int
    area_px: float
    diameter_px: float
    area_mm2: float | None = None
    diameter_mm: float | None = None
    cervix_share: float | None = None
    quadrants: tuple[str, ...] | None = None
    hours: tuple[int, ...] | None = None


def measure(shapes: Sequence[Shape], bearings: Bearings, *, rotation_degrees: float = 0.0) -> Measured:
    """Measure the parts of a lesion on one picture. `rotation_degrees` as for `domain.clock.clock_hour`. Raises
    `ValueError` where there are none."""
    if not shapes:
        raise ValueError("nothing is drawn")
    area, diameter = sum(map(shape_area, shapes)), max(longest_diameter(shape.outline) for shape in shapes)
    mm = bearings.mm_per_px if bearings.mm_per_px and bearings.mm_per_px > 0 else None
    cervix = sum(map(polygon_area, bearings.cervix))
    quadrants, hours = None, None
    if bearings.os is not None and area > 0:
        by_quadrant = sector_areas(shapes, bearings.os, rotation_degrees=rotation_degrees)
        by_hour = sector_areas(shapes, bearings.os, sectors=12, first_degrees=-15.0, rotation_degrees=rotation_degrees)
        quadrants = tuple(name for name, part in zip(QUADRANTS, by_quadrant, strict=True) if part >= LEAST_SHARE * area)
        hours = tuple(hour for hour, part in zip(HOURS, by_hour, strict=True) if part >= LEAST_SHARE * area)
    return Measured(
        parts=len(shapes),
        area_px=area,
        diameter_px=diameter,
        area_mm2=area * mm**2 if mm else None,
        diameter_mm=diameter * mm if mm else None,
        cervix_share=area / cervix if cervix > 0 else None,
        quadrants=quadrants,
        hours=hours,
    )


def swede_size(measured: Measured) -> int | None:
    """Points for the lesion size of the Swede score: by the longest diameter, and two where three quadrants or more are
    touched. None where the picture is not calibrated.

    Two quadrants do not make one point by themselves: a small lesion at 12 o'clock touches two.
    """
    if measured.diameter_mm is None:
        return None
    if measured.diameter_mm > LARGE_MM or len(measured.quadrants or ()) >= MANY_QUADRANTS:
        return 2
    return 0 if measured.diameter_mm < SMALL_MM else 1


def answers(measured: Measured) -> Mapping[str, Any]:
    """What it says for the items of `domain.ifcpc.LESION`, as far as it is known."""
    found: dict[str, Any] = {}
    if measured.hours is not None:
        found["hours"] = [str(hour) for hour in measured.hours]
    if measured.quadrants is not None:
        found["quadrants"] = len(measured.quadrants)
    if measured.cervix_share is not None and measured.cervix_share <= 1.0:
        found["percent"] = max(1, round(100 * measured.cervix_share))
    return found
