"""Looking after a library: is everything there, is everything what it says it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.services.backup import pictures_of
from pfm_desktop.storage import access, keys, upkeep
from pfm_desktop.storage.image_store import ImageStore
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import place_aside
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import named

# a picture is stored before its record: what is younger may belong to an import under way
_MINIMUM_AGE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Verification:
    """What `verify` found: `problems` says it for a person, `orphans` are stored bytes that no record names."""

    pictures: int
    problems: tuple[str, ...]
    orphans: int

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
    and the bytes of every picture against their hash; changes nothing."""
    problems = [*upkeep.database_problems(lib, ctx), *upkeep.audit_problems(lib, ctx)]
    problems += [*upkeep.record_problems(lib, ctx), *upkeep.key_problems(lib)]
    hashes = upkeep.picture_hashes(lib, ctx)
    for done, sha256 in enumerate(hashes):
        ctx.progress(done, len(hashes), "Checking pictures")
        try:
            lib.pictures.get(sha256)
        except StorageError as error:
            problems.append(str(error))
    ctx.progress(len(hashes), len(hashes), "Checking pictures")
    orphans = sum(1 for _ in lib.pictures.unused(upkeep.hashes_in_use(lib, ctx)))
    return Verification(len(hashes), tuple(problems), orphans)


@dataclass(frozen=True)
class Repair:
    """What `repair` put right, and what is still wrong."""

    done: tuple[str, ...]
    left: tuple[str, ...]


def repair(ctx: Context, lib: Library, backup: Path | None = None) -> Repair:
    """Put right what can be: bytes of pictures from a `backup`, indexes of the database from its tables.

    Nothing is ever removed: an altered file is moved into the folder `set-aside` of the library. Raises `StorageError`
    for a library that is open for reading only, and `BadInputError` for a folder that is no backup.
    """
    access.require(lib.account, Act.MAINTAIN)
    if lib.read_only:
        raise StorageError("a library that is open for reading only is not repaired", safe="nothing was changed")
    kept = pictures_of(backup, lib.keys) if backup is not None else None
    done = list(upkeep.rebuild_indexes(lib, ctx))
    if lib.keys is not None:
        done += keys.mend(lib.path, lib.keys)
    hashes = upkeep.picture_hashes(lib, ctx)
    for number, sha256 in enumerate(hashes):
        ctx.progress(number, len(hashes), "Repairing")
        try:
            lib.pictures.get(sha256)
        except StorageError:
            done += _put_back(lib, kept, sha256)
    ctx.progress(len(hashes), len(hashes), "Repairing")
    if done:
        lib.record_event("library", lib.id, f"Repaired: {len(done)} of what was wrong", {"done": done})
    return Repair(tuple(done), verify(ctx, lib).problems)


def _put_back(lib: Library, kept: ImageStore | None, sha256: str) -> list[str]:
    """What was done about one picture that is missing or altered."""
    if kept is None:
        return []
    try:
        data = kept.get(sha256)
    except StorageError:  # the backup has it not, or altered as well
        return []
    said, altered = [], lib.pictures.find(sha256)
    if altered is not None:
        place = place_aside(lib.path, altered.name)
        with named(place.parent, safe="the library is unchanged"):
            place.parent.mkdir(exist_ok=True)
            altered.rename(place)
        said.append(f"the altered file {altered.name} was moved to {place}")
    lib.pictures.put(data)
    return [*said, f"the picture {sha256[:12]}... was put back from the backup"]


def sweep(ctx: Context, lib: Library, *, older_than: float = _MINIMUM_AGE_SECONDS) -> int:
    """Remove stored bytes that no record and no journal line names, and temporary files; returns how many.

    What was written in the last `older_than` seconds stays: its record may be on its way.
    """
    access.require(lib.account, Act.MAINTAIN)
    if lib.read_only:
        raise StorageError("a library that is open read-only is not swept", safe="nothing was changed")
    kept, latest, removed = upkeep.hashes_in_use(lib, ctx), time.time() - older_than, 0
    for path in [*lib.pictures.unused(kept), *lib.pictures.leftovers(), *lib.derived.leftovers()]:
        ctx.check()
        with named(path, safe="nothing on record was removed"):
            if path.stat().st_mtime <= latest:
                path.unlink(missing_ok=True)
                removed += 1
    return removed
