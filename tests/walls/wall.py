"""A wall around a program: where it reaches for the network it ends at once, and so does all that it starts.

Twice over. The kernel's filter of system calls (seccomp, Linux on x86-64) sees C++ as well as Python, and stays with
threads, with processes that are started, and with a program that takes this one's place (`exec`): sockets are those of
this computer alone (`AF_UNIX`: the desktop), and nothing listens. Python's own hook works on every system and sees
names being looked up.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import platform
import signal
import sys
from typing import Any

ENDED = 91  # the exit code where Python's hook saw it; where the filter did, the signal SIGSYS

_SOCKET, _BIND, _LISTEN, _AF_UNIX, _X86_64 = 41, 49, 50, 1, 0xC000003E
_LOAD, _EQUAL, _GREATER, _RETURN = 0x20, 0x15, 0x35, 0x06  # of the filter's little machine, on 32 bits
_TRAP, _ALLOW, _OF_X32 = 0x00030000, 0x7FFF0000, 0x40000000
_FILTER = (
    (_LOAD, 0, 0, 4), (_EQUAL, 0, 8, _X86_64),  # another way to call the kernel is none of this program's
    (_LOAD, 0, 0, 0), (_GREATER, 6, 0, _OF_X32),
    (_EQUAL, 5, 0, _BIND), (_EQUAL, 4, 0, _LISTEN), (_EQUAL, 0, 2, _SOCKET),
    (_LOAD, 0, 0, 16), (_EQUAL, 0, 1, _AF_UNIX),
    (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _TRAP),
)  # fmt: skip


class _Step(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def is_native() -> bool:
    """Whether what is not Python is seen here as well."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def build() -> None:
    """Around this process, for good."""
    if is_native():
        let_the_kernel_watch()
        faulthandler.register(signal.SIGSYS, all_threads=True, chain=True)  # where in Python it was
    sys.addaudithook(_hook)


def let_the_kernel_watch() -> None:
    """Around this process and whatever takes its place, for good; `preexec_fn` of a program that is not Python."""
    steps = (_Step * len(_FILTER))(*_FILTER)
    program = _Program(len(_FILTER), steps)
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((38, 1, 0, 0, 0), (22, 2, ctypes.byref(program), 0, 0)):  # no new privileges; the filter
        if libc.prctl(*words) != 0:
            raise OSError(ctypes.get_errno(), "the kernel takes no filter of system calls")


def _hook(event: str, given: tuple[Any, ...]) -> None:
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.bind") or (
        event in ("socket.connect", "socket.sendto", "socket.sendmsg") and not isinstance(given[1], str | bytes)
    ):
        os.write(2, f"the network was asked for: {event} {given[1:]}\n".encode())
        faulthandler.dump_traceback()
        os._exit(ENDED)
