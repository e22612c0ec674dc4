import math

import pytest

from pfm_desktop.domain.clock import arcs, clock_hour, quadrant


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


@pytest.mark.parametrize(
    ("dx", "dy", "hour", "words"),
    [
        (2, -10, 12, "anterior left"),
        (-2, -10, 12, "anterior right"),
        (10, -2, 3, "anterior left"),
        (10, 2, 3, "posterior left"),
        (2, 10, 6, "posterior left"),
        (-2, 10, 6, "posterior right"),
        (-10, 2, 9, "posterior right"),
        (-10, -2, 9, "anterior right"),
        (7, -7, 2, "anterior left"),
    ],
)
def test_the_quadrant_is_where_the_point_lies_also_near_12_3_6_and_9(dx: int, dy: int, hour: int, words: str) -> None:
    assert clock_hour(100 + dx, 200 + dy, 100, 200) == hour
    assert quadrant(100 + dx, 200 + dy, 100, 200) == words


@pytest.mark.parametrize(
    ("dx", "dy", "words"),
    [(0, -9, "anterior"), (9, 0, "left"), (0, 9, "posterior"), (-9, 0, "right"), (0, 0, "at the os")],
)
def test_no_side_is_named_on_the_border_of_two_quadrants(dx: int, dy: int, words: str) -> None:
    assert quadrant(100 + dx, 200 + dy, 100, 200) == words


def test_the_quadrant_takes_back_the_same_rotation_as_the_hour() -> None:
    assert clock_hour(110, 202, 100, 200, rotation_degrees=90) == 12
    assert quadrant(110, 198, 100, 200, rotation_degrees=90) == "anterior right"
    assert quadrant(110, 202, 100, 200, rotation_degrees=90) == "anterior left"


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ((), ""),
        ((3,), "3 o'clock"),
        ((1, 2), "1-2 o'clock"),
        ((11, 12, 1), "11-1 o'clock"),
        ((12, 6, 7, 1), "6-7, 12-1 o'clock"),
        (range(2, 13), "2-12 o'clock"),
        (range(1, 13), "all hours"),
    ],
)
def test_hours_that_follow_each_other_are_said_as_an_arc(hours: tuple[int, ...], said: str) -> None:
    assert arcs(hours) == said
