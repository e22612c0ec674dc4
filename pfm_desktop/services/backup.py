"""Backing a library up while it is in use, and bringing it back.

A backup is a folder. `pictures/` and `derived/` are as in a library, `models/` has the models that were learned in it,
and each backup adds to them what is new; `snapshots/` has a copy of the database of each time. Nothing in it is ever
overwritten or removed, but for what cannot be read: a picture whose bytes are wrong, and the note whose backups these
are. A snapshot takes its name only once everything that it names is there, so a backup cut short leaves the ones before
as they were.
"""

from __future__ import annotations

import contextlib
import enum
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Cancelled, Context
from pfm_desktop.services import on_record
from pfm_desktop.services.backup_folder import (
    ABOUT,
    MENDING,
    PICTURES,
    SNAPSHOTS,
    TIME,
    about_note,
    chosen,
    key_file_beside,
    key_file_note,
    key_file_of,
    made_at,
    nobody_s,
    noted_library_of,
    snapshots,
    told_library_of,
)
from pfm_desktop.services.learning import copies
from pfm_desktop.services.learning.copies import MODELS
from pfm_desktop.services.learning.steering import FOLDER as LEARNING
from pfm_desktop.services.sole_use import sole_use
from pfm_desktop.storage import access, keys, learning, passwords, snapshot, upkeep
from pfm_desktop.storage.engine import DamagedError, damaged
from pfm_desktop.storage.image_store import ImageStore
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE, KEYS, KEYS_COPY, SIDE_FILES, check_name
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import is_unfinished, json_bytes, named, reached, replacing, write_bytes
from pfm_desktop.support.language import tr

UNFINISHED, DERIVED = ".unfinished", "derived"
STORES = (PICTURES, DERIVED)
_Stores = Mapping[str, ImageStore]


@dataclass(frozen=True)
class Backup:
    """One backup: its snapshot, how many pictures are on record, how many files were new, what is wrong with the
    library, how many damaged files of earlier backups were replaced, and what else was mended in the folder."""

    snapshot: Path
    pictures: int
    copied: int
    problems: tuple[str, ...]
    mended: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Restored:
    """A library that was brought back: where, from which snapshot, how many pictures are there, what is missing of it,
    and what of the backup was told from the rest of it."""

    library: Path
    snapshot: Path
    pictures: int
    problems: tuple[str, ...]
    missing: int = 0
    notes: tuple[str, ...] = ()


def back_up(ctx: Context, lib: Library, folder: Path, *, check: bool = False) -> Backup:
    """Add a backup of the library to `folder` (made if missing). The library may be in use, also by this program.

    A file of the right size that is there already is trusted; with `check` it is read and compared with its hash, and
    replaced where it is wrong. A picture that is missing or altered in the library is told in `problems`; the rest is
    kept all the same. Raises
    `BadInputError` for a folder that is no place for it and `StorageError` where it cannot be written.
    """
    folder = Path(folder).absolute()
    check_name(folder)
    with reached(folder, safe=tr("the library and the backups before are unchanged")):
        return _back_up(ctx, lib, folder, check=check)


def _back_up(ctx: Context, lib: Library, folder: Path, *, check: bool) -> Backup:
    access.require(lib.account, Act.MAINTAIN)
    _check_place(lib, folder)
    with sole_use(folder, busy=tr("the backup {folder} is being written", folder=folder)):
        note = _claim(lib, folder)
        safe = tr("the library and the backups before are unchanged")
        with named(folder, safe=safe):
            with contextlib.suppress(OSError):  # file systems without modes
                folder.chmod(0o700)
            (folder / SNAPSHOTS).mkdir(exist_ok=True)
        unfinished = folder / SNAPSHOTS / UNFINISHED
        try:
            made = _completed(ctx, lib, folder, unfinished, check=check)
        except BaseException as error:
            with contextlib.suppress(OSError):  # the next one makes it anew
                unfinished.unlink(missing_ok=True)
            why = "cancelled" if isinstance(error, Cancelled | KeyboardInterrupt) else "failed"
            with contextlib.suppress(StorageError):  # of a library that takes no line any more the first one tells
                on_record.note(lib, "export", lib.id, f"Backup not completed: {why}")
            raise
        return replace(made, notes=(note,) if note else ())


def _completed(ctx: Context, lib: Library, folder: Path, unfinished: Path, *, check: bool) -> Backup:
    safe = tr("the library and the backups before are unchanged")
    _begin(ctx, lib, unfinished)  # first: every picture that it names is in the store by now
    with snapshot.opened(unfinished, lib.keys) as session:
        named_there, runs = upkeep.named_in(session, ctx), learning.runs(session)
    kept = {PICTURES: lib.pictures, DERIVED: lib.derived}
    done, missing = _copy_all(ctx, named_there, kept, _stores(folder, lib.keys), tr("Backing up"), check=check)
    problems = (*(one.said for one in missing), *copies.keep(ctx, lib.path, runs, folder, check=check))
    if lib.keys is not None and keys.none_of(lib.path, lib.keys.library_id):
        problems = (*problems, *upkeep.key_problems(lib))
    final = folder / SNAPSHOTS / f"{_name_after(snapshots(folder))}.sqlite"
    with named(final, safe=safe):
        if lib.keys is not None:
            write_bytes(key_file_beside(final), passwords.key_file(lib))
        unfinished.replace(final)
    return Backup(final, len(named_there.pictures), done[_Done.NEW], problems, done[_Done.MENDED])


def _begin(ctx: Context, lib: Library, out: Path) -> None:
    """A copy of the database that can be brought back: that of a damaged one is no backup, and is not called one."""
    safe = tr("the library and the backups before are unchanged")
    try:
        on_record.note(lib, "export", lib.id, "Backup begun")
        lib.copy_database(out, safe=safe, ctx=ctx)
        wrong = snapshot.harm(out, lib.keys, ctx)
    except DamagedError as error:
        wrong = error.detail
    if not wrong:
        return
    said = damaged(lib.path, wrong)
    if not isinstance(said, DamagedError):  # the disk of the library is gone
        raise said
    with contextlib.suppress(OSError):  # it is replaced by the next one
        out.unlink(missing_ok=True)
    raise StorageError(
        tr(
            "no backup was made: the database of the library {path}, or the disk of the backup, is damaged ({wrong})",
            path=lib.path,
            wrong=wrong,
        ),
        safe=safe,
        remedy=tr(
            "pfm library verify {path} says whether the library is. If so, copy its folder as it "
            "stands, and {way_back}",
            path=lib.path,
            way_back=way_back(out.parent.parent),
        ),
    )


def way_back(folder: Path, before: str = "~") -> str:
    """Which snapshot to take, the latest or the latest before another one."""
    found = [path.stem for path in snapshots(folder) if path.stem < before]
    if not found:
        return tr("there is no earlier backup in {folder}: look for one elsewhere", folder=folder)
    return tr(
        "bring the backup of {snapshot} back with: pfm library restore {folder} NEW_FOLDER --at {snapshot}",
        snapshot=found[-1],
        folder=folder,
    )


def restore(
    ctx: Context, folder: Path, out: Path, *, at: str = "", unlocked: LibraryKeys | None = None, who: str = ""
) -> Restored:
    """Make a library in `out` from a backup: the latest snapshot, or the latest whose name begins with `at`.

    That of an encrypted library needs its keys, `unlocked` with the key file that the backup holds (`key_file_of`); the
    names and passwords of the new library are those of that day. `who` is written beside it in the audit trail.
    `out` must be missing or empty, or what an earlier attempt left. Raises `BadInputError` where there is no such
    backup or no such place, and `StorageError` where it cannot be written; the backup is never changed.
    """
    folder, out = Path(folder).absolute(), Path(out).absolute()
    check_name(out)
    with reached(folder, safe=tr("the backup is unchanged, and no library was made")):
        return _restore(ctx, folder, out, at=at, unlocked=unlocked, who=who)


def _restore(ctx: Context, folder: Path, out: Path, *, at: str, unlocked: LibraryKeys | None, who: str) -> Restored:
    picked = chosen(folder, at)
    _check_apart(folder, out)
    _check_empty(out)
    safe = tr("the backup is unchanged, and no library was made")
    key_file = key_file_of(folder, at)
    if key_file is not None and unlocked is None:
        raise keys.LockedLibraryError(folder)
    _check_snapshot(ctx, picked, unlocked)
    with snapshot.opened(picked, unlocked) as session:
        named_there, runs = upkeep.named_in(session, ctx), learning.runs(session)
    with named(out, safe=safe):
        out.mkdir(parents=True, exist_ok=True)
        out.chmod(0o700)
        for name in STORES:
            (out / name).mkdir(exist_ok=True)
        for name in SIDE_FILES:  # left of an earlier attempt, they would be taken for those of this database
            (out / name).unlink(missing_ok=True)
    _, missing = _copy_all(ctx, named_there, _stores(folder, unlocked), _stores(out, unlocked), tr("Restoring"))
    problems = tuple(_not_brought_back(folder, one.bare) for one in missing)
    without = copies.bring_back(ctx, folder, runs, out)
    if key_file is not None:
        keys.restore(out, key_file)
    with named(out, safe=safe), picked.open("rb") as copy, replacing(out / DATABASE) as database:
        shutil.copyfileobj(copy, database)  # the one step that makes it a library
    try:
        with Library.open(out, unlocked) as lib:
            lib.who = who or lib.who
            if key_file is not None and key_file.name >= key_file_beside(picked).name:  # with an older one it is told
                passwords.take_over(lib)
            wrong = (*problems, *without, *upkeep.database_problems(lib, ctx), *upkeep.audit_problems(lib, ctx))
            lib.record_event("library", lib.id, f"Restored from the backup of {picked.stem}")
    except BaseException:
        with contextlib.suppress(OSError):  # it was not said that there is one, and it can be restored again
            for name in (DATABASE, *SIDE_FILES):
                (out / name).unlink(missing_ok=True)
        raise
    notes = tuple(note for note in (about_note(folder), key_file_note(folder, at, key_file)) if note)
    brought = len(named_there.pictures) - sum(one.picture for one in missing)
    return Restored(out, picked, brought, wrong, len(problems), notes)


def _not_brought_back(folder: Path, said: str) -> str:
    """In words of who restores: the copy that is altered is that of the backup, and no backup helps it."""
    return tr(
        "not brought back: {problem}. Its record is there. Look for the picture in another backup "
        "and put it back with pfm library repair NEW_FOLDER --from OTHER_BACKUP; the library, "
        "where it is still there, puts it into {folder} with pfm library backup --check",
        problem=said,
        folder=folder,
    )


def _check_snapshot(ctx: Context, chosen: Path, unlocked: LibraryKeys | None) -> None:
    wrong = snapshot.harm(chosen, unlocked, ctx)
    if wrong:
        raise StorageError(
            tr(
                "the snapshot {snapshot} of the backup {folder} is damaged ({wrong})",
                snapshot=chosen.stem,
                folder=chosen.parent.parent,
                wrong=wrong,
            ),
            safe=tr("the backup is unchanged, and no library was made"),
            remedy=way_back(chosen.parent.parent, chosen.stem),
        )


def _stores(folder: Path, keys: LibraryKeys | None) -> _Stores:
    return {name: ImageStore(folder / name, keys) for name in STORES}


class _Done(enum.Enum):
    """What was done about one file."""

    THERE, NEW, MENDED = enum.auto(), enum.auto(), enum.auto()


def _copy_all(
    ctx: Context, wanted: upkeep.Named, kept: _Stores, out: _Stores, text: str, *, check: bool = False
) -> tuple[Counter[_Done], tuple[_Missing, ...]]:
    """Copy from the stores of `kept` to those of `out` what is not there: how much was, and what is missing.

    Only pictures on record and what lies beside them are missed: an answer can be made again, and undo says what it
    cannot bring back.
    """
    parts = [(PICTURES, sha256, True) for sha256 in (*wanted.pictures, *wanted.beside)]
    parts += [(PICTURES, sha256, False) for sha256 in sorted(wanted.undone)]
    parts += [(DERIVED, sha256, False) for sha256 in sorted(wanted.derived)]
    done: Counter[_Done] = Counter()
    missing: list[_Missing] = []
    for number, (store, sha256, must) in enumerate(parts):
        ctx.progress(number, len(parts), text)
        try:
            done[_copied(kept[store], out[store], sha256, check=check)] += 1
        except _NotThere as error:
            if must:
                what = wanted.beside.get(sha256)
                missing.append(_Missing(_beside(what, str(error)), _beside(what, error.bare), picture=not what))
    ctx.progress(len(parts), len(parts), text)
    return done, tuple(missing)


@dataclass(frozen=True)
class _Missing:
    """What is on record and was not copied: a picture, or what lies beside pictures."""

    said: str
    bare: str  # the same without what follows from it
    picture: bool


class _NotThere(Exception):
    """Bytes that the source does not have, or not as their name promises. `bare`: what is wrong, and no more."""

    def __init__(self, said: str, error: StorageError) -> None:
        super().__init__(said)
        self.bare = error.what.partition(". ")[0]


def _beside(what: str | None, said: str) -> str:
    return tr("a {thing}, {problem}", thing=what, problem=said) if what else said


def _copied(source: ImageStore, target: ImageStore, sha256: str, *, check: bool) -> _Done:
    """Copy what is not there yet. Raises `_NotThere`, and `StorageError` of the target."""
    there, here = target.find(sha256), source.find(sha256)
    alike = there is not None and (here is None or there.stat().st_size == here.stat().st_size)
    if alike and not (check and not _holds(target, sha256)):
        return _Done.THERE
    try:
        data = source.get(sha256)
    except StorageError as error:
        if there is not None and _holds(target, sha256):
            whole = tr("It is whole in {folder}, from an earlier backup", folder=target.root.parent)
            raise _NotThere(f"{error.what}. {whole}", error) from error
        raise _NotThere(tr("not kept: {problem}", problem=error), error) from error
    target.put(data)
    return _Done.NEW if there is None else _Done.MENDED


def _holds(store: ImageStore, sha256: str) -> bool:
    try:
        store.get(sha256)
    except StorageError:
        return False
    return True


def _check_place(lib: Library, folder: Path) -> None:
    resolved, inside = folder.resolve(), lib.path.resolve()
    if resolved == inside or inside in resolved.parents or (folder / DATABASE).exists():
        raise BadInputError(
            tr("{folder} is a library, or lies within one", folder=folder),
            safe=tr("nothing was written"),
            remedy=tr("choose a folder of its own for backups, best on another disk"),
        )
    if folder.is_dir() and not (folder / ABOUT).exists() and any(_foreign(folder)):
        raise BadInputError(
            tr("{folder} holds other files", folder=folder),
            safe=tr("nothing was written"),
            remedy=tr("choose an empty folder for backups"),
        )


def _foreign(folder: Path) -> Iterable[Path]:
    ours = (*STORES, MODELS, SNAPSHOTS, "lock")
    return (path for path in folder.iterdir() if path.name not in ours and not is_unfinished(path))


def _claim(lib: Library, folder: Path) -> str:
    """A backup folder belongs to one library. Tells what was mended: a `backup.json` that was lost is written anew."""
    about, note = folder / ABOUT, about_note(folder)
    of = noted_library_of(folder) or told_library_of(folder, lib.keys)
    if not of and (about.exists() or snapshots(folder)):
        raise nobody_s(folder)
    if of and of != lib.id:
        raise BadInputError(
            tr("{folder} holds backups of another library", folder=folder),
            safe=tr("nothing was written"),
            remedy=tr("choose another folder; each library has its own"),
        )
    if not noted_library_of(folder):
        with named(about, safe=tr("nothing was written")):
            write_bytes(about, json_bytes({"library_id": lib.id, "what": "backups of a pfm_desktop library"}))
    return note.replace(MENDING, tr("It was written anew"))


def _name_after(before: Sequence[Path]) -> str:
    """By the clock; where that was set back, a second after the last one, so that the order stays."""
    now = datetime.now(UTC).strftime(TIME)
    if not before or now > before[-1].stem:
        return now
    return (made_at(before[-1]) + timedelta(seconds=1)).strftime(TIME)


def _check_apart(folder: Path, out: Path) -> None:
    """Backups and a library in one folder would be taken for each other, and be lost with each other."""
    backups, place = folder.resolve(), out.resolve()
    if place == backups or backups in place.parents:
        raise BadInputError(
            tr("{folder} lies within the folder of the backups", folder=out),
            safe=tr("nothing was changed"),
            remedy=tr("choose a folder outside of it for the library"),
        )


def _check_empty(out: Path) -> None:
    there = [path.name for path in out.iterdir()] if out.is_dir() else ["it"] if out.exists() else []
    ours = (*STORES, LEARNING, KEYS, KEYS_COPY, "lock", *SIDE_FILES)
    if any(name not in ours and not is_unfinished(out / name) for name in there):
        raise BadInputError(
            tr("{folder} is not empty", folder=out),
            safe=tr("nothing was changed"),
            remedy=tr("choose a folder that is not there yet; a library is never written over"),
        )
