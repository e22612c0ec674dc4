"""How good the demonstration model is on fresh phantoms, asked through the whole engine.

    python benchmarks/demo_model.py [--work DIR] [--count 3200] [--model pfm-demo] [--write]

Draws phantoms of seed 80, which no training uses, at 512 pixels, and lets the engine check, register and grade each:
with both sources, with white light only, with fluorescence only. The first 600 women are photographed a second time at
the same visit and asked about again, with both sources. Goes on where it was stopped when `--work` is given. `--write`
puts the figures into the model's CARD.md and model.toml. About 30 minutes on two idle cores. Beside the calibration
error stands what a perfectly calibrated model would show on as many cases by chance. Seed 77 judged pfm-demo 1, seed 78
pfm-demo 2, seed 79 pfm-demo 3 with the quality gate as it was before the finder.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy
from numpy.typing import NDArray  # noqa: E402

from benchmarks.evidence_parts.figures import jumps_at_most, likeliest, repeatability, span  # noqa: E402
from benchmarks.evidence_parts.results import Answers  # noqa: E402
from benchmarks.evidence_parts.shots import LATER_S, write_second_shots  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.agreement import quadratic_kappa  # noqa: E402
from pfm_desktop.domain.grade import GRADES, Grade  # noqa: E402
from pfm_desktop.domain.prediction import ModelInfo  # noqa: E402
from pfm_desktop.domain.resampling import patient_weights  # noqa: E402
from pfm_desktop.interop.tabular import read_manifest  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402
from pfm_desktop.pfm.calibrate import graded  # noqa: E402
from pfm_desktop.pfm.checkpoint import load_model  # noqa: E402
from pfm_desktop.pfm.training.metrics import (  # noqa: E402
    accuracy,
    calibration_error,
    confusion,
    difference,
    mcnemar,
    set_figures,
    summary,
)
from pfm_desktop.pfm.training.report import replace_figures  # noqa: E402
from pfm_desktop.services import models  # noqa: E402
from pfm_desktop.services.inference import AnalysisRequest, analyze  # noqa: E402
from pfm_desktop.services.phantoms import case_seed, write_phantoms  # noqa: E402
from pfm_desktop.services.pool import spread  # noqa: E402
from pfm_desktop.support.files import write_text  # noqa: E402

SEED, COUNT, SIZE, WORKERS = 80, 3200, 512, 2
REPEATED = 600  # women with a second shot
CHANCES = 200  # sets of grades drawn for the calibration error that chance alone gives
ASKED = {"both": "both sources", "white": "white light only", "fluorescence": "fluorescence only"}
MEASURES = {
    "accuracy": "accuracy", "macro_recall": "macro recall", "quadratic_kappa": "quadratic kappa",
    "auc_high": "HSIL+ AUC",
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One phantom: its files, in which ways it is asked about, and where its answers are kept."""

    white: Path
    fluorescence: Path
    grade: str
    patient: str
    model: str
    kept: Path
    ways: tuple[str, ...] = tuple(ASKED)


def answer(task: Task) -> None:
    """Ask the engine in the ways of the task and keep what it says; runs in a worker process."""
    given = {
        "both": (task.white, task.fluorescence),
        "white": (task.white, None),
        "fluorescence": (None, task.fluorescence),
    }
    said: dict[str, Any] = {"grade": task.grade, "patient": task.patient}
    for name in task.ways:
        white, fluorescence = given[name]
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
    """One task a line; answers of another model are kept apart, also of the same weights with another calibration."""
    kept = manifest.parent / answers_folder(models.info_of(model))
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


def answers_folder(info: ModelInfo) -> str:
    """Name of the folder for what a model says."""
    return f"answers-{info.version}-{info.sha256[:12]}"


def second_tasks(bar: Bar, manifest: Path, tasks: Sequence[Task]) -> list[Task]:
    """The same women photographed again, asked about with both sources; draws what is not there."""
    rows = read_manifest(manifest)[:REPEATED]
    seeds = {row.case: case_seed(SEED, number) for number, row in enumerate(rows)}
    again = write_second_shots(bar, manifest.parent.with_name(f"second-{SEED}"), rows, seeds, size=SIZE)
    out = []
    for task, row in zip(tasks[:REPEATED], again, strict=True):
        assert row.white is not None
        assert row.fluorescence is not None
        kept = task.kept.with_stem(f"{task.kept.stem}-second")
        out.append(replace(task, white=row.white, fluorescence=row.fluorescence, kept=kept, ways=("both",)))
    return out


def asked_about(bar: Bar, tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """What the engine says to each task; what is kept is not asked again."""
    for _ in spread(bar, answer, [task for task in tasks if not task.kept.is_file()], workers=WORKERS, text="Asking"):
        pass
    return [json.loads(task.kept.read_text(encoding="utf-8")) for task in tasks]


def answers_of(said: Sequence[dict[str, Any]]) -> Answers:
    """Those that were answered with both sources, by woman."""
    some = [case for case in said if "probabilities" in case["both"]]
    return Answers(
        tuple(case["patient"] for case in some),
        np.array([Grade(case["grade"]).rank for case in some], dtype=np.int64),
        np.array([case["both"]["probabilities"] for case in some]).reshape(-1, len(GRADES)),
    )


def repeat_line(first: Answers, second: Answers) -> str:
    """How far two shots of one woman agree, for a person."""
    found = repeatability(first, second)
    most = jumps_at_most(found["jumps"], found["women"])
    return (
        f"on phantoms, two shots of {found['women']} women, {LATER_S:.0f} s apart, both sources: quadratic kappa "
        f"{span(found['kappa'])}, the same grade {span(found['same'])}, two grades or more apart {found['jumps']} "
        f"({100 * found['two_grades'].value:.2f} %, exact upper end of the 95 % interval {100 * most:.2f} %)"
    )


def reading_lines(first: Answers, second: Answers) -> Iterator[str]:
    """What the most likely grade would be worth as the answer, instead of the median (docs/adr/0009)."""
    given = [read(first.probabilities) for read in (likeliest, graded)]
    tables = [confusion(first.truth, ranks) for ranks in given]
    apart = [repeatability(first, second, read) for read in (likeliest, graded)]
    high = Grade.HIGH.rank

    def both(values: Iterable[float], form: str = ".3f") -> str:
        return " instead of ".join(format(float(value), form) for value in values)

    recall = ", ".join(
        f"{grade} {both(table[grade.rank, grade.rank] / table[grade.rank].sum() for table in tables)}"
        for grade in GRADES
    )
    says = "on phantoms, both sources, read as the most likely grade instead of the median"
    p = mcnemar(*(ranks == first.truth for ranks in given))
    yield (
        f"{says}: accuracy {both(map(accuracy, tables))} (McNemar p {p:.2g}), quadratic kappa "
        f"{both(map(quadratic_kappa, tables))}, recall of {recall}"
    )
    missed = both((table[high:, :high].sum() for table in tables), ".0f")
    yield f"{says}: graded below high {missed} of {tables[0][high:].sum():.0f} with high or cancer"
    again, jumps = both(found["kappa"].value for found in apart), both((found["jumps"] for found in apart), ".0f")
    yield f"{says}, two shots of {apart[0]['women']} women: kappa {again}, two grades or more apart {jumps}"


def answered(said: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases that were answered in all ways."""
    return [case for case in said if all("probabilities" in case[name] for name in ASKED)]


def by_chance(probabilities: NDArray[np.float64]) -> float:
    """Calibration error of N x 4 probabilities that are exactly right, on N cases: grades are drawn from them."""
    random = np.random.default_rng(0)
    bounds = probabilities.cumsum(axis=1)[:, :-1]
    drawn = [(random.random(len(bounds))[:, None] > bounds).sum(axis=1) for _ in range(CHANCES)]
    return float(np.mean([calibration_error(probabilities, grades) for grades in drawn]))


def figures_of(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`combinations` and `comparisons` as in `model.toml`, on the cases that were answered in all three ways."""
    asked = answered(said)
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
        chance = by_chance(np.array([case[name]["probabilities"] for case in answered(said)]))
        yield f"on phantoms, {words}: a perfectly calibrated model would show an ECE of {chance:.3f} on as many cases"
        covered = ", ".join(f"{grade} {share:.3f}" for grade, share in values["sets"]["coverage"].items())
        yield f"on phantoms, {words}: the set holds the grade of (90 % are promised for each) {covered}"
    singles = {name: figures["combinations"][name]["accuracy"]["value"] for name in ("white", "fluorescence")}
    better = max(singles, key=lambda name: singles[name])
    gap = figures["comparisons"][f"both_against_{better}"]
    low, high = gap["interval"]
    yield (
        f"on phantoms, both sources against the better single one ({ASKED[better]}): accuracy {gap['accuracy']:+.3f} "
        f"({low:+.3f} to {high:+.3f}), McNemar p {gap['mcnemar_p']:.2g}"
    )


def rule_lines(model: Path, said: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Coverage of the conformal rule with its gaps filled, before the grade that is given and those of a quarter or
    more are added, which nobody would expect outside of a set."""
    cases = answered(said)
    truth = np.array([Grade(case["grade"]).rank for case in cases], np.int64)
    calibration = load_model(model).calibration
    for name, words in ASKED.items():
        p = np.array([case[name]["probabilities"] for case in cases])
        sets = [filled(np.flatnonzero(row)) for row in 1 - p <= np.array(calibration.scale(name).thresholds) + 1e-12]
        covered = ", ".join(f"{grade} {share:.3f}" for grade, share in set_figures(sets, truth)["coverage"].items())
        yield f"on phantoms, {words}: the conformal rule alone holds the grade of {covered}"


def filled(ranks: NDArray[np.int64]) -> tuple[int, ...]:
    """From the least to the greatest; none of none."""
    return tuple(range(int(ranks[0]), int(ranks[-1]) + 1)) if len(ranks) else ()


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
        said = asked_about(bar, tasks)
        again = asked_about(bar, second_tasks(bar, manifest, tasks))
    figures = figures_of(said)
    lines = list(lines_of(figures, said))
    lines.append(repeat_line(answers_of(said), answers_of(again)))
    rules = rule_lines(models.folder_of(asked.model), said)
    for line in (*lines, *rules, *reading_lines(answers_of(said), answers_of(again))):
        print(line)
    if asked.write:
        replace_figures(models.folder_of(asked.model), figures, [*lines[: 1 + len(ASKED)], lines[-1]])
        print(f"written into {models.folder_of(asked.model)}")


if __name__ == "__main__":
    main()
