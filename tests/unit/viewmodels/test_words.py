"""Problems in whole sentences."""

from __future__ import annotations

import pytest

from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels.words import capital, spoken, unkept_question


def test_each_part_is_a_sentence() -> None:
    error = UserError("the disk is full", safe="nothing was changed", remedy="free some space")
    assert spoken(error) == "The disk is full. Nothing was changed. Free some space."


@pytest.mark.parametrize("text", ["a_white.png is empty", "/data/x is gone", "PNG only"])
def test_names_of_files_stay_as_they_are(text: str) -> None:
    assert capital(text) == text


def test_what_is_not_kept_is_asked_about_with_its_own_reason() -> None:
    asked = unkept_question(["Note", "Plan"], "The disk is full.")
    assert asked == "Not kept yet: Note; Plan. The disk is full. Stay, and it is kept as soon as that is possible."
    refused = unkept_question(["Abel, follow-up: Letter sent"], "")
    assert refused.endswith("What is wrong stands beside it. Stay to put it right.")
