"""The arms of the evidence report: what is trained, in the order of value, and what all of them share."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    """

    size: int = 128
    epochs: int = 6
    cases: int = 3600
    train_seed: int = 2026
    test: int = 1250  # some are refused; at least 1,200 remain
    test_seed: int = 4110  # no training, no other script uses it
    repeats: int = 600
    drawn: int = 320


@dataclass(frozen=True)
class Arm:
    """One network to train and ask. `off`: parts of the paper left out; `control`: what is done to fluorescence."""

    name: str
    group: str
    words: str
    sources: tuple[Source, ...] = BOTH
    splice: str = "token"
    control: str = ""
    off: tuple[str, ...] = ()
    seed: int = 1

    @property
    def key(self) -> str:
        """Name of its files."""
        return f"{self.name}-seed{self.seed}"

    def config(self, plan: Plan) -> TrainConfig:
        """The recipe of pfm-demo 1, but for what the plan says."""
        return TrainConfig(
            name=f"evidence-{self.name}",
            trained_on="phantoms",
            splice=self.splice,
            sources=self.sources,
            epochs=plan.epochs,
            seed=self.seed,
            shares=SHARES,
            patience=0,  # all arms run all epochs; the best one by validation is kept
            **dict.fromkeys(self.off, False),
            command="python benchmarks/evidence.py --work DIR",
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
_PARTS = (
    Arm("channel-splice", SPLICE, "the other splice (channel)", splice="channel"),
    Arm("no-pconv", ABLATION, "without PConv", off=("partial_conv",)),
    Arm("no-decision", ABLATION, "without the self-attention decision", off=("decision",)),
    Arm("no-channel-attention", ABLATION, "without channel attention", off=("channel_attention",)),
    Arm("no-spatial-attention", ABLATION, "without spatial attention", off=("spatial_attention",)),
    Arm("no-attention", ABLATION, "without either attention", off=("channel_attention", "spatial_attention")),
)
ARMS = (*_MAIN, *_CONTROLS, *_PARTS, *(replace(arm, seed=seed) for seed in SEEDS[1:] for arm in _MAIN))


def arm_of(key: str) -> Arm:
    """The arm whose files have this name; `KeyError` for another one."""
    return {arm.key: arm for arm in ARMS}[key]


def trained_pairs(arm: Arm, plan: Plan) -> float:
    """How much an arm costs, in pairs of pictures through two trunks; one source alone counts half."""
    return plan.epochs * plan.cases * SHARES[0] * len(arm.sources) / 2
