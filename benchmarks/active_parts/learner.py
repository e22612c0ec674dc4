"""A model that is fine-tuned on some pairs of a pool whose trunk maps, of the model as it came, are there already."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.pfm.calibrate import Scale, fit_scale
from pfm_desktop.pfm.checkpoint import LoadedModel
from pfm_desktop.pfm.familiarity import pooled
from pfm_desktop.pfm.features import Features, build_features, hold_features
from pfm_desktop.pfm.model_tables import BOTH
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.devices import matched
from pfm_desktop.pfm.training.finetune import VIEWS
from pfm_desktop.pfm.training.step import answers_of, enhanced
from pfm_desktop.pfm.training.tuning import tune
from pfm_desktop.services.learning.run import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SHARES = (0.59, 0.18, 0.23)  # learning, choosing the epoch, calibrating: those of `finetune`, its test left out
BATCH = 32


@dataclass(frozen=True, eq=False)
class Seen:
    """Women with their maps as the model that came sees them; `names` tells them apart. `data`: what they are made of,
    for a model that matches colours and so sees others."""

    features: Features
    names: tuple[str, ...]
    data: PreparedSet | None = None

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
    return Seen(maps, tuple(data.patients), data)


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
    """A network and the scale of its answers. `matches`: the normalisation of one that matches colours."""

    net: PfmNet
    scale: Scale
    matches: Normalisation | None = None

    def features(self, what: Seen, places: Ints, *, views: int = 1) -> Features:
        """Maps of the women at these places."""
        if self.matches is None or what.data is None:
            return some(what.features, places)
        return hold_features(SilentContext(), self.net, self.matches, what.data, places, views=views)

    def probabilities(self, what: Seen, places: Ints) -> Floats:
        """N x 4, of plain views."""
        return self.scale.probabilities(_answers(self.net, self.features(what, places)))

    def pooled(self, what: Seen, places: Ints) -> Floats:
        """Trunk features N x F as diversity sees them (`Predictor.trunk_features`)."""
        rows: list[Floats] = []
        features = self.features(what, places)
        for at in _batches(len(places)):
            arrays = features.batch(at, np.zeros_like(at))
            maps = {name: values.detach().numpy() for name, values in enhanced(self.net, arrays).items()}
            rows += [
                np.concatenate([pooled(maps[name][row], arrays.coverage[name][row]) for name in self.net.names])
                for row in range(len(arrays))
            ]
        return np.stack(rows)


def as_shipped(model: LoadedModel) -> Learner:
    """The model before it has learned anything here."""
    return Learner(model.net.eval(), model.calibration.scale(BOTH))


def learned(model: LoadedModel, pool: Seen, places: Ints, old: Seen, settings: Settings, *, seed: int) -> Learner:
    """The model fine-tuned on the pairs at `places` of the pool, by their true grades; `old` is rehearsed."""
    net = copy.deepcopy(model.net)
    learning, choosing, calibrating = (places[part] for part in split(pool.grades[places], seed))
    learner = Learner(net, Scale(), _matches(model, pool, learning, choosing, old))
    tune(
        SilentContext(),
        net,
        learner.features(pool, learning, views=VIEWS),
        learner.features(pool, choosing),
        epochs=settings.epochs,
        seed=seed,
        old=learner.features(old, np.arange(len(old.names), dtype=np.int64)),
        old_share=settings.old_share,
    )
    held = np.concatenate((choosing, calibrating))
    return replace(learner, scale=fit_scale(_answers(net, learner.features(pool, held)), pool.grades[held]))


def _matches(model: LoadedModel, pool: Seen, learning: Ints, choosing: Ints, old: Seen) -> Normalisation | None:
    """What `finetune` would have the model see with; None where it leaves it alone."""
    if pool.data is None or old.data is None:
        return None
    known = old.data, np.arange(len(old.data), dtype=np.int64)
    found, _ = matched(
        SilentContext(), model, pool.data, learning, choosing,
        devices=None, old_cases=known, sources=model.net.names,
    )  # fmt: skip
    return None if found is model else found.normalisation


def split(grades: Ints, seed: int) -> tuple[Ints, Ints, Ints]:
    """Places for learning, choosing and calibrating: of each grade the same shares."""
    random = np.random.default_rng([seed, 7])
    mixed = random.permutation(len(grades))
    by_grade = mixed[np.argsort(grades[mixed], kind="stable")]
    turn = (np.arange(len(grades)) * 0.6180339887) % 1  # spread evenly over any run of cases
    first, second = SHARES[0], SHARES[0] + SHARES[1]
    return by_grade[turn < first], by_grade[(turn >= first) & (turn < second)], by_grade[turn >= second]


def _answers(net: PfmNet, features: Features) -> Floats:
    return np.concatenate([answers_of(net, features.batch(at, np.zeros_like(at))) for at in _batches(len(features))])


def _batches(count: int) -> list[Ints]:
    places = np.arange(count, dtype=np.int64)
    return [places[at : at + BATCH] for at in range(0, count, BATCH)]
