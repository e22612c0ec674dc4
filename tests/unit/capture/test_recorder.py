"""What a recording keeps whatever the disk, the camera and the clock do."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from pfm_desktop.capture import clip_segment, recorder
from pfm_desktop.capture.clip_segment import SegmentBytes
from pfm_desktop.capture.recorder import Recorder
from pfm_desktop.capture.source import Frame
from pfm_desktop.support.errors import StorageError

SIDE = 32
BYTES = SIDE * SIDE * 3
Make = Callable[..., Recorder]


class Disk:
    """Keeps segments; may refuse some, or hold all until it is let go."""

    def __init__(self, *errors: Exception, held: bool = False) -> None:
        self.kept: list[SegmentBytes] = []
        self.errors = list(errors)
        self.asked = 0
        self.reached, self.open = threading.Event(), threading.Event()
        if not held:
            self.open.set()

    def put(self, segment: SegmentBytes) -> None:
        self.asked += 1
        self.reached.set()
        assert self.open.wait(10)
        if self.errors:
            raise self.errors.pop(0)
        self.kept.append(segment)

    @property
    def moments(self) -> list[tuple[int, float]]:
        return [
            (one.number, round(one.seconds, 6)) for part in self.kept for one in clip_segment.index(part.data).frames
        ]


class Full(Disk):
    """Refuses everything."""

    def put(self, segment: SegmentBytes) -> None:
        self.asked += 1
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setattr(recorder, "PAUSES_S", (0.001,))
    made: list[Recorder] = []

    def started(disk: Disk, **options: Any) -> Recorder:
        made.append(Recorder(disk.put, **options))
        return made[-1]

    yield started
    for one in made:
        one.stop(0.2)


def shot(at: float, *, number: int = 0, size: tuple[int, int] = (SIDE, SIDE)) -> Frame:
    return Frame(np.full((*size, 3), 90, np.uint8), at, number)


def test_what_was_taken_is_kept_in_segments_of_a_second(make: Make) -> None:
    disk = Disk()
    recording = make(disk)
    for number in range(70):
        recording.take(shot(5000 + number / 30, number=number))
    said = recording.stop()
    assert (said.frames, said.dropped, said.segments, said.problem) == (70, 0, 3, "")
    assert said.seconds == pytest.approx(69 / 30)
    assert [one.frames for one in disk.kept] == [30, 30, 10]
    assert [one.number for one in disk.kept] == [0, 1, 2]
    assert disk.moments == [(number, round(number / 30, 6)) for number in range(70)]
    assert disk.kept[1].first_s == pytest.approx(1.0)
    assert disk.kept[1].last_s == pytest.approx(59 / 30)


def test_no_frames_make_no_segment(make: Make) -> None:
    disk = Disk()
    assert make(disk).stop() == recorder.Recorded()
    assert disk.kept == []


def test_one_frame_is_kept(make: Make) -> None:
    disk = Disk()
    recording = make(disk)
    recording.take(shot(1.0))
    assert recording.stop() == recorder.Recorded(frames=1, segments=1)
    assert disk.moments == [(0, 0.0)]


def test_a_frame_is_safe_a_second_later_also_when_no_other_comes(make: Make) -> None:
    disk = Disk()
    recording = make(disk, segment_s=0.02)
    recording.take(shot(1.0))
    assert disk.reached.wait(5)  # while it still records
    recording.take(shot(1.5))
    assert recording.stop().frames == 2
    assert disk.moments == [(0, 0.0), (1, 0.5)]


def test_after_the_end_nothing_is_taken_and_stopping_twice_says_the_same(make: Make) -> None:
    disk = Disk()
    recording = make(disk)
    recording.take(shot(0.0))
    said = recording.stop()
    recording.take(shot(0.1))
    assert recording.stop() == said
    assert said.frames == 1


@pytest.mark.parametrize(("rate", "kept"), [(1.0, 4), (2.0, 8), (15.0, 60), (100.0, 120)])
def test_a_whitening_clip_keeps_a_few_frames_a_second(make: Make, rate: float, kept: int) -> None:
    disk = Disk()
    recording = make(disk, rate=rate)
    for number in range(120):
        recording.take(shot(7 + number / 30))
    said = recording.stop()
    assert (said.frames, said.dropped) == (kept, 0)
    gaps = np.diff([seconds for _, seconds in disk.moments])
    assert gaps == pytest.approx(max(1 / rate, 1 / 30), abs=1e-5)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        Recorder(Disk().put, rate=rate)


def test_another_size_in_mid_stream_begins_a_new_segment_and_is_kept_as_it_is(make: Make) -> None:
    disk = Disk()
    recording = make(disk)
    for number, size in enumerate([(32, 32), (32, 32), (48, 64), (48, 64), (32, 32)]):
        recording.take(shot(number / 30, size=size))
    said = recording.stop()
    sizes = [(found.width, found.height) for found in (clip_segment.index(one.data) for one in disk.kept)]
    assert sizes == [(32, 32), (64, 48), (32, 32)]
    assert (said.frames, said.dropped) == (5, 0)
    assert [number for number, _ in disk.moments] == [0, 1, 2, 3, 4]


def test_only_the_moment_of_the_exposure_counts_and_time_never_goes_back(make: Make) -> None:
    disk = Disk()
    recording = make(disk, segment_s=60.0)
    for at in (100.0, 100.5, 99.0, float("nan"), float("-inf"), 101.0):
        recording.take(shot(at))
    assert recording.stop().frames == 6
    assert [seconds for _, seconds in disk.moments] == [0.0, 0.5, 0.5, 0.5, 0.5, 1.0]


def test_seconds_count_from_the_moment_that_the_clip_is_said_to_begin(make: Make) -> None:
    disk = Disk()
    recording = make(disk, began=100.0)
    for at in (99.9, 100.25, 100.5):
        recording.take(shot(at))
    recording.stop()
    assert [seconds for _, seconds in disk.moments] == [0.0, 0.25, 0.5]


def test_a_slow_disk_costs_frames_that_are_counted_and_never_memory_without_bound(make: Make) -> None:
    disk = Disk(held=True)
    recording = make(disk, queue_limit=20 * BYTES, segment_s=0.01)
    recording.take(shot(0.0))
    assert disk.reached.wait(5)
    for number in range(1, 500):
        recording.take(shot(number / 30))
        assert recording._held <= 20 * BYTES
    assert recording.dropped > 0
    disk.open.set()
    said = recording.stop()
    assert said.frames + said.dropped == 500
    assert said.problem == ""
    assert len(disk.moments) == said.frames
    assert recording._held == 0


def test_the_camera_does_not_wait_while_a_segment_is_put_together(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, go_on = threading.Event(), threading.Event()
    encode = clip_segment.encode

    def slow(frames: Any) -> bytes:
        reached.set()
        assert go_on.wait(10)
        return encode(frames)

    monkeypatch.setattr(clip_segment, "encode", slow)
    disk = Disk()
    recording = make(disk)
    recording.take(shot(0.0))
    recording.take(shot(1.5))
    assert reached.wait(5)
    for number in range(10):
        recording.take(shot(2 + number / 30))  # would hang here
    go_on.set()
    assert recording.stop().frames == 12


def test_a_disk_that_refuses_for_a_while_loses_nothing(make: Make) -> None:
    disk = Disk(OSError(errno.ENOSPC, "No space left"), StorageError("the library is busy"), OSError(errno.EIO, "x"))
    recording = make(disk, segment_s=0.5)
    for number in range(30):
        recording.take(shot(number / 30))
    said = recording.stop()
    assert (said.frames, said.dropped, said.problem) == (30, 0, "")
    assert [number for number, _ in disk.moments] == list(range(30))
    assert recording.trouble == ""


def test_while_the_disk_refuses_the_reason_can_be_shown(
    make: Make, comes_true: Callable[[Callable[[], bool], float], bool]
) -> None:
    recording = make(Full(), segment_s=0.01)
    recording.take(shot(0.0))
    assert comes_true(lambda: recording.trouble == "No space left on device", 5)
    assert recording.problem == ""


def test_a_full_disk_ends_the_recording_with_what_was_kept_and_says_so_once(make: Make) -> None:
    told, heard = [], threading.Event()

    def hear(problem: str) -> None:
        told.append(problem)
        heard.set()

    class FullAfterOne(Disk):
        def put(self, segment: SegmentBytes) -> None:
            if self.kept:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().put(segment)

    disk = FullAfterOne()
    recording = make(disk, queue_limit=40 * BYTES, segment_s=0.5, on_problem=hear)
    for number in range(20):  # all of them wait at once, at most
        recording.take(shot(number / 30))
    while not heard.is_set():
        recording.take(shot(1.0))
    recording.take(shot(99.0))
    said = recording.stop()
    assert told == [said.problem]
    assert said.problem == "recording ended: No space left on device; what was recorded before is kept"
    assert (said.frames, said.segments) == (15, 1)
    assert len(disk.moments) == 15
    assert said.dropped > 0
    assert recording._held == 0


def test_who_hears_of_a_problem_may_stop_the_recording(make: Make) -> None:
    stopped, heard = [], threading.Event()

    def hear(_problem: str) -> None:
        stopped.append(recording.stop())
        heard.set()

    recording = make(Full(), segment_s=0.01, patience_s=0.0, on_problem=hear)
    recording.take(shot(0.0))
    assert heard.wait(5)
    assert stopped == [recording.stop()]


def test_patience_with_a_disk_has_an_end_also_where_few_frames_come(make: Make) -> None:
    heard = threading.Event()
    disk = Full()
    recording = make(disk, segment_s=0.01, patience_s=0.03, on_problem=lambda _: heard.set())
    recording.take(shot(0.0))
    assert heard.wait(5)
    said = recording.stop()
    assert (said.frames, said.dropped) == (0, 1)
    assert "No space left" in said.problem


def test_stopping_gives_up_a_disk_that_refuses_in_the_time_it_was_given(make: Make) -> None:
    recording = make(Full())
    recording.take(shot(0.0))
    said = recording.stop(0.05)
    assert "No space left" in said.problem
    assert (said.frames, said.dropped) == (0, 1)


def test_stopping_does_not_wait_forever_for_a_disk_that_hangs(make: Make) -> None:
    disk = Disk(held=True)
    recording = make(disk)
    recording.take(shot(0.0))
    said = recording.stop(0.05)
    assert "not kept" in said.problem
    disk.open.set()
    assert recording.stop() == said  # what the disk took after that is not counted


@pytest.mark.expects_logged_error
def test_an_error_of_the_program_ends_the_recording_and_is_neither_a_crash_nor_silence(make: Make) -> None:
    heard = threading.Event()
    recording = make(Disk(RuntimeError("oh")), segment_s=0.01, on_problem=lambda _: heard.set())
    recording.take(shot(0.0))
    assert heard.wait(5)
    assert "error of the program" in recording.stop().problem


def test_a_frame_that_is_none_is_left_out_and_counted(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk()
    recording = make(disk)
    with caplog.at_level(logging.WARNING):
        recording.take(shot(0.0))
        recording.take(Frame(np.zeros((4, 4), np.uint8), 0.1, 1))
        recording.take(shot(0.2))
        said = recording.stop()
    assert (said.frames, said.dropped, said.problem) == (2, 1, "")
    assert disk.moments == [(0, 0.0), (1, 0.2)]
    assert "left out" in caplog.text
