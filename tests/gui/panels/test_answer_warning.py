"""An answer about a picture unlike anything the model learned from: nobody misses that it is not to be relied on.

And where nothing is unlike, or nothing is known, the panel is silent.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import Analysis
from pfm_desktop.gui import theme
from pfm_desktop.gui.widgets import warning_notice
from pfm_desktop.gui.widgets.answer_panel import AnswerPanel
from pfm_desktop.gui.widgets.warning_notice import WarningNotice
from pfm_desktop.services import review

from .answers import answer_for, graded, indeterminate, measured, refused, white_only
from .conftest import Hosted, Room

pytestmark = pytest.mark.slow

CAUTION, WHY = "Do not rely on this grade.", "Unlike anything the model learned from: white light."
# of the AI tab at 1366 x 768, logical pixels: the column's width, and its height above the heatmap's controls
NARROW, LOW = 360, 474


@pytest.fixture
def panel(room: Room, host: Hosted) -> AnswerPanel:
    return host(AnswerPanel(room.session))


def far(analysis: Analysis | None = None) -> Analysis:
    """White light is unlike anything learned from."""
    near = {} if analysis is not None and analysis.registration is None else {"fluorescence": 0.3}
    return measured(analysis or graded(), white=1.43, **near)


def show(
    panel: AnswerPanel, room: Room, analysis: Analysis, *, first: Grade = Grade.HIGH, revealed: bool = True
) -> None:
    room.session.perform(lambda lib: review.set_impression(lib, room.visit, first))
    panel.show_answer(answer_for(room.pair, analysis), pending=False)
    if revealed:
        panel.reveal.click()


def column_of(panel: AnswerPanel) -> QScrollArea:
    area = panel.parentWidget().parentWidget()
    assert isinstance(area, QScrollArea)
    return area


def shown(panel: AnswerPanel) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel))


def top_and_bottom(panel: AnswerPanel, part: QWidget) -> tuple[int, int]:
    top = part.mapTo(panel, QPoint(0, 0)).y()
    return top, top + part.height()


# ---- when


def test_the_warning_comes_with_the_reveal_and_not_before(panel, room) -> None:
    show(panel, room, far(), revealed=False)
    assert panel.unlike.isHidden()
    assert "learned from" not in shown(panel)
    for part in (panel, *panel.findChildren(QWidget)):
        for said in (part.toolTip(), part.accessibleName(), part.accessibleDescription()):
            assert "rely" not in said
            assert "1.43" not in said
    panel.reveal.click()
    assert panel.unlike.isVisibleTo(panel)
    assert (panel.unlike.caution.text(), panel.unlike.why.text()) == (CAUTION, WHY)


@pytest.mark.parametrize(
    "analysis", [graded(), measured(graded(), white=0.9, fluorescence=0.3), indeterminate(), refused()]
)
def test_where_nothing_is_unlike_or_known_there_is_no_warning(panel, room, analysis: Analysis) -> None:
    show(panel, room, analysis)
    assert panel.unlike.isHidden()
    assert panel.unlike.accessibleDescription() == panel.headline.toolTip() == ""
    assert "rely" not in shown(panel)


def test_the_warning_of_one_visit_does_not_stay_with_another(panel, room) -> None:
    show(panel, room, far())
    room.session.open_visit(room.other)
    assert panel.unlike.isHidden()
    assert panel.headline.accessibleDescription() == panel.agree.accessibleDescription() == ""
    assert "rely" not in shown(panel)


def test_an_indeterminate_answer_is_not_called_a_grade(panel, room) -> None:
    show(panel, room, far(indeterminate()))
    assert panel.unlike.caution.text() == "Do not rely on this answer."


def test_it_stays_when_the_second_read_is_made(panel, room) -> None:
    show(panel, room, far())
    panel.agree.click()
    assert room.case.second_read is not None
    assert panel.unlike.isVisibleTo(panel)


# ---- the details


def test_the_distances_stand_among_the_evidence_and_in_the_tooltip(panel, room) -> None:
    show(panel, room, far())
    for said in ("Distance from what the model learned from", "1.43, limit 0.95: unlike", "0.30, limit 0.95"):
        assert said in shown(panel)
    for part in (panel.unlike, panel.headline, panel.bars, panel.agree):
        assert "white light 1.43, limit 0.95: unlike; fluorescence 0.30, limit 0.95." in part.toolTip()


def test_an_answer_kept_before_this_was_asked_says_that_it_was_not_checked(panel, room) -> None:
    kept = graded()
    assert kept.prediction is not None
    show(panel, room, replace(kept, prediction=replace(kept.prediction, familiarity_asked=False)))
    assert panel.unlike.isHidden()
    assert shown(panel).count("not checked") == 2


def test_a_model_that_keeps_no_measure_says_that_it_does_not_know(panel, room) -> None:
    show(panel, room, graded())
    assert shown(panel).count("not known to this model") == 2


# ---- seen


@pytest.mark.slow
@pytest.mark.parametrize("name", theme.THEMES)
def test_a_sign_tells_it_in_both_themes_without_colour(
    panel, room, qapp: QApplication, qtbot: QtBot, restored_look: None, name: str
) -> None:
    theme.apply(qapp, name)
    show(panel, room, far())
    qtbot.waitUntil(lambda: panel.unlike.sign.width() > 20)
    image, sign = panel.unlike.grab().toImage(), panel.unlike.sign.geometry()
    found = [
        image.pixelColor(x, y).name()
        for y in range(sign.top(), sign.bottom() + 1)
        for x in range(sign.left(), sign.right() + 1)
    ]
    colours = theme.theme_of(name)
    assert found.count(colours.on_warning.lower()) > len(found) / 20
    assert found.count(colours.warning.lower()) > len(found) / 3
    assert theme.contrast(colours.on_warning, colours.warning) >= 4.5


def test_it_stands_above_the_grade_and_pushes_nothing_that_matters_out_of_a_low_column(
    panel, room, qapp: QApplication, qtbot: QtBot, restored_look: None
) -> None:
    theme.apply(qapp, "dark")
    column = column_of(panel)
    column.resize(NARROW, LOW)
    show(panel, room, far(white_only()))  # the one with most to say
    assert column.verticalScrollBar().value() == 0
    qtbot.waitUntil(lambda: panel.width() == column.viewport().width())
    parts = [panel.unlike, panel.headline, panel.possible, panel.one_source, panel.bars]
    places = [top_and_bottom(panel, part) for part in parts]
    assert all(above[1] <= below[0] for above, below in pairwise(places))
    for button in (panel.agree, panel.differ):
        assert top_and_bottom(panel, button)[1] <= column.viewport().height(), button.text()


@pytest.mark.parametrize("pixels", [14, 21, 28])
def test_large_letters_are_not_cut_and_make_the_column_no_wider_than_its_bars(
    room, host: Hosted, qapp: QApplication, qtbot: QtBot, restored_look: None, pixels: int
) -> None:
    font = qapp.font()
    font.setPixelSize(pixels)
    qapp.setFont(font)
    theme.apply(qapp, "light")
    panel = host(AnswerPanel(room.session))
    column = column_of(panel)
    column.resize(NARROW, LOW)
    show(panel, room, far(), revealed=True)
    labels = panel.unlike.caution, panel.unlike.why
    qtbot.waitUntil(lambda: all(label.height() >= label.heightForWidth(label.width()) > 0 for label in labels))
    for label in labels:
        assert label.fontInfo().pixelSize() >= pixels
        assert label.rect().width() >= label.fontMetrics().horizontalAdvance("anything")
    for part in (panel.unlike, panel.familiarity, panel.agree, panel.differ):
        assert part.minimumSizeHint().width() <= panel.bars.minimumSizeHint().width(), part
        assert part.mapTo(panel, QPoint(part.width(), 0)).x() <= panel.width()
    assert panel.unlike.sign.height() >= 2 * pixels


# ---- what it leads to


def test_no_single_press_takes_over_a_grade_that_is_not_to_be_relied_on(panel, room) -> None:
    show(panel, room, far(), first=Grade.CANCER)
    assert not panel.agree.isVisibleTo(panel)
    assert panel.differ.text() == "My second read ..."


def test_who_found_the_same_grade_may_still_say_so(panel, room) -> None:
    show(panel, room, far(), first=Grade.HIGH)
    assert panel.agree.accessibleName() == "I agree: high"


def test_its_numbers_are_not_called_calibrated_and_its_set_promises_nothing(panel, room) -> None:
    show(panel, room, far())
    assert "Probabilities not calibrated for such pictures." in shown(panel)
    assert "which promises nothing for such pictures" in shown(panel)
    assert "of 100 such cases" not in shown(panel)


# ---- heard


def test_a_screen_reader_finds_it_on_the_warning_the_grade_and_the_button(panel, room) -> None:
    show(panel, room, far())
    assert panel.unlike.accessibleName() == "Warning"
    for part in (panel.unlike, panel.headline, panel.agree):
        assert part.accessibleDescription().startswith(f"{CAUTION} {WHY} Distance from what")


def test_a_screen_reader_is_told_once_when_it_comes(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    stand_in = SimpleNamespace(Event=QAccessible.Event, updateAccessibility=lambda event: told.append(event.type()))
    monkeypatch.setattr(warning_notice, "QAccessible", stand_in)
    room = QWidget()
    qtbot.addWidget(room)
    notice = WarningNotice(room)
    for caution in ("", CAUTION, CAUTION, "", CAUTION):
        notice.show_warning(caution, WHY)
    assert told == [QAccessible.Event.Alert] * 2


def test_agree_and_differ_stand_beside_each_other_where_both_fit_and_else_one_above_the_other(
    panel, room, qtbot: QtBot
) -> None:
    show(panel, room, measured(graded(), white=0.3, fluorescence=0.3), first=Grade.CANCER)
    assert panel.agree.text() == "Change my impression\nfrom cancer to high"
    column = column_of(panel)

    def above() -> bool:
        return panel.agree.geometry().bottom() < panel.differ.y()

    for width, beside in ((NARROW, True), (200, False), (NARROW, True)):
        column.resize(width, LOW)
        qtbot.waitUntil(lambda beside=beside: above() is not beside)
        assert not beside or panel.agree.geometry().right() < panel.differ.x()
        for button in (panel.agree, panel.differ):
            assert button.width() >= min(button.sizeHint().width(), panel.width() - 24)
            assert button.height() >= button.sizeHint().height()  # two lines of words are not cut
