"""Whether what is installed is as it was built: `files.json` names each file with its size and SHA-256.

A virus scanner that takes a file away, a disk that rots, a copy that was cut short: the program then says which. Asked
when something failed, or by `pfm doctor`; a start that goes well compares the sizes of its libraries only.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.support import system_libraries
from pfm_desktop.support.build import is_installed
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.paths import app_root

FILE = "files.json"  # written by `resources/installer/manifest.py`
REMEDY = (
    "look into the quarantine of the virus scanner and let it give the file back, or install the program again; "
    "libraries, models and settings stay as they are"
)
_SHOWN = 6  # of the files that are missing
# a library that is not there, or not whole, as Linux and Windows say it
_LIBRARY = re.compile(r"(?P<name>[\w.+-]+\.so[\w.]*): cannot open shared object file", re.ASCII)
_NOT_LOADED = re.compile(
    r"cannot open shared object|file too short|invalid ELF|undefined symbol|DLL load failed|Error loading|"
    r"cannot load library|WinError (?:126|127|193|1114)",
    re.IGNORECASE,
)


class IncompleteError(UserError):
    """The installation is not whole, or the system lacks something that it needs."""

    exit_code = 3


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
    return tuple(_changed(home, _listed(home), deep=deep))


def _listed(home: Path) -> dict[str, tuple[int, str]]:
    try:
        return {
            str(name): (int(size), str(sha256))
            for name, (size, sha256) in json.loads((home / FILE).read_text(encoding="utf-8"))["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoListError from error


def check_libraries() -> None:
    """Of the installed program, before it loads its libraries: each is as long as it was built. One that was cut short
    ends the process with not a word as soon as it is read behind its end. One that is missing is named by what needs
    it.

    Raises `IncompleteError`.
    """
    if not is_installed():
        return
    try:
        listed = _listed(app_root())
    except NoListError:
        return
    libraries = {
        name: told
        for name, told in listed.items()
        if (".so" in name or name.endswith((".dll", ".pyd"))) and (app_root() / name).is_file()
    }
    if found := tuple(_changed(app_root(), libraries, deep=False)):
        raise _not_whole_of(found)


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


def trouble(error: BaseException, *, deep: bool = False) -> IncompleteError | None:
    """What a person can do about an import, a library or a file of the program that did not load; None where this is
    no such error, or nothing is wrong with the installation. `deep`: also by content, where the sizes tell nothing."""
    if not _is_about_the_program(error):
        return None
    library = _LIBRARY.search(str(error))
    if library is not None and not system_libraries.loads(library["name"]) and library["name"] in _NEEDED:
        return _lacking((library["name"],))
    try:
        found = compare() or (compare(deep=True) if deep else ())
    except NoListError:
        found = ()
    if found:
        return _not_whole_of(found)
    if _NOT_LOADED.search(str(error)) and (lacking := system_libraries.missing()):
        return _lacking(lacking)
    return _not_whole(_part(error)) if is_installed() else None


def _not_whole_of(found: tuple[Changed, ...]) -> IncompleteError:
    more = " \N{HORIZONTAL ELLIPSIS}" if len(found) > _SHOWN else ""
    return _not_whole(COMMA.join(map(str, found[:_SHOWN])) + more)


_NEEDED = frozenset(system_libraries.LIBRARIES)


def _is_about_the_program(error: BaseException) -> bool:
    if isinstance(error, ImportError):
        return True
    if not isinstance(error, OSError):
        return False
    named = str(error.filename or "")
    own = bool(named) and Path(named).is_relative_to(app_root()) and error.errno in (errno.ENOENT, errno.EIO)
    return _NOT_LOADED.search(str(error)) is not None or (own and is_installed())


def _part(error: BaseException) -> str:
    name = getattr(error, "name", None) or Path(str(getattr(error, "filename", None) or "")).name
    return str(name or type(error).__name__)


def _not_whole(files: str) -> IncompleteError:
    return IncompleteError(
        tr("files of the installation are missing or were changed: {files}", files=files),
        safe=tr("libraries, settings and models are untouched"),
        remedy=install_again(),
    )


def install_again() -> str:
    """What to do about a file of the installation that is missing, or has another content."""
    return tr(
        "look into the quarantine of the virus scanner and let it give the file back, or install the program again"
    )


def _lacking(libraries: tuple[str, ...]) -> IncompleteError:
    return IncompleteError(
        tr("the system lacks {libraries}", libraries=COMMA.join(libraries)),
        safe=tr("libraries, settings and models are untouched"),
        remedy=tr(
            "install what holds it (Debian and Ubuntu: sudo apt-get install {packages})",
            packages=system_libraries.packages(libraries),
        ),
    )


def look_for_plugin() -> None:
    """Raises `FileNotFoundError` where Qt's plugin for windows was taken away: Qt itself would end the program without
    a word. In what is installed only; one look at one file."""
    spec = importlib.util.find_spec("PySide6") if is_installed() else None
    if spec is None or spec.origin is None or os.environ.get("QT_QPA_PLATFORM", "").startswith("offscreen"):
        return
    home = Path(spec.origin).parent
    file = (
        home / "plugins/platforms/qwindows.dll" if sys.platform == "win32" else home / "Qt/plugins/platforms/libqxcb.so"
    )
    if not file.is_file() and sys.platform in ("win32", "linux"):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file))
