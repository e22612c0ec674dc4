"""Installing an update: check it, keep the library, put the new program in place, in this order."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pfm_desktop.jobs import Context
from pfm_desktop.services.backup import back_up
from pfm_desktop.services.sole_use import sole_use
from pfm_desktop.services.updating import steps, unpacking
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.steps import Kept, Step
from pfm_desktop.services.updating.update_file import SAFE, Kind, Offer, UpdateFile, copy_out, numbers, remember
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import CURRENT
from pfm_desktop.support.errors import BadInputError, StorageError
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
    _check_room(old, offer)
    if old.kind is Kind.FOLDER:
        unpacking.check_place(old, offer)
    with sole_use(updates_dir(), busy=tr("an update is being installed")):
        installer = updates_dir() / "installers" / offer.name
        copy_out(ctx, update, offer, installer)
        remember(update.path, root, seen_dir())
        new = unpacking.unpack(ctx, installer, old, offer) if old.kind is Kind.FOLDER else old.folder
        kept = tuple(_kept(ctx, lib, folder) for lib, folder in libraries)
        if old.kind is Kind.FOLDER:
            installer.unlink(missing_ok=True)  # what it held lies beside the earlier program
        step = Step(
            old.kind, old.version, offer.version, datetime.now(UTC).isoformat(timespec="seconds"),
            str(old.folder), str(new), "" if old.kind is Kind.FOLDER else str(installer), CURRENT, kept,
        )  # fmt: skip
        steps.add(step)
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


def _tidy(installers: Path) -> None:
    """The last two installers stay: that of the version in use, to come back to, and the one before."""
    kept = {Path(step.installer) for step in steps.steps()[-2:] if step.installer}
    for path in installers.iterdir():
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


def _check_room(old: Installed, offer: Offer) -> None:
    """Both places may lie on one disk, and then need room for both."""
    wanted: Mapping[Path, int] = {updates_dir(): offer.length, old.folder.parent: offer.unpacked}
    by_disk: dict[int, tuple[Path, int]] = {}
    for folder, size in wanted.items():
        there = next(one for one in (folder, *folder.parents) if one.exists())
        disk = there.stat().st_dev
        by_disk[disk] = (there, by_disk.get(disk, (there, 0))[1] + size)
    for there, size in by_disk.values():
        free = shutil.disk_usage(there).free
        if free < size + _SPARE:
            raise StorageError(
                tr("there is too little room in {folder}: {needed} MB are needed, {free} MB are free", folder=there,
                   needed=(size + _SPARE) // 1_000_000, free=free // 1_000_000),
                safe=SAFE,
                remedy=tr("free some space, then try again"),
            )  # fmt: skip
