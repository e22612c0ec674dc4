"""Going back to the program of before an update, and to the library as that program knows it.

The library first: the earlier program opens none that is newer, while the newer one brings an older library up to date
again. So whatever cuts this short leaves a program that opens its library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.jobs import Context
from pfm_desktop.services.backup_folder import made_at
from pfm_desktop.services.sole_use import sole_use
from pfm_desktop.services.updating import steps, unpacking
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.installing import command_for
from pfm_desktop.services.updating.steps import Step
from pfm_desktop.services.updating.update_file import SAFE, Kind
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.put_back import Earlier, PutBack, put_back
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import updates_dir

Keys = Callable[[Path], LibraryKeys | None]


@dataclass(frozen=True)
class Back:
    """What was done: libraries that were put back (None: the earlier program reads it as it is), where the earlier
    program is, and the command that installs it where that is for somebody else."""

    step: Step
    libraries: Mapping[Path, PutBack | None]
    command: str = ""


def last_step(now: Installed) -> Step:
    """The update that `go_back` takes back. Raises `BadInputError` where there is none."""
    found = steps.steps()
    if not found:
        raise BadInputError(
            tr("no update was installed here by this user"),
            safe=SAFE,
            remedy=tr("start this as the user who installed the update"),
        )
    if now.version not in (found[-1].old, found[-1].new):
        raise BadInputError(
            tr(
                "the last update led to version {new}, and {version} is installed",
                new=found[-1].new,
                version=now.version,
            ),
            safe=SAFE,
            remedy=tr("start the program of that version"),
        )
    return found[-1]


def go_back(
    ctx: Context, step: Step, now: Installed, keys: Keys, others: Sequence[Path] = (), without: Sequence[Path] = ()
) -> Back:
    """Take an update back; `keys(library)` gives those of an encrypted one, None where it is not encrypted.

    `others`: libraries that the newer program opened as well, and that were not backed up by the update; `without`:
    those that are left as they are, as they are gone or lie on a disk that is not there.

    Raises `UserError`. May be repeated after any end, and by either program.
    """
    with sole_use(updates_dir(), busy=tr("an update is being installed")):
        old = Path(step.old_folder)
        if step.kind is Kind.FOLDER and not (old / "pfm").exists():
            raise StorageError(
                tr("the earlier program is gone: {folder}", folder=old),
                safe=SAFE,
                remedy=tr("unpack version {version} there again, then try again", version=step.old),
            )
        kept: dict[Path, Path | None] = dict.fromkeys(path.absolute() for path in others)
        kept |= {Path(one.library): Path(one.snapshot) for one in step.kept}
        for left in without:
            kept.pop(left.absolute(), None)
        libraries = {library: _put_back(ctx, step, library, kept[library], keys) for library in kept}
        if step.kind is Kind.FOLDER:
            unpacking.switch(Installed(step.kind, step.old, old).link, old)
        elif now.version != step.old:  # the step stays until the earlier program is there again, and says so
            return Back(step, libraries, command_for(step.kind, _installer_of(step), back=True))
        steps.drop(step)
    return Back(step, libraries)


def _put_back(ctx: Context, step: Step, library: Path, snapshot: Path | None, keys: Keys) -> PutBack | None:
    earlier = Earlier(snapshot, made_at(snapshot)) if snapshot is not None else None
    return put_back(ctx, library, keys(library), version=step.library, earlier=earlier, after=step.began)


def _installer_of(step: Step) -> Path:
    """Of the earlier version: kept by the update that brought it, else as whoever installed it first called it."""
    for one in steps.steps():
        if one.new == step.old and one.installer and Path(one.installer).is_file():
            return Path(one.installer)
    name = f"pfm-desktop_{step.old}_amd64.deb" if step.kind is Kind.DEB else f"pfm-desktop-{step.old}-setup.exe"
    return Path(name)
