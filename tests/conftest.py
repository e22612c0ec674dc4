"""What every test gets: no display, one thread a library, a home of its own, and no silent errors."""

from __future__ import annotations

import gc
import itertools
import logging
import os
import re
import shutil
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

# before numpy, OpenCV, torch or Qt load
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.pop("PFM_LANGUAGE", None)  # tables of words are made as modules load

import pytest
import tomli_w
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from pfm_desktop.jobs.runner import FREE
from pfm_desktop.pfm.model_tables import DIGEST, INTEGRITY, digest_of
from pfm_desktop.services import pool
from pfm_desktop.storage import engine, keys
from pfm_desktop.storage.library import Library
from pfm_desktop.support import memory

ANNOCERV = Path(__file__).resolve().parents[2] / "shared" / "data" / "annocerv"
QUICK = "not slow"  # what `make test-quick` chooses
WHOLE_FILE = re.compile(r"^pytestmark = .*pytest\.mark\.slow\b", re.MULTILINE)
HOMES = itertools.count()

gc.disable()  # while modules are imported and tests are found: nothing of that is garbage


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file that is slow as a whole is left out before its imports are paid for."""
    if config.option.markexpr != QUICK or not collection_path.name.startswith("test_"):
        return None
    return bool(WHOLE_FILE.search(collection_path.read_text(encoding="utf-8"))) or None


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
    # pytest hears loggers that do not propagate too, but one by one, six times a test, and torch has fifty of them
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.propagate = True


@pytest.fixture(scope="session", autouse=True)
def _statements_are_compiled_once() -> Iterator[None]:
    """By SQLAlchemy, once a process instead of once for each library that a test opens: a tenth of all the time."""
    with pytest.MonkeyPatch.context() as patch:
        # the cache goes by dialect, and each engine has one of its own; they are all the same
        patch.setattr(SQLiteDialect_pysqlite, "__hash__", lambda dialect: hash(type(dialect)))
        patch.setattr(SQLiteDialect_pysqlite, "__eq__", lambda one, other: type(one) is type(other))
        sharing = partial(engine.create_engine, execution_options={"compiled_cache": {}})
        patch.setattr(engine, "create_engine", sharing)
        yield


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_cheap() -> Iterator[None]:
    """What makes guessing slow makes tests slow; one test asks for the real cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "COST", keys.Cost(memory_kib=32, passes=1, lanes=4))
        yield


@pytest.fixture(scope="session")
def _collector() -> memory.Collector:
    return memory.Collector()


@pytest.fixture(autouse=True)
def _garbage_is_deleted_here(_collector: memory.Collector) -> Iterator[None]:
    """On the thread of the tests, as in the window: a widget deleted on another one held a run up for ever."""
    yield
    _collector.look()


@pytest.fixture(autouse=True)
def one_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pool of processes: two more that each import everything cost a test more than they gain it. Tests of the pool
    itself have the mark `processes`."""
    if request.node.get_closest_marker("processes") is None:
        monkeypatch.setattr(pool, "_pool", lambda _workers: None)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings, user models, logs and caches of a test never touch the user's own."""
    # numbered here: pytest would look through all folders made before for the next number
    home = tmp_path_factory.mktemp(f"home-{next(HOMES)}", numbered=False)
    monkeypatch.setenv("PFM_HOME", str(home))
    yield
    shutil.rmtree(home, ignore_errors=True)  # all of them would take gigabytes


@pytest.fixture(autouse=True)
def _errors_are_not_silent(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """An error in the log fails the test unless it is marked `expects_logged_error`."""
    yield
    if request.node.get_closest_marker("expects_logged_error"):
        return
    errors = [record for record in caplog.get_records("call") if record.levelname in ("ERROR", "CRITICAL")]
    assert not errors, f"logged errors: {[record.getMessage() for record in errors]}"


@pytest.fixture(autouse=True)
def _no_thread_left_behind() -> Iterator[None]:
    """A thread started by a test (not of torch's or Qt's pools) has ended when the test has, or is free for a job."""
    before = {thread: thread.name for thread in threading.enumerate()}

    def left() -> list[str]:
        now = [thread for thread in threading.enumerate() if thread.is_alive() and before.get(thread) != thread.name]
        return [thread.name for thread in now if thread.name != FREE and not thread.name.startswith("Dummy")]

    yield
    assert _comes_true(lambda: not left(), 5), f"threads left behind: {left()}"


@pytest.fixture(scope="session")
def comes_true() -> Callable[[Callable[[], bool], float], bool]:
    """`comes_true(condition, seconds)`: whether a condition comes true within that time; no event is heard."""
    return _comes_true


def _comes_true(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.005)
    return True


@pytest.fixture(scope="session")
def library_from(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, Callable[[Library], Any]], Any]:
    """`library_from(path, fill)`: a closed library at `path` as `fill(library)` made it; returns what `fill` returned.

    Made once and copied to each test, which takes a twentieth of the time; again after midnight, as some visits in
    them are of today.
    """
    made: dict[tuple[Callable[[Library], Any], date], tuple[Path, Any]] = {}

    def copied(path: Path, fill: Callable[[Library], Any]) -> Any:
        key = fill, date.today()
        if key not in made:
            first = tmp_path_factory.mktemp("library") / "library"
            with Library.create(first) as lib:
                made[key] = first, fill(lib)
        first, returned = made[key]
        shutil.copytree(first, path)
        return returned

    return copied


@pytest.fixture
def lib(tmp_path: Path, library_from: Callable[..., Any]) -> Iterator[Library]:
    """An empty library, open."""
    library_from(tmp_path / "library", _nothing)
    with Library.open(tmp_path / "library") as opened:
        yield opened


def _nothing(lib: Library) -> None:
    """Leaves a new library empty."""


@pytest.fixture(scope="session")
def alter_model() -> Callable[..., Path]:
    """`alter_model(folder, old, new, sealed=True)`: other words in `model.toml`, with a digest that fits them."""
    return _alter_model


def _alter_model(folder: Path, old: str, new: str, *, sealed: bool = True) -> Path:
    file = folder / "model.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    if sealed:
        table = tomllib.loads(text)
        text = tomli_w.dumps({**table, INTEGRITY: {DIGEST: digest_of(table)}})
    file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def annocerv() -> Path:
    """Folder of real photographs (AnnoCerv, CC BY 4.0); the test is skipped where it is absent."""
    if not (ANNOCERV / "index.csv").is_file():
        pytest.skip("real photographs are absent: no ../shared/data/annocerv beside the project")
    return ANNOCERV
