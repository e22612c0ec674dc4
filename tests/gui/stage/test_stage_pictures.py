"""Pictures on the stage: what lies where, and what never lies on what."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWidget

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.viewmodels.overlay import HATCH, SURROUND
from pfm_desktop.viewmodels.pair_view import MODES, Cursor, DisplayWindow, Mode, set_opacity, set_swipe, with_window

from .conftest import Shift

OVER_EACH_OTHER = [Mode.BLEND, Mode.SWIPE, Mode.FLICKER, Mode.CHECKERBOARD]
ODD, FINE = (pytest.param(scale, marks=pytest.mark.slow) for scale in (1.25, 2.0))  # device pixels a logical one


def is_place(colour: np.ndarray, x: float, y: float) -> bool:
    """Whether a colour is that of picture point (x, y), in either picture."""
    return bool(abs(colour[1] - x / 2) <= 2 and abs(colour[2] - y / 2) <= 2)


def is_white(colour: np.ndarray) -> bool:
    return bool(colour[0] > 200)


def is_grey(colour: np.ndarray) -> bool:
    return bool(np.ptp(colour) <= 1 and colour[0] in range(SURROUND - 1, HATCH + 2))


def test_pictures_are_on_the_stage_when_they_are_given(unregistered, look, spot) -> None:
    seen = look()
    assert is_white(seen.at(*spot(100, 80)))
    assert is_place(seen.at(*spot(100, 80)), 100, 80)
    assert not is_white(seen.at(*spot(100, 80, 1)))
    assert is_place(seen.at(*spot(100, 80, 1)), 100, 80)


def test_after_registration_both_panes_show_the_same_tissue(registered, look, spot) -> None:
    seen = look()
    assert is_place(seen.at(*spot(100, 80)), 100, 80)
    assert is_place(seen.at(*spot(100, 80, 1)), 140, 100), "the fluorescence picture moved into the white-light frame"


def test_where_fluorescence_shows_nothing_there_is_a_grey_hatch(registered, look, spot) -> None:
    seen = look()
    for x, y in [(380, 20), (390, 150), (200, 290)]:
        assert is_grey(seen.at(*spot(x, y, 1)))
        assert is_white(seen.at(*spot(x, y)))


@pytest.mark.parametrize(("opacity", "only_white"), [(0.0, True), (1.0, False)])
def test_blend_reaches_each_picture_alone(registered, look, spot, show, opacity, only_white) -> None:
    show(Mode.BLEND)
    registered.set_view(set_opacity(registered.view, opacity))
    seen = look().at(*spot(100, 80))
    assert is_white(seen) is only_white
    assert is_place(seen, *((100, 80) if only_white else (140, 100)))


def test_blend_in_between_is_the_mean(registered, look, spot, show) -> None:
    show(Mode.BLEND)
    assert look().at(*spot(100, 80))[0] == pytest.approx((230 + 10) / 2, abs=2)


@pytest.mark.parametrize("swipe", [0.3, 0.5, 0.7])
def test_the_curtain_has_white_light_left_and_fluorescence_right(registered, look, show, swipe) -> None:
    show(Mode.SWIPE)
    registered.set_view(set_swipe(registered.view, swipe))
    lens = registered.arrangement.panes[0].lens
    x, seen = swipe * lens.width, look()
    for distance in (3, 40):
        assert is_white(seen.at(x - distance, 90))
        assert not is_white(seen.at(x + distance, 90))


def test_checkerboard_shows_both_pictures_in_equal_parts(registered, look, show) -> None:
    show(Mode.CHECKERBOARD)
    lens = registered.arrangement.panes[0].lens
    x0, x1 = (int(lens.to_stage(x, 0)[0]) for x in (20, 340))
    part = look().pixels[60:340, x0:x1]
    share = (part[:, :, 0] > 200).mean()
    assert 0.4 < share < 0.6


def test_flicker_shows_one_picture_at_a_time(registered, look, spot, show) -> None:
    show(Mode.FLICKER)
    assert is_white(look().at(*spot(100, 80)))
    registered.commands.flick()
    assert not is_white(look().at(*spot(100, 80)))
    registered.commands.flick()
    assert is_white(look().at(*spot(100, 80)))


@pytest.mark.parametrize("mode", OVER_EACH_OTHER)
def test_a_refused_registration_never_lays_one_picture_on_the_other(
    stage, look, show, shift, white, glow, mode
) -> None:
    show(mode)
    refused = shift(status=RegistrationStatus.REFUSED)
    stage.set_pair(white, glow, refused)
    QApplication.processEvents()
    assert not stage.busy
    assert not refused.entered.is_set(), "a refused registration is not even asked to warp"
    assert stage.registration is None
    assert stage.arrangement.mode is Mode.SIDE_BY_SIDE
    assert "needs a registration" in stage.arrangement.note
    left, right = stage.arrangement.panes
    seen = look()
    assert is_white(seen.at(*left.lens.middle))
    assert not is_white(seen.at(*right.lens.middle))


def test_a_doubtful_registration_is_used(stage, qtbot, shift, white, glow) -> None:
    with qtbot.waitSignal(stage.aligned):
        stage.set_pair(white, glow, shift(status=RegistrationStatus.CHECK))
    assert stage.shown.registered


def test_the_stage_waits_side_by_side_until_the_warp_is_there(stage, qtbot, show, shift, white, glow) -> None:
    show(Mode.BLEND)
    slow = shift(gate=threading.Event())
    stage.set_pair(white, glow, slow)
    assert stage.busy
    assert stage.arrangement.mode is Mode.SIDE_BY_SIDE
    assert "follows once" in stage.arrangement.note
    with qtbot.waitSignal(stage.aligned) as signal:
        slow.gate.set()
    assert signal.args == [True]
    assert stage.arrangement.mode is Mode.BLEND


def change_both(stage, white, glow):
    stage.set_pair(white.copy(), glow.copy(), None)


def change_white_only(stage, white, glow):
    stage.set_pair(white.copy(), glow, None)


def take_registration_away(stage, white, glow):
    stage.set_pair(white, glow, None)


def lose_fluorescence(stage, white, glow):
    stage.set_pair(white, None, None)


def empty(stage, white, glow):
    stage.clear()


@pytest.mark.parametrize("change", [change_both, change_white_only, take_registration_away, lose_fluorescence, empty])
def test_a_slow_warp_never_lands_on_what_came_after_it(stage, qtbot, shift, white, glow, change, ended) -> None:
    slow = shift(gate=threading.Event())
    aligned = []
    stage.aligned.connect(aligned.append)
    stage.set_pair(white, glow, slow)
    qtbot.waitUntil(slow.entered.is_set)
    change(stage, white, glow)
    slow.gate.set()
    ended("warp_job")
    QApplication.processEvents()
    QApplication.processEvents()
    assert aligned == []
    assert not stage.shown.registered
    assert all(len(pane.sources) == 1 for pane in stage.arrangement.panes)


def test_of_two_registrations_the_later_one_counts(stage, qtbot, shift, look, spot, white, glow) -> None:
    slow, later = shift(gate=threading.Event()), shift(dx=-60, dy=0)
    stage.set_pair(white, glow, slow)
    qtbot.waitUntil(slow.entered.is_set)
    stage.set_pair(white, glow, later)
    with qtbot.waitSignal(stage.aligned):
        slow.gate.set()
    assert stage.registration is later
    assert is_place(look().at(*spot(200, 80, 1)), 140, 80)


def test_a_newer_registration_says_that_the_picture_is_being_laid_anew(registered, qtbot, shift, white, glow) -> None:
    slow = shift(dx=0, dy=0, gate=threading.Event())
    view = registered.view
    registered.set_pair(white, glow, slow)
    assert "laid anew" in registered.arrangement.note
    with qtbot.waitSignal(registered.aligned):
        slow.gate.set()
    assert registered.arrangement.note == ""
    assert registered.view == view, "the same pictures stay where they are"


def test_other_pictures_come_without_heatmap_marks_scale_and_zoom_of_those_before(
    registered, hand, look, spot, white, glow, heatmap, pins, os_mark
) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    registered.set_marks(pins, os_mark)
    registered.set_scale(0.03)
    hand.wheel((250, 200))
    hand.move(spot(100, 100))
    registered.set_pair(white[::-1].copy(), glow, None)
    painting = registered.painting()
    assert painting.heatmap is None
    assert painting.marks.pins == ()
    assert painting.marks.os_mark is None
    assert painting.scene.mm_per_px is None
    assert registered.view.zoom is None
    assert registered.view.cursor is None
    assert is_place(look().at(*spot(100, 100)), 100, 199)


def test_the_way_of_looking_stays_when_the_stage_is_emptied(registered, show) -> None:
    show(Mode.SWIPE)
    registered.clear()
    assert registered.shown.sources == ()
    assert registered.view.mode is Mode.SWIPE


@pytest.mark.expects_logged_error
def test_a_warp_that_fails_leaves_the_pair_side_by_side(stage, qtbot, show, shift, look, spot, white, glow) -> None:
    show(Mode.BLEND)
    with qtbot.waitSignal(stage.aligned) as signal:
        stage.set_pair(white, glow, shift(broken=True))
    assert signal.args == [False]
    assert stage.registration is None
    assert "needs a registration" in stage.arrangement.note
    assert is_place(look().at(*spot(100, 80, 1)), 100, 80)


@pytest.mark.expects_logged_error
def test_a_registration_of_a_picture_of_another_size_is_not_used(stage, qtbot, shift, white, glow) -> None:
    with qtbot.waitSignal(stage.aligned) as signal:
        stage.set_pair(white, glow, shift(size=(200, 100)))
    assert signal.args == [False]
    assert not stage.shown.registered


def test_pictures_are_read_only_for_the_stage(stage, qtbot, shift, white, glow) -> None:
    for picture in (white, glow):
        picture.setflags(write=False)
    with qtbot.waitSignal(stage.aligned):
        stage.set_pair(white, glow, shift())
    assert stage.shown.registered


def test_a_map_that_gives_back_the_picture_itself_does_not_get_it_hatched(stage, qtbot, shift, white, glow) -> None:
    class Same(shift):
        def warp_to_white(self, image):
            return image

    before = glow.copy()
    with qtbot.waitSignal(stage.aligned):
        stage.set_pair(white, glow, Same())
    np.testing.assert_array_equal(glow, before)


def test_the_stage_keeps_its_own_pixels(unregistered, look, spot, white, glow) -> None:
    before = look().at(*spot(100, 80))
    white[:] = 0
    np.testing.assert_array_equal(look().at(*spot(100, 80)), before)


@pytest.mark.parametrize("pictures", [np.asfortranarray, lambda w: w[:, ::-1], lambda w: w[::2, ::2]])
def test_arrays_of_any_layout_can_be_shown(stage, look, spot, white, pictures) -> None:
    given = pictures(white)
    stage.set_pair(given, None, None)
    np.testing.assert_allclose(look().at(*spot(60, 50)), given[50, 60], atol=2)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900, 3), (700, 2, 3)])
def test_pictures_of_odd_shapes_can_be_shown_in_every_mode(stage, qtbot, look, show, shift, shape) -> None:
    class Same(shift):
        def warp_to_white(self, image):
            return image.copy()

        def overlap_mask(self):
            return np.ones(shape[:2], bool)

    picture = np.full(shape, 90, np.uint8)
    with qtbot.waitSignal(stage.aligned):
        stage.set_pair(picture, picture.copy(), Same())
    for mode in MODES:
        show(mode)
        assert (look().pixels != [255, 0, 255]).any(axis=2).all()


@pytest.mark.parametrize(
    ("source", "words"), [(Source.WHITE, "No fluorescence picture"), (Source.FLUORESCENCE, "No white-light picture")]
)
def test_a_missing_source_says_so(stage, look, white, glow, source, words) -> None:
    stage.set_pair(*((white, None) if source is Source.WHITE else (None, glow)), None)
    empty_pane = next(pane for pane in stage.arrangement.panes if pane.absent)
    assert words in empty_pane.absent
    lens = empty_pane.lens
    part = look().pixels[150:250, int(lens.left) : int(lens.left + lens.width)].astype(int)
    assert part.max() > 150, "letters"
    assert (np.ptp(part, axis=2) <= 1).all(), "nothing but grey: no picture"


def test_an_empty_stage_says_what_to_do(stage, look) -> None:
    seen = look().pixels
    assert seen.max() > 150
    assert tuple(seen[5, 20]) == (SURROUND, SURROUND, SURROUND)
    assert stage.accessibleDescription() == "No picture on the stage."


@pytest.mark.slow
def test_a_large_picture_is_shown_at_once_and_made_smooth_after(stage, qtbot, look, spot) -> None:
    noise = np.random.default_rng(1).choice(np.array([0, 200], np.uint8), (1000, 1900, 1)).repeat(3, axis=2)
    stage.set_pair(noise, None, None)
    assert stage.busy

    def spread() -> float:
        return float(np.std([int(look().at(*spot(x, 500))[0]) for x in range(400, 1400, 5)]))

    assert spread() > 55, "shrunk without halves, some pixels alone are seen"
    qtbot.waitUntil(lambda: not stage.busy)
    assert spread() < 45


def test_a_large_picture_is_shown_with_its_brightness_changed_and_another_one_as_taken(
    stage, qtbot, look, spot
) -> None:
    large = np.full((1000, 1900, 3), 90, np.uint8)
    stage.set_pair(large, None, None)
    stage.set_view(with_window(stage.view, Source.WHITE, DisplayWindow(low=100, high=255)))
    qtbot.waitUntil(lambda: not stage.busy)
    assert look().at(*spot(900, 500)).max() < 5
    stage.set_pair(large.copy(), None, None)
    assert look().at(*spot(900, 500)).min() > 80
    qtbot.waitUntil(lambda: not stage.busy)
    assert look().at(*spot(900, 500)).min() > 80


def test_a_large_picture_whose_registration_is_taken_away_is_shown_at_once_with_its_brightness(
    stage, qtbot, look, spot
) -> None:
    white, glow = np.full((1000, 1900, 3), 90, np.uint8), np.full((1000, 1900, 3), 90, np.uint8)
    stage.set_pair(white, glow, Shift(size=(1900, 1000)))
    qtbot.waitUntil(lambda: not stage.busy)
    stage.set_view(with_window(stage.view, Source.FLUORESCENCE, DisplayWindow(low=100, high=255)))
    qtbot.waitUntil(lambda: not stage.busy)
    stage.set_pair(white, glow, None)
    assert stage.view.window(Source.FLUORESCENCE).low == 100
    level = stage.painting().scene.fluorescence.levels[0]
    assert level.pixelColor(level.width() // 2, level.height() // 2).red() < 5
    qtbot.waitUntil(lambda: not stage.busy)


def test_brightness_follows_for_each_picture_alone(registered, qtbot, look, spot) -> None:
    dark = DisplayWindow(low=250, high=255)
    registered.set_view(with_window(registered.view, Source.FLUORESCENCE, dark))
    qtbot.waitUntil(lambda: not registered.busy)
    seen = look()
    assert seen.at(*spot(100, 80, 1)).max() < 5
    assert is_place(seen.at(*spot(100, 80)), 100, 80)
    assert is_grey(seen.at(*spot(390, 150, 1))), "the hatch is no part of the picture"
    registered.set_view(with_window(registered.view, Source.WHITE, dark))
    qtbot.waitUntil(lambda: not registered.busy)
    assert look().at(*spot(100, 80)).max() < 5


def test_a_cursor_in_a_frame_that_is_shown_no_more_is_taken_away(stage, qtbot, shift, white, glow) -> None:
    slow = shift(gate=threading.Event())
    stage.set_pair(white, glow, slow)
    stage.move_cursor(Cursor(Source.FLUORESCENCE, 10, 10))
    with qtbot.waitSignal(stage.aligned):
        slow.gate.set()
    assert stage.view.cursor is None


def test_a_stage_closed_in_the_middle_of_work_leaves_nothing_behind(qtbot, shift, white, glow, ended) -> None:
    host = QWidget()
    stage = StageWidget(host)
    slow = shift(gate=threading.Event())
    stage.set_pair(white, glow, slow)
    qtbot.waitUntil(slow.entered.is_set)
    gone = []
    stage.destroyed.connect(lambda: gone.append(True))
    host.deleteLater()
    del stage, host
    gc.collect()
    qtbot.waitUntil(lambda: bool(gone))
    slow.gate.set()  # the warp ends after its widget; the fixtures look for threads and errors
    ended("warp_job")
    QApplication.processEvents()


def test_old_pictures_are_not_kept_in_memory(registered, white, glow) -> None:
    registered.grab()
    scene = registered.painting().scene
    before = {id(scene.white), id(scene.warped)}
    kept = [scene.white, scene.warped]
    registered.set_pair(white.copy(), None, None)
    registered.grab()
    layers = registered.painting().layers
    held = {id(layer._content) for layer in layers._layers.values()}
    assert not held & before
    assert kept


@pytest.mark.parametrize("scale", [1.0, ODD, 1.5, FINE])
@pytest.mark.parametrize("mode", MODES)
def test_every_pixel_is_painted_at_any_scale(registered, look, show, scale, mode) -> None:
    show(mode)
    registered.resize(997, 391)
    seen = look(scale).pixels
    assert not (seen == [255, 0, 255]).all(axis=2).any()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_pictures_lie_in_the_same_place_at_any_scale(registered, look, spot, scale) -> None:
    seen = look(scale)
    for x, y in [(60, 60), (300, 200)]:
        assert is_place(seen.at(*spot(x, y)), x, y)
        assert is_place(seen.at(*spot(x, y, 1)), x + 40, y + 20)


@pytest.mark.parametrize("scale", [1.0, 1.5, FINE])
def test_a_dragged_picture_looks_as_if_painted_anew(registered, look, show, hand, scale) -> None:
    show(Mode.BLEND)
    registered.commands.zoom(3.0)
    look(scale)
    hand.press((500, 200))
    for step in range(12):
        hand.move((500 + 7 * step, 200 + 5 * step))
        dragged = look(scale).pixels.astype(int)
    hand.release((577, 255))
    registered.painting().layers.clear()
    anew = look(scale).pixels.astype(int)
    assert np.abs(dragged - anew).max() <= 6


def test_the_screen_reader_hears_what_is_shown(registered, pins, show) -> None:
    assert registered.accessibleDescription().startswith("Side by side: white light and fluorescence. registered.")
    show(Mode.BLEND)
    registered.set_marks(pins, None)
    registered.tool = "pin"
    said = registered.accessibleDescription()
    assert said.startswith("Blend: ")
    assert "2 pins" in said
    assert "tool: pin" in said
