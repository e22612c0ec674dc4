"""A file for whoever helps, about a run of the window that did not end as it should: text, and nothing of a patient.

What is in it comes through `support/quiet.py`: places in the program, its own words, numbers. In English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import doctor
from pfm_desktop.support import logs, runs
from pfm_desktop.support.files import named, write_text
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import log_dir

LINES = 200  # of the log
KEPT = 5  # the oldest goes
_FILE = re.compile(r"crash-(\d{8}-\d{6})-\d+\.txt")
_TIME = "%Y%m%d-%H%M%S"


@dataclass(frozen=True)
class Report:
    """`at`: when the run ended, as far as is known."""

    path: Path
    at: datetime

    @property
    def text(self) -> str:
        """All that is in it; "" where it is gone."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""


def gather() -> Report | None:
    """Write a report about each run that was left behind since this was asked last; the newest of these."""
    made: list[Path] = []
    runs.claim(lambda left: made.append(_written(left)))
    for old in reports()[KEPT:]:
        remove(old)
    return next((report for report in reports() if report.path in made), None)


def reports() -> tuple[Report, ...]:
    """All that are kept, the newest first."""
    found = []
    with suppress(OSError):
        for path in _folder().iterdir():
            if (named_ := _FILE.fullmatch(path.name)) is not None:
                with suppress(ValueError):
                    found.append(Report(path, datetime.strptime(named_[1], _TIME).replace(tzinfo=UTC)))
    return tuple(sorted(found, key=lambda report: report.at, reverse=True))


def save(report: Report, to: Path) -> None:
    """Write it where somebody chose; it stays among the kept ones. Raises `StorageError`."""
    write_text(to, report.text)


def remove(report: Report) -> None:
    """It is not wanted. Raises `StorageError`."""
    with named(report.path, safe=tr("it is still there")):
        report.path.unlink(missing_ok=True)


def _folder() -> Path:
    return log_dir() / "crashes"


def _written(left: runs.Left) -> Path:
    lines = logs.lines_of(left.pid, left.started, LINES)
    ended = left.ended or _last(lines) or left.started
    path = _folder() / f"crash-{ended:{_TIME}}-{left.pid}.txt"
    write_text(path, text_of(left, ended, lines, doctor.lines_of(doctor.shortly(SilentContext()))))
    return path


def text_of(left: runs.Left, ended: datetime, lines: Sequence[str], computer: Sequence[str]) -> str:
    """What stands in a report."""
    said = (
        "pfm_desktop: about a run of the program that did not end as it should",
        "",
        "For whoever helps. It holds no names, no numbers of patients, nothing that was written or pictured, and of",
        "files only those of the program. It was made on this computer and was sent to nobody.",
        "",
        f"How it ended      {left.how.value}",
        f"Version           {left.version or 'unknown'}",
        f"System            {left.system or 'unknown'}",
        f"Started           {left.started:%Y-%m-%d %H:%M:%S} UTC",
        f"Last sign of it   {ended:%Y-%m-%d %H:%M:%S} UTC",
        "",
        "The computer, as it is now",
        *computer,
        "",
        "Where it was",
        *(left.stack or ("nothing is known of it",)),
        "",
        f"Its log, the last {LINES} lines at most, in the time of the computer",
        *(lines or ("nothing was written",)),
    )
    return "\n".join(said) + "\n"


def _last(lines: Sequence[str]) -> datetime | None:
    for line in reversed(lines):
        with suppress(ValueError):
            return datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S").astimezone(UTC)
    return None
