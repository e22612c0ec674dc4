"""How fast training is: both ways learn the same, and neither is timed while the other works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import train_speed
from benchmarks.train_parts import steps
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.pfm.training.config import TrainConfig
from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path: Path) -> PreparedSet:
    """Eight cases with outlines."""
    random = np.random.default_rng(0)
    with PreparedWriter(tmp_path, 64) as writer:
        for index in range(8):
            white, fluorescence = (random.integers(0, 255, (64, 64, 3), dtype=np.uint8) for _ in range(2))
            lesion = np.zeros((64, 64), np.bool_)
            lesion[:32, :32] = True
            writer.append(
                white, fluorescence, np.ones((64, 64), np.bool_), grade=GRADES[index % 4], patient=f"w{index}",
                case=f"c{index}", lesion=lesion,
            )  # fmt: skip
    return PreparedSet(tmp_path)


def test_both_ways_begin_alike_and_learn_the_same_from_the_first_batch(
    data: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig(batch=8, ema=0.9)
    losses: list[float] = []
    whole = steps._Lesson.loss

    def heard(self: steps._Lesson, outputs: steps.Outputs, batch: steps._Batch) -> torch.Tensor:
        loss = whole(self, outputs, batch)
        losses.append(float(loss.detach()))
        return loss

    monkeypatch.setattr(steps._Lesson, "loss", heard)
    for way in (steps.our_steps, steps.plain_steps):
        with way(data, config) as step:
            torch.manual_seed(3)  # dropout
            step()
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert losses[0] > 0.5


def test_what_is_timed_is_the_median_without_the_first_steps_turn_about() -> None:
    now = 0.0
    turns: list[str] = []

    def way(name: str, took: Iterator[float]) -> steps.Step:
        def step() -> None:
            nonlocal now
            turns.append(name)
            now += next(took)

        return step

    ways = {"plain": way("plain", iter([9, 9, 4, 6, 5])), "ours": way("ours", iter([9, 9, 2, 2, 8]))}
    assert train_speed.seconds_of(ways, 3, clock=lambda: now) == {"plain": 5, "ours": 2}
    assert turns == ["plain", "ours"] * 5


def test_it_says_the_ratio_and_what_is_wanted(
    data: PreparedSet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def nothing(*_: object) -> Iterator[steps.Step]:
        yield lambda: None

    monkeypatch.setattr(train_speed, "training_set", lambda *_: data)
    monkeypatch.setattr(train_speed, "plain_steps", nothing)
    monkeypatch.setattr(train_speed, "our_steps", nothing)
    monkeypatch.setattr(train_speed, "seconds_of", lambda *_: {"plain": 4.0, "ours": 2.0})
    monkeypatch.setattr("sys.argv", ["train_speed.py", "--size", "64"])
    train_speed.main()
    said = capsys.readouterr().out
    assert "16.0 pairs/s, the plain way 8.0; 2.00 times (wanted: 1.8)" in said
    assert "on phantoms" in said
