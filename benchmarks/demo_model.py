"""How good the demonstration model is on fresh phantoms, asked through the whole engine.

    python benchmarks/demo_model.py [--work DIR] [--count 600] [--model pfm-demo] [--write]

Draws phantoms of seed 77, which no training uses, at 512 pixels, and lets the engine check, register and grade each:
with both sources, with white light only, with fluorescence only. Goes on where it was stopped when `--work` is given.
`--write` puts the figures into the model's CARD.md and model.toml. About an hour on two cores, most of it drawing.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy

from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.grade import GRADES, Grade  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402
from pfm_desktop.pfm.training.metrics import difference, patient_weights, set_figures, summary  # noqa: E402
from pfm_desktop.pfm.training.report import replace_figures  # noqa: E402
from pfm_desktop.services import models  # noqa: E402
from pfm_desktop.services.inference import AnalysisRequest, analyze  # noqa: E402
from pfm_desktop.services.phantoms import write_phantoms  # noqa: E402
from pfm_desktop.services.pool import spread  # noqa: E402
from pfm_desktop.support.files import write_text  # noqa: E402

SEED, COUNT, SIZE, WORKERS = 77, 600, 512, 2
ASKED = {"both": "both sources", "white": "white light only", "fluorescence": "fluorescence only"}
MEASURES = {
    "accuracy": "accuracy", "macro_recall": "macro recall", "quadratic_kappa": "quadratic kappa",
    "auc_high": "HSIL+ AUC",
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One phantom: its files, and where its answers are kept."""

    white: Path
    fluorescence: Path
    grade: str
    patient: str
    model: str
    kept: Path


def answer(task: Task) -> None:
    """Ask the engine in the three ways and keep what it says; runs in a worker process."""
    given = {
        "both": (task.white, task.fluorescence),
        "white": (task.white, None),
        "fluorescence": (None, task.fluorescence),
    }
    said: dict[str, Any] = {"grade": task.grade, "patient": task.patient}
    for name, (white, fluorescence) in given.items():
        request = AnalysisRequest(white, fluorescence, task.model, heatmaps=False, passes=0)
        analysis = analyze(SilentContext(), request).analysis
        if analysis.prediction is None:
            said[name] = {"refused": analysis.refused.reason if analysis.refused else ""}
        else:
            said[name] = {
                "probabilities": [analysis.prediction.probabilities[grade] for grade in GRADES],
                "set": [grade.rank for grade in analysis.prediction.prediction_set],
            }
    write_text(task.kept, json.dumps(said))


def tasks_of(manifest: Path, model: str) -> list[Task]:
    """One task a line; answers of other weights are kept apart."""
    kept = manifest.parent / f"answers-{models.info_of(model).sha256[:12]}"
    with manifest.open(encoding="utf-8", newline="") as stream:
        return [
            Task(
                manifest.parent / row["white"],
                manifest.parent / row["fluorescence"],
                row["grade"],
                row["patient"],
                str(models.folder_of(model).resolve()),
                kept / f"{row['case']}.json",
            )
            for row in csv.DictReader(stream)
        ]


def figures_of(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`combinations` and `comparisons` as in `model.toml`, on the cases that were answered in all three ways."""
    asked = [case for case in said if all("probabilities" in case[name] for name in ASKED)]
    truth = np.array([Grade(case["grade"]).rank for case in asked], dtype=np.int64)
    weights = patient_weights([case["patient"] for case in asked])
    p = {name: np.array([case[name]["probabilities"] for case in asked]) for name in ASKED}
    combinations = {
        name: {
            **summary(p[name], truth, weights),
            "sets": set_figures([case[name]["set"] for case in asked], truth),
        }
        for name in ASKED
    }
    return {
        "combinations": combinations,
        "comparisons": {
            f"both_against_{name}": difference(p["both"], p[name], truth, weights) for name in ASKED if name != "both"
        },
        "phantoms": {
            "seed": SEED,
            "size": SIZE,
            "drawn": len(said),
            "answered_in_all_ways": len(asked),
            "refused": {name: sum("refused" in case[name] for case in said) for name in ASKED},
        },
    }


def lines_of(figures: dict[str, Any], said: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The figures for a person; "on phantoms" stands in every line."""
    drawn = figures["phantoms"]
    yield (
        f"on phantoms: {drawn['drawn']} fresh ones of {SIZE} pixels, seed {SEED}, through the whole engine; "
        f"{drawn['answered_in_all_ways']} answered in all three ways; 95 % intervals by patient, 2,000 bootstraps"
    )
    for name, words in ASKED.items():
        reasons = Counter(case[name]["refused"] for case in said if "refused" in case[name])
        why = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(6))
        yield f"on phantoms, {words}: refused {drawn['refused'][name]} of {drawn['drawn']}{f': {why}' if why else ''}"
    for name, words in ASKED.items():
        values = figures["combinations"][name]
        shown = ", ".join(f"{said_} {_span(values[key])}" for key, said_ in MEASURES.items() if key in values)
        yield f"on phantoms, {words}: {shown}, mean set size {values['sets']['mean_size']:.2f}, ECE {values['ece']:.3f}"
    singles = {name: figures["combinations"][name]["accuracy"]["value"] for name in ("white", "fluorescence")}
    better = max(singles, key=lambda name: singles[name])
    gap = figures["comparisons"][f"both_against_{better}"]
    low, high = gap["interval"]
    yield (
        f"on phantoms, both sources against the better single one ({ASKED[better]}): accuracy {gap['accuracy']:+.3f} "
        f"({low:+.3f} to {high:+.3f}), McNemar p {gap['mcnemar_p']:.2g}"
    )


def _span(value: dict[str, Any]) -> str:
    low, high = value["interval"]
    return f"{value['value']:.3f} ({low:.3f}-{high:.3f})"


def main() -> None:
    """Draw, ask, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder for phantoms and answers, kept; default: a temporary one")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--model", default=models.DEFAULT_MODEL)
    parser.add_argument("--write", action="store_true", help="put the figures into CARD.md and model.toml")
    asked = parser.parse_args()
    models.verify(asked.model)
    with tempfile.TemporaryDirectory() as name, Bar() as bar:
        manifest = write_phantoms(
            bar, (asked.work or Path(name)) / f"phantoms-{SEED}", asked.count, SEED, None, SIZE, workers=WORKERS
        )
        tasks = tasks_of(manifest, asked.model)
        for _ in spread(bar, answer, [t for t in tasks if not t.kept.is_file()], workers=WORKERS, text="Asking"):
            pass
        said = [json.loads(task.kept.read_text(encoding="utf-8")) for task in tasks]
    figures = figures_of(said)
    lines = list(lines_of(figures, said))
    for line in lines:
        print(line)
    if asked.write:
        replace_figures(models.folder_of(asked.model), figures, lines[: 1 + len(ASKED)])
        print(f"written into {models.folder_of(asked.model)}")


if __name__ == "__main__":
    main()
