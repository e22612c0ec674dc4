"""Clock hours about the external os, and the quadrants they lie in."""

from __future__ import annotations

import math
from collections.abc import Collection

from pfm_desktop.support.language import tr

NO_WAY = tr("The os is marked on the other picture, and the pair is not registered")  # why a pin has no clock hour

QUADRANTS = (  # clockwise from 12 o'clock
    tr("anterior left"),
    tr("posterior left"),
    tr("posterior right"),
    tr("anterior right"),
)


def clock_hour(x: float, y: float, os_x: float, os_y: float, *, rotation_degrees: float = 0.0) -> int:
    """Clock hour 1-12 of a point about the marked external os, examiner's view, lithotomy.

    12 is anterior (up in the picture), 3 the patient's left. `rotation_degrees` is the clockwise rotation of the
    camera that is taken back. Source: standard colposcopic practice (clinical.md 3.4).
    """
    degrees = math.degrees(math.atan2(x - os_x, -(y - os_y))) - rotation_degrees
    # floor(v + 0.5), not round(): half hours must not flip between neighbours by banker's rounding
    hour = math.floor(degrees / 30.0 + 0.5) % 12
    return 12 if hour == 0 else hour


def arcs(hours: Collection[int]) -> str:
    """Hours 1-12 in words, those that follow each other as an arc, clockwise: `11-2, 6 o'clock`; "" for none."""
    if len({*hours}) == 12:
        return tr("all hours")
    found = []
    for start in (hour for hour in range(1, 13) if hour in hours and (hour - 2) % 12 + 1 not in hours):
        end = start
        while end % 12 + 1 in hours:
            end = end % 12 + 1
        found.append(f"{start}" if start == end else f"{start}-{end}")
    return tr("{hours} o'clock", hours=", ".join(found)) if found else ""


def quadrant(x: float, y: float, os_x: float, os_y: float, *, rotation_degrees: float = 0.0) -> str:
    """Quadrant of a point about the external os, arguments as for `clock_hour`; left and right are the patient's.

    From the point itself: an hour is 30 degrees wide, and 12, 3, 6 and 9 lie on two quadrants. Exactly on a border
    only the side that is certain is named.
    """
    turn = math.radians(rotation_degrees)
    dx, dy = x - os_x, y - os_y
    across, up = dx * math.cos(turn) + dy * math.sin(turn), dx * math.sin(turn) - dy * math.cos(turn)
    least = 1e-9 * max(1.0, math.hypot(dx, dy))
    height = 0 if abs(up) <= least else 1 if up > 0 else -1
    side = 0 if abs(across) <= least else 1 if across > 0 else -1
    return _PLACES[height, side]


_PLACES = {  # anterior 1, posterior -1; left 1, right -1
    **dict(zip(((1, 1), (-1, 1), (-1, -1), (1, -1)), QUADRANTS, strict=True)),
    (1, 0): tr("anterior"),
    (-1, 0): tr("posterior"),
    (0, 1): tr("left", "side of the patient"),
    (0, -1): tr("right", "side of the patient"),
    (0, 0): tr("at the os"),
}
