"""Reveal, heatmap, modes, keys."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.pages.review.side import NARROW
from pfm_desktop.gui.widgets.heatmap_controls import HeatmapControls
from pfm_desktop.services import review as work
from pfm_desktop.viewmodels.pair_view import MODES, Mode
from pfm_desktop.viewmodels.session import Session

from .conftest import Clinic, FakeEngine, Opened, click, reveal, settle

pytestmark = pytest.mark.slow

LEFT = Qt.MouseButton.LeftButton
ALT = Qt.KeyboardModifier.AltModifier


def controls(page: ReviewPage) -> HeatmapControls:
    page.side.go_to(1)
    return page.side.heatmap


def test_before_the_reveal_nothing_of_the_answer_shows_but_the_registration(
    page: ReviewPage, clinic: Clinic, opened: Opened
) -> None:
    opened(clinic.adler)
    assert page.loader.desk.answer is not None
    assert page.stage.painting().heatmap is None
    assert page.stage.painting().legend is None
    assert not controls(page).isVisible()
    assert not page.banner.isVisible()
    assert page.bar.chip.text() == "0.8 px"


def test_the_reveal_shows_the_heatmap_the_banner_and_the_label_of_the_model(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened
) -> None:
    opened(clinic.adler)
    reveal(session)
    assert page.stage.painting().heatmap is not None
    assert page.stage.painting().legend.label == "demonstration model, trained on phantoms"
    assert controls(page).isVisible()
    assert page.banner.isVisible()
    assert page.banner.text().startswith("Investigational - not for diagnosis")
    assert "demonstration model, trained on phantoms" in page.banner.text()


def test_a_visit_that_was_revealed_before_opens_with_its_heatmap(
    page: ReviewPage, clinic: Clinic, opened: Opened, revealed: None
) -> None:
    opened(clinic.brandt)
    assert page.stage.painting().heatmap is None
    opened(clinic.adler)
    assert page.stage.painting().heatmap is not None


def test_a_refused_answer_has_no_heatmap_even_after_the_reveal(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, opened: Opened
) -> None:
    engine.refuse_answer = True
    opened(clinic.adler)
    reveal(session)
    assert page.stage.painting().heatmap is None
    assert not controls(page).isVisible()
    assert page.banner.isVisible()


def test_the_heatmap_controls_change_what_the_stage_shows(page: ReviewPage, qtbot: QtBot, revealed: None) -> None:
    used = controls(page)
    used.opacity.setFocus()
    qtbot.keyClick(used.opacity, Qt.Key.Key_End)
    used.threshold.setFocus()
    qtbot.keyClick(used.threshold, Qt.Key.Key_Home)
    qtbot.keyClick(used.kind, Qt.Key.Key_Down)
    qtbot.keyClick(used.colours, Qt.Key.Key_End)
    qtbot.keyClick(used.contour, Qt.Key.Key_Space)
    assert not used.opacity.isEnabled(), "an outline has no opacity"
    assert not used.colours.isEnabled()
    assert used.threshold.isEnabled()
    look = page.stage.view.heatmap
    assert (look.opacity, look.threshold, look.contour_only) == (1.0, 0.0, True)
    assert (look.kind, look.colour_map) == ("white", "cividis")
    qtbot.keyClick(used.show_it, Qt.Key.Key_Space)
    assert page.stage.painting().heatmap is None
    assert not used.opacity.isEnabled()


@pytest.mark.parametrize(
    ("show", "contour"),
    [("Afficher l\u2019attention du modèle", "Contour seul"), ("Mostrar la atención del modelo", "Solo contorno")],
)
def test_long_words_of_the_heatmap_are_read_whole_in_the_narrowest_column(
    page: ReviewPage, qtbot: QtBot, revealed: None, show: str, contour: str
) -> None:
    used = controls(page)
    page.side.setFixedWidth(NARROW)
    letters = used.font()
    letters.setPixelSize(17)  # those of some systems are that wide at 14
    for box, text in ((used.show_it, show), (used.contour, contour)):
        box.setFont(letters)
        box.setText(text)
    for box in (used.show_it, used.contour):
        qtbot.waitUntil(lambda box=box: box.width() >= box.sizeHint().width())
        qtbot.waitUntil(lambda box=box: box.visibleRegion().boundingRect() == box.rect())
    assert not used.show_it.geometry().intersects(used.contour.geometry())


def test_what_was_looked_for_of_one_woman_does_not_decide_how_the_next_map_looks(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot, revealed: None
) -> None:
    used = controls(page)
    before = page.stage.view.heatmap
    used.threshold.setFocus()
    qtbot.keyClick(used.threshold, Qt.Key.Key_Home)
    qtbot.keyClick(used.kind, Qt.Key.Key_Down)
    used.opacity.setFocus()
    qtbot.keyClick(used.opacity, Qt.Key.Key_End)
    session.perform(lambda lib: work.set_impression(lib, clinic.adler, Grade.HIGH))
    assert page.stage.view.heatmap.threshold == 0.0, "an edit of the same visit changes nothing"
    opened(clinic.adler_before)
    look = page.stage.view.heatmap
    assert (look.kind, look.threshold, look.begins) == (before.kind, before.begins, before.begins)
    assert look.opacity == 1.0, "how the reader likes it stays"


@pytest.mark.slow
def test_on_a_low_page_the_second_read_comes_into_sight_whole(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    page.resize(1250, 480)
    opened(clinic.adler)
    reveal(session)
    page.side.setCurrentIndex(1)
    panel = page.side.answer
    qtbot.waitUntil(panel.differ.isVisible)
    qtbot.mouseClick(panel.differ, Qt.MouseButton.LeftButton)
    form = panel.form
    qtbot.waitUntil(lambda: form.visibleRegion().boundingRect() == form.rect())
    assert form.grade.hasFocus()


@pytest.mark.slow
def test_on_a_low_page_the_answer_has_the_room_and_the_heatmap_controls_scroll(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    page.resize(960, 340)
    opened(clinic.adler)
    reveal(session)
    page.side.setCurrentIndex(1)
    bars, used = page.side.answer.bars, controls(page)
    qtbot.waitUntil(lambda: bars.visibleRegion().boundingRect() == bars.rect())
    assert used.isVisible()
    assert used.visibleRegion().isEmpty(), "below the answer: one scrolls to it"
    used.threshold.setFocus()
    page.resize(1250, 640)
    qtbot.waitUntil(lambda: used.visibleRegion().boundingRect() == used.rect())
    assert used.threshold.hasFocus()
    page.resize(960, 340)
    qtbot.waitUntil(lambda: used.visibleRegion().boundingRect() != used.rect())
    opened(clinic.brandt)
    assert not used.isVisible()


def test_the_heatmap_key_hides_and_shows_it_from_anywhere_on_the_page(
    page: ReviewPage, qtbot: QtBot, revealed: None
) -> None:
    page.pictures.filmstrip.list.setFocus()
    qtbot.keyClick(page.pictures.filmstrip.list, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    assert page.stage.painting().heatmap is None
    assert not page.side.heatmap.show_it.isChecked()


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_can_be_chosen_by_button_and_by_key(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot, mode: Mode
) -> None:
    opened(clinic.adler)
    other = Mode.SWIPE if mode is not Mode.SWIPE else Mode.BLEND
    page.stage.commands.set_mode(other)
    qtbot.mouseClick(page.bar.modes[mode.value], LEFT)
    assert page.stage.view.mode is mode
    page.stage.commands.set_mode(other)
    assert not page.bar.modes[mode.value].isChecked()
    page.stage.setFocus()
    qtbot.keyClick(page.stage, mode.key)
    assert page.stage.view.mode is mode
    assert page.bar.modes[mode.value].isChecked()


@pytest.mark.parametrize("sources", ["one", "two that are not registered"])
def test_the_button_of_a_mode_that_cannot_be_shown_is_not_marked(
    page: ReviewPage, clinic: Clinic, engine: FakeEngine, opened: Opened, qtbot: QtBot, sources: str
) -> None:
    engine.refuse_registration = True
    opened(clinic.brandt if sources == "one" else clinic.adler)
    for _ in range(2):  # also when it was asked for already
        qtbot.mouseClick(page.bar.modes["blend"], LEFT)
        assert page.bar.modes["side_by_side"].isChecked()
        assert not page.bar.modes["blend"].isChecked()
        assert not page.bar.opacity.isEnabled()
    qtbot.keyClick(page.stage, Qt.Key.Key_Space)
    assert page.bar.modes["side_by_side"].isChecked()


def test_a_mode_that_waits_for_the_registration_is_marked_once_it_is_shown(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.held["align"] = threading.Event()
    session.open_visit(clinic.adler)
    qtbot.waitUntil(lambda: page.loader.desk.pictures is not None)
    page.stage.commands.set_mode(Mode.BLEND)
    assert page.bar.modes["side_by_side"].isChecked()
    engine.held["align"].set()
    settle(qtbot, page)
    assert page.bar.modes["blend"].isChecked()
    assert page.bar.opacity.isEnabled()


def test_the_total_of_the_swede_score_stays_in_sight_at_every_place_of_the_findings(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened
) -> None:
    opened(clinic.adler)
    session.perform(lambda lib: work.set_swede(lib, clinic.adler, SwedeScore(aceto_uptake=2)))
    total = page.side.swede
    assert total.text() == page.side.findings.swede.status.text()
    assert "2 points" in total.text()
    assert not page.side.findings.isAncestorOf(total)  # it does not scroll
    assert page.rect().contains(total.mapTo(page, total.rect().bottomLeft()))


def test_the_stage_does_not_change_its_size_from_mode_to_mode(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    sizes = set()
    for mode in MODES:
        page.stage.commands.set_mode(mode)
        QApplication.processEvents()
        sizes.add((page.stage.width(), page.stage.height()))
    assert len(sizes) == 1


def test_the_opacity_slider_works_in_blend_only(page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot) -> None:
    opened(clinic.adler)
    assert not page.bar.opacity.isEnabled()
    page.stage.commands.set_mode(Mode.BLEND)
    assert page.bar.opacity.isEnabled()
    page.bar.opacity.setFocus()
    qtbot.keyClick(page.bar.opacity, Qt.Key.Key_End)
    assert page.stage.view.opacity == 1.0
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_BracketLeft)
    assert page.bar.opacity.value() == 95


def test_keys_of_the_stage_are_letters_elsewhere(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    field = QLineEdit(page)
    field.show()
    field.setFocus()
    for key in "3pvf":
        qtbot.keyClick(field, key)
    assert field.text() == "3pvf"
    assert page.stage.view.mode is Mode.SIDE_BY_SIDE
    assert page.stage.tool == "pan"


def test_a_click_on_the_bar_leaves_the_keys_with_the_stage(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.stage.setFocus()
    qtbot.mouseClick(page.bar.modes["blend"], LEFT)
    assert page.stage.hasFocus()


def test_f6_goes_through_stage_filmstrip_and_right_column(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.stage.setFocus()
    for place in (page.pictures.filmstrip.list, page.side.tabBar(), page.stage):
        focus = QApplication.focusWidget()
        assert focus is not None
        qtbot.keyClick(focus, Qt.Key.Key_F6)
        assert place.hasFocus()


def test_alt_and_a_number_open_the_tabs_of_the_right_column(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.stage.setFocus()
    for number, name in ((2, "AI"), (3, "Pins"), (4, "Report"), (1, "Findings")):
        focus = QApplication.focusWidget()
        assert focus is not None
        qtbot.keyClick(focus, str(number), ALT)
        assert page.side.tabText(page.side.currentIndex()) == name


def test_an_impression_by_key_that_departs_from_the_ai_brings_up_where_the_reason_is_asked(
    page: ReviewPage, revealed: None
) -> None:
    page.side.go_to(1)
    findings = page.side.findings
    next(command for command in findings.commands if command.objectName().endswith("cancer")).trigger()
    assert page.side.tabText(page.side.currentIndex()) == "Findings"
    assert findings.form.isVisible()
    assert findings.form.reason.hasFocus()
    assert not findings.form.visibleRegion().isEmpty()


def test_every_command_has_an_id_of_this_page_a_text_and_its_own_key(page: ReviewPage) -> None:
    actions = page.page_actions()
    ids = [action.objectName() for action in actions]
    assert len(set(ids)) == len(ids)
    assert all(id_.startswith("review.") for id_ in ids)
    assert all(action.text() for action in actions)
    keys = [action.shortcut().toString() for action in actions if not action.shortcut().isEmpty()]
    assert len(set(keys)) == len(keys)


def test_everything_that_takes_the_keys_has_a_name_for_the_screen_reader(page: ReviewPage, revealed: None) -> None:
    page.side.go_to(1)
    own = (page.bar, page.side.heatmap, page.pictures)
    widgets = [child for area in own for child in area.findChildren(QWidget) if child.isVisible()]
    silent = [
        child
        for child in widgets
        if child.focusPolicy() is not Qt.FocusPolicy.NoFocus and not (child.accessibleName() or _text(child))
    ]
    assert silent == []


def _text(widget: QWidget) -> str:
    return str(widget.property("text") or "")


def test_leaving_the_page_ends_point_mode(page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot) -> None:
    opened(clinic.adler)
    page.place_points()
    click(qtbot, page, 20, 20)
    page.left()
    assert not page.points.active
    assert page.stage.marks.pins == ()


def test_at_1366_pixels_the_stage_keeps_three_fifths_of_the_window(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    rail = 116
    page.resize(1366 - rail, 640)
    qtbot.waitUntil(lambda: page.stage.width() >= 0.6 * 1366)


def test_an_edit_after_the_reveal_does_not_colour_the_heatmap_again(
    page: ReviewPage, qtbot: QtBot, revealed: None
) -> None:
    before = page.stage.painting().heatmap
    page.choose_tool("pin")
    click(qtbot, page, 20, 20)
    assert len(page.stage.marks.pins) == 1
    assert page.stage.painting().heatmap is before


def test_the_heatmap_is_back_after_point_mode(page: ReviewPage, qtbot: QtBot, revealed: None) -> None:
    page.place_points()
    assert page.stage.painting().heatmap is None
    qtbot.keyClick(page.stage, Qt.Key.Key_Escape)
    settle(qtbot, page)
    assert page.stage.painting().heatmap is not None
    assert page.stage.painting().legend.label == "demonstration model, trained on phantoms"


def test_the_stage_of_the_examination_stands_in_the_titles(page: ReviewPage, clinic: Clinic, opened: Opened) -> None:
    opened(clinic.adler)
    assert page.stage.painting().stages[Source.WHITE].startswith("acetic acid")
    assert page.stage.painting().stages[Source.FLUORESCENCE].startswith("after acetic acid")
    assert page.stage.painting().warning == ""


def test_an_answer_from_one_picture_names_its_source(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    engine: FakeEngine,
    opened: Opened,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = engine.answer_pair

    def of_white_light_alone(*args: Any) -> Any:
        answer = real(*args)
        assert answer.analysis.prediction is not None
        prediction = replace(answer.analysis.prediction, sources=(Source.WHITE,))
        return replace(answer, analysis=replace(answer.analysis, prediction=prediction))

    monkeypatch.setattr(engine, "answer_pair", of_white_light_alone)
    opened(clinic.brandt)
    reveal(session)
    legend = page.stage.painting().legend
    assert legend is not None
    assert legend.title == "Model attention, white light"
    assert controls(page).kind.itemText(0) == "White light"


def test_on_a_low_page_the_stage_has_the_room_until_the_user_opens_the_pictures(
    page: ReviewPage, clinic: Clinic, opened: Opened
) -> None:
    opened(clinic.adler)
    assert page.pictures.filmstrip.isVisible()
    page.resize(960, 440)
    assert not page.pictures.filmstrip.isVisible()
    page.resize(1250, 640)
    assert page.pictures.filmstrip.isVisible()
    page.resize(960, 440)
    page.pictures.toggle.click()
    assert page.pictures.filmstrip.isVisible()
    page.resize(960, 441)
    assert page.pictures.filmstrip.isVisible(), "what the user chose stays"


def test_in_a_narrow_window_the_stage_bar_takes_two_rows_and_tooltips_keep_the_words(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.resize(1250, 640)
    bar = page.bar
    checks = bar.modes[Mode.CHECKERBOARD.value]
    qtbot.waitUntil(lambda: checks.text() == "Checkerboard" and bar.hint.isVisible())
    page.resize(844, 361)  # what a window of 960 x 540 leaves
    qtbot.waitUntil(lambda: checks.text() == "Checker" and bar.hint.isHidden())
    row = bar.fit.sizeHint().height()
    qtbot.waitUntil(lambda: 2 * row <= bar.height() < 3 * row)
    assert checks.toolTip().startswith("Checkerboard")
    assert checks.accessibleName() == "Mode: Checkerboard"
    assert bar.hint.text() in bar.fit.toolTip()


def test_the_flicker_mode_says_how_fast_it_can_get(page: ReviewPage) -> None:
    button = page.bar.modes["flicker"]
    assert button.toolTip() == "Flicker (4): at most 3 times a second there and back"
    assert "at most 3 times a second" in button.accessibleDescription()
