"""The legend of a map of whitening: on the picture for as long as the map is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.capture.feed import Look, ready_to_show
from pfm_desktop.gui.pages.capture.whitening_panel import WhiteningPanel
from pfm_desktop.gui.widgets.legend import ramp
from pfm_desktop.gui.widgets.live_view import LiveView
from pfm_desktop.services.capture.following import MapShown
from pfm_desktop.viewmodels.session import Session
from pfm_desktop.viewmodels.whitening import MapLegend, legend_of

SIZE = 640, 360
PEAK = MapLegend("most whitening", "0", "15 dL*")


@pytest.fixture
def view(qtbot: QtBot) -> LiveView:
    """With a grey frame as large as it is."""
    made = LiveView()
    qtbot.addWidget(made)
    made.resize(*SIZE)
    made.show_frame(ready_to_show(np.full((SIZE[1], SIZE[0], 3), 120, np.uint8), 0.0, Look(view=SIZE)))
    return made


def clear() -> QImage:
    """A map that says nothing anywhere."""
    image = QImage(*SIZE, QImage.Format.Format_RGBA8888)
    image.fill(QColor(0, 0, 0, 0))
    return image


def places(view: LiveView, place: int) -> list[tuple[int, int]]:
    """Where a colour of the bar is seen, nearly: it is drawn smaller than its 256 colours."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)
    colour = np.array(QColor(ramp("inferno").pixel(place, 0)).getRgb()[:3])
    ys, xs = np.nonzero((np.abs(pixels - colour) < 14).all(axis=2))
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def test_the_colours_of_the_map_stand_on_the_picture_while_it_is_there(view: LiveView) -> None:
    assert not places(view, 252)
    assert not places(view, 80)
    view.show_map(clear(), PEAK)
    cold, hot = places(view, 80), places(view, 252)
    assert cold
    assert hot
    assert max(x for x, _ in cold) < min(x for x, _ in hot)
    view.show_map(None, PEAK)
    assert view.legend is None
    assert not places(view, 252)


def test_a_legend_stands_within_a_picture_that_is_smaller_than_the_view(view: LiveView) -> None:
    small = np.full((180, 320, 3), 120, np.uint8)
    view.show_frame(ready_to_show(small, 1.0, Look(view=(320, 180))))
    view.show_map(clear(), PEAK)
    found = places(view, 252)
    assert found
    assert all(160 <= x < 480 and 90 <= y < 270 for x, y in found)


def test_the_scale_bar_and_the_legend_leave_each_other_free(view: LiveView) -> None:
    view.say("", (), mm_per_px=0.05)
    bar_alone = view.grab().toImage().copy(SIZE[0] // 2, 0, SIZE[0] // 2, SIZE[1])
    view.show_map(clear(), PEAK)
    assert view.grab().toImage().copy(SIZE[0] // 2, 0, SIZE[0] // 2, SIZE[1]) == bar_alone


def test_a_screen_reader_is_told_what_the_map_shows(view: LiveView) -> None:
    view.show_map(clear(), PEAK)
    assert view.accessibleDescription() == "Map, most whitening: 0 to 15 dL*"
    view.show_map(None, None)
    assert view.accessibleDescription() == ""


@pytest.mark.parametrize(
    ("unit", "high", "words"),
    [("dL*", 15.0, "most whitening: 0 to 15 dL*"), ("s", 120.0, "stayed white: 0 to 120 s")],
)
def test_each_map_has_its_own_words(unit: str, high: float, words: str) -> None:
    made = legend_of(MapShown(np.zeros((2, 2, 4), np.uint8), high, unit))
    assert made is not None
    assert made.words == words
    assert legend_of(None) is None


def test_the_panel_has_a_legend_while_a_map_is_drawn(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = WhiteningPanel(session)
    qtbot.addWidget(panel)
    drawn: list[tuple[bool, MapLegend | None]] = []
    panel.drawn.connect(lambda _region, _normal, over: drawn.append((over is not None, panel.legend)))
    asked: list[Callable[[MapShown], None]] = []
    monkeypatch.setattr(panel._mapping, "start", lambda *_args, done, failed: asked.append(done))
    panel._followed = object()  # type: ignore[assignment]  # only that there is something
    panel.kind.setCurrentIndex(panel.kind.findData("peak"))
    asked[-1](MapShown(np.zeros((4, 4, 4), np.uint8), 20.0, "dL*"))
    assert drawn[-1] == (True, MapLegend("most whitening", "0", "20 dL*"))
    panel.kind.setCurrentIndex(0)
    assert drawn[-1] == (False, None)
