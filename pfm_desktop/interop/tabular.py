"""CSV tables that people bring, and manifests: those that name the pictures of cases and their grades.

A manifest has the columns `patient, case, white, fluorescence, grade`; file names are relative to its folder. One of
`white` and `fluorescence` may be empty in a line, never both. `case` must be unique, and a picture stands in one line
only, also for one patient: a case listed twice would count twice. A column `lesion_outline` may name the outline of a
lesion: a picture of the size of the white-light one, black where there is no lesion, or the truth of a phantom.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

COLUMNS = ("patient", "case", "white", "fluorescence", "grade")
OUTLINE = "lesion_outline"  # a column that may be there
SYNONYMS = {
    "lsil": Grade.LOW,
    "cin1": Grade.LOW,
    "hsil": Grade.HIGH,
    "cin2": Grade.HIGH,
    "cin3": Grade.HIGH,
    "cin2-3": Grade.HIGH,
}
_SHOWN = 3  # problems of one kind that an error names; the rest is counted
_LONGEST = 200_000_000  # bytes; far beyond any table, so that a wrong file does not fill the memory
_UNKNOWN_GRADE, _MISSING_FILE = tr("unknown grade"), tr("missing file")
_OTHER_SEPARATORS = {";": tr("semicolons (;)"), "\t": tr("tabs")}


@dataclass(frozen=True)
class TableRow:
    """One line of a table that is not empty: `cells` by column, without spaces around them.

    `more` says that cells stand behind the last column.
    """

    line: int
    cells: dict[str, str]
    more: bool


@dataclass(frozen=True)
class ManifestRow:
    """One case: pictures that exist, and its grade. `line` is its line in the file; `lesion` the outline, if any."""

    patient: str
    case: str
    white: Path | None
    fluorescence: Path | None
    grade: Grade
    line: int
    lesion: Path | None = None

    def picture(self, source: Source) -> Path | None:
        """File of that source; a manifest names no other than white-light and fluorescence pictures."""
        return {Source.WHITE: self.white, Source.FLUORESCENCE: self.fluorescence}.get(source)


def read_manifest(path: Path | str) -> tuple[ManifestRow, ...]:
    """All cases of a manifest. `BadInputError` names what is wrong and where; nothing is skipped silently."""
    path = Path(path)
    rows = _rows(path, read_table(path, COLUMNS, kind=tr("manifest")))
    if not rows:  # also where all lines are empty, or commas only
        raise BadInputError(tr("{path} names no case", path=path), remedy=tr("add one line a case below the header"))
    _check_duplicates(path, rows)
    return rows


def read_table(path: Path, columns: Sequence[str], *, kind: str) -> tuple[TableRow, ...]:
    """The lines of a CSV table whose first line names `columns`, in any order and case, beside others.

    `kind` is what the file is called in errors. Raises `BadInputError` for a file that cannot be read, is no CSV or
    lacks a column.
    """
    text = _text(path, kind)
    reader = csv.DictReader(StringIO(text), skipinitialspace=True, strict=True)
    try:
        header = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        _check_header(header, columns, path)
        reader.fieldnames = header
        rows = [_row(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise BadInputError(
            tr("{path} is not a CSV table: {error}", path=path, error=error),
            remedy=tr("export it again as CSV (UTF-8)"),
        ) from error
    return tuple(row for row in rows if row.more or any(row.cells.values()))


def _row(line: int, found: dict[str | None, str | list[str] | None]) -> TableRow:
    cells = {key: value.strip() if isinstance(value, str) else "" for key, value in found.items() if key is not None}
    behind = found.get(None) or ()  # what the reader found behind the last column
    return TableRow(line, cells, any(cell.strip() for cell in behind))


def _text(path: Path, kind: str) -> str:
    try:
        if path.is_dir():
            raise BadInputError(
                tr("{path} is a folder, not a {kind}", path=path, kind=kind), remedy=tr("name the CSV file in it")
            )
        if path.stat().st_size > _LONGEST:
            raise BadInputError(
                tr("{path} is too large for a {kind}", path=path, kind=kind), remedy=tr("choose the CSV file")
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise BadInputError(
            tr("there is no file {path}", path=path), remedy=tr("check the name and the folder")
        ) from error
    except OSError as error:
        raise BadInputError(
            tr("{path} cannot be read: {reason}", path=path, reason=error.strerror or error),
            remedy=tr("check its permissions"),
        ) from error
    except UnicodeDecodeError as error:
        raise BadInputError(
            tr("{path} is not UTF-8 text", path=path), remedy=tr("export it again as CSV (UTF-8)")
        ) from error


def _check_header(header: list[str], columns: Sequence[str], path: Path) -> None:
    missing = [name for name in columns if name not in header]
    if missing:
        _check_separator(header, columns, path)
        raise BadInputError(
            tr("{path} lacks the column(s) {columns}", "", len(missing), path=path, columns=", ".join(missing)),
            remedy=tr("the first line must be {columns} (more columns do no harm)", columns=",".join(columns)),
        )
    twice = sorted({name for name in columns if header.count(name) > 1})
    if twice:
        raise BadInputError(
            tr("{path} has the column {columns} twice", path=path, columns=", ".join(twice)),
            remedy=tr("keep one of them"),
        )


def _check_separator(header: list[str], columns: Sequence[str], path: Path) -> None:
    """What some spreadsheets save as CSV where a comma is the decimal mark."""
    for mark, name in _OTHER_SEPARATORS.items():
        names = {part.strip().strip('"') for part in ",".join(header).split(mark)}
        if names >= set(columns):
            raise BadInputError(
                tr("{path} is separated by {marks}", path=path, marks=name), remedy=tr("save it with commas")
            )


def _rows(path: Path, lines: Sequence[TableRow]) -> tuple[ManifestRow, ...]:
    rows: list[ManifestRow] = []
    problems: dict[str, list[str]] = {}
    named = ("patient", tr("no patient")), ("case", tr("no case"))
    for line, cells in ((found.line, found.cells) for found in lines if any(found.cells.values())):
        grade = _grade(cells["grade"])
        if grade is None:
            problems.setdefault(_UNKNOWN_GRADE, []).append(
                tr("line {line}: {grade}", line=line, grade=cells["grade"] or tr("empty", "cell of a table"))
            )
        for name, no_name in named:
            if not cells[name]:
                problems.setdefault(no_name, []).append(tr("line {line}", line=line))
        files = {name: path.parent / cells[name] if cells[name] else None for name in ("white", "fluorescence")}
        if not any(files.values()):
            problems.setdefault(tr("no picture"), []).append(tr("line {line}", line=line))
        outline = path.parent / cells[OUTLINE] if cells.get(OUTLINE) else None
        if outline is not None and files["white"] is None:
            problems.setdefault(tr("outline without its white-light picture"), []).append(tr("line {line}", line=line))
        for file in (*files.values(), outline):
            if file is not None and not file.is_file():
                problems.setdefault(_MISSING_FILE, []).append(tr("line {line}: {file}", line=line, file=file))
        rows.append(
            ManifestRow(
                cells["patient"],
                cells["case"],
                files["white"],
                files["fluorescence"],
                grade or Grade.NORMAL,
                line,
                outline,
            )
        )
    if problems:
        raise _as_error(path, problems)
    return tuple(rows)


def _as_error(path: Path, problems: dict[str, list[str]]) -> BadInputError:
    parts = []
    for kind, places in problems.items():
        more = " " + tr("and {more} more", more=len(places) - _SHOWN) if len(places) > _SHOWN else ""
        parts.append(f"{kind} ({'; '.join(places[:_SHOWN])}{more})")
    remedy = {
        _UNKNOWN_GRADE: tr("grades are {grades}", grades=", ".join(GRADES)),
        _MISSING_FILE: tr("file names are relative to the manifest's folder"),
    }
    said = [remedy[kind] for kind in problems if kind in remedy]
    return BadInputError(f"{path}: {', '.join(parts)}", remedy="; ".join(said) or tr("correct these lines"))


def _check_duplicates(path: Path, rows: tuple[ManifestRow, ...]) -> None:
    """The same case or picture twice would put one picture into training and into test.

    A picture is known by where its file lies, however it is named. Copies are found where pictures are read: see
    `services.training_data`.
    """
    lines: dict[tuple[str, str], int] = {}
    twice = {
        "case": tr("{path} names the case {name} twice (lines {first} and {second})"),
        "file": tr("{path} names the file {name} twice (lines {first} and {second})"),
    }
    for row in rows:
        files = [file for file in (row.white, row.fluorescence) if file]
        keys = [("case", row.case, row.case), *(("file", os.path.realpath(file), str(file)) for file in files)]
        for kind, key, shown in keys:
            if (kind, key) in lines:
                raise BadInputError(
                    twice[kind].format(path=path, name=shown, first=lines[kind, key], second=row.line),
                    remedy=tr("keep one of them"),
                )
            lines[kind, key] = row.line


def _grade(text: str) -> Grade | None:
    word = text.strip().lower()
    if word in SYNONYMS:
        return SYNONYMS[word]
    return Grade(word) if word in set(GRADES) else None
