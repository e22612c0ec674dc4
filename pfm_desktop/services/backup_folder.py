"""A folder of backups as it lies on the disk: whose it is, which snapshots it has, and the key files of these.

What is lost of it is told from the rest where that can be known for sure: whose library it is from the snapshots, and
the key file of a snapshot by that of another one, since a library keeps its master key as long as it lives.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pfm_desktop.storage import keys, snapshot
from pfm_desktop.storage.image_store import ImageStore, holds_sealed
from pfm_desktop.storage.keys import LibraryKeys, Unlocked, WrongPasswordError
from pfm_desktop.storage.schema import KEYS, is_plain
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.files import reached
from pfm_desktop.support.language import tr

ABOUT, SNAPSHOTS, KEY_FILE, PICTURES = "backup.json", "snapshots", ".keys.json", "pictures"
MENDING = tr("The next backup writes it anew")
TIME = "%Y%m%dT%H%M%SZ"


def snapshots(folder: Path) -> tuple[Path, ...]:
    """Snapshots of a backup, oldest first."""
    return tuple(sorted(path for path in (folder / SNAPSHOTS).glob("*.sqlite") if not path.name.startswith(".")))


def made_at(snapshot: Path) -> datetime:
    """When a snapshot was made, UTC, as its name says."""
    return datetime.strptime(snapshot.stem, TIME).replace(tzinfo=UTC)


def is_backup(folder: Path) -> bool:
    """Whether the folder is one of backups, of whichever library."""
    return (folder / ABOUT).exists() or bool(snapshots(folder))


def key_file_beside(snapshot: Path) -> Path:
    """Where the key file of a snapshot lies, if it has one."""
    return snapshot.with_suffix(KEY_FILE)


# whose it is


def noted_library_of(folder: Path) -> str:
    """Id of the library as `backup.json` says; "" where that is missing or cannot be read."""
    try:
        with (
            reached(folder, safe=tr("nothing was changed")),
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
        ):
            return str(json.loads((folder / ABOUT).read_text(encoding="utf-8"))["library_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return ""


def told_library_of(folder: Path, unlocked: LibraryKeys | None = None) -> str:
    """Id of the library as the snapshots and their key files say; "" where none does, or they do not agree."""
    found = {keys.library_of(key_file_beside(path)) for path in snapshots(folder)}
    for path in snapshots(folder):
        if is_plain(path):
            found.add(snapshot.library_id(path, None))
        elif unlocked is not None:
            found.add(snapshot.library_id(path, unlocked))
    found.discard("")
    return found.pop() if len(found) == 1 else ""


def library_of(folder: Path) -> str:
    """Id of the library whose backups these are. Raises `BadInputError` for a folder that is no backup, and where
    nothing tells whose it is."""
    found = noted_library_of(folder)
    if not found:
        with reached(folder, safe=tr("nothing was changed")):
            found = told_library_of(folder)
    if not found:
        raise nobody_s(folder)
    return found


def nobody_s(folder: Path) -> BadInputError:
    """The error for a folder that does not tell whose it is."""
    if not snapshots(folder):
        return BadInputError(
            tr(
                "{folder} is no backup: its {about} is missing or cannot be read, and there is no snapshot",
                folder=folder,
                about=ABOUT,
            ),
            safe=tr("nothing was changed"),
            remedy=tr(
                "choose the folder that holds {about} and the folder {snapshots}", about=ABOUT, snapshots=SNAPSHOTS
            ),
        )
    return BadInputError(
        tr(
            "{folder} is no backup that can be told whose it is: its {about} is missing or cannot be "
            "read, and no snapshot or key file in it can be read either",
            folder=folder,
            about=ABOUT,
        ),
        safe=tr("nothing was changed"),
        remedy=tr(
            "if the library is there, copy its {keys} to {file} and try again; else look "
            "for another copy of this folder",
            keys=KEYS,
            file=key_file_beside(snapshots(folder)[-1]),
        ),
    )


def about_note(folder: Path) -> str:
    """What is to be said where `backup.json` does not tell whose it is and the snapshots do; "" where it does."""
    if noted_library_of(folder) or not snapshots(folder):
        return ""
    file = folder / ABOUT
    said = (
        tr("{file} cannot be read: whose backups these are was told from the snapshots.", file=file)
        if file.exists()
        else tr("{file} is missing: whose backups these are was told from the snapshots.", file=file)
    )
    return f"{said} {MENDING}"


# its pictures and key files


def pictures_of(folder: Path, keys: LibraryKeys | None = None, *, library_id: str = "") -> ImageStore:
    """The pictures of a backup of the library with these keys, or this id. Raises `BadInputError` for a folder that is
    none."""
    of, wanted = library_of(folder), keys.library_id if keys is not None else library_id
    if wanted and of != wanted:
        raise BadInputError(
            tr("{folder} holds backups of another library", folder=folder),
            safe=tr("nothing was changed"),
            remedy=tr("choose the right one"),
        )
    return ImageStore(folder / PICTURES, keys)


def key_file_of(folder: Path, at: str = "") -> Path | None:
    """The key file with which `restore` takes its snapshot; None where the library is not encrypted.

    Its own, and where that is missing or damaged the one of the snapshot before, or else after; see `key_file_note`.
    Raises `StorageError` where none is whole.
    """
    folder = Path(folder).absolute()
    picked = chosen(folder, at)
    own = key_file_beside(picked)
    if is_plain(picked) and not own.exists():
        return None
    whole = whole_key_files(folder)
    if own in whole:
        return own
    if not whole and not _encrypted(folder):
        return None
    if not whole:
        raise _no_key_file(folder, picked)
    before = [file for file in whole if file.name < own.name]
    return before[-1] if before else whole[0]


def any_key_file_of(folder: Path) -> Path | None:
    """The newest key file of a backup that is whole, which opens every snapshot; None where none is encrypted.

    Raises `StorageError` as `key_file_of` where none is whole.
    """
    folder = Path(folder).absolute()
    whole = whole_key_files(folder)
    return whole[-1] if whole else key_file_of(folder) if snapshots(folder) else None


def whole_key_files(folder: Path) -> tuple[Path, ...]:
    """Key files of the library that can be read, oldest first."""
    of = library_of(folder)
    return tuple(file for one in snapshots(folder) if not keys.harm_of(file := key_file_beside(one), of))


def key_file_note(folder: Path, at: str, file: Path | None) -> str:
    """What is to be said where `file` is not the key file of the snapshot itself; "" where it is."""
    folder = Path(folder).absolute()
    own = key_file_beside(chosen(folder, at))
    if file is None or file == own:
        return ""
    how = keys.harm_of(own, library_of(folder))
    return tr(
        "the key file of the snapshot {snapshot} {harm} ({file}): that of {other} is used, which "
        "opens it as well, with the names and passwords of that day",
        snapshot=stem_of(own),
        harm=how,
        file=own,
        other=stem_of(file),
    )


def stem_of(key_file: Path) -> str:
    """The name of the snapshot that a key file belongs to."""
    return key_file.name.removesuffix(KEY_FILE)


def unlocked_with(folder: Path, file: Path, name: str, password: str) -> Unlocked:
    """Open the keys of a backup with a name and password of the day of the key file.

    Raises `WrongPasswordError`, which says of which day they are to be.
    """
    try:
        return keys.unlock(folder, name, password, file=file)
    except WrongPasswordError as error:
        raise _of_its_day(error, file) from error


def unlocked_with_recovery(folder: Path, file: Path, key: str) -> Unlocked:
    """As `unlocked_with`, with the recovery key of that day."""
    try:
        return keys.unlock_with_recovery(folder, key, file=file)
    except WrongPasswordError as error:
        raise _of_its_day(error, file) from error


def _of_its_day(error: WrongPasswordError, file: Path) -> UserError:
    what = error.what
    if what == keys.NOT_ITS_RECOVERY_KEY:
        what = tr("this is not the recovery key of this backup")
    return WrongPasswordError(
        tr(
            "{problem}: a backup opens with those of its day, here of {snapshot}, whatever was changed since",
            problem=what,
            snapshot=stem_of(file),
        ),
        account_id=error.account_id,
        remedy=tr(
            "try the password of that day (capitals and small letters differ), the recovery key of that day "
            "(--recovery-key), or another backup (--list, --at)"
        ),
    )


def _encrypted(folder: Path) -> bool:
    return any(key_file_beside(one).exists() for one in snapshots(folder)) or holds_sealed(folder / PICTURES)


def _no_key_file(folder: Path, picked: Path) -> StorageError:
    file = key_file_beside(picked)
    how = keys.harm_of(file, library_of(folder))
    return StorageError(
        tr(
            "the key file of the snapshot {snapshot} {harm} ({file}), and no other in {folder} is whole",
            snapshot=picked.stem,
            harm=how,
            file=file,
            folder=folder,
        ),
        safe=tr("the backup is unchanged; its snapshots and pictures are there, encrypted"),
        remedy=tr(
            "copy {keys} of the library to {file}, if it is still there, or the key file from "
            "another copy of this backup, and try again; without one nobody can open it",
            keys=KEYS,
            file=file,
        ),
    )


def chosen(folder: Path, at: str) -> Path:
    """The latest snapshot, or the latest whose name begins with `at`. Raises `BadInputError` where there is none."""
    library_of(folder)
    found = [path for path in snapshots(folder) if path.stem.startswith(at)]
    if not found:
        raise BadInputError(
            tr("{folder} has no snapshot that begins with {beginning!r}", folder=folder, beginning=at)
            if at
            else tr("{folder} has no snapshot", folder=folder),
            safe=tr("nothing was changed"),
            remedy=tr("choose one of those there are (the latest: {latest})", latest=_latest(snapshots(folder))),
        )
    return found[-1]


def _latest(found: Iterable[Path]) -> str:
    return ", ".join([path.stem for path in found][-5:]) or tr("none")
