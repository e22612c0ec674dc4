"""Reasons of registrations are kept in English, and each of them is said in the language of the program."""

import pytest

from pfm_desktop.domain.registration import (
    _REASONS,
    DISAGREE,
    NO_STRUCTURE,
    ONLY_IN_PART,
    OTHER_STRUCTURES,
    PLACE_POINTS,
    TOO_LITTLE_OVERLAP,
    TOO_NARROW,
    reason_words,
)
from pfm_desktop.imaging.registration.by_hand import UNCOMPARED
from pfm_desktop.imaging.registration.landmarks import _why
from pfm_desktop.imaging.registration.shapes import difference_words


def test_every_reason_has_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {DISAGREE, OTHER_STRUCTURES, UNCOMPARED, _why(6, 9.0, folded=True), _why(6, 9.0, folded=False)}
    found |= {_why(count, None, folded=False) for count in (1, 2, 3, 5)}
    found |= {TOO_LITTLE_OVERLAP, ONLY_IN_PART, TOO_NARROW, *NO_STRUCTURE}
    assert found <= set(_REASONS)
    for reason in found:
        monkeypatch.setitem(_REASONS, reason, f"<{reason}>")
        assert reason_words(reason) == f"<{reason}>"


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "a reason of another version",
        "a picture is smaller than 32 pixels",
        f"too little overlap{difference_words((160, 90), (100, 100))}. {PLACE_POINTS}",
        f"{DISAGREE}; without points: too little overlap",
        f"{DISAGREE}; without points: too little overlap{difference_words((160, 90), (100, 100))}",
    ],
)
def test_in_english_a_reason_is_said_as_it_is_kept(reason: str) -> None:
    assert reason_words(reason) == reason


def test_what_a_reason_is_made_of_is_said_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_REASONS, "too little overlap", "peu")
    monkeypatch.setitem(_REASONS, DISAGREE, "non")
    kept = f"too little overlap{difference_words((160, 90), (100, 100))}"
    assert reason_words(f"{kept}. {PLACE_POINTS}") == "peu; they differ in shape (16:9 and 1:1). Place 4 points"
    assert reason_words(f"{DISAGREE}; without points: {kept}") == (
        "non; without points: peu; they differ in shape (16:9 and 1:1)"
    )
