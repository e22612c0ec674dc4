"""Folders that the program writes to: are they there, may they be written, is there room, who else may look into them.

They are called by what they are for: their paths are not told.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from pfm_desktop.services import crash_report
from pfm_desktop.services.doctor.finding import Finding, Findings, warn, wrong
from pfm_desktop.storage.schema import DATABASE, is_encrypted
from pfm_desktop.support.paths import demo_library_dir, log_dir, user_data_dir
from pfm_desktop.support.settings import load_settings

GB = 1e9
LITTLE, TOO_LITTLE = 5 * GB, 0.5 * GB
_SHARED = "/dev/shm"
_ROOM = "free some space on its disk"
_WRITE = "give this user the right to write there, or look whether its disk is connected and not read only"


def data_folder() -> Findings:
    """Settings, models, logs."""
    folder = user_data_dir()
    if not folder.exists():
        yield Finding("Data folder", "not made yet: the window has not been started by this user")
        yield _room("Data folder", next(above for above in folder.parents if above.exists()))
        return
    yield _room("Data folder", folder)
    if _others_look_in(folder):
        yield warn(
            "Data folder", "other users of this computer may look into it", "close it to others: chmod 700 on Linux"
        )


def library_folder() -> Findings:
    """Of the library that the window opens."""
    chosen = load_settings().library
    folder = Path(chosen) if chosen else demo_library_dir()
    name = "Library" if chosen else "Demo library"
    if not os.path.lexists(folder / DATABASE):
        if chosen:
            yield wrong(name, "is not there", "connect its disk or network share, or open another one in the window")
        else:
            yield Finding(name, "not drawn yet: the first start does that")
        return
    yield _room(name, folder)
    yield Finding(
        name,
        "encrypted, with accounts"
        if is_encrypted(folder)
        else "not encrypted" + (", of phantoms" if not chosen else ""),
    )
    if _others_look_in(folder):
        yield warn(
            name, "other users of this computer may look into its folder", "close it to others: chmod 700 on Linux"
        )


def temporary() -> Findings:
    """Where work lies for a while."""
    try:
        folder = Path(tempfile.gettempdir())
    except OSError:
        yield wrong("Temporary files", "there is no folder that may be written", _WRITE)
        return
    yield _room("Temporary files", folder)


def shared_memory() -> Findings:
    """On Linux: what processes share lies here."""
    if not sys.platform.startswith("linux"):
        return
    try:
        with tempfile.TemporaryFile(dir=_SHARED, prefix=".pfm-doctor-"):
            yield Finding("Shared memory", "may be written")
    except OSError as error:
        yield warn(
            "Shared memory",
            f"{_SHARED} may not be written ({error.strerror or type(error).__name__}): longer work takes one core only",
            f"let the system mount {_SHARED} so that everybody may write there",
        )


def written() -> Findings:
    """Log, and what is kept of crashes."""
    size = sum(file.stat().st_size for file in log_dir().rglob("*") if file.is_file()) if log_dir().is_dir() else 0
    kept = len(crash_report.reports())
    yield Finding("Log", f"{size / 1e6:.1f} MB")
    if kept:
        yield warn(
            "Crashes", f"{kept} kept", "Help, After a crash shows them, saves one for whoever helps, and removes them"
        )
    else:
        yield Finding("Crashes", "none kept")


def _room(name: str, folder: Path) -> Finding:
    """Tried, not asked: rights and shares differ."""
    try:
        with tempfile.TemporaryFile(dir=folder, prefix=".pfm-doctor-"):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return wrong(name, f"may not be written ({error.strerror or type(error).__name__})", _WRITE)
    said = f"may be written, {free / GB:.1f} GB free"
    if free < TOO_LITTLE:
        return wrong(name, said, _ROOM)
    return warn(name, said, _ROOM) if free < LITTLE else Finding(name, said)


def _others_look_in(folder: Path) -> bool:
    """On Linux: whether every folder on the way lets everybody through, and this one lets them look."""
    if sys.platform == "win32":
        return False
    through = all(above.stat().st_mode & 0o001 for above in folder.resolve().parents)
    return through and bool(folder.stat().st_mode & 0o004)
