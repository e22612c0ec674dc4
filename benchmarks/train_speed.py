"""How much faster a training step is than the plain way: 32-bit numbers, one thing after another.

    python benchmarks/train_speed.py [--work DIR] [--size 224] [--rounds 9]

Both ways train the same network (T0, both sources, all losses) on the same phantoms in one run, turn about, so that a
busy machine disturbs both; each makes its batch, augments it, and takes a whole step with the average of the weights.
The plain way: NCHW, the batch made before the step, the trunks one behind the other with torch's own threads, AdamW
not fused. Prints pairs a second by the medians, and their ratio. Figure asked for: 1.8.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

from benchmarks.evidence_parts.arms import Plan  # noqa: E402 - the thread settings come before numpy
from benchmarks.evidence_parts.cases import training_set  # noqa: E402
from benchmarks.train_parts.steps import Step, our_steps, plain_steps  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.pfm.runtime import bf16_gains  # noqa: E402
from pfm_desktop.pfm.training.config import TrainConfig  # noqa: E402

SIZE, ROUNDS, CASES, SEED = 224, 9, 96, 2026
WARM = 2  # steps that are not counted
WANTED = 1.8


def seconds_of(
    ways: Mapping[str, Step], rounds: int, *, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of a step of each way, turn about."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(WARM + rounds):
        for name, step in ways.items():
            begun = clock()
            step()
            if number >= WARM:
                taken[name].append(clock() - begun)
    return {name: statistics.median(values) for name, values in taken.items()}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder that is kept; default: a temporary one")
    parser.add_argument("--size", type=int, default=SIZE, help="side of the network's input")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    config = TrainConfig()
    with tempfile.TemporaryDirectory() as name, Bar() as bar:
        plan = Plan(size=asked.size, cases=CASES, train_seed=SEED)
        data = training_set(bar, asked.work or Path(name), plan)
        with plain_steps(data, config) as plain, our_steps(data, config) as ours:
            seconds = seconds_of({"plain": plain, "ours": ours}, asked.rounds)
    rate = {name: config.batch / took for name, took in seconds.items()}
    print(
        f"training at {asked.size} x {asked.size} on phantoms, batches of {config.batch}, medians of {asked.rounds} "
        f"steps turn about: {rate['ours']:.1f} pairs/s, the plain way {rate['plain']:.1f}; "
        f"{rate['ours'] / rate['plain']:.2f} times (wanted: {WANTED}); "
        f"bf16 {'used' if bf16_gains() else 'not used: this processor does not gain by it'}"
    )


if __name__ == "__main__":
    main()
