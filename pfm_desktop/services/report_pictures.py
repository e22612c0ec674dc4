"""The pictures of a report and the overlay of the command line, drawn small enough to print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.prediction import ATTENTION, ATTENTION_LIMITS, BANNER, FUSED, NOTHING_DRAWN, WARNING, Analysis
from pfm_desktop.imaging.compose import (
    Mark,
    Outline,
    fit,
    heat_over,
    with_banner,
    with_legend,
    with_marks,
    with_outlines,
)
from pfm_desktop.imaging.io import encode_jpeg
from pfm_desktop.interop.pdf_content import BURNT_IN_HEIGHT, PICTURE_WIDTH, READABLE, ReportPicture
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]
Polygon = tuple[tuple[float, float], ...]

LONGEST = 1200  # pixels: about 300 a printed inch
QUALITY = 90
PRINTED_TEXT = 1.9  # marks and letters: a picture is printed at half a page's width
STRIPS = 1.5  # banner and legend make a picture about so much higher


def marked(
    pixels: Pixels, pins: Sequence[Mark], os_mark: Mark | None, caption: str, outlines: Sequence[Outline] = ()
) -> ReportPicture:
    """A picture (H x W x 3) with its pins, os and what was drawn of lesions; all in pixels of the full picture."""
    small, drawn_pins, drawn_os = _reduced(pixels, pins, os_mark)
    if outlines:
        scale = small.shape[1] / pixels.shape[1]
        small = with_outlines(small, [replace(one, points=scaled(one.points, scale)) for one in outlines])
    return printed(with_marks(small, drawn_pins, drawn_os, size=PRINTED_TEXT), caption)


def scaled(points: Polygon, scale: float) -> Polygon:
    """Corners in a picture that was made smaller; whole numbers are the middles of pixels."""
    return tuple(((x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5) for x, y in points)


def heated(
    pixels: Pixels, analysis: Analysis, caption: str, pins: Sequence[Mark] = (), os_mark: Mark | None = None
) -> ReportPicture | None:
    """The fused heatmap over its picture, with pins, legend, banner and model label; None when there is no heatmap."""
    if FUSED not in analysis.heatmaps:
        return None
    small, drawn_pins, drawn_os = _reduced(pixels, pins, os_mark)
    drawn = overlay(small, analysis, drawn_pins, drawn_os, size=PRINTED_TEXT, letters=printed_letters(small))
    return replace(printed(drawn, caption), burnt_in=True)


def printed_letters(pixels: Pixels) -> int:
    """How high letters have to be, in pixels, to be read where the picture (H x W x 3) and its words are printed."""
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    points: float = min(PICTURE_WIDTH / width, BURNT_IN_HEIGHT / (STRIPS * height))  # of the page, a pixel
    return math.ceil(READABLE / points)


def reduced(pixels: Pixels) -> tuple[Pixels, float]:
    """A picture (H x W x 3) as it is printed, and by how much it was made smaller."""
    small = fit(pixels, LONGEST)
    return small, small.shape[1] / pixels.shape[1]


def _reduced(
    pixels: Pixels, pins: Sequence[Mark], os_mark: Mark | None
) -> tuple[Pixels, tuple[Mark, ...], Mark | None]:
    small, scale = reduced(pixels)

    def moved(mark: Mark) -> Mark:
        return Mark((mark.x + 0.5) * scale - 0.5, (mark.y + 0.5) * scale - 0.5, mark.letter)

    return small, tuple(moved(pin) for pin in pins), moved(os_mark) if os_mark else None


def overlay(
    pixels: Pixels,
    analysis: Analysis,
    pins: Sequence[Mark] = (),
    os_mark: Mark | None = None,
    *,
    size: float = 1.0,
    letters: int = 0,
) -> Pixels:
    """The answer over the picture that it speaks of, with marks, legend, banner and model label.

    The heatmap as the stage shows it at first. `size` enlarges marks and text, `letters` (pixels) is the least height
    of the text. Without an answer the picture comes below a
    line that says why.
    """
    model = analysis.model
    heatmap = analysis.heatmaps.get(FUSED) if analysis.prediction is not None else None
    drawn = pixels if heatmap is None else heat_over(pixels, heatmap.values, threshold=heatmap.threshold)
    if pins or os_mark:
        drawn = with_marks(drawn, pins, os_mark, size=size)
    if heatmap is not None:
        begins, reached = heatmap.threshold, heatmap.reaches(heatmap.threshold)
        reach = tr("threshold {threshold:.2f}", threshold=begins) if reached else heatmap.nothing_at(begins)
        title = f"{ATTENTION} ({ATTENTION_LIMITS}), {reach}."
        title += f" {analysis.prediction.attention_words}" if analysis.prediction is not None else ""
        ends = heatmap.ends if reached else None
        title += "" if reached else f" {NOTHING_DRAWN}"
        drawn = with_legend(drawn, title, ends=ends, size=size, threshold=begins, letters=letters)
    words = [BANNER, f"{model.name} {model.version}: {model.label}", *answer_lines(analysis)]
    warning = answer_warning(analysis, short=letters > 0)
    return with_banner(drawn, words, warning=warning, size=size, letters=letters)


def answer_warning(analysis: Analysis, *, short: bool = False) -> str:
    """What stands above all else where a picture is unlike anything the model learned from, else "".

    `short`: without the reason, which stands in the box above the pictures of the same report.
    """
    prediction = analysis.prediction
    if prediction is None or not prediction.unlike:
        return ""
    return f"{WARNING} {prediction.caution}" if short else prediction.warning


def answer_lines(analysis: Analysis) -> tuple[str, ...]:
    """The answer in a few words, as `Answer: high (0.70). Prediction set: low, high. ...`; a lone source is named."""
    if analysis.refused:
        return (tr("No answer: {reason}", reason=analysis.refused.reason),)
    prediction = analysis.prediction
    if prediction is None:
        return (tr("Answer: none"),)
    answer = tr(
        "Answer: {grade}. {prediction_set}", grade=prediction.share_words, prediction_set=prediction.set_words
    ).rstrip()
    alone = (
        (tr("One source only: {source}", source=prediction.sources[0].words),) if len(prediction.sources) == 1 else ()
    )
    return (answer, *alone)


def printed(pixels: Pixels, caption: str) -> ReportPicture:
    """A picture (H x W x 3) as the report holds it."""
    return ReportPicture(encode_jpeg(pixels, quality=QUALITY), pixels.shape[1], pixels.shape[0], caption)
