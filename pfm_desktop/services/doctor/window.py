"""Whether a window can open: Qt's plugins, the system's libraries, a display. Qt is not loaded."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from pfm_desktop.services.doctor.finding import Finding, Findings, warn, wrong
from pfm_desktop.services.doctor.program import AGAIN
from pfm_desktop.support import display, system_libraries

_PLUGINS = {"win32": "qwindows.dll", "darwin": "libqcocoa.dylib"}
_XCB, _WAYLAND = "libqxcb.so", "libqwayland"


def window() -> Findings:
    """Qt's plugins, and the system's libraries that they need."""
    plugins = _plugins()
    wanted = _PLUGINS.get(sys.platform, _XCB)
    if wanted not in plugins:
        yield wrong("Window", f"Qt's plugin {wanted} is missing", AGAIN)
    else:
        yield Finding("Window", f"Qt's plugins: {', '.join(sorted(plugins))}")
    lacking = system_libraries.missing()
    if lacking:
        todo = f"Debian and Ubuntu: sudo apt-get install {system_libraries.packages(lacking)}"
        needed = set(lacking) & set(system_libraries.X_LIBRARIES)
        said = f"the system lacks {', '.join(lacking)}"
        yield wrong("Libraries", said, todo) if needed else warn("Libraries", said, todo)
    elif sys.platform.startswith("linux"):
        yield Finding("Libraries", "the system has all that the window needs")
    if why := display.why_no_window():
        refused = "does not let" in why
        said = "a display is there and does not let this program in" if refused else "there is no display here"
        if lacking and "system libraries" in why:
            return
        yield warn("Display", said, "start the window on a desktop, as the user whose desktop it is; pfm works without")
    elif sys.platform.startswith("linux"):
        yield Finding("Display", f"answers; Qt takes {_taken(plugins)}")


def _taken(plugins: set[str]) -> str:
    asked = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]
    if asked in ("xcb", "wayland", "offscreen", "minimal", "vnc", "eglfs", "linuxfb"):
        return f"{asked}, as the variable QT_QPA_PLATFORM says"
    wayland = bool(os.environ.get("WAYLAND_DISPLAY")) and any(name.startswith(_WAYLAND) for name in plugins)
    return "wayland" if wayland else "xcb"


def _plugins() -> set[str]:
    """File names of the plugins for windows."""
    spec = importlib.util.find_spec("PySide6")
    if spec is None or spec.origin is None:
        return set()
    home = Path(spec.origin).parent
    folders = (home / "Qt" / "plugins" / "platforms", home / "plugins" / "platforms")
    return {file.name for folder in folders if folder.is_dir() for file in folder.iterdir() if file.is_file()}
