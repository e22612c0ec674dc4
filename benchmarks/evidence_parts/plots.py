"""The plots of the report, drawn by matplotlib as PNG; the same figures give the same picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

from benchmarks.evidence_parts.figures import Figures
from pfm_desktop.domain.resampling import interval
from pfm_desktop.pfm.training.metrics import Measured

INK, QUIET, ACCENT = "#1f2933", "#9aa5b1", "#0b7285"
DPI = 110
Row = tuple[str, Measured]


def forest(path: Path, rows: Sequence[Row], *, title: str, axis: str, zero: bool = False) -> None:
    """One line a row: value and interval, first on top; `zero` draws the line of no difference."""
    figure, axes = plt.subplots(figsize=(7.5, 0.9 + 0.32 * len(rows)), layout="constrained")
    for place, (_, one) in enumerate(rows):
        low, high = interval(one.draws)
        axes.plot([low, high], [place, place], color=ACCENT, linewidth=2)
        axes.plot([one.value], [place], "o", color=INK, markersize=5)
    axes.set_yticks(range(len(rows)), [words for words, _ in rows])
    axes.invert_yaxis()
    if zero:
        axes.axvline(0, color=QUIET, linewidth=1)
    _finish(figure, axes, path, title, axis)


def curve(
    path: Path, rows: Sequence[tuple[float | str, Figures]], *, names: Sequence[tuple[str, str]], title: str, axis: str
) -> None:
    """Some measures (key, words) over what was changed, with intervals."""
    figure, axes = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
    for aside, (key, words), colour in zip((-0.05, 0, 0.05), names, (ACCENT, "#e8590c", "#5f3dc4"), strict=False):
        values = [row[key] for _, row in rows]
        bars = [interval(one.draws) for one in values]
        below = [max(0.0, one.value - low) for one, (low, _) in zip(values, bars, strict=True)]
        above = [max(0.0, high - one.value) for one, (_, high) in zip(values, bars, strict=True)]
        axes.errorbar(
            [place + aside for place in range(len(rows))], [one.value for one in values], yerr=[below, above],
            marker="o", color=colour, capsize=3, label=words,
        )  # fmt: skip
    axes.set_xticks(range(len(rows)), [str(place) for place, _ in rows])
    axes.legend(frameon=False, loc="best", fontsize=9)
    _finish(figure, axes, path, title, axis)


def _finish(figure: Any, axes: Any, path: Path, title: str, axis: str) -> None:
    axes.set_title(f"{title} (on phantoms)", loc="left", fontsize=10, color=INK)
    axes.set_xlabel(axis, fontsize=9)
    axes.tick_params(labelsize=9)
    axes.grid(visible=True, axis="x", color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    plt.close(figure)
