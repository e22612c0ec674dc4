"""The log holds no names, whatever an exception quotes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

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


def test_a_traceback_from_another_process_loses_its_message() -> None:
    details = 'Traceback (most recent call last):\n  File "x.py", line 3, in read\n    raise E\nKeyError: Adler, Anna\n'
    assert logs.places_in(details) == '  File "x.py", line 3, in read'


@pytest.mark.usefixtures("started")
def test_the_crash_file_lies_beside_the_log() -> None:
    assert (log_dir() / logs.CRASH_FILE).exists()


def test_a_folder_that_cannot_be_written_does_not_keep_the_program_from_starting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log_dir().parent.mkdir(parents=True, exist_ok=True)
    log_dir().write_text("in the way", encoding="utf-8")
    assert logs.start_logging() is None
