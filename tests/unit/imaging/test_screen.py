from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.imaging.screen import brightened, contrasted, reduced, screen_levels, through_green


def test_a_picture_and_its_halves_with_their_colours_in_the_order_of_the_screen() -> None:
    rgb = np.zeros((300, 1000, 3), np.uint8)
    rgb[:, :500] = (200, 100, 50)
    levels = screen_levels(rgb, smallest=400)
    assert [level.shape for level in levels] == [(300, 1000, 4), (150, 500, 4), (75, 250, 4)]
    for level in levels:
        assert level[10, 10].tolist() == [50, 100, 200, 255]
        assert level[10, -10].tolist() == [0, 0, 0, 255]


def test_halves_are_means_so_that_fine_lines_do_not_vanish() -> None:
    stripes = np.zeros((500, 500, 3), np.uint8)
    stripes[:, ::2] = 200
    assert abs(int(screen_levels(stripes, smallest=400)[1][100, 100, 0]) - 100) <= 1


def test_brightness_passes_through_the_table_and_the_picture_stays() -> None:
    table, given = np.arange(256, dtype=np.uint8)[::-1].copy(), np.full((8, 8, 3), 10, np.uint8)
    assert brightened(given, table)[0, 0].tolist() == [245, 245, 245]
    assert given[0, 0].tolist() == [10, 10, 10]


def test_red_is_dark_through_green_and_what_is_seen_is_green() -> None:
    red, pale = np.full((4, 4, 3), (200, 20, 20), np.uint8), np.full((4, 4, 3), (200, 180, 170), np.uint8)
    assert through_green(red)[0, 0].tolist() == [5, 20, 5]
    assert through_green(pale)[0, 0].tolist() == [45, 180, 45]


def test_more_contrast_spreads_lightness_where_it_is_narrow_and_keeps_the_hue() -> None:
    rng = np.random.default_rng(3)
    grey = np.repeat(rng.integers(118, 138, (256, 256, 1), dtype=np.uint8), 3, axis=2)
    spread = contrasted(grey)
    assert spread.std() > 1.5 * grey.std()
    assert np.ptp(spread.astype(int), axis=2).max() <= 3
    assert contrasted(grey[:1, :5]).shape == (1, 5, 3)


def test_a_picture_of_one_pixel_is_no_error() -> None:
    assert [level.shape for level in screen_levels(np.zeros((1, 900, 3), np.uint8), smallest=400)] == [
        (1, 900, 4), (1, 450, 4), (1, 225, 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(1080, 1920, (63, 112)), (900, 100, (84, 9)), (84, 112, (84, 112)), (9, 9, (84, 84))],
)
def test_a_reduced_picture_fits_with_its_aspect_kept(height: int, width: int, expected: tuple[int, int]) -> None:
    small = reduced(np.full((height, width, 3), 77, np.uint8), 112, 84)
    assert small.shape == (*expected, 3)
    assert (small == 77).all()


def test_a_line_of_pixels_is_still_a_picture_when_reduced() -> None:
    assert reduced(np.zeros((1, 5000, 3), np.uint8), 112, 84).shape == (1, 112, 3)


def test_reducing_averages_what_lies_under_a_pixel() -> None:
    checks = np.indices((200, 200)).sum(axis=0) % 2 * 200
    small = reduced(np.repeat(checks[:, :, None], 3, axis=2).astype(np.uint8), 50, 50)
    assert (np.abs(small.astype(int) - 100) <= 1).all()
