"""A model's card says what it tells of pictures unlike anything it learned from, and that its silence says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pfm_desktop.pfm.familiarity import fit_known, to_table
from pfm_desktop.pfm.familiarity_card import TITLE, rewrite, with_section
from pfm_desktop.pfm.model_file import CARD, MODEL, ModelFile, read_model_file, write_model_file
from pfm_desktop.pfm.registry import verify
from pfm_desktop.pfm.training.config import TrainConfig
from pfm_desktop.pfm.training.report import replace_figures, write_card
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.paths import shipped_models_dir

BARE = "# m 1\n\n## Figures\n\nnone\n\n## Limits\n\n- a\n\n## How to make it again\n\nso\n"


def table(*sources: str) -> dict[str, Any]:
    known = fit_known(np.eye(40), np.ones((500, 40)), accepted=0.9)
    return to_table(dict.fromkeys(sources, known))


@pytest.fixture
def folder(tmp_path: Path, make_model: Callable[..., Path]) -> Path:
    """A model of two sources with a card of an earlier version, which keeps nothing yet."""
    made = make_model(tmp_path / "model")
    (made / CARD).write_text(BARE, encoding="utf-8")
    return made


def keep(folder: Path, **changes: Any) -> ModelFile:
    content = replace(read_model_file(folder), **changes)
    write_model_file(folder, content)
    return content


def section(card: str) -> str:
    return card.partition(f"{TITLE}\n")[2].partition("\n## ")[0]


def test_the_section_says_for_each_source_from_what_and_above_what_it_is_flagged(folder: Path) -> None:
    kept = keep(folder, familiarity=table("white", "fluorescence"))
    said = section(rewrite(folder).read_text(encoding="utf-8"))
    for source in ("White light", "Fluorescence"):
        threshold = kept.familiarity[source.split()[0].lower()]["threshold"]
        how = f"from 40 views of training cases on phantoms; flagged above a distance of {threshold:.3f}."
        assert f"- {source}: {how}" in said
    assert "By construction, before any test: of calibration patients on phantoms, 96.5 % in white light and" in said
    assert "A picture that is not flagged is not thereby one that the model can read." in said


def test_a_model_that_keeps_no_measure_says_that_its_silence_says_nothing(folder: Path) -> None:
    said = section(rewrite(folder).read_text(encoding="utf-8"))
    assert said.strip().startswith("This model keeps no measure of what it learned from.")
    assert "its silence says nothing about a picture" in said
    assert "By construction" not in said


def test_a_source_without_a_measure_is_named_and_promises_nothing(folder: Path) -> None:
    said = section(with_section(BARE, keep(folder, familiarity=table("white"))))
    assert "- Fluorescence: no measure is kept, so such a picture is never flagged." in said
    assert "96.5 % in white light lie within" in said
    assert "98.5" not in said


def test_it_stands_before_the_limits_and_only_once_however_often_it_is_written(folder: Path) -> None:
    keep(folder, familiarity=table("white"))
    first = rewrite(folder).read_text(encoding="utf-8")
    keep(folder, familiarity=table("white", "fluorescence"))
    for _ in range(2):
        card = rewrite(folder).read_text(encoding="utf-8")
        assert card.count(TITLE) == 1
        assert "no measure is kept" not in card
        head, _, rest = card.partition(TITLE)
        assert head == first.partition(TITLE)[0] == BARE.partition("## Limits")[0]
        assert f"## Limits{rest.partition('## Limits')[2]}" == f"## Limits{BARE.partition('## Limits')[2]}"


def test_a_card_without_limits_has_it_at_its_end(folder: Path) -> None:
    card = with_section("# m 1\n", read_model_file(folder))
    assert card.startswith(f"# m 1\n\n{TITLE}\n\nThis model")
    assert with_section(card, read_model_file(folder)) == card


def test_writing_the_card_changes_neither_weights_nor_the_model_file(folder: Path) -> None:
    keep(folder, familiarity=table("white"))
    before = (folder / MODEL).read_bytes()
    rewrite(folder)
    assert (folder / MODEL).read_bytes() == before
    assert verify(folder).name == "parent"


def test_a_training_writes_it_and_new_figures_leave_it_standing(folder: Path) -> None:
    content = keep(folder, familiarity=table("white"))
    write_card(folder / CARD, content.info, {"cases": {}}, {}, TrainConfig(name="m"))
    card = (folder / CARD).read_text(encoding="utf-8")
    assert "- White light: from 40 views" in card
    assert card.index("## Figures") < card.index(TITLE) < card.index("## Limits")
    replace_figures(folder, {}, ["on phantoms: nothing new"])
    again = (folder / CARD).read_text(encoding="utf-8")
    assert "On phantoms: nothing new." in again
    assert section(again) == section(card)


@pytest.mark.parametrize("damage", [None, b"\xff\xfe not text"])
def test_a_card_that_cannot_be_read_is_named_and_nothing_is_written(folder: Path, damage: bytes | None) -> None:
    (folder / CARD).unlink()
    if damage is not None:
        (folder / CARD).write_bytes(damage)
    with pytest.raises(ModelError, match=r"cannot be read.*the model is unchanged.*write the card again") as caught:
        rewrite(folder)
    assert str(folder / CARD) in str(caught.value)
    assert (folder / CARD).exists() is (damage is not None)


def test_the_card_of_the_shipped_model_is_up_to_what_it_keeps() -> None:
    shipped = shipped_models_dir() / "pfm-demo"
    card = (shipped / CARD).read_text(encoding="utf-8")
    assert with_section(card, read_model_file(shipped)) == card
