"""Whether a window can open here, asked without Qt: Qt ends the program when its display does not answer."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from pfm_desktop.support.system_libraries import X_LIBRARIES, missing, packages

X_SOCKETS = "/tmp/.X11-unix"
X_PORT = 6000
# `:0`, `localhost:10.0`, `unix:0`, `tcp/host:0`, `[::1]:0`
_DISPLAY = re.compile(r"(?:(?P<protocol>\w+)/)?(?P<host>.*):(?P<number>\d+)(?:\.\d+)?")
_SECONDS = 3.0  # for a display on another computer; one on this computer answers at once

NO_DISPLAY = (
    "error: there is no display for the window. Start it on a desktop, or with `xvfb-run pfm-desktop`, "
    "or use the command line: `pfm analyze --help`"
)
REFUSED = (
    "error: the display {display} does not let this program in. Start it as the user whose desktop it is, or let "
    "XAUTHORITY name that user's file of permissions, or use the command line: `pfm analyze --help`"
)
NEEDS = "the window needs system libraries that are not here"
NO_LIBRARIES = (
    f"error: {NEEDS}. Install them "
    "(Debian and Ubuntu: `sudo apt-get install {packages}`), or use the command line: `pfm analyze --help`"
)


def why_no_window() -> str:
    """Why Qt could not open a window here, as one line of error with its remedy; "" when it can.

    Only Linux can lack a display.
    """
    if not sys.platform.startswith("linux"):
        return ""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform and not platform.startswith(("xcb", "wayland")):  # offscreen and its like need none
        return ""
    if not platform.startswith("xcb") and _wayland_answers():
        return ""
    display = os.environ.get("DISPLAY", "")
    if platform.startswith("wayland") or not _x_answers(display):
        return NO_DISPLAY
    if lacking := missing(X_LIBRARIES):
        return NO_LIBRARIES.format(packages=packages(lacking, X_LIBRARIES))
    return "" if _x_lets_in() else REFUSED.format(display=display)


def _wayland_answers() -> bool:
    name, home = os.environ.get("WAYLAND_DISPLAY", ""), os.environ.get("XDG_RUNTIME_DIR", "")
    return bool(name) and _answers(socket.AF_UNIX, str(Path(home) / name))


def _x_answers(display: str) -> bool:
    return any(_answers(family, address) for family, address in x_addresses(display))


def x_addresses(display: str) -> Iterator[tuple[socket.AddressFamily, str | tuple[str, int]]]:
    """Where the X server that `DISPLAY` names listens; nothing where it names none."""
    found = _DISPLAY.fullmatch(display)
    if found is None:
        return
    host, number = found["host"], int(found["number"])
    if host.startswith("/"):  # the path of a socket
        yield socket.AF_UNIX, display
    elif host in ("", "unix") or found["protocol"] == "unix":
        path = f"{X_SOCKETS}/X{number}"
        yield socket.AF_UNIX, path
        yield socket.AF_UNIX, f"\0{path}"
    elif X_PORT + number < 1 << 16:
        yield socket.AF_INET, (host.strip("[]"), X_PORT + number)


def _answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    try:
        if isinstance(address, tuple):
            socket.create_connection(address, timeout=_SECONDS).close()
            return True
        with socket.socket(family, socket.SOCK_STREAM) as asking:
            asking.settimeout(_SECONDS)
            asking.connect(address)
            return True
    except (OSError, ValueError):  # nobody listens there; a name that no address can have
        return False


def _x_lets_in() -> bool:
    """Whether the X server of `DISPLAY` takes this program on, as libxcb asks it for Qt: with what XAUTHORITY holds.

    A server that takes the connection and then says nothing for `_SECONDS` counts as one that does not.
    """
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = ctypes.c_char_p, ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = (ctypes.c_void_p,)
    xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    taken_on: list[bool] = []

    def ask() -> None:
        connection = xcb.xcb_connect(None, None)
        taken_on.append(xcb.xcb_connection_has_error(connection) == 0)
        xcb.xcb_disconnect(connection)

    asking = threading.Thread(target=ask, daemon=True)  # libxcb itself would wait for ever
    asking.start()
    asking.join(_SECONDS)
    return taken_on == [True]
