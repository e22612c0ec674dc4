"""From two pictures to a registration with a status that follows from its own evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.registration import NO_STRUCTURE, PLACE_POINTS, TOO_NARROW, RegistrationStatus
from pfm_desktop.imaging.pixels import checked_pixels
from pfm_desktop.imaging.registration.affine import global_map
from pfm_desktop.imaging.registration.features import Structure, structure
from pfm_desktop.imaging.registration.flow import Nodes, bent, stretched
from pfm_desktop.imaging.registration.judge import Evidence, evidence, verdict
from pfm_desktop.imaging.registration.levels import Level, Matrix, draw, level_of
from pfm_desktop.imaging.registration.nodes import grid_shape
from pfm_desktop.imaging.registration.result import Registration, refused
from pfm_desktop.imaging.registration.shapes import difference_words
from pfm_desktop.jobs.context import Context
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

WORKING_SIDE = 512
SMALLEST_SIDE = 32
_LARGEST, _FARTHEST = 20.0, 1e6  # of a map between two sensors: times, pixels

Sizes = tuple[tuple[int, int], tuple[int, int]]  # width, height of white light and of fluorescence


def register(
    white: NDArray[np.uint8],
    fluorescence: NDArray[np.uint8],
    *,
    start: Matrix | None = None,
    ctx: Context | None = None,
) -> Registration:
    """Register two pictures of one cervix, each H x W x 3 uint8 RGB, sizes may differ.

    `start` (3 x 3, white-light pixels to fluorescence pixels) is a map that may be near, as that of another pair of the
    same device, whose two sensors may see very different fields; of a homography its affine part about the middle.
    Where nothing else is sure it is tried too, and is believed no more than any other.

    Coarse to fine: an affine map on contrast-free structure, then the stiffest smooth field that the structures
    allow, without folds. Deterministic. The status and `error_px` follow from how well the structures agree, over all
    and place by place, and from how much they leave open; pictures that cannot be registered come back `refused` with
    a reason, never with a wild map. Whether they are a pair is not asked: a picture and itself come back `ok`, with the
    identity, where `pfm register` and the window refuse the same picture twice (`imaging.quality.identical`). Raises
    `BadInputError` for arrays of another kind.
    """
    found, _ = examined(white, fluorescence, start=start, ctx=ctx)
    return found


def examined(
    white: NDArray[np.uint8],
    fluorescence: NDArray[np.uint8],
    *,
    start: Matrix | None = None,
    ctx: Context | None = None,
) -> tuple[Registration, Evidence | None]:
    """`register`, and the evidence the verdict was made from; None when there was nothing to compare."""
    white, fluorescence = checked_pixels(white, "white light"), checked_pixels(fluorescence, "fluorescence")
    sizes = (white.shape[1], white.shape[0]), (fluorescence.shape[1], fluorescence.shape[0])
    if min(*sizes[0], *sizes[1]) < SMALLEST_SIDE:
        return refused(f"a picture is smaller than {SMALLEST_SIDE} pixels", *sizes), None
    first, second = structure(white, side=WORKING_SIDE), structure(fluorescence, side=WORKING_SIDE)
    for none, one in zip(NO_STRUCTURE, (first, second), strict=True):
        if one.valid.mean() < 0.1 or float(one.planes[..., 0].std()) < 1e-3:
            return refused(none, *sizes), None
    shortest = min(*first.valid.shape, *second.valid.shape)
    if shortest < SMALLEST_SIDE:
        return refused(TOO_NARROW, *sizes), None
    levels = [level_of(first, second, factor) for factor in _factors(first)]
    _look(ctx)
    near = None
    if start is not None:
        near = second.to_working() @ start_map(start, sizes[0]) @ np.linalg.inv(first.to_working())
    matrix = global_map(first, second, levels, near)
    _look(ctx)
    nodes, spread = bent(levels[1:], matrix, grid_shape(*first.valid.shape))
    return _judged(_assembled(first, second, matrix, nodes, sizes), levels[-1], matrix, nodes, spread)


def start_map(matrix: object, size: tuple[int, int]) -> Matrix:
    """A map to start from as it is used: of a homography (3 x 3, white-light pixels to fluorescence pixels) the affine
    part about the middle of a white-light picture of `size` (width, height).

    Raises `BadInputError` for what is no such map, or none that two sensors can have.
    """
    remedy = tr("leave it out, or give another")
    try:
        given = np.array(matrix, np.float64)
    except (TypeError, ValueError):
        given = np.zeros(0)
    if given.shape != (3, 3) or not np.isfinite(given).all():
        raise BadInputError(tr("a map to start from is 3 x 3 numbers"), remedy=remedy)
    middle = np.array([(size[0] - 1) / 2, (size[1] - 1) / 2])
    x, y, w = given @ [*middle, 1.0]
    if abs(w) < 1e-9 or max(abs(x), abs(y)) > _FARTHEST * abs(w):
        raise BadInputError(tr("a map to start from puts the middle at infinity"), remedy=remedy)
    there = np.array([x, y]) / w
    slope = (given[:2, :2] - np.outer(there, given[2, :2])) / w
    sizes = np.linalg.svd(slope, compute_uv=False)
    if not 1 / _LARGEST < sizes.min() <= sizes.max() < _LARGEST:
        raise BadInputError(tr("a map to start from makes the picture vanish"), remedy=remedy)
    return np.vstack([np.column_stack([slope, there - slope @ middle]), [0.0, 0.0, 1.0]])


def _factors(white: Structure) -> tuple[int, int, int]:
    """How often the three levels are reduced; small pictures are not reduced at the end."""
    return (8, 4, 2) if max(white.valid.shape) > 320 and min(white.valid.shape) >= 128 else (4, 2, 1)


def _look(ctx: Context | None) -> None:
    if ctx is not None:
        ctx.check()


def _assembled(white: Structure, fluorescence: Structure, matrix: Matrix, nodes: Nodes, sizes: Sizes) -> Registration:
    whole = np.linalg.inv(fluorescence.to_working()) @ matrix @ white.to_working()
    scaled = (nodes * np.array([white.scale_x, white.scale_y])).astype(np.float32)
    return Registration(RegistrationStatus.CHECK, 0.0, whole, scaled, *sizes)


def _judged(
    result: Registration, level: Level, matrix: Matrix, nodes: Nodes, spread: NDArray[np.float64]
) -> tuple[Registration, Evidence]:
    height, width = level.x.shape
    drawn = draw(level, matrix, stretched(nodes, (width, height)) / np.float32(level.factor))
    found = evidence(level, drawn, spread, result.overlap)
    status, reason = verdict(found)
    if status is RegistrationStatus.REFUSED:
        sizes = result.white_size, result.fluorescence_size
        return refused(f"{reason}{difference_words(*sizes)}. {PLACE_POINTS}", *sizes), found
    # working pixels of white light to pixels of fluorescence
    scale = float(np.sqrt(abs(np.linalg.det(result.matrix[:2, :2])))) * result.white_size[0] / (width * level.factor)
    return replace(result, status=status, error_px=found.error * scale, reason=reason), found
