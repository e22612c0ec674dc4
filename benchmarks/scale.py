"""The library of a clinic's decade: how long searching, opening and checking take.

    python benchmarks/scale.py [--library DIR] [--visits 100000] [--each 25]

The library is made once (`benchmarks/scale_parts/make.py`), in ~/.cache/pfm_desktop/scale-<visits> unless a folder is
given: invented women of several languages, four pictures a visit as records; the bytes of the pictures are not there.
A search is typed letter by letter, and each beginning of it is asked. Wanted, at the 95th percentile: 50 ms for a
search, 100 ms for opening a visit (its records, not its pixels).
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from sqlalchemy import func, select

from benchmarks.scale_parts.make import make
from benchmarks.scale_parts.searches import prefixes, typed
from pfm_desktop.services import cases
from pfm_desktop.storage import tables, upkeep
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE

console = Console(highlight=False, soft_wrap=True)
OPENED = 300  # visits


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--visits", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=25, help="searches of each kind")
    options = parser.parse_args()
    folder = options.library or Path.home() / ".cache" / "pfm_desktop" / f"scale-{options.visits}"
    if not (folder / DATABASE).exists():
        took = _seconds(lambda: make(folder, options.visits, say=lambda done: console.print(f"made {done} visits")))
        console.print(f"made in {took:.0f} s")
    console.print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    console.print(f"Library.open {1000 * _seconds(lambda: Library.open(folder).close()):.0f} ms")
    measure(folder, options.each)


def measure(folder: Path, each: int) -> None:
    """Print the figures of a library."""
    with Library.open(folder) as lib:
        console.print(f"{_counts(lib)}, database {(folder / DATABASE).stat().st_size / 1e6:.0f} MB")
        everything: list[float] = []
        for kind, searches in typed(lib, each=each).items():
            asked = [beginning for search in searches for beginning in prefixes(search)]
            took = [_seconds(lambda beginning=beginning: cases.today(lib, search=beginning)) for beginning in asked]
            everything += took
            slowest = asked[took.index(max(took))] if took else ""
            console.print(f"{_line(f'search: {kind}', took)}, slowest {slowest!r}")
        console.print(_line("search: all", everything))
        console.print(_line("the list without search", [_seconds(lambda: cases.today(lib)) for _ in range(30)]))
        _visits(lib)
        _checks(lib)


def _visits(lib: Library) -> None:
    with lib.read() as session:
        ids = Random(3).sample(list(session.scalars(select(tables.VisitTable.id))), OPENED)
        women = list(session.scalars(select(tables.VisitTable.patient_id).where(tables.VisitTable.id.in_(ids))))
    console.print(_line("opening a visit", [_seconds(lambda key=key: cases.visit_case(lib, key)) for key in ids]))
    earlier = [_seconds(lambda woman=woman: cases.signed_visits(lib, woman)) for woman in women]
    console.print(_line("all visits of a woman", earlier))


def _checks(lib: Library) -> None:
    """The part of `pfm library verify` that reads the database, with the longest time between two signs of life."""
    for name, check in (("database", upkeep.database_problems), ("audit trail", upkeep.audit_problems)):
        took = _seconds(lambda check=check: list(check(lib)))
        console.print(f"verify, {name}: {took:.1f} s")
    console.print(f"verify, names of all pictures in use: {_seconds(lambda: upkeep.hashes_in_use(lib)):.1f} s")
    with lib.read() as session:
        console.print(f"backup, what the database names: {_seconds(lambda: upkeep.named_in(session)):.1f} s")


def _counts(lib: Library) -> str:
    with lib.read() as session:
        found = [
            f"{session.scalar(select(func.count()).select_from(table)):,} {table.__tablename__}"
            for table in (tables.PatientTable, tables.VisitTable, tables.PictureTable, tables.JournalTable)
        ]
    return ", ".join(found)


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _line(name: str, took: Sequence[float]) -> str:
    if not took:
        return f"{name}: none"
    inside = statistics.quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0]
    return (
        f"{name}: median {1000 * statistics.median(took):.1f} ms, 95th percentile {1000 * inside:.1f} ms, "
        f"most {1000 * max(took):.1f} ms ({len(took)})"
    )


if __name__ == "__main__":
    main()
