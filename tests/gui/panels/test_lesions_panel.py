"""Lesions and the examination as a whole: each answer of its own lesion, scores that count, and keys throughout."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.examination import Whitening
from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.widgets.chips import Chip
from pfm_desktop.gui.widgets.findings_panel import FindingsPanel
from pfm_desktop.gui.widgets.form_view import ChoiceRow, FormView, SeveralRow, TypedRow
from pfm_desktop.gui.widgets.lesions_panel import LesionsPanel
from pfm_desktop.services import bands, cases, review
from pfm_desktop.services.capture import allergies, records

from .conftest import Hosted, Room

pytestmark = pytest.mark.slow

Key, LEFT = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def findings(room: Room, host: Hosted) -> FindingsPanel:
    return host(FindingsPanel(room.session))


@pytest.fixture
def panel(findings: FindingsPanel) -> LesionsPanel:
    return findings.lesions


def add(panel: LesionsPanel) -> None:
    QTest.mouseClick(panel.chooser.add, LEFT)


def chosen(panel: LesionsPanel) -> int | None:
    return None if panel.chosen is None else panel.chosen.number


def go_to(panel: LesionsPanel, number: int) -> None:
    QTest.mouseClick(list(panel.chooser.buttons.values())[number - 1], LEFT)


def chips(form: FormView, key: str) -> dict[str, Chip]:
    row = form.rows[key]
    assert isinstance(row, SeveralRow)
    return row.buttons


def choose(form: FormView, key: str, answer: str) -> None:
    row = form.rows[key]
    assert isinstance(row, ChoiceRow)
    row.box.setFocus()
    while row.box.currentData() != answer:
        QTest.keyClick(row.box, Key.Key_Down)


def answers(room: Room) -> list[dict[str, Any]]:
    return [dict(one.answers) for one in room.case.lesions]


def test_without_a_lesion_its_forms_are_out_of_sight_and_the_examination_is_scored(
    panel: LesionsPanel, findings: FindingsPanel, room: Room
) -> None:
    assert panel.of_lesion.isHidden()
    assert panel.of_reid.isHidden()
    QTest.keyClick(findings.swede.rows["vessels"].buttons[None], Key.Key_1)
    assert room.case.findings.swede.vessels == 1
    assert findings.swede.status.text() == "Swede score: 1 of 5 items, 1 points so far"


def test_the_first_lesion_takes_the_score_and_each_has_its_own(
    panel: LesionsPanel, findings: FindingsPanel, room: Room
) -> None:
    QTest.keyClick(findings.swede.rows["vessels"].buttons[None], Key.Key_1)
    add(panel)
    assert findings.swede.status.text() == "Swede score of lesion 1: 1 of 5 items, 1 points so far"
    add(panel)
    assert chosen(panel) == 2
    assert QApplication.focusWidget() is list(panel.chooser.buttons.values())[1]
    QTest.keyClick(findings.swede.rows["vessels"].buttons[None], Key.Key_2)
    assert [one.swede.vessels for one in room.case.lesions] == [1, 2]
    go_to(panel, 1)
    assert findings.swede.rows["vessels"].value == 1
    assert "2 lesions to be scored" in panel.chooser.note.text()


def test_a_digit_scores_the_lesion_in_front_and_the_highest_counts(
    panel: LesionsPanel, findings: FindingsPanel, room: Room
) -> None:
    for value in (Key.Key_1, Key.Key_2):
        add(panel)
        for row in findings.swede.rows.values():
            QTest.keyClick(row.buttons[row.value], value)
    assert room.case.findings.swede == SwedeScore(2, 2, 2, 2, 2)
    assert panel.chooser.note.text() == "The highest Swede score counts: 10 of 10."


def test_signs_go_to_the_lesion_in_which_they_were_given(panel: LesionsPanel, room: Room) -> None:
    add(panel)
    QTest.mouseClick(chips(panel.signs, "grade_2")["ridge_sign"], LEFT)
    choose(panel.signs, "place", "inside")  # not told yet: the keys rest a moment
    add(panel)
    QTest.mouseClick(chips(panel.signs, "grade_1")["fine_mosaic"], LEFT)
    assert answers(room) == [{"place": "inside", "grade_2": ["ridge_sign"]}, {"grade_1": ["fine_mosaic"]}]
    go_to(panel, 1)
    assert chips(panel.signs, "grade_2")["ridge_sign"].isChecked()
    assert not chips(panel.signs, "grade_1")["fine_mosaic"].isChecked()


def test_what_is_chosen_last_goes_to_its_own_lesion_though_undo_takes_another_one(
    panel: LesionsPanel, findings: FindingsPanel, room: Room
) -> None:
    add(panel)
    add(panel)
    go_to(panel, 1)
    choose(panel.signs, "place", "outside")
    go_to(panel, 2)
    QTest.mouseClick(panel.chooser.remove, LEFT)
    assert answers(room) == [{"place": "outside"}]
    assert chosen(panel) == 1
    QTest.keyClick(findings.plan, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [one.number for one in room.case.lesions] == [1, 2]


def test_an_allergy_to_iodine_stands_beside_the_items_of_iodine_and_in_the_line_of_the_referral(
    panel: LesionsPanel, findings: FindingsPanel, room: Room
) -> None:
    add(panel)
    panel.of_reid.title.click()
    beside = findings.swede.rows["iodine"].warning, panel.reid.rows["iodine"].warning
    assert not any(warning.isVisible() for warning in beside)
    woman = room.case.patient.id
    room.session.perform(lambda lib: allergies.set_iodine_allergy(lib, woman, True))
    assert [(one.isVisible(), one.text()) for one in beside] == [(True, "\u26a0 Iodine allergy on record")] * 2
    assert findings.referral.text() == "Referral: \u26a0 Iodine allergy on record"
    assert not findings.swede.rows["vessels"].warning.isVisible()
    room.session.perform(lambda lib: allergies.set_iodine_allergy(lib, woman, False))
    assert not any(one.isVisible() for one in (*beside, findings.referral))


def test_what_is_typed_and_wrong_stays_with_its_lesion(panel: LesionsPanel, room: Room) -> None:
    add(panel)
    row = panel.signs.rows["percent"]
    assert isinstance(row, TypedRow)
    row.field.setFocus()
    QTest.keyClicks(row.field, "140")
    QTest.keyClick(row.field, Key.Key_Return)
    assert "0 to 100" in row.problem.text()
    add(panel)
    assert row.field.text() == ""
    assert room.session.unkept == ("O'Brien <b>, Ana & 李娜, lesion 1: Of the cervix",)
    go_to(panel, 1)
    assert row.field.text() == "140"
    room.session.drop_typed()
    assert room.session.unkept == ()


def test_arrows_go_through_the_signs_and_space_switches_them_with_one_stop_for_tab(
    panel: LesionsPanel, room: Room, qtbot: QtBot
) -> None:
    add(panel)
    signs = list(chips(panel.signs, "grade_1").values())
    assert [bool(chip.focusPolicy() & Qt.FocusPolicy.TabFocus) for chip in signs] == [True, False, False, False]
    signs[0].setFocus()
    QTest.keyClick(signs[0], Key.Key_Right)
    QTest.keyClick(signs[1], Key.Key_Down)
    assert QApplication.focusWidget() is signs[2]
    QTest.keyClick(signs[2], Key.Key_Space)
    assert answers(room) == [{"grade_1": ["fine_mosaic"]}]
    QTest.keyClick(signs[2], Key.Key_Left)
    QTest.keyClick(signs[1], Key.Key_Left)
    QTest.keyClick(signs[0], Key.Key_Left)
    assert QApplication.focusWidget() is signs[0], "it stays at the ends"
    QTest.keyClick(signs[0], Key.Key_Tab)
    assert QApplication.focusWidget() not in signs


def test_iodine_of_the_reid_index_waits_for_the_other_three(panel: LesionsPanel, room: Room) -> None:
    add(panel)
    QTest.mouseClick(panel.of_reid.title, LEFT)
    rows = panel.reid.rows
    QTest.keyClick(rows["iodine"].buttons[None], Key.Key_2)
    assert room.case.lesions[0].reid.iodine is None
    assert rows["iodine"].buttons[2].accessibleDescription() == "depends on the other items"
    for key, value in (("colour", Key.Key_2), ("margin", Key.Key_2), ("vessels", Key.Key_0)):
        QTest.keyClick(rows[key].buttons[None], value)
    QTest.keyClick(rows["iodine"].buttons[None], Key.Key_2)
    assert room.case.lesions[0].reid.total == 6
    assert panel.reid.status.text() == "Reid index of lesion 1: 6 of 8"
    QTest.keyClick(rows["margin"].buttons[2], Key.Key_0)
    assert room.case.lesions[0].reid.iodine is None
    assert panel.reid.status.text() == "Reid index of lesion 1: 3 of 4 items, 2 points so far"


def test_the_examination_and_what_contradicts_itself(panel: LesionsPanel, room: Room) -> None:
    choose(panel.visit, "tz_type", "3")
    choose(panel.visit, "scj", "completely")
    panel.save()
    assert dict(room.case.assessment) == {"scj": "completely", "tz_type": "3"}
    assert panel.doubts.text() == "Transformation zone type 3, and the junction is completely visible."
    assert not panel.visit.rows["endocervical_mm"].isHidden()
    choose(panel.others, "excision_type", "3")
    panel.save()
    assert room.case.assessment["excision_type"] == "3"


def test_a_signed_visit_shows_its_lesions_and_takes_nothing(
    panel: LesionsPanel, findings: FindingsPanel, room: Room
) -> None:
    add(panel)
    add(panel)
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.LOW))
    room.session.perform(lambda lib: review.sign(lib, room.visit, "Dr. Test", "reviewed"), undoable=False)
    assert panel.chooser.add.isHidden()
    assert panel.chooser.remove.isHidden()
    go_to(panel, 2)
    assert chosen(panel) == 2, "each can be looked at"
    QTest.keyClick(findings.swede.rows["vessels"].buttons[None], Key.Key_1)
    assert room.case.lesions[1].swede.vessels is None


def test_a_part_folds_by_click_and_by_space(panel: LesionsPanel) -> None:
    title = panel.of_visit.title
    assert panel.of_visit.open
    QTest.mouseClick(title, LEFT)
    assert panel.visit.isHidden()
    title.setFocus()
    QTest.keyClick(title, Key.Key_Space)
    assert not panel.visit.isHidden()


def test_everything_has_a_name(panel: LesionsPanel, findings: FindingsPanel) -> None:
    add(panel)
    for part in findings.findChildren(QWidget):
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isVisible():
            name = part.accessibleName() or getattr(part, "text", str)() or getattr(part, "placeholderText", str)()
            assert name, part


def test_another_visit_has_its_own_lesions(panel: LesionsPanel, room: Room) -> None:
    add(panel)
    assert room.session.open_visit(room.other)
    assert chosen(panel) is None
    assert panel.chooser.buttons == {}
    assert cases.visit_case(room.lib, room.other).lesions == ()
    assert room.session.open_visit(room.visit)
    assert chosen(panel) == 1


def test_a_complete_score_says_its_band_and_whose_band_it_is(
    panel: LesionsPanel, findings: FindingsPanel, room: Room
) -> None:
    room.session.perform(lambda lib: bands.change_site_bands(lib, "iarc"), undoable=False)
    rows = list(findings.swede.rows.values())
    for row in rows[:4]:
        QTest.keyClick(row.buttons[None], Key.Key_1)
    assert findings.band.isHidden(), "a part of a score has none"
    QTest.keyClick(rows[4].buttons[None], Key.Key_2)
    assert findings.band.text() == "CIN2 or CIN3 (IARC Atlas of Colposcopy (online, read 2026))"
    room.session.perform(lambda lib: bands.change_site_bands(lib, ""), undoable=False)
    assert findings.band.isHidden()


def test_what_was_chosen_a_moment_ago_goes_with_a_lesion_that_is_removed_and_comes_back_with_it(
    panel: LesionsPanel, findings: FindingsPanel, room: Room
) -> None:
    add(panel)
    choose(panel.signs, "lugol", "non_stained")
    QTest.mouseClick(panel.chooser.remove, LEFT)
    assert room.problems == []
    QTest.keyClick(findings.plan, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert answers(room) == [{"lugol": "non_stained"}]


def test_tab_goes_from_a_lesion_to_its_score(panel: LesionsPanel, findings: FindingsPanel) -> None:
    add(panel)
    chip = next(iter(panel.chooser.buttons.values()))
    assert QApplication.focusWidget() is chip
    QTest.keyClick(chip, Key.Key_Tab)
    assert QApplication.focusWidget() is findings.swede.rows["aceto_uptake"].buttons[None]
    QTest.keyClick(QApplication.focusWidget(), Key.Key_Backtab)
    assert QApplication.focusWidget() is chip
    QTest.keyClick(chip, Key.Key_Backtab)
    assert QApplication.focusWidget() is panel.chooser.remove


def test_rapid_whitening_is_compared_with_what_was_measured(panel: LesionsPanel, room: Room) -> None:
    add(panel)
    QTest.mouseClick(chips(panel.signs, "grade_2")["rapid_acetowhitening"], LEFT)
    assert panel.doubts.isHidden()
    curve = Whitening((), (0.0, 100.0), (0.0, 5.0), onset_s=95.0)
    records.keep_whitening(room.lib, room.visit, "c" * 32, curve)
    room.session.refresh()
    assert "it was first measured at 95 s" in panel.doubts.text()
