"""Where and how fast the network runs: threads, number formats, backends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from pfm_desktop.support.threads import worker_threads


def bf16_gains() -> bool:
    """Whether the processor multiplies bf16 in hardware; without that autocast only costs."""
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("amx_bf16") or abilities.get("avx512_bf16"))


@contextlib.contextmanager
def torch_threads(count: int = 0) -> Iterator[None]:
    """Run with `count` torch threads (0: `support.threads.worker_threads`), then as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or worker_threads())
    try:
        yield
    finally:
        torch.set_num_threads(before)
