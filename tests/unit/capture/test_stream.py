"""The stream of one camera: what is delivered, and what happens when the camera does not behave."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from pfm_desktop.capture import reader
from pfm_desktop.capture.source import (
    BusyError,
    Camera,
    CameraError,
    Control,
    EndedError,
    Format,
    Frame,
    NoCameraError,
    StalledError,
    TornFrameError,
)
from pfm_desktop.capture.status import Patience, StreamState, StreamStatus
from pfm_desktop.capture.stream import Stream

from .conftest import LIMIT, FakeCamera, Heard, Ticking, frame

pytestmark = pytest.mark.slow

QUICK = Patience(silent_s=0.1, hangs_s=0.3, opens_s=0.5, asks_s=LIMIT, pauses=(0.01, 0.02))
LIVE = StreamState.LIVE

Streams = Callable[..., tuple[Stream, Heard]]


def state(wanted: StreamState) -> Callable[[StreamStatus], bool]:
    return lambda status: status.state is wanted


def one_after_another(*cameras: FakeCamera) -> Callable[[], Camera]:
    """The last one again and again."""
    left: Iterator[FakeCamera] = iter(cameras)
    last = [cameras[-1]]

    def make() -> Camera:
        last[0] = next(left, last[0])
        return last[0]

    return make


def test_frames_are_kept_and_given_in_order(streams: Streams) -> None:
    camera = FakeCamera(*(frame(n, 100 + n) for n in range(12)))
    stream, heard = streams(lambda: camera, keep=8)
    assert stream.latest() is None
    assert stream.status.state is StreamState.CLOSED
    stream.start()
    assert stream.wait_for(110.5, LIMIT).number == 11  # type: ignore[union-attr]
    assert [found.number for found in stream.recent()] == list(range(4, 12))
    assert stream.wait_for(106.0, LIMIT).number == 7  # type: ignore[union-attr]
    assert stream.latest().number == 11  # type: ignore[union-attr]
    status = stream.status
    assert (status.frames, status.lost, status.torn, status.reconnected) == (12, 0, 0, 0)
    assert status.format == Format(6, 4, 30.0, "FAKE")
    assert status.rate == pytest.approx(1.0)
    assert heard.until(state(LIVE)).text == "The camera gives pictures."
    assert len(camera.threads) == 1


def test_what_was_wanted_is_asked_of_the_camera(streams: Streams) -> None:
    stream, _ = streams(lambda: FakeCamera(frame(0, 1.0)), wanted=Format(6, 4, 15.0, "MJPG"))
    stream.start()
    assert stream.wait_for(0, LIMIT)
    assert stream.status.format == Format(6, 4, 15.0, "MJPG")


def test_nothing_is_waited_for_where_nothing_can_come() -> None:
    stream = Stream(FakeCamera)
    assert stream.wait_for(0, LIMIT) is None
    stream.stop()
    assert stream.wait_for(0, LIMIT) is None
    assert stream.status.text == "The camera is off."


def test_waiting_ends_after_its_time_and_as_the_stream_stops(streams: Streams) -> None:
    stream, heard = streams(lambda: FakeCamera(frame(0, 1.0)))
    stream.start()
    heard.until(state(LIVE))
    assert stream.wait_for(2.0, 0.01) is None
    found: list[Frame | None] = []
    waits = threading.Thread(target=lambda: found.append(stream.wait_for(2.0, 10 * LIMIT)))
    waits.start()
    stream.stop()
    waits.join(LIMIT)
    assert found == [None]


def test_frames_that_are_missing_by_their_number_are_counted_as_lost(streams: Streams) -> None:
    stream, _ = streams(lambda: FakeCamera(frame(0, 1.0), frame(1, 2.0), frame(5, 3.0), frame(6, 4.0)))
    stream.start()
    assert stream.wait_for(3.5, LIMIT)
    assert (stream.status.frames, stream.status.lost) == (4, 3)


def test_a_damaged_frame_is_left_out_and_counted(streams: Streams) -> None:
    grey = replace(frame(1, 2.0), pixels=np.zeros((4, 6), np.uint8))
    stream, _ = streams(lambda: FakeCamera(frame(0, 1.0), TornFrameError("torn"), grey, frame(3, 4.0)))
    stream.start()
    assert stream.wait_for(3.0, LIMIT)
    assert (stream.status.frames, stream.status.torn) == (2, 2)
    assert [found.number for found in stream.recent()] == [0, 3]


def test_nothing_but_damaged_frames_is_a_stall_and_the_camera_is_opened_anew(streams: Streams) -> None:
    bad = FakeCamera(frame(0, 1.0), *(TornFrameError("torn") for _ in range(30)))
    stream, heard = streams(one_after_another(bad, FakeCamera(frame(0, 9.0))), patience=QUICK)
    stream.start()
    said = heard.until(lambda status: "damaged" in status.text)
    assert said.state is StreamState.STALLED
    assert stream.wait_for(8.0, LIMIT)
    assert (stream.status.torn, stream.status.reconnected) == (30, 1)
    assert bad.closed.is_set()


def test_a_new_size_in_mid_stream_goes_on_and_is_said(streams: Streams) -> None:
    stream, heard = streams(lambda: FakeCamera(frame(0, 1.0), frame(1, 2.0, (10, 20)), frame(2, 3.0, (10, 20))))
    stream.start()
    said = heard.until(lambda status: status.format == Format(20, 10, 30.0, "FAKE"))
    assert said.state is LIVE
    assert stream.wait_for(2.5, LIMIT).pixels.shape == (10, 20, 3)  # type: ignore[union-attr]


def test_a_camera_whose_driver_hangs_is_said_within_two_seconds(streams: Streams) -> None:
    hangs = threading.Event()
    stream, heard = streams(lambda: FakeCamera(frame(0, 1.0), hangs))
    told = threading.Event()
    stream.on_status.append(lambda status: told.set() if status.state is StreamState.STALLED else None)
    stream.start()
    heard.until(state(LIVE))
    assert told.wait(2.0)
    assert heard.all[-1].text == "The camera gives no pictures since 2 s. Trying again."
    hangs.set()


def test_a_driver_that_hangs_is_left_and_the_camera_opened_anew(streams: Streams) -> None:
    back = threading.Event()
    hangs = FakeCamera(frame(0, 1.0), back)
    stream, heard = streams(one_after_another(hangs, FakeCamera(frame(0, 9.0))), patience=QUICK)
    stream.start()
    assert stream.wait_for(5.0, LIMIT).at == 9.0  # type: ignore[union-attr]
    assert not hangs.closed.is_set()  # while its driver hangs, no other thread touches it
    back.set()
    assert hangs.closed.wait(LIMIT)  # on its own thread
    assert all(found.at < 1e11 for found in stream.recent())  # what it gave then is not delivered
    assert heard.until(lambda status: status.reconnected == 1).state is LIVE


def test_too_many_calls_that_hang_are_said_and_gone_on_with_once_they_come_back(streams: Streams) -> None:
    back = threading.Event()
    hanging = [FakeCamera(back) for _ in range(3)]
    stream, heard = streams(one_after_another(*hanging, FakeCamera(frame(0, 9.0))), patience=QUICK)
    stream.start()
    said = heard.until(lambda status: "Unplug" in status.text)
    assert said.state is StreamState.FAILED
    back.set()
    assert stream.wait_for(0.0, LIMIT).at == 9.0  # type: ignore[union-attr]
    assert all(camera.closed.wait(LIMIT) for camera in hanging)


def test_a_camera_that_hangs_while_it_is_opened_is_left(streams: Streams) -> None:
    hangs, back = FakeCamera(), threading.Event()
    hangs.opens = back
    stream, heard = streams(one_after_another(hangs, FakeCamera(frame(0, 9.0))), patience=QUICK)
    stream.start()
    assert heard.until(state(StreamState.FAILED)).text.startswith("The camera does not answer.")
    assert stream.wait_for(0.0, LIMIT).at == 9.0  # type: ignore[union-attr]
    assert stream.status.reconnected == 0  # it had not been there before
    back.set()
    assert hangs.closed.wait(LIMIT)


def test_unplugging_is_said_with_its_reason_and_plugging_in_goes_on(streams: Streams) -> None:
    gone, plugged = NoCameraError("the camera was unplugged", remedy="plug it in"), threading.Event()

    def make() -> Camera:
        if len(made) > 1 and not plugged.is_set():
            raise gone
        made.append(FakeCamera(frame(0, 1.0 + len(made)), gone) if not made else FakeCamera(frame(0, 9.0)))
        return made[-1]

    made: list[FakeCamera] = []
    stream, heard = streams(make, patience=QUICK)
    made.append(FakeCamera())
    made.clear()
    stream.start()
    said = heard.until(state(StreamState.STALLED))
    assert said.text == "The camera was unplugged. Plug it in. Trying again."
    plugged.set()
    assert stream.wait_for(8.0, LIMIT)
    assert stream.status.reconnected == 1


def test_a_camera_that_another_program_has_is_said_and_tried_until_it_is_free(streams: Streams) -> None:
    busy = FakeCamera()
    busy.opens = BusyError("another program has the camera", remedy="close it there")
    free = FakeCamera(frame(0, 9.0))
    stream, heard = streams(one_after_another(busy, busy, busy, free), patience=QUICK)
    stream.start()
    assert heard.until(state(StreamState.FAILED)).text == (
        "Another program has the camera. Close it there. Trying again."
    )
    assert stream.wait_for(0.0, LIMIT)
    assert sum(said.state is StreamState.FAILED for said in heard.all) == 1  # said once, not at each try


def test_a_stall_that_ends_by_itself_is_live_again_with_the_same_camera(streams: Streams) -> None:
    camera = FakeCamera(frame(0, 1.0))
    stream, heard = streams(lambda: camera, patience=replace(QUICK, hangs_s=LIMIT))
    stream.start()
    heard.until(state(StreamState.STALLED))
    camera.given.put(frame(1, 2.0))
    assert stream.wait_for(1.5, LIMIT)
    assert heard.until(lambda status: status.state is LIVE and status.frames == 2)


def test_a_driver_that_fails_in_any_way_is_said_and_opened_anew(streams: Streams) -> None:
    bad = FakeCamera(frame(0, 1.0), ZeroDivisionError("x"))
    stream, heard = streams(one_after_another(bad, FakeCamera(frame(0, 9.0))), patience=QUICK)
    stream.start()
    assert "ZeroDivisionError" in heard.until(state(StreamState.STALLED)).text
    assert stream.wait_for(8.0, LIMIT)


def test_what_comes_to_its_end_ends_the_stream_and_can_be_started_again(streams: Streams) -> None:
    stream, heard = streams(lambda: FakeCamera(frame(0, 1.0), EndedError("the recording is at its end")))
    for _ in range(2):
        stream.start()
        said = heard.until(lambda status: "at its end" in status.text)
        assert (said.state, said.text) == (StreamState.CLOSED, "The recording is at its end.")
        assert stream.wait_for(5.0, LIMIT) is None
        assert stream.latest().number == 0  # type: ignore[union-attr]
        heard.all.clear()


def test_no_frame_is_delivered_after_stop(streams: Streams) -> None:
    number = [0]

    class Endless(FakeCamera):
        def read(self) -> Frame:
            number[0] += 1
            return frame(number[0], float(number[0]))

    for _ in range(20):
        taken: list[int] = []
        stream, _ = streams(Endless)
        stream.add_sink(lambda found, taken=taken: taken.append(found.number))  # type: ignore[misc]
        stream.start()
        assert stream.wait_for(0, LIMIT)
        stream.stop()
        before = len(taken)
        assert stream.latest() is None
        assert stream.recent() == ()
        assert stream.wait_for(0, LIMIT) is None
        assert len(taken) == before


def test_stop_does_not_wait_for_ever_and_what_a_late_driver_gives_is_not_delivered(streams: Streams) -> None:
    back = threading.Event()
    camera = FakeCamera(frame(0, 1.0), back)
    taken: list[int] = []
    stream, heard = streams(lambda: camera)
    stream.add_sink(lambda found: taken.append(found.number))
    stream.start()
    heard.until(state(LIVE))
    stream.stop(wait_s=0.05)
    assert stream.status.state is StreamState.CLOSED
    back.set()
    assert camera.closed.wait(LIMIT)
    assert taken == [0]


def test_stop_within_a_sink_and_twice_does_no_harm(streams: Streams) -> None:
    stream, heard = streams(lambda: FakeCamera(frame(0, 1.0), frame(1, 2.0)))
    taken: list[int] = []

    def stops(found: Frame) -> None:
        taken.append(found.number)
        stream.stop()

    stream.add_sink(stops)
    stream.start()
    heard.until(lambda status: status.state is StreamState.CLOSED)
    stream.stop()
    assert taken == [0]


@pytest.mark.expects_logged_error
def test_a_sink_that_fails_is_taken_away_and_said_and_the_others_go_on(streams: Streams) -> None:
    camera = Ticking()
    stream, heard = streams(lambda: camera)
    taken: list[int] = []

    def fails(_: Frame) -> None:
        taken.append(-1)
        raise CameraError("the disk is full", remedy="make room")

    stream.add_sink(fails)
    take_away = stream.add_sink(lambda found: taken.append(found.number))
    stream.start()
    said = heard.until(lambda status: "disk is full" in status.text)
    assert said.state is LIVE
    assert stream.wait_for(3.5, LIMIT)  # when it comes, the one before was handed on to all
    take_away()
    take_away()
    assert taken[:4] == [-1, 1, 2, 3]


@pytest.mark.expects_logged_error
def test_a_sink_that_hangs_is_taken_away_and_the_stream_goes_on(streams: Streams) -> None:
    back = threading.Event()
    stream, heard = streams(one_after_another(FakeCamera(frame(0, 1.0)), FakeCamera(frame(0, 9.0))), patience=QUICK)
    stream.add_sink(lambda _: back.wait(LIMIT) and None)
    stream.start()
    assert heard.until(state(StreamState.STALLED))
    assert stream.wait_for(5.0, LIMIT)
    assert heard.until(lambda status: status.state is LIVE and "did not come to an end" in status.text)
    back.set()


@pytest.mark.expects_logged_error
def test_a_listener_that_fails_harms_nobody(streams: Streams) -> None:
    stream = Stream(lambda: FakeCamera(frame(0, 1.0)))
    stream.on_status.append(lambda status: 1 / 0)
    heard = Heard(stream)
    stream.start()
    heard.until(state(LIVE))
    stream.stop()


def test_controls_are_asked_on_the_thread_of_the_camera(streams: Streams) -> None:
    camera = Ticking()
    stream, heard = streams(lambda: camera)
    with pytest.raises(NoCameraError):
        stream.set(Control.GAIN, 3.0)
    stream.start()
    heard.until(state(LIVE))
    stream.set(Control.GAIN, 3.0)
    assert stream.controls()[Control.GAIN].value == 3.0
    assert stream.formats() == (Format(6, 4, 30.0, "FAKE"),)
    assert len(camera.threads) == 1
    camera.refuses = {Control.FOCUS}
    with pytest.raises(CameraError, match="it has none"):
        stream.set(Control.FOCUS, 1.0)
    stream.stop()
    with pytest.raises(NoCameraError):
        stream.controls()


def test_several_settings_that_follow_each_other_do_not_wait_for_a_frame_each(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gap of a pair is made of them."""
    monkeypatch.setattr(reader, "NEXT_S", LIMIT / 20)
    waits, goes_on = threading.Event(), threading.Event()

    class Slow(FakeCamera):
        reads = 0

        def read(self) -> Frame:
            waits.set()
            goes_on.wait(LIMIT)
            goes_on.clear()
            self.reads += 1
            return frame(self.reads, float(self.reads))

        def interrupt(self) -> None:
            goes_on.set()

    camera = Slow()
    stream, _ = streams(lambda: camera)
    stream.start()
    assert waits.wait(LIMIT)

    def sets() -> None:
        for control in (Control.EXPOSURE, Control.GAIN, Control.WHITE_BALANCE):
            stream.set(control, 1.0)

    asks = threading.Thread(target=sets)
    asks.start()
    goes_on.set()
    asks.join(LIMIT)
    assert set(camera.settings) == {Control.EXPOSURE, Control.GAIN, Control.WHITE_BALANCE}
    assert camera.reads == 1


def test_a_camera_that_hangs_answers_within_the_limit_that_it_does_not(streams: Streams) -> None:
    back = threading.Event()
    stream, heard = streams(lambda: FakeCamera(frame(0, 1.0), back), patience=replace(QUICK, asks_s=0.01, hangs_s=99))
    stream.start()
    heard.until(state(StreamState.STALLED))
    with pytest.raises(StalledError):
        stream.controls()
    back.set()


def test_whoever_asks_as_the_camera_is_lost_is_told(streams: Streams) -> None:
    back = threading.Event()
    lost = FakeCamera(frame(0, 1.0), back, NoCameraError("gone"))
    asked = threading.Event()
    lost.controls = lambda: asked.set() or {}  # type: ignore[assignment, func-returns-value]
    stream, heard = streams(one_after_another(lost, FakeCamera()), patience=replace(QUICK, hangs_s=99, pauses=(LIMIT,)))
    stream.start()
    heard.until(state(LIVE))
    errors: list[Exception] = []

    def ask() -> None:
        try:
            while True:
                stream.controls()
        except CameraError as error:
            errors.append(error)

    asks = threading.Thread(target=ask)
    asks.start()
    back.set()
    asks.join(LIMIT)
    assert len(errors) == 1


def test_what_was_set_is_set_again_when_the_camera_comes_back(streams: Streams) -> None:
    first, second = Ticking(), FakeCamera(frame(0, 1e6))
    second.refuses = {Control.GAIN}
    stream, heard = streams(one_after_another(first, second), patience=QUICK)
    stream.start()
    heard.until(state(LIVE))
    stream.set(Control.WHITE_BALANCE, 5000.0)
    stream.set(Control.GAIN, 2.0)
    first.given.put(NoCameraError("gone"))
    assert stream.wait_for(5e5, LIMIT)
    assert second.settings == {Control.WHITE_BALANCE: 5000.0}
    assert heard.until(lambda status: "did not take its gain again" in status.note).state is LIVE


def test_streams_leave_no_thread_and_start_anew_after_stop(streams: Streams) -> None:
    before = threading.active_count()
    stream, heard = streams(lambda: FakeCamera(frame(0, 1.0), frame(5, 2.0)))
    for _ in range(3):
        stream.start()
        stream.start()
        assert stream.wait_for(1.5, LIMIT)
        stream.stop()
        assert threading.active_count() == before
    assert stream.status.lost == 4  # of the last time alone
    assert heard.all[-1].state is StreamState.CLOSED


def test_many_that_start_and_stop_at_once_leave_it_stopped(streams: Streams) -> None:
    stream, _ = streams(lambda: FakeCamera(frame(0, time.monotonic())))

    def restless() -> None:
        for _ in range(20):
            stream.start()
            stream.stop()

    threads = [threading.Thread(target=restless) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT * 3)
    stream.stop()
    assert stream.status.state is StreamState.CLOSED


def test_a_hundred_faults_in_a_row_leave_a_stream_that_gives_pictures(streams: Streams) -> None:
    """Unplugging, stalls, damaged frames, drivers that fail, hang and come back, new sizes."""
    chance, number = random.Random(4), [0]
    back = threading.Event()

    def faulty() -> FakeCamera:
        number[0] += 1
        good = [frame(n, number[0] + n / 100, chance.choice([(4, 6), (8, 6)])) for n in range(chance.randint(0, 4))]
        fault = chance.choice(
            [NoCameraError("gone"), StalledError("none"), ZeroDivisionError("bug"), BusyError("taken"), "torn", "hangs"]
        )
        if fault == "torn":
            return FakeCamera(*good, *(TornFrameError("torn") for _ in range(30)))
        if fault == "hangs" and number[0] % 3 == 0:
            return FakeCamera(*good, back)
        return FakeCamera(*good, fault if isinstance(fault, Exception) else NoCameraError("gone"))

    def make() -> Camera:
        if number[0] % 10 == 9:
            back.set()  # those that hang come back at times
        if number[0] < 100:
            return faulty()
        back.set()
        return FakeCamera(frame(0, 1e6))

    patience = Patience(silent_s=0.05, hangs_s=0.1, opens_s=0.1, pauses=(0.0,))
    stream, _ = streams(make, patience=patience)
    taken: list[float] = []
    last = threading.Event()

    def take(found: Frame) -> None:
        taken.append(found.at)
        if found.at == 1e6:
            last.set()

    stream.add_sink(take)
    stream.start()
    assert last.wait(3 * LIMIT)
    stream.stop()
    in_order = [at for at in taken if at < 1e11]  # what hung for a moment only gives a frame of no time
    assert in_order == sorted(in_order)
    assert stream.status.frames == len(taken)
