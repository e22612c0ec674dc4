"""Some cases beside each other: the pair, and every method's fused map over it with the outline of the lesion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.heatmap_parts.cases import Case, Judge, enlarged
from pfm_desktop.domain.prediction import FUSED
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.pfm.explain.scores import Mask, Plane
from pfm_desktop.pfm.heatmaps import target_of
from pfm_desktop.support.files import write_bytes

Pixels = NDArray[np.uint8]
CASES, HEAD = 12, 22  # on the sheet; pixels of the line of words
LINE, PEAK = (0, 255, 255), (0, 255, 0)


def draw_sheet(judge: Judge, cases: Sequence[Case], methods: Sequence[str], folder: Path) -> Path:
    """Write `heatmaps.png`: the first visible lesions of `cases`, a row each. Green: the highest point."""
    rows = []
    for case in cases:
        lesion = case.lesion()
        if len(rows) < CASES and case.drawn_visible() and lesion.any():
            rows.append(_row(judge, case, lesion, methods))
    head = np.zeros((HEAD, rows[0].shape[1], 3), np.uint8)
    for column, words in enumerate(("white light", "fluorescence", *methods)):
        cv2.putText(head, words[:30], (4 + column * judge.size, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255,) * 3, 1)
    path = folder / "heatmaps.png"
    write_bytes(path, encode_png(np.concatenate([head, *rows])))
    return path


def _row(judge: Judge, case: Case, lesion: Mask, methods: Sequence[str]) -> Pixels:
    inputs = judge.inputs(case)
    probabilities, shares = judge.answer(inputs)
    rank = judge.explained(probabilities, shares)
    raw = case.data.batch(np.array([case.index], np.int64))
    white, fluorescence = (raw.squares[name][0].numpy() for name in ("white", "fluorescence"))
    tiles = [outlined(white, lesion), outlined(fluorescence, lesion)]
    for method in methods:
        plane = enlarged(judge.maps(inputs, method, target_of(rank), shares)[FUSED], judge.size)
        tiles.append(outlined(_heated(white, plane), lesion, plane))
    words = f"{judge.grades(case, rank)} w {shares.get('white', 0):.2f}"
    cv2.putText(tiles[0], words, (4, 216), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255,) * 3, 1)
    return np.concatenate(tiles, axis=1)


def _heated(white: Pixels, plane: Plane) -> Pixels:
    grey = np.repeat(white.mean(axis=2, keepdims=True), 3, axis=2)
    values = np.nan_to_num(plane / max(float(np.nanmax(plane)), 1e-9))
    colours = cv2.applyColorMap((255 * values.clip(0, 1)).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    return (0.45 * grey + 0.55 * colours).astype(np.uint8)


def outlined(picture: Pixels, lesion: Mask, plane: Plane | None = None) -> Pixels:
    """A copy with the edge of the lesion, and a ring around the highest point of `plane`."""
    out = np.ascontiguousarray(picture)
    edges, _ = cv2.findContours(lesion.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(out, edges, -1, LINE, 1)
    if plane is not None and np.isfinite(plane).any():
        row, column = np.unravel_index(int(np.nanargmax(plane)), plane.shape)
        cv2.circle(out, (int(column), int(row)), 4, PEAK, 2)
    return out
