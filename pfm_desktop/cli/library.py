"""`pfm library`: is everything there, backups, bringing a library back, bringing pictures in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pfm_desktop.cli.library_import import library_import
from pfm_desktop.cli.opened import asked_secret, credentials, new_password, open_library
from pfm_desktop.cli.progress import Bar, complain, say
from pfm_desktop.support.errors import BadInputError

if TYPE_CHECKING:
    from pfm_desktop.storage.keys import LibraryKeys

WRONG = 3
_NEXT = (
    "next: pictures come back with --from BACKUP. For what is wrong with the database or the audit trail, bring the "
    "last backup in which pfm library verify finds nothing wrong back beside this library (pfm library restore BACKUP "
    "NEW_FOLDER); this one stays as it is, with what was done since"
)
Folder = Annotated[Path, typer.Argument(metavar="LIBRARY", help="Folder of the library.", readable=False)]
library_app = typer.Typer(help="Looking after a library of cases.", no_args_is_help=True)
library_app.command("import")(library_import)


@library_app.command("create")
def library_create(
    library: Annotated[Path, typer.Argument(metavar="LIBRARY", help="Folder for it; made if missing.", readable=False)],
    name: Annotated[str, typer.Option(help="Whose account is the first: clinician and administrator.")] = "",
    plain: Annotated[
        bool, typer.Option("--plain", help="Not encrypted: for demonstrations and research without names.")
    ] = False,
) -> int:
    """Make an empty library, encrypted unless `--plain`. Its recovery key is printed, once."""
    from pfm_desktop.services import accounts
    from pfm_desktop.storage.library import Library

    if plain:
        Library.create(library).close()
        say(f"{library}: made. It is not encrypted: whoever can read the folder can read all of it.")
        return 0
    if not name:
        raise BadInputError(
            "an encrypted library needs its first account",
            safe="nothing was made",
            remedy='add --name "Dr. Given Family", or --plain for one that is not encrypted',
        )
    lib, key = accounts.make_library(library, name, new_password(f"Password of {name}"))
    lib.close()
    say(f"{library}: made, encrypted. Recovery key, not shown again; keep it on paper, away from this computer:")
    say(key)
    return 0


@library_app.command("encrypt")
def library_encrypt(
    library: Folder,
    out: Annotated[
        Path, typer.Argument(metavar="NEW_FOLDER", help="Where the copy is made; not there yet.", readable=False)
    ],
    name: Annotated[str, typer.Option(help="Whose account is the first: clinician and administrator.")],
) -> int:
    """Make an encrypted copy of a library that is not encrypted. The plain one stays; its recovery key is printed."""
    from pfm_desktop.services.encrypting import encrypted_copy

    with open_library(library) as plain:
        password = new_password(f"Password of {name}")
        with Bar() as bar:
            lib, key = encrypted_copy(bar, plain, out, name, password)
        lib.close()
    if lib.notice:
        complain(f"wrong: {lib.notice}")
    say(f"{out}: made, encrypted. Recovery key, not shown again; keep it on paper, away from this computer:")
    say(key)
    then = "" if lib.notice else ": once the copy was looked at, remove it"
    say(f"{library} is as before and can be read by whoever reads its folder{then}.")
    return WRONG if lib.notice else 0


@library_app.command("verify")
def library_verify(
    library: Annotated[
        Path, typer.Argument(metavar="LIBRARY|BACKUP", help="Folder of the library, or of its backups.", readable=False)
    ],
    recovery: Annotated[
        bool, typer.Option("--recovery-key", help="Of a backup: ask for the recovery key, not for a name and password.")
    ] = False,
) -> int:
    """Check the database, every reference, the audit trail and every picture against its hash; repairs nothing.

    A library of an older version is brought up to date first, as by the window. Of a folder of backups every snapshot
    is checked, and every picture that one of them names. Exit code 3 when something is wrong.
    """
    from pfm_desktop.services.backup_folder import PICTURES, is_backup
    from pfm_desktop.services.housekeeping import verify, verify_pictures
    from pfm_desktop.storage.engine import DamagedError
    from pfm_desktop.storage.image_store import holds_sealed
    from pfm_desktop.storage.schema import DATABASE

    if is_backup(library) and not (library / DATABASE).exists():
        return _verify_backup(library, recovery=recovery)
    try:
        with open_library(library) as lib, Bar() as bar:
            found = verify(bar, lib)
    except DamagedError as error:
        if error.keys is None and holds_sealed(library / PICTURES):
            raise
        with Bar() as bar:
            pictures = verify_pictures(bar, library, error.keys)
        found = replace(pictures, problems=(str(error), *pictures.problems))
    for problem in found.problems:
        complain(f"wrong: {problem}")
    for note in found.notes:
        complain(f"note: {note}")
    unused = f"; {found.orphans} stored files that no record names" if found.orphans else ""
    say(f"{found.pictures} pictures checked, {len(found.problems) or 'nothing'} wrong{unused}")
    return 0 if found.clean else WRONG


def _verify_backup(folder: Path, *, recovery: bool) -> int:
    from pfm_desktop.services.backup_check import verify_backup

    _, unlocked = _keys_of(folder, None, recovery=recovery)
    with Bar() as bar:
        found = verify_backup(bar, folder, unlocked)
    for problem in found.problems:
        complain(f"wrong: {problem}")
    for note in found.notes:
        complain(f"note: {note}")
    wrong = len(found.problems) or "nothing"
    say(f"{found.snapshots} backups with {found.pictures} pictures checked, {wrong} wrong")
    return WRONG if found.problems else 0


@library_app.command("backup")
def library_backup(
    library: Folder,
    out: Annotated[
        Path, typer.Argument(metavar="BACKUP", help="Folder for the backups of this library.", readable=False)
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Also read what earlier backups kept, and replace what is damaged.")
    ] = False,
) -> int:
    """Add a backup; the library may be in use. What is there from earlier ones is not copied again, and with `--check`
    compared with its hash.

    Exit code 3 when a picture is missing or altered in the library; the rest is kept all the same.
    """
    from pfm_desktop.services.backup import back_up

    with open_library(library) as lib, Bar() as bar:
        made = back_up(bar, lib, out, check=check)
    for problem in made.problems:
        complain(f"wrong: {problem}")
    for note in made.notes:
        complain(f"note: {note}")
    mended = f", {made.mended} damaged ones replaced" if made.mended else ""
    say(f"Backup {made.snapshot.stem}: {made.pictures} pictures, {made.copied} files new{mended}")
    say(f"To bring it back: pfm library restore {out} NEW_FOLDER --at {made.snapshot.stem}")
    return WRONG if made.problems else 0


@library_app.command("restore")
def library_restore(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder of the backups.", readable=False)],
    out: Annotated[
        Path, typer.Argument(metavar="NEW_FOLDER", help="Where the library is made; not there yet.", readable=False)
    ],
    at: Annotated[str, typer.Option(help="Of several backups the one whose name begins so; else the latest.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="Only say which there are.")] = False,
    recovery: Annotated[
        bool, typer.Option("--recovery-key", help="Ask for the recovery key in place of a name and password.")
    ] = False,
) -> int:
    """Make a library from a backup. A library is never written over.

    That of an encrypted library asks for a name and password of that day; they are those of the new library as well.
    Exit code 3 when something of it is missing.
    """
    from pfm_desktop.services.backup import restore
    from pfm_desktop.services.backup_folder import pictures_of, snapshots

    if list_:
        pictures_of(backup)
        for snapshot in snapshots(backup):
            say(snapshot.stem)
        return 0
    who, unlocked = _keys_of(backup, at, recovery=recovery)
    with Bar() as bar:
        made = restore(bar, backup, out, at=at, unlocked=unlocked, who=who)
    for problem in made.problems:
        complain(f"wrong: {problem}")
    missing = f" ({made.missing} not brought back)" if made.missing else ""
    say(f"{made.library}: brought back from {made.snapshot.stem}, {made.pictures} pictures{missing}")
    return WRONG if made.problems else 0


@library_app.command("repair")
def library_repair(
    library: Folder,
    backup: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="BACKUP",
            help="Take missing and altered pictures, and lost key files, from here.",
            readable=False,
        ),
    ] = None,
) -> int:
    """Put right what can be. Nothing is removed: an altered file is moved into the library's folder `set-aside`.

    Exit code 3 when something is still wrong.
    """
    from pfm_desktop.services.housekeeping import repair

    before = _put_keys_back(library, backup) if backup is not None else ()
    with open_library(library) as lib, Bar() as bar:
        made = repair(bar, lib, backup, before=before)
    for line in made.done:
        say(f"done: {line}")
    for problem in made.left:
        complain(f"still wrong: {problem}")
    if made.left:
        complain(_NEXT)
    if not made.done and not made.left:
        say("nothing was wrong")
    return WRONG if made.left else 0


def _put_keys_back(library: Path, backup: Path) -> tuple[str, ...]:
    """Where the library has none of its own; tells what was done."""
    from pfm_desktop.services.backup_folder import any_key_file_of, library_of, stem_of, unlocked_with
    from pfm_desktop.services.housekeeping import lacks_keys, put_keys_back

    if not lacks_keys(library, library_of(backup)):
        return ()
    file = any_key_file_of(backup)
    if file is None:
        raise BadInputError(
            f"{backup} holds no key file: it is the backup of a library that is not encrypted",
            safe="nothing was changed",
            remedy="choose a backup of this library",
        )
    how = "has no key file any more"
    if not lacks_keys(library, ""):
        how = "has a key file of another library than that of this backup: one of the two is not the right one"
    complain(
        f"note: {library} {how}. That of the backup of {stem_of(file)} opens with the "
        "name and password of that day; sign in with these, here and from now on"
    )
    unlocked = unlocked_with(backup, file, *credentials(backup)).keys
    return put_keys_back(library, file, unlocked)


def _keys_of(backup: Path, at: str | None, *, recovery: bool) -> tuple[str, LibraryKeys | None]:
    """Who restores, and the keys of the snapshot (`at` None: those that open any); None where it is not encrypted."""
    from pfm_desktop.services import backup_folder as folder

    file = folder.key_file_of(backup, at) if at is not None else folder.any_key_file_of(backup)
    notes = [folder.about_note(backup), folder.key_file_note(backup, at, file)] if at is not None else []
    for note in filter(None, notes):  # first: it says of which day the password is to be
        complain(f"note: {note}")
    if file is None:
        return "", None
    if recovery:
        return "", folder.unlocked_with_recovery(backup, file, asked_secret("Recovery key", backup)).keys
    name, password = credentials(backup)
    return name, folder.unlocked_with(backup, file, name, password).keys
