"""The finder's network: first blocks of EfficientNet-Lite0, a feature pyramid, and two answers of the whole picture.

In: N x 3 x SIDE x SIDE, 0..1 RGB. Out: maps N x 4 x GRID x GRID (cervix, os, foreign body, film) and marks N x 2
(there is a cervix; it lies on its side), all logits; those of the os are a softmax over the map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.trunk_parts.teacher import imagenet_net
from pfm_desktop.pfm.runtime import bf16_gains

BLOCKS = 11  # down to a sixteenth
KEPT = (0, 2, 4)  # blocks whose maps are read: a half, a quarter, an eighth
FIXED = 3  # the first blocks stay as ImageNet left them
WIDTH = 48


def _layer(before: int, after: int, kernel: int = 3) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


def _twice(planes: Tensor) -> Tensor:
    return functional.interpolate(planes, scale_factor=2, mode="bilinear", align_corners=False)


class Finder(nn.Module):
    """See the module. With `bf16` the blocks that stay as they are take half the time while the others learn."""

    def __init__(self) -> None:
        super().__init__()
        self.bf16 = bf16_gains()
        net = imagenet_net()
        self.stem, self.stem_norm = net._conv_stem, net._bn0
        self.blocks = nn.ModuleList(list(net._blocks)[:BLOCKS])
        self.read16, self.read8, self.read4 = (_layer(n, m, 1) for n, m in ((112, 2 * WIDTH), (40, WIDTH), (24, WIDTH)))
        self.read2 = _layer(16, 16, 1)
        self.wide, self.narrow = _layer(2 * WIDTH, 2 * WIDTH), _layer(2 * WIDTH, WIDTH, 1)
        self.join8, self.join4, self.join2 = _layer(WIDTH, WIDTH), _layer(WIDTH, 32), _layer(48, 24)
        self.maps = nn.Conv2d(24, 4, 1)
        self.present = nn.Sequential(nn.Linear(4 * WIDTH, 64), nn.ReLU(), nn.Linear(64, 1))
        self.turned = nn.Sequential(nn.Linear(WIDTH + 32, 64), nn.ReLU(), nn.Linear(64, 1))
        for part in (self.stem, self.stem_norm, *list(self.blocks)[:FIXED]):
            part.requires_grad_(False)

    @property
    def borrowed(self) -> list[nn.Parameter]:
        """What came from ImageNet and is learned on, slowly."""
        return [value for block in list(self.blocks)[FIXED:] for value in block.parameters()]

    @property
    def own(self) -> list[nn.Parameter]:
        """What starts from nothing."""
        names = ("stem", "blocks")
        return [value for name, value in self.named_parameters() if not name.startswith(names)]

    def learning(self) -> Finder:
        """Training mode; the norms of the borrowed blocks keep ImageNet's statistics."""
        self.train()
        self.stem_norm.eval()
        self.blocks.eval()
        return self

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """See the module."""
        half, quarter, eighth, planes = self._borrowed_maps(pictures)
        wide = self.wide(self.read16(planes))
        at8 = self.join8(_twice(self.narrow(wide)) + self.read8(eighth))
        at4 = self.join4(_twice(at8) + self.read4(quarter))
        finest = functional.interpolate(at4, scale_factor=2, mode="nearest")
        maps = self.maps(self.join2(torch.cat([finest, self.read2(half)], 1)))
        whole = torch.cat([wide.mean((2, 3)), wide.amax((2, 3))], 1)
        marks = torch.cat([self.present(whole), self.turned(self._at_the_os(maps, at8, at4))], 1)
        return maps, marks

    def _borrowed_maps(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        kept: list[Tensor] = []
        with torch.set_grad_enabled(False), torch.autocast("cpu", torch.bfloat16, enabled=self.training and self.bf16):
            planes = functional.relu6(self.stem_norm(self.stem((pictures * 255 - 127) / 128)))
            for number in range(FIXED):
                planes = self.blocks[number](planes)
                if number in KEPT:
                    kept.append(planes.float())
        planes = planes.float()
        for number in range(FIXED, BLOCKS):
            planes = self.blocks[number](planes)
            if number in KEPT:
                kept.append(planes)
        half, quarter, eighth = kept
        return half, quarter, eighth, planes

    def _at_the_os(self, maps: Tensor, at8: Tensor, at4: Tensor) -> Tensor:
        """Features where the os is, by how surely it is there: a slit that stands upright was turned."""
        share = maps[:, 1:2].detach().flatten(2).softmax(2).reshape(-1, 1, maps.shape[2], maps.shape[3])
        spots = [functional.avg_pool2d(share, 2) * 4, functional.avg_pool2d(share, 4) * 16]
        return torch.cat([(planes * spot).sum((2, 3)) for planes, spot in ((at4, spots[0]), (at8, spots[1]))], 1)
