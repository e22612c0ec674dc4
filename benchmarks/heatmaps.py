"""Which heatmap is the most faithful, on fresh phantoms: prints every figure of docs/heatmaps.md.

    python benchmarks/heatmaps.py --work DIR [--development | --draws] [--sheet DIR] [--model pfm-demo]

Draws phantoms of two seeds that no training uses: the thresholds are chosen on those of seed 4200, everything is judged
on those of seed 4215. Seeds 4210 and 4211 judged pfm-demo 1, 4212 pfm-demo 2, 4213 another way to fuse the sources,
4214 pfm-demo 4 on a third as many.
`--development` stops before the second seed, and judges the first, and points with what was tried and left out.
`--draws` only says how much the check of forgotten heads hangs on which untrained heads are drawn. `--sheet` also draws
12 cases with the outline of the lesion. Goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy

from benchmarks.heatmap_parts.cases import REMOVED, Judge, Part, cases_of  # noqa: E402
from benchmarks.heatmap_parts.sheet import draw_sheet  # noqa: E402
from benchmarks.shares import share  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.prediction import (  # noqa: E402
    CLASS_MAP_WORDS,
    HEAT_THRESHOLD,
    HEAT_THRESHOLDS,
    LAYER_CAM_WORDS,
    SCALED_MAP_WORDS,
)
from pfm_desktop.domain.resampling import interval, patient_weights  # noqa: E402
from pfm_desktop.pfm.explain.sanity import CASCADE  # noqa: E402
from pfm_desktop.pfm.runtime import torch_threads  # noqa: E402
from pfm_desktop.services import models  # noqa: E402
from pfm_desktop.support.files import write_text  # noqa: E402

CHOOSING, DEVELOPMENT = Part(4200, 512, 88, 40), Part(4200, 512, 88, 88, taken=40, checked=6, draws=6)
TEST = Part(4215, 320, 480, 480, taken=60, checked=12, draws=6)
FORMER = LAYER_CAM_WORDS  # the engine's map of pfm-demo 1
PLAIN = ("uniform", "centre", "input gradient")  # may not win
CANDIDATES = (FORMER, SCALED_MAP_WORDS, "attention relevance", "smoothed LayerCAM", "integrated gradients", *PLAIN)
FINALISTS = (FORMER, SCALED_MAP_WORDS, *PLAIN)
OWN_SCALE = (CLASS_MAP_WORDS,)  # beside it, pointing only
SOFTENED = "softened LayerCAM"
TRIED = (SOFTENED, "shifted class map", "LayerCAM of the last map", "class map x LayerCAM", "token occlusion")
DRAWS = 6  # untrained sets of heads, and cases, of `--draws`
SURVIVES, STABLE = 0.5, 0.9  # rank correlations, see docs/heatmaps.md
Row = Mapping[str, Any]


def judged(judge: Judge, bar: Bar, work: Path, part: Part, methods: Sequence[str], tried: Sequence[str]) -> list[Row]:
    """What is found of each case of a seed, kept in `work` so that a stopped run goes on."""
    rows = []
    cases = cases_of(bar, work, part, judge.size)
    for number, case in enumerate(cases):
        bar.progress(number, len(cases), f"Judging, seed {part.seed}")
        # of a part the name says only seed and `taken`: rows found with another `checked` or `draws` are taken as they
        # are, so after a change of either another `work` is needed
        kept = work / f"judged-{judge.sha256[:12]}" / f"{part.seed}-{part.taken}" / f"{case.name}.json"
        row: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
        known = row.get("methods", {})
        if {*methods, *tried} - set(known):
            new = judge.row(case, part, _but(methods, known), _but(tried, known))
            row = {**new, "methods": {**known, **new["methods"]}}
            write_text(kept, json.dumps(row))
        rows.append(row)
    return rows


def _but(methods: Sequence[str], known: Mapping[str, Any]) -> list[str]:
    return [name for name in methods if name not in known]


def values_of(rows: Sequence[Row], method: str, name: str) -> tuple[np.ndarray, list[str]]:
    """One figure of each case that has it, and the patients."""
    found = [row for row in rows if name in row["methods"][method]]
    return np.array([row["methods"][method][name] for row in found], float), [row["patient"] for row in found]


def mean_of(values: np.ndarray, patients: Sequence[str]) -> tuple[float, float, float]:
    """Mean with its 95 % interval by patient, 2,000 bootstraps."""
    weights = patient_weights(patients)
    low, high = interval(weights @ values / weights.sum(axis=1))
    return float(values.mean()), low, high


def thresholds_of(rows: Sequence[Row], methods: Sequence[str]) -> dict[str, str]:
    """The threshold of each map with the best mean overlap on visible lesions."""
    visible = [row for row in rows if row["visible"]]
    return {
        method: max(
            visible[0]["methods"][method]["overlaps"],
            key=lambda at: statistics.fmean(row["methods"][method]["overlaps"][at] for row in visible),
        )
        for method in methods
    }


def with_overlap(rows: Sequence[Row], thresholds: Mapping[str, str]) -> list[Row]:
    """The rows with `overlap` at the threshold of each method, and one number for deletion and insertion together."""
    out = []
    for row in rows:
        methods = {}
        for name, at in thresholds.items():
            found = dict(row["methods"][name])
            if row["visible"]:
                found["overlap"] = found["overlaps"][at]
            for asked in REMOVED:
                if f"insertion_{asked}" in found:
                    found[f"gap_{asked}"] = found[f"insertion_{asked}"] - found[f"deletion_{asked}"]
            methods[name] = found
        out.append({**row, "methods": methods})
    return out


RANKED = ("gap_graded", "gap_high", "hit", "overlap")


def winner_of(rows: Sequence[Row], methods: Sequence[str]) -> tuple[str, dict[str, float]]:
    """The rule of docs/heatmaps.md: the least mean rank over four figures among the maps that pass both checks."""
    rank = dict.fromkeys(methods, 0.0)
    for name in RANKED:
        means = {method: float(values_of(rows, method, name)[0].mean()) for method in methods}
        for method in methods:
            better = sum(value > means[method] for value in means.values())
            equal = sum(value == means[method] for value in means.values())
            rank[method] += (better + (equal + 1) / 2) / len(RANKED)
    able = [method for method in methods if method not in PLAIN and passes(rows, method)] or [FORMER]
    return min(able, key=lambda method: (rank[method], milliseconds(rows, method))), rank


def differences(rows: Sequence[Row], first: str, second: str) -> dict[str, tuple[float, float, float]]:
    """The four figures of one map minus those of another, on the same cases, with intervals."""
    gaps = {}
    for name in RANKED:
        (one, patients), (other, _) = values_of(rows, first, name), values_of(rows, second, name)
        gaps[name] = mean_of(one - other, patients)
    return gaps


def becomes_default(rows: Sequence[Row], winner: str) -> bool:
    """Third line of the rule: better than the former default in one figure, and worse in none."""
    gaps = differences(rows, winner, FORMER).values()
    return any(low > 0 for _, low, _ in gaps) and not any(high < 0 for _, _, high in gaps)


def passes(rows: Sequence[Row], method: str) -> bool:
    """The two checks of docs/heatmaps.md: it forgets with the weights, and a little noise leaves it as it is."""
    gone = [values_of(rows, method, f"forgets {step}")[0].mean() for step in ("heads", "everything")]
    return max(gone) < SURVIVES and float(values_of(rows, method, "noise")[0].mean()) >= STABLE


def milliseconds(rows: Sequence[Row], method: str) -> float:
    """Median time of one case."""
    return float(np.median(values_of(rows, method, "ms")[0]))


def lines_of(rows: Sequence[Row], methods: Sequence[str], thresholds: Mapping[str, str], seed: int) -> Iterator[str]:
    """Every figure; "on phantoms" in every line."""
    visible, high = sum(row["visible"] for row in rows), sum("gap_graded" in row["methods"][FORMER] for row in rows)
    yield (
        f"on phantoms: seed {seed}, {len(rows)} answered, {visible} with a visible lesion (middle half of them "
        f"{spread_of(rows)} of the picture), deletion and insertion on {high} graded low or worse; "
        "95 % intervals by patient, 2,000 bootstraps"
    )
    yield from pointing_of(rows, methods, thresholds)
    for method in methods:
        for asked, words in REMOVED.items():
            parts = ", ".join(
                f"{kind} {_span(mean_of(*values_of(rows, method, f'{kind}_{asked}')))}"
                for kind in ("deletion", "insertion", "gap")
            )
            yield f"on phantoms, {method}, probability of {words}: {parts}"
    for method in methods:
        forgets = ", ".join(f"{step} {values_of(rows, method, f'forgets {step}')[0].mean():.2f}" for step in CASCADE)
        noise = values_of(rows, method, "noise")[0]
        yield (
            f"on phantoms, {method}: rank correlation after forgetting {forgets}; after a little noise "
            f"{noise.mean():.3f} (least {noise.min():.3f}); {milliseconds(rows, method):.0f} ms a case"
        )
    yield f"on phantoms, the answer alone: {np.median([row['answer_ms'] for row in rows]):.0f} ms a case"


def pointing_of(rows: Sequence[Row], methods: Sequence[str], thresholds: Mapping[str, str]) -> Iterator[str]:
    """Against the lesions."""
    for method in methods:
        shown = ", ".join(
            f"{words} {_span(mean_of(*values_of(rows, method, name)))}"
            for name, words in (
                ("hit", "pointing game"), ("near", "within 7 px"), ("overlap", f"IoU at {thresholds[method]}"),
            )
        )  # fmt: skip
        yield f"on phantoms, {method}: {shown}"
        single = ", ".join(
            f"{name} {_span(mean_of(*values_of(rows, method, f'hit_{name}')))}" for name in ("white", "fluorescence")
        )
        yield f"on phantoms, {method}, pointing game of one source's map: {single}"


def begun_at(rows: Sequence[Row], methods: Sequence[str]) -> Iterator[str]:
    """Of the maps that the engine can draw: IoU at the threshold that screen and report begin with."""
    visible = [row for row in rows if row["visible"]]
    drawn = (LAYER_CAM_WORDS, CLASS_MAP_WORDS, SCALED_MAP_WORDS)
    for method in (name for name in methods if name in drawn):
        begins = HEAT_THRESHOLDS.get(method, HEAT_THRESHOLD)
        at = f"{begins:.2f}"
        found = np.array([row["methods"][method]["overlaps"][at] for row in visible])
        shown = _span(mean_of(found, [row["patient"] for row in visible]))
        yield f"on phantoms, {method}: IoU at the threshold that screen and report begin with, {at}: {shown}"
        for words, of in answers_of(rows):
            blank = sum(row["methods"][method]["top"] < begins for row in of)
            yield f"on phantoms, {method}: nothing at or above {at} on {share(blank, len(of))} {words}"


def answers_of(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Cases whose map should be empty at first, and cases whose map should not."""
    yield "normal ones graded normal", [row for row in rows if row["grade"] == "normal" and row["rank"] == 0]
    yield "others graded normal", [row for row in rows if row["grade"] != "normal" and row["rank"] == 0]
    lesions = [row for row in rows if row["grade"] != "normal" and row["rank"] > 0]
    yield "visible lesions graded low or worse", [row for row in lesions if row["visible"]]
    yield "lesions graded low or worse that white light does not show", [row for row in lesions if not row["visible"]]


def verdict_of(rows: Sequence[Row], methods: Sequence[str], drawn_by: str) -> Iterator[str]:
    """The winner by the rule, and how it and the model's own map stand against the former default and plain ones."""
    winner, rank = winner_of(rows, methods)
    shown = ", ".join(f"{name} {rank[name]:.2f}" for name in sorted(rank, key=lambda name: rank[name]))
    yield f"on phantoms, mean rank over the four figures: {shown}"
    yield f"on phantoms, fails a check: {', '.join(m for m in methods if not passes(rows, m)) or 'none'}"
    yield f"on phantoms, the winner by the rule: {winner}"
    yield f"on phantoms, it should become the default: {'yes' if becomes_default(rows, winner) else 'no'}"
    for method in dict.fromkeys((winner, drawn_by)):
        yield from standing_of(rows, method)


def standing_of(rows: Sequence[Row], method: str) -> Iterator[str]:
    """One map against the former default and the plain ones, on the same cases, and by kind of lesion."""
    for other in (FORMER, *PLAIN):
        if other != method:
            gaps = differences(rows, method, other)
            shown = ", ".join(f"{name.replace('_', ' ')} {_span(gap, sign='+')}" for name, gap in gaps.items())
            yield f"on phantoms, {method} against {other}: {shown}"
    for words, rows_ in strata_of(rows):
        if rows_:
            yield f"on phantoms, {method}, pointing game, {words}: {_span(mean_of(*values_of(rows_, method, 'hit')))}"


def strata_of(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Visible lesions by what may make them easy."""
    visible = [row for row in rows if row["visible"]]
    for name in ("low", "high", "cancer"):
        yield f"{name} lesions", [row for row in visible if row["grade"] == name]
    yield "lesions graded normal", [row for row in visible if row["rank"] == 0]
    yield "lesions graded low or worse", [row for row in visible if row["rank"] > 0]
    middle = statistics.median(row["lesion_share"] for row in visible)
    yield "the larger half", [row for row in visible if row["lesion_share"] > middle]
    yield "the smaller half", [row for row in visible if row["lesion_share"] <= middle]


def draws_of(judge: Judge, bar: Bar, work: Path) -> Iterator[str]:
    """Of six development phantoms: the check of forgotten heads, six times."""
    cases = cases_of(bar, work, CHOOSING, judge.size)[:DRAWS]
    for method in (name for name in (*CANDIDATES, SOFTENED) if name not in PLAIN):
        means = judge.without_heads(cases, method, DRAWS)
        shown = ", ".join(f"{mean:.2f}" for mean in means)
        yield (
            f"on phantoms (development), {method}: rank correlation after forgetting heads, {DRAWS} draws: {shown}; "
            f"mean {statistics.fmean(means):.2f}"
        )


def spread_of(rows: Sequence[Row]) -> str:
    """How large the visible lesions are."""
    low, high = np.quantile([row["lesion_share"] for row in rows if row["visible"]], (0.25, 0.75))
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def _span(value: tuple[float, float, float], *, sign: str = "") -> str:
    middle, low, high = value
    between = " to " if sign else "-"
    return f"{middle:{sign}.3f} ({low:{sign}.3f}{between}{high:{sign}.3f})"


def main() -> None:
    """Draw, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for phantoms and findings, kept")
    parser.add_argument("--model", default=models.DEFAULT_MODEL)
    parser.add_argument("--development", action="store_true", help="leave the test seed alone")
    parser.add_argument("--draws", action="store_true", help="only the check of forgotten heads, repeated")
    parser.add_argument("--sheet", type=Path, help="folder for a picture of 12 cases")
    asked = parser.parse_args()
    judge = Judge(models.folder_of(asked.model))
    print(f"model {judge.name}, weights {judge.sha256[:12]}, heatmaps drawn by {judge.drawn_by}")
    with Bar() as bar, torch_threads(2):
        if asked.draws:
            for line in draws_of(judge, bar, asked.work):
                print(line)
            return
        methods = CANDIDATES if asked.development else FINALISTS
        part, tried = (DEVELOPMENT, (*OWN_SCALE, *TRIED)) if asked.development else (CHOOSING, OWN_SCALE)
        rows = judged(judge, bar, asked.work, part, methods, tried)
        thresholds = thresholds_of(rows, (*methods, *tried))
        if not asked.development:
            part = TEST
            rows = judged(judge, bar, asked.work, part, methods, tried)
        if asked.sheet:
            draw_sheet(judge, cases_of(bar, asked.work, part, judge.size), methods, asked.sheet)
    rows = with_overlap(rows, thresholds)
    for line in (
        *lines_of(rows, methods, thresholds, part.seed),
        *pointing_of(rows, tried, thresholds),
        *begun_at(rows, (*methods, *tried)),
        *verdict_of(rows, methods, judge.drawn_by),
    ):
        print(line)


if __name__ == "__main__":
    main()
