"""In which order the pairs of a task are read: what is learned most from comes first.

The model is asked where its answer is not kept yet; nothing of it is shown to who reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pfm_desktop.domain.labelling import Order, Read, first_reads
from pfm_desktop.jobs import Context
from pfm_desktop.services import engine, models
from pfm_desktop.services.labelling import in_random_order
from pfm_desktop.services.picking import Floats, core_set, entropy
from pfm_desktop.services.time_left import Counted
from pfm_desktop.storage import labelling as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError, UserError
from pfm_desktop.support.language import tr

FARTHEST = 2_000  # pairs that are put in order by how far they are apart; those behind follow at random
_ASKING, _SEEING = tr("Asking the model"), tr("Looking how the pairs differ")


def in_order(
    ctx: Context,
    lib: Library,
    pair_ids: Sequence[str],
    order: Order,
    *,
    seed: int,
    model: str,
    most: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[str, ...]:
    """The pairs in the order of a task. As a job: uncertainty and diversity ask the model about each.

    At most `most` pairs, drawn by the seed, are asked about; those that were not follow at random. A pair about which
    the model says nothing (refused, damaged, other sources) comes last. Raises `ModelError` for a model that cannot be
    asked at all, or that says nothing about any pair.
    """
    mixed = in_random_order(pair_ids, seed=seed)
    if order.asks_model:
        asked, rest = mixed[:most], mixed[most:] if most is not None else ()
        _check_askable(model)
        first = _asked_first(Counted(ctx, len(asked), clock), lib, asked, order, model)
        silent = set(asked) - set(first)
        return (*first, *rest, *(pair_id for pair_id in asked if pair_id in silent))
    if order is Order.DISAGREEMENT:
        with lib.read() as session:
            reads = stored.reads(session, pair_ids=mixed)
        return _by(mixed, _disagreement(reads))
    return mixed


def _check_askable(model: str) -> None:
    try:
        models.verified_info(model)
        models.predictor(model)
    except ModelError as error:
        raise _not_asked(error.what) from error


def _not_asked(why: str) -> ModelError:
    return ModelError(
        tr("the model cannot be asked: {why}", why=why),
        safe=tr("no task was made"),
        remedy=tr("make a task in random order, or choose another model in Settings"),
    )


def _asked_first(ctx: Counted, lib: Library, pair_ids: Sequence[str], order: Order, model: str) -> tuple[str, ...]:
    """Those about which the model says something, in their order."""
    if order is Order.UNCERTAINTY:
        score, refused = _uncertainty(ctx, lib, pair_ids, model)
        first = _by([pair_id for pair_id in pair_ids if pair_id in score], score)
    else:
        features, refused = _features(ctx, lib, pair_ids, model)
        first = _apart([pair_id for pair_id in pair_ids if pair_id in features], features)
    if pair_ids and not first:
        raise _not_asked(
            tr("it says nothing about any of {pairs:,} pairs ({reason})", pairs=len(pair_ids), reason=refused)
        )
    return first


def _by(pair_ids: Sequence[str], score: Mapping[str, float]) -> tuple[str, ...]:
    """Highest score first; equal ones, and those without, stay in their order."""
    return tuple(sorted(pair_ids, key=lambda pair_id: -score.get(pair_id, -np.inf)))


def _uncertainty(ctx: Counted, lib: Library, pair_ids: Sequence[str], model: str) -> tuple[dict[str, float], str]:
    """By pair; and why the last one that has none has none."""
    found: dict[str, float] = {}
    refused = tr("the pictures are refused")
    for done, pair_id in enumerate(pair_ids):
        ctx.at(done, _ASKING)
        try:
            said = engine.answer_pair(ctx, lib, engine.load_pair(ctx, lib, pair_id), model).analysis.prediction
        except UserError as error:  # a picture that is lost or cannot be read, sources that the model does not read
            refused = error.what
            continue
        if said is not None:
            found[pair_id] = entropy(said)
    ctx.at(len(pair_ids), _ASKING)
    return found, refused


def _disagreement(reads: Sequence[Read]) -> dict[str, float]:
    """Grades between the lowest and the highest read; not gradable for some is as far as can be."""
    by_pair: dict[str, list[Read]] = {}
    for read in reads:
        by_pair.setdefault(read.pair_id, []).append(read)
    return {pair_id: _span(tuple(first_reads(group).values())) for pair_id, group in by_pair.items()}


def _span(reads: Sequence[Read]) -> float:
    ranks = [read.grade.rank for read in reads if read.grade is not None]
    if 0 < len(ranks) < len(reads):
        return 4.0
    return float(max(ranks) - min(ranks)) if ranks else 0.0


def _features(ctx: Counted, lib: Library, pair_ids: Sequence[str], model: str) -> tuple[dict[str, Floats], str]:
    found: dict[str, Floats] = {}
    refused = tr("no picture can be read")
    for done, pair_id in enumerate(pair_ids):
        ctx.at(done, _SEEING)
        try:
            found[pair_id] = _seen(ctx, lib, pair_id, model)
        except UserError as error:
            refused = error.what
    ctx.at(len(pair_ids), _SEEING)
    return found, refused


def _seen(ctx: Context, lib: Library, pair_id: str, model: str) -> Floats:
    """Trunk features of a pair, registered first: what lies elsewhere is not seen."""
    pictures = engine.registered(ctx, lib, engine.load_pair(ctx, lib, pair_id))
    placed, lit = pictures.registration, pictures.fluorescence
    overlap = None
    if lit is not None and pictures.white is not None:
        lit, overlap = placed.in_white_frame(lit) if placed is not None else (None, None)
    return models.predictor(model).trunk_features(pictures.white, lit, overlap=overlap, second=pictures.second)


def _apart(pair_ids: Sequence[str], features: Mapping[str, Floats]) -> tuple[str, ...]:
    if not pair_ids:
        return ()
    chosen = [pair_ids[place] for place in core_set(np.stack([features[one] for one in pair_ids]), FARTHEST)]
    taken = set(chosen)
    return (*chosen, *(pair_id for pair_id in pair_ids if pair_id not in taken))
