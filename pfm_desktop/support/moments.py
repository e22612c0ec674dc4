"""Days and times for people: one format wherever they are read, in the window and in print."""

from __future__ import annotations

from datetime import date, datetime

from pfm_desktop.support.language import tr

# not strftime's %b and %B: their names follow the language of the computer once Qt has set the locale
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


SHORT_MONTHS = (
    tr("Jan"), tr("Feb"), tr("Mar"), tr("Apr"), tr("May"), tr("Jun"),
    tr("Jul"), tr("Aug"), tr("Sep"), tr("Oct"), tr("Nov"), tr("Dec"),
)  # fmt: skip


LONG_MONTHS = (
    tr("January"), tr("February"), tr("March"), tr("April"), tr("May", "month"), tr("June"),
    tr("July"), tr("August"), tr("September"), tr("October"), tr("November"), tr("December"),
)  # fmt: skip


def day(on: date) -> str:
    """`25 Nov 2026`; of a moment, the day it has where its zone is."""
    return tr("{day:02d} {month} {year}", day=on.day, month=SHORT_MONTHS[on.month - 1], year=on.year)


def moment(at: datetime) -> str:
    """`25 Nov 2026 14:30 UTC+01:00`: in the time of this computer, the same in the window and in print."""
    local = at.astimezone()
    return f"{day(local)} {local:%H:%M} {zone(local)}"


def zone(at: datetime) -> str:
    """`UTC+01:00`; `UTC` where there is no difference. Offsets, since names of zones differ between systems."""
    offset = f"{at:%z}"
    return "UTC" if offset in ("", "+0000") else f"UTC{offset[:3]}:{offset[3:5]}"
