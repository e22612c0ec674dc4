"""Programs outside this one: they get the environment as it was before the installed program put its own into it.

A program of the system that finds the libraries or the Qt plugins of the bundle takes them for its own, and dies.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_BEFORE = "_ORIG"  # PyInstaller keeps under NAME_ORIG what NAME was; cv2 puts more into it later
_OPENERS = (("xdg-open",), ("gio", "open"))
_PATIENCE = 5.0  # seconds in which one that opens nothing says so; some stay as long as the window they opened
_staying: list[subprocess.Popen[bytes]] = []  # they outlive this program, and are never ended by it


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Of a program outside: `given`, by default that of this process, without what leads into the bundle."""
    kept = dict(os.environ if given is None else given)
    bundle = getattr(sys, "_MEIPASS", "")
    if not bundle:
        return kept
    for name in [name for name in kept if f"{name}{_BEFORE}" in kept]:
        kept[name] = kept.pop(f"{name}{_BEFORE}")
    homes = (Path(os.path.normpath(bundle)), Path(sys.executable).parent)
    for name, value in tuple(kept.items()):
        parts = value.split(os.pathsep)
        others = [part for part in parts if not _within(part, homes)]
        if len(others) < len(parts):
            kept[name] = os.pathsep.join(part for part in others if part)
            if not kept[name]:
                del kept[name]
    kept["PYINSTALLER_RESET_ENVIRONMENT"] = "1"  # or another such program takes itself for a part of this one
    return kept


def open_folder(folder: Path) -> bool:
    """Show a folder in the file manager; False where none does. It takes seconds: not for the window's thread."""
    if sys.platform == "win32":
        try:
            os.startfile(folder)
        except OSError:
            return False
        return True
    env = environment()
    return any(_opened([*words, str(folder)], env) for words in _OPENERS)


def _opened(command: list[str], env: Mapping[str, str]) -> bool:
    program = shutil.which(command[0], path=env.get("PATH"))
    if program is None:
        return False
    nothing = subprocess.DEVNULL
    try:
        started = subprocess.Popen(
            [program, *command[1:]], env=env, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )
        return started.wait(_PATIENCE) == 0
    except subprocess.TimeoutExpired:
        _staying.append(started)
        return True
    except OSError:
        return False


def _within(part: str, homes: tuple[Path, ...]) -> bool:
    """Whether a part of a search path lies in the bundle; cv2 writes `..` into its own."""
    return Path(part).is_absolute() and any(Path(os.path.normpath(part)).is_relative_to(home) for home in homes)
