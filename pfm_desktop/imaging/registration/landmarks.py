"""Registration by hand: points that a person paired."""

from __future__ import annotations

import numpy as np

from pfm_desktop.domain.geometry import Matrix, Points
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.registration.result import Registration
from pfm_desktop.support.errors import BadInputError

CHECK_ABOVE = 0.01  # median error, as a share of the fluorescence picture's longer side
ENOUGH = 3  # with fewer, one click decides where everything lies
ENOUGH_TO_CHECK = 4  # three points always fit: their residuals say nothing


def from_points(
    white: Points,
    fluorescence: Points,
    *,
    white_size: tuple[int, int],
    fluorescence_size: tuple[int, int],
) -> Registration:
    """Registration from N x 2 paired points (pixels, x then y); sizes are (width, height).

    The affine map of least squares. From four points on each is compared with where the others put it: the median is
    the error, and the status OK when it is small. With three, or when one point alone holds a direction, the error is
    not known and the status CHECK. Raises `BadInputError` when there are fewer than three, when they do not pair, or
    when they lie on top of each other or on one line.
    """
    white = np.asarray(white, dtype=np.float64).reshape(-1, 2)
    fluorescence = np.asarray(fluorescence, dtype=np.float64).reshape(-1, 2)
    if len(white) != len(fluorescence) or not np.isfinite([*white.ravel(), *fluorescence.ravel()]).all():
        raise BadInputError("points must come in pairs, one in each picture", remedy="place three or more pairs")
    if len(white) < ENOUGH:
        raise BadInputError("fewer than three pairs of points do not register pictures", remedy="place three or more")
    matrix = _fitted(white, fluorescence)
    residuals = _left_out(white, fluorescence, matrix)
    known = bool(np.isfinite(residuals).all())
    error = float(np.median(residuals)) if known else None
    fine = error is not None and error <= CHECK_ABOVE * max(fluorescence_size)
    return Registration(
        RegistrationStatus.OK if fine else RegistrationStatus.CHECK,
        error,
        matrix,
        np.zeros((2, 2, 2), np.float32),
        white_size,
        fluorescence_size,
        reason="" if fine else _DOUBTS if known else _UNKNOWN,
        by_hand=True,
        residuals=tuple(float(value) for value in residuals),
    )


_DOUBTS = "the points do not fit each other well: look whether the tissue fits"
_UNKNOWN = "error not known: 3 points always fit, so look whether the tissue fits or add points"


def _left_out(white: Points, fluorescence: Points, matrix: Matrix) -> Points:
    """How far each point lies from where the others alone would put it, N pixels; inf where they could not."""
    if len(white) < ENOUGH_TO_CHECK:
        return np.full(len(white), np.inf)
    residuals = np.linalg.norm(white @ matrix[:2, :2].T + matrix[:2, 2] - fluorescence, axis=1)
    # of least squares: the error of a point left out is its residual over one less its leverage
    basis, _ = np.linalg.qr(np.column_stack([white - white.mean(axis=0), np.ones(len(white))]))
    free = 1 - (basis * basis).sum(axis=1)
    return np.asarray(np.where(free > 1e-6, residuals / np.maximum(free, 1e-6), np.inf), dtype=np.float64)


def _fitted(white: Points, fluorescence: Points) -> Matrix:
    centred = white - white.mean(axis=0)
    sizes = np.linalg.svd(centred, compute_uv=False)
    if sizes[1] < 1e-3 * max(sizes[0], 1.0):
        raise _coincide()
    solved, *_ = np.linalg.lstsq(np.column_stack([white, np.ones(len(white))]), fluorescence, rcond=None)
    if abs(np.linalg.det(solved[:2].T)) < 1e-6:
        raise _coincide()
    return np.array([[*solved[:, 0]], [*solved[:, 1]], [0, 0, 1.0]])


def _coincide() -> BadInputError:
    return BadInputError("the points lie on top of each other or on one line", remedy="spread them over the cervix")
