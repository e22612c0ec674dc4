"""From two pictures to a registration with a status that follows from its own evidence."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.registration.features import Structure, structure
from pfm_desktop.imaging.registration.flow import Flow, smooth_flow
from pfm_desktop.imaging.registration.intensity import Matrix, covered, global_map, warp
from pfm_desktop.imaging.registration.result import GRID_STEP, Registration, refused
from pfm_desktop.jobs.context import Context

WORKING_SIDE = 512
SMALLEST_SIDE = 32
PLACE_POINTS = "Place 3 points"

MINIMUM_OVERLAP = 0.35
REFUSE_BELOW = 0.22  # correlation of the structures under the global map
OK_ABOVE = 0.30
OK_CONSISTENT = 0.45  # share of supported pixels whose forward and backward flow agree within a working pixel
REFUSE_CONSISTENT = 0.25
OK_ERROR = 6.0  # working pixels


def register(white: NDArray[np.uint8], fluorescence: NDArray[np.uint8], *, ctx: Context | None = None) -> Registration:
    """Register two pictures of one cervix, each H x W x 3 uint8 RGB, sizes may differ.

    Coarse to fine: an affine map on contrast-free structure, then a smooth field without folds. Deterministic. The
    status and `error_px` follow from the agreement of the structures, from forward-backward consistency and from the
    overlap; pictures that cannot be registered come back `refused` with a reason, never with a wild map.
    """
    sizes = (white.shape[1], white.shape[0]), (fluorescence.shape[1], fluorescence.shape[0])
    if min(*sizes[0], *sizes[1]) < SMALLEST_SIDE:
        return refused(f"a picture is smaller than {SMALLEST_SIDE} pixels", *sizes)
    first, second = structure(white, side=WORKING_SIDE), structure(fluorescence, side=WORKING_SIDE)
    for name, one in (("white-light", first), ("fluorescence", second)):
        if one.valid.mean() < 0.1 or float(one.values.std()) < 1e-3:
            return refused(f"the {name} picture shows no structure", *sizes)
    if ctx is not None:
        ctx.check()
    matrix, agreed = global_map(first, second)
    if ctx is not None:
        ctx.check()
    height, width = first.values.shape
    seen = covered(matrix, first, second) & first.valid
    flow = smooth_flow(first.values, warp(second.values, matrix, (width, height)), seen)
    return _judged(_assembled(first, second, matrix, flow, sizes), flow, agreed, seen, second)


def _assembled(
    white: Structure,
    fluorescence: Structure,
    matrix: Matrix,
    flow: Flow,
    sizes: tuple[tuple[int, int], tuple[int, int]],
) -> Registration:
    whole = np.linalg.inv(fluorescence.to_working()) @ matrix @ white.to_working()
    height, width = white.values.shape
    columns, rows = max(2, width // GRID_STEP), max(2, height // GRID_STEP)
    # nodes span the picture corner to corner, as `Registration` reads them
    x, y = np.linspace(0, width - 1, columns, dtype=np.float32), np.linspace(0, height - 1, rows, dtype=np.float32)
    map_x, map_y = np.meshgrid(x, y)
    nodes = np.asarray(cv2.remap(flow.field, map_x, map_y, cv2.INTER_LINEAR), dtype=np.float32)
    nodes *= np.array([white.scale_x, white.scale_y], np.float32)
    return Registration(RegistrationStatus.CHECK, 0.0, whole, nodes, *sizes)


def _judged(
    result: Registration, flow: Flow, agreed: float, seen: NDArray[np.bool_], fluorescence: Structure
) -> Registration:
    supported = seen & (flow.support > 0.15)
    apart = flow.disagreement[supported] if supported.any() else np.array([99.0], np.float32)
    consistent = float((apart < 1.0).mean())
    scale = (fluorescence.scale_x + fluorescence.scale_y) / 2
    error = scale * (0.25 + 1.3 * float(np.median(apart)))
    overlap = result.overlap
    reason = ""
    status = RegistrationStatus.OK
    if overlap < MINIMUM_OVERLAP:
        status, reason = RegistrationStatus.REFUSED, "too little overlap"
    elif agreed < REFUSE_BELOW or consistent < REFUSE_CONSISTENT:
        status, reason = RegistrationStatus.REFUSED, "the pictures do not show the same structures"
    elif agreed < OK_ABOVE or consistent < OK_CONSISTENT or error > OK_ERROR * scale:
        status, reason = RegistrationStatus.CHECK, "the structures fit only in part"
    if status is RegistrationStatus.REFUSED:
        return refused(f"{reason}. {PLACE_POINTS}", result.white_size, result.fluorescence_size)
    return Registration(
        status, error, result.matrix, result.nodes, result.white_size, result.fluorescence_size, reason=reason
    )
