from __future__ import annotations

import subprocess
import sys

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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_buffers_of_pictures_go_back_to_the_system_when_they_are_let_go() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    assert int(said) > 300e6


def test_another_c_library_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise OSError("no such library")

    monkeypatch.setattr("ctypes.CDLL", missing)
    assert not memory.return_large_buffers()
