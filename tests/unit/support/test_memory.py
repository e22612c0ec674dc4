from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from pfm_desktop.support import memory

PROGRAM = """
import psutil
from pfm_desktop.support.memory import return_large_buffers
assert return_large_buffers()
this = psutil.Process()
for _ in range(3):  # the bound would rise with the first buffers that are let go
    large, kept = [bytearray(8_000_000) for _ in range(40)], bytearray(100_000)
    full = this.memory_info().rss
    del large
print(full - this.memory_info().rss)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_buffers_of_pictures_go_back_to_the_system_when_they_are_let_go() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    assert int(said) > 300e6


STREAMS = """
import resource
from pfm_desktop.support import memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        picture = bytearray(6_220_800)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

assert memory.return_large_buffers()
anew = faults()
memory.keep_large_buffers(streaming=True)
faults()
kept = faults()
memory.keep_large_buffers(streaming=False)
print(anew, kept, faults())
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_while_a_camera_streams_a_picture_takes_the_memory_of_the_one_before() -> None:
    said = subprocess.run([sys.executable, "-c", STREAMS], capture_output=True, text=True, check=True).stdout
    anew, kept, after = (int(number) for number in said.split())
    assert kept < anew / 20
    assert after > anew / 2, "they go back to the system again"


def test_nothing_is_kept_where_nothing_was_to_be_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(memory, "_returned", False)
    monkeypatch.setattr("ctypes.CDLL", asked.append)
    memory.keep_large_buffers(streaming=True)
    memory.keep_large_buffers(streaming=False)
    assert asked == [], "another program's memory is left alone"


def test_another_c_library_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise OSError("no such library")

    monkeypatch.setattr("ctypes.CDLL", missing)
    assert not memory.return_large_buffers()


@pytest.fixture
def collects(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python looks for garbage by itself, as in a process without a window."""
    monkeypatch.setattr(memory, "_asked", False)
    gc.enable()
    yield
    gc.disable()


class Circle:
    """Is garbage once nobody holds it; says on which thread it was deleted."""

    def __init__(self, deleted: list[int]) -> None:
        self.me, self._deleted = self, deleted

    def __del__(self) -> None:
        self._deleted.append(threading.get_ident())


def test_garbage_of_any_thread_is_deleted_where_it_is_looked_for_and_nowhere_else(collects: None) -> None:
    deleted: list[int] = []
    collector = memory.Collector()

    def work() -> None:
        for _ in range(20 * gc.get_threshold()[0]):
            Circle(deleted)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert deleted == []
    collector.look()
    assert set(deleted) == {threading.get_ident()}
    assert len(deleted) == 20 * gc.get_threshold()[0]


def test_all_objects_are_looked_through_now_and_then(collects: None, monkeypatch: pytest.MonkeyPatch) -> None:
    collector = memory.Collector()
    asked: list[int] = []
    counts = (gc.get_threshold()[0] + 1, gc.get_threshold()[1] + 1, gc.get_threshold()[2] + 1)
    monkeypatch.setattr(gc, "get_count", lambda: counts)
    monkeypatch.setattr(gc, "collect", lambda generation=2: asked.append(generation))
    now = [collector._all_at]
    monkeypatch.setattr("pfm_desktop.support.memory.time", SimpleNamespace(monotonic=lambda: now[0]))
    for seconds in (1.0, memory.LOOK_AT_ALL_S, 1.0):
        now[0] += seconds
        collector.look()
    counts = (gc.get_threshold()[0] + 1, 0, 0)
    collector.look()
    counts = (0, 0, 0)
    collector.look()
    assert asked == [1, 2, 1, 0]


def test_what_was_loaded_is_not_looked_through_again(collects: None) -> None:
    before = gc.get_freeze_count()
    with memory.without_collection():
        assert not gc.isenabled()
        loaded = [[number] for number in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() > before + len(loaded) / 2
    gc.unfreeze()


def test_collection_goes_on_after_a_failed_load(collects: None) -> None:
    with pytest.raises(ImportError), memory.without_collection():
        raise ImportError
    assert gc.isenabled()
    gc.unfreeze()


def test_a_collector_that_is_made_while_modules_load_keeps_python_from_looking_by_itself(collects: None) -> None:
    with memory.without_collection():
        memory.Collector()
    assert not gc.isenabled()
    gc.unfreeze()


def test_who_had_collection_off_keeps_it_off() -> None:
    with memory.without_collection():
        pass
    assert not gc.isenabled()
    gc.unfreeze()


def test_giving_back_what_is_free_is_no_error_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class OtherLibrary:
        """A C library that does not know the call."""

        def __init__(self, name: str) -> None:
            asked.append(name)

        def __getattr__(self, name: str) -> object:
            asked.append(name)
            raise AttributeError(name)

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", OtherLibrary)
    memory.return_free()
    assert asked == ["libc.so.6", "malloc_trim"]
    monkeypatch.setattr("sys.platform", "win32")
    memory.return_free()
    assert len(asked) == 2, "only asked where there may be a glibc"


CRASHES = """
import ctypes, os, resource, signal
from pfm_desktop.support.memory import stay_out_of_crash_files
stay_out_of_crash_files()
PR_GET_DUMPABLE = 3
print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), flush=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asked as Linux tells it")
def test_what_is_in_memory_goes_into_no_crash_file() -> None:
    said = subprocess.run([sys.executable, "-c", CRASHES], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["0", "0"]
