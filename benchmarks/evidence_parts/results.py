"""What an arm said about the test phantoms, kept as small text files from which the report is made again.

`<arm>.csv` has one line a case: `case,grade,normal,low,high,cancer`, calibrated probabilities. Beside it
`<arm>.json` holds plan, configuration and cost; `<arm>.shift5.csv` and `<arm>.second.csv` are answers to variations.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.evidence_parts.arms import ARMS, Arm, Plan
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import write_text

HEADER = ("case", "grade", *(grade.value for grade in GRADES))
AGAIN = "delete it and run `python benchmarks/evidence.py --work DIR` again"
SAFE = "no report was written"
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answers:
    """Some test cases: names, grades as ranks N, probabilities N x 4."""

    cases: tuple[str, ...]
    truth: NDArray[np.int64]
    probabilities: Floats


@dataclass(frozen=True, eq=False)
class Result:
    """An arm that is done. `facts`: plan, configuration and cost; `varied`: answers by the name of the variation."""

    arm: Arm
    answers: Answers
    facts: Mapping[str, Any]
    varied: Mapping[str, Answers]


def write_answers(path: Path, answers: Answers) -> None:
    """One line a case, probabilities to the fourth digit."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(HEADER)
    for case, rank, row in zip(answers.cases, answers.truth.tolist(), answers.probabilities, strict=True):
        writer.writerow([case, GRADES[rank].value, *(f"{value:.4f}" for value in row)])
    write_text(path, table.getvalue())


def read_answers(path: Path) -> Answers:
    """Raises `BadInputError` for a file that is missing, cut short, or holds what is no probability."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"{path} cannot be read ({error})", safe=SAFE, remedy=AGAIN) from error
    if not lines or tuple(lines[0]) != HEADER or len(lines) < 2:
        raise BadInputError(f"{path} holds no answers", safe=SAFE, remedy=AGAIN)
    for number, line in enumerate(lines[1:], start=2):
        if not _whole(line):
            raise BadInputError(f"{path}, line {number}, is no answer: {','.join(line)[:80]}", safe=SAFE, remedy=AGAIN)
    rows = lines[1:]
    if len({row[0] for row in rows}) < len(rows):
        raise BadInputError(f"{path} names a case twice", safe=SAFE, remedy=AGAIN)
    p = np.array([[float(value) for value in row[2:]] for row in rows])
    return Answers(tuple(row[0] for row in rows), np.array([Grade(row[1]).rank for row in rows], np.int64), p)


def _whole(line: Sequence[str]) -> bool:
    try:
        values = np.array([float(value) for value in line[2:]])
    except ValueError:
        return False
    if len(line) != len(HEADER) or line[1] not in GRADES or not line[0]:
        return False
    return bool(np.isfinite(values).all() and (values >= 0).all() and abs(values.sum() - 1) < 1e-2)


def write_result(folder: Path, result: Result) -> None:
    """The JSON comes last: an arm without it is not done."""
    for name, answers in result.varied.items():
        write_answers(folder / f"{result.arm.key}.{name}.csv", answers)
    write_answers(folder / f"{result.arm.key}.csv", result.answers)
    text = json.dumps({**result.facts, "varied": sorted(result.varied)}, indent=1, sort_keys=True)
    write_text(folder / f"{result.arm.key}.json", text + "\n")


def read_results(folder: Path) -> dict[str, Result]:
    """All arms that are done, by key, in the order of value.

    Raises `BadInputError` when one is damaged, or when they were not made alike: another plan or other test cases.
    """
    found = {arm.key: _read(folder, arm) for arm in ARMS if (folder / f"{arm.key}.json").exists()}
    first = next(iter(found.values()), None)
    for key, result in found.items():
        assert first is not None
        other_plan = result.facts["plan"] != first.facts["plan"]
        if other_plan or result.answers.cases != first.answers.cases or (
            result.answers.truth != first.answers.truth
        ).any():  # fmt: skip
            what = "under another plan" if other_plan else "with other test cases"
            raise BadInputError(
                f"{folder / key}.json was made {what} than {first.arm.key}.json", safe=SAFE,
                remedy="arms are only compared alike: delete the older ones and train them again",
            )  # fmt: skip
    return found


def _read(folder: Path, arm: Arm) -> Result:
    path = folder / f"{arm.key}.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        varied = {str(name): read_answers(folder / f"{arm.key}.{name}.csv") for name in facts["varied"]}
        if set(facts["plan"]) != set(asdict(Plan())) or not all(float(facts[key]) >= 0 for key in COST):
            raise ValueError("plan or cost is not whole")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError(f"{path} is damaged ({error})", safe=SAFE, remedy=AGAIN) from error
    return Result(arm, read_answers(folder / f"{arm.key}.csv"), facts, varied)


COST = ("seconds", "pairs_per_second")
