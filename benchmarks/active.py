"""How many labels that are chosen by the model bring what 200 labels at random bring. On phantoms of device B.

    python benchmarks/active.py --work DIR [--seeds 5] [--strategy uncertain ...] [--tuning]

For each seed there is a pool of 400 women of its own before device B, as many of each grade but for those whose
pictures cannot be registered. (a) 200 of the pool drawn at random are labelled, and the demonstration model is
fine-tuned on them, with the phantoms of device A rehearsed that the window rehearses. (b) Labels are asked for in
rounds of 40 up to 120: the model learned so far is asked about all pairs without a label, and what it chooses is
labelled. Each round learns from the demonstration model anew. The smallest number of labels whose accuracy on women of
device B whom nothing learned from is that of (a) or better is told, and the smallest from which on it stays so. As
chance alone finds a good round among several, the first 40, 80, ... of the labels at random are the control. Unlike the
window's, this fine-tuning locks no test away. Prints JSON. `--tuning`: on other women.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy
from numpy.typing import NDArray  # noqa: E402

from benchmarks.active_parts.choosing import CHOICES  # noqa: E402
from benchmarks.active_parts.learner import Seen, as_shipped, learned, seen  # noqa: E402
from benchmarks.finetune_parts import judging  # noqa: E402
from benchmarks.finetune_parts.judging import Asked  # noqa: E402
from benchmarks.finetune_parts.pictures import device_b_pairs  # noqa: E402
from pfm_desktop.domain.resampling import interval, patient_weights  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model  # noqa: E402
from pfm_desktop.pfm.runtime import torch_threads  # noqa: E402
from pfm_desktop.pfm.training.finetune import VIEWS  # noqa: E402
from pfm_desktop.pfm.training.metrics import measured  # noqa: E402
from pfm_desktop.services import models  # noqa: E402
from pfm_desktop.services.learning.rehearsal import phantoms  # noqa: E402
from pfm_desktop.services.learning.run import Settings  # noqa: E402

SILENT = SilentContext()
POOL, REFERENCE, WANTED = 400, 200, 120
ROUNDS = (40, 80, 120, 200)  # a strategy has those up to WANTED, the control all
TEST_SEED, POOL_SEED = 4390, 4400  # the pool of benchmark seed s has the seed POOL_SEED + s
TUNING_TEST_SEED, TUNING_POOL_SEED = 4490, 4500  # nobody of these women is among those for the figures
WINDOW = Settings("active")  # how the window learns
Ints = NDArray[np.int64]


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for pictures; kept")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--strategy", choices=list(CHOICES), nargs="+", default=["uncertain"])
    parser.add_argument("--tuning", action="store_true", help="on other women, to choose a strategy by")
    parser.add_argument("--test", type=int, default=480)
    asked = parser.parse_args(arguments)
    test_seed, pool_seed = (TUNING_TEST_SEED, TUNING_POOL_SEED) if asked.tuning else (TEST_SEED, POOL_SEED)
    model = load_model(models.folder_of("pfm-demo"))
    with torch_threads():
        test = women(model, asked.work, asked.test, test_seed, views=1)
        old = rehearsed(model, asked.work)
        runs = [
            one_seed(
                model, women(model, asked.work, POOL, pool_seed + seed, views=VIEWS), old, test, asked.strategy, seed
            )
            for seed in range(asked.seeds)
        ]
    print(json.dumps(told(runs, ["random", *asked.strategy], test), indent=1))
    return 0


def women(model: LoadedModel, work: Path, count: int, seed: int, *, views: int) -> Seen:
    """`count` women before device B."""
    drawn = device_b_pairs(SILENT, work, count, seed)
    data = judging.prepared(SILENT, drawn, work / f"active-{seed}-{count}", size=model.net.spec.size)
    return seen(SILENT, model, data, work / f"active-maps-{seed}-{count}", views=views)


def rehearsed(model: LoadedModel, work: Path) -> Seen:
    """The phantoms of device A that the window rehearses."""
    data = phantoms(SILENT, WINDOW.rehearse, size=model.net.spec.size, seed=WINDOW.seed)
    return seen(SILENT, model, data, work / f"active-maps-rehearsed-{WINDOW.rehearse}", views=1)


def one_seed(model: LoadedModel, pool: Seen, old: Seen, test: Seen, names: Sequence[str], seed: int) -> dict[str, Any]:
    """The control, whose last round is the reference, and the rounds of each strategy."""
    assert not set(pool.names) & set(test.names), "women who are asked about are not learned from"
    begun = time.monotonic()
    out: dict[str, Any] = {"seed": seed, "pool": len(pool.names), "before": ask(as_shipped(model), test), "rounds": {}}
    for name in ["random", *names]:
        wanted = [count for count in ROUNDS if count <= (REFERENCE if name == "random" else WANTED)]
        found = rounds(model, pool, old, test, name, seed, wanted)
        out["rounds"][name] = found
        said = {count: round(accuracy(one), 4) for count, one in found.items()}
        line = {"seed": seed, "strategy": name, "accuracy": said, "seconds": round(time.monotonic() - begun)}
        print(json.dumps(line), file=sys.stderr, flush=True)
    out["reference"] = out["rounds"]["random"][REFERENCE]
    return out


def rounds(
    model: LoadedModel, pool: Seen, old: Seen, test: Seen, name: str, seed: int, counts: Sequence[int]
) -> dict[int, Asked]:
    """By number of labels, what the model learned from them says of the test women."""
    random = np.random.default_rng([seed, 2])
    learner, labelled = as_shipped(model), np.empty(0, np.int64)
    found: dict[int, Asked] = {}
    for count in counts:
        left = np.setdiff1d(np.arange(len(pool.names)), labelled)
        chosen = CHOICES[name](learner, pool, left, count - len(labelled), random)
        labelled = np.concatenate((labelled, chosen))
        learner = learned(model, pool, labelled, old, WINDOW, seed=seed)
        found[count] = ask(learner, test)
    return found


def ask(learner: Any, test: Seen) -> Asked:
    """All test women."""
    places = np.arange(len(test.names), dtype=np.int64)
    return Asked(learner.probabilities(test, places), test.grades, test.names)


def accuracy(one: Asked) -> float:
    """Share of women with the right grade."""
    return float(measured(one.probabilities, one.truth, np.ones((1, len(one.truth))))["accuracy"].value)


def reached(reference: float, found: dict[int, float]) -> tuple[int | None, int | None]:
    """The smallest number of labels with that accuracy, and the smallest from which on it is never less."""
    good = [count for count, value in sorted(found.items()) if value >= reference]
    bad = [count for count, value in found.items() if value < reference]
    stays = [count for count in good if count > max(bad, default=0)]
    return (good[0] if good else None), (stays[0] if stays else None)


def told(runs: Sequence[dict[str, Any]], names: Sequence[str], test: Seen) -> dict[str, Any]:
    """All figures."""
    weights = patient_weights(test.names)
    return {
        "on": "phantoms of device B",
        "test_women": len(test.names),
        "seeds": [run["seed"] for run in runs],
        "before": measured(runs[0]["before"].probabilities, test.grades, weights)["accuracy"].table(),
        "pool_women": [run["pool"] for run in runs],
        "random_200": {
            "accuracy": [accuracy(run["reference"]) for run in runs],
            "macro_recall": [run["reference"].macro_recall for run in runs],
        },
        "strategies": {name: _strategy(runs, name, test, weights) for name in names},
    }


def _strategy(runs: Sequence[dict[str, Any]], name: str, test: Seen, weights: NDArray[np.float64]) -> dict[str, Any]:
    firsts, stays = [], []
    for run in runs:
        first, stay = reached(accuracy(run["reference"]), {n: accuracy(one) for n, one in run["rounds"][name].items()})
        firsts.append(first)
        stays.append(stay)
    return {
        "accuracy": {str(n): [accuracy(run["rounds"][name][n]) for run in runs] for n in runs[0]["rounds"][name]},
        "labels_to_reach": firsts,
        "median_labels_to_reach": _median(firsts),
        "labels_to_reach_and_stay": stays,
        "median_labels_to_reach_and_stay": _median(stays),
        "wanted": WANTED,
        "minus_random_200": {
            str(n): _gap([(run["rounds"][name][n], run["reference"]) for run in runs], weights)
            for n in runs[0]["rounds"][name]
        },
        "minus_as_many_at_random": {
            str(n): _gap([(run["rounds"][name][n], run["rounds"]["random"][n]) for run in runs], weights)
            for n in runs[0]["rounds"][name]
            if n in runs[0]["rounds"]["random"]
        },
    }


def _median(labels: Sequence[int | None]) -> float | None:
    """Not reached counts as more than all; None where that is the median."""
    found = median([count if count is not None else np.inf for count in labels])
    return float(found) if np.isfinite(found) else None


def _gap(pairs: Sequence[tuple[Asked, Asked]], weights: NDArray[np.float64]) -> dict[str, Any]:
    """Accuracy and macro recall of the first minus those of the second, mean of the seeds, drawn anew by woman."""
    out: dict[str, Any] = {}
    for measure in ("accuracy", "macro_recall"):
        gaps = []
        for pair in pairs:
            new, old = (measured(one.probabilities, one.truth, weights)[measure] for one in pair)
            gaps.append(new - old)
        low, high = interval(np.mean([gap.draws for gap in gaps], axis=0))
        out[measure] = {"mean": float(np.mean([gap.value for gap in gaps])), "interval": [low, high]}
    return out


if __name__ == "__main__":
    raise SystemExit(main())
