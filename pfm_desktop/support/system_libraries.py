"""Libraries of the system that the program needs and a computer may lack, by the Debian package that holds each.

The installed package declares them (`resources/installer/debian.py`); who unpacks the archive has to see to them.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable, Mapping

# What Qt's plugin for X is linked with and a desktop may lack; asked for at each start, as Qt loads them anyway.
X_LIBRARIES = {
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
LIBRARIES = {
    **X_LIBRARIES,
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
}


def loads(library: str) -> bool:
    """Whether the system has it."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing(libraries: Iterable[str] = LIBRARIES) -> tuple[str, ...]:
    """Those of them that this system lacks; none elsewhere than on Linux, where they come with the program."""
    return tuple(name for name in libraries if not loads(name)) if sys.platform.startswith("linux") else ()


def packages(libraries: Iterable[str], known: Mapping[str, str] = LIBRARIES) -> str:
    """The Debian packages that hold them, as `apt-get` takes them; a library that is not known stands as it is."""
    return " ".join(dict.fromkeys(known.get(name, name) for name in libraries))
