"""How a run of the window ended, each tried in a process that does end so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pfm_desktop.support import runs
from pfm_desktop.support.runs import How, Left

BEGIN = "from pfm_desktop.support import runs\nrun = runs.begin()\n"


def ended(code: str) -> int:
    """Of a run that does `code`."""
    done = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode


def left_behind() -> list[Left]:
    found: list[Left] = []
    runs.claim(found.append)
    return found


def test_a_clean_end_leaves_nothing_behind() -> None:
    assert ended("run.ended()") == 0
    assert not left_behind()
    assert not list(runs.runs_dir().iterdir())


def test_a_segfault_leaves_where_it_was_in_the_program() -> None:
    assert (
        ended("import faulthandler, json\ndef deep():\n    faulthandler._sigsegv()\njson.deep = deep\njson.deep()") != 0
    )
    (left,) = left_behind()
    assert left.how is How.CRASHED
    assert left.stack[0] == "Fatal Python error: Segmentation fault"
    assert "  <string>:5 in deep" in left.stack
    assert not left_behind(), "it is claimed once"


def test_an_abort_as_qt_does_it_is_a_crash() -> None:
    ended("import os\nos.abort()")
    (left,) = left_behind()
    assert (left.how, left.stack[0]) == (How.CRASHED, "Fatal Python error: Aborted")


def test_an_exception_that_ended_it_is_told_by_its_kind_and_places() -> None:
    code = (
        "def f():\n    raise KeyError('Adler, Anna')\ntry:\n    f()\nexcept KeyError as error:\n    run.failed(error)"
    )
    assert ended(code) == 0
    (left,) = left_behind()
    assert left.how is How.FAILED
    assert "KeyError" in left.stack
    assert "Adler" not in "\n".join(left.stack)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_was_killed_is_told_and_what_was_told_to_end_is_no_crash() -> None:
    for name in ("SIGTERM", "SIGHUP", "SIGINT"):
        prepare = f"import os, signal\nsignal.signal(signal.{name}, signal.SIG_DFL)\n"
        code = f"{prepare}{BEGIN}os.kill(os.getpid(), signal.{name})"
        done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
        assert done.returncode == -getattr(signal, name)
    assert not left_behind()
    ended("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    (left,) = left_behind()
    assert (left.how, left.stack) == (How.KILLED, ())


def test_what_went_down_with_the_computer_is_told_apart(tmp_path: Path) -> None:
    ended("import os\nos._exit(1)")
    (path,) = runs.runs_dir().glob("*.run")
    head = json.loads(path.read_text())
    path.write_text(json.dumps({**head, "boot": "another"}) + "\n")
    (left,) = left_behind()
    assert left.how is How.WENT_DOWN


def test_several_crashes_are_kept_apart_and_one_that_runs_is_left_alone() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", f"{BEGIN}print('runs', flush=True)\ninput()\nrun.ended()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "runs\n"
    ended("import os\nos.abort()")
    ended("import os\nos._exit(1)")
    assert {left.how for left in left_behind()} == {How.CRASHED, How.KILLED}
    own = runs.begin()
    assert own is not None
    assert not left_behind(), "neither that of this process nor that of the other one"
    own.ended()
    child.communicate("\n", timeout=60)
    assert child.returncode == 0
    assert not list(runs.runs_dir().iterdir())


def test_of_a_damaged_file_only_known_lines_are_taken() -> None:
    runs.runs_dir().mkdir(parents=True)
    hostile = (
        '{"version": "Adler Anna\\u00fc", "system": 3}\n'
        "Fatal Python error: Adler, Anna\n"
        "Current thread 0x00007f [Anna Adler] (most recent call first):\n"
        '  File "/home/adler/Adler Anna 1988.py", line 3 in Adler-1988\n'
        "KeyError: 'Adler, Anna'\n/home/anna/library\n\0\0\xff"
    )
    (runs.runs_dir() / "20260101-000000-1.run").write_text(hostile, encoding="utf-8")
    (left,) = left_behind()
    assert left.how is How.CRASHED
    said = "\n".join((*left.stack, left.version, left.system)).lower()
    assert "fatal python error" in said
    assert not any(word in said for word in ("adler", "anna", "1988", "home"))


def test_a_disk_that_takes_no_file_keeps_nobody_from_working() -> None:
    runs.runs_dir().parent.parent.mkdir(parents=True, exist_ok=True)
    runs.runs_dir().parent.write_text("in the way", encoding="utf-8")
    assert runs.begin() is None
    assert not left_behind()


def test_what_cannot_be_told_now_is_told_the_next_time() -> None:
    ended("import os\nos.abort()")

    def full(_left: Left) -> None:
        raise OSError(28, os.strerror(28))

    runs.claim(full)
    assert [left.how for left in left_behind()] == [How.CRASHED]
