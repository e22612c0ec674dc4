"""Calibrating the scale on the live picture: a board of squares, or two clicks; used at once and kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.capture.looking import Shows
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.imaging import scale
from pfm_desktop.services.capture import config as devices
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.viewmodels import scale_words as say
from pfm_desktop.viewmodels.session import Session

from .conftest import HEIGHT, PATIENCE_MS, WIDTH, Room

pytestmark = pytest.mark.slow

BOARD = scale.Scale(0.25, (WIDTH, HEIGHT), (5, 4), 0.012, np.array([[10.0, 10.0], [20.0, 10.0], [30.0, 20.0]]))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """`seen["board"]`: what is found on pictures; `seen["asked"]`: for which side of a square it was looked."""
    found: dict[str, object] = {"board": BOARD, "asked": []}

    def checkerboard(_pixels: np.ndarray, square_mm: float) -> scale.Scale:
        found["asked"].append(square_mm)  # type: ignore[attr-defined]
        if found["board"] is None:
            raise BadInputError("no board of squares is seen in this picture", remedy="mark two points")
        return BOARD

    monkeypatch.setattr(scale, "checkerboard", checkerboard)
    return found


@pytest.fixture
def calibrate(qtbot: QtBot, page: CapturePage, seen: dict[str, object]) -> Callable[[], None]:
    """The command of the menu, and what comes of it."""

    def asked() -> None:
        action = next(one for one in page.page_actions() if one.objectName() == "capture.scale")
        action.trigger()
        qtbot.waitUntil(lambda: page.cards.idle, timeout=PATIENCE_MS)
        if not page.cards.scale.isHidden():
            qtbot.waitUntil(lambda: page.feed.last is not None and page.view.shown is not None, timeout=PATIENCE_MS)

    return asked


def click(qtbot: QtBot, page: CapturePage, x: float, y: float) -> None:
    """On a pixel of the picture."""
    at = page.view.widget_point(x, y)
    qtbot.mouseClick(page.view, Qt.MouseButton.LeftButton, pos=QPoint(round(at.x()), round(at.y())))


def test_it_is_a_command_without_a_key_and_the_picture_stands_still(
    page: CapturePage, calibrate: Callable[[], None]
) -> None:
    action = next(one for one in page.page_actions() if one.objectName() == "capture.scale")
    assert action.text() == "Calibrate the scale ..."
    assert action.shortcut().isEmpty()
    calibrate()
    assert page.looking.shows is Shows.SCALE
    assert "FROZEN, for the scale" in page.view.badges
    assert page.cards.scale.isVisible()
    assert page.cards.taken.isHidden(), "one card is in sight"


def test_a_board_that_is_found_is_shown_accepted_kept_and_used_at_once(
    qtbot: QtBot, page: CapturePage, calibrate: Callable[[], None], heard: list[str], room: Room
) -> None:
    calibrate()
    panel = page.cards.scale
    assert panel.before.text() == "Not calibrated so far."
    assert panel.result.text() == (
        "0.25 mm a pixel: the picture is 16.0 mm wide.\n"
        "5 x 4 squares were seen. Their sides differ by 1.2% (0 %: flat, square to the view)."
    )
    assert page.view.points == tuple(map(tuple, BOARD.corners.tolist()))
    assert page.view.mm_per_px is None
    qtbot.mouseClick(panel.use, Qt.MouseButton.LeftButton)
    kept = devices.load()
    assert (kept.mm_per_px, kept.calibrated_width, kept.camera) == (0.25, WIDTH, "usb:7")
    assert page.view.mm_per_px == 0.25
    assert room.device.config.mm_at(2 * WIDTH, 2 * HEIGHT) == 0.125, "another size of the same view"
    assert heard == ["The scale is in use: 0.25 mm a pixel. It stands with every picture taken from now on."]
    assert (page.looking.shows, page.view.points, page.view.region) == (Shows.LIVE, (), ())
    assert page.cards.taken.isVisible()
    calibrate()
    assert panel.before.text() == "So far 0.25 mm a pixel, 16.0 mm wide."


def test_the_size_of_a_square_is_asked_and_another_one_is_looked_for_anew(
    qtbot: QtBot, page: CapturePage, calibrate: Callable[[], None], seen: dict[str, object]
) -> None:
    calibrate()
    page.cards.scale.square.setValue(2.5)
    qtbot.waitUntil(lambda: page.cards.idle, timeout=PATIENCE_MS)
    assert seen["asked"] == [5.0, 2.5]


def test_without_a_board_two_clicks_and_their_distance_give_the_scale(
    qtbot: QtBot, page: CapturePage, calibrate: Callable[[], None], seen: dict[str, object]
) -> None:
    seen["board"] = None
    calibrate()
    panel = page.cards.scale
    assert panel.problem.text().startswith("No board of squares is seen")
    assert not panel.use.isEnabled()
    click(qtbot, page, 5, 10)
    assert panel.next.text() == say.SECOND
    assert len(page.view.points) == 1
    click(qtbot, page, 45, 10)
    assert panel.use.isEnabled()
    assert panel.made is not None
    assert panel.made.mm_per_px == pytest.approx(10 / 40, rel=0.01)
    assert len(page.view.region) == 2, "the line between them"
    panel.length.setValue(20.0)
    assert panel.made.mm_per_px == pytest.approx(20 / 40, rel=0.01)
    click(qtbot, page, 8, 12)
    assert not panel.use.isEnabled(), "a third click begins anew"
    assert len(page.view.points) == 1


def test_points_that_are_too_near_are_refused_and_why_is_said(
    qtbot: QtBot, page: CapturePage, calibrate: Callable[[], None]
) -> None:
    calibrate()
    click(qtbot, page, 5, 10)
    click(qtbot, page, 15, 10)
    assert "pixels apart" in page.cards.scale.problem.text()
    assert not page.cards.scale.use.isEnabled()


def test_escape_goes_back_and_nothing_is_kept(qtbot: QtBot, page: CapturePage, calibrate: Callable[[], None]) -> None:
    calibrate()
    qtbot.keyClick(page.cards.scale, Qt.Key.Key_Escape)
    assert page.looking.shows is Shows.LIVE
    assert page.cards.scale.isHidden()
    assert devices.load().mm_per_px is None


def test_the_text_says_that_zoom_and_distance_ask_for_another_calibration() -> None:
    assert "calibrate anew once the zoom of the colposcope was changed" in say.HINT


def test_a_disk_that_refuses_is_said_and_the_scale_is_not_used(
    qtbot: QtBot,
    page: CapturePage,
    calibrate: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    refused: list[str],
    heard: list[str],
) -> None:
    def full(*_args: object) -> None:
        raise StorageError("the disk is full", safe="nothing was changed", remedy="free some space")

    calibrate()
    monkeypatch.setattr(devices, "save", full)
    qtbot.mouseClick(page.cards.scale.use, Qt.MouseButton.LeftButton)
    assert [one.lower().startswith("the disk is full") for one in refused] == [True]
    assert heard == []
    assert page.view.mm_per_px is None
    assert page.cards.scale.isVisible()


def test_a_device_that_is_opened_anew_ends_it(
    qtbot: QtBot, page: CapturePage, calibrate: Callable[[], None], room: Room
) -> None:
    calibrate()
    page.open_again()
    qtbot.waitUntil(lambda: len(room.devices) == 2 and page.examining.device is room.device, timeout=PATIENCE_MS)
    assert page.cards.scale.isHidden()
    assert page.looking.shows is Shows.LIVE


def test_a_picture_that_is_taken_ends_it_and_has_the_scale(
    qtbot: QtBot, page: CapturePage, calibrate: Callable[[], None], press: Callable[..., None]
) -> None:
    calibrate()
    page.setFocus()
    page.view.setFocus()
    press(Qt.Key.Key_Space)
    assert page.cards.scale.isHidden()
    assert page.looking.shows is Shows.LIVE


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("signed", "This visit is signed"),
        ("reading", "The scale cannot be calibrated: it is open for reading only."),
        ("camera", "There is no picture from the camera"),
    ],
)
def test_where_it_cannot_be_started_why_is_said(
    page: CapturePage,
    session: Session,
    calibrate: Callable[[], None],
    heard: list[str],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    words: str,
) -> None:
    if what == "signed":
        monkeypatch.setattr(type(session.case), "signed", True)
    elif what == "reading":
        monkeypatch.setattr(type(session.library), "no_editing", "it is open for reading only")
    else:
        page.examining.close_device()
    calibrate()
    assert [one.startswith(words) for one in heard] == [True]
    assert page.cards.scale.isHidden()
