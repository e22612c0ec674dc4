"""Devices of a clinic: whose colours are matched, to what, and when they are left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.jobs import SilentContext
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model, save_model
from pfm_desktop.pfm.colours import Colours
from pfm_desktop.pfm.model_file import CARD, read_model_file
from pfm_desktop.pfm.training import devices
from pfm_desktop.pfm.training.augment import plain_inputs
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.devices import Matched, matched, measure_colours
from pfm_desktop.pfm.training.finetune import FinetuneConfig, finetune

pytestmark = pytest.mark.slow  # asks networks about many pictures

CTX = SilentContext()
SOURCES = ("white", "fluorescence")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, make_blobs: Callable[..., PreparedSet]) -> PreparedSet:
    return make_blobs(tmp_path_factory.mktemp("cases"), 96)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, make_blobs: Callable[..., PreparedSet]) -> PreparedSet:
    """Other women before a device with other colours of white light."""
    made = make_blobs(tmp_path_factory.mktemp("other"), 96, seed=7, prefix="q")
    mix = np.array([[0.5, 0.3, 0.1], [0.1, 0.6, 0.1], [0.1, 0.2, 0.5]])
    white = np.asarray(made._arrays["white"])
    made._arrays["white"] = np.clip(white @ mix.T * 0.8, 0, 255).astype(np.uint8)  # type: ignore[assignment]
    return made


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path], cases: PreparedSet) -> LoadedModel:
    """Learned from `cases`."""
    folder = tmp_path_factory.mktemp("m")
    config = FinetuneConfig("a", epochs=12, enough=0)
    made = finetune(CTX, cases, make_model(folder / "nothing"), folder / "a", config, work=None)
    return load_model(made.path)


def everything(data: PreparedSet) -> np.ndarray:
    return np.arange(len(data), dtype=np.int64)


def found_of(
    model: LoadedModel, data: PreparedSet, old: PreparedSet | None, names: tuple[str, ...] | None = None
) -> tuple[LoadedModel, Matched]:
    places = everything(data)
    return matched(
        CTX, model, data, places[:80], places[80:], devices=names,
        old_cases=None if old is None else (old, everything(old)), sources=SOURCES,
    )  # fmt: skip


def test_the_light_that_another_device_shows_otherwise_is_matched_and_the_answers_are_better(
    model: LoadedModel, cases: PreparedSet, other: PreparedSet
) -> None:
    made, said = found_of(model, other, cases)
    assert said.sources == ("white",), "fluorescence is as it was"
    assert said.after < said.before
    assert said.cases == int((other.present["white"] & other.present["fluorescence"]).sum())
    first, second = made.normalisation.devices["white"]
    assert first == measure_colours(CTX, cases, everything(cases), "white")
    assert second == measure_colours(CTX, other, everything(other)[:80], "white")
    assert "white light" in said.notes()[0]
    assert made.normalisation.mean == model.normalisation.mean


def test_pictures_of_the_first_device_are_answered_as_before(
    model: LoadedModel, cases: PreparedSet, other: PreparedSet
) -> None:
    made, _ = found_of(model, other, cases)
    raw = cases.batch(everything(cases)[cases.present["white"]])
    before, after = (
        plain_inputs(raw, SOURCES, model.net.spec.grid, one.normalisation).pictures["white"] for one in (model, made)
    )
    np.testing.assert_array_equal(before.numpy(), after.numpy())


def test_nothing_is_matched_for_the_same_device_nor_without_old_cases(
    model: LoadedModel, cases: PreparedSet, other: PreparedSet
) -> None:
    for data, old in ((cases, cases), (other, None)):
        made, said = found_of(model, data, old)
        assert made is model
        assert said == Matched()
        assert said.notes() == ()


def test_a_match_that_does_not_help_is_left_alone(
    model: LoadedModel, cases: PreparedSet, other: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_losses", lambda _ctx, _model, _data, asked: np.ones(len(asked)))
    made, said = found_of(model, other, cases)
    assert made is model
    assert said.sources == ()


def test_each_device_with_enough_of_every_grade_is_measured_and_others_together(other: PreparedSet) -> None:
    places = everything(other)
    names = ["one"] * 40 + ["rare"] * 6 + [""] * 50
    assert [len(group) for group in devices._by_device(other, places, names)] == [40, 56]
    assert len(devices._by_device(other, places, None)) == 1


def test_a_device_that_lacks_a_grade_is_not_measured_alone(other: PreparedSet) -> None:
    places = everything(other)
    names = ["one" if place // 4 % 2 or not grade else "two" for place, grade in enumerate(other.grades)]
    (group,) = devices._by_device(other, places, names)
    assert {names[place] for place in group} == {"one"}
    screening = ["one" if grade else "two" for grade in other.grades]
    (everybody,) = devices._by_device(other, places, screening)
    assert len(everybody) == len(places), "where none has every grade, all together"


def shown(about: float, spread: float = 0.01) -> Colours:
    return Colours(tuple(np.eye(3).ravel() * 0.02), (about,) * 6, tuple(np.eye(6).ravel() * spread), 40)


def test_a_device_that_is_measured_again_takes_its_own_place_and_another_one_none() -> None:
    first, second, again, third = shown(0.5), shown(0.3), shown(0.31), shown(0.2)
    assert devices._with((first,), [second, third]) == (first, second, third)
    assert devices._with((first, second, third), [again]) == (first, third, again)
    assert devices._with((first, second), [shown(0.51)]) == (first, second), "hardly another device than the first"


def test_only_so_many_devices_are_kept_and_the_first_always() -> None:
    known = tuple(shown(number / 10) for number in range(8))
    assert devices._with(known, [shown(1.5)]) == (known[0], *known[2:], shown(1.5))


def test_few_cases_and_sources_that_are_not_there_are_not_measured(other: PreparedSet) -> None:
    assert measure_colours(CTX, other, everything(other)[:19], "white") is None
    assert measure_colours(CTX, other, everything(other), "green") is None


def test_grades_count_alike_however_many_there_are(other: PreparedSet) -> None:
    places = everything(other)
    cancer = places[other.grades == 3]
    few = np.concatenate((places[other.grades != 3], cancer[:6]))
    whole, less = (measure_colours(CTX, other, of, "white") for of in (places, few))
    assert whole is not None
    assert less is not None
    np.testing.assert_allclose(whole.mean, less.mean, atol=0.01)


def test_the_model_that_is_written_keeps_the_devices_and_says_so(
    tmp_path: Path, model: LoadedModel, cases: PreparedSet, other: PreparedSet, make_model: Callable[..., Path]
) -> None:
    parent = tmp_path / "parent"
    save_model(
        parent, model.net, name="parent", version="1", calibration=model.calibration, normalisation=model.normalisation
    )
    config = FinetuneConfig("ours", epochs=1, enough=0)
    made = finetune(CTX, other, parent, tmp_path / "ours", config, work=tmp_path / "work", old_cases=cases)
    assert made.matched == ("white",)
    again = load_model(made.path)
    assert len(again.normalisation.devices["white"]) == 2
    assert read_model_file(made.path).training["colours"]["cases"] > 0
    assert "The colours of the pictures (white light) are matched" in (made.path / CARD).read_text()
    assert any("colours" in note for note in made.notes)
