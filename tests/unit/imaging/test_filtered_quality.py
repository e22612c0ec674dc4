"""Second pictures through a green filter or after iodine: judged by light and sharpness, never by what they are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pfm_desktop.domain.anatomy import Anatomy
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.phantom import render
from pfm_desktop.imaging.quality import assess, identical

FILTERED = (Source.GREEN, Source.IODINE)
TINTS = {Source.GREEN: (0.1, 0.9, 0.15), Source.IODINE: (0.5, 0.3, 0.12)}


@pytest.fixture(scope="module")
def white() -> np.ndarray:
    return np.asarray(render(12, size=448).white)


def tinted(white: np.ndarray, source: Source) -> np.ndarray:
    base = white[..., 1:2] if source is Source.GREEN else white
    return np.asarray((base * np.array(TINTS[source])).astype(np.uint8))


@pytest.mark.parametrize("source", FILTERED)
def test_a_sharp_and_lit_picture_is_good_whatever_its_colours(white: np.ndarray, source: Source) -> None:
    found = assess(tinted(white, source), source)
    assert (found.verdict, found.problems) == (Verdict.GOOD, ())


def test_a_grey_picture_of_a_filter_is_good_though_it_would_be_none_in_white_light(white: np.ndarray) -> None:
    grey = white[..., 1:2].repeat(3, axis=2)
    assert assess(grey, Source.GREEN).verdict is Verdict.GOOD
    assert "no_colour" in assess(grey, Source.WHITE).problems
    assert assess(grey, Source.FLUORESCENCE).verdict is Verdict.UNUSABLE


@pytest.mark.parametrize("source", FILTERED)
def test_nothing_is_looked_for_in_it(white: np.ndarray, source: Source) -> None:
    found = assess(tinted(white, source), source)
    assert found.anatomy == Anatomy()
    assert found.regions == ()


@pytest.mark.parametrize("source", FILTERED)
@pytest.mark.parametrize("problem", ["too_dark", "out_of_focus", "no_structure", "too_small", "noisy"])
def test_what_nobody_could_read_is_refused_with_what_to_do(white: np.ndarray, source: Source, problem: str) -> None:
    picture = tinted(white, source)
    random = np.random.default_rng(3)
    spoiled = {
        "too_dark": lambda: (picture * 0.08).astype(np.uint8),
        "out_of_focus": lambda: cv2.GaussianBlur(picture, (0, 0), 6),
        "no_structure": lambda: np.full_like(picture, 90),
        "too_small": lambda: cv2.resize(picture, (100, 100)),
        "noisy": lambda: np.clip(picture + random.normal(0, 25, picture.shape), 0, 255).astype(np.uint8),
    }[problem]()
    found = assess(np.asarray(spoiled), source)
    assert found.verdict is Verdict.UNUSABLE
    assert problem in found.problems
    assert found.advice


def test_a_picture_given_twice_is_told_by_the_name_of_its_source(white: np.ndarray) -> None:
    found = identical(white, white, Source.IODINE)
    assert found is not None
    assert "Lugol's iodine picture that belongs to this white-light picture" in found.advice
    assert identical(white, tinted(white, Source.IODINE), Source.IODINE) is None
