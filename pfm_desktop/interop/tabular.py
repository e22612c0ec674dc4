"""Manifests: CSV tables that name the pictures of cases and their grades.

Columns `patient, case, white, fluorescence, grade`; file names are relative to the manifest's folder. One of `white`
and `fluorescence` may be empty in a line, never both. `case` must be unique.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.support.errors import BadInputError

COLUMNS = ("patient", "case", "white", "fluorescence", "grade")
SYNONYMS = {
    "lsil": Grade.LOW,
    "cin1": Grade.LOW,
    "hsil": Grade.HIGH,
    "cin2": Grade.HIGH,
    "cin3": Grade.HIGH,
    "cin2-3": Grade.HIGH,
}
_SHOWN = 3  # problems of one kind that an error names; the rest is counted
_LONGEST = 200_000_000  # bytes; far beyond any manifest, so that a wrong file does not fill the memory


@dataclass(frozen=True)
class ManifestRow:
    """One case: pictures that exist, and its grade. `line` is its line in the file."""

    patient: str
    case: str
    white: Path | None
    fluorescence: Path | None
    grade: Grade
    line: int

    def picture(self, source: Source) -> Path | None:
        """File of that source."""
        return self.white if source is Source.WHITE else self.fluorescence


def read_manifest(path: Path | str) -> tuple[ManifestRow, ...]:
    """All cases of a manifest. `BadInputError` names what is wrong and where; nothing is skipped silently."""
    path = Path(path)
    reader = csv.DictReader(StringIO(_text(path)), skipinitialspace=True, strict=True)
    try:
        header = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        _check_header(header, path)
        reader.fieldnames = header
        lines = [(reader.line_num, {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)})
                 for row in reader]  # fmt: skip
    except csv.Error as error:
        raise BadInputError(f"{path} is not a CSV table: {error}", remedy="export it again as CSV (UTF-8)") from error
    rows = _rows(path, lines)
    if not rows:  # also where all lines are empty, or commas only
        raise BadInputError(f"{path} names no case", remedy="add one line a case below the header")
    _check_duplicates(path, rows)
    return rows


def _text(path: Path) -> str:
    if path.is_dir():
        raise BadInputError(
            f"{path} is a folder, not a manifest", remedy=f"name the CSV file, such as {path}/manifest.csv"
        )
    try:
        if path.stat().st_size > _LONGEST:
            raise BadInputError(f"{path} is too large for a manifest", remedy="choose the CSV file")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise BadInputError(f"there is no file {path}", remedy="check the name and the folder") from error
    except OSError as error:
        raise BadInputError(
            f"{path} cannot be read: {error.strerror or error}", remedy="check its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path} is not UTF-8 text", remedy="export it again as CSV (UTF-8)") from error


def _check_header(header: list[str], path: Path) -> None:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise BadInputError(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
            remedy=f"the first line must be {','.join(COLUMNS)} (more columns do no harm)",
        )
    twice = sorted({name for name in COLUMNS if header.count(name) > 1})
    if twice:
        raise BadInputError(f"{path} has the column {', '.join(twice)} twice", remedy="keep one of them")


def _rows(path: Path, lines: list[tuple[int, dict[str, str]]]) -> tuple[ManifestRow, ...]:
    rows: list[ManifestRow] = []
    problems: dict[str, list[str]] = {}
    for line, cells in lines:
        if not any(cells.values()):
            continue
        grade = _grade(cells["grade"])
        if grade is None:
            problems.setdefault("unknown grade", []).append(f"line {line}: {cells['grade'] or 'empty'}")
        for name in ("patient", "case"):
            if not cells[name]:
                problems.setdefault(f"no {name}", []).append(f"line {line}")
        files = {name: path.parent / cells[name] if cells[name] else None for name in ("white", "fluorescence")}
        if not any(files.values()):
            problems.setdefault("no picture", []).append(f"line {line}")
        for file in files.values():
            if file is not None and not file.is_file():
                problems.setdefault("missing file", []).append(f"line {line}: {file}")
        rows.append(
            ManifestRow(
                cells["patient"], cells["case"], files["white"], files["fluorescence"], grade or Grade.NORMAL, line
            )
        )
    if problems:
        raise _as_error(path, problems)
    return tuple(rows)


def _as_error(path: Path, problems: dict[str, list[str]]) -> BadInputError:
    parts = []
    for kind, places in problems.items():
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        parts.append(f"{kind} ({'; '.join(places[:_SHOWN])}{more})")
    remedy = {
        "unknown grade": f"grades are {', '.join(GRADES)}",
        "missing file": "file names are relative to the manifest's folder",
    }
    said = [remedy[kind] for kind in problems if kind in remedy]
    return BadInputError(f"{path}: {', '.join(parts)}", remedy="; ".join(said) or "correct these lines")


def _check_duplicates(path: Path, rows: tuple[ManifestRow, ...]) -> None:
    """The same case or picture twice would put one picture into training and into test."""
    lines: dict[tuple[str, str], int] = {}
    for row in rows:
        keys = [("case", row.case), *(("file", str(file)) for file in (row.white, row.fluorescence) if file)]
        for key in keys:
            if key in lines:
                raise BadInputError(
                    f"{path} names the {key[0]} {key[1]} twice (lines {lines[key]} and {row.line})",
                    remedy="keep one of them",
                )
            lines[key] = row.line


def _grade(text: str) -> Grade | None:
    word = text.strip().lower()
    if word in SYNONYMS:
        return SYNONYMS[word]
    return Grade(word) if word in set(GRADES) else None
