"""Fine-tuning, white light only, on Swede bands of real photographs: five folds by woman, old and new model.

    python benchmarks/annocerv_finetune.py --annocerv DIR --work DIR [--epochs 12] [--seed 0] [--go-on]

`--annocerv` is the folder of AnnoCerv photographs (iclx/AnnoCerv, CC BY 4.0); nothing of it is kept outside `--work`.

Each photograph is resized to the shape that the camera gave it and put into a library as a visit of its woman, with one
read: the band of her Swede score. The bands are those of the IARC Atlas; each becomes the first grade that it names:
0-4 (normal or CIN1) `normal`, 5-6 (CIN2 or CIN3) `high`, 7-10 (CIN3 or cancer) `cancer`. No band becomes `low`. A
Swede score is what a colposcopist saw, no histology: the figures say how well bands are told, nothing about disease.

Women with nearly the same picture stand in one fold (`groups_of`). In fold k the women of k are the locked test, those
of k + 1 calibrate, and those of the three others learn, of whom the run itself takes those who choose the epoch. The
parts are put on record before `run.begin`, which keeps them; the run is `run.learn` in a process of its own.
`--go-on` keeps the library and the folds that are on record in `--work` as learned, so that a benchmark that was cut
short goes on. Old and new model are then asked about the locked test. In the figures `normal` and `low` are one band,
for both.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy
from numpy.typing import NDArray  # noqa: E402

from pfm_desktop.domain.change import Change  # noqa: E402
from pfm_desktop.domain.grade import GRADES, Grade  # noqa: E402
from pfm_desktop.domain.labelling import Turn  # noqa: E402
from pfm_desktop.domain.learning import Found, Group, Part, State, group_names, worst_grades  # noqa: E402
from pfm_desktop.domain.resampling import patient_weights  # noqa: E402
from pfm_desktop.domain.source import Stage  # noqa: E402
from pfm_desktop.jobs import Finished, ProcessRunner, SilentContext  # noqa: E402
from pfm_desktop.pfm.training.metrics import Measured, measured  # noqa: E402
from pfm_desktop.services import cases, labelling, models, pairing  # noqa: E402
from pfm_desktop.services.learning import comparing, records, run  # noqa: E402
from pfm_desktop.services.learning.cases import find_cases  # noqa: E402
from pfm_desktop.services.learning.pictures import hold  # noqa: E402
from pfm_desktop.services.learning.women import groups_of  # noqa: E402
from pfm_desktop.storage import learning as stored  # noqa: E402
from pfm_desktop.storage.library import Library  # noqa: E402
from pfm_desktop.support.errors import UserError  # noqa: E402

SILENT = SilentContext()
FOLDS = 5
BANDS: Mapping[Grade, range] = {Grade.NORMAL: range(0, 5), Grade.HIGH: range(5, 7), Grade.CANCER: range(7, 11)}
HEIGHT = 384  # pixels, as the photographs lie there
Floats = NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annocerv", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder for libraries and models; kept")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parent", default="pfm-demo")
    parser.add_argument("--go-on", action="store_true", help="keep what an earlier start has learned in --work")
    asked = parser.parse_args(arguments)
    if not (asked.annocerv / "index.csv").is_file():
        raise SystemExit(f"AnnoCerv is not in {asked.annocerv}: there is no index.csv")
    os.environ["PFM_HOME"] = str(asked.work / "home")
    settings = run.Settings(
        "annocerv", parent=asked.parent, trained_on="Swede bands of AnnoCerv (no histology)",
        epochs=asked.epochs, seed=asked.seed,
    )  # fmt: skip
    print(json.dumps(measure(asked.annocerv, asked.work, settings, go_on=asked.go_on), indent=1))
    return 0


def grade_of(swede: int) -> Grade:
    """The grade that stands for the band of a Swede score; ValueError outside 0-10."""
    for grade, scores in BANDS.items():
        if swede in scores:
            return grade
    raise ValueError(f"{swede} is no Swede score")


def measure(annocerv: Path, work: Path, settings: run.Settings, *, go_on: bool = False) -> dict[str, Any]:
    """All figures."""
    begun = time.monotonic()
    source = work / "library"
    if not go_on:
        for path in (source, *(work / f"fold-{fold}" for fold in range(FOLDS))):
            shutil.rmtree(path, ignore_errors=True)
    with Library.open(source) if source.exists() else filled(source, annocerv) as lib:
        found = find_cases(SILENT, lib)
        compared = groups_of(SILENT, lib, found.cases)
        found = found.without(compared.left_out)
        refusal = refused(found, compared.groups, settings)
        with lib.read() as session:
            called = stored.names_of(session, [case.patient_id for case in found.cases])
    fold_of = folds(found, compared.groups, settings.seed)
    told: list[Told] = []
    runs: list[dict[str, Any]] = []
    for fold in range(FOLDS):
        told.append(one_fold(source, work / f"fold-{fold}", found, compared.groups, fold_of, fold, settings, runs))
        print(json.dumps({"fold": fold, **runs[-1], **figures([told[-1]])}), file=sys.stderr, flush=True)
    return {
        "on": "AnnoCerv (iclx), CC BY 4.0; Swede bands, no histology; white light only",
        "photographs": len(found.cases),
        "women": found.women,
        "women_by_band": women_by_band(found),
        "groups_of_women_held_together": [[called[woman][0] for woman in group.women] for group in compared.groups],
        "left_out_before": len(found.left_out),
        "refusal_with_the_minimum_per_grade": refusal,
        "minimum_per_grade_used": 0,
        "pooled_over_folds": figures(told),
        "runs": runs,
        "seconds": round(time.monotonic() - begun, 1),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def filled(path: Path, annocerv: Path, rows: int | None = None) -> Library:
    """A new library: one visit with one white picture for each photograph, and one read of each."""
    lib = Library.create(path)
    women: dict[str, str] = {}
    pairs: list[str] = []
    grades: list[Grade] = []
    with (annocerv / "index.csv").open(encoding="utf-8") as lines:
        for row in list(csv.DictReader(lines))[:rows]:
            name = f"case {row['case']}"
            woman = women.get(name) or cases.add_patient(lib, identifier=name).id
            women[name] = woman
            visit = cases.add_visit(lib, woman).id
            shown = as_taken(annocerv / "images" / row["file"], int(row["original_width"]), int(row["original_height"]))
            white = cases.add_picture(lib, visit, shown, stage=Stage.ACETIC_ACID, device="AnnoCerv").id
            pairs.append(pairing.make_pair(lib, visit, white, None).key)
            grades.append(grade_of(int(row["swede_score"])))
    task = labelling.make_task(lib, labelling.Wish("Swede bands", repeats=0.0), pairs)
    for pair, grade in zip(pairs, grades, strict=True):
        labelling.give(lib, task.id, Turn(pair), grade=grade)
    return lib


def as_taken(file: Path, width: int, height: int) -> bytes:
    """PNG of a photograph in the shape that the camera gave it."""
    import cv2

    from pfm_desktop.imaging.io import encode_png, read_picture

    shown = read_picture(file).pixels
    return encode_png(cv2.resize(shown, (round(HEIGHT * width / height), HEIGHT), interpolation=cv2.INTER_AREA))


def refused(found: Found, groups: Sequence[Group], settings: run.Settings) -> str:
    """What the service says with its own minimum for each grade; "" where it would begin."""
    from pfm_desktop.services.learning.cases import check_enough

    try:
        check_enough(found.cases, groups, enough=settings.enough)
    except UserError as error:
        return error.what
    return ""


def folds(found: Found, groups: Sequence[Group], seed: int) -> Mapping[str, int]:
    """By woman her fold: groups stay whole, and those of each worst grade are dealt out in turn."""
    names = group_names(groups)
    worst = worst_grades(found.cases, names)
    dealt: dict[str, int] = {}
    for rank in sorted(set(worst.values()), reverse=True):
        of = sorted(group for group, grade in worst.items() if grade == rank)
        random.Random(f"{seed}/{rank}").shuffle(of)
        dealt |= {group: (len(dealt) + place) % FOLDS for place, group in enumerate(of)}
    return {case.patient_id: dealt[names.get(case.patient_id, case.patient_id)] for case in found.cases}


def part_in(fold: int, fold_of_woman: int) -> Part:
    """On which side the women of a fold stand while `fold` is the locked test."""
    return {0: Part.TEST, 1: Part.CALIBRATION}.get((fold_of_woman - fold) % FOLDS, Part.TRAIN)


@dataclass(frozen=True, eq=False)
class Told:
    """What the two models say of the locked test of a fold: probabilities N x 4 and sizes of the sets, old and new."""

    truth: NDArray[np.int64]
    women: tuple[str, ...]
    old: tuple[Floats, Floats]
    new: tuple[Floats, Floats]


def one_fold(
    source: Path,
    path: Path,
    found: Found,
    groups: Sequence[Group],
    fold_of: Mapping[str, int],
    fold: int,
    settings: run.Settings,
    runs: list[dict[str, Any]],
) -> Told:
    """Learn without the women of a fold, then ask old and new model about them; what came of it goes to `runs`."""
    if not learned_in(path):
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(source, path)
        with Library.open(path) as lib:
            learn(lib, found, groups, fold_of, fold, settings)
    with Library.open(path) as lib:
        (one,) = records.all_runs(lib)
        wanted = ("cases", "women", "best_epoch", "epochs", "seconds", "left_out", "rehearsed", "notes")
        runs.append({name: one.counts[name] for name in wanted})
        size = models.info_of(settings.parent).input_size
        held = hold(SILENT, lib, comparing.locked_cases(lib, found, groups), group_names(groups), size=size)
        folders = (models.folder_of(settings.parent), comparing.folder_of(lib, one))
    return Told(held.data.grades, tuple(held.data.patients), *(asked(folder, held.data) for folder in folders))


def learned_in(path: Path) -> bool:
    """Whether a fold has its model."""
    if not path.exists():
        return False
    with Library.open(path) as lib:
        return any(one.state in (State.LEARNED, State.NOT_BETTER) for one in records.all_runs(lib))


def learn(
    lib: Library, found: Found, groups: Sequence[Group], fold_of: Mapping[str, int], fold: int, settings: run.Settings
) -> None:
    """Put the parts of a fold on record, and learn as the window does it."""
    now = datetime.now(UTC)
    lib.apply_all([
        Change("learning_part", woman, None, stored.part_fields(part_in(fold, of), now), f"Fold {fold}")
        for woman, of in sorted(fold_of.items())
    ])  # fmt: skip
    request = run.begin(lib, found, groups, replace(settings, name=f"annocerv-{fold}", enough=0))
    ended: list[Any] = []
    ProcessRunner().start(run.learn, request, listener=ended.append, name="learn").wait()
    if not isinstance(ended[-1], Finished):
        raise SystemExit(f"learning failed in fold {fold}: {ended[-1]}")
    run.settle(lib, ended[-1].result)


def asked(folder: Path, data: Any) -> tuple[Floats, Floats]:
    """Probabilities N x 4 and sizes of the prediction sets N, asked with white light alone."""
    from pfm_desktop.pfm.checkpoint import load_model
    from pfm_desktop.pfm.runtime import torch_threads
    from pfm_desktop.pfm.training.answers import collect

    model = load_model(folder)
    with torch_threads():
        answers = collect(SILENT, model.net, data, np.arange(len(data), dtype=np.int64), model.normalisation)
    scale = model.calibration.scale("white")
    probabilities = scale.probabilities(answers.log_p["white"])
    return probabilities, np.array([len(scale.prediction_set(row)) for row in probabilities], np.float64)


def figures(told: Sequence[Told]) -> dict[str, Any]:
    """Old, new, and new minus old on the women of all folds, each with its 95 % interval by woman."""
    truth = np.concatenate([one.truth for one in told])
    women = [woman for one in told for woman in one.women]
    weights = patient_weights(women)
    both = {side: measures(*_joined([getattr(one, side) for one in told]), truth, weights) for side in ("old", "new")}
    names = [name for name in both["old"] if name in both["new"]]
    return {
        "test_photographs": len(truth),
        "test_women": len(set(women)),
        **{side: {name: plain(one[name]) for name in names} for side, one in both.items()},
        "difference": {name: plain(both["new"][name] - both["old"][name]) for name in names},
    }


def _joined(sides: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    return np.concatenate([one for one, _ in sides]), np.concatenate([sizes for _, sizes in sides])


def measures(probabilities: Floats, sizes: Floats, truth: NDArray[np.int64], weights: Floats) -> dict[str, Measured]:
    """Bands as three ranks, except for what asks about 5 and more; `truth` as ranks of grades."""
    from pfm_desktop.pfm.training.compared import calibration_errors

    low = probabilities[:, 0] + probabilities[:, 1]
    nothing = np.zeros_like(low)
    bands = np.stack([low, probabilities[:, 2], probabilities[:, 3], nothing], axis=1)
    of_bands = measured(bands, np.maximum(truth - 1, 0), weights)
    of_grades = measured(np.stack([low, nothing, *probabilities[:, 2:].T], axis=1), truth, weights)
    said = {
        "macro_recall": of_bands["macro_recall"],
        "quadratic_kappa": of_bands["quadratic_kappa"],
        "sensitivity_of_5_and_more_at_85": of_grades.get("sensitivity_high_at_85"),
        "auc_of_5_and_more": of_grades.get("auc_high"),
        "sensitivity_of_7_and_more_at_85": of_bands.get("sensitivity_high_at_85"),
        "auc_of_7_and_more": of_bands.get("auc_high"),
        "ece": calibration_errors(bands, np.maximum(truth - 1, 0), weights),
        "set_size_of_four_grades": Measured(float(sizes.mean()), weights @ sizes / weights.sum(axis=1)),
    }
    return {name: one for name, one in said.items() if one is not None}


def plain(one: Measured) -> list[float | None]:
    """Value, and the two ends of the interval."""
    table = one.table()
    return [None if np.isnan(value) else round(float(value), 3) for value in (table["value"], *table["interval"])]


def women_by_band(found: Found) -> dict[str, int]:
    """How many women of each grade that stands for a band."""
    worst = list(worst_grades(found.cases).values())
    return {grade.value: worst.count(grade.rank) for grade in GRADES}


if __name__ == "__main__":
    raise SystemExit(main())
