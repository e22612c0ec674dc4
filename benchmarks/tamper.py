"""What is found of an audit trail that somebody altered, in the database and in a signed export.

    python benchmarks/tamper.py [--lines 600] [--count 60] [--seed 1]

A library with that many lines is made by ordinary work. `--count` random lines are chosen; in a copy of the database,
through sqlite3 directly, each field of each is altered (who, at, what, key, old, new, text, seq, chain), also into
values that cannot be read; lines are removed, inserted, swapped and cut off at the end. The same is done to the lines
of a signed export of all lines, once leaving its signature as it is, and once signing it anew with the library's own
key, so that only the chain can find it; and bytes are flipped, the file is cut, and its key is exchanged. After each
single alteration `services.audit.verify` or `check_export` is asked. Counted is how many of how many are found, and how
often the untouched trail and file are said to be sound (they must be, each time). Records of women, visits and findings
are altered, removed and added as well, the trail left as it is; then `storage.upkeep.record_problems` is asked.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pfm_desktop.cli.progress import Bar  # noqa: E402 - found by the path above
from pfm_desktop.domain.findings import SwedeScore  # noqa: E402
from pfm_desktop.domain.grade import GRADES  # noqa: E402
from pfm_desktop.jobs import Context, SilentContext  # noqa: E402
from pfm_desktop.services import audit, audit_key, cases, lock_record, review  # noqa: E402
from pfm_desktop.services.audit_check import check_export  # noqa: E402
from pfm_desktop.services.audit_export import export_trail, json_line  # noqa: E402
from pfm_desktop.storage import upkeep  # noqa: E402
from pfm_desktop.storage.library import Library  # noqa: E402
from pfm_desktop.storage.schema import DATABASE  # noqa: E402
from pfm_desktop.support.errors import UserError  # noqa: E402

FIELDS = ("seq", "at", "who", "what", "key", "old", "new", "text", "chain")
SOUND = "untouched, said to be sound"  # no alteration: counted apart
NONSENSE = {"at": "yesterday", "old": "{", "new": "[" * 100_000, "who": b"\x00\xff", "text": b"\xff", "key": b"\x00"}
Statement = tuple[str, tuple[Any, ...]]


@dataclass
class Count:
    """Of one kind of alteration."""

    done: int = 0
    found: int = 0
    missed: list[str] = field(default_factory=list)

    def add(self, what: str, *, found: bool) -> None:
        """One more."""
        self.done += 1
        self.found += found
        if not found:
            self.missed.append(what)


@dataclass
class Counts:
    """By kind."""

    kinds: dict[str, Count] = field(default_factory=dict)

    def of(self, kind: str) -> Count:
        """Made when it is first asked for."""
        return self.kinds.setdefault(kind, Count())

    def lines(self, title: str) -> Iterator[str]:
        """For the eye."""
        altered = [count for kind, count in self.kinds.items() if kind != SOUND]
        done, found = (sum(getattr(one, name) for one in altered) for name in ("done", "found"))
        yield f"{title}: {found} of {done} found ({100 * found / max(1, done):.1f} %)"
        for kind, count in self.kinds.items():
            missed = f"; missed: {', '.join(count.missed[:3])}" if count.missed else ""
            yield f"  {kind}: {count.found} of {count.done}{missed}"


def made(folder: Path, lines: int, chance: random.Random) -> None:
    """A library with at least that many lines of ordinary work."""
    with Library.create(folder) as lib:
        number = 0
        while len(lib_lines(folder)) < lines:
            number += 1
            lib.who = chance.choice(("Dr. Ärzte", "Dr. Kim", "Nurse Vogel"))
            woman = cases.add_patient(lib, identifier=f"K-{number}", family_name=f"Müller {number}", given_name="Änne")
            visit = cases.add_visit(lib, woman.id, indication="HPV", examiner=lib.who)
            for _ in range(3):
                review.set_impression(lib, visit.id, chance.choice(GRADES))
                review.set_swede(lib, visit.id, SwedeScore(*(chance.randrange(3) for _ in range(5))))
                review.set_text(lib, visit.id, f"Text {chance.random()}")
            review.reveal(lib, visit.id, lib.who)
            lib.record_event("export", visit.id, "Report saved as PDF", {"signed": False, "shares": [0.25, 0.75]})
            lock_record.record_switch(lib, lock_record.LOCK, chance.random() < 0.5)


def lib_lines(folder: Path) -> list[int]:
    """Numbers of the lines."""
    connection = sqlite3.connect(folder / DATABASE)
    found = [seq for (seq,) in connection.execute("SELECT seq FROM journal ORDER BY seq")]
    connection.close()
    return found


# the database


def other(name: str, value: Any, chance: random.Random) -> Any:
    """Another value for a column, of the kind that somebody would put there."""
    if name in ("old", "new"):
        return _other_record(value, chance)
    if name == "seq":
        return value + chance.choice((-1, 1)) * 1_000_000
    if name == "chain":
        return hashlib.sha256(str(chance.random()).encode()).hexdigest()
    if name == "at":
        return f"{chance.randint(2000, 2025)}{value[4:]}"
    place = chance.randrange(len(value) + 1)
    return chance.choice((value[:place] + "x" + value[place:], value + " ", f"Dr. {chance.random()}"))


def _other_record(value: str | None, chance: random.Random) -> str:
    fields = json.loads(value) if value is not None else {}
    if not fields:
        return '{"impression": "low"}'
    return json.dumps({**fields, chance.choice(list(fields)): "altered"})


def alterations(
    folder: Path, numbers: Sequence[int], chance: random.Random
) -> Iterator[tuple[str, str, list[Statement]]]:
    """Kind, what was done in words, and how."""
    connection = sqlite3.connect(folder / DATABASE)
    rows = {row[0]: dict(zip(FIELDS, row, strict=True)) for row in connection.execute(
        f"SELECT {', '.join(FIELDS)} FROM journal")}  # fmt: skip
    connection.close()
    last, columns = max(rows), ", ".join(FIELDS[1:])
    for seq in numbers:
        for name in FIELDS:
            value = other(name, rows[seq][name], chance)
            yield f"{name} altered", f"line {seq}", [(f"UPDATE journal SET {name} = ? WHERE seq = ?", (value, seq))]
        for name, value in NONSENSE.items():
            how = "CAST(? AS TEXT)" if name == "text" else "?"
            yield f"{name} made unreadable", f"line {seq}", [
                (f"UPDATE journal SET {name} = {how} WHERE seq = ?", (value, seq))
            ]  # fmt: skip
        yield "line removed", f"line {seq}", [("DELETE FROM journal WHERE seq = ?", (seq,))]
        gap = seq + 10_000_000
        yield "line inserted", f"before line {seq}", [
            ("UPDATE journal SET seq = -seq - 1 WHERE seq >= ?", (seq,)),
            ("UPDATE journal SET seq = -seq WHERE seq < 0", ()),
            (f"INSERT INTO journal (seq, {columns}) SELECT ?, {columns} FROM journal WHERE seq = ?", (seq, last)),
        ]  # fmt: skip
        yield "line added at the end", f"a copy of {seq}", [
            (f"INSERT INTO journal (seq, {columns}) SELECT ?, {columns} FROM journal WHERE seq = ?", (last + 1, seq))
        ]  # fmt: skip
        if seq < last:
            yield "two lines swapped", f"lines {seq} and {seq + 1}", [
                ("UPDATE journal SET seq = ? WHERE seq = ?", (gap, seq)),
                ("UPDATE journal SET seq = ? WHERE seq = ?", (seq, seq + 1)),
                ("UPDATE journal SET seq = ? WHERE seq = ?", (seq + 1, gap)),
            ]  # fmt: skip
        yield "end cut off", f"from line {seq} on", [("DELETE FROM journal WHERE seq >= ?", (seq,))]


Alteration = tuple[str, str, list[Statement]]


def each_found(
    ctx: Context, folder: Path, library: Path, every: Sequence[Alteration], wrong: Callable[[Path], bool]
) -> Counts:
    """Alter a copy, ask whether something is wrong, put it back; again and again."""
    counts = Counts()
    shutil.copytree(folder, library, ignore=shutil.ignore_patterns("lock"))
    for turn, (kind, what, statements) in enumerate(every):
        ctx.progress(turn, len(every), "Altering the database")
        for left in library.glob(f"{DATABASE}*"):
            left.unlink()
        shutil.copyfile(folder / DATABASE, library / DATABASE)
        if turn % 50 == 0:
            counts.of(SOUND).add(what, found=not wrong(library))
        connection = sqlite3.connect(library / DATABASE)
        for statement, values in statements:
            connection.execute(statement, values)
        connection.commit()
        connection.close()
        counts.of(kind).add(what, found=wrong(library))
    return counts


def wrong_in(library: Path) -> bool:
    """Whether the check finds anything."""
    try:
        with Library.open(library) as lib:
            return bool(audit.verify(SilentContext(), lib).problems)
    except UserError:  # it does not open any more: that is seen as well
        return True


# the records, the trail left as it is

RECORDS = {
    "patients": ("identifier", "family_name", "given_name", "birth_date"),
    "visits": ("started_at", "indication", "examiner", "note"),
    "findings": ("impression", "aceto_uptake", "vessels", "text", "plan", "first_read", "revealed_at"),
}


def record_alterations(folder: Path, count: int, chance: random.Random) -> Iterator[tuple[str, str, list[Statement]]]:
    """As `alterations`: each field of `count` records of each kind, records removed, and records added."""
    connection = sqlite3.connect(folder / DATABASE)
    for table, fields in RECORDS.items():
        rows = [row for (row,) in connection.execute(f"SELECT rowid FROM {table}")]
        for row in chance.sample(rows, min(count, len(rows))):
            for name in fields:
                (value,) = connection.execute(f"SELECT {name} FROM {table} WHERE rowid = ?", (row,)).fetchone()
                yield f"{table}.{name} altered", f"record {row}", [
                    (f"UPDATE {table} SET {name} = ? WHERE rowid = ?", (_otherwise(name, value), row))
                ]  # fmt: skip
            yield f"{table}: record removed", f"record {row}", [(f"DELETE FROM {table} WHERE rowid = ?", (row,))]
        columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
        key, rest = columns[0], ", ".join(name for name in columns[1:] if name != "identifier")
        extra = ("identifier", "'K-' || hex(randomblob(4))") if table == "patients" else ("", "")
        more = (f", {extra[0]}", f", {extra[1]}") if extra[0] else ("", "")
        for row in chance.sample(rows, min(count, len(rows))):
            yield f"{table}: record added", f"a copy of {row}", [
                (f"INSERT INTO {table} ({key}, {rest}{more[0]}) "
                 f"SELECT lower(hex(randomblob(16))), {rest}{more[1]} FROM {table} WHERE rowid = ?", (row,))
            ]  # fmt: skip
    connection.close()


def _otherwise(name: str, value: Any) -> Any:
    if name in ("birth_date", "started_at", "revealed_at"):
        return "1999-01-01" if name == "birth_date" else "1999-01-01 00:00:00.000000"
    if name == "first_read":
        return json.dumps({"impression": "normal"})
    if name in ("aceto_uptake", "vessels"):
        return 0 if value != 0 else 2
    return "normal" if name == "impression" and value != "normal" else f"{value} "


def wrong_records(library: Path) -> bool:
    with Library.open(library) as lib:
        return any(True for _ in upkeep.record_problems(lib))


# the export

Lines = list[bytes]


def line_alterations(lines: Lines, places: Sequence[int], chance: random.Random) -> Iterator[tuple[str, str, Lines]]:
    """As `alterations`, of the lines of a file; places of the lines in it."""
    for place in places:
        said = json.loads(lines[place])
        for name in FIELDS:
            stored = json.dumps(said[name]) if name in ("old", "new") and said[name] is not None else said[name]
            value = other(name, stored, chance)
            value = json.loads(value) if name in ("old", "new") else value
            altered = json_line({**said, name: value})
            yield f"{name} altered", f"line {place}", [*lines[:place], altered, *lines[place + 1 :]]
        yield "line removed", f"line {place}", [*lines[:place], *lines[place + 1 :]]
        yield (
            "line inserted",
            f"line {place}",
            [*lines[:place], lines[chance.randrange(1, len(lines) - 1)], *lines[place:]],
        )
        if place < len(lines) - 2:
            swapped = [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]
            yield "two lines swapped", f"line {place}", swapped
        yield "end cut off", f"from line {place} on", [*lines[:place], lines[-1]]


def file_alterations(data: bytes, count: int, chance: random.Random) -> Iterator[tuple[str, str, bytes]]:
    """What needs no knowledge of what the file is."""
    for _ in range(count):
        place = chance.randrange(len(data))
        yield (
            "a bit flipped",
            f"byte {place}",
            data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :],
        )
        yield "cut anywhere", f"byte {place}", data[:place]
        yield "something added behind", f"{place % 40 + 1} bytes", data + chance.randbytes(place % 40 + 1)


def signed_anew(lines: Lines, key: Any) -> Lines:
    """As whoever has the key would do it."""
    return [*lines[:-1], json_line({"signature": key.sign(hashlib.sha256(b"".join(lines[:-1])).digest()).hex()})]


def exported(ctx: Context, folder: Path, work: Path, count: int, chance: random.Random) -> tuple[Counts, Counts]:
    """An export with its signature left as it is, and one signed anew with the library's own key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    with Library.open(folder) as lib:
        made_file = export_trail(ctx, lib, work / "trail.jsonl")
        key = audit_key.signing_key(lib)
    data = made_file.path.read_bytes()
    lines = data.splitlines(keepends=True)
    left, anew = Counts(), Counts()

    def ask(counts: Counts, kind: str, what: str, altered: bytes, *, sound: bool = False) -> None:
        made_file.path.write_bytes(altered)
        counts.of(kind).add(what, found=check_export(made_file.path, made_file.fingerprint).sound == sound)

    places = chance.sample(range(1, len(lines) - 1), count)
    for turn, (kind, what, altered) in enumerate(line_alterations(lines, places, chance)):
        ctx.progress(turn, 13 * count, "Altering the export")
        ask(left, kind, what, b"".join(altered))
        ask(anew, kind, what, b"".join(signed_anew(altered, key)))
        if turn % 50 == 0:
            ask(left, SOUND, what, data, sound=True)
    for kind, what, altered_file in file_alterations(data, count, chance):
        ask(left, kind, what, altered_file)
    for turn in range(10):
        stranger = Ed25519PrivateKey.generate()
        header = {**json.loads(lines[0]), "public_key": audit_key.public_bytes(stranger).hex()}
        ask(left, "key exchanged", f"{turn}", b"".join(signed_anew([json_line(header), *lines[1:]], stranger)))
    return left, anew


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=600)
    parser.add_argument("--count", type=int, default=60, help="lines that are altered, each in each way")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as work, Bar() as bar:
        folder = Path(work) / "library"
        made(folder, asked.lines, chance)
        numbers = lib_lines(folder)
        print(f"a trail of {len(numbers)} lines, {asked.count} of them altered in each way, one way at a time")
        lines = list(alterations(folder, chance.sample(numbers, asked.count), chance))
        for line in each_found(bar, folder, Path(work) / "copy", lines, wrong_in).lines("database"):
            print(line, flush=True)
        behind = list(record_alterations(folder, asked.count // 3, chance))
        found = each_found(bar, folder, Path(work) / "records", behind, wrong_records)
        for line in found.lines("records, the trail as it was"):
            print(line, flush=True)
        left, anew = exported(bar, folder, Path(work), asked.count, chance)
        for line in (*left.lines("export"), *anew.lines("export, signed anew with the library's own key")):
            print(line, flush=True)


if __name__ == "__main__":
    main()
