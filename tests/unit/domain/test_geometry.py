import math

import numpy as np
import pytest

from pfm_desktop.domain.geometry import FrameError, Transform2D, clock_hour, quadrant
from pfm_desktop.domain.source import Source


def shift(x: float, y: float) -> Transform2D:
    return Transform2D(Source.WHITE, Source.FLUORESCENCE, np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]]))


def test_a_white_light_point_cannot_be_used_on_the_fluorescence_picture_unnoticed() -> None:
    with pytest.raises(FrameError):
        shift(3, 4).inverse().apply(np.array([[1.0, 2.0]]), frame=Source.WHITE)


def test_a_point_goes_there_and_back() -> None:
    there = shift(3, 4)
    points = np.array([[1.0, 2.0], [30.5, -7.25]])
    back = there.inverse().apply(there.apply(points, frame=Source.WHITE), frame=Source.FLUORESCENCE)
    np.testing.assert_allclose(back, points, atol=1e-12)


def test_transforms_chain_only_where_their_frames_meet() -> None:
    there = shift(3, 4)
    np.testing.assert_allclose(there.then(there.inverse()).matrix, np.eye(3), atol=1e-12)
    with pytest.raises(FrameError):
        there.then(there)


@pytest.mark.parametrize(
    ("dx", "dy", "hour"),
    [(0, -10, 12), (10, 0, 3), (0, 10, 6), (-10, 0, 9), (5, -8.66, 1), (-5, -8.66, 11), (-0.1, -10, 12)],
)
def test_the_clock_is_read_as_the_examiner_sees_it(dx: float, dy: float, hour: int) -> None:
    assert clock_hour(100 + dx, 200 + dy, 100, 200) == hour


def test_a_rotated_camera_is_taken_back() -> None:
    # the camera turned clockwise by 90 degrees shows the true 12 o'clock at 3
    assert clock_hour(110, 200, 100, 200, rotation_degrees=90) == 12


def test_every_direction_has_exactly_one_hour_of_thirty_degrees() -> None:
    turns = [math.radians(d + 0.5) for d in range(360)]
    hours = [clock_hour(math.sin(turn), -math.cos(turn), 0, 0) for turn in turns]
    assert {hour: hours.count(hour) for hour in range(1, 13)} == dict.fromkeys(range(1, 13), 30)


def test_left_and_right_are_the_patients() -> None:
    assert [quadrant(hour) for hour in (1, 3, 6, 9, 11)] == [
        "anterior left",
        "posterior left",
        "posterior right",
        "anterior right",
        "anterior right",
    ]
