"""What the registration chip says."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.registration import DISAGREE, PLACE_POINTS, RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.registration.landmarks import ENOUGH_TO_CHECK
from pfm_desktop.viewmodels.registration_chip import REMEDY, Light, chip_text

EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def summary(
    status: RegistrationStatus, error: float | None = 0.84, *, reason: str = "", by_hand: bool = False
) -> RegistrationSummary:
    return RegistrationSummary(status, error, EYE, 0.93, reason, by_hand)


def test_a_good_registration_is_green_with_its_error() -> None:
    says = chip_text(summary(RegistrationStatus.OK))
    assert (says.light, says.text) == (Light.GREEN, "0.8 px")
    assert "93%" in says.explanation


def test_a_registration_by_hand_says_so() -> None:
    assert chip_text(summary(RegistrationStatus.OK, by_hand=True)).text == "0.8 px, by hand"


def test_a_doubtful_registration_is_amber_and_asks_to_look() -> None:
    says = chip_text(summary(RegistrationStatus.CHECK, 4.25, reason="few matches."))
    assert (says.light, says.text) == (Light.AMBER, "check, 4.2 px")
    assert "Look before you trust it" in says.explanation
    assert "few matches." in says.explanation


@pytest.mark.parametrize("status", [RegistrationStatus.OK, RegistrationStatus.CHECK])
def test_an_unknown_error_is_called_unknown(status: RegistrationStatus) -> None:
    says = chip_text(summary(status, None))
    assert "px" not in says.text
    assert "estimated error unknown" in says.explanation


def test_points_whose_error_cannot_be_known_say_so() -> None:
    says = chip_text(summary(RegistrationStatus.CHECK, None, by_hand=True))
    assert (says.light, says.text) == (Light.AMBER, "check, error not known, by hand")


def test_an_overlap_that_rests_on_unchecked_points_is_not_printed() -> None:
    assert "93%" not in chip_text(summary(RegistrationStatus.CHECK, None, by_hand=True)).explanation
    assert "93%" in chip_text(summary(RegistrationStatus.CHECK, 6.0, by_hand=True)).explanation


def test_points_that_the_structures_contradict_are_for_looking_only() -> None:
    reason = f"{DISAGREE}; without points: too little overlap"
    says = chip_text(summary(RegistrationStatus.CHECK, None, reason=reason, by_hand=True))
    assert says.light is Light.RED
    assert says.text == "for looking only: structures disagree, by hand"
    assert "No answer is given from both" in says.explanation
    assert "too little overlap" in says.explanation
    assert "93%" not in says.explanation


def test_a_refused_registration_is_red_with_reason_and_remedy() -> None:
    says = chip_text(summary(RegistrationStatus.REFUSED, None, reason="Too little overlap."))
    assert says.light is Light.RED
    assert says.text == "not registered: too little overlap. Place 4 points"
    assert "side by side" in says.explanation


def test_the_remedy_is_said_once() -> None:
    says = chip_text(summary(RegistrationStatus.REFUSED, None, reason="too little overlap. Place 4 points"))
    assert says.text.count(REMEDY) == 1


def test_a_reason_kept_from_before_does_not_promise_that_three_points_are_enough() -> None:
    says = chip_text(summary(RegistrationStatus.REFUSED, None, reason="too little overlap. Place 3 points"))
    assert says.text == "not registered: too little overlap. Place 4 points"


def test_the_remedy_asks_for_as_many_points_as_make_a_checked_error() -> None:
    assert f"Place {ENOUGH_TO_CHECK} points" == REMEDY == PLACE_POINTS


def test_a_refusal_without_reason_still_has_words() -> None:
    assert "no reliable match" in chip_text(summary(RegistrationStatus.REFUSED, None)).text


def test_nothing_yet_and_under_way_are_grey_and_differ() -> None:
    nothing, pending = chip_text(None), chip_text(None, pending=True)
    assert nothing.light is pending.light is Light.GREY
    assert nothing.text != pending.text


@pytest.mark.parametrize(
    ("second", "said"), [(Source.GREEN, "seen through the green filter"), (Source.IODINE, "seen after Lugol's iodine")]
)
def test_the_overlap_is_told_of_the_source_that_lies_second(second: Source, said: str) -> None:
    assert said in chip_text(summary(RegistrationStatus.OK), second=second).explanation
    assert "seen in fluorescence" in chip_text(summary(RegistrationStatus.OK)).explanation
