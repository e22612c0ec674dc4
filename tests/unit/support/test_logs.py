"""The log holds no names, whatever an exception quotes."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from pfm_desktop.support import logs
from pfm_desktop.support.paths import log_dir


@pytest.fixture
def started() -> Iterator[None]:
    level = logging.getLogger().level
    assert logs.start_logging() is not None
    yield
    logs.stop_logging()
    logging.getLogger().setLevel(level)


def fail(text: str) -> None:
    try:
        raise KeyError(text)
    except KeyError as error:
        raise RuntimeError(f"cannot read {text}") from error


@pytest.mark.expects_logged_error
@pytest.mark.usefixtures("started")
def test_an_exception_is_logged_by_type_and_place_and_never_by_what_it_says() -> None:
    try:
        fail("Adler, Anna")
    except RuntimeError:
        logging.getLogger("test").exception("something failed")
    text = (log_dir() / logs.LOG_FILE).read_text(encoding="utf-8")
    assert "RuntimeError" in text
    assert "KeyError" in text
    assert "test_logs.py" in text
    assert "in fail" in text
    assert "Adler" not in text


@pytest.mark.expects_logged_error
@pytest.mark.usefixtures("started")
def test_an_error_that_nobody_caught_on_a_thread_is_logged_and_told_calmly() -> None:
    told: list[str] = []
    restore = logs.catch_unexpected(told.append)
    try:
        thread = threading.Thread(target=fail, args=("Adler, Anna",))
        thread.start()
        thread.join()
    finally:
        restore()
    assert len(told) == 1
    assert "Everything you entered until then is saved" in told[0]
    assert "Adler" not in told[0] + (log_dir() / logs.LOG_FILE).read_text(encoding="utf-8")


@pytest.mark.usefixtures("started")
def test_a_log_that_cannot_be_rotated_now_goes_on_and_one_that_can_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one, RotatingFileHandler)]
    handler.maxBytes = 300
    log = logging.getLogger("test")

    def held(_self: object, _source: str, _dest: str) -> None:
        raise PermissionError(13, "another window has it open")

    with monkeypatch.context() as patch:
        patch.setattr(RotatingFileHandler, "rotate", held)
        for number in range(20):
            log.warning("line %d", number)
    text = (log_dir() / logs.LOG_FILE).read_text(encoding="utf-8")
    assert all(f"line {number}\n" in text for number in range(20))
    for number in range(100):
        log.warning("line %d", number)
    files = list(log_dir().glob(f"{logs.LOG_FILE}*"))
    assert len(files) == 4
    assert (log_dir() / logs.LOG_FILE).stat().st_size <= 300


@pytest.mark.usefixtures("started")
def test_the_last_lines_of_a_process_are_found_among_those_of_others_and_in_older_files() -> None:
    path = log_dir() / logs.LOG_FILE
    since = datetime(2026, 1, 1, tzinfo=UTC)
    other = "2026-02-01 10:00:00,000 8 INFO x: theirs"
    own = [f"2026-02-01 10:00:0{n},000 7 INFO x.y: ours {n}" for n in range(4)]
    path.with_name(f"{path.name}.1").write_text("\n".join([own[0], other, "  a.py:1 in f", own[1]]) + "\n")
    path.write_text("\n".join([own[2], "KeyError", "  a.py:1 in f", "Adler, Anna", other, own[3]]) + "\n")
    assert logs.lines_of(7, since, 200) == (own[0], own[1], own[2], "KeyError", "  a.py:1 in f", own[3])
    assert logs.lines_of(7, since, 2) == ("  a.py:1 in f", own[3])
    assert logs.lines_of(7, since + timedelta(days=200), 200) == (), "of another run that had the same number"


@pytest.mark.expects_logged_error
@pytest.mark.usefixtures("started")
def test_of_an_error_that_a_person_can_do_something_about_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "_MEIPASS", "/opt/pfm-desktop/_internal", raising=False)
    restore = logs.catch_unexpected(told.append)
    try:
        sys.excepthook(ImportError, ImportError("x", name="cv2"), None)
    finally:
        restore()
    assert "missing or were changed: cv2" in told[0]
    assert "install the program again" in told[0]


def test_a_folder_that_cannot_be_written_does_not_keep_the_program_from_starting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log_dir().parent.mkdir(parents=True, exist_ok=True)
    log_dir().write_text("in the way", encoding="utf-8")
    assert logs.start_logging() is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_the_folder_of_the_user_is_made_for_the_user_alone_and_one_that_is_there_keeps_its_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "new" / "home"
    monkeypatch.setenv("PFM_HOME", str(home))
    for wanted in (0o700, 0o755):
        logs.start_logging()
        logs.stop_logging()
        assert home.stat().st_mode & 0o777 == wanted
        home.chmod(0o755)
