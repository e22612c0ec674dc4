"""Whether what is installed is as it was built: `files.json` names each file with its size and SHA-256.

A virus scanner that takes a file away, a disk that rots, a copy that was cut short: the program then says which. Asked
only when something failed, or by `pfm doctor`; nothing here needs more than Python itself.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.support.paths import app_root

FILE = "files.json"  # written by `resources/installer/manifest.py`
REMEDY = (
    "look into the quarantine of the virus scanner and let it give the file back, or install the program again; "
    "libraries, models and settings stay as they are"
)


class NoListError(Exception):
    """There is no list of files, or it cannot be read."""


@dataclass(frozen=True)
class Changed:
    """A file within the installation, and what is wrong with it."""

    path: str
    how: str

    def __str__(self) -> str:
        return f"{self.path} {self.how}"


def compare(folder: Path | None = None, *, deep: bool = False) -> tuple[Changed, ...]:
    """What is missing or not as it was built, of the program's own folder; by sizes, `deep`: by all of the content.

    Raises `NoListError`.
    """
    home = folder or app_root()
    try:
        listed = {
            str(name): (int(size), str(sha256))
            for name, (size, sha256) in json.loads((home / FILE).read_text(encoding="utf-8"))["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoListError from error
    return tuple(_changed(home, listed, deep=deep))


def _changed(home: Path, listed: dict[str, tuple[int, str]], *, deep: bool) -> Iterator[Changed]:
    for name, (size, sha256) in sorted(listed.items()):
        try:
            found = os.stat(home / name).st_size  # noqa: PTH116 - thousands of files
            if found != size:
                yield Changed(name, f"has {found} bytes, and should have {size}")
            elif deep and _sha256(home / name) != sha256:
                yield Changed(name, "has another content")
        except FileNotFoundError:
            yield Changed(name, "is missing")
        except OSError as error:
            yield Changed(name, f"cannot be read ({error.strerror or type(error).__name__})")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
