"""The scale of a device: measured, kept with it, and the same at another size of its frames."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.capture import calibration, config
from pfm_desktop.services.capture.config import DeviceConfig, Kind
from pfm_desktop.support.errors import BadInputError

GREY = np.full((360, 640, 3), 128, np.uint8)


def board(square: int = 30) -> np.ndarray:
    """Eight by six squares on a white ground."""
    made = np.full((360, 640, 3), 235, np.uint8)
    for row in range(6):
        for column in range(8):
            if (row + column) % 2:
                top, left = 60 + row * square, 120 + column * square
                made[top : top + square, left : left + square] = 20
    return made


def test_a_board_of_squares_gives_the_scale_and_how_far_from_square_it_lies() -> None:
    made = calibration.by_board(SilentContext(), board(), 5.0)
    assert made.mm_per_px == pytest.approx(5 / 30, rel=0.01)
    assert made.field_mm == pytest.approx(640 * 5 / 30, rel=0.01)
    assert made.spread is not None
    assert made.spread < 0.02
    assert len(made.points) == (made.squares[0] - 1) * (made.squares[1] - 1)


def test_a_picture_without_a_board_is_refused() -> None:
    with pytest.raises(BadInputError, match="no board of squares"):
        calibration.by_board(SilentContext(), GREY, 5.0)


def test_two_points_give_the_scale() -> None:
    made = calibration.by_points(GREY, ((100.0, 50.0), (400.0, 450.0 - 0.0 - 100.0)), 21.0)
    assert made.apart == pytest.approx(np.hypot(300, 300))
    assert made.mm_per_px == pytest.approx(21 / np.hypot(300, 300))
    assert made.spread is None


def test_it_is_kept_with_the_device_and_holds_for_another_size_by_ratio() -> None:
    config.save(DeviceConfig(name="Cam", kind=Kind.ONE, camera="usb:0"))
    calibration.keep(calibration.by_points(GREY, ((0.0, 0.0), (100.0, 0.0)), 10.0))
    kept = config.load()
    assert (kept.name, kept.camera) == ("Cam", "usb:0")
    height, width = GREY.shape[:2]
    assert kept.mm_at(width, height) == pytest.approx(0.1)
    assert kept.mm_at(2 * width, 2 * height) == pytest.approx(0.05)
