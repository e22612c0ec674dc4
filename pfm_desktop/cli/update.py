"""`pfm update`: a new version from a file, without a network, and back again (docs/updates.md)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pfm_desktop.cli.opened import credentials, open_library
from pfm_desktop.cli.progress import Bar, complain, say
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support import moments

if TYPE_CHECKING:
    from pfm_desktop.services.updating.going_back import Back, Plan
    from pfm_desktop.services.updating.installed import Installed
    from pfm_desktop.services.updating.installing import Done
    from pfm_desktop.services.updating.set_aside import Aside
    from pfm_desktop.services.updating.update_file import Kind, Offer, UpdateFile
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
    for line in _what_happens(offer, now):
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
    installer: Annotated[
        Path | None, typer.Option(help="Of the earlier version (.deb, setup.exe), where no update brought it.")
    ] = None,
) -> None:
    """Go back to the version before the last update, and to the library as that version reads it.

    The program must be closed. The newer library is not deleted: it is said where it lies, and what it has since. With
    the earlier version in use, --library brings a library back to it that a newer version opened.
    """
    from pfm_desktop.services.updating import going_back, set_aside
    from pfm_desktop.services.updating.installed import installed

    _say_aside(set_aside.there())
    now, keys = installed(), functools.cache(_keys_of)
    plan = going_back.plan(now, keys, library or (), without or (), installer)
    _say_plan(plan, now.version)
    for one in plan.libraries:
        keys(one)  # who has to be asked is asked before a bar is drawn
    with Bar() as bar:
        back = going_back.go_back(bar, plan, now, keys)
    _say_back(back)


def _say_what(update: UpdateFile) -> None:
    version = next((offer.version for offer in update.offers), "unknown")
    publisher = update.publisher or "a publisher without a name"
    say(f"{update.path.name}: version {version}, signed by {publisher} (key {update.key})")
    say(f"Signed {moments.day(update.signed_at)}, may be installed until {moments.day(update.until)}")


def _what_happens(offer: Offer, now: Installed) -> Iterator[str]:
    from pfm_desktop.services.updating.update_file import Kind
    from pfm_desktop.storage.schema import CURRENT

    if offer.kind is Kind.FOLDER:
        yield "pfm update install: the library is backed up first; the earlier program stays for: pfm update back"
    else:
        yield "pfm update install: the library is backed up first. The installer then replaces the earlier program"
        yield _for_going_back(offer.kind, now.version)
    if offer.library > CURRENT:
        yield (
            f"The new version brings a library from version {CURRENT} to {offer.library} when it opens it, and keeps a "
            "copy of its database"
        )
    if offer.kind is not Kind.FOLDER:
        yield "Somebody with the rights for it then runs the installer; the command is printed"


def _for_going_back(kind: Kind, version: str) -> str:
    from pfm_desktop.services.updating import steps

    if kept := steps.installer_of(version):
        return f"To go back, the installer of {version} is kept: {kept}"
    name = steps.usual_name(kind, version)
    return f"To go back you need {name}, from which {version} was installed: keep it. It is not kept by the program"


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
    step = done.step
    for kept, folder in zip(step.kept, backups, strict=True):
        say(f"Backed up: {kept.library}, in {folder}")
    say(
        f"No other library was backed up. Each that {step.new} brings up to date keeps a copy of its database beside "
        "it; to go back with one of them, name it: pfm update back --library FOLDER"
    )
    if done.command:
        say(_for_going_back(step.kind, step.old))
        say(f"Ready, and checked: SHA-256 {done.sha256}. Close the program, then install it:")
        say(done.command)
        return
    new = Path(step.new_folder)
    say(f"Installed: {step.new}, in {new}. Start it from {new.parent / 'pfm-desktop-current' / 'pfm-desktop'}")
    say(f"{step.old} stays in {step.old_folder}. To go back to it: pfm update back")


def _say_plan(plan: Plan, now: str) -> None:
    if plan.step is None:
        say(f"{now} stays in use; to be brought back to it: {_row(plan.libraries)}")
        return
    say(f"From {plan.step.new} to {plan.version}, with these libraries: {_row(plan.libraries)}")
    say(f"Any other library that {plan.step.new} opened is brought back when you name it: --library FOLDER")
    if plan.installer:
        say(f"{plan.version} has to be installed afterwards, from {plan.installer}")


def _row(libraries: Iterable[Path]) -> str:
    return ", ".join(map(str, libraries)) or "none"


def _say_back(back: Back) -> None:
    put = {library: one for library, one in back.libraries.items() if one is not None}
    for library in back.libraries:
        if library not in put:
            say(f"{library}: as it is, version {back.plan.version} reads it")
            continue
        one = put[library]
        for damaged in one.damaged:
            say(f"Passed over, as it is damaged: {damaged}")
        say(f"{library}: as it was on {moments.moment(one.made_at)}, from {one.source.name}")
        say(
            f"What was recorded since ({one.since} lines of its audit trail) is not in it: it lies whole in {one.aside}"
        )
    if put:
        _say_how_to_get_at_it(back.plan.step.new if back.plan.step else "the newer version")
    if back.command:
        say(f"Now install version {back.plan.version}, before anybody starts the program, then: pfm update back")
        say(back.command)
    elif back.plan.step is None:
        say(f"In use, as before: {back.plan.version}. No update was taken back")
    else:
        say(f"In use: {back.plan.version}, in {back.plan.step.old_folder}")


def _say_aside(those: Sequence[Aside]) -> None:
    for one in those:
        say(
            f"Set aside earlier: {one.place}. Its audit trail has {one.since} lines that were not in what took its "
            f"place in {one.library}"
        )
    if those:
        _say_how_to_get_at_it("the newer version")


def _say_how_to_get_at_it(newer: str) -> None:
    say(
        f"To get at it: have {newer} on another computer or in another folder, copy the whole folder of the library, "
        f"put that file into the copy as {DATABASE}, and open the copy with {newer}"
    )
