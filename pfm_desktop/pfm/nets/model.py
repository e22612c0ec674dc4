"""The whole PFM network: two trunks, attention on each, splice, decision module, classifiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pfm_desktop.pfm.nets.attention import Enhance
from pfm_desktop.pfm.nets.fusion import build_splice
from pfm_desktop.pfm.nets.heads import Classifier, Decision, Logits, SourceHead
from pfm_desktop.pfm.nets.pconv import Trunk
from pfm_desktop.pfm.nets.spec import NetSpec


@dataclass(frozen=True)
class Inputs:
    """A batch, per source name.

    `pictures` N x 3 x S x S, normalised, zero where nothing is seen; `coverage` N x h x w in 0..1, the share of each
    cell inside the picture (and the overlap); `present` N bool. `lesion` N x h x w, in training alone: the share of
    each cell on the outlined lesion, all zero for a case without an outline; None when no case has one. `lesion_in`:
    the sources that it holds for; None: all.
    """

    pictures: Mapping[str, Tensor]
    coverage: Mapping[str, Tensor]
    present: Mapping[str, Tensor]
    lesion: Tensor | None = None
    lesion_in: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Outputs:
    """`fused` is the decision module's answer; `alone` N x 4 logits of each source's own head, read off its enhanced
    map in `maps`, N x C x h x w."""

    fused: Logits
    alone: Mapping[str, Tensor]
    maps: Mapping[str, Tensor] = field(default_factory=dict)


class SourceTrunk(nn.Module):
    """PConv trunk and attention of one source: N x 3 x S x S to N x 8C x S/32 x S/32."""

    def __init__(self, spec: NetSpec) -> None:
        super().__init__()
        self.trunk = Trunk(spec.variant, partial_conv=spec.partial_conv)
        self.enhance = Enhance(self.trunk.channels, channel=spec.channel_attention, spatial=spec.spatial_attention)

    def tail(self, middle: Tensor) -> Tensor:
        """Third stage's map to the enhanced last map."""
        out: Tensor = self.enhance(self.trunk.stage4(middle))
        return out

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """N x 3 x S x S to the third stage's map N x 4C x S/16 x S/16 and the enhanced map N x 8C x S/32 x S/32."""
        middle = self.trunk.stage3(picture)
        return middle, self.tail(middle)


class PfmNet(nn.Module):
    """PConvFusionModel. A spec with one source gives the single-source network, built and trained alike.

    Each of n sources, N x 3 x S x S, goes through its own trunk of PConv blocks (`pconv.Trunk`) to N x 8C x S/32 x S/32
    and through channel and spatial attention (`attention.Enhance`), which keep the shape; C is 40 with T0. The splice
    (`fusion`) makes one row of tokens of all maps, N x L x D: L = 1 + n + n h w (token) or 1 + h w (channel), D = 256.
    The self-attention decision (`heads.Decision`) reads the answer token, N x D, and the classifier
    (`heads.Classifier`) gives 4 logits of a softmax and 3 of CORN. Beside them each source has a head of its own on its
    map (`heads.SourceHead`), N x 4. `NetSpec` switches each part off for an ablation.
    """

    def __init__(self, spec: NetSpec) -> None:
        super().__init__()
        self.spec = spec
        names = [str(source) for source in spec.sources]
        self.names = tuple(names)
        self.extract = nn.ModuleDict({name: SourceTrunk(spec) for name in names})
        channels = next(iter(self.trunks())).trunk.channels
        self.splice = build_splice(spec.splice, names, channels, spec.width)
        self.decision = Decision(
            spec.width, layers=spec.layers if spec.decision else 0, heads=spec.heads, dropout=spec.dropout
        )
        self.classifier = Classifier(spec.width)
        self.alone = nn.ModuleDict({name: SourceHead(channels) for name in names})

    def trunks(self) -> Iterator[SourceTrunk]:
        """The feature extractors in the order of the sources."""
        for module in self.extract.values():
            assert isinstance(module, SourceTrunk)
            yield module

    def source_trunk(self, name: str) -> SourceTrunk:
        """The feature extractor of one source."""
        trunk = self.extract[name]
        assert isinstance(trunk, SourceTrunk)
        return trunk

    def source_head(self, name: str) -> SourceHead:
        """The head of one source alone."""
        head = self.alone[name]
        assert isinstance(head, SourceHead)
        return head

    def decide(
        self, maps: Mapping[str, Tensor], coverage: Mapping[str, Tensor], present: Mapping[str, Tensor]
    ) -> Logits:
        """Everything behind the trunks, on enhanced maps N x C x h x w; cheap, so it runs again for each question."""
        tokens, visible = self.splice(maps, coverage, present)
        out: Logits = self.classifier(self.decision(tokens, visible))
        return out

    def forward(self, inputs: Inputs) -> Outputs:
        """The whole network; absent pictures never enter a trunk (their maps are zero)."""
        return self.answer({name: self.maps(name, inputs) for name in self.names}, inputs)

    def answer(self, maps: Mapping[str, Tensor], inputs: Inputs) -> Outputs:
        """What all heads say on enhanced maps N x C x h x w."""
        alone = {name: self.source_head(name)(maps[name], inputs.coverage[name]) for name in self.names}
        return Outputs(self.decide(maps, inputs.coverage, inputs.present), alone, maps)

    def maps(self, name: str, inputs: Inputs) -> Tensor:
        """Enhanced map of one source, N x C x h x w; zero where it is absent."""
        picture, present = inputs.pictures[name], inputs.present[name]
        if bool(present.all()):
            enhanced: Tensor = self.extract[name](picture)[1]
            return enhanced
        where = present.nonzero()[:, 0]
        grid = self.spec.grid
        channels = self.source_head(name).linear.in_features
        if not len(where):
            return picture.new_zeros(len(picture), channels, grid, grid)
        some = picture[where].contiguous(memory_format=torch.channels_last)
        enhanced = self.extract[name](some)[1]
        return enhanced.new_zeros(len(picture), channels, grid, grid).index_copy(0, where, enhanced)


def new_net(spec: NetSpec) -> PfmNet:
    """A network in the memory layout in which convolutions are fast on a processor."""
    net = PfmNet(spec)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub leaves this form out
    return net


def cell_coverage(seen: Tensor, grid: int) -> Tensor:
    """Seen pixels N x S x S (bool or 0..1) to the share seen of each cell, N x grid x grid."""
    return F.adaptive_avg_pool2d(seen.float()[:, None], grid)[:, 0]
