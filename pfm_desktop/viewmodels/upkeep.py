"""Backups and checks of a library as Settings shows them. No Qt; the jobs run on a thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

BACKING_UP, CHECKING = tr("Backing up"), tr("Checking the library")
NO_BACKUP = tr("No folder for backups is chosen yet. Best is one on another disk, kept away from this computer.")
STOPPED = tr("Stopped. The library and the backups before are unchanged.")
NOT_YOURS = tr("Backups and checks are made by clinicians and administrators.")


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
        return tr("No backup was found in {folder}: the disk may not be connected.", folder=folder)
    return tr("Last backup: {when}, in {folder}", when=moments.moment(made_at(there[-1])), folder=folder)


def back_up(ctx: Context, lib: Library, folder: str) -> Outcome:
    """Job: add a backup to the folder. Raises as the service does; the backups before are as they were then."""
    from pfm_desktop.services import backup

    made = backup.back_up(ctx, lib, Path(folder))
    return Outcome(
        tr(
            "Backed up: {pictures}, {files} new.",
            pictures=tr("%n picture(s)", "", made.pictures),
            files=tr("%n file(s)", "", made.copied),
        ),
        made.problems,
    )


def check(ctx: Context, lib: Library) -> Outcome:
    """Job: check the database, the audit trail and every picture; nothing is changed."""
    from pfm_desktop.services.housekeeping import verify

    found = verify(ctx, lib)
    wrong, notes = len(found.problems), len(found.notes)
    words = tr(
        "%n picture(s) checked, the records and the audit trail: {problems}.",
        "",
        found.pictures,
        problems=tr("%n problem(s)", "", wrong) if wrong else tr("nothing wrong"),
    )
    if wrong:
        words += " " + tr(
            "Nothing was changed. Keep the backups there are; ask who looks after the computers (pfm library repair)."
        )
    if notes:
        words += " " + tr("%n note(s) of no harm, such as heatmaps that are made again when needed.", "", notes)
    return Outcome(words, found.problems)
