"""Whether a backup would bring everything back: each snapshot, each picture that one of them names, each key file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.domain.learning import Run
from pfm_desktop.jobs import Context
from pfm_desktop.services.backup import DERIVED
from pfm_desktop.services.backup_folder import about_note, any_key_file_of, key_file_beside, pictures_of, snapshots
from pfm_desktop.services.learning import copies
from pfm_desktop.storage import keys, learning, snapshot, upkeep
from pfm_desktop.storage.image_store import ImageStore
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import reached
from pfm_desktop.support.language import tr

_AGAIN = tr("a backup with --check puts it there anew, where the library has it whole")


@dataclass(frozen=True)
class BackupCheck:
    """What `verify_backup` found in how many snapshots and pictures; `notes`: what is made again when needed."""

    snapshots: int
    pictures: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def verify_backup(ctx: Context, folder: Path, unlocked: LibraryKeys | None = None) -> BackupCheck:
    """Check every snapshot's pages and indexes, and the bytes of all that they name against their hash.

    Nothing is changed. That of an encrypted library needs its keys, as `backup.restore` does. Raises `BadInputError`
    for a folder that is no backup, or one of another library than the keys.
    """
    folder = Path(folder).absolute()
    with reached(folder, safe=tr("nothing was changed")):
        pictures, found = pictures_of(folder, unlocked), snapshots(folder)
        if unlocked is None and found and any_key_file_of(folder) is not None:
            raise keys.LockedLibraryError(folder)
        problems: list[str] = []
        named, beside, derived, runs = _named(ctx, found, unlocked, problems)
        problems += _altered(ctx, pictures, named, tr("Checking the pictures of the backup"))
        problems += _altered(ctx, pictures, beside - named, tr("Checking the clips of the backup"))
        notes = _altered(ctx, ImageStore(folder / DERIVED, unlocked), derived, tr("Checking what was made of them"))
        problems += [f"{one}; {_AGAIN}" for one in copies.missing(ctx, folder, runs)]
    again = tr(
        "{count} heatmaps, registrations or thumbnails are missing or damaged there: they are made again",
        count=len(notes),
    )
    said = (about_note(folder), again if notes else "")
    return BackupCheck(len(found), len(named), tuple(problems), tuple(note for note in said if note))


def _named(
    ctx: Context, found: tuple[Path, ...], unlocked: LibraryKeys | None, problems: list[str]
) -> tuple[set[str], set[str], set[str], list[Run]]:
    """Hashes of the pictures, of what lies beside them and of what was made of them, that whole snapshots name; and
    their runs of learning."""
    pictures: set[str] = set()
    beside: set[str] = set()
    derived: set[str] = set()
    runs: dict[str, Run] = {}
    if not found:
        problems.append(tr("there is no snapshot in it: no backup was completed here"))
    for path in found:
        key_file = keys.harm_of(key_file_beside(path), unlocked.library_id) if unlocked is not None else ""
        if key_file:
            problems.append(
                tr(
                    "the key file of the snapshot {snapshot} {harm} ({file}): pfm library restore "
                    "brings it back with that of another one, with the names and passwords of that day",
                    snapshot=path.stem,
                    harm=key_file,
                    file=key_file_beside(path),
                )
            )
        try:
            wrong = snapshot.harm(path, unlocked, ctx, check=snapshot.WHOLE)
            if wrong:
                problems.append(
                    tr(
                        "the snapshot {snapshot} is damaged ({wrong}): bring back another one",
                        snapshot=path.stem,
                        wrong=wrong,
                    )
                )
                continue
            with snapshot.opened(path, unlocked) as session:
                there = upkeep.named_in(session, ctx)
                runs |= {run.model_sha256: run for run in learning.runs(session)}
        except StorageError as error:  # of a newer program
            problems.append(
                tr("the snapshot {snapshot} cannot be checked: {problem}", snapshot=path.stem, problem=error.what)
            )
            continue
        pictures.update(there.pictures)
        beside.update(there.beside)
        derived |= there.derived
    return pictures, beside, derived, list(runs.values())


def _altered(ctx: Context, store: ImageStore, hashes: set[str], words: str) -> list[str]:
    wrong = []
    for done, sha256 in enumerate(sorted(hashes)):
        ctx.progress(done, len(hashes), words)
        try:
            store.get(sha256)
        except StorageError as error:
            wrong.append(f"{error.what}; {_AGAIN}")
    ctx.progress(len(hashes), len(hashes), words)
    return wrong
