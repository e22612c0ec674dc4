"""Which photographs of AnnoCerv are asked about, and in which looks."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
SOFTENED = 1 / 224  # of the side: standard deviation of the blur; more is refused as out of focus


def one_photograph_a_woman(annocerv: Path, part: int) -> list[dict[str, str]]:
    """The rows of `index.csv` with each woman's first photograph. `part` as in `sets.Wanted`: 0 is for development, the
    women with an odd number; 1 for the test, those with an even one."""
    with (annocerv / "index.csv").open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if int(row["case"]) % 2 == 1 - part and row["frame"] == "1"]


def in_its_own_shape(pixels: Pixels, row: Mapping[str, str], height: int | None = None) -> Pixels:
    """The files are squashed to squares; `row` says what shape the photograph had."""
    height = height or pixels.shape[0]
    width = round(height * int(row["original_width"]) / int(row["original_height"]))
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def cut_square(pixels: Pixels, part: float = 1.0) -> Pixels:
    """The middle, a square of `part` of the shorter side."""
    height, width = pixels.shape[:2]
    side = round(part * min(height, width))
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(pixels[top : top + side, left : left + side])


def _softened(pixels: Pixels) -> Pixels:
    square = cut_square(pixels)
    return cv2.GaussianBlur(square, (0, 0), SOFTENED * len(square)).astype(np.uint8)


# what may be handed over of a photograph in its own shape
LOOKS: Mapping[str, Callable[[Pixels], Pixels]] = MappingProxyType(
    {
        "in its own shape": lambda pixels: pixels,
        "cut square": cut_square,
        "the middle half": lambda pixels: cut_square(pixels, 0.5),
        "cut square and blurred": _softened,
    }
)
