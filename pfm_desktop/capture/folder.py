"""Files that a device saves into a folder, one after another; on a share that may be away for a while."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.support.language import tr

_PARTIAL = frozenset({".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".swp", ".lock"})
_HIDDEN = (".", "~", "$")
_NAMES = frozenset({"thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class _Seen:
    """By which a file is known again: one that is written anew under its name is another."""

    name: str
    size: int
    changed: int  # nanoseconds, by the clock of who keeps the folder


class WatchedFolder:
    """What is new in a folder. Each `look` gives the files that are whole since the last one, each once, by the time
    they were written: their size and time were the same for two looks, they have content, and can be read.

    What lay there before the first look that succeeded counts as old, unless `also_old`. Nothing runs between looks:
    call it about once a second, on a thread that may wait, since a share that hangs holds `look` up.

    `came` tells of the files that the last look gave between which looks (seconds of `time.monotonic`) they appeared:
    at the first they were not there, at the second they were.
    """

    def __init__(self, path: Path | str, *, also_old: bool = False) -> None:
        self.path = Path(path)
        self.away = ""  # why the folder cannot be looked into at present, for a person; "" where it can
        self._also_old, self._known = also_old, False
        self._device, self._ever_found = 0, False
        self._given: set[_Seen] = set()
        self._growing: set[_Seen] = set()
        self._looked_at = float("-inf")
        self._came: dict[str, tuple[float, float]] = {}  # of files that are not given yet
        self.came: dict[Path, tuple[float, float]] = {}

    def look(self) -> tuple[Path, ...]:
        """The files that are new and whole, in the order in which they were written."""
        now = time.monotonic()
        self.came = {}
        try:
            found = {seen for entry in self._entries() if (seen := _seen(entry)) is not None}
            self._begin_where(self.path.stat().st_dev, bool(found))
        except OSError as error:
            self.away = tr(
                "The folder {path} cannot be reached ({why}). Waiting for it.",
                path=self.path,
                why=error.strerror or error,
            )
            return ()
        self.away = ""
        if not self._known:
            self._known = True
            if not self._also_old:
                self._given |= found
        # what has gone may come back with its share, and is then still known
        waiting = found - self._given
        names = {seen.name for seen in waiting}
        self._came = {name: self._came.get(name, (self._looked_at, now)) for name in names}
        self._looked_at = now
        whole = {seen for seen in waiting & self._growing if seen.size and self._readable(seen)}
        self._growing = waiting - whole
        self._given |= whole
        ordered = [seen.name for seen in sorted(whole, key=lambda seen: (seen.changed, seen.name))]
        self.came = {self.path / name: self._came.pop(name) for name in ordered}
        return tuple(self.came)

    def _begin_where(self, device: int, any_found: bool) -> None:
        """An empty folder onto which a share comes only later has not been looked into before."""
        if self._known and device != self._device and not self._ever_found:
            self._known = False
        self._device = device
        self._ever_found |= any_found

    def _entries(self) -> list[os.DirEntry[str]]:
        with os.scandir(self.path) as entries:
            return [entry for entry in entries if _is_meant(entry.name)]

    def _readable(self, seen: _Seen) -> bool:
        try:
            with (self.path / seen.name).open("rb") as stream:  # refused on Windows while it is being written
                return bool(stream.read(1))
        except OSError:
            return False


def _is_meant(name: str) -> bool:
    lower = name.lower()
    return not (lower.startswith(_HIDDEN) or lower.endswith("~") or lower in _NAMES or Path(lower).suffix in _PARTIAL)


def _seen(entry: os.DirEntry[str]) -> _Seen | None:
    """None for what is no file, or went away just now."""
    try:
        about = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return _Seen(entry.name, about.st_size, about.st_mtime_ns) if stat.S_ISREG(about.st_mode) else None
