"""Whether a window can open here, asked without Qt: Qt ends the program when its display does not answer."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

X_SOCKETS = "/tmp/.X11-unix"
X_PORT = 6000
# `:0`, `localhost:10.0`, `unix:0`, `tcp/host:0`, `[::1]:0`
_DISPLAY = re.compile(r"(?:(?P<protocol>\w+)/)?(?P<host>.*):(?P<number>\d+)(?:\.\d+)?")
_SECONDS = 3.0  # for a display on another computer; one on this computer answers at once


def has_display() -> bool:
    """Whether Qt can open a window here. Only Linux can lack a display."""
    if not sys.platform.startswith("linux"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform and not platform.startswith(("xcb", "wayland")):  # offscreen and its like need none
        return True
    return (not platform.startswith("xcb") and _wayland_answers()) or (
        not platform.startswith("wayland") and _x_answers(os.environ.get("DISPLAY", ""))
    )


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
