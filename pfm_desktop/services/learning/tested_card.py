"""What the locked test said of a model, in its card: once old and new model were compared, and nowhere before.

The card alone changes. Weights and `model.toml` stay, and with them what the seal says of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pfm_desktop.domain.learning import Run
from pfm_desktop.pfm.model_file import CARD, ModelFile, read_model_file
from pfm_desktop.services.learning.run import MODEL as MODEL_FOLDER
from pfm_desktop.services.learning.steering import run_folder
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import named, write_text
from pfm_desktop.support.language import tr

MEASURES = {
    "accuracy": "accuracy",
    "macro_recall": "macro recall",
    "quadratic_kappa": "quadratic kappa",
    "auc_high": "HSIL+ AUC",
    "sensitivity_high_at_85": "HSIL+ sensitivity at 85 % specificity",
    "sensitivity_high_graded": "HSIL+ sensitivity of the grades that are given",
    "specificity_high_graded": "their specificity for HSIL+",
    "ece": "ECE",
    "set_size": "mean set size",
    "set_coverage": "prediction sets that hold the label",
}


def with_tested(card: str, run: Run) -> str:
    """A card with the figures of the locked test in its section Figures; as it is where nobody compared the model."""
    from pfm_desktop.pfm.training.report import FIGURES, with_figures

    if not run.figures.get("new"):
        return card
    section = figures_text(run.figures)
    return with_figures(card, section) or f"{card.rstrip()}\n\n{FIGURES}\n\n{section}\n"


def figures_text(figures: Mapping[str, Any]) -> str:
    """Each figure with its interval, and of how many women, cases of each grade and looks they are."""
    grades = ", ".join(f"{count} {grade}" for grade, count in figures.get("grades", {}).items())
    cases, looks = figures.get("cases", 0), figures.get("looks", 1)
    lines = [f"- {words} {_span(figures['new'][key])}" for key, words in MEASURES.items() if key in figures["new"]]
    return "\n".join((
        f"On the locked test of the library that it was learned in: {_of(figures.get('women', 0), 'woman', 'women')} "
        f"with {_of(cases, 'case', 'cases')} ({grades}), whom it was never taught. Figures of this test had been "
        f"looked at {_of(looks, 'time', 'times')} by then, this time too. Intervals of 95 % by woman.\n",
        *lines,
        *_beside(figures),
    ))  # fmt: skip


def _beside(figures: Mapping[str, Any]) -> list[str]:
    """What whoever reads the figures elsewhere has to know: against which model, by which labels, who is not among
    them, and what spoke against it."""
    said = []
    old = figures.get("models", {}).get("old")
    if old:
        said.append(f"Compared with {old['name']} {old['version']} on the same cases.")
    origins = figures.get("origins", {})
    if origins:
        said.append(f"Labels: {', '.join(f'{origin} ({count})' for origin, count in origins.items())}.")
    out = sum(figures.get("left_out", {}).values())
    if out:
        said.append(f"{_of(out, 'more woman', 'more women')} of the test could not be asked about.")
    against = figures.get("against", ())
    if against:
        said.append(f"Against it: {'; '.join(against)}.")
    return [f"\n{' '.join(said)}"] if said else []


def write_tested(folder: Path, run: Run) -> None:
    """Bring the card in a model folder up to what the locked test said. A model without a card is left without one.

    Raises `StorageError` where it cannot be written; the card is as before then.
    """
    path = folder / CARD
    if not path.is_file():
        return
    with named(path, safe=tr("the card is as it was")):
        card = path.read_text(encoding="utf-8", errors="replace")
        if (made := with_tested(card, run)) != card:
            write_text(path, made)


def run_of(lib: Library, content: ModelFile) -> Run | None:
    """The run of this library that made this model, which its seal tells; None for a model from elsewhere.

    Not its weights: where no epoch was better they are those of its parent, with a calibration of its own.
    """
    with lib.read() as session:
        runs = [run for run in stored.runs(session) if run.model_sha256 == content.sha256]
    return next((run for run in runs if _seal_of(lib, run) == content.digest), None)


def _seal_of(lib: Library, run: Run) -> str | None:
    try:
        return read_model_file(run_folder(lib.path, run.id) / MODEL_FOLDER).digest
    except ModelError:
        return None


def _span(one: Mapping[str, Any]) -> str:
    if one["value"] is None:
        return "not known"
    low, high = one["interval"]
    return f"{one['value']:.3f}" + ("" if low is None or high is None else f" ({low:.3f} to {high:.3f})")


def _of(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
