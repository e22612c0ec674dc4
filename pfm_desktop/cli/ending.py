"""Being told to end: by `kill`, by a shutdown, by a terminal that goes away. A command then ends as after Ctrl+C.

Otherwise it would end on the spot, and what it had written so far (of an export: pictures with names) would stay.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")  # the second one is unknown to Windows


@contextlib.contextmanager
def ends_as_ctrl_c() -> Iterator[None]:
    """In this block, being told to end raises `KeyboardInterrupt`, once: cleaning up is not cut short by the next.

    What somebody else wants to hear, or wants not to be heard (nohup), is left to them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    heard = [number for number in known if signal.getsignal(number) is signal.SIG_DFL]

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in heard:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in heard:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)
