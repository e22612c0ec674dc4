"""Putting pictures together."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.imaging.compose import (
    SURROUND,
    Mark,
    Outline,
    fit,
    heat_over,
    inferno,
    side_by_side,
    spread,
    with_banner,
    with_legend,
    with_marks,
    with_outlines,
)


def grey(height: int = 120, width: int = 200, shade: int = 128) -> np.ndarray:
    return np.full((height, width, 3), shade, np.uint8)


def hot_spot() -> np.ndarray:
    values = np.zeros((12, 20), np.float32)
    values[4:8, 12:16] = 1
    return values


def test_the_colour_map_grows_lighter_all_the_way() -> None:
    luminance = inferno() @ np.array([0.2126, 0.7152, 0.0722])
    assert inferno().shape == (256, 3)
    assert (np.diff(luminance) > -1.0).all()
    assert luminance[-1] - luminance[0] > 200


def test_a_heatmap_colours_only_where_it_is_hot() -> None:
    mixed = heat_over(grey(), hot_spot())
    np.testing.assert_array_equal(mixed[:30], 128)
    middle = mixed[60, 140].astype(int)
    assert middle[0] - middle[2] > 20


def test_a_heatmap_without_opacity_leaves_the_picture() -> None:
    np.testing.assert_array_equal(heat_over(grey(), hot_spot(), opacity=0), grey())


def test_the_picture_shows_through_the_hottest_spot() -> None:
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 255, (120, 200, 3), dtype=np.uint8)
    mixed = heat_over(picture, np.ones((12, 20), np.float32))
    assert np.corrcoef(mixed[:, :, 1].ravel(), picture[:, :, 1].ravel())[0, 1] > 0.95


def test_where_the_engine_saw_nothing_the_picture_is_dimmed() -> None:
    values = hot_spot()
    values[:, :5] = np.nan
    mixed = heat_over(grey(), values)
    assert mixed[60, 5, 0] < 80
    assert mixed[60, 100, 0] == 128


def test_nothing_bleeds_over_the_edge_of_what_was_seen() -> None:
    values = np.ones((10, 10), np.float32)
    values[:, 5:] = np.nan
    full = spread(values, (100, 100))
    np.testing.assert_allclose(full[np.isfinite(full)], 1.0, atol=1e-5)
    assert 0.4 < np.isfinite(full).mean() < 0.6


def test_a_picture_is_reduced_and_never_enlarged() -> None:
    assert fit(grey(), 100).shape == (60, 100, 3)
    assert fit(grey(), 1000).shape == (120, 200, 3)
    assert fit(grey(2, 4000), 100).shape == (1, 100, 3)


def test_pictures_of_two_heights_stand_in_one_row() -> None:
    row = side_by_side([grey(100, 200), grey(50, 60, 200)], gap=10)
    assert row.shape == (100, 200 + 10 + 120, 3)
    assert tuple(row[50, 205]) == SURROUND
    assert row[50, 300, 0] == 200


@pytest.mark.parametrize("ends", [("0 none", "1 strong"), None])
def test_a_legend_is_added_below_and_leaves_the_picture(ends: tuple[str, str] | None) -> None:
    framed = with_legend(grey(300, 500), "White light with heatmap (attention relevance), long", ends=ends)
    np.testing.assert_array_equal(framed[:300], 128)
    strip = framed[300:]
    assert strip.std() > 10
    colourful = (strip.max(axis=2).astype(int) - strip.min(axis=2) > 80).any()
    assert colourful == (ends is not None)


def test_a_banner_is_added_above_and_leaves_the_picture() -> None:
    framed = with_banner(grey(300, 500), ["Investigational - not for diagnosis", "demonstration model"])
    np.testing.assert_array_equal(framed[-300:], 128)
    assert framed.shape[0] > 330
    assert (framed[:-300, :, 0].astype(int) - framed[:-300, :, 2] > 100).any()


ALARM, AMBER = (255, 122, 26), (255, 196, 61)


@pytest.mark.parametrize("width", [240, 900])
def test_a_warning_comes_first_on_a_strip_of_its_own_colour(width: int) -> None:
    lines = ["Investigational - not for diagnosis", "Answer: high (0.70)."]
    plain = with_banner(grey(300, width), lines)
    warned = with_banner(grey(300, width), lines, warning="WARNING: Do not rely on this grade.")
    filled = (warned[:, [0, -1]] == ALARM).all(axis=(1, 2))
    strip = int(filled.sum())
    assert filled[:strip].all(), "at the very top and in one piece"
    assert strip >= 15
    np.testing.assert_array_equal(warned[strip:], plain)  # the rest is as it always is
    assert not (plain == ALARM).all(axis=2).any()
    assert (plain == AMBER).all(axis=2).any()


def test_a_long_warning_wraps_within_its_strip() -> None:
    short, long = (with_banner(grey(300, 300), ["b"], warning=text) for text in ("WARNING", "WARNING of this " * 12))
    assert long.shape[0] > short.shape[0] + 30
    strip = int((long[:, [0, -1]] == ALARM).all(axis=(1, 2)).sum())
    assert strip > (long.shape[0] - short.shape[0])


def test_pins_and_the_os_are_drawn_where_they_are() -> None:
    marked = with_marks(grey(400, 600), [Mark(100, 200, "A"), Mark(599, 0, "B")], Mark(300, 200))
    changed = (marked != 128).any(axis=2)
    assert changed[190:210, 90:110].mean() > 0.7
    assert changed[200, 295:306].all()
    assert not changed[300:].any()
    ys, xs = np.nonzero(changed[100:300, :200])
    assert abs(ys.mean() + 100 - 200) < 1
    assert abs(xs.mean() - 100) < 1


def test_outlines_show_on_light_and_dark_tissue_and_dashes_have_gaps() -> None:
    square = ((100.0, 100.0), (300.0, 100.0), (300.0, 300.0), (100.0, 300.0))
    for shade in (20, 230):
        plain = np.full((400, 600, 3), shade, np.uint8)
        solid, dashed = (with_outlines(plain, [Outline(square, dashed=way)]) for way in (False, True))
        top, broken = (np.any(drawn[100, 105:295] != shade, axis=-1) for drawn in (solid, dashed))
        assert top.all()
        assert 0.3 < broken.mean() < 0.9
        for drawn in (solid, dashed):
            line = drawn[95:106, 100:300]
            assert abs(int(line.max()) - int(line.min())) > 150  # light and dark, whatever lies below
        assert not np.array_equal(with_outlines(plain, [Outline(square, "1")]), solid)
        assert np.array_equal(with_outlines(plain, []), plain)
