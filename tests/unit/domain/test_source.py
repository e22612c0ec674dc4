"""The stages of an examination and what they are called."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.source import FILTERED, PLACES, SECONDS, TIMED, Source, Stage, goes_second, second_of, together
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


def test_a_pair_has_two_places_and_every_source_lies_in_one_of_them() -> None:
    assert PLACES == (Source.WHITE, Source.FLUORESCENCE)
    assert [source for source in Source if source.place is Source.WHITE] == [Source.WHITE]
    assert {source.place for source in SECONDS} == {Source.FLUORESCENCE}


def test_every_source_is_said_in_the_words_of_the_clinic() -> None:
    assert together(Source) == "white light + fluorescence + green filter + Lugol's iodine"


@pytest.mark.parametrize("stage", FILTERED)
def test_through_a_filter_or_after_iodine_it_is_white_light_alone_and_another_source_second(
    stage: Stage,
) -> None:
    assert stage.source is Source.WHITE
    assert stage.second in (Source.GREEN, Source.IODINE)


def test_plain_white_light_never_lies_second_and_fluorescence_is_itself_there() -> None:
    assert {stage for stage in Stage if stage.second is None} == {Stage.SALINE, Stage.ACETIC_ACID}
    assert {stage.second for stage in Stage if stage.source is Source.FLUORESCENCE} == {Source.FLUORESCENCE}


def test_a_filtered_picture_goes_second_beside_plain_white_light_only() -> None:
    assert goes_second(Source.WHITE, Stage.GREEN, beside=Stage.ACETIC_ACID)
    assert goes_second(Source.WHITE, Stage.LUGOL, beside=Stage.SALINE)
    assert not goes_second(Source.WHITE, Stage.GREEN, beside=Stage.LUGOL)
    assert not goes_second(Source.WHITE, Stage.SALINE, beside=Stage.ACETIC_ACID)
    assert goes_second(Source.FLUORESCENCE, None, beside=Stage.GREEN), "as it always was"


def test_the_second_of_some_sources_is_the_one_that_is_not_white_light() -> None:
    assert second_of((Source.WHITE, Source.GREEN)) is Source.GREEN
    assert second_of((Source.WHITE,)) is None
