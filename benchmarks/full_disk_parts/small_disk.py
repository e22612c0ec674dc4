"""A real disk that is full: a tmpfs that is made smaller while the program works on it. Linux, and only as root."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.full_disk_parts.faults import Struck

ROOM = 512 * 2**20
PAGE = 4096


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """A disk at `folder`, gone at the end."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise SystemExit(f"error: no small disk can be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def filled(folder: Path, pages: int) -> Iterator[Struck]:
    """Inside, the disk that holds `folder` has room for so many pages more; then it has room again."""
    disk = next(one for one in (folder, *folder.parents) if os.path.ismount(one))
    state = os.statvfs(disk)
    used = (state.f_blocks - state.f_bfree) * state.f_frsize
    _resize(disk, used + pages * PAGE)
    struck = Struck(1, f"{pages} pages left")
    try:
        yield struck
    finally:
        _resize(disk, ROOM)


def _resize(disk: Path, size: int) -> None:
    # a size of 0 would be a disk without an end
    subprocess.run(["mount", "-o", f"remount,size={max(size, PAGE)}", str(disk)], check=True)
