"""Looking after a library: is everything there, is everything what it says it is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.domain.learning import Run
from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.services.backup import DERIVED, way_back
from pfm_desktop.services.backup_folder import PICTURES, pictures_of
from pfm_desktop.services.learning import copies
from pfm_desktop.services.learning.steering import run_folder
from pfm_desktop.storage import access, keys, learning, passwords, snapshot, upkeep
from pfm_desktop.storage.engine import DamagedError
from pfm_desktop.storage.image_store import ImageStore, holds_sealed
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE, is_encrypted, is_plain, place_aside
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import named
from pfm_desktop.support.language import tr

_DERIVED = tr("Checking what was made of the pictures")
_BESIDE = tr("Checking clips")

# a picture is stored before its record: what is younger may belong to an import under way
_MINIMUM_AGE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Verification:
    """What `verify` found: `problems` says it for a person, `orphans` are stored bytes that no record names.

    `notes` are no harm: heatmaps, registrations and thumbnails that are lost and can be made again.
    """

    pictures: int
    problems: tuple[str, ...]
    orphans: int
    notes: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong (orphans are no harm)."""
        return not self.problems


@dataclass(frozen=True)
class AuditCheck:
    """What `verify_audit` found in how many lines."""

    lines: int
    problems: tuple[str, ...]


def verify_audit(ctx: Context, lib: Library) -> AuditCheck:
    """Check the chain of the audit trail; changes nothing."""
    return AuditCheck(upkeep.audit_length(lib), tuple(upkeep.audit_problems(lib, ctx)))


def verify(ctx: Context, lib: Library) -> Verification:
    """Check the database, every reference, the chain of the audit trail, every record against the trail, the key files,
    and the bytes of every picture against their hash; changes nothing.

    What is wrong is said with words of the records: raises `NotAllowedError` for who does not look after a library.
    """
    access.require(lib.account, Act.MAINTAIN)
    problems: list[str] = []
    try:
        for part in (upkeep.database_problems, upkeep.audit_problems, upkeep.record_problems):
            problems += part(lib, ctx)
        problems += upkeep.key_problems(lib)
        return _verified_pictures(ctx, lib, problems)
    except DamagedError as error:
        pictures = verify_pictures(ctx, lib.path, lib.keys)
        wrong = (str(error), *problems, *upkeep.key_problems(lib), *pictures.problems)
        return Verification(pictures.pictures, tuple(dict.fromkeys(wrong)), 0, pictures.notes)


def verify_pictures(ctx: Context, library: Path, keys: LibraryKeys | None) -> Verification:
    """Check the files of the pictures where the database cannot tell which there are to be; changes nothing."""
    found, altered = ImageStore(library / PICTURES, keys).altered(ctx, tr("Checking pictures"))
    note = tr("which pictures there are to be cannot be read: those were checked that are there, and none is missed")
    return Verification(found, altered, 0, (note,))


def _verified_pictures(ctx: Context, lib: Library, problems: list[str]) -> Verification:
    hashes = upkeep.picture_hashes(lib, ctx)
    for done, sha256 in enumerate(hashes):
        ctx.progress(done, len(hashes), tr("Checking pictures"))
        try:
            lib.pictures.get(sha256)
        except StorageError as error:
            problems.append(str(error))
    ctx.progress(len(hashes), len(hashes), tr("Checking pictures"))
    problems += [said for _, said in _lost_beside(ctx, lib)]
    problems += [
        tr(
            "the learned model {name} is missing or altered ({folder})",
            name=run.model_name,
            folder=run_folder(lib.path, run.id),
        )
        for run in copies.harmed(ctx, lib.path, _runs(lib))
    ]
    orphans = sum(1 for _ in lib.pictures.unused(upkeep.hashes_in_use(lib, ctx)))
    notes = [f"{said}: it is made again when needed" for _, said in _lost_derived(ctx, lib)]
    return Verification(len(hashes), tuple(problems), orphans, (*notes, *upkeep.key_notes(lib)))


def _runs(lib: Library) -> tuple[Run, ...]:
    with lib.read() as session:
        return learning.runs(session)


def _lost_beside(ctx: Context, lib: Library) -> Iterator[tuple[str, str]]:
    """Hashes of what lies beside the pictures and is missing or altered, each with what is to be said."""
    there = upkeep.beside_pictures(lib, ctx)
    for done, (sha256, what) in enumerate(there.items()):
        ctx.progress(done, len(there), _BESIDE)
        try:
            lib.pictures.get(sha256)
        except StorageError as error:
            yield sha256, tr("a {thing}: {problem}. Put it back from a backup", thing=what, problem=error.what)
    ctx.progress(len(there), len(there), _BESIDE)


def _lost_derived(ctx: Context, lib: Library) -> Iterator[tuple[str, str]]:
    """Hashes of heatmaps, registrations and thumbnails that are missing or damaged, each with what is to be said."""
    named_there = upkeep.derived_in_use(lib, ctx)
    for done, (sha256, what) in enumerate(named_there.items()):
        ctx.progress(done, len(named_there), _DERIVED)
        try:
            lib.derived.get(sha256)
        except StorageError:
            file = lib.derived.find(sha256)
            yield sha256, f"the {what} {file or sha256[:12] + '...'} is {'damaged' if file else 'missing'}"
    ctx.progress(len(named_there), len(named_there), _DERIVED)


@dataclass(frozen=True)
class Repair:
    """What `repair` put right, and what is still wrong."""

    done: tuple[str, ...]
    left: tuple[str, ...]


def repair(ctx: Context, lib: Library, backup: Path | None = None, *, before: Sequence[str] = ()) -> Repair:
    """Put right what can be: pictures and learned models from a `backup`, indexes of the database from its tables.

    `before`: what was put right so that it could be opened. Nothing is ever removed: an altered file is moved into the
    folder `set-aside` of the library. What was made of pictures is moved there without a backup as well, as it can be
    made again. Raises `StorageError` for a library that is open for reading only, and `BadInputError` for a folder that
    is no backup.
    """
    access.require(lib.account, Act.MAINTAIN)
    if lib.read_only:
        raise StorageError(
            tr("a library that is open for reading only is not repaired"), safe=tr("nothing was changed")
        )
    kept = pictures_of(backup, lib.keys, library_id=lib.id) if backup is not None else None
    try:
        return _repaired(ctx, lib, backup, kept, before)
    except DamagedError as error:
        if backup is not None:
            error = error.to_be_mended(
                tr("copy its folder as it stands, and {way_back}", way_back=way_back(Path(backup).absolute()))
            )
        raise error from None


def _repaired(
    ctx: Context, lib: Library, backup: Path | None, kept: ImageStore | None, before: Sequence[str]
) -> Repair:
    derived = ImageStore(backup / DERIVED, lib.keys) if backup is not None else None
    done = [*before, *upkeep.rebuild_indexes(lib, ctx)]
    if lib.keys is not None:
        passwords.settle(lib)
        done += keys.mend(lib.path, lib.keys, passwords.current(lib))
    hashes = upkeep.picture_hashes(lib, ctx)
    for number, sha256 in enumerate(hashes):
        ctx.progress(number, len(hashes), tr("Repairing"))
        try:
            lib.pictures.get(sha256)
        except StorageError:
            done += _put_back(lib, kept, sha256)
    ctx.progress(len(hashes), len(hashes), tr("Repairing"))
    beside = upkeep.beside_pictures(lib, ctx)
    for sha256, _ in list(_lost_beside(ctx, lib)):
        done += _put_back(lib, kept, sha256, beside[sha256])
    for sha256, said in list(_lost_derived(ctx, lib)):
        done += _set_free(lib, derived, sha256, said)
    if backup is not None:
        for run in copies.harmed(ctx, lib.path, _runs(lib)):
            done += copies.put_back(lib.path, run, backup, lambda folder: _folder_aside(lib, folder))
    if done:
        lib.record_event("library", lib.id, f"Repaired: {len(done)} of what was wrong", {"done": done})
    return Repair(tuple(done), verify(ctx, lib).problems)


def lacks_keys(library: Path, of: str) -> bool:
    """Whether it is an encrypted library that nobody can open, since no key file in it is a whole one of the library
    `of`."""
    if not keys.none_of(library, of):
        return False
    database = library / DATABASE
    encrypted = is_encrypted(library) or holds_sealed(library / PICTURES)
    return encrypted or (database.is_file() and not is_plain(database))


def put_keys_back(library: Path, file: Path, unlocked: LibraryKeys) -> tuple[str, ...]:
    """Put the key file `file` of a backup, which opened as `unlocked`, into its library (see `lacks_keys`).

    Nothing is removed. The names and passwords are then those of that day. Raises `BadInputError` where these keys
    open neither the database nor a picture: the backup is that of another library.
    """
    opens = snapshot.library_id(library / DATABASE, unlocked) == unlocked.library_id
    if not opens and not ImageStore(library / PICTURES, unlocked).has_one_whole():
        raise BadInputError(
            tr(
                "{file} does not open {library}: it is the key file of another library, or the database is damaged too",
                file=file,
                library=library,
            ),
            safe=tr("nothing was changed"),
            remedy=tr("choose a backup of this library"),
        )
    return keys.put_back(library, file)


def _put_back(lib: Library, kept: ImageStore | None, sha256: str, what: str = "picture") -> list[str]:
    """What was done about one picture, or what lies beside it, that is missing or altered."""
    data = _whole(kept, sha256)
    if data is None:
        return []
    said = _moved_aside(lib, lib.pictures, sha256)
    lib.pictures.put(data)
    return [*said, f"the {what} {sha256[:12]}... was put back from the backup"]


def _set_free(lib: Library, kept: ImageStore | None, sha256: str, said: str) -> list[str]:
    """What was done about one heatmap or the like: put back, or moved out of the way so that it is made again."""
    data, moved = _whole(kept, sha256), _moved_aside(lib, lib.derived, sha256)
    if data is None:
        return [f"{said}; {line}, and it is made again when needed" for line in moved]
    lib.derived.put(data)
    return [*moved, f"{said}; it was put back from the backup"]


def _whole(kept: ImageStore | None, sha256: str) -> bytes | None:
    """None where there is no backup, or it has it not, or altered as well."""
    if kept is None:
        return None
    try:
        return kept.get(sha256)
    except StorageError:
        return None


def _folder_aside(lib: Library, folder: Path) -> Path:
    place = place_aside(lib.path, f"{folder.parent.name}-{folder.name}")
    with named(place.parent, safe=tr("the library is unchanged")):
        place.parent.mkdir(exist_ok=True)
        folder.rename(place)
    return place


def _moved_aside(lib: Library, store: ImageStore, sha256: str) -> list[str]:
    altered = store.find(sha256)
    if altered is None:
        return []
    place = place_aside(lib.path, altered.name)
    with named(place.parent, safe=tr("the library is unchanged")):
        place.parent.mkdir(exist_ok=True)
        altered.rename(place)
    return [f"the altered file {altered.name} was moved to {place}"]


def sweep(ctx: Context, lib: Library, *, older_than: float = _MINIMUM_AGE_SECONDS) -> int:
    """Remove stored bytes that no record and no journal line names, and temporary files; returns how many.

    What was written in the last `older_than` seconds stays: its record may be on its way.
    """
    access.require(lib.account, Act.MAINTAIN)
    if lib.read_only:
        raise StorageError(tr("a library that is open read-only is not swept"), safe=tr("nothing was changed"))
    kept, latest, removed = upkeep.hashes_in_use(lib, ctx), time.time() - older_than, 0
    for path in [*lib.pictures.unused(kept), *lib.pictures.leftovers(), *lib.derived.leftovers()]:
        ctx.check()
        with named(path, safe=tr("nothing on record was removed")):
            if path.stat().st_mtime <= latest:
                path.unlink(missing_ok=True)
                removed += 1
    return removed
