"""The program started with a file: what a double click on a model does, and what is said of anything else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.given import GivenFile, HandedFiles
from pfm_desktop.gui.main_window import MODELS, MainWindow
from pfm_desktop.services import accounts
from pfm_desktop.services.learning import exchange
from pfm_desktop.storage.library import Library
from pfm_desktop.support import handed, os_lock, runs
from pfm_desktop.support.paths import user_models_dir

from ..unit.conftest import make_model
from .conftest import Opened

__all__ = ["make_model"]  # a fixture
pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
NAME, PASSWORD = "Dr. Ada Weiss", "four words that differ"


@pytest.fixture
def model_file(library_folder: Path, make_model: Callable[..., Path], tmp_path: Path) -> Path:
    """A signed model from elsewhere."""
    from pfm_desktop.jobs import SilentContext

    made = make_model(tmp_path / "theirs", name="theirs")
    with Library.open(library_folder) as lib:
        exchange.send(SilentContext(), lib, str(made), tmp_path / "Their model.pfm-model")
    user_models_dir().mkdir(parents=True)
    return tmp_path / "Their model.pfm-model"


def arrival(window: MainWindow) -> Any:
    assert window.desk is not None
    page: Any = window.desk.page(MODELS)
    return page.arrival


def asked_for(qtbot: QtBot, window: MainWindow) -> Any:
    """The form of the Models page, once the file was looked at."""
    qtbot.waitUntil(lambda: window.desk is not None and arrival(window).isVisible(), timeout=20_000)
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=20_000)
    return arrival(window)


def test_a_model_is_looked_at_once_the_library_is_open(
    qtbot: QtBot, open_window: Opened, library_folder: Path, model_file: Path
) -> None:
    window = open_window(library_folder, ready=False)
    assert GivenFile(window, str(model_file)).library == ""
    form = asked_for(qtbot, window)
    assert "theirs 1, signed on" in form.said.text()
    assert form.fingerprint.hasFocus()
    assert not window.messages.text
    qtbot.keyClick(form.fingerprint, Qt.Key.Key_Escape)
    assert form.isHidden()
    window.ready.emit()
    assert form.isHidden(), "it is looked at once"


def test_it_waits_for_the_login_and_says_so(
    qtbot: QtBot, open_window: Opened, model_file: Path, tmp_path: Path
) -> None:
    accounts.make_library(tmp_path / "locked", NAME, PASSWORD)[0].close()
    window = open_window(tmp_path / "locked", ready=False)
    GivenFile(window, str(model_file))
    page = window.entrance.signing_in
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    assert "Their model.pfm-model is looked at once a library is open" in window.messages.text
    assert window.desk is None
    page.name.setText(NAME)
    page.password.setText(PASSWORD)
    qtbot.keyClick(page.password, Qt.Key.Key_Return)
    assert "theirs 1, signed on" in asked_for(qtbot, window).said.text()
    assert not window.messages.text


def test_behind_a_locked_window_it_waits_until_that_is_unlocked(
    qtbot: QtBot, open_window: Opened, model_file: Path, tmp_path: Path
) -> None:
    accounts.make_library(tmp_path / "locked", NAME, PASSWORD)[0].close()
    window = open_window(tmp_path / "locked", ready=False)
    page = window.entrance.signing_in
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    page.name.setText(NAME)
    page.password.setText(PASSWORD)
    with qtbot.waitSignal(window.ready, timeout=10_000):
        qtbot.keyClick(page.password, Qt.Key.Key_Return)
    window.lock_now()
    given = GivenFile(window, str(model_file))
    window.ready.emit()
    assert window.lock.locked
    assert given._model
    window.lock.page.password.setText(PASSWORD)
    qtbot.keyClick(window.lock.page.password, Qt.Key.Key_Return)
    assert "theirs 1, signed on" in asked_for(qtbot, window).said.text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.pfm-model", "is not there"),
        ("picture.png", "is nothing that this program opens by its name"),
        ("model", "is nothing that this program opens by its name"),
        ("folder.pfm-model", "is nothing that this program opens by its name"),
        ("x" * 300 + ".pfm-model", "cannot be looked at"),
        ("bad\udcff.pfm-model", "is not there"),
    ],
)
def test_anything_else_is_said_and_the_library_opens_all_the_same(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "picture.png").write_bytes(b"x")
    (tmp_path / "model").write_bytes(b"x")
    (tmp_path / "folder.pfm-model").mkdir()
    window = open_window(library_folder, ready=False)
    GivenFile(window, str(tmp_path / name))
    assert said in window.messages.text
    with qtbot.waitSignal(window.ready, timeout=10_000):
        pass
    assert said in window.messages.text
    assert len([text for _, text in window.messages.held if said in text]) == 1
    if "nothing that" in said:
        assert "the folder of a library, and model files (*.pfm-model)" in window.messages.text
    assert window.desk is not None


def test_a_model_that_is_damaged_is_said_on_its_page(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "x.PFM-MODEL").write_bytes(b"PK not a model")
    window = open_window(library_folder, ready=False)
    GivenFile(window, str(tmp_path / "x.PFM-MODEL"))
    form = asked_for(qtbot, window)
    assert form.problem.isVisible()
    assert form.back.hasFocus()


def test_the_folder_of_a_library_is_the_library(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    assert GivenFile(window, str(library_folder / ".." / library_folder.name)).library == str(library_folder)
    assert not window.messages.text


START = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from pfm_desktop.gui import application
from pfm_desktop.gui.main_window import MODELS
make = application.build
def build(options):
    app, window = make(options)
    def look():
        form = window.desk.page(MODELS).arrival if window.desk is not None and MODELS in window.desk.made else None
        if form is not None and form.isVisible() and not window.jobs.busy:
            print(form.said.text(), flush=True)
            window.close()
    timer = QTimer(window, interval=50)
    timer.timeout.connect(look)
    timer.start()
    return app, window
application.build = build
sys.exit(application.main(sys.argv[1:]))
"""


def test_the_program_takes_the_file_as_the_desktop_hands_it_over(library_folder: Path, model_file: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", START, "--library", str(library_folder), model_file.name]
    done = subprocess.run(
        command, cwd=model_file.parent, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "theirs 1, signed on" in done.stdout


@pytest.fixture
def running() -> Iterator[None]:
    """As `runs.begin` leaves it for the window of these tests."""
    runs.runs_dir().mkdir(parents=True)
    with (runs.runs_dir() / "20261201-120000-1.run").open("w+b") as stream:
        os_lock.lock(stream)
        yield


def second_start(file: Path, folder: Path) -> subprocess.Popen[bytes]:
    """The program once more, given `file` by a name that only makes sense in `folder`."""
    code = "import sys; from pfm_desktop.gui import application; sys.exit(application.main(sys.argv[1:]))"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen([sys.executable, "-c", code, file.name], cwd=folder, env=env)


@pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)
def test_a_second_start_hands_its_file_to_the_window_that_is_open(
    qtbot: QtBot, open_window: Opened, library_folder: Path, model_file: Path, running: None
) -> None:
    window = open_window(library_folder)
    HandedFiles(window)
    window.showMinimized()
    with second_start(model_file, model_file.parent) as second:
        form = asked_for(qtbot, window)
        qtbot.waitUntil(lambda: second.poll() is not None, timeout=60_000)
    assert second.returncode == 0
    assert "theirs 1, signed on" in form.said.text()
    assert not window.isMinimized()
    assert window.stack.currentWidget() is window.desk.page(MODELS) if window.desk else False
    assert not list(handed.folder().iterdir())
    odd = model_file.with_name("a note.txt")
    odd.write_text("x")
    with second_start(odd, odd.parent) as third:
        qtbot.waitUntil(lambda: third.poll() is not None, timeout=60_000)
    assert third.returncode == 0
    assert "a note.txt is nothing that this program opens" in window.messages.text


def test_where_no_window_takes_it_the_second_start_has_its_own(
    model_file: Path, running: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed, "PATIENCE_S", 0.2)
    assert not handed.hand(str(model_file))
    assert list(handed.taken()) == [], "the note is gone"
    assert not list(handed.folder().iterdir())


def test_nobody_is_asked_where_no_window_runs(model_file: Path) -> None:
    assert not handed.hand(str(model_file))
    assert not handed.folder().exists()


def test_what_was_handed_long_ago_and_what_is_damaged_is_not_taken(running: None) -> None:
    handed.folder().mkdir(parents=True)
    old, wrong = handed.folder() / "1.handed", handed.folder() / "2.handed"
    old.write_text('"/somewhere/x.pfm-model"')
    os.utime(old, (1, 1))
    wrong.write_text("{")
    assert list(handed.taken()) == []
    assert not list(handed.folder().iterdir())
