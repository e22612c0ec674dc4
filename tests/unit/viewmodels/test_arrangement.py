"""Which picture is shown where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pfm_desktop.domain.source import SECONDS, Source
from pfm_desktop.viewmodels.arrangement import LAID_ANEW, SHORT, Shown, arrange
from pfm_desktop.viewmodels.pair_view import MODES, Mode, PairView, fit_zoom, panned, zoomed

WHITE, GLOW = (800.0, 600.0), (640.0, 640.0)
BOTH = Shown(WHITE, GLOW)
REGISTERED = Shown(WHITE, GLOW, registered=True)
LAID_OVER = [Mode.BLEND, Mode.SWIPE, Mode.FLICKER, Mode.CHECKERBOARD]
STAGES = [(1000.0, 600.0), (1001.0, 601.0), (999.0, 333.0), (320.0, 200.0), (3840.0, 2160.0)]


def test_an_empty_stage_has_no_panes() -> None:
    assert arrange(PairView(), (900, 500), Shown()).panes == ()


@pytest.mark.parametrize("stage", STAGES)
def test_registered_panes_show_the_same_tissue_at_the_same_place_and_size(stage: tuple[float, float]) -> None:
    left, right = arrange(PairView(), stage, REGISTERED).panes
    assert (left.sources, right.sources) == ((Source.WHITE,), (Source.FLUORESCENCE,))
    assert left.frame is right.frame is Source.WHITE
    assert left.lens.width == right.lens.width
    assert left.lens.zoom == right.lens.zoom
    for x, y in [(0.0, 0.0), (37.5, 120.25), (left.lens.width - 1, left.lens.height - 1)]:
        here = left.lens.to_picture(left.lens.left + x, y)
        assert right.lens.to_picture(right.lens.left + x, y) == pytest.approx(here)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("shown", [BOTH, REGISTERED, Shown(white=WHITE), Shown(fluorescence=GLOW)])
def test_panes_fill_the_stage_without_overlap(stage: tuple[float, float], shown: Shown) -> None:
    left, right = (pane.lens for pane in arrange(PairView(), stage, shown).panes)
    assert left.left == 0
    assert 1 <= right.left - (left.left + left.width) <= 6
    assert right.left + right.width == stage[0]
    assert left.height == right.height == stage[1]


@pytest.mark.parametrize("mode", LAID_OVER)
def test_a_registered_pair_is_shown_in_one_pane_over_the_whole_stage(mode: Mode) -> None:
    arrangement = arrange(PairView(mode=mode), (900, 500), REGISTERED)
    (pane,) = arrangement.panes
    assert (arrangement.mode, arrangement.note) == (mode, "")
    assert pane.frame is Source.WHITE
    assert (pane.lens.width, pane.lens.height) == (900, 500)
    assert len(pane.sources) == (1 if mode is Mode.FLICKER else 2)


@pytest.mark.parametrize("mode", LAID_OVER)
@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (BOTH, "needs a registration"),
        (Shown(WHITE, GLOW, pending=True), "once the pictures are registered"),
        (Shown(white=WHITE), "needs both pictures"),
        (Shown(fluorescence=GLOW), "needs both pictures"),
    ],
)
def test_pictures_that_are_not_registered_are_never_laid_on_each_other(mode: Mode, shown: Shown, why: str) -> None:
    arrangement = arrange(PairView(mode=mode), (900, 500), shown)
    assert arrangement.mode is Mode.SIDE_BY_SIDE
    assert all(len(pane.sources) == 1 for pane in arrangement.panes)
    assert mode.caption in arrangement.note
    assert why in arrangement.note


def test_side_by_side_needs_no_word_of_explanation() -> None:
    assert arrange(PairView(), (900, 500), BOTH).note == ""


@pytest.mark.parametrize("mode", MODES)
def test_a_newer_registration_under_way_is_said(mode: Mode) -> None:
    shown = Shown(WHITE, GLOW, registered=True, pending=True)
    assert arrange(PairView(mode=mode), (900, 500), shown).note == LAID_ANEW


def test_pictures_without_registration_stay_in_their_own_frames() -> None:
    left, right = arrange(PairView(), (900, 500), BOTH).panes
    assert (left.frame, right.frame) == (Source.WHITE, Source.FLUORESCENCE)
    assert right.lens.zoom == pytest.approx(fit_zoom(GLOW, (right.lens.width, right.lens.height)))


def test_pictures_without_registration_zoom_about_the_same_place_of_their_panes() -> None:
    view = PairView()
    left, right = arrange(view, (900, 500), BOTH).panes
    offset = (61.0, -83.0)
    spots = [(p.lens.middle[0] + offset[0], p.lens.middle[1] + offset[1]) for p in (left, right)]
    before = [pane.lens.to_picture(*spot) for pane, spot in zip((left, right), spots, strict=True)]
    after = arrange(zoomed(view, left.lens, WHITE, 2.5, spots[0]), (900, 500), BOTH).panes
    for pane, spot, tissue in zip(after, spots, before, strict=True):
        assert pane.lens.to_picture(*spot) == pytest.approx(tissue)


def test_pictures_without_registration_move_by_the_same_stage_pixels() -> None:
    view = PairView()
    before = arrange(view, (900, 500), BOTH).panes
    after = arrange(panned(view, before[0].lens, WHITE, 40, -25), (900, 500), BOTH).panes
    for old, new in zip(before, after, strict=True):
        x, y = old.lens.to_stage(100.0, 100.0)
        assert new.lens.to_stage(100.0, 100.0) == pytest.approx((x + 40, y - 25))


@pytest.mark.parametrize(
    ("shown", "absent", "there"),
    [
        (Shown(white=WHITE), Source.FLUORESCENCE, Source.WHITE),
        (Shown(fluorescence=GLOW), Source.WHITE, Source.FLUORESCENCE),
    ],
)
def test_a_missing_picture_is_named_and_its_pane_is_the_small_one(shown: Shown, absent: Source, there: Source) -> None:
    panes = {pane.sources[0]: pane for pane in arrange(PairView(), (1000, 500), shown).panes}
    assert panes[absent].absent.startswith("No ")
    assert panes[there].absent == ""
    assert panes[absent].lens.width < panes[there].lens.width / 3
    assert shown.reference is there


def test_only_a_pane_with_a_picture_is_under_the_mouse() -> None:
    arrangement = arrange(PairView(), (1000, 500), Shown(white=WHITE))
    assert arrangement.pane_at(100, 100) is arrangement.panes[0]
    assert arrangement.pane_at(950, 100) is None
    assert arrangement.pane_at(-1, 100) is None


def test_between_two_panes_there_is_none() -> None:
    arrangement = arrange(PairView(), (1000, 500), REGISTERED)
    assert arrangement.pane_at(500, 100) is None


def test_a_zoomed_view_keeps_its_place_when_the_stage_is_resized() -> None:
    view = PairView(zoom=2.0, centre=(123.0, 45.0))
    for stage in STAGES:
        lens = arrange(view, stage, REGISTERED).panes[0].lens
        assert (lens.zoom, lens.centre) == (2.0, (123.0, 45.0))


def test_a_fitted_view_follows_the_stage() -> None:
    small, large = (arrange(PairView(), stage, REGISTERED).panes[0].lens for stage in [(404, 300), (804, 600)])
    assert large.zoom == pytest.approx(2 * small.zoom)


@pytest.mark.parametrize(("second", "title"), [(Source.GREEN, "Green filter"), (Source.IODINE, "Lugol's iodine")])
def test_the_second_place_is_titled_by_what_lies_there(second: Source, title: str) -> None:
    shown = replace(REGISTERED, second=second, pending=True)
    assert [shown.title(place) for place in shown.sources] == ["White light", title]
    assert second.words in arrange(PairView(), (900, 500), shown).note
    assert SHORT[second]


def test_a_title_within_a_sentence_keeps_the_capital_of_a_name() -> None:
    said = [replace(REGISTERED, second=source).source(Source.FLUORESCENCE).words for source in SECONDS]
    assert said == ["fluorescence", "green filter", "Lugol's iodine"]
