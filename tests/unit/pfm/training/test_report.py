"""New figures find their way into a model's card and model.toml; the rest of the card stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pfm_desktop.pfm.model_file import read_model_file
from pfm_desktop.pfm.training.report import replace_figures
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
