"""The library of a clinic's decade: how long searching, opening and checking take.

    python benchmarks/scale.py [--library DIR] [--visits 100000] [--each 25]

Two libraries of the same women and visits, an encrypted one, as clinics have it, and a plain one beside it, are made
once (`benchmarks/scale_parts/make.py`), in ~/.cache/pfm_desktop/scale-<visits> unless a folder is given: invented women
of several languages, four pictures a visit as records; the bytes of the pictures are not there. A search is typed
letter by letter, and each beginning of it is asked. Wanted, at the 95th percentile: 50 ms for a search, 100 ms for
opening a visit (its records, not its pixels), and no more than 1.3 x of what the plain one takes.

The window reads the database ahead as soon as the list stands, and so does this before it measures. At the end the
same straight after the start of the computer, where nothing of the database is in its memory and it is read ahead
beside the first searches. On a fast disk that shows little; for a slow one hold this process to so many reads and bytes
a second (blkio.throttle of Linux).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from sqlalchemy import func, select

from benchmarks.kill_parts import libraries
from benchmarks.scale_parts.make import make
from benchmarks.scale_parts.searches import prefixes, typed
from pfm_desktop.jobs import Cancelled, SilentContext
from pfm_desktop.services import accounts, cases
from pfm_desktop.storage import tables, upkeep
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.viewmodels.worklist import LIMIT

console = Console(highlight=False, soft_wrap=True)
OPENED = 300  # visits


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--visits", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=25, help="searches of each kind")
    options = parser.parse_args()
    both = options.library or Path.home() / ".cache" / "pfm_desktop" / f"scale-{options.visits}"
    plain, encrypted = both / "plain", both / "encrypted"
    _made(plain, options.visits, Library.create)
    _made(encrypted, options.visits, lambda new: accounts.make_library(new, libraries.NAME, libraries.PASSWORD)[0])
    console.print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    console.print(f"open the plain one: {1000 * _seconds(lambda: Library.open(plain).close()):.0f} ms")
    measure(encrypted, options.each)
    compare(plain, encrypted, options.each)
    after_the_start(encrypted, options.each)


def _made(folder: Path, visits: int, create: Callable[[Path], Library]) -> None:
    if not (folder / DATABASE).exists():
        took = _seconds(lambda: make(create(folder), visits, say=lambda done: console.print(f"made {done} visits")))
        console.print(f"{folder.name} made in {took:.0f} s")


def measure(folder: Path, each: int) -> None:
    """Print the figures of a library."""
    with libraries.opened(folder) as lib:
        console.print(f"{folder.name}: {_counts(lib)}, database {(folder / DATABASE).stat().st_size / 1e6:.0f} MB")
        console.print(f"the database was read ahead in {_read_ahead(lib):.1f} s")
        _searches(lib, typed(lib, each=each))
        console.print(
            _line("the list without search", [_seconds(lambda: cases.today(lib, limit=LIMIT)) for _ in range(30)])
        )
        _visits(lib)
        _checks(lib)
        from benchmarks.scale_parts.window import scrolling

        console.print(scrolling(lib, pages=20))


def _searches(lib: Library, wanted: Mapping[str, Sequence[str]]) -> None:
    everything: list[Took] = []
    for kind, searches in wanted.items():
        asked = [beginning for search in searches for beginning in prefixes(search)]
        took = [_searched(lib, beginning) for beginning in asked]
        everything += took
        slowest = asked[took.index(max(took))] if took else ""
        console.print(f"{_line(f'search: {kind}', took)}, slowest {slowest!r}")
    console.print(_line("search: all", everything))


def _searched(lib: Library, beginning: str) -> Took:
    return _seconds(lambda: cases.today(lib, search=beginning, limit=LIMIT))


def _opened(lib: Library, visit: str) -> Took:
    return _seconds(lambda: cases.visit_case(lib, visit))


def compare(plain: Path, encrypted: Path, each: int) -> None:
    """Print what encryption costs: each beginning of a search, and each visit, asked in both, one after the other."""
    with libraries.opened(plain) as one, libraries.opened(encrypted) as other:
        _read_ahead(one)
        wanted = typed(one, each=each)
        asked = [beginning for searches in wanted.values() for search in searches for beginning in prefixes(search)]
        _compared("searches", [(_searched(one, beginning), _searched(other, beginning)) for beginning in asked])
        ids = _some_visits(one)
        _compared("visits", [(_opened(one, key), _opened(other, key)) for key in ids])


def _compared(what: str, both: Sequence[tuple[Took, ...]]) -> None:
    one, other = zip(*both, strict=True)
    console.print(
        f"{what} in turns, {len(both)} of them: encrypted {sum(other) / sum(one):.2f} x plain in all; median "
        f"{1000 * statistics.median(one):.1f} ms plain, {1000 * statistics.median(other):.1f} ms encrypted; 95th "
        f"percentile {_inside(one):.1f} and {_inside(other):.1f} ms"
    )


def after_the_start(folder: Path, each: int) -> None:
    """Print what the first searches and visits take while nothing of the database is in memory; Linux only."""
    with libraries.opened(folder) as lib:
        wanted, ids = typed(lib, each=each), _some_visits(lib)
    if not _forgotten(folder / DATABASE):
        return
    with libraries.opened(folder) as lib:
        reading = threading.Thread(target=lambda: console.print(f"read ahead in {_read_ahead(lib):.1f} s beside them"))
        reading.start()
        console.print("straight after the start of the computer:")
        _searches(lib, wanted)
        reading.join()
    _forgotten(folder / DATABASE)
    with libraries.opened(folder) as lib:
        reading = threading.Thread(target=lib.read_ahead, args=(SilentContext(),))
        reading.start()
        console.print(_line("opening a visit", [_opened(lib, key) for key in ids]))
        reading.join()


def _read_ahead(lib: Library) -> Took:
    return _seconds(lambda: lib.read_ahead(SilentContext()))


def _forgotten(database: Path) -> bool:
    """Whether the computer has nothing of this file in memory any more; no library of this process has it open."""
    if sys.platform != "linux":
        return False
    with database.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def _some_visits(lib: Library) -> list[str]:
    with lib.read() as session:
        return Random(3).sample(list(session.scalars(select(tables.VisitTable.id))), OPENED)


def _visits(lib: Library) -> None:
    ids = _some_visits(lib)
    with lib.read() as session:
        women = list(session.scalars(select(tables.VisitTable.patient_id).where(tables.VisitTable.id.in_(ids))))
    console.print(_line("opening a visit", [_opened(lib, key) for key in ids]))
    earlier = [_seconds(lambda woman=woman: cases.signed_visits(lib, woman)) for woman in women]
    console.print(_line("all visits of a woman", earlier))


class Told:
    """Notes the longest time between two signs of life; asks to stop after `stop` seconds."""

    def __init__(self, stop: float = float("inf")) -> None:
        self.begun = self.last = time.perf_counter()
        self.longest, self.stop = 0.0, stop

    def check(self) -> None:
        """See `jobs.Context`."""
        if time.perf_counter() - self.begun > self.stop:
            raise Cancelled

    def progress(self, _done: float, _total: float, _text: str = "") -> None:
        """See `jobs.Context`."""
        now = time.perf_counter()
        self.longest, self.last = max(self.longest, now - self.last), now
        self.check()


def _checks(lib: Library) -> None:
    """What `pfm library verify` and a backup do with the database, and how soon they stop when they are told to."""
    with lib.read() as session, tempfile.TemporaryDirectory(dir=lib.path.parent) as scratch:
        copy = Path(scratch) / "copy"
        works: dict[str, Callable[[Told], Any]] = {
            "backup, the copy of the database": lambda told: lib.copy_database(copy, safe="", ctx=told),
            "verify, database": lambda told: list(upkeep.database_problems(lib, told)),
            "verify, audit trail": lambda told: list(upkeep.audit_problems(lib, told)),
            "verify, pictures in use": lambda told: upkeep.hashes_in_use(lib, told),
            "backup, what the database names": lambda told: upkeep.named_in(session, told),
        }
        for name, work in works.items():
            told = Told()
            took = _seconds(lambda work=work, told=told: work(told))
            console.print(
                f"{name}: {took:.1f} s (processor {took.processor:.1f} s), a sign of life after {told.longest:.2f} s "
                f"at most, stopped {_stopped(work, took / 2):.2f} s after it was told"
            )


def _stopped(work: Callable[[Told], Any], after: float) -> float:
    """Seconds from the wish to stop, `after` seconds, to the end of the work."""
    told = Told(after)
    with contextlib.suppress(Cancelled):
        work(told)
    return max(0.0, time.perf_counter() - told.begun - after)


def _counts(lib: Library) -> str:
    with lib.read() as session:
        found = [
            f"{session.scalar(select(func.count()).select_from(table)):,} {table.__tablename__}"
            for table in (tables.PatientTable, tables.VisitTable, tables.PictureTable, tables.JournalTable)
        ]
    return ", ".join(found)


class Took(float):
    """Seconds by the clock, and those of the processor: on a computer that others use, the second is the steadier."""

    processor: float = 0.0


def _seconds(work: Callable[[], Any]) -> Took:
    begun, used = time.perf_counter(), time.process_time()
    work()
    took = Took(time.perf_counter() - begun)
    took.processor = time.process_time() - used
    return took


def _line(name: str, took: Sequence[Took]) -> str:
    if not took:
        return f"{name}: none"
    of_processor = [one.processor for one in took]
    return (
        f"{name}: median {1000 * statistics.median(took):.1f} ms, 95th percentile {_inside(took):.1f} ms, "
        f"most {1000 * max(took):.1f} ms; processor {1000 * statistics.median(of_processor):.1f} and "
        f"{_inside(of_processor):.1f} ms ({len(took)} times)"
    )


def _inside(took: Sequence[float]) -> float:
    """Milliseconds within which 95 of 100 were done."""
    return 1000 * (statistics.quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0])


if __name__ == "__main__":
    main()
