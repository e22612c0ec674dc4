"""The curve of a place: against the truth of the film, with a drifting lamp, and with places that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.imaging.whitening.curve import disc, mask_of, whitening
from pfm_desktop.imaging.whitening.stabilise import UNKNOWN, Steadied
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

Frames = tuple[Steadied, ...]


def middle_of(mask: NDArray[np.bool_]) -> tuple[tuple[float, float], float]:
    """Centre and radius of the largest disc within a mask."""
    away = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    y, x = np.unravel_index(int(away.argmax()), away.shape)
    return (float(x), float(y)), float(away.max())


def lesion_of(film: PhantomFilm) -> tuple[tuple[float, float], ...]:
    centre, radius = middle_of(film.lesion)
    return disc(centre, 0.9 * radius)


def normal_of(film: PhantomFilm) -> tuple[tuple[float, float], ...]:
    centre, radius = middle_of(film.normal)
    return disc(centre, min(radius, 15.0))


def in_light(frames: Frames, factors: Sequence[float]) -> Frames:
    """The same frames, each with so much more or less light: L* + 16 grows by the factor's cube root."""
    lit = []
    for frame, factor in zip(frames, factors, strict=True):
        raised = (frame.light / 2.55 + 16) * factor ** (1 / 3) - 16
        light = np.clip(np.round(raised * 2.55), 1, 255).astype(np.uint8)
        lit.append(replace(frame, light=np.where(frame.light == UNKNOWN, np.uint8(UNKNOWN), light)))
    return tuple(lit)


def test_onset_and_peak_of_a_moving_woman_are_those_of_the_film(film: PhantomFilm, frames: Frames) -> None:
    region = lesion_of(film)
    found = whitening(frames, region, normal_of(film))
    true = film.truth(np.array(region), np.arange(0, 180.0))
    assert found.onset_s == pytest.approx(film.kinetics.onset_s, abs=2)
    assert found.peak == pytest.approx(true.max(), rel=0.05)
    assert found.peak_s == pytest.approx(film.kinetics.peak_s, abs=8)
    assert found.against_normal is not None
    apart = np.array(found.against_normal) - film.truth(np.array(region), list(found.seconds))
    assert np.median(np.abs(apart)) < 0.3
    assert found.region == region
    assert found.facts["frames"] == len(found.seconds) == len(frames)


def test_a_lamp_that_drifts_cancels_where_normal_tissue_is_named(film: PhantomFilm, frames: Frames) -> None:
    region = lesion_of(film)
    drifting = in_light(frames, [1 + 0.12 * np.sin(one.seconds / 25) for one in frames])
    true = film.truth(np.array(region), np.arange(0, 180.0)).max()
    found, alone = whitening(drifting, region, normal_of(film)), whitening(drifting, region)
    assert found.onset_s == pytest.approx(film.kinetics.onset_s, abs=2)
    assert found.peak == pytest.approx(true, rel=0.05)
    assert found.facts["drift"] > 1
    assert alone.against_normal is None
    assert np.ptp(np.array(found.change) - np.array(found.against_normal)) > 1


def test_frames_may_come_in_any_order_and_some_may_show_something_else(film: PhantomFilm, frames: Frames) -> None:
    region, normal = lesion_of(film), normal_of(film)
    plain = whitening(frames, region, normal)
    swab = replace(frames[20], light=np.full_like(frames[20].light, 210))
    mixed = [*frames[::-1][:20], swab, *frames[::-1][20:]]
    found = whitening(mixed, region, normal)
    assert list(found.seconds) == sorted(found.seconds)
    assert found.onset_s == pytest.approx(plain.onset_s, abs=1)
    assert found.peak == pytest.approx(plain.peak, rel=0.03)


def test_frames_that_do_not_show_the_place_are_no_points_of_its_curve(film: PhantomFilm, frames: Frames) -> None:
    region = lesion_of(film)
    hidden = np.where(mask_of(frames[0], region), np.uint8(UNKNOWN), frames[5].light)
    found = whitening([*frames[:5], replace(frames[5], light=hidden), *frames[6:]], region)
    assert frames[5].seconds not in found.seconds
    assert len(found.seconds) == len(frames) - 1


def test_a_place_half_of_which_is_glare_in_every_frame_is_followed_by_its_other_half(
    film: PhantomFilm, frames: Frames
) -> None:
    region = lesion_of(film)
    plain = whitening(frames, region, normal_of(film))
    place = mask_of(frames[0], region)
    wet = place & (np.cumsum(place, axis=1) % 5 < 3)
    glaring = [replace(one, light=np.where(wet, np.uint8(UNKNOWN), one.light)) for one in frames]
    said = whitening(glaring, region, normal_of(film))
    assert len(said.seconds) == len(plain.seconds)
    assert said.onset_s == pytest.approx(plain.onset_s, abs=1)
    assert said.peak == pytest.approx(plain.peak, rel=0.05)


def test_tissue_that_does_not_whiten_has_no_onset_and_no_peak(film: PhantomFilm, frames: Frames) -> None:
    found = whitening(frames, normal_of(film))
    assert (found.onset_s, found.peak, found.peak_s, found.half_s) == (None, None, None, None)
    assert np.abs(found.change).max() < 1


def test_a_single_frame_is_a_curve_of_one_point(film: PhantomFilm, frames: Frames) -> None:
    found = whitening(frames[:1], lesion_of(film), normal_of(film))
    assert found.seconds == (0.0,)
    assert found.change == pytest.approx((0.0,))
    assert found.peak is None


def test_a_place_that_is_clipped_says_so(film: PhantomFilm, frames: Frames) -> None:
    all_of = np.packbits(np.ones(frames[0].light.size, np.bool_))
    assert whitening(frames, lesion_of(film)).facts["clipped"] < 0.5
    clipped = [replace(frame, clipped=all_of) for frame in frames]
    assert whitening(clipped, lesion_of(film), normal_of(film)).facts["clipped"] == 1


def lit(linear: tuple[float, float, float], exposure: float, seconds: float) -> Steadied:
    """A frame of 40 x 40 pixels: the left half shows tissue of this linear RGB, the right half normal tissue; red stops
    at full light."""
    picture = np.empty((40, 40, 3), np.float32)
    picture[:, :20], picture[:, 20:] = linear, (0.5, 0.2, 0.22)
    picture = np.minimum(picture * np.float32(exposure), 1)
    level = 116 * np.cbrt(picture @ np.array([0.2126, 0.7152, 0.0722], np.float32)) - 16
    still = Registration(RegistrationStatus.OK, 0.0, np.eye(3), np.zeros((2, 2, 2), np.float32), (40, 40), (40, 40))
    light = np.round(level * 2.55).astype(np.uint8)
    return Steadied(seconds, light, np.packbits(picture.max(axis=2) >= 0.95), still, 1.0)


def test_where_red_is_clipped_a_brighter_lamp_is_taken_out_of_the_rest() -> None:
    """Twelve frames of tissue that does not change, while the light rises by a third."""
    frames = [lit((1.2, 0.35, 0.4), 1 + 0.03 * at, 2.0 * at) for at in range(12)]
    left, right = (((at, 2.0), (at + 14, 2.0), (at + 14, 36.0), (at, 36.0)) for at in (2.0, 23.0))
    said = whitening(frames, left, right)
    assert said.facts["clipped"] == 1
    assert np.abs(said.against_normal or ()).max() < 0.5
    assert max(said.change) > 3


@pytest.mark.parametrize(
    "region",
    [
        (),
        ((1.0, 1.0), (5.0, 5.0)),
        ((1.0, 1.0), (5.0, float("nan")), (9.0, 1.0)),
        ((-90.0, -90.0), (-80.0, -90.0), (-80.0, -80.0)),
        ((1e12, 1e12), (1e12, 2e12), (2e12, 1e12)),
        ((0.0, 0.0), (6.0, 0.0), (6.0, 6.0), (0.0, 6.0)),  # the dark surround
    ],
)
def test_a_place_that_cannot_be_followed_is_refused_with_what_to_do(
    frames: Frames, region: tuple[tuple[float, float], ...]
) -> None:
    with pytest.raises(BadInputError, match="choose a place"):
        whitening(frames, region)


def test_without_frames_there_is_no_curve() -> None:
    with pytest.raises(BadInputError, match="no frames"):
        whitening([], disc((10, 10), 5))


def test_a_click_means_a_disc_about_it() -> None:
    corners = np.array(disc((100.0, 50.0), 20.0))
    assert np.hypot(*(corners - (100, 50)).T) == pytest.approx(20)
    assert cv2.contourArea(corners.astype(np.float32)) == pytest.approx(np.pi * 400, rel=0.01)
