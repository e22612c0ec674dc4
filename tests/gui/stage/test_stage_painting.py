"""Heatmap, legend, marks, loupe and scale bar as they are seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.prediction import BANNER, DEMONSTRATION, MODEL_SCALE, NOT_FOR_NORMAL, PICTURE_SCALE, Heatmap
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.widgets import stage as stage_module
from pfm_desktop.gui.widgets import stage_render
from pfm_desktop.gui.widgets.heatmap_controls import HeatmapControls
from pfm_desktop.gui.widgets.layers import KEPT
from pfm_desktop.gui.widgets.legend import UNSEEN_TEXT, Kind, legend_height, legend_lines, legend_parts
from pfm_desktop.gui.widgets.loupe import LARGER, RADIUS
from pfm_desktop.gui.widgets.pyramid import build_pyramid, picture_rect
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.viewmodels.found import Found, Line
from pfm_desktop.viewmodels.overlay import SURROUND
from pfm_desktop.viewmodels.pair_view import MODES, HeatmapView, Mode, with_heatmap


def change(after, before) -> np.ndarray:
    """H x W largest difference of a colour."""
    return np.abs(after.pixels.astype(int) - before.pixels.astype(int)).max(axis=2)


def with_look(stage: StageWidget, **changes: object) -> None:
    stage.set_view(with_heatmap(stage.view, **changes))


def place(stage: StageWidget, pane: int = 0) -> QRectF:
    """Where the picture of a pane lies on the stage."""
    shown = stage.arrangement.panes[pane]
    return picture_rect(shown.lens, stage.shown.size(shown.frame)).intersected(
        QRectF(shown.lens.left, shown.lens.top, shown.lens.width, shown.lens.height)
    )


def held_off(stage: StageWidget, look, scale: float = 1.0):
    """What is seen while H is held: the same pictures in the same place, without heatmap."""
    stage.commands.hold_heatmap_off(True)
    seen = look(scale)
    stage.commands.let_go()
    return seen


def strip_of(stage: StageWidget) -> QRectF:
    """The strip below the pictures."""
    lines = stage.legend()
    assert lines is not None
    height = legend_height(lines, stage.width())
    return QRectF(0, stage.height() - height, stage.width(), height)


# ---- heatmap


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_the_heatmap_covers_the_tissue_that_it_speaks_of(registered, look, spot, heatmap, scale) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    bare = held_off(registered, look, scale)
    hot = look(scale)
    for pane in (0, 1):
        cold_spot, hot_spot = spot(150, 60, pane), spot(260, 60, pane)
        assert abs(hot.at(*cold_spot) - bare.at(*cold_spot)).max() <= 1, "cold tissue stays as it is"
        assert abs(hot.at(*hot_spot) - bare.at(*hot_spot)).max() > 40
        edge = [hot.at(*spot(x, 60, pane)) - bare.at(*spot(x, 60, pane)) for x in range(185, 215)]
        first = next(x for x, step in zip(range(185, 215), edge, strict=True) if abs(step).max() > 20)
        assert abs(first - 200) <= 6


def test_the_heatmap_moves_with_the_picture(registered, look, hand, spot, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    hand.wheel(spot(200, 150), 480)
    hand.drag((250, 200), (290, 230))
    hot = look()
    bare = held_off(registered, look)
    assert abs(hot.at(*spot(190, 130)) - bare.at(*spot(190, 130))).max() <= 1
    assert abs(hot.at(*spot(212, 130)) - bare.at(*spot(212, 130))).max() > 40


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("contour_only", [False, True])
def test_no_heatmap_is_drawn_beside_the_picture(registered, look, show, heatmap, mode, contour_only) -> None:
    show(mode)
    registered.set_heatmaps({"fused": heatmap()})
    with_look(registered, contour_only=contour_only)
    bare = held_off(registered, look)
    changed = change(look(), bare)
    for pane in range(len(registered.arrangement.panes)):
        area = place(registered, pane)
        changed[int(area.top()) : int(area.bottom()) + 1, int(area.left()) : int(area.right()) + 1] = 0
    changed[int(strip_of(registered).top()) :] = 0
    assert changed.max() == 0


def test_before_registration_the_heatmap_is_on_white_light_only(unregistered, look, spot, heatmap) -> None:
    unregistered.set_heatmaps({"fused": heatmap()})
    bare = held_off(unregistered, look)
    changed = change(look(), bare)
    assert changed[:, :500].max() > 40
    above = int(strip_of(unregistered).top())
    assert changed[:above, 504:].max() == 0, "no colours on a picture that it does not lie on"


def test_a_heatmap_without_picture_is_not_drawn(stage, look, heatmap) -> None:
    bare = look()
    stage.set_heatmaps({"fused": heatmap()})
    assert change(look(), bare).max() == 0


def test_a_heatmap_over_a_fluorescence_picture_alone(stage, look, spot, glow, heatmap) -> None:
    stage.set_pair(None, glow, None)
    bare = look()
    stage.set_heatmaps({"fluorescence": heatmap()})
    assert change(look(), bare).max() == 0, "the kind that is chosen is not there"
    with_look(stage, kind="fluorescence")
    bare, hot = held_off(stage, look), look()
    assert abs(hot.at(*spot(260, 60, 1)) - bare.at(*spot(260, 60, 1))).max() > 40
    above = int(strip_of(stage).top())
    assert (hot.pixels[:above, :200] == bare.pixels[:above, :200]).all(), "nothing on the place of the missing picture"


def test_without_opacity_the_picture_is_seen_as_it_is(registered, look, spot, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    bare = held_off(registered, look)
    with_look(registered, opacity=0.0)
    assert abs(look().at(*spot(260, 60)) - bare.at(*spot(260, 60))).max() <= 1


def test_the_threshold_clears_what_is_below(registered, look, spot) -> None:
    from pfm_desktop.domain.prediction import Heatmap

    registered.set_heatmaps({"fused": Heatmap(np.full((4, 4), 0.5, np.float32), "test")})
    with_look(registered, threshold=0.4)
    covered = look().at(*spot(260, 60))
    with_look(registered, threshold=0.6)
    clear = look().at(*spot(260, 60))
    assert abs(clear - held_off(registered, look).at(*spot(260, 60))).max() <= 1
    assert abs(clear - covered).max() > 30


def test_an_outline_marks_its_high_side_and_leaves_the_tissue_to_be_seen(registered, look, spot, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    bare = held_off(registered, look)
    with_look(registered, contour_only=True)
    changed = change(look(), bare)
    for pane in (0, 1):
        top, line = int(spot(200, 40, pane)[1]), int(spot(200, 60, pane)[0])
        rows = changed[top : top + 100]
        assert rows[:, line - 9 : line + 9].max() > 60
        assert rows[:, line - 110 : line - 10].max() == 0
        assert rows[:, line + 10 : line + 110].max() > 40
        assert (rows[:, line + 10 : line + 110] > 10).mean() < 0.3


def test_the_high_side_is_marked_where_there_is_no_line(registered, look, spot) -> None:
    registered.set_heatmaps({"fused": Heatmap(np.full((4, 4), 0.5, np.float32), "test")})
    bare = held_off(registered, look)
    with_look(registered, contour_only=True, threshold=0.4)
    x, y = (int(v) for v in spot(200, 60))
    assert change(look(), bare)[y - 30 : y + 30, x - 30 : x + 30].max() > 40


def test_what_the_model_did_not_see_is_hatched_also_with_contours(registered, look, spot, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap(unseen=True)})
    bare = held_off(registered, look)
    for contour_only in (False, True):
        with_look(registered, contour_only=contour_only)
        top, left = (int(v) for v in reversed(spot(20, 40)))
        part = change(look(), bare)[top : top + 50, left : left + 80]
        assert 0.1 < (part > 10).mean() < 0.6, "stripes: neither nothing nor all"


# ---- legend


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("contour_only", [False, True])
def test_wherever_a_heatmap_is_there_is_its_legend(registered, look, show, heatmap, mode, contour_only) -> None:
    show(mode)
    registered.set_heatmaps({"fused": heatmap(unseen=True)}, label=DEMONSTRATION)
    bare = held_off(registered, look)
    with_look(registered, contour_only=contour_only)
    seen = look()
    strip = strip_of(registered)
    lines = registered.legend()
    assert lines is not None
    assert (lines.label, lines.banner) == (DEMONSTRATION, BANNER)
    for part in legend_parts(lines, strip.width()):
        box = QRectF(part.x, strip.top() + 4 + 17 * part.row, part.width, 17)
        assert strip.contains(box)
        assert seen.part(box).max() > 200, part.text
    for pane in registered.arrangement.panes:
        assert pane.lens.top + pane.lens.height <= strip.top(), "tissue and legend never share a pixel"
    assert change(seen, bare)[int(strip.top()) :].max() > 60


@pytest.mark.parametrize("mode", MODES)
def test_the_pictures_are_all_tissue_as_far_as_the_legend(registered, show, heatmap, mode) -> None:
    show(mode)
    registered.resize(1000, 700)
    registered.set_heatmaps({"fused": heatmap()}, label=DEMONSTRATION)
    strip = strip_of(registered)
    assert strip.height() <= 42
    for pane in registered.arrangement.panes:
        assert pane.lens.top + pane.lens.height == strip.top()


def test_no_picture_moves_while_the_heatmap_is_held_off(registered, hand, look, heatmap) -> None:
    alone = registered.arrangement
    registered.set_heatmaps({"fused": heatmap()})
    shown = registered.arrangement
    assert shown != alone
    registered.commands.hold_heatmap_off(True)
    assert registered.arrangement == shown
    changed = change(look(), held_off(registered, look))
    assert changed.max() == 0
    registered.commands.let_go()
    with_look(registered, threshold=0.9)
    with_look(registered, contour_only=True)
    assert registered.arrangement == shown, "nor while a slider does"
    with_look(registered, visible=False)
    assert registered.arrangement == alone


def test_the_legend_goes_with_the_heatmap(registered, look, heatmap) -> None:
    bare = look()
    registered.set_heatmaps({"fused": heatmap()})
    strip = strip_of(registered)
    assert held_off(registered, look).part(strip.adjusted(4, 0, -4, -4)).max() == SURROUND
    assert look().part(strip.adjusted(4, 0, -4, -4)).max() > 200
    with_look(registered, visible=False)
    assert change(look(), bare).max() == 0


def test_the_legend_says_source_threshold_model_and_what_it_is_not_for() -> None:
    lines = legend_lines(HeatmapView(threshold=0.25), all_seen=True, label=DEMONSTRATION)
    assert lines.title == "Model attention, both sources"
    assert lines.threshold == "from 0.25"
    assert lines.label == DEMONSTRATION
    assert lines.banner == BANNER
    assert lines.unseen == ""


def test_a_class_map_starts_at_its_own_threshold_and_the_slider_stays_where_the_reader_put_it(
    registered, heatmap, qtbot
) -> None:
    controls = HeatmapControls(registered)
    qtbot.addWidget(controls)
    values = heatmap().values
    registered.set_heatmaps({"fused": Heatmap(values, "class map")})
    controls.set_kinds({"fused"})
    assert registered.legend().threshold == "from 0.70"
    assert controls.threshold.value() == 70
    registered.set_heatmaps({"fused": Heatmap(values, "LayerCAM")})
    assert (registered.legend().threshold, controls.threshold.value()) == ("from 0.30", 30)
    controls.threshold.setFocus()
    qtbot.keyClick(controls.threshold, Qt.Key.Key_Right)
    registered.set_heatmaps({})  # another woman
    registered.set_heatmaps({"fused": Heatmap(values, "LayerCAM"), "white": Heatmap(values, "LayerCAM")})
    assert (registered.legend().threshold, controls.threshold.value()) == ("from 0.31", 31)
    with_look(registered, kind="white", contour_only=True)
    assert registered.legend().threshold == "fine lines: 0.31 and above"
    registered.set_heatmaps({"fused": Heatmap(values, "class map")})  # another model
    assert controls.threshold.value() == 70


def test_the_legend_of_a_heatmap_with_nothing_to_draw_says_so(registered, heatmap) -> None:
    faint = heatmap()
    registered.set_heatmaps({"fused": Heatmap(np.clip(faint.values, 0, 0.25), "test")})
    assert registered.legend().threshold == "nothing from 0.30 (most 0.25)"
    with_look(registered, contour_only=True)
    assert registered.legend().threshold == "nothing from 0.30 (most 0.25)"
    with_look(registered, contour_only=False, threshold=0.2)
    assert registered.legend().threshold == "from 0.20"
    unseen = Heatmap(np.full((4, 4), np.nan, np.float32), "test")
    registered.set_heatmaps({"fused": unseen})
    assert registered.legend().threshold == "nothing from 0.20 (most 0.00)"


def test_the_words_of_the_legend_are_made_once_for_the_screen_reader_and_once_a_frame(
    registered, look, heatmap, monkeypatch
) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    made = []
    monkeypatch.setattr(
        stage_module, "legend_lines", lambda *given, **more: made.append(legend_lines(*given, **more)) or made[-1]
    )
    with_look(registered, threshold=0.9)
    assert len(made) == 1
    look()
    assert len(made) == 2
    assert {lines.threshold for lines in made} == {"from 0.90"}
    assert "from 0.90" in registered.accessibleDescription()


@pytest.mark.parametrize("width", [320.0, 460.0, 620.0, 930.0])
def test_saying_that_nothing_is_drawn_moves_nothing(qtbot, width) -> None:
    some, none = (
        legend_parts(legend_lines(HeatmapView(), all_seen=True, label=DEMONSTRATION, most=most), width)
        for most in (1.0, 0.2)
    )
    assert [(part.x, part.row) for part in some] == [(part.x, part.row) for part in none]


def test_the_legend_explains_hatch_and_contour_where_they_are() -> None:
    lines = legend_lines(HeatmapView(kind="white", contour_only=True), all_seen=False)
    assert lines.title == "Model attention, white light"
    assert lines.threshold == "fine lines: 0.30 and above"
    assert lines.unseen == UNSEEN_TEXT


def test_at_an_opacity_of_nothing_the_strip_says_that_nothing_is_shown() -> None:
    lines = legend_lines(HeatmapView(opacity=0.004), all_seen=True)
    assert (lines.empty, lines.threshold) == (True, "nothing at opacity 0 %")
    outlined = legend_lines(HeatmapView(opacity=0.0, contour_only=True), all_seen=True)
    assert not outlined.empty, "lines are drawn whatever the opacity"


@pytest.mark.parametrize("width", [120.0, 320.0, 460.0, 620.0, 930.0, 1600.0])
@pytest.mark.parametrize("all_seen", [True, False])
def test_label_and_banner_are_whole_at_any_width_and_the_source_gives_way(qtbot, width, all_seen) -> None:
    lines = legend_lines(HeatmapView(), all_seen=all_seen, label=DEMONSTRATION)
    parts = legend_parts(lines, width)
    words = " ".join(part.text for part in parts)
    assert DEMONSTRATION in words
    assert BANNER in words
    assert all(part.x >= 0 for part in parts)
    if width >= 320:
        assert all(part.x + part.width <= width for part in parts)
    if width >= 930:
        assert parts[-1].row <= 1
    if width >= 1600:
        assert parts[0].text == lines.title
    assert len({(part.x, part.row) for part in parts}) == len(parts)


@pytest.mark.parametrize("shows", [NOT_FOR_NORMAL, "what speaks for cancer"])
@pytest.mark.parametrize("all_seen", [True, False])
def test_what_the_strip_is_about_never_goes_and_the_threshold_goes_first(qtbot, shows, all_seen) -> None:
    lines = legend_lines(HeatmapView(), all_seen=all_seen, label=DEMONSTRATION, shows=shows)
    seen = []
    for width in range(1600, 119, -20):
        title, scale = legend_parts(lines, float(width))[:2]
        assert title.text.startswith("Model attention"), width
        seen.append(("both sources" in title.text, scale.kind is Kind.SCALE, shows.partition(",")[0] in title.text))
        if width >= (580 if all_seen else 800):
            assert seen[-1][2], width
    assert seen[0] == (True, True, True)
    if shows is NOT_FOR_NORMAL or all_seen:
        assert any(about and not source for source, _, about in seen), "the source goes first"


@pytest.mark.parametrize("look", [HeatmapView(), HeatmapView(contour_only=True)])
@pytest.mark.parametrize("kind", [Kind.SCALE, Kind.BARE_SCALE])
@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("ends", [PICTURE_SCALE, MODEL_SCALE])
def test_the_scale_has_room_for_its_words_also_without_the_threshold(qtbot, look, kind, empty, ends) -> None:
    from pfm_desktop.gui.widgets import legend

    lines = legend_lines(look, all_seen=True, most=0.2 if empty else 1.0, ends=ends)
    room = next(
        wide for kind_, _, wide in legend._parts(replace(lines, threshold=""), kind) if kind_ is kind
    )  # fmt: skip
    image = QImage(600, 40, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    box = QRectF(10, 10, room, 17)
    if empty:
        legend._write(painter, box, lines.threshold)
    else:
        legend._draw_scale(painter, box, look, lines, bare=kind is Kind.BARE_SCALE)
    painter.end()
    columns = [x for x in range(600) if any(image.pixelColor(x, y).value() > 40 for y in range(40))]
    assert columns[0] + 1 >= 10
    assert columns[-1] <= 10 + room


def test_the_ends_of_the_scale_are_no_grades() -> None:
    assert not {grade.value for grade in GRADES} & set(" ".join((*PICTURE_SCALE, *MODEL_SCALE)).split())


def test_the_ends_of_the_scale_are_those_of_the_heatmap_that_is_shown(registered, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    assert registered.legend().ends == PICTURE_SCALE
    assert "(0 least to 1 most here, from 0.30)" in registered.accessibleDescription()
    registered.set_heatmaps({"fused": Heatmap(heatmap().values, "class map on the scale of the model")})
    assert registered.legend().ends == MODEL_SCALE
    assert "(0 none to 1 strong, from 0.70)" in registered.accessibleDescription()


@pytest.mark.parametrize("normal", [False, True])
def test_a_screen_reader_hears_what_the_heatmap_shows(registered, heatmap, normal) -> None:
    assert "attention" not in registered.accessibleDescription()
    registered.set_heatmaps({"fused": heatmap()}, shows=NOT_FOR_NORMAL if normal else "")
    shows = ": what speaks for high, not for normal" if normal else ""
    words = f"Model attention, both sources{shows} (0 least to 1 most here, from 0.30)"
    assert words in registered.accessibleDescription()
    registered.set_heatmaps({})
    assert "attention" not in registered.accessibleDescription()


def test_the_controls_say_what_the_heatmap_shows_where_the_grade_is_normal(registered, heatmap, qtbot) -> None:
    controls = HeatmapControls(registered)
    qtbot.addWidget(controls)
    shows = "Graded normal: model attention shows what speaks for high, not for normal."
    for said in (shows, ""):
        controls.set_kinds(["fused"], shows=NOT_FOR_NORMAL if said else "", words=said)
        assert controls.shows.text() == ("Shows what speaks for high, not for normal." if said else "")
        assert controls.shows.isHidden() is (not said)
        for words in (controls.show_it.toolTip(), controls.show_it.accessibleDescription()):
            assert words.startswith(said or "Model attention: not a lesion outline")


@pytest.mark.parametrize(("source", "words"), [(Source.WHITE, "white light"), (Source.FLUORESCENCE, "fluorescence")])
def test_an_answer_from_one_source_names_it(stage, white, glow, heatmap, source, words) -> None:
    stage.set_pair(*((white, None) if source is Source.WHITE else (None, glow)), None)
    stage.set_heatmaps({"fused": heatmap()})
    assert stage.legend().title == f"Model attention, {words}"


def test_an_answer_from_one_of_two_pictures_names_its_source(registered, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    assert registered.legend().title == "Model attention, both sources"
    registered.set_heatmaps({"fused": heatmap()}, sources=[Source.FLUORESCENCE])
    assert registered.legend().title == "Model attention, fluorescence"


def test_the_wheel_over_the_controls_scrolls_the_panel_and_changes_nothing(registered, heatmap, qtbot) -> None:
    controls = HeatmapControls(registered)
    qtbot.addWidget(controls)
    registered.set_heatmaps({"fused": heatmap(), "white": heatmap()})
    controls.set_kinds(("fused", "white"))
    before = registered.view
    for widget in (controls.threshold, controls.opacity, controls.kind, controls.colours):
        event = QWheelEvent(
            QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
        assert not event.isAccepted()
    assert registered.view == before


def test_the_threshold_says_what_one_means(registered, heatmap, qtbot) -> None:
    controls = HeatmapControls(registered)
    qtbot.addWidget(controls)
    controls.set_kinds(["fused"], scale=heatmap().scale_words)
    assert controls.threshold.toolTip().endswith("its strongest place is 1, however weak it is.")
    assert controls.threshold.accessibleDescription() in controls.threshold.toolTip()
    controls.set_kinds([])
    assert controls.threshold.toolTip() == "Attention below this value is left clear."


def test_the_source_box_names_the_one_source(registered, heatmap, qtbot) -> None:
    controls = HeatmapControls(registered)
    qtbot.addWidget(controls)
    controls.set_kinds(["fused", "white"], [Source.WHITE])
    assert [controls.kind.itemText(row) for row in range(controls.kind.count())] == ["White light"]
    controls.set_kinds(["fused", "white", "fluorescence"], PLACES)
    assert controls.kind.itemText(0) == "Both sources"
    assert controls.kind.count() == 3


# ---- titles


@pytest.mark.parametrize("mode", MODES)
def test_the_titles_say_the_stage_of_the_examination(registered, show, mode, monkeypatch) -> None:
    show(mode)
    registered.set_stages(
        {Source.WHITE: "acetic acid, 60 s", Source.FLUORESCENCE: "before acetic acid"}, "Stages differ"
    )
    said = []
    for name in ("pfm_desktop.gui.widgets.stage_render.plate",):
        monkeypatch.setattr(name, lambda _painter, at, text, **_: said.append(text) or QRectF(at.x(), at.y(), 9, 9))
    registered.grab()
    assert any("White light, acetic acid, 60 s" in text for text in said)
    assert "Stages differ" in said
    assert "Stages differ" in registered.accessibleDescription()
    if mode is not Mode.FLICKER:
        assert any("luorescence, before acetic acid" in text for text in said)


def test_the_two_titles_of_swipe_do_not_lie_on_each_other(registered, show, monkeypatch) -> None:
    show(Mode.SWIPE)
    registered.resize(360, 300)
    registered.set_stages({Source.WHITE: "acetic acid, 60 s", Source.FLUORESCENCE: "after acetic acid, 90 s"})
    boxes = []
    real = stage_render.plate
    monkeypatch.setattr(stage_render, "plate", lambda *args, **kwargs: boxes.append(real(*args, **kwargs)) or boxes[-1])
    registered.grab()
    assert len(boxes) == 2
    assert not boxes[0].intersects(boxes[1])


def test_no_title_is_cut_in_a_narrow_pane(registered, monkeypatch) -> None:
    registered.resize(480, 300)
    registered.set_stages({Source.WHITE: "acetic acid, 60 s", Source.FLUORESCENCE: "after acetic acid, 90 s"})
    boxes = []
    real = stage_render.plate
    monkeypatch.setattr(stage_render, "plate", lambda *args, **kwargs: boxes.append(real(*args, **kwargs)) or boxes[-1])
    registered.grab()
    assert len(boxes) > 2
    assert all(box.right() <= 238 or 242 <= box.left() < box.right() <= 480 for box in boxes)


def test_the_stages_of_pictures_before_do_not_stay(registered, white, glow) -> None:
    registered.set_stages({Source.WHITE: "saline"}, "Stages differ")
    registered.set_pair(white.copy(), glow, None)
    assert (registered.painting().stages, registered.painting().warning) == ({}, "")


def test_model_and_label_of_pictures_before_do_not_stay(registered, white, glow, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()}, label=DEMONSTRATION)
    assert registered.painting().legend.label == DEMONSTRATION
    registered.set_pair(white.copy(), glow, None)
    assert registered.painting().legend is None
    registered.set_heatmaps({"fused": heatmap()})
    assert registered.painting().legend.label == ""


# ---- marks


def test_pins_and_os_are_drawn_on_the_same_tissue_in_both_pictures(registered, look, spot, pins, os_mark) -> None:
    bare = look()
    registered.set_marks(pins, os_mark)
    changed = change(look(), bare)
    for pane in (0, 1):
        for x, y in [(200, 100), (120, 130), (200, 150)]:
            column, row = (round(v) for v in spot(x, y, pane))
            assert changed[row - 9 : row + 10, column - 9 : column + 10].max() > 80
            assert changed[row - 4, column - 4] == 0 or (x, y) == (200, 150), "the tissue in the ring stays visible"


def test_marks_are_as_thick_to_the_eye_on_a_fine_screen(registered, look, pins) -> None:
    share = {}
    for scale in (1.0, 2.0):
        registered.set_marks((), None)
        bare = look(scale)
        registered.set_marks(pins, None)
        share[scale] = (change(look(scale), bare) > 40).mean()
    assert share[2.0] == pytest.approx(share[1.0], rel=0.15)


def test_without_registration_a_mark_is_drawn_only_where_it_was_made(unregistered, look, pins) -> None:
    bare = look()
    unregistered.set_marks(pins[:1], None)
    changed = change(look(), bare)
    assert changed[:, :500].max() > 80
    assert changed[:, 504:].max() == 0


def test_a_chosen_pin_differs_in_shape_not_only_in_colour(registered, look, spot, pins) -> None:
    registered.set_marks(pins, None)
    before = look()
    registered.select_pin("a")
    changed = change(look(), before)
    column, row = (round(v) for v in spot(200, 100))
    assert changed[row + 13, column - 2 : column + 3].max() > 60, "a second ring"


def test_a_pin_that_is_removed_is_chosen_no_more(registered, pins) -> None:
    registered.set_marks(pins, None)
    registered.select_pin("a")
    registered.set_marks(pins[1:], None)
    assert registered.marks.selected == ""


# ---- what the quality check found


PROBLEM = Line("in the way", ((150.0, 60.0), (300.0, 60.0), (300.0, 160.0), (150.0, 160.0)), problem=True)
CERVIX = Line("cervix as found", ((90.0, 30.0), (330.0, 30.0), (330.0, 180.0), (90.0, 180.0)), problem=False)


@pytest.mark.parametrize("source", PLACES)
def test_what_is_wrong_is_drawn_on_the_picture_that_it_was_found_in(registered, look, spot, source: Source) -> None:
    bare = look()
    registered.set_found({source: Found((PROBLEM,))})
    changed = change(look(), bare)
    own, other = (changed[:, :500], changed[:, 504:])[:: 1 if source is Source.WHITE else -1]
    assert other.max() == 0
    assert own.max() > 80
    if source is Source.WHITE:
        column, row = (round(v) for v in spot(300, 110))
        assert changed[row - 20 : row + 20, column - 3 : column + 4].max() > 80
        column, row = (round(v) for v in spot(225, 140))
        assert changed[row - 5 : row + 5, column - 5 : column + 5].max() == 0, "the tissue within stays as it is"


def test_the_cervix_is_drawn_only_when_it_is_asked_for(registered, look, spot) -> None:
    bare = look()
    registered.set_found({Source.WHITE: Found((CERVIX,))})
    assert change(look(), bare).max() == 0
    registered.commands.show_cervix(True)
    column, row = (round(v) for v in spot(330, 100))
    assert change(look(), bare)[row - 20 : row + 20, column - 3 : column + 4].max() > 80
    registered.commands.show_cervix(False)
    assert change(look(), bare).max() == 0


def test_what_was_found_in_one_picture_is_not_drawn_on_the_other_without_a_way_there(unregistered, look) -> None:
    bare = look()
    unregistered.set_found({Source.WHITE: Found((PROBLEM,))})
    changed = change(look(), bare)
    assert changed[:, :500].max() > 80
    assert changed[:, 504:].max() == 0


def test_what_was_found_does_not_stay_with_other_pictures(registered, white, glow) -> None:
    registered.set_found({Source.WHITE: Found((PROBLEM,))})
    registered.set_pair(white.copy(), glow, None)
    assert registered.painting().found.given == {}


def test_an_os_that_was_only_found_looks_unlike_one_that_was_marked(registered, look, spot, os_mark) -> None:
    bare = look()
    registered.set_marks((), os_mark)
    marked = look()
    registered.set_marks((), None, os_mark)
    found = look()
    column, row = (round(v) for v in spot(os_mark.x, os_mark.y))
    around = np.s_[row - 22 : row + 14, column - 13 : column + 13]
    assert change(found, bare)[around].max() > 80
    assert change(found, marked)[around].max() > 80
    assert change(found, bare)[row - 2 : row + 3, column - 2 : column + 3].max() == 0, "the os itself stays visible"


# ---- words, scale bar, focus


def test_a_picture_that_is_not_registered_says_so(unregistered, look, registered_words) -> None:
    assert registered_words("Fluorescence, not registered")


@pytest.fixture
def registered_words(monkeypatch, look):
    """Whether a text stands on a plate of the next frame."""
    from pfm_desktop.gui.widgets import stage_render

    said: list[str] = []
    real = stage_render.plate

    def listening(painter, at, text, **options):
        said.append(text)
        return real(painter, at, text, **options)

    monkeypatch.setattr(stage_render, "plate", listening)

    def asked(text: str) -> bool:
        said.clear()
        look()
        return text in said

    return asked


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (Mode.SIDE_BY_SIDE, "Fluorescence"),
        (Mode.BLEND, "White light 50 %, fluorescence 50 %"),
        (Mode.SWIPE, "Fluorescence"),
        (Mode.FLICKER, "White light (space: the other); at most 3 times a second there and back"),
        (Mode.CHECKERBOARD, "White light / Fluorescence"),
    ],
)
def test_every_mode_names_what_it_shows(registered, show, registered_words, mode, words) -> None:
    show(mode)
    assert registered_words(words)


def test_no_scale_bar_without_calibration(registered, look) -> None:
    bare = look()
    for none in (None, 0.0, -1.0):
        registered.set_scale(none)
        assert change(look(), bare).max() == 0


def test_the_scale_bar_is_as_long_as_it_says(registered, look, spot) -> None:
    bare = look()
    registered.set_scale(0.05)
    seen = look()
    area = place(registered)
    bottom, right = int(area.bottom()) - 10 - 8, int(area.right())
    row = seen.pixels[bottom, right - 190 : right - 10].astype(int).min(axis=1) > 230
    pixels = int(row.sum())
    zoom = registered.arrangement.panes[0].lens.zoom
    millimetres = pixels / zoom * 0.05
    assert min(abs(millimetres - round_) for round_ in (1, 2, 5)) < 0.15
    assert change(seen, bare).max() > 60


def test_the_scale_bar_does_not_lie_on_the_legend(registered, look, heatmap) -> None:
    registered.resize(600, 400)
    registered.set_heatmaps({"fused": heatmap()}, label=DEMONSTRATION)
    before = look()
    registered.set_scale(0.05)
    changed = change(look(), before)
    assert changed.max() > 60
    assert changed[int(strip_of(registered).top()) :].max() == 0


def test_the_focus_is_seen(registered, look, qtbot) -> None:
    assert registered.hasFocus()
    with_focus = look()
    registered.clearFocus()
    changed = change(look(), with_focus)
    assert changed[:3, 100:900].max() > 100
    assert changed[30:370, 30:970].max() == 0


# ---- loupe


def test_the_loupe_is_larger_about_the_tissue_under_the_mouse(registered, look, hand, spot) -> None:
    hand.move(spot(200, 150))
    registered.commands.hold_loupe(True)
    seen, zoom = look(), registered.arrangement.panes[0].lens.zoom
    for pane in (0, 1):
        x, y = spot(200, 150, pane)
        shift = (40, 20) if pane else (0, 0)
        for away in (-80, 80):
            found = seen.at(x + away, y)
            assert found[1] == pytest.approx((200 + shift[0] + away / (LARGER * zoom)) / 2, abs=3)
        assert seen.at(x, y + RADIUS + 12)[1] == pytest.approx((200 + shift[0]) / 2, abs=3), (
            "around it all is as before"
        )


def test_the_loupe_marks_its_middle_where_the_mouse_is_not(registered, look, hand, spot) -> None:
    hand.move(spot(200, 150))
    registered.commands.hold_loupe(True)
    seen = look()
    x, y = spot(200, 150, 1)
    assert seen.at(x + 9, y).min() > 180
    x, y = spot(200, 150)
    assert seen.at(x + 9, y)[2] < 120


def test_the_loupe_enlarges_the_heatmap_with_the_tissue(registered, look, hand, spot, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    hand.move(spot(190, 150))
    registered.commands.hold_loupe(True)
    seen, zoom = look(), registered.arrangement.panes[0].lens.zoom
    x, y = spot(190, 150)
    edge = 10 * zoom * LARGER  # the heatmap begins at 200
    assert seen.at(x + edge - 12, y)[0] > 220
    assert abs(seen.at(x + edge + 14, y) - seen.at(x + edge - 12, y)).max() > 30


def test_without_registration_the_loupe_is_over_one_picture(unregistered, look, hand, spot) -> None:
    bare = look()
    hand.move(spot(200, 150))
    unregistered.commands.hold_loupe(True)
    assert change(look(), bare)[:, 504:].max() == 0


# ---- what is kept between frames


def test_flicker_keeps_both_pictures_ready(registered, look, show) -> None:
    show(Mode.FLICKER)
    look()
    registered.commands.flick()
    look()
    layers = registered.painting().layers
    before = {key: layer._pixmap.cacheKey() for key, layer in layers._layers.items()}
    registered.commands.flick()
    look()
    registered.commands.flick()
    look()
    after = {key: layer._pixmap.cacheKey() for key, layer in layers._layers.items()}
    assert {key: after[key] for key in list(before)[-2:]} == {key: before[key] for key in list(before)[-2:]}


def test_few_layers_are_kept(registered, look, show, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    for mode in MODES * 2:
        show(mode)
        look()
        assert len(registered.painting().layers._layers) <= KEPT


def test_two_panes_of_one_frame_share_the_heatmap(registered, look, show, heatmap) -> None:
    show(Mode.SIDE_BY_SIDE)
    registered.set_heatmaps({"fused": heatmap()})
    look()
    names = [key[0] for key in registered.painting().layers._layers]
    assert names.count("heatmap") == 1


def test_a_frame_while_zooming_shows_what_the_next_one_shows(registered, look, show, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    for mode in MODES:
        show(mode)
        look()
        registered.set_view(replace(registered.view, zoom=1.7 if registered.view.zoom != 1.7 else 2.3))
        moving = look().pixels.astype(int)
        resting = look().pixels.astype(int)
        assert np.abs(moving - resting).max() <= 3, mode


def test_a_pyramid_shows_each_size_from_the_smallest_level_that_will_do() -> None:
    pyramid = build_pyramid(np.zeros((800, 1600, 3), np.uint8))
    assert [level.width() for level in pyramid.levels] == [1600, 800, 400]
    assert pyramid.level_for(1.0).width() == 1600
    assert pyramid.level_for(0.5).width() == 800
    assert pyramid.level_for(0.51).width() == 1600
    assert pyramid.level_for(0.01).width() == 400
    assert pyramid.level_for(9.0).width() == 1600


def test_the_surround_is_neutral_grey(registered, look) -> None:
    registered.clearFocus()
    seen = look().pixels
    assert SURROUND == 0x2B
    assert tuple(seen[395, 250]) == (0x2B, 0x2B, 0x2B)
    assert tuple(seen[395, 502]) == (0x2B, 0x2B, 0x2B)


def test_a_part_of_the_stage_is_painted_like_the_whole(registered, hand, spot, qtbot) -> None:
    """Moving the cursor paints only around it; nothing of the cursor before may stay."""
    for x in range(100, 200, 7):
        hand.move(spot(x, 120))
        registered.repaint()
    registered.move_cursor(None)
    registered.repaint()
    partly = registered.window().grab().toImage()
    registered.update()
    registered.repaint()
    assert registered.window().grab().toImage() == partly


def test_keyboard_zoom_about_a_point_beside_all_pictures_is_about_the_middle(registered) -> None:
    before = registered.arrangement.panes[0].lens.centre
    registered.commands.zoom(2.0, QPointF(502, 200))
    assert registered.view.centre == pytest.approx(before)
    assert registered.shown.reference is Source.WHITE
