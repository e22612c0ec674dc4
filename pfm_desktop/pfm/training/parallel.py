"""Two cores, two trunks: each source's trunk runs on its own thread, forwards and backwards.

The trunks share nothing, so this is exact and the same from run to run, and it waits twice a step instead of once a
layer: on two cores a step takes about three quarters of the time that torch's own threads need, and far less when
something else is busy on the machine. The next batch is made while the decision module runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

import torch
from torch import Tensor

from pfm_desktop.pfm.nets.model import Inputs, Outputs, PfmNet

Item = TypeVar("Item")
Made = TypeVar("Made")


class Trunks:
    """Runs training steps of a network with its trunks side by side; close it (or use `with`) when done."""

    def __init__(self, net: PfmNet, *, bf16: bool) -> None:
        self.net, self.bf16 = net, bf16
        self.pool = ThreadPoolExecutor(max_workers=len(net.names) + 1, thread_name_prefix="trunk")

    def gradients(self, inputs: Inputs, loss_of: Callable[[Outputs], Tensor]) -> float:
        """Fill the gradients of all parameters for one batch; returns the loss."""
        waiting = {name: self.pool.submit(self._forward, name, inputs) for name in self.net.names}
        maps: Mapping[str, Tensor] = {name: future.result() for name, future in waiting.items()}
        leaves = {name: value.detach().requires_grad_() for name, value in maps.items()}
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            outputs = self.net.answer(leaves, inputs)
        loss = loss_of(outputs)
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships this method without types
        back = [
            self.pool.submit(torch.autograd.backward, maps[name], leaf.grad)
            for name, leaf in leaves.items()
            if maps[name].requires_grad and leaf.grad is not None
        ]
        for future in back:
            future.result()
        return float(loss.detach())

    def _forward(self, name: str, inputs: Inputs) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            return self.net.maps(name, inputs)

    def __enter__(self) -> Trunks:
        """For `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the threads."""
        self.pool.shutdown(wait=True, cancel_futures=True)


def made_ahead(items: Iterable[Item], make: Callable[[Item], Made], pool: Executor) -> Iterator[Made]:
    """`make` of each item in order, one item ahead of the one that is used."""
    waiting = None
    for item in items:
        following = pool.submit(make, item)
        if waiting is not None:
            yield waiting.result()
        waiting = following
    if waiting is not None:
        yield waiting.result()
