"""The engine's heatmap is what `explain` draws, LayerCAM or the class map, seen from the picture it lies on."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import HEAT_THRESHOLD, Heatmap, Prediction
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.checkpoint import load_model, rewrite_model_file
from pfm_desktop.pfm.explain.methods import METHODS
from pfm_desktop.pfm.explain.target import Planes, contrast
from pfm_desktop.pfm.heatmaps import (
    MAP_SIDE,
    asked_of,
    class_map,
    layer_cam,
    on_own_scale,
    shown,
    target_of,
    weighted,
    words_of,
)
from pfm_desktop.pfm.letterbox import Letterbox
from pfm_desktop.pfm.model_file import MODEL, read_model_file
from pfm_desktop.pfm.model_tables import CLASS_MAP, LAYER_CAM, check_heatmap, digest_of, heatmap_strengths
from pfm_desktop.pfm.nets.heads import Logits
from pfm_desktop.pfm.nets.model import Inputs
from pfm_desktop.pfm.predict import Predictor, Prepared
from pfm_desktop.pfm.slopes import Slopes
from pfm_desktop.pfm.torch_backend import TorchBackend
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow  # each test loads networks

DEMO = Path(__file__).resolve().parents[3] / "models" / "pfm-demo"
SQUARE = Letterbox.fit(64, 64, 64)
Pixels = np.ndarray


def _pictures(height: int = 90, width: int = 160) -> tuple[Pixels, Pixels]:
    random = np.random.default_rng(3)
    coarse = random.integers(30, 226, (2, height // 10, width // 10, 3), dtype=np.uint8)
    white, fluorescence = coarse.repeat(10, axis=1).repeat(10, axis=2)
    return white, fluorescence


def _asked(
    predictor: Predictor, white: Pixels | None, fluorescence: Pixels | None, overlap: np.ndarray | None = None
) -> tuple[Prediction, dict[str, Heatmap], Prepared]:
    given = {Source.WHITE: white, Source.FLUORESCENCE: fluorescence}
    case = predictor._prepared({source: p for source, p in given.items() if p is not None}, overlap)
    return *predictor.predict(white, fluorescence, overlap=overlap), case


def _explained(predictor: Predictor, case: Prepared, rank: int) -> Planes:
    """What `explain` draws of the same case, by autograd."""
    net = load_model(predictor._path).net
    empty = np.zeros((1, 3, net.spec.size, net.spec.size), np.float32)
    inputs = Inputs(
        {name: torch.tensor(case.pictures.get(name, empty)) for name in net.names},
        {name: torch.tensor(case.coverage[name]) for name in net.names},
        {name: torch.tensor([name in case.used]) for name in net.names},
    )
    return METHODS[predictor._drawn_by].draw(net, inputs, target_of(rank))


@pytest.fixture(scope="module", params=[LAYER_CAM, CLASS_MAP])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """The demonstration model, its heatmaps drawn in either way."""
    folder = tmp_path_factory.mktemp("models") / "demo"
    shutil.copytree(DEMO, folder)
    rewrite_model_file(folder, heatmap={"method": request.param})
    return Predictor(folder, backend=TorchBackend(load_model(folder).net))


@pytest.mark.parametrize("given", ["both", "white", "fluorescence", "partly covered"])
def test_the_map_is_that_of_explain_in_the_way_the_model_says(demo: Predictor, given: str) -> None:
    white, fluorescence = _pictures()
    overlap = np.zeros(white.shape[:2], np.bool_)
    overlap[:, 30:100] = True
    answer, maps, case = _asked(
        demo,
        None if given == "fluorescence" else white,
        None if given == "white" else fluorescence,
        overlap if given == "partly covered" else None,
    )
    planes = _explained(demo, case, answer.grade.rank)
    assert set(maps) == {"fused", *planes}
    for name, plane in planes.items():
        step = plane.shape[0] // case.coverage[name].shape[1]
        cells = case.coverage[name][0].repeat(step, axis=0).repeat(step, axis=1)
        drawn = case.box.cut(np.where(cells >= 0.25, plane.numpy(), 0).astype(np.float32), longest=MAP_SIDE)
        seen = np.isfinite(maps[name].values)
        top = drawn[seen].max()  # of a class map of noise there may be none
        np.testing.assert_allclose(maps[name].values[seen], drawn[seen] / top if top > 0 else 0, atol=1e-4)
        assert np.nanmax(maps[name].values) == (1 if top > 0 else 0)
        assert maps[name].method == demo._drawn_by
    assert any(maps[name].values[np.isfinite(maps[name].values)].any() for name in planes)
    shares = {str(source): share for source, share in answer.evidence.items()}
    fused = on_own_scale(weighted({name: maps[name].values for name in planes}, shares))
    np.testing.assert_array_equal(maps["fused"].values, fused)


def test_what_was_not_seen_has_no_heat_and_lends_none(demo: Predictor) -> None:
    white, fluorescence = _pictures()
    overlap = np.zeros(white.shape[:2], np.bool_)
    overlap[:, :80] = True
    _, maps, _ = _asked(demo, white, fluorescence, overlap)
    assert np.isnan(maps["fluorescence"].values[:, 80:]).all()
    assert np.isfinite(maps["fused"].values).all()


@pytest.mark.parametrize("rank", range(4))
def test_the_number_that_is_explained_is_the_contrast_of_the_grade(rank: int) -> None:
    logits = Logits(torch.tensor([[0.3, -1.0, 0.8, 2.0]]), torch.tensor([[0.4, -0.2, 1.0]]))
    weights = asked_of(rank)
    wanted = float(contrast(logits, target_of(rank)))
    assert float(logits.combined()[0] @ torch.from_numpy(weights)) == pytest.approx(wanted, abs=1e-6)
    assert weights.sum() == pytest.approx(0, abs=1e-6), "what all grades gain alike counts for nothing"


def test_for_normal_the_map_shows_what_speaks_for_high() -> None:
    np.testing.assert_array_equal(asked_of(Grade.NORMAL.rank), asked_of(Grade.HIGH.rank))


def test_only_what_raises_the_grade_has_heat() -> None:
    middle = np.array([[[2.0, 2.0]], [[-1.0, -4.0]]], np.float32)  # C x 1 x 2
    slope = np.array([[[3.0, -3.0]], [[1.0, 1.0]]], np.float32)
    np.testing.assert_array_equal(layer_cam(middle, slope), [[5.0, 0.0]])


def test_the_class_map_is_what_the_cells_say_of_the_grade_against_the_mean_of_the_others() -> None:
    seen = np.ones((1, 1), np.float32)
    for rank, said in ((2, 3.0), (0, 3.0), (3, 0.0)):  # for normal, what speaks for high
        by_cell = np.zeros((4, 1, 1), np.float32)
        by_cell[2] = 3.0
        np.testing.assert_allclose(class_map(by_cell, seen, rank), np.full((4, 4), said), atol=1e-6)


def test_the_highest_point_of_a_class_map_lies_between_the_cells_that_share_the_lesion() -> None:
    by_cell = np.zeros((4, 7, 7), np.float32)
    by_cell[2, 3, 3:5] = 2.0, 1.9
    plane = class_map(by_cell, np.ones((7, 7), np.float32), Grade.HIGH.rank)
    row, column = np.unravel_index(plane.argmax(), plane.shape)
    assert row // 4 == 3
    assert column == 15, "the last quarter of the higher cell, beside the other one"


def test_a_cell_that_was_not_seen_says_nothing_in_a_class_map() -> None:
    by_cell = np.zeros((4, 3, 3), np.float32)
    by_cell[2, 1, 1] = 5.0
    coverage = np.ones((3, 3), np.float32)
    coverage[1, 1] = 0.1
    assert not class_map(by_cell, coverage, Grade.HIGH.rank).any()


def test_a_cell_that_is_no_number_is_refused(demo: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    if demo._slopes is not None:
        pytest.skip("LayerCAM asks the slopes, see below")
    monkeypatch.setattr("pfm_desktop.pfm.predict.class_map", lambda votes, *_: np.full(votes.shape[1:], np.nan))
    with pytest.raises(ModelError, match="gives an answer that is no number"):
        demo.predict(*_pictures())


def test_a_way_to_draw_that_is_not_known_is_refused(tmp_path: Path, make_model: Any) -> None:
    folder = Path(make_model(tmp_path / "m"))
    with pytest.raises(ModelError, match=r"drawn by 'crystal ball'\. update the program"):
        rewrite_model_file(folder, heatmap={"method": "crystal ball"})
    text = (folder / MODEL).read_text(encoding="utf-8").replace('"layer_cam"', '"crystal ball"')
    table = tomllib.loads(text)
    (folder / MODEL).write_text(text.replace(table["integrity"]["table_sha256"], digest_of(table)), encoding="utf-8")
    with pytest.raises(ModelError, match="drawn by 'crystal ball'"):
        Predictor(folder)


def test_no_number_stays_none() -> None:
    middle = np.ones((2, 1, 2), np.float32)
    slope = np.array([[[np.nan, -1.0]], [[1.0, 1.0]]], np.float32)
    np.testing.assert_array_equal(np.isnan(layer_cam(middle, slope)), [[True, False]])


def test_a_hot_cell_outside_the_picture_is_not_drawn() -> None:
    plane = np.ones((4, 4), np.float32)
    plane[:, 2:] = 100  # all of the right half was not seen
    drawn = shown(plane, np.array([[1, 0], [1, 0.2]], np.float32), SQUARE)
    assert np.isnan(drawn[:, 96:]).all()
    assert np.nanmax(drawn) == 1
    assert drawn[64, 10] == pytest.approx(1), "the highest point is one that was seen"
    assert np.nanmin(drawn) >= 0


@pytest.mark.parametrize("size", [0.0, 1e-20])
def test_where_nothing_speaks_for_the_grade_the_map_is_empty(size: float) -> None:
    drawn = shown(np.full((4, 4), size, np.float32), np.ones((2, 2), np.float32), SQUARE)
    assert not drawn.any()
    assert not Heatmap(drawn, "LayerCAM").reaches(HEAT_THRESHOLD)


def test_a_picture_of_which_nothing_was_seen_is_blind() -> None:
    assert np.isnan(shown(np.ones((4, 4), np.float32), np.zeros((2, 2), np.float32), SQUARE)).all()


def test_the_sources_are_weighed_by_evidence_where_they_see() -> None:
    white, other = np.array([[1.0, 0.5, np.nan]], np.float32), np.array([[0.0, np.nan, np.nan]], np.float32)
    fused = weighted({"white": white, "fluorescence": other}, {"white": 0.75, "fluorescence": 0.25})
    np.testing.assert_allclose(fused, [[1.0, 0.5, np.nan]], rtol=1e-6)
    alone = weighted({"white": white, "fluorescence": other}, {"white": 0.0, "fluorescence": 1.0})
    assert on_own_scale(alone)[0, 1] == 1, "a source without evidence still shows where it alone sees"


def test_sources_that_point_at_different_places_leave_a_map_that_reaches_its_scale() -> None:
    white, other = np.array([[1.0, 0.0, 0.4]], np.float32), np.array([[0.0, 1.0, 0.4]], np.float32)
    fused = weighted({"white": white, "fluorescence": other}, {"white": 0.6, "fluorescence": 0.4})
    np.testing.assert_allclose(fused, [[1.0, 0.4 / 0.6, 0.4]], rtol=1e-6)
    empty = np.zeros((1, 2), np.float32)
    assert not weighted({"white": empty}, {"white": 1.0}).any()
    assert np.isnan(weighted({"white": np.full((1, 2), np.nan, np.float32)}, {"white": 1.0})).all()


def _all(monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    """All slopes are `value`."""

    def of(_self: Slopes, middles: Mapping[str, Pixels], *_: Any) -> dict[str, Pixels]:
        return {name: np.full_like(middle, value) for name, middle in middles.items()}

    monkeypatch.setattr(Slopes, "of", of)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, make_model: Any) -> Path:
    return Path(make_model(tmp_path_factory.mktemp("models") / "small"))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_slopes_that_are_no_numbers_are_refused(small: Path, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    _all(monkeypatch, value)
    with pytest.raises(ModelError, match=r"gives an answer that is no number\. no answer is shown or kept"):
        Predictor(small).predict(*_pictures())


def test_an_answer_that_nothing_speaks_for_has_empty_maps(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _all(monkeypatch, 0.0)
    answer, maps = Predictor(small).predict(*_pictures())
    assert sum(answer.probabilities.values()) == pytest.approx(1), "the answer itself stands"
    assert not any(heatmap.values.any() for heatmap in maps.values())


@pytest.mark.parametrize("spec", [{"splice": "channel"}, {"layers": 0}, {"decision": False}, {"variant": "T2"},
                                  {"sources": (Source.WHITE,)}])  # fmt: skip
def test_other_networks_have_the_maps_of_explain_as_well(tmp_path: Path, make_model: Any, spec: dict[str, Any]) -> None:
    folder = Path(make_model(tmp_path / "m", **spec))
    predictor = Predictor(folder, backend=TorchBackend(load_model(folder).net))
    white, fluorescence = _pictures(160, 160)
    answer, maps, case = _asked(predictor, white, None if "sources" in spec else fluorescence)
    explained = answer.likeliest if answer.indeterminate else answer.grade
    for name, plane in _explained(predictor, case, explained.rank).items():
        np.testing.assert_allclose(
            maps[name].values, case.box.cut((plane / plane.max()).numpy(), longest=MAP_SIDE) /
            case.box.cut((plane / plane.max()).numpy(), longest=MAP_SIDE).max(), atol=1e-3,
        )  # fmt: skip


def test_asking_again_runs_no_trunk_again(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    maps = TorchBackend.maps
    monkeypatch.setattr(TorchBackend, "maps", lambda self, name, p: (ran.append(name), maps(self, name, p))[1])
    predictor = Predictor(small, backend=TorchBackend(load_model(small).net))
    white, fluorescence = _pictures()
    _, first = predictor.predict(white, fluorescence)
    _, again = predictor.predict(white, fluorescence)
    assert sorted(ran) == ["fluorescence", "white"]
    np.testing.assert_array_equal(first["fused"].values, again["fused"].values)


def test_the_shipped_model_says_how_its_maps_are_drawn_and_where_their_scale_ends() -> None:
    table = read_model_file(DEMO).heatmap
    assert table["method"] == "class_map"
    assert words_of(table) == "class map on the scale of the model"
    for low, high, cancer in heatmap_strengths(table).values():
        assert 3 < low < high < cancer < 20


# ---- on the scale of the model


def test_a_map_that_is_weaker_than_the_scale_of_the_model_looks_weak_and_a_stronger_one_ends_at_one() -> None:
    plane = np.array([[1.0, 2.0], [4.0, 0.0]], np.float32)
    seen = np.ones((2, 2), np.float32)
    own, weak, strong = (shown(plane, seen, SQUARE, strong=ends) for ends in (0.0, 8.0, 3.0))
    assert np.nanmax(own) == np.nanmax(strong) == 1
    np.testing.assert_array_equal(own, strong)
    np.testing.assert_allclose(weak, own / 2, rtol=1e-6)


def test_all_sources_together_are_as_strong_as_the_strongest_of_them() -> None:
    weak, other = np.array([[0.4, 0.0]], np.float32), np.array([[0.0, 0.2]], np.float32)
    fused = weighted({"white": weak, "fluorescence": other}, {"white": 0.5, "fluorescence": 0.5})
    np.testing.assert_allclose(fused, [[0.4, 0.2]], rtol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.5, 0.9, 1.0])
def test_no_place_is_stronger_than_in_every_source(share: float) -> None:
    strong, weak = np.array([[1.0, 0.0, 0.3]], np.float32), np.array([[0.0, 0.2, 0.1]], np.float32)
    fused = weighted({"white": strong, "fluorescence": weak}, {"white": share, "fluorescence": 1 - share})
    assert (fused <= np.maximum(strong, weak) + 1e-6).all()
    peak = fused.argmax()
    assert fused[0, peak] == pytest.approx(max(strong[0, peak], weak[0, peak]))
    random = np.random.default_rng(int(10 * share))
    one, other = (random.random((9, 9)).astype(np.float32) for _ in range(2))
    mixed = weighted({"white": one, "fluorescence": other}, {"white": share, "fluorescence": 1 - share})
    assert (mixed <= np.maximum(one, other) + 1e-6).all()


@pytest.mark.parametrize("rank", range(4))
def test_the_scale_is_that_of_the_grade_and_the_source(
    rank: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """For `normal` that of `high`, as its map shows what speaks for high."""
    folder = tmp_path / "demo"
    shutil.copytree(DEMO, folder)
    strong = {"white": [1e3, 2e3, 3e3], "fluorescence": [4e3, 5e3, 6e3]}
    rewrite_model_file(folder, heatmap={"method": CLASS_MAP, "strong": strong})
    predictor = Predictor(folder, backend=TorchBackend(load_model(folder).net))
    monkeypatch.setattr(
        "pfm_desktop.pfm.predict.class_map", lambda votes, *_: np.full(votes.shape[1:], 500, np.float32)
    )
    monkeypatch.setattr("pfm_desktop.pfm.calibrate.Scale.explained", lambda *_: rank)
    _, maps = predictor.predict(*_pictures())
    for name, ends in strong.items():
        assert np.nanmax(maps[name].values) == pytest.approx(500 / ends[max(rank - 1, 0) if rank else 1])
    assert np.nanmax(maps["fused"].values) == pytest.approx(np.nanmax(maps["white"].values))  # the same plane in both
    assert {heatmap.method for heatmap in maps.values()} == {"class map on the scale of the model"}


@pytest.mark.parametrize(
    ("strong", "said"),
    [
        ({"white": [1.0, 2.0, 3.0]}, "needs 3 numbers for fluorescence"),
        ({"white": [1.0, 2.0], "fluorescence": [1.0, 2.0, 3.0]}, "needs 3 numbers for white"),
        ({"white": [1.0, 2.0, 0.0], "fluorescence": [1.0, 2.0, 3.0]}, "of white is 0"),
        ({"white": [1.0, 2.0, float("nan")], "fluorescence": [1.0, 2.0, 3.0]}, "no number"),
        ({"white": [1.0, 2.0, 1e9], "fluorescence": [1.0, 2.0, 3.0]}, "must lie between"),
        (3, "missing"),
        ({"white": [1.0] * 3, "fluorescence": [1.0] * 3, "infrared": [1.0] * 3}, "'infrared' is of no source"),
    ],
)
def test_a_scale_that_means_nothing_is_refused(strong: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_heatmap({"method": CLASS_MAP, "strong": strong}, ("white", "fluorescence"))


def test_only_class_maps_have_a_scale_of_the_model() -> None:
    strong = {"white": [1.0, 2.0, 3.0], "fluorescence": [1.0, 2.0, 3.0]}
    check_heatmap({"method": CLASS_MAP, "strong": strong}, ("white", "fluorescence"))
    with pytest.raises(ValueError, match="layer_cam have no scale of the model"):
        check_heatmap({"method": LAYER_CAM, "strong": strong}, ("white", "fluorescence"))
