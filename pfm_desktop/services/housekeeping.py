"""Looking after a library: is everything there, is everything what it says it is."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pfm_desktop.jobs import Context
from pfm_desktop.storage import upkeep
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

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


def verify(ctx: Context, lib: Library) -> Verification:
    """Check the database, every reference, and the bytes of every picture against their hash; changes nothing."""
    problems = list(upkeep.database_problems(lib))
    hashes = upkeep.picture_hashes(lib)
    for done, sha256 in enumerate(hashes):
        ctx.progress(done, len(hashes), "Checking pictures")
        try:
            lib.pictures.get(sha256)
        except StorageError as error:
            problems.append(str(error))
    ctx.progress(len(hashes), len(hashes), "Checking pictures")
    kept = upkeep.hashes_in_use(lib)
    orphans = sum(sha256 not in kept for sha256, _ in lib.pictures.names())
    return Verification(len(hashes), tuple(problems), orphans)


def sweep(ctx: Context, lib: Library, *, older_than: float = _MINIMUM_AGE_SECONDS) -> int:
    """Remove stored bytes that no record and no journal line names, and temporary files; returns how many.

    What was written in the last `older_than` seconds stays: its record may be on its way.
    """
    if lib.read_only:
        raise StorageError("a library that is open read-only is not swept", safe="nothing was changed")
    kept, latest, removed = upkeep.hashes_in_use(lib), time.time() - older_than, 0
    unused = [path for sha256, path in lib.pictures.names() if sha256 not in kept]
    for path in [*unused, *lib.pictures.leftovers(), *lib.derived.leftovers()]:
        ctx.check()
        if path.stat().st_mtime <= latest:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
