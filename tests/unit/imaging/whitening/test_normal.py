"""Normal tissue that is suggested."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.whitening.curve import disc, mask_of, whitening
from pfm_desktop.imaging.whitening.maps import Maps, maps
from pfm_desktop.imaging.whitening.normal import LARGEST, normal_place
from pfm_desktop.imaging.whitening.stabilise import Steadied
from tests.unit.imaging.whitening.test_curve import in_light, lesion_of

Frames = tuple[Steadied, ...]


@pytest.fixture(scope="module")
def found(frames: Frames) -> Maps:
    return maps(frames)


def test_it_lies_beside_the_lesion_in_tissue_that_does_not_whiten(
    film: PhantomFilm, frames: Frames, found: Maps
) -> None:
    place = normal_place(frames, found, lesion_of(film))
    inside = film._region(np.array(place))
    assert inside.sum() > 100
    assert not (inside & film.lesion).any()
    assert abs(film.truth(inside, [film.kinetics.peak_s])[0]) < 0.5
    assert np.ptp(np.array(place)[:, 0]) <= 2 * LARGEST * film.height + 1


def test_a_click_alone_is_then_free_of_a_drifting_lamp(film: PhantomFilm, frames: Frames) -> None:
    region = lesion_of(film)
    drifting = in_light(frames, [1 + 0.12 * np.sin(one.seconds / 25) for one in frames])
    said = whitening(drifting, region, normal_place(drifting, maps(drifting), region))
    assert said.onset_s == pytest.approx(film.kinetics.onset_s, abs=2)
    assert said.peak == pytest.approx(film.truth(np.array(region), [film.kinetics.peak_s])[0], rel=0.05)


def test_it_lies_within_the_cervix_where_that_is_known(film: PhantomFilm, frames: Frames, found: Maps) -> None:
    cervix = disc((film.width / 2, film.height / 2), 0.3 * film.height)
    place = normal_place(frames, found, lesion_of(film), cervix)
    assert place
    assert np.hypot(*(np.array(place) - (film.width / 2, film.height / 2)).T).max() < 0.32 * film.height


def test_where_all_whitens_or_all_is_clipped_there_is_none(film: PhantomFilm, frames: Frames, found: Maps) -> None:
    region = lesion_of(film)
    white = replace(found, peak=np.full_like(found.peak, 8.0))
    assert normal_place(frames, white, region) == ()
    all_of = np.packbits(np.ones(frames[0].light.size, np.bool_))
    assert normal_place([replace(one, clipped=all_of) for one in frames], found, region) == ()


def test_it_leaves_the_region_out(film: PhantomFilm, frames: Frames, found: Maps) -> None:
    region = disc((film.width / 2, film.height / 2), 0.2 * film.height)
    place = normal_place(frames, found, region)
    assert not (mask_of(frames[0], region) & mask_of(frames[0], place)).any()
