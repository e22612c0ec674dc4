"""The stages of an examination and what they are called."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.source import TIMED, Source, Stage
from pfm_desktop.viewmodels.intake import STAGES, offered_as


def test_every_stage_has_words_of_its_own_within_its_source() -> None:
    for source in Source:
        words = [stage.words for stage in Stage if stage.source is source]
        assert all(words)
        assert len(set(words)) == len(words)


@pytest.mark.parametrize("stage", Stage)
def test_a_fluorescence_picture_says_before_or_after_the_acid(stage: Stage) -> None:
    placed = stage.words.startswith(("before ", "after "))
    assert placed == (stage.source is Source.FLUORESCENCE)


def test_only_pictures_after_acetic_acid_are_timed() -> None:
    assert [stage.words for stage in TIMED] == ["acetic acid", "after acetic acid"]


def test_a_form_offers_each_stage_once_by_its_own_word_and_its_light() -> None:
    assert sorted(STAGES) == sorted(Stage)
    assert offered_as(Stage.LUGOL) == "Lugol's iodine (white light)"
    assert offered_as(Stage.SALINE) == "Saline (white light)"
    assert offered_as(Stage.FLUORESCENCE_BEFORE_ACID) == "Fluorescence before acetic acid"
