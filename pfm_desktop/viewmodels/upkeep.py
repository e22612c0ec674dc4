"""Backups and checks of a library as Settings shows them. No Qt; the jobs run on a thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.support import moments
from pfm_desktop.viewmodels.words import many

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

BACKING_UP, CHECKING = "Backing up", "Checking the library"
NO_BACKUP = "No folder for backups is chosen yet. Best is one on another disk, kept away from this computer."
STOPPED = "Stopped. The library and the backups before are unchanged."
NOT_YOURS = "Backups and checks are made by clinicians and administrators."


@dataclass(frozen=True)
class Outcome:
    """What came of it: `words`, and what is wrong, one line each."""

    words: str
    problems: tuple[str, ...] = ()


def why_not(lib: Library) -> str:
    """Why who is signed in cannot do it; "" where they can."""
    return "" if lib.may(Act.MAINTAIN) else NOT_YOURS


def place_in(lib: Library, chosen: Path) -> Path:
    """The folder of the backups: `chosen` where it is one already or empty, else a new one in it (a stick, say)."""
    from pfm_desktop.services.backup_folder import is_backup

    taken = chosen.is_dir() and not is_backup(chosen) and any(chosen.iterdir())
    return chosen / f"Backups of {lib.path.name}" if taken else chosen


def last_backup(_ctx: Context, folder: str) -> str:
    """Job: when the last backup was made there."""
    from pfm_desktop.services.backup_folder import made_at, snapshots

    if not folder:
        return NO_BACKUP
    try:
        there = snapshots(Path(folder))
    except OSError:  # a share that went away: the backup says it, once it is asked for
        there = ()
    if not there:
        return f"No backup was found in {folder}: the disk may not be connected."
    return f"Last backup: {moments.moment(made_at(there[-1]))}, in {folder}"


def back_up(ctx: Context, lib: Library, folder: str) -> Outcome:
    """Job: add a backup to the folder. Raises as the service does; the backups before are as they were then."""
    from pfm_desktop.services import backup

    made = backup.back_up(ctx, lib, Path(folder))
    return Outcome(f"Backed up: {many(made.pictures, 'picture')}, {many(made.copied, 'file')} new.", made.problems)


def check(ctx: Context, lib: Library) -> Outcome:
    """Job: check the database, the audit trail and every picture; nothing is changed."""
    from pfm_desktop.services.housekeeping import verify

    found = verify(ctx, lib)
    wrong = many(len(found.problems), "problem") if found.problems else "nothing wrong"
    words = f"{many(found.pictures, 'picture')} checked, the records and the audit trail: {wrong}."
    if found.problems:
        words += (
            " Nothing was changed. Keep the backups there are; ask who looks after the computers (pfm library repair)."
        )
    if found.notes:
        words += f" {many(len(found.notes), 'note')} of no harm, such as heatmaps that are made again when needed."
    return Outcome(words, found.problems)
