"""A clinic without a fluorescence camera: pairs through a green filter are made, learned from, asked about, refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.cli.main import main
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.learning import Why
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.phantom import render
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, engine, labelling, models, pairing
from pfm_desktop.services.learning import comparing, run
from pfm_desktop.services.learning.cases import Wish, find_cases
from pfm_desktop.storage.library import Library
from pfm_desktop.support.paths import user_models_dir

pytestmark = pytest.mark.slow  # draws, registers and learns

CTX = SilentContext()
GREEN = (Source.WHITE, Source.GREEN)
WOMEN = 20
SIZE = 224
EXIT_REFUSED = 3


def drawn(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A phantom in white light, and its green channel as through a filter, seen a little from aside."""
    white = render(7000 + number, grade=GRADES[number % 4], size=SIZE).white
    tinted = np.roll(white, 2, axis=1)[..., 1:2] * np.array([0.1, 0.9, 0.15])
    return white, tinted.astype(np.uint8)


@dataclass(frozen=True)
class Learned:
    """A library with its pairs, and the model that was learned from them among the models of this user."""

    library: Path
    pairs: tuple[str, ...]
    usual: str  # a pair with fluorescence
    model: Path
    run_id: str
    left_out: tuple[Why, ...]
    refused_by_engine: int


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learned]:
    """From pfm-demo, 20 women with a pair through a filter and one with fluorescence."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PFM_HOME", str(tmp_path_factory.mktemp("home-green")))
        place = tmp_path_factory.mktemp("clinic") / "library"
        pairs = []
        with Library.create(place) as lib:
            for number in range(WOMEN):
                visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"G-{number}").id).id
                white, green = drawn(number)
                first = cases.add_picture(lib, visit, encode_png(white), stage=Stage.ACETIC_ACID, device="C1").id
                second = cases.add_picture(lib, visit, encode_png(green), stage=Stage.GREEN, device="C1").id
                pairs.append(pairing.make_pair(lib, visit, first, second).key)
                labelling.set_histology(lib, visit, GRADES[number % 4])
            usual = _usual(lib)
            found = find_cases(CTX, lib, Wish(sources=GREEN, enough=5))
            settings = run.Settings(
                "green-clinic", parent="pfm-demo", epochs=2, rehearse=4, enough=5, sources=("white", "green")
            )
            request = run.begin(lib, found, (), settings)
        made = run.learn(CTX, request)
        with Library.open(place) as lib:
            run.settle(lib, made)
        model = request.folder / run.MODEL
        yield Learned(
            place,
            tuple(pairs),
            usual,
            model,
            request.run_id,
            tuple(one.why for one in found.left_out),
            len(made.left_out),
        )
        models.forget_loaded()


def _usual(lib: Library) -> str:
    phantom = render(7777, grade=GRADES[1], size=SIZE)
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="F-1").id).id
    for pixels, stage in ((phantom.white, Stage.ACETIC_ACID), (phantom.fluorescence, Stage.FLUORESCENCE_AFTER_ACID)):
        cases.add_picture(lib, visit, encode_png(pixels), stage=stage)
    labelling.set_histology(lib, visit, GRADES[1])
    pair = pairing.ensure_pair(lib, visit)
    assert pair is not None
    return pair.id


def test_only_pairs_through_the_filter_are_learned_from_and_the_engine_refuses_none(learned: Learned) -> None:
    assert learned.left_out == (Why.OTHER_SOURCES,)
    assert learned.refused_by_engine == 0


def test_the_new_model_declares_white_light_and_green_filter(
    learned: Learned, capsys: pytest.CaptureFixture[str]
) -> None:
    info = models.info_of(str(learned.model))
    assert (info.name, info.sources) == ("green-clinic", GREEN)
    assert "for white light and green filter" in (learned.model / "CARD.md").read_text(encoding="utf-8")
    assert main(["models", "show", str(learned.model)]) == 0
    assert "It did not read green filter, which started from its white light." in capsys.readouterr().out


def test_each_model_answers_its_own_pairs_and_refuses_the_others_in_words(learned: Learned) -> None:
    ours = str(learned.model)
    with Library.open(learned.library) as lib:
        green, usual = (engine.load_pair(CTX, lib, pair) for pair in (learned.pairs[0], learned.usual))
        answer = engine.answer_pair(CTX, lib, green, ours).analysis
        assert answer.prediction is not None
        assert answer.prediction.sources == GREEN
        said = {}
        for name, pictures, model in (("demo", green, "pfm-demo"), ("ours", usual, ours)):
            refused = engine.answer_pair(CTX, lib, pictures, model).analysis.refused
            assert refused is not None
            said[name] = refused.reason
        assert engine.answer_pair(CTX, lib, usual, "pfm-demo").analysis.prediction is not None
    assert said == {
        "demo": "this model reads white light + fluorescence; this pair is white light + green filter",
        "ours": "this model reads white light + green filter; this pair is white light + fluorescence",
    }


def test_the_command_line_answers_and_refuses_with_its_own_exit_code(
    learned: Learned, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {}
    for name, pixels in zip(("white", "green"), drawn(3), strict=True):
        files[name] = tmp_path / f"{name}.png"
        files[name].write_bytes(encode_png(pixels))
    asked = ["analyze", "--white", str(files["white"]), "--green", str(files["green"])]
    assert main([*asked, "--model", str(learned.model), "--json", str(tmp_path / "a.json")]) == 0
    written = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert written["evidence"]["green"] is not None
    assert written["evidence"]["fluorescence"] is None
    capsys.readouterr()
    assert main([*asked, "--report", str(tmp_path / "a.pdf")]) == EXIT_REFUSED
    assert (
        "this model reads white light + fluorescence; this pair is white light + green filter"
        in capsys.readouterr().out
    )
    assert (tmp_path / "a.pdf").stat().st_size > 0


def test_on_the_locked_test_the_old_model_is_asked_about_white_light_and_it_says_so(learned: Learned) -> None:
    with Library.open(learned.library) as lib:
        found = find_cases(CTX, lib, Wish(sources=GREEN))
        seen = comparing.look(CTX, lib, learned.run_id, found)
    assert seen.figures["asked_about"] == "white light"
    assert seen.figures["by_source"]["white"]["cases"] == seen.figures["cases"] > 0
    assert "the old model was asked about white light alone: it refuses pairs of these sources" in seen.verdict.mind


def test_the_model_in_use_is_not_touched_by_any_of_it(learned: Learned) -> None:
    assert models.info_of("pfm-demo").sources == (Source.WHITE, Source.FLUORESCENCE)
    assert not (user_models_dir() / "green-clinic").exists(), "it stays in quarantine until it is promoted"
