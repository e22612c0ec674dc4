"""A CSV beside the pictures that says what they are; what it says counts more than any guess.

Columns `patient, visit_time, stage, source, file`, cells may be empty; `seconds_since_acid`, `family_name`,
`given_name` and `birth_date` may stand beside them. `file` is relative to the manifest's folder, or the name of an
entry behind that of its zip (`a.zip/1.jpg`). `visit_time` is ISO 8601 and, without a zone, of this computer's.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pfm_desktop.domain.source import PLACES, TIMED, Source, Stage
from pfm_desktop.interop.tabular import TableRow, read_table
from pfm_desktop.services.importing.dates import When, time_said
from pfm_desktop.services.importing.found import Item
from pfm_desktop.services.importing.words import LONGEST, said_by
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

COLUMNS = ("patient", "visit_time", "stage", "source", "file")
BESIDE = "import.csv"  # is taken where it lies in a given folder and none is named
_SHOWN = 3  # problems that an error names; the rest is counted


@dataclass(frozen=True)
class Row:
    """What a line says of one picture; None and "" for what it leaves open."""

    line: int
    file: str
    patient: str = ""
    visit: When | None = None
    stage: Stage | None = None
    source: Source | None = None
    seconds_since_acid: float | None = None
    family_name: str = ""
    given_name: str = ""
    birth_date: date | None = None


@dataclass(frozen=True)
class ImportManifest:
    """All lines, each by the file that it names: `rows` by the real path, with the entry behind that of a zip."""

    path: Path
    rows: dict[str, Row]

    def row(self, item: Item) -> Row | None:
        """The line about an item."""
        return self.rows.get(key_of(item))


def key_of(item: Item) -> str:
    """Real path of a file; of an entry that of its zip and the entry's name behind it."""
    whole = os.path.realpath(item.path)
    if item.entry is None:
        return os.path.normcase(whole)
    zip_name = item.path.name
    at = item.name.find(f"{zip_name}/")
    return os.path.normcase(f"{whole}/{item.name[at + len(zip_name) + 1 :]}")


def manifest_beside(paths: Sequence[Path | str]) -> Path | None:
    """The manifest in the first given folder that holds one."""
    return next((file for path in paths if (file := Path(path) / BESIDE).is_file()), None)


def read_import_manifest(path: Path | str) -> ImportManifest:
    """All lines. `BadInputError` names what is wrong and where; nothing is skipped silently."""
    path = Path(path)
    rows: dict[str, Row] = {}
    problems: list[str] = []
    for table_row in read_table(path, COLUMNS, kind="manifest"):
        try:
            row = _row(table_row)
        except ValueError as error:
            problems.append(tr("line {line}: {problem}", line=table_row.line, problem=error))
            continue
        key = os.path.normcase(os.path.realpath(path.parent / row.file.replace("\\", "/")))
        if key in rows:
            problems.append(tr("lines {first} and {second} name the same file", first=rows[key].line, second=row.line))
        rows[key] = row
    if problems:
        listed = "; ".join(problems[:_SHOWN])
        if len(problems) > _SHOWN:
            listed = tr("{lines} and {count} more", lines=listed, count=len(problems) - _SHOWN)
        raise BadInputError(
            f"{path}: {listed}",
            safe=tr("nothing was brought in"),
            remedy=tr(
                "correct these lines; stages are {stages}, sources {sources}",
                stages=", ".join(Stage),
                sources=", ".join(PLACES),
            ),
        )
    return ImportManifest(path, rows)


def _row(found: TableRow) -> Row:
    """ValueError, in words, for a line that cannot be used."""
    cells = found.cells
    if found.more:
        raise ValueError("more cells than columns")
    if not cells["file"].strip("\0"):
        raise ValueError("no file")
    if "\0" in cells["file"]:
        raise ValueError("a file's name that is no text")
    stage, source = _stage(cells["stage"]), _source(cells["source"])
    if stage is not None and source is not None and stage.source is not source:
        raise ValueError(f"{cells['stage']} is not a stage of {source.words}")
    seconds = _seconds(cells.get("seconds_since_acid", ""))
    if seconds is not None and stage is not None and stage not in TIMED:
        raise ValueError(f"seconds since acid do not belong to {cells['stage']}")
    return Row(
        found.line,
        cells["file"],
        cells["patient"],
        _when(cells["visit_time"]),
        stage,
        source,
        seconds,
        cells.get("family_name", ""),
        cells.get("given_name", ""),
        _birth(cells.get("birth_date", "")),
    )


def _stage(text: str) -> Stage | None:
    if not text:
        return None
    plain = text.strip().lower().replace(" ", "_").replace("-", "_")
    if plain in set(Stage):
        return Stage(plain)
    found = said_by(text).stage
    if found is None:
        raise ValueError(f"unknown stage {text}")
    return found


def _source(text: str) -> Source | None:
    if not text:
        return None
    found = Source(text.lower()) if text.lower() in PLACES else said_by(text).source
    if found is None:
        raise ValueError(f"unknown source {text}")
    return found


def _seconds(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= LONGEST:
        raise ValueError(f"{text} are no seconds since acid (0 to {LONGEST:g})")
    return value


def _when(text: str) -> When | None:
    if not text:
        return None
    found = time_said(text)
    if found is None:
        raise ValueError(f"{text} is no time as 2026-03-14 10:15")
    return found


def _birth(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no day as 1988-03-14") from None
