"""What is known of a library's database before the database modules are loaded."""

from __future__ import annotations

import os
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

DATABASE = "library.sqlite"
PLAIN = b"SQLite format 3\x00"  # how a database begins that is not encrypted
SIDE_FILES = tuple(f"{DATABASE}-{side}" for side in ("wal", "shm", "journal"))  # of the open database
KEYS, KEYS_COPY = "keys.json", "keys.copy.json"  # the copy is for the day on which the first cannot be read
KEYS_IN_BACKUP = "snapshots/*.keys.json"
PUT_KEYS_BACK = tr(
    "each backup holds it as {files}, and pfm library repair LIBRARY --from BACKUP puts it back", files=KEYS_IN_BACKUP
)
SET_ASIDE = "set-aside"  # damaged files, kept for whoever wants to look at them
# names of the modules in `migrations/versions`; the place is the version number
VERSIONS: tuple[str, ...] = (
    "v0001_first",
    "v0002_time_known",
    "v0003_chained_journal",
    "v0004_accounts",
    "v0005_scale",
    "v0006_crosswalk",
    "v0007_labelling",
    "v0008_learning",
    "v0009_pixels",
    "v0010_capture",
    "v0011_forms",
    "v0012_follow_up",
)
CURRENT = len(VERSIONS)


def is_encrypted(library: Path) -> bool:
    """Whether the library in this folder has keys."""
    return any(os.path.exists(library / name) for name in (KEYS, KEYS_COPY))  # noqa: PTH110 - False where it may not be looked into


def is_plain(database: Path) -> bool:
    """Whether the file begins as a database that is not encrypted does. Never of one that this process has open."""
    with database.open("rb") as stream:
        return stream.read(len(PLAIN)) == PLAIN


def place_aside(library: Path, name: str) -> Path:
    """Where a damaged file of that name is kept: never one that is taken."""
    return library / SET_ASIDE / f"{name}.{datetime.now(UTC):%Y%m%dT%H%M%S%f}"


def check_name(path: Path) -> None:
    """Raise `StorageError` for a path that holds bytes that are no text: it could be neither shown nor noted."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        shown = str(path).encode("ascii", "backslashreplace").decode()
        raise StorageError(
            tr("the name of the folder {folder} is not written in UTF-8", folder=shown),
            safe=tr("nothing was changed"),
            remedy=tr("rename the folder, or choose another one"),
        ) from error


def file_uri(database: Path, mode: str) -> str:
    """For sqlite3, with `mode` as SQLite writes it: file:///home/..., file:///C:/..., file:////server/..."""
    check_name(database)
    path = quote(database.absolute().as_posix(), safe="/:")
    return f"file://{path if path.startswith('/') else '/' + path}?mode={mode}"


def folded(text: str) -> str:
    """Text as search compares it: no case, no accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))
