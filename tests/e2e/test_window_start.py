"""Starting `pfm-desktop`: the window stands before torch loads; no display is said; a picture can be taken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pfm_desktop import __version__
from pfm_desktop.storage.library import Library

GUI = "from pfm_desktop.__main__ import gui; gui()"
LATE = ("torch", "openvino", "ignite", "cv2", "scipy", "alembic", "reportlab")
WINDOW = """
import sys
from pfm_desktop.gui import application
app, window = application.build(application.parsed([]))
window.show()
window.ready.connect(lambda: (print([name for name in sys.argv[2].split(",") if name in sys.modules]), window.close()))
window.open_library(sys.argv[1])
app.exec()
"""


def run(*arguments: str, code: str = GUI, display: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    if display:
        environment["QT_QPA_PLATFORM"] = "offscreen"
    else:
        environment.pop("QT_QPA_PLATFORM", None)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    from pfm_desktop.services import cases

    with Library.create(tmp_path / "library") as lib:
        cases.add_visit(lib, cases.add_patient(lib, identifier="P-1", family_name="Adler").id)
    return tmp_path / "library"


@pytest.mark.slow
def test_the_list_is_filled_before_torch_or_anything_else_that_is_heavy_is_loaded(library: Path) -> None:
    done = run(str(library), ",".join(LATE), code=WINDOW)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can lack a display")
def test_without_a_display_one_line_says_so_and_names_the_ways_out() -> None:
    done = run(display=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert all(word in done.stderr for word in ("no display", "xvfb-run", "pfm analyze"))


@pytest.mark.slow
def test_a_screenshot_is_written_at_the_size_asked_for_and_the_library_stays_as_it_was(
    library: Path, tmp_path: Path
) -> None:
    from PIL import Image

    before = (library / "library.sqlite").read_bytes()
    out = tmp_path / "today.png"
    done = run("--library", str(library), "--screenshot", str(out), "--size", "1366x768", "--theme", "light")
    assert done.returncode == 0, done.stderr
    with Image.open(out) as picture:
        assert picture.size == (1366, 768)
    assert (library / "library.sqlite").read_bytes() == before


@pytest.mark.slow
def test_a_screenshot_of_the_live_page_says_where_there_is_no_camera(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "capture.png"
    done = run("--library", str(library), "--screenshot", str(out), "--page", "capture", "--size", "1366x768")
    assert done.returncode == 0, done.stderr
    assert out.is_file()


@pytest.mark.slow
def test_a_screenshot_of_a_library_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    done = run("--library", str(tmp_path), "--screenshot", str(tmp_path / "x.png"))
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "holds no library" in done.stderr


@pytest.mark.slow
def test_the_version_is_printed() -> None:
    assert run("--version").stdout.strip() == __version__


GARBAGE = """
import gc, threading
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pfm_desktop.gui import application
where, kept = [], []
class Circle(QWidget):
    def __init__(self):
        super().__init__()
        self.me = self
    def __del__(self):
        where.append(threading.current_thread() is threading.main_thread())
        if len(where) == 200:
            QTimer.singleShot(0, app.quit)
def begin(library):
    for _ in range(200):
        Circle()
    QTimer.singleShot(0, busy.start)
    QTimer.singleShot(20_000, app.quit)
def build(options, build=application.build):
    global app
    app, window = build(options)
    window.open_library = begin
    return app, window
busy = threading.Thread(target=lambda: kept.extend([number] for number in range(100_000)))
application.build = build
application.main([])
busy.join()
print(len(where), all(where))
"""


@pytest.mark.slow
def test_widgets_that_nobody_holds_are_deleted_on_the_windows_thread_while_another_one_works() -> None:
    done = run(code=GARBAGE)
    assert done.stdout.strip() == "200 True", done.stderr


SELFTEST = """
import sys
from pfm_desktop.gui import application, selftest
from pfm_desktop.services.selftest import Outcome
selftest.selftest = lambda ctx: (Outcome("Answer", sys.argv[2] == "well", "as the test says"),)
sys.exit(application.main(["--selftest", *sys.argv[3:]]))
"""


@pytest.mark.slow
def test_the_selftest_of_the_window_opens_it_says_how_and_reads_nothing_of_the_user(tmp_path: Path) -> None:
    done = run("", "well", code=SELFTEST)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "ok      Answer: as the test says"
    assert said[1].startswith("ok      Window: opened in ")
    assert "by the plugin offscreen" in said[1]
    assert said[2] == "selftest passed"
    home = Path(os.environ["PFM_HOME"])
    assert not home.exists() or list(home.iterdir()) == []


@pytest.mark.slow
def test_a_selftest_that_fails_ends_with_one_and_may_be_said_into_a_file(tmp_path: Path) -> None:
    out = tmp_path / "said.txt"
    done = run("", "ill", str(out), code=SELFTEST)
    assert (done.returncode, done.stdout) == (1, "")
    assert out.read_text(encoding="utf-8") == "FAILED  Answer: as the test says\nselftest failed\n"
