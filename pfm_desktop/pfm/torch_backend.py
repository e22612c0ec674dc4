"""The reference backend: torch, single precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

import numpy as np
import torch

from pfm_desktop.pfm.backend import TORCH, Answers, Singles, TrunkMaps
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.runtime import torch_threads
from pfm_desktop.pfm.torch_pieces import AnswersPiece, PassesPiece, TrunkPiece
from pfm_desktop.support.threads import worker_threads


class TorchBackend:
    """A network in evaluation mode, run by torch. See `backend.Backend`."""

    name = TORCH

    def __init__(self, net: PfmNet) -> None:
        self._names = net.names
        self._trunks = {name: TrunkPiece(net, name).eval() for name in net.names}
        self._answers, self._passes = AnswersPiece(net).eval(), PassesPiece(net).eval()

    def working(self) -> AbstractContextManager[object]:
        """Half of the threads each: two pieces run side by side, on threads of their own.

        Torch's own threads wait for each other at every layer, which takes many times as long as soon as something
        else is busy on the machine.
        """
        return torch_threads(max(1, worker_threads() // 2))

    def maps(self, source: str, picture: Singles) -> TrunkMaps:
        """See `backend.Backend`."""
        with torch.inference_mode():
            given = torch.from_numpy(picture).contiguous(memory_format=torch.channels_last)
            return TrunkMaps(*(np.ascontiguousarray(part.numpy()) for part in self._trunks[source](given)))

    def answers(self, maps: Mapping[str, Singles], coverage: Mapping[str, Singles]) -> Answers:
        """See `backend.Backend`."""
        with torch.inference_mode():
            given = [torch.tensor(part[name]) for part in (maps, coverage) for name in self._names]
            log_p, tokens, visible = self._answers(*given)
            return Answers(log_p.numpy(), tokens.numpy(), visible.numpy())

    def passes(self, tokens: Singles, visible: Singles, keep: Sequence[Singles]) -> Singles:
        """See `backend.Backend`."""
        with torch.inference_mode():
            given = (torch.from_numpy(part) for part in (tokens[None], visible[None], *keep))
            said: Singles = self._passes(*given).numpy()
            return said
