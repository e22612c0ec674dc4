"""Registration by hand: points that a person paired.

The more pairs, the more the map may do, so that no click decides more than it can: one pair shifts the picture, two
give a similarity, three to five an affine map of least squares, six or more bend it by a thin-plate spline (Bookstein
1989), smoothed by what clicks are off.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.geometry import Matrix, Points
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.registration.flow import jacobian, without_folds
from pfm_desktop.imaging.registration.result import Registration
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

CHECK_ABOVE = 0.01  # median error, as a share of the fluorescence picture's longer side
AFFINE, BENDS = 3, 6  # pairs from which on the map is affine, and a spline
ENOUGH_TO_CHECK = 4  # three points always fit: their residuals say nothing
NODES = 33  # of the grid that keeps a bent map, along the longer side
SMOOTHING = 0.01  # of the spline, in units of the longer side: clicks are a pixel or two off
Nodes = NDArray[np.float64]
Size = tuple[int, int]


def from_points(white: Points, fluorescence: Points, *, white_size: Size, fluorescence_size: Size) -> Registration:
    """Registration from N x 2 paired points (pixels, x then y); sizes are (width, height).

    From four pairs on each point is compared with where the others put it: the median is the error, and the status OK
    when it is small. With fewer, or when one point alone holds a direction, the error is not known and the status
    CHECK; also where the points would fold the picture, which is straightened then. Raises `BadInputError` for no pair,
    points that do not pair, or that lie on top of each other or on one line.
    """
    white = np.asarray(white, dtype=np.float64).reshape(-1, 2)
    fluorescence = np.asarray(fluorescence, dtype=np.float64).reshape(-1, 2)
    if len(white) != len(fluorescence) or not np.isfinite([*white.ravel(), *fluorescence.ravel()]).all():
        raise BadInputError(
            tr("points must come in pairs, one in each picture"), remedy=tr("place the missing partner")
        )
    if not len(white):
        raise BadInputError(tr("there is no pair of points"), remedy=tr("place one spot in both pictures"))
    matrix = _fitted(white, fluorescence, white_size, fluorescence_size)
    nodes, folded = np.zeros((2, 2, 2)), False
    if len(white) >= BENDS:
        nodes, folded = _bent(white, fluorescence, matrix, white_size)
    residuals = _left_out(white, fluorescence, matrix, white_size)
    error = float(np.median(residuals)) if np.isfinite(residuals).all() else None
    fine = error is not None and error <= CHECK_ABOVE * max(fluorescence_size) and not folded
    return Registration(
        RegistrationStatus.OK if fine else RegistrationStatus.CHECK,
        error,
        matrix,
        nodes.astype(np.float32),
        white_size,
        fluorescence_size,
        reason="" if fine else _why(len(white), error, folded),
        by_hand=True,
        residuals=tuple(float(value) for value in residuals),
    )


_KINDS = {1: "1 point only shifts the picture", 2: "2 points only shift, turn and scale", 3: "3 points always fit"}


def _why(count: int, error: float | None, folded: bool) -> str:
    if folded:
        return "the points fold the picture: one of them may lie wrong, so look whether the tissue fits"
    if error is not None:
        return "the points do not fit each other well: look whether the tissue fits"
    return f"error not known: {_KINDS.get(count, _KINDS[3])}, so look whether the tissue fits or add points"


def _left_out(white: Points, fluorescence: Points, matrix: Matrix, white_size: Size) -> Points:
    """How far each point lies from where the others alone would put it, N pixels; inf where they could not."""
    count = len(white)
    if count < ENOUGH_TO_CHECK:
        return np.full(count, np.inf)
    if count <= BENDS:  # the others are too few for a spline
        return _left_out_of_affine(white, fluorescence, matrix)
    found = []
    for one in range(count):
        others = np.arange(count) != one
        spline = _spline(white[others], fluorescence[others], white_size)
        found.append(float(np.linalg.norm(spline(white[[one]])[0] - fluorescence[one])))
    return np.array(found)


def _left_out_of_affine(white: Points, fluorescence: Points, matrix: Matrix) -> Points:
    straight, *_ = np.linalg.lstsq(_basis(white), fluorescence, rcond=None)
    residuals = np.linalg.norm(_basis(white) @ straight - fluorescence, axis=1)
    # of least squares: the error of a point left out is its residual over one less its leverage
    basis, _ = np.linalg.qr(_basis(white - white.mean(axis=0)))
    free = 1 - (basis * basis).sum(axis=1)
    return np.asarray(np.where(free > 1e-6, residuals / np.maximum(free, 1e-6), np.inf), dtype=np.float64)


def _fitted(white: Points, fluorescence: Points, white_size: Size, fluorescence_size: Size) -> Matrix:
    """The map without bending."""
    if len(white) == 1:
        scale = max(fluorescence_size) / max(white_size)  # of two pictures of one field
        return _matrix(np.eye(2) * scale, fluorescence[0] - scale * white[0])
    if len(white) == 2:
        return _similar(white, fluorescence)
    if _on_one_line(white):
        raise _coincide()
    solved, *_ = np.linalg.lstsq(_basis(white), fluorescence, rcond=None)
    if abs(np.linalg.det(solved[:2].T)) < 1e-6:
        raise _coincide()
    return _matrix(np.asarray(solved[:2].T, np.float64), np.asarray(solved[2], np.float64))


def _similar(white: Points, fluorescence: Points) -> Matrix:
    """Shift, turn and scale that bring two points onto two others; no mirror."""
    (ax, ay), (bx, by) = white[1] - white[0], fluorescence[1] - fluorescence[0]
    square = ax * ax + ay * ay
    if square < 1 or bx * bx + by * by < 1:  # a pixel
        raise _coincide()
    cos, sin = (ax * bx + ay * by) / square, (ax * by - ay * bx) / square
    linear = np.array([[cos, -sin], [sin, cos]])
    return _matrix(linear, fluorescence[0] - linear @ white[0])


def _bent(white: Points, fluorescence: Points, matrix: Matrix, size: Size) -> tuple[Nodes, bool]:
    """The spline as `Registration.nodes`, and whether it folded and was straightened."""
    width, height = size
    columns = max(4, round(NODES * width / max(size)))
    rows = max(4, round(NODES * height / max(size)))
    x, y = np.meshgrid(np.linspace(0, width - 1, columns), np.linspace(0, height - 1, rows))
    at = np.column_stack([x.ravel(), y.ravel()])
    mapped = _spline(white, fluorescence, size)(at)
    nodes = ((mapped - matrix[:2, 2]) @ np.linalg.inv(matrix[:2, :2]).T - at).reshape(rows, columns, 2)
    spacing = (width - 1) / (columns - 1), (height - 1) / (rows - 1)
    straight = without_folds(nodes, spacing)
    return straight, bool((straight != nodes).any() or jacobian(straight, spacing).min() <= 0)


def _spline(white: Points, fluorescence: Points, size: Size) -> Callable[[Points], Points]:
    """N x 2 white-light pixels to fluorescence pixels.

    Written out: scipy's takes half a second to load, and this is asked while a person drags points.
    """
    if _on_one_line(white):
        raise _coincide()
    # in units of the longer side the bending energy does not hang on the size of the picture
    scale, count = max(size), len(white)
    placed = white / scale
    straight = _basis(placed)
    bending = _bending(placed, placed) + SMOOTHING * np.eye(count)
    system = np.block([[bending, straight], [straight.T, np.zeros((3, 3))]])
    solved = np.linalg.solve(system, np.concatenate((fluorescence, np.zeros((3, 2)))))
    return lambda points: np.asarray(
        _bending(points / scale, placed) @ solved[:count] + _basis(points / scale) @ solved[count:], dtype=np.float64
    )


def _bending(points: Points, placed: Points) -> NDArray[np.float64]:
    """N x M: r squared times log r, with r the distance of each point to each that was placed."""
    square = ((points[:, None] - placed[None]) ** 2).sum(axis=2)
    return np.asarray(0.5 * square * np.log(np.maximum(square, 1e-300)), dtype=np.float64)


def _basis(white: Points) -> NDArray[np.float64]:
    return np.column_stack([white, np.ones(len(white))])


def _matrix(linear: NDArray[np.float64], shift: NDArray[np.float64]) -> Matrix:
    return np.array([[*linear[0], shift[0]], [*linear[1], shift[1]], [0, 0, 1.0]])


def _on_one_line(white: Points) -> bool:
    sizes = np.linalg.svd(white - white.mean(axis=0), compute_uv=False)
    return bool(sizes[1] < 1e-3 * max(sizes[0], 1.0))


def _coincide() -> BadInputError:
    return BadInputError(
        tr("the points lie on top of each other or on one line"), remedy=tr("spread them over the cervix")
    )
