"""Problems in whole sentences."""

from __future__ import annotations

import pytest

from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels.words import capital, spoken


def test_each_part_is_a_sentence() -> None:
    error = UserError("the disk is full", safe="nothing was changed", remedy="free some space")
    assert spoken(error) == "The disk is full. Nothing was changed. Free some space."


@pytest.mark.parametrize("text", ["a_white.png is empty", "/data/x is gone", "PNG only"])
def test_names_of_files_stay_as_they_are(text: str) -> None:
    assert capital(text) == text
