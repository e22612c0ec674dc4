"""The libraries that `kill.py` kills in: plain ones and encrypted ones, with one account."""

from __future__ import annotations

import json
from pathlib import Path

from pfm_desktop.services import accounts, backup_folder
from pfm_desktop.storage import keys
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import is_encrypted

NAME, PASSWORD = "Dr. Demo", "four words that differ"
CHEAP = keys.Cost(memory_kib=64, passes=1, lanes=4)  # what is killed is not the stretching of passwords


def make(folder: Path, *, encrypted: bool) -> None:
    """An empty library."""
    keys.COST = CHEAP
    lib = accounts.make_library(folder, NAME, PASSWORD)[0] if encrypted else Library.create(folder)
    lib.close()


def opened(folder: Path, password: str = PASSWORD) -> Library:
    """Either kind, open."""
    keys.COST = CHEAP
    return accounts.sign_in(folder, NAME, password) if is_encrypted(folder) else Library.open(folder)


def keys_of(folder: Path, at: str) -> LibraryKeys | None:
    """The keys of a snapshot in a backup."""
    file = backup_folder.key_file_of(folder, at)
    return keys.unlock(folder, NAME, PASSWORD, file=file).keys if file is not None else None


def password_of(turn: int, number: int) -> str:
    """One of many."""
    return f"password {turn} of this library, number {number}"


def note_password(file: Path, password: str) -> None:
    """For the next turn: the password that holds."""
    file.write_text(json.dumps(password), encoding="utf-8")


def noted_password(file: Path) -> str:
    """The password that held when the last turn ended."""
    return str(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else PASSWORD
