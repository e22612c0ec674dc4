"""Times for people."""

from __future__ import annotations

from datetime import datetime


def moment(at: datetime) -> str:
    """`25 Nov 2026 14:30 UTC+01:00`: in the time of this computer, the same in the window and in print."""
    local = at.astimezone()
    return f"{local:%d %b %Y %H:%M} {zone(local)}"


def zone(at: datetime) -> str:
    """`UTC+01:00`; `UTC` where there is no difference. Offsets, since names of zones differ between systems."""
    offset = f"{at:%z}"
    return "UTC" if offset in ("", "+0000") else f"UTC{offset[:3]}:{offset[3:5]}"
