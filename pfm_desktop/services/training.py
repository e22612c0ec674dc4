"""Training a model from a manifest, from pictures to model folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.interop.tabular import read_manifest
from pfm_desktop.jobs import Context
from pfm_desktop.services.training_data import LEFT_OUT, LeftOut, digest_of, prepare
from pfm_desktop.support.files import check_outputs

if TYPE_CHECKING:
    from pfm_desktop.pfm.training.config import TrainConfig, TrainResult

DEFAULT_SIZE = 224


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
) -> Trained:
    """Train on the cases of `manifest` and write a model folder to `out`.

    Pictures are prepared in `prepared` (kept), else beside the run (removed at the end). A run that was killed goes on
    where it was. Raises `BadInputError` for a manifest that cannot be used and `ModelError` when `out` holds a model.
    """
    from pfm_desktop.pfm.checkpoint import refuse_existing
    from pfm_desktop.pfm.model_file import CARD
    from pfm_desktop.pfm.training.loop import train

    refuse_existing(out)
    check_outputs([manifest], [out / CARD])  # before the work, not after an hour of it
    config.spec(size)
    rows = read_manifest(manifest)
    run = config.run or out.with_name(f"{out.name}.run")
    folder = prepared or run / f"prepared-{digest_of(rows, size, config.sources)}"
    made = prepare(ctx, rows, folder, size=size, sources=config.sources, workers=workers)
    lines = (*config.card_lines, *_data_lines(manifest, len(made.left_out)))
    result = train(ctx, made.data, out, replace(config, run=run, card_lines=lines))
    if made.left_out:
        shutil.copyfile(folder / LEFT_OUT, out / LEFT_OUT)
    if prepared is None:
        shutil.rmtree(folder, ignore_errors=True)
    return Trained(result, made.left_out)


def phantoms_of(manifest: Path) -> dict[str, object] | None:
    """The settings that phantoms were drawn with, when the manifest or one of its pictures is of phantoms; else None.

    One phantom is enough: what learned from a drawing never passes for what learned from women.
    """
    folders = {manifest.parent: None}
    for row in read_manifest(manifest):
        folders.update(dict.fromkeys(file.parent for file in (row.white, row.fluorescence) if file is not None))
    for folder in folders:
        try:
            found = json.loads((folder / "phantoms.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
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
