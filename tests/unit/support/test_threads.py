from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from pfm_desktop.support import threads


def niceness_in_a_thread(*steps: object) -> list[int]:
    seen: list[int] = []

    def run() -> None:
        for step in steps:
            step()  # type: ignore[operator]  # callables
            seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return seen


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads have no priority of their own elsewhere")
def test_a_thread_that_gives_way_does_so_alone_and_may_do_it_again() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert niceness_in_a_thread(threads.give_way, threads.give_way) == [max(before, 10)] * 2
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("KMP_BLOCKTIME", raising=False)
    threads.set_polite_threads()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert os.environ["KMP_BLOCKTIME"] == "0"


PRODUCT = """
import os
from pfm_desktop.support import threads
threads.set_polite_threads()
import numpy as np
large = np.ones((600, 600), np.float32)
for _ in range(3):
    large = large @ large / 600
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads cannot be counted this way elsewhere")
@pytest.mark.parametrize(("told", "wanted"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")])
def test_numpy_starts_no_threads_that_spin_unless_the_user_asks(told: dict[str, str], wanted: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", PRODUCT], env=environment | told, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [wanted]


@pytest.mark.parametrize(("asked", "wanted"), [("3", 3), ("0", None), ("many", None)])
def test_the_engine_takes_as_many_threads_as_it_was_told(
    monkeypatch: pytest.MonkeyPatch, asked: str, wanted: int | None
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr("os.cpu_count", lambda: 12)
    assert threads.worker_threads() == (wanted or 6)


LEAVING = """
import sys, threading, time
from pfm_desktop.support import threads
print("said")
if sys.argv[1] == "busy":
    threading.Thread(target=time.sleep, args=(600,), name="in native code").start()  # would be waited for
threads.leave(3)
"""


@pytest.mark.parametrize("other", ["busy", "none"])
def test_leaving_waits_for_no_thread_and_loses_no_word(other: str) -> None:
    command = [sys.executable, "-c", LEAVING, other]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert done.stdout == "said\n"
    assert not done.stderr
