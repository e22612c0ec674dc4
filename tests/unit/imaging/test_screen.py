from __future__ import annotations

import numpy as np

from pfm_desktop.imaging.screen import screen_levels


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


def test_brightness_passes_through_the_table() -> None:
    table = np.arange(256, dtype=np.uint8)[::-1].copy()
    (level,) = screen_levels(np.full((8, 8, 3), 10, np.uint8), table, smallest=400)
    assert level[0, 0].tolist() == [245, 245, 245, 255]


def test_a_picture_of_one_pixel_is_no_error() -> None:
    assert [level.shape for level in screen_levels(np.zeros((1, 900, 3), np.uint8), smallest=400)] == [
        (1, 900, 4), (1, 450, 4), (1, 225, 4),
    ]  # fmt: skip
