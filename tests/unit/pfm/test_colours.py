"""Colours of devices: what matches them, and which device a picture is taken for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pfm_desktop.pfm.colours import (
    MOST_GAIN,
    Colours,
    changes_little,
    colours_of,
    from_table,
    match,
    matches,
    moments,
    nearest,
    products,
    to_table,
)

MIX = np.array([[0.7, 0.2, 0.1], [0.15, 0.7, 0.1], [0.1, 0.2, 0.6]])


def pictures(count: int = 30, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """N x 3 x 16 x 16 intensities and where they are seen."""
    random = np.random.default_rng(seed)
    base = np.array([0.6, 0.4, 0.45])[:, None, None]
    planes = base + random.normal(0, 0.05, (count, 3, 1, 1)) + random.normal(0, 0.1, (count, 3, 16, 16))
    seen = np.zeros((count, 16, 16), np.float32)
    seen[:, 2:14, 3:] = 1
    return planes.astype(np.float32), seen


def measured(planes: np.ndarray, seen: np.ndarray, weights: np.ndarray | None = None) -> Colours:
    rows = np.concatenate((moments(planes, seen), products(planes, seen)), axis=1)
    return colours_of(rows, np.ones(len(planes)) if weights is None else weights)


def mixed(planes: np.ndarray) -> np.ndarray:
    return (np.einsum("ij,njhw->nihw", MIX, planes) * 0.8 - 0.02).astype(np.float32)


def test_moments_are_of_what_is_seen_and_the_same_for_numpy_and_torch() -> None:
    planes, seen = pictures(4)
    planes[:, :, :2] = 9.0  # not seen
    said = moments(planes, seen)
    inside = planes[1][:, seen[1] > 0]
    np.testing.assert_allclose(said[1], [*inside.mean(axis=1), *inside.std(axis=1)], rtol=1e-4)
    np.testing.assert_allclose(moments(torch.from_numpy(planes), torch.from_numpy(seen)), said, rtol=1e-5)
    np.testing.assert_allclose(products(planes, seen)[1].reshape(3, 3), inside @ inside.T / inside.shape[1], rtol=1e-4)
    assert not moments(planes, np.zeros_like(seen)).any(), "a picture that shows nothing"


def test_pictures_of_another_device_have_mean_and_covariance_of_the_first_after_it() -> None:
    planes, seen = pictures(200)
    first, other = measured(planes, seen), measured(mixed(planes), seen)
    found = match(other, first)
    turned = np.einsum("ij,njhw->nihw", found.matrix, mixed(planes)) + found.shift[:, None, None]
    again = measured(turned, seen)
    np.testing.assert_allclose(again.mean, first.mean, atol=1e-5)
    np.testing.assert_allclose(again.covariance, first.covariance, atol=3e-3)  # up to `NOISE`
    assert not changes_little(found)


def test_nothing_is_made_of_one_and_the_same_device() -> None:
    one = measured(*pictures())
    found = match(one, one)
    np.testing.assert_allclose(found.matrix, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(found.shift, 0, atol=1e-9)
    assert changes_little(found)
    assert np.array_equal(matches((one,))[0].matrix, np.eye(3))


def test_what_a_filter_leaves_dark_is_not_made_bright_without_end() -> None:
    planes, seen = pictures()
    dark = planes * np.array([0.0, 1.0, 0.001], np.float32)[:, None, None]
    found = match(measured(dark, seen), measured(planes, seen))
    assert np.isfinite(found.matrix).all()
    assert np.linalg.eigvalsh(found.matrix).max() <= MOST_GAIN + 1e-9


def test_a_picture_is_taken_for_the_device_whose_pictures_it_is_like() -> None:
    planes, seen = pictures(200)
    devices = (measured(planes[:100], seen[:100]), measured(mixed(planes[:100]), seen[:100]))
    rest, shown = planes[100:], seen[100:]
    assert not nearest(devices, moments(rest, shown)).any()
    assert nearest(devices, moments(mixed(rest), shown)).all()


def test_each_picture_counts_as_much_as_its_weight() -> None:
    planes, seen = pictures(40)
    planes[:10] += 0.2
    weights = np.where(np.arange(40) < 10, 3.0, 1.0)
    said = measured(planes, seen, weights)
    np.testing.assert_allclose(said.mean, weights @ moments(planes, seen)[:, :3] / weights.sum(), rtol=1e-6)
    assert said.cases == 40


def test_colours_come_back_from_their_table() -> None:
    devices = (measured(*pictures()), measured(*pictures(seed=1)))
    assert from_table(to_table(devices)) == devices
    assert from_table([]) == ()


@pytest.mark.parametrize("count", [1, 2])
def test_a_device_of_hardly_any_picture_can_still_be_asked(count: int) -> None:
    planes, seen = pictures(count)
    assert np.isfinite(measured(planes, seen).unlike(moments(planes, seen))).all()
