"""The card of a model says what the locked test said of it, once looked at; neither weights nor seal change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.learning import Run, State
from pfm_desktop.pfm.model_file import CARD, MODEL, read_model_file, write_model_file
from pfm_desktop.services.learning import exchange, run, steering
from pfm_desktop.services.learning.tested_card import figures_text, run_of, with_tested, write_tested
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

from .conftest import CTX

FIGURES = {
    "women": 12, "cases": 13, "grades": {"normal": 4, "low": 3, "high": 5, "cancer": 1}, "looks": 3,
    "old": {}, "difference": {},
    "new": {
        "quadratic_kappa": {"value": 0.7123, "interval": [0.41, 0.9]},
        "sensitivity_high_at_85": {"value": 0.667, "interval": [None, None]},
        "ece": {"value": None, "interval": [None, None]},
    },
}  # fmt: skip
EMPTY = "# ours\n\n## Figures\n\n12 women are locked away.\n\n## Limits\n\n- few\n"


def run_with(folder: Path, key: str = "a" * 32, figures: object = FIGURES) -> Run:
    content = read_model_file(folder)
    return Run(
        key, datetime(2026, 11, 28, tzinfo=UTC), "Dr. Test", "parent", "0" * 64, content.name, content.sha256, {}, {},
        State.LEARNED, figures,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def ours(lib: Library, make_model: Callable[..., Path]) -> tuple[Path, Run]:
    """A model in the quarantine of a run that is on record."""
    folder = make_model(steering.run_folder(lib.path, "a" * 32) / run.MODEL, name="ours")
    (folder / CARD).write_text(EMPTY)
    made = run_with(folder)
    lib.apply(Change("learning_run", made.id, None, stored.run_fields(made), "Model learned"))
    return folder, made


def test_the_figures_come_with_intervals_counts_and_looks() -> None:
    said = figures_text(FIGURES)
    assert "12 women with 13 cases (4 normal, 3 low, 5 high, 1 cancer)" in said
    assert "looked at 3 times by then" in said
    assert "- quadratic kappa 0.712 (0.410 to 0.900)" in said
    assert "- HSIL+ sensitivity at 85 % specificity 0.667\n" in said
    assert said.endswith("- ECE not known")


def test_they_take_the_place_of_what_the_card_said_before(ours: tuple[Path, Run]) -> None:
    _, made = ours
    card = with_tested(EMPTY, made)
    assert "are locked away" not in card
    assert card.endswith("\n\n## Limits\n\n- few\n")
    assert with_tested(card, made) == card, "once is as good as twice"
    assert with_tested("# ours\n", made).startswith("# ours\n\n## Figures\n\nOn the locked test")


def test_without_a_comparison_nothing_is_said(ours: tuple[Path, Run]) -> None:
    _, made = ours
    assert with_tested(EMPTY, replace(made, figures={})) == EMPTY


def test_weights_and_seal_stay_as_they_are(ours: tuple[Path, Run]) -> None:
    folder, made = ours
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_tested(folder, made)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {CARD}
    (folder / CARD).unlink()
    write_tested(folder, made)
    assert not (folder / CARD).exists()


def test_a_disk_that_takes_nothing_is_told(ours: tuple[Path, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    folder, made = ours
    monkeypatch.setattr("pfm_desktop.services.learning.tested_card.write_text", full)
    with pytest.raises(StorageError, match="No space left"):
        write_tested(folder, made)
    assert (folder / CARD).read_text() == EMPTY


def test_a_model_is_known_by_its_seal_and_not_by_its_weights(lib: Library, ours: tuple[Path, Run]) -> None:
    folder, made = ours
    content = read_model_file(folder)
    assert run_of(lib, content) == made
    other = lib.path / "other"
    other.mkdir()
    write_model_file(other, replace(content, trained_on="something else"))
    assert run_of(lib, read_model_file(other)) is None, "the same weights, calibrated on other cases"
    (folder / MODEL).unlink()
    assert run_of(lib, content) is None


def test_a_model_that_is_passed_on_takes_its_figures_along(
    lib: Library, ours: tuple[Path, Run], tmp_path: Path
) -> None:
    folder, _ = ours
    sent = exchange.send(CTX, lib, str(folder), tmp_path / "ours.pfm-model")
    card = exchange.open_file(sent.path).contents[CARD].decode()
    assert "looked at 3 times" in card
    assert "are locked away" not in card
    assert (folder / CARD).read_text() == EMPTY, "what lies here is not touched"
