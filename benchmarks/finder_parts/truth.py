"""Phantoms with what they show and where, in both pictures: what the finder learns from and is judged on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.phantom import Defect, Phantom, render
from pfm_desktop.imaging.phantom.defects import swab
from pfm_desktop.jobs import Context
from pfm_desktop.support.threads import worker_threads

Pixels = NDArray[np.uint8]
CERVIX, SPECULUM, FILM, KNOWN, SWAB = 1, 2, 4, 8, 16  # bits of a cell
HALF = 0.5
SOME = 0.05  # share of the pictures with each fault of light or focus
OF_THE_VIEW = {Defect.OBSTRUCTED: 0.14, Defect.NO_CERVIX: 0.12, Defect.OFF_CENTRE: 0.15}
OF_THE_LIGHT = (
    Defect.WHITE_OUT_OF_FOCUS,
    Defect.FLUORESCENCE_OUT_OF_FOCUS,
    Defect.WHITE_TOO_DARK,
    Defect.FLUORESCENCE_TOO_DARK,
    Defect.WHITE_OVEREXPOSED,
    Defect.FLUORESCENCE_OVEREXPOSED,
)
CHUNK = 25


@dataclass(frozen=True, eq=False)
class Truth:
    """A pair: `pictures` 2 x S x S x 3 uint8 RGB (white light, fluorescence), `bits` 2 x S x S, `os` 2 x 2 (x, y in
    each picture; NaN where there is no cervix). Of many pairs, N before each."""

    pictures: Pixels
    bits: Pixels
    os: NDArray[np.float32]


def truth_of(phantom: Phantom, seed: int, defects: frozenset[Defect]) -> Truth:
    """What a phantom drawn with these arguments shows. What the fluorescence picture shows beyond the white-light one
    is not known."""
    size = len(phantom.white)
    white = (phantom.cervix * CERVIX + phantom.speculum * SPECULUM + phantom.film * FILM + KNOWN).astype(np.uint8)
    back = phantom.fluorescence_to_white
    glow = cv2.remap(white, back[..., 0], back[..., 1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    if Defect.OBSTRUCTED in defects:  # before both cameras alike
        white, glow = (bits | ((swab(seed, size) > HALF) * SWAB).astype(np.uint8) for bits in (white, glow))
    spots = np.full((2, 2), np.nan, np.float32)
    if Defect.NO_CERVIX not in defects:
        spots[0], spots[1] = phantom.os, _mapped(phantom.white_to_fluorescence, phantom.os)
    return Truth(np.stack([phantom.white, phantom.fluorescence]), np.stack([white, np.asarray(glow, np.uint8)]), spots)


def diameter_of(phantom: Phantom) -> float:
    """Of the whole cervix, in pixels."""
    patient: dict[str, float] = phantom.drawn["patient"]  # type: ignore[assignment]
    return 2 * float(patient["radius_mm"]) / float(phantom.drawn["mm_per_px"])  # type: ignore[arg-type]


def drawn(ctx: Context, work: Path, seed: int, count: int, size: int) -> Truth:
    """Phantoms of seeds from `seed`, some with faults, drawn once and kept in `work`; goes on where it was stopped."""
    folder = work / f"truth-{seed}-{count}-{size}"
    folder.mkdir(parents=True, exist_ok=True)
    chunks = [range(first, min(first + CHUNK, seed + count)) for first in range(seed, seed + count, CHUNK)]
    missing = [chunk for chunk in chunks if not (folder / f"{chunk.start}.npz").is_file()]
    with ProcessPoolExecutor(worker_threads()) as pool:
        for number, _ in enumerate(pool.map(partial(_draw_chunk, folder, size), missing)):
            ctx.progress(number + 1, len(missing), "Drawing phantoms")
    parts = [np.load(folder / f"{chunk.start}.npz") for chunk in chunks]
    return Truth(*(np.concatenate([part[name] for part in parts]) for name in ("pictures", "bits", "os")))


def faults_of(seed: int) -> frozenset[Defect]:
    """The faults that a training phantom is drawn with."""
    random = np.random.default_rng([3, seed])
    view, light = random.random(), random.random(len(OF_THE_LIGHT))
    found = {fault for fault, drawn in zip(OF_THE_LIGHT, light, strict=True) if drawn < SOME}
    for fault, share in OF_THE_VIEW.items():
        if 0 <= view < share:
            found.add(fault)
        view -= share
    return frozenset(found)


def _draw_chunk(folder: Path, size: int, seeds: Sequence[int]) -> None:
    made = []
    for seed in seeds:
        defects = faults_of(seed)
        made.append(truth_of(render(seed, size=size, defects=defects), seed, defects))
    unfinished = folder / f"{seeds[0]}.{os.getpid()}.npz"
    np.savez(
        unfinished,
        pictures=np.stack([one.pictures for one in made]),
        bits=np.stack([one.bits for one in made]),
        os=np.stack([one.os for one in made]),
        faults=np.array([json.dumps(sorted(faults_of(seed))) for seed in seeds]),
    )
    unfinished.replace(folder / f"{seeds[0]}.npz")


def _mapped(field: NDArray[np.float32], spot: tuple[float, float]) -> NDArray[np.float64]:
    """A point by a field (S x S x 2), beyond its edge by the affine map nearest to the field."""
    size, step = len(field), max(1, len(field) // 16)
    x, y = spot
    if 0 <= x <= size - 1 and 0 <= y <= size - 1:
        at = (np.array([[one]], np.float32) for one in (x, y))
        return np.asarray(cv2.remap(field, *at, cv2.INTER_LINEAR)[0, 0], np.float64)
    rows, columns = np.mgrid[0:size:step, 0:size:step]
    known = np.column_stack([columns.ravel(), rows.ravel(), np.ones(rows.size)])
    matrix = np.linalg.lstsq(known, field[::step, ::step].reshape(-1, 2), rcond=None)[0]
    return np.asarray(np.array([x, y, 1.0]) @ matrix, np.float64)
