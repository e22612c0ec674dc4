"""Folders for one run at a time, and what killed runs leave of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pfm_desktop.services.sole_use import LOCK, InUseError, clear_abandoned, sole_use
from pfm_desktop.support.errors import StorageError

KILLED = """
import os, signal, sys
from pathlib import Path
from pfm_desktop.services.sole_use import sole_use
with sole_use(Path(sys.argv[1])):
    (Path(sys.argv[1]) / "white.u8").write_bytes(b"a patient")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(folder: Path) -> Path:
    subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False, timeout=60)
    assert (folder / "white.u8").exists()
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    killed(tmp_path / "prepared-dead")
    killed(tmp_path / "other-dead")
    (tmp_path / "prepared-new").mkdir()  # its lock is not there yet
    (tmp_path / "prepared-newer").mkdir()
    (tmp_path / "prepared-newer" / LOCK).write_text("")  # or does not say who holds it yet
    (tmp_path / ".prepared-half.99").mkdir()  # a run that was killed while it removed its own
    with sole_use(tmp_path / "prepared-alive"):
        (tmp_path / "prepared-alive" / "white.u8").write_bytes(b"at work")
        clear_abandoned(tmp_path, "prepared-")
        assert (tmp_path / "prepared-alive" / "white.u8").read_bytes() == b"at work"
        assert json.loads((tmp_path / "prepared-alive" / LOCK).read_text())["pid"]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"other-dead", "prepared-new", "prepared-newer", "prepared-alive"}


def test_where_there_is_nothing_nothing_is_removed(tmp_path: Path) -> None:
    clear_abandoned(tmp_path / "not there", "prepared-")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("a letter")
    clear_abandoned(tmp_path / "file", "prepared-")
    assert (tmp_path / "file").read_text() == "a letter"


def test_what_the_other_run_does_is_said_in_its_own_words(tmp_path: Path) -> None:
    with sole_use(tmp_path / "work"):
        with pytest.raises(InUseError, match=r"work is in use by .*process"), sole_use(tmp_path / "work"):
            pass
        busy = "the demo library is being made"
        with pytest.raises(InUseError, match=f"^{busy} by .*process"), sole_use(tmp_path / "work", busy=busy):
            pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file/work cannot be used for work"), sole_use(tmp_path / "file" / "work"):
        pass
