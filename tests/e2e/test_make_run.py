"""`make run`: the window where there is a display, the demo where there is none; other failures stay failures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("make") is None,
    reason="needs make, and Linux to lack a display",
)


def make_run(folder: Path, *, window_ends_with: int, display: str) -> tuple[int, list[str]]:
    """Exit code, and the programs that were started, of `make run` with everything set up and a window of straw."""
    shutil.copy(ROOT / "Makefile", folder)
    (folder / ".ci").mkdir()
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in (
        "requirements-setup.lock",
        "requirements.lock",
        "pyproject.toml",
        ".venv/.stamp-venv",
        ".venv/.stamp-run",
    ):  # oldest first
        (folder / name).touch()
    code = f"[ -n '{display}' ] && [ \"$1\" = '' ] && exit {window_ends_with}; exit 0"
    for name, ends in ((".ci/system-packages", "exit 0"), (".venv/bin/pfm", "exit 0"), (".venv/bin/pfm-desktop", code)):
        script = folder / name
        script.write_text(f'#!/bin/sh\necho "${{0##*/}} $1" >> "{folder}/started"\n{ends}\n')
        script.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "MAKEFLAGS")}
    done = subprocess.run(
        ["make", "run"], cwd=folder, env={**environment, "DISPLAY": display}, capture_output=True, check=False
    )
    started = (folder / "started").read_text().splitlines()
    return done.returncode, [line.strip() for line in started if "system" not in line]


DEMO = ["pfm phantom", "pfm analyze", "pfm-desktop --screenshot"]


def test_a_window_that_opens_is_all_that_is_started(tmp_path: Path) -> None:
    assert make_run(tmp_path, window_ends_with=0, display=":0") == (0, ["pfm-desktop"])


def test_a_display_that_is_gone_leads_to_the_demo(tmp_path: Path) -> None:
    assert make_run(tmp_path, window_ends_with=2, display=":77") == (0, ["pfm-desktop", *DEMO])


def test_no_display_at_all_leads_to_the_demo(tmp_path: Path) -> None:
    assert make_run(tmp_path, window_ends_with=2, display="") == (0, DEMO)


def test_a_window_that_fails_is_a_failure_and_no_demo(tmp_path: Path) -> None:
    code, started = make_run(tmp_path, window_ends_with=1, display=":0")
    assert code != 0
    assert started == ["pfm-desktop"]
