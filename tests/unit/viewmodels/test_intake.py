"""Which stage a file gets before anybody says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.domain.source import Stage
from pfm_desktop.viewmodels.intake import NewPicture, guessed_stages, sources_line

WHITE, LIT = Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID


@pytest.mark.parametrize(
    ("names", "stages"),
    [
        (("a_white.png", "a_fluorescence.png"), (WHITE, LIT)),
        (("a_fluo.png", "a.png"), (LIT, WHITE)),
        (("IMG_1.jpg", "IMG_2.jpg"), (WHITE, LIT)),
        (("IMG_1.jpg",), (WHITE,)),
        (("1.png", "2.png", "3.png"), (WHITE, WHITE, WHITE)),
    ],
)
def test_names_that_say_fluorescence_are_believed(names: tuple[str, ...], stages: tuple[Stage, ...]) -> None:
    assert guessed_stages([Path(name) for name in names]) == stages


def test_the_form_says_whether_a_pair_comes_of_it() -> None:
    white, lit = NewPicture(Path("a"), WHITE), NewPicture(Path("b"), LIT)
    assert "pair" in sources_line([white, lit])
    assert "No fluorescence" in sources_line([white])
    assert "No white light" in sources_line([lit])
    assert "drop" in sources_line([])
