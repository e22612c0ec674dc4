"""A small library with drawn pictures, and a window on it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.gui import theme
from pfm_desktop.gui.desk import LATER
from pfm_desktop.gui.enter_key import EnterKey
from pfm_desktop.gui.main_window import MainWindow
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import Settings, load_settings
from pfm_desktop.viewmodels.session import Session

SIDE = 64  # pixels


def picture_bytes(seed: int, side: int = SIDE) -> bytes:
    """A PNG that is some picture: `side` x `side`."""
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def picture_files(tmp_path: Path) -> tuple[Path, Path]:
    """A white-light and a fluorescence picture on disk."""
    white, fluorescence = tmp_path / "case 1 white.png", tmp_path / "case 1 fluorescence.png"
    white.write_bytes(picture_bytes(1))
    fluorescence.write_bytes(picture_bytes(2))
    return white, fluorescence


@pytest.fixture
def library_folder(tmp_path: Path, library_from: Callable[..., None]) -> Path:
    """A closed library: Adler (today, both sources, high), Brandt (yesterday, white only), Chen (2026-03-02, none)."""
    library_from(tmp_path / "clinic", _three_women)
    return tmp_path / "clinic"


def _three_women(lib: Library) -> None:
    now = datetime.now(UTC)
    women = (
        ("P-001", "Adler", "Anna", date(1988, 3, 14), now - timedelta(seconds=1), "HPV positive",
         (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID), Grade.HIGH),
        ("P-002", "Brandt", "Berta", date(1975, 11, 2), now - timedelta(days=1), "LSIL smear",
         (Stage.ACETIC_ACID,), Grade.LOW),
        ("P-003", "Chen", "Chiara", None, datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "", (), None),
    )  # fmt: skip
    for number, (identifier, family, given, born, at, why, stages, grade) in enumerate(women):
        patient = cases.add_patient(lib, identifier=identifier, family_name=family, given_name=given, birth_date=born)
        visit = cases.add_visit(lib, patient.id, started_at=at, indication=why)
        for stage in stages:
            data = picture_bytes(10 * number + list(Stage).index(stage))
            cases.add_picture(lib, visit.id, data, stage=stage, taken_at=at, name=f"{stage.value}.png")
        pairing.ensure_pair(lib, visit.id)
        if grade:
            review.set_impression(lib, visit.id, grade)


@pytest.fixture
def session(library_folder: Path) -> Iterator[Session]:
    """A session on the small library."""
    with Library.open(library_folder) as lib:
        yield Session(lib, Settings(reader="Dr. Test"))


class FakeReviewPage(QWidget):
    """Stands for Review in tests of the window."""

    title = "Review"
    export_wanted = Signal(str)

    def __init__(self, session: Session, jobs: object) -> None:
        super().__init__()
        self.session, self.jobs = session, jobs
        self.idle = True
        self.times_left = 0
        self.swiped = 0
        self.field = QLineEdit(self)
        column = QVBoxLayout(self)
        column.addWidget(self.field)
        swipe = QAction("&Swipe", self)
        swipe.setObjectName("review.swipe")
        swipe.setShortcut("Ctrl+J")
        swipe.triggered.connect(self._swipe)
        self._actions = (swipe,)

    def wait(self, waits: bool) -> None:
        """While Capture is in front."""

    def _swipe(self) -> None:
        self.swiped += 1

    def page_actions(self) -> Sequence[QAction]:
        return self._actions

    def entered(self) -> None:
        self.field.setFocus()

    def left(self) -> None:
        self.times_left += 1


@pytest.fixture(autouse=True)
def _no_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of tests do not load the numeric library behind the test's back."""
    monkeypatch.setattr("pfm_desktop.services.models.warm_up", lambda _ctx, _name: None)


def enter(qtbot: QtBot, button: QPushButton) -> None:
    """Press it with Enter as a person does: with its window in front, and the keys on it."""
    button.window().activateWindow()
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    qtbot.keyClick(button, Qt.Key.Key_Return)


@pytest.fixture
def enter_key(qapp: QApplication) -> Iterator[None]:
    """What the window does for every page, where one stands alone: Enter presses the button that has the keys."""
    key = EnterKey(qapp)
    yield
    delete(key)


@pytest.fixture
def fake_review(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of the window are about the window: Review is replaced by a small page."""
    from importlib.machinery import ModuleSpec

    name = "pfm_desktop.gui.pages.review.page"
    module = ModuleType(name)
    module.ReviewPage = FakeReviewPage  # type: ignore[attr-defined]
    module.__spec__ = ModuleSpec(name, None)
    monkeypatch.setitem(sys.modules, name, module)


PAGES = len(LATER) + 1  # that a window has made once it stands
Opened = Callable[..., MainWindow]


@pytest.fixture
def restored_look(qapp: QApplication) -> Iterator[None]:
    """The theme that a test chooses is gone after it."""
    look = qapp.styleSheet(), qapp.palette(), qapp.font()
    yield
    qapp.setStyleSheet(look[0])
    qapp.setPalette(look[1])
    qapp.setFont(look[2])


@pytest.fixture
def open_window(fake_review: None, open_real_window: Opened) -> Opened:
    """Opens the window, its Review page replaced by a small one; see `open_real_window`."""
    return open_real_window


@pytest.fixture
def open_real_window(qtbot: QtBot, qapp: QApplication, restored_look: None) -> Iterator[Opened]:
    """Opens the window on a library and waits until Today is filled and all pages are made."""
    windows: list[MainWindow] = []

    def opened(folder: Path | str, *, settings: Settings | None = None, ready: bool = True) -> MainWindow:
        settings = settings or load_settings()
        theme.apply(qapp, settings.theme)
        window = MainWindow(settings)
        windows.append(window)
        window.resize(1366, 768)  # the offscreen screen is 800 pixels wide and high
        window.show()
        qtbot.waitExposed(window)
        if ready:
            with qtbot.waitSignal(window.ready, timeout=10_000):
                window.open_library(str(folder))
            qtbot.waitUntil(lambda: all_made(window), timeout=10_000)
        else:
            window.open_library(str(folder))
        return window

    yield opened
    for window in windows:
        shut(qtbot, window)


def all_made(window: MainWindow) -> bool:
    """Whether all pages are there and Today shows what was asked for."""
    desk = window.desk
    return desk is not None and len(desk.made) == PAGES and desk.today.idle


def shut(qtbot: QtBot, window: MainWindow) -> None:
    """Close a window as a user does, and wait until it is gone."""
    if window.isVisible():
        window.close()
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=10_000)
    window.deleteLater()
