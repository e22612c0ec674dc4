"""Which stage a file gets before anybody says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.jobs import SilentContext
from pfm_desktop.viewmodels.intake import (
    NewPicture,
    Whom,
    guessed_stage,
    named_stage,
    sources_line,
    target_text,
    with_fluorescence_colours,
)

WHITE, LIT = Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("a_white.png", WHITE),
        ("a_fluorescence.png", LIT),
        ("a_fluo.png", LIT),
        ("case-FL-2.png", LIT),
        ("3_uv.tif", LIT),
        ("case 4 Lugol.jpg", Stage.LUGOL),
        ("flat.png", WHITE),  # two letters within a word say nothing
        ("IMG_2.jpg", WHITE),
    ],
)
def test_only_a_name_that_says_so_makes_a_fluorescence_picture(name: str, stage: Stage) -> None:
    assert guessed_stage(Path(name)) is stage


def test_a_name_that_says_nothing_is_told_from_one_that_says_white_light() -> None:
    assert named_stage(Path("IMG_1.jpg")) is None
    assert named_stage(Path("white.jpg")) is WHITE


def test_the_colours_tell_fluorescence_from_white_light(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.png" for name in ("pink", "glowing", "broken", "missing")}
    for name, colour in (("pink", (200, 120, 120)), ("glowing", (30, 140, 60))):
        files[name].write_bytes(encode_png(np.full((64, 64, 3), colour, np.uint8)))
    files["broken"].write_bytes(b"no picture")
    assert with_fluorescence_colours(SilentContext(), tuple(files.values())) == {files["glowing"]}


def test_two_white_light_pictures_are_never_called_a_pair() -> None:
    line = sources_line([NewPicture(Path("a"), WHITE), NewPicture(Path("b"), WHITE)])
    assert line.startswith("No fluorescence picture here")
    assert "read as a pair" not in line


def test_the_form_names_the_visit_and_says_when_the_list_stands_on_another() -> None:
    whom = Whom("Adler, Anna", "14 Mar 1988", "P-1", "02 Mar 2026 09:30 UTC")
    assert whom.facts == "born 14 Mar 1988, ID P-1"
    assert target_text(whom, elsewhere=False) == "To her visit of 02 Mar 2026 09:30 UTC."
    assert "Another visit is chosen" in target_text(whom, elsewhere=True)


def test_the_form_says_whether_a_pair_comes_of_it() -> None:
    white, lit = NewPicture(Path("a"), WHITE), NewPicture(Path("b"), LIT)
    assert "pair" in sources_line([white, lit])
    assert "No fluorescence" in sources_line([white])
    assert "No white light" in sources_line([lit])
    assert "drop" in sources_line([])
