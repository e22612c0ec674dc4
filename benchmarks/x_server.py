"""An X server without a screen, for what has to happen in a real window."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCREEN = "1920x1080x24"


@contextmanager
def screen(size: str = SCREEN) -> Iterator[str]:
    """An X server of its own, on a display that is free."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as said:
            number = said.readline().strip()
            if not number:
                raise RuntimeError("Xvfb did not start")
            yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def window_env(display: str, home: Path) -> dict[str, str]:
    """The environment of a program of ours in a window on that display, with settings of its own. Modules are compiled
    once, as they are where the program is installed."""
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "PFM_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "PFM_LANGUAGE": "en",
    }
