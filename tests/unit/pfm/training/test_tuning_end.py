"""Which epoch a run keeps at its end: the last, unless the cases that check it speak against it by more than chance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from pfm_desktop.pfm.training import tuning
from pfm_desktop.pfm.training.tuning import Tuned

LAST, BEST = 2.0, 1.0  # the one weight of a network that stands for an epoch


def run_with(losses: list[float], best: int, by_case: dict[float, list[float]], patch: pytest.MonkeyPatch) -> Any:
    net = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(net.weight, LAST)
    patch.setattr(tuning, "case_losses", lambda net, _: np.array(by_case[net.weight.item()]))
    kept = {"weight": torch.full((1, 1), BEST)}
    return SimpleNamespace(tuned=Tuned(losses, best_epoch=best), net=net, best=kept, validation=None)


@pytest.mark.parametrize(
    ("last", "taken"),
    [
        ([0.5, 0.8, 0.3, 0.7], True),  # worse by 0.025, which four cases cannot tell from nothing
        ([0.9, 1.1, 0.8, 1.0], False),  # worse in every case alike
        ([0.4, 0.5, 0.3, 0.4], True),  # better
    ],
)
def test_the_last_epoch_is_taken_unless_it_is_worse_by_more_than_chance(
    last: list[float], taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with([2.0, 0.5, 0.6], 1, {LAST: last, BEST: [0.5, 0.7, 0.4, 0.6]}, monkeypatch)
    assert tuning._Run.last_is_as_good(run) is taken
    assert run.net.weight.item() == LAST, "asking changes nothing"


@pytest.mark.parametrize(("losses", "best", "taken"), [([1.0, 1.2, 1.1], 0, False), ([1.0, 0.9, 0.8], 2, True)])
def test_where_nothing_was_gained_nothing_is_taken_and_a_best_last_is(
    losses: list[float], best: int, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tuning._Run.last_is_as_good(run_with(losses, best, {}, monkeypatch)) is taken


def test_a_last_epoch_that_is_no_better_than_the_start_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_with([1.0, 0.9, 1.0], 1, {LAST: [1.0, 1.0], BEST: [0.9, 0.9]}, monkeypatch)
    assert not tuning._Run.last_is_as_good(run)
