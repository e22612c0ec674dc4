import math

import pytest

from pfm_desktop.domain.clock import clock_hour, quadrant


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
