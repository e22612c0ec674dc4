"""What programs outside the installed one get."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pfm_desktop.support import outside

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows opens folders itself")


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "pfm-desktop"
    monkeypatch.setattr(sys, "_MEIPASS", str(home / "_internal"), raising=False)
    monkeypatch.setattr(sys, "executable", str(home / "pfm-desktop"))
    return home / "_internal"


def program(folder: Path, name: str, lines: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_nothing_of_the_bundle_is_handed_on_and_what_was_there_before_is(bundle: Path) -> None:
    handed = outside.environment(
        {
            "LD_LIBRARY_PATH": f"{bundle}/cv2/../../lib64:{bundle}:/opt/vendor/lib",
            "LD_LIBRARY_PATH_ORIG": "/opt/vendor/lib",
            "QT_PLUGIN_PATH": f"{bundle}/PySide6/Qt/plugins",
            "QML2_IMPORT_PATH": f"{bundle}/PySide6/Qt/qml:/opt/vendor/qml",
            "PATH": "/usr/bin:/bin",
            "HOME": "/home/anna",
            "EMPTY": "",
        }
    )
    assert handed == {
        "LD_LIBRARY_PATH": "/opt/vendor/lib",
        "QML2_IMPORT_PATH": "/opt/vendor/qml",
        "PATH": "/usr/bin:/bin",
        "HOME": "/home/anna",
        "EMPTY": "",
        "PYINSTALLER_RESET_ENVIRONMENT": "1",
    }


def test_where_there_was_none_before_there_is_none(bundle: Path) -> None:
    assert "LD_LIBRARY_PATH" not in outside.environment({"LD_LIBRARY_PATH": f"{bundle}/cv2/../../lib64:{bundle}"})
    assert "LD_LIBRARY_PATH" not in outside.environment({"LD_LIBRARY_PATH": f"{bundle}/cv2/../../lib64:"})


def test_from_its_source_all_is_handed_on_as_it_is() -> None:
    assert outside.environment({"LD_LIBRARY_PATH": "/a:/b"}) == {"LD_LIBRARY_PATH": "/a:/b"}


def test_a_folder_is_opened_by_the_first_program_that_does(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools, seen = tmp_path / "tools", tmp_path / "seen"
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(bundle))
    program(tools, "xdg-open", "exit 3")
    program(tools, "gio", f'echo "$1 $2 ${{LD_LIBRARY_PATH-none}}" > "{seen}"')
    assert outside.open_folder(tmp_path / "an export")
    assert seen.read_text(encoding="utf-8") == f"open {tmp_path / 'an export'} none\n"
    program(tools, "gio", "exit 1")
    assert not outside.open_folder(tmp_path)


def test_where_nothing_opens_folders_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not outside.open_folder(tmp_path)


def test_one_that_stays_with_its_window_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "_PATIENCE", 0.05)
    program(tmp_path / "tools", "xdg-open", "exec sleep 2")
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert outside.open_folder(tmp_path)
    staying = outside._staying.pop()
    assert staying.poll() is None
    staying.kill()
    staying.wait()
