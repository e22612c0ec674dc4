"""Zips, read where they lie: nothing of them is ever unpacked to the disk, and nothing in them is believed.

Limits are in `found`. Entries are checked against them by what the zip declares; what an entry really holds is never
read further than it declared.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from pfm_desktop.services.importing.found import (
    ENTRY_LIMIT,
    FILE_LIMIT,
    RATIO_FROM,
    RATIO_LIMIT,
    TOTAL_LIMIT,
    WHOLE_FREE,
    WHOLE_RATIO_LIMIT,
    Found,
    Item,
    Skipped,
    hidden,
    shown,
    too_large,
)
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

_DIRECTORY_LIMIT = 40_000_000  # bytes of a zip's directory: 200,000 entries with long names
_ENCRYPTED = 0x1
_UTF8 = 0x800
_READ = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DRIVE = re.compile(r"^[A-Za-z]:")
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_BROKEN = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, struct.error,
    OverflowError, IndexError, KeyError,
)  # fmt: skip


def open_zip(path: Path) -> zipfile.ZipFile:
    """An open zip whose directory is within the limits. `BadInputError` for what is none, or too much."""
    try:
        with path.open("rb") as stream:
            entries, directory = _declared(stream)
        if entries > ENTRY_LIMIT or directory > _DIRECTORY_LIMIT:
            raise BadInputError(
                tr("{path} holds more than {count:,} files", path=path, count=ENTRY_LIMIT),
                safe=tr("nothing of it was read"),
                remedy=tr("divide it into several zips"),
            )
        opened = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise BadInputError(
            tr("{path} is not a zip that can be read, or it is cut short", path=path),
            remedy=tr("copy or download it again"),
        ) from error
    if len(opened.infolist()) > ENTRY_LIMIT:
        opened.close()
        raise BadInputError(
            tr("{path} holds more than {count:,} files", path=path, count=ENTRY_LIMIT),
            remedy=tr("divide it into several zips"),
        )
    return opened


def entries_of(path: Path, name: str) -> Iterator[Found]:
    """What a zip holds; `name` stands before the names of its entries. `BadInputError` as `open_zip`."""
    with open_zip(path) as opened:
        _check_whole(opened, path)
        total, seen = 0, set[str]()
        for number, entry in enumerate(opened.infolist()):
            if entry.filename.endswith("/"):  # `is_dir` fails on an empty name
                continue
            inside = name_of(entry)
            whole = f"{name}/{shown(inside)}"
            reason, expected = _refused(entry, inside)
            if not reason and inside in seen:
                reason = tr("its name stands in the zip twice")
            if not reason and total + entry.file_size > TOTAL_LIMIT:
                reason = tr("the zip unpacks to more than {limit} GB", limit=TOTAL_LIMIT // 1_000_000_000)
            if reason:
                yield Skipped(whole, reason, expected)
                continue
            seen.add(inside)
            total += entry.file_size
            yield Item(whole.replace("\\", "/"), entry.file_size, _modified(entry), path, number)


def _check_whole(opened: zipfile.ZipFile, path: Path) -> None:
    """Raise `BadInputError` for a zip that unpacks to more than any pictures would: many small bombs are one."""
    total = sum(entry.file_size for entry in opened.infolist() if not _refused(entry, name_of(entry))[0])
    size = max(1, path.stat().st_size)
    if total > WHOLE_FREE and total > WHOLE_RATIO_LIMIT * size:
        raise BadInputError(
            tr(
                "{path} unpacks to {unpacked:,.0f} MB, more than {times} times its {packed:,.1f} MB, as no pictures do "
                "(up to {free} MB it may); at most {limit} GB are read of a zip",
                path=path,
                unpacked=total / 1e6,
                times=WHOLE_RATIO_LIMIT,
                packed=size / 1e6,
                free=WHOLE_FREE // 1_000_000,
                limit=TOTAL_LIMIT // 1_000_000_000,
            ),
            safe=tr("nothing of it was read"),
            remedy=tr("unpack it where there is room, and give its folder"),
        )


def entry_head(opened: zipfile.ZipFile, item: Item, most: int) -> bytes:
    """The first bytes of an entry, without unpacking the rest. `BadInputError` for what is damaged."""
    try:
        with opened.open(opened.infolist()[item.entry or 0]) as stream:
            return stream.read(most)
    except _BROKEN as error:
        raise BadInputError(
            tr("{name} is damaged within the zip ({error})", name=item.name, error=type(error).__name__),
            remedy=tr("copy or download the zip again"),
        ) from error


def entry_bytes(opened: zipfile.ZipFile, item: Item) -> bytes:
    """Bytes of an entry, checked against its checksum. `BadInputError` for what is damaged."""
    try:
        entry = opened.infolist()[item.entry or 0]
        if entry.file_size > FILE_LIMIT or entry.file_size != item.size:  # not the zip that was looked at
            raise BadInputError(
                tr("{name} has changed since it was looked at", name=item.name), remedy=tr("choose the zip again")
            )
        with opened.open(entry) as stream:
            data = stream.read(FILE_LIMIT + 1)
    except _BROKEN as error:
        raise BadInputError(
            tr("{name} is damaged within the zip ({error})", name=item.name, error=type(error).__name__),
            remedy=tr("copy or download the zip again"),
        ) from error
    if len(data) != item.size:
        raise BadInputError(
            tr("{name} is cut short within the zip", name=item.name), remedy=tr("copy or download the zip again")
        )
    return data


def name_of(entry: zipfile.ZipInfo) -> str:
    """An entry's name. Zips that do not say how theirs are written are mostly UTF-8 or, from China, GB 2312."""
    if entry.flag_bits & _UTF8 or entry.orig_filename.isascii():
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for coding in ("utf-8", "gb2312"):
        try:
            text = raw.decode(coding)
        except UnicodeDecodeError:
            continue
        if coding == "utf-8" or all(letter.isascii() or "\u4e00" <= letter <= "\u9fff" for letter in text):
            return text
    return entry.filename


def _refused(entry: zipfile.ZipInfo, name: str) -> tuple[str, bool]:
    """Why an entry is not read ("": it is), and whether nobody would miss it."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    raw = entry.orig_filename.replace("\\", "/")  # as it stands in the zip, before Python's own cleaning
    if raw.startswith("/") or _DRIVE.match(raw) or _DRIVE.match(name) or ".." in parts or ".." in raw.split("/"):
        return tr("its name leads out of the zip"), False
    if "\x00" in raw or not parts:
        return tr("its name is not that of a file"), False
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return tr("a link, not a file") if stat.S_ISLNK(mode) else tr("not a file"), False
    for part in parts:
        if reason := hidden(part):
            return reason, True
    return _cannot_be_unpacked(entry, parts[-1]), False


def _cannot_be_unpacked(entry: zipfile.ZipInfo, file_name: str) -> str:
    if entry.flag_bits & _ENCRYPTED:
        return tr("encrypted: unpack the zip with its password first")
    if file_name.lower().endswith(".zip"):
        return tr("a zip within a zip: unpack the outer one first")
    if entry.compress_type not in _READ:
        return tr("packed in a way that is not read: unpack the zip first")
    if entry.file_size > FILE_LIMIT:
        return too_large(entry.file_size)
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO_LIMIT * max(1, entry.compress_size):
        return tr("unpacks to more than 200 times its size, as no picture does")
    return ""


def _modified(entry: zipfile.ZipInfo) -> datetime | None:
    """Time of an entry in the zone of this computer: a zip keeps none. 1980-01-01 stands for not known."""
    if entry.date_time[:3] <= (1980, 1, 1):
        return None
    try:
        return datetime(*entry.date_time).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _declared(stream: IO[bytes]) -> tuple[int, int]:
    """Number of entries and bytes of the directory, as the end of the file declares them, before any of it is loaded.

    Source: APPNOTE 6.3.10, 4.3.14 to 4.3.16. (0, 0) where there is no end: opening says so.
    """
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 65_600))
    tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return 0, 0
    entries, directory = struct.unpack("<HI", tail[at + 10 : at + 16])
    at_64 = tail.rfind(_END_64, 0, at)
    if at_64 >= 0 and len(tail) >= at_64 + 48:
        wide_entries, wide_directory = struct.unpack("<QQ", tail[at_64 + 32 : at_64 + 48])
        return max(entries, wide_entries), max(directory if directory != 0xFFFFFFFF else 0, wide_directory)
    return entries, directory
