"""Clock hours about the external os, and the quadrants they lie in."""

from __future__ import annotations

import math


def clock_hour(x: float, y: float, os_x: float, os_y: float, *, rotation_degrees: float = 0.0) -> int:
    """Clock hour 1-12 of a point about the marked external os, examiner's view, lithotomy.

    12 is anterior (up in the picture), 3 the patient's left. `rotation_degrees` is the clockwise rotation of the
    camera that is taken back. Source: standard colposcopic practice (clinical.md 3.4).
    """
    degrees = math.degrees(math.atan2(x - os_x, -(y - os_y))) - rotation_degrees
    # floor(v + 0.5), not round(): half hours must not flip between neighbours by banker's rounding
    hour = math.floor(degrees / 30.0 + 0.5) % 12
    return 12 if hour == 0 else hour


def quadrant(hour: int) -> str:
    """Quadrant of a clock hour; left and right are the patient's."""
    if hour in (12, 1, 2):
        return "anterior left"
    if hour in (3, 4, 5):
        return "posterior left"
    if hour in (6, 7, 8):
        return "posterior right"
    return "anterior right"
