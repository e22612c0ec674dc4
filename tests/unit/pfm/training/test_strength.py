"""Where the scale of a model's heatmaps ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.pfm.calibrate import Scale, uncalibrated
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model
from pfm_desktop.pfm.model_tables import CLASS_MAP, LAYER_CAM, check_heatmap
from pfm_desktop.pfm.training import strength
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.strength import heatmap_table, tops_of

pytestmark = pytest.mark.slow  # asks a network

CTX = SilentContext()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, make_blobs: Callable[..., PreparedSet]) -> PreparedSet:
    return make_blobs(tmp_path_factory.mktemp("cases"), 80)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]) -> LoadedModel:
    return load_model(make_model(tmp_path_factory.mktemp("model") / "m"))


def table_of(model: LoadedModel, cases: PreparedSet, method: str = CLASS_MAP) -> dict[str, Any]:
    everything = np.arange(len(cases), dtype=np.int64)
    return heatmap_table(CTX, model.net, cases, everything, model.normalisation, uncalibrated(model.net.names), method)


def rows_of(*counts: int) -> np.ndarray:
    """That many cases of low, high and cancer, whose maps reach 1, 2, 3 ... within a grade, and ten times the rank."""
    return np.array([(rank, 10 * rank + n) for rank, count in enumerate(counts, 1) for n in range(count)], float)


def test_only_what_is_graded_rightly_and_not_normal_counts(
    model: LoadedModel, cases: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a network that says `high` of everything
    monkeypatch.setattr(Scale, "probabilities", lambda _self, log_p: np.tile([0.1, 0.1, 0.7, 0.1], (len(log_p), 1)))
    everything = np.arange(len(cases), dtype=np.int64)
    found = tops_of(CTX, model.net, cases, everything, model.normalisation, uncalibrated(model.net.names))
    both = cases.present["white"] & cases.present["fluorescence"]
    for rows in found.values():
        assert len(rows) == int((both & (cases.grades == 2)).sum())
        assert set(rows[:, 0]) == {2.0}
        assert (rows[:, 1] >= 0).all()


def test_the_scale_ends_at_the_middle_one_of_each_grade(
    model: LoadedModel, cases: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strength, "tops_of", lambda *_: dict.fromkeys(model.net.names, rows_of(11, 21, 31)))
    table = table_of(model, cases)
    assert table == {"method": CLASS_MAP, "strong": {name: [15.0, 30.0, 45.0] for name in model.net.names}}
    check_heatmap(table, model.net.names)


def test_a_grade_of_which_few_were_found_takes_the_middle_one_of_all(
    model: LoadedModel, cases: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strength, "tops_of", lambda *_: dict.fromkeys(model.net.names, rows_of(20, 15, 2)))
    low, high, cancer = table_of(model, cases)["strong"]["white"]
    assert (low, high) == (19.5, 27.0)
    assert cancer == np.median(rows_of(20, 15, 2)[:, 1])


@pytest.mark.parametrize("rows", [rows_of(), rows_of(3, 3, 3), rows_of(20, 20, 20) * [1, 0], rows_of(20) * np.nan])
def test_where_too_few_were_found_or_nothing_is_said_each_map_keeps_its_own_scale(
    model: LoadedModel, cases: PreparedSet, rows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strength, "tops_of", lambda *_: dict.fromkeys(model.net.names, rows.reshape(-1, 2)))
    assert table_of(model, cases) == {"method": CLASS_MAP}


def test_layer_cam_has_no_scale_beyond_its_picture(model: LoadedModel, cases: PreparedSet) -> None:
    assert table_of(model, cases, LAYER_CAM) == {"method": LAYER_CAM}


def test_a_model_without_a_scale_for_its_class_maps_says_so() -> None:
    (note,) = strength.heatmap_notes({"method": CLASS_MAP})
    assert "scale of its own picture" in note
    for table in ({"method": LAYER_CAM}, {"method": CLASS_MAP, "strong": {}}):
        assert strength.heatmap_notes(table) == ()


def test_it_can_be_cancelled(model: LoadedModel, cases: PreparedSet) -> None:
    stopped = CallbackContext(lambda *_: None, lambda: True)
    with pytest.raises(Cancelled):
        heatmap_table(
            stopped, model.net, cases, np.arange(8), model.normalisation, uncalibrated(model.net.names), CLASS_MAP
        )


def test_there_is_a_number_for_each_grade_but_normal() -> None:
    assert len(GRADES) - 1 == 3
