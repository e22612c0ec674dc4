"""Installing an update: check it, keep the library, put the new program in place, in this order."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pfm_desktop.jobs import Context
from pfm_desktop.services.backup import back_up
from pfm_desktop.services.sole_use import sole_use
from pfm_desktop.services.updating import steps, unpacking
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.room import check_room
from pfm_desktop.services.updating.steps import Kept, Step
from pfm_desktop.services.updating.update_file import SAFE, Kind, Offer, UpdateFile, copy_out, numbers, remember
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import CURRENT
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import sha256_of
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import updates_dir
from pfm_desktop.support.settings import load_settings

_SPARE = 100 << 20  # bytes that stay free


@dataclass(frozen=True)
class Done:
    """An update that is installed, or ready to be by the `command`, which needs rights that this program has not."""

    step: Step
    command: str = ""
    sha256: str = ""


def place_of_backups(lib: Library) -> Path:
    """The folder that was chosen for this library, else one beside it."""
    chosen = load_settings().backups.get(lib.id, "")
    return Path(chosen) if chosen else lib.path.with_name(f"Backups of {lib.path.name}")


def seen_dir() -> Path:
    """What is remembered of update files."""
    return updates_dir() / "seen"


def offer_for(update: UpdateFile, old: Installed) -> Offer:
    """The installer for this program. Raises `BadInputError` where there is none, or none that is newer."""
    if old.kind is Kind.SOURCE:
        raise BadInputError(
            tr("this program runs from its source, and is not installed"),
            safe=SAFE,
            remedy=tr("update files are for installed programs; bring the source up to date instead"),
        )
    fitting = next((offer for offer in update.offers if offer.kind is old.kind), None)
    if fitting is None:
        raise BadInputError(
            tr("{file} holds no installer for this kind of installation ({kind})", file=update.path, kind=old.kind),
            safe=SAFE,
            remedy=tr("ask for the update file for it"),
        )
    if numbers(fitting.version) <= numbers(old.version):
        raise BadInputError(
            tr("version {version} is installed, and {file} holds {other}", version=old.version, file=update.path,
               other=fitting.version),
            safe=SAFE,
            remedy=tr("there is nothing to do; to go back to the version before, use: pfm update back"),
        )  # fmt: skip
    return fitting


def install(
    ctx: Context, update: UpdateFile, root: bytes, old: Installed, libraries: Sequence[tuple[Library, Path]]
) -> Done:
    """Install what `update_file.read` has checked. `libraries`: those of this user, and where each is backed up.

    Raises `UserError`; the earlier program and the libraries are then as they were. May be repeated after any end.
    """
    offer = offer_for(update, old)
    _check_writable(libraries)
    new = old.folder
    if old.kind is Kind.FOLDER:
        unpacking.check_place(old, offer)
        new = unpacking.place_of(old, offer)
    steps.steps()  # what cannot be read is said before anything is written
    installer = updates_dir() / "installers" / offer.name
    there = old.kind is Kind.FOLDER and unpacking.is_whole(old, offer)  # from an earlier attempt, or one went back
    if not there:
        check_room(_wanted(old, offer, installer), spare=_SPARE)
    with sole_use(updates_dir(), busy=tr("an update is being installed")):
        try:
            if not there:
                _bring(ctx, update, old, offer, installer)
            kept = tuple(_kept(ctx, lib, folder) for lib, folder in libraries)
            remember(update.path, root, seen_dir())
            step = Step(
                old.kind, old.version, offer.version, datetime.now(UTC).isoformat(timespec="seconds"),
                str(old.folder), str(new), "" if old.kind is Kind.FOLDER else str(installer), CURRENT, kept,
            )  # fmt: skip
            steps.add(step)
        finally:
            _tidy(installer.parent)
        if old.kind is Kind.FOLDER:
            unpacking.switch(old.link, new)
            return Done(step)
    return Done(step, command_for(old.kind, installer), offer.sha256)


def command_for(kind: Kind, installer: Path, *, back: bool = False) -> str:
    """What somebody with the rights types (Debian), or starts (Windows); `back`: over a newer version."""
    if kind is Kind.SETUP:
        return f'"{installer}"' + (" /Downgrade" if back else "")
    path = shlex.quote(str(installer))
    return f"sudo env PFM_DOWNGRADE=1 dpkg -i {path}" if back else f"sudo apt install {path}"


def _kept(ctx: Context, lib: Library, folder: Path) -> Kept:
    made = back_up(ctx, lib, folder)
    return Kept(str(lib.path), str(made.snapshot))


def _wanted(old: Installed, offer: Offer, installer: Path) -> Mapping[Path, int]:
    """Bytes that are still to be written; what an earlier attempt has left half makes room."""
    half = installer.with_name(f".{installer.name}.part")
    copied = 0 if _is_kept(installer, offer) else offer.length - (half.stat().st_size if half.exists() else 0)
    if old.kind is not Kind.FOLDER:
        return {installer.parent: copied}
    left = sum(map(unpacking.size_of, unpacking.left_over(old, offer)))
    return {installer.parent: copied, old.folder.parent: offer.unpacked - left}


def _bring(ctx: Context, update: UpdateFile, old: Installed, offer: Offer, installer: Path) -> None:
    """The installer into this user's folder, and the program out of it where that needs no rights."""
    if old.kind is Kind.FOLDER:
        unpacking.clear(old, offer)
    if not _is_kept(installer, offer):
        copy_out(ctx, update, offer, installer)
    if old.kind is Kind.FOLDER:
        unpacking.unpack(ctx, installer, old, offer)


def _is_kept(installer: Path, offer: Offer) -> bool:
    return installer.is_file() and installer.stat().st_size == offer.length and sha256_of(installer) == offer.sha256


def _tidy(installers: Path) -> None:
    """The last two installers stay: that of the version in use, to come back to, and the one before."""
    kept = {Path(step.installer) for step in steps.steps()[-2:] if step.installer}
    for path in installers.iterdir() if installers.is_dir() else ():
        if path not in kept:
            path.unlink()


def _check_writable(libraries: Sequence[tuple[Library, Path]]) -> None:
    for lib, _ in libraries:
        if lib.read_only:
            raise StorageError(
                tr("the library {library} is {state}", library=lib.path, state=lib.read_only_reason),
                safe=SAFE,
                remedy=tr("close the program there, then try again"),
            )
