"""The truth that registration is held to, and how it is counted."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import registration
from benchmarks.registration_parts import peers
from benchmarks.registration_parts.moved import LIGHTS, Motion, moved
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.registration.features import structure

pytestmark = pytest.mark.slow

OK, REFUSED = RegistrationStatus.OK, RegistrationStatus.REFUSED


def picture(seed: int = 0, side: int = 160, blobs: int = 60) -> np.ndarray:
    """Blobs of some colours, smooth enough that a pixel's neighbours say where it is."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side]
    plane = np.zeros((side, side))
    for _ in range(blobs):
        cx, cy, size = random.uniform(0, side), random.uniform(0, side), random.uniform(4, 14)
        plane += random.uniform(-1, 1) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * size**2))
    plane = (plane - plane.min()) / np.ptp(plane)
    return (40 + 180 * plane[..., None] * [1.0, 0.7, 0.75]).astype(np.uint8)


@pytest.mark.parametrize("largest", [False, True])
def test_the_truth_of_a_moved_picture_is_where_its_pixels_went(largest: bool) -> None:
    shown = picture()
    second = moved(shown, Motion(0.1, 12, 0.1, 6), np.random.default_rng(1), largest=largest)
    y, x = np.mgrid[30:130:7, 30:130:7]
    points = np.column_stack([x.ravel(), y.ravel()]).astype(float)
    there = second.truth(points)
    inside = (there > 3).all(axis=1) & (there < 156).all(axis=1)
    at = np.rint(there[inside]).astype(int)
    before = shown[points[inside][:, 1].astype(int), points[inside][:, 0].astype(int)].astype(float)
    after = second.pixels[at[:, 1], at[:, 0]].astype(float)
    assert inside.sum() > 60
    assert np.abs(before - after).mean() < 4
    assert np.linalg.norm(there - points, axis=1).max() > 5


def test_with_all_of_a_motion_it_is_all_of_it() -> None:
    second = moved(picture(), Motion(0.25, 0, 0, 0), np.random.default_rng(2), largest=True)
    away = second.truth(np.array([[80.0, 80.0]])) - [80, 80]
    assert np.linalg.norm(away) == pytest.approx(40)


@pytest.mark.parametrize("name", LIGHTS)
def test_every_light_keeps_size_and_structure(name: str) -> None:
    shown = picture(3)
    seen = LIGHTS[name](shown, np.random.default_rng(0))
    assert seen.shape == shown.shape
    assert seen.dtype == np.uint8
    one, other = (structure(of, side=160).planes[..., 0] for of in (shown, seen))
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.2
    if name != "another frame":
        assert np.abs(seen.astype(int) - shown).mean() > 5


@pytest.mark.parametrize("name", ["ours", "SIFT + RANSAC", "ECC on gradients", "phase correlation"])
def test_every_way_finds_a_plain_shift(name: str) -> None:
    whole = picture(5, 400, blobs=900)
    white, other = whole[20:340, 20:340], whole[12:332, 26:346]
    found = peers.at_hand()[name](np.ascontiguousarray(white), np.ascontiguousarray(other))
    assert found is not None
    points = np.array([[100.0, 100.0], [200.0, 150.0]])
    np.testing.assert_allclose(found.to_fluorescence(points) - points, np.tile([-6.0, 8.0], (2, 1)), atol=1.5)
    assert found.accepted


@pytest.mark.parametrize("name", ["SIFT + RANSAC", "ECC on gradients", "phase correlation", "ours"])
def test_no_way_stands_by_what_it_made_of_nothing(name: str) -> None:
    blank = np.full((200, 200, 3), 90, np.uint8)
    found = peers.at_hand()[name](blank, blank)
    assert found is None or not found.accepted


def test_ways_whose_packages_are_missing_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert set(peers.at_hand()) == {"ours", "SIFT + RANSAC", "ECC on gradients", "phase correlation"}


def one(status: RegistrationStatus = OK, median: float = 1.0, overlap: float = 0.9) -> registration.Measured:
    nothing = status is REFUSED
    return registration.Measured(
        status, np.nan if nothing else median, 2 * median, np.nan if nothing else 1.2, overlap, 0.1, 0.01, 0.8
    )


def test_what_was_accepted_too_far_off_and_refused_without_need_is_counted() -> None:
    measured = [one(), one(median=12.0), one(REFUSED), one(REFUSED, overlap=0.4)]
    lines = list(registration.lines_of_ours(measured, [REFUSED, OK], [[0.2], [0.5]], 1024))
    assert all(line.startswith("on phantoms") for line in lines)
    assert "over 10 px accepted as ok 1, check 0, refused 2, of these with 60 % overlap or more 1, of 4" in lines[1]
    assert "two women not refused 1 of 2" in lines[2]
    assert "1 of 2" in lines[3], "the estimate of 1.2 px is of the second more than a factor of two off"
    assert "0.010 px off, least Jacobian of a field 0.80" in lines[4]
    assert "0.20 at 1920 x 1080, 0.50 at 3840 x 2160" in lines[5]


def test_a_way_that_finds_nothing_is_no_failure_that_it_stands_by() -> None:
    tries = [registration.Try(1.0, True, 0.1), registration.Try(np.nan, False, 0.1), registration.Try(40.0, True, 0.1)]
    line = registration.line_of_way("w", tries)
    assert "under 3 px 1, over 10 px or nothing 2, of these accepted 1" in line
    assert "median error none" in registration.line_of_way("w", [registration.Try(np.nan, False, 0.1)])


def test_no_spent_seed_is_measured_again() -> None:
    seeds = range(registration.FIRST_SEED, registration.FIRST_SEED + 200)
    assert not set(seeds) & {*range(10_000, 10_150), *range(500_000, 500_050), *range(730_000, 730_050)}
