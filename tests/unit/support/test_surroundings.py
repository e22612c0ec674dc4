"""Where the program was started, and what torch leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pfm_desktop.support import surroundings

NOBODY = 65534
CLOSED = f"""
import os, sys
from pathlib import Path
from pfm_desktop.support import surroundings
os.chmod(".", 0)
if os.geteuid() == 0:
    os.setuid({NOBODY})
print(surroundings.settle(), Path.cwd())
"""
GONE = """
import multiprocessing, os
from pathlib import Path
from pfm_desktop.support import surroundings
if __name__ == "__main__":
    os.rmdir(Path.cwd())
    surroundings.settle()
    started = multiprocessing.get_context("spawn").Process(target=print, args=("it runs",))
    started.start()
    started.join()
"""
TORCH = """
from pfm_desktop.support import surroundings
surroundings.settle()
import torch._dynamo
"""
ROOT = Path(__file__).resolve().parents[3]


def run(script: str, folder: Path, **more: str) -> str:
    before = {name: value for name, value in os.environ.items() if name != surroundings.CACHE}
    env = {**before, "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="rights are others there")
def test_a_folder_that_the_user_may_not_enter_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    try:
        assert run(CLOSED, folder) == "True /"
    finally:
        folder.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in which one stands does not go there")
def test_a_process_is_started_although_the_folder_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    assert run(GONE, folder) == "it runs"


def test_a_folder_that_is_as_usual_is_kept(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from pfm_desktop.support import surroundings as s; print(s.settle(), Path.cwd())"
    )
    assert run(script, tmp_path) == f"False {tmp_path}"


@pytest.mark.slow
def test_torch_leaves_no_folder_among_the_temporary_files(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    run(TORCH, tmp_path, TMPDIR=str(folder), TEMP=str(folder))
    assert list(folder.iterdir()) == []
