"""The database file read once from its beginning to its end, for the memory of the computer.

What a search looks at is scattered over the file, and a disk that needs some milliseconds for each place needs seconds
for the first letters typed after the computer was started. The whole file in its order takes it no longer than a few of
those letters (`benchmarks/scale.py`).
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pfm_desktop.jobs import Context

PIECE = 1 << 20  # bytes read at once
MOST = 2 << 30  # bytes: that of 100,000 visits is under 1 GiB, and a computer has other things to keep
_ReadAt = Callable[[bytearray, int], int]


def read_ahead(database: Path, ctx: Context) -> int:
    """Read the file, which SQLite has open, up to `MOST`; how many bytes it was.

    It is a help: what cannot be read is left, to be told by whoever needs it. `ctx` may stop it between two pieces.
    """
    done = 0
    with contextlib.suppress(OSError), _reader(database) as read_at:
        buffer = bytearray(PIECE)
        while done < MOST:
            ctx.check()
            begun = time.perf_counter()
            came = read_at(buffer, done)
            if not came:
                break
            done += came
            time.sleep(time.perf_counter() - begun)  # as long again for who needs another place of the disk
    return done


@contextlib.contextmanager
def _reader(database: Path) -> Iterator[_ReadAt]:
    """What reads the file at a place; it reads nothing once the file is not that one any more."""
    if sys.platform == "win32":  # where locks are of a handle, and closing another one lets go none
        with database.open("rb", buffering=0) as stream:
            yield lambda buffer, at: stream.readinto(buffer) if stream.seek(at) == at else 0
        return
    # by the descriptor that SQLite has: to open and close another one would let go the locks of SQLite on the file. It
    # may be closed at any time, and its number be that of another file then, of which a piece is read for nothing
    wanted = database.stat()
    numbers = (int(each.name) for each in Path("/proc/self/fd").iterdir())
    found = next((number for number in numbers if _is(number, wanted)), None)
    yield lambda buffer, at: os.preadv(found, [buffer], at) if found is not None and _is(found, wanted) else 0


def _is(descriptor: int, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), wanted)
    except OSError:
        return False
