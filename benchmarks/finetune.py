"""What learning from 200 labelled pairs of another device brings, and how long it takes. On phantoms.

    python benchmarks/finetune.py --work DIR [--seeds 5] [--first-seed 0] [--pairs 200] [--test 240] [--no-all-weights]

Device B (`imaging.phantom.device`) has other colours, gain, sharpness and field than the device that the demonstration
model learned from. For each seed 200 other women before device B are put into a library, graded by one read each, and
learned from as the window does it, in a process of its own. Old and new model are asked about the same women, whom
nothing learned from, before both devices; so is the old model with its calibration alone refitted on the women who
calibrate the new one, and with its colours matched as well: that much of the gain takes no learning. Once, all weights
are trained on the same cases, from those of the demonstration model (also with the colours matched) and from nothing,
until they are as good, or ten times as long as drawing what is rehearsed, trunk features and epochs took. Prints JSON;
what is drawn and prepared is kept in DIR. Times are of this computer as it was then: the load of the last minute is
printed beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

from benchmarks.finetune_parts import judging  # noqa: E402 - the thread settings come before numpy
from benchmarks.finetune_parts.libraries import labelled_library  # noqa: E402
from benchmarks.finetune_parts.pictures import labelled_pairs, test_pairs  # noqa: E402
from pfm_desktop.jobs import Context, Finished, ProcessRunner, SilentContext  # noqa: E402
from pfm_desktop.pfm.checkpoint import load_model  # noqa: E402
from pfm_desktop.pfm.training.data import PreparedSet  # noqa: E402
from pfm_desktop.pfm.training.split import Split  # noqa: E402
from pfm_desktop.services import models  # noqa: E402
from pfm_desktop.services.learning import run  # noqa: E402
from pfm_desktop.services.learning.cases import find_cases  # noqa: E402
from pfm_desktop.services.learning.pictures import hold  # noqa: E402
from pfm_desktop.services.learning.women import groups_of  # noqa: E402
from pfm_desktop.storage.library import Library  # noqa: E402

SILENT = SilentContext()


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for pictures, libraries and models; kept")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--test", type=int, default=240)
    parser.add_argument("--no-all-weights", action="store_true", help="leave out training all weights")
    asked = parser.parse_args(arguments)
    found = measure(
        SILENT,
        asked.work,
        range(asked.first_seed, asked.first_seed + asked.seeds),
        asked.pairs,
        asked.test,
        all_weights=not asked.no_all_weights,
    )
    print(json.dumps(found, indent=1))
    return 0


def measure(
    ctx: Context, work: Path, seeds: Iterable[int], pairs: int, test: int, *, all_weights: bool
) -> dict[str, Any]:
    """All figures."""
    parent = models.folder_of("pfm-demo")
    old = load_model(parent)
    drawn = test_pairs(ctx, work, test)
    tests = {
        device: judging.prepared(ctx, those, work / f"test-{device}-{test}", size=old.net.spec.size)
        for device, those in drawn.items()
    }
    before = {device: judging.ask(old, data) for device, data in tests.items()}
    made: list[dict[str, Any]] = []
    after: dict[str, list[judging.Asked]] = {device: [] for device in tests}
    refitted: dict[str, list[judging.Asked]] = {device: [] for device in tests}
    coloured: dict[str, list[judging.Asked]] = {device: [] for device in tests}
    for seed in seeds:
        library = work / f"library-{seed}"
        shutil.rmtree(library, ignore_errors=True)
        with labelled_library(ctx, library, labelled_pairs(ctx, work, pairs, seed)) as lib:
            request, one = learned(lib, seed)
            made.append(one)
            new = load_model(request.folder / run.MODEL)
            unlearned = replace(old, normalisation=new.normalisation)  # colours matched, the weights as they came
            held = _held(lib, request, old.net.spec.size)
            for device, data in tests.items():
                after[device].append(judging.ask(new, data))
                for model, kept in ((old, refitted), (unlearned, coloured)):
                    kept[device].append(judging.ask(model, data, judging.calibrated(model, *held)))
            print(json.dumps({"seed": seed, **one, "macro_recall": {
                device: [
                    one.macro_recall
                    for one in (before[device], refitted[device][-1], coloured[device][-1], after[device][-1])
                ]
                for device in tests
            }}), file=sys.stderr, flush=True)  # fmt: skip
            last = request, one
    figures: dict[str, Any] = {
        "on": "phantoms",
        "test_women": {device: len(one.women) for device, one in before.items()},
        "macro_recall_gain": {device: judging.gains(before[device], after[device]) for device in tests},
        "of_calibration_alone": {device: judging.gains(before[device], refitted[device]) for device in tests},
        "of_colours_and_calibration": {device: judging.gains(before[device], coloured[device]) for device in tests},
        "runs": made,
    }
    if not all_weights:
        return figures
    request, one = last
    with Library.open(request.library) as lib:  # of the last seed: its figures are there before this long part begins
        whole = against_all_weights(lib, request, parent, tests, after["b"][-1].macro_recall, one)
    return {**figures, "all_weights": whole}


def learned(lib: Library, seed: int) -> tuple[run.Request, dict[str, Any]]:
    """From looking for cases to the model, with seconds."""
    begun = time.monotonic()
    found = find_cases(SILENT, lib)
    compared = groups_of(SILENT, lib, found.cases)
    found = found.without(compared.left_out)
    looked = time.monotonic() - begun
    request = run.begin(lib, found, compared.groups, run.Settings(f"device-b-{seed}", seed=seed, enough=5))
    ended: list[Any] = []
    begun = time.monotonic()
    ProcessRunner().start(run.learn, request, listener=ended.append, name="learn").wait()
    seconds = time.monotonic() - begun
    event = ended[-1]
    if not isinstance(event, Finished):
        raise SystemExit(f"learning failed: {event}")
    run.settle(lib, event.result)
    counts = dict(event.result.counts)
    return request, {
        "seconds": round(seconds, 1),
        "seconds_to_compare_pictures": round(looked, 1),
        "groups": len(compared.groups),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        **counts,
    }


def _held(lib: Library, request: run.Request, size: int) -> tuple[PreparedSet, Split]:
    """The cases of a run as it had them, and which of them learned, chose and calibrated."""
    held = hold(SILENT, lib, request.cases, request.sides.group_of, size=size)
    return held.data, run.split_of(held.data, held.cases, request.sides, request.settings.seed)


def against_all_weights(
    lib: Library, request: run.Request, parent: Path, tests: dict[str, Any], wanted: float, one: dict[str, Any]
) -> dict[str, Any]:
    """Training all weights to the same macro recall on device B, at most ten times as long."""
    data, split = _held(lib, request, load_model(parent).net.spec.size)
    ours = sum(one["seconds_by_step"][name] for name in ("rehearse", "features", "epochs"))
    out: dict[str, Any] = {"wanted_macro_recall": wanted, "our_seconds_to_learn": round(ours, 1)}
    colours = load_model(request.folder / run.MODEL).normalisation
    for name, nothing, seen_with in (
        ("from_the_parent_with_colours_matched", False, colours),
        ("from_the_parent", False, None),
        ("from_nothing", True, None),
    ):
        took = judging.seconds_of_all_weights(
            parent, data, split, tests["b"], tests["a"],
            wanted=wanted, most_seconds=10 * ours, from_nothing=nothing, normalisation=seen_with,
        )  # fmt: skip
        out[name] = {**took, "ratio": took["seconds"] / max(ours, 1e-6)}
    return out


if __name__ == "__main__":
    raise SystemExit(main())
