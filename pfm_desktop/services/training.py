"""Training a model from a manifest, from pictures to model folder."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pfm_desktop.interop.tabular import ManifestRow, read_manifest
from pfm_desktop.jobs import Context
from pfm_desktop.services.sole_use import LOCK, clear, sole_use
from pfm_desktop.services.training_data import LEFT_OUT, LeftOut, digest_of, in_manifest, prepare
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import check_outputs, named
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.pfm.training.config import TrainConfig, TrainResult
    from pfm_desktop.pfm.training.loop import Beside

DEFAULT_SIZE = 224
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A model that was written, and the cases that could not be used."""

    result: TrainResult
    left_out: tuple[LeftOut, ...]


def train_manifest(
    ctx: Context,
    manifest: Path,
    out: Path,
    config: TrainConfig,
    *,
    size: int = DEFAULT_SIZE,
    prepared: Path | None = None,
    workers: int = 2,
    tell: Callable[[str], None] = log.warning,
    beside: Beside | None = None,
) -> Trained:
    """Train on the cases of `manifest` and write a model folder to `out`.

    Pictures are prepared in `prepared` (kept), else beside the run. The folder of the run is removed at the end; see
    `kept_pictures` for a run that did not reach it. `beside`: see `loop.train`. A run that was killed goes on where it
    was; where it cannot, `tell` is told. Raises `BadInputError` for a manifest that cannot be used, `InUseError` while
    another run works at `out` or in `prepared` and `ModelError` when `out` holds a model or other files.
    """
    from pfm_desktop.pfm.checkpoint import refuse_existing
    from pfm_desktop.pfm.model_file import CARD, check_name
    from pfm_desktop.pfm.registry import refuse_other_variant, verify
    from pfm_desktop.pfm.training.loop import train
    from pfm_desktop.pfm.training.state import CURVES

    refuse_existing(out)
    refuse_other_files(out)
    check_outputs([manifest], [out / CARD])  # before the work, not after an hour of it
    check_name(config.name, config.version, config.trained_on)
    config.spec(size)
    if config.start is not None:
        refuse_other_variant(verify(config.start), config.variant)
    rows = read_manifest(manifest)
    with in_manifest(manifest):
        _check_enough(rows, config)
    run = config.run or run_of(out)
    folder = prepared or run / f"prepared-{digest_of(rows, size, config.sources)}"
    with ExitStack() as held:
        held.enter_context(in_manifest(manifest))
        for place in dict.fromkeys((run, folder)):
            held.enter_context(sole_use(place))
        for old in _kept(run):  # pictures of other cases, which no run will ask for again
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
        made = prepare(ctx, rows, folder, size=size, sources=config.sources, workers=workers)
        lines = (*config.card_lines, *_data_lines(manifest, len(made.left_out)))
        result = train(ctx, made.data, out, replace(config, run=run, card_lines=lines), tell=tell, beside=beside)
        if made.left_out:
            keep_left_out(folder, out)
        if prepared is None:
            shutil.rmtree(folder, ignore_errors=True)
        if {file.name for file in run.iterdir()} <= {LOCK, CURVES}:  # the curves lie in the model folder as well
            clear(run)
    return Trained(result, made.left_out)


def refuse_other_files(out: Path) -> None:
    """A model has a folder of its own: raises `ModelError` when `out` holds what belongs to no model.

    What a run has left that was killed while it wrote the model does no harm.
    """
    from pfm_desktop.pfm.model_file import CARD, MODEL, WEIGHTS
    from pfm_desktop.pfm.training.state import CURVES

    own = {MODEL, WEIGHTS, CARD, CURVES, LEFT_OUT}
    try:
        others = sorted(file.name for file in out.iterdir() if file.name not in own and file.suffix != ".part")
    except OSError:  # not there yet, or the next look says what is wrong
        return
    if others:
        raise ModelError(
            tr(
                "{folder} holds other files (such as {file}), and a model has a folder of its own",
                folder=out,
                file=others[0],
            ),
            safe=tr("they are unchanged"),
            remedy=tr("name a new folder, such as {folder}", folder=out / "model"),
        )


def keep_left_out(folder: Path, out: Path) -> None:
    """The list of what was left out of the prepared `folder`, into the model folder `out`."""
    with named(out / LEFT_OUT, safe=tr("the model itself is written")):
        shutil.copyfile(folder / LEFT_OUT, out / LEFT_OUT)


def _check_enough(rows: Sequence[ManifestRow], config: TrainConfig) -> None:
    """Before an hour of preparing; what the engine leaves out may still make them too few."""
    from pfm_desktop.pfm.training.split import split_by_patient

    grades = np.array([row.grade.rank for row in rows], np.int64)
    split_by_patient([row.patient for row in rows], grades, seed=config.seed, shares=config.shares)


def run_of(out: Path) -> Path:
    """Folder for what a run that makes the model `out` needs while it lasts."""
    return out.with_name(f"{out.name}.run")


def kept_pictures(out: Path) -> Path | None:
    """Folder with the pictures that a run for `out` has left for going on; None when there are none."""
    run = run_of(out)
    return run if any(file.stat().st_size for folder in _kept(run) for file in folder.glob("*.u8")) else None


def _kept(run: Path) -> Iterator[Path]:
    return (folder for folder in run.glob("prepared-*") if folder.is_dir())


def phantoms_of(manifest: Path) -> dict[str, object] | None:
    """The settings that phantoms were drawn with, when the manifest or one of its pictures is of phantoms; else None.

    One phantom is enough: what learned from a drawing never passes for what learned from women.
    """
    from pfm_desktop.imaging.phantom.signature import generator_of

    rows = read_manifest(manifest)
    files = [file for row in rows for file in (row.white, row.fluorescence) if file is not None]
    for folder in dict.fromkeys([manifest.parent, *(file.parent for file in files)]):
        try:
            found = json.loads((folder / "phantoms.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
    for file in files:  # copied away from that folder they still say so themselves
        generator = generator_of(file)
        if generator is not None:
            return {"generator": generator}
    return None


def _data_lines(manifest: Path, left_out: int) -> tuple[str, ...]:
    """What the card says about the data beyond their number."""
    drawn = phantoms_of(manifest)
    lines = []
    if drawn:
        lines.append(f"Phantoms of the generator with the frozen parameters `{drawn.get('generator')}`.")
    if left_out:
        lines.append(f"{left_out} cases were left out because the engine would refuse them; see `{LEFT_OUT}`.")
    return tuple(lines)
