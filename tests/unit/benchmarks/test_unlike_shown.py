"""What is counted of the whole engine's warnings."""

from __future__ import annotations

from benchmarks.unlike_shown import lines_of
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import Analysis, Familiarity, ModelInfo, Prediction
from pfm_desktop.domain.quality import Refusal
from pfm_desktop.domain.source import PLACES, Source

MODEL = ModelInfo("m", "1", "0" * 64, PLACES, "T0", "token", 64)


def told(**distances: float) -> Analysis:
    """An answer with these distances, all with a limit of 2."""
    shares = dict.fromkeys(GRADES, 0.25)
    familiarity = {Source(name): Familiarity(distance, 2.0) for name, distance in distances.items()}
    prediction = Prediction(Grade.LOW, shares, shares, (Grade.LOW,), False, {}, {}, PLACES, familiarity=familiarity)
    return Analysis(MODEL, {}, None, prediction, None, Source.WHITE)


def refused() -> Analysis:
    return Analysis(MODEL, {}, None, None, Refusal("too dark", "light"), Source.WHITE)


def test_an_answer_with_two_unlike_pictures_counts_once_and_a_refusal_not_at_all() -> None:
    lines = lines_of("on phantoms", [told(white=3, fluorescence=3), told(white=1, fluorescence=4), refused()])
    assert lines[0].startswith("on phantoms: asked 3, refused 1; of the answers unlike anything learned from 100.0 %")
    assert lines[0].endswith("2 of 2")
    assert "on phantoms, white light: unlike 50.0 %" in lines[1]
    assert lines[1].endswith("distance over limit 0.50 to 1.50, median 1.50")
    assert "2 of 2" in lines[2]


def test_a_source_of_which_nothing_is_known_has_no_line() -> None:
    assert len(lines_of("on phantoms", [told(white=1)])) == 2
    assert len(lines_of("on phantoms", [told()])) == 1
