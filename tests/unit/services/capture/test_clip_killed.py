"""A program that is killed while it records: every segment that was acknowledged is there, and can be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pfm_desktop.services import accounts, cases
from pfm_desktop.services.capture import clips
from pfm_desktop.services.capture.clip_reader import ClipReader
from pfm_desktop.storage.library import Library

pytestmark = pytest.mark.slow

NAME, PASSWORD = "Dr. Li", "four words that differ"
CHILD = Path(__file__).with_name("clip_child.py")
ROOT = Path(__file__).resolve().parents[4]


def killed_after(lines: int, *arguments: str) -> list[tuple[str, int, int]]:
    """What the child said was kept: clip, number of the segment, frames. Killed once it has said so many."""
    command, around = [sys.executable, str(CHILD), *arguments], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=around) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        said += child.stdout.readlines()
    whole = [line.split() for line in said if line.endswith("\n")]
    return [(clip, int(number), int(frames)) for clip, number, frames in whole]


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_every_segment_that_was_acknowledged_is_readable_after_a_kill(tmp_path: Path, encrypted: bool) -> None:
    path, person = tmp_path / "home", (NAME, PASSWORD) if encrypted else ()
    with accounts.make_library(path, *person)[0] if encrypted else Library.create(path) as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-17").id).id
    said = killed_after(12, str(path), visit, *person)
    assert len(said) >= 12
    with accounts.sign_in(path, *person) if encrypted else Library.open(path) as lib:
        (clip,) = clips.recover(lib)
        assert clip.id == said[0][0]
        assert (clip.closed, clip.complete) == (True, False)
        frames = clips.frames_of(lib, clip.id)
        segments = ClipReader(lib, clip.id).segments
        assert [(one.number, one.frames) for one in segments[: len(said)]] == [(one[1], one[2]) for one in said]
        assert len(frames) == clip.frames >= sum(one[2] for one in said)
        assert clips.verify(lib, clip.id) == ()
        assert round(float(clips.frame_pixels(lib, clip.id, 57).mean())) == 57
        assert clips.recover(lib) == ()
