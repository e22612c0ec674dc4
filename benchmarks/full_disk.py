"""What is lost when the disk is full, or may not be written any more: at every single call that writes.

    python benchmarks/full_disk.py [--only "adding a picture" ...] [--manner full ...] [--every 1] [--real]

Each kind of work (`full_disk_parts/kinds.py`) is done once on a plain and on an encrypted library while its writing
calls are counted: making and opening files, writing, truncating, syncing, renaming, making folders; those of Python, of
SQLite and of SQLCipher (`full_disk_parts/faults.c` stands before the C library). Then it is done again on a fresh copy
for each of them, and that one fails: the disk is full from there on, or once; it may not be written from there on, or
once (then removing, changing modes and opening for writing fail too); it reports an input/output error once. After
every other failure the library is closed while the disk still fails.

Then the disk is well again. Counted is: how many failures were told in a `UserError`; errors that were none (a
traceback), and work that said that it was done and is not (silent); lines of the journal, pictures, passwords or
recovery keys of before that are gone (lost); libraries that do not open or in which `housekeeping.verify` finds
something (not clean); work that cannot be done again (not resumed). Also told, and no fault: work that was not harmed
by the failure, and work that was refused in words and is there all the same, as where syncing fails behind the last
write. A restore whose database could not be removed again is done again in another folder, as its message says.

With `--real` the library is on a small disk (tmpfs) that has no page left, one, two, ..., until the work is done.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import create_engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.full_disk_parts import small_disk  # noqa: E402
from benchmarks.full_disk_parts.faults import MANNERS, Struck, failing, load_and_start_again  # noqa: E402
from benchmarks.full_disk_parts.kinds import KINDS, NEW, Kind, Place, fill, opened  # noqa: E402
from benchmarks.kill_parts import libraries  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402
from pfm_desktop.services import accounts, cases, housekeeping  # noqa: E402
from pfm_desktop.storage import audit, engine, keys  # noqa: E402
from pfm_desktop.storage.keys import WrongPasswordError  # noqa: E402
from pfm_desktop.storage.library import Library  # noqa: E402
from pfm_desktop.support.errors import UserError  # noqa: E402

ENOUGH = 3  # sizes of a small disk in a row that do the work no harm, and more room will not either
SAID = 3  # of each kind that are printed


How = Callable[[Path, int], contextlib.AbstractContextManager[Struck]]


@dataclass
class Count:
    """What was found for one kind of work."""

    calls: int = 0
    faults: int = 0
    told: int = 0
    unharmed: int = 0
    there_though_refused: int = 0
    not_told: int = 0
    silent: int = 0
    lost: int = 0
    not_clean: int = 0
    not_resumed: int = 0
    left: int = 0
    said: list[str] = field(default_factory=list)

    def __iadd__(self, other: Count) -> Count:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
        return self

    def line(self) -> str:
        """For the eye."""
        return (
            f"{self.faults} faults at {self.calls} calls: told clearly {self.told}, no harm {self.unharmed}, "
            f"there though refused {self.there_though_refused}; not told clearly {self.not_told}, "
            f"silent {self.silent}, lost {self.lost}, not clean {self.not_clean}, not resumed {self.not_resumed}; "
            f"temporary files left {self.left}"
        )


@dataclass(frozen=True)
class Before:
    """What was accepted before the disk failed."""

    lines: tuple[tuple[int, str, str], ...]
    recovery: str


def lines_of(lib: Library) -> tuple[tuple[int, str, str], ...]:
    """Number, text and chain of every line of the journal."""
    with lib.read() as session:
        return tuple((line.seq, line.text, line.chain) for line in audit.each(session, audit.Wanted()))


def base(kind: Kind, folder: Path, *, encrypted: bool) -> Place:
    """The library that the work is done on, closed."""
    place = Place(folder, encrypted)
    place.beside.mkdir(parents=True)
    if encrypted:
        place.lib, place.said["recovery"] = accounts.make_library(place.library, libraries.NAME, libraries.PASSWORD)
    else:
        place.lib = Library.create(place.library)
    place.lib.who = libraries.NAME
    fill(place)
    kind.before(place)
    place.open.close()
    place.lib = None
    return place


def fresh(first: Place, folder: Path) -> Place:
    """A copy of it that nothing has touched."""
    shutil.copytree(first.folder, folder)
    return Place(folder, first.encrypted, first.visit, first.pair, first.picture, None, copy.copy(first.said))


def reopened(place: Place) -> Library:
    """Open with the password of before, or where it was changed with the new one."""
    try:
        return opened(place.library)
    except WrongPasswordError:
        return opened(place.library, NEW)


def one_fault(kind: Kind, first: Place, folder: Path, how: How, at: int, count: Count) -> None:
    """Do the work once with a fault in it, and look what is there."""
    place = fresh(first, folder)
    closes = at % 2 == 1 or kind.opens
    lib = opened(place.library)
    before = Before(lines_of(lib), place.said.get("recovery", ""))
    if kind.opens:
        lib.close()
    else:
        place.lib = lib
    error: BaseException | None = None
    with how(folder, at) as struck:
        try:
            kind.work(place)
        except Exception as raised:  # noqa: BLE001 - that is what is looked for
            error = raised
        if closes and place.lib is not None:
            try:
                place.lib.close()
            except Exception as raised:  # noqa: BLE001
                error = raised
    count.calls = max(count.calls, struck.calls)
    if not struck.where:
        if place.lib is not None:
            place.lib.close()
        return
    count.faults += 1
    where = f"call {at} ({struck.where})"
    _judge(kind, place, before, error, closes, count, where)


def _judge(
    kind: Kind, place: Place, before: Before, error: BaseException | None, closes: bool, count: Count, where: str
) -> None:
    try:
        if error is not None:
            _told(error, count, where)
            _still_lets_in(place, before, count, where)
        if closes:
            place.lib = None if kind.opens else reopened(place)
        if error is None:
            if kind.quiet or kind.done(place):
                count.unharmed += 1
            else:
                count.silent += 1
                count.said.append(f"silent, {where}")
        if error is not None or kind.quiet:
            _again(kind, place, count, where)
    except Exception as raised:  # noqa: BLE001
        count.not_resumed += 1
        count.said.append(f"not resumed, {where}: first {error!r}, then {type(raised).__name__}: {raised}")
    finally:
        if place.lib is not None:
            with contextlib.suppress(UserError):
                place.lib.close()
    _look(place, before, count, where)


def _told(error: BaseException, count: Count, where: str) -> None:
    if isinstance(error, UserError) and len(str(error)) > 20:
        count.told += 1
    else:
        count.not_told += 1
        count.said.append(f"not told, {where}: {type(error).__name__}: {error}")


def _still_lets_in(place: Place, before: Before, count: Count, where: str) -> None:
    """What was refused has changed nothing about who gets in."""
    if not place.encrypted:
        return
    try:
        keys.unlock(place.library, libraries.NAME, libraries.PASSWORD)
        keys.unlock_with_recovery(place.library, before.recovery)
    except UserError as raised:
        count.lost += 1
        count.said.append(f"lost, {where}: {raised}")


def _again(kind: Kind, place: Place, count: Count, where: str) -> None:
    there = False
    with contextlib.suppress(Exception):
        there = not kind.quiet and kind.done(place)
    if there:
        count.there_though_refused += 1
        return
    kind.work(place)
    if not kind.done(place):
        count.not_resumed += 1
        count.said.append(f"not resumed, {where}: done again, and not there")


def _look(place: Place, before: Before, count: Count, where: str) -> None:
    try:
        with reopened(place) as lib:
            problems = housekeeping.verify(SilentContext(), lib).problems
            gone = set(before.lines) - set(lines_of(lib))
            if problems or lib.read_only:
                count.not_clean += 1
                count.said.append(f"not clean, {where}: {problems or lib.read_only_reason}")
            case = cases.visit_case(lib, place.visit)
            if gone or len(case.pictures) < 2 or not case.pins:
                count.lost += 1
                count.said.append(f"lost, {where}: {gone}")
    except UserError as error:
        count.not_clean += 1
        count.said.append(f"not clean, {where}: {error}")
    count.left += sum(1 for path in place.folder.rglob(".*") if path.is_file())


def tried(kind: Kind, work: Path, manners: dict[str, How], every: int, *, encrypted: bool) -> Count:
    """All faults of one kind of work on one kind of library."""
    count = Count()
    first = base(kind, work / "base", encrypted=encrypted)
    for name, manner in manners.items():
        calls = Count()
        one_fault(kind, first, work / f"count {name}", manner, 0, calls)
        shutil.rmtree(work / f"count {name}")
        for at in range(1, calls.calls + 1, every):
            folder = work / f"{name} {at}"
            found = Count()
            one_fault(kind, first, folder, manner, at, found)
            found.calls, found.said = 0, [f"{name}: {line}" for line in found.said]
            count += found
            shutil.rmtree(folder)
        count.calls += calls.calls
    return count


def on_small_disks(kind: Kind, work: Path, every: int, *, encrypted: bool) -> Count:
    """The same on a real disk that has no page left, one, two, ...: until the work is done without an error."""
    count = Count()
    first = base(kind, work / "base", encrypted=encrypted)
    with small_disk.mounted(work / "disk") as disk:
        pages, well = 0, 0
        while well < ENOUGH:
            found, folder = Count(), disk / str(pages)
            one_fault(kind, first, folder, small_disk.filled, pages, found)
            well = well + 1 if found.unharmed else 0
            count += found
            shutil.rmtree(folder)
            pages += every
    return count


@contextlib.contextmanager
def statements_kept() -> Iterator[None]:
    """What SQLAlchemy compiles, kept for all of the thousands of libraries: they are all the same."""
    with (
        patch.object(SQLiteDialect_pysqlite, "__hash__", lambda dialect: hash(type(dialect))),
        patch.object(SQLiteDialect_pysqlite, "__eq__", lambda one, other: type(one) is type(other)),
        patch.object(engine, "create_engine", partial(create_engine, execution_options={"compiled_cache": {}})),
    ):
        yield


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=tuple(KINDS), nargs="+")
    parser.add_argument("--manner", choices=tuple(MANNERS), nargs="+")
    parser.add_argument("--every", type=int, default=1, help="only each such call fails")
    parser.add_argument("--real", action="store_true", help="on small disks (tmpfs) with ever more room; as root")
    asked = parser.parse_args()
    load_and_start_again()
    logging.disable(logging.CRITICAL)
    keys.COST = libraries.CHEAP
    manners: dict[str, How] = {
        name: partial(failing, how) for name, how in MANNERS.items() if name in (asked.manner or MANNERS)
    }
    with statements_kept():
        trying = (
            partial(on_small_disks, every=asked.every)
            if asked.real
            else partial(tried, manners=manners, every=asked.every)
        )
        all_kinds(asked.only or list(KINDS), trying)


def all_kinds(names: list[str], trying: Callable[..., Count]) -> None:
    """Each on a plain and on an encrypted library."""
    total, start = Count(), time.monotonic()
    for name in names:
        kind = KINDS[name]
        for encrypted in (True,) if kind.only_encrypted else (False, True):
            with tempfile.TemporaryDirectory() as work:
                count = trying(kind, Path(work), encrypted=encrypted)
            print(f"{name}, {'encrypted' if encrypted else 'plain'}: {count.line()}", flush=True)
            for line in count.said[:SAID]:
                print(f"  {line}", flush=True)
            total += count
    print(f"all: {total.line()}")
    print(f"{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
