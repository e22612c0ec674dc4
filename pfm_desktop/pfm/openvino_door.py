"""The one place that imports OpenVINO, after its reporting of use has been made impossible."""

from __future__ import annotations

import importlib.util
import sys
import threading
from typing import Any

_one = threading.Lock()
_core: Any = None
_REPORTING = "openvino_telemetry"  # sends what is converted, and where, to its makers over the network


def is_there() -> bool:
    """Whether OpenVINO is installed; nothing is imported."""
    return importlib.util.find_spec("openvino") is not None


def openvino() -> Any:
    """The module. Its tools take an empty stand-in where reporting cannot be imported. Raises `ImportError`."""
    if sys.modules.get(_REPORTING) is not None:
        raise ImportError(f"{_REPORTING} is loaded already: OpenVINO is not used beside it")
    sys.modules[_REPORTING] = None  # type: ignore[assignment]  # Python's own way to forbid an import
    import openvino as module

    return module


def core() -> Any:
    """OpenVINO's one core of this process, kept until it ends.

    Where the processor has AMX, a core gives the thread that first compiles a stack for signals, and frees it with the
    core; with several of them a freed one stayed in use, and the next Ctrl+C ended the process without a word.
    """
    global _core  # noqa: PLW0603 - it must outlive everyone who asks
    with _one:
        if _core is None:
            _core = openvino().Core()
        return _core
