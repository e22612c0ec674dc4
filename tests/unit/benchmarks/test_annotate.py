"""What the benchmark of annotating counts as lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import benchmarks.annotate_parts.library as making
from benchmarks.annotate import missing
from benchmarks.annotate_parts.library import READER, TASKS, make_library, task_id
from pfm_desktop.domain.grade import Grade
from pfm_desktop.services import labelling
from pfm_desktop.storage.library import Library


def small(seed: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(seed).integers(0, 255, (2, size[1], size[0], 3), dtype=np.uint8)
    return drawn[0], drawn[1]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(making, "_phantom", small)
    make_library(tmp_path / "library", 3, (32, 24))
    return tmp_path / "library"


def test_each_task_has_all_pairs_with_both_pictures(library: Path) -> None:
    with Library.open(library) as lib:
        rows = labelling.task_rows(lib)
        assert {row.task.name for row in rows} == set(TASKS)
        assert {row.pairs for row in rows} == {3}


def test_a_read_that_was_said_and_is_not_there_or_says_another_grade_is_lost(library: Path) -> None:
    with Library.open(library) as lib:
        lib.who = READER
        task = task_id(lib, TASKS[2])
        turns = labelling.queue(lib, task).turns
        kept, _ = labelling.give(lib, task, turns[0], grade=Grade.LOW)
        gone, _ = labelling.give(lib, task, turns[1], grade=Grade.LOW)
        labelling.take_back(lib, gone)
    said = {
        kept.id: {"id": kept.id, "pair": kept.pair_id, "grade": "low"},
        gone.id: {"id": gone.id, "pair": gone.pair_id, "grade": "low"},
    }
    assert missing(library, said) == [gone.id]
    said[kept.id]["grade"] = "high"
    assert missing(library, said) == [kept.id, gone.id]
