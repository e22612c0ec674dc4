"""The referral card: each answer is on disk as it is given, undone by undo, and never lost while it is typed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pfm_desktop.domain import form
from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.widgets import panel_parts
from pfm_desktop.gui.widgets.form_view import ChoiceRow, SeveralRow, TypedRow, whole_width
from pfm_desktop.gui.widgets.referral_panel import ReferralPanel
from pfm_desktop.services import cases, documenting, review
from pfm_desktop.services.capture import allergies
from pfm_desktop.storage import journal
from pfm_desktop.support.errors import StorageError

from .conftest import Hosted, Room

pytestmark = pytest.mark.slow

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(room: Room, host: Hosted) -> ReferralPanel:
    return host(ReferralPanel(room.session))


def answers(room: Room, visit: str = "") -> dict[str, object]:
    return dict(cases.visit_case(room.lib, visit or room.visit).referral.answers)


def box(panel: ReferralPanel, key: str) -> ChoiceRow:
    row = panel.form.rows[key]
    assert isinstance(row, ChoiceRow)
    return row


def choose(panel: ReferralPanel, key: str, answer: str | None) -> None:
    """As with the arrow keys."""
    row = box(panel, key)
    row.box.setFocus()
    while row.box.currentData() != answer:
        up = row.box.findData(answer) < row.box.currentIndex()
        QTest.keyClick(row.box, Key.Key_Up if up else Key.Key_Down)


def press(panel: ReferralPanel, key: str, choice: str) -> None:
    row = panel.form.rows[key]
    assert isinstance(row, SeveralRow)
    QTest.mouseClick(row.buttons[choice], LEFT)


def field(panel: ReferralPanel, key: str) -> TypedRow:
    row = panel.form.rows[key]
    assert isinstance(row, TypedRow)
    return row


def type_in(panel: ReferralPanel, key: str, text: str) -> TypedRow:
    row = field(panel, key)
    row.field.setFocus()
    row.field.selectAll()
    QTest.keyClicks(row.field, text)
    QTest.keyClick(row.field, Key.Key_Return)
    return row


def full(*_args: object) -> None:
    """In place of what keeps an answer."""
    raise StorageError("the disk is full", safe="nothing was changed")


def test_a_choice_is_kept_where_the_keys_rest_as_one_edit(qtbot: QtBot, panel: ReferralPanel, room: Room) -> None:
    choose(panel, "cytology", "hsil")
    assert answers(room) == {}
    qtbot.waitUntil(lambda: answers(room) == {"cytology": "hsil"})
    QTest.keyClick(box(panel, "cytology").box, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert answers(room) == {}
    assert box(panel, "cytology").box.currentIndex() == 0


def test_what_was_chosen_last_is_kept_when_the_page_is_left(panel: ReferralPanel, room: Room) -> None:
    choose(panel, "pregnancy", "no")
    panel.left()
    assert answers(room) == {"pregnancy": "no"}


def test_what_was_chosen_last_goes_to_its_own_visit(panel: ReferralPanel, room: Room) -> None:
    choose(panel, "pregnancy", "no")
    assert room.session.open_visit(room.other)
    assert answers(room) == {"pregnancy": "no"}
    assert answers(room, room.other) == {}
    assert box(panel, "pregnancy").box.currentIndex() == 0


def test_several_answers_by_click_and_by_space(panel: ReferralPanel, room: Room) -> None:
    press(panel, "treatment", "leep")
    press(panel, "treatment", "cryotherapy")
    assert answers(room)["treatment"] == ["cryotherapy", "leep"]
    row = panel.form.rows["treatment"]
    assert isinstance(row, SeveralRow)
    row.buttons["none"].setFocus()
    QTest.keyClick(row.buttons["none"], Key.Key_Space)
    assert answers(room)["treatment"] == ["none"]
    assert [key for key, button in row.buttons.items() if button.isChecked()] == ["none"]
    assert row.buttons["none"].text().startswith("\u2713"), "not by colour alone"
    press(panel, "treatment", "none")
    assert "treatment" not in answers(room)


def test_what_depends_on_an_answer_comes_and_goes_with_it(panel: ReferralPanel, room: Room) -> None:
    row = panel.form.rows["hpv_types"]
    assert row.isHidden()
    choose(panel, "hpv", "positive")
    panel.form.save()
    assert not row.isHidden()
    press(panel, "hpv_types", "16")
    choose(panel, "hpv", "negative")
    panel.form.save()
    assert row.isHidden()
    assert answers(room) == {"hpv": "negative"}


def test_a_day_is_taken_however_it_is_written(panel: ReferralPanel, room: Room) -> None:
    choose(panel, "cytology", "nilm")
    panel.form.save()
    row = type_in(panel, "cytology_on", "3 Mar 2026")
    assert answers(room)["cytology_on"] == "2026-03-03"
    type_in(panel, "cytology_on", "2026-03-04")
    assert row.field.text() == "04 Mar 2026"
    type_in(panel, "cytology_on", " ")
    assert "cytology_on" not in answers(room)


@pytest.mark.parametrize("text", ["99", "-1", "two", "1.5", "1" * 400])
def test_what_cannot_be_kept_stays_and_is_said(panel: ReferralPanel, room: Room, text: str) -> None:
    type_in(panel, "parity", "2")
    row = type_in(panel, "parity", text)
    assert row.field.text() == text
    assert "whole number from 0 to 25" in row.problem.text()
    assert answers(room) == {"parity": 2}
    assert panel.names == ("O'Brien <b>, Ana & 李娜, referral card: Parity",)
    assert room.session.open_visit(room.other)
    assert row.field.text() == ""
    assert room.session.open_visit(room.visit)
    assert row.field.text() == text, "nothing that was typed is lost"
    assert row.problem.text()
    type_in(panel, "parity", "3")
    assert answers(room) == {"parity": 3}
    assert (row.problem.isHidden(), panel.names) == (True, ())


def test_what_the_disk_refuses_stays_in_the_field_until_it_is_kept(
    panel: ReferralPanel, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(documenting, "set_referral", full)
        type_in(panel, "parity", "4")
        assert "disk is full" in str(room.problems[-1])
        assert room.session.unkept == ("O'Brien <b>, Ana & 李娜, referral card: Parity",)
        room.session.refresh()
        assert field(panel, "parity").field.text() == "4"
    assert room.session.keep_typed() == ()
    assert answers(room) == {"parity": 4}


def test_what_is_not_wanted_any_more_is_dropped(panel: ReferralPanel, room: Room) -> None:
    type_in(panel, "parity", "99")
    room.session.drop_typed()
    assert field(panel, "parity").field.text() == ""
    assert room.session.unkept == ()


def test_the_bar_names_what_is_missing_the_minimum_first(panel: ReferralPanel, room: Room) -> None:
    assert panel.missing.text().startswith("Minimum set (ASCCP): ")
    press(panel, "indication", "cytology")
    for key, answer in (("pregnancy", "no"), ("menopause", "before"), ("hysterectomy", "none"), ("consent", "written")):
        choose(panel, key, answer)
        panel.form.save()
    assert panel.missing.text().startswith("Minimum set (ASCCP): complete.\nComprehensive set, also missing: Cytology")
    assert panel.bar.value() == 5


def test_what_contradicts_itself_is_said(panel: ReferralPanel) -> None:
    assert panel.doubts.isHidden()
    choose(panel, "pregnancy", "yes")
    choose(panel, "menopause", "after")
    panel.form.save()
    assert panel.doubts.text() == "Pregnant and postmenopausal."


def test_an_allergy_to_iodine_is_of_the_woman(panel: ReferralPanel, room: Room) -> None:
    choose(panel, "iodine_allergy", "yes")
    panel.form.save()
    assert allergies.iodine_allergy(room.lib, room.case.patient.id) is True
    assert answers(room) == {}
    assert room.session.open_visit(room.other)
    assert box(panel, "iodine_allergy").box.currentData() == "yes"
    choose(panel, "iodine_allergy", None)
    panel.form.save()
    assert allergies.iodine_allergy(room.lib, room.case.patient.id) is None


def test_a_signed_visit_is_read_and_not_filled_in(panel: ReferralPanel, room: Room) -> None:
    press(panel, "indication", "hpv")
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, Grade.LOW))
    room.session.perform(lambda lib: review.sign(lib, room.visit, "Dr. Test", "reviewed"), undoable=False)
    row = panel.form.rows["indication"]
    assert isinstance(row, SeveralRow)
    assert row.buttons["hpv"].isHidden() or not row.buttons["hpv"].isVisible()
    assert row._said.text() == "HPV positive"
    assert "Signed by" in panel.lock.text()
    assert panel.form.rows["parity"]._said.text() == "not said"


def test_an_answer_of_a_later_version_stays(panel: ReferralPanel, room: Room) -> None:
    from pfm_desktop.domain.change import Change

    old = {"answers": {}}
    room.lib.apply(Change("referral", room.visit, old, {"answers": {"smoking": "vapes", "pets": 3}}, "later"))
    room.session.refresh()
    assert box(panel, "smoking").box.currentText() == "vapes"


def test_nothing_is_asked_while_no_visit_is_open(panel: ReferralPanel, room: Room) -> None:
    room.session.close_visit()
    assert panel.form.isHidden()
    assert panel.lock.text() == "No visit is open. Choose one in Today."


def test_what_was_refused_and_is_told_as_another_visit_opens_is_told_once(
    panel: ReferralPanel, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(documenting, "set_referral", full)
        type_in(panel, "parity", "3")
    assert room.session.open_visit(room.other)
    assert answers(room) == {"parity": 3}
    assert answers(room, room.other) == {}
    with room.lib.read() as session:
        told = [line.text for line in journal.entries(session) if line.what == "referral"]
    assert told == ["Referral: Parity: 3"]


def test_a_wrong_entry_of_what_is_not_asked_any_more_is_gone(panel: ReferralPanel, room: Room) -> None:
    choose(panel, "cytology", "lsil")
    panel.form.save()
    type_in(panel, "cytology_on", "nonsense")
    assert room.session.unkept
    choose(panel, "cytology", "not_done")
    panel.form.save()
    assert room.session.unkept == ()
    choose(panel, "cytology", "lsil")
    panel.form.save()
    assert field(panel, "cytology_on").field.text() == ""


# ---- room


def test_a_hint_that_may_be_longer_than_its_field_stands_in_the_tooltip_and_is_spoken(panel: ReferralPanel) -> None:
    whole = "Anything else that matters before the examination"
    line = field(panel, "remarks").field
    assert (line.placeholderText(), line.toolTip(), line.accessibleDescription()) == (whole, whole, whole)


def test_a_long_title_beside_its_field_takes_two_lines_and_is_spoken_in_one(panel: ReferralPanel) -> None:
    item = form.one("long", "A title that is longer than half of the column", form.Choice("a", "an answer"))
    row = ChoiceRow(item, panel)
    assert "\n" in row.title.text()
    assert row.title.text().replace("\n", " ") == item.title == row.title.accessibleName()


def test_a_choice_of_which_an_answer_has_no_room_beside_the_title_stands_below_it(
    qtbot: QtBot, panel: ReferralPanel
) -> None:
    answer = "an answer that is rather long"
    row = ChoiceRow(form.one("long", "Title", form.Choice("a", answer)), panel)
    row.show()
    row.fit()
    room = row.title.sizeHint().width() + whole_width(row.box) + 8
    for width, below in ((room - 1, True), (room + 1, False), (room - 1, True)):
        row.resize(width, 80)
        qtbot.waitUntil(lambda below=below: (row.box.geometry().top() > row.title.geometry().bottom()) is below)
    row.resize(room + 1, 80)
    row.box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: row.box.width() >= whole_width(row.box))


def test_a_choice_of_short_answers_holds_its_form_no_wider_than_they_are(
    panel: ReferralPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm_desktop.viewmodels.forms.NOT_SAID", "none")  # as short as in Chinese
    row = ChoiceRow(form.one("short", "Title", form.Choice("a", "few words")), panel)
    assert row.minimumSizeHint().width() <= row.title.sizeHint().width() + whole_width(row.box) + 8


def test_words_are_kept_while_they_are_typed_but_no_number_that_is_half_typed(
    monkeypatch: pytest.MonkeyPatch, room: Room, host: Hosted, qtbot: QtBot
) -> None:
    monkeypatch.setattr(panel_parts, "LONGEST_MS", 30)
    panel = host(ReferralPanel(room.session))
    parity, words = field(panel, "parity").field, field(panel, "remarks").field
    words.setFocus()
    qtbot.waitUntil(words.hasFocus)
    QTest.keyClicks(parity, "1")  # before the words, so that it would be kept before them
    QTest.keyClicks(words, "seen by ")
    qtbot.waitUntil(lambda: answers(room).get("remarks") == "seen by")
    assert "parity" not in answers(room)
    assert words.text() == "seen by "
    QTest.keyClicks(words, "her GP")
    qtbot.waitUntil(lambda: answers(room).get("remarks") == "seen by her GP")
