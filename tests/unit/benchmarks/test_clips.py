"""What `benchmarks/clips.py` measures is a clip of the library, whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import clips as benchmark
from pfm_desktop.services.capture import clips
from pfm_desktop.storage.library import Library

pytestmark = pytest.mark.slow


def test_a_run_is_told_and_whole(lib: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = [np.full((benchmark.HEIGHT, benchmark.WIDTH, 3), shade, np.uint8) for shade in (60, 120)]
    for pixels in shown:
        pixels[::7, ::5] = (200, 40, 90)
    clip_id, run = benchmark.recorded(lib, shown, 0.2)
    assert (run.taken, run.recorded.frames + run.recorded.dropped) == (6, 6)
    assert clips.verify(lib, clip_id) == ()
    benchmark.tell_coding(shown)
    benchmark.tell_run("plain", lib, clip_id, run, 0.2)
    benchmark.tell_export(lib, clip_id, tmp_path)
    said = capsys.readouterr().out
    assert "nothing wrong" in said
    assert "FFV1" in said
