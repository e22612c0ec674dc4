"""The arms of the evidence report: what is trained, in the order of value, and what all of them share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.training.config import TrainConfig

WHITE, FLUORESCENCE = (Source.WHITE,), (Source.FLUORESCENCE,)
BOTH = (*WHITE, *FLUORESCENCE)
MAIN, CONTROL, SPLICE, ABLATION = "main", "control", "splice", "ablation"
SHUFFLED, DUPLICATED = "shuffled", "duplicated"
SEEDS = (1, 2, 3)
SHARES = (0.84, 0.05, 0.11, 0.0)  # judged on fresh phantoms, so no test part


@dataclass(frozen=True)
class Plan:
    """What every arm shares; arms of two plans are never set beside each other.

    `size` is the side of the network's input in pixels. Training and test phantoms are drawn at `drawn` pixels.
    `start`: SHA-256 of the weights whose trunks all arms take (see `docs/trunk.md`), "" for none.
    """

    size: int = 128
    epochs: int = 3
    cases: int = 3600
    train_seed: int = 2026
    test: int = 1600  # some are refused; at least 1,200 must remain
    test_seed: int = 4112  # no training, no other script uses it
    repeats: int = 600
    drawn: int = 320
    trunk_rate: float = 0.2  # as the demonstration model
    start: str = ""


@dataclass(frozen=True)
class Arm:
    """One network to train and ask. `off`: parts of the paper left out; `control`: what is done to fluorescence.

    `from_nothing`: its trunks do not take the start, and learn at the rate of the rest.
    """

    name: str
    group: str
    words: str
    sources: tuple[Source, ...] = BOTH
    splice: str = "token"
    control: str = ""
    off: tuple[str, ...] = ()
    from_nothing: bool = False
    seed: int = 1

    @property
    def key(self) -> str:
        """Name of its files."""
        return f"{self.name}-seed{self.seed}"

    @property
    def whole(self) -> str:
        """Key of the network that differs from this one by one part alone."""
        return NOTHING.key if self.from_nothing and self.off else "both-seed1"

    def config(self, plan: Plan, start: Path | None = None) -> TrainConfig:
        """The recipe of the demonstration model, but for what the plan says. `start`: the folder of `plan.start`."""
        taken = None if self.from_nothing else start
        return TrainConfig(
            name=f"evidence-{self.name}",
            trained_on="phantoms",
            splice=self.splice,
            sources=self.sources,
            epochs=plan.epochs,
            seed=self.seed,
            shares=SHARES,
            patience=0,  # all arms run all epochs; the best one by validation is kept
            start=taken,
            trunk_rate=plan.trunk_rate if taken else 1.0,
            **dict.fromkeys(self.off, False),
            command="python benchmarks/evidence.py --work DIR --start DIR",
        )


_MAIN = (
    Arm("both", MAIN, "both sources"),
    Arm("white", MAIN, "white light only", WHITE),
    Arm("fluorescence", MAIN, "fluorescence only", FLUORESCENCE),
)
_CONTROLS = (
    Arm("shuffled", CONTROL, "fluorescence of another woman", control=SHUFFLED),
    Arm("duplicated", CONTROL, "white light twice", control=DUPLICATED),
)
# a trunk without PConv cannot take the start, so what it is less than is this one
NOTHING = Arm("nothing", ABLATION, "trunks from nothing instead of the start", from_nothing=True)
_PARTS = (
    Arm("channel-splice", SPLICE, "the other splice (channel)", splice="channel"),
    NOTHING,
    Arm("no-pconv", ABLATION, "without PConv", off=("partial_conv",), from_nothing=True),
    Arm("no-decision", ABLATION, "without the self-attention decision", off=("decision",)),
    Arm("no-channel-attention", ABLATION, "without channel attention", off=("channel_attention",)),
    Arm("no-spatial-attention", ABLATION, "without spatial attention", off=("spatial_attention",)),
    Arm("no-attention", ABLATION, "without either attention", off=("channel_attention", "spatial_attention")),
)
ARMS = (*_MAIN, *_CONTROLS, *(replace(arm, seed=seed) for seed in SEEDS[1:] for arm in _MAIN), *_PARTS)


def arm_of(key: str) -> Arm:
    """The arm whose files have this name; `KeyError` for another one."""
    return {arm.key: arm for arm in ARMS}[key]


def trained_pairs(arm: Arm, plan: Plan) -> float:
    """How much an arm costs, in pairs of pictures through two trunks; one source alone counts half."""
    return plan.epochs * plan.cases * SHARES[0] * len(arm.sources) / 2
