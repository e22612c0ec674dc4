"""Jobs of the window: every one ends in exactly one call, on the GUI thread."""

from __future__ import annotations

import os
import threading

import pytest
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.jobs import Context, Progress
from pfm_desktop.support.errors import BadInputError


def ignored(_result: object) -> None:
    """What comes of the work is not looked at."""


def counted(ctx: Context, steps: int) -> int:
    for step in range(steps):
        ctx.progress(step, steps, "counting")
    return threading.get_ident()


def refused(_ctx: Context) -> None:
    raise BadInputError("the picture is empty", safe="nothing was changed", remedy="choose another one")


def broken(_ctx: Context) -> None:
    raise KeyError("Adler, Anna")


def own_process(ctx: Context) -> int:
    ctx.progress(1, 2, "over there")
    return os.getpid()


def test_answers_come_on_the_gui_thread_from_work_done_elsewhere(qtbot: QtBot) -> None:
    jobs, got = QtJobs(), []
    jobs.start(counted, 3, title="Counting", done=lambda where: got.append((where, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(got))
    where, here = got[0]
    assert here == threading.get_ident()
    assert where != here


def test_a_busy_job_floods_nobody_and_its_answer_still_comes(qtbot: QtBot) -> None:
    jobs, steps, got = QtJobs(), [], []
    jobs.start(counted, 20_000, title="Counting", done=got.append, step=steps.append)
    jobs_rows: list[int] = []
    jobs.jobs_changed.connect(lambda: jobs_rows.append(len(jobs.rows)))
    qtbot.waitUntil(lambda: bool(got), timeout=20_000)
    assert len(steps) < 20_000
    assert all(isinstance(step, Progress) for step in steps)
    assert not jobs.rows


def test_a_refusal_is_told_in_whole_sentences(qtbot: QtBot) -> None:
    jobs, told = QtJobs(), []
    jobs.start(refused, title="Adding", done=ignored, failed=told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told == ["The picture is empty. Nothing was changed. Choose another one."]


def test_a_failure_that_nobody_listens_to_is_still_told(qtbot: QtBot) -> None:
    jobs = QtJobs()
    with qtbot.waitSignal(jobs.failed_unheard) as told:
        jobs.start(refused, title="Adding", done=ignored)
    assert "The picture is empty" in told.args[0]


@pytest.mark.expects_logged_error
def test_an_unforeseen_failure_is_logged_without_what_it_quotes(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    jobs, told = QtJobs(), []
    jobs.start(broken, title="Reading", done=ignored, failed=told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert "test_qt_jobs.py" in caplog.text
    assert "Adler" not in caplog.text + told[0]


def test_a_job_shows_as_stopping_until_it_has_stopped(qtbot: QtBot) -> None:
    jobs, stopped, started = QtJobs(), [], threading.Event()

    def waits(ctx: Context) -> None:
        started.set()
        while True:
            ctx.check()

    handle = jobs.start(waits, title="Waiting", done=ignored, stopped=lambda: stopped.append(True))
    assert started.wait(10)
    jobs.cancel(handle.name)
    assert jobs.rows[0].words == "Waiting: stopping"
    qtbot.waitUntil(lambda: bool(stopped))


def test_waiting_for_all_calls_what_is_still_to_be_called(qtbot: QtBot) -> None:
    jobs, got = QtJobs(), []
    jobs.start(counted, 10, title="Counting", done=got.append)
    assert jobs.wait_all(10)
    assert len(got) == 1
    qtbot.wait(1)  # the queued signal finds nothing more to deliver
    assert len(got) == 1


@pytest.mark.slow
def test_a_job_in_its_own_process_tells_the_same(qtbot: QtBot) -> None:
    jobs, got, steps = QtJobs(), [], []
    jobs.start(own_process, title="Elsewhere", done=got.append, step=steps.append, process=True)
    qtbot.waitUntil(lambda: bool(got), timeout=60_000)
    assert got[0] != os.getpid()
    jobs.wait_all(10)
