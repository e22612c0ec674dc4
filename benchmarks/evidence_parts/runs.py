"""One arm: trained once and kept, then asked about the test phantoms."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.evidence_parts.arms import Arm, Plan
from benchmarks.evidence_parts.controls import controlled
from benchmarks.evidence_parts.results import Answers, Result
from benchmarks.train_parts.steps import our_steps
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model
from pfm_desktop.pfm.model_file import MODEL, read_model_file
from pfm_desktop.pfm.runtime import bf16_gains, torch_threads
from pfm_desktop.pfm.training.answers import collect, main_combination
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.loop import train
from pfm_desktop.services.sole_use import sole_use
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import write_text

TEST_SHUFFLE, TRAIN_SHUFFLE = 77_4110, 77_2026


def run_arm(
    ctx: Context,
    arm: Arm,
    plan: Plan,
    work: Path,
    training: PreparedSet,
    asked: Mapping[str, PreparedSet],
    start: Path | None = None,
) -> Result:
    """Train the arm where it is not yet, and ask it about each set of `asked`; "" is the test set itself.

    `start`: the model folder whose trunks it takes. A run that was killed goes on behind its last whole epoch. Raises
    `BadInputError` where the arm was begun there under another plan.
    """
    home = work / "arms" / arm.key
    with sole_use(home):
        _same_plan(home, plan)
        if not (home / "model" / MODEL).is_file():
            data = controlled(training, arm.control, seed=TRAIN_SHUFFLE)
            train(ctx, data, home / "model", arm.config(plan, start))
        model = load_model(home / "model")
        sets = {name: controlled(data, arm.control, seed=TEST_SHUFFLE) for name, data in asked.items()}
        answers = {name: ask(ctx, model, data) for name, data in sets.items()}
        if "second" in asked:  # the main arm: it is also asked with one picture missing
            answers |= {f"only-{name}": ask(ctx, model, sets[""], combination=name) for name in model.net.names}
    return Result(arm, answers[""], _facts(arm, plan, home / "model"), {k: v for k, v in answers.items() if k})


def ask(ctx: Context, model: LoadedModel, data: PreparedSet, *, combination: str = "") -> Answers:
    """Calibrated probabilities for all cases; by default from all sources that the network has."""
    with torch_threads():
        said = collect(ctx, model.net, data, np.arange(len(data), dtype=np.int64), model.normalisation)
    name = combination or main_combination(model.net.names)
    if not said.valid[name].all():
        raise ValueError("a test case lacks a source")  # phantoms never do
    probabilities = model.calibration.scale(name).probabilities(said.log_p[name])
    return Answers(tuple(data.cases), said.grades, probabilities)


def _same_plan(home: Path, plan: Plan) -> None:
    kept, wanted = home / "plan.json", json.dumps(asdict(plan))
    if kept.is_file() and kept.read_text(encoding="utf-8") == wanted:
        return
    if kept.is_file() or (home / "model").exists():
        raise BadInputError(
            f"the arm in {home} was begun under another plan",
            safe="it is unchanged",
            remedy="delete that folder, or name another --work",
        )
    write_text(kept, wanted)


def _facts(arm: Arm, plan: Plan, model: Path) -> dict[str, Any]:
    content = read_model_file(model)
    told = content.training
    config = arm.config(plan, Path("DIR") if plan.start else None)
    return {
        "plan": asdict(plan),
        "config": {key: str(value) for key, value in asdict(config).items() if value not in (None, "", ())},
        "from_start": bool(plan.start) and not arm.from_nothing,
        "control": arm.control,
        "bf16": bf16_gains(),
        "seconds": told["seconds"],
        "pairs_per_second": told["pairs_per_second"],
        "epochs": told["epochs"],
        "best_epoch": told["best_epoch"],
        "cases": dict(told["cases"]),
        "weights_sha256": content.sha256,
    }


def speed(
    training: PreparedSet, arm: Arm, plan: Plan, *, steps: int = 6, clock: Callable[[], float] = time.monotonic
) -> float:
    """Pairs a second of whole training steps of this arm, from the median of some steps; nothing is kept."""
    times = []
    with our_steps(training, arm.config(plan)) as step:
        for _ in range(steps):
            begun = clock()
            step()
            times.append(clock() - begun)
    return arm.config(plan).batch / statistics.median(times[1:])
