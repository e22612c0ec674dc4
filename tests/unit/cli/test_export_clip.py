"""`pfm export clips` and `pfm export clip`: what a person is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.capture.recorder import Recorder
from pfm_desktop.capture.source import Frame
from pfm_desktop.cli.main import main
from pfm_desktop.domain.clip import Clip, ClipKind
from pfm_desktop.services import cases
from pfm_desktop.services.capture.clip_reader import ClipReader
from pfm_desktop.services.capture.clips import begin_clip
from pfm_desktop.storage.library import Library


@pytest.fixture
def clip(lib: Library) -> Clip:
    """Its library is closed."""
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-17", family_name="Wunderlich").id).id
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=(96, 64))
    recording = Recorder(writer.put, began=writer.began)
    for number in range(25):
        recording.take(Frame(np.full((64, 96, 3), 9 * number, np.uint8), writer.began + number / 10, number))
    made = writer.finish(recording.stop())
    lib.close()
    assert made is not None
    return made


def test_clips_are_listed_without_names(lib: Library, clip: Clip, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "clips", str(lib.path), clip.visit_id[:12]]) == 0
    said = capsys.readouterr().out
    assert said.startswith(clip.id)
    assert "video, 25 frames, 2.4 s\n" in said
    assert "Wunderlich" not in said


@pytest.mark.parametrize("name", ["a.avi", "a.mkv"])
def test_a_clip_is_written_as_its_name_says(
    lib: Library, clip: Clip, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "clip", str(lib.path), clip.id, "--out", str(tmp_path / name), "--clock"]) == 0
    assert f"Written: {tmp_path / name} (2.5 s, 10 frames a second)" in capsys.readouterr().out
    assert (tmp_path / name).stat().st_size > 1000


def test_another_ending_and_an_unknown_clip_are_said(
    lib: Library, clip: Clip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "clip", str(lib.path), clip.id, "--out", str(tmp_path / "a.mp4")]) == 2
    assert ".avi" in capsys.readouterr().err
    assert main(["export", "clip", str(lib.path), "0" * 32, "--out", str(tmp_path / "a.avi")]) == 2
    assert "not in the library" in capsys.readouterr().err


def test_a_part_that_is_lost_is_noted(
    lib: Library, clip: Clip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Library.open(lib.path) as again:
        path = again.pictures.find(ClipReader(again, clip.id).segments[1].sha256)
    assert path is not None
    path.unlink()
    assert main(["export", "clip", str(lib.path), clip.id, "--out", str(tmp_path / "a.avi")]) == 0
    assert "stands still" in capsys.readouterr().err
