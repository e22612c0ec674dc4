"""The acetic acid sequence of a visit, and its clips, as they are played."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.capture.recorder import Recorder
from pfm_desktop.capture.source import Frame as Taken
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.phantom import render
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import cases, playing
from pfm_desktop.services.capture.clips import begin_clip
from pfm_desktop.services.playing import Lies, Wanted
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

CTX = SilentContext()
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def png(pixels: np.ndarray) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def tissue(seconds: float, shift: int = 0) -> np.ndarray:
    pixels = render(7, grade=Grade.HIGH, size=256, seconds_since_acid=seconds).white
    return np.roll(pixels, shift, axis=1)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (256, 256, 3), dtype=np.uint8)


@pytest.fixture
def visit(lib: Library) -> str:
    return cases.add_visit(lib, cases.add_patient(lib, identifier="P-1", family_name="Li").id, started_at=AT).id


def add(lib: Library, visit: str, pixels: np.ndarray, since: float) -> Wanted:
    made = cases.add_picture(lib, visit, png(pixels), stage=Stage.ACETIC_ACID, seconds_since_acid=since)
    return Wanted(made.id, since_acid=since)


def record(
    lib: Library, visit: str, shots: list[tuple[float, np.ndarray]], *, since: float | None, kind: ClipKind
) -> str:
    """A clip of frames (seconds from its beginning, pixels), begun `since` seconds after acid."""
    height, width = shots[0][1].shape[:2]
    writer = begin_clip(lib, visit, kind, size=(width, height), seconds_since_acid=since)
    recording = Recorder(writer.put, began=writer.began)
    for number, (seconds, pixels) in enumerate(shots):
        recording.take(Taken(pixels, writer.began + seconds, number))
    writer.finish(recording.stop())
    return writer.clip.id


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Registration that costs nothing: everything lies where it is, but noise, which lies nowhere."""
    asked: list[str] = []

    def laid(first: np.ndarray, other: np.ndarray, **_: Any) -> Registration:
        asked.append("")
        size, bend = (first.shape[1], first.shape[0]), np.zeros((2, 2, 2), np.float32)
        status = RegistrationStatus.REFUSED if other.std() > 60 else RegistrationStatus.OK
        return Registration(status, 0.4, np.eye(3), bend, size, (other.shape[1], other.shape[0]), "nothing alike")

    monkeypatch.setattr("pfm_desktop.imaging.field.register_lit", laid)
    return asked


def shade(level: int) -> np.ndarray:
    return np.full((64, 64, 3), level, np.uint8)


def test_pictures_stand_by_their_seconds_each_on_the_first(lib: Library, visit: str) -> None:
    late, first, middle = (
        add(lib, visit, tissue(120, 9), 120),
        add(lib, visit, tissue(30), 30),
        add(lib, visit, tissue(60, 4), 60),
    )
    made = playing.acetic_sequence(CTX, lib, visit, [late, first, middle])
    assert [one.wanted.since_acid for one in made.frames] == [30, 60, 120]
    assert made.frames[0].lies is Lies.FIRST
    assert all(one.registration is not None for one in made.frames[1:])
    assert made.left_out == ()
    reading = playing.Reading(lib)
    still, present = playing.shown_pixels(reading, made.frames[2])
    assert present is not None
    assert still.shape == (256, 256, 3)
    x, y = made.frames[2].registration.white_to_fluorescence(np.array([[128.0, 128.0]]))[0]  # type: ignore[union-attr]
    assert (x, y) == pytest.approx((137, 128), abs=2)  # it was moved by nine pixels


def test_what_cannot_be_aligned_is_shown_as_taken_and_says_why(lib: Library, visit: str, quick: list[str]) -> None:
    wanted = [add(lib, visit, shade(90), 30), add(lib, visit, noise(3), 60), add(lib, visit, shade(99), 90)]
    made = playing.acetic_sequence(CTX, lib, visit, wanted)
    assert [one.lies for one in made.frames] == [Lies.FIRST, Lies.NOT, Lies.ALIGNED]
    loose = made.frames[1]
    assert (loose.registration, loose.why) == (None, "nothing alike")
    pixels, present = playing.shown_pixels(playing.Reading(lib), loose)
    assert present is None
    assert np.array_equal(pixels, noise(3))  # never warped


def test_what_is_not_sure_straight_may_be_by_way_of_the_one_before(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third is too unlike the first, and like the second."""

    def laid(first: np.ndarray, other: np.ndarray, **_: Any) -> Registration:
        near = abs(int(first[0, 0, 0]) - int(other[0, 0, 0])) < 30
        shift = np.array([[1.0, 0, 3], [0, 1, 0], [0, 0, 1]])
        status = RegistrationStatus.OK if near else RegistrationStatus.REFUSED
        size = (64, 64)
        return Registration(status, 0.5, shift, np.zeros((2, 2, 2), np.float32), size, size, "" if near else "unlike")

    monkeypatch.setattr("pfm_desktop.imaging.field.register_lit", laid)
    wanted = [add(lib, visit, shade(level), float(level)) for level in (10, 35, 60, 200)]
    made = playing.acetic_sequence(CTX, lib, visit, wanted)
    assert [one.lies for one in made.frames] == [Lies.FIRST, Lies.ALIGNED, Lies.ALIGNED, Lies.NOT]
    third = made.frames[2].registration
    assert third is not None
    assert third.white_to_fluorescence(np.array([[10.0, 10.0]])) == pytest.approx(np.array([[16.0, 10.0]]))
    assert third.error_px == pytest.approx(1.0)  # what both may be off adds up


def test_a_missing_picture_is_left_out_and_said(lib: Library, visit: str, quick: list[str]) -> None:
    wanted = [add(lib, visit, shade(level), level) for level in (30, 60, 90)]
    case = cases.visit_case(lib, visit)
    _file(lib, case.picture(wanted[0].picture_id).sha256).unlink()  # type: ignore[union-attr]
    made = playing.acetic_sequence(CTX, lib, visit, wanted)
    assert [one.wanted.since_acid for one in made.frames] == [60, 90]
    assert made.left_out == ("1 picture cannot be read.",)
    _file(lib, case.picture(wanted[1].picture_id).sha256).unlink()  # type: ignore[union-attr]
    with pytest.raises(StorageError, match=r"no two pictures to play: 2 pictures cannot be read"):
        playing.acetic_sequence(CTX, lib, visit, wanted)


def _file(lib: Library, sha256: str) -> Path:
    return next(path for path in (lib.path / "pictures").rglob("*") if path.is_file() and sha256[4:] in path.name)


def test_a_picture_of_another_visit_is_refused(lib: Library, visit: str) -> None:
    other = cases.add_visit(lib, cases.add_patient(lib, identifier="P-2", family_name="Ono").id, started_at=AT).id
    wanted = [add(lib, visit, shade(30), 30), add(lib, other, shade(60), 60)]
    with pytest.raises(StorageError, match="no longer in this visit"):
        playing.acetic_sequence(CTX, lib, visit, wanted)


def test_frames_of_a_whitening_clip_stand_among_the_pictures_by_their_seconds(
    lib: Library, visit: str, quick: list[str]
) -> None:
    clip = record(
        lib, visit, [(0.0, shade(40)), (20.0, shade(50)), (40.0, shade(60))], since=-10.0, kind=ClipKind.WHITENING
    )
    wanted = [add(lib, visit, shade(45), 20), add(lib, visit, shade(55), 60)]
    made = playing.acetic_sequence(CTX, lib, visit, wanted, [clip])
    assert [one.wanted.since_acid for one in made.frames] == pytest.approx([10, 20, 30, 60])  # not the one before acid
    assert [bool(one.wanted.clip_id) for one in made.frames] == [True, False, True, False]
    pixels, _ = playing.shown_pixels(playing.Reading(lib), made.frames[2])
    assert abs(float(pixels.mean()) - 60) < 3


def test_of_a_long_clip_some_frames_are_chosen_evenly_and_that_is_said(
    lib: Library, visit: str, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "MOST_OF_CLIP", 4)
    clip = record(lib, visit, [(float(n), shade(40 + n)) for n in range(31)], since=0.0, kind=ClipKind.WHITENING)
    made = playing.acetic_sequence(CTX, lib, visit, [], [clip])
    assert [one.wanted.since_acid for one in made.frames] == pytest.approx([0, 10, 20, 30])
    assert made.left_out == ("4 of 31 pictures of the whitening clip are shown, chosen evenly.",)


def test_of_three_hundred_pictures_some_are_chosen_evenly_the_first_and_the_last_among_them() -> None:
    pictures = [Wanted(f"p{n}", since_acid=float(n)) for n in range(300)]
    chosen = playing._evenly(pictures, playing.MOST)
    assert len(chosen) == playing.MOST
    assert (chosen[0].picture_id, chosen[-1].picture_id) == ("p0", "p299")
    steps = {b.since_acid - a.since_acid for a, b in pairwise(chosen)}  # type: ignore[operator]
    assert steps <= {2.0, 3.0}
    frames = [Wanted(clip_id="c", number=n, since_acid=float(n)) for n in range(300)]
    mixed = sorted([*pictures[::100], *frames], key=lambda one: one.since_acid or 0.0)
    chosen = playing._evenly(mixed, playing.MOST)
    assert sum(bool(one.picture_id) for one in chosen) == 3  # all pictures stay
    assert len(chosen) == playing.MOST


def test_a_clip_is_played_as_it_was_recorded_at_most_ten_pictures_a_second(
    lib: Library, visit: str, quick: list[str]
) -> None:
    clip = record(lib, visit, [(n / 30, shade(40 + n)) for n in range(31)], since=None, kind=ClipKind.VIDEO)
    made = playing.clip_sequence(CTX, lib, visit, clip)
    assert {one.lies for one in made.frames} == {Lies.AS_TAKEN}
    assert quick == []
    assert len(made.frames) == 11
    assert [one.wanted.since_acid for one in made.frames[:2]] == [None, None]
    assert made.frames[5].wanted.at == pytest.approx(0.5, abs=0.04)


def test_a_whitening_clip_alone_is_aligned_from_its_beginning(lib: Library, visit: str, quick: list[str]) -> None:
    shots = [(0.0, shade(40)), (20.0, shade(50))]
    clip = record(lib, visit, shots, since=-10.0, kind=ClipKind.WHITENING)
    made = playing.clip_sequence(CTX, lib, visit, clip)
    assert [one.wanted.since_acid for one in made.frames] == pytest.approx([-10, 10])
    assert [one.lies for one in made.frames] == [Lies.FIRST, Lies.ALIGNED]


def test_a_clip_of_another_visit_or_of_one_frame_is_refused(lib: Library, visit: str) -> None:
    other = cases.add_visit(
        lib, cases.add_patient(lib, identifier="P-2", family_name="Ono").id, started_at=AT + timedelta(days=1)
    ).id
    clip = record(lib, other, [(0.0, shade(40)), (1.0, shade(50))], since=None, kind=ClipKind.VIDEO)
    with pytest.raises(StorageError, match="not of the visit"):
        playing.clip_sequence(CTX, lib, visit, clip)
    one = record(lib, visit, [(0.0, shade(40))], since=None, kind=ClipKind.VIDEO)
    with pytest.raises(StorageError, match="no two pictures"):
        playing.clip_sequence(CTX, lib, visit, one)


def test_making_a_sequence_tells_how_far_it_is_and_can_be_cancelled(lib: Library, visit: str, quick: list[str]) -> None:
    wanted = [add(lib, visit, shade(level), level) for level in (30, 60, 90)]
    told: list[tuple[float, float, str]] = []
    playing.acetic_sequence(CallbackContext(lambda *step: told.append(step), lambda: False), lib, visit, wanted)
    assert [done for done, _total, _text in told] == [0, 1, 2, 3]
    assert told[1][2] == "Aligning 2 of 3"
    with pytest.raises(Cancelled):
        playing.acetic_sequence(CallbackContext(lambda *_: None, lambda: True), lib, visit, wanted)
