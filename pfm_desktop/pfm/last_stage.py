"""The last stage of a trunk and the attention behind it, in numpy, and how a slope goes back through them.

`Back` takes how much a number rises with each value that a part gives to how much it rises with each that it was
given; written out by hand for the parts of `nets/pconv.py` and `nets/attention.py`. Maps are h x w x C inside. Tests
hold it to torch's autograd. The last stage is small, 7 x 7 cells at 224 pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.pfm.first_stage import batch_norm, share_below

Singles = NDArray[np.float32]
Back = Callable[[Singles], Singles]
Ran = tuple[Singles, Back]  # what a part gives, and the way back through it
_MERGE, _BLOCKS = "trunk.stages.5", "trunk.stages.6.blocks."


class LastStage:
    """Of one source. `tensors` by their names inside `extract`; `relu` for the variant that has no GELU."""

    def __init__(self, tensors: Mapping[str, Singles], *, relu: bool) -> None:
        self._tensors, self._relu = tensors, relu
        self._depth = len({key.split(".")[4] for key in tensors if key.startswith(_BLOCKS)})

    def run(self, middle: Singles) -> Ran:
        """The third stage's map C x 2h x 2w to the enhanced last map 2C x h x w, and back."""
        backs: list[Back] = []

        def through(ran: Ran) -> Singles:
            backs.append(ran[1])
            return ran[0]

        x = through(self._merged(middle.transpose(1, 2, 0)))
        for number in range(self._depth):
            x = through(self._block(x, f"{_BLOCKS}{number}"))
        if "enhance.channel.shared.0.weight" in self._tensors:
            x = through(self._channels(x))
        if "enhance.spatial.conv.weight" in self._tensors:
            x = through(self._places(x))
        inward = one_after_the_other(backs)
        return np.asarray(x.transpose(2, 0, 1)), lambda slope: inward(slope.transpose(1, 2, 0)).transpose(2, 0, 1)

    def _merged(self, x: Singles) -> Ran:
        """2 x 2 with stride 2, so that no cell is seen twice, and batch norm."""
        kernel = self._tensors[f"{_MERGE}.reduction.weight"]  # 2C x C x 2 x 2
        rows = kernel.transpose(0, 2, 3, 1).reshape(len(kernel), -1)
        height, width, count = x.shape[0] // 2, x.shape[1] // 2, x.shape[2]
        patches = x.reshape(height, 2, width, 2, count).transpose(0, 2, 1, 3, 4).reshape(height, width, -1)
        scale, shift = batch_norm(self._tensors, f"{_MERGE}.norm")

        def back(slope: Singles) -> Singles:
            apart = _times(slope * scale, rows).reshape(height, width, 2, 2, count)
            return np.asarray(apart.transpose(0, 2, 1, 3, 4).reshape(2 * height, 2 * width, count), np.float32)

        return np.asarray(_times(patches, rows.T) * scale + shift), back

    def _block(self, x: Singles, name: str) -> Ran:
        """PConv, 1 x 1 to twice the channels, batch norm, bend, 1 x 1 back, all of it added."""
        first, second = (self._tensors[f"{name}.mlp.{at}.weight"][:, :, 0, 0] for at in (0, 3))
        kernel = self._tensors.get(f"{name}.spatial_mixing.partial_conv3.weight")
        scale, shift = batch_norm(self._tensors, f"{name}.mlp.1")
        wide = _times(_mixed(x, kernel), first.T) * scale + shift
        bent, steep = (np.maximum(wide, 0), wide > 0) if self._relu else gelu_and_slope(wide)

        def back(slope: Singles) -> Singles:
            inner = _times(_times(slope, second) * steep * scale, first)
            return np.asarray(slope + _mixed(inner, None if kernel is None else _turned(kernel)))

        return np.asarray(x + _times(bent, second.T)), back

    def _channels(self, x: Singles) -> Ran:
        parts = [f"enhance.channel.shared.{at}" for at in (0, 2)]
        (first, low), (second, high) = (
            [self._tensors[f"{part}.{kind}"] for kind in ("weight", "bias")] for part in parts
        )
        given = np.stack((x.mean(axis=(0, 1)), x.max(axis=(0, 1))))
        hidden = given @ first.T + low
        gate = _sigmoid((np.maximum(hidden, 0) @ second.T + high).sum(axis=0))

        def back(slope: Singles) -> Singles:
            through = (slope * x).sum(axis=(0, 1)) * gate * (1 - gate)
            by_mean, by_top = ((through @ second) * (hidden > 0)) @ first
            return np.asarray(slope * gate + by_mean / (x.shape[0] * x.shape[1]) + by_top * _shared_top(x, (0, 1)))

        return np.asarray(x * gate), back

    def _places(self, x: Singles) -> Ran:
        kernel, bias = (self._tensors[f"enhance.spatial.conv.{kind}"] for kind in ("weight", "bias"))
        seen = np.stack((x.mean(axis=2), x.max(axis=2)), axis=2)
        gate = _sigmoid(_convolved(seen, kernel) + bias)

        def back(slope: Singles) -> Singles:
            through = (slope * x).sum(axis=2, keepdims=True) * gate * (1 - gate)
            apart = _convolved(through, _turned(kernel))
            return np.asarray(slope * gate + apart[..., :1] / x.shape[2] + apart[..., 1:] * _shared_top(x, (2,)))

        return np.asarray(x * gate), back


def one_after_the_other(backs: Sequence[Back]) -> Back:
    """Back through parts that were run in this order."""

    def back(slope: Singles) -> Singles:
        for one in reversed(backs):
            slope = one(slope)
        return slope

    return back


def gelu_and_slope(x: Singles) -> tuple[Singles, Singles]:
    """What `first_stage.gelu` gives, and its slope."""
    below = share_below(x)
    bell = np.exp(np.float32(-0.5) * x * x) * np.float32(1 / np.sqrt(2 * np.pi))
    return np.asarray(x * below, np.float32), np.asarray(below + x * bell, np.float32)


def _mixed(x: Singles, kernel: Singles | None) -> Singles:
    """The first quarter of the channels convolved; none in a network made without."""
    if kernel is None:
        return x
    count = len(kernel)
    return np.concatenate((_convolved(x[:, :, :count], kernel), x[:, :, count:]), axis=2)


def _convolved(x: Singles, kernel: Singles) -> Singles:
    """h x w x I and O x I x k x k, k odd, to h x w x O: stride 1, the size is kept."""
    edge = kernel.shape[-1] // 2
    padded = np.pad(x, ((edge, edge), (edge, edge), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(0, 1))  # h x w x I x k x k
    return _times(windows.reshape(*x.shape[:2], -1), kernel.reshape(len(kernel), -1).T)


def _times(x: Singles, matrix: Singles) -> Singles:
    """h x w x I by I x O. One product: numpy would make one for each row of cells."""
    return np.asarray((x.reshape(-1, x.shape[2]) @ matrix).reshape(*x.shape[:2], -1))


def _turned(kernel: Singles) -> Singles:
    """The kernel of the way back: of stride 1, a convolution goes back as one."""
    return kernel.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]


def _shared_top(x: Singles, axes: tuple[int, ...]) -> Singles:
    """1 where the maximum is; of equal ones each an equal part, as torch has it."""
    highest = (x == x.max(axis=axes, keepdims=True)).astype(np.float32)
    return np.asarray(highest / highest.sum(axis=axes, keepdims=True))


def _sigmoid(x: Singles) -> Singles:
    return np.asarray(1 / (1 + np.exp(-x)), np.float32)
