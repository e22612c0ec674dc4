"""The door to `faults.c`: which call fails, and how."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

LOADED = "PFM_FAULTS"  # where the program itself says that the library is loaded
_SOURCE = Path(__file__).with_name("faults.c")


@dataclass(frozen=True)
class Manner:
    """How a disk fails: with which error; from the call on or once; whether calls that need no space fail too."""

    error: int
    stays: bool
    freeing_too: bool = False


MANNERS = MappingProxyType(
    {
        "full": Manner(errno.ENOSPC, stays=True),
        "full once": Manner(errno.ENOSPC, stays=False),
        "read-only": Manner(errno.EROFS, stays=True, freeing_too=True),
        "refused once": Manner(errno.EACCES, stays=False, freeing_too=True),
        "broken once": Manner(errno.EIO, stays=False, freeing_too=True),
    }
)


def load_and_start_again() -> None:
    """Compile the library and start this program once more with it; returns in the second one."""
    if os.environ.get(LOADED):
        return
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        raise SystemExit("error: this needs Linux and a C compiler (cc)")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "faults.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(_SOURCE), "-ldl"], check=True)
        around = {**os.environ, "LD_PRELOAD": str(made), LOADED: str(made)}
        raise SystemExit(subprocess.run([sys.executable, *sys.argv], env=around, check=False).returncode)


@functools.cache
def _library() -> ctypes.CDLL:
    found = ctypes.CDLL(os.environ[LOADED])
    found.faults_end.restype = ctypes.c_long
    found.faults_struck.restype = ctypes.c_char_p
    found.faults_arm.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_int]
    return found


@dataclass
class Struck:
    """How many calls there were, and the first that failed ("": none)."""

    calls: int = 0
    where: str = ""


@contextlib.contextmanager
def failing(manner: Manner, folder: Path, at: int) -> Iterator[Struck]:
    """Inside, the call number `at` below `folder` fails (0: none, all are counted)."""
    struck = Struck()
    _library().faults_arm(os.fsencode(folder), at, manner.error, int(manner.stays), int(manner.freeing_too))
    try:
        yield struck
    finally:
        struck.calls = _library().faults_end()
        struck.where = _library().faults_struck().decode(errors="replace")
