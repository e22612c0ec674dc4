"""What became of an import: each picture, and what was skipped, with the reason."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path

from pfm_desktop.services import on_record
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import write_text
from pfm_desktop.support.language import tr

# of a file that the store had lost
PUT_BACK = tr("its file was missing or altered in the library, and was put back")


class Outcome(StrEnum):
    """What became of a picture."""

    ADDED = "added"
    THERE = "already there"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Line:
    """One picture or file. `reason` for what was not added; `expected`: nobody would miss it."""

    file: str
    outcome: Outcome
    reason: str = ""
    patient: str = ""
    visit: str = ""  # as in `support.moments`
    stage: str = ""
    expected: bool = False


@dataclass(frozen=True)
class ImportReport:
    """All lines in the order of the plan, and what else was made. `notes` are for a person, whole sentences."""

    lines: tuple[Line, ...]
    women: int = 0
    visits: int = 0
    pairs: int = 0
    notes: tuple[str, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Lines of that outcome, without files that nobody would miss."""
        return sum(line.outcome is outcome and not line.expected for line in self.lines)

    @property
    def skipped(self) -> tuple[Line, ...]:
        """What was left out and may be missed."""
        return tuple(line for line in self.lines if line.outcome is Outcome.SKIPPED and not line.expected)


COLUMNS = ("file", "outcome", "reason", "patient", "visit", "stage")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def report_csv(report: ImportReport) -> str:
    """The report as CSV, one line a picture or file; no cell can be taken for a formula by a spreadsheet. `reason` is
    in the language of who imported."""
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in report.lines:
        writer.writerow([_cell(str(getattr(line, column))) for column in COLUMNS])
    return table.getvalue()


def check_new(path: Path) -> None:
    """Raise `BadInputError` where something has that name already: nobody said that it may go."""
    if os.path.lexists(path):
        raise BadInputError(
            tr("{file} is there already", file=path),
            safe=tr("it is unchanged, and nothing was brought in"),
            remedy=tr("give the report another name, or move the file away"),
        )


def write_report(report: ImportReport, path: Path) -> None:
    """Write the report as CSV (UTF-8) whole or not at all, over what is there: see `check_new`.

    Raises `StorageError` when the disk does not take it.
    """
    write_text(path, report_csv(report))


def export_report(lib: Library, report: ImportReport, path: Path) -> None:
    """Like `write_report`, and on record as an export first: it names folders and identifiers."""
    on_record.note(lib, "export", lib.id, f"Report of an import written: {len(report.lines)} files")
    write_report(report, path)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
