"""Bringing torch's libraries into memory without holding up the other threads. No torch is imported here.

`import torch` opens several hundred megabytes of libraries while it holds the interpreter, and a window stands still
for a third of a second. The loader of the system, called through ctypes, leaves it free; the import then
finds them there.
"""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import os
import sys
from pathlib import Path

log = logging.getLogger(__name__)

LIBRARIES = ("c10", "torch_cpu", "torch", "torch_python")  # in the order in which they need each other


def load_libraries() -> int:
    """Load torch's libraries; returns how many were (0: the import itself will have to). Never raises."""
    if "torch" in sys.modules:
        return 0
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return 0
    return sum(_load(Path(found.origin).parent / "lib" / _file(name)) for name in LIBRARIES)


def _file(name: str) -> str:
    if os.name == "nt":
        return f"{name}.dll"
    return f"lib{name}.dylib" if sys.platform == "darwin" else f"lib{name}.so"


def _load(path: Path) -> bool:
    """Whether the loader took the file. A function of the loaded process itself, as only those are called freely."""
    if os.name == "nt" or not path.is_file():
        return False  # Windows finds the libraries by folders that torch sets up itself
    loader = ctypes.CDLL(None)
    loader.dlopen.restype = ctypes.c_void_p
    loader.dlopen.argtypes = (ctypes.c_char_p, ctypes.c_int)
    taken = bool(loader.dlopen(os.fsencode(path), os.RTLD_LAZY))
    if not taken:
        log.info("a library of torch was not loaded ahead")
    return taken
