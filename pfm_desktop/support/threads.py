"""How many threads the numeric libraries take, that they sleep while they wait, and which go first."""

import ctypes
import multiprocessing
import os
import sys
import threading
from typing import NoReturn

VARIABLES = {
    # torch's and OpenVINO's threads spin by default after each small job; beside a busy GUI thread that costs more
    # than it gains
    "OMP_WAIT_POLICY": "PASSIVE",
    "KMP_BLOCKTIME": "0",
    # numpy's spin as well, whatever the two above say, and its products here are small: one thread makes them
    "OPENBLAS_NUM_THREADS": "1",
    # torch's large tensors lie in large pages where the system has them: a training step takes less time
    "THP_MEM_ALLOC_ENABLE": "1",
}

_NICENESS = 10
_BELOW_NORMAL = -1  # THREAD_PRIORITY_BELOW_NORMAL


def set_polite_threads() -> None:
    """Set the environment before numpy, torch or OpenVINO load; what the user has set stays."""
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)


def worker_threads() -> int:
    """Threads for the engine: `OMP_NUM_THREADS` if set, else half of the logical processors above four."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    count = os.cpu_count() or 1
    return count if count <= 4 else max(4, count // 2)


def take_short_turns() -> None:
    """Let the window's thread have the interpreter within a millisecond of asking, where the usual 5 add up."""
    sys.setswitchinterval(0.001)


def give_way() -> None:
    """Let the other threads of the program go first, above all the window's; for the calling thread and those it
    starts. On an idle computer nothing is slower."""
    if sys.platform.startswith("linux"):
        thread = threading.get_native_id()  # on Linux each thread has a priority of its own
        if os.getpriority(os.PRIO_PROCESS, thread) < _NICENESS:
            os.setpriority(os.PRIO_PROCESS, thread, _NICENESS)
    elif sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.GetCurrentThread.restype = ctypes.c_void_p
        kernel.SetThreadPriority.argtypes = (ctypes.c_void_p, ctypes.c_int)
        kernel.SetThreadPriority(kernel.GetCurrentThread(), _BELOW_NORMAL)


def leave(code: int) -> NoReturn:
    """End the process with `code`, whatever its threads still do; all that matters is on disk by then.

    A thread in the middle of native code, such as a model that is being loaded while the window closes, cannot be
    unwound: the interpreter's usual end aborts there. Nothing is taken down then, and worker processes are ended here.
    """
    if threading.active_count() > 1:
        for worker in multiprocessing.active_children():
            worker.terminate()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # a windowed program on Windows has none
                stream.flush()
        os._exit(code)
    sys.exit(code)
