"""Locks of the operating system on an open file: they end with the process that holds them, however it ends.

`lock` raises `BlockingIOError` or `PermissionError` where another program holds it, else `OSError`.
"""

from __future__ import annotations

import sys
from typing import IO

# far behind what is written, since Windows forbids others to read the bytes that are locked
_LOCKED_BYTE = 1 << 30

if sys.platform == "win32":
    import msvcrt

    def lock(stream: IO[bytes]) -> None:
        """Take it, or say at once that it is taken."""
        place = stream.tell()
        stream.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            stream.seek(place)

    def unlock(stream: IO[bytes]) -> None:
        """Give it back."""
        stream.seek(_LOCKED_BYTE)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def lock(stream: IO[bytes]) -> None:
        """Take it, or say at once that it is taken."""
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unlock(stream: IO[bytes]) -> None:
        """Give it back."""
        fcntl.flock(stream.fileno(), fcntl.LOCK_UN)
