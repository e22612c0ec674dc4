"""When the pictures of a pair were taken, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from pfm_desktop.domain.case import Pair, Picture
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.viewmodels.stages import pair_stages, stages_warning

AT = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@dataclass
class Case:
    pictures: dict[str, Picture]

    def picture(self, picture_id: str | None) -> Picture | None:
        return self.pictures.get(picture_id or "")


def taken(white: Stage | None, fluorescence: Stage | None) -> tuple[Any, Pair]:
    made = {
        name: Picture(
            name, "visit", "ab" * 32, stage, AT, 40, 30, None if "before" in stage or stage == "saline" else 60.4
        )
        for name, stage in (("w", white), ("f", fluorescence))
        if stage is not None
    }
    return Case(made), Pair("pair", "visit", "w" if white else None, "f" if fluorescence else None)


def test_each_picture_says_its_stage_and_seconds() -> None:
    said = pair_stages(*taken(Stage.ACETIC_ACID, Stage.FLUORESCENCE_BEFORE_ACID))
    assert said == {Source.WHITE: "acetic acid, 60 s", Source.FLUORESCENCE: "before acetic acid"}
    assert pair_stages(*taken(Stage.SALINE, None)) == {Source.WHITE: "saline"}
    assert pair_stages(None, None) == {}


@pytest.mark.parametrize(
    ("white", "fluorescence", "warned"),
    [
        (Stage.SALINE, Stage.FLUORESCENCE_AFTER_ACID, True),
        (Stage.ACETIC_ACID, Stage.FLUORESCENCE_BEFORE_ACID, True),
        (Stage.LUGOL, Stage.FLUORESCENCE_BEFORE_ACID, True),
        (Stage.SALINE, Stage.FLUORESCENCE_BEFORE_ACID, False),
        (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID, False),
        (Stage.GREEN, Stage.FLUORESCENCE_AFTER_ACID, False),
        (Stage.SALINE, None, False),
    ],
)
def test_a_pair_from_before_and_after_the_acid_is_warned_of(
    white: Stage, fluorescence: Stage | None, warned: bool
) -> None:
    assert stages_warning(*taken(white, fluorescence)).startswith("Stages differ") == warned


def test_a_filtered_second_picture_is_said_once_as_its_source() -> None:
    assert pair_stages(*taken(Stage.SALINE, Stage.GREEN)) == {Source.WHITE: "saline"}
    assert pair_stages(*taken(Stage.GREEN, None)) == {Source.WHITE: "green filter, 60 s"}
