from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from pfm_desktop.pfm.preload import LIBRARIES, load_libraries
loaded = load_libraries()
assert "torch" not in sys.modules
import torch
assert float(torch.ones(3).sum()) == 3
assert load_libraries() == 0
print(loaded, len(LIBRARIES))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the libraries are loaded ahead on Linux only")
def test_the_libraries_are_in_memory_before_torch_is_imported_and_torch_still_counts() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout.split()
    assert said[0] == said[1]


def test_without_torch_nothing_is_loaded_and_nothing_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    from pfm_desktop.pfm import preload

    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert preload.load_libraries() == 0
