"""How good a model is on the cases of a manifest: the whole way of a picture, then figures with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pfm_desktop.domain.prediction import BANNER_ENGLISH as BANNER
from pfm_desktop.domain.source import Source
from pfm_desktop.interop.tabular import ManifestRow, read_manifest
from pfm_desktop.jobs import Context
from pfm_desktop.services import models
from pfm_desktop.services.sole_use import clear, clear_abandoned, sole_use
from pfm_desktop.services.training import phantoms_of
from pfm_desktop.services.training_data import LeftOut, digest_of, in_manifest, prepare
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import json_bytes, write_bytes
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import cache_dir

PHANTOMS = "phantoms"
PREPARED = "prepared-"  # folders in the cache
FEW_PATIENTS = 30  # below this an interval by patient is too wide to be of use
ASKED = {
    "both": "both sources",
    "white": "white light only",
    "fluorescence": "fluorescence only",
    "green": "green filter only",
    "iodine": "Lugol's iodine only",
    "alone_white": "white-light head alone",
    "alone_fluorescence": "fluorescence head alone",
    "alone_green": "green-filter head alone",
    "alone_iodine": "Lugol's iodine head alone",
}


@dataclass(frozen=True)
class Evaluation:
    """`content` is ready for JSON; `lines` is the same for a person, one line each; `warnings` stand in both."""

    content: Mapping[str, Any]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


def evaluate_manifest(
    ctx: Context,
    manifest: Path,
    model: str,
    *,
    sources: Sequence[Source] | None = None,
    prepared: Path | None = None,
    workers: int = 2,
) -> Evaluation:
    """Judge a model on the cases of a manifest, as the engine would see them.

    Pictures are read, checked and registered as for an answer; what the engine would refuse is left out and counted.
    `sources` None: all that the model reads. Pictures are prepared in `prepared` (kept), else in the cache (removed,
    also on an error; what a killed run left there goes as well). Raises `BadInputError` for the manifest, `InUseError`
    while another run works in the folder, `ModelError` for the model.
    """
    from pfm_desktop.pfm.registry import refuse_start_only
    from pfm_desktop.pfm.training.evaluate import evaluate

    folder = models.folder_of(model)
    info = models.verify(str(folder))
    used = _sources(info.name, info.sources, sources)
    rows = read_manifest(manifest)
    refuse_start_only(info)
    clear_abandoned(cache_dir(), PREPARED)
    place = prepared or cache_dir() / f"{PREPARED}{digest_of(rows, info.input_size, used)}"
    with sole_use(place):
        try:
            with in_manifest(manifest):
                made = prepare(ctx, rows, place, size=info.input_size, sources=used, workers=workers)
            figures = evaluate(ctx, made.data, folder)
        finally:
            if prepared is None:  # pictures of patients do not stay behind, whatever happened
                clear(place)
    where = where_of(manifest)
    warnings = _warnings(figures, folder, made.data.patients, where)
    content = {
        **figures,
        "banner": BANNER,
        "model": {**figures["model"], "investigational": info.investigational, "trained_on": info.trained_on},
        "manifest": manifest.name,
        "on": f"on {where}",
        "sources": [source.value for source in used],
        "asked": len(rows),
        "left_out": left_out_table(rows, made.left_out),
        "warnings": list(warnings),
    }
    return Evaluation(content, tuple(_lines(content)), warnings)


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Write the figures as JSON, whole or not at all."""
    write_bytes(path, json_bytes(evaluation.content))


def where_of(manifest: Path) -> str:
    """`phantoms` or `local cases`: what stands behind "on" in every sentence about a figure."""
    return PHANTOMS if phantoms_of(manifest) is not None else "local cases"


def left_out_table(rows: Sequence[ManifestRow], left_out: Sequence[LeftOut]) -> dict[str, Any]:
    """Cases the engine would refuse: how many, why, which, and how many of each grade (refusals are not random)."""
    grades = {row.case: row.grade.value for row in rows}
    return {
        "count": len(left_out),
        "reasons": dict(Counter(item.reason for item in left_out).most_common()),
        "grades": dict(Counter(grades[item.case] for item in left_out)),
        "cases": {item.case: item.reason for item in left_out},
    }


def span(value: Mapping[str, Any]) -> str:
    """A figure with its interval."""
    low, high = value["interval"]
    return f"{value['value']:.3f} ({low:.3f}-{high:.3f})"


def table(combinations: Mapping[str, Any]) -> list[str]:
    """One line a combination: accuracy, macro recall, kappa, HSIL+ AUC, calibration error."""
    lines = [f"{'':26}{'accuracy':22}{'macro recall':22}{'quadratic kappa':22}{'HSIL+ AUC':22}ECE"]
    for name, values in combinations.items():
        area = span(values["auc_high"]) if "auc_high" in values else "-"
        cells = [span(values[key]) for key in ("accuracy", "macro_recall", "quadratic_kappa")]
        lines.append(
            f"{ASKED.get(name, name):26}" + "".join(f"{cell:22}" for cell in (*cells, area)) + f"{values['ece']:.3f}"
        )
    return lines


def _sources(name: str, known: Sequence[Source], asked: Sequence[Source] | None) -> tuple[Source, ...]:
    used = tuple(asked or known)
    foreign = [source.value for source in used if source not in known]
    if foreign:
        raise ModelError(
            tr("the model {name} does not read {sources}", name=name, sources=", ".join(foreign)),
            remedy=tr("evaluate it with --sources {source}", source=known[0].value),
        )
    return used


def _warnings(figures: Mapping[str, Any], folder: Path, patients: Sequence[str], where: str) -> tuple[str, ...]:
    from pfm_desktop.pfm.model_file import read_model_file
    from pfm_desktop.pfm.training.seen import seen_patients

    said = []
    known = seen_patients(patients, read_model_file(folder).training)
    if known:
        said.append(
            f"the model has learned from {len(known)} of these {figures['patients']} patients (such as {known[0]}): "
            "the figures are better than they will be on new ones"
        )
    if figures["trained_on"] == PHANTOMS and where != PHANTOMS:
        said.append("this model was trained on phantoms; its answers on photographs mean nothing")
    if figures["patients"] < FEW_PATIENTS:
        women = "1 patient" if figures["patients"] == 1 else f"{figures['patients']} patients"
        said.append(f"only {women}: the intervals are not to be relied on")
    return tuple(said)


def _lines(content: Mapping[str, Any]) -> list[str]:
    model, left = content["model"], content["left_out"]
    lines = [
        f"{model['name']} {model['version']} {content['on']}: {content['cases']} cases of {content['patients']} "
        f"patients; 95 % intervals by patient. {BANNER}.",
        *table(content["combinations"]),
    ]
    first = next(iter(content["combinations"]), None)
    if first is not None:
        lines.append(f"confusion, {ASKED.get(first, first)} (rows: truth; columns: answer; normal, low, high, cancer):")
        lines += [
            "  " + " ".join(f"{count:5.0f}" for count in row) for row in content["combinations"][first]["confusion"]
        ]
    for name, values in content["comparisons"].items():
        low, high = values["interval"]
        other = ASKED[name.removeprefix("both_against_")]
        lines.append(
            f"both sources against {other} {content['on']}: accuracy {values['accuracy']:+.3f} "
            f"({low:+.3f} to {high:+.3f}), McNemar p {values['mcnemar_p']:.2g}"
        )
    if left["count"]:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in left["reasons"].items())
        lines.append(f"left out {left['count']} of {content['asked']} cases: {reasons}")
    return lines
