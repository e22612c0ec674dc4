"""Large pictures leave no memory behind when they are let go, looking for garbage holds nothing up, and what is held in
memory is written nowhere when the program crashes."""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

log = logging.getLogger(__name__)

LOOK_AT_ALL_S = 30.0  # at least between two looks at all objects: Python looks so seldom because they are many
LARGE = 1 << 20  # bytes; a picture, a plane of a map, never a Python object
STREAMED = 32 << 20  # bytes, the largest bound that glibc takes; four pictures of a camera
_LEFT_OVER, _LEFT_OVER_STREAMING = 128 << 10, 64 << 20  # free bytes that an arena keeps; the first is glibc's own
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of malloc.h
_NO_DUMP, _PR_SET_DUMPABLE = 0, 4  # of prctl.h
_NO_REPORT = 0x0001 | 0x0002  # SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX
_returned = False  # whether `return_large_buffers` holds
_asked = False  # whether a `Collector` looks for garbage; Python then does so by itself no more
_ARENAS = 2  # each keeps what its threads let go; glibc would open sixteen on two processors


def stay_out_of_crash_files() -> None:
    """Let the system write no memory of this process to disk when it crashes: it holds names, pictures and keys.

    For each process that holds them, at its beginning: what it starts anew is not covered.
    """
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetErrorMode(_NO_REPORT)
        return
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform.startswith("linux"):  # a collector of crashes, such as systemd-coredump, asks for no limit
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, _NO_DUMP, 0, 0, 0)


def return_large_buffers() -> bool:
    """Have buffers of `LARGE` and more go back to the system once freed; for the whole process, before work begins.

    Left alone, glibc raises this bound to 32 MB as it meets large buffers, and then keeps those of a 3840 x 2160 pair,
    100 to 200 MB, for a next one that may never come. False where there is no glibc (nothing is done then).
    """
    global _returned  # noqa: PLW0603 - of the whole process, as what it asks for
    _returned = _mallopt((_M_MMAP_THRESHOLD, LARGE), (_M_ARENA_MAX, _ARENAS))
    log.debug("large buffers go back to the system: %s", _returned)
    return _returned


def keep_large_buffers(streaming: bool) -> None:
    """While pictures of a camera stream, keep their buffers for the next ones, up to `STREAMED` bytes each; return them
    again when it is over. For the whole process, where `return_large_buffers` was called; nothing elsewhere.

    Each picture of 1920 x 1080 passes through half a dozen buffers of 6 to 8 MB, 30 times a second. To ask the system
    for new ones costs it as much as the work on them.
    """
    if not _returned:
        return
    if streaming:
        _mallopt((_M_MMAP_THRESHOLD, STREAMED), (_M_TRIM_THRESHOLD, _LEFT_OVER_STREAMING))
    else:
        _mallopt((_M_MMAP_THRESHOLD, LARGE), (_M_TRIM_THRESHOLD, _LEFT_OVER))
        return_free()


def _mallopt(*options: tuple[int, int]) -> bool:
    """Whether all were taken; False where there is no glibc."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        return all(bool(mallopt(option, value)) for option, value in options)
    except (OSError, AttributeError):  # another C library, such as musl
        return False


def return_free() -> None:
    """Give the system what was let go in small pieces: some 20 MB after a case. A few milliseconds; glibc only."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)


class Collector:
    """Looks for garbage when it is asked, about as often as Python would by itself, which it does no more.

    By itself Python looks on whichever thread happens to make the next object, and deletes there what it finds. A
    widget that is deleted on another thread than the window's crashes the program, or holds it up for ever (ADR 19).
    """

    def __init__(self) -> None:
        global _asked  # noqa: PLW0603 - of the whole process, as Python's own looking
        _asked = True
        gc.disable()
        self._all_at = time.monotonic()

    def look(self) -> None:
        """On the thread whose objects may be deleted on no other."""
        counts, limits = gc.get_count(), gc.get_threshold()
        if counts[2] > limits[2] and time.monotonic() - self._all_at >= LOOK_AT_ALL_S:
            gc.collect()
            self._all_at = time.monotonic()
        elif counts[1] > limits[1]:
            gc.collect(1)
        elif counts[0] > limits[0]:
            gc.collect(0)


@contextmanager
def without_collection() -> Iterator[None]:
    """While modules load: Python then does not look for garbage, and never again looks through what was loaded.

    Modules stay for good. Looking through those of torch holds every thread up for a tenth of a second, and looking
    through those of the start again and again takes a twelfth of it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled and not _asked:  # one may have been made meanwhile, here or on another thread
            gc.enable()
