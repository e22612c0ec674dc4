"""Contours, the SCJ line and the brush, as they look on the stage."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.stage_drawings import thinned
from pfm_desktop.viewmodels.drawings import Drawn
from pfm_desktop.viewmodels.pair_view import Mode

WHITE, GLOW = Source.WHITE, Source.FLUORESCENCE
SQUARE = ((100.0, 80.0), (220.0, 80.0), (220.0, 200.0), (100.0, 200.0))
LESION = Drawn("a", WHITE, (SQUARE,), "lesion 1", "l1")
LINE = Drawn("j", WHITE, (((60.0, 240.0), (300.0, 240.0)),), "SCJ")


def change(one: object, other: object) -> np.ndarray:
    return np.abs(one.pixels.astype(int) - other.pixels.astype(int)).max(axis=2)


def test_a_contour_is_seen_in_both_pictures_the_tissue_within_stays_as_it_is(registered, look, spot) -> None:
    bare = look()
    registered.drawings.show((LESION, LINE))
    changed = change(look(), bare)
    for half in (changed[:, :500], changed[:, 504:]):
        assert half.max() > 80
    column, row = (round(v) for v in spot(220, 140))
    assert changed[row - 10 : row + 10, column - 3 : column + 4].max() > 80
    column, row = (round(v) for v in spot(160, 150))
    assert changed[row - 15 : row + 15, column - 15 : column + 15].max() == 0
    registered.drawings.show(())
    assert change(look(), bare).max() == 0


def test_what_is_kept_as_pixels_looks_as_what_is_drawn_anew(registered, look) -> None:
    registered.drawings.show((LESION, LINE))
    first = look()  # at a zoom that it was not painted at before
    assert change(look(), first).max() < 30


def test_the_chosen_one_is_thicker_not_only_of_another_colour(registered, look) -> None:
    bare = look()
    registered.drawings.show((LESION,))
    plain = np.count_nonzero(change(look(), bare))
    registered.draw.choose("a")
    assert np.count_nonzero(change(look(), bare)) > 1.2 * plain


def test_the_scj_line_is_dashed_and_open(registered, look, spot) -> None:
    registered.drawings.show((LINE,))
    column, row = (round(v) for v in spot(180, 240))
    bright = look().pixels[row - 1 : row + 1, column - 60 : column + 60].min(axis=2).max(axis=0)
    turns = np.count_nonzero(np.diff((bright > 100).astype(int)))
    assert turns >= 16, "120 pixels of a line in dashes of five"


def test_pixels_follow_zoom_pan_and_another_registration(registered, look, hand) -> None:
    registered.drawings.show((LESION,))
    look(), look()
    registered.commands.zoom(1.5)
    registered.commands.pan(20, 10)
    moved = look()
    assert change(look(), moved).max() < 30
    registered.drawings.place(registered.registration)
    assert np.count_nonzero(change(look(), moved) > 60) == 0


def test_a_brush_shows_its_ring_and_what_it_paints_and_only_while_it_is_in_hand(registered, look, spot, hand) -> None:
    bare = look()
    registered.tool = "brush"
    hand.move(spot(160, 140))
    ring = registered.draw.brush_radius(WHITE) * registered.arrangement.panes[0].lens.zoom
    x, y = (round(v) for v in spot(160, 140))
    seen = change(look(), bare)
    edge = seen[y - 2 : y + 3, round(x + ring) - 3 : round(x + ring) + 4]
    assert edge.max() > 60
    hand.press(spot(160, 140))
    hand.move(spot(200, 140))
    at = tuple(round(v) for v in spot(180, 140))
    assert change(look(), bare)[at[1], at[0]] > 20
    hand.key(Qt.Key.Key_Escape)
    registered.tool = "pan"
    registered.move_cursor(None)
    assert change(look(), bare).max() == 0


def test_a_brush_stroke_ends_with_its_radius_and_a_click_is_a_dab(registered, hand, spot) -> None:
    got: list[tuple[object, ...]] = []
    registered.brushed.connect(lambda *args: got.append(args))
    registered.tool = "brush"
    hand.click(spot(160, 140))
    registered.tool = "eraser"
    hand.drag(spot(100, 100), spot(200, 100))
    (dab, stroke) = got
    assert (dab[0], len(dab[1]), dab[3]) == (WHITE, 1, False)
    assert dab[2] == registered.draw.brush_radius(WHITE)
    assert (len(stroke[1]) > 1, stroke[3]) == (True, True)


def test_drawing_ends_where_the_pictures_change(registered, white, glow, hand, spot) -> None:
    registered.drawings.show((LESION,))
    registered.tool = "scj"
    hand.click(spot(100, 100))
    hand.click(spot(150, 140))
    assert len(registered.commands.corners) == 2
    registered.set_pair(white.copy(), glow, None)
    assert len(registered.commands.corners) == 0
    assert registered.drawings.given == ()


def test_a_line_is_thinned_to_what_can_be_told_apart_and_corners_stay() -> None:
    dense = np.column_stack([np.linspace(0, 100, 1001), np.zeros(1001)])
    few = thinned(dense, 2.0)
    assert 45 <= len(few) <= 55
    assert few[0].tolist() == [0, 0]
    assert few[-1].tolist() == [100, 0]
    square = np.array(SQUARE)
    assert thinned(square, 2.0).tolist() == square.tolist()
    assert len(thinned(square[:2], 2.0)) == 2


@pytest.mark.parametrize("mode", [Mode.BLEND, Mode.SWIPE, Mode.FLICKER, Mode.CHECKERBOARD])
def test_contours_are_seen_and_chosen_in_every_way_of_looking(registered, look, spot, hand, mode: Mode) -> None:
    registered.commands.set_mode(mode)
    bare = look()
    registered.drawings.show((LESION,))
    assert change(look(), bare).max() > 80
    hand.click(tuple(registered.arrangement.panes[0].lens.to_stage(160, 140)))
    assert registered.drawings.selected == "a"
    chosen: list[str] = []
    registered.drawing_removed.connect(chosen.append)
    hand.key(Qt.Key.Key_Delete)
    assert chosen == ["a"]
