"""New figures find their way into a model's card and model.toml; the rest of the card stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pfm_desktop.pfm.model_file import read_model_file
from pfm_desktop.pfm.training.config import TrainConfig
from pfm_desktop.pfm.training.report import card_text, replace_figures, with_figures
from pfm_desktop.pfm.training.seen import LOCKED_WOMEN
from pfm_desktop.support.errors import ModelError

SPAN = {"value": 0.8, "interval": (0.7, 0.9)}
FIGURES = {
    "combinations": {
        "both": {
            "cases": 12, "accuracy": SPAN, "macro_recall": SPAN, "quadratic_kappa": SPAN, "ece": 0.05,
            "sets": {"mean_size": 1.5, "coverage": {"normal": 0.9}},
        }
    },
    "comparisons": {"both_against_white": {"accuracy": 0.05, "interval": (0.01, 0.09), "mcnemar_p": 0.04}},
}  # fmt: skip


def test_figures_replace_the_old_ones_and_nothing_else(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    folder = make_model(tmp_path / "model")
    before = read_model_file(folder)
    (folder / "CARD.md").write_text("# m\n\n## Figures\n\nold one\n\n## Limits\n\n- a\n", encoding="utf-8")
    for _ in range(2):
        replace_figures(folder, FIGURES, ["on phantoms: 12 fresh ones"])
        card = (folder / "CARD.md").read_text(encoding="utf-8")
        assert card.startswith("# m\n\n## Figures\n\n- On phantoms: 12 fresh ones.\n- With both sources, 12 test cases")
        assert card.endswith("\n\n## Limits\n\n- a\n")
        assert card.count("With both sources") == 1
        assert "old one" not in card
    after = read_model_file(folder)
    assert after.figures["combinations"]["both"]["accuracy"]["value"] == 0.8
    assert (after.sha256, after.calibration, after.network) == (before.sha256, before.calibration, before.network)


def test_a_card_without_figures_is_left_as_it_is(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    folder = make_model(tmp_path / "model")
    (folder / "CARD.md").write_text("# m\n", encoding="utf-8")
    with pytest.raises(ModelError, match="no section Figures"):
        replace_figures(folder, FIGURES)
    assert read_model_file(folder).figures == {}


def card_of(folder: Path, **training: object) -> str:
    parts = {"cases": {"train": 40, "validation": 8, "calibration": 24}, **training}
    config = TrainConfig(name="ours", trained_on="cases of this clinic")
    return card_text(read_model_file(folder).info, parts, {}, config, attention="")


def test_a_card_says_how_many_women_are_locked_away_and_never_that_none_are(
    tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    folder = make_model(tmp_path / "model")
    card = card_of(folder, **{LOCKED_WOMEN: 12})
    assert "No test cases were set aside" not in card
    assert " 0 test" not in card
    assert card.count("12 women are locked away as the test of the library") == 2
    assert "not asked about them when it was made, so there is no figure" in card
    assert "1 woman is locked away" in card_of(folder, **{LOCKED_WOMEN: 1})
    assert "No test cases were set aside" in card_of(folder), "of a model without a library"


def test_the_section_figures_of_a_card_is_put_in_place_of_the_old_one() -> None:
    card = "# m\n\n## Figures\n\nold\n\n## Limits\n\n- a\n"
    assert with_figures(card, "new") == card.replace("old", "new")
    assert with_figures("# m\n\n## Figures\n\nold\n", "new") == "# m\n\n## Figures\n\nnew\n\n"
    assert with_figures("# m\n", "new") == ""
