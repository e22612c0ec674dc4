"""Registration by hand: points that a person paired."""

from __future__ import annotations

import numpy as np

from pfm_desktop.domain.geometry import Matrix, Points
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.registration.result import Registration
from pfm_desktop.support.errors import BadInputError

CHECK_ABOVE = 0.01  # median error, as a share of the fluorescence picture's longer side
ENOUGH_TO_CHECK = 4  # up to three points always fit: their residuals say nothing


def from_points(
    white: Points,
    fluorescence: Points,
    *,
    white_size: tuple[int, int],
    fluorescence_size: tuple[int, int],
) -> Registration:
    """Registration from N x 2 paired points (pixels, x then y); sizes are (width, height).

    One point gives a shift, two a similarity, three and more the affine map of least squares. From four points on each
    is compared with where the others put it: the median is the error, and the status OK when it is small. With fewer,
    or when one point alone holds a direction, the error is not known and the status CHECK. Raises `BadInputError` when
    there are none, when they do not pair, or when they lie on top of each other or on one line.
    """
    white = np.asarray(white, dtype=np.float64).reshape(-1, 2)
    fluorescence = np.asarray(fluorescence, dtype=np.float64).reshape(-1, 2)
    if (
        len(white) == 0
        or len(white) != len(fluorescence)
        or not np.isfinite([*white.ravel(), *fluorescence.ravel()]).all()
    ):
        raise BadInputError("points must come in pairs, one in each picture", remedy="place at least one pair")
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
_UNKNOWN = "error not known: up to 3 points always fit, so look whether the tissue fits or add points"


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
    if len(white) == 1:
        dx, dy = (fluorescence - white)[0]
        return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1.0]])
    if len(white) == 2:
        (zx, zy), (wx, wy) = white[1] - white[0], fluorescence[1] - fluorescence[0]
        length = zx * zx + zy * zy
        if length < 1e-6 or wx * wx + wy * wy < 1e-6:
            raise _coincide()
        a, b = (wx * zx + wy * zy) / length, (wy * zx - wx * zy) / length
        linear = np.array([[a, -b], [b, a]])
        return _with_shift(linear, fluorescence[0] - linear @ white[0])
    centred = white - white.mean(axis=0)
    sizes = np.linalg.svd(centred, compute_uv=False)
    if sizes[1] < 1e-3 * max(sizes[0], 1.0):
        raise _coincide()
    solved, *_ = np.linalg.lstsq(np.column_stack([white, np.ones(len(white))]), fluorescence, rcond=None)
    if abs(np.linalg.det(solved[:2].T)) < 1e-6:
        raise _coincide()
    return _with_shift(np.asarray(solved[:2].T, dtype=np.float64), np.asarray(solved[2], dtype=np.float64))


def _with_shift(linear: Matrix, shift: Points) -> Matrix:
    return np.array([[*linear[0], shift[0]], [*linear[1], shift[1]], [0, 0, 1.0]])


def _coincide() -> BadInputError:
    return BadInputError("the points lie on top of each other or on one line", remedy="spread them over the cervix")
