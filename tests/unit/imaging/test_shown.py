"""A live frame as the screen shows it: the part, the size, the green filter and ghosts."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.imaging import shown

FRAME = np.random.default_rng(7).integers(0, 255, (90, 160, 3), dtype=np.uint8)


@pytest.mark.parametrize("view", [(160, 90), (50, 400), (400, 50), (1, 1), (3, 1000)])
@pytest.mark.parametrize("zoom", [0.1, 1.0, 2.5, 100.0])
@pytest.mark.parametrize("centre", [(0.5, 0.5), (0.0, 0.0), (1.0, 1.0), (-3.0, 7.0)])
def test_the_part_that_is_shown_lies_within_the_frame_and_is_drawn_within_the_view(
    view: tuple[int, int], zoom: float, centre: tuple[float, float]
) -> None:
    box = shown.box_of(160, 90, view, zoom=zoom, centre=centre)
    left, top, right, bottom = box
    assert 0 <= left < right <= 160 + 1e-9
    assert 0 <= top < bottom <= 90 + 1e-9
    drawn = shown.drawn(FRAME, view, box=box)
    assert drawn.dtype == np.uint8
    assert drawn.shape[0] <= view[1]
    assert drawn.shape[1] <= view[0]


def test_without_zoom_all_of_the_frame_is_shown_as_it_is() -> None:
    box = shown.box_of(160, 90, (160, 90), zoom=1.0, centre=(0.2, 0.9))
    assert box == (0.0, 0.0, 160.0, 90.0)
    assert (shown.drawn(FRAME, (160, 90), box=box) == FRAME).all()


def test_the_green_filter_shows_the_green_light_alone_and_leaves_the_frame_as_it_is() -> None:
    before = FRAME.copy()
    green = shown.drawn(FRAME, (160, 90), box=(0, 0, 160, 90), green=True)
    assert (green[:, :, 1] == FRAME[:, :, 1]).all()
    assert (green[:, :, 0] == FRAME[:, :, 1] // 4).all()
    assert (before == FRAME).all()


def test_what_absorbs_green_is_dark_through_the_green_filter_and_black_and_white_stay_so() -> None:
    seen = np.array([[[200, 40, 60], [200, 160, 160], [0, 0, 0], [255, 255, 255]]], np.uint8)
    vessel, tissue, black, white = shown.drawn(seen, (4, 1), box=(0, 0, 4, 1), green=True)[0].astype(int)
    assert vessel[1] < 0.5 * tissue[1]
    assert tissue[1] > max(tissue[0], tissue[2])
    assert black.tolist() == [0, 0, 0]
    assert white[1] == 255


def test_an_earlier_picture_lies_in_the_middle_of_the_frame_as_large_as_fits() -> None:
    earlier = np.full((40, 40, 3), 200, np.uint8)
    ghost = shown.ghost(earlier, (160, 80))
    assert ghost.shape == (80, 160, 3)
    assert ghost[40, 80].tolist() == [200, 200, 200]
    assert ghost[:, :35].max() == 0
    moved = shown.ghost(earlier, (160, 80), matrix=np.array([[1.0, 0, 100], [0, 1, 20], [0, 0, 1]]))
    assert moved[40, 120].tolist() == [200, 200, 200]
    assert moved[40, 50].tolist() == [0, 0, 0]
