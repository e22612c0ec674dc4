"""What a model says of pictures that it does not read."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.source import PLACES, Source

GREEN = (Source.WHITE, Source.GREEN)
IODINE = (Source.WHITE, Source.IODINE)


def model(*sources: Source) -> ModelInfo:
    return ModelInfo("m", "1", "ab" * 32, sources, "T0", "token", 64)


def test_a_pair_of_other_sources_is_refused_in_words_that_name_both() -> None:
    refused = model(*PLACES).other_sources(GREEN)
    assert refused is not None
    assert refused.reason == "this model reads white light + fluorescence; this pair is white light + green filter"
    back = model(*GREEN).other_sources(PLACES)
    assert back is not None
    assert back.reason == "this model reads white light + green filter; this pair is white light + fluorescence"
    assert "Choose a model" in back.advice


def test_green_and_iodine_are_not_taken_for_each_other() -> None:
    refused = model(*GREEN).other_sources(IODINE)
    assert refused is not None
    assert refused.reason.endswith("this pair is white light + Lugol's iodine")


@pytest.mark.parametrize("sources", [PLACES, GREEN, IODINE])
def test_a_pair_of_its_own_sources_and_white_light_alone_are_read(sources: tuple[Source, ...]) -> None:
    assert model(*sources).other_sources(sources) is None
    assert model(*sources).other_sources((Source.WHITE,)) is None


def test_one_picture_of_another_source_is_called_a_picture() -> None:
    refused = model(*GREEN).other_sources((Source.FLUORESCENCE,))
    assert refused is not None
    assert refused.reason.endswith("; this picture is fluorescence")
