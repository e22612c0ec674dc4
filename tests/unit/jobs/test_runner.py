"""One promise for all runners: a job ends in exactly one of Finished, Failed, Stopped."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pfm_desktop.jobs import (
    Context,
    Event,
    Failed,
    Finished,
    InlineRunner,
    ProcessRunner,
    Progress,
    Runner,
    Stopped,
    ThreadRunner,
    wait_for_threads,
)
from pfm_desktop.jobs.runner import FREE
from pfm_desktop.support.errors import BadInputError

ROOT = Path(__file__).resolve().parents[3]
RUNNERS: list[Callable[[], Runner]] = [
    InlineRunner,
    ThreadRunner,
    pytest.param(ProcessRunner, marks=pytest.mark.slow),  # type: ignore[list-item]  # a pytest mark around a runner
]


def add(ctx: Context, a: int, b: int) -> int:
    ctx.progress(1, 2, "adding")
    return a + b


def length(ctx: Context, data: bytes) -> int:
    return len(data)


def fail(ctx: Context) -> None:
    raise BadInputError("x.png is empty", remedy="choose another")


def fill(ctx: Context) -> None:
    raise MemoryError


def crash(ctx: Context) -> None:
    raise KeyError("surprise")


def die(ctx: Context) -> None:
    os._exit(7)


def endless(ctx: Context) -> None:
    while True:
        ctx.progress(0, 0, "on and on")
        threading.Event().wait(0.005)


def die_when_cancelled(ctx: Context) -> None:
    try:
        endless(ctx)
    finally:
        os._exit(7)


def events_of(runner: Runner, job: Callable[..., object], *args: object) -> list[Event]:
    events: list[Event] = []
    handle = runner.start(job, *args, listener=events.append, name="job")
    assert handle.wait(60)
    return events


@pytest.mark.parametrize("runner", RUNNERS)
def test_progress_comes_before_the_result(runner: Callable[[], Runner]) -> None:
    assert events_of(runner(), add, 2, 3) == [Progress("job", 1, 2, "adding"), Finished("job", 5)]


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_problem_of_the_user_comes_as_one_line_without_a_traceback(runner: Callable[[], Runner]) -> None:
    (event,) = events_of(runner(), fail)
    assert isinstance(event, Failed)
    assert (event.message, event.details) == ("x.png is empty. choose another.", "")


@pytest.mark.parametrize("runner", RUNNERS)
def test_memory_that_ran_out_is_no_unexpected_error(runner: Callable[[], Runner]) -> None:
    (event,) = events_of(runner(), fill)
    assert isinstance(event, Failed)
    assert "not enough free memory" in event.message
    assert not event.details


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_crash_of_the_job_is_an_event_with_a_traceback_for_the_log(runner: Callable[[], Runner]) -> None:
    (event,) = events_of(runner(), crash)
    assert isinstance(event, Failed)
    assert "surprise" in event.message
    assert "Traceback" in event.details


@pytest.mark.parametrize("runner", RUNNERS[1:])
def test_a_cancelled_job_ends_with_stopped_and_nothing_after(runner: Callable[[], Runner]) -> None:
    events: queue.Queue[Event] = queue.Queue()
    handle = runner().start(endless, listener=events.put, name="job")
    assert isinstance(events.get(timeout=60), Progress)
    handle.cancel()
    assert handle.wait(60)
    rest = [events.get_nowait() for _ in range(events.qsize())]
    assert rest[-1] == Stopped("job")
    assert all(isinstance(event, Progress) for event in rest[:-1])


@pytest.mark.slow
def test_a_worker_that_dies_is_a_failure_never_silence() -> None:
    (event,) = events_of(ProcessRunner(), die)
    assert isinstance(event, Failed)
    assert "exit code 7" in event.message


@pytest.mark.slow
def test_a_worker_that_dies_of_being_cancelled_has_stopped() -> None:
    events: queue.Queue[Event] = queue.Queue()
    handle = ProcessRunner().start(die_when_cancelled, listener=events.put, name="job")
    assert isinstance(events.get(timeout=60), Progress)
    handle.cancel()
    assert handle.wait(60)
    assert [events.get_nowait() for _ in range(events.qsize())][-1] == Stopped("job")


@pytest.mark.slow
def test_a_program_that_ends_at_once_beside_a_worker_leaves_nothing_behind() -> None:
    program = (
        "from pfm_desktop.jobs import ProcessRunner; from pfm_desktop.support.threads import leave; "
        "from tests.unit.jobs.test_runner import endless; import threading; heard = threading.Event(); "
        "ProcessRunner().start(endless, listener=lambda _event: heard.set()); assert heard.wait(60); leave(0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, cwd=ROOT, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_listener_that_raises_does_not_leave_the_waiter_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: queue.SimpleQueue[threading.ExceptHookArgs] = queue.SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", heard.put)

    def listener(_event: Event) -> None:
        raise RuntimeError("listener")

    handle = ThreadRunner().start(add, 1, 1, listener=listener)
    assert handle.wait(5)
    assert heard.get(timeout=5).exc_type is RuntimeError, "said as of any other thread"


def test_the_next_job_waits_for_no_thread_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert events_of(ThreadRunner(), add, 1, 1)
    resting = threading.Event()

    def rest_is_known() -> None:
        while not any(thread.name == FREE for thread in threading.enumerate()):
            resting.wait(0.005)

    rest_is_known()
    started = threading.Thread.start
    by: list[threading.Thread] = []

    def start(thread: threading.Thread) -> None:
        by.append(threading.current_thread())
        started(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    assert events_of(ThreadRunner(), add, 1, 1)
    assert threading.main_thread() not in by


def test_jobs_that_wait_for_each_other_all_run() -> None:
    together = threading.Barrier(12, timeout=30)
    events: list[Event] = []

    def meet(_ctx: Context) -> None:
        together.wait()

    handles = [ThreadRunner().start(meet, listener=events.append) for _ in range(together.parties)]
    assert all(handle.wait(60) for handle in handles)
    assert all(isinstance(event, Finished) for event in events)


def test_a_thread_keeps_nothing_of_the_job_it_ended() -> None:
    class Picture:
        pass

    def hold(_ctx: Context, _picture: Picture) -> None:
        pass

    picture = Picture()
    gone = weakref.ref(picture)
    assert ThreadRunner().start(hold, picture, listener=lambda _event: None).wait(5)
    del picture
    for _ in range(1000):
        if gone() is None:
            return
        threading.Event().wait(0.005)
    raise AssertionError("the picture is still held")


def test_at_the_end_of_the_program_it_is_known_whether_a_job_still_runs() -> None:
    go = threading.Event()
    assert wait_for_threads(5)
    handles = [ThreadRunner().start(lambda _ctx: go.wait(30), listener=lambda _event: None) for _ in range(3)]
    assert not wait_for_threads(0.05)
    go.set()
    assert wait_for_threads(5)
    assert all(handle.wait(0) for handle in handles)


def test_a_job_that_fails_and_a_listener_that_raises_are_over_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)

    def raising(_event: Event) -> None:
        raise RuntimeError("listener")

    ThreadRunner().start(lambda _ctx: 1 / 0, listener=raising)
    assert wait_for_threads(5)


@pytest.mark.slow
def test_a_large_job_is_sent_by_the_thread_that_listens_and_not_by_who_starts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []
    send = Connection.send_bytes

    def noted(self: Connection, data: bytes, *rest: int) -> None:
        if len(data) > 1_000_000:
            sent.append(threading.current_thread().name)
        send(self, data, *rest)

    monkeypatch.setattr(Connection, "send_bytes", noted)
    heard: queue.SimpleQueue[Event] = queue.SimpleQueue()
    handle = ProcessRunner().start(length, b"x" * 5_000_000, listener=heard.put, name="large")
    assert handle.wait(60)
    event = heard.get()
    assert isinstance(event, Finished)
    assert event.result == 5_000_000
    assert sent == ["large-events"], "a pipe holds 64 KB, and who starts it would wait until the program was loaded"
