"""A stream of the camera that is not there: each of its faults as the stream tells it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from pfm_desktop.capture.simulated import SimulatedCamera
from pfm_desktop.capture.source import Format
from pfm_desktop.capture.status import Patience, StreamState
from pfm_desktop.capture.stream import Stream

LIMIT = 10.0
Waits = Callable[[Callable[[], bool], float], bool]
QUICK = Patience(silent_s=0.1, pauses=(0.01,))


@pytest.fixture
def camera() -> SimulatedCamera:
    picture = np.full((48, 64, 3), 90, np.uint8)
    return SimulatedCamera(lambda light, at: picture, width=64, height=48, rate=100.0, read_s=0.2)


@pytest.fixture
def stream(camera: SimulatedCamera) -> Iterator[Stream]:
    stream = Stream(lambda: camera, patience=QUICK)
    stream.start()
    assert stream.wait_for(0.0, LIMIT) is not None
    yield stream
    stream.stop()


def is_live(stream: Stream) -> bool:
    return stream.status.state is StreamState.LIVE


def test_unplugged_and_plugged_in_again_it_goes_on(camera: SimulatedCamera, stream: Stream, comes_true: Waits) -> None:
    camera.unplug()
    assert comes_true(lambda: stream.status.state is StreamState.STALLED, LIMIT)
    camera.plug()
    assert comes_true(lambda: stream.status.reconnected == 1 and is_live(stream), LIMIT)
    assert stream.wait_for(time.monotonic(), LIMIT) is not None


def test_a_stall_is_told_and_over_when_frames_come_again(
    camera: SimulatedCamera, stream: Stream, comes_true: Waits
) -> None:
    camera.stall()
    assert comes_true(lambda: stream.status.state is StreamState.STALLED, LIMIT)
    camera.release()
    assert comes_true(lambda: is_live(stream), LIMIT)


def test_torn_and_lost_frames_are_counted(camera: SimulatedCamera, stream: Stream, comes_true: Waits) -> None:
    camera.tear(3)
    assert comes_true(lambda: stream.status.torn == 3, LIMIT)
    before = stream.status.lost
    camera.drop(7)
    assert comes_true(lambda: stream.status.lost >= before + 7, LIMIT)
    assert is_live(stream)


def test_another_resolution_in_mid_stream_is_told(camera: SimulatedCamera, stream: Stream, comes_true: Waits) -> None:
    camera.resize(32, 24)
    assert comes_true(lambda: stream.status.format == Format(32, 24, 100.0, "RGB"), LIMIT)


def test_a_camera_that_another_program_has_is_opened_once_it_is_free(
    camera: SimulatedCamera, comes_true: Waits
) -> None:
    camera.busy = True
    stream = Stream(lambda: camera, patience=QUICK)
    stream.start()
    assert comes_true(lambda: "another program" in stream.status.text.lower(), LIMIT)
    camera.busy = False
    assert comes_true(lambda: is_live(stream), LIMIT)
    stream.stop()
