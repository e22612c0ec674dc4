"""A file of the installation was taken away: the program says which, in a real process, and ends with 3."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.x_server import screen
from resources.installer import manifest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
LOADS = """
import ctypes, pathlib
ctypes.CDLL(str(pathlib.Path(__file__).with_name("core.so")))
"""
# stands for the built program: its bundle is a folder of its own, in which one module's library is not whole
START = """
import sys
sys._MEIPASS = {inside!r}
sys.path.insert(0, {inside!r})
from pfm_desktop.__main__ import cli, gui
({entry})()
"""


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A bundle in which `cv2`, `typer` and Qt's widgets would be found first, as they lie in it."""
    folder = tmp_path / "pfm-desktop" / "_internal"
    (folder / "resources").mkdir(parents=True)
    shutil.copytree(ROOT / "resources" / "translations", folder / "resources" / "translations")
    (folder / "typer").mkdir()
    (folder / "typer" / "core.so").write_bytes(b"\x7fELF" * 100)
    (folder / "typer" / "__init__.py").write_text(LOADS)
    (folder / "PySide6").mkdir()
    (folder / "PySide6" / "__init__.py").write_text("raise ImportError('DLL load failed while importing QtWidgets')\n")
    (folder / "PySide6" / "QtCore.dll").write_bytes(b"MZ" * 100)
    manifest.write_manifest(folder.parent)
    return folder


def start(inside: Path, entry: str, **more: str) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env |= {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen", **more}
    code = START.format(inside=str(inside), entry=entry)
    return subprocess.Popen([sys.executable, "-c", code], env=env, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def test_the_command_line_names_what_is_missing(inside: Path) -> None:
    (inside / "typer" / "core.so").unlink()
    code, said = ended(start(inside, "cli"))
    assert code == 3
    assert said.startswith("error: files of the installation are missing or were changed: typer/core.so is missing.")
    assert "libraries, settings and models are untouched" in said
    assert said.count("\n") == 1


def test_a_library_with_another_content_is_found_by_that(inside: Path) -> None:
    (inside / "typer" / "core.so").write_bytes(b"\x7fELG" * 100)
    code, said = ended(start(inside, "cli"))
    assert code == 3
    assert "typer/core.so has another content" in said


def test_the_window_names_it_in_the_language_of_the_user(inside: Path) -> None:
    (inside / "PySide6" / "QtCore.dll").unlink()
    code, said = ended(start(inside, "gui", LANG="fr_FR.UTF-8"))
    assert code == 3
    assert "PySide6/QtCore.dll is missing" in said
    assert "quarantaine" in said


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="there is no X server here")
def test_where_qt_does_not_load_a_dialog_of_the_system_shows_it(inside: Path, tmp_path: Path) -> None:
    (inside / "PySide6" / "QtCore.dll").unlink()
    (tmp_path / "bin").mkdir()
    dialog = tmp_path / "bin" / "zenity"
    dialog.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/shown"\n')
    dialog.chmod(0o755)
    with screen() as display:
        process = start(inside, "gui", DISPLAY=display, QT_QPA_PLATFORM="xcb", PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")
        code, _said = ended(process)
    assert code == 3
    shown = (tmp_path / "shown").read_text(encoding="utf-8")
    assert "The program cannot start." in shown
    assert "PySide6/QtCore.dll is missing" in shown


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="there is no X server here")
def test_where_qt_loads_its_message_shows_it_and_waits(
    inside: Path, comes_true: Callable[[Callable[[], bool], float], bool]
) -> None:
    shutil.rmtree(inside / "PySide6")
    entry = "lambda: __import__('pfm_desktop.gui.broken', fromlist=['x'])._show('The program cannot start.')"

    def waits(pid: int) -> list[int]:
        """Children that have a window in the X server."""
        children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return [child for child in children if "libqxcb.so" in Path(f"/proc/{child}/maps").read_text()]

    with screen() as display:
        process = start(inside, entry, DISPLAY=display, QT_QPA_PLATFORM="xcb", PATH="/nonexistent")
        assert comes_true(lambda: bool(waits(process.pid)), 60)
        (child,) = waits(process.pid)
        assert process.poll() is None, "it waits for who reads it"
        os.kill(child, signal.SIGKILL)
        assert ended(process)[0] == 0


def test_an_error_of_another_kind_is_not_hidden(inside: Path) -> None:
    (inside / "typer" / "__init__.py").write_text("raise OSError(28, 'No space left on device')\n")
    code, said = ended(start(inside, "cli"))
    assert code == 1
    assert "Traceback" in said
    assert "No space left" in said
