"""Colours of another device, matched to those that a model learned from. No torch here.

Another camera, lamp or filter shows the same tissue in other colours, and a network that learned before one device
reads pictures of another one badly. How bright the channels are and how they go together is measured over the pictures
of each device; the linear map that takes one distribution to the other with the least change (Monge-Kantorovich; Pitié
and Kokaram 2007, doi:10.1049/cp:20070055) matches them. Of grades it needs only how many pictures there are of each.

A model keeps the colours of several devices, those that its weights learned from first. A picture is taken for the
device whose pictures it is most like, by its own colours, so that nobody has to say which device it is from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NOISE = 0.03  # standard deviation of what no channel is without; where there is less, nothing is made of it
MOST_GAIN = 4.0  # of any mixture of channels
LEAST_SPREAD = 0.01  # standard deviation between the pictures of one device


@dataclass(frozen=True)
class Colours:
    """How one device shows one source, in intensities (`Normalisation`). All numbers are of many pictures together.

    `covariance` 9 (3 x 3, by rows) of the pixels; `about` 6 and `spread` 36 (6 x 6): mean and covariance over the
    pictures of what `moments` says of each; `cases`: how many they are.
    """

    covariance: tuple[float, ...]
    about: tuple[float, ...]
    spread: tuple[float, ...]
    cases: int

    @property
    def mean(self) -> Floats:
        """Of the pixels, 3."""
        return np.array(self.about[:3])

    def unlike(self, said: Floats) -> Floats:
        """How little pictures of these `moments` (N x 6) are like those of this device, N: minus twice a
        log-likelihood, up to a constant."""
        spread = np.reshape(self.spread, (6, 6)) + LEAST_SPREAD**2 * np.eye(6)
        off = said - np.array(self.about)
        far: Floats = (off @ np.linalg.inv(spread) * off).sum(axis=-1) + np.linalg.slogdet(spread)[1]
        return far


@dataclass(frozen=True)
class Match:
    """`matrix` 3 x 3 and `shift` 3: intensities x of one device are `matrix @ x + shift` of the other."""

    matrix: Floats
    shift: Floats


def moments(planes: Any, seen: Any) -> Floats:
    """Of N x 3 x S x S intensities mean and standard deviation a channel where N x S x S says seen, N x 6.

    Arrays of numpy and of torch. A picture that shows nothing has zeros.
    """
    weight = np.maximum(np.asarray(seen.sum((1, 2)), np.float64), 1.0)[:, None]
    inside = planes * seen[:, None]
    mean = np.asarray(inside.sum((2, 3)), np.float64) / weight
    square = np.asarray((inside * inside).sum((2, 3)), np.float64) / weight
    return np.concatenate((mean, np.sqrt(np.maximum(square - mean**2, 0.0))), axis=1)


def nearest(devices: Sequence[Colours], said: Floats) -> NDArray[np.int64]:
    """Which of the devices pictures of these `moments` (N x 6) are from, N."""
    out: NDArray[np.int64] = np.argmin(np.stack([device.unlike(said) for device in devices]), axis=0)
    return out


def match(own: Colours, wanted: Colours) -> Match:
    """What takes the colours of one device to those of another one; nothing for one and the same."""
    before, after = (np.reshape(one.covariance, (3, 3)) + NOISE**2 * np.eye(3) for one in (own, wanted))
    root = _power(before, 0.5)
    inverse = _power(before, -0.5)
    matrix = inverse @ _power(root @ after @ root, 0.5) @ inverse
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    matrix = (vectors * np.clip(values, 1 / MOST_GAIN, MOST_GAIN)) @ vectors.T
    return Match(matrix, wanted.mean - matrix @ own.mean)


@lru_cache(maxsize=64)  # asked for each picture, of the devices of a model
def matches(devices: tuple[Colours, ...]) -> tuple[Match, ...]:
    """For each device what takes its colours to those of the first."""
    same = Match(np.eye(3), np.zeros(3))
    return (same, *(match(device, devices[0]) for device in devices[1:]))


def colours_of(said: Floats, weights: Floats) -> Colours:
    """From N x 15 and N weights of pictures: `moments` of each and, behind them, the mean products of its channels."""
    share = weights / weights.sum()
    about = share @ said[:, :6]
    off = said[:, :6] - about
    covariance = (share @ said[:, 6:]).reshape(3, 3) - np.outer(about[:3], about[:3])
    spread = (share[:, None] * off).T @ off
    return Colours(_listed(covariance), _listed(about), _listed(spread), len(said))


def products(planes: Any, seen: Any) -> Floats:
    """Of N x 3 x S x S intensities the mean product of each two channels where N x S x S says seen, N x 9."""
    weight = np.maximum(np.asarray(seen.sum((1, 2)), np.float64), 1.0)[:, None, None]
    flat = (planes * seen[:, None]).reshape(len(planes), 3, -1)
    turned = flat.swapaxes(1, 2)
    return (np.asarray(flat @ turned, np.float64) / weight).reshape(len(planes), 9)


def changes_little(one: Match) -> bool:
    """Whether the eye would hardly tell the two devices apart."""
    return bool(np.abs(one.matrix - np.eye(3)).max() < 0.1 and np.abs(one.shift).max() < 0.03)


def to_table(devices: Sequence[Colours]) -> list[dict[str, Any]]:
    """As `model.toml` keeps them."""
    return [
        {
            "covariance": list(one.covariance),
            "about": list(one.about),
            "spread": list(one.spread),
            "cases": one.cases,
        }
        for one in devices
    ]


def from_table(table: Sequence[Any]) -> tuple[Colours, ...]:
    """What `model_tables.check_normalisation` found whole."""

    def listed(part: Any, key: str) -> tuple[float, ...]:
        return tuple(map(float, part[key]))

    return tuple(
        Colours(listed(part, "covariance"), listed(part, "about"), listed(part, "spread"), int(part["cases"]))
        for part in table
    )


def _listed(values: Floats) -> tuple[float, ...]:
    return tuple(map(float, values.ravel()))


def _power(matrix: Floats, exponent: float) -> Floats:
    """Of a symmetric matrix that is positive."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    out: Floats = (vectors * np.maximum(values, math.ulp(1.0)) ** exponent) @ vectors.T
    return out
