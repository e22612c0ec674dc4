"""What is measured in the drawing, in Findings: taken over by a button, and the diagram."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.diagram import NO_CERVIX, Way, fill
from pfm_desktop.domain.drawing import Shape
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.diagram_view import DiagramView, diagram_image
from pfm_desktop.gui.widgets.findings_panel import FindingsPanel
from pfm_desktop.services import documenting, drawing, review
from pfm_desktop.viewmodels.measuring import Known
from pfm_desktop.viewmodels.session import Session

from .conftest import Room

BOX = ((30.0, 10.0), (50.0, 10.0), (50.0, 25.0), (30.0, 25.0))
ROUND = ((5.0, 5.0), (60.0, 5.0), (60.0, 45.0), (5.0, 45.0))


@pytest.fixture
def session(room: Room) -> Session:
    return room.session


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> FindingsPanel:
    made = FindingsPanel(session)
    qtbot.addWidget(made)
    session.on_case.append(made.show_case)
    made.show()
    qtbot.waitExposed(made)
    assert session.case is not None
    made.drawing.show_pair(Known(session.case.pairs[0].id))
    return made


def pair_of(session: Session) -> str:
    assert session.case is not None
    return session.case.pairs[0].id


def test_without_a_lesion_nothing_stands_there_and_an_undrawn_one_says_how(
    panel: FindingsPanel, session: Session
) -> None:
    assert panel.drawing.said.isHidden()
    assert panel.drawing.take.isHidden()
    assert panel.drawing.of_diagram.isHidden()
    panel.lesions.chooser.add.click()
    assert "press D on the stage" in panel.drawing.said.text()


def test_the_button_says_what_it_would_change_and_does_it_by_key(
    panel: FindingsPanel, session: Session, qtbot: QtBot
) -> None:
    pair_id = pair_of(session)
    session.perform(lambda lib: review.mark_os(lib, pair_id, Source.WHITE, 20, 30))
    session.perform(lambda lib: drawing.draw_contour(lib, pair_id, Source.WHITE, BOX))
    assert panel.drawing.take.isVisible()
    assert "Quadrants covered: 1" in panel.drawing.offered.text()
    assert "Of the cervix" not in panel.drawing.offered.text()
    assert "draw the cervix (C)" in panel.drawing.wanting.text()
    panel.drawing.take.setFocus()
    qtbot.keyClick(panel.drawing.take, Qt.Key.Key_Space)
    assert session.case is not None
    assert session.case.lesions[0].answers["quadrants"] == 1
    assert panel.drawing.take.isHidden()


def test_the_keys_go_from_the_lesions_over_the_button_to_the_score(panel: FindingsPanel, session: Session) -> None:
    pair_id = pair_of(session)
    session.perform(lambda lib: review.mark_os(lib, pair_id, Source.WHITE, 20, 30))
    session.perform(lambda lib: drawing.draw_contour(lib, pair_id, Source.WHITE, BOX))
    (chip,) = panel.lesions.chooser.buttons.values()
    order, here = [], panel.lesions.chooser.remove
    for _ in range(400):
        here = here.nextInFocusChain()
        order.append(here)
    score = next(widget for widget in order if panel.swede.isAncestorOf(widget) and widget.focusPolicy())
    assert order.index(chip) < order.index(panel.drawing.take) < order.index(score)


def test_it_follows_the_lesion_that_is_chosen(panel: FindingsPanel, session: Session) -> None:
    pair_id = pair_of(session)
    session.perform(lambda lib: drawing.draw_contour(lib, pair_id, Source.WHITE, BOX))
    session.perform(lambda lib: documenting.add_lesion(lib, session.case.visit.id))
    assert session.case is not None
    first, second = session.case.lesions
    panel.lesions.choose(second.id)
    assert panel.drawing.said.text().startswith("Lesion 2 is not drawn")
    panel.lesions.choose(first.id)
    assert panel.drawing.said.text().startswith("Lesion 1 as drawn: not calibrated: no mm")


def test_the_diagram_says_what_is_missing_until_all_is_said(panel: FindingsPanel, session: Session) -> None:
    pair_id = pair_of(session)
    session.perform(lambda lib: drawing.draw_contour(lib, pair_id, Source.WHITE, BOX))
    view = panel.drawing.diagram
    assert view.isVisible()
    assert NO_CERVIX in view.accessibleDescription()
    low = view.heightForWidth(300)
    assert low < 200, "no empty circles"
    session.perform(lambda lib: review.mark_os(lib, pair_id, Source.WHITE, 20, 30))
    session.perform(lambda lib: review.mark_cervix(lib, pair_id, Source.WHITE, ROUND))
    assert view.accessibleDescription().startswith("lesion 1.")
    assert view.diagram is not None
    assert view.diagram.missing == ()
    assert view.heightForWidth(300) > 300 > low


def made() -> object:
    way = Way((50.0, 50.0), ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)))
    return fill(way, [("1", Shape(((60.0, 20.0), (90.0, 20.0), (90.0, 40.0), (60.0, 40.0))))], [("A", 20.0, 80.0)], [])


def test_lesions_lie_where_the_examiner_sees_them() -> None:
    image = diagram_image(made(), QApplication.palette(), QApplication.font(), 200)
    empty = diagram_image(type(made())(), QApplication.palette(), QApplication.font(), 200)
    apart = pixels(image) != pixels(empty)
    rows, columns = np.nonzero(apart)
    upper_right = (rows < 200) & (columns > 200)
    lower_left = (rows > 200) & (columns < 200)
    assert upper_right.sum() > 50 * max(1, (~upper_right & ~lower_left).sum())
    assert lower_left.sum() > 20, "the biopsy"


def pixels(image: QImage) -> np.ndarray:
    bits = np.frombuffer(image.constBits(), np.uint32)
    return bits.reshape(image.height(), image.width())


def test_the_words_below_the_diagram_have_room_at_any_width(qtbot: QtBot) -> None:
    view = DiagramView()
    qtbot.addWidget(view)
    view.show_diagram(made())
    assert view.heightForWidth(200) - 200 > view.heightForWidth(600) - 300
    assert view.palette().color(QPalette.ColorRole.WindowText).isValid()
