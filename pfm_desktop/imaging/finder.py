"""Finds the cervix, the external os, foreign bodies and what lies on the tissue, in white light and in fluorescence.

One small network for both sources, `resources/finder/finder.onnx`, run by OpenCV. `benchmarks/make_finder.py` makes it
from phantoms and free pictures, with the first blocks of EfficientNet-Lite0; no photograph of a patient is in it. What
it is worth: `docs/finder.md`.
"""

from __future__ import annotations

import hashlib
import threading
import tomllib
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.anatomy import Spot
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import resources_dir

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
FILE = "finder.onnx"
SIDE = 128  # pixels of a side that the network sees
GRID = 64  # cells of a side of its maps
FINE = 4  # times GRID at which masks are given
_POOLED, _PEAK = 2.5, 4  # cells: over which the share of an os is pooled, and about the best, whose mean is its place
_one_at_a_time = threading.Lock()  # a network of OpenCV keeps what it works on within itself


@dataclass(frozen=True, eq=False)
class Found:
    """What a picture shows. Masks are h x w over the whole picture, the longer side GRID * FINE cells.

    `present` (0..1) how surely there is a cervix at all; `turned` (0..1) how surely it lies on its side; `os` x and y
    in shares of the picture (0..1 within it) and `os_sure` (0..1), the share of all that speaks for an os which lies
    there.
    """

    present: float
    turned: float
    cervix: Mask
    foreign: Mask
    film: Mask
    os: Spot
    os_sure: float


def find(pixels: Pixels) -> Found:
    """Look at a picture (H x W x 3 uint8 RGB). Raises `ModelError` where the network's file is missing or damaged."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    maps, marks = _looked_at(square)
    cell = SIDE / (GRID * FINE)
    rows, columns = (slice(round(at / cell), round((at + n) / cell)) for at, n in ((top, size[1]), (left, size[0])))
    cervix, foreign, film = (_mask(maps[number])[rows, columns] for number in (0, 2, 3))
    (x, y), sure = _peak(maps[1])
    # the middle of cell 0 lies at half a cell
    spot = [((at + 0.5) * SIDE / GRID - before) / part for at, before, part in ((x, left, size[0]), (y, top, size[1]))]
    present, turned = (float(1 / (1 + np.exp(-mark))) for mark in marks)
    return Found(present, turned, cervix, foreign, film, (float(spot[0]), float(spot[1])), sure)


def _looked_at(square: Pixels) -> tuple[Plane, Plane]:
    """Maps (4 x GRID x GRID: cervix, os, foreign body, film) and marks (cervix there, turned), as logits."""
    blob = cv2.dnn.blobFromImage(square, 1 / 255)
    with _one_at_a_time:
        network = _network()
        network.setInput(blob)
        maps, marks = network.forward(["maps", "marks"])
        return np.array(maps[0]), np.array(marks[0])


@cache
def _network() -> cv2.dnn.Net:
    folder = resources_dir() / "finder"
    try:
        data = (folder / FILE).read_bytes()
        facts = tomllib.loads((folder / "finder.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _damaged(tr("what finds the cervix cannot be read: {error}", error=error)) from error
    if hashlib.sha256(data).hexdigest() != facts.get("sha256"):
        raise _damaged(tr("what finds the cervix is not what was shipped"))
    try:
        return cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
    except cv2.error as error:  # a version of OpenCV that this was not tried with
        raise _damaged(tr("what finds the cervix cannot be used by this OpenCV")) from error


def _mask(logits: Plane) -> Mask:
    side = GRID * FINE
    return np.asarray(cv2.resize(logits, (side, side), interpolation=cv2.INTER_LINEAR) > 0)


def _peak(logits: Plane) -> tuple[Spot, float]:
    """Where most of the share of an os lies, to a part of a cell, and how much of all that is."""
    share = np.exp(logits - logits.max())
    share /= share.sum()
    # not its highest cell: a slit is long, and each of its ends may be the sharpest thing in the picture
    about = cv2.GaussianBlur(share, (0, 0), _POOLED, borderType=cv2.BORDER_CONSTANT)
    row, column = np.unravel_index(int(about.argmax()), share.shape)
    rows, columns = (slice(max(0, int(at) - _PEAK), int(at) + _PEAK + 1) for at in (row, column))
    near = share[rows, columns]
    y, x = np.mgrid[rows.start : rows.start + near.shape[0], columns.start : columns.start + near.shape[1]]
    total = float(near.sum())
    return (float((near * x).sum()) / total, float((near * y).sum()) / total), total


def _damaged(what: str) -> ModelError:
    return ModelError(
        what,
        safe=tr("pictures and library are not touched"),
        remedy=tr("the program itself is damaged: install it again"),
    )
