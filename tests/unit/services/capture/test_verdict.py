"""The verdict on a pair that was just taken: keep it or take it again, and why."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pfm_desktop.domain.capture import Gap, Light
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.phantom import Defect, Phantom, render
from pfm_desktop.services.capture import verdict
from pfm_desktop.services.capture.verdict import PairVerdict, judge, usual_map
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

SEED, SIDE = 12, 448


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return render(SEED, grade=Grade.LOW, size=SIDE)


@pytest.fixture(scope="module")
def good(phantom: Phantom) -> PairVerdict:
    return judge(phantom.white, phantom.fluorescence, 0.3)


def test_a_good_pair_is_kept(good: PairVerdict) -> None:
    assert good.keep
    assert good.words.startswith("Keep")
    assert "Retake" not in good.words
    assert good.gap is Gap.GOOD
    assert good.registration is not None
    assert good.registration.status is RegistrationStatus.OK
    assert set(good.quality) == {"white", "fluorescence", "pair"}
    assert good.found_map is good.registration.matrix


@pytest.mark.parametrize(
    ("gap_s", "gap", "keep", "said"),
    [
        (0.5, Gap.GOOD, True, ""),
        (-0.9, Gap.FAIR, True, ""),
        (1.4, Gap.WARN, True, "1.4 s between"),
        (-3.2, Gap.REJECT, False, "3.2 s between"),
        (float("nan"), Gap.REJECT, False, "between"),
    ],
)
def test_the_gap_is_warned_of_and_refused(good: PairVerdict, gap_s: float, gap: Gap, keep: bool, said: str) -> None:
    plain = {name: Quality(Verdict.GOOD) for name in good.quality}
    found = verdict._said(plain, good.registration, gap_s)
    assert (found.gap, found.keep) == (gap, keep)
    assert (found.words == "Keep") == (said == "")
    assert said in found.words
    assert found.words.startswith("Retake: ") != keep
    assert all("again" in reason for reason in found.reasons)


def test_what_is_out_of_focus_is_said_first_with_what_to_do(phantom: Phantom) -> None:
    soft = np.asarray(cv2.GaussianBlur(phantom.white, (0, 0), 6), np.uint8)
    found = judge(soft, phantom.fluorescence, 0.3)
    assert not found.keep
    assert found.words == "Retake: white light: out of focus"
    assert found.reasons[0] == "White light: out of focus. Focus on the os, hold still, retake."
    assert found.registration is None
    assert found.found_map is None
    assert "pair" not in found.quality


def test_a_picture_in_the_wrong_light_speaks_of_the_lamp_and_not_of_files(phantom: Phantom) -> None:
    found = judge(phantom.white, np.roll(phantom.white, 30, 1), 0.3)
    assert found.words == "Retake: fluorescence: not in this light"
    assert "Look at lamp and filter" in found.reasons[0]
    assert "swap" not in " ".join(found.reasons)


def test_two_pictures_that_do_not_belong_together_are_taken_again(phantom: Phantom) -> None:
    other = render(SEED + 1, grade=Grade.LOW, size=SIDE)
    found = judge(phantom.white, other.fluorescence, 0.3)
    assert not found.keep
    assert "pair" in found.words
    assert found.registration is not None
    assert found.registration.status is RegistrationStatus.REFUSED
    assert found.found_map is None
    assert "hold still" in found.reasons[0]


def test_everything_that_is_wrong_is_told_the_worst_first() -> None:
    quality = {
        "white": Quality(Verdict.LIMITED, ("glare",), "Dab the surface dry."),
        "fluorescence": Quality(Verdict.UNUSABLE, ("too_dark", "wrong_source"), "Lengthen the exposure."),
    }
    found = verdict._said(quality, None, 3.5)
    assert found.words == "Retake: 3.5 s between the two pictures"
    assert [reason.split(".")[0] for reason in found.reasons[1:]] == [
        "Fluorescence: too dark, wrong source",
        "White light: glare",
    ]
    assert "Lengthen the exposure" in found.reasons[1]  # nothing of what the gate said is lost


def test_with_a_limit_it_is_kept_with_care() -> None:
    found = verdict._said({"pair": Quality(Verdict.LIMITED, ("little_overlap",), "x")}, None, 0.2)
    assert found.keep
    assert found.words == "Keep, with care: the pair: little overlap"


@pytest.mark.slow
@pytest.mark.parametrize("defect", [Defect.WHITE_OUT_OF_FOCUS, Defect.WRONG_PAIR, Defect.TOO_LITTLE_OVERLAP])
def test_defects_of_a_phantom_are_taken_again(defect: Defect) -> None:
    spoiled = render(SEED, size=512, defects=frozenset({defect}))
    assert not judge(spoiled.white, spoiled.fluorescence, 0.3).keep


def test_two_sensors_start_from_the_usual_map(phantom: Phantom, good: PairVerdict) -> None:
    """One sensor lies on its side: nothing but the map of the pairs before can tell."""
    aside = np.ascontiguousarray(np.rot90(phantom.fluorescence))
    turn = np.array([[0.0, 1, 0], [-1, 0, SIDE - 1], [0, 0, 1]])
    assert not judge(phantom.white, aside, 0.1).keep
    assert good.found_map is not None
    found = judge(phantom.white, aside, 0.1, start=turn)
    assert found.registration is not None
    assert found.registration.status is RegistrationStatus.OK
    assert found.found_map is not None
    np.testing.assert_allclose(found.found_map, turn @ good.found_map, atol=12)


def test_the_usual_map_is_the_median_of_the_last_ones() -> None:
    def shifted(x: float) -> np.ndarray:
        return np.array([[1, 0, x], [0, 1, 0], [0, 0, 1.0]])

    assert usual_map([]) is None
    found = usual_map([shifted(999.0)] * 5 + [shifted(x) for x in (1, 2, 3, 4, 5, 6, 7, 8, 500)])
    assert found is not None
    assert found[0, 2] == 5
    scaled = usual_map([2 * shifted(7)])
    assert scaled is not None
    np.testing.assert_allclose(scaled, shifted(7))


def test_two_women_in_a_round_field_are_not_one_for_its_edge() -> None:
    """The edge is the strongest structure of such frames, and the same in both."""
    one, other = (PhantomFilm(seed, grade=Grade.LOW, width=768, height=432) for seed in (SEED, SEED + 1))
    white = one.picture(Light.WHITE, acid_s=60.0, at=3.0)
    own, strange = (film.picture(Light.FLUORESCENCE, acid_s=60.3, at=3.3) for film in (one, other))
    assert judge(white, own, 0.3).registration is not None
    assert judge(white, own, 0.3).keep
    assert not judge(white, strange, 0.3).keep


def test_other_arrays_are_refused(phantom: Phantom) -> None:
    with pytest.raises(BadInputError):
        judge(phantom.white, phantom.fluorescence, 0.3, start=np.zeros((3, 3)))
    for wrong in (phantom.white[:, :, 0], phantom.white.astype(np.float32), np.zeros((0, 0, 3), np.uint8)):
        with pytest.raises(BadInputError):
            judge(wrong, phantom.fluorescence, 0.3)
