"""A model that is fine-tuned on some pairs of a pool whose trunk maps are there already."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.pfm.calibrate import Scale, fit_scale
from pfm_desktop.pfm.checkpoint import LoadedModel
from pfm_desktop.pfm.familiarity import pooled
from pfm_desktop.pfm.features import Features, build_features
from pfm_desktop.pfm.model_tables import BOTH
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.step import answers_of, enhanced
from pfm_desktop.pfm.training.tuning import tune
from pfm_desktop.services.learning.run import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SHARES = (0.59, 0.18, 0.23)  # learning, choosing the epoch, calibrating: those of `finetune`, its test left out
BATCH = 32


@dataclass(frozen=True, eq=False)
class Seen:
    """Women with their maps; `names` tells them apart."""

    features: Features
    names: tuple[str, ...]

    @property
    def grades(self) -> Ints:
        """Ranks."""
        return self.features.grades


def seen(ctx: Context, model: LoadedModel, data: PreparedSet, folder: Path, *, views: int) -> Seen:
    """All cases of a set; their maps are kept in `folder`."""
    places = np.arange(len(data), dtype=np.int64)
    maps = build_features(
        ctx, model.net, model.normalisation, data, places, folder, model=model.info.sha256, views=views
    )
    return Seen(maps, tuple(data.patients))


def some(features: Features, places: Ints) -> Features:
    """The cases at these places."""
    return Features(
        {name: values[:, places] for name, values in features.middle.items()},
        {name: values[:, places] for name, values in features.coverage.items()},
        {name: values[places] for name, values in features.present.items()},
        features.grades[places],
    )


@dataclass(frozen=True, eq=False)
class Learner:
    """A network and the scale of its answers."""

    net: PfmNet
    scale: Scale

    def probabilities(self, what: Seen, places: Ints) -> Floats:
        """N x 4, of plain views."""
        return self.scale.probabilities(_answers(self.net, what.features, places))

    def pooled(self, what: Seen, places: Ints) -> Floats:
        """Trunk features N x F as diversity sees them (`Predictor.trunk_features`)."""
        rows: list[Floats] = []
        for start in range(0, len(places), BATCH):
            arrays = what.features.batch(places[start : start + BATCH], np.zeros_like(places[start : start + BATCH]))
            maps = {name: values.detach().numpy() for name, values in enhanced(self.net, arrays).items()}
            rows += [
                np.concatenate([pooled(maps[name][row], arrays.coverage[name][row]) for name in self.net.names])
                for row in range(len(arrays))
            ]
        return np.stack(rows)


def as_shipped(model: LoadedModel) -> Learner:
    """The model before it has learned anything here."""
    return Learner(model.net.eval(), model.calibration.scale(BOTH))


def learned(model: LoadedModel, pool: Seen, places: Ints, old: Features, settings: Settings, *, seed: int) -> Learner:
    """The model fine-tuned on the pairs at `places` of the pool, by their true grades; `old` is rehearsed."""
    net = copy.deepcopy(model.net)
    learning, choosing, calibrating = split(pool.grades[places], seed)
    tune(
        SilentContext(),
        net,
        some(pool.features, places[learning]),
        some(pool.features, places[choosing]),
        epochs=settings.epochs,
        seed=seed,
        old=old,
        old_share=settings.old_share,
    )
    held = places[np.concatenate((choosing, calibrating))]
    return Learner(net, fit_scale(_answers(net, pool.features, held), pool.grades[held]))


def split(grades: Ints, seed: int) -> tuple[Ints, Ints, Ints]:
    """Places for learning, choosing and calibrating: of each grade the same shares."""
    random = np.random.default_rng([seed, 7])
    mixed = random.permutation(len(grades))
    by_grade = mixed[np.argsort(grades[mixed], kind="stable")]
    turn = (np.arange(len(grades)) * 0.6180339887) % 1  # spread evenly over any run of cases
    first, second = SHARES[0], SHARES[0] + SHARES[1]
    return by_grade[turn < first], by_grade[(turn >= first) & (turn < second)], by_grade[turn >= second]


def _answers(net: PfmNet, features: Features, places: Ints) -> Floats:
    out = [
        answers_of(net, features.batch(places[at : at + BATCH], np.zeros_like(places[at : at + BATCH])))
        for at in range(0, len(places), BATCH)
    ]
    return np.concatenate(out)
