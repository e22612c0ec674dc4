"""Maps of peak and persistence, and how they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.whitening.maps import BIN_S, Maps, limit, maps, overlay
from pfm_desktop.imaging.whitening.stabilise import Steadied
from pfm_desktop.support.errors import BadInputError
from tests.unit.imaging.whitening.test_curve import in_light, normal_of

pytestmark = pytest.mark.slow

Frames = tuple[Steadied, ...]


def seen(film: PhantomFilm, mask: NDArray[np.bool_], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a map says within a mask of the frame."""
    y, x = np.mgrid[0 : values.shape[0], 0 : values.shape[1]]
    up = film.height / values.shape[0]
    return values[mask[(y * up + up / 2).astype(int), (x * up + up / 2).astype(int)]]


@pytest.fixture(scope="module")
def found(frames: Frames) -> Maps:
    return maps(frames)


def test_the_lesion_is_what_stands_out(film: PhantomFilm, found: Maps) -> None:
    true = film.truth(film.lesion, [film.kinetics.peak_s])[0]
    assert np.nanmedian(seen(film, film.lesion, found.peak)) == pytest.approx(true, rel=0.2)
    assert np.nanpercentile(np.abs(seen(film, film.normal, found.peak)), 90) < 1.5


def test_persistence_is_the_time_over_half_of_the_peak(film: PhantomFilm, found: Maps) -> None:
    seconds = np.arange(0, found.until_s)
    true = film.truth(film.lesion, seconds)
    lasted = float((true >= true.max() / 2).sum())
    assert np.nanmedian(seen(film, film.lesion, found.persistence)) == pytest.approx(lasted, abs=4 * BIN_S)
    assert np.isnan(seen(film, film.normal, found.persistence)).mean() > 0.8


def test_where_no_light_reaches_nothing_is_known(found: Maps) -> None:
    assert np.isnan(found.peak[:, :10]).all()
    assert np.isfinite(found.peak).mean() > 0.3


@pytest.mark.parametrize("named", [False, True])
def test_a_drifting_lamp_is_taken_out(film: PhantomFilm, frames: Frames, found: Maps, named: bool) -> None:
    drifting = in_light(frames, [1 + 0.12 * np.sin(one.seconds / 25) for one in frames])
    again = maps(drifting, normal_of(film) if named else None)
    assert np.nanmedian(np.abs(again.peak - found.peak)) < 0.5


def test_frames_over_too_short_a_time_make_no_map(frames: Frames) -> None:
    for few in ((), frames[:3], frames[:9]):
        with pytest.raises(BadInputError, match="20 seconds"):
            maps(few)


def test_a_legend_ends_at_a_round_number() -> None:
    assert limit(np.array([0.5, 7.3, np.nan], np.float32)) == 10
    assert limit(np.full((4, 4), np.nan, np.float32)) == 5
    assert limit(np.full((4, 4), 9000, np.float32)) == 600


def test_an_overlay_is_clear_where_little_or_nothing_is_known() -> None:
    values = np.array([[np.nan, np.nan, 0.0, 0.0, 10.0, 10.0]] * 4, np.float32)
    drawn = overlay(values, (60, 40), high=10.0, opacity=0.6)
    assert drawn.shape == (40, 60, 4)
    assert drawn.dtype == np.uint8
    assert (drawn[20, :, 3][[2, 28]] == 0).all()
    assert drawn[20, 57, 3] == round(0.6 * 255)
    assert drawn[20, 57, 0] > 200
