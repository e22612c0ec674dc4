"""What is known of a test phantom beyond its pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.evidence_parts.shots import LATER_S, SHOT, seconds_since_acid, write_second_shots
from pfm_desktop.imaging.io import read_picture
from pfm_desktop.imaging.phantom import render
from pfm_desktop.interop.tabular import ManifestRow, read_manifest
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.phantoms import case_seed, write_phantoms

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[ManifestRow, ...]:
    folder = tmp_path_factory.mktemp("phantoms")
    return read_manifest(write_phantoms(SilentContext(), folder, 2, 8, None, 64, workers=1))


def test_seconds_since_acid_are_those_the_phantom_was_drawn_with() -> None:
    drawn = [render(case_seed(8, number), size=64).drawn["seconds_since_acid"] for number in range(2)]
    assert seconds_since_acid(8, 2) == drawn


def test_the_second_shot_is_of_the_same_woman_a_little_later(tmp_path: Path, rows: tuple[ManifestRow, ...]) -> None:
    seeds = {row.case: case_seed(8, number) for number, row in enumerate(rows)}
    again = write_second_shots(SilentContext(), tmp_path, rows, seeds, size=64)
    assert [(row.case, row.patient, row.grade) for row in again] == [(row.case, row.patient, row.grade) for row in rows]
    seed = case_seed(8, 1)
    wanted = render(seed, size=64, shot=seed + SHOT, seconds_since_acid=seconds_since_acid(8, 2)[1] + LATER_S)
    assert again[1].white is not None
    assert rows[1].white is not None
    np.testing.assert_array_equal(read_picture(again[1].white).pixels, wanted.white)
    assert not np.array_equal(read_picture(again[1].white).pixels, read_picture(rows[1].white).pixels)


def test_second_shots_that_are_there_are_kept(tmp_path: Path, rows: tuple[ManifestRow, ...]) -> None:
    seeds = {row.case: case_seed(8, number) for number, row in enumerate(rows)}
    first = write_second_shots(SilentContext(), tmp_path, rows, seeds, size=64)
    assert first[0].fluorescence is not None
    assert first[1].fluorescence is not None
    first[1].fluorescence.unlink()  # as a kill would leave it
    before = first[0].fluorescence.stat().st_mtime_ns
    write_second_shots(SilentContext(), tmp_path, rows, seeds, size=64)
    assert first[0].fluorescence.stat().st_mtime_ns == before
    assert first[1].fluorescence.is_file()
