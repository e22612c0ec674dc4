"""An update file in the window: what it is, what installing it does, and what is to be done afterwards. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.jobs import Context
from pfm_desktop.support import moments
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.services.updating.installed import Installed
    from pfm_desktop.services.updating.update_file import Kind, Offer, UpdateFile
    from pfm_desktop.storage.library import Library

CHECKING, INSTALLING = tr("Checking the update file"), tr("Installing the update")
STOPPED = tr("Stopped. The program and the library are as they were.")


@dataclass(frozen=True)
class Looked:
    """An update file that is whole, signed and newer; `words` for who decides."""

    update: UpdateFile
    root: bytes
    words: str


def why_not() -> str:
    """Why no update file can be checked here; "" where one can."""
    from pfm_desktop.services.updating.installed import trusted_root

    try:
        trusted_root()
    except UserError as error:
        return error.sentences
    return ""


def look(ctx: Context, lib: Library, file: Path) -> Looked:
    """Job: check a file, all of it; nothing is changed. Raises `UserError`."""
    from pfm_desktop.services.updating import installing, update_file
    from pfm_desktop.services.updating.installed import installed, trusted_root

    now, root = installed(), trusted_root()
    update = update_file.read(file, root, installing.seen_dir())
    offer = installing.offer_for(update, now)
    update_file.check_whole(ctx, update, offer)
    return Looked(update, root, _words(update, offer, now, installing.place_of_backups(lib)))


def install(ctx: Context, lib: Library, looked: Looked) -> str:
    """Job: back the library up and install; what is to be done now. Raises `UserError`."""
    from pfm_desktop.services.updating import installing
    from pfm_desktop.services.updating.installed import installed

    now = installed()
    places = [(lib, installing.place_of_backups(lib))]
    done = installing.install(ctx, looked.update, looked.root, now, places)
    if done.command:
        return tr(
            "Version {version} is checked and ready, and the library is backed up. Close the program; then who may "
            "install programs on this computer runs:\n\n{command}\n\nSHA-256 of the file: {sha256}",
            version=done.step.new,
            command=done.command,
            sha256=done.sha256,
        )
    return tr(
        "Version {version} is installed, and the library is backed up. Close the program now, and start it from "
        "{link}. Version {old} stays in {folder}.",
        version=done.step.new,
        link=now.link / "pfm-desktop",
        old=done.step.old,
        folder=done.step.old_folder,
    )


def _of_the_earlier(kind: Kind, now: Installed) -> str:
    from pfm_desktop.services.updating import steps
    from pfm_desktop.services.updating.update_file import Kind

    if kind is Kind.FOLDER:
        return tr("Installed now: {present}. It stays, to go back to (pfm update back).", present=now.words)
    return tr(
        "Installed now: {present}. The new version takes its place; to go back to it (pfm update back) you need its "
        "installer, so keep it: {file}.",
        present=now.words,
        file=steps.installer_of(now.version) or steps.usual_name(kind, now.version),
    )


def _words(update: UpdateFile, offer: Offer, now: Installed, backups: Path) -> str:
    from pfm_desktop.services.updating.update_file import Kind
    from pfm_desktop.storage.schema import CURRENT

    said = [
        tr(
            "Version {version}, {size} MB, whole. Signed by {publisher} (key {key}) on {day}; it may be installed "
            "until {until}.",
            version=offer.version,
            size=round(offer.length / 1e6),
            publisher=update.publisher or tr("a publisher without a name"),
            key=update.key,
            day=moments.day(update.signed_at),
            until=moments.day(update.until),
        ),
        _of_the_earlier(offer.kind, now),
        tr("The library is backed up first, into {folder}.", folder=backups),
        tr("Other libraries are not backed up by this."),
    ]
    if offer.library > CURRENT:
        said.append(
            tr(
                "The new version brings a library from version {old} to {new} when it opens it, and keeps a copy of "
                "its database.",
                old=CURRENT,
                new=offer.library,
            )
        )
    if offer.kind is not Kind.FOLDER:
        said.append(tr("The installer itself is then run by who may install programs on this computer."))
    return "\n\n".join(said)
