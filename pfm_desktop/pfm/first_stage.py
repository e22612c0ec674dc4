"""The first stage of a trunk in numpy, from the weights of a model: what `familiarity` looks at with any backend.

Stem and blocks as in `nets/pconv.py`, from Chen et al., CVPR 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.pfm.model_content import read_arrays
from pfm_desktop.pfm.nets.spec import RELU

Singles = NDArray[np.float32]
STRIDE = 4  # pixels of the input a cell
_NORM_LEAST = 1e-5  # added to variances by batch norm
_BLOCKS = "stages.0.blocks."


class FirstStage:
    """Of one source's trunk. `tensors` by their names inside the trunk; `relu` for the variant that has no GELU."""

    def __init__(self, tensors: Mapping[str, Singles], *, relu: bool) -> None:
        self._tensors, self._relu = tensors, relu
        self._depth = len({key.split(".")[3] for key in tensors if key.startswith(_BLOCKS)})

    def map(self, picture: Singles) -> Singles:
        """Prepared picture 3 x S x S to C x S/4 x S/4."""
        cells = picture.shape[1] // STRIDE
        patches = picture.reshape(3, cells, STRIDE, cells, STRIDE).transpose(1, 3, 0, 2, 4).reshape(cells * cells, -1)
        kernel = self._tensors["patch_embed.proj.weight"]
        x = self._normal(patches @ kernel.reshape(len(kernel), -1).T, "patch_embed.norm").reshape(cells, cells, -1)
        for number in range(self._depth):
            x = self._block(x, f"{_BLOCKS}{number}")
        return np.asarray(x.transpose(2, 0, 1), np.float32)

    def _block(self, x: Singles, name: str) -> Singles:
        """h x w x C to the same shape."""
        wide = self._mixed(x, name) @ self._tensors[f"{name}.mlp.0.weight"][:, :, 0, 0].T
        wide = self._normal(wide, f"{name}.mlp.1")
        bent = np.maximum(wide, 0) if self._relu else gelu(wide)
        return np.asarray(x + bent @ self._tensors[f"{name}.mlp.3.weight"][:, :, 0, 0].T)

    def _mixed(self, x: Singles, name: str) -> Singles:
        """3 x 3 on the first quarter of the channels; none in a network made without it."""
        kernel = self._tensors.get(f"{name}.spatial_mixing.partial_conv3.weight")
        if kernel is None:
            return x
        height, width, count = *x.shape[:2], len(kernel)
        padded = np.pad(x[:, :, :count], ((1, 1), (1, 1), (0, 0)))
        mixed = sum(
            padded[row : row + height, column : column + width] @ kernel[:, :, row, column].T
            for row in range(3)
            for column in range(3)
        )
        return np.concatenate((np.asarray(mixed, np.float32), x[:, :, count:]), axis=2)

    def _normal(self, x: Singles, name: str) -> Singles:
        scale, shift = batch_norm(self._tensors, name)
        return np.asarray(x * scale + shift, np.float32)


def first_stages(weights: Path, names: Sequence[str], variant: str) -> dict[str, FirstStage]:
    """By source, from verified weights; raises `ModelError`."""
    stages = {}
    for name in names:
        trunk = f"extract.{name}.trunk."
        tensors = read_arrays(weights, (f"{trunk}patch_embed.", f"{trunk}{_BLOCKS}"))
        own = {key.removeprefix(trunk): value for key, value in tensors.items()}
        stages[name] = FirstStage(own, relu=RELU[variant])
    return stages


def batch_norm(tensors: Mapping[str, Singles], name: str) -> tuple[Singles, Singles]:
    """What batch norm multiplies by and adds in evaluation."""
    weight, bias, mean, variance = (
        tensors[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = weight / np.sqrt(variance + np.float32(_NORM_LEAST))
    return scale, bias - mean * scale


def gelu(x: Singles) -> Singles:
    """GELU, without its slope, which costs as much again."""
    return np.asarray(x * share_below(x), np.float32)


def share_below(x: Singles) -> Singles:
    """The share of a standard normal distribution that lies below x."""
    return np.asarray(np.float32(0.5) * (1 + erf(x * np.float32(np.sqrt(0.5)))))


def erf(x: Singles) -> Singles:
    """Within 2e-7 (Abramowitz and Stegun 7.1.26): scipy's would carry 40 MB into whoever only asks a model."""
    size = np.abs(x)
    t = 1 / (1 + np.float32(0.3275911) * size)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.asarray(np.sign(x) * (1 - series * np.exp(-size * size)), np.float32)
