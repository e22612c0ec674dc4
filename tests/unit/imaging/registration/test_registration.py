"""Promises of a registration, on phantoms with exact truth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.registration import Registration, from_points, register
from pfm_desktop.imaging.registration.flow import jacobian, without_folds
from pfm_desktop.support.errors import BadInputError

SIZE = 384
SEEDS = (10000, 10001, 10003)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Phantom, Registration]]:
    drawn = [render(seed, size=SIZE) for seed in SEEDS]
    return [(phantom, register(phantom.white, phantom.fluorescence)) for phantom in drawn]


def cervix_points(phantom: Phantom) -> NDArray[np.float64]:
    rows, columns = np.where(phantom.overlap & phantom.cervix)
    chosen = np.random.default_rng(0).choice(len(rows), 500)
    return np.column_stack([columns[chosen], rows[chosen]]).astype(np.float64)


def test_a_point_lands_on_the_same_tissue(pairs: list[tuple[Phantom, Registration]]) -> None:
    for phantom, found in pairs:
        points = cervix_points(phantom)
        truth = phantom.white_to_fluorescence[points[:, 1].astype(int), points[:, 0].astype(int)]
        error = np.linalg.norm(found.white_to_fluorescence(points) - truth, axis=1)
        assert found.status is RegistrationStatus.OK
        assert np.median(error) < 2.0


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
    assert "Place 3 points" in found.reason


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (31, 31)])
def test_a_tiny_picture_is_refused_with_a_reason(shape: tuple[int, int]) -> None:
    tiny = np.full((*shape, 3), 90, np.uint8)
    found = register(tiny, tiny)
    assert found.status is RegistrationStatus.REFUSED
    assert found.reason


def test_a_black_picture_is_refused_by_name(pairs: list[tuple[Phantom, Registration]]) -> None:
    found = register(pairs[0][0].white, np.zeros((SIZE, SIZE, 3), np.uint8))
    assert found.status is RegistrationStatus.REFUSED
    assert "fluorescence" in found.reason


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
    wild = (np.random.default_rng(1).normal(size=(64, 64, 2)) * 12).astype(np.float32)
    assert jacobian(wild).min() < 0
    assert jacobian(without_folds(wild)).min() > 0


SIZES = {"white_size": (100, 80), "fluorescence_size": (100, 80)}


def test_one_point_shifts_two_turn_three_are_affine() -> None:
    white = np.array([[10.0, 10], [60, 20], [30, 70]])
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    for count in (1, 2, 3):
        target = white @ turn.T + [90, 5]
        found = from_points(white[:count], target[:count], **SIZES)
        assert found.by_hand
        np.testing.assert_allclose(found.white_to_fluorescence(white[:count]), target[:count], atol=1e-9)
        assert len(found.residuals) == count


def test_a_misplaced_point_shows_in_its_residual() -> None:
    white = np.array([[0.0, 0], [90, 0], [0, 70], [90, 70], [45, 35]])
    target = white.copy()
    target[4] += [20, 0]
    residuals = from_points(white, target, **SIZES).residuals
    assert int(np.argmax(residuals)) == 4


@pytest.mark.parametrize("white", [[], [[5.0, 5], [5, 5]], [[0.0, 0], [10, 10], [20, 20]]])
def test_points_that_fix_nothing_are_refused(white: list[list[float]]) -> None:
    with pytest.raises(BadInputError):
        from_points(np.array(white), np.array(white), **SIZES)
