"""Days and times for people."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pfm_desktop
from pfm_desktop.support.moments import day, moment, zone

OWN_FORMAT = re.compile(r":%[dmYbB]|\.isoformat\(|strftime")


def test_a_day_is_written_the_same_alone_and_with_its_time() -> None:
    at = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
    assert day(date(2026, 11, 5)) == "05 Nov 2026"
    assert moment(at).startswith(f"{day(at.astimezone())} ")


def test_a_zone_is_an_offset() -> None:
    at = datetime(2026, 11, 25, 14, 30)
    assert zone(at.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30)))) == "UTC-03:30"
    assert zone(at.replace(tzinfo=UTC)) == "UTC"


def test_no_screen_has_a_date_format_of_its_own() -> None:
    """Names of files may: they sort by it."""
    root = Path(pfm_desktop.__file__).parent
    found = [
        f"{path.name}: {line.strip()}"
        for room in ("gui", "viewmodels")
        for path in sorted((root / room).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if OWN_FORMAT.search(line) and not any(ending in line for ending in (".pdf", ".csv", ".jsonl", ".avi"))
    ]
    assert found == []
