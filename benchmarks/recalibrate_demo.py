"""Makes the next version of models/pfm-demo: the same weights, measured again.

    python benchmarks/recalibrate_demo.py --prepared DIR [--answers DIR] --version 4 --out DIR [--model pfm-demo]

`--prepared` is what `make_demo_model.py` prepared. Where the scale of the heatmaps ends and what is unlike anything it
learned from are measured as a training does. With `--answers`, what `demo_model.py --work` kept of the fresh phantoms
that judged the former version, probabilities and sets are fitted again, on those and the calibration part; they judge
nothing any more, and the figures of the new version come from `demo_model.py` with another seed. Without, the answers
stay what they were, and so do their figures. Three minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy

from benchmarks.demo_model import answers_folder  # noqa: E402
from benchmarks.trunk_parts.phantom_sets import SHARES  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.grade import GRADES, Grade  # noqa: E402
from pfm_desktop.jobs import Context  # noqa: E402
from pfm_desktop.pfm import familiarity_card  # noqa: E402
from pfm_desktop.pfm.calibrate import Calibration, Floats  # noqa: E402
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model, refuse_existing  # noqa: E402
from pfm_desktop.pfm.model_file import CARD, ModelFile, read_model_file, write_model_file  # noqa: E402
from pfm_desktop.pfm.model_tables import BOTH, STRONG, heatmap_method  # noqa: E402
from pfm_desktop.pfm.training.answers import Answers, collect, combinations, fit_calibration  # noqa: E402
from pfm_desktop.pfm.training.data import PreparedSet  # noqa: E402
from pfm_desktop.pfm.training.familiar import familiarity_table  # noqa: E402
from pfm_desktop.pfm.training.report import ATTENTION, SCALED, replace_figures  # noqa: E402
from pfm_desktop.pfm.training.seen import KEY, marks_of  # noqa: E402
from pfm_desktop.pfm.training.split import PARTS, split_by_patient  # noqa: E402
from pfm_desktop.pfm.training.strength import heatmap_table  # noqa: E402
from pfm_desktop.services import models  # noqa: E402
from pfm_desktop.support.files import write_text  # noqa: E402


@dataclass(frozen=True)
class Measured:
    """What is new. `own`: calibration cases of the training; `added`: answers that also calibrate, None where the
    calibration stays."""

    calibration: Calibration
    heatmap: dict[str, Any]
    familiarity: dict[str, Any]
    own: int
    added: Answers | None


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--answers", type=Path, help="folder of what the engine said of each phantom")
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default=models.DEFAULT_MODEL)
    asked = parser.parse_args()
    folder = models.folder_of(asked.model)
    refuse_existing(asked.out)
    with Bar() as bar:
        made = measured(bar, folder, PreparedSet(asked.prepared), asked.answers)
    write_version(folder, asked.out, asked.version, made)
    for name, scale in made.calibration.scales.items():
        limits = ", ".join(f"{grade} {value:.3f}" for grade, value in zip(GRADES, scale.thresholds, strict=True))
        print(f"{name}: {scale.cases} phantoms, temperature {scale.temperature:.3f}, thresholds {limits}")
    for name, ends in made.heatmap.get(STRONG, {}).items():
        shown = ", ".join(f"{grade} {value:.2f}" for grade, value in zip(GRADES[1:], ends, strict=True))
        print(f"{name}: the scale of heatmaps ends at {shown}")
    for name, part in made.familiarity.items():
        print(f"{name}: from {part['cases']} views of phantoms, threshold {part['threshold']:.3f}")
    print(f"written: {asked.out}")


def measured(ctx: Context, folder: Path, data: PreparedSet, answers: Path | None) -> Measured:
    """Everything new about the model in `folder`; `data` must be what it was trained on."""
    model, training = load_model(folder), read_model_file(folder).training
    seed = int(training["seed"])
    split = split_by_patient(data.patients, data.grades, seed=seed, shares=SHARES)
    if (found := {part: len(getattr(split, part)) for part in PARTS}) != training["cases"]:
        raise SystemExit(f"{found} cases, the model has {training['cases']}: another prepared set")
    calibration, added = model.calibration, None
    if answers is not None:
        added = kept_answers(answers, model)
        own = collect(ctx, model.net, data, split.calibration, model.normalisation)
        calibration = fit_calibration(joined(own, added), seed=seed)
    method = heatmap_method(model.heatmap)
    heatmap = heatmap_table(ctx, model.net, data, split.calibration, model.normalisation, calibration, method)
    known = familiarity_table(ctx, model.net, data, split, model.normalisation)
    return Measured(calibration, heatmap, known, len(split.calibration), added)


def kept_answers(folder: Path, model: LoadedModel) -> Answers:
    """What the engine said of fresh phantoms, its calibration taken off again; nothing of the source heads."""
    if folder.name != answers_folder(model.info):
        raise SystemExit(f"{folder} is not of {model.info.name} {model.info.version}: {answers_folder(model.info)}")
    files = sorted(file for file in folder.glob("*.json") if not file.stem.endswith("-second"))
    if not files:
        raise SystemExit(f"no answers in {folder}")
    said = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    log_p: dict[str, Floats] = {}
    valid = {}
    for name in combinations(("white", "fluorescence")):
        scale = model.calibration.scale(name)
        given = [case[name].get("probabilities", [np.nan] * len(GRADES)) for case in said]
        with np.errstate(divide="ignore"):
            log_p[name] = (np.log(np.array(given)) - np.array(scale.offsets)) * scale.temperature
        valid[name] = np.isfinite(log_p[name]).all(axis=1)
        if lost := sum("probabilities" in case[name] for case in said) - int(valid[name].sum()):
            raise SystemExit(f"{lost} answers of {name} hold a probability of 0, which cannot be taken back")
    return Answers(
        log_p,
        valid,
        np.array([Grade(case["grade"]).rank for case in said], np.int64),
        tuple(case["patient"] for case in said),
    )


def joined(first: Answers, second: Answers) -> Answers:
    """The cases of both; where the second says nothing of a combination its rows are not valid."""
    nothing = np.full((len(second.grades), len(GRADES)), np.nan)
    never = np.zeros(len(second.grades), np.bool_)
    return Answers(
        {name: np.concatenate((rows, second.log_p.get(name, nothing))) for name, rows in first.log_p.items()},
        {name: np.concatenate((rows, second.valid.get(name, never))) for name, rows in first.valid.items()},
        np.concatenate((first.grades, second.grades)),
        first.patients + second.patients,
    )


def write_version(folder: Path, out: Path, version: str, made: Measured) -> None:
    """A copy of the model that says what is new. With another calibration it has no figures yet, and whoever calibrated
    it counts as learned from."""
    content = read_model_file(folder)
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("model.toml"))
    training, figures, options = {**content.training}, content.figures, ""
    if made.added is not None:
        training |= {
            "recalibrated": {"from": content.version, "own": made.own, "added": int(made.added.valid[BOTH].sum())},
            KEY: marks_of(made.added.patients, content.training),
        }
        figures, options = {}, " --answers DIR"
    command = (
        f"{content.training['command']}\npython benchmarks/recalibrate_demo.py --prepared DIR{options} --version "
        f"{version} --out DIR"
    )
    training["command"] = command if made.added is None else f"{command}\npython benchmarks/demo_model.py --write"
    write_text(out / CARD, _card(out / CARD, content, version, made, training))
    scales = {name: asdict(scale) for name, scale in made.calibration.scales.items()}
    measured = {"calibration": scales, "heatmap": made.heatmap, "familiarity": made.familiarity}
    write_model_file(out, replace(content, version=version, training=training, figures=figures, **measured))
    familiarity_card.rewrite(out)
    if made.added is not None:
        replace_figures(out, {})


def _card(path: Path, content: ModelFile, version: str, made: Measured, training: Mapping[str, Any]) -> str:
    """The card with what is new, except its figures and its section of familiarity."""
    head, data, rest = path.read_text(encoding="utf-8").partition("\n## Data\n\n")
    first, end, others = rest.partition("\n\n")
    title, what = f"# {content.name} {content.version}\n", ATTENTION[heatmap_method(content.heatmap)]
    old = str(content.training["command"])
    if not data or head.count(title) != 1 or head.count(what) != 1 or others.count(old) != 1:
        raise SystemExit(f"{path} is not as training writes it")
    head = head.replace(title, f"# {content.name} {version}\n")
    scaled = f"{what} {SCALED}"
    if STRONG in made.heatmap and scaled not in head:
        head = head.replace(what, scaled)
    told = f" Version {version} is version {content.version} with the same weights"
    if made.added is None:
        told += " and the same answers."
    else:
        told += (
            f": probabilities and sets were fitted again, on those {made.own} calibration cases and on "
            f"{int(made.added.valid[BOTH].sum())} phantoms that judged version {content.version}."
        )
    told += (
        f" The scale of its heatmaps is of those {made.own} calibration cases; what is unlike anything it learned from "
        "was measured again, on its training phantoms, with limits from the same cases "
        "(`benchmarks/recalibrate_demo.py`)."
    )
    return f"{head}{data}{first}{told}{end}{others.replace(old, training['command'])}"


if __name__ == "__main__":
    main()
