"""A pair that a thread has made ready looks as one that the stage made itself; regions are drawn and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.prediction import FUSED
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.widgets.stage import StageWidget, Tool
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair, prepared, with_registration
from pfm_desktop.gui.widgets.stage_regions import COLOURS, ShownRegion
from pfm_desktop.jobs import SilentContext
from pfm_desktop.viewmodels.pair_view import DisplayWindow, Mode, fitted, with_window

CTX = SilentContext()
SQUARE = ((100.0, 60.0), (220.0, 60.0), (220.0, 180.0), (100.0, 180.0))


def ready(white, glow, registration=None) -> PreparedPair:
    return prepared(CTX, white, glow, registration)


@pytest.mark.parametrize("mode", [Mode.SIDE_BY_SIDE, Mode.BLEND, Mode.FLICKER])
def test_a_pair_made_ready_is_seen_as_any_other(stage, registered, white, glow, shift, show, look, mode) -> None:
    show(mode)
    stage.set_view(fitted(stage.view))
    usual = look().pixels
    stage.clear()
    stage.set_prepared(ready(white, glow, shift()))
    assert not stage.busy
    assert stage.shown.registered
    np.testing.assert_array_equal(look().pixels, usual)


def test_a_refused_registration_leaves_the_pictures_side_by_side(stage: StageWidget, white, glow, shift) -> None:
    stage.set_prepared(ready(white, glow, shift(status=RegistrationStatus.REFUSED)))
    assert not stage.shown.registered
    assert len(stage.arrangement.panes) == 2


def test_a_registration_of_other_pictures_is_not_used(stage: StageWidget, white, glow, shift) -> None:
    pair = ready(white, glow, shift(size=(80, 60)))
    assert pair.warped is None
    stage.set_prepared(pair)
    assert not stage.shown.registered


@pytest.mark.parametrize("source", PLACES)
def test_one_picture_is_enough(stage: StageWidget, white, glow, source: Source) -> None:
    stage.set_prepared(ready(white if source is Source.WHITE else None, glow if source is not Source.WHITE else None))
    assert stage.shown.sources == (source,)


def test_nothing_of_the_pair_before_stays(stage: StageWidget, registered, white, glow, shift, heatmap) -> None:
    stage.set_heatmaps({FUSED: heatmap()})
    stage.regions.show([ShownRegion(Source.WHITE, SQUARE)])
    stage.set_scale(0.1)
    stage.commands.zoom(3.0)
    stage.set_prepared(ready(white.copy(), glow, shift()))
    painting = stage.painting()
    assert painting.heatmap is None
    assert painting.regions.given == ()
    assert painting.scene.mm_per_px is None
    assert stage.view.zoom is None


def test_another_brightness_is_of_that_picture_and_the_next_pair_is_shown_as_taken(
    qtbot: QtBot, stage: StageWidget, white, glow, shift, look
) -> None:
    stage.set_prepared(ready(white, glow, shift()))
    plain = look().pixels
    stage.set_view(with_window(stage.view, Source.WHITE, DisplayWindow(high=100.0)))
    qtbot.waitUntil(lambda: not stage.busy)
    assert (look().pixels != plain).any()
    stage.set_prepared(ready(white.copy(), glow, shift()))
    assert stage.view.window(Source.WHITE).neutral
    qtbot.waitUntil(lambda: not stage.busy)
    np.testing.assert_array_equal(look().pixels, plain)


def test_the_brightness_stays_where_the_same_pictures_come_back_registered(
    qtbot: QtBot, stage: StageWidget, white, glow, shift, look
) -> None:
    stage.set_prepared(ready(white, glow))
    plain = look().pixels
    window = DisplayWindow(high=100.0)
    stage.set_view(with_window(stage.view, Source.WHITE, window))
    qtbot.waitUntil(lambda: not stage.busy)
    stage.set_prepared(ready(white, glow, shift()))
    assert stage.view.window(Source.WHITE) == window
    qtbot.waitUntil(lambda: not stage.busy)
    assert (look().pixels[:, : plain.shape[1] // 2] != plain[:, : plain.shape[1] // 2]).any()


def test_what_a_pair_holds_in_memory_is_known(white, glow, shift) -> None:
    pair = ready(white, glow, shift())
    assert pair.nbytes >= white.nbytes + glow.nbytes + 2 * 4 * white.shape[0] * white.shape[1]
    assert ready(None, None).nbytes == 0


def test_a_lesion_is_drawn_in_one_stroke(qtbot: QtBot, stage: StageWidget, registered, hand, spot) -> None:
    stage.tool = Tool.REGION.value
    with qtbot.waitSignal(stage.region_drawn) as drawn, qtbot.assertNotEmitted(stage.cervix_drawn):
        hand.press(spot(100, 60))
        for corner in (*SQUARE[1:], SQUARE[0]):
            hand.move(spot(*corner))
        hand.release(spot(100, 60))
    frame, outline = drawn.args
    assert frame is Source.WHITE
    np.testing.assert_allclose(outline[1], SQUARE[1], atol=1.0)
    assert stage.tool == "region", "several can be drawn"


def test_a_lesion_that_is_let_go_of_is_not_drawn(qtbot: QtBot, stage: StageWidget, registered, hand, spot) -> None:
    stage.tool = Tool.REGION.value
    with qtbot.assertNotEmitted(stage.region_drawn):
        hand.press(spot(100, 60))
        hand.move(spot(200, 60))
        assert stage.commands.cancel_drag()
        hand.release(spot(200, 160))
        hand.click(spot(100, 60))


def near(pixels: np.ndarray, colour) -> int:
    wanted = np.array([colour.red(), colour.green(), colour.blue()])
    return int((np.abs(pixels.astype(int) - wanted).max(axis=-1) < 40).sum())


def test_regions_of_two_readers_are_told_apart_in_both_pictures(
    stage: StageWidget, registered, look: Callable[..., object]
) -> None:
    before = [near(look().pixels, colour) for colour in COLOURS]
    stage.regions.show(
        [ShownRegion(Source.WHITE, SQUARE, "Anna"), ShownRegion(Source.FLUORESCENCE, SQUARE, "Berta", 1)]
    )
    after = [near(look().pixels, colour) for colour in COLOURS]
    assert all(more > fewer + 200 for more, fewer in zip(after, before, strict=True))
    assert "2 regions" in stage.accessibleDescription()
    white_frame = stage.painting().regions.lines(Source.WHITE)
    assert white_frame[1].outline[0] == (60.0, 40.0), "moved from where it was drawn"


def test_without_a_registration_a_region_stays_on_its_own_picture(stage: StageWidget, unregistered) -> None:
    stage.regions.show([ShownRegion(Source.WHITE, SQUARE)])
    assert stage.painting().regions.lines(Source.FLUORESCENCE) == ()
    assert len(stage.painting().regions.lines(Source.WHITE)) == 1


def test_an_empty_stage_says_what_its_page_wants(stage: StageWidget, look) -> None:
    usual = look().pixels
    stage.empty_words = "Loading"
    assert (look().pixels != usual).any()


def test_a_registration_that_comes_later_moves_nothing_else(stage: StageWidget, white, glow, shift, look) -> None:
    pending = replace(ready(white, glow), pending=True)
    stage.set_prepared(pending)
    assert not stage.shown.registered
    assert stage.shown.pending
    stage.commands.zoom(2.0)
    stage.regions.show([ShownRegion(Source.FLUORESCENCE, SQUARE)])
    view = stage.view
    stage.set_prepared(with_registration(CTX, pending, shift()))
    assert stage.shown.registered
    assert not stage.shown.pending
    assert stage.view == view, "the reader looks at the same place"
    assert stage.painting().regions.lines(Source.WHITE)[0].outline[0] == (60.0, 40.0)


def test_a_registration_that_was_refused_later_leaves_the_pictures_as_they_are(
    stage: StageWidget, white, glow, shift
) -> None:
    pair = with_registration(CTX, ready(white, glow), shift(status=RegistrationStatus.REFUSED))
    assert pair.warped is None
    assert pair.own_levels is not None
    assert not pair.pending


def test_the_second_picture_is_called_what_it_is_before_and_after_it_is_registered(
    stage: StageWidget, white, glow, shift
) -> None:
    waiting = replace(ready(white, glow), pending=True, origin=SimpleNamespace(second=Source.GREEN))
    for pair in (waiting, with_registration(CTX, waiting, shift())):
        stage.set_prepared(pair)
        assert stage.shown.title(Source.FLUORESCENCE) == "Green filter"
        assert "white light and green filter" in stage.accessibleDescription()
    stage.set_prepared(prepared(CTX, white.copy(), glow.copy(), None, second=Source.IODINE))
    assert stage.shown.title(Source.FLUORESCENCE) == "Lugol's iodine"
    stage.set_prepared(ready(white.copy(), glow.copy()))
    assert stage.shown.title(Source.FLUORESCENCE) == "Fluorescence", "nothing of the pair before stays"
