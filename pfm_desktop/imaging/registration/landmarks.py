"""Registration by hand: points that a person paired."""

from __future__ import annotations

import numpy as np

from pfm_desktop.domain.geometry import Matrix, Points
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.registration.result import Registration
from pfm_desktop.support.errors import BadInputError

CHECK_ABOVE = 0.01  # median residual, as a share of the fluorescence picture's longer side


def from_points(
    white: Points,
    fluorescence: Points,
    *,
    white_size: tuple[int, int],
    fluorescence_size: tuple[int, int],
) -> Registration:
    """Registration from N x 2 paired points (pixels, x then y); sizes are (width, height).

    One point gives a shift, two a similarity, three and more the affine map of least squares. Raises `BadInputError`
    when there are none, when they do not pair, or when they lie on top of each other or on one line.
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
    residuals = np.linalg.norm(white @ matrix[:2, :2].T + matrix[:2, 2] - fluorescence, axis=1)
    error = float(np.median(residuals))
    fine = len(white) >= 3 and error <= CHECK_ABOVE * max(fluorescence_size)
    return Registration(
        RegistrationStatus.OK if fine else RegistrationStatus.CHECK,
        error,
        matrix,
        np.zeros((2, 2, 2), np.float32),
        white_size,
        fluorescence_size,
        reason="" if fine else "placed by hand: look whether the tissue fits",
        by_hand=True,
        residuals=tuple(float(value) for value in residuals),
    )


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
