"""Phantoms to rehearse are drawn in memory, as many of each grade, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.jobs import CallbackContext, Cancelled
from pfm_desktop.services.learning import rehearsal

from .conftest import CTX

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "SIZE", 96)


def test_they_are_of_each_grade_and_have_both_sources(tmp_path: Path) -> None:
    made = rehearsal.phantoms(CTX, 8, size=64, seed=0)
    assert made.counts() == {"normal": 2, "low": 2, "high": 2, "cancer": 2}
    assert all(present.all() for present in made.present.values())
    assert len(set(made.patients)) == 8
    assert not list(tmp_path.iterdir())


def test_the_same_seed_draws_the_same_and_another_others() -> None:
    first, again, other = (rehearsal.phantoms(CTX, 4, size=64, seed=seed) for seed in (0, 0, 1))
    places = np.arange(4)
    np.testing.assert_array_equal(first.batch(places).squares["white"], again.batch(places).squares["white"])
    assert (first.digest == again.digest, first.digest == other.digest) == (True, False)


def test_drawing_can_be_stopped() -> None:
    said: list[str] = []
    ctx = CallbackContext(lambda _d, _t, text: said.append(text), lambda: len(said) > 1)
    with pytest.raises(Cancelled):
        rehearsal.phantoms(ctx, 8, size=64, seed=0)
