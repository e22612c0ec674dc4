"""Promises of a registration, on phantoms with exact truth."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.registration_parts.bad import KINDS, STRIP_KIND, strip, tried
from pfm_desktop.domain.registration import DISAGREE, Agreement, RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.quality import assess_pair
from pfm_desktop.imaging.registration import (
    Registration,
    by_hand,
    compared,
    from_points,
    landmarks,
    register,
    spots,
    structures_agree,
)
from pfm_desktop.imaging.registration.flow import jacobian, without_folds
from pfm_desktop.imaging.registration.result import refused
from pfm_desktop.imaging.registration.shapes import shape_words
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

SIZE = 384
SEEDS = (10000, 10001, 10003)
HARD = (10050, 10033)  # development phantoms with little structure on a large part of the cervix


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Phantom, Registration]]:
    drawn = [render(seed, size=SIZE) for seed in SEEDS]
    return [(phantom, register(phantom.white, phantom.fluorescence)) for phantom in drawn]


def cervix_points(phantom: Phantom) -> NDArray[np.float64]:
    rows, columns = np.where(phantom.overlap & phantom.cervix)
    chosen = np.random.default_rng(0).choice(len(rows), 500)
    return np.column_stack([columns[chosen], rows[chosen]]).astype(np.float64)


def truth_at(phantom: Phantom, points: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = points[:, 1].astype(int), points[:, 0].astype(int)
    return phantom.white_to_fluorescence[rows, columns].astype(np.float64)


def test_a_point_lands_on_the_same_tissue(pairs: list[tuple[Phantom, Registration]]) -> None:
    for phantom, found in pairs:
        points = cervix_points(phantom)
        truth = truth_at(phantom, points)
        error = np.linalg.norm(found.white_to_fluorescence(points) - truth, axis=1)
        assert found.status is RegistrationStatus.OK
        assert np.median(error) < 2.0


def test_the_estimated_error_is_near_the_error(pairs: list[tuple[Phantom, Registration]]) -> None:
    ratios = []
    for phantom, found in pairs:
        points = cervix_points(phantom)
        error = np.median(np.linalg.norm(found.white_to_fluorescence(points) - truth_at(phantom, points), axis=1))
        assert found.error_px is not None
        ratios.append(found.error_px / error)
    assert 0.5 < np.median(ratios) < 2
    assert min(ratios) > 0.25
    assert max(ratios) < 4


def test_there_and_back_is_the_same_point(pairs: list[tuple[Phantom, Registration]]) -> None:
    for phantom, found in pairs:
        points = cervix_points(phantom)
        back = found.fluorescence_to_white(found.white_to_fluorescence(points))
        np.testing.assert_allclose(back, points, atol=0.1)


def test_two_women_are_refused(pairs: list[tuple[Phantom, Registration]]) -> None:
    (first, _), (second, _), _ = pairs
    found = register(first.white, second.fluorescence)
    assert found.status is RegistrationStatus.REFUSED
    assert found.error_px is None
    assert "Place 4 points" in found.reason


def test_a_map_that_nobody_found_is_nan_and_never_looks_like_one(pairs: list[tuple[Phantom, Registration]]) -> None:
    found = register(pairs[0][0].white, pairs[1][0].fluorescence)
    kept = Registration.from_bytes(found.to_bytes())
    for one in (found, kept):
        for mapped in (one.white_to_fluorescence, one.fluorescence_to_white):
            assert np.isnan(mapped(np.array([[10.0, 20], [30, 40]]))).tolist() == [[True, True]] * 2
            assert mapped(np.empty((0, 2))).shape == (0, 2)
        assert one.overlap == one.summary().overlap == 0
        assert not one.overlap_mask().any()
        assert not one.warp_to_white(pairs[1][0].fluorescence).any()
        assert not any(part.any() for part in one.in_white_frame(pairs[1][0].fluorescence))
        assert one.overlap_mask().shape == one.warp_to_white(pairs[1][0].fluorescence).shape[:2] == (SIZE, SIZE)
        with pytest.raises(BadInputError, match="not registered: the pictures do not show the same structures"):
            one.transform()


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (31, 31)])
def test_a_tiny_picture_is_refused_with_a_reason(shape: tuple[int, int]) -> None:
    tiny = np.full((*shape, 3), 90, np.uint8)
    found = register(tiny, tiny)
    assert found.status is RegistrationStatus.REFUSED
    assert found.reason


@pytest.mark.parametrize(
    "other",
    [np.zeros((64, 64, 3)), np.zeros((64, 64), np.uint8), np.zeros((64, 64, 4), np.uint8), [[[0, 0, 0]]], None],
    ids=["float", "grey", "RGBA", "list", "nothing"],
)
def test_what_is_no_picture_is_named_with_what_is_expected(other: object) -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(BadInputError, match=r"the white light picture is .*give H x W x 3 uint8 RGB"):
        register(other, picture)
    with pytest.raises(BadInputError, match=r"the fluorescence picture is .*give H x W x 3 uint8 RGB"):
        register(picture, other)


@pytest.mark.parametrize("name", ["flat", "black", "white"])
def test_a_picture_of_one_colour_is_refused_by_name(name: str, pairs: list[tuple[Phantom, Registration]]) -> None:
    level = {"flat": 120, "black": 0, "white": 255}[name]
    found = register(pairs[0][0].white, np.full((SIZE, SIZE, 3), level, np.uint8))
    assert found.status is RegistrationStatus.REFUSED
    assert "fluorescence" in found.reason


def test_noise_is_refused(pairs: list[tuple[Phantom, Registration]]) -> None:
    noise = np.random.default_rng(2).integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8)
    assert register(pairs[0][0].white, noise).status is RegistrationStatus.REFUSED


@pytest.mark.slow
@pytest.mark.parametrize("size", [(700, 500), (300, 900), (1600, 40)])
def test_pictures_of_other_size_and_aspect_give_an_answer(
    size: tuple[int, int], pairs: list[tuple[Phantom, Registration]]
) -> None:
    other = cv2.resize(pairs[0][0].fluorescence, size)
    found = register(pairs[0][0].white, other)
    assert found.fluorescence_size == size
    assert found.status is RegistrationStatus.REFUSED or found.error_px is not None


def test_a_larger_fluorescence_picture_lands_on_the_same_tissue(pairs: list[tuple[Phantom, Registration]]) -> None:
    phantom = pairs[0][0]
    larger = cv2.resize(phantom.fluorescence, (SIZE * 2, SIZE * 2), interpolation=cv2.INTER_CUBIC)
    found = register(phantom.white, larger)
    truth = (truth_at(phantom, cervix_points(phantom)) + 0.5) * 2 - 0.5
    assert found.status is RegistrationStatus.OK
    assert np.median(np.linalg.norm(found.white_to_fluorescence(cervix_points(phantom)) - truth, axis=1)) < 4.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("angle", "size", "shift"), [(0, 1.0, (0.25, 0.0)), (20, 1.0, (0.05, 0.0)), (-15, 1.2, (0, 0.1))]
)
def test_far_motion_is_found(
    angle: float, size: float, shift: tuple[float, float], pairs: list[tuple[Phantom, Registration]]
) -> None:
    phantom = pairs[0][0]
    turn = cv2.getRotationMatrix2D(((SIZE - 1) / 2, (SIZE - 1) / 2), angle, size)
    turn[:, 2] += np.array(shift) * SIZE
    moved = np.asarray(cv2.warpAffine(phantom.fluorescence, turn, (SIZE, SIZE)), dtype=np.uint8)
    found = register(phantom.white, moved)
    points = cervix_points(phantom)
    truth = truth_at(phantom, points) @ turn[:, :2].T + turn[:, 2]
    inside = ((truth > 0) & (truth < SIZE - 1)).all(axis=1)
    error = np.linalg.norm(found.white_to_fluorescence(points) - truth, axis=1)[inside]
    assert found.status is not RegistrationStatus.REFUSED
    assert np.median(error) < 2.0


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["white", "fluorescence"])
@pytest.mark.parametrize("side", ["height", "width"])
def test_pictures_of_one_field_that_the_camera_cut_to_other_shapes_are_registered(
    cut: str, side: str, pairs: list[tuple[Phantom, Registration]]
) -> None:
    """16:9 against 1:1: the 16:9 picture lacks what is above and below, or the square one what is beside."""
    phantom = pairs[0][0]
    margin = (SIZE - SIZE * 9 // 16) // 2
    wide, square = slice(margin, SIZE - margin), slice(0, SIZE) if side == "height" else slice(margin, SIZE - margin)
    rows = {name: wide if name == cut else square for name in ("white", "fluorescence")}
    columns = {name: slice(0, SIZE) if name == cut else square for name in rows}
    white, fluorescence = (
        np.ascontiguousarray(getattr(phantom, name)[rows[name], columns[name]]) for name in ("white", "fluorescence")
    )
    found = register(cv2.resize(white, None, fx=2, fy=2), fluorescence)
    points = cervix_points(phantom)
    truth = truth_at(phantom, points)
    inside = np.ones(len(points), np.bool_)
    for name, placed in (("white", points), ("fluorescence", truth)):
        for axis, kept in enumerate((columns[name], rows[name])):
            inside &= (placed[:, axis] >= kept.start) & (placed[:, axis] <= kept.stop - 1)
    starts = {name: np.array([columns[name].start, rows[name].start]) for name in rows}
    mapped = found.white_to_fluorescence(2 * (points[inside] - starts["white"]) + 0.5)
    assert found.status is not RegistrationStatus.REFUSED
    assert np.median(np.linalg.norm(mapped - (truth[inside] - starts["fluorescence"]), axis=1)) < 2.0


@pytest.mark.slow
def test_a_refusal_of_pictures_of_other_shapes_says_their_shapes_and_what_to_do(
    pairs: list[tuple[Phantom, Registration]],
) -> None:
    phantom = pairs[0][0]
    squeezed = np.asarray(cv2.resize(phantom.fluorescence, (640, 360)), dtype=np.uint8)
    found = register(phantom.white, squeezed)
    assert found.status is RegistrationStatus.REFUSED
    assert found.cause == "the pictures do not show the same structures; they differ in shape (1:1 and 16:9)"
    advice = assess_pair(phantom.white, squeezed, found).advice
    assert "same woman at this visit and are as the camera took them, neither cut nor squeezed" in advice
    assert "shape" not in register(phantom.white, pairs[1][0].fluorescence).cause


@pytest.mark.slow
def test_two_women_are_refused_also_where_the_shapes_differ(pairs: list[tuple[Phantom, Registration]]) -> None:
    women = [phantom for phantom, _ in pairs]
    for first, second in zip(women, women[1:] + women[:1], strict=True):
        for white, fluorescence in (
            (first.white[84:300], second.fluorescence), (first.white, second.fluorescence[84:300]),
        ):  # fmt: skip
            found = register(np.ascontiguousarray(white), np.ascontiguousarray(fluorescence))
            assert found.status is RegistrationStatus.REFUSED


@pytest.mark.parametrize(
    ("size", "words"),
    [((1920, 1080), "16:9"), ((1080, 1920), "9:16"), ((1600, 1204), "4:3"), ((9, 9), "1:1"), ((1170, 1000), "1.17:1")],
)
def test_a_shape_is_called_by_its_usual_name(size: tuple[int, int], words: str) -> None:
    assert shape_words(size) == words


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != STRIP_KIND])
def test_a_pair_that_can_have_no_map_is_refused_with_a_reason(
    kind: str, pairs: list[tuple[Phantom, Registration]]
) -> None:
    phantom, random = pairs[0][0], np.random.default_rng(1)
    for white, fluorescence in (
        (KINDS[kind](phantom.white, random), phantom.fluorescence),
        (phantom.white, KINDS[kind](phantom.fluorescence, random)),
    ):
        found = register(white, fluorescence)
        assert found.status is RegistrationStatus.REFUSED
        assert found.reason
        assert np.isnan(found.white_to_fluorescence(np.array([[10.0, 10.0]]))).all()


@pytest.mark.parametrize("spoiled", ["white", "fluorescence"])
def test_a_narrow_strip_of_a_picture_is_never_put_in_the_wrong_place(
    spoiled: str, pairs: list[tuple[Phantom, Registration]]
) -> None:
    random = np.random.default_rng(1)
    for phantom, _ in pairs:
        pictures = {"white": phantom.white, "fluorescence": phantom.fluorescence}
        pictures[spoiled] = strip(pictures[spoiled], random)
        assert not tried(phantom, *pictures.values(), STRIP_KIND, Source(spoiled)).wild


def other_sensor(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A second sensor that lies on its side behind a stronger lens, and the map from the upright picture to it."""
    size = len(picture)
    turn = np.array([[0.0, -1.5, 0], [1.5, 0.0, 0], [0, 0, 1]])
    middle = np.array([(size - 1) / 2, (size - 1) / 2])
    turn[:2, 2] = middle - turn[:2, :2] @ middle
    seen = cv2.warpAffine(picture, turn[:2], (size, size), flags=cv2.INTER_LINEAR)
    return np.asarray(seen, np.uint8), turn


@pytest.mark.parametrize("kind", ["as it is", "a little off", "homography"])
def test_sensors_that_see_very_different_fields_are_registered_from_the_map_of_their_device(
    kind: str, pairs: list[tuple[Phantom, Registration]]
) -> None:
    for phantom, upright in pairs:
        turned, turn = other_sensor(phantom.fluorescence)
        assert register(phantom.white, turned).status is RegistrationStatus.REFUSED
        start = turn.copy()
        if kind == "a little off":
            start[:2, 2] += (0.06 * SIZE, -0.04 * SIZE)
        elif kind == "homography":
            middle = np.array([[1, 0, -SIZE / 2], [0, 1, -SIZE / 2], [0, 0, 1.0]])
            start = start @ np.linalg.inv(middle) @ np.array([[1, 0, 0], [0, 1, 0], [4e-4, 2e-4, 1.0]]) @ middle
        found = register(phantom.white, turned, start=start)
        points = cervix_points(phantom)
        truth = truth_at(phantom, points) @ turn[:2, :2].T + turn[:2, 2]
        seen = ((truth > 4) & (truth < SIZE - 5)).all(axis=1)
        error = np.linalg.norm(found.white_to_fluorescence(points) - truth, axis=1)[seen]
        assert found.status is not RegistrationStatus.REFUSED
        assert np.median(error) < 4
        assert upright.status is RegistrationStatus.OK


def test_a_map_to_start_from_makes_no_pair_of_two_women(pairs: list[tuple[Phantom, Registration]]) -> None:
    turned, turn = other_sensor(pairs[1][0].fluorescence)
    assert register(pairs[0][0].white, turned, start=turn).status is RegistrationStatus.REFUSED


def test_a_sure_registration_is_the_same_whatever_it_might_have_started_from(
    pairs: list[tuple[Phantom, Registration]],
) -> None:
    phantom, found = pairs[0]
    again = register(phantom.white, phantom.fluorescence, start=np.diag([2.0, 2.0, 1.0]))
    np.testing.assert_array_equal(again.matrix, found.matrix)


@pytest.mark.parametrize(
    "start",
    [np.eye(2), np.full((3, 3), np.nan), np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0.0]]), np.ones((3, 3))],
    ids=["two by two", "no numbers", "infinity", "singular"],
)
def test_a_start_that_is_no_map_is_said(start: NDArray[np.float64], pairs: list[tuple[Phantom, Registration]]) -> None:
    with pytest.raises(BadInputError, match="start from"):
        register(pairs[0][0].white, pairs[0][0].fluorescence, start=start)


def test_inverted_contrast_changes_little(pairs: list[tuple[Phantom, Registration]]) -> None:
    phantom = pairs[0][0]
    found = register(phantom.white, 255 - phantom.white)
    points = cervix_points(phantom)
    assert found.status is not RegistrationStatus.REFUSED
    assert np.median(np.linalg.norm(found.white_to_fluorescence(points) - points, axis=1)) < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", HARD)
def test_a_wrong_map_is_not_called_ok(seed: int) -> None:
    phantom = render(seed, size=1024)
    found = register(phantom.white, phantom.fluorescence)
    points = cervix_points(phantom)
    error = np.linalg.norm(found.white_to_fluorescence(points) - truth_at(phantom, points), axis=1)
    assert found.status is not RegistrationStatus.OK or np.percentile(error, 80) < 10


def test_the_same_pair_gives_the_same_registration(pairs: list[tuple[Phantom, Registration]]) -> None:
    phantom, found = pairs[1]
    again = register(phantom.white, phantom.fluorescence)
    np.testing.assert_array_equal(again.nodes, found.nodes)
    np.testing.assert_array_equal(again.matrix, found.matrix)


def test_the_same_picture_twice_stays_where_it_is(pairs: list[tuple[Phantom, Registration]]) -> None:
    white = pairs[0][0].white
    found = register(white, white)
    points = cervix_points(pairs[0][0])
    assert found.status is RegistrationStatus.OK
    assert np.median(np.linalg.norm(found.white_to_fluorescence(points) - points, axis=1)) < 0.2


def test_what_the_other_picture_does_not_show_is_absent(pairs: list[tuple[Phantom, Registration]]) -> None:
    phantom, found = pairs[0]
    outside = ~found.overlap_mask()
    assert 0.5 < found.overlap <= 1.0
    assert abs(found.overlap - (1 - outside.mean())) < 0.03
    warped = found.warp_to_white(np.full_like(phantom.fluorescence, 200))
    assert warped.shape == phantom.white.shape
    assert (warped[~outside] > 0).mean() > 0.99


def test_a_registration_comes_back_from_its_bytes(pairs: list[tuple[Phantom, Registration]]) -> None:
    phantom, found = pairs[0]
    again = Registration.from_bytes(found.to_bytes())
    points = cervix_points(phantom)
    np.testing.assert_array_equal(again.white_to_fluorescence(points), found.white_to_fluorescence(points))
    assert again.summary() == found.summary()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"\x80\x04pickle"])
def test_damaged_bytes_are_refused(damage: bytes) -> None:
    with pytest.raises(BadInputError, match="register the pair again"):
        Registration.from_bytes(damage)


def test_bytes_cut_short_are_refused(pairs: list[tuple[Phantom, Registration]]) -> None:
    data = pairs[0][1].to_bytes()
    with pytest.raises(BadInputError):
        Registration.from_bytes(data[: len(data) // 2])


def test_a_folding_field_is_damped_until_it_does_not_fold() -> None:
    wild = np.random.default_rng(1).normal(size=(12, 16, 2)) * 30
    assert jacobian(wild, (24.0, 24.0)).min() < 0
    assert jacobian(without_folds(wild, (24.0, 24.0)), (24.0, 24.0)).min() > 0


def test_no_registration_folds_the_tissue(pairs: list[tuple[Phantom, Registration]]) -> None:
    for _, found in pairs:
        rows, columns = found.nodes.shape[:2]
        spacing = (SIZE - 1) / (columns - 1), (SIZE - 1) / (rows - 1)
        assert jacobian(found.nodes.astype(np.float64), spacing).min() > 0
        assert np.abs(found.nodes).max() > 0


SIZES = {"white_size": (100, 80), "fluorescence_size": (100, 80)}


def test_three_points_are_affine() -> None:
    white = np.array([[10.0, 10], [60, 20], [30, 70]])
    target = white @ np.array([[0.0, -1.0], [1.0, 0.0]]).T + [90, 5]
    found = from_points(white, target, **SIZES)
    assert found.by_hand
    np.testing.assert_allclose(found.white_to_fluorescence(white), target, atol=1e-9)
    assert len(found.residuals) == 3


def test_without_a_pair_there_is_no_registration() -> None:
    with pytest.raises(BadInputError, match="no pair of points"):
        from_points(CORNERS[:0], CORNERS[:0], **SIZES)


def test_one_pair_only_shifts_and_says_so() -> None:
    found = from_points(CORNERS[:1], CORNERS[:1] + np.array([7, -4]), **SIZES)
    assert (found.status, found.error_px) == (RegistrationStatus.CHECK, None)
    assert "1 point only shifts" in found.reason
    np.testing.assert_allclose(found.white_to_fluorescence(CORNERS), CORNERS + np.array([7, -4]), atol=1e-9)


def test_one_pair_of_pictures_of_two_sizes_keeps_their_scale() -> None:
    found = from_points(CORNERS[:1], CORNERS[:1] * 2, white_size=(100, 80), fluorescence_size=(200, 160))
    np.testing.assert_allclose(found.white_to_fluorescence(CORNERS), CORNERS * 2, atol=1e-9)


def test_two_pairs_shift_turn_and_scale_and_never_mirror() -> None:
    turn = 1.2 * np.array([[0.8, -0.6], [0.6, 0.8]])
    found = from_points(CORNERS[:2], CORNERS[:2] @ turn.T + [3, 9], **SIZES)
    assert (found.status, found.error_px) == (RegistrationStatus.CHECK, None)
    np.testing.assert_allclose(found.white_to_fluorescence(CORNERS), CORNERS @ turn.T + [3, 9], atol=1e-9)
    assert np.linalg.det(found.matrix[:2, :2]) == pytest.approx(1.44)
    with pytest.raises(BadInputError, match="on top of each other"):
        from_points(np.ones((2, 2)), CORNERS[:2], **SIZES)


def _swelling(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth bend of a few pixels."""
    away = np.exp(-((points - [50, 40]) ** 2).sum(axis=1) / (2 * 25**2))
    return points + 4 * away[:, None] * [1.0, 0.6] + [2, 3]


SPREAD = np.array([[x, y] for y in (8.0, 40, 72) for x in (8.0, 36, 64, 92)])


def test_six_or_more_pairs_bend_the_map_and_both_ways_agree() -> None:
    target = _swelling(SPREAD)
    bent, straight = from_points(SPREAD, target, **SIZES), from_points(SPREAD[:5], target[:5], **SIZES)
    asked = np.random.default_rng(1).uniform([5, 5], [95, 75], (300, 2))
    errors = {
        name: float(np.median(np.linalg.norm(found.white_to_fluorescence(asked) - _swelling(asked), axis=1)))
        for name, found in (("bent", bent), ("straight", straight))
    }
    assert errors["bent"] < 0.4 * errors["straight"]
    there = bent.white_to_fluorescence(asked)
    np.testing.assert_allclose(bent.fluorescence_to_white(there), asked, atol=0.1)
    assert not straight.nodes.any()


def test_the_bend_is_the_smoothed_thin_plate_spline_of_scipy() -> None:
    from scipy.interpolate import RBFInterpolator

    target = _swelling(SPREAD)
    smooth = {"kernel": "thin_plate_spline", "degree": 1, "smoothing": landmarks.SMOOTHING}
    theirs = RBFInterpolator(SPREAD / 100, target, **smooth)
    asked = np.random.default_rng(2).uniform([0, 0], [100, 80], (200, 2))
    ours = landmarks._spline(SPREAD, target, SIZES["white_size"])(asked)
    np.testing.assert_allclose(ours, theirs(asked / 100), atol=1e-8)


def test_six_points_do_not_load_half_of_scipy() -> None:
    code = (
        "import sys; import numpy as np; from pfm_desktop.imaging.registration import from_points;"
        "p = np.array([[1.0, 1], [90, 5], [50, 70], [20, 40], [70, 40], [40, 20]]);"
        "from_points(p, p + 3, white_size=(100, 80), fluorescence_size=(100, 80));"
        "assert 'scipy.interpolate' not in sys.modules, 'the window would wait for it'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_points_that_would_fold_the_picture_give_a_map_without_folds_and_a_warning() -> None:
    target = SPREAD.copy()
    target[[5, 6]] = target[[6, 5]]  # two neighbours exchanged
    found = from_points(SPREAD, target, **SIZES)
    rows, columns = found.nodes.shape[:2]
    assert jacobian(found.nodes.astype(np.float64), (99 / (columns - 1), 79 / (rows - 1))).min() > 0
    assert found.status is RegistrationStatus.CHECK
    assert "fold the picture" in found.reason


def test_of_many_points_a_misplaced_one_has_the_largest_residual() -> None:
    target = _swelling(SPREAD)
    target[7] += [9, 0]
    assert int(np.argmax(from_points(SPREAD, target, **SIZES).residuals)) == 7


def test_a_misplaced_point_shows_in_its_residual() -> None:
    white = np.array([[0.0, 0], [90, 0], [0, 70], [90, 70], [45, 35]])
    target = white.copy()
    target[4] += [20, 0]
    residuals = from_points(white, target, **SIZES).residuals
    assert int(np.argmax(residuals)) == 4


CORNERS = np.array([[5.0, 5], [90, 8], [10, 70], [85, 75]])


def test_three_points_always_fit_so_their_error_is_not_known() -> None:
    found = from_points(CORNERS[:3], CORNERS[:3] * 0.9, **SIZES)
    assert (found.status, found.error_px) == (RegistrationStatus.CHECK, None)
    assert "error not known" in found.reason
    assert Registration.from_bytes(found.to_bytes()).summary() == found.summary()


def test_four_points_that_bear_each_other_out_are_ok_and_four_that_do_not_are_not() -> None:
    good = from_points(CORNERS, CORNERS + 3, **SIZES)
    assert good.status is RegistrationStatus.OK
    assert good.error_px == pytest.approx(0, abs=1e-6)
    bent = CORNERS + np.array([[0, 0], [0, 0], [0, 0], [8, 0]])
    found = from_points(CORNERS, bent, **SIZES)
    assert found.status is RegistrationStatus.CHECK
    assert found.error_px == pytest.approx(np.median(left_out(CORNERS, bent)))


def left_out(white: NDArray[np.float64], target: NDArray[np.float64]) -> list[float]:
    """Errors of each point under the map of the others, one fit each."""
    errors = []
    for one in range(len(white)):
        found = from_points(np.delete(white, one, 0), np.delete(target, one, 0), **SIZES)
        errors.append(float(np.linalg.norm(found.white_to_fluorescence(white[[one]]) - target[one])))
    return errors


@pytest.mark.parametrize("count", [4, 5, 6, 7, 8])
def test_each_point_is_compared_with_where_the_others_put_it(count: int) -> None:
    white = np.vstack([CORNERS, [[40.0, 20.0], [60.0, 50.0], [20.0, 40.0], [70.0, 30.0]]])[:count]
    target = white + np.random.default_rng(3).normal(0, 2, white.shape)
    # a bent map is kept on a grid, a little off the spline
    assert from_points(white, target, **SIZES).residuals == pytest.approx(
        left_out(white, target), rel=1e-6 if count <= 6 else 0.15
    )


def test_one_point_beside_a_line_leaves_the_error_unknown() -> None:
    white = np.array([[0.0, 0], [30, 30], [60, 60], [10, 50]])
    found = from_points(white, white, **SIZES)
    assert (found.status, found.error_px) == (RegistrationStatus.CHECK, None)


@pytest.mark.slow
def test_points_on_the_same_woman_agree_with_the_structures_and_on_two_women_do_not(
    pairs: list[tuple[Phantom, Registration]],
) -> None:
    spots = np.array([[120.0, 110], [260, 120], [130, 260], [255, 270]])
    sizes = {"white_size": (SIZE, SIZE), "fluorescence_size": (SIZE, SIZE)}
    women = [phantom for phantom, _ in pairs]
    for phantom, other in zip(women, women[1:] + women[:1], strict=True):
        same = from_points(spots, truth_at(phantom, spots), **sizes)
        assert compared(phantom.white, phantom.fluorescence, same) is same
        small = (cv2.resize(picture, (256, 256)) for picture in (phantom.white, phantom.fluorescence))
        assert structures_agree(*small, same) is Agreement.YES
        wrong = from_points(spots, spots + 4, **sizes)
        assert wrong.status is RegistrationStatus.OK
        found = compared(phantom.white, other.fluorescence, wrong)
        assert (found.status, found.error_px) == (RegistrationStatus.CHECK, None)
        assert found.summary().for_looking_only
        assert not same.summary().for_looking_only
        assert structures_agree(phantom.white, phantom.fluorescence, found) is Agreement.NO  # found once, it stays so


def test_too_little_overlap_is_still_said_where_points_do_not_agree(
    pairs: list[tuple[Phantom, Registration]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def apart(*_: object, **__: object) -> Registration:
        return refused("too little overlap. Place 4 points", (SIZE, SIZE), (SIZE, SIZE))

    monkeypatch.setattr(by_hand, "register", apart)
    spots = np.array([[120.0, 110], [260, 120], [130, 260]])
    wrong = from_points(spots, spots + 4, white_size=(SIZE, SIZE), fluorescence_size=(SIZE, SIZE))
    found = compared(pairs[0][0].white, pairs[1][0].fluorescence, wrong)
    assert found.reason == f"{DISAGREE}; without points: too little overlap"


def test_pictures_without_anything_to_compare_leave_it_open_whether_they_agree(
    pairs: list[tuple[Phantom, Registration]],
) -> None:
    even = np.full((80, 100, 3), 90, np.uint8)
    fitted = from_points(CORNERS, CORNERS, **SIZES)
    away = from_points(CORNERS, CORNERS + 900, **SIZES)
    small = np.ascontiguousarray(pairs[0][0].white[:80, :100])
    for white, fluorescence, found in (
        (even, even, fitted), (small, even, fitted), (small, small, away), (small[:9], small, fitted),
    ):  # fmt: skip
        assert structures_agree(white, fluorescence, found) is Agreement.UNKNOWN
    found = compared(even, even, fitted)
    assert (found.status, found.error_px) == (RegistrationStatus.CHECK, None)
    assert "too few structures" in found.reason
    assert not found.summary().for_looking_only


@pytest.mark.parametrize("white", [[], [[5.0, 5]] * 3, [[0.0, 0], [10, 10], [20, 20]]])
def test_points_that_fix_nothing_are_refused(white: list[list[float]]) -> None:
    with pytest.raises(BadInputError):
        from_points(np.array(white), np.array(white), **SIZES)


def test_a_point_that_is_no_number_is_said() -> None:
    found = from_points(CORNERS, CORNERS, **SIZES)
    for mapped in (found.white_to_fluorescence, found.fluorescence_to_white):
        with pytest.raises(BadInputError, match="not a finite number"):
            mapped(np.array([[np.nan, 1.0]]))


def test_spots_lie_on_both_pictures_where_the_map_has_them_and_apart(
    pairs: list[tuple[Phantom, Registration]],
) -> None:
    for phantom, found in pairs:
        white, lit = spots(phantom.white, found)
        assert 3 <= len(white) <= 6
        np.testing.assert_allclose(found.white_to_fluorescence(white), lit, atol=1e-6)
        for points, (width, height) in ((white, found.white_size), (lit, found.fluorescence_size)):
            assert (points > 0).all()
            assert (points < [width - 1, height - 1]).all()
        apart = np.linalg.norm(white[:, None] - white[None], axis=2) + 1e9 * np.eye(len(white))
        assert apart.min() > 0.11 * SIZE


def test_a_refused_registration_has_no_spots() -> None:
    white, lit = spots(np.zeros((64, 64, 3), np.uint8), refused("no", (64, 64), (64, 64)))
    assert len(white) == len(lit) == 0
