"""Walking through what a person gave: folders with all that is in them, zips, single files.

Links are never followed, except one that was given itself. A zip in a folder is walked through too, a zip in a zip not.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pfm_desktop.services.importing.found import (
    ENTRY_LIMIT,
    FILE_LIMIT,
    TOTAL_LIMIT,
    Found,
    Item,
    Skipped,
    hidden,
    shown,
    too_large,
)
from pfm_desktop.services.importing.zips import entries_of, entry_bytes, entry_head, open_zip
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.imaging.video import Recording
    from pfm_desktop.services.importing.reading import RecordedPicture

_VIDEOS = (".avi", ".mkv")  # larger than a picture may be: frames are read from the file, never the whole of it
_NOT_FILES = (
    (stat.S_ISFIFO, tr("a pipe, not a file")),
    (stat.S_ISSOCK, tr("a socket, not a file")),
    (stat.S_ISBLK, tr("a device, not a file")),
    (stat.S_ISCHR, tr("a device, not a file")),
)


def walk(paths: Sequence[Path | str]) -> Iterator[Found]:
    """What is in these folders, zips and files, in order of name; read nothing but zips' directories.

    Raises `BadInputError` for a path that does not exist: what was named by a person is not skipped silently.
    """
    given = [Path(path) for path in paths]
    for path in given:
        _check_there(path)
    seen: set[str] = set()
    for path in given:
        for found in _walk_one(Path(os.path.realpath(path))):
            if isinstance(found, Item):
                key = f"{os.path.realpath(found.path)}:{found.entry}"
                if key in seen:
                    yield Skipped(found.name, tr("it was given twice"), expected=True)
                    continue
                seen.add(key)
            yield found


class Reader:
    """Reads items; keeps the zip and the video that it read from last open. Used as `with Reader() as reader`."""

    def __init__(self) -> None:
        self._zip: zipfile.ZipFile | None = None
        self._path: Path | None = None
        self._last: tuple[Item, bytes] | None = None  # its first bytes are asked for before all of it
        self._recording: Recording | None = None
        self._apart: tuple[Item, Sequence[RecordedPicture]] | None = None  # the pictures of a file with many

    def taken_apart(self, item: Item, into: Callable[[bytes], Sequence[RecordedPicture]]) -> Sequence[RecordedPicture]:
        """The pictures of a file that holds several, which are asked for one by one."""
        if self._apart is None or self._apart[0] != item:
            self._apart = None  # two large ones need not be held at once
            self._apart = item, into(self.read(item))
        return self._apart[1]

    def read(self, item: Item, *, most: int = FILE_LIMIT) -> bytes:
        """Bytes of an item, at most the first `most` of a file. `BadInputError` when it cannot be read."""
        if item.entry is None:
            return _file_bytes(item, most)
        known = self._last is not None and self._last[0] == item
        if not known and most < min(item.size, FILE_LIMIT):  # what it is: the rest may be no picture, and large
            return entry_head(self._opened(item.path), item, most)
        if self._last is None or not known:
            self._last = None  # two large ones need not be held at once
            self._last = item, entry_bytes(self._opened(item.path), item)
        return self._last[1][:most]

    def recording(self, path: Path) -> Recording:
        """A video, open; frames are read on from the last one. `BadInputError` for what is none."""
        from pfm_desktop.imaging.video import Recording

        if self._recording is None or self._recording.path != path:
            self._end_recording()
            self._recording = Recording(path)
        return self._recording

    def _end_recording(self) -> None:
        if self._recording is not None:
            self._recording.close()
        self._recording = None

    def _opened(self, path: Path) -> zipfile.ZipFile:
        if self._zip is None or self._path != path:
            self._end_zip()
            self._zip, self._path = open_zip(path), path
        return self._zip

    def close(self) -> None:
        """Close what is open."""
        self._end_zip()
        self._end_recording()
        self._apart = None

    def _end_zip(self) -> None:
        if self._zip is not None:
            self._zip.close()
        self._zip = self._last = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_there(path: Path) -> None:
    try:
        path.stat()
    except OSError as error:
        raise BadInputError(
            tr("{path} cannot be looked at: {problem}", path=path, problem=error.strerror or error),
            safe=tr("nothing was read"),
            remedy=tr("check the name and that its disk is connected"),
        ) from error


def _walk_one(path: Path) -> Iterator[Found]:
    name = shown(path.name)
    if path.is_dir():
        yield from _folder(path, name)
    elif path.suffix.lower() == ".zip":
        yield from _zip(path, name)
    else:
        yield _file(path, name)


def _folder(root: Path, name: str) -> Iterator[Found]:
    """Depth first with a stack of its own, so that no depth of folders ends it."""
    waiting, count = [(root, name)], 0
    while waiting:
        folder, shown_as = waiting.pop()
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            yield Skipped(shown_as, tr("the folder cannot be looked into: {problem}", problem=error.strerror or error))
            continue
        if any(entry.name == DATABASE for entry in entries):
            yield Skipped(shown_as, tr("a library of this program, not a folder of pictures"))
            continue
        inside = []
        for entry in entries:
            count += 1
            if count > ENTRY_LIMIT:
                yield Skipped(
                    shown_as,
                    tr("the folder holds more than {count:,} files: give its parts one by one", count=ENTRY_LIMIT),
                )
                return
            path, whole = Path(entry.path), f"{shown_as}/{shown(entry.name)}"
            if reason := hidden(entry.name, _attributes(entry)):
                yield Skipped(whole, reason, expected=True)
            elif entry.is_symlink():
                yield Skipped(whole, _link(path, root))
            elif entry.is_dir(follow_symlinks=False):
                inside.append((path, whole))
            elif path.suffix.lower() == ".zip":
                yield from _zip(path, whole)
            else:
                yield _file(path, whole)
        waiting.extend(reversed(inside))


def _attributes(entry: os.DirEntry[str]) -> int:
    try:
        return int(getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0))
    except OSError:
        return 0  # said when it is looked at


def _link(path: Path, root: Path) -> str:
    try:
        leads_to = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return tr("a link that leads nowhere or in a circle")
    if leads_to.is_relative_to(root):
        return tr("a link to what is looked at where it lies")
    return tr("a link that leads out of the folder")


def _zip(path: Path, name: str) -> Iterator[Found]:
    looked = _file(path, name, limit=False)
    if isinstance(looked, Skipped):
        yield looked
        return
    try:
        yield from entries_of(path, name)
    except BadInputError as error:
        yield Skipped(name, f"{error.what.removeprefix(f'{path} ')}: {error.remedy}")


def _file(path: Path, name: str, *, limit: bool = True) -> Found:
    try:
        facts = path.lstat()
    except OSError as error:
        return Skipped(name, tr("it cannot be looked at: {problem}", problem=error.strerror or error))
    for asked, reason in _NOT_FILES:
        if asked(facts.st_mode):
            return Skipped(name, reason)
    most = TOTAL_LIMIT if path.suffix.lower() in _VIDEOS else FILE_LIMIT
    if limit and facts.st_size > most:
        return Skipped(name, too_large(facts.st_size))
    if not os.access(path, os.R_OK):
        return Skipped(name, tr("it may not be read: permission denied"))
    return Item(name, facts.st_size, _moment(facts.st_mtime), path)


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds).astimezone() if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _file_bytes(item: Item, most: int) -> bytes:
    """Opened so that neither a link nor a pipe put there meanwhile is followed or waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(item.path, flags), "rb") as stream:
            facts = os.fstat(stream.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise BadInputError(tr("{name} is not a file any more", name=item.name), remedy=tr("choose it again"))
            if most >= FILE_LIMIT and facts.st_size > FILE_LIMIT:
                raise BadInputError(
                    tr("{name} is {problem}", name=item.name, problem=too_large(facts.st_size)),
                    remedy=tr("choose a smaller one"),
                )
            return stream.read(most)
    except OSError as error:
        raise BadInputError(
            tr("{name} cannot be read: {problem}", name=item.name, problem=error.strerror or error),
            remedy=tr("check the disk and its permissions"),
        ) from error
