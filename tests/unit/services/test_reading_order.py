"""In which order pairs are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Order
from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.phantom import render
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import cases, engine, labelling, models, pairing
from pfm_desktop.services.picking import core_set, entropy
from pfm_desktop.services.reading_order import in_order
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.paths import user_models_dir

from .conftest import put_on_record
from .test_labelling import task_of, two_reads

CTX = SilentContext()


def test_the_most_differing_reads_come_first_and_the_rest_stays_mixed(lib: Library) -> None:
    task_id, pairs = task_of(lib, 6)
    two_reads(lib, task_id, pairs[4], Grade.LOW, Grade.HIGH)
    two_reads(lib, task_id, pairs[2], Grade.NORMAL, Grade.CANCER)
    two_reads(lib, task_id, pairs[5], None, Grade.LOW)
    two_reads(lib, task_id, pairs[0], Grade.LOW, Grade.LOW)
    found = in_order(CTX, lib, pairs, Order.DISAGREEMENT, seed=1, model="")
    mixed = labelling.in_random_order(pairs, seed=1)
    assert found[:3] == (pairs[5], pairs[2], pairs[4])
    assert found[3] == pairs[0]
    assert found[4:] == tuple(one for one in mixed if one in (pairs[1], pairs[3]))
    assert in_order(CTX, lib, pairs, Order.RANDOM, seed=1, model="") == mixed


def test_each_row_of_a_core_set_is_the_farthest_from_all_before() -> None:
    rng = np.random.default_rng(5)
    middle = rng.normal(0, 0.01, (20, 3))
    corners = np.array([[9, 0, 0], [0, 9, 0], [0, 0, 9], [-9, -9, -9]], float)
    features = np.vstack([middle, corners])
    chosen = core_set(features, 24)
    assert sorted(chosen) == list(range(24))
    assert set(chosen[1:5]) == {20, 21, 22, 23}, "the corners before the crowd"
    assert core_set(features, 3) == chosen[:3]
    assert core_set(features * [1, 1000, 1e-4], 24) == chosen, "whatever the scale of a feature"


def test_a_core_set_of_rows_that_are_all_the_same_has_each_once() -> None:
    assert sorted(core_set(np.ones((4, 2)), 10)) == [0, 1, 2, 3]


@pytest.fixture
def model(make_model: Callable[..., Path]) -> Iterator[str]:
    make_model(user_models_dir() / "asked", name="asked")
    yield "asked"
    models.forget_loaded()


@pytest.fixture
def shown(lib: Library) -> list[str]:
    """Three pairs that can be looked at, and one whose bytes are no picture."""
    made = []
    for number in range(3):
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}").id)
        drawn = render(40 + number, grade=(Grade.NORMAL, Grade.LOW, Grade.HIGH)[number], size=320)
        for pixels, stage in (
            (drawn.white, Stage.ACETIC_ACID),
            (drawn.fluorescence, Stage.FLUORESCENCE_AFTER_ACID),
        ):
            cases.add_picture(lib, visit.id, encode_png(pixels), stage=stage)
        pair = pairing.ensure_pair(lib, visit.id)
        assert pair is not None
        made.append(pair.id)
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="lost").id)
    put_on_record(lib, visit.id, b"no picture")
    lost = pairing.ensure_pair(lib, visit.id)
    assert lost is not None
    return [*made, lost.id]


@pytest.mark.slow
def test_where_the_model_is_least_sure_comes_first_and_what_it_cannot_read_last(
    lib: Library, shown: list[str], model: str
) -> None:
    found = in_order(CTX, lib, shown, Order.UNCERTAINTY, seed=1, model=model)
    assert found[-1] == shown[3]
    scores = []
    for pair_id in found[:3]:
        answer = engine.answer_pair(CTX, lib, engine.load_pair(CTX, lib, pair_id), model)
        assert answer.from_library, "asked once, and kept"
        said = answer.analysis.prediction
        scores.append(-1.0 if said is None else entropy(said))
    assert scores == sorted(scores, reverse=True)


@pytest.mark.slow
def test_diversity_puts_every_pair_in_its_place_once(lib: Library, shown: list[str], model: str) -> None:
    found = in_order(CTX, lib, shown, Order.DIVERSITY, seed=1, model=model)
    assert sorted(found) == sorted(shown)
    assert found[-1] == shown[3]
    assert found == in_order(CTX, lib, shown, Order.DIVERSITY, seed=1, model=model)


@pytest.mark.slow
def test_asking_can_be_stopped_and_a_missing_model_is_said(lib: Library, shown: list[str], model: str) -> None:
    asked = []
    ctx = CallbackContext(lambda done, _total, _text: asked.append(done), lambda: len(asked) > 2)
    with pytest.raises(Cancelled):
        in_order(ctx, lib, shown, Order.UNCERTAINTY, seed=1, model=model)
    with pytest.raises(ModelError):
        in_order(CTX, lib, shown, Order.UNCERTAINTY, seed=1, model="nobody")


@pytest.mark.slow
def test_no_more_pairs_are_asked_about_than_wanted_and_the_rest_comes_before_what_cannot_be_read(
    lib: Library, shown: list[str], model: str
) -> None:
    mixed = labelling.in_random_order(shown, seed=2)
    most = mixed.index(shown[3]) + 1
    for order in (Order.UNCERTAINTY, Order.DIVERSITY):
        if most == 1:
            continue
        found = in_order(CTX, lib, shown, order, seed=2, model=model, most=most)
        assert sorted(found) == sorted(shown)
        assert set(found[: most - 1]) == set(mixed[: most - 1])
        assert found[-1] == shown[3]


@pytest.mark.slow
def test_diversity_sees_both_pictures_so_each_pair_is_registered_by_then(
    lib: Library, shown: list[str], model: str
) -> None:
    in_order(CTX, lib, shown[:2], Order.DIVERSITY, seed=1, model=model)
    for pair_id in shown[:2]:
        assert engine.load_pair(CTX, lib, pair_id).registration is not None


@pytest.mark.slow
def test_progress_counts_pairs_and_nothing_else(lib: Library, shown: list[str], model: str) -> None:
    for order in (Order.UNCERTAINTY, Order.DIVERSITY):
        heard: list[tuple[float, float]] = []
        ctx = CallbackContext(lambda done, total, _text, heard=heard: heard.append((done, total)), lambda: False)
        in_order(ctx, lib, shown, order, seed=1, model=model)
        assert heard == [(done, 4) for done in range(5)]
