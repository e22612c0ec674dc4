"""Nothing goes out: the main job, the window and every page of it reach for no network, in C++ no more than in Python.

What a camera at an address opens is the one exception, and that is one connection, to that address.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest

from pfm_desktop.domain.source import Stage
from pfm_desktop.services import cases
from pfm_desktop.storage.library import Library

from ..walls import wall
from .conftest import PairFiles

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WALLS = ROOT / "tests" / "walls"
PATIENCE = 280
SEEN = {wall.ENDED, -signal.SIGSYS}
native = pytest.mark.skipif(not wall.is_native(), reason="only Python is seen here")

WINDOW = """
import sys
from pfm_desktop.capture.found import usb_cameras
from pfm_desktop.gui import application, screenshot
from pfm_desktop.gui.main_window import VIEWS
app, window = application.build(application.parsed([]))
window.show()
window.open_library(sys.argv[1])
screenshot.wait_until(app, lambda: not window.door.busy, "opening the library")
window.open_visit(window.session.today()[0].visit.id)
for number, view in enumerate(VIEWS):
    window.show_page(number)
    screenshot.wait_until(app, lambda: screenshot._quiet(window), "the page")
    app.processEvents()
    print(view.removeprefix("view."), end=" ")
window.close()
window.jobs.wait_all(60)
usb_cameras()
"""

# while pictures come: the kinds of sockets that it has in networks, and what each leads to
CAMERA = """
import os, sys
from pathlib import Path
from pfm_desktop.capture.found import make
camera = make(sys.argv[1])
camera.open()
for _ in range(3):
    camera.read()
files = [f"/proc/self/fd/{one}" for one in os.listdir("/proc/self/fd")]
mine = {os.readlink(file) for file in files if os.path.lexists(file)}
for kind in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet"):
    for line in Path(f"/proc/self/net/{kind}").read_text().splitlines()[1:]:
        if any(f"socket:[{word}]" in mine for word in line.split()[8:]):
            print(kind, line.split()[2])
camera.close()
"""


def run_behind(*words: str, home: Path, walled: bool = True) -> subprocess.CompletedProcess[str]:
    path = f"{WALLS}{os.pathsep}{ROOT}" if walled else str(ROOT)
    environment = {**os.environ, "PYTHONPATH": path, "PFM_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.parametrize(
    "reaching",
    [
        pytest.param("import ctypes; ctypes.CDLL(None).socket(2, 1, 0)", marks=native, id="C"),
        pytest.param("import ctypes; ctypes.CDLL(None).syscall(41, 10, 2, 0)", marks=native, id="a system call"),
        pytest.param("import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)", marks=native, id="datagrams"),
        pytest.param("import socket; one, _ = socket.socketpair(); one.listen()", marks=native, id="listening"),
        pytest.param("import threading, socket; threading.Thread(target=socket.socket).start()", marks=native, id="t"),
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://localhost:9/')",
        "import socket; socket.gethostbyname('example.org')",
    ],
)  # fmt: skip
def test_whatever_reaches_out_is_ended_and_named(tmp_path: Path, reaching: str) -> None:
    done = run_behind("-c", f"try:\n    {reaching}\nexcept OSError: pass\nprint('got past')", home=tmp_path)
    assert done.returncode in SEEN, done.stdout
    assert 'File "<string>", line 2' in done.stderr or "threading.py" in done.stderr


@native
def test_the_wall_stays_around_what_is_started_and_lets_through_what_stays_in_the_computer(tmp_path: Path) -> None:
    started = "[sys.executable, '-I', '-S', '-c', 'import socket; socket.socket()']"
    done = run_behind("-c", f"import subprocess, sys; print(subprocess.run({started}).returncode)", home=tmp_path)
    assert done.stdout.strip() == str(-signal.SIGSYS)
    within = "import socket; socket.socketpair(); socket.socket(socket.AF_UNIX)"
    assert run_behind("-c", within, home=tmp_path).returncode == 0


@pytest.mark.installed
def test_the_main_job_learning_and_the_window_reach_for_no_network(tmp_path: Path) -> None:
    done = run_behind("-c", "from pfm_desktop.__main__ import gui; gui()", "--selftest", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "openvino-f32" in done.stdout
    assert "Window: opened" in done.stdout


def test_no_page_of_the_window_reaches_for_the_network(tmp_path: Path, phantom_pair: PairFiles) -> None:
    with Library.create(tmp_path / "library") as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="P-1", family_name="Adler").id).id
        cases.add_picture(lib, visit, phantom_pair.white.read_bytes(), stage=Stage.ACETIC_ACID)
        cases.add_picture(lib, visit, phantom_pair.fluorescence.read_bytes(), stage=Stage.FLUORESCENCE_AFTER_ACID)
    done = run_behind("-c", WINDOW, str(tmp_path / "library"), home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["today", "review", "capture", "annotate", "models", "settings"]


class OneCamera(BaseHTTPRequestHandler):
    """Sends a picture again and again."""

    def log_message(self, *_: Any) -> None:
        """Not on the terminal."""

    def do_GET(self) -> None:
        coded = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        self.end_headers()
        with contextlib.suppress(OSError):  # until the camera is closed
            while True:
                self.wfile.write(b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(coded))
                self.wfile.write(coded + b"\r\n")


@pytest.fixture
def port() -> Iterator[int]:
    """Where a camera answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), OneCamera)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@native
def test_a_camera_at_an_address_is_one_connection_to_that_address(tmp_path: Path, port: int) -> None:
    done = run_behind("-c", CAMERA, f"http://127.0.0.1:{port}/video.mjpg", home=tmp_path, walled=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["tcp", f"0100007F:{port:04X}"]


@native
def test_a_camera_is_a_connection_that_the_wall_sees(tmp_path: Path, port: int) -> None:
    done = run_behind("-c", CAMERA, f"http://127.0.0.1:{port}/video.mjpg", home=tmp_path)
    assert done.returncode == -signal.SIGSYS
