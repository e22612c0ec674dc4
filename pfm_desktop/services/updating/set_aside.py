"""Databases that went aside as a library was put back: where each lies, and how much it holds that the library lacks.

Noted before the library changes, so that whatever ends a way back, the next one tells it again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from pfm_desktop.services.updating.noted import read
from pfm_desktop.support.files import json_bytes, write_bytes
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import updates_dir

MOST = 100  # that are remembered


@dataclass(frozen=True)
class Aside:
    """A database that lies at `place`: with `since` lines in its audit trail that its library lacks."""

    library: str
    place: str
    since: int


def noted() -> tuple[Aside, ...]:
    """Oldest first, also of those whose file is gone, or on a disk that is not there. Raises `StorageError`."""
    return read(
        _file(),
        "aside",
        lambda one: Aside(str(one["library"]), str(one["place"]), int(one["since"])),
        remedy=tr("move that file away; the databases themselves lie in the folder 'set-aside' of their libraries"),
    )


def note(aside: Aside) -> None:
    """Remember one more."""
    write_bytes(_file(), json_bytes({"aside": [asdict(one) for one in (*noted(), aside)[-MOST:]]}))


def there() -> tuple[Aside, ...]:
    """Those that can be told of: their file is where it was put."""
    return tuple(one for one in noted() if Path(one.place).is_file())


def _file() -> Path:
    return updates_dir() / "set-aside.json"
