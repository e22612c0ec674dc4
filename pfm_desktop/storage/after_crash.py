"""A library whose last program ended without closing it: are its pages whole, and is all that was accepted there?

SQLite reads a write-ahead log (WAL) to where its checksums stop to fit, and says nothing of what comes behind. Its
index, the `-shm`, tells how many frames were accepted, as long as the computer itself did not go down. Their formats:
sqlite.org/fileformat2.html, section 4, and sqlite.org/walformat.html, section 2.
"""

from __future__ import annotations

import shutil
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from pfm_desktop.storage.engine import damaged, in_words, make_engine
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.schema import DATABASE, place_aside
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import named, replacing
from pfm_desktop.support.language import tr

WAL, INDEX = f"{DATABASE}-wal", f"{DATABASE}-shm"
MISSING = tr("{file} is missing: if it was removed, what was done last is not here", file=WAL)
_HEAD, _FRAME_HEAD = 32, 24  # bytes
_VERSION = 3_007_000
_BYTE_ORDERS = {0x377F0682: "<", 0x377F0683: ">"}  # of the checksums, by the first number of the file


@dataclass(frozen=True)
class _Index:
    """How many frames were accepted, how many of them are in the database as well, and the mark of their WAL."""

    frames: int
    folded: int
    salts: bytes


def check(library: Path, keys: LibraryKeys | None, *, left_behind: bool, here: bool = False) -> str:
    """Raise `StorageError` where the database is damaged; else what of the WAL is not there, "" where it is whole.

    It costs time, so not at every start. Nothing is folded into the database meanwhile: where the WAL is that of
    another database, as after a copy was put in place, both stay as they are. A damaged WAL is kept in `set-aside`.
    `here`: this process has it open for reading, SQLite has taken its WAL already, and only pages are looked at.
    """
    wal = library / WAL
    there = wal.exists()
    if not left_behind and not (there and wal.stat().st_size):
        return ""
    before = None if here else _index(library)
    check_pages(library, keys)
    if here:
        return ""
    if not there:
        return MISSING
    how = _harm(wal, before, _index(library))  # by now SQLite has counted which frames it takes
    if not how:
        return ""
    lost = tr("{file} {harm}: what was done last is not here, or not all of it", file=WAL, harm=how)
    if not wal.stat().st_size:
        return lost
    return lost + ". " + tr("What was left is kept as {file}", file=_kept(library, how))


def check_pages(library: Path, keys: LibraryKeys | None) -> None:
    """Raises `StorageError` where a page of the database is damaged; it may be open here as well."""
    engine = make_engine(library / DATABASE, keys=keys, never_written=True)
    try:
        with in_words(library, keys), engine.connect() as connection:
            verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar()
            if verdict != "ok":
                raise damaged(library, str(verdict))
    finally:
        engine.dispose()


def _harm(wal: Path, before: _Index | None, now: _Index | None) -> str:
    """What is wrong with the WAL, in words; `before` and `now`: its index before and after SQLite read it."""
    settled = before is not None and 0 < before.frames <= before.folded
    head = _start(wal)
    if len(head) < _HEAD:  # a program that had written nothing yet leaves an empty one
        return "" if settled or (before is not None and not before.frames) else tr("is empty", "a file")
    if not _is_head(head):
        return "" if settled else tr("was written over at its beginning", "a file")
    read = now.frames if now is not None else 0
    if before is not None and before.salts == head[16:24]:
        lost = before.frames > max(read, before.folded)
    else:
        lost = _goes_on(wal, head, read)
    return tr("is damaged or cut short", "a file") if lost else ""


def _index(library: Path) -> _Index | None:
    """None where it is not there or makes no sense. Never while this process has the database open: to close the file
    would let go SQLite's locks on it."""
    try:
        with (library / INDEX).open("rb") as stream:
            data = stream.read(100)
    except FileNotFoundError:
        return None
    if len(data) < 100 or data[:48] != data[48:96] or not data[12]:
        return None
    order = "<" if sys.byteorder == "little" else ">"
    version, frames, folded = (struct.unpack_from(f"{order}I", data, at)[0] for at in (0, 16, 96))
    return _Index(frames, folded, data[32:40]) if version == _VERSION else None


def _start(wal: Path) -> bytes:
    with wal.open("rb") as stream:
        return stream.read(_HEAD)


def _is_head(head: bytes) -> bool:
    """Whether that is the beginning of a WAL, with the right checksum."""
    magic, version = struct.unpack_from(">II", head)
    if magic not in _BYTE_ORDERS or version != _VERSION:
        return False
    first = second = 0
    numbers = struct.unpack_from(f"{_BYTE_ORDERS[magic]}6I", head)
    for one, other in zip(numbers[::2], numbers[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return (first, second) == struct.unpack_from(">II", head, 24)


def _goes_on(wal: Path, head: bytes, read: int) -> bool:
    """Whether a transaction of the same WAL ends behind the frames that SQLite takes."""
    (page,) = struct.unpack_from(">I", head, 8)
    step = _FRAME_HEAD + (page or 65536)
    with wal.open("rb") as stream:
        for at in range(_HEAD + read * step, wal.stat().st_size - _FRAME_HEAD + 1, step):
            stream.seek(at)
            frame = stream.read(_FRAME_HEAD)
            if frame[8:16] == head[16:24] and any(frame[4:8]):
                return True
    return False


def _kept(library: Path, how: str) -> Path:
    """A copy of the WAL as it is: SQLite writes over it from here on."""
    place = place_aside(library, WAL)
    safe = tr("nothing was changed")
    try:
        with named(place.parent, safe=safe):
            place.parent.mkdir(exist_ok=True)
        with (library / WAL).open("rb") as left, replacing(place) as copy:
            shutil.copyfileobj(left, copy)
    except StorageError as error:
        raise StorageError(
            tr(
                "{file} {harm}, and before the library is opened without it, a copy is kept: {problem}",
                file=library / WAL,
                harm=how,
                problem=error.what,
            ),
            safe=safe,
            remedy=error.remedy,
        ) from error
    return place
