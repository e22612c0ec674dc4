"""How far a case lies from all that a model learned from, for each source, by the features of its trunk. Numpy only.

The features of a source are the mean of its trunk map over the cells that show something. What the model learned from
is one normal distribution a source (Lee et al. 2018, without the grades), its covariance shrunk (Ledoit and Wolf 2004)
and kept as its longest axes and one spread for all others. The distance is Mahalanobis', a feature; the threshold lets
pass a chosen share of patients that the network did not learn from (split conformal). Other scores that were compared:
docs/familiarity.md.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.support.errors import ModelError

Floats = NDArray[np.float64]

AXES = 48  # kept of the covariance
ACCEPTED = 0.975  # share of familiar pictures of a source that pass, so that of pairs 0.95 do whatever they share
LEAST_CASES = 39  # for `ACCEPTED`: fewer calibration cases cannot promise it, and nothing is called unlike
_HALF = np.dtype("<f2")  # how vectors are kept


@dataclass(frozen=True)
class Familiarity:
    """Of one source of one case. `distance` about 1 for what is familiar; `unlike` where it is over the threshold."""

    distance: float
    threshold: float

    @property
    def unlike(self) -> bool:
        """Whether this is unlike anything the model learned from."""
        return self.distance > self.threshold


@dataclass(frozen=True, eq=False)
class Known:
    """What a model learned from, of one source with C features.

    `mean` C; `axes` K x C, of length 1 and at right angles; `spreads` K, variances along them; `rest`: variance along
    all others; `threshold` of the distance; `cases` that it is from.
    """

    mean: Floats
    axes: Floats
    spreads: Floats
    rest: float
    threshold: float
    cases: int

    def distances(self, features: Floats) -> Floats:
        """N x C features to N distances."""
        from_mean = np.asarray(features, np.float64) - self.mean
        along = from_mean @ self.axes.T
        across = np.maximum((from_mean**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
        squares = (along**2 / self.spreads).sum(axis=1) + across / self.rest
        return np.asarray(np.sqrt(squares / len(self.mean)))


def pooled(trunk_map: NDArray[np.floating[Any]], coverage: NDArray[np.floating[Any]]) -> Floats:
    """Features C of a map C x h x w: its mean over the cells, weighted by how much of each is seen (h x w, 0..1)."""
    weights = np.asarray(coverage, np.float64)
    total = weights.sum()
    if not total > 0:
        raise ValueError("nothing of the picture is seen")
    return np.asarray((np.asarray(trunk_map, np.float64) * (weights / total)).sum(axis=(1, 2)))


def familiarity(features: Mapping[str, Floats], known: Mapping[str, Known]) -> dict[str, Familiarity]:
    """Distance of each source of a case, features C each; sources that the model keeps nothing of are left out.

    Raises `ModelError` for features that are no numbers, or are of another network.
    """
    out = {}
    for source in sorted(set(features) & set(known)):
        values, of = np.asarray(features[source], np.float64), known[source]
        if values.shape != of.mean.shape or not np.isfinite(values).all():
            raise ModelError(
                f"the features of {source} are no numbers, or not those that the model was measured with",
                safe="no answer is shown or kept",
                remedy="fetch the model again or choose another one",
            )
        out[source] = Familiarity(float(of.distances(values[None])[0]), of.threshold)
    return out


def fit_known(learned: Floats, calibration: Floats, *, axes: int = AXES, accepted: float = ACCEPTED) -> Known:
    """From features N x C of cases that were learned from, and M x C of other patients, for the threshold.

    With too few calibration cases to promise `accepted`, the threshold is infinite.
    """
    mean = learned.mean(axis=0)
    values, vectors = np.linalg.eigh(shrunk_covariance(learned))
    count = min(axes, len(values) - 1)
    spreads, rest = values[::-1][:count], float(values[: len(values) - count].mean())
    # what is written is what is used, so the threshold is of the rounded vectors
    kept = Known(_rounded(mean), _rounded(vectors[:, ::-1][:, :count].T), spreads, rest, math.inf, len(learned))
    distances = np.sort(kept.distances(calibration)) if len(calibration) else np.zeros(0)
    position = math.ceil((len(distances) + 1) * accepted)
    threshold = float(distances[position - 1]) if 0 < position <= len(distances) else math.inf
    return Known(kept.mean, kept.axes, kept.spreads, kept.rest, threshold, kept.cases)


def shrunk_covariance(values: Floats) -> Floats:
    """Covariance C x C of N x C, drawn towards a multiple of the identity (Ledoit and Wolf 2004, closed form)."""
    count, width = values.shape
    centred = values - values.mean(axis=0)
    sample = centred.T @ centred / count
    level = max(float(np.trace(sample)) / width, 1e-12)  # also where all features are constant
    away = float((sample**2).sum()) - width * level**2
    noise = (float(((centred**2).sum(axis=1) ** 2).sum()) / count - float((sample**2).sum())) / count
    share = min(1.0, max(0.0, noise / away)) if away > 0 else 1.0
    return np.asarray((1 - share) * sample + share * level * np.eye(width))


def to_table(known: Mapping[str, Known]) -> dict[str, Any]:
    """As `model.toml` keeps it. A source without a threshold is left out: it could never be called unlike."""
    return {
        source: {
            "cases": of.cases,
            "threshold": of.threshold,
            "rest": of.rest,
            "spreads": [float(value) for value in of.spreads],
            "mean": _text(of.mean),
            "axes": _text(of.axes),
        }
        for source, of in known.items()
        if math.isfinite(of.threshold)
    }


def from_table(table: Mapping[str, Any]) -> dict[str, Known]:
    """What `model_tables.check_familiarity` found whole, by source; empty where the model keeps nothing."""
    out = {}
    for source, part in table.items():
        spreads = np.array(part["spreads"], np.float64)
        mean, axes = _numbers(part["mean"]), _numbers(part["axes"])
        threshold, rest = float(part["threshold"]), float(part["rest"])
        out[source] = Known(mean, axes.reshape(len(spreads), len(mean)), spreads, rest, threshold, int(part["cases"]))
    return out


def _rounded(values: Floats) -> Floats:
    return values.astype(_HALF).astype(np.float64)


def _text(values: Floats) -> str:
    return base64.b64encode(values.astype(_HALF).tobytes()).decode("ascii")


def _numbers(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), _HALF).astype(np.float64)
