"""How a pair is looked at: what stays in place when the view changes."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.domain.prediction import Heatmap
from pfm_desktop.domain.source import Source
from pfm_desktop.viewmodels.pair_view import (
    MAX_ZOOM,
    MODES,
    SMALLEST_OF_FIT,
    DisplayWindow,
    Lens,
    Mode,
    PairView,
    fit_zoom,
    fitted,
    flicked,
    for_heatmaps,
    middle_of,
    panned,
    set_mode,
    set_opacity,
    set_swipe,
    with_heatmap,
    with_window,
    within,
    zoomed,
    zoomed_to,
)

PICTURE = (1000.0, 600.0)
LENS = Lens(left=40.0, top=10.0, width=501.0, height=333.0, zoom=0.5, centre=(500.0, 300.0))
SPOTS = [(40.0, 10.0), (290.5, 176.5), (400.25, 80.75), (540.0, 342.0)]


def lens_of(view: PairView) -> Lens:
    assert view.zoom is not None
    return Lens(LENS.left, LENS.top, LENS.width, LENS.height, view.zoom, view.centre)


@pytest.mark.parametrize("spot", SPOTS)
def test_a_stage_point_goes_to_the_picture_and_back(spot: tuple[float, float]) -> None:
    assert LENS.to_stage(*LENS.to_picture(*spot)) == pytest.approx(spot)


@pytest.mark.parametrize("spot", SPOTS)
@pytest.mark.parametrize("factor", [1.01, 1.25, 3.0])
def test_the_tissue_under_the_mouse_stays_there_while_zooming(spot: tuple[float, float], factor: float) -> None:
    before = LENS.to_picture(*spot)
    after = lens_of(zoomed(PairView(), LENS, PICTURE, factor, spot))
    assert after.zoom == pytest.approx(LENS.zoom * factor)
    assert after.to_picture(*spot) == pytest.approx(before)


def test_zooming_in_and_out_again_at_one_spot_comes_back() -> None:
    view = PairView()
    lens = LENS
    for factor in [1.1] * 7 + [1 / 1.1] * 7:
        view = zoomed(view, lens, PICTURE, factor, (300.0, 200.0))
        lens = lens_of(view)
    assert lens.zoom == pytest.approx(LENS.zoom)
    assert lens.centre == pytest.approx(LENS.centre)


def test_zooming_out_ends_where_the_picture_is_half_as_large_as_fitted() -> None:
    view = zoomed(PairView(), LENS, PICTURE, 1e-6, LENS.middle)
    assert view.zoom == pytest.approx(SMALLEST_OF_FIT * fit_zoom(PICTURE, (LENS.width, LENS.height)))


def test_zooming_in_ends() -> None:
    assert zoomed(PairView(), LENS, PICTURE, 1e9, LENS.middle).zoom == MAX_ZOOM


def test_a_tiny_picture_may_be_larger_than_the_largest_zoom_where_it_is_fitted() -> None:
    tiny = (2.0, 2.0)
    lens = Lens(0, 0, 1000, 1000, fit_zoom(tiny, (1000, 1000)), (0.5, 0.5))
    view = zoomed(PairView(), lens, tiny, 1.0, lens.middle)
    assert view.zoom is not None
    assert view.zoom >= SMALLEST_OF_FIT * 500


def test_one_to_one_is_about_the_middle() -> None:
    view = zoomed_to(PairView(), LENS, PICTURE, 1.0)
    assert view.zoom == pytest.approx(1.0)
    assert view.centre == pytest.approx(LENS.centre)


def test_dragging_moves_the_tissue_with_the_mouse() -> None:
    before = LENS.to_picture(200.0, 100.0)
    after = lens_of(panned(PairView(), LENS, PICTURE, 31.0, -12.0))
    assert after.to_picture(231.0, 88.0) == pytest.approx(before)


@pytest.mark.parametrize(("dx", "dy"), [(1e6, 0), (-1e6, 0), (0, 1e6), (0, -1e6)])
def test_a_picture_cannot_be_dragged_out_of_sight(dx: float, dy: float) -> None:
    view = panned(PairView(), LENS, PICTURE, dx, dy)
    assert -0.5 <= view.centre[0] <= PICTURE[0] - 0.5
    assert -0.5 <= view.centre[1] <= PICTURE[1] - 0.5


def test_dragging_a_fitted_picture_keeps_its_size_but_fits_no_more() -> None:
    assert panned(PairView(zoom=None), LENS, PICTURE, 5, 5).zoom == LENS.zoom
    assert fitted(PairView(zoom=3.0)).zoom is None


@pytest.mark.parametrize("pane", [(500.0, 300.0), (301.0, 999.0), (1.0, 1.0)])
def test_a_fitted_picture_is_wholly_seen_and_touches_an_edge(pane: tuple[float, float]) -> None:
    zoom = fit_zoom(PICTURE, pane)
    width, height = PICTURE[0] * zoom, PICTURE[1] * zoom
    assert width <= pane[0] + 1e-9
    assert height <= pane[1] + 1e-9
    assert width == pytest.approx(pane[0]) or height == pytest.approx(pane[1])


def test_the_middle_of_a_picture_is_between_its_outer_pixel_edges() -> None:
    assert middle_of((4, 2)) == (1.5, 0.5)


@pytest.mark.parametrize(
    ("point", "inside"),
    [((-0.5, -0.5), True), ((-0.51, 0), False), ((9.49, 4.49), True), ((9.5, 0), False), ((0, 4.5), False)],
)
def test_a_picture_reaches_half_a_pixel_beyond_its_outer_pixel_centres(
    point: tuple[float, float], inside: bool
) -> None:
    assert within(point, (10, 5)) is inside


@pytest.mark.parametrize(("given", "kept"), [(-1.0, 0.0), (0.3, 0.3), (7.0, 1.0)])
def test_shares_are_held_between_nothing_and_all(given: float, kept: float) -> None:
    assert set_opacity(PairView(), given).opacity == kept
    assert set_swipe(PairView(), given).swipe == kept
    assert with_heatmap(PairView(), opacity=given, threshold=given).heatmap.opacity == kept
    assert with_heatmap(PairView(), opacity=given, threshold=given).heatmap.threshold == kept


def test_a_heatmap_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError):
        with_heatmap(PairView(), colour="red")


def test_another_mode_changes_nothing_else() -> None:
    view = PairView(centre=(3, 4), zoom=2.0, opacity=0.2)
    assert set_mode(set_mode(view, Mode.BLEND), Mode.SIDE_BY_SIDE) == view


def test_flicker_shows_each_picture_in_turn() -> None:
    once = flicked(PairView())
    assert once.flicker is Source.FLUORESCENCE
    assert flicked(once).flicker is Source.WHITE


def test_brightness_belongs_to_one_picture() -> None:
    view = with_window(PairView(), Source.FLUORESCENCE, DisplayWindow(high=90))
    assert view.window(Source.WHITE).neutral
    assert view.window(Source.FLUORESCENCE).high == 90
    assert with_window(PairView(), Source.WHITE, DisplayWindow(low=9)).window(Source.WHITE).low == 9


def test_the_modes_stand_on_keys_one_to_five() -> None:
    assert [mode.key for mode in MODES] == ["1", "2", "3", "4", "5"]
    assert Mode.SIDE_BY_SIDE.caption == "Side by side"


@pytest.mark.parametrize("kind", ["fused", "white"])
def test_heatmaps_are_drawn_from_their_own_threshold_which_stays_where_the_reader_moved_it(kind: str) -> None:
    values = np.ones((2, 2), np.float32)
    ours, others = ({"fused": Heatmap(values, method)} for method in ("class map", "LayerCAM"))
    view = for_heatmaps(with_heatmap(PairView(), kind=kind), ours)
    assert view.heatmap.threshold == 0.70
    assert for_heatmaps(view, {}) == view
    assert for_heatmaps(view, others).heatmap.threshold == 0.30
    moved = with_heatmap(view, threshold=0.4)
    assert for_heatmaps(moved, ours) == for_heatmaps(for_heatmaps(moved, {}), ours) == moved
    assert for_heatmaps(moved, others).heatmap.threshold == 0.30  # 0.40 of another kind of map is another thing
