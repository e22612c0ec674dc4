"""The registration chip: colour, shape, words."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.gui.widgets.registration_chip import COLOURS, WORDS, RegistrationChip
from pfm_desktop.viewmodels.registration_chip import Light

EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
SUMMARIES = {
    Light.GREEN: RegistrationSummary(RegistrationStatus.OK, 0.8, EYE, 0.9),
    Light.AMBER: RegistrationSummary(RegistrationStatus.CHECK, 4.0, EYE, 0.9),
    Light.RED: RegistrationSummary(RegistrationStatus.REFUSED, None, EYE, 0.1, "too little overlap"),
    Light.GREY: None,
}


@pytest.fixture
def chip(qtbot) -> RegistrationChip:
    made = RegistrationChip()
    qtbot.addWidget(made)
    made.resize(320, 32)
    with qtbot.waitExposed(made):
        made.show()
    made.clearFocus()
    made.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)  # wherever the mouse happens to be
    return made


def pixels(chip: RegistrationChip) -> np.ndarray:
    chip.repaint()
    image = chip.grab().toImage()
    bits = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return bits[:, : image.width(), 2::-1].astype(int).copy()


@pytest.mark.parametrize("light", list(Light))
def test_the_ground_has_the_colour_of_the_state(chip, light) -> None:
    chip.set_summary(SUMMARIES[light])
    assert chip.light is light
    colour = COLOURS[light]
    assert tuple(pixels(chip)[6, 300]) == (colour.red(), colour.green(), colour.blue())


def test_each_state_has_its_own_shape_for_those_who_see_no_colour(chip) -> None:
    shapes = set()
    for light in Light:
        chip.set_summary(SUMMARIES[light])
        icon = pixels(chip)[4:28, 6:28].min(axis=2) > 170
        assert icon.any()
        shapes.add(icon.tobytes())
    assert len(shapes) == len(Light)


@pytest.mark.parametrize("light", list(Light))
def test_words_can_be_read_on_their_ground(light) -> None:
    def luminance(colour) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
        return float(np.dot(parts, [0.2126, 0.7152, 0.0722]))

    assert (luminance(WORDS) + 0.05) / (luminance(COLOURS[light]) + 0.05) >= 7


def test_words_are_spoken_and_explained(chip) -> None:
    chip.set_summary(SUMMARIES[Light.RED])
    assert chip.text() == "not registered: too little overlap. Place 4 points"
    assert chip.accessibleName() == "Registration"
    assert chip.accessibleDescription().startswith("red: ")
    assert chip.toolTip().endswith("Press to place points by hand.")


def test_work_under_way_is_said(chip) -> None:
    chip.set_summary(SUMMARIES[Light.GREEN])
    chip.set_pending()
    assert chip.light is Light.GREY
    assert chip.text() == "registering ..."


def test_it_asks_for_the_room_of_its_words_and_lives_with_less(chip) -> None:
    chip.set_summary(SUMMARIES[Light.RED])
    words = chip.fontMetrics().horizontalAdvance(chip.text())
    assert chip.sizeHint().width() > words
    assert chip.minimumSizeHint().width() <= 110
    chip.resize(110, 32)
    assert pixels(chip).max() > 200


def test_mouse_and_keys_press_it(chip, qtbot) -> None:
    pressed = []
    chip.clicked.connect(lambda: pressed.append(True))
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    chip.setFocus()
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert len(pressed) == 2


def test_the_focus_is_seen(chip, qtbot) -> None:
    before = pixels(chip)
    chip.setFocus()
    qtbot.waitUntil(chip.hasFocus)
    assert np.abs(pixels(chip) - before)[:3].max() > 100


def test_it_is_painted_anew_when_the_mouse_comes(chip) -> None:
    assert chip.testAttribute(Qt.WidgetAttribute.WA_Hover)
    before = pixels(chip)
    QApplication.sendEvent(chip, QEvent(QEvent.Type.Enter))
    chip.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    assert (pixels(chip)[6, 300] > before[6, 300]).all()
