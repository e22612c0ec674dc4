"""What a training run is asked to do. No torch here; picklable."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.registry import read_info


@dataclass(frozen=True)
class TrainConfig:
    """Defaults are the recipe of the demonstration model.

    `shares`: patients for train, validation, calibration, test. `balance`: 0 counts every case alike, 1 every grade
    alike. `run`: folder for curves and the state to go on from (default: `<out>.run`). `start`: a model folder whose
    trunks are taken (imported FasterNet weights). `trunk_rate`: learning rate of the trunks against that of the rest.
    `outline_weight`: of the outlined lesions, where the manifest names some. `beside`: what else is learned in each
    step, in words (see `loop.train`). `command` and `card_lines` only go into the card.
    """

    name: str = "pfm-local"
    version: str = "1"
    trained_on: str = "phantoms"
    variant: str = "T0"
    splice: str = "token"
    sources: tuple[Source, ...] = (Source.WHITE, Source.FLUORESCENCE)
    epochs: int = 16
    seed: int = 0
    batch: int = 32
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warmup: float = 0.08
    ema: float = 0.998
    balance: float = 0.5
    softmax_weight: float = 0.5
    alone_weight: float = 0.3
    outline_weight: float = 0.5
    trunk_rate: float = 1.0
    beside: str = ""
    patience: int = 6
    shares: tuple[float, float, float, float] = (0.72, 0.08, 0.12, 0.08)
    bf16: bool | None = None  # None: where the processor gains by it
    threads: int = 0  # 0: see support.threads
    partial_conv: bool = True
    channel_attention: bool = True
    spatial_attention: bool = True
    decision: bool = True
    run: Path | None = None
    start: Path | None = None
    command: str = ""
    card_lines: tuple[str, ...] = ()

    def spec(self, size: int) -> NetSpec:
        """The network for pictures of `size`."""
        return NetSpec(
            variant=self.variant,
            splice=self.splice,
            sources=self.sources,
            size=size,
            partial_conv=self.partial_conv,
            channel_attention=self.channel_attention,
            spatial_attention=self.spatial_attention,
            decision=self.decision,
        )

    def digest(self, data: str) -> str:
        """Changes when a saved state of a run no longer fits what is asked; `data`: `PreparedSet.digest`."""
        left_out = {"threads", "run", "command", "card_lines", "patience", "name", "version"}
        table = {key: str(value) for key, value in asdict(self).items() if key not in left_out}
        if self.start is not None:
            table["start"] = read_info(self.start).sha256  # whatever its folder is called
        return hashlib.sha256(json.dumps([table, data], sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class TrainResult:
    """A model that training has written. `stopped`: the user stopped it and the best so far was kept. `notes`: what a
    person should know before using it."""

    path: Path
    info: ModelInfo
    epochs: int
    best_epoch: int
    stopped: bool
    seconds: float
    pairs_per_second: float
    figures: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
