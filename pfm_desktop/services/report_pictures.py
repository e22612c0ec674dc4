"""The pictures of a report and the overlay of the command line, drawn small enough to print."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.prediction import BANNER, Analysis
from pfm_desktop.imaging.compose import Mark, fit, heat_over, with_banner, with_legend, with_marks
from pfm_desktop.imaging.io import encode_jpeg
from pfm_desktop.interop.pdf_content import ReportPicture

Pixels = NDArray[np.uint8]

LONGEST = 1200  # pixels: about 300 a printed inch
QUALITY = 90
FUSED = "fused"


def marked(pixels: Pixels, pins: Sequence[Mark], os_mark: Mark | None, caption: str) -> ReportPicture:
    """A picture (H x W x 3) with its pins and os; marks in pixels of the full picture."""
    small = fit(pixels, LONGEST)
    scale = small.shape[1] / pixels.shape[1]

    def moved(mark: Mark) -> Mark:
        return Mark((mark.x + 0.5) * scale - 0.5, (mark.y + 0.5) * scale - 0.5, mark.letter)

    drawn = with_marks(small, [moved(pin) for pin in pins], moved(os_mark) if os_mark else None)
    return _printed(drawn, caption)


def heated(pixels: Pixels, analysis: Analysis, caption: str) -> ReportPicture | None:
    """The fused heatmap over its picture, with legend, banner and model label; None when there is no heatmap."""
    if FUSED not in analysis.heatmaps:
        return None
    return _printed(overlay(fit(pixels, LONGEST), analysis), caption)


def overlay(pixels: Pixels, analysis: Analysis) -> Pixels:
    """The answer over the picture that it speaks of, with legend, banner and model label.

    Without an answer the picture comes unchanged under a line that says why.
    """
    model = analysis.model
    said = f"{model.name} {model.version}: {model.label}"
    if analysis.refused:
        drawn = with_legend(pixels, f"No answer: {analysis.refused.reason}", scale=False)
    elif FUSED in analysis.heatmaps:
        heatmap = analysis.heatmaps[FUSED]
        title = f"Heatmap ({heatmap.method}): {answer_words(analysis)}"
        drawn = with_legend(heat_over(pixels, heatmap.values), title)
    else:
        drawn = with_legend(pixels, answer_words(analysis), scale=False)
    return with_banner(drawn, [BANNER, said])


def answer_words(analysis: Analysis) -> str:
    """The answer in a few words: `high 0.70, cannot be ruled out: low, high`."""
    prediction = analysis.prediction
    if prediction is None:
        return "no answer"
    named = ", ".join(prediction.prediction_set)
    indeterminate = " (indeterminate)" if prediction.indeterminate else ""
    probability = prediction.probabilities[prediction.grade]
    return f"{prediction.grade} {probability:.2f}, cannot be ruled out: {named}{indeterminate}"


def _printed(pixels: Pixels, caption: str) -> ReportPicture:
    return ReportPicture(encode_jpeg(pixels, quality=QUALITY), pixels.shape[1], pixels.shape[0], caption)
