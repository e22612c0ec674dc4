"""The modules of the pages are loaded on the thread of the window, a few in each turn; what they stand on is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from pfm_desktop.gui import desk
from pfm_desktop.gui.desk import REVIEW, TODAY
from pfm_desktop.gui.loading import STONES

from .conftest import FakeReviewPage, Opened, all_made

pytestmark = pytest.mark.slow

SCRIPT = """
import builtins, json, sys, threading
from importlib.abc import MetaPathFinder

class Watch(MetaPathFinder):
    seen = []
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("pfm_desktop", "numpy", "cv2", "torch")) and name.count(".") < 5:
            Watch.seen.append((name, threading.current_thread() is threading.main_thread(), turn[0]))
        return None

turn = [0]
sys.meta_path.insert(0, Watch())
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pfm_desktop.gui.main_window import MainWindow
from pfm_desktop.support.settings import Settings

app = QApplication([])
window = MainWindow(Settings())
window.show()
window.open_library(sys.argv[1])

def look():
    turn[0] += 1
    desk = window.desk
    if desk is not None and len(desk.made) >= 4 and desk.today.idle and not window.jobs.busy:
        window.close()
        QTimer.singleShot(0, app.quit)
    else:
        QTimer.singleShot(0, look)

QTimer.singleShot(0, look)
QTimer.singleShot(60_000, lambda: app.exit(7))
code = app.exec()
print(json.dumps(Watch.seen))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bool, int]]:
    """Modules in the order in which a new process loads them, each with whether it was on the thread of the window."""
    import json

    from pfm_desktop.storage.library import Library

    folder = tmp_path_factory.mktemp("loading")
    Library.create(folder / "clinic").close()
    (folder / "open.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(folder / "open.py"), str(folder / "clinic")],
        capture_output=True, text=True, timeout=120, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [(name, main, turn) for name, main, turn in json.loads(done.stdout.splitlines()[-1])]


def test_no_class_of_qt_is_made_on_another_thread(seen: list[tuple[str, bool, int]]) -> None:
    gui = [(name, main) for name, main, _ in seen if name.startswith("pfm_desktop.gui")]
    assert any(name == "pfm_desktop.gui.pages.review.page" for name, _ in gui), "the pages are made at last"
    assert [name for name, main in gui if not main] == []


def test_what_takes_long_is_loaded_beside_the_window(seen: list[tuple[str, bool, int]]) -> None:
    beside = {name for name, main, _ in seen if not main}
    assert "numpy" in beside
    late = {name for name, main, _ in seen if main}
    assert not late & {"numpy", "cv2", "torch"}, "the window would stand meanwhile"


def test_of_the_pages_only_a_few_modules_are_loaded_in_one_turn(seen: list[tuple[str, bool, int]]) -> None:
    turns: dict[int, list[str]] = {}
    for name, main, turn in seen:
        if main and turn and name.startswith("pfm_desktop.gui"):
            turns.setdefault(turn, []).append(name)
    assert max(len(names) for names in turns.values()) <= 14


def test_while_a_visit_is_on_its_way_no_other_page_is_made(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, comes = [0], [True]

    def idle(_page: FakeReviewPage) -> bool:
        looked[0] += 1
        return not comes[0]

    monkeypatch.setattr(FakeReviewPage, "idle", property(idle, lambda _page, _as_made: None), raising=False)
    monkeypatch.setattr(desk, "QUIET_MS", 10)
    window = open_window(library_folder, ready=False)
    with qtbot.waitSignal(window.ready, timeout=10_000):
        pass
    assert window.session is not None
    assert window.desk is not None
    window.open_visit(window.session.today()[0].visit.id)
    qtbot.waitUntil(lambda: looked[0] > 20)
    assert window.desk.made == {TODAY, REVIEW}
    comes[0] = False
    qtbot.waitUntil(lambda: all_made(window), timeout=20_000)


def test_stones_are_modules_that_there_are() -> None:
    import importlib.util

    assert [name for name in STONES if importlib.util.find_spec(name) is None] == []
