"""The file for whoever helps: what is in it, and what never is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pfm_desktop.services import crash_report
from pfm_desktop.support import logs, runs
from pfm_desktop.support.errors import StorageError

ROOT = Path(__file__).resolve().parents[3]
# a run that says all that it should not, in the folder of a woman, and then dies
HOSTILE = """
import logging, os, sys, threading
from pathlib import Path
from pfm_desktop.support import logs, runs
logs.start_logging()
run = runs.begin()
log = logging.getLogger("pfm_desktop.gui.test")
woman = "Adler, Anna *14.03.1988"
folder = Path.cwd() / woman
folder.mkdir()
os.chdir(folder)
log.info("a run begins")
log.warning("cannot open %s", folder / "adler white.png")
log.warning(f"no visit of {woman}")
log.error("a patient %d of %s", 19880314, woman)
for n in range(300):
    log.info("step %d", n)
def read(path):
    raise FileNotFoundError(2, "No such file", str(path))
try:
    read(folder)
except OSError as error:
    log.exception("a picture of %s was not read", woman)
try:
    exec(compile("raise KeyError(woman)", str(folder / "adler.py"), "exec"))
except KeyError as error:
    log.exception(str(error))
threading.Thread(target=read, name=woman, daemon=True)
namespace = {}
exec(compile("import faulthandler\\ndef adler_anna_dies():\\n    END", str(folder / "adler.py"), "exec"), namespace)
namespace["adler_anna_dies"]()
"""
NEVER = ("1988", "adler,", "anna *", "white.png", "adler.py", "adler_anna", "gyn-klinik", "schwester", "0314", "home-")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "schwester" / "Gyn-Klinik"
    folder.mkdir(parents=True)
    return folder


def die(work: Path, end: str = "faulthandler._sigsegv()", code: str = HOSTILE) -> int:
    command = [sys.executable, "-c", code.replace("END", end)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=work, env=env, capture_output=True, timeout=60, check=False).returncode


@pytest.mark.parametrize("end", ["faulthandler._sigsegv()", "import os; os.abort()", "import os; os._exit(9)"])
def test_nothing_of_a_woman_or_a_folder_arrives_in_it(work: Path, end: str) -> None:
    assert die(work, end) != 0
    report = crash_report.gather()
    assert report is not None
    text = report.text
    for word in NEVER:
        assert word not in text.lower(), word
    assert str(work) not in text
    assert str(Path.home()) + "/" not in text
    assert "FileNotFoundError" in text
    assert "step 299" in text
    assert "step 5\n" not in text, "the last 200 lines only"
    assert len(text.splitlines()) < 260


def test_it_says_how_it_ended_which_version_where_and_when(work: Path) -> None:
    die(work)
    report = crash_report.gather()
    assert report is not None
    for words in ("it crashed", "0.1.0 (checkout)", "Linux" if sys.platform == "linux" else "", " UTC",
                  "Fatal Python error: Segmentation fault", "Current thread 0x", "a run begins"[:1]):  # fmt: skip
        assert words in report.text, words


def test_each_is_offered_once_and_kept_until_it_is_removed(work: Path) -> None:
    assert crash_report.gather() is None
    die(work)
    report = crash_report.gather()
    assert report is not None
    assert crash_report.gather() is None
    assert crash_report.reports() == (report,)
    crash_report.save(report, work / "for help.txt")
    assert (work / "for help.txt").read_text(encoding="utf-8") == report.text
    crash_report.remove(report)
    crash_report.remove(report)
    assert crash_report.reports() == ()


def test_no_more_than_a_few_are_kept() -> None:
    for number in range(crash_report.KEPT + 3):
        runs.runs_dir().mkdir(parents=True, exist_ok=True)
        said = {
            "version": "1",
            "system": "x",
            "boot": "y",
            "pid": number,
            "started": f"2026-01-0{number + 1}T00:00+00:00",
        }
        (runs.runs_dir() / f"{number}.run").write_text(json.dumps(said) + "\n")
    newest = crash_report.gather()
    kept = crash_report.reports()
    assert len(kept) == crash_report.KEPT
    assert newest == kept[0]
    assert kept[0].at.day == crash_report.KEPT + 3


def test_a_full_disk_leaves_it_for_the_next_time(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    die(work)

    def full(_path: Path, _text: str) -> None:
        raise StorageError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(crash_report, "write_text", full)
        with pytest.raises(StorageError):
            crash_report.gather()
    assert crash_report.gather() is not None


def test_the_log_of_the_run_is_its_own(work: Path) -> None:
    other = "import logging\nfrom pfm_desktop.support import logs\nlogs.start_logging()\nlogging.info('another window')"
    die(work, code=other)
    die(work)
    assert "another window" in (logs.log_dir() / logs.LOG_FILE).read_text(encoding="utf-8")
    report = crash_report.gather()
    assert report is not None
    assert "another window" not in report.text
