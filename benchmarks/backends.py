"""The engine's backends beside each other and beside the plain way: speed, agreement, time to the first answer.

    python benchmarks/backends.py [--model pfm-demo] [--runs 7] [--starts 3] [--phantoms 60] [--work DIR] [--only abc]

(a) Trunks, head, 20 dropout passes in the head and the fused heatmap, of one prepared pair at 384 x 384, against the
plain way: torch, eager, single precision, 20 whole passes through the network with its dropout on, and LayerCAM by
autograd. In turns, in one process; medians in ms and of the ratios of each turn, by the clock and by processor time of
the process, which a busy computer disturbs less. Wanted: 0.25, and 60 ms.

(b) Phantoms of 256 pixels, each answered by every backend: largest difference of a probability to torch, and the share
of equal grades. Wanted: 1e-3 (f32), 1e-2 (bf16), 99.5 %. They are given as they are drawn, not registered: what counts
here is that all backends see the same.

(c) From the import of the engine to the first answer, each in a process of its own, by the clock and by processor time
(of the whole process and all its threads: the clock of an idle computer shows no more). Wanted: 1.5 s.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy
from numpy.typing import NDArray  # noqa: E402
from rich.console import Console  # noqa: E402

from pfm_desktop.domain.prediction import Prediction  # noqa: E402
from pfm_desktop.imaging.phantom import render  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402
from pfm_desktop.pfm import backends  # noqa: E402
from pfm_desktop.pfm.backend import OPENVINO_BF16, OPENVINO_F32, TORCH, Backend  # noqa: E402

console = Console(highlight=False, soft_wrap=True)
SIDE, PASSES, SEED, SMALL = 384, 20, 910_000, 256
REPORTED = 250  # phantoms between two lines

FIRST_ANSWER = """
import sys, time
import numpy as np
begun = time.perf_counter()
from pfm_desktop.support import threads
threads.set_polite_threads()
from pfm_desktop.services import models
pair = np.load(sys.argv[2])
predictor = models.predictor(sys.argv[1])
loaded = time.perf_counter()
predictor.predict(pair["white"], pair["fluorescence"])
import resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(time.perf_counter() - begun, loaded - begun, predictor.backend, "torch" in sys.modules, peak, time.process_time())
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pfm-demo")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--phantoms", type=int, default=60)
    parser.add_argument("--work", type=Path, help="folder that keeps the converted models")
    parser.add_argument("--only", default="abc", help="which parts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        os.environ["PFM_HOME"] = str(work / "home")
        from pfm_desktop.services import models

        folder = models.folder_of(options.model)
        console.print(f"{backends.processor()}, {threads.worker_threads()} threads, {options.model}")
        if "a" in options.only:
            against_plain(enlarged(folder, Path(scratch) / "enlarged"), options.runs)
        if "b" in options.only:
            agreement(folder, options.phantoms)
        if "c" in options.only:
            first_answers(folder, work, Path(scratch), options.starts)


def enlarged(folder: Path, out: Path) -> Path:
    """The same weights in a model for pictures of `SIDE` pixels: the network takes any multiple of 32."""
    from pfm_desktop.pfm.checkpoint import load_model, save_model
    from pfm_desktop.pfm.nets.model import PfmNet

    model = load_model(folder)
    net = PfmNet(replace(model.net.spec, size=SIDE))
    net.load_state_dict(model.net.state_dict())
    parts = {"calibration": model.calibration, "normalisation": model.normalisation, "heatmap": model.heatmap}
    save_model(out, net.eval(), name="enlarged", version="1", **parts)
    return out


def backends_here(folder: Path) -> dict[str, Backend]:
    """Every backend that runs on this computer, torch first."""
    from pfm_desktop.pfm.openvino_backend import has_bf16

    names = [TORCH, OPENVINO_F32, *([OPENVINO_BF16] if has_bf16() else [])]
    from pfm_desktop.pfm.registry import verified

    made: dict[str, Backend] = {}
    for name in names:
        os.environ[backends.VARIABLE] = name
        made[name] = backends.backend_for(folder, verified(folder))
        if made[name].name != name:
            raise SystemExit(f"{name} does not run here")
    if len(names) < len(backends.NAMES):
        console.print("openvino-bf16: not measured, this processor has no bf16")
    return made


def predictors(folder: Path) -> dict[str, Any]:
    """One that keeps no features for each backend."""
    from pfm_desktop.pfm.feature_cache import FeatureCache
    from pfm_desktop.pfm.predict import Predictor

    return {
        name: Predictor(folder, backend=backend, features=FeatureCache(0))
        for name, backend in backends_here(folder).items()
    }


def against_plain(folder: Path, runs: int) -> None:
    """(a)."""
    from pfm_desktop.domain.source import Source

    phantom = render(SEED, size=SIDE)
    ways: dict[str, Callable[[], object]] = {}
    for name, predictor in predictors(folder).items():
        given = {Source.WHITE: phantom.white, Source.FLUORESCENCE: phantom.fluorescence}
        case = predictor._prepared(given, None)
        ways[name] = lambda predictor=predictor, case=case: predictor._asked(case, PASSES, SilentContext())
    ways["plain"] = plain_way(folder, case)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(runs + 1):
        for name, way in ways.items():
            wall, busy = time.perf_counter(), time.process_time()
            way()
            if turn:  # the first one fills caches
                taken[name].append((1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - busy)))
    for name in ("plain", *(name for name in taken if name != "plain")):
        wall, busy = (statistics.median(column) for column in zip(*taken[name], strict=True))
        ratios = [
            statistics.median(mine[i] / other[i] for mine, other in zip(taken[name], taken["plain"], strict=True))
            for i in range(2)
        ]
        console.print(
            f"(a) {name}, {SIDE} x {SIDE}: {wall:.1f} ms, ratio {ratios[0]:.3f}; "
            f"processor {busy:.1f} ms, ratio {ratios[1]:.3f} ({runs} turns)"
        )


def plain_way(folder: Path, case: Any) -> Callable[[], object]:
    """20 whole passes with dropout on, one after the other, then LayerCAM on the third stage of each trunk."""
    import torch

    from pfm_desktop.pfm.checkpoint import load_model
    from pfm_desktop.pfm.nets.heads import HeadDropout
    from pfm_desktop.pfm.nets.model import Inputs
    from pfm_desktop.pfm.runtime import torch_threads

    net = load_model(folder).net
    drops = [module for module in net.modules() if isinstance(module, HeadDropout)]
    tensors = [{name: torch.tensor(part[name]) for name in net.names} for part in (case.pictures, case.coverage)]
    inputs = Inputs(*tensors, {name: torch.tensor([name in case.used]) for name in net.names})

    def run() -> object:
        with torch_threads(threads.worker_threads()):
            source = torch.Generator().manual_seed(0)
            for drop in drops:
                drop.source = source
            with torch.no_grad():
                said = torch.stack([net(inputs).fused.combined()[0].softmax(dim=-1) for _ in range(PASSES)])
            for drop in drops:
                drop.source = None
            return said.std(dim=0), layer_cam(net, inputs)

    return run


def layer_cam(net: Any, inputs: Any) -> NDArray[np.float32]:
    """Fused LayerCAM (Jiang et al. 2021) of the top grade, on the third stage's maps; by autograd."""
    import torch

    middles, maps = {}, {}
    for name in net.names:
        middles[name], maps[name] = net.extract[name](inputs.pictures[name])
    said = net.decide(maps, inputs.coverage, inputs.present).combined()[0]
    slopes = torch.autograd.grad(said.max(), list(middles.values()))
    planes = [
        (slope.clamp_min(0) * middle).sum(dim=1)[0].clamp_min(0)
        for slope, middle in zip(slopes, middles.values(), strict=True)
    ]
    fused: NDArray[np.float32] = torch.stack([p / p.max().clamp_min(1e-6) for p in planes]).mean(dim=0).detach().numpy()
    return fused


def agreement(folder: Path, count: int) -> None:
    """(b)."""
    asked = predictors(folder)
    largest, shares = dict.fromkeys(asked, 0.0), dict.fromkeys(asked, 0.0)
    equal, sets = dict.fromkeys(asked, 0), dict.fromkeys(asked, 0)
    for number in range(count):
        phantom = render(SEED + number, size=SMALL)
        said = {name: one.predict(phantom.white, phantom.fluorescence)[0] for name, one in asked.items()}
        for name, answer in said.items():
            largest[name] = max(largest[name], float(np.abs(_numbers(answer) - _numbers(said[TORCH])).max()))
            for source, share in answer.evidence.items():
                shares[name] = max(shares[name], abs(share - said[TORCH].evidence[source]))
            equal[name] += answer.grade is said[TORCH].grade
            sets[name] += answer.prediction_set == said[TORCH].prediction_set
        done = number + 1
        if done % REPORTED and done < count:
            continue
        for name in list(asked)[1:]:
            console.print(
                f"(b) {name}, on phantoms ({done} of {SMALL} pixels, seeds from {SEED}): largest difference of a "
                f"probability to torch {largest[name]:.2g}, equal grades {equal[name]} of {done} "
                f"({100 * equal[name] / done:.1f} %), equal prediction sets {sets[name]}, "
                f"largest difference of a share of the evidence {shares[name]:.2g}"
            )


def _numbers(answer: Prediction) -> NDArray[np.float64]:
    alone = [value for single in answer.single_source.values() for value in single.probabilities.values()]
    return np.array([*answer.probabilities.values(), *answer.spread.values(), *alone])


def first_answers(folder: Path, work: Path, scratch: Path, starts: int) -> None:
    """(c)."""
    phantom = render(SEED, size=SMALL)
    pair = scratch / "pair.npz"
    np.savez(pair, white=phantom.white, fluorescence=phantom.fluorescence)
    kept, empty = str(work / "home"), str(scratch / "empty")
    first_answer(folder, pair, OPENVINO_F32, kept)  # makes the form where it is not kept yet
    for title, backend, home, count in (
        ("OpenVINO, its form in the cache", OPENVINO_F32, kept, starts),
        ("torch", TORCH, kept, starts),
        ("OpenVINO, nothing in the cache: converted first", OPENVINO_F32, empty, 1),
    ):
        runs = [first_answer(folder, pair, backend, home) for _ in range(count)]
        total, loading, peak, busy = (statistics.median(float(run[i]) for run in runs) for i in (0, 1, 4, 5))
        torch_too = "with torch" if runs[0][3] == "True" else "without torch"
        console.print(
            f"(c) {title}: first answer after {total:.2f} s, of which loading {loading:.2f} s; "
            f"processor {busy:.2f} s; at most {peak:.0f} MB, {torch_too} ({count} starts, median)"
        )


def first_answer(folder: Path, pair: Path, backend: str, home: str) -> list[str]:
    """Seconds to the answer and to the model, backend, whether torch was loaded, most megabytes, busy seconds."""
    environment = {**os.environ, "PFM_HOME": home, backends.VARIABLE: backend}
    command = [sys.executable, "-c", FIRST_ANSWER, str(folder), str(pair)]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    if said[2] != backend:
        raise SystemExit(f"{backend} does not run here")
    return said


if __name__ == "__main__":
    main()
