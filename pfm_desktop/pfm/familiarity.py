"""How far a case lies from all that a model learned from, for each source, by the features of its trunk. Numpy only.

The features of a source are mean and contrast of each channel of the trunk's first stage, over the cells that show
something; contrast is the logarithm of the spread. Photographs with the colours of drawings still have another contrast
at that scale, also cut out, enlarged or blurred. What the model learned from is one normal distribution a source (Lee
et al. 2018, without the grades), and the distance is Mahalanobis', a feature. The threshold lets pass a chosen share of
patients that the network did not learn from (split conformal). What later stages show hangs on how a network was
trained: in one that only learned to grade they take most strange pictures for a cervix. Stages and scores that were
compared: docs/familiarity.md.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.prediction import Familiarity
from pfm_desktop.pfm.model_tables import check_familiarity
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr

Floats = NDArray[np.float64]

# share of familiar pictures of a source that pass, so that of pairs 0.95 do whatever they share. Photographs lie close
# to drawings in white light and far away in fluorescence, where more can be let pass; whatever lies in the
# second place of a pair (`Source.place`) is let pass like fluorescence
ACCEPTED = {"white": 0.965, "fluorescence": 0.985}
RIDGE = 1e-3  # of each feature's variance: thin directions tell photographs from drawings, so little is added
LEAST_SPREAD = 1e-3  # of a channel that is of one value all over
_SINGLE = np.dtype("<f4")  # how numbers are kept


@dataclass(frozen=True, eq=False)
class Known:
    """What a model learned from, of one source with F features.

    `mean` F; `whitening` F x F makes features around it of spread 1 and unrelated; `threshold` of the distance; `cases`
    that it is from.
    """

    mean: Floats
    whitening: Floats
    threshold: float
    cases: int

    def distances(self, features: Floats) -> Floats:
        """N x F features to N distances."""
        white = (np.asarray(features, np.float64) - self.mean) @ self.whitening.T
        return np.asarray(np.sqrt((white**2).mean(axis=1)))


def pooled(trunk_map: NDArray[np.floating[Any]], coverage: NDArray[np.floating[Any]]) -> Floats:
    """Features 2C of a map C x h x w: mean and contrast over the cells, weighted by how much of each is seen (h x w,
    0..1)."""
    weights = np.asarray(coverage, np.float64).ravel()
    total = weights.sum()
    if not total > 0:
        raise ValueError("nothing of the picture is seen")
    values, shares = np.asarray(trunk_map, np.float64).reshape(len(trunk_map), -1), weights / total
    mean = values @ shares
    spread = np.sqrt((values - mean[:, None]) ** 2 @ shares)
    return np.concatenate((mean, np.log(np.maximum(spread, LEAST_SPREAD))))


def familiarity(features: Mapping[str, Floats], known: Mapping[str, Known]) -> dict[str, Familiarity]:
    """Distance of each source of a case, features 2C each; sources that the model keeps nothing of are left out.

    A model of an earlier version was measured by the means alone, and still is. Raises `ModelError` for features that
    are no numbers, or are of another network.
    """
    out = {}
    for source in sorted(set(features) & set(known)):
        values, of = np.asarray(features[source], np.float64), known[source]
        values = values[: len(of.mean)] if len(values) == 2 * len(of.mean) else values
        if values.shape != of.mean.shape or not np.isfinite(values).all():
            raise ModelError(
                tr(
                    "the features of {source} are no numbers, or not those that the model was measured with",
                    source=source,
                ),
                safe=tr("no answer is shown or kept"),
                remedy=tr("fetch the model again or choose another one"),
            )
        out[source] = Familiarity(float(of.distances(values[None])[0]), of.threshold)
    return out


def fit_known(
    learned: Floats, calibration: Floats, *, accepted: float, ridge: float = RIDGE, women: int | None = None
) -> Known:
    """From features N x F of what was learned from, and M x F of other patients, for the threshold.

    With too few of them to promise `accepted`, the threshold is infinite: nothing is called unlike. `women` among the M
    (by default each is another one): many pictures of one woman say nothing about the next one.
    """
    mean = learned.mean(axis=0)
    scale = np.maximum(learned.std(axis=0), 1e-6)  # also where a feature never changes
    scaled = (learned - mean) / scale
    covariance = scaled.T @ scaled / len(learned) + ridge * np.eye(learned.shape[1])
    whitening = np.linalg.inv(np.linalg.cholesky(covariance)) / scale
    # what is written is what is used, so the threshold is of the rounded numbers
    known = Known(_rounded(mean), _rounded(whitening), math.inf, len(learned))
    distances = np.sort(known.distances(calibration))
    position, count = math.ceil((len(distances) + 1) * accepted), len(distances) if women is None else women
    enough = 0 < position <= len(distances) and math.ceil((count + 1) * accepted) <= count
    return replace(known, threshold=float(distances[position - 1])) if enough else known


def to_table(known: Mapping[str, Known]) -> dict[str, Any]:
    """As `model.toml` keeps it. A source that could not be read again is left out (no threshold that means something,
    or what is no number): a model is not refused for it."""
    out = {}
    for source, of in known.items():
        part = {
            "cases": of.cases,
            "threshold": of.threshold,
            "mean": _text(of.mean),
            "whitening": _text(of.whitening),
        }
        try:
            check_familiarity({source: part}, [source])
        except ValueError:
            continue
        out[source] = part
    return out


def from_table(table: Mapping[str, Any]) -> dict[str, Known]:
    """What `model_tables.check_familiarity` found whole, by source; empty where the model keeps nothing."""
    out = {}
    for source, part in table.items():
        mean, whitening = _numbers(part["mean"]), _numbers(part["whitening"])
        out[source] = Known(mean, whitening.reshape(len(mean), -1), float(part["threshold"]), int(part["cases"]))
    return out


def _rounded(values: Floats) -> Floats:
    return values.astype(_SINGLE).astype(np.float64)


def _text(values: Floats) -> str:
    return base64.b64encode(values.astype(_SINGLE).tobytes()).decode("ascii")


def _numbers(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), _SINGLE).astype(np.float64)
