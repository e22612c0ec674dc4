"""`pfm update`: a new version from a file, without a network, and back again (docs/updates.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pfm_desktop.cli.opened import credentials, open_library
from pfm_desktop.cli.progress import Bar, complain, say
from pfm_desktop.support import moments

if TYPE_CHECKING:
    from pfm_desktop.services.updating.going_back import Back
    from pfm_desktop.services.updating.installing import Done
    from pfm_desktop.services.updating.update_file import Offer, UpdateFile
    from pfm_desktop.storage.keys import LibraryKeys
    from pfm_desktop.storage.library import Library

File = Annotated[Path, typer.Argument(metavar="FILE", help="The update file, *.pfm-update.", readable=False)]
update_app = typer.Typer(help="A new version from a file, without a network.", no_args_is_help=True)


@update_app.command("check")
def update_check(file: File) -> None:
    """Say what an update file is, who signed it, and what installing it does. Changes nothing.

    Exit code 2 where it is damaged, not signed by those whom this program trusts, too old, or not newer.
    """
    from pfm_desktop.services.updating import installing, update_file
    from pfm_desktop.services.updating.installed import installed, trusted_root

    now = installed()
    update = update_file.read(file, trusted_root(), installing.seen_dir())
    _say_what(update)
    say(f"Installed: {now.words}")
    offer = installing.offer_for(update, now)
    with Bar() as bar:
        update_file.check_whole(bar, update, offer)
    say(f"For this computer: {offer.name}, {offer.length / 1e6:.0f} MB, whole")
    for line in _what_happens(offer):
        say(line)


@update_app.command("install")
def update_install(
    file: File,
    library: Annotated[
        list[Path] | None,
        typer.Option(help="A library to back up before; else the one that the window opens.", readable=False),
    ] = None,
    backup: Annotated[
        Path | None,
        typer.Option(help="Folder for its backups; else the one in Settings, or one beside it.", readable=False),
    ] = None,
) -> None:
    """Check an update file, back the library up, and install the new version.

    A program that was unpacked anywhere is installed at once. A .deb or setup.exe is checked and kept, and the one
    command that installs it is printed. The program must be closed. May be repeated after any end.
    """
    from pfm_desktop.services.updating import installing, update_file
    from pfm_desktop.services.updating.installed import installed, trusted_root

    now, root = installed(), trusted_root()
    update = update_file.read(file, root, installing.seen_dir())
    installing.offer_for(update, now)
    _say_what(update)
    with _opened(library) as libraries, Bar() as bar:
        places = [(lib, backup or installing.place_of_backups(lib)) for lib in libraries]
        done = installing.install(bar, update, root, now, places)
    _say_done(done, [folder for _, folder in places])


@update_app.command("back")
def update_back(
    library: Annotated[
        list[Path] | None,
        typer.Option(help="Another library that the newer version opened; those that were backed up come anyway."),
    ] = None,
    without: Annotated[
        list[Path] | None, typer.Option(help="Leave this library as it is, as where it is gone.", readable=False)
    ] = None,
) -> None:
    """Go back to the version before the last update, and to the library as that version reads it.

    The program must be closed. The newer library is not deleted: it is said where it lies, and what it has since.
    """
    from pfm_desktop.services.updating.going_back import go_back, last_step
    from pfm_desktop.services.updating.installed import installed

    now = installed()
    step = last_step(now)
    with Bar() as bar:
        back = go_back(bar, step, now, _keys_of, library or (), without or ())
    _say_back(back)


def _say_what(update: UpdateFile) -> None:
    version = next((offer.version for offer in update.offers), "unknown")
    publisher = update.publisher or "a publisher without a name"
    say(f"{update.path.name}: version {version}, signed by {publisher} (key {update.key})")
    say(f"Signed {moments.day(update.signed_at)}, may be installed until {moments.day(update.until)}")


def _what_happens(offer: Offer) -> Iterator[str]:
    from pfm_desktop.services.updating.update_file import Kind
    from pfm_desktop.storage.schema import CURRENT

    yield "pfm update install: the library is backed up first; the earlier program stays for: pfm update back"
    if offer.library > CURRENT:
        yield (
            f"The new version brings a library from version {CURRENT} to {offer.library} when it opens it, and keeps a "
            "copy of its database"
        )
    if offer.kind is not Kind.FOLDER:
        yield "Somebody with the rights for it then runs the installer; the command is printed"


@contextmanager
def _opened(chosen: Sequence[Path] | None) -> Iterator[list[Library]]:
    """Those that were named, else that of the window; the demo library is drawn again where it is lost."""
    from pfm_desktop.support.settings import load_settings

    of_window = load_settings().library
    paths = chosen or ([Path(of_window)] if of_window else [])
    if not paths:
        complain(
            "note: the window of this user opens no library but the demo, so none is backed up. Name those of others "
            "with --library"
        )
    with ExitStack() as stack:
        yield [stack.enter_context(open_library(path)) for path in paths]


def _keys_of(library: Path) -> LibraryKeys | None:
    from pfm_desktop.services.accounts import keys_of
    from pfm_desktop.storage.schema import is_encrypted

    return keys_of(library, *credentials(library), "while going back") if is_encrypted(library) else None


def _say_done(done: Done, backups: Sequence[Path]) -> None:
    for kept, folder in zip(done.step.kept, backups, strict=True):
        say(f"Backed up: {kept.library}, in {folder}")
    if done.command:
        say(f"Ready, and checked: SHA-256 {done.sha256}. Close the program, then install it:")
        say(done.command)
        return
    new = Path(done.step.new_folder)
    say(f"Installed: {done.step.new}, in {new}. Start it from {new.parent / 'pfm-desktop-current' / 'pfm-desktop'}")
    say(f"{done.step.old} stays in {done.step.old_folder}. To go back to it: pfm update back")


def _say_back(back: Back) -> None:
    for library, put in back.libraries.items():
        if put is None:
            say(f"{library}: as it is, version {back.step.old} reads it")
            continue
        say(f"{library}: as it was on {moments.moment(put.made_at)}, from {put.source.name}")
        say(
            f"What was recorded since, {put.since} lines of its audit trail, is not in it. It lies whole in {put.aside}"
        )
    if back.command:
        say(f"Now install version {back.step.old}, before anybody starts the program, then: pfm update back")
        say(back.command)
    else:
        say(f"In use: {back.step.old}, in {back.step.old_folder}")
