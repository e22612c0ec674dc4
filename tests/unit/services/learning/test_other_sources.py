"""A library of white light and a green filter is learned from: what counts, what is left out, what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.learning import LeftOut, Why
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.pfm.model_file import read_model_file
from pfm_desktop.pfm.training.split import TooFewError
from pfm_desktop.services import cases, labelling, pairing
from pfm_desktop.services.learning import rehearsal, run
from pfm_desktop.services.learning.cases import Wish, check_sources, find_cases, teaching, wish_of
from pfm_desktop.services.learning.pictures import hold
from pfm_desktop.services.learning.verdict import verdict_of
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.paths import user_models_dir

from .conftest import CTX, MOMENT, Ward, blob

pytestmark = pytest.mark.slow

GREEN = (Source.WHITE, Source.GREEN)
WISH = Wish(sources=GREEN)
SETTINGS = run.Settings("ours", parent="parent", epochs=2, rehearse=0, enough=4, sources=("white", "green"))


def add_green(ward: Ward, grade: Grade, *, stage: Stage = Stage.GREEN, visit: str = "") -> str:
    """A woman, or the visit of one, with a pair through a filter; the id of the pair."""
    number = len(ward.pairs)
    new = not visit
    if new:
        woman = cases.add_patient(ward.lib, identifier=f"G-{number}").id
        visit = cases.add_visit(ward.lib, woman, started_at=MOMENT).id
        ward.women.append(woman)
    pixels = blob(grade.rank, 500 + number)
    white = cases.add_picture(ward.lib, visit, encode_png(pixels), stage=Stage.ACETIC_ACID, device="C1").id
    tinted = (pixels[..., 1:2] * np.array([0.1, 0.9, 0.1])).astype(np.uint8)
    other = cases.add_picture(ward.lib, visit, encode_png(tinted), stage=stage, device="C1").id
    pair = pairing.make_pair(ward.lib, visit, white, other).key
    if new:
        labelling.set_histology(ward.lib, visit, grade)
    ward.pairs.append(pair)
    return pair


def test_only_pairs_of_the_wished_sources_count_and_the_rest_is_said_to_be_of_others(ward: Ward) -> None:
    green, iodine = add_green(ward, Grade.LOW), add_green(ward, Grade.HIGH, stage=Stage.LUGOL)
    lit = ward.pairs[ward.add(Grade.LOW)]
    found = find_cases(CTX, ward.lib, WISH)
    assert [case.pair_id for case in found.cases] == [green]
    assert found.cases[0].sources == GREEN
    assert set(found.left_out) == {LeftOut(iodine, Why.OTHER_SOURCES), LeftOut(lit, Why.OTHER_SOURCES)}
    usual = find_cases(CTX, ward.lib)
    assert [case.pair_id for case in usual.cases] == [lit]
    assert set(usual.left_out) == {LeftOut(green, Why.OTHER_SOURCES), LeftOut(iodine, Why.OTHER_SOURCES)}


def test_white_light_alone_is_a_case_of_either_wish_and_of_a_wish_for_white_light_every_pair_is(ward: Ward) -> None:
    alone = ward.pairs[ward.add(Grade.LOW, fluorescence=False)]
    green, lit = add_green(ward, Grade.LOW), ward.pairs[ward.add(Grade.HIGH)]
    assert {case.pair_id for case in find_cases(CTX, ward.lib, WISH).cases} == {alone, green}
    assert {case.pair_id for case in find_cases(CTX, ward.lib).cases} == {alone, lit}
    white = find_cases(CTX, ward.lib, Wish(sources=(Source.WHITE,)))
    assert {case.pair_id for case in white.cases} == {alone, green, lit}
    assert all(case.sources == (Source.WHITE,) for case in white.cases)


def test_of_a_visit_with_pairs_of_both_kinds_the_one_that_is_wished_for_is_taken(ward: Ward) -> None:
    lit = ward.pairs[ward.add(Grade.HIGH)]
    green = add_green(ward, Grade.HIGH, visit=ward.visits[0])
    for wish, pair in ((WISH, green), (Wish(), lit)):
        found = find_cases(CTX, ward.lib, wish)
        assert [case.pair_id for case in found.cases] == [pair]
        assert found.left_out == ()


def test_cases_are_held_under_the_name_of_their_source(ward: Ward, no_gate: None) -> None:
    for grade in GRADES:
        add_green(ward, grade)
    ward.add(Grade.LOW, fluorescence=False)
    held = hold(CTX, ward.lib, find_cases(CTX, ward.lib, WISH).cases, {}, size=64)
    assert held.data.second == "green"
    assert held.data.present["green"].tolist().count(True) == 4


def test_phantoms_are_rehearsed_in_white_light_alone_for_another_source() -> None:
    made = rehearsal.phantoms(CTX, 4, size=64, seed=0, second=Source.GREEN)
    assert made.present["white"].all()
    assert not made.present["green"].any()
    assert rehearsal.phantoms(CTX, 4, size=64, seed=0).present["fluorescence"].all()


def test_settings_keep_the_sources_through_the_record_of_a_run() -> None:
    assert SETTINGS.reads == GREEN
    assert run.Settings(**{**vars(SETTINGS), "sources": ["white", "green"]}).reads == GREEN  # as JSON gives them back
    assert run.Settings("ours").reads is None


def test_it_is_said_beside_the_figures_what_the_old_model_was_asked_about() -> None:
    figures: dict[str, Any] = {"difference": {}, "grades": {grade.value: 1 for grade in GRADES}, "women": 4}
    said = verdict_of({**figures, "asked_about": "white light"}).mind
    assert said == ("the old model was asked about white light alone: it refuses pairs of these sources",)
    assert verdict_of({**figures, "asked_about": ""}).mind == ()
    assert verdict_of(figures).mind == (), "figures that earlier versions kept"


def fill(lib: Library) -> list[str]:
    made = Ward(lib)
    for number in range(24):
        add_green(made, GRADES[number % 4])
    return made.pairs


@pytest.fixture
def green_ward(tmp_path: Path, library_from: Callable[..., Any], make_model: Callable[..., Path], no_gate: None) -> Any:
    """24 women with pairs through a filter, and a model to start from that reads fluorescence."""
    user_models_dir().mkdir(parents=True, exist_ok=True)
    make_model(user_models_dir() / "parent", name="parent")
    library_from(tmp_path / "ward", fill)
    with Library.open(tmp_path / "ward") as opened:
        yield opened


@pytest.mark.slow
def test_a_run_makes_a_model_that_declares_them(green_ward: Library) -> None:
    request = run.begin(green_ward, find_cases(CTX, green_ward, WISH), (), replace(SETTINGS, rehearse=4))
    made = run.learn(CTX, request)
    assert made.counts["rehearsed"] == 4
    settled = run.settle(green_ward, made)
    assert wish_of(settled).sources == GREEN
    assert read_model_file(request.folder / run.MODEL).info.sources == GREEN


def test_a_run_without_the_sources_of_its_cases_is_not_begun_and_it_is_said_why(green_ward: Library) -> None:
    found = find_cases(CTX, green_ward, WISH)
    for settings in (replace(SETTINGS, sources=()), replace(SETTINGS, sources=("white", "iodine"))):
        with pytest.raises(BadInputError, match=r"the model is to read .*, the cases are white light \+ green filter"):
            run.begin(green_ward, found, (), settings)
    assert run.unfinished(green_ward) == ()
    with green_ward.read() as session:
        assert stored.parts(session) == {}, "no woman got a part by it"


def test_white_light_of_any_pair_may_be_learned_by_a_model_of_white_light(green_ward: Library) -> None:
    check_sources(find_cases(CTX, green_ward, WISH).cases, (Source.WHITE,))


def test_a_run_has_its_sources_on_record_whether_they_were_said_or_are_those_of_its_parent(
    ward: Ward, make_model: Callable[..., Path]
) -> None:
    user_models_dir().mkdir(parents=True, exist_ok=True)
    make_model(user_models_dir() / "parent", name="parent")
    for number in range(8):
        ward.add(GRADES[number % 4])
    settings = replace(SETTINGS, sources=(), enough=2)
    request = run.begin(ward.lib, find_cases(CTX, ward.lib), (), settings)
    known = run.known_run(ward.lib, request.run_id)
    assert known.settings["sources"] == ["white", "fluorescence"]
    assert wish_of(known) == Wish()
    older = {name: value for name, value in known.settings.items() if name != "sources"}
    assert wish_of(replace(known, settings=older)) == Wish(), "of a run by an earlier version"
    assert run.again(ward.lib, find_cases(CTX, ward.lib), (), request.run_id).settings.reads == PLACES


def test_the_usual_wish_is_for_the_usual_pair() -> None:
    assert Wish().sources == PLACES


def test_a_few_pairs_of_a_new_source_among_many_of_white_light_are_too_few(ward: Ward) -> None:
    for number in range(12):
        ward.add(GRADES[number % 4], fluorescence=False)
    for grade in GRADES[:3]:
        add_green(ward, grade)
    found = find_cases(CTX, ward.lib, WISH)
    assert len(found.cases) == 15
    assert len(teaching(found.cases, GREEN)) == 3
    assert teaching(found.cases, PLACES) == found.cases
    with pytest.raises(TooFewError, match="each grade needs 4; missing: normal 3 more"):
        run.begin(ward.lib, found, (), replace(SETTINGS, parent="pfm-demo"))
