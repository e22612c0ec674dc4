"""Learned models in a backup: the weights that a library's runs have made, which its pictures alone do not bring back.

They lie under their hash in `models/` of the backup's folder, once for all its snapshots.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from pfm_desktop.domain.learning import Run
from pfm_desktop.jobs import Context
from pfm_desktop.services.learning.run import MODEL
from pfm_desktop.services.learning.steering import run_folder
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.files import named, write_bytes
from pfm_desktop.support.language import tr

MODELS = "models"
_SAFE = tr("the library and the backups before are unchanged")


def keep(ctx: Context, library: Path, runs: Sequence[Run], backup: Path, *, check: bool = False) -> tuple[str, ...]:
    """Copy the models of these runs of a library into a backup; returns what is said of those that are not there.

    One that the backup has already is trusted; with `check` it is replaced where it was altered. Raises `StorageError`
    where the backup cannot be written.
    """
    said = []
    for run in _with_models(runs):
        ctx.check()
        kept, source = backup / MODELS / run.model_sha256, run_folder(library, run.id) / MODEL
        if kept.is_dir() and not (check and not _is(kept, run)):
            continue
        if _is(source, run):
            _copy(source, kept, safe=_SAFE)
        elif not _is(kept, run):
            said.append(
                tr(
                    "the model {model} that was learned here is missing or altered: it is not backed up",
                    model=run.model_name,
                )
            )
    return tuple(said)


def bring_back(ctx: Context, backup: Path, runs: Sequence[Run], library: Path) -> tuple[str, ...]:
    """The other way: into the folders of the runs of a library that is brought back."""
    said = []
    for run in _with_models(runs):
        ctx.check()
        kept, target = backup / MODELS / run.model_sha256, run_folder(library, run.id) / MODEL
        if _is(kept, run):
            _copy(kept, target, safe=tr("the backup is unchanged"))
        else:
            said.append(
                tr(
                    "the model {model} was not brought back: it is not in the backup, or altered there",
                    model=run.model_name,
                )
            )
    return tuple(said)


def harmed(ctx: Context, library: Path, runs: Sequence[Run]) -> tuple[Run, ...]:
    """Of these runs of a library, those whose model is missing in it or altered."""
    found = []
    for run in _with_models(runs):
        ctx.check()
        if not _is(run_folder(library, run.id) / MODEL, run):
            found.append(run)
    return tuple(found)


def put_back(library: Path, run: Run, backup: Path, aside: Callable[[Path], Path]) -> tuple[str, ...]:
    """The model of a run from a backup; what was done, nothing where the backup has it not whole either.

    `aside(folder)` moves an altered one away, and says where to.
    """
    kept, target = backup / MODELS / run.model_sha256, run_folder(library, run.id) / MODEL
    if not _is(kept, run):
        return ()
    moved = f"; the altered one was moved to {aside(target)}" if target.exists() else ""
    _copy(kept, target, safe=tr("what was put back until now stays"))
    return (f"the learned model {run.model_name} was put back from the backup{moved}",)


def copy_all(ctx: Context, library: Path, runs: Sequence[Run], out: Path) -> tuple[str, ...]:
    """The models of these runs into another library that has the runs; returns the names of those not whole."""
    left = []
    for run in _with_models(runs):
        ctx.check()
        source = run_folder(library, run.id) / MODEL
        if _is(source, run):
            _copy(source, run_folder(out, run.id) / MODEL, safe=tr("the library is unchanged"))
        else:
            left.append(run.model_name)
    return tuple(left)


def missing(ctx: Context, backup: Path, runs: Sequence[Run]) -> tuple[str, ...]:
    """What is said of the models of these runs that a backup does not have whole."""
    said = []
    for run in _with_models(runs):
        ctx.check()
        if not _is(backup / MODELS / run.model_sha256, run):
            said.append(tr("the learned model {model} is missing or altered in the backup", model=run.model_name))
    return tuple(said)


def _with_models(runs: Sequence[Run]) -> Sequence[Run]:
    return [run for run in runs if run.model_sha256]


def _is(folder: Path, run: Run) -> bool:
    from pfm_desktop.pfm import registry

    try:
        return folder.is_dir() and registry.verify(folder).sha256 == run.model_sha256
    except (UserError, OSError):
        return False


def _copy(source: Path, target: Path, *, safe: str) -> None:
    """Whole or not at all, and on the disk before it is said to be there: under another name first."""
    half = target.with_name(f".{target.name}.part")
    with named(target, safe=safe):
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(mode=0o700)
            for file in sorted(path for path in source.iterdir() if path.is_file() and not path.is_symlink()):
                write_bytes(half / file.name, file.read_bytes())
            shutil.rmtree(target, ignore_errors=True)
            half.rename(target)
        except BaseException:
            with contextlib.suppress(OSError):
                shutil.rmtree(half, ignore_errors=True)
            raise
