"""The jobs strip's rows."""

from __future__ import annotations

import pytest

from pfm_desktop.jobs import Progress
from pfm_desktop.viewmodels.jobs import JobBoard, JobRow


def test_jobs_stand_in_the_order_they_were_started_until_they_end() -> None:
    board = JobBoard()
    board.started("a", "First")
    board.started("b", "Second")
    board.heard(Progress("a", 1, 4, "reading"))
    assert [row.words for row in board.rows] == ["First: reading", "Second"]
    board.ended("a")
    assert [row.name for row in board.rows] == ["b"]


@pytest.mark.parametrize(("done", "total", "percent"), [(1, 4, 25), (5, 4, 100), (0, 0, None), (-1, 4, 0)])
def test_progress_is_nought_to_a_hundred_or_not_known(done: float, total: float, percent: int | None) -> None:
    assert JobRow("a", "First", done, total).percent == percent


def test_what_comes_after_the_end_brings_nothing_back() -> None:
    board = JobBoard()
    board.started("a", "First")
    board.ended("a")
    board.heard(Progress("a", 1, 2, "late"))
    board.stopping("a")
    assert board.rows == ()
