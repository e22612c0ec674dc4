"""Millimetres a pixel, by two points or by a board of squares."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.imaging.scale import Scale, checkerboard, scale_from_picture
from pfm_desktop.support.errors import BadInputError

Pixels = NDArray[np.uint8]
PLAIN: Pixels = np.full((270, 480, 3), 120, np.uint8)


def board(side: float, *, turn: float = 0.0, tilt: float = 0.0, size: tuple[int, int] = (640, 480)) -> Pixels:
    """9 x 7 squares of `side` pixels in the middle, turned by degrees, tilted by a share of perspective."""
    squares = np.indices((7, 9)).sum(axis=0) % 2
    flat = np.kron(squares, np.ones((20, 20))) * 190 + 30
    flat = np.pad(flat, 20, constant_values=220).astype(np.uint8)
    move = np.vstack([cv2.getRotationMatrix2D((109.5, 89.5), turn, side / 20), [0, 0, 1]])
    move[:2, 2] += np.array(size) / 2 - (110, 90)
    bend = np.eye(3)
    bend[2, 0] = tilt / size[0]
    drawn = cv2.warpPerspective(flat, bend @ move, size, borderValue=150, flags=cv2.INTER_AREA)
    noisy = cv2.GaussianBlur(drawn, (0, 0), 0.8) + np.random.default_rng(2).normal(0, 3, drawn.shape)
    return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def test_two_points_and_what_lies_between_them() -> None:
    assert scale_from_picture(PLAIN, ((10.0, 20.0), (40.0, 60.0)), 10.0) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("points", "mm", "said"),
    [
        (((0.0, 0.0), (5.0, 5.0)), 10.0, "pixels apart"),
        (((0.0, 0.0), (900.0, 5.0)), 10.0, "outside"),
        (((-8.0, 0.0), (100.0, 5.0)), 10.0, "outside"),
        (((0.0, float("nan")), (100.0, 5.0)), 10.0, "two points"),
        (((0.0, 0.0), (100.0, 0.0)), 0.0, "no length"),
        (((0.0, 0.0), (100.0, 0.0)), -3.0, "no length"),
        (((0.0, 0.0), (100.0, 0.0)), float("inf"), "no length"),
        (((0.0, 0.0), (100.0, 0.0)), 1e6, "no colposcope"),
        (((0.0, 0.0), (100.0, 0.0)), 1e-4, "no colposcope"),
    ],
)
def test_a_scale_that_cannot_be_is_refused(
    points: tuple[tuple[float, float], tuple[float, float]], mm: float, said: str
) -> None:
    with pytest.raises(BadInputError, match=said):
        scale_from_picture(PLAIN, points, mm)


@pytest.mark.parametrize("turn", [0.0, 20.0, 90.0])
@pytest.mark.parametrize("side", [24.0, 36.5])
def test_a_board_is_found_by_itself_however_it_is_turned(side: float, turn: float) -> None:
    found = checkerboard(board(side, turn=turn), 2.0)
    assert isinstance(found, Scale)
    assert found.mm_per_px == pytest.approx(2.0 / side, rel=0.005)
    assert sorted(found.squares) == [7, 9]
    assert found.size == (640, 480)
    assert found.spread < 0.05


def test_a_large_picture_is_measured_in_its_own_pixels() -> None:
    found = checkerboard(board(120.0, size=(2400, 1800)), 5.0)
    assert found.mm_per_px == pytest.approx(5.0 / 120.0, rel=0.005)
    assert found.size == (2400, 1800)


def test_a_board_that_lies_aslant_is_refused() -> None:
    with pytest.raises(BadInputError, match="aslant"):
        checkerboard(board(36.0, tilt=0.25), 2.0)


@pytest.mark.parametrize("shape", [(270, 480), (1, 1), (3, 900), (21, 21)])
def test_where_there_is_no_board_that_is_said(shape: tuple[int, int]) -> None:
    with pytest.raises(BadInputError, match="no board"):
        checkerboard(np.full((*shape, 3), 120, np.uint8), 2.0)


def test_noise_is_no_board() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    with pytest.raises(BadInputError, match="no board"):
        checkerboard(noise, 2.0)


@pytest.mark.parametrize("mm", [0.0, float("nan"), -1.0])
def test_squares_without_a_size_are_refused(mm: float) -> None:
    with pytest.raises(BadInputError, match="no length"):
        checkerboard(board(30.0), mm)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(BadInputError):
        checkerboard(np.zeros((20, 20), np.uint8), 2.0)
