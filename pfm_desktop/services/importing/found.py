"""What a walk through given folders, zips and files finds: items to be read, and what is skipped with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pfm_desktop.support.language import tr

FILE_LIMIT = 300_000_000  # bytes of one picture
TOTAL_LIMIT = 20_000_000_000  # bytes that one zip unpacks to, and of one video
ENTRY_LIMIT = 200_000  # files of one folder or zip
WHOLE_RATIO_LIMIT = 100  # all that a zip unpacks to, to the zip itself ...
WHOLE_FREE = 100_000_000  # ... of zips that unpack to more than this: a few pictures of one colour pack well
RATIO_LIMIT = 200  # unpacked to packed ...
RATIO_FROM = 10_000_000  # ... of entries larger than this


@dataclass(frozen=True)
class Item:
    """A file that may be a picture. `name` is that within what was given, parted by "/", the given folder's name first.

    `path` is the file, or the zip that holds it as `entry` (its number in the zip's directory). `modified` (aware) is
    the time of the file, None where it has none.
    """

    name: str
    size: int
    modified: datetime | None
    path: Path
    entry: int | None = None

    @property
    def file_name(self) -> str:
        """Its own name without folders."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def folders(self) -> tuple[str, ...]:
        """Folders (and the zip) that it lies in, outermost first."""
        return tuple(self.name.split("/")[:-1])


@dataclass(frozen=True)
class Skipped:
    """What is not brought in, and why. `expected`: nobody would miss it (a file of the system)."""

    name: str
    reason: str
    expected: bool = False


Found = Item | Skipped

_SYSTEM = frozenset(
    ("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information", "@eadir",
     "lost+found", "dicomdir")
)  # fmt: skip
_HIDDEN_ON_WINDOWS = 0x2 | 0x4  # FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_SYSTEM


def hidden(name: str, attributes: int = 0) -> str:
    """Why a file or folder of that name is left out ("": it is not). `attributes` as Windows keeps them."""
    if name.lower() in _SYSTEM:
        return tr("a file of the system, not of an examination")
    if name.startswith(".") or attributes & _HIDDEN_ON_WINDOWS:
        return tr("a hidden file")
    return ""


def shown(name: str) -> str:
    """A name that can be written anywhere: what is no text becomes a question mark in a box, line breaks a space."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in text)


def too_large(size: int) -> str:
    """Why a file of that size is refused."""
    return tr("too large: {size:.0f} MB, at most {limit} MB a file", size=size / 1e6, limit=FILE_LIMIT // 1_000_000)
