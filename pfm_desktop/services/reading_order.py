"""In which order the pairs of a task are read: what is learned most from comes first.

The model is asked where its answer is not kept yet; nothing of it is shown to who reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.labelling import Order, Read, first_reads
from pfm_desktop.domain.prediction import Prediction
from pfm_desktop.jobs import Context
from pfm_desktop.services import engine, models
from pfm_desktop.services.labelling import in_random_order
from pfm_desktop.storage import labelling as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError

Floats = NDArray[np.float64]
FARTHEST = 2_000  # pairs that are put in order by how far they are apart; those behind follow at random
_ASKING, _SEEING = "Asking the model", "Looking how the pairs differ"


def in_order(
    ctx: Context, lib: Library, pair_ids: Sequence[str], order: Order, *, seed: int, model: str
) -> tuple[str, ...]:
    """The pairs in the order of a task. As a job: uncertainty and diversity ask the model about each.

    A pair about which the model says nothing (refused, damaged, other sources) comes last. Raises `ModelError` for a
    model that cannot be asked at all.
    """
    mixed = in_random_order(pair_ids, seed=seed)
    if order is Order.UNCERTAINTY:
        models.verified_info(model)
        return _by(mixed, _uncertainty(ctx, lib, mixed, model))
    if order is Order.DIVERSITY:
        models.verified_info(model)
        return _apart(mixed, _features(ctx, lib, mixed, model))
    if order is Order.DISAGREEMENT:
        with lib.read() as session:
            reads = stored.reads(session, pair_ids=mixed)
        return _by(mixed, _disagreement(reads))
    return mixed


def _by(pair_ids: Sequence[str], score: Mapping[str, float]) -> tuple[str, ...]:
    """Highest score first; equal ones, and those without, stay in their order."""
    return tuple(sorted(pair_ids, key=lambda pair_id: -score.get(pair_id, -np.inf)))


def _uncertainty(ctx: Context, lib: Library, pair_ids: Sequence[str], model: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for done, pair_id in enumerate(pair_ids):
        ctx.progress(done, len(pair_ids), _ASKING)
        said = _prediction(ctx, lib, pair_id, model)
        if said is not None:
            found[pair_id] = entropy(said)
    ctx.progress(len(pair_ids), len(pair_ids), _ASKING)
    return found


def entropy(said: Prediction) -> float:
    """Of the probabilities, 0 (sure) to log 4."""
    p = np.array([max(value, 1e-12) for value in said.probabilities.values()])
    return float(-(p * np.log(p)).sum())


def _prediction(ctx: Context, lib: Library, pair_id: str, model: str) -> Prediction | None:
    try:
        pictures = engine.load_pair(ctx, lib, pair_id)
        return engine.answer_pair(ctx, lib, pictures, model).analysis.prediction
    except UserError:  # a picture that is lost or cannot be read
        return None


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


def _features(ctx: Context, lib: Library, pair_ids: Sequence[str], model: str) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for done, pair_id in enumerate(pair_ids):
        ctx.progress(done, len(pair_ids), _SEEING)
        try:
            pictures = engine.load_pair(ctx, lib, pair_id)
            placed = pictures.registration
            lit = pictures.fluorescence
            if lit is not None and pictures.white is not None:
                lit = placed.warp_to_white(lit) if placed is not None else None  # what is not registered is not seen
            overlap = placed.overlap_mask() if placed is not None and lit is not None else None
            found[pair_id] = models.predictor(model).trunk_features(
                pictures.white, lit, overlap=overlap, second=pictures.second
            )
        except UserError:
            continue
    ctx.progress(len(pair_ids), len(pair_ids), _SEEING)
    return found


def _apart(pair_ids: Sequence[str], features: Mapping[str, Floats]) -> tuple[str, ...]:
    known = [pair_id for pair_id in pair_ids if pair_id in features]
    if not known:
        return tuple(pair_ids)
    chosen = [known[place] for place in core_set(np.stack([features[pair_id] for pair_id in known]), FARTHEST)]
    taken = set(chosen)
    rest = [pair_id for pair_id in known if pair_id not in taken]
    return (*chosen, *rest, *(pair_id for pair_id in pair_ids if pair_id not in features))


def core_set(features: Floats, most: int) -> list[int]:
    """Places of rows (N x F), each the farthest from all before it (k-center greedy; Sener and Savarese 2018).

    Each feature counts alike, whatever its scale. The first is the one nearest to the middle.
    """
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    place = int((scaled**2).sum(axis=1).argmin())
    nearest = np.full(len(scaled), np.inf)
    chosen: list[int] = []
    for _ in range(min(most, len(scaled))):
        chosen.append(place)
        nearest = np.minimum(nearest, ((scaled - scaled[place]) ** 2).sum(axis=1))
        nearest[chosen] = -1.0
        place = int(nearest.argmax())
    return chosen
