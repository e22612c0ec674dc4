"""What is kept between frames changes nothing of what is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from pfm_desktop.domain.prediction import Heatmap
from pfm_desktop.gui.widgets import stage_heatmap, stage_render
from pfm_desktop.gui.widgets.layers import same
from pfm_desktop.gui.widgets.stage_heatmap import coloured_region as region
from pfm_desktop.gui.widgets.stage_render import paint
from pfm_desktop.viewmodels.pair_view import MODES, Mode, set_opacity, with_heatmap

pytestmark = pytest.mark.slow

SCALES = [1.0, *(pytest.param(scale, marks=pytest.mark.slow) for scale in (1.5, 2.0))]


def spots(*, unseen: bool = False) -> Heatmap:
    """Two spots, most of the picture clear."""
    y, x = np.mgrid[0:28, 0:40] / 28
    values = np.exp(-((x - 1.0) ** 2 + (y - 0.4) ** 2) / 0.03) + 0.5 * np.exp(-((x - 0.3) ** 2 + (y - 0.7) ** 2) / 0.02)
    if unseen:
        values[:5, :7] = np.nan
    return Heatmap(np.clip(values, 0, 1).astype(np.float32), "test")


def seen(painting, stage, scale: float) -> np.ndarray:
    image = QImage(round(stage.width() * scale), round(stage.height() * scale), QImage.Format.Format_RGB32)
    image.fill(0xFFFF00FF)
    image.setDevicePixelRatio(scale)
    painter = QPainter(image)
    paint(painter, painting)
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[:, : image.width(), :3].astype(int)


def names(stage) -> list[object]:
    return [key[0] for key in stage.painting().layers._layers]


# ---- the clear ground of a heatmap is not painted


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("zoom", [None, 0.37, 1.7, 9.0])
def test_a_heatmap_painted_in_parts_is_the_whole_one_within_one_level(registered, show, scale, zoom) -> None:
    show(Mode.BLEND)
    for unseen, threshold in ((False, 0.3), (True, 0.02), (True, 0.8)):
        registered.set_heatmaps({"fused": spots(unseen=unseen)})
        registered.set_view(replace(with_heatmap(registered.view, threshold=threshold), zoom=zoom))
        painting = replace(registered.painting(), layers=None)
        assert painting.heatmap is not None
        whole = replace(painting.heatmap, parts=(QRectF(0, 0, 1, 1),))
        in_parts, at_once = (seen(each, registered, scale) for each in (painting, replace(painting, heatmap=whole)))
        differs = np.abs(in_parts - at_once).max(axis=2)
        assert differs.max() <= 1, "Qt rounds by where a run of pixels begins"
        assert (differs > 0).mean() < 0.003


def test_a_heatmap_with_nothing_to_show_paints_nothing(registered, look) -> None:
    registered.set_heatmaps({"fused": Heatmap(np.zeros((4, 4), np.float32), "test")})
    look()
    assert "heatmap" not in names(registered)


@pytest.mark.parametrize("contour_only", [False, True])
def test_where_a_heatmap_shows_is_worked_out_once_a_frame_and_for_lines_not_at_all(
    registered, look, show, monkeypatch, contour_only
) -> None:
    show(Mode.BLEND)
    registered.set_heatmaps({"fused": spots()})
    registered.set_view(with_heatmap(registered.view, contour_only=contour_only))
    look()
    asked: list[QRectF] = []
    for module in (stage_render, stage_heatmap):
        monkeypatch.setattr(
            module, "coloured_region", lambda heatmap, whole: asked.append(whole) or region(heatmap, whole)
        )
    for threshold in (0.2, 0.5):
        registered.set_view(with_heatmap(registered.view, threshold=threshold))
        look()
    registered.commands.zoom(1.5)
    look()
    assert len(asked) == (0 if contour_only else 3)


# ---- a blend is kept as one layer while it moves


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("contour_only", [False, True])
def test_a_dragged_blend_with_its_heatmap_looks_as_if_painted_anew(
    registered, look, show, hand, scale, contour_only
) -> None:
    show(Mode.BLEND)
    registered.set_heatmaps({"fused": spots(unseen=True)})
    registered.set_view(with_heatmap(registered.view, contour_only=contour_only))
    strip = registered.height() - round(registered.painting().arrangement.panes[0].lens.height)
    registered.resize(registered.width(), 375 + strip)  # as high a pane whatever the legend has to say
    registered.commands.zoom(3.0)
    look(scale)
    hand.press((500, 150))
    for step in range(12):
        hand.move((500 + 7 * step, 150 + 5 * step))
        dragged = look(scale).pixels.astype(int)
    hand.release((577, 205))
    assert "blend" in names(registered)
    registered.painting().layers.clear()
    anew = look(scale).pixels.astype(int)
    differs = np.abs(dragged - anew).max(axis=2)
    assert differs.max() <= 6 if not contour_only else (differs > 6).mean() < 0.002


def test_a_blend_that_rests_is_the_same_kept_as_one_as_kept_in_parts(registered, look, show, hand) -> None:
    show(Mode.BLEND)
    registered.set_heatmaps({"fused": spots()})
    in_parts = [look().pixels for _ in range(2)][-1]
    assert "blend" not in names(registered), "a blend that never moved needs no layer of its own"
    hand.press((500, 150))
    hand.move((520, 150))
    look()
    hand.move((500, 150))
    kept = look().pixels
    hand.release((500, 150))
    assert "blend" in names(registered)
    differs = np.abs(kept.astype(int) - in_parts).max(axis=2)
    assert differs.max() <= 1


@pytest.mark.parametrize("scale", SCALES)
def test_a_blend_that_was_dragged_by_several_moves_a_frame_is_not_made_anew_at_rest(
    registered, look, show, hand, scale
) -> None:
    show(Mode.BLEND)
    registered.set_heatmaps({"fused": spots()})
    layers = registered.painting().layers._layers
    for drag in range(6):  # where the picture is then may differ in the last bit from where the layer says it is
        hand.press((500, 150))
        for step in range(1, 9):
            hand.move((500 + 7 * step + drag, 150 + 3 * step))
            hand.move((500 + 9 * step + drag, 150 + 4 * step))
            moved = look(scale).pixels.astype(int)
        hand.release((572 + drag, 182))
        kept = {key: layer._pixmap.cacheKey() for key, layer in layers.items() if key[0] != "blend"}
        rests = look(scale).pixels
        assert {key: layer._pixmap.cacheKey() for key, layer in layers.items() if key[0] != "blend"} == kept
        assert (rests == moved).all()
        hand.drag((572 + drag, 182), (500, 150))


def test_a_slider_is_seen_at_once_on_a_blend_that_was_moved(registered, look, show, hand) -> None:
    show(Mode.BLEND)
    registered.set_heatmaps({"fused": spots()})
    hand.press((500, 150))
    for x in (510, 520, 530):
        hand.move((x, 150))
        look()
    hand.release((530, 150))
    before = look().pixels.astype(int)
    for view in (
        set_opacity(registered.view, 0.9),
        with_heatmap(registered.view, opacity=0.9),
        with_heatmap(registered.view, threshold=0.05),
        with_heatmap(registered.view, contour_only=True),
    ):
        registered.set_view(view)
        changed = look().pixels.astype(int)
        assert np.abs(changed - before).max() > 20
        registered.painting().layers.clear()
        assert np.abs(changed - look().pixels).max() <= 3
        before = changed


def test_the_heatmap_goes_from_a_kept_blend_while_it_is_held_off(registered, look, show, hand) -> None:
    show(Mode.BLEND)
    registered.set_heatmaps({"fused": spots()})
    hand.press((500, 150))
    for x in (510, 520):
        hand.move((x, 150))
        look()
    hand.release((520, 150))
    assert "blend" in names(registered)
    hot = look().pixels.astype(int)
    registered.commands.hold_heatmap_off(True)
    for _ in range(2):  # in the first frame and in those that follow
        off = look().pixels.astype(int)
        assert np.abs(off - hot).max() > 40
        assert np.abs(off - seen(replace(registered.painting(), layers=None), registered, 1.0)[:, :, ::-1]).max() <= 1
    registered.commands.let_go()
    assert np.abs(look().pixels - hot).max() <= 1


def test_other_pictures_leave_nothing_of_a_kept_blend(registered, look, show, hand, white) -> None:
    show(Mode.BLEND)
    hand.press((500, 150))
    for x in (510, 520):
        hand.move((x, 150))
        look()
    hand.release((520, 150))
    layers = registered.painting().layers
    assert "blend" in names(registered)
    registered.set_pair(255 - white, None, None)
    assert not layers._layers
    assert layers._blend is None


# ---- what changes in each frame is not kept


@pytest.mark.parametrize("mode", MODES)
def test_a_frame_under_a_moving_threshold_shows_what_the_resting_one_shows(registered, look, show, mode) -> None:
    show(mode)
    registered.set_heatmaps({"fused": spots(unseen=True)})
    look()
    for threshold in (0.2, 0.5, 0.35):
        registered.set_view(with_heatmap(registered.view, threshold=threshold))
        moving = look().pixels.astype(int)
    resting = look().pixels.astype(int)
    assert np.abs(moving - resting).max() <= 1


def test_under_a_moving_threshold_the_pictures_are_not_scaled_again(registered, look, show) -> None:
    show(Mode.BLEND)
    registered.set_heatmaps({"fused": spots()})
    look()
    kept = {key: layer._pixmap.cacheKey() for key, layer in registered.painting().layers._layers.items()}
    for threshold in (0.2, 0.5, 0.35):
        registered.set_view(with_heatmap(registered.view, threshold=threshold))
        look()
    after = {key: layer._pixmap.cacheKey() for key, layer in registered.painting().layers._layers.items()}
    assert after == kept


def test_contents_are_compared_by_what_they_are_and_not_by_their_pixels() -> None:
    picture, other = np.zeros(3), np.zeros(3)
    assert same((picture, 0.5, None, True), (picture, float("0.5"), None, True))
    assert not same((picture, 0.5), (other, 0.5))
    assert not same((picture, 0.5), (picture, 0.25))
    assert not same((picture, True), (picture, False))
    assert not same((picture,), (picture, None))
    assert not same(picture, (picture,))
