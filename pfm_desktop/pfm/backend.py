"""What a backend does: the network's arithmetic, from arrays to arrays. No torch and no OpenVINO here.

Everything else about an answer (calibration, prediction set, evidence, heatmaps) is numpy in `predict.py` and the same
whichever backend runs. Dropout masks are drawn here and handed over, so that every backend makes the same passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import combinations as _subsets
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.pfm.nets.spec import NetSpec

Singles = NDArray[np.float32]
TORCH, OPENVINO_F32, OPENVINO_BF16 = "torch", "openvino-f32", "openvino-bf16"
CHUNK = 10  # dropout passes made at once; two chunks run side by side
SEED = 20  # of the dropout passes: the same pictures give the same answer


@dataclass(frozen=True, eq=False)
class Answers:
    """Of one case, a row for each of `combinations`: log-probabilities K x 4, tokens K x L x D, visible K x L."""

    log_p: Singles
    tokens: Singles
    visible: Singles


class TrunkMaps(NamedTuple):
    """Of one source: the third stage's map 1 x C/2 x 2h x 2w, and the enhanced last map 1 x C x h x w."""

    middle: Singles
    enhanced: Singles


class BackendFailed(Exception):
    """The library behind a backend gave up: another backend can answer."""


class Backend(Protocol):
    """Runs the network of one model. May be asked from several threads inside `working`, one case at a time."""

    @property
    def name(self) -> str:
        """`torch`, `openvino-f32` or `openvino-bf16`."""
        ...

    def working(self) -> AbstractContextManager[object]:
        """Around the work on one case."""
        ...

    def maps(self, source: str, picture: Singles) -> TrunkMaps:
        """Of a prepared picture, 1 x 3 x S x S."""
        ...

    def answers(self, maps: Mapping[str, Singles], coverage: Mapping[str, Singles]) -> Answers:
        """Enhanced maps 1 x C x h x w and coverage 1 x h x w of every source; an absent one is all zeros."""
        ...

    def passes(self, tokens: Singles, visible: Singles, keep: Sequence[Singles]) -> Singles:
        """Tokens L x D and visible L of one row of `answers`, masks of `CHUNK` passes; log-probabilities CHUNK x 4."""
        ...


def combinations(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """All ways in which some of the sources are there, the whole first: ((a, b), (a,), (b,))."""
    return tuple(chosen for count in range(len(names), 0, -1) for chosen in _subsets(names, count))


def token_count(spec: NetSpec) -> int:
    """Tokens in a row: L of `nets.fusion`."""
    cells = spec.grid**2
    return 1 + cells if spec.splice == "channel" else 1 + len(spec.sources) * (1 + cells)


def mask_shapes(spec: NetSpec, passes: int) -> tuple[tuple[int, ...], ...]:
    """Shapes of the masks in the order in which the decision module drops: two a layer, one at its end."""
    layers = spec.layers if spec.decision else 0
    rows = [1 if index == layers - 1 else token_count(spec) for index in range(layers)]
    return (*((passes, count, spec.width) for count in rows for _ in range(2)), (passes, spec.width))


def draw_masks(spec: NetSpec, number: int) -> tuple[Singles, ...]:
    """Masks of chunk `number`: 0 with probability `dropout`, else 1 / (1 - dropout). The same ones every time."""
    source = np.random.default_rng((SEED, number))
    keep = np.float32(1 / (1 - spec.dropout))
    return tuple(
        np.where(source.random(shape, dtype=np.float32) >= spec.dropout, keep, np.float32(0))
        for shape in mask_shapes(spec, CHUNK)
    )
