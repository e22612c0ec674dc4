"""A film whose frames are laid over each other once for all tests."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.grade import Grade
from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.whitening.stabilise import Stabiliser, Steadied

WIDTH, HEIGHT = 480, 270
MOMENTS = tuple(float(at) for at in range(2, 60, 2)) + tuple(float(at) for at in range(64, 180, 6))


@pytest.fixture(scope="session")
def film() -> PhantomFilm:
    """Of a high grade whose lesion whitens well."""
    return PhantomFilm(8, grade=Grade.HIGH, width=WIDTH, height=HEIGHT)


@pytest.fixture(scope="session")
def frames(film: PhantomFilm) -> tuple[Steadied, ...]:
    """One every 2 s, then every 6 s, of a moving woman."""
    steady = Stabiliser(film.picture(Light.WHITE, acid_s=0.0, at=0.0), side=320)
    for at in MOMENTS:
        steady.add(film.picture(Light.WHITE, acid_s=at, at=at), at)
    return steady.frames
