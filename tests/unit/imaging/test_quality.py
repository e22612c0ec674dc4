"""Quality verdicts: each fault is named, and pictures without fault pass.

Counts of misses are what the development phantoms give; they are promises of the gate on phantoms, not on patients.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.quality_parts.spoiled import text_page
from benchmarks.quality_parts.window import in_window
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.registration import DISAGREE, RegistrationStatus
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.imaging.phantom import Defect, render
from pfm_desktop.imaging.phantom.defects import swab
from pfm_desktop.imaging.quality import assess, assess_pair, identical, light_of, measure
from pfm_desktop.imaging.quality.rules import PALE
from pfm_desktop.imaging.registration.result import Registration, refused

pytestmark = pytest.mark.slow

SIZE = 512
SEEDS = range(23000, 23008)  # not those that the thresholds were set on
WHITE, GLOW = Source.WHITE, Source.FLUORESCENCE
SIDE = 512


@cache
def pictures(seed: int, grade: Grade, *defects: Defect) -> tuple[np.ndarray, np.ndarray]:
    drawn = render(seed, grade=grade, size=SIZE, defects=frozenset(defects))
    return drawn.white, drawn.fluorescence


def grade_of(seed: int) -> Grade:
    return list(Grade)[seed % 4]


def verdicts(defect: Defect, source: Source) -> list[Quality]:
    return [assess(pictures(seed, grade_of(seed), defect)[source is GLOW], source) for seed in SEEDS]


def named(found: list[Quality], problem: str) -> int:
    """How many are poor, with this problem named."""
    return sum(quality.verdict is Verdict.UNUSABLE and problem in quality.problems for quality in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("defect", "source", "problem", "allowed"),
    [
        (Defect.WHITE_OUT_OF_FOCUS, WHITE, "out_of_focus", 0),
        (Defect.WHITE_TOO_DARK, WHITE, "too_dark", 0),
        (Defect.WHITE_OVEREXPOSED, WHITE, "overexposed", 0),
        (Defect.OBSTRUCTED, WHITE, "obstructed", 0),
        (Defect.NO_CERVIX, WHITE, "no_cervix", 1),
        (Defect.FLUORESCENCE_OUT_OF_FOCUS, GLOW, "out_of_focus", 1),
        (Defect.FLUORESCENCE_TOO_DARK, GLOW, "too_dark", 1),
        (Defect.FLUORESCENCE_OVEREXPOSED, GLOW, "overexposed", 0),
        (Defect.OBSTRUCTED, GLOW, "obstructed", 0),
    ],
)
def test_each_fault_is_named_as_what_it_is(defect: Defect, source: Source, problem: str, allowed: int) -> None:
    found = verdicts(defect, source)
    missed = len(found) - named(found, problem)
    assert missed <= allowed, [(quality.verdict, quality.problems) for quality in found]
    assert all(quality.advice for quality in found if quality.verdict is Verdict.UNUSABLE)


@pytest.mark.slow
def test_walls_that_glow_are_not_used_whether_they_are_called_dark_or_no_cervix() -> None:
    for quality in verdicts(Defect.NO_CERVIX, GLOW):
        assert quality.verdict is Verdict.UNUSABLE
        assert set(quality.problems) <= {"no_cervix", "too_dark", "obstructed"}


@pytest.mark.slow
@pytest.mark.parametrize("source", PLACES)
def test_an_os_near_the_edge_is_limited_and_says_where_to_bring_it(source: Source) -> None:
    found = verdicts(Defect.OFF_CENTRE, source)
    told = [quality for quality in found if "off_centre" in quality.problems and "middle" in quality.advice]
    assert len(told) >= len(found) - 1, [(quality.verdict, quality.problems) for quality in found]


@pytest.mark.slow
@pytest.mark.parametrize("source", PLACES)
def test_what_is_in_the_way_is_outlined_where_it_is(source: Source) -> None:
    for seed in SEEDS[:4]:
        quality = assess(pictures(seed, grade_of(seed), Defect.OBSTRUCTED)[source is GLOW], source)
        drawn = np.zeros((SIZE, SIZE), np.uint8)
        for region in quality.regions:
            assert region.what == "obstructed"
            cv2.fillPoly(drawn, [np.array(region.outline).round().astype(np.int32)], (1,))
        true = swab(seed, SIZE) > 0.5
        assert ((drawn > 0) & true).sum() > 0.8 * true.sum()


@pytest.mark.slow
@pytest.mark.parametrize("source", PLACES)
def test_a_cervix_that_is_far_away_says_to_come_closer(source: Source) -> None:
    for seed in SEEDS[:4]:
        small = cv2.resize(pictures(seed, grade_of(seed))[source is GLOW], None, fx=0.35, fy=0.35)
        room = (SIZE - len(small)) // 2
        far = np.pad(small, ((room, room), (room, room), (0, 0)), mode="edge")
        noise = np.random.default_rng(seed).normal(0, 1.5, far.shape)  # no camera's corners are of one colour
        quality = assess(np.clip(np.round(far + noise), 0, 255).astype(np.uint8), source)
        assert "far_away" in quality.problems, (quality.problems, quality.measures["cervix"])
        assert "closer" in quality.advice


@pytest.mark.slow
@pytest.mark.parametrize("source", PLACES)
def test_every_picture_that_can_be_used_comes_with_its_cervix_and_its_os(source: Source) -> None:
    for seed in SEEDS[:4]:
        drawn = render(seed, grade=grade_of(seed), size=SIZE)
        anatomy = assess(drawn.white if source is WHITE else drawn.fluorescence, source).anatomy
        assert anatomy is not None
        assert len(anatomy.cervix) >= 1
        assert anatomy.os is not None
        if source is WHITE:
            assert np.hypot(*np.subtract(anatomy.os, drawn.os)) < 0.08 * SIZE


@pytest.mark.slow
@pytest.mark.parametrize(
    "defect", [Defect.WHITE_OUT_OF_FOCUS, Defect.WHITE_TOO_DARK, Defect.WHITE_OVEREXPOSED], ids=str
)
def test_a_fault_of_white_light_does_not_count_against_fluorescence(defect: Defect) -> None:
    assert not any(quality.verdict is Verdict.UNUSABLE for quality in verdicts(defect, GLOW))


@pytest.mark.slow
@pytest.mark.parametrize("grade", list(Grade))
@pytest.mark.parametrize("source", PLACES)
def test_pictures_without_fault_pass_whatever_the_grade(grade: Grade, source: Source) -> None:
    found = [assess(pictures(seed, grade)[source is GLOW], source) for seed in SEEDS]
    assert not any(quality.verdict is Verdict.UNUSABLE for quality in found)
    limited = [quality.problems for quality in found if quality.verdict is Verdict.LIMITED]
    assert len(limited) <= 1, limited


@pytest.mark.slow
def test_swapped_sources_are_called_swapped_and_nothing_else() -> None:
    for seed in SEEDS:
        white, glow = pictures(seed, grade_of(seed))
        for picture, source in ((glow, WHITE), (white, GLOW)):
            quality = assess(picture, source)
            assert (quality.verdict, quality.problems) == (Verdict.UNUSABLE, ("wrong_source",))
            assert "swap" in quality.advice


def test_the_light_of_a_picture_is_said_where_its_colours_are_those_of_one_light_only() -> None:
    white, glow = pictures(3, grade_of(3))
    grey = np.repeat(white.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    assert [light_of(one) for one in (white, glow, grey)] == [WHITE, GLOW, None]
    assert [light_of(one[::4, ::4].copy()) for one in (white, glow)] == [WHITE, GLOW]


@pytest.mark.slow
def test_a_verdict_does_not_hang_on_the_size_of_the_picture() -> None:
    for seed in list(SEEDS)[:3]:
        for picture, source in zip(pictures(seed, grade_of(seed)), PLACES, strict=True):
            larger = cv2.resize(picture, (1400, 1400), interpolation=cv2.INTER_CUBIC)
            assert assess(larger, source).verdict is assess(picture, source).verdict


@pytest.mark.slow
def test_real_photographs_are_not_refused(annocerv: Path) -> None:
    with (annocerv / "index.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))[::7]
    verdict_of = {}
    for row in rows:
        shown = cv2.cvtColor(cv2.imread(str(annocerv / "images" / row["file"])), cv2.COLOR_BGR2RGB)
        width = round(1024 * int(row["original_width"]) / int(row["original_height"]))
        picture = cv2.resize(shown, (width, 1024), interpolation=cv2.INTER_LINEAR)
        verdict_of[row["file"]] = assess(picture, WHITE)
        assert assess(picture, GLOW).problems == ("wrong_source",)
    poor = {name: quality.problems for name, quality in verdict_of.items() if quality.verdict is Verdict.UNUSABLE}
    assert len(rows) >= 40
    assert poor == {}
    named = [problem for quality in verdict_of.values() for problem in quality.problems]
    assert set(named) <= {"os_covered", "off_centre", "turned", "cervix_unsure", "out_of_focus"}
    assert sum(quality.verdict is Verdict.GOOD for quality in verdict_of.values()) >= 0.6 * len(rows)


# ---- pictures that are none


def noise() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def even(*colour: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


@pytest.mark.parametrize("source", PLACES)
@pytest.mark.parametrize(
    "picture",
    [even(0, 0, 0), even(128, 128, 128), even(255, 255, 255), even(210, 120, 120), even(10, 90, 80), noise()],
    ids=["black", "grey", "white", "pink", "green", "noise"],
)
def test_pictures_that_show_nothing_are_poor(picture: np.ndarray, source: Source) -> None:
    quality = assess(picture, source)
    assert quality.verdict is Verdict.UNUSABLE
    assert quality.problems
    assert quality.advice.endswith((".", "!"))


def test_a_black_picture_is_too_dark_and_one_cause_has_one_name() -> None:
    assert assess(even(0, 0, 0), WHITE).problems == ("too_dark",)
    assert assess(even(0, 0, 0), GLOW).problems == ("too_dark",)


def test_a_white_picture_is_overexposed() -> None:
    assert assess(even(255, 255, 255), WHITE).problems == ("overexposed",)
    assert assess(even(255, 255, 255), GLOW).problems == ("overexposed",)


def in_grey(picture: np.ndarray) -> np.ndarray:
    """As a grey JPEG, read as RGB."""
    _, packed = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return cv2.cvtColor(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), cv2.COLOR_GRAY2RGB)


def test_a_black_and_white_photograph_is_said_to_have_no_colour_and_nothing_else() -> None:
    white, _ = pictures(23001, Grade.LOW)
    quality = assess(in_grey(white), WHITE)
    assert (quality.verdict, quality.problems) == (Verdict.UNUSABLE, ("no_colour",))
    assert "black and white" in quality.advice


def test_a_pale_picture_and_one_that_shows_nothing_are_not_called_black_and_white() -> None:
    white, _ = pictures(23001, Grade.LOW)
    pale = cv2.addWeighted(white, 0.15, in_grey(white), 0.85, 0)
    assert "no_colour" not in assess(pale, WHITE).problems
    assert "no_colour" not in assess(even(128, 128, 128), WHITE).problems
    assert assess(even(0, 0, 0), WHITE).problems == ("too_dark",)


def test_a_fluorescence_picture_without_colour_is_refused_with_the_same_words() -> None:
    white, glow = pictures(23001, Grade.LOW)
    for grey in (in_grey(glow), cv2.cvtColor(cv2.cvtColor(glow, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)):
        quality = assess(grey, GLOW)
        assert (quality.verdict, quality.problems) == (Verdict.UNUSABLE, ("no_colour",))
        assert quality.advice == assess(in_grey(white), WHITE).advice


def test_a_dark_pale_or_tinted_fluorescence_picture_is_not_called_black_and_white() -> None:
    _, glow = pictures(23001, Grade.LOW)
    dark = (glow * 0.08).astype(np.uint8)
    pale = cv2.addWeighted(glow, 0.2, in_grey(glow), 0.8, 0)
    tinted = (in_grey(glow) * np.array([0.85, 1.0, 0.9])).astype(np.uint8)
    for picture in (dark, pale, tinted, even(0, 0, 0), even(128, 128, 128), even(255, 255, 255)):
        assert "no_colour" not in assess(picture, GLOW).problems


@pytest.mark.slow
@pytest.mark.parametrize("defect", [None, *Defect], ids=str)
def test_no_phantom_glow_is_called_black_and_white_whatever_its_fault(defect: Defect | None) -> None:
    for seed in list(SEEDS)[:4]:
        _, glow = pictures(seed, grade_of(seed), *([defect] if defect else []))
        assert measure(glow)["tint"] > 3 * PALE
        assert measure(in_grey(glow))["tint"] < PALE / 5


@pytest.mark.parametrize(("side", "verdict"), [(1, Verdict.UNUSABLE), (100, Verdict.UNUSABLE)])
def test_a_small_picture_is_too_small(side: int, verdict: Verdict) -> None:
    quality = assess(even(200, 110, 110)[:side, :side], WHITE)
    assert quality.verdict is verdict
    assert quality.problems == ("too_small",)
    assert quality.measures["side"] == side


def test_a_picture_that_is_all_edge_still_has_measures() -> None:
    for shape in [(1, 900, 3), (900, 1, 3), (3, 3, 3)]:
        assert all(np.isfinite(value) for value in measure(np.full(shape, 90, np.uint8)).values())


def test_a_picture_is_not_changed_by_being_judged() -> None:
    picture = noise()
    picture.setflags(write=False)
    before = picture.copy()
    assess(picture, WHITE)
    np.testing.assert_array_equal(picture, before)


def test_measures_are_given_with_every_verdict() -> None:
    quality = assess(even(128, 128, 128), WHITE)
    places = {"present", "turned", "cervix", "off", "aside", "stretch", "blocked", "film"}
    assert set(quality.measures) == set(measure(even(128, 128, 128))) | places
    shares = ("blown", "glare", "tissue", "green", "present", "turned", "blocked", "film")
    assert all(0 <= quality.measures[name] <= 1 for name in shares)


@pytest.mark.parametrize("source", PLACES)
@pytest.mark.parametrize("paper", [(246, 246, 246), (20, 20, 20)], ids=["black on white", "white on black"])
def test_a_page_of_letters_shows_no_cervix_and_is_called_neither_noisy_nor_glaring(
    source: Source, paper: tuple[int, int, int]
) -> None:
    page = text_page(np.zeros((600, 800, 3), np.uint8), np.random.default_rng(3))
    quality = assess(page if paper[0] > 99 else 255 - page, source)
    assert quality.verdict is Verdict.UNUSABLE
    assert quality.problems[0] == "no_cervix"
    assert "noisy" not in quality.problems


@pytest.mark.parametrize("source", PLACES)
@pytest.mark.parametrize("size", [(900, 300), (300, 900), (2000, 320)])
def test_a_picture_that_is_far_too_long_is_refused_by_its_shape(source: Source, size: tuple[int, int]) -> None:
    picture = pictures(SEEDS[0], grade_of(SEEDS[0]))[source is GLOW]
    quality = assess(np.asarray(cv2.resize(picture, size), np.uint8), source)
    assert (quality.verdict, quality.problems) == (Verdict.UNUSABLE, ("odd_shape",))
    assert "squeezed" in quality.advice


@pytest.mark.parametrize("source", PLACES)
def test_a_picture_of_a_screen_is_refused_however_well_it_shows_a_cervix(source: Source) -> None:
    found = []
    for seed in SEEDS:
        shown = in_window(pictures(seed, grade_of(seed))[source is GLOW], np.random.default_rng(seed))
        quality = assess(shown, source)
        assert {"screenshot", "no_cervix"} & set(quality.problems)
        assert quality.anatomy is not None
        if quality.verdict is Verdict.UNUSABLE:
            assert not quality.anatomy.cervix, "places in it are none of a picture"
            found.append(seed)
    assert len(found) >= len(SEEDS) - 1, "where the picture fills nearly all of the window it is limited"


def masked(picture: np.ndarray, black: int) -> np.ndarray:
    """As an endoscope's round field of view."""
    field = np.zeros(picture.shape[:2], np.uint8)
    cv2.circle(field, (SIZE // 2, SIZE // 2), SIZE // 2, 1, -1)
    return np.where(field[:, :, None] > 0, picture, np.uint8(black))


def with_bars(picture: np.ndarray, value: int) -> np.ndarray:
    return np.asarray(cv2.copyMakeBorder(picture, 0, 0, 90, 90, cv2.BORDER_CONSTANT, value=(value,) * 3), np.uint8)


def dated(picture: np.ndarray) -> np.ndarray:
    out = picture.copy()
    out[-SIZE // 8 :] = 0
    cv2.putText(out, "2026-11-27 10:33", (20, SIZE - 20), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    return out


@pytest.mark.parametrize("source", PLACES)
@pytest.mark.parametrize(
    "framed",
    [
        lambda picture: masked(picture, 0),
        lambda picture: masked(picture, 16),
        lambda picture: with_bars(picture, 0),
        lambda picture: with_bars(picture, 16),
        lambda picture: with_bars(picture, 128),
        lambda picture: with_bars(picture, 255),
        dated,
    ],
    ids=["round", "round, video black", "black bars", "video black bars", "grey bars", "white bars", "date on a bar"],
)
def test_a_frame_is_neither_a_screen_nor_a_lamp_that_flickers_nor_glare(
    source: Source, framed: Callable[[np.ndarray], np.ndarray]
) -> None:
    for seed in SEEDS[:3]:
        quality = assess(framed(pictures(seed, grade_of(seed))[source is GLOW]), source)
        assert not {"screenshot", "banded", "glare", "overexposed"} & set(quality.problems), quality.problems
        assert quality.verdict is not Verdict.UNUSABLE


# ---- pairs


def registration(dx: float = 0.0, status: RegistrationStatus = RegistrationStatus.OK) -> Registration:
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return Registration(status, 1.0, matrix, np.zeros((2, 2, 2), np.float32), (SIDE, SIDE), (SIDE, SIDE))


def refused_for(reason: str) -> Registration:
    return refused(reason, (SIDE, SIDE), (SIDE, SIDE))


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    rough = cv2.resize(rng.integers(60, 200, (24, 24, 3), dtype=np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return rough, rough[:, :, ::-1] // np.uint8(3)


def test_a_pair_that_overlaps_is_good(pair: tuple[np.ndarray, np.ndarray]) -> None:
    quality = assess_pair(*pair, registration())
    assert (quality.verdict, quality.problems) == (Verdict.GOOD, ())
    assert quality.measures["overlap"] == 1.0
    assert quality.measures["error_px"] == 1.0


@pytest.mark.parametrize(
    ("share", "verdict", "problem"),
    [
        (0.8, Verdict.GOOD, ()),
        (0.5, Verdict.LIMITED, ("little_overlap",)),
        (0.2, Verdict.UNUSABLE, ("too_little_overlap",)),
    ],
)
def test_the_overlap_decides(
    pair: tuple[np.ndarray, np.ndarray], share: float, verdict: Verdict, problem: tuple[str, ...]
) -> None:
    quality = assess_pair(*pair, registration(dx=(1 - share) * SIDE))
    assert (quality.verdict, quality.problems) == (verdict, problem)
    assert quality.measures["overlap"] == pytest.approx(share, abs=0.03)
    assert bool(quality.advice) is (verdict is not Verdict.GOOD)


def test_points_by_hand_that_the_structures_do_not_bear_out_make_a_poor_pair(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    white, fluorescence = pair
    by_hand = replace(registration(), by_hand=True)
    stranger = np.ascontiguousarray(np.rot90(fluorescence))
    assert assess_pair(white, fluorescence, by_hand).verdict is Verdict.GOOD
    quality = assess_pair(white, stranger, by_hand)
    assert (quality.verdict, quality.problems) == (Verdict.UNUSABLE, ("structures_disagree",))
    assert "Check that both pictures show the same woman" in quality.advice


def test_too_little_overlap_survives_points_that_do_not_fit(pair: tuple[np.ndarray, np.ndarray]) -> None:
    reason = f"{DISAGREE}; without points: too little overlap"
    by_hand = replace(registration(status=RegistrationStatus.CHECK), by_hand=True, reason=reason)
    assert assess_pair(*pair, by_hand).problems == ("structures_disagree", "too_little_overlap")


def test_points_by_hand_that_nothing_can_be_compared_under_limit_the_pair(pair: tuple[np.ndarray, np.ndarray]) -> None:
    even = np.full_like(pair[0], 90)
    quality = assess_pair(even, pair[1], replace(registration(), by_hand=True))
    assert (quality.verdict, quality.problems) == (Verdict.LIMITED, ("structures_not_compared",))
    assert "same woman" in quality.advice


def test_a_doubtful_registration_limits_the_pair(pair: tuple[np.ndarray, np.ndarray]) -> None:
    quality = assess_pair(*pair, registration(status=RegistrationStatus.CHECK))
    assert (quality.verdict, quality.problems) == (Verdict.LIMITED, ("registration_uncertain",))


def test_both_reasons_are_given_where_there_are_two(pair: tuple[np.ndarray, np.ndarray]) -> None:
    quality = assess_pair(*pair, registration(dx=0.5 * SIDE, status=RegistrationStatus.CHECK))
    assert quality.problems == ("little_overlap", "registration_uncertain")
    assert quality.advice.count(".") >= 2


@pytest.mark.parametrize(
    ("reason", "problem"),
    [("Too little overlap.", "too_little_overlap"), ("No reliable match.", "wrong_pair")],
)
def test_a_refused_registration_makes_the_pair_poor(
    pair: tuple[np.ndarray, np.ndarray], reason: str, problem: str
) -> None:
    quality = assess_pair(*pair, refused_for(reason))
    assert (quality.verdict, quality.problems) == (Verdict.UNUSABLE, (problem,))
    assert "by hand" in quality.advice


def test_one_picture_given_twice_is_found_before_anything_else(pair: tuple[np.ndarray, np.ndarray]) -> None:
    quality = assess_pair(pair[0], pair[0].copy(), registration())
    assert (quality.verdict, quality.problems) == (Verdict.UNUSABLE, ("identical",))
    assert assess_pair(pair[0], pair[0], refused_for("whatever")).problems == ("identical",)


def test_one_picture_resized_or_saved_anew_is_still_one_picture(pair: tuple[np.ndarray, np.ndarray]) -> None:
    smaller = cv2.resize(pair[0], (300, 300), interpolation=cv2.INTER_AREA)
    _, packed = cv2.imencode(".jpg", pair[0], [cv2.IMWRITE_JPEG_QUALITY, 70])
    again = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert identical(pair[0], smaller) is not None
    assert identical(pair[0], again) is not None


def test_the_advice_names_the_picture_that_is_missing() -> None:
    for picture, missing in zip(pictures(23001, Grade.LOW), ("fluorescence", "white-light"), strict=True):
        quality = identical(picture, picture)
        assert quality is not None
        assert quality.advice.startswith(f"Choose the {missing} picture")


def test_two_pictures_of_one_cervix_are_not_one_picture(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert identical(*pair) is None


@pytest.mark.slow
@pytest.mark.parametrize("defect", [Defect.WRONG_PAIR, Defect.TOO_LITTLE_OVERLAP])
def test_phantom_pairs_are_never_taken_for_one_picture(defect: Defect) -> None:
    for seed in list(SEEDS)[:4]:
        assert identical(*pictures(seed, grade_of(seed), defect)) is None


@pytest.mark.parametrize(("spread", "verdict"), [(0, Verdict.GOOD), (40, Verdict.UNUSABLE)])
def test_a_noisy_photograph_is_named_and_nothing_that_noise_feigns(spread: int, verdict: Verdict) -> None:
    white, _ = pictures(23_000, Grade.NORMAL)
    noisy = white + np.random.default_rng(1).normal(0, spread, white.shape) if spread else white
    found = assess(np.clip(noisy, 0, 255).astype(np.uint8), WHITE)
    assert found.verdict is verdict
    assert found.problems == (("noisy",) if spread else ())


@pytest.mark.parametrize("across", [False, True])
def test_bars_of_a_flickering_lamp_are_named(across: bool) -> None:
    for source, picture in zip((WHITE, GLOW), pictures(23_000, Grade.NORMAL), strict=True):
        light = np.where(np.sin(np.arange(SIZE) / 6) > 0, 1.0, 0.3)
        barred = picture * (light[None, :, None] if across else light[:, None, None])
        found = assess(barred.astype(np.uint8), source)
        assert (found.verdict, found.problems) == (Verdict.UNUSABLE, ("banded",))


@pytest.mark.parametrize("colour", [(60, 60, 66), (120, 150, 205), (235, 233, 228)])
def test_what_lies_over_the_middle_obstructs_whatever_its_colour(colour: tuple[int, int, int]) -> None:
    covered = pictures(23_000, Grade.NORMAL)[0].copy()
    cv2.circle(covered, (SIZE // 2, SIZE // 2), int(0.36 * SIZE), colour, -1)
    seen = covered + np.random.default_rng(1).normal(0, 1.5, covered.shape)  # by a camera: even of one colour never
    assert "obstructed" in assess(np.clip(np.round(seen), 0, 255).astype(np.uint8), WHITE).problems
