"""Why a library cannot be opened, or only for reading, in words; and what to do about it."""

from __future__ import annotations

from pathlib import Path

from pfm_desktop.storage.lock import HeldElsewhereError
from pfm_desktop.storage.schema import is_encrypted
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import filled, tr

FULL = tr("the disk that holds it is full")
_IN_USE = "in use by {holder}"
_PERHAPS_IN_USE = "perhaps in use by another user of this computer: {why}"


def in_use(reason: str) -> bool:
    """Whether a library is open for reading only since somebody else has it, or perhaps has."""
    return any(filled(reason, kind) is not None for kind in (_IN_USE, _PERHAPS_IN_USE))


def in_use_by(error: HeldElsewhereError) -> str:
    """The reason where somebody else has it."""
    return tr("in use by {holder}", holder=error.holder or tr("another program"))


def perhaps_in_use(why: object) -> str:
    """The reason where that cannot be known."""
    return tr("perhaps in use by another user of this computer: {why}", why=why)


def to_write_again(reason: str) -> str:
    """What to do where a library is open for reading only for this reason."""
    if reason == FULL:
        return tr("free some space, then open the library again")
    if in_use(reason):
        return tr("close the other program and open the library again")
    return tr("copy the library to a place that can be written")


def made_not_opened(path: Path, error: StorageError, *, encrypted: bool) -> StorageError:
    """A disk that may not be written from one moment to the next lets nothing be taken back."""
    remedy = tr("when the disk can be written again, open it")
    if encrypted:
        remedy = tr("when the disk can be written again, open it with your password")
        remedy += ". " + tr("Its recovery key was not shown: make another one in Settings")
    return StorageError(
        tr("a library was made in {path}, and then {problem}", path=path, problem=error.what),
        safe=tr("it is whole and empty"),
        remedy=remedy,
    )


def left_words(path: Path, file: str) -> str:
    """That a folder holds what is left of a library: `file`, or "" for its pictures."""
    encrypted = is_encrypted(path)
    if not file and encrypted:
        return tr("{path} holds the pictures of an encrypted library whose database is missing", path=path)
    if not file:
        return tr("{path} holds the pictures of a library whose database is missing", path=path)
    if encrypted:
        return tr("{path} holds the {file} of an encrypted library whose database is missing", path=path, file=file)
    return tr("{path} holds the {file} of a library whose database is missing", path=path, file=file)
