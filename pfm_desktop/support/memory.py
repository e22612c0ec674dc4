"""Large pictures leave no memory behind when they are let go."""

from __future__ import annotations

import ctypes
import logging
import sys

log = logging.getLogger(__name__)

LARGE = 1 << 20  # bytes; a picture, a plane of a map, never a Python object
_M_MMAP_THRESHOLD = -3  # of malloc.h


def return_large_buffers() -> bool:
    """Have buffers of `LARGE` and more go back to the system once freed; for the whole process, before work begins.

    Left alone, glibc raises this bound to 32 MB as it meets large buffers, and then keeps those of a 3840 x 2160 pair,
    100 to 200 MB, for a next one that may never come. False where there is no glibc (nothing is done then).
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        taken = bool(ctypes.CDLL("libc.so.6").mallopt(_M_MMAP_THRESHOLD, LARGE))
    except (OSError, AttributeError):  # another C library, such as musl
        return False
    log.debug("large buffers go back to the system: %s", taken)
    return taken
