"""Opening a library for a command, signing in where it is encrypted.

Name and password are asked for in a terminal. A script gives them with the variables PFM_ACCOUNT and PFM_PASSWORD_FILE,
a file that only it may read; a password on the command line would stand in the list of processes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pfm_desktop.cli.progress import complain
from pfm_desktop.support.errors import BadInputError

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

ACCOUNT, PASSWORD_FILE = "PFM_ACCOUNT", "PFM_PASSWORD_FILE"
_MOST_BYTES = 4096


def open_library(path: Path) -> Library:
    """The library in `path`; whoever opens an encrypted one signs in first. Raises `UserError`."""
    from pfm_desktop.services import clock, last_seen
    from pfm_desktop.storage.library import Library
    from pfm_desktop.storage.schema import is_encrypted

    if is_encrypted(path):
        from pfm_desktop.services import accounts

        opened = accounts.sign_in(path, *credentials(path))
    else:
        opened = Library.open(path)
    for text in (last_seen.look(opened), clock.look(opened)):
        if text:
            opened.keep_notice(text)  # so that who works at the window learns it too
    if opened.notice:
        complain(f"note: {opened.notice}")
    last_seen.remember(opened)
    return opened


def credentials(of: Path) -> tuple[str, str]:
    """Name and password, from the environment or asked for."""
    name = os.environ.get(ACCOUNT, "") or _asked(f"{of} is encrypted. Your name", of)
    file = os.environ.get(PASSWORD_FILE, "")
    return name, _from_file(Path(file)) if file else _asked("Password", of, hidden=True)


def new_password(what: str = "Password") -> str:
    """A new password: from the file, or asked for twice."""
    file = os.environ.get(PASSWORD_FILE, "")
    if file:
        return _from_file(Path(file))
    if not sys.stdin.isatty():
        raise _no_terminal("a password is needed")
    return str(typer.prompt(what, hide_input=True, confirmation_prompt=True, err=True))


def asked_secret(what: str, of: Path) -> str:
    """Something that nobody else is to see, asked for in a terminal."""
    return _asked(what, of, hidden=True)


def _asked(what: str, of: Path, *, hidden: bool = False) -> str:
    if not sys.stdin.isatty():
        raise _no_terminal(f"{of} is encrypted, and nobody can be asked for a name and password here")
    return str(typer.prompt(what, hide_input=hidden, err=True))


def _no_terminal(what: str) -> BadInputError:
    return BadInputError(
        what,
        safe="nothing was opened",
        remedy=f"run it in a terminal, or set {ACCOUNT} and {PASSWORD_FILE} (a file that holds the password)",
    )


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_MOST_BYTES).decode("utf-8").split("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8"
        raise BadInputError(f"the password file {path} cannot be read: {said}", safe="nothing was opened") from error
