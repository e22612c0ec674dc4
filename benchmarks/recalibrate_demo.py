"""Makes the next version of models/pfm-demo: the same weights, calibrated on more phantoms.

    python benchmarks/recalibrate_demo.py --prepared DIR --answers DIR --version 3 --out DIR [--model pfm-demo]

`--prepared` is what `make_demo_model.py` prepared: its calibration part is asked again. `--answers` is what
`demo_model.py --work` kept of the fresh phantoms that judged the former version; they judge nothing any more. The
figures of the new version come from `demo_model.py` with another seed. A minute on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import asdict, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy

from benchmarks.demo_model import answers_folder  # noqa: E402
from benchmarks.trunk_parts.phantom_sets import SHARES  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.grade import GRADES, Grade  # noqa: E402
from pfm_desktop.pfm.calibrate import Calibration, Floats  # noqa: E402
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model, refuse_existing  # noqa: E402
from pfm_desktop.pfm.model_file import CARD, read_model_file, write_model_file  # noqa: E402
from pfm_desktop.pfm.model_tables import BOTH  # noqa: E402
from pfm_desktop.pfm.training.answers import Answers, collect, combinations, fit_calibration  # noqa: E402
from pfm_desktop.pfm.training.data import PreparedSet  # noqa: E402
from pfm_desktop.pfm.training.report import MEDIAN, replace_figures  # noqa: E402
from pfm_desktop.pfm.training.seen import KEY, marks_of  # noqa: E402
from pfm_desktop.pfm.training.split import split_by_patient  # noqa: E402
from pfm_desktop.services import models  # noqa: E402
from pfm_desktop.support.files import write_text  # noqa: E402


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--answers", type=Path, required=True, help="folder of what the engine said of each phantom")
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default=models.DEFAULT_MODEL)
    asked = parser.parse_args()
    folder = models.folder_of(asked.model)
    refuse_existing(asked.out)
    model, seed = load_model(folder), int(read_model_file(folder).training["seed"])
    with Bar() as bar:
        own = own_answers(bar, model, PreparedSet(asked.prepared), seed, expected(folder))
    added = kept_answers(asked.answers, model)
    calibration = fit_calibration(joined(own, added), seed=seed)
    write_version(folder, asked.out, asked.version, calibration, len(own.grades), added)
    for name, scale in calibration.scales.items():
        limits = ", ".join(f"{grade} {value:.3f}" for grade, value in zip(GRADES, scale.thresholds, strict=True))
        print(f"{name}: {scale.cases} phantoms, temperature {scale.temperature:.3f}, thresholds {limits}")
    print(f"written: {asked.out}")


def expected(folder: Path) -> int:
    """How many cases calibrated the model."""
    return int(read_model_file(folder).training["cases"]["calibration"])


def own_answers(bar: Bar, model: LoadedModel, data: PreparedSet, seed: int, count: int) -> Answers:
    """What the network says of the `count` cases that its training kept for calibrating."""
    split = split_by_patient(data.patients, data.grades, seed=seed, shares=SHARES)
    if len(split.calibration) != count:
        raise SystemExit(f"{len(split.calibration)} calibration cases, the model has {count}: another prepared set")
    return collect(bar, model.net, data, split.calibration, model.normalisation)


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


def write_version(folder: Path, out: Path, version: str, calibration: Calibration, own: int, answers: Answers) -> None:
    """A copy of the model with another calibration and no figures yet; who calibrated it counts as learned from."""
    content, added = read_model_file(folder), int(answers.valid[BOTH].sum())
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("model.toml"))
    command = (
        f"{content.training['command']}\npython benchmarks/recalibrate_demo.py --prepared DIR --answers DIR --version "
        f"{version} --out DIR\npython benchmarks/demo_model.py --write"
    )
    training = {
        **content.training,
        "command": command,
        "recalibrated": {"from": content.version, "own": own, "added": added},
        KEY: marks_of(answers.patients, content.training),
    }
    scales = {name: asdict(scale) for name, scale in calibration.scales.items()}
    head, data, rest = (out / CARD).read_text(encoding="utf-8").partition("\n## Data\n\n")
    first, end, others = rest.partition("\n\n")
    told = (
        f" Version {version} is version {content.version} with the same weights: probabilities and sets were fitted "
        f"again, on those {own} calibration cases and on {added} phantoms that judged version {content.version} "
        "(`benchmarks/recalibrate_demo.py`)."
    )
    title, what = f"# {content.name} {content.version}\n", "and all training choices are ours."
    old = str(content.training["command"])
    if not data or head.count(title) != 1 or head.count(what) != 1 or others.count(old) != 1:
        raise SystemExit(f"{folder / CARD} is not as training writes it")
    head = head.replace(title, f"# {content.name} {version}\n")
    head = head if MEDIAN in head else head.replace(what, f"{what} {MEDIAN}")
    write_text(out / CARD, f"{head}{data}{first}{told}{end}{others.replace(old, command)}")
    write_model_file(out, replace(content, version=version, calibration=scales, training=training, figures={}))
    replace_figures(out, {})


if __name__ == "__main__":
    main()
