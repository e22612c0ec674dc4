"""The pictures of a visit as the filmstrip shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.viewmodels.filmstrip import FilmstripEntry, entry_of, pair_of


def load() -> np.ndarray:
    return np.zeros((2, 2, 3), np.uint8)


def entry(picture_id: str, source: Source) -> FilmstripEntry:
    return FilmstripEntry(picture_id, source, "Saline", "", load)


W1, W2, F1, F2 = (
    entry("w1", Source.WHITE),
    entry("w2", Source.WHITE),
    entry("f1", Source.FLUORESCENCE),
    entry("f2", Source.FLUORESCENCE),
)


@pytest.mark.parametrize("chosen", [(W1, F1), (F1, W1)])
def test_two_sources_make_a_pair_in_either_order(chosen: tuple[FilmstripEntry, ...]) -> None:
    assert pair_of(chosen) == ("w1", "f1")


def test_one_picture_is_shown_alone() -> None:
    assert pair_of([W1]) == ("w1", None)
    assert pair_of([F2]) == (None, "f2")


@pytest.mark.parametrize("chosen", [(), (W1, W2), (F1, F2), (W1, F1, F2)])
def test_anything_else_is_no_pair(chosen: tuple[FilmstripEntry, ...]) -> None:
    assert pair_of(chosen) is None


def picture(stage: Stage, seconds: float | None) -> Picture:
    taken = datetime(2026, 11, 25, 9, 30, 5, tzinfo=UTC)
    return Picture("p", "v", "0" * 64, stage, taken, 100, 80, seconds_since_acid=seconds)


def test_a_picture_after_acid_carries_its_seconds() -> None:
    made = entry_of(picture(Stage.FLUORESCENCE_AFTER_ACID, 61.4), load)
    assert (made.source, made.caption, made.detail) == (Source.FLUORESCENCE, "Fluorescence", "61 s after acid")
    assert made.load is load


@pytest.mark.parametrize("stage", Stage)
def test_no_clock_time_is_shown_where_it_is_the_moment_of_adding(stage: Stage) -> None:
    said = {
        Stage.ACETIC_ACID: "not timed",
        Stage.FLUORESCENCE_AFTER_ACID: "after acid, not timed",
        Stage.FLUORESCENCE_BEFORE_ACID: "before acetic acid",
    }
    assert entry_of(picture(stage, None), load).detail == said.get(stage, "")


def test_the_time_of_day_is_shown_where_it_is_known() -> None:
    here = f"{picture(Stage.SALINE, None).taken_at.astimezone():%H:%M}"
    for stage, seconds, detail in (
        (Stage.SALINE, None, here),
        (Stage.ACETIC_ACID, 60.0, f"{here}, 60 s after acid"),
        (Stage.FLUORESCENCE_BEFORE_ACID, None, f"{here}, before acetic acid"),
    ):
        assert entry_of(replace(picture(stage, seconds), time_known=True), load).detail == detail


def test_a_picture_is_spoken_with_stage_detail_and_source() -> None:
    spoken = FilmstripEntry("x", Source.FLUORESCENCE, "Fluorescence", "90 s after acid", load).spoken
    assert spoken == "Fluorescence, 90 s after acid"
    assert entry("x", Source.WHITE).spoken == "Saline, white light"


def staged(picture_id: str, stage: Stage) -> FilmstripEntry:
    return replace(entry(picture_id, stage.source), stage=stage)


@pytest.mark.parametrize("stage", [Stage.GREEN, Stage.LUGOL])
def test_plain_white_light_and_a_filtered_picture_make_a_pair_in_either_order(stage: Stage) -> None:
    white, other = staged("w", Stage.ACETIC_ACID), staged("o", stage)
    assert pair_of((white, other)) == pair_of((other, white)) == ("w", "o")


def test_filtered_pictures_make_no_pair_with_each_other_and_lie_first_beside_fluorescence() -> None:
    green, iodine, lit = staged("g", Stage.GREEN), staged("i", Stage.LUGOL), staged("f", Stage.FLUORESCENCE_AFTER_ACID)
    assert pair_of((green, iodine)) is None
    assert pair_of((green, lit)) == ("g", "f")
    assert pair_of((green,)) == ("g", None)
    assert pair_of((staged("w", Stage.SALINE), staged("x", Stage.ACETIC_ACID))) is None


def test_an_entry_knows_its_stage() -> None:
    assert entry_of(picture(Stage.LUGOL, None), load).stage is Stage.LUGOL
