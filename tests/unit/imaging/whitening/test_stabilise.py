"""Frames laid over the first one: where they lie, and which are left out."""

from __future__ import annotations

import threading
from functools import cache

import cv2
import numpy as np
import pytest

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.grade import Grade
from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.registration.result import refused
from pfm_desktop.imaging.whitening.stabilise import LEVELS, UNKNOWN, Pixels, Stabiliser
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

WIDTH, HEIGHT = 480, 270


@cache
def film() -> PhantomFilm:
    return PhantomFilm(8, grade=Grade.HIGH, width=WIDTH, height=HEIGHT)


def frame(seconds: float) -> Pixels:
    return film().picture(Light.WHITE, acid_s=seconds, at=seconds)


def places() -> np.ndarray:
    return np.argwhere(film().lesion | film().normal)[::100, ::-1].astype(np.float64)


@pytest.mark.parametrize("side", [240, 480])
def test_a_frame_lies_where_the_film_moved_it_in_full_size_pixels(side: int) -> None:
    steady = Stabiliser(frame(0.0), side=side)
    for seconds in (30.0, 75.0, 140.0):
        found = steady.add(frame(seconds), seconds)
        assert found is not None
        moved = film().motion(seconds)
        true = places() @ moved[:2, :2].T + moved[:2, 2]
        by_matrix = places() @ found.matrix[:2, :2].T + found.matrix[:2, 2]
        for said in (found.registration.white_to_fluorescence(places()), by_matrix):
            assert np.median(np.hypot(*(said - true).T)) < 2 * HEIGHT / 1080


def test_a_frame_laid_over_the_first_one_shows_the_same_tissue_there() -> None:
    steady = Stabiliser(frame(0.0), side=480)
    found = steady.add(film().picture(Light.WHITE, acid_s=0.0, at=100.0), 100.0)
    assert found is not None
    first = steady.frames[0].light.astype(float)
    both = (first != UNKNOWN) & (found.light != UNKNOWN)
    assert both.mean() > 0.4
    assert np.abs(found.light.astype(float) - first)[both].mean() / LEVELS < 1.0


def test_glare_is_not_known_even_where_it_is_small() -> None:
    wet = frame(0.0).copy()
    cv2.circle(wet, (240, 135), 2, (255, 255, 255), -1)
    (only,) = Stabiliser(wet, side=240).frames
    assert only.light[67, 120] == UNKNOWN
    assert only.light[90, 120] != UNKNOWN


def test_what_is_clipped_is_marked() -> None:
    bright = frame(0.0).copy()
    bright[100:140, 200:240, 0] = 255
    (only,) = Stabiliser(bright, side=480).frames
    clipped = np.unpackbits(only.clipped, count=only.light.size).reshape(only.light.shape) > 0
    assert clipped[102:138, 202:238].all()


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        (np.zeros((HEIGHT, WIDTH, 3), np.uint8), "no structure"),
        (np.full((HEIGHT, WIDTH, 3), 180, np.uint8), "no structure"),
        (np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8), ""),
        (np.zeros((480, 640, 3), np.uint8), "another size"),
    ],
    ids=["dark", "grey", "noise", "another size"],
)
def test_a_frame_that_cannot_be_laid_over_is_left_out_and_counted(spoiled: Pixels, reason: str) -> None:
    steady = Stabiliser(frame(0.0))
    assert steady.add(spoiled, 1.0) is None
    ((said, count),) = steady.refused.items()
    assert count == 1
    assert reason in said
    assert len(steady.frames) == 1
    assert steady.add(frame(2.0), 2.0) is not None


def test_a_frame_of_another_woman_is_left_out() -> None:
    other = PhantomFilm(21, grade=Grade.LOW, width=WIDTH, height=HEIGHT)
    steady = Stabiliser(frame(0.0))
    assert steady.add(other.picture(Light.WHITE, acid_s=10.0, at=10.0), 10.0) is None


def test_after_frames_that_were_left_out_it_goes_on() -> None:
    steady = Stabiliser(frame(0.0))
    for seconds in range(1, 6):
        steady.add(np.full((HEIGHT, WIDTH, 3), 200, np.uint8), float(seconds))
    assert steady.add(frame(60.0), 60.0) is not None
    assert sum(steady.refused.values()) == 5


def test_memory_is_bounded_and_what_is_let_go_lies_evenly() -> None:
    steady = Stabiliser(frame(0.0), side=240, most=8)
    picture = frame(1.0)
    for seconds in range(1, 24):
        steady.add(picture, float(seconds))
    kept = [one.seconds for one in steady.frames]
    assert len(kept) == 8
    assert kept[0] == 0
    assert kept[-1] == 23
    assert max(np.diff(kept)) <= 8


def test_the_first_frame_is_copied_and_no_frame_is_written_to() -> None:
    first, second = frame(0.0), frame(20.0)
    second.setflags(write=False)
    steady = Stabiliser(first, side=480)
    first[:] = 0
    assert steady.add(second, 20.0) is not None


def test_what_no_longer_looks_like_the_first_frame_is_laid_over_it_by_way_of_a_recent_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steady = Stabiliser(frame(0.0))
    assert steady.add(frame(20.0), 20.0) is not None
    monkeypatch.setattr(steady, "_straight", lambda _: refused("it looks otherwise", (WIDTH, HEIGHT), (WIDTH, HEIGHT)))
    for seconds in (24.0, 30.0, 36.0, 42.0):
        found = steady.add(frame(seconds), seconds)
        assert found is not None
        moved = film().motion(seconds)
        true = places() @ moved[:2, :2].T + moved[:2, 2]
        assert np.median(np.hypot(*(found.registration.white_to_fluorescence(places()) - true).T)) < 2 * HEIGHT / 1080
    assert not steady.refused


def test_a_frame_that_neither_way_is_sure_of_counts_once() -> None:
    steady = Stabiliser(frame(0.0))
    assert steady.add(frame(5.0), 5.0) is not None
    assert steady.add(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 6.0) is None
    assert list(steady.refused.values()) == [1]


@pytest.mark.parametrize("seconds", [float("nan"), float("inf")])
def test_a_frame_without_a_time_is_refused(seconds: float) -> None:
    with pytest.raises(BadInputError, match="time"):
        Stabiliser(frame(0.0)).add(frame(1.0), seconds)


@pytest.mark.parametrize("bad", [np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH, 3), np.float32), None])
def test_what_is_no_picture_is_refused(bad: Pixels) -> None:
    with pytest.raises(BadInputError):
        Stabiliser(bad)
    with pytest.raises(BadInputError):
        Stabiliser(frame(0.0)).add(bad, 1.0)


def test_frames_can_be_read_while_others_are_added() -> None:
    steady = Stabiliser(frame(0.0), side=240, most=4)
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(len(steady.frames))

    reader = threading.Thread(target=read, name="reader", daemon=True)
    reader.start()
    try:
        for seconds in range(1, 8):
            steady.add(frame(float(seconds)), float(seconds))
    finally:
        done.set()
        reader.join(10)
    assert max(seen) <= 4
