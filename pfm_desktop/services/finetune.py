"""Fine-tuning a model on a clinic's own graded cases, from manifest to model folder."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.interop.tabular import ManifestRow, read_manifest
from pfm_desktop.jobs import Context
from pfm_desktop.services import models
from pfm_desktop.services.evaluation import PHANTOMS, table, where_of
from pfm_desktop.services.sole_use import clear, sole_use
from pfm_desktop.services.training import keep_left_out, refuse_other_files, run_of
from pfm_desktop.services.training_data import LEFT_OUT, LeftOut, Prepared, contents_of, digest_of, in_manifest, prepare

if TYPE_CHECKING:
    from pfm_desktop.pfm.training.data import PreparedSet
    from pfm_desktop.pfm.training.finetune import FinetuneConfig, FinetuneResult


@dataclass(frozen=True)
class Finetuned:
    """A new model, the cases that could not be used, and what to tell a person: `lines`, and `warnings` first."""

    result: FinetuneResult
    left_out: tuple[LeftOut, ...]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


def finetune_manifest(
    ctx: Context,
    manifest: Path,
    model: str,
    out: Path,
    config: FinetuneConfig,
    *,
    rehearse: Path | None = None,
    prepared: Path | None = None,
    workers: int = 2,
) -> Finetuned:
    """Fine-tune `model` on the cases of `manifest`; writes the new model folder `out`, never over another model.

    `rehearse`: manifest of old cases mixed in against forgetting (at most as many as there are new ones, drawn by the
    seed; patients and pictures of the new manifest are not rehearsed). Pictures are prepared in `prepared` (kept), else
    beside `out` (removed at the end). Raises `BadInputError` for a manifest that cannot be used or holds too few
    patients and `ModelError` when `out` holds a model or other files.
    """
    from pfm_desktop.pfm.checkpoint import refuse_existing
    from pfm_desktop.pfm.model_file import check_name
    from pfm_desktop.pfm.registry import refuse_start_only
    from pfm_desktop.pfm.training.finetune import check_enough

    refuse_existing(out)
    refuse_other_files(out)
    check_name(config.name, config.version, config.trained_on)
    parent = models.folder_of(model)
    info = models.verify(str(parent))
    refuse_start_only(info)
    rows = read_manifest(manifest)
    with in_manifest(manifest):  # before an hour of preparing
        check_enough([row.patient for row in rows], [row.grade.rank for row in rows], config.enough)
    old_rows = _old_rows(rehearse, rows, config.seed)
    work = run_of(out)
    where = where_of(manifest)
    if where == PHANTOMS:
        config = replace(config, trained_on=_with_phantoms(info.trained_on))

    def ready(which: Sequence[ManifestRow], folder: Path | None = None) -> Prepared:
        place = folder or work / f"prepared-{digest_of(which, info.input_size, info.sources)}"
        return prepare(ctx, which, place, size=info.input_size, sources=info.sources, workers=workers)

    with ExitStack() as held:
        for place in (work, prepared):
            if place is not None:
                held.enter_context(sole_use(place))
        with in_manifest(manifest):
            made = ready(rows, prepared)
        with in_manifest(rehearse or manifest):
            old = ready(old_rows).data if old_rows else None
        with in_manifest(manifest):
            result = _tuned(ctx, made, old, parent, out, config, work)
        clear(work)
    lines = tuple(_lines(result, len(made.left_out), where))
    return Finetuned(result, made.left_out, lines, _warnings(result, made.data, parent))


def _tuned(
    ctx: Context,
    made: Prepared,
    old: PreparedSet | None,
    parent: Path,
    out: Path,
    config: FinetuneConfig,
    work: Path,
) -> FinetuneResult:
    """The new model, with the list of what was left out."""
    from pfm_desktop.pfm.training.finetune import finetune

    if made.left_out:
        line = f"{len(made.left_out)} cases were left out because the engine would refuse them; see `{LEFT_OUT}`."
        config = replace(config, card_lines=(*config.card_lines, line))
    result = finetune(ctx, made.data, parent, out, config, work=work, old_cases=old)
    if made.left_out:
        keep_left_out(made.data.folder, out)
    return result


def _old_rows(rehearse: Path | None, rows: Sequence[ManifestRow], seed: int) -> list[ManifestRow]:
    if rehearse is None:
        return []
    own = {row.patient for row in rows}
    old = [row for row in read_manifest(rehearse) if row.patient not in own]
    drawn = random.Random(seed).sample(old, min(len(old), len(rows)))
    known = {content for row in rows for content in contents_of(row)}  # a woman may have another name there
    return [row for row in drawn if not contents_of(row) & known]


def _with_phantoms(trained_on: str) -> str:
    """A model of photographs that learns from phantoms says both."""
    return trained_on if PHANTOMS in trained_on else f"{trained_on} and {PHANTOMS}"


def _lines(result: FinetuneResult, left_out: int, where: str) -> list[str]:
    parent, info = result.parent, result.info
    lines = [
        f"{info.name} {info.version} ({info.label}) written to {result.path}: best epoch {result.best_epoch} of "
        f"{result.epochs}" + (", stopped early" if result.stopped else ""),
    ]
    for name, figures in ((f"{parent.name} {parent.version}", result.old), (info.name, result.new)):
        lines += [f"{name} on the test part ({where}; 95 % intervals by patient)", *table(figures["combinations"])]
    if result.gain:
        low, high = result.gain["interval"]
        lines.append(
            f"new against old on {result.gain['cases']} test cases ({where}): accuracy {result.gain['accuracy']:+.3f} "
            f"({low:+.3f} to {high:+.3f}), McNemar p {result.gain['mcnemar_p']:.2g}"
        )
    if left_out:
        lines.append(f"left out {left_out} cases, see {LEFT_OUT} in the model folder")
    return lines


def _warnings(result: FinetuneResult, data: PreparedSet, parent: Path) -> tuple[str, ...]:
    from pfm_desktop.pfm.model_file import read_model_file
    from pfm_desktop.pfm.training.seen import seen_patients

    said = list(result.notes)
    known = seen_patients(data.patients, read_model_file(parent).training)
    if known:
        said.append(
            f"{result.parent.name} has learned from {len(known)} of these patients already (such as {known[0]}): the "
            "comparison favours it"
        )
    return tuple(said)
