from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services.pool import _ctrl_c_waits, spread
from pfm_desktop.support.errors import BadInputError, UserError

pytestmark = pytest.mark.processes


def square(number: int) -> int:
    return number * number


def where(_number: int) -> int:
    return os.getpid()


def refuse(number: int) -> int:
    if number == 3:
        raise BadInputError("three is not welcome")
    return number


def die(_number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def threads(_number: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_every_item_gets_its_answer_once(workers: int) -> None:
    seen: list[tuple[float, float, str]] = []
    ctx = CallbackContext(lambda *told: seen.append(told), lambda: False)
    answers = dict(spread(ctx, square, list(range(7)), workers=workers, text="Squaring"))
    assert answers == {number: number * number for number in range(7)}
    assert seen[-1] == (7, 7, "Squaring")
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)


def test_one_item_does_not_cost_a_process() -> None:
    assert list(spread(SilentContext(), where, [1], workers=2)) == [(1, os.getpid())]
    assert list(spread(SilentContext(), where, [], workers=2)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows shares without files")
def test_where_processes_may_share_nothing_all_is_done_in_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system")  # as on a Linux whose /dev/shm is

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refused)
    assert dict(spread(SilentContext(), where, [1, 2], workers=2)) == {1: os.getpid(), 2: os.getpid()}


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_cancelling_stops_before_the_rest_is_done(workers: int) -> None:
    done: list[int] = []
    ctx = CallbackContext(lambda *_: None, lambda: len(done) >= 2)
    with pytest.raises(Cancelled):
        done.extend(item for item, _ in spread(ctx, square, list(range(1000)), workers=workers))
    assert 2 <= len(done) < 20


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_an_error_of_the_work_reaches_the_caller(workers: int) -> None:
    with pytest.raises(BadInputError, match="three is not welcome"):
        list(spread(SilentContext(), refuse, list(range(6)), workers=workers))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_worker_that_dies_is_told_in_words_never_waited_for() -> None:
    with pytest.raises(UserError, match="ended unexpectedly"):
        list(spread(SilentContext(), die, [1, 2, 3], workers=2))


@pytest.mark.slow
def test_each_worker_keeps_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert {answer for _, answer in spread(SilentContext(), threads, [1, 2, 3], workers=2)} == {"1"}


def slow_square(number: int) -> int:
    return sum(number * number for _ in range(200_000))


@pytest.fixture
def ctrl_c_is_heard() -> Iterator[None]:
    """A shell's background job starts with SIGINT ignored, and so do its tests; what is tested is a terminal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


PROGRAM = """
import sys
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.pool import _ctrl_c_waits, spread
sys.path.insert(0, {folder!r})
from test_pool import slow_square
if __name__ == "__main__":
    for _ in spread(SilentContext(), slow_square, list(range(10_000)), workers=2):
        print("working", flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_no_worker_outlives_a_program_that_was_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(folder=str(Path(__file__).parent)), encoding="utf-8")
    started = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    while started.stdout.readline().strip() != "working":
        assert started.poll() is None
    workers = [child.pid for child in psutil.Process(started.pid).children(recursive=True)]
    started.kill()
    started.wait()
    started.stdout.close()
    assert workers
    deadline = time.monotonic() + 30
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in workers):
        assert time.monotonic() < deadline, "a worker goes on without its program"


INTERRUPTED_WORKER = """
import os, signal, sys
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.pool import spread
sys.path.insert(0, {folder!r})
from test_pool import square
if __name__ == "__main__":
    print(sorted(answer for _, answer in spread(SilentContext(), square, [1, 2, 3], workers=2)))
else:
    os.kill(os.getpid(), signal.SIGINT)
"""
posix = pytest.mark.skipif(os.name == "nt", reason="a signal cannot be blocked on Windows")


@pytest.mark.slow
@posix
def test_ctrl_c_while_a_worker_still_imports_does_not_reach_it(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(INTERRUPTED_WORKER.format(folder=str(Path(__file__).parent)), encoding="utf-8")
    ended = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False)
    assert (ended.stdout.strip(), ended.stderr) == ("[1, 4, 9]", "")


@posix
@pytest.mark.usefixtures("ctrl_c_is_heard")
def test_ctrl_c_while_workers_start_is_heard_once_they_have_started() -> None:
    done: list[str] = []

    def start() -> None:
        with _ctrl_c_waits():
            signal.raise_signal(signal.SIGINT)  # to this thread: a library's own would take one that is for the process
            done.append("started")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["started"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.slow
@pytest.mark.usefixtures("ctrl_c_is_heard")
def test_ctrl_c_once_more_does_not_leave_workers_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    shutdown = ProcessPoolExecutor.shutdown

    def impatient(pool: ProcessPoolExecutor, **options: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        shutdown(pool, **options)
        ended.append(True)

    monkeypatch.setattr(ProcessPoolExecutor, "shutdown", impatient)
    with pytest.raises(KeyboardInterrupt):
        list(spread(SilentContext(), square, [1, 2, 3], workers=2))
    assert ended == [True]
