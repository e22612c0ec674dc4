"""Beginning, peak and fading of a curve, whatever its shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.imaging.whitening.kinetics import course, smoothed

Floats = NDArray[np.float64]
ONSET, PEAK_S, HALF_S = 14.0, 70.0, 140.0


def steep(seconds: Floats) -> Floats:
    """As the generator's own lesions: fast at first, then slower and slower; fades from the peak on."""
    rise = 1 - np.exp(-np.maximum(seconds - ONSET, 0) / 22.0)
    top = 1 - np.exp(-(PEAK_S - ONSET) / 22.0)
    fading = 0.5 ** (np.maximum(seconds - PEAK_S, 0) / (HALF_S - PEAK_S))
    return np.minimum(rise, top) / top * fading


def even(seconds: Floats) -> Floats:
    """Straight up, straight down."""
    up = np.clip((seconds - ONSET) / (PEAK_S - ONSET), 0, 1)
    return np.where(seconds < PEAK_S, up, np.clip(1 - (seconds - PEAK_S) / (2 * (HALF_S - PEAK_S)), 0, 1))


def rounded(seconds: Floats) -> Floats:
    """Flattening towards its peak, which is round."""
    up = 1 - np.clip((PEAK_S - seconds) / (PEAK_S - ONSET), 0, 1) ** 2
    return np.where(seconds < PEAK_S, up, 0.5 ** (np.maximum(seconds - PEAK_S, 0) / (HALF_S - PEAK_S)) ** 1.5)


def moments(rate: float, *, seed: int = 3) -> Floats:
    """Seconds of frames with jitter, a tenth missing and a hole of 8 s."""
    rng = np.random.default_rng(seed)
    at = np.arange(0, 180, 1 / rate)
    at[1:] += rng.uniform(-0.3, 0.3, len(at) - 1) / rate
    kept = rng.random(len(at)) > 0.1
    kept[0] = True
    return at[kept & ~((at > 40) & (at < 48))]


@pytest.mark.parametrize("rate", [1.0, 2.0])
@pytest.mark.parametrize("shape", [steep, even, rounded])
def test_onset_peak_and_half_of_a_noisy_curve_with_holes(shape: Callable[[Floats], Floats], rate: float) -> None:
    seconds = moments(rate)
    rng = np.random.default_rng(4)
    found = course(seconds, 8.0 * shape(seconds) + rng.normal(0, 0.15, len(seconds)) + 0.7)
    assert found.onset_s == pytest.approx(ONSET, abs=2)
    assert found.peak == pytest.approx(8.0, rel=0.05)
    assert found.peak_s == pytest.approx(PEAK_S, abs=8)
    assert found.half_s == pytest.approx(HALF_S, abs=4)
    assert found.start == pytest.approx(0.7, abs=0.2)


def test_frames_that_lie_far_off_change_nothing() -> None:
    seconds = moments(1.0)
    values = 8.0 * rounded(seconds)
    plain = course(seconds, values)
    spoiled = values.copy()
    spoiled[[6, 25, 26, 60, 61, 90]] += [40, -30, -30, 50, 50, 40]
    found = course(seconds, spoiled)
    assert found.onset_s == pytest.approx(plain.onset_s, abs=1)
    assert found.peak == pytest.approx(plain.peak, rel=0.03)


@pytest.mark.parametrize("values", [np.zeros(60), np.random.default_rng(1).normal(0, 0.5, 60), np.linspace(0, -6, 60)])
def test_where_nothing_whitens_there_is_no_onset_and_no_peak(values: Floats) -> None:
    found = course(np.arange(60.0), values)
    assert (found.onset_s, found.peak, found.peak_s, found.half_s) == (None, None, None, None)


def test_a_short_bump_is_no_beginning() -> None:
    seconds = np.arange(0, 120.0)
    values = 8.0 * rounded(seconds)
    values[5:8] += 3.0
    found = course(seconds, values)
    assert found.onset_s == pytest.approx(ONSET, abs=2)


def test_what_has_not_faded_to_half_has_no_half_time() -> None:
    seconds = np.arange(0, 120.0)
    assert course(seconds, 8.0 * rounded(seconds)).half_s is None


def test_a_rise_that_was_on_when_the_frames_began_has_no_onset_but_a_peak() -> None:
    seconds = np.arange(30, 170.0)
    found = course(seconds, 8.0 * rounded(seconds))
    assert found.onset_s is None
    assert found.peak == pytest.approx(8.0 * (1 - rounded(np.array([30.5]))[0]), rel=0.1)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_frames_say_nothing_yet(count: int) -> None:
    found = course(np.arange(float(count)), np.arange(float(count)) * 10)
    assert found.peak is None
    assert len(found.smooth) == count


def test_frames_of_one_moment_are_no_error() -> None:
    seconds = np.repeat(np.arange(0, 60.0), 3)
    assert np.isfinite(smoothed(seconds, np.sin(seconds))).all()
    assert course(np.zeros(30), np.arange(30.0)).onset_s is None


def test_where_frames_are_missing_beside_a_bend_the_peak_is_not_above_what_was_seen() -> None:
    whole = np.arange(0.0, 120.0)
    truth = 14.0 * np.clip((whole - 10.0) / 40.0, 0.0, 1.0) ** 0.6 * np.where(whole > 60, 0.985 ** (whole - 60), 1.0)
    highest = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        keep = np.sort(rng.choice(len(whole), 45, replace=False))
        seen = truth[keep] + rng.normal(0.0, 0.2, len(keep))
        found = course(whole[keep], seen)
        assert found.peak is not None
        assert found.peak + found.start <= seen.max() + 1e-9
        highest.append(found.peak / 14.0)
    assert np.median(np.abs(np.array(highest) - 1.0)) < 0.05
