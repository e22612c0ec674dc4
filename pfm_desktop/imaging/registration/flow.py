"""The smooth part: how tissue bent between the two pictures, as the stiffest field that the structures allow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg, splu

from pfm_desktop.imaging.registration.levels import Field, Level, Matrix, draw
from pfm_desktop.imaging.registration.nodes import Terms, terms

BENDING, STRETCHING = 2.5, 0.03  # stiffness, in the units of `Terms`
ROUNDS = (4, 3)  # on the coarser level, on the finer
LARGEST_STEP = 6.0  # level pixels a round
FOLD_LIMIT = 0.35  # smallest Jacobian determinant let through
SLOPE_LIMIT = 0.65  # largest change of the displacement per pixel; below 1 the inverse is found by repetition
Nodes = NDArray[np.float64]  # rows x cols x 2, displacement in working pixels, corner to corner


def bent(levels: Sequence[Level], matrix: Matrix, shape: tuple[int, int]) -> tuple[Nodes, NDArray[np.float64]]:
    """Displacements u of white-light points, so that `matrix` (p + u) fits best, and their spread.

    `spread` (rows x cols, working pixels) is the standard deviation of u that the structures leave open; it grows
    where there is nothing to see. `levels` from coarse to fine.
    """
    nodes: Nodes = np.zeros((*shape, 2))
    system = stiffness(*shape)
    for level, rounds in zip(levels, ROUNDS, strict=True):
        height, width = level.x.shape
        for _ in range(rounds):
            field = stretched(nodes, (width, height)) / np.float32(level.factor)
            gathered = terms(level, draw(level, matrix, field), shape)
            system = (stiffness(*shape) + _blocks(gathered)).tocsr()
            wanted = gathered[..., 3:].ravel() - stiffness(*shape) @ nodes.ravel()
            limit = LARGEST_STEP * level.factor
            nodes = nodes + np.clip(_solved(system, wanted).reshape(nodes.shape), -limit, limit)
    return without_folds(nodes, _spacing(levels[-1], shape)), _spread(system, shape)


def stretched(nodes: NDArray[np.floating], size: tuple[int, int]) -> Field:
    """Corner-to-corner bilinear stretch of nodes to (width, height)."""
    rows, cols = nodes.shape[:2]
    x = np.tile(np.linspace(0, cols - 1, size[0], dtype=np.float32), (size[1], 1))
    y = np.tile(np.linspace(0, rows - 1, size[1], dtype=np.float32)[:, None], (1, size[0]))
    return np.asarray(cv2.remap(nodes.astype(np.float32), x, y, cv2.INTER_LINEAR), dtype=np.float32)


def without_folds(nodes: Nodes, spacing: tuple[float, float]) -> Nodes:
    """The nodes, damped until the field neither folds nor comes near it; `spacing` is pixels between them, x and y."""
    for _ in range(16):
        steepest = max(float(np.abs(slope).max()) for slope in _slopes(nodes, spacing))
        if float(jacobian(nodes, spacing).min()) > FOLD_LIMIT and steepest < SLOPE_LIMIT / 2:
            return nodes
        nodes = np.asarray(cv2.GaussianBlur(nodes, (0, 0), 1.0), dtype=np.float64) * 0.85
    return np.zeros_like(nodes)


def jacobian(nodes: Nodes, spacing: tuple[float, float]) -> NDArray[np.float64]:
    """Determinants of the derivative of p + u(p) at the corners of every cell; between them it lies between them."""
    along_x, along_y = _slopes(nodes, spacing)
    found = [
        (1 + x[..., 0]) * (1 + y[..., 1]) - x[..., 1] * y[..., 0]
        for x in (along_x[:-1], along_x[1:])
        for y in (along_y[:, :-1], along_y[:, 1:])
    ]
    return np.stack(found)


def _slopes(nodes: Nodes, spacing: tuple[float, float]) -> tuple[Nodes, Nodes]:
    return np.diff(nodes, axis=1) / spacing[0], np.diff(nodes, axis=0) / spacing[1]


def _spacing(level: Level, shape: tuple[int, int]) -> tuple[float, float]:
    height, width = level.x.shape
    return (width * level.factor - 1) / (shape[1] - 1), (height * level.factor - 1) / (shape[0] - 1)


@lru_cache(maxsize=16)
def stiffness(rows: int, cols: int) -> sparse.csr_array:
    """The energy of bending and stretching of rows x cols nodes, as a matrix over x and y in turn."""
    parts = [
        (BENDING, sparse.kron(sparse.eye_array(rows), _second(cols))),
        (BENDING, sparse.kron(_second(rows), sparse.eye_array(cols))),
        (2 * BENDING, sparse.kron(_first(rows), _first(cols))),
        (STRETCHING, sparse.kron(sparse.eye_array(rows), _first(cols))),
        (STRETCHING, sparse.kron(_first(rows), sparse.eye_array(cols))),
    ]
    total = sparse.eye_array(rows * cols) * 1e-3
    for weight, part in parts:
        total = total + weight * (part.T @ part)
    return sparse.kron(total, sparse.eye_array(2)).tocsr()


def _first(count: int) -> sparse.dia_array:
    return sparse.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(count - 1, count))


def _second(count: int) -> sparse.dia_array:
    return sparse.diags_array([1.0, -2.0, 1.0], offsets=[0, 1, 2], shape=(count - 2, count))


def _blocks(gathered: Terms) -> sparse.dia_array:
    """The nodes' 2 x 2 matrices along the diagonal."""
    a_xx, a_xy, a_yy = (gathered[..., k].ravel() for k in range(3))
    straight = np.column_stack([a_xx, a_yy]).ravel()
    aside = np.column_stack([a_xy, np.zeros_like(a_xy)]).ravel()[:-1]
    return sparse.diags_array([aside, straight, aside], offsets=[-1, 0, 1])


def _solved(system: sparse.csr_array, wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    # conjugate gradients: dense LAPACK on threads is slower here by far when another process has the cores
    ready = 1 / system.diagonal()
    scaled = LinearOperator(system.shape, matvec=lambda v: ready * v.ravel(), dtype=np.float64)
    found, _ = cg(system, wanted, rtol=1e-3, maxiter=120, M=scaled)
    return np.asarray(found, dtype=np.float64)


def _spread(system: sparse.csr_array, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Standard deviation at every third node, from the inverse of the system, carried over the rest."""
    rows, cols = np.arange(1, shape[0] - 1, 3), np.arange(1, shape[1] - 1, 3)
    chosen = 2 * (rows[:, None] * shape[1] + cols[None, :]).ravel()
    at = np.arange(len(chosen))
    asked = np.zeros((system.shape[0], 2 * len(chosen)))
    asked[chosen, 2 * at] = 1
    asked[chosen + 1, 2 * at + 1] = 1
    solved = splu(system.tocsc()).solve(asked)
    variance = solved[chosen, 2 * at] + solved[chosen + 1, 2 * at + 1]
    small = np.sqrt(np.maximum(variance, 0)).reshape(len(rows), len(cols))
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float64)
