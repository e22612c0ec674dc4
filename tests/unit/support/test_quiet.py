"""Nothing of a patient, and nothing of the user's folders, comes through, however it is said."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pfm_desktop.support import logs
from pfm_desktop.support.paths import app_root, log_dir
from pfm_desktop.support.quiet import ELSEWHERE, Own, place, places_in

NAME = "Adler, Anna"
FOLDERS = (
    "/home/adler/Klinik/Adler Anna/white.png", r"C:\Users\Anna Adler\pictures\adler.png", "~/adler", r"\\nas\adler\x",
)  # fmt: skip
log = logging.getLogger("pfm_desktop.test")


class Odd:
    """Says a name in every way that there is."""

    def __str__(self) -> str:
        return NAME

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return NAME


def _with_an_error(say: Callable[[], None]) -> Callable[[], None]:
    def said() -> None:
        try:
            raise OSError(2, "No such file", FOLDERS[0]) from KeyError(NAME)
        except OSError:
            say()

    return said


def _reraised() -> None:
    try:
        exec(compile(f"raise ValueError({NAME!r})", "/home/adler/Adler Anna.py", "exec"))
    except ValueError as error:
        log.exception("failed: %s", error)


SAID: dict[str, Callable[[], None]] = {
    "put together": lambda: log.warning(f"cannot read {NAME}"),
    "handed on": lambda: print_to(log.warning, f"no pictures of {NAME}"),
    "filled in": lambda: log.warning("%s is missing", NAME),
    "by name": lambda: log.warning("%(who)s is missing", {"who": NAME}),
    "a path": lambda: log.warning("cannot open %s", Path(FOLDERS[0])),
    "of Windows": lambda: log.warning("cannot open %r", FOLDERS[1]),
    "in a list": lambda: log.warning("women: %s", [NAME, (NAME,), {NAME: NAME}]),
    "in bytes": lambda: log.warning("raw: %s", NAME.encode()),
    "an object": lambda: log.warning("%s", Odd()),
    "an object alone": lambda: log.warning(Odd()),
    "a number of a patient": lambda: log.warning("number %s of %d", 19880314, 19880314),
    "an exception": lambda: log.warning("not kept: %s", OSError(2, "no", FOLDERS[0])),
    "too few": lambda: log.warning("%s and %s", NAME),  # noqa: PLE1206
    "with its exception": _with_an_error(lambda: log.exception("failed")),
    "with its stack": lambda: log.warning("here", stack_info=True),
    "from a file of that name": _reraised,
    "a record made elsewhere": lambda: log.handle(
        logging.makeLogRecord({"msg": NAME, "levelno": 30, "levelname": "WARNING", "pathname": FOLDERS[0]})
    ),
    "a folder of the home": lambda: log.warning("no %s, no %s", *FOLDERS[2:]),
}


def print_to(tell: Callable[[str], None], message: str) -> None:
    tell(message)


@pytest.fixture
def started() -> Iterator[None]:
    level = logging.getLogger().level
    assert logs.start_logging() is not None
    yield
    logs.stop_logging()
    logging.getLogger().setLevel(level)


@pytest.mark.expects_logged_error
@pytest.mark.usefixtures("started")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("how", SAID)
def test_what_is_logged_of_a_woman_or_a_folder_is_not_written(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)  # pytest's own handler fills in what cannot be
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, logs.QuietFormatter):
            monkeypatch.setattr(handler, "emit", lambda _record: None)
    SAID[how]()
    text = (log_dir() / logs.LOG_FILE).read_text(encoding="utf-8")
    assert "WARNING" in text or "ERROR" in text
    assert not any(word in text.lower() for word in ("adler", "anna", "1988", "home", "klinik", "users", "nas"))


@pytest.mark.usefixtures("started")
def test_the_programs_own_words_and_small_numbers_are_written() -> None:
    log.warning("%s answers after %d of %.1f ms: %s", Own("torch"), 3, 12.34, {Own("torch"): 1.5})
    text = (log_dir() / logs.LOG_FILE).read_text(encoding="utf-8")
    assert "torch answers after 3 of 12.3 ms: {'torch': 1.5}" in text


@pytest.mark.usefixtures("started")
def test_where_nothing_may_be_said_it_stands_where_in_the_program_it_was() -> None:
    print_to(log.warning, NAME)
    assert "... (tests/unit/support/test_quiet.py:" in (log_dir() / logs.LOG_FILE).read_text(encoding="utf-8")


def test_places_are_those_within_the_program() -> None:
    assert place(str(app_root() / "pfm_desktop" / "gui" / "desk.py")) == "pfm_desktop/gui/desk.py"
    assert place(str(Path(sys.prefix) / "lib" / "x.py")) == "lib/x.py"
    assert place(r"C:\Users\Anna\site-packages\numpy\core.py") == "numpy/core.py"
    assert place("<frozen importlib._bootstrap>") == "<frozen importlib._bootstrap>"
    for file in ("Adler.py", "<Adler>", *FOLDERS, "../adler.py", "/home/adler/site-packages/Adler Anna.py", ""):
        assert place(file) == ELSEWHERE, file


def test_in_what_is_installed_modules_have_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", "/opt/pfm-desktop/_internal", raising=False)
    assert place("pfm_desktop/gui/desk.py") == "pfm_desktop/gui/desk.py"
    assert place("../pfm_desktop/gui/desk.py") == ELSEWHERE


def test_a_traceback_of_another_process_keeps_its_places_in_the_program() -> None:
    details = 'Traceback (most recent call last):\n  File "/home/adler/x.py", line 3, in read\nKeyError: Adler, Anna\n'
    assert places_in(details) == f"  {ELSEWHERE}\nKeyError"
    assert places_in("ValueError: one\nAdler: Anna\nAdler Error: Anna\n  MyError: Anna\n") == "ValueError"
